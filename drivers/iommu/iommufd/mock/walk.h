/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stage-1 page walk: x86-64 4- and 5-level tables, which are VT-d's first-stage
 * format (VT-d specification 3.4, sections 3.6 and 9.8).
 *
 * The walk owns nothing and takes no lock. Tables live in guest-physical
 * memory, which only the caller can reach: each entry is loaded and updated
 * through struct walk_memory, whose functions put the address through stage 2.
 */
#ifndef __IOMMUFD_MOCK_WALK_H
#define __IOMMUFD_MOCK_WALK_H

#include <linux/types.h>
#include "../iommufd_test.h"

/**
 * struct walk_fault - where and why a translation stopped
 * @reason: MOCK_DMA_FAULT_NONE when it did not
 * @stage: 1 or 2; 0 for MOCK_DMA_FAULT_BLOCKED
 * @level: stage-1 level at which it stopped: that of the table whose entry was
 *         being loaded, updated or judged, 5 to 1; 0 for the page itself
 * @addr: input address of @stage: IOVA for stage 1, guest-physical for stage 2
 */
struct walk_fault {
	enum mock_dma_fault reason;
	u8 stage;
	u8 level;
	u64 addr;
};

/**
 * struct walk_memory - guest-physical memory as the walk sees it
 * @load: Load the 8-byte entry at @gpa, which is 8-byte aligned, as the
 *        hardware would read it: through stage 2, with read permission.
 *        Returns MOCK_DMA_FAULT_NONE or the stage-2 reason.
 * @update: Replace the entry at @gpa by @new if it still holds *@old, else put
 *          what it holds now into *@old; *@old == the value passed in tells
 *          success. Through stage 2 with write permission; returns as @load.
 */
struct walk_memory {
	enum mock_dma_fault (*load)(struct walk_memory *mem, u64 gpa, u64 *entry);
	enum mock_dma_fault (*update)(struct walk_memory *mem, u64 gpa, u64 *old,
				      u64 new);
};

/**
 * struct walk_result - a translated page
 * @gpa: guest-physical address @iova translates to, offset included
 * @shift: log2 of the page's size: 12, 21 or 30
 * @writable: the tables allow writes, and the leaf's dirty bit is set already,
 *            so that a cache of this result may serve writes without a walk
 */
struct walk_result {
	u64 gpa;
	u8 shift;
	bool writable;
};

/**
 * walk_stage1() - translate an IOVA through a stage-1 table
 * @mem: Access to guest-physical memory
 * @levels: 4 or 5
 * @root: Guest-physical address of the top table, 4K-aligned
 * @iova: Address to translate; must be canonical for @levels
 * @write: Whether the access writes
 * @result: Filled on success, else untouched
 * @fault: Filled on failure, else untouched
 *
 * Goes down from @root, judging one entry at a time; the first that denies the
 * access decides what is reported. An entry must be present, then free of
 * reserved bits (PS at levels 5 and 4, the low address bits of a 2M or 1G leaf),
 * then have U/S, as the request of a device has no privilege, and for a write
 * R/W. An @iova that is not canonical is reported at the top level.
 *
 * Sets the accessed bit in every entry it uses and, for a write, the dirty bit
 * in the leaf, both in one update and only where missing; an entry that denies
 * the access is left alone. An entry that changes under the walk is judged
 * again; one that keeps changing ends in MOCK_DMA_FAULT_NOT_PRESENT rather than
 * in a loop.
 *
 * Return: true if translated, false if @fault says why not.
 */
bool walk_stage1(struct walk_memory *mem, unsigned int levels, u64 root,
		 u64 iova, bool write, struct walk_result *result,
		 struct walk_fault *fault);

#endif
