// SPDX-License-Identifier: GPL-2.0-only
/*
 * Areas: what an IOAS maps. Map, copy, unmap, cut. The rules and the locks are in
 * ioas.h.
 */
#include <linux/iommu.h>
#include <linux/log2.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "extent.h"
#include "ioas.h"
#include "mmio.h"
#include "relax.h"

/* How long an access may take to let go before it is asked again */
#define UNPIN_TIMEOUT msecs_to_jiffies(10)

/*
 * Memory and the area it was mapped as. Copies and cuts are areas of their own; most
 * memory has none.
 */
struct mapped_memory {
	struct iommufd_pages pages;
	struct iommufd_area area;
};

static void area_free(struct iommufd_area *area)
{
	struct iommufd_pages *pages = area->pages;

	if (area != &container_of(pages, struct mapped_memory, pages)->area)
		kfree(area);
	iommufd_pages_put(pages);
}

/* ---- One area in the domains ---- */

/**
 * area_pin() - have the pages of an area pinned, if they can be
 * @area: The area
 *
 * Return: 0 or an error of pages_pin().
 */
int area_pin(struct iommufd_area *area)
{
	unsigned long last = area_byte(area, area->range.last);

	if (area->pages->mmio)
		return 0;
	return pages_pin(area->pages, &area->pin, area->start >> PAGE_SHIFT,
			 last >> PAGE_SHIFT);
}

/**
 * area_unpin() - undo area_pin()
 * @area: The area, mapped in no domain any more
 */
void area_unpin(struct iommufd_area *area)
{
	if (!area->pages->mmio)
		pages_unpin(area->pages, &area->pin);
}

/**
 * area_map_domain() - map an area in one domain
 * @ioas: The IOAS
 * @area: The area, pinned
 * @domain: The domain
 *
 * Return: 0 or an error of pages_map() or area_map_mmio().
 */
int area_map_domain(struct iommufd_ioas *ioas, struct iommufd_area *area,
		    struct iommu_domain *domain)
{
	struct extent_target target = {
		.domain = domain,
		.iova = area->range.first,
		.left = area_length(area),
		.max_size = ioas->small_pages ? PAGE_SIZE : ULONG_MAX,
		.prot = area->prot,
	};

	if (area->pages->mmio)
		return area_map_mmio(ioas, area, domain);
	return pages_map(area->pages, area->start, &target);
}

/**
 * area_unmap_domain() - undo area_map_domain()
 * @area: The area
 * @domain: The domain; no device on it reaches the area when this returns
 */
void area_unmap_domain(struct iommufd_area *area, struct iommu_domain *domain)
{
	unsigned long length = area_length(area);
	size_t unmapped;

	if (area->pages->mmio) {
		area_unmap_mmio(area, domain);
		return;
	}
	unmapped = iommu_unmap(domain, area->range.first, length);
	WARN_ON_ONCE(unmapped != length);
}

/**
 * area_fill() - pin an area and map it in every domain, if there is any
 * @ioas: The IOAS, domains_sem held
 * @area: The area
 *
 * Return: 0 or an error with nothing done.
 */
int area_fill(struct iommufd_ioas *ioas, struct iommufd_area *area)
{
	struct ioas_domain *on;
	int rc;

	lockdep_assert_held(&ioas->domains_sem);

	if (list_empty(&ioas->domains))
		return 0;
	rc = area_pin(area);
	if (rc)
		return rc;
	list_for_each_entry(on, &ioas->domains, item) {
		rc = area_map_domain(ioas, area, on->domain);
		if (rc)
			goto err_unmap;
	}
	return 0;

err_unmap:
	list_for_each_entry_continue_reverse(on, &ioas->domains, item)
		area_unmap_domain(area, on->domain);
	area_unpin(area);
	return rc;
}

/**
 * area_empty() - undo area_fill()
 * @ioas: The IOAS, with a domain; domains_sem held
 * @area: The area
 */
void area_empty(struct iommufd_ioas *ioas, struct iommufd_area *area)
{
	struct ioas_domain *on;

	lockdep_assert_held(&ioas->domains_sem);

	/* Only when no domain maps it any more are the pages let go */
	list_for_each_entry(on, &ioas->domains, item)
		area_unmap_domain(area, on->domain);
	area_unpin(area);
}

/* ---- Map ---- */

/*
 * Add @length bytes of @pages from @start on to what is to be mapped. The area takes
 * over a reference of @pages.
 */
static void ioas_map_add(struct ioas_map *map, struct iommufd_area *area,
			 struct iommufd_pages *pages, unsigned long start,
			 unsigned long length, int prot)
{
	area->pages = pages;
	area->start = start;
	area->prot = prot;
	area->state = AREA_COMING;
	area->access_pins = 0;
	if (pages->mmio)
		INIT_LIST_HEAD(&area->mappings);
	/* As if at IOVA 0, until it is placed */
	area->range.first = 0;
	area->range.last = length - 1;
	list_add_tail(&area->item, &map->areas);
	map->length += length;
}

/**
 * ioas_map_destroy() - drop what has not been mapped
 * @map: What was to be mapped
 */
void ioas_map_destroy(struct ioas_map *map)
{
	struct iommufd_area *area, *next;

	list_for_each_entry_safe(area, next, &map->areas, item) {
		list_del(&area->item);
		area_free(area);
		relax();
	}
}

static bool ioas_map_is_aligned(const struct ioas_map *map,
				unsigned long alignment)
{
	unsigned long all = map->fixed ? map->iova : 0;
	struct iommufd_area *area;

	list_for_each_entry(area, &map->areas, item) {
		all |= area->start | area_length(area);
		relax();
	}
	return !(all & (alignment - 1));
}

/*
 * Find a place for @map. An IOVA that equals the user address modulo the size
 * of a huge page lets the IOMMU use the huge pages the CPU does: the larger the
 * better, as long as there is room. Of a device's memory the address itself is known.
 */
static int ioas_choose_iova(struct iommufd_ioas *ioas, struct ioas_map *map)
{
	static const unsigned long huge_pages[] = { SZ_1G, SZ_2M, 1 };
	struct iova_request request = { .length = map->length };
	struct iommufd_area *area;
	unsigned long uptr;
	unsigned long align = 0;
	int rc = -ENOSPC;
	unsigned int i;

	area = list_first_entry(&map->areas, struct iommufd_area, item);
	uptr = (area->pages->mmio ? area->pages->phys :
				    area->pages->memory.start) + area->start;
	for (i = 0; rc && i < ARRAY_SIZE(huge_pages); i++) {
		request.align = min(rounddown_pow_of_two(map->length),
				    huge_pages[i]);
		request.align = max(request.align, ioas->alignment);
		if (request.align == align)
			continue;
		align = request.align;
		request.phase = uptr & (request.align - 1);
		rc = iova_space_find_room(&ioas->space, &request, &map->iova);
	}
	return rc;
}

/* Take the IOVAs for all areas of @map, or for none */
static int ioas_insert_areas(struct iommufd_ioas *ioas, struct ioas_map *map)
{
	unsigned long next = map->iova;
	struct iommufd_area *area;
	int rc;

	list_for_each_entry(area, &map->areas, item) {
		unsigned long length = area_length(area);

		area->range.first = next;
		area->range.last = next + (length - 1);
		next += length;
		rc = iova_space_insert(&ioas->space, &area->range);
		if (rc)
			goto err_remove;
		relax();
	}
	return 0;

err_remove:
	list_for_each_entry_continue_reverse(area, &map->areas, item)
		iova_space_remove(&ioas->space, &area->range);
	return rc;
}

static int ioas_place_areas(struct iommufd_ioas *ioas, struct ioas_map *map)
{
	int rc = 0;

	mutex_lock(&ioas->space_lock);
	if (!ioas_map_is_aligned(map, ioas->alignment))
		rc = -EINVAL;
	else if (!map->fixed)
		rc = ioas_choose_iova(ioas, map);
	if (!rc)
		rc = ioas_insert_areas(ioas, map);
	mutex_unlock(&ioas->space_lock);
	return rc;
}

static int ioas_fill_areas(struct iommufd_ioas *ioas, struct ioas_map *map)
{
	struct iommufd_area *area;
	int rc;

	list_for_each_entry(area, &map->areas, item) {
		rc = area_fill(ioas, area);
		if (rc)
			goto err_empty;
	}
	return 0;

err_empty:
	list_for_each_entry_continue_reverse(area, &map->areas, item)
		area_empty(ioas, area);
	return rc;
}

/* The end of coming: the areas are there, or gone with @rc */
static void ioas_settle_areas(struct iommufd_ioas *ioas, struct ioas_map *map,
			      int rc)
{
	struct iommufd_area *area;

	mutex_lock(&ioas->space_lock);
	list_for_each_entry(area, &map->areas, item) {
		if (rc)
			iova_space_remove(&ioas->space, &area->range);
		else
			area->state = AREA_THERE;
		relax();
	}
	/* What stays has its place, and no list */
	if (!rc)
		INIT_LIST_HEAD(&map->areas);
	mutex_unlock(&ioas->space_lock);
}

/**
 * ioas_map() - map memory in an IOAS and all its domains
 * @ioas: The IOAS
 * @map: What, and where; if not fixed, @map->iova returns where. The last IOVA
 *       does not overflow
 *
 * Context: May sleep and fault; takes the locks of ioas.h.
 * Return: 0 with nothing left in @map; -EEXIST if something is mapped there;
 * -EINVAL for a reserved or unaligned range; -ENOSPC without room; -EINTR; or an
 * error of pages_pin() or pages_map().
 */
int ioas_map(struct iommufd_ioas *ioas, struct ioas_map *map)
{
	int rc;

	rc = down_read_killable(&ioas->domains_sem);
	if (rc)
		return rc;
	if (map->pinned && list_empty(&ioas->domains))
		rc = -EFAULT;
	if (!rc)
		rc = ioas_place_areas(ioas, map);
	if (!rc) {
		rc = ioas_fill_areas(ioas, map);
		ioas_settle_areas(ioas, map, rc);
	}
	up_read(&ioas->domains_sem);
	return rc;
}

/* @look: It may be memory of a device */
static int ioas_map_memory(struct iommufd_ctx *ictx, struct iommufd_ioas *ioas,
			   unsigned long uptr, unsigned long length, int prot,
			   struct ioas_map *map, bool look)
{
	struct mapped_memory *memory;
	struct iommufd_pages *pages;
	int rc = 0;

	memory = kmalloc(sizeof(*memory), GFP_KERNEL_ACCOUNT);
	if (!memory)
		return -ENOMEM;
	pages = &memory->pages;
	pages->mmio = NULL;
	if (look)
		rc = iommufd_mmio_find(ictx, uptr, length, prot, pages);
	if (rc) {
		kfree(memory);
		return rc;
	}
	if (!pages->mmio)
		iommufd_pages_init(pages, uptr, prot & IOMMU_WRITE,
				   READ_ONCE(ictx->charge));

	INIT_LIST_HEAD(&map->areas);
	map->length = 0;
	ioas_map_add(map, &memory->area, pages, offset_in_page(uptr), length,
		     prot);
	rc = ioas_map(ioas, map);
	ioas_map_destroy(map);
	return rc;
}

/**
 * ioas_map_user() - map the caller's memory
 * @ictx: Whose rules for charging memory hold, and whose devices' memory it may be
 * @ioas: The IOAS
 * @uptr: Address of the first byte
 * @length: In bytes, not 0; @uptr + @length - 1 does not overflow
 * @prot: As for iommu_map()
 * @map: Where; see ioas_map()
 *
 * Return: 0 or an error of ioas_map() or iommufd_mmio_find().
 */
int ioas_map_user(struct iommufd_ctx *ictx, struct iommufd_ioas *ioas,
		  unsigned long uptr, unsigned long length, int prot,
		  struct ioas_map *map)
{
	int rc;

	/*
	 * Hardly any memory is of a device, and that which is cannot be pinned, nor
	 * charged perhaps. So look only when that was tried, or would not be.
	 */
	map->pinned = !list_empty(&ictx->mmios);
	rc = ioas_map_memory(ictx, ioas, uptr, length, prot, map, false);
	if (!map->pinned || (rc != -EFAULT && rc != -ENOMEM))
		return rc;
	map->pinned = false;
	return ioas_map_memory(ictx, ioas, uptr, length, prot, map, true);
}

/**
 * ioas_is_mapped() - is there an area at each IOVA of a range?
 * @ioas: The IOAS
 * @first: First IOVA
 * @last: Last IOVA
 *
 * Return: true if so, at the time it is asked.
 */
bool ioas_is_mapped(struct iommufd_ioas *ioas, unsigned long first,
		    unsigned long last)
{
	unsigned long next = first;
	struct iova_area *range;
	bool whole = false;

	mutex_lock(&ioas->space_lock);
	for_each_area(ioas, range, first, last) {
		if (to_area(range)->state == AREA_COMING || range->first > next)
			break;
		whole = range->last >= last;
		if (whole)
			break;
		next = range->last + 1;
		relax();
	}
	mutex_unlock(&ioas->space_lock);
	return whole;
}

/* Add what lies in [@first, @last] of @area to @map */
static int area_copy(struct iommufd_area *area, unsigned long first,
		     unsigned long last, int prot, struct ioas_map *map)
{
	struct iommufd_area *copy;

	if (prot & IOMMU_WRITE && !area->pages->memory.writable)
		return -EPERM;
	if (prot & IOMMU_READ && area->pages->write_only)
		return -EPERM;
	copy = kmalloc(sizeof(*copy), GFP_KERNEL_ACCOUNT);
	if (!copy)
		return -ENOMEM;
	refcount_inc(&area->pages->refs);
	ioas_map_add(map, copy, area->pages, area_byte(area, first),
		     last - first + 1, prot);
	return 0;
}

/**
 * ioas_map_copy() - prepare to map what is mapped elsewhere
 * @src: The IOAS that maps it
 * @first: First IOVA there
 * @last: Last IOVA there
 * @prot: As for iommu_map()
 * @map: Set to what is to be mapped; to be destroyed by the caller
 *
 * Return: 0; -ENOENT if not all of it is mapped; -EPERM if it is to be written,
 * and is memory that is only read, or the other way round; -ENOMEM.
 */
int ioas_map_copy(struct iommufd_ioas *src, unsigned long first,
		  unsigned long last, int prot, struct ioas_map *map)
{
	unsigned long next = first;
	struct iova_area *range;
	bool whole = false;
	int rc = 0;

	INIT_LIST_HEAD(&map->areas);
	map->length = 0;
	mutex_lock(&src->space_lock);
	for_each_area(src, range, first, last) {
		if (to_area(range)->state != AREA_THERE || range->first > next)
			break;
		whole = range->last >= last;
		rc = area_copy(to_area(range), next, min(range->last, last),
			       prot, map);
		if (rc || whole)
			break;
		next = range->last + 1;
		relax();
	}
	mutex_unlock(&src->space_lock);
	return rc ?: whole ? 0 : -ENOENT;
}

/* ---- Unmap ---- */

/* Undo ioas_pick_leaving(), of which nobody knows yet; space_lock held */
static void ioas_unpick_leaving(struct list_head *leaving)
{
	struct iommufd_area *area, *next;

	list_for_each_entry_safe(area, next, leaving, item) {
		list_del(&area->item);
		area->state = AREA_THERE;
		relax();
	}
}

/*
 * Mark what lies in [@first, @last] as leaving, and list it. Nothing is done if one
 * of the areas reaches out of the range, or, with -EAGAIN, is leaving already.
 */
static int ioas_pick_leaving(struct iommufd_ioas *ioas, unsigned long first,
			     unsigned long last, struct list_head *leaving)
{
	struct iova_area *range;
	struct iommufd_area *area;
	int rc = 0;

	lockdep_assert_held(&ioas->space_lock);

	for_each_area(ioas, range, first, last) {
		area = to_area(range);
		if (area->state == AREA_COMING)
			continue;
		if (area->state == AREA_LEAVING)
			rc = -EAGAIN;
		else if (range->first < first || range->last > last)
			rc = -ENOENT;
		if (rc)
			break;
		area->state = AREA_LEAVING;
		list_add_tail(&area->item, leaving);
		relax();
	}
	if (rc)
		ioas_unpick_leaving(leaving);
	return rc;
}

/* Something that was leaving is gone, or stays; space_lock held */
static void ioas_note_departure(struct iommufd_ioas *ioas)
{
	lockdep_assert_held(&ioas->space_lock);

	WRITE_ONCE(ioas->departures, ioas->departures + 1);
	if (wq_has_sleeper(&ioas->wait))
		wake_up_all(&ioas->wait);
}

/* Wait for what was leaving when @ioas->departures was @seen */
static int ioas_wait_departure(struct iommufd_ioas *ioas, unsigned long seen)
{
	return wait_event_killable(ioas->wait,
				   READ_ONCE(ioas->departures) != seen) ?
		       -EINTR : 0;
}

/*
 * Ask accesses to let go of [@first, @last], and give them time to. One that was
 * just about to pin may not know yet that it was asked, so it is asked again.
 */
static int ioas_ask_accesses(struct iommufd_ioas *ioas, unsigned long first,
			     unsigned long last, const unsigned int *pins)
{
	if (fatal_signal_pending(current))
		return -EINTR;
	iommufd_accesses_notify(ioas, first, last);
	wait_event_timeout(ioas->wait, !READ_ONCE(*pins), UNPIN_TIMEOUT);
	return 0;
}

/* Wait until no access has pinned @area, which is leaving */
static int area_wait_unpinned(struct iommufd_ioas *ioas,
			      struct iommufd_area *area)
{
	int rc = 0;

	while (!rc && READ_ONCE(area->access_pins))
		rc = ioas_ask_accesses(ioas, area->range.first,
				       area->range.last, &area->access_pins);
	return rc;
}

static int ioas_wait_unpinned(struct iommufd_ioas *ioas,
			      struct list_head *leaving)
{
	struct iommufd_area *area;
	int rc;

	list_for_each_entry(area, leaving, item) {
		rc = area_wait_unpinned(ioas, area);
		if (rc)
			return rc;
	}
	return 0;
}

/* Take the areas out, or with @rc leave them where they are */
static void ioas_take_out(struct iommufd_ioas *ioas, struct list_head *leaving,
			  int rc)
{
	struct iommufd_area *area, *next;

	if (!rc && !list_empty(&ioas->domains))
		list_for_each_entry(area, leaving, item)
			area_empty(ioas, area);

	mutex_lock(&ioas->space_lock);
	list_for_each_entry_safe(area, next, leaving, item) {
		if (rc) {
			list_del(&area->item);
			area->state = AREA_THERE;
		} else {
			iova_space_remove(&ioas->space, &area->range);
		}
		relax();
	}
	ioas_note_departure(ioas);
	mutex_unlock(&ioas->space_lock);
}

/* Can the area with @iova in the middle be cut there? -ENOENT: there is none */
static int ioas_check_cut(struct iommufd_ioas *ioas, unsigned long iova,
			  struct iommufd_area **area)
{
	struct iova_area *range = iova_space_first(&ioas->space, iova, iova);

	lockdep_assert_held(&ioas->space_lock);

	if (!range || range->first == iova ||
	    to_area(range)->state == AREA_COMING)
		return -ENOENT;
	*area = to_area(range);
	if ((*area)->state == AREA_LEAVING)
		return -EAGAIN;
	if (iova & (ioas->alignment - 1) ||
	    (!list_empty(&ioas->domains) && !ioas->small_pages))
		return -EINVAL;
	return 0;
}

/*
 * Take hold of the area with @iova in the middle, as if it was leaving, when no
 * access has pinned it. What of that can fail has been done for @rest then.
 */
static int ioas_hold_for_cut(struct iommufd_ioas *ioas, unsigned long iova,
			     struct iommufd_area **area,
			     struct iommufd_area *rest)
{
	unsigned long seen;
	int rc;

	for (;;) {
		mutex_lock(&ioas->space_lock);
		rc = ioas_check_cut(ioas, iova, area);
		if (!rc)
			(*area)->state = AREA_LEAVING;
		seen = ioas->departures;
		mutex_unlock(&ioas->space_lock);

		if (rc != -EAGAIN)
			break;
		rc = ioas_wait_departure(ioas, seen);
		if (rc)
			return rc;
	}
	if (rc)
		return rc;
	/* All of it: what an access has pinned may lie on both sides */
	rc = area_wait_unpinned(ioas, *area);
	if (!rc && (*area)->pages->mmio)
		rc = area_split_mmio(*area, rest, iova);
	if (rc) {
		mutex_lock(&ioas->space_lock);
		(*area)->state = AREA_THERE;
		ioas_note_departure(ioas);
		mutex_unlock(&ioas->space_lock);
	}
	return rc;
}

/*
 * Make two areas of the one that @iova is in the middle of, if there is one. The
 * domains map them as they did the one: in pages small enough.
 */
static int ioas_cut(struct iommufd_ioas *ioas, unsigned long iova)
{
	struct iommufd_area *area, *rest;
	int rc;

	rest = kzalloc(sizeof(*rest), GFP_KERNEL_ACCOUNT);
	if (!rest)
		return -ENOMEM;
	rc = ioas_hold_for_cut(ioas, iova, &area, rest);
	if (rc) {
		kfree(rest);
		return rc == -ENOENT ? 0 : rc;
	}

	refcount_inc(&area->pages->refs);
	rest->pages = area->pages;
	rest->start = area_byte(area, iova);
	rest->prot = area->prot;
	rest->state = AREA_THERE;
	rest->range.first = iova;
	rest->range.last = area->range.last;
	if (!list_empty(&ioas->domains) && !area->pages->mmio)
		pages_split_pin(area->pages, &area->pin, &rest->pin,
				rest->start >> PAGE_SHIFT);

	mutex_lock(&ioas->space_lock);
	area->range.last = iova - 1;
	WARN_ON(iova_space_insert(&ioas->space, &rest->range));
	area->state = AREA_THERE;
	ioas_note_departure(ioas);
	mutex_unlock(&ioas->space_lock);
	return 0;
}

static int ioas_cut_ends(struct iommufd_ioas *ioas, unsigned long first,
			 unsigned long last)
{
	int rc = 0;

	if (first)
		rc = ioas_cut(ioas, first);
	if (!rc && last != ULONG_MAX)
		rc = ioas_cut(ioas, last + 1);
	return rc;
}

static int ioas_unmap_locked(struct iommufd_ioas *ioas, unsigned long first,
			     unsigned long last, bool cut,
			     struct list_head *leaving)
{
	unsigned long seen;
	int rc;

	lockdep_assert_held(&ioas->domains_sem);

	do {
		rc = cut ? ioas_cut_ends(ioas, first, last) : 0;
		if (rc)
			return rc;
		mutex_lock(&ioas->space_lock);
		rc = ioas_pick_leaving(ioas, first, last, leaving);
		seen = ioas->departures;
		mutex_unlock(&ioas->space_lock);
		if (rc == -EAGAIN && ioas_wait_departure(ioas, seen))
			return -EINTR;
	} while (rc == -EAGAIN);

	if (!rc)
		rc = ioas_wait_unpinned(ioas, leaving);
	ioas_take_out(ioas, leaving, rc);
	return rc;
}

/**
 * ioas_unmap() - unmap areas
 * @ioas: The IOAS
 * @first: First IOVA
 * @last: Last IOVA
 * @cut: Cut areas that reach out of the range, as far as they are mapped in small
 *       pages
 * @unmapped: Set to the number of bytes unmapped
 *
 * When this returns no device reaches the memory through the IOAS any more, and
 * no access has it pinned.
 *
 * Context: May sleep; takes the locks of ioas.h.
 * Return: 0, also with nothing there; with nothing unmapped -ENOENT if the range
 * cuts an area that it may not cut, -EINVAL if it cannot, -ENOMEM, -EINTR.
 */
int ioas_unmap(struct iommufd_ioas *ioas, unsigned long first,
	       unsigned long last, bool cut, unsigned long *unmapped)
{
	struct iommufd_area *area, *next;
	LIST_HEAD(leaving);
	int rc;

	*unmapped = 0;
	rc = down_read_killable(&ioas->domains_sem);
	if (rc)
		return rc;
	rc = ioas_unmap_locked(ioas, first, last, cut, &leaving);
	up_read(&ioas->domains_sem);

	list_for_each_entry_safe(area, next, &leaving, item) {
		/* Two halves of the space are one more than fits */
		if (check_add_overflow(*unmapped, area_length(area), unmapped))
			*unmapped = ULONG_MAX;
		area_free(area);
		relax();
	}
	return rc;
}
