/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IO address space (IOAS): what is mapped at which IOVA, and the IOMMU domains
 * that are kept the same as that.
 *
 * An area is one mapping: a range of IOVAs and the user memory behind it. It is
 * pinned, and mapped in every domain, exactly while the IOAS has a domain. Memory of
 * a device is the exception: it is never pinned, and mapped only while it can be
 * reached, see mmio.h.
 *
 * An area keeps its IOVAs from others from when it is on its way in to when it is
 * out. On its way in nothing is mapped there yet, to everybody else. On its way out
 * it waits for the accesses that have pinned it, which are asked to let go; who else
 * would unmap it waits too.
 *
 * Locks, in the order they are taken:
 *  automatic_lock	Finding or making the HWPT for a device that is attached to
 *		the IOAS; device.c only. iommufd_group::lock comes after it.
 *  domains_sem	Read: to map and unmap, that is to make the domains follow the
 *		areas. Write: to change what all areas have to suit, the lists of
 *		domains and of accesses; every area is there then. An access is
 *		asked to let go under it, so nothing that does so may take it.
 *  space_lock	The areas, the reserved and the allowed ranges. Not held while pages
 *		are pinned or domains changed: that may take long, and fault.
 *  iommufd_pages::lock
 *  iommufd_mmio::lock	After whatever comes after those
 */
#ifndef __IOMMUFD_IOAS_H
#define __IOMMUFD_IOAS_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/wait.h>

#include "iova_space.h"
#include "object.h"
#include "pages.h"

struct iommu_domain;

/**
 * struct iommufd_ioas - an IOAS
 * @obj: The object
 * @automatic_lock: See above
 * @automatic: struct iommufd_hwpt_paging made by an attach, by ID
 * @domains_sem: See above
 * @domains: struct ioas_domain, those kept the same as the areas
 * @accesses: struct access_link, of accesses that may have pinned areas
 * @small_pages: Nothing larger than PAGE_SIZE is mapped in one piece
 * @vfio_cuts: VFIO_IOMMU_UNMAP_DMA may cut areas
 * @alignment: What IOVAs, lengths and user addresses must be multiples of, so
 *             that every domain can map them, and accesses pin them; a power of
 *             two up to PAGE_SIZE
 * @space_lock: See above
 * @space: Areas, reserved and allowed ranges
 * @departures: How many times areas have left, or have stayed after all
 * @wait: Woken when an access has let go of an area, and at each departure
 */
struct iommufd_ioas {
	struct iommufd_object obj;
	struct mutex automatic_lock;
	struct xarray automatic;
	struct rw_semaphore domains_sem;
	struct list_head domains;
	struct list_head accesses;
	bool small_pages;
	bool vfio_cuts;
	unsigned long alignment;
	struct mutex space_lock;
	struct iova_space space;
	unsigned long departures;
	wait_queue_head_t wait;
};

/**
 * enum area_state - where an area is
 * @AREA_COMING: On its way in; to others nothing is mapped there
 * @AREA_THERE: Mapped
 * @AREA_LEAVING: On its way out, or being cut
 */
enum area_state {
	AREA_COMING,
	AREA_THERE,
	AREA_LEAVING,
};

/**
 * struct iommufd_area - one mapping
 * @range: Its IOVAs, in iommufd_ioas::space
 * @pages: The memory behind them
 * @start: Which byte of @pages, from the start of the first page, is at the first
 *         IOVA
 * @prot: As given to iommu_map()
 * @state: Where it is
 * @access_pins: How many times accesses have pinned a part of it
 * @pin: Of all its pages, while the IOAS has a domain
 * @mappings: Instead, if it is memory of a device: struct mmio_mapping, of each
 *            domain
 * @item: In a list of areas that come or go together
 */
struct iommufd_area {
	struct iova_area range;
	struct iommufd_pages *pages;
	unsigned long start;
	int prot;
	enum area_state state;
	unsigned int access_pins;
	union {
		struct pages_pin pin;
		struct list_head mappings;
	};
	struct list_head item;
};

#define to_area(_range) container_of(_range, struct iommufd_area, range)

/* Go through all areas in [@_first, @_last]; @_range is the cursor */
#define for_each_area(_ioas, _range, _first, _last)                       \
	for (_range = iova_space_first(&(_ioas)->space, _first, _last); _range; \
	     _range = iova_space_next(_range, _last))

static inline unsigned long area_length(const struct iommufd_area *area)
{
	return area->range.last - area->range.first + 1;
}

/* The byte of the area's pages that is at @iova */
static inline unsigned long area_byte(const struct iommufd_area *area,
				      unsigned long iova)
{
	return area->start + (iova - area->range.first);
}

/**
 * struct ioas_domain - a domain of an IOAS, embedded in its HWPT
 * @item: In iommufd_ioas::domains
 * @domain: The domain
 * @coherent: It lets no device bypass the caches of the CPU
 */
struct ioas_domain {
	struct list_head item;
	struct iommu_domain *domain;
	bool coherent;
};

static inline struct iommufd_ioas *to_ioas(struct iommufd_object *obj)
{
	return container_of(obj, struct iommufd_ioas, obj);
}

static inline struct iommufd_ioas *ioas_get(struct iommufd_ctx *ictx, u32 id)
{
	struct iommufd_object *obj;

	obj = iommufd_object_get(ictx, id, IOMMUFD_OBJ_IOAS);
	return IS_ERR(obj) ? ERR_CAST(obj) : to_ioas(obj);
}

/* ioas.c */
struct iommufd_ioas *iommufd_ioas_make(void);
int iommufd_ioas_alloc(struct iommufd_ucmd *ucmd);
int iommufd_ioas_allow_iovas(struct iommufd_ucmd *ucmd);
int iommufd_ioas_copy(struct iommufd_ucmd *ucmd);
int iommufd_ioas_iova_ranges(struct iommufd_ucmd *ucmd);
int iommufd_ioas_map(struct iommufd_ucmd *ucmd);
int iommufd_ioas_unmap(struct iommufd_ucmd *ucmd);
int iommufd_option(struct iommufd_ucmd *ucmd);

/**
 * struct ioas_map - what to map, and where
 * @areas: struct iommufd_area, in the order of IOVAs
 * @length: Of all of them, in bytes
 * @iova: First IOVA; set if not @fixed
 * @fixed: @iova is given
 * @pinned: Fail with -EFAULT if nothing would be pinned, for want of a domain
 */
struct ioas_map {
	struct list_head areas;
	unsigned long length;
	unsigned long iova;
	bool fixed;
	bool pinned;
};

/* area.c */
int ioas_map(struct iommufd_ioas *ioas, struct ioas_map *map);
void ioas_map_destroy(struct ioas_map *map);
int ioas_map_user(struct iommufd_ctx *ictx, struct iommufd_ioas *ioas,
		  unsigned long uptr, unsigned long length, int prot,
		  struct ioas_map *map);
bool ioas_is_mapped(struct iommufd_ioas *ioas, unsigned long first,
		    unsigned long last);
int ioas_map_copy(struct iommufd_ioas *src, unsigned long first,
		  unsigned long last, int prot, struct ioas_map *map);
int ioas_unmap(struct iommufd_ioas *ioas, unsigned long first,
	       unsigned long last, bool cut, unsigned long *unmapped);

int area_fill(struct iommufd_ioas *ioas, struct iommufd_area *area);
void area_empty(struct iommufd_ioas *ioas, struct iommufd_area *area);
int area_pin(struct iommufd_area *area);
void area_unpin(struct iommufd_area *area);
int area_map_domain(struct iommufd_ioas *ioas, struct iommufd_area *area,
		    struct iommu_domain *domain);
void area_unmap_domain(struct iommufd_area *area, struct iommu_domain *domain);

/* ioas_domain.c */
bool ioas_is_coherent(struct iommufd_ioas *ioas);
int ioas_add_domain(struct iommufd_ioas *ioas, struct ioas_domain *add);
void ioas_remove_domain(struct iommufd_ioas *ioas, struct ioas_domain *gone);
int ioas_add_access(struct iommufd_ioas *ioas, struct list_head *item,
		    bool pins);
void ioas_remove_access(struct iommufd_ioas *ioas, struct list_head *item);
int ioas_set_small_pages(struct iommufd_ioas *ioas, bool small_pages);
int ioas_reserve(struct iommufd_ioas *ioas, unsigned long first,
		 unsigned long last, void *owner);
void ioas_unreserve(struct iommufd_ioas *ioas, void *owner);

/* access.c */
void iommufd_accesses_notify(struct iommufd_ioas *ioas, unsigned long first,
			     unsigned long last);
unsigned long iommufd_accesses_alignment(struct iommufd_ioas *ioas);

#endif
