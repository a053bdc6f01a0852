/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The mock IOMMU: an IOMMU driver without hardware, with devices that really do
 * DMA, tables that are really walked, and an IOTLB that really goes stale.
 *
 *  main.c	IOMMU_TEST_CMD: what tests ask for
 *  iommu.c	the driver: IOMMUs, devices, struct iommu_ops
 *  paging.c	paging domains: stage 2, or all there is
 *  nested.c	nested domains: a stage-1 table of the user's, and invalidation
 *  walk.c	the walk of such a table
 *  iotlb.c	what a domain has translated before
 *  dma.c	a device's DMA through all of that
 *  memory.c	memory of a device's own, for others to reach
 *  access.c	emulated devices, which need no IOMMU
 *
 * It plays by the rules of hardware. What is in an IOTLB is used, right or
 * wrong, until somebody invalidates it: iommufd, the user, or nobody, which is
 * what tests are for.
 *
 * Locks, in the order they are taken:
 *  mock_device::lock	What the device is attached to; held over its DMA
 *  mock_paging::lock	Its table, the IOTLBs of it and of the nested domains on it,
 *			and the list of these. Held while pages behind the table are
 *			accessed, so that once unmapped they are not.
 * See memory.c for mock_memory::lock, which comes before the last.
 */
#ifndef __IOMMUFD_MOCK_H
#define __IOMMUFD_MOCK_H

#include <linux/device.h>
#include <linux/iommu.h>
#include <linux/mutex.h>
#include <linux/xarray.h>

#include "../iommufd_test.h"
#include "walk.h"

/* Smaller than a page, so that nobody takes the two for the same */
#define MOCK_IO_PAGE_SHIFT (PAGE_SHIFT - 1)
#define MOCK_IO_PAGE_SIZE BIT(MOCK_IO_PAGE_SHIFT)
/* What one table of the last level spans; a page size of MOCK_FLAGS_DEVICE_HUGE_IOVA */
#define MOCK_TABLE_SHIFT 9
#define MOCK_HUGE_PAGE_SHIFT (MOCK_IO_PAGE_SHIFT + MOCK_TABLE_SHIFT)
#define MOCK_HUGE_PAGE_SIZE BIT(MOCK_HUGE_PAGE_SHIFT)

/* An entry of a table, and of an IOTLB: an IO page's address, and these */
#define MOCK_ENTRY_READ BIT_ULL(0)
#define MOCK_ENTRY_WRITE BIT_ULL(1)
#define MOCK_ENTRY_DIRTY BIT_ULL(2)
#define MOCK_ENTRY_HUGE BIT_ULL(3)
#define MOCK_ENTRY_ACCESS (MOCK_ENTRY_READ | MOCK_ENTRY_WRITE)
#define MOCK_ENTRY_FLAGS (MOCK_IO_PAGE_SIZE - 1)

/**
 * struct mock_iotlb - translations a domain has made
 * @entries: Entry by IOVA >> MOCK_IO_PAGE_SHIFT
 * @num: How many; bounded, as in hardware
 */
struct mock_iotlb {
	struct xarray entries;
	unsigned int num;
};

/*
 * Tables of the last level are many, so their entries are half as long: the first
 * three flags, and above them the number of the IO page. That makes physical
 * addresses of MOCK_LEAF_ADDRESS_BITS, as small hardware has them.
 */
#define MOCK_LEAF_FLAG_BITS 3
#define MOCK_LEAF_ADDRESS_BITS (32 - MOCK_LEAF_FLAG_BITS + MOCK_IO_PAGE_SHIFT)

struct mock_leaf {
	u32 entries[1 << MOCK_TABLE_SHIFT];
};

struct mock_table {
	u64 entries[1 << MOCK_TABLE_SHIFT];
};

#define MOCK_ROOT_ENTRIES \
	DIV_ROUND_UP(MOCK_APERTURE_LAST, MOCK_HUGE_PAGE_SIZE << MOCK_TABLE_SHIFT)

/**
 * struct mock_paging - a paging domain
 * @domain: The domain
 * @lock: See above
 * @tracks_dirty: Entries are marked dirty when a device writes
 * @coherent: It lets no device bypass the caches, if asked to
 * @root: Tables of the middle level. Their entries are huge pages, or the
 *        addresses of leaves
 * @iotlb: Of devices attached to this domain
 * @children: struct mock_nested
 */
struct mock_paging {
	struct iommu_domain domain;
	struct mutex lock;
	bool tracks_dirty;
	bool coherent;
	struct mock_table *root[MOCK_ROOT_ENTRIES];
	struct mock_iotlb iotlb;
	struct list_head children;
};

/**
 * struct mock_nested - a nested domain
 * @domain: The domain
 * @parent: Stage 2
 * @item: In mock_paging::children
 * @format: Of the stage-1 table
 * @root: Its address, guest-physical
 * @iotlb: Of devices attached to this domain
 * @slots: What IOMMU_TEST_OP_MD_CHECK_IOTLB looks at
 */
struct mock_nested {
	struct iommu_domain domain;
	struct mock_paging *parent;
	struct list_head item;
	enum iommu_hwpt_selftest_format format;
	u64 root;
	struct mock_iotlb iotlb;
	u32 slots[MOCK_NESTED_DOMAIN_IOTLB_NUM];
};

/**
 * struct mock_device - a device
 * @dev: The device, on the bus of its IOMMU
 * @flags: MOCK_FLAGS_DEVICE_*
 * @join: Group to be put in, or NULL for one of its own; while it is added
 * @lock: See above
 * @domain: What it is attached to
 * @fail_attach: Error of the next attach by a user, or 0
 */
struct mock_device {
	struct device dev;
	u32 flags;
	struct iommu_group *join;
	struct mutex lock;
	struct iommu_domain *domain;
	int fail_attach;
};

struct iommufd_device;
struct iommufd_ucmd;
struct mock_memory;

static inline struct mock_device *to_mock_device(struct device *dev)
{
	return container_of(dev, struct mock_device, dev);
}

static inline struct mock_paging *to_mock_paging(struct iommu_domain *domain)
{
	return container_of(domain, struct mock_paging, domain);
}

static inline struct mock_nested *to_mock_nested(struct iommu_domain *domain)
{
	return container_of(domain, struct mock_nested, domain);
}

/* iommu.c */
int mock_iommu_init(void);
void mock_iommu_exit(void);
bool mock_iommu_owns(const struct iommu_domain *domain);
int mock_attach_dev(struct iommu_domain *domain, struct device *dev);
struct mock_device *mock_device_add(u32 iommu, u32 flags,
				    struct mock_device *same_group);
void mock_device_remove(struct mock_device *mdev);

/* paging.c */
struct iommu_domain *mock_paging_alloc(bool huge_pages, bool dirty_tracking);
bool mock_paging_mark_dirty(struct mock_paging *paging, u64 iova);
enum mock_dma_fault mock_paging_lookup(struct mock_paging *paging, u64 iova,
				       u64 access, u64 *entry);

/* nested.c */
struct iommu_domain *mock_nested_alloc(struct iommu_domain *parent,
				       const struct iommu_user_data *user_data,
				       bool can_invalidate);

/* iotlb.c */
void mock_iotlb_init(struct mock_iotlb *iotlb);
u64 mock_iotlb_lookup(struct mock_iotlb *iotlb, u64 iova);
void mock_iotlb_fill(struct mock_iotlb *iotlb, u64 iova, u64 entry);
void mock_iotlb_drop(struct mock_iotlb *iotlb, u64 first, u64 last);

/* access.c */
int mock_access_create(struct iommufd_ucmd *ucmd);
int mock_access_pages(struct iommufd_ucmd *ucmd);
int mock_access_pages_destroy(struct iommufd_ucmd *ucmd);
int mock_access_replace_ioas(struct iommufd_ucmd *ucmd);
int mock_access_rw(struct iommufd_ucmd *ucmd);

/* memory.c */
struct mock_memory *mock_memory_alloc(size_t length);
void mock_memory_put(struct mock_memory *memory);
struct file *mock_memory_file(struct mock_memory *memory);
void mock_memory_offer(struct mock_memory *memory, struct iommufd_device *idev);
void mock_memory_decode(struct mock_memory *memory, bool enable);

/* dma.c */
size_t mock_dma(struct mock_device *mdev, u64 iova, void *buf, size_t length,
		bool write, struct walk_fault *fault);

#endif
