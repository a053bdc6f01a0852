// SPDX-License-Identifier: GPL-2.0-only
/*
 * Extents: see extent.h.
 */
#include <linux/iommu.h>
#include <linux/minmax.h>

#include "extent.h"

/* How many pages are unpinned before others may run */
#define UNPIN_SLICE 16384UL

/**
 * extent_append() - make an extent longer
 * @extent: The extent
 * @pfn: The page that comes next
 *
 * Return: false if @pfn does not follow, or the extent cannot grow.
 */
bool extent_append(struct pages_extent *extent, unsigned long pfn)
{
	if (pfn != extent->pfn + extent_pages(extent) ||
	    extent_pages(extent) == EXTENT_MAX_PAGES)
		return false;
	extent->count++;
	return true;
}

/**
 * extents_map() - map extents into a domain, one after another
 * @extents: The extents, in order
 * @num: How many
 * @target: Where to; advanced by what has been mapped, also on an error
 *
 * Return: 0, with @target->left what the extents did not suffice for; or the
 * error of iommu_map().
 */
int extents_map(const struct pages_extent *extents, unsigned int num,
		struct extent_target *target)
{
	unsigned int i;

	for (i = 0; i < num && target->left; i++) {
		phys_addr_t phys = PFN_PHYS(extents[i].pfn) + target->skip;
		unsigned long size = min(target->left, extent_bytes(&extents[i]) -
						       target->skip);
		int rc;

		rc = iommu_map(target->domain, target->iova, phys, size,
			       target->prot);
		if (rc)
			return rc;
		target->iova += size;
		target->left -= size;
		target->skip = 0;
	}
	return 0;
}

/**
 * extents_unpin() - let go of the pages
 * @extents: The extents, each page of which is pinned once
 * @num: How many
 * @dirty: A device may have written to them
 *
 * Context: May sleep.
 */
void extents_unpin(const struct pages_extent *extents, unsigned int num,
		   bool dirty)
{
	unsigned int i;

	for (i = 0; i < num; i++) {
		struct page *page = pfn_to_page(extents[i].pfn);
		unsigned long left = extent_pages(&extents[i]);

		while (left) {
			unsigned long slice = min(left, UNPIN_SLICE);

			unpin_user_page_range_dirty_lock(page, slice, dirty);
			page = nth_page(page, slice);
			left -= slice;
			cond_resched();
		}
	}
}
