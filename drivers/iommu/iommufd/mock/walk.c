// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stage-1 page walk, see walk.h.
 *
 * Takes no lock and keeps nothing from one walk to the next. Invariants:
 *
 *  - Every step goes one level down and level 1 holds only leaves, so a walk
 *    takes at most as many steps as the table has levels, whatever the guest
 *    wrote into it.
 *  - An entry is judged before it is marked, and marked before it is followed:
 *    one that denies the access gets neither A nor D, while those above it have
 *    their A.
 *  - What is followed is what was judged. An entry is only replaced while it
 *    still holds the value that was judged; if it does not, what it holds now
 *    is judged afresh.
 */
#include <linux/bitops.h>
#include <linux/bits.h>

#include "walk.h"

/* First-stage paging entry, VT-d specification 3.4, section 9.8 */
#define ENTRY_P		BIT_ULL(0)
#define ENTRY_RW	BIT_ULL(1)
#define ENTRY_US	BIT_ULL(2)
#define ENTRY_A		BIT_ULL(5)
#define ENTRY_D		BIT_ULL(6)
#define ENTRY_PS	BIT_ULL(7)	/* PAT at level 1 */
#define ENTRY_ADDR	GENMASK_ULL(51, 12)

#define TABLE_SHIFT	12
#define INDEX_BITS	9

/* How often one entry may change under a walk before the walk gives up */
#define MAX_TRIES	16

struct walk {
	struct walk_memory *mem;
	u64 iova;
	bool write;
	unsigned int level;
	struct walk_fault *fault;
};

static bool fault_stage1(const struct walk *walk, enum mock_dma_fault reason)
{
	*walk->fault = (struct walk_fault) {
		.reason = reason,
		.stage = 1,
		.level = walk->level,
		.addr = walk->iova,
	};
	return false;
}

static bool fault_stage2(const struct walk *walk, enum mock_dma_fault reason,
			 u64 gpa)
{
	*walk->fault = (struct walk_fault) {
		.reason = reason,
		.stage = 2,
		.level = walk->level,
		.addr = gpa,
	};
	return false;
}

/* log2 of what one entry of a table at @level spans */
static unsigned int level_shift(unsigned int level)
{
	return TABLE_SHIFT + INDEX_BITS * (level - 1);
}

/* All bits above those that @levels translate repeat the topmost of them */
static bool is_canonical(u64 iova, unsigned int levels)
{
	return (u64)sign_extend64(iova, level_shift(levels + 1) - 1) == iova;
}

static u64 entry_gpa(const struct walk *walk, u64 table)
{
	u64 index = walk->iova >> level_shift(walk->level);

	return table + (index & GENMASK(INDEX_BITS - 1, 0)) * sizeof(u64);
}

static bool is_leaf(const struct walk *walk, u64 entry)
{
	return walk->level == 1 || entry & ENTRY_PS;
}

/* Leaves end at level 3, 1G. In a large leaf bit 12 is PAT, not reserved. */
static u64 reserved_bits(const struct walk *walk, u64 entry)
{
	static const u64 with_ps[] = {
		[2] = GENMASK_ULL(20, 13),
		[3] = GENMASK_ULL(29, 13),
		[4] = ENTRY_PS,
		[5] = ENTRY_PS,
	};

	return entry & ENTRY_PS ? with_ps[walk->level] : 0;
}

static enum mock_dma_fault judge(const struct walk *walk, u64 entry)
{
	if (!(entry & ENTRY_P))
		return MOCK_DMA_FAULT_NOT_PRESENT;
	if (entry & reserved_bits(walk, entry))
		return MOCK_DMA_FAULT_RESERVED;
	/* A request without PASID or privilege is a user-level one */
	if (!(entry & ENTRY_US))
		return MOCK_DMA_FAULT_PERMISSION;
	if (walk->write && !(entry & ENTRY_RW))
		return MOCK_DMA_FAULT_PERMISSION;
	return MOCK_DMA_FAULT_NONE;
}

/* What @entry has to hold once this access has used it */
static u64 mark(const struct walk *walk, u64 entry)
{
	entry |= ENTRY_A;
	if (walk->write && is_leaf(walk, entry))
		entry |= ENTRY_D;
	return entry;
}

/* Load, judge and mark the entry at @gpa; *@entry is what it then holds */
static bool use_entry(const struct walk *walk, u64 gpa, u64 *entry)
{
	struct walk_memory *mem = walk->mem;
	enum mock_dma_fault reason;
	unsigned int tries;
	u64 marked, seen;

	reason = mem->load(mem, gpa, entry);
	if (reason)
		return fault_stage2(walk, reason, gpa);

	for (tries = 0; tries < MAX_TRIES; tries++) {
		reason = judge(walk, *entry);
		if (reason)
			return fault_stage1(walk, reason);

		marked = mark(walk, *entry);
		if (marked == *entry)
			return true;

		seen = *entry;
		reason = mem->update(mem, gpa, &seen, marked);
		if (reason)
			return fault_stage2(walk, reason, gpa);
		if (seen == *entry) {
			*entry = marked;
			return true;
		}
		*entry = seen;
	}
	return fault_stage1(walk, MOCK_DMA_FAULT_NOT_PRESENT);
}

static void translate(const struct walk *walk, u64 leaf, bool writable,
		      struct walk_result *result)
{
	unsigned int shift = level_shift(walk->level);
	u64 offset = GENMASK_ULL(shift - 1, 0);

	*result = (struct walk_result) {
		.gpa = (leaf & ENTRY_ADDR & ~offset) | (walk->iova & offset),
		.shift = shift,
		.writable = writable && (leaf & ENTRY_D),
	};
}

bool walk_stage1(struct walk_memory *mem, unsigned int levels, u64 root,
		 u64 iova, bool write, struct walk_result *result,
		 struct walk_fault *fault)
{
	struct walk walk = {
		.mem = mem,
		.iova = iova,
		.write = write,
		.level = levels,
		.fault = fault,
	};
	bool writable = true;
	u64 table = root;
	u64 entry;

	if (!is_canonical(iova, levels))
		return fault_stage1(&walk, MOCK_DMA_FAULT_ADDRESS);

	for (;; walk.level--) {
		if (!use_entry(&walk, entry_gpa(&walk, table), &entry))
			return false;
		if (!(entry & ENTRY_RW))
			writable = false;
		if (is_leaf(&walk, entry))
			break;
		table = entry & ENTRY_ADDR;
	}
	translate(&walk, entry, writable, result);
	return true;
}
