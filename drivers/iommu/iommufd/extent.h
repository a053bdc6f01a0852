/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Extents: runs of physically contiguous pages, the form in which pinned memory
 * is kept. An extent takes 8 bytes, however long it is.
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

static inline unsigned long extent_bytes(const struct pages_extent *extent)
{
	return extent_pages(extent) << PAGE_SHIFT;
}

/**
 * struct extent_target - how far extents have been mapped
 * @domain: Into which domain
 * @iova: Where the next byte goes
 * @skip: Bytes of the next extent that are not mapped
 * @left: Bytes still to be mapped
 * @prot: IOMMU_READ, IOMMU_WRITE, IOMMU_CACHE ...
 */
struct extent_target {
	struct iommu_domain *domain;
	unsigned long iova;
	unsigned long skip;
	unsigned long left;
	int prot;
};

bool extent_append(struct pages_extent *extent, unsigned long pfn);
int extents_map(const struct pages_extent *extents, unsigned int num,
		struct extent_target *target);
void extents_unpin(const struct pages_extent *extents, unsigned int num,
		   bool dirty);

#endif
