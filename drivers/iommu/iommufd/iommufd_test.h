/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The test interface of the mock IOMMU (CONFIG_IOMMUFD_TEST), shared with
 * tools/testing/selftests/iommu.
 *
 * Everything up to the marked line has the names, numbers and layouts of Linux
 * 6.12, so that its kselftests compile and run here as they are. What this
 * project adds stands below that line or in the members so marked, in number
 * ranges of its own.
 */
#ifndef _UAPI_IOMMUFD_TEST_H
#define _UAPI_IOMMUFD_TEST_H

#include <linux/iommufd.h>
#include <linux/types.h>

/* iommu_test_cmd::op */
enum {
	IOMMU_TEST_OP_ADD_RESERVED = 1,
	IOMMU_TEST_OP_MOCK_DOMAIN,
	IOMMU_TEST_OP_MD_CHECK_MAP,
	IOMMU_TEST_OP_MD_CHECK_REFS,
	IOMMU_TEST_OP_CREATE_ACCESS,
	IOMMU_TEST_OP_DESTROY_ACCESS_PAGES,
	IOMMU_TEST_OP_ACCESS_PAGES,
	IOMMU_TEST_OP_ACCESS_RW,
	IOMMU_TEST_OP_SET_TEMP_MEMORY_LIMIT,
	IOMMU_TEST_OP_MOCK_DOMAIN_REPLACE,
	IOMMU_TEST_OP_ACCESS_REPLACE_IOAS,
	IOMMU_TEST_OP_MOCK_DOMAIN_FLAGS,
	IOMMU_TEST_OP_DIRTY,
	IOMMU_TEST_OP_MD_CHECK_IOTLB,
	IOMMU_TEST_OP_TRIGGER_IOPF,
};

/* First and last IOVA a mock paging domain can map, both inclusive */
enum {
	MOCK_APERTURE_START = 1UL << 24,
	MOCK_APERTURE_LAST = (1UL << 31) - 1,
};

enum {
	MOCK_FLAGS_ACCESS_WRITE = 1 << 0,
	MOCK_FLAGS_ACCESS_SYZ = 1 << 16,
};

enum {
	MOCK_ACCESS_RW_WRITE = 1 << 0,
	MOCK_ACCESS_RW_SLOW_PATH = 1 << 2,
};

enum {
	MOCK_FLAGS_ACCESS_CREATE_NEEDS_PIN_PAGES = 1 << 0,
};

enum {
	MOCK_FLAGS_DEVICE_NO_DIRTY = 1 << 0,
	MOCK_FLAGS_DEVICE_HUGE_IOVA = 1 << 1,
	/* Not in Linux 6.12, though its kselftests use it */
	MOCK_FLAGS_DEVICE_PASID = 1 << 2,
};

/* Bits of PASID that a device with MOCK_FLAGS_DEVICE_PASID has */
#define MOCK_PASID_WIDTH 20

enum {
	MOCK_NESTED_DOMAIN_IOTLB_ID_MAX = 3,
	MOCK_NESTED_DOMAIN_IOTLB_NUM = 4,
};

/* No member may grow this struct: its size is part of the interface */
struct iommu_test_cmd {
	__u32 size;
	__u32 op;
	__u32 id;
	__u32 __reserved;
	union {
		struct {
			__aligned_u64 start;
			__aligned_u64 length;
		} add_reserved;
		struct {
			__u32 out_stdev_id;
			__u32 out_hwpt_id;
			/* the object iommufd_device_bind() made */
			__u32 out_idev_id;
		} mock_domain;
		struct {
			__u32 out_stdev_id;
			__u32 out_hwpt_id;
			__u32 out_idev_id;
			/* MOCK_FLAGS_DEVICE_* */
			__u32 dev_flags;
		} mock_domain_flags;
		struct {
			__u32 pt_id;
		} mock_domain_replace;
		struct {
			__aligned_u64 iova;
			__aligned_u64 length;
			__aligned_u64 uptr;
		} check_map;
		struct {
			__aligned_u64 length;
			__aligned_u64 uptr;
			__u32 refs;
		} check_refs;
		struct {
			__u32 out_access_fd;
			__u32 flags;
		} create_access;
		struct {
			__u32 access_pages_id;
		} destroy_access_pages;
		struct {
			__u32 flags;
			__u32 out_access_pages_id;
			__aligned_u64 iova;
			__aligned_u64 length;
			__aligned_u64 uptr;
		} access_pages;
		struct {
			__aligned_u64 iova;
			__aligned_u64 length;
			__aligned_u64 uptr;
			__u32 flags;
		} access_rw;
		struct {
			__u32 limit;
		} memory_limit;
		struct {
			__u32 ioas_id;
		} access_replace_ioas;
		struct {
			__u32 flags;
			__aligned_u64 iova;
			__aligned_u64 length;
			__aligned_u64 page_size;
			__aligned_u64 uptr;
			__aligned_u64 out_nr_dirty;
		} dirty;
		struct {
			__u32 id;
			__u32 iotlb;
		} check_iotlb;
		struct {
			__u32 dev_id;
			__u32 pasid;
			__u32 grpid;
			__u32 perm;
			__u64 addr;
		} trigger_iopf;

		/* Ours, see below */
		struct {
			__aligned_u64 iova;
			__aligned_u64 length;
			__aligned_u64 uptr;
			__u32 flags;
			__u16 out_fault_reason;
			__u8 out_fault_stage;
			__u8 out_fault_level;
			__aligned_u64 out_fault_addr;
		} dev_dma;
		struct {
			__u32 iommu;
			__u32 group_of_stdev_id;
			__u32 pt_id;
			__u32 flags;
			__u32 out_stdev_id;
			__u32 out_idev_id;
			__u32 out_hwpt_id;
		} dev_create;
		struct {
			__u32 pt_id;
		} dev_attach;
		struct {
			__u32 error;
		} dev_fail_attach;
		struct {
			__aligned_u64 length;
			__u32 out_fd;
		} dev_memory;
		struct {
			__u32 enable;
		} dev_decode;
	};
	__u32 last;
};
#define IOMMU_TEST_CMD _IO(IOMMUFD_TYPE, IOMMUFD_CMD_BASE + 32)

/* What GET_HW_INFO says of a mock device */
#define IOMMU_HW_INFO_TYPE_SELFTEST	0xfeedbeef
#define IOMMU_HW_INFO_SELFTEST_REGVAL	0xdeadbeef

struct iommu_test_hw_info {
	__u32 flags;
	__u32 test_reg;
};

/* Distinct from every enum iommu_hwpt_data_type */
#define IOMMU_HWPT_DATA_SELFTEST 0xdead
#define IOMMU_TEST_IOTLB_DEFAULT 0xbadbeef

/**
 * struct iommu_hwpt_selftest - nested HWPT of the mock, version 1
 *                              (IOMMU_HWPT_DATA_SELFTEST)
 * @iotlb: what each of the MOCK_NESTED_DOMAIN_IOTLB_NUM slots holds at first
 */
struct iommu_hwpt_selftest {
	__u32 iotlb;
};

/* Distinct from every enum iommu_hwpt_invalidate_data_type */
#define IOMMU_HWPT_INVALIDATE_DATA_SELFTEST 0xdeadbeef
#define IOMMU_HWPT_INVALIDATE_DATA_SELFTEST_INVALID 0xdadbeef

/**
 * struct iommu_hwpt_invalidate_selftest - invalidation request, version 1
 *                                         (IOMMU_HWPT_INVALIDATE_DATA_SELFTEST)
 * @flags: IOMMU_TEST_INVALIDATE_FLAG_*
 * @iotlb_id: The slot to clear; ignored with IOMMU_TEST_INVALIDATE_FLAG_ALL,
 *            which clears every slot and drops every IOTLB entry of the domain
 */
struct iommu_hwpt_invalidate_selftest {
#define IOMMU_TEST_INVALIDATE_FLAG_ALL	(1 << 0)
	__u32 flags;
	__u32 iotlb_id;
};

/* ---- From here on: this project's own, unknown to Linux 6.12 ---- */

/* The op numbers of Linux count up from 1; these cannot meet them */
enum {
	IOMMU_TEST_OP_OWN_FIRST = 0x61000000,
	/*
	 * Have device @id read (or write) dev_dma.length bytes at dev_dma.iova
	 * into (or from) dev_dma.uptr, through whatever it is attached to. The
	 * ioctl succeeds whether or not the DMA does: dev_dma.length comes back
	 * as the bytes transferred, and a DMA that was blocked before its end
	 * sets the out_fault_* members.
	 */
	IOMMU_TEST_OP_DEV_DMA = IOMMU_TEST_OP_OWN_FIRST,
	/* Make a mock device, bind it and, with a pt_id, attach it */
	IOMMU_TEST_OP_DEV_CREATE,
	/* Attach device @id, which must be detached; pt_id returns the HWPT */
	IOMMU_TEST_OP_DEV_ATTACH,
	/* Detach device @id: its DMA is blocked */
	IOMMU_TEST_OP_DEV_DETACH,
	/* Let the next attach of device @id fail with errno dev_fail_attach.error */
	IOMMU_TEST_OP_DEV_FAIL_ATTACH,
	/*
	 * Give device @id memory of its own, of dev_memory.length bytes, whole
	 * pages of zeros at one physical address, and return a file that shows
	 * it to mmap(). A device has such memory once (EEXIST); other devices do
	 * not reach it before IOMMU_TEST_OP_DEV_DECODE.
	 */
	IOMMU_TEST_OP_DEV_MEMORY,
	/* Let others reach the memory of device @id, or not, as a reset would */
	IOMMU_TEST_OP_DEV_DECODE,
};

/* dev_dma.flags */
enum {
	MOCK_DMA_WRITE = 1 << 0,
};

/* dev_memory.length, at most */
#define MOCK_DEV_MEMORY_MAX (1UL << 22)

/* dev_dma.length, at most */
#define MOCK_DMA_MAX_LENGTH (1UL << 20)

/**
 * enum mock_dma_fault - why a mock device's DMA was blocked
 * @MOCK_DMA_FAULT_NONE: It was not
 * @MOCK_DMA_FAULT_BLOCKED: The device is detached, or on a blocking domain
 * @MOCK_DMA_FAULT_ADDRESS: The address is wider than the table translates, or,
 *                          at stage 1, not canonical
 * @MOCK_DMA_FAULT_NOT_PRESENT: An entry on the way is not present
 * @MOCK_DMA_FAULT_PERMISSION: The stage does not allow this access
 * @MOCK_DMA_FAULT_RESERVED: A stage-1 entry has a reserved bit set
 */
enum mock_dma_fault {
	MOCK_DMA_FAULT_NONE = 0,
	MOCK_DMA_FAULT_BLOCKED = 1,
	MOCK_DMA_FAULT_ADDRESS = 2,
	MOCK_DMA_FAULT_NOT_PRESENT = 3,
	MOCK_DMA_FAULT_PERMISSION = 4,
	MOCK_DMA_FAULT_RESERVED = 5,
};

/*
 * out_fault_stage: 0 for MOCK_DMA_FAULT_BLOCKED, 1 or 2 for the stage that
 * blocked. out_fault_level: the stage-1 level being walked, 5 to 1 for a table
 * and 0 for the page the walk ended at; 0 where there is no stage 1.
 * out_fault_addr: the input address of the stage that blocked, that is an IOVA
 * for stage 1 and for a device without one, else a guest-physical address.
 */

/* dev_create.iommu: which of the mock's IOMMUs the device stands behind */
enum {
	/* All that the mock can do; where IOMMU_TEST_OP_MOCK_DOMAIN puts devices */
	MOCK_IOMMU_FULL = 0,
	/* Another driver, whose nested domains cannot be invalidated */
	MOCK_IOMMU_ROGUE = 1,
	/* A driver that knows only iommu_domain_alloc(): no user data, no hw_info */
	MOCK_IOMMU_LEGACY = 2,
	MOCK_IOMMU_NUM = 3,
};

/*
 * dev_create.group_of_stdev_id: share the IOMMU group of that device, or 0 for
 * a group of its own. dev_create.pt_id: 0 to stay detached. dev_create.flags:
 * MOCK_FLAGS_DEVICE_* and these.
 */
enum {
	/* Its IOMMU keeps MOCK_WINDOW_LENGTH IOVAs from each MOCK_*_WINDOW */
	MOCK_DEV_WINDOWS = 1 << 16,
	/* Domains made for it let no device bypass the caches */
	MOCK_DEV_COHERENT = 1 << 17,
};

/* Multiples of what a mock domain maps, inside its aperture */
enum {
	MOCK_RESERVED_WINDOW = 0x2000000,
	/* Where software maps the registers that MSIs are written to */
	MOCK_MSI_WINDOW = 0x3000000,
	/* What firmware had mapped, but no driver needs: not kept at all */
	MOCK_RELAXABLE_WINDOW = 0x4000000,
	MOCK_WINDOW_LENGTH = 0x100000,
};

/**
 * enum iommu_hwpt_selftest_format - stage-1 table format of the mock
 * @IOMMU_HWPT_SELFTEST_S1_NONE: No stage 1: an IOVA is a guest-physical address
 * @IOMMU_HWPT_SELFTEST_S1_4LEVEL: x86-64 4-level table (VT-d 3.4, section 9.8)
 * @IOMMU_HWPT_SELFTEST_S1_5LEVEL: x86-64 5-level table
 */
enum iommu_hwpt_selftest_format {
	IOMMU_HWPT_SELFTEST_S1_NONE = 0,
	IOMMU_HWPT_SELFTEST_S1_4LEVEL = 4,
	IOMMU_HWPT_SELFTEST_S1_5LEVEL = 5,
};

/**
 * struct iommu_hwpt_selftest_v2 - nested HWPT of the mock, version 2
 *                                 (IOMMU_HWPT_DATA_SELFTEST)
 * @v1: Version 1, which alone means a @format of IOMMU_HWPT_SELFTEST_S1_NONE
 * @format: One of enum iommu_hwpt_selftest_format
 * @root: Guest-physical address of the stage-1 root table, 4K-aligned; 0 with
 *        IOMMU_HWPT_SELFTEST_S1_NONE
 */
struct iommu_hwpt_selftest_v2 {
	struct iommu_hwpt_selftest v1;
	__u32 format;
	__aligned_u64 root;
};

/**
 * struct iommu_hwpt_invalidate_selftest_v2 - invalidation request, version 2
 *                                  (IOMMU_HWPT_INVALIDATE_DATA_SELFTEST)
 * @v1: Version 1
 * @addr: First IOVA whose IOTLB entries are dropped, 4K-aligned
 * @npages: Number of 4K pages from @addr; 0 drops none
 */
struct iommu_hwpt_invalidate_selftest_v2 {
	struct iommu_hwpt_invalidate_selftest v1;
	__aligned_u64 addr;
	__aligned_u64 npages;
};

#endif
