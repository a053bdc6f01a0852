// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pinned pages: pin, remember as extents, map into a domain. See pages.h for the
 * rules.
 */
#include <linux/highmem.h>
#include <linux/iommu.h>
#include <linux/iommufd.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "extent.h"
#include "mmio.h"
#include "pages.h"
#include "relax.h"

#define to_chunk(_node) container_of(_node, struct pages_chunk, node)

/* A chunk fits a page */
#define CHUNK_MAX_EXTENTS                         \
	((PAGE_SIZE - sizeof(struct pages_chunk)) / \
	 sizeof(struct pages_extent))

/*
 * What pinning works in: pages as GUP returns them, and the extents they have
 * made so far. Short ranges, which are frequent, find room on the stack.
 */
#define BATCH_STACK_PAGES 16

#if IS_ENABLED(CONFIG_IOMMUFD_TEST)
unsigned int pages_batch_limit = UINT_MAX;
EXPORT_SYMBOL_NS_GPL(pages_batch_limit, IOMMUFD_INTERNAL);
#endif

/**
 * struct pages_batch - pages that are not in a chunk yet
 * @pages: Room for what GUP returns
 * @max_pages: How much
 * @first: Index of the first page in @extents
 * @next: Index after the last page in @extents
 * @extents: The extents
 * @num_extents: How many there are
 * @max_extents: How many there is room for
 * @stack_pages: Room on the stack
 * @stack_extents: Room on the stack
 */
struct pages_batch {
	struct page **pages;
	unsigned int max_pages;
	unsigned long first;
	unsigned long next;
	struct pages_extent *extents;
	unsigned int num_extents;
	unsigned int max_extents;
	struct page *stack_pages[BATCH_STACK_PAGES];
	struct pages_extent stack_extents[BATCH_STACK_PAGES];
};

static void batch_init(struct pages_batch *batch, unsigned long first,
		       unsigned long last)
{
	batch->first = first;
	batch->next = first;
	batch->num_extents = 0;
	batch->pages = batch->stack_pages;
	batch->max_pages = BATCH_STACK_PAGES;
	batch->extents = batch->stack_extents;
	batch->max_extents = BATCH_STACK_PAGES;
	if (pages_batch_limit < PAGE_SIZE) {
		batch->max_pages = clamp_t(unsigned int,
					   pages_batch_limit / sizeof(*batch->pages),
					   1, BATCH_STACK_PAGES);
		batch->max_extents = batch->max_pages;
		return;
	}
	if (last - first < BATCH_STACK_PAGES)
		return;

	/* Larger ones go faster with more room, but do not depend on it */
	batch->pages = (struct page **)__get_free_page(GFP_KERNEL);
	if (batch->pages)
		batch->max_pages = PAGE_SIZE / sizeof(*batch->pages);
	else
		batch->pages = batch->stack_pages;

	batch->extents = (struct pages_extent *)__get_free_page(GFP_KERNEL);
	if (batch->extents)
		batch->max_extents = CHUNK_MAX_EXTENTS;
	else
		batch->extents = batch->stack_extents;
}

static void batch_destroy(struct pages_batch *batch)
{
	if (batch->pages != batch->stack_pages)
		free_page((unsigned long)batch->pages);
	if (batch->extents != batch->stack_extents)
		free_page((unsigned long)batch->extents);
}

static struct pages_chunk *chunk_alloc(struct iommufd_pages *pages,
				       unsigned int num, gfp_t gfp)
{
	struct pages_chunk *chunk = &pages->own_chunk;

	if (num == 1 && !chunk->num) {
		chunk->extents = &pages->own_extent;
	} else {
		chunk = kmalloc(sizeof(*chunk) +
				array_size(num, sizeof(*chunk->extents)), gfp);
		if (!chunk)
			return NULL;
		chunk->extents = (struct pages_extent *)(chunk + 1);
	}
	chunk->num = num;
	return chunk;
}

static void chunk_free(struct iommufd_pages *pages, struct pages_chunk *chunk)
{
	if (chunk == &pages->own_chunk)
		chunk->num = 0;
	else
		kfree(chunk);
}

static void chunk_insert(struct iommufd_pages *pages, struct pages_chunk *chunk,
			 unsigned long first, unsigned long last)
{
	chunk->node.start = first;
	chunk->node.last = last;
	interval_tree_insert(&chunk->node, &pages->chunks);
}

static unsigned long node_length(const struct interval_tree_node *node)
{
	return node->last - node->start + 1;
}

/* Make what the batch has gathered a chunk */
static int batch_flush(struct pages_batch *batch, struct iommufd_pages *pages)
{
	struct pages_chunk *chunk;

	if (!batch->num_extents)
		return 0;
	chunk = chunk_alloc(pages, batch->num_extents, GFP_KERNEL_ACCOUNT);
	if (!chunk)
		return -ENOMEM;

	memcpy(chunk->extents, batch->extents,
	       array_size(batch->num_extents, sizeof(*batch->extents)));
	chunk_insert(pages, chunk, batch->first, batch->next - 1);
	batch->first = batch->next;
	batch->num_extents = 0;
	return 0;
}

/* How many of the first pages are contiguous */
static unsigned int pages_run(struct page **pages, unsigned int num)
{
	unsigned long pfn = page_to_pfn(pages[0]);
	unsigned int run = 1;

	while (run < num && page_to_pfn(pages[run]) == pfn + run)
		run++;
	return run;
}

/*
 * Add @num pages at batch->pages to the extents. On an error the ones not added
 * are unpinned, the others are in the batch or in @pages.
 */
static int batch_add(struct pages_batch *batch, struct iommufd_pages *pages,
		     unsigned int num)
{
	struct page **page = batch->pages;
	unsigned int run;
	int rc;

	for (; num; num -= run, page += run, batch->next += run) {
		unsigned long pfn = page_to_pfn(*page);

		run = pages_run(page, num);
		if (batch->num_extents &&
		    extent_append(&batch->extents[batch->num_extents - 1], pfn,
				  run))
			continue;
		if (batch->num_extents == batch->max_extents) {
			rc = batch_flush(batch, pages);
			if (rc) {
				unpin_user_pages(page, num);
				return rc;
			}
		}
		batch->extents[batch->num_extents++] =
			(struct pages_extent){ .pfn = pfn, .count = run };
	}
	return 0;
}

static int batch_gather(struct pages_batch *batch, struct iommufd_pages *pages,
			unsigned long last)
{
	int rc;

	while (batch->next <= last) {
		unsigned long num = min_t(unsigned long, batch->max_pages,
					  last - batch->next + 1);
		long got = user_memory_pin(&pages->memory, batch->next, num,
					   batch->pages);

		if (got < 0)
			return got;
		rc = batch_add(batch, pages, got);
		if (rc)
			return rc;
		if (fatal_signal_pending(current))
			return -EINTR;
		relax();
	}
	return batch_flush(batch, pages);
}

/*
 * Pin [@first, @last], none of which is. On an error the first of it may be in
 * chunks, and is charged.
 */
static int pages_gather(struct iommufd_pages *pages, unsigned long first,
			unsigned long last)
{
	struct pages_batch batch;
	int rc;

	rc = user_memory_charge(&pages->memory, last - first + 1);
	if (rc)
		return rc;
	batch_init(&batch, first, last);
	rc = batch_gather(&batch, pages, last);
	if (rc) {
		struct extent_iter iter = EXTENT_ITER(batch.extents,
						      batch.num_extents, 0,
						      batch.next - batch.first);

		extents_unpin(iter, pages->memory.writable);
		user_memory_uncharge(&pages->memory, last - batch.first + 1);
	}
	batch_destroy(&batch);
	return rc;
}

/*
 * Find the first part of [*@first, @last] that no node of @root covers. False if
 * there is none.
 */
static bool find_hole(struct rb_root_cached *root, unsigned long *first,
		      unsigned long last, unsigned long *hole_last)
{
	struct interval_tree_node *node;

	while (*first <= last) {
		node = interval_tree_iter_first(root, *first, last);
		if (!node) {
			*hole_last = last;
			return true;
		}
		if (node->start > *first) {
			*hole_last = node->start - 1;
			return true;
		}
		*first = node->last + 1;
	}
	return false;
}

/* Unpin [@first, @last] of @chunk, and keep the rest of it */
static void chunk_cut(struct iommufd_pages *pages, struct pages_chunk *chunk,
		      unsigned long first, unsigned long last)
{
	const struct interval_tree_node old = chunk->node;
	unsigned long gone = last - first + 1;
	unsigned long before = first - old.start;
	unsigned long after = old.last - last;
	struct pages_chunk *rest = chunk;

	interval_tree_remove(&chunk->node, &pages->chunks);
	extents_unpin((struct extent_iter)EXTENT_ITER(chunk->extents,
						      chunk->num, before, gone),
		      pages->memory.writable);
	user_memory_uncharge(&pages->memory, gone);

	if (after) {
		/* Letting go must not fail, and this is less than a page */
		struct extent_iter tail = EXTENT_ITER(chunk->extents,
						      chunk->num,
						      before + gone, after);

		if (before)
			rest = chunk_alloc(pages, extents_count(tail),
					   GFP_KERNEL_ACCOUNT | __GFP_NOFAIL);
		rest->num = extents_copy(rest->extents, tail);
		chunk_insert(pages, rest, last + 1, old.last);
	}
	if (before) {
		chunk->num = extents_copy(chunk->extents, (struct extent_iter)
				EXTENT_ITER(chunk->extents, chunk->num, 0,
					    before));
		chunk_insert(pages, chunk, old.start, first - 1);
	}
	if (!before && !after)
		chunk_free(pages, chunk);
}

/* Unpin everything */
static void pages_release_all(struct iommufd_pages *pages)
{
	struct pages_chunk *chunk, *next;

	rbtree_postorder_for_each_entry_safe(chunk, next,
					     &pages->chunks.rb_root, node.rb) {
		unsigned long count = node_length(&chunk->node);

		extents_unpin((struct extent_iter)EXTENT_ITER(chunk->extents,
							      chunk->num, 0,
							      count),
			      pages->memory.writable);
		user_memory_uncharge(&pages->memory, count);
		chunk_free(pages, chunk);
		relax();
	}
	pages->chunks = RB_ROOT_CACHED;
}

/* Unpin all of [@first, @last] that is pinned */
static void pages_release(struct iommufd_pages *pages, unsigned long first,
			  unsigned long last)
{
	struct interval_tree_node *node;

	while ((node = interval_tree_iter_first(&pages->chunks, first, last))) {
		chunk_cut(pages, to_chunk(node), max(first, node->start),
			  min(last, node->last));
		relax();
	}
}

/* Unpin what of [@first, @last] no pin needs any more */
static void pages_release_unneeded(struct iommufd_pages *pages,
				   unsigned long first, unsigned long last)
{
	unsigned long hole_last;

	while (find_hole(&pages->pins, &first, last, &hole_last)) {
		pages_release(pages, first, hole_last);
		first = hole_last + 1;
	}
}

static int pages_pin_locked(struct iommufd_pages *pages, struct pages_pin *pin,
			    unsigned long first, unsigned long last)
{
	unsigned long from = first;
	unsigned long hole_last;
	int rc;

	while (find_hole(&pages->chunks, &from, last, &hole_last)) {
		rc = pages_gather(pages, from, hole_last);
		if (rc) {
			pages_release_unneeded(pages, first, last);
			return rc;
		}
		from = hole_last + 1;
	}
	pin->node.start = first;
	pin->node.last = last;
	interval_tree_insert(&pin->node, &pages->pins);
	return 0;
}

static void pages_unpin_locked(struct iommufd_pages *pages,
			       struct pages_pin *pin)
{
	struct rb_node *rb = &pin->node.rb;

	/* Most often it is the one pin there is */
	if (pages->pins.rb_root.rb_node == rb && !rb->rb_left &&
	    !rb->rb_right) {
		pages->pins = RB_ROOT_CACHED;
		pages_release_all(pages);
		return;
	}
	interval_tree_remove(&pin->node, &pages->pins);
	pages_release_unneeded(pages, pin->node.start, pin->node.last);
}

/**
 * pages_pin() - have pages pinned
 * @pages: The pages
 * @pin: Stands for the need, until pages_unpin()
 * @first: Index of the first page
 * @last: Index of the last page
 *
 * Return: 0; -EFAULT if there is no memory, or not with the right access; -ENOMEM
 * also above RLIMIT_MEMLOCK; -EINTR.
 */
int pages_pin(struct iommufd_pages *pages, struct pages_pin *pin,
	      unsigned long first, unsigned long last)
{
	int rc;

	rc = mutex_lock_killable(&pages->lock);
	if (rc)
		return rc;
	pin->users = 0;
	rc = pages_pin_locked(pages, pin, first, last);
	mutex_unlock(&pages->lock);
	return rc;
}

/**
 * pages_unpin() - undo pages_pin()
 * @pages: The pages, which no device of the caller's can reach any more
 * @pin: The need
 */
void pages_unpin(struct iommufd_pages *pages, struct pages_pin *pin)
{
	mutex_lock(&pages->lock);
	pages_unpin_locked(pages, pin);
	mutex_unlock(&pages->lock);
}

/**
 * pages_split_pin() - make two pins of one
 * @pages: The pages
 * @pin: The pin
 * @rest: A second pin, up to where the first one went
 * @first: Index of the first page of that; the first pin ends before it
 */
void pages_split_pin(struct iommufd_pages *pages, struct pages_pin *pin,
		     struct pages_pin *rest, unsigned long first)
{
	mutex_lock(&pages->lock);
	interval_tree_remove(&pin->node, &pages->pins);
	rest->users = 0;
	rest->node.start = first;
	rest->node.last = pin->node.last;
	pin->node.last = first - 1;
	interval_tree_insert(&pin->node, &pages->pins);
	interval_tree_insert(&rest->node, &pages->pins);
	mutex_unlock(&pages->lock);
}

/* The pin of an access for exactly [@first, @last], if there is one */
static struct pages_pin *pages_find_access_pin(struct iommufd_pages *pages,
					       unsigned long first,
					       unsigned long last)
{
	struct interval_tree_node *node;

	for (node = interval_tree_iter_first(&pages->pins, first, last); node;
	     node = interval_tree_iter_next(node, first, last)) {
		struct pages_pin *pin = container_of(node, struct pages_pin,
						     node);

		if (pin->users && node->start == first && node->last == last)
			return pin;
	}
	return NULL;
}

static void pages_list_locked(struct iommufd_pages *pages, unsigned long first,
			      unsigned long last, struct page **out)
{
	while (first <= last) {
		struct interval_tree_node *node =
			interval_tree_iter_first(&pages->chunks, first, first);
		struct pages_chunk *chunk = to_chunk(node);
		unsigned long count = min(last, node->last) - first + 1;

		extents_list((struct extent_iter)
			     EXTENT_ITER(chunk->extents, chunk->num,
					 first - node->start, count), out);
		out += count;
		first += count;
	}
}

/**
 * pages_pin_list() - have pages pinned for an access, and list them
 * @pages: The pages
 * @first: Index of the first page
 * @last: Index of the last page
 * @out: Array of as many pages
 *
 * The same range may be pinned any number of times, each to be undone by
 * pages_unpin_range().
 *
 * Return: as pages_pin().
 */
int pages_pin_list(struct iommufd_pages *pages, unsigned long first,
		   unsigned long last, struct page **out)
{
	struct pages_pin *pin;
	int rc;

	rc = mutex_lock_killable(&pages->lock);
	if (rc)
		return rc;
	pin = pages_find_access_pin(pages, first, last);
	if (!pin) {
		pin = kzalloc(sizeof(*pin), GFP_KERNEL_ACCOUNT);
		rc = pin ? pages_pin_locked(pages, pin, first, last) : -ENOMEM;
	}
	if (!rc) {
		pin->users++;
		pages_list_locked(pages, first, last, out);
	} else {
		kfree(pin);
	}
	mutex_unlock(&pages->lock);
	return rc;
}

/**
 * pages_unpin_range() - undo pages_pin_list()
 * @pages: The pages
 * @first: Index of the first page
 * @last: Index of the last page
 *
 * Return: false if no access has pinned just this range.
 */
bool pages_unpin_range(struct iommufd_pages *pages, unsigned long first,
		       unsigned long last)
{
	struct pages_pin *pin;

	mutex_lock(&pages->lock);
	pin = pages_find_access_pin(pages, first, last);
	if (pin && !--pin->users) {
		pages_unpin_locked(pages, pin);
		kfree(pin);
	}
	mutex_unlock(&pages->lock);
	return pin;
}

/* Move @length bytes within one page */
static void page_rw(struct page *page, unsigned long offset, void *data,
		    size_t length, bool write)
{
	void *kaddr = kmap_local_page(page);

	if (write)
		memcpy(kaddr + offset, data, length);
	else
		memcpy(data, kaddr + offset, length);
	kunmap_local(kaddr);
}

/* Read or write one page by the extents. False if it is not pinned */
static bool pages_rw_pinned(struct iommufd_pages *pages, unsigned long start,
			    void *data, size_t length, bool write)
{
	unsigned long index = start >> PAGE_SHIFT;
	struct interval_tree_node *node;
	struct page *page;

	mutex_lock(&pages->lock);
	node = interval_tree_iter_first(&pages->chunks, index, index);
	if (node) {
		pages_list_locked(pages, index, index, &page);
		page_rw(page, offset_in_page(start), data, length, write);
	}
	mutex_unlock(&pages->lock);
	return node;
}

/* The same with the page pinned for the moment */
static int pages_rw_unpinned(struct iommufd_pages *pages, unsigned long start,
			     void *data, size_t length, bool write)
{
	struct page *page;
	long got;

	got = user_memory_pin(&pages->memory, start >> PAGE_SHIFT, 1, &page);
	if (got < 0)
		return got;
	page_rw(page, offset_in_page(start), data, length, write);
	unpin_user_pages_dirty_lock(&page, 1, write);
	return 0;
}

/* Is this the process whose memory it is? Then the CPU finds it by itself */
static bool pages_rw_direct(struct iommufd_pages *pages, unsigned long start,
			    void *data, size_t length, bool write)
{
	void __user *uptr = (void __user *)(pages->memory.start + start);

	if (pages->memory.mm != current->mm)
		return false;
	return write ? !copy_to_user(uptr, data, length) :
		       !copy_from_user(data, uptr, length);
}

/**
 * pages_rw() - read or write pages, pinned or not
 * @pages: The pages
 * @start: Byte, from the start of the first page, to begin with
 * @data: The caller's buffer
 * @length: Number of bytes
 * @flags: IOMMUFD_ACCESS_RW_*
 *
 * Return: 0 or an error of user_memory_pin(), with a part of it done.
 */
int pages_rw(struct iommufd_pages *pages, unsigned long start, void *data,
	     size_t length, unsigned int flags)
{
	bool write = flags & IOMMUFD_ACCESS_RW_WRITE;
	bool direct = !(flags & __IOMMUFD_ACCESS_RW_SLOW_PATH);
	int rc;

	while (length) {
		size_t once = min_t(size_t, length,
				    PAGE_SIZE - offset_in_page(start));

		/* What is pinned is what devices see, whatever is mapped now */
		if (!pages_rw_pinned(pages, start, data, once, write) &&
		    !(direct && pages_rw_direct(pages, start, data, once,
						write))) {
			rc = pages_rw_unpinned(pages, start, data, once, write);
			if (rc)
				return rc;
		}
		start += once;
		data += once;
		length -= once;
		relax();
	}
	return 0;
}

/**
 * pages_map() - map pages into a domain
 * @pages: The pages, pinned by the caller
 * @start: Byte, from the start of the first page, to begin with
 * @target: Where to, and how much; nothing is mapped there
 *
 * Return: 0; or with nothing left mapped -ENOMEM, or -EINVAL if the domain's
 * driver refuses for another reason.
 */
int pages_map(struct iommufd_pages *pages, unsigned long start,
	      struct extent_target *target)
{
	unsigned long first = start >> PAGE_SHIFT;
	const struct extent_target begin = *target;
	struct interval_tree_node *node;
	unsigned long last;
	int rc = 0;

	last = (start + (target->left - 1)) >> PAGE_SHIFT;
	target->offset = offset_in_page(start);

	mutex_lock(&pages->lock);
	for (node = interval_tree_iter_first(&pages->chunks, first, last);
	     node && !rc;
	     node = interval_tree_iter_next(node, first, last)) {
		struct pages_chunk *chunk = to_chunk(node);
		unsigned long skip = first > node->start ? first - node->start :
							   0;

		rc = extents_map((struct extent_iter)
				 EXTENT_ITER(chunk->extents, chunk->num, skip,
					     node_length(node) - skip), target);
		relax();
	}
	mutex_unlock(&pages->lock);

	if (!rc && !WARN_ON_ONCE(target->left))
		return 0;
	if (target->left != begin.left)
		iommu_unmap(begin.domain, begin.iova,
			    begin.left - target->left);
	return rc == -ENOMEM ? rc : -EINVAL;
}

/**
 * iommufd_pages_init() - remember a range of the caller's memory
 * @pages: Where, in memory of kmalloc() that begins with it
 * @uptr: Address of its first byte
 * @writable: Whether devices will write to it
 * @charge: How pinned pages are charged
 *
 * The caller holds the one reference.
 */
void iommufd_pages_init(struct iommufd_pages *pages, unsigned long uptr,
			bool writable, enum memory_charge charge)
{
	refcount_set(&pages->refs, 1);
	pages->write_only = false;
	pages->mmio = NULL;
	mutex_init(&pages->lock);
	pages->pins = RB_ROOT_CACHED;
	pages->chunks = RB_ROOT_CACHED;
	pages->own_chunk.num = 0;
	user_memory_init(&pages->memory, uptr, writable, charge);
}

/**
 * iommufd_pages_put() - drop a reference
 * @pages: The pages, not pinned by the caller any more
 */
void iommufd_pages_put(struct iommufd_pages *pages)
{
	if (!refcount_dec_and_test(&pages->refs))
		return;
	if (pages->mmio)
		iommufd_mmio_put(pages->mmio);
	else
		user_memory_destroy(&pages->memory);
	kfree(pages);
}
