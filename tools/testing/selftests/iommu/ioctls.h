/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One function for each ioctl of /dev/iommu and for each op of the mock IOMMU.
 *
 * Each returns 0 or a negative errno. Outputs go through pointers, which may
 * be NULL unless said otherwise; they are written only on success, except where
 * the interface gives a value on failure too. Nothing here needs a test
 * harness, so that other programs can include it.
 */
#ifndef __SELFTEST_IOMMU_IOCTLS_H
#define __SELFTEST_IOMMU_IOCTLS_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <linux/iommufd.h>
#include "../../../../drivers/iommu/iommufd/iommufd_test.h"

#define IOAS_MAP_RO	IOMMU_IOAS_MAP_READABLE
#define IOAS_MAP_WO	IOMMU_IOAS_MAP_WRITEABLE
#define IOAS_MAP_RW	(IOAS_MAP_RO | IOAS_MAP_WO)

/* Returns a file descriptor or a negative errno */
static inline int iommufd_open(void)
{
	int fd = open("/dev/iommu", O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static inline int iommufd_ioctl(int fd, unsigned long request, void *arg)
{
	return ioctl(fd, request, arg) ? -errno : 0;
}

static inline void put_u32(__u32 *out, __u32 value)
{
	if (out)
		*out = value;
}

static inline void put_u64(__u64 *out, __u64 value)
{
	if (out)
		*out = value;
}

/* ---- Objects ---- */

static inline int object_destroy(int fd, __u32 id)
{
	struct iommu_destroy arg = { .size = sizeof(arg), .id = id };

	return iommufd_ioctl(fd, IOMMU_DESTROY, &arg);
}

/* ---- IO address spaces ---- */

static inline int ioas_alloc(int fd, __u32 *ioas_id)
{
	struct iommu_ioas_alloc arg = { .size = sizeof(arg) };
	int rc = iommufd_ioctl(fd, IOMMU_IOAS_ALLOC, &arg);

	if (!rc)
		put_u32(ioas_id, arg.out_ioas_id);
	return rc;
}

/* *num: in, the room in ranges; out, also with -EMSGSIZE, how many there are */
static inline int ioas_iova_ranges(int fd, __u32 ioas_id,
				   struct iommu_iova_range *ranges, __u32 *num,
				   __u64 *alignment)
{
	struct iommu_ioas_iova_ranges arg = {
		.size = sizeof(arg),
		.ioas_id = ioas_id,
		.num_iovas = *num,
		.allowed_iovas = (uintptr_t)ranges,
	};
	int rc = iommufd_ioctl(fd, IOMMU_IOAS_IOVA_RANGES, &arg);

	*num = arg.num_iovas;
	if (!rc)
		put_u64(alignment, arg.out_iova_alignment);
	return rc;
}

static inline int ioas_allow_iovas(int fd, __u32 ioas_id,
				   const struct iommu_iova_range *ranges,
				   __u32 num)
{
	struct iommu_ioas_allow_iovas arg = {
		.size = sizeof(arg),
		.ioas_id = ioas_id,
		.num_iovas = num,
		.allowed_iovas = (uintptr_t)ranges,
	};

	return iommufd_ioctl(fd, IOMMU_IOAS_ALLOW_IOVAS, &arg);
}

/* flags: IOAS_MAP_RO, _WO or _RW */
static inline int ioas_map_fixed(int fd, __u32 ioas_id, const void *va,
				 __u64 length, __u64 iova, __u32 flags)
{
	struct iommu_ioas_map arg = {
		.size = sizeof(arg),
		.flags = flags | IOMMU_IOAS_MAP_FIXED_IOVA,
		.ioas_id = ioas_id,
		.user_va = (uintptr_t)va,
		.length = length,
		.iova = iova,
	};

	return iommufd_ioctl(fd, IOMMU_IOAS_MAP, &arg);
}

/* As ioas_map_fixed(), but the kernel chooses the IOVA */
static inline int ioas_map(int fd, __u32 ioas_id, const void *va, __u64 length,
			   __u32 flags, __u64 *iova)
{
	struct iommu_ioas_map arg = {
		.size = sizeof(arg),
		.flags = flags,
		.ioas_id = ioas_id,
		.user_va = (uintptr_t)va,
		.length = length,
	};
	int rc = iommufd_ioctl(fd, IOMMU_IOAS_MAP, &arg);

	if (!rc)
		put_u64(iova, arg.iova);
	return rc;
}

static inline int ioas_copy_fixed(int fd, __u32 dst_ioas_id, __u32 src_ioas_id,
				  __u64 length, __u64 dst_iova, __u64 src_iova,
				  __u32 flags)
{
	struct iommu_ioas_copy arg = {
		.size = sizeof(arg),
		.flags = flags | IOMMU_IOAS_MAP_FIXED_IOVA,
		.dst_ioas_id = dst_ioas_id,
		.src_ioas_id = src_ioas_id,
		.length = length,
		.dst_iova = dst_iova,
		.src_iova = src_iova,
	};

	return iommufd_ioctl(fd, IOMMU_IOAS_COPY, &arg);
}

static inline int ioas_copy(int fd, __u32 dst_ioas_id, __u32 src_ioas_id,
			    __u64 length, __u64 src_iova, __u32 flags,
			    __u64 *dst_iova)
{
	struct iommu_ioas_copy arg = {
		.size = sizeof(arg),
		.flags = flags,
		.dst_ioas_id = dst_ioas_id,
		.src_ioas_id = src_ioas_id,
		.length = length,
		.src_iova = src_iova,
	};
	int rc = iommufd_ioctl(fd, IOMMU_IOAS_COPY, &arg);

	if (!rc)
		put_u64(dst_iova, arg.dst_iova);
	return rc;
}

/* *unmapped is what the kernel left in length, also on failure */
static inline int ioas_unmap(int fd, __u32 ioas_id, __u64 iova, __u64 length,
			     __u64 *unmapped)
{
	struct iommu_ioas_unmap arg = {
		.size = sizeof(arg),
		.ioas_id = ioas_id,
		.iova = iova,
		.length = length,
	};
	int rc = iommufd_ioctl(fd, IOMMU_IOAS_UNMAP, &arg);

	put_u64(unmapped, arg.length);
	return rc;
}

static inline int ioas_unmap_all(int fd, __u32 ioas_id, __u64 *unmapped)
{
	return ioas_unmap(fd, ioas_id, 0, UINT64_MAX, unmapped);
}

static inline int option_set(int fd, __u32 option_id, __u32 object_id,
			     __u64 value)
{
	struct iommu_option arg = {
		.size = sizeof(arg),
		.option_id = option_id,
		.op = IOMMU_OPTION_OP_SET,
		.object_id = object_id,
		.val64 = value,
	};

	return iommufd_ioctl(fd, IOMMU_OPTION, &arg);
}

static inline int option_get(int fd, __u32 option_id, __u32 object_id,
			     __u64 *value)
{
	struct iommu_option arg = {
		.size = sizeof(arg),
		.option_id = option_id,
		.op = IOMMU_OPTION_OP_GET,
		.object_id = object_id,
	};
	int rc = iommufd_ioctl(fd, IOMMU_OPTION, &arg);

	if (!rc)
		put_u64(value, arg.val64);
	return rc;
}

static inline int vfio_ioas_get(int fd, __u32 *ioas_id)
{
	struct iommu_vfio_ioas arg = {
		.size = sizeof(arg),
		.op = IOMMU_VFIO_IOAS_GET,
	};
	int rc = iommufd_ioctl(fd, IOMMU_VFIO_IOAS, &arg);

	if (!rc)
		put_u32(ioas_id, arg.ioas_id);
	return rc;
}

static inline int vfio_ioas_set(int fd, __u32 ioas_id)
{
	struct iommu_vfio_ioas arg = {
		.size = sizeof(arg),
		.ioas_id = ioas_id,
		.op = IOMMU_VFIO_IOAS_SET,
	};

	return iommufd_ioctl(fd, IOMMU_VFIO_IOAS, &arg);
}

static inline int vfio_ioas_clear(int fd)
{
	struct iommu_vfio_ioas arg = {
		.size = sizeof(arg),
		.op = IOMMU_VFIO_IOAS_CLEAR,
	};

	return iommufd_ioctl(fd, IOMMU_VFIO_IOAS, &arg);
}

/* ---- Hardware page tables ---- */

/* A paging HWPT: pt_id is an IOAS */
static inline int hwpt_alloc(int fd, __u32 dev_id, __u32 pt_id, __u32 flags,
			     __u32 *hwpt_id)
{
	struct iommu_hwpt_alloc arg = {
		.size = sizeof(arg),
		.flags = flags,
		.dev_id = dev_id,
		.pt_id = pt_id,
		.data_type = IOMMU_HWPT_DATA_NONE,
	};
	int rc = iommufd_ioctl(fd, IOMMU_HWPT_ALLOC, &arg);

	if (!rc)
		put_u32(hwpt_id, arg.out_hwpt_id);
	return rc;
}

/* A nested HWPT: parent_id is a HWPT made with IOMMU_HWPT_ALLOC_NEST_PARENT */
static inline int hwpt_alloc_nested(int fd, __u32 dev_id, __u32 parent_id,
				    __u32 data_type, const void *data,
				    __u32 data_len, __u32 *hwpt_id)
{
	struct iommu_hwpt_alloc arg = {
		.size = sizeof(arg),
		.dev_id = dev_id,
		.pt_id = parent_id,
		.data_type = data_type,
		.data_len = data_len,
		.data_uptr = (uintptr_t)data,
	};
	int rc = iommufd_ioctl(fd, IOMMU_HWPT_ALLOC, &arg);

	if (!rc)
		put_u32(hwpt_id, arg.out_hwpt_id);
	return rc;
}

/* *num: in, the number of requests; out, also on failure, how many were done */
static inline int hwpt_invalidate(int fd, __u32 hwpt_id, __u32 data_type,
				  const void *requests, __u32 entry_len,
				  __u32 *num)
{
	struct iommu_hwpt_invalidate arg = {
		.size = sizeof(arg),
		.hwpt_id = hwpt_id,
		.data_uptr = (uintptr_t)requests,
		.data_type = data_type,
		.entry_len = entry_len,
		.entry_num = *num,
	};
	int rc = iommufd_ioctl(fd, IOMMU_HWPT_INVALIDATE, &arg);

	*num = arg.entry_num;
	return rc;
}

static inline int hwpt_set_dirty_tracking(int fd, __u32 hwpt_id, bool enable)
{
	struct iommu_hwpt_set_dirty_tracking arg = {
		.size = sizeof(arg),
		.flags = enable ? IOMMU_HWPT_DIRTY_TRACKING_ENABLE : 0,
		.hwpt_id = hwpt_id,
	};

	return iommufd_ioctl(fd, IOMMU_HWPT_SET_DIRTY_TRACKING, &arg);
}

static inline int hwpt_get_dirty_bitmap(int fd, __u32 hwpt_id, __u32 flags,
					__u64 iova, __u64 length,
					__u64 page_size, __u64 *bitmap)
{
	struct iommu_hwpt_get_dirty_bitmap arg = {
		.size = sizeof(arg),
		.hwpt_id = hwpt_id,
		.flags = flags,
		.data = (uintptr_t)bitmap,
		.page_size = page_size,
		.iova = iova,
		.length = length,
	};

	return iommufd_ioctl(fd, IOMMU_HWPT_GET_DIRTY_BITMAP, &arg);
}

/* info: not NULL, the whole answer, with the kernel's length in info->data_len */
static inline int hw_info(int fd, __u32 dev_id, void *data, __u32 data_len,
			  struct iommu_hw_info *info)
{
	*info = (struct iommu_hw_info){
		.size = sizeof(*info),
		.dev_id = dev_id,
		.data_len = data_len,
		.data_uptr = (uintptr_t)data,
	};
	return iommufd_ioctl(fd, IOMMU_GET_HW_INFO, info);
}

static inline int fault_queue_alloc(int fd, __u32 *fault_id, int *fault_fd)
{
	struct iommu_fault_alloc arg = { .size = sizeof(arg) };
	int rc = iommufd_ioctl(fd, IOMMU_FAULT_QUEUE_ALLOC, &arg);

	if (rc)
		return rc;
	put_u32(fault_id, arg.out_fault_id);
	if (fault_fd)
		*fault_fd = arg.out_fault_fd;
	return 0;
}

/* ---- The mock: devices ---- */

/**
 * struct mock_dev - the IDs of a mock device
 * @stdev_id: The device itself: destroying it detaches and unbinds it
 * @idev_id: What binding it made: the dev_id of the ioctls
 * @hwpt_id: What it was attached to, 0 if made detached
 */
struct mock_dev {
	__u32 stdev_id;
	__u32 idev_id;
	__u32 hwpt_id;
};

/* Called in a kernel without a mock; a test that gets here may end in it */
static void (*mock_is_absent)(void);

static inline int mock_cmd(int fd, struct iommu_test_cmd *cmd)
{
	int rc;

	cmd->size = sizeof(*cmd);
	rc = iommufd_ioctl(fd, IOMMU_TEST_CMD, cmd);
	if (rc == -ENOTTY && mock_is_absent)
		mock_is_absent();
	return rc;
}

/* Make a device, alone in its group, and attach it to an IOAS or a HWPT */
static inline int mock_device(int fd, __u32 pt_id, struct mock_dev *dev)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_MOCK_DOMAIN,
		.id = pt_id,
	};
	int rc = mock_cmd(fd, &cmd);

	if (!rc && dev) {
		dev->stdev_id = cmd.mock_domain.out_stdev_id;
		dev->idev_id = cmd.mock_domain.out_idev_id;
		dev->hwpt_id = cmd.mock_domain.out_hwpt_id;
	}
	return rc;
}

/* The same with MOCK_FLAGS_DEVICE_* */
static inline int mock_device_flags(int fd, __u32 pt_id, __u32 flags,
				    struct mock_dev *dev)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_MOCK_DOMAIN_FLAGS,
		.id = pt_id,
		.mock_domain_flags.dev_flags = flags,
	};
	int rc = mock_cmd(fd, &cmd);

	if (!rc && dev) {
		dev->stdev_id = cmd.mock_domain_flags.out_stdev_id;
		dev->idev_id = cmd.mock_domain_flags.out_idev_id;
		dev->hwpt_id = cmd.mock_domain_flags.out_hwpt_id;
	}
	return rc;
}

/*
 * Make a device behind the given MOCK_IOMMU_*, in the group of another device
 * unless group_of is 0, and attach it unless pt_id is 0
 */
static inline int mock_device_create(int fd, __u32 iommu, __u32 group_of,
				     __u32 pt_id, __u32 flags,
				     struct mock_dev *dev)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_DEV_CREATE,
		.dev_create = {
			.iommu = iommu,
			.group_of_stdev_id = group_of,
			.pt_id = pt_id,
			.flags = flags,
		},
	};
	int rc = mock_cmd(fd, &cmd);

	if (!rc && dev) {
		dev->stdev_id = cmd.dev_create.out_stdev_id;
		dev->idev_id = cmd.dev_create.out_idev_id;
		dev->hwpt_id = cmd.dev_create.out_hwpt_id;
	}
	return rc;
}

static inline int mock_attach(int fd, __u32 stdev_id, __u32 pt_id,
			      __u32 *hwpt_id)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_DEV_ATTACH,
		.id = stdev_id,
		.dev_attach.pt_id = pt_id,
	};
	int rc = mock_cmd(fd, &cmd);

	if (!rc)
		put_u32(hwpt_id, cmd.dev_attach.pt_id);
	return rc;
}

static inline int mock_detach(int fd, __u32 stdev_id)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_DEV_DETACH,
		.id = stdev_id,
	};

	return mock_cmd(fd, &cmd);
}

static inline int mock_replace(int fd, __u32 stdev_id, __u32 pt_id,
			       __u32 *hwpt_id)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_MOCK_DOMAIN_REPLACE,
		.id = stdev_id,
		.mock_domain_replace.pt_id = pt_id,
	};
	int rc = mock_cmd(fd, &cmd);

	if (!rc)
		put_u32(hwpt_id, cmd.mock_domain_replace.pt_id);
	return rc;
}

/* error: a positive errno */
static inline int mock_fail_attach(int fd, __u32 stdev_id, __u32 error)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_DEV_FAIL_ATTACH,
		.id = stdev_id,
		.dev_fail_attach.error = error,
	};

	return mock_cmd(fd, &cmd);
}

/* Give a device memory, and get the file that shows it */
static inline int mock_memory(int fd, __u32 stdev_id, __u64 length,
			      int *memory_fd)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_DEV_MEMORY,
		.id = stdev_id,
		.dev_memory.length = length,
	};
	int rc = mock_cmd(fd, &cmd);

	if (!rc)
		*memory_fd = cmd.dev_memory.out_fd;
	return rc;
}

/* Let other devices reach that, or not */
static inline int mock_decode(int fd, __u32 stdev_id, bool enable)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_DEV_DECODE,
		.id = stdev_id,
		.dev_decode.enable = enable,
	};

	return mock_cmd(fd, &cmd);
}

/* ---- The mock: DMA ---- */

/**
 * struct mock_dma - what a device's DMA came to
 * @length: Bytes transferred
 * @reason: enum mock_dma_fault, MOCK_DMA_FAULT_NONE if all were
 * @stage: Which stage blocked it; see iommufd_test.h
 * @level: At which stage-1 level
 * @addr: At which input address of that stage
 */
struct mock_dma {
	__u64 length;
	__u64 addr;
	__u16 reason;
	__u8 stage;
	__u8 level;
};

/* dma: not NULL. 0 says only that the device tried; dma says what came of it */
static inline int mock_dma(int fd, __u32 stdev_id, __u32 flags, __u64 iova,
			   const void *buf, __u64 length, struct mock_dma *dma)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_DEV_DMA,
		.id = stdev_id,
		.dev_dma = {
			.iova = iova,
			.length = length,
			.uptr = (uintptr_t)buf,
			.flags = flags,
		},
	};
	int rc = mock_cmd(fd, &cmd);

	if (!rc)
		*dma = (struct mock_dma){
			.length = cmd.dev_dma.length,
			.reason = cmd.dev_dma.out_fault_reason,
			.stage = cmd.dev_dma.out_fault_stage,
			.level = cmd.dev_dma.out_fault_level,
			.addr = cmd.dev_dma.out_fault_addr,
		};
	return rc;
}

/* The device reads at iova; what it got is in buf */
static inline int mock_dma_read(int fd, __u32 stdev_id, __u64 iova, void *buf,
				__u64 length, struct mock_dma *dma)
{
	return mock_dma(fd, stdev_id, 0, iova, buf, length, dma);
}

/* The device writes what is in buf at iova */
static inline int mock_dma_write(int fd, __u32 stdev_id, __u64 iova,
				 const void *buf, __u64 length,
				 struct mock_dma *dma)
{
	return mock_dma(fd, stdev_id, MOCK_DMA_WRITE, iova, buf, length, dma);
}

/* ---- The mock: looking inside ---- */

static inline int mock_add_reserved(int fd, __u32 ioas_id, __u64 start,
				    __u64 length)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_ADD_RESERVED,
		.id = ioas_id,
		.add_reserved = { .start = start, .length = length },
	};

	return mock_cmd(fd, &cmd);
}

/* 0 if the HWPT maps the pages behind va at iova */
static inline int mock_check_map(int fd, __u32 hwpt_id, __u64 iova,
				 __u64 length, const void *va)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_MD_CHECK_MAP,
		.id = hwpt_id,
		.check_map = {
			.iova = iova,
			.length = length,
			.uptr = (uintptr_t)va,
		},
	};

	return mock_cmd(fd, &cmd);
}

/* 0 if each page behind va is pinned refs times */
static inline int mock_check_refs(int fd, const void *va, __u64 length,
				  __u32 refs)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_MD_CHECK_REFS,
		.check_refs = {
			.length = length,
			.uptr = (uintptr_t)va,
			.refs = refs,
		},
	};

	return mock_cmd(fd, &cmd);
}

/* 0 if the slot of the nested HWPT holds value */
static inline int mock_check_iotlb(int fd, __u32 hwpt_id, __u32 slot,
				   __u32 value)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_MD_CHECK_IOTLB,
		.id = hwpt_id,
		.check_iotlb = { .id = slot, .iotlb = value },
	};

	return mock_cmd(fd, &cmd);
}

static inline int mock_dirty(int fd, __u32 hwpt_id, __u64 iova, __u64 length,
			     __u64 page_size, const __u64 *bitmap,
			     __u64 *nr_dirty)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_DIRTY,
		.id = hwpt_id,
		.dirty = {
			.uptr = (uintptr_t)bitmap,
			.page_size = page_size,
			.iova = iova,
			.length = length,
		},
	};
	int rc = mock_cmd(fd, &cmd);

	if (!rc)
		put_u64(nr_dirty, cmd.dirty.out_nr_dirty);
	return rc;
}

/* As without a limit; the limit is that of all tests, so set it back */
#define MOCK_MEMORY_LIMIT_NONE 65536

/* Bytes the kernel may spend on one step of pinning */
static inline int mock_memory_limit(int fd, __u32 limit)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_SET_TEMP_MEMORY_LIMIT,
		.memory_limit.limit = limit,
	};

	return mock_cmd(fd, &cmd);
}

/* A nested HWPT whose page requests go to a queue */
static inline int mock_hwpt_alloc_fault(int fd, __u32 dev_id, __u32 parent_id,
					__u32 fault_id, __u32 *hwpt_id)
{
	struct iommu_hwpt_selftest data = { .iotlb = IOMMU_TEST_IOTLB_DEFAULT };
	struct iommu_hwpt_alloc arg = {
		.size = sizeof(arg),
		.flags = IOMMU_HWPT_FAULT_ID_VALID,
		.dev_id = dev_id,
		.pt_id = parent_id,
		.data_type = IOMMU_HWPT_DATA_SELFTEST,
		.data_len = sizeof(data),
		.data_uptr = (uintptr_t)&data,
		.fault_id = fault_id,
	};
	int rc = iommufd_ioctl(fd, IOMMU_HWPT_ALLOC, &arg);

	if (!rc)
		*hwpt_id = arg.out_hwpt_id;
	return rc;
}

static inline int mock_trigger_iopf(int fd, __u32 idev_id, __u32 pasid,
				    __u32 grpid, __u32 perm, __u64 addr)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_TRIGGER_IOPF,
		.trigger_iopf = {
			.dev_id = idev_id,
			.pasid = pasid,
			.grpid = grpid,
			.perm = perm,
			.addr = addr,
		},
	};

	return mock_cmd(fd, &cmd);
}

/* ---- The mock: accesses. An access is a file of its own: close() ends it ---- */

/* Without it an access only reads and writes */
#define ACCESS_PINS MOCK_FLAGS_ACCESS_CREATE_NEEDS_PIN_PAGES

static inline int mock_access_create(int fd, __u32 ioas_id, __u32 flags,
				     __u32 *access_fd)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_CREATE_ACCESS,
		.id = ioas_id,
		.create_access.flags = flags,
	};
	int rc = mock_cmd(fd, &cmd);

	if (!rc)
		put_u32(access_fd, cmd.create_access.out_access_fd);
	return rc;
}

static inline int mock_access_pin(int fd, __u32 access_fd, __u32 flags,
				  __u64 iova, __u64 length, const void *va,
				  __u32 *pages_id)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_ACCESS_PAGES,
		.id = access_fd,
		.access_pages = {
			.flags = flags,
			.iova = iova,
			.length = length,
			.uptr = (uintptr_t)va,
		},
	};
	int rc = mock_cmd(fd, &cmd);

	if (!rc)
		put_u32(pages_id, cmd.access_pages.out_access_pages_id);
	return rc;
}

static inline int mock_access_unpin(int fd, __u32 access_fd, __u32 pages_id)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_DESTROY_ACCESS_PAGES,
		.id = access_fd,
		.destroy_access_pages.access_pages_id = pages_id,
	};

	return mock_cmd(fd, &cmd);
}

static inline int mock_access_rw(int fd, __u32 access_fd, __u32 flags,
				 __u64 iova, void *buf, __u64 length)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_ACCESS_RW,
		.id = access_fd,
		.access_rw = {
			.iova = iova,
			.length = length,
			.uptr = (uintptr_t)buf,
			.flags = flags,
		},
	};

	return mock_cmd(fd, &cmd);
}

static inline int mock_access_replace(int fd, __u32 access_fd, __u32 ioas_id)
{
	struct iommu_test_cmd cmd = {
		.op = IOMMU_TEST_OP_ACCESS_REPLACE_IOAS,
		.id = access_fd,
		.access_replace_ioas.ioas_id = ioas_id,
	};

	return mock_cmd(fd, &cmd);
}

#endif
