/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IO address space (IOAS): what is mapped at which IOVA, and the IOMMU domains
 * that are kept the same as that.
 *
 * An area is one mapping: a range of IOVAs and the pinned pages behind it. It is
 * pinned, and mapped in every domain, exactly while the IOAS has a domain.
 *
 * An area is busy while it is on its way in or out: it keeps its IOVAs from
 * others, and to everybody else nothing is mapped there.
 *
 * Locks, in the order they are taken:
 *  automatic_lock	Finding or making the HWPT for a device that is attached to
 *		the IOAS; device.c only. iommufd_group::lock comes after it.
 *  domains_sem	Read: to map and unmap, that is to make the domains follow the
 *		areas. Write: to change the list of domains; no area is busy then.
 *  space_lock	The areas and reserved ranges. Not held while pages are pinned or
 *		domains changed: that may take long, and fault.
 *  iommufd_pages::lock
 */
#ifndef __IOMMUFD_IOAS_H
#define __IOMMUFD_IOAS_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>

#include "iova_space.h"
#include "object.h"

struct iommu_domain;
struct iommufd_pages;

/**
 * struct iommufd_ioas - an IOAS
 * @obj: The object
 * @automatic_lock: See above
 * @automatic: struct iommufd_hwpt_paging made by an attach, by ID
 * @domains_sem: See above
 * @domains: struct ioas_domain, those kept the same as the areas
 * @alignment: What IOVAs, lengths and user addresses must be multiples of, so
 *             that every domain can map them; a power of two up to PAGE_SIZE
 * @space_lock: See above
 * @space: Areas and reserved ranges
 */
struct iommufd_ioas {
	struct iommufd_object obj;
	struct mutex automatic_lock;
	struct xarray automatic;
	struct rw_semaphore domains_sem;
	struct list_head domains;
	unsigned long alignment;
	struct mutex space_lock;
	struct iova_space space;
};

/**
 * struct ioas_domain - a domain of an IOAS, embedded in its HWPT
 * @item: In iommufd_ioas::domains
 * @domain: The domain
 */
struct ioas_domain {
	struct list_head item;
	struct iommu_domain *domain;
};

/**
 * struct ioas_map - what to map
 * @pages: The memory; a reference is taken for the area
 * @length: In bytes, not 0
 * @iova: First IOVA; set if not @fixed
 * @fixed: @iova is given
 * @prot: IOMMU_READ, IOMMU_WRITE and IOMMU_CACHE
 */
struct ioas_map {
	struct iommufd_pages *pages;
	unsigned long length;
	unsigned long iova;
	bool fixed;
	int prot;
};

static inline struct iommufd_ioas *to_ioas(struct iommufd_object *obj)
{
	return container_of(obj, struct iommufd_ioas, obj);
}

/* ioas.c */
int iommufd_ioas_alloc(struct iommufd_ucmd *ucmd);
int iommufd_ioas_map(struct iommufd_ucmd *ucmd);
int iommufd_ioas_unmap(struct iommufd_ucmd *ucmd);
int iommufd_ioas_iova_ranges(struct iommufd_ucmd *ucmd);

/* area.c */
int ioas_map(struct iommufd_ioas *ioas, struct ioas_map *map);
int ioas_unmap(struct iommufd_ioas *ioas, unsigned long first,
	       unsigned long last, unsigned long *unmapped);
int ioas_add_domain(struct iommufd_ioas *ioas, struct ioas_domain *add);
void ioas_remove_domain(struct iommufd_ioas *ioas, struct ioas_domain *gone);
int ioas_reserve(struct iommufd_ioas *ioas, unsigned long first,
		 unsigned long last, void *owner);
void ioas_unreserve(struct iommufd_ioas *ioas, void *owner);

#endif
