/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory of devices, mapped so that other devices reach it (peer to peer).
 *
 * User space maps it like any other memory, by the address at which it has mmap()ed
 * it from the driver of the device. But it has no struct page and is not pinned:
 * instead the driver says when it can be reached, and when not any more. Only
 * memory of a device that is bound to the same iommufd is taken.
 *
 * Where the memory is comes from the VMA, at the time of IOMMU_IOAS_MAP. After that
 * nothing depends on who has mmap()ed it: it may be unmapped from the process, and
 * the process may exit. RLIMIT_MEMLOCK has nothing to do with it.
 *
 * An area of such memory keeps, for each domain of its IOAS, a struct mmio_mapping:
 * what the domain is to map, and whether it does. All mappings of a device's memory
 * are on one list, which is all that revoke and restore look at. They know of no
 * area, IOAS or process:
 *  - Copies of an area share the memory, and have mappings of their own.
 *  - Who cuts an area cuts its mappings, mapped or not.
 *  - Who unmaps an area, or takes a domain away from its IOAS, removes the mappings.
 *    So there is a mapping only while its domain lives.
 *  - A mapping that comes while the memory cannot be reached maps nothing, until
 *    the driver restores it.
 *  - When the device is unbound it is so for good. What is still mapped at its
 *    memory keeps its IOVAs until it is unmapped, and maps nothing.
 *
 * Locks:
 *  iommufd_mmio::lock	Whether the memory can be reached, and its mappings.
 *		Drivers call revoke and restore with a lock held that their page
 *		faults take, that is one that comes after mmap_lock, and after all
 *		that is held while user memory is touched: the locks of ioas.h and
 *		iommufd_pages::lock among them. So this one comes after all those,
 *		and nothing is taken under it but the locks of the IOMMU's driver
 *		and of the allocators.
 *  iommufd_ctx::mmio_lock	Which memory there is. Taken under mmap_lock; the find
 *		op is called under it, so that a device is not gone in the middle of
 *		that.
 */
#ifndef __IOMMUFD_MMIO_H
#define __IOMMUFD_MMIO_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/types.h>

struct iommu_domain;
struct iommufd_area;
struct iommufd_ctx;
struct iommufd_ioas;
struct iommufd_mmio_ops;
struct iommufd_pages;

/**
 * struct iommufd_mmio - the memory of a device
 * @refs: Of the device while it is bound, and of each struct iommufd_pages
 * @item: In iommufd_ctx::mmios, or empty
 * @ops: The device's driver
 * @data: Its own
 * @lock: See above
 * @reachable: The memory can be reached
 * @mappings: struct mmio_mapping
 */
struct iommufd_mmio {
	refcount_t refs;
	struct list_head item;
	const struct iommufd_mmio_ops *ops;
	void *data;
	struct mutex lock;
	bool reachable;
	struct list_head mappings;
};

struct iommufd_mmio *iommufd_mmio_alloc(void);
void iommufd_mmio_close(struct iommufd_ctx *ictx, struct iommufd_mmio *mmio);
void iommufd_mmio_put(struct iommufd_mmio *mmio);

int iommufd_mmio_find(struct iommufd_ctx *ictx, unsigned long uptr,
		      unsigned long length, int prot,
		      struct iommufd_pages *pages);

int area_map_mmio(struct iommufd_ioas *ioas, struct iommufd_area *area,
		  struct iommu_domain *domain);
void area_unmap_mmio(struct iommufd_area *area, struct iommu_domain *domain);
int area_split_mmio(struct iommufd_area *area, struct iommufd_area *rest,
		    unsigned long iova);

#endif
