// SPDX-License-Identifier: GPL-2.0-only
/*
 * Areas: what an IOAS maps, and how its domains are made to follow. The rules
 * and the locks are in ioas.h.
 */
#include <linux/iommu.h>
#include <linux/log2.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "ioas.h"
#include "pages.h"

/**
 * struct iommufd_area - one mapping
 * @range: Its IOVAs, in iommufd_ioas::space
 * @pages: What is behind them, byte for byte
 * @prot: As given to iommu_map()
 * @busy: On its way in or out
 * @leaving: In the list of those that ioas_unmap() takes out
 */
struct iommufd_area {
	struct iova_area range;
	struct iommufd_pages *pages;
	int prot;
	bool busy;
	struct list_head leaving;
};

#define to_area(_range) container_of(_range, struct iommufd_area, range)

/* Go through all areas in [@_first, @_last]; @_range is the cursor */
#define for_each_area(_ioas, _range, _first, _last)                       \
	for (_range = iova_space_first(&(_ioas)->space, _first, _last); _range; \
	     _range = iova_space_next(_range, _last))

static unsigned long area_length(const struct iommufd_area *area)
{
	return area->range.last - area->range.first + 1;
}

static void area_free(struct iommufd_area *area)
{
	iommufd_pages_put(area->pages);
	kfree(area);
}

static int area_map_domain(struct iommufd_area *area,
			   struct iommu_domain *domain)
{
	return iommufd_pages_map(area->pages, domain, area->range.first,
				 area_length(area), area->prot);
}

static void area_unmap_domain(struct iommufd_area *area,
			      struct iommu_domain *domain)
{
	unsigned long length = area_length(area);
	size_t unmapped;

	unmapped = iommu_unmap(domain, area->range.first, length);
	WARN_ON_ONCE(unmapped != length);
}

/* Pin @area and map it in every domain */
static int area_fill(struct iommufd_ioas *ioas, struct iommufd_area *area)
{
	struct ioas_domain *on;
	int rc;

	lockdep_assert_held(&ioas->domains_sem);

	if (list_empty(&ioas->domains))
		return 0;
	rc = iommufd_pages_pin(area->pages);
	if (rc)
		return rc;
	list_for_each_entry(on, &ioas->domains, item) {
		rc = area_map_domain(area, on->domain);
		if (rc)
			goto err_unmap;
	}
	return 0;

err_unmap:
	list_for_each_entry_continue_reverse(on, &ioas->domains, item)
		area_unmap_domain(area, on->domain);
	iommufd_pages_unpin(area->pages);
	return rc;
}

/* The reverse: only when no domain maps it any more are the pages let go */
static void area_empty(struct iommufd_ioas *ioas, struct iommufd_area *area)
{
	struct ioas_domain *on;

	lockdep_assert_held(&ioas->domains_sem);

	if (list_empty(&ioas->domains))
		return;
	list_for_each_entry(on, &ioas->domains, item)
		area_unmap_domain(area, on->domain);
	iommufd_pages_unpin(area->pages);
}

static bool ioas_map_is_aligned(const struct ioas_map *map,
				unsigned long alignment)
{
	return !((map->length | map->pages->offset |
		  (map->fixed ? map->iova : 0)) & (alignment - 1));
}

/*
 * Find a place for @map. An IOVA that equals the user address modulo the size
 * of a huge page lets the IOMMU use the huge pages the CPU does: the larger the
 * better, as long as there is room.
 */
static int ioas_choose_iova(struct iommufd_ioas *ioas, struct ioas_map *map)
{
	static const unsigned long huge_pages[] = { SZ_1G, SZ_2M, 1 };
	struct iova_request request = { .length = map->length };
	int rc = -ENOSPC;
	unsigned int i;

	for (i = 0; rc && i < ARRAY_SIZE(huge_pages); i++) {
		request.align = min(rounddown_pow_of_two(map->length),
				    huge_pages[i]);
		request.align = max(request.align, ioas->alignment);
		request.phase = (map->pages->start | map->pages->offset) &
				(request.align - 1);
		rc = iova_space_find_room(&ioas->space, &request, &map->iova);
	}
	return rc;
}

/* Take the IOVAs of @map for @area */
static int ioas_place_area(struct iommufd_ioas *ioas, struct ioas_map *map,
			   struct iommufd_area *area)
{
	int rc = 0;

	mutex_lock(&ioas->space_lock);
	if (!ioas_map_is_aligned(map, ioas->alignment))
		rc = -EINVAL;
	else if (!map->fixed)
		rc = ioas_choose_iova(ioas, map);
	if (!rc) {
		area->range.first = map->iova;
		area->range.last = map->iova + (map->length - 1);
		rc = iova_space_insert(&ioas->space, &area->range);
	}
	mutex_unlock(&ioas->space_lock);
	return rc;
}

/* The end of being busy: @area stays, or leaves with @rc */
static void ioas_settle_area(struct iommufd_ioas *ioas,
			     struct iommufd_area *area, int rc)
{
	mutex_lock(&ioas->space_lock);
	if (rc)
		iova_space_remove(&ioas->space, &area->range);
	else
		area->busy = false;
	mutex_unlock(&ioas->space_lock);
}

/**
 * ioas_map() - map memory in an IOAS and all its domains
 * @ioas: The IOAS
 * @map: What, and where; if not fixed, @map->iova returns where.
 *       @map->iova + @map->length - 1 does not overflow
 *
 * Context: May sleep and fault; takes the locks of ioas.h.
 * Return: 0; -EEXIST if something is mapped there; -EINVAL for a reserved or
 * unaligned range; -ENOSPC without room; -EINTR; or an error of
 * iommufd_pages_pin() or iommufd_pages_map().
 */
int ioas_map(struct iommufd_ioas *ioas, struct ioas_map *map)
{
	struct iommufd_area *area;
	int rc;

	area = kzalloc(sizeof(*area), GFP_KERNEL_ACCOUNT);
	if (!area)
		return -ENOMEM;
	area->pages = map->pages;
	refcount_inc(&area->pages->refs);
	area->prot = map->prot;
	area->busy = true;

	rc = down_read_killable(&ioas->domains_sem);
	if (rc)
		goto out_free;
	rc = ioas_place_area(ioas, map, area);
	if (!rc) {
		rc = area_fill(ioas, area);
		ioas_settle_area(ioas, area, rc);
	}
	up_read(&ioas->domains_sem);
out_free:
	if (rc)
		area_free(area);
	return rc;
}

/*
 * Mark what lies in [@first, @last] busy and list it as leaving. Nothing is
 * done if one of the areas reaches out of the range.
 */
static int ioas_pick_leaving(struct iommufd_ioas *ioas, unsigned long first,
			     unsigned long last, struct list_head *leaving)
{
	struct iova_area *range;
	struct iommufd_area *area;

	lockdep_assert_held(&ioas->space_lock);

	for_each_area(ioas, range, first, last) {
		cond_resched();
		if (to_area(range)->busy)
			continue;
		if (range->first < first || range->last > last)
			return -ENOENT;
	}
	for_each_area(ioas, range, first, last) {
		cond_resched();
		area = to_area(range);
		if (area->busy)
			continue;
		area->busy = true;
		list_add_tail(&area->leaving, leaving);
	}
	return 0;
}

/**
 * ioas_unmap() - unmap whole areas
 * @ioas: The IOAS
 * @first: First IOVA
 * @last: Last IOVA
 * @unmapped: Set to the number of bytes unmapped
 *
 * When this returns no device reaches the memory through the IOAS any more.
 *
 * Context: May sleep; takes the locks of ioas.h.
 * Return: 0, also with nothing there; with nothing done -ENOENT if the range cuts
 * an area, -EINTR.
 */
int ioas_unmap(struct iommufd_ioas *ioas, unsigned long first,
	       unsigned long last, unsigned long *unmapped)
{
	struct iommufd_area *area, *next;
	LIST_HEAD(leaving);
	int rc;

	*unmapped = 0;
	rc = down_read_killable(&ioas->domains_sem);
	if (rc)
		return rc;
	mutex_lock(&ioas->space_lock);
	rc = ioas_pick_leaving(ioas, first, last, &leaving);
	mutex_unlock(&ioas->space_lock);

	list_for_each_entry(area, &leaving, leaving)
		area_empty(ioas, area);

	mutex_lock(&ioas->space_lock);
	list_for_each_entry(area, &leaving, leaving)
		iova_space_remove(&ioas->space, &area->range);
	mutex_unlock(&ioas->space_lock);
	up_read(&ioas->domains_sem);

	list_for_each_entry_safe(area, next, &leaving, leaving) {
		/* Two halves of the space are one more than fits */
		if (check_add_overflow(*unmapped, area_length(area), unmapped))
			*unmapped = ULONG_MAX;
		area_free(area);
		cond_resched();
	}
	return rc;
}

/* What does @domain ask of all it maps? 0 if it cannot map single pages */
static unsigned long domain_alignment(const struct iommu_domain *domain)
{
	unsigned long smallest = domain->pgsize_bitmap &
				 -domain->pgsize_bitmap;

	return smallest <= PAGE_SIZE ? smallest : 0;
}

/* The alignment all of @ioas->domains need */
static unsigned long ioas_needed_alignment(struct iommufd_ioas *ioas)
{
	unsigned long alignment = 1;
	struct ioas_domain *on;

	list_for_each_entry(on, &ioas->domains, item)
		alignment = max(alignment, domain_alignment(on->domain));
	return alignment;
}

static bool ioas_areas_are_aligned(struct iommufd_ioas *ioas,
				   unsigned long alignment)
{
	struct iova_area *range;

	for_each_area(ioas, range, 0, ULONG_MAX) {
		if ((range->first | area_length(to_area(range)) |
		     to_area(range)->pages->offset) & (alignment - 1))
			return false;
		cond_resched();
	}
	return true;
}

/* Reserve what lies outside the aperture of @add->domain */
static int ioas_reserve_aperture(struct iommufd_ioas *ioas,
				 struct ioas_domain *add)
{
	const struct iommu_domain_geometry *geometry = &add->domain->geometry;
	int rc = 0;

	if (geometry->aperture_start)
		rc = iova_space_reserve(&ioas->space, 0,
					geometry->aperture_start - 1, add);
	if (!rc && geometry->aperture_end < ULONG_MAX)
		rc = iova_space_reserve(&ioas->space,
					geometry->aperture_end + 1, ULONG_MAX,
					add);
	if (rc)
		iova_space_unreserve(&ioas->space, add);
	return rc;
}

/* Map everything in a new domain, which pins it if the domain is the first */
static int ioas_fill_domain(struct iommufd_ioas *ioas,
			    struct iommu_domain *domain)
{
	bool pinned = !list_empty(&ioas->domains);
	struct iova_area *range, *failed;
	int rc;

	for_each_area(ioas, range, 0, ULONG_MAX) {
		struct iommufd_area *area = to_area(range);

		rc = pinned ? 0 : iommufd_pages_pin(area->pages);
		if (rc)
			goto err_unmap;
		rc = area_map_domain(area, domain);
		if (rc) {
			if (!pinned)
				iommufd_pages_unpin(area->pages);
			goto err_unmap;
		}
		cond_resched();
	}
	return 0;

err_unmap:
	failed = range;
	for_each_area(ioas, range, 0, ULONG_MAX) {
		if (range == failed)
			break;
		area_unmap_domain(to_area(range), domain);
		if (!pinned)
			iommufd_pages_unpin(to_area(range)->pages);
		cond_resched();
	}
	return rc;
}

/**
 * ioas_add_domain() - fill a domain with an IOAS and keep it so
 * @ioas: The IOAS
 * @add: The domain, which maps nothing yet
 *
 * Context: May sleep and fault; takes the locks of ioas.h.
 * Return: 0; -EINVAL if the domain cannot map single pages; -EOPNOTSUPP if its
 * driver does not say what it can map before a device is attached; -EADDRINUSE if
 * it cannot map something that is mapped, where it is; or as ioas_map().
 */
int ioas_add_domain(struct iommufd_ioas *ioas, struct ioas_domain *add)
{
	unsigned long alignment = domain_alignment(add->domain);
	int rc;

	if (!alignment)
		return -EINVAL;
	if (!add->domain->geometry.aperture_end)
		return -EOPNOTSUPP;

	rc = down_write_killable(&ioas->domains_sem);
	if (rc)
		return rc;
	mutex_lock(&ioas->space_lock);
	alignment = max(alignment, ioas->alignment);
	if (!ioas_areas_are_aligned(ioas, alignment)) {
		rc = -EADDRINUSE;
		goto out_unlock;
	}
	rc = ioas_reserve_aperture(ioas, add);
	if (rc)
		goto out_unlock;
	mutex_unlock(&ioas->space_lock);

	/* Nobody changes the areas while domains_sem is held for writing */
	rc = ioas_fill_domain(ioas, add->domain);

	mutex_lock(&ioas->space_lock);
	if (rc) {
		iova_space_unreserve(&ioas->space, add);
	} else {
		list_add_tail(&add->item, &ioas->domains);
		ioas->alignment = alignment;
	}
out_unlock:
	mutex_unlock(&ioas->space_lock);
	up_write(&ioas->domains_sem);
	return rc;
}

/**
 * ioas_remove_domain() - undo ioas_add_domain()
 * @ioas: The IOAS
 * @gone: The domain; it maps nothing when this returns
 *
 * Context: May sleep; takes the locks of ioas.h.
 */
void ioas_remove_domain(struct iommufd_ioas *ioas, struct ioas_domain *gone)
{
	struct iova_area *range;

	down_write(&ioas->domains_sem);
	list_del(&gone->item);
	for_each_area(ioas, range, 0, ULONG_MAX) {
		area_unmap_domain(to_area(range), gone->domain);
		if (list_empty(&ioas->domains))
			iommufd_pages_unpin(to_area(range)->pages);
		cond_resched();
	}

	mutex_lock(&ioas->space_lock);
	iova_space_unreserve(&ioas->space, gone);
	ioas->alignment = ioas_needed_alignment(ioas);
	mutex_unlock(&ioas->space_lock);
	up_write(&ioas->domains_sem);
}

/**
 * ioas_reserve() - keep a range from being mapped
 * @ioas: The IOAS
 * @first: First IOVA
 * @last: Last IOVA
 * @owner: On whose behalf, for ioas_unreserve()
 *
 * Return: 0, -EADDRINUSE if something is mapped there, -ENOMEM.
 */
int ioas_reserve(struct iommufd_ioas *ioas, unsigned long first,
		 unsigned long last, void *owner)
{
	int rc;

	mutex_lock(&ioas->space_lock);
	rc = iova_space_reserve(&ioas->space, first, last, owner);
	mutex_unlock(&ioas->space_lock);
	return rc;
}
EXPORT_SYMBOL_NS_GPL(ioas_reserve, IOMMUFD_INTERNAL);

/**
 * ioas_unreserve() - give back all an owner has reserved
 * @ioas: The IOAS
 * @owner: The owner
 */
void ioas_unreserve(struct iommufd_ioas *ioas, void *owner)
{
	mutex_lock(&ioas->space_lock);
	iova_space_unreserve(&ioas->space, owner);
	mutex_unlock(&ioas->space_lock);
}
