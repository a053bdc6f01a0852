/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pinned pages: a range of a process's memory, and the physical pages behind it
 * for as long as a device may reach them.
 *
 * The memory is remembered when it is mapped, and pinned when the first IOMMU
 * domain needs it. What GUP returns is kept as extents, runs of physically
 * contiguous pages, so that a further domain is filled, and everything is
 * unpinned in the end, without asking an IOMMU where each page went: 8 bytes a
 * page at worst, next to nothing for huge pages.
 *
 * Each page is pinned once per struct iommufd_pages and charged to the memory
 * lock limit of the user who mapped it while it is.
 *
 * Locks: iommufd_pages::lock protects the extents and the count of pins. It is
 * held over GUP, so mmap_lock and whatever a page fault takes come after it.
 */
#ifndef __IOMMUFD_PAGES_H
#define __IOMMUFD_PAGES_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/types.h>

struct iommu_domain;
struct mm_struct;
struct task_struct;
struct user_struct;

/**
 * struct iommufd_pages - a range of user memory
 * @refs: References, of the areas that map it
 * @lock: See above
 * @mm: Whose memory; kept from being freed, not from exiting
 * @task: Thread group leader of who mapped it, for RLIMIT_MEMLOCK
 * @user: Whose locked memory it counts as; NULL if the mapper may lock any
 *        amount
 * @start: First page's address in @mm
 * @offset: Where in that page the range begins, in bytes
 * @npages: Number of pages the range touches
 * @writable: The range is pinned for writing
 * @pins: How many want the pages pinned
 * @chunks: The extents, struct pages_chunk in the order of addresses
 */
struct iommufd_pages {
	refcount_t refs;
	struct mutex lock;
	struct mm_struct *mm;
	struct task_struct *task;
	struct user_struct *user;
	unsigned long start;
	unsigned long offset;
	unsigned long npages;
	bool writable;
	unsigned int pins;
	struct list_head chunks;
};

struct iommufd_pages *iommufd_pages_alloc(unsigned long uptr,
					  unsigned long length, bool writable);
void iommufd_pages_put(struct iommufd_pages *pages);

int iommufd_pages_pin(struct iommufd_pages *pages);
void iommufd_pages_unpin(struct iommufd_pages *pages);

int iommufd_pages_map(struct iommufd_pages *pages, struct iommu_domain *domain,
		      unsigned long iova, unsigned long length, int prot);

#endif
