// SPDX-License-Identifier: GPL-2.0-only
/*
 * Extents: see extent.h.
 */
#include <linux/iommu.h>
#include <linux/minmax.h>

#include "extent.h"
#include "relax.h"

/* How many pages are unpinned before others may run */
#define UNPIN_SLICE 16384UL

/**
 * extent_append() - make an extent longer
 * @extent: The extent
 * @pfn: The first of the pages that come next
 * @count: How many, contiguous
 *
 * Return: false if they are not contiguous with it, or would make it too long.
 */
bool extent_append(struct pages_extent *extent, unsigned long pfn,
		   unsigned int count)
{
	if (pfn != extent->pfn + extent_pages(extent) ||
	    extent_pages(extent) + count > EXTENT_MAX_PAGES)
		return false;
	extent->count += count;
	return true;
}

/**
 * extents_count() - how many extents a part of an array makes
 * @iter: The part
 *
 * Return: their number.
 */
unsigned int extents_count(struct extent_iter iter)
{
	struct pages_extent run;
	unsigned int num = 0;

	while (extent_next(&iter, &run))
		num++;
	return num;
}

/**
 * extents_copy() - copy a part of an array of extents
 * @dst: Where to; may be the array itself, for a part that comes to its front
 * @iter: The part
 *
 * Return: how many extents were written.
 */
unsigned int extents_copy(struct pages_extent *dst, struct extent_iter iter)
{
	struct pages_extent run;
	unsigned int num = 0;

	while (extent_next(&iter, &run))
		dst[num++] = run;
	return num;
}

static int extent_map(const struct pages_extent *run,
		      struct extent_target *target)
{
	phys_addr_t phys = PFN_PHYS(run->pfn) + target->offset;
	unsigned long left = min(target->left,
				 (extent_pages(run) << PAGE_SHIFT) -
					 target->offset);

	while (left) {
		unsigned long size = min(left, target->max_size -
					       offset_in_page(phys));
		int rc;

		rc = iommu_map(target->domain, target->iova, phys, size,
			       target->prot);
		if (rc)
			return rc;
		phys += size;
		left -= size;
		target->iova += size;
		target->left -= size;
		relax();
	}
	target->offset = 0;
	return 0;
}

/**
 * extents_map() - map extents into a domain, one after another
 * @iter: The extents
 * @target: Where to; advanced by what has been mapped, also on an error
 *
 * Return: 0, with @target->left what the extents did not suffice for; or the
 * error of iommu_map().
 */
int extents_map(struct extent_iter iter, struct extent_target *target)
{
	struct pages_extent run;
	int rc;

	while (target->left && extent_next(&iter, &run)) {
		rc = extent_map(&run, target);
		if (rc)
			return rc;
	}
	return 0;
}

/**
 * extents_unpin() - let go of the pages
 * @iter: The extents, each page of which is pinned once
 * @dirty: A device may have written to them
 *
 * Context: May sleep.
 */
void extents_unpin(struct extent_iter iter, bool dirty)
{
	struct pages_extent run;

	while (extent_next(&iter, &run)) {
		struct page *page = pfn_to_page(run.pfn);
		unsigned long left = extent_pages(&run);

		for (; left > UNPIN_SLICE; left -= UNPIN_SLICE) {
			unpin_user_page_range_dirty_lock(page, UNPIN_SLICE,
							 dirty);
			page = nth_page(page, UNPIN_SLICE);
			relax();
		}
		unpin_user_page_range_dirty_lock(page, left, dirty);
		relax();
	}
}

/**
 * extents_list() - list the pages one by one
 * @iter: The extents
 * @out: Array of as many pages as @iter takes
 */
void extents_list(struct extent_iter iter, struct page **out)
{
	struct pages_extent run;
	unsigned long i;

	while (extent_next(&iter, &run))
		for (i = 0; i < extent_pages(&run); i++)
			*out++ = pfn_to_page(run.pfn + i);
}
