/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What user space asks of /dev/iommu, and what comes of it: events/iommufd in tracefs.
 *
 * IDs are those of the iommufd of the task that the event names. An event comes after
 * the deed, with what is returned to the caller in rc; also for what is refused, but for
 * VFIO's ioctls only once it is known which IOAS they are for. Faults come without a
 * task that asked for them.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM iommufd

#if !defined(_TRACE_IOMMUFD_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_IOMMUFD_H

#include <linux/device.h>
#include <linux/tracepoint.h>

/* Also of IOMMU_IOAS_COPY, then with the IOAS and the IOVA it copies to */
TRACE_EVENT(iommufd_map,
	TP_PROTO(u32 ioas_id, u64 iova, u64 length, int rc),
	TP_ARGS(ioas_id, iova, length, rc),

	TP_STRUCT__entry(
		__field(u32, ioas_id)
		__field(int, rc)
		__field(u64, iova)
		__field(u64, length)
	),

	TP_fast_assign(
		__entry->ioas_id = ioas_id;
		__entry->rc = rc;
		__entry->iova = iova;
		__entry->length = length;
	),

	TP_printk("ioas=%u iova=0x%llx length=0x%llx rc=%d", __entry->ioas_id,
		  __entry->iova, __entry->length, __entry->rc)
);

/* length is what was asked for, unmapped what it came to; in bytes */
TRACE_EVENT(iommufd_unmap,
	TP_PROTO(u32 ioas_id, u64 iova, u64 length, u64 unmapped, int rc),
	TP_ARGS(ioas_id, iova, length, unmapped, rc),

	TP_STRUCT__entry(
		__field(u32, ioas_id)
		__field(int, rc)
		__field(u64, iova)
		__field(u64, length)
		__field(u64, unmapped)
	),

	TP_fast_assign(
		__entry->ioas_id = ioas_id;
		__entry->rc = rc;
		__entry->iova = iova;
		__entry->length = length;
		__entry->unmapped = unmapped;
	),

	TP_printk("ioas=%u iova=0x%llx length=0x%llx unmapped=0x%llx rc=%d",
		  __entry->ioas_id, __entry->iova, __entry->length,
		  __entry->unmapped, __entry->rc)
);

/* hwpt is 0 on an error */
TRACE_EVENT(iommufd_hwpt_alloc,
	TP_PROTO(u32 dev_id, u32 pt_id, u32 flags, u32 data_type, u32 hwpt_id,
		 int rc),
	TP_ARGS(dev_id, pt_id, flags, data_type, hwpt_id, rc),

	TP_STRUCT__entry(
		__field(u32, dev_id)
		__field(u32, pt_id)
		__field(u32, flags)
		__field(u32, data_type)
		__field(u32, hwpt_id)
		__field(int, rc)
	),

	TP_fast_assign(
		__entry->dev_id = dev_id;
		__entry->pt_id = pt_id;
		__entry->flags = flags;
		__entry->data_type = data_type;
		__entry->hwpt_id = hwpt_id;
		__entry->rc = rc;
	),

	TP_printk("dev=%u pt=%u flags=0x%x data_type=%u hwpt=%u rc=%d",
		  __entry->dev_id, __entry->pt_id, __entry->flags,
		  __entry->data_type, __entry->hwpt_id, __entry->rc)
);

/* waits: how often the driver waited for the hardware */
TRACE_EVENT(iommufd_hwpt_invalidate,
	TP_PROTO(u32 hwpt_id, u32 data_type, u32 entries, u32 handled, u32 waits,
		 int rc),
	TP_ARGS(hwpt_id, data_type, entries, handled, waits, rc),

	TP_STRUCT__entry(
		__field(u32, hwpt_id)
		__field(u32, data_type)
		__field(u32, entries)
		__field(u32, handled)
		__field(u32, waits)
		__field(int, rc)
	),

	TP_fast_assign(
		__entry->hwpt_id = hwpt_id;
		__entry->data_type = data_type;
		__entry->entries = entries;
		__entry->handled = handled;
		__entry->waits = waits;
		__entry->rc = rc;
	),

	TP_printk("hwpt=%u data_type=%u entries=%u handled=%u waits=%u rc=%d",
		  __entry->hwpt_id, __entry->data_type, __entry->entries,
		  __entry->handled, __entry->waits, __entry->rc)
);

/*
 * pt is what was asked for, hwpt what it became: the same, unless pt is an IOAS, and 0
 * on an error. With the device that is replaced its whole group moves.
 */
DECLARE_EVENT_CLASS(iommufd_device_change,
	TP_PROTO(struct device *dev, u32 dev_id, u32 pt_id, u32 hwpt_id, int rc),
	TP_ARGS(dev, dev_id, pt_id, hwpt_id, rc),

	TP_STRUCT__entry(
		__string(name, dev_name(dev))
		__field(u32, dev_id)
		__field(u32, pt_id)
		__field(u32, hwpt_id)
		__field(int, rc)
	),

	TP_fast_assign(
		__assign_str(name, dev_name(dev));
		__entry->dev_id = dev_id;
		__entry->pt_id = pt_id;
		__entry->hwpt_id = hwpt_id;
		__entry->rc = rc;
	),

	TP_printk("%s dev=%u pt=%u hwpt=%u rc=%d", __get_str(name),
		  __entry->dev_id, __entry->pt_id, __entry->hwpt_id, __entry->rc)
);

DEFINE_EVENT(iommufd_device_change, iommufd_attach,
	TP_PROTO(struct device *dev, u32 dev_id, u32 pt_id, u32 hwpt_id, int rc),
	TP_ARGS(dev, dev_id, pt_id, hwpt_id, rc)
);

DEFINE_EVENT(iommufd_device_change, iommufd_replace,
	TP_PROTO(struct device *dev, u32 dev_id, u32 pt_id, u32 hwpt_id, int rc),
	TP_ARGS(dev, dev_id, pt_id, hwpt_id, rc)
);

TRACE_EVENT(iommufd_detach,
	TP_PROTO(struct device *dev, u32 dev_id, u32 hwpt_id),
	TP_ARGS(dev, dev_id, hwpt_id),

	TP_STRUCT__entry(
		__string(name, dev_name(dev))
		__field(u32, dev_id)
		__field(u32, hwpt_id)
	),

	TP_fast_assign(
		__assign_str(name, dev_name(dev));
		__entry->dev_id = dev_id;
		__entry->hwpt_id = hwpt_id;
	),

	TP_printk("%s dev=%u hwpt=%u", __get_str(name), __entry->dev_id,
		  __entry->hwpt_id)
);

/* The last page request of a group, and what came of putting the group in its queue */
TRACE_EVENT(iommufd_fault,
	TP_PROTO(struct device *dev, u32 dev_id, u64 addr, u32 perm, u32 cookie,
		 int rc),
	TP_ARGS(dev, dev_id, addr, perm, cookie, rc),

	TP_STRUCT__entry(
		__string(name, dev_name(dev))
		__field(u32, dev_id)
		__field(u32, perm)
		__field(u64, addr)
		__field(u32, cookie)
		__field(int, rc)
	),

	TP_fast_assign(
		__assign_str(name, dev_name(dev));
		__entry->dev_id = dev_id;
		__entry->perm = perm;
		__entry->addr = addr;
		__entry->cookie = cookie;
		__entry->rc = rc;
	),

	TP_printk("%s dev=%u addr=0x%llx perm=0x%x cookie=%u rc=%d",
		  __get_str(name), __entry->dev_id, __entry->addr,
		  __entry->perm, __entry->cookie, __entry->rc)
);

TRACE_EVENT(iommufd_fault_response,
	TP_PROTO(u32 cookie, u32 code, int rc),
	TP_ARGS(cookie, code, rc),

	TP_STRUCT__entry(
		__field(u32, cookie)
		__field(u32, code)
		__field(int, rc)
	),

	TP_fast_assign(
		__entry->cookie = cookie;
		__entry->code = code;
		__entry->rc = rc;
	),

	TP_printk("cookie=%u code=%u rc=%d", __entry->cookie, __entry->code,
		  __entry->rc)
);

#endif

/* Outside the guard: read once more to define the events */
#include <trace/define_trace.h>
