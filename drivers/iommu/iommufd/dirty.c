// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dirty tracking: switch it on and off, and report what devices have written in a
 * bitmap of the user's.
 *
 * The bitmap is worked on in slices, each read from the domain into a buffer of
 * ours and then put into user memory. A slice begins and ends where an IO page of
 * the largest size may: so each IO page is reported whole by one slice, and is
 * clean after that.
 *
 * Nothing is mapped or unmapped while a domain is read, as iommufd_ioas::
 * domains_sem is held for writing; user memory is not touched under it. What is
 * memory of a device comes and goes under iommufd_mmio::lock instead.
 */
#include <linux/bitmap.h>
#include <linux/iommu.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <uapi/linux/iommufd.h>

#include "dirty.h"
#include "hwpt.h"
#include "mmio.h"

/* What a slice has at least */
#define SLICE_MIN_BITS (PAGE_SIZE * BITS_PER_BYTE)

/**
 * struct dirty_report - what an ioctl asks for
 * @hwpt: Of which HWPT
 * @first: First IOVA, that of the bitmap's first bit
 * @last: Last IOVA
 * @shift: log2 of the page size of a bit
 * @flags: IOMMU_DIRTY_NO_CLEAR
 * @uptr: The bitmap
 * @slice: Number of IOVAs in a slice, a power of two
 * @bits: Bits of a slice, in words as they stand in user memory
 * @old: What user memory holds there
 */
struct dirty_report {
	struct iommufd_hwpt_paging *hwpt;
	unsigned long first;
	unsigned long last;
	unsigned int shift;
	unsigned long flags;
	u8 __user *uptr;
	unsigned long slice;
	unsigned long *bits;
	unsigned long *old;
};

/* What lies in [@first, @last] of @area, which may be memory of a device */
static int area_read_dirty(struct iommufd_area *area,
			   struct iommu_domain *domain, unsigned long first,
			   unsigned long last, unsigned long flags,
			   struct iommu_dirty_bitmap *dirty)
{
	struct iommufd_mmio *mmio = area->pages->mmio;
	int rc;

	first = max(first, area->range.first);
	last = min(last, area->range.last);
	if (mmio)
		mutex_lock(&mmio->lock);
	rc = domain->dirty_ops->read_and_clear_dirty(domain, first,
						     last - first + 1, flags,
						     dirty);
	if (mmio)
		mutex_unlock(&mmio->lock);
	return rc;
}

/* What of [@first, @last] is mapped: a driver need not look at the rest */
static int hwpt_read_dirty(struct iommufd_hwpt_paging *hwpt,
			   unsigned long first, unsigned long last,
			   unsigned long flags,
			   struct iommu_dirty_bitmap *dirty)
{
	struct iommu_domain *domain = hwpt->common.domain;
	struct iommu_iotlb_gather gather;
	struct iova_area *range;
	int rc = 0;

	lockdep_assert_held_write(&hwpt->ioas->domains_sem);

	iommu_iotlb_gather_init(&gather);
	if (!(flags & IOMMU_DIRTY_NO_CLEAR))
		dirty->gather = &gather;
	for_each_area(hwpt->ioas, range, first, last) {
		rc = area_read_dirty(to_area(range), domain, first, last,
				     flags, dirty);
		if (rc)
			break;
		cond_resched();
	}
	if (gather.start <= gather.end)
		iommu_iotlb_sync(domain, &gather);
	return rc;
}

/* Bytes of user memory that @num bits from the start of a word take */
static size_t bits_to_user_bytes(unsigned long num)
{
	/* On a big-endian machine the first bit is in a word's last byte */
	if (IS_ENABLED(CONFIG_CPU_BIG_ENDIAN))
		num = round_up(num, BITS_PER_LONG);
	return DIV_ROUND_UP(num, BITS_PER_BYTE);
}

/* Add @report->bits, @num of them, to user memory at @uptr */
static int dirty_put_bits(struct dirty_report *report, u8 __user *uptr,
			  unsigned long num)
{
	size_t length = bits_to_user_bytes(num);

	if (bitmap_empty(report->bits, num))
		return 0;
	if (copy_from_user(report->old, uptr, length))
		return -EFAULT;
	bitmap_or(report->bits, report->bits, report->old, num);
	return copy_to_user(uptr, report->bits, length) ? -EFAULT : 0;
}

/* Report [@first, @last], which is in one slice */
static int dirty_report_slice(struct dirty_report *report, unsigned long first,
			      unsigned long last)
{
	unsigned long bit = (first - report->first) >> report->shift;
	unsigned long in_word = bit % BITS_PER_LONG;
	unsigned long num = ((last - first) >> report->shift) + 1 + in_word;
	struct iommufd_ioas *ioas = report->hwpt->ioas;
	struct iommu_dirty_bitmap dirty = {
		.bits = report->bits,
		.first = first - (in_word << report->shift),
		.last = last,
		.shift = report->shift,
	};
	u8 __user *uptr;
	int rc;

	/* A page is not made clean before its being dirty can be told */
	uptr = report->uptr + (bit - in_word) / BITS_PER_BYTE;
	if (fault_in_safe_writeable(uptr, bits_to_user_bytes(num)))
		return -EFAULT;

	bitmap_zero(report->bits, num);
	rc = down_write_killable(&ioas->domains_sem);
	if (rc)
		return rc;
	rc = -EINVAL;
	if (report->hwpt->tracks_dirty)
		rc = hwpt_read_dirty(report->hwpt, first, last, report->flags,
				     &dirty);
	up_write(&ioas->domains_sem);
	/* Bits before the first are of the word, not of the range */
	bitmap_clear(report->bits, 0, in_word);

	return dirty_put_bits(report, uptr, num) ?: rc;
}

static int dirty_report_all(struct dirty_report *report)
{
	unsigned long first = report->first;
	unsigned long last;
	int rc;

	/* Before anything is made clean */
	if (!ioas_is_mapped(report->hwpt->ioas, report->first, report->last))
		return -EINVAL;

	for (;;) {
		last = min(report->last, first | (report->slice - 1));
		rc = dirty_report_slice(report, first, last);
		if (rc || last == report->last)
			return rc;
		if (fatal_signal_pending(current))
			return -EINTR;
		first = last + 1;
		cond_resched();
	}
}

static int dirty_report_alloc(struct dirty_report *report)
{
	unsigned long pgsizes = report->hwpt->common.domain->pgsize_bitmap;
	unsigned long largest = BIT(__fls(pgsizes));
	unsigned long bytes;

	/* Finer than the hardware knows would be bits for nothing */
	if (BIT(report->shift) < (pgsizes & -pgsizes))
		return -EINVAL;
	if (check_shl_overflow(SLICE_MIN_BITS, report->shift, &report->slice))
		report->slice = BIT(BITS_PER_LONG - 1);
	report->slice = max(largest, report->slice);

	/* One word more, as the first bit may not be the first of a word */
	bytes = (report->slice >> report->shift) / BITS_PER_BYTE + sizeof(long);
	if (bytes > INT_MAX)
		return -ENOMEM;
	report->bits = kvmalloc(bytes, GFP_KERNEL_ACCOUNT);
	report->old = kvzalloc(bytes, GFP_KERNEL_ACCOUNT);
	return report->bits && report->old ? 0 : -ENOMEM;
}

static struct iommufd_hwpt_paging *dirty_get_hwpt(struct iommufd_ctx *ictx,
						  u32 id)
{
	struct iommufd_hwpt_paging *hwpt;
	struct iommufd_object *obj;

	obj = iommufd_object_get(ictx, id, IOMMUFD_OBJ_HWPT_PAGING);
	if (IS_ERR(obj))
		return ERR_CAST(obj);
	hwpt = to_hwpt_paging(to_hwpt(obj));
	if (!hwpt->common.domain->dirty_ops) {
		iommufd_object_put(obj);
		return ERR_PTR(-EOPNOTSUPP);
	}
	return hwpt;
}

static int dirty_check(const struct iommu_hwpt_get_dirty_bitmap *cmd)
{
	u64 last;

	if (cmd->flags & ~IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR ||
	    cmd->__reserved)
		return -EOPNOTSUPP;
	if (!cmd->length || !is_power_of_2(cmd->page_size) ||
	    !IS_ALIGNED(cmd->iova | cmd->length, cmd->page_size))
		return -EINVAL;
	if (check_add_overflow(cmd->iova, cmd->length - 1, &last) ||
	    last > ULONG_MAX)
		return -EOVERFLOW;
	return 0;
}

/**
 * iommufd_hwpt_get_dirty_bitmap() - ioctl(IOMMU_HWPT_GET_DIRTY_BITMAP)
 * @ucmd: The ioctl
 *
 * Return: 0 or what the uAPI header says.
 */
int iommufd_hwpt_get_dirty_bitmap(struct iommufd_ucmd *ucmd)
{
	struct iommu_hwpt_get_dirty_bitmap *cmd = ucmd->cmd;
	struct dirty_report report = {
		.first = cmd->iova,
		.last = cmd->iova + (cmd->length - 1),
		.uptr = u64_to_user_ptr(cmd->data),
	};
	int rc;

	rc = dirty_check(cmd);
	if (rc)
		return rc;
	report.shift = ilog2(cmd->page_size);
	if (cmd->flags & IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR)
		report.flags = IOMMU_DIRTY_NO_CLEAR;

	report.hwpt = dirty_get_hwpt(ucmd->ictx, cmd->hwpt_id);
	if (IS_ERR(report.hwpt))
		return PTR_ERR(report.hwpt);
	rc = dirty_report_alloc(&report);
	if (!rc)
		rc = dirty_report_all(&report);
	kvfree(report.bits);
	kvfree(report.old);
	iommufd_object_put(&report.hwpt->common.obj);
	return rc;
}

/**
 * iommufd_hwpt_set_dirty_tracking() - ioctl(IOMMU_HWPT_SET_DIRTY_TRACKING)
 * @ucmd: The ioctl
 *
 * Return: 0 or what the uAPI header says.
 */
int iommufd_hwpt_set_dirty_tracking(struct iommufd_ucmd *ucmd)
{
	struct iommu_hwpt_set_dirty_tracking *cmd = ucmd->cmd;
	struct iommu_dirty_bitmap nobody_asks = { .last = ULONG_MAX };
	bool enable = cmd->flags & IOMMU_HWPT_DIRTY_TRACKING_ENABLE;
	struct iommufd_hwpt_paging *hwpt;
	struct iommu_domain *domain;
	int rc;

	if (cmd->flags & ~IOMMU_HWPT_DIRTY_TRACKING_ENABLE || cmd->__reserved)
		return -EOPNOTSUPP;
	hwpt = dirty_get_hwpt(ucmd->ictx, cmd->hwpt_id);
	if (IS_ERR(hwpt))
		return PTR_ERR(hwpt);

	domain = hwpt->common.domain;
	rc = down_write_killable(&hwpt->ioas->domains_sem);
	if (!rc) {
		if (enable)
			/* What was written before */
			rc = hwpt_read_dirty(hwpt, 0, ULONG_MAX, 0,
					     &nobody_asks);
		if (!rc)
			rc = domain->dirty_ops->set_dirty_tracking(domain,
								   enable);
		if (!rc)
			hwpt->tracks_dirty = enable;
		up_write(&hwpt->ioas->domains_sem);
	}
	iommufd_object_put(&hwpt->common.obj);
	return rc;
}
