/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User memory: whose it is, how it is pinned, and whom it is charged to.
 *
 * Locks: none of its own. GUP takes mmap_lock, and whatever a page fault takes.
 */
#ifndef __IOMMUFD_GUP_H
#define __IOMMUFD_GUP_H

#include <linux/types.h>

struct mm_struct;
struct page;
struct task_struct;
struct user_struct;

/**
 * enum memory_charge - what RLIMIT_MEMLOCK is compared with
 * @MEMORY_CHARGE_USER: All that the user has locked
 * @MEMORY_CHARGE_MM: All that the process has, mlock() included
 * @MEMORY_CHARGE_NONE: Nothing: who mapped it may lock any amount
 */
enum memory_charge {
	MEMORY_CHARGE_USER,
	MEMORY_CHARGE_MM,
	MEMORY_CHARGE_NONE,
};

/**
 * struct user_memory - a range of a process's memory
 * @mm: Whose; kept from being freed, not from exiting
 * @task: Thread group leader of who mapped it, for RLIMIT_MEMLOCK
 * @user: Who mapped it
 * @charge: Of what pinned pages are part; without, @task and @user are not kept
 * @start: Address of the first page
 * @writable: Pinned for writing
 */
struct user_memory {
	struct mm_struct *mm;
	struct task_struct *task;
	struct user_struct *user;
	enum memory_charge charge;
	unsigned long start;
	bool writable;
};

void user_memory_init(struct user_memory *memory, unsigned long uptr,
		      bool writable, enum memory_charge charge);
void user_memory_destroy(struct user_memory *memory);

int user_memory_charge(struct user_memory *memory, unsigned long npages);
void user_memory_uncharge(struct user_memory *memory, unsigned long npages);

long user_memory_pin(struct user_memory *memory, unsigned long index,
		     unsigned long num, struct page **out);

#endif
