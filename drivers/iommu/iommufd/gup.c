// SPDX-License-Identifier: GPL-2.0-only
/*
 * User memory: see gup.h.
 */
#include <linux/capability.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/user.h>

#include "gup.h"

/**
 * user_memory_init() - remember a range of the caller's memory
 * @memory: Where
 * @uptr: Address of its first byte
 * @writable: Whether devices will write to it
 * @charge: How it is charged, unless the caller may lock any amount
 */
void user_memory_init(struct user_memory *memory, unsigned long uptr,
		      bool writable, enum memory_charge charge)
{
	uptr = untagged_addr(uptr);
	memory->start = uptr & PAGE_MASK;
	memory->writable = writable;
	memory->mm = current->mm;
	mmgrab(memory->mm);
	/* No denial to be audited: a VMM without the privilege is no offender */
	memory->charge = ns_capable_noaudit(&init_user_ns, CAP_IPC_LOCK) ?
				 MEMORY_CHARGE_NONE : charge;
	if (memory->charge == MEMORY_CHARGE_NONE)
		return;
	memory->task = get_task_struct(current->group_leader);
	memory->user = get_uid(current_user());
}

/**
 * user_memory_destroy() - undo user_memory_init()
 * @memory: Memory of which nothing is pinned or charged
 */
void user_memory_destroy(struct user_memory *memory)
{
	mmdrop(memory->mm);
	if (memory->charge == MEMORY_CHARGE_NONE)
		return;
	put_task_struct(memory->task);
	free_uid(memory->user);
}

static int charge_user(const struct user_memory *memory, unsigned long npages)
{
	unsigned long limit = task_rlimit(memory->task, RLIMIT_MEMLOCK) >>
			      PAGE_SHIFT;
	atomic_long_t *locked = &memory->user->locked_vm;
	long old = atomic_long_read(locked);

	/* Not added first: others would meet a limit nobody reaches */
	do {
		if (npages > limit || old > (long)(limit - npages))
			return -ENOMEM;
	} while (!atomic_long_try_cmpxchg(locked, &old, old + npages));
	return 0;
}

static int charge_mm(const struct user_memory *memory, unsigned long npages)
{
	int rc;

	if (mmap_write_lock_killable(memory->mm))
		return -EINTR;
	rc = __account_locked_vm(memory->mm, npages, true, memory->task, false);
	mmap_write_unlock(memory->mm);
	return rc;
}

static void uncharge_mm(const struct user_memory *memory, unsigned long npages)
{
	mmap_write_lock(memory->mm);
	__account_locked_vm(memory->mm, npages, false, memory->task, true);
	mmap_write_unlock(memory->mm);
}

/**
 * user_memory_charge() - charge pages that are to be pinned
 * @memory: The memory
 * @npages: How many pages
 *
 * Return: 0; -ENOMEM above RLIMIT_MEMLOCK; -EINTR.
 */
int user_memory_charge(struct user_memory *memory, unsigned long npages)
{
	int rc = 0;

	switch (memory->charge) {
	case MEMORY_CHARGE_USER:
		rc = charge_user(memory, npages);
		break;
	case MEMORY_CHARGE_MM:
		rc = charge_mm(memory, npages);
		break;
	case MEMORY_CHARGE_NONE:
		break;
	}
	if (!rc)
		atomic64_add(npages, &memory->mm->pinned_vm);
	return rc;
}

/**
 * user_memory_uncharge() - undo user_memory_charge()
 * @memory: The memory
 * @npages: How many pages are not pinned any more
 */
void user_memory_uncharge(struct user_memory *memory, unsigned long npages)
{
	atomic64_sub(npages, &memory->mm->pinned_vm);
	if (memory->charge == MEMORY_CHARGE_USER)
		atomic_long_sub(npages, &memory->user->locked_vm);
	else if (memory->charge == MEMORY_CHARGE_MM)
		uncharge_mm(memory, npages);
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
static unsigned int read_pin_flags(const struct vm_area_struct *vma)
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
static long pin_for_read(struct mm_struct *mm, unsigned long addr,
			 unsigned long num, struct page **out)
{
	struct vm_area_struct *vma = vma_lookup(mm, addr);
	unsigned int flags;

	/* FOLL_FORCE would not look whether it may be read */
	if (!vma || !(vma->vm_flags & VM_READ))
		return -EFAULT;
	flags = read_pin_flags(vma);
	num = min(num, (vma->vm_end - addr) >> PAGE_SHIFT);
	if (mm == current->mm)
		return pin_user_pages(addr, num, flags, out, NULL);
	return pin_user_pages_remote(mm, addr, num, flags, out, NULL, NULL);
}

static long pin_slowly(struct user_memory *memory, unsigned long addr,
		       unsigned long num, struct page **out)
{
	long got;

	if (mmap_read_lock_killable(memory->mm))
		return -EINTR;
	if (memory->writable)
		got = pin_user_pages_remote(memory->mm, addr, num,
					    FOLL_LONGTERM | FOLL_WRITE, out,
					    NULL, NULL);
	else
		got = pin_for_read(memory->mm, addr, num, out);
	mmap_read_unlock(memory->mm);
	return got;
}

/**
 * user_memory_pin() - pin some pages
 * @memory: The memory
 * @index: The first page
 * @num: How many pages, not 0
 * @out: Where to put them
 *
 * Context: May sleep and fault.
 * Return: how many of the first were pinned, at least one; or -ENOMEM, -EINTR,
 * and -EFAULT for all other reasons, which are of no use to the caller.
 */
long user_memory_pin(struct user_memory *memory, unsigned long index,
		     unsigned long num, struct page **out)
{
	unsigned long addr = memory->start + index * PAGE_SIZE;
	long got;

	if (memory->mm != current->mm) {
		/* The memory of a process that has exited is gone */
		if (!mmget_not_zero(memory->mm))
			return -EFAULT;
		got = pin_slowly(memory, addr, num, out);
		/* The last one to let go frees it all, which takes long */
		mmput_async(memory->mm);
	} else if (memory->writable) {
		got = pin_user_pages_fast(addr, num, FOLL_LONGTERM | FOLL_WRITE,
					  out);
	} else {
		got = pin_slowly(memory, addr, num, out);
	}

	if (got > 0 || got == -ENOMEM || got == -EINTR)
		return got;
	return -EFAULT;
}
