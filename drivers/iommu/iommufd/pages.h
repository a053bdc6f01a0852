/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pinned pages: the physical pages behind a range of user memory, for as long as
 * somebody needs them.
 *
 * The memory is remembered when it is mapped, and pinned when the first IOMMU
 * domain or access needs it, as far as it is needed. What GUP returns is kept as
 * extents, runs of physically contiguous pages, so that a further domain is
 * filled, and everything is unpinned in the end, without asking an IOMMU where
 * each page went: 8 bytes a page for scattered memory that is mapped as a whole,
 * next to nothing for huge pages.
 *
 * Who needs pages says so by a pin, a range of them. The extents always cover the
 * union of all pins, and nothing else: each page in there is pinned, and charged,
 * exactly once.
 *
 * Pages are numbered from the first of the range, by an index.
 *
 * Memory of a device is not pinned at all: see mmio.h for that. It has a struct
 * iommufd_pages so that areas can share it, of which none of this is used.
 *
 * Locks: iommufd_pages::lock protects the pins and the extents. It is held over
 * GUP, so mmap_lock and whatever a page fault takes come after it.
 */
#ifndef __IOMMUFD_PAGES_H
#define __IOMMUFD_PAGES_H

#include <linux/interval_tree.h>
#include <linux/mutex.h>
#include <linux/refcount.h>

#include "extent.h"
#include "gup.h"

/**
 * struct pages_chunk - extents that follow one another
 * @node: Index of the first and of the last page, in iommufd_pages::chunks
 * @num: Number of @extents
 * @extents: The extents
 */
struct pages_chunk {
	struct interval_tree_node node;
	unsigned int num;
	struct pages_extent *extents;
};

struct iommufd_mmio;

/**
 * struct iommufd_pages - a range of user memory
 * @refs: References, of the areas that map it
 * @write_only: A copy of an area must not make it readable; only device memory
 * @mmio: The device memory it is, referenced; NULL for what can be pinned
 * @phys: Of device memory, the address of the first page
 * @lock: See above
 * @memory: The memory
 * @pins: struct pages_pin, by index
 * @chunks: struct pages_chunk, the extents, by index
 * @own_chunk: A chunk of a single extent, for what is small; free while its num is 0
 * @own_extent: That extent
 */
struct iommufd_pages {
	refcount_t refs;
	bool write_only;
	struct iommufd_mmio *mmio;
	phys_addr_t phys;
	struct mutex lock;
	struct user_memory memory;
	struct rb_root_cached pins;
	struct rb_root_cached chunks;
	struct pages_chunk own_chunk;
	struct pages_extent own_extent;
};

/**
 * struct pages_pin - a range of pages that somebody needs
 * @node: First and last index, in iommufd_pages::pins
 * @users: For a pin of an access, how often it is held; 0 for that of an area
 */
struct pages_pin {
	struct interval_tree_node node;
	unsigned int users;
};

#if IS_ENABLED(CONFIG_IOMMUFD_TEST)
/* Bytes of memory a batch of pages may take, for tests */
extern unsigned int pages_batch_limit;
#else
#define pages_batch_limit UINT_MAX
#endif

void iommufd_pages_init(struct iommufd_pages *pages, unsigned long uptr,
			bool writable, enum memory_charge charge);
void iommufd_pages_put(struct iommufd_pages *pages);

int pages_pin(struct iommufd_pages *pages, struct pages_pin *pin,
	      unsigned long first, unsigned long last);
void pages_unpin(struct iommufd_pages *pages, struct pages_pin *pin);

void pages_split_pin(struct iommufd_pages *pages, struct pages_pin *pin,
		     struct pages_pin *rest, unsigned long first);

int pages_pin_list(struct iommufd_pages *pages, unsigned long first,
		   unsigned long last, struct page **out);
bool pages_unpin_range(struct iommufd_pages *pages, unsigned long first,
		       unsigned long last);

int pages_rw(struct iommufd_pages *pages, unsigned long start, void *data,
	     size_t length, unsigned int flags);

int pages_map(struct iommufd_pages *pages, unsigned long start,
	      struct extent_target *target);

#endif
