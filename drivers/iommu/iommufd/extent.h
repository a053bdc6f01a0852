/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Extents: runs of physically contiguous pages, the form in which pinned memory
 * is kept. An extent takes 8 bytes, however long it is.
 *
 * An array of extents stands for consecutive pages of a user's memory. Parts of it
 * are named by how many pages to skip and how many to take.
 *
 * Locks: the caller's, around everything here.
 */
#ifndef __IOMMUFD_EXTENT_H
#define __IOMMUFD_EXTENT_H

#include <linux/mm.h>
#include <linux/types.h>

struct iommu_domain;

/**
 * struct pages_extent - physically contiguous pages
 * @pfn: The first
 * @count: How many
 *
 * 44 bits of PFN are 56 of physical address, more than any CPU with an IOMMU
 * has. A longer run than EXTENT_MAX_PAGES, which is 4 GiB less one page of 4K, is
 * several extents.
 */
struct pages_extent {
	u64 pfn : 44;
	u64 count : 20;
};

static_assert(sizeof(struct pages_extent) == 8);

#define EXTENT_MAX_PAGES ((1UL << 20) - 1)

/* Not in one expression: a bit-field of 20 bits is promoted to a signed int */
static inline unsigned long extent_pages(const struct pages_extent *extent)
{
	return extent->count;
}

/**
 * struct extent_iter - a walk over a part of an array of extents
 * @extent: The next extent
 * @end: Behind the last extent
 * @skip: Pages to skip before the next run
 * @left: Pages to take
 */
struct extent_iter {
	const struct pages_extent *extent;
	const struct pages_extent *end;
	unsigned long skip;
	unsigned long left;
};

#define EXTENT_ITER(_extents, _num, _skip, _count)                          \
	{                                                                   \
		.extent = (_extents), .end = (_extents) + (_num),           \
		.skip = (_skip), .left = (_count),                          \
	}

/**
 * extent_next() - the next run of contiguous pages
 * @iter: The walk
 * @run: Set to the run
 *
 * Return: false at the end.
 */
static inline bool extent_next(struct extent_iter *iter,
			       struct pages_extent *run)
{
	for (; iter->left && iter->extent != iter->end; iter->extent++) {
		unsigned long pages = extent_pages(iter->extent);

		if (iter->skip >= pages) {
			iter->skip -= pages;
			continue;
		}
		pages = min(pages - iter->skip, iter->left);
		run->pfn = iter->extent->pfn + iter->skip;
		run->count = pages;
		iter->skip = 0;
		iter->left -= pages;
		iter->extent++;
		return true;
	}
	return false;
}

/**
 * struct extent_target - how far extents have been mapped
 * @domain: Into which domain
 * @iova: Where the next byte goes
 * @offset: First byte of the next page that is mapped
 * @left: Bytes still to be mapped
 * @max_size: Bytes to be mapped in one piece at most: PAGE_SIZE or more
 * @prot: IOMMU_READ, IOMMU_WRITE, IOMMU_CACHE ...
 */
struct extent_target {
	struct iommu_domain *domain;
	unsigned long iova;
	unsigned long offset;
	unsigned long left;
	unsigned long max_size;
	int prot;
};

bool extent_append(struct pages_extent *extent, unsigned long pfn,
		   unsigned int count);
unsigned int extents_count(struct extent_iter iter);
unsigned int extents_copy(struct pages_extent *dst, struct extent_iter iter);
int extents_map(struct extent_iter iter, struct extent_target *target);
void extents_unpin(struct extent_iter iter, bool dirty);
void extents_list(struct extent_iter iter, struct page **out);

#endif
