// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pinned pages: pin, account, remember as extents, map into a domain. See
 * pages.h for the rules.
 */
#include <linux/iommu.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/user.h>
#include <linux/slab.h>

#include "extent.h"
#include "pages.h"

/**
 * struct pages_chunk - extents that follow one another
 * @list: In iommufd_pages::chunks
 * @num: Number of @extents
 * @extents: The extents
 */
struct pages_chunk {
	struct list_head list;
	unsigned int num;
	struct pages_extent extents[];
};

/* A chunk fits a page */
#define CHUNK_MAX_EXTENTS                                \
	((PAGE_SIZE - offsetof(struct pages_chunk, extents)) / \
	 sizeof(struct pages_extent))

/*
 * What pinning works in: pages as GUP returns them, and the extents they have
 * made so far. Short ranges, which are frequent, find room on the stack.
 */
#define BATCH_STACK_PAGES 16

struct pages_batch {
	struct page **pages;
	unsigned int max_pages;
	struct pages_extent *extents;
	unsigned int num_extents;
	unsigned int max_extents;
	struct page *stack_pages[BATCH_STACK_PAGES];
	struct pages_extent stack_extents[BATCH_STACK_PAGES];
};

static void pages_batch_init(struct pages_batch *batch, unsigned long npages)
{
	batch->num_extents = 0;
	batch->pages = batch->stack_pages;
	batch->max_pages = BATCH_STACK_PAGES;
	batch->extents = batch->stack_extents;
	batch->max_extents = BATCH_STACK_PAGES;
	if (npages <= BATCH_STACK_PAGES)
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

static void pages_batch_destroy(struct pages_batch *batch)
{
	if (batch->pages != batch->stack_pages)
		free_page((unsigned long)batch->pages);
	if (batch->extents != batch->stack_extents)
		free_page((unsigned long)batch->extents);
}

static void pages_free_chunks(struct iommufd_pages *pages)
{
	struct pages_chunk *chunk, *next;

	list_for_each_entry_safe(chunk, next, &pages->chunks, list) {
		extents_unpin(chunk->extents, chunk->num, pages->writable);
		list_del(&chunk->list);
		kfree(chunk);
	}
}

/* Move what the batch has gathered to the end of @pages */
static int pages_batch_flush(struct pages_batch *batch,
			     struct iommufd_pages *pages)
{
	struct pages_chunk *chunk;

	if (!batch->num_extents)
		return 0;
	chunk = kmalloc(struct_size(chunk, extents, batch->num_extents),
			GFP_KERNEL_ACCOUNT);
	if (!chunk)
		return -ENOMEM;

	chunk->num = batch->num_extents;
	memcpy(chunk->extents, batch->extents,
	       array_size(batch->num_extents, sizeof(*batch->extents)));
	list_add_tail(&chunk->list, &pages->chunks);
	batch->num_extents = 0;
	return 0;
}

/*
 * Add @num pages at batch->pages to the extents. On an error the ones not added
 * are unpinned, the others are in the batch or in @pages.
 */
static int pages_batch_add(struct pages_batch *batch,
			   struct iommufd_pages *pages, unsigned int num)
{
	unsigned int i;
	int rc;

	for (i = 0; i < num; i++) {
		unsigned long pfn = page_to_pfn(batch->pages[i]);

		if (batch->num_extents &&
		    extent_append(&batch->extents[batch->num_extents - 1], pfn))
			continue;
		if (batch->num_extents == batch->max_extents) {
			rc = pages_batch_flush(batch, pages);
			if (rc) {
				unpin_user_pages(batch->pages + i, num - i);
				return rc;
			}
		}
		batch->extents[batch->num_extents++] =
			(struct pages_extent){ .pfn = pfn, .count = 1 };
	}
	return 0;
}

/*
 * How to pin what is only read, from @vma. A private mapping may still have to be
 * given pages of its own, by the copy on write that a later store of the CPU would
 * do anyway; pinned before that, the device would read the old page for ever.
 * FOLL_WRITE does it now, FOLL_FORCE also where only the owner of the memory may
 * not write. A shared mapping needs none of it, and is not to look written to.
 *
 * GUP of 6.1 does not force a write to huge pages of hugetlbfs: a private mapping
 * of those has to be writable.
 */
static unsigned int pages_gup_read_flags(const struct vm_area_struct *vma)
{
	unsigned int flags = FOLL_LONGTERM;

	if (is_cow_mapping(vma->vm_flags)) {
		flags |= FOLL_WRITE;
		if (!(vma->vm_flags & VM_WRITE))
			flags |= FOLL_FORCE;
	}
	return flags;
}

/* Pin memory that is only read, as far as one VMA goes */
static long pages_gup_read(struct iommufd_pages *pages, unsigned long addr,
			   unsigned long num, struct page **out)
{
	struct vm_area_struct *vma = vma_lookup(pages->mm, addr);
	unsigned int flags;

	/* FOLL_FORCE would not look whether it may be read */
	if (!vma || !(vma->vm_flags & VM_READ))
		return -EFAULT;
	flags = pages_gup_read_flags(vma);
	num = min(num, (vma->vm_end - addr) >> PAGE_SHIFT);
	if (pages->mm == current->mm)
		return pin_user_pages(addr, num, flags, out, NULL);
	return pin_user_pages_remote(pages->mm, addr, num, flags, out, NULL,
				     NULL);
}

static long pages_gup_locked(struct iommufd_pages *pages, unsigned long addr,
			     unsigned long num, struct page **out)
{
	long got;

	if (mmap_read_lock_killable(pages->mm))
		return -EINTR;
	if (pages->writable)
		got = pin_user_pages_remote(pages->mm, addr, num,
					    FOLL_LONGTERM | FOLL_WRITE, out,
					    NULL, NULL);
	else
		got = pages_gup_read(pages, addr, num, out);
	mmap_read_unlock(pages->mm);
	return got;
}

/* Pin some of @num pages at @addr, at least one, or return an error */
static long pages_gup(struct iommufd_pages *pages, unsigned long addr,
		      unsigned long num, struct page **out)
{
	long got;

	if (pages->mm != current->mm) {
		/* The memory of a process that has exited is gone */
		if (!mmget_not_zero(pages->mm))
			return -EFAULT;
		got = pages_gup_locked(pages, addr, num, out);
		/* The last one to let go frees it, which takes long */
		mmput_async(pages->mm);
	} else if (pages->writable) {
		got = pin_user_pages_fast(addr, num, FOLL_LONGTERM | FOLL_WRITE,
					  out);
	} else {
		got = pages_gup_locked(pages, addr, num, out);
	}

	/* Why memory cannot be pinned is of no use to the caller */
	if (got > 0 || got == -ENOMEM || got == -EINTR)
		return got;
	return -EFAULT;
}

/* Pin all pages, as extents in @pages and, at the end, in @batch */
static int pages_gather(struct iommufd_pages *pages, struct pages_batch *batch)
{
	unsigned long done = 0;
	int rc;

	while (done < pages->npages) {
		unsigned long num = min_t(unsigned long, batch->max_pages,
					  pages->npages - done);
		long got = pages_gup(pages, pages->start + done * PAGE_SIZE,
				     num, batch->pages);

		if (got < 0)
			return got;
		rc = pages_batch_add(batch, pages, got);
		if (rc)
			return rc;
		done += got;
		cond_resched();
	}
	return pages_batch_flush(batch, pages);
}

static void pages_uncharge(struct iommufd_pages *pages)
{
	atomic64_sub(pages->npages, &pages->mm->pinned_vm);
	if (pages->user)
		atomic_long_sub(pages->npages, &pages->user->locked_vm);
}

static int pages_charge(struct iommufd_pages *pages)
{
	long limit = task_rlimit(pages->task, RLIMIT_MEMLOCK) >> PAGE_SHIFT;
	long old;

	if (pages->user) {
		/* Not added first: others would meet a limit nobody reaches */
		old = atomic_long_read(&pages->user->locked_vm);
		do {
			if (pages->npages > limit || old > limit - pages->npages)
				return -ENOMEM;
		} while (!atomic_long_try_cmpxchg(&pages->user->locked_vm, &old,
						  old + pages->npages));
	}
	atomic64_add(pages->npages, &pages->mm->pinned_vm);
	return 0;
}

/**
 * iommufd_pages_pin() - have the pages pinned
 * @pages: The pages
 *
 * Return: 0, to be undone by iommufd_pages_unpin(); -EFAULT if there is no
 * memory, or not with the right access; -ENOMEM also above RLIMIT_MEMLOCK;
 * -EINTR.
 */
int iommufd_pages_pin(struct iommufd_pages *pages)
{
	struct pages_batch batch;
	int rc = 0;

	mutex_lock(&pages->lock);
	if (pages->pins)
		goto out_pinned;

	rc = pages_charge(pages);
	if (rc)
		goto out_unlock;
	pages_batch_init(&batch, pages->npages);
	rc = pages_gather(pages, &batch);
	if (rc) {
		extents_unpin(batch.extents, batch.num_extents,
			      pages->writable);
		pages_free_chunks(pages);
		pages_uncharge(pages);
	}
	pages_batch_destroy(&batch);
	if (rc)
		goto out_unlock;
out_pinned:
	pages->pins++;
out_unlock:
	mutex_unlock(&pages->lock);
	return rc;
}

/**
 * iommufd_pages_unpin() - undo iommufd_pages_pin()
 * @pages: The pages, which no device of the caller's can reach any more
 */
void iommufd_pages_unpin(struct iommufd_pages *pages)
{
	mutex_lock(&pages->lock);
	if (!--pages->pins) {
		pages_free_chunks(pages);
		pages_uncharge(pages);
	}
	mutex_unlock(&pages->lock);
}

/**
 * iommufd_pages_map() - map the pages into a domain
 * @pages: The pages, pinned by the caller
 * @domain: The domain; nothing is mapped in the range
 * @iova: Where the first byte of the range goes
 * @length: Length in bytes of the range
 * @prot: IOMMU_READ, IOMMU_WRITE, IOMMU_CACHE ...
 *
 * Return: 0; or with nothing left mapped -ENOMEM, or -EINVAL if the domain's
 * driver refuses for another reason.
 */
int iommufd_pages_map(struct iommufd_pages *pages, struct iommu_domain *domain,
		      unsigned long iova, unsigned long length, int prot)
{
	struct extent_target target = {
		.domain = domain,
		.iova = iova,
		.skip = pages->offset,
		.left = length,
		.prot = prot,
	};
	struct pages_chunk *chunk;
	int rc = 0;

	mutex_lock(&pages->lock);
	list_for_each_entry(chunk, &pages->chunks, list) {
		rc = extents_map(chunk->extents, chunk->num, &target);
		if (rc)
			break;
		cond_resched();
	}
	mutex_unlock(&pages->lock);

	if (!rc && !WARN_ON_ONCE(target.left))
		return 0;
	if (target.left != length)
		iommu_unmap(domain, iova, length - target.left);
	return rc == -ENOMEM ? rc : -EINVAL;
}

/**
 * iommufd_pages_alloc() - remember a range of the caller's memory
 * @uptr: Address of its first byte
 * @length: Length in bytes, not 0; @uptr + @length - 1 does not overflow
 * @writable: Whether devices will write to it
 *
 * Return: the pages, or ERR_PTR(-ENOMEM).
 */
struct iommufd_pages *iommufd_pages_alloc(unsigned long uptr,
					  unsigned long length, bool writable)
{
	struct iommufd_pages *pages;

	pages = kzalloc(sizeof(*pages), GFP_KERNEL_ACCOUNT);
	if (!pages)
		return ERR_PTR(-ENOMEM);

	refcount_set(&pages->refs, 1);
	mutex_init(&pages->lock);
	INIT_LIST_HEAD(&pages->chunks);
	uptr = untagged_addr(uptr);
	pages->start = uptr & PAGE_MASK;
	pages->offset = offset_in_page(uptr);
	pages->npages = ((uptr + (length - 1)) >> PAGE_SHIFT) -
			(uptr >> PAGE_SHIFT) + 1;
	pages->writable = writable;
	pages->mm = current->mm;
	mmgrab(pages->mm);
	pages->task = get_task_struct(current->group_leader);
	if (!capable(CAP_IPC_LOCK))
		pages->user = get_uid(current_user());
	return pages;
}

/**
 * iommufd_pages_put() - drop a reference
 * @pages: The pages, not pinned by the caller any more
 */
void iommufd_pages_put(struct iommufd_pages *pages)
{
	if (!refcount_dec_and_test(&pages->refs))
		return;
	mmdrop(pages->mm);
	put_task_struct(pages->task);
	if (pages->user)
		free_uid(pages->user);
	kfree(pages);
}
