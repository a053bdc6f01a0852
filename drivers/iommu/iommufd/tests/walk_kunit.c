// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit suite of the stage-1 walk, mock/walk.c.
 *
 * struct guest is a guest-physical memory of one table per level. It counts
 * loads and updates, can refuse either at one address as stage 2 would, and can
 * change one entry between its load and its update. It also holds the walk to
 * what every test may rely on: aligned entries, updates that only ever add A
 * and D, and none that add nothing.
 *
 * The entry bits are spelled out again here: a wrong one in walk.c must not be
 * right in its test.
 */
#include <kunit/test.h>
#include <linux/prandom.h>

#include "../mock/walk.h"

#define P	BIT_ULL(0)
#define RW	BIT_ULL(1)
#define US	BIT_ULL(2)
#define A	BIT_ULL(5)
#define D	BIT_ULL(6)
#define PS	BIT_ULL(7)
#define ADDR	0x000ffffffffff000ULL

/* PWT, PCD, G, 11:9, 62:52 and XD */
#define IGNORED	0xfff0000000000f18ULL

#define MAX_LEVELS	5
#define TABLE_BYTES	4096ULL
#define ENTRIES		512

/* The table of level n is at TABLES + n * TABLE_BYTES; bits 51 and 12 in use */
#define TABLES		0x000ba98760540000ULL
#define TABLES_SIZE	((MAX_LEVELS + 1) * TABLE_BYTES)

/* Lowest address of the page that IOVAs translate to, aligned to 1G */
#define PAGE_GPA	0x000cdef340000000ULL
#define NO_GPA		(~0ULL)

struct guest {
	struct walk_memory mem;
	struct kunit *test;
	u64 tables[MAX_LEVELS + 1][ENTRIES];
	unsigned int loads;
	unsigned int updates;

	/* Stage 2 refuses to load, or to update, the entry at this address */
	u64 fail_load;
	u64 fail_update;
	enum mock_dma_fault fail_reason;

	/* These bits of this entry flip before each of the next updates of it */
	u64 change_gpa;
	u64 change_bits;
	unsigned int changes;
};

static u64 *guest_entry(struct guest *guest, u64 gpa)
{
	KUNIT_EXPECT_EQ(guest->test, gpa % sizeof(u64), 0);
	if (gpa < TABLES || gpa - TABLES >= TABLES_SIZE)
		return NULL;
	return &guest->tables[0][0] + (gpa - TABLES) / sizeof(u64);
}

static enum mock_dma_fault guest_load(struct walk_memory *mem, u64 gpa,
				      u64 *entry)
{
	struct guest *guest = container_of(mem, struct guest, mem);
	u64 *at = guest_entry(guest, gpa);

	guest->loads++;
	if (gpa == guest->fail_load)
		return guest->fail_reason;
	if (!at)
		return MOCK_DMA_FAULT_NOT_PRESENT;
	*entry = *at;
	return MOCK_DMA_FAULT_NONE;
}

static enum mock_dma_fault guest_update(struct walk_memory *mem, u64 gpa,
					u64 *old, u64 new)
{
	struct guest *guest = container_of(mem, struct guest, mem);
	u64 *at = guest_entry(guest, gpa);

	KUNIT_EXPECT_NE(guest->test, new, *old);
	KUNIT_EXPECT_EQ(guest->test, *old & ~new, 0);
	KUNIT_EXPECT_EQ(guest->test, (new & ~*old) & ~(A | D), 0);

	guest->updates++;
	if (gpa == guest->fail_update)
		return guest->fail_reason;
	if (!at)
		return MOCK_DMA_FAULT_NOT_PRESENT;
	if (gpa == guest->change_gpa && guest->changes) {
		guest->changes--;
		*at ^= guest->change_bits;
	}
	if (*at == *old)
		*at = new;
	else
		*old = *at;
	return MOCK_DMA_FAULT_NONE;
}

/* A table depth, a leaf size and an address whose index differs per level */
struct shape {
	const char *name;
	unsigned int levels;
	unsigned int leaf;
	u64 iova;
};

/* Indices 0x012 or 0x1ed, 0x023 or 0x1dc, 0x134, 0x145, 0x156; offset 0x789 */
#define LOW_4	0x000011cd28b56789ULL
#define HIGH_4	0xffffee4d28b56789ULL
#define LOW_5	0x001211cd28b56789ULL
#define HIGH_5	0xffedee4d28b56789ULL

static const struct shape shapes[] = {
	{ "4 levels, 4K, low half", 4, 1, LOW_4 },
	{ "4 levels, 2M, low half", 4, 2, LOW_4 },
	{ "4 levels, 1G, low half", 4, 3, LOW_4 },
	{ "4 levels, 4K, high half", 4, 1, HIGH_4 },
	{ "4 levels, 2M, high half", 4, 2, HIGH_4 },
	{ "4 levels, 1G, high half", 4, 3, HIGH_4 },
	{ "5 levels, 4K, low half", 5, 1, LOW_5 },
	{ "5 levels, 2M, low half", 5, 2, LOW_5 },
	{ "5 levels, 1G, low half", 5, 3, LOW_5 },
	{ "5 levels, 4K, high half", 5, 1, HIGH_5 },
	{ "5 levels, 2M, high half", 5, 2, HIGH_5 },
	{ "5 levels, 1G, high half", 5, 3, HIGH_5 },
};

static void shape_name(const struct shape *shape, char *desc)
{
	strscpy(desc, shape->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(shape, shapes, shape_name);

static u64 table_gpa(unsigned int level)
{
	return TABLES + level * TABLE_BYTES;
}

static unsigned int shift_of(unsigned int level)
{
	static const unsigned int shift[] = { 0, 12, 21, 30, 39, 48 };

	return shift[level];
}

/* Where the entry that translates @iova stands in the table of @level */
static u64 gpa_at(unsigned int level, u64 iova)
{
	return table_gpa(level) + (iova >> shift_of(level)) % ENTRIES * 8;
}

static u64 *entry_at(struct guest *guest, unsigned int level, u64 iova)
{
	return guest_entry(guest, gpa_at(level, iova));
}

/* The address @shape's IOVA translates to */
static u64 leaf_gpa(const struct shape *shape)
{
	return PAGE_GPA + shape->iova % (1ULL << shift_of(shape->leaf));
}

/* Map @shape's IOVA to leaf_gpa(), without A and D in any entry */
static void guest_map(struct guest *guest, const struct shape *shape)
{
	unsigned int level;

	for (level = shape->levels; level > shape->leaf; level--)
		*entry_at(guest, level, shape->iova) =
			table_gpa(level - 1) | P | RW | US;
	*entry_at(guest, level, shape->iova) =
		PAGE_GPA | P | RW | US | (level > 1 ? PS : 0);
}

/* Forget what earlier walks of the same test did */
static void guest_reset(struct guest *guest)
{
	memset(guest->tables, 0, sizeof(guest->tables));
	guest->loads = 0;
	guest->updates = 0;
	guest->fail_load = NO_GPA;
	guest->fail_update = NO_GPA;
	guest->fail_reason = MOCK_DMA_FAULT_PERMISSION;
	guest->change_gpa = NO_GPA;
	guest->changes = 0;
}

static void guest_remap(struct guest *guest, const struct shape *shape)
{
	guest_reset(guest);
	guest_map(guest, shape);
}

/* @shape's IOVA translates to @gpa */
static void expect_gpa(struct guest *guest, const struct shape *shape,
		       bool write, u64 gpa, bool writable)
{
	struct walk_result result = {};
	struct walk_fault fault = {};
	bool ok;

	ok = walk_stage1(&guest->mem, shape->levels, table_gpa(shape->levels),
			 shape->iova, write, &result, &fault);
	KUNIT_EXPECT_TRUE_MSG(guest->test, ok,
			      "reason %u stage %u level %u addr %llx",
			      fault.reason, fault.stage, fault.level,
			      fault.addr);
	KUNIT_EXPECT_EQ(guest->test, result.gpa, gpa);
	KUNIT_EXPECT_EQ(guest->test, result.shift, shift_of(shape->leaf));
	KUNIT_EXPECT_EQ(guest->test, result.writable, writable);
}

/* @shape's IOVA translates as guest_map() made it */
static void expect_mapped(struct guest *guest, const struct shape *shape,
			  bool write, bool writable)
{
	expect_gpa(guest, shape, write, leaf_gpa(shape), writable);
}

static void expect_fault_at(struct guest *guest, unsigned int levels, u64 root,
			    u64 iova, bool write, struct walk_fault want)
{
	struct walk_result result;
	struct walk_fault fault = {};

	KUNIT_EXPECT_FALSE(guest->test,
			   walk_stage1(&guest->mem, levels, root, iova, write,
				       &result, &fault));
	KUNIT_EXPECT_EQ(guest->test, fault.reason, want.reason);
	KUNIT_EXPECT_EQ(guest->test, fault.stage, want.stage);
	KUNIT_EXPECT_EQ(guest->test, fault.level, want.level);
	KUNIT_EXPECT_EQ(guest->test, fault.addr, want.addr);
}

/* @stage stops @shape's IOVA at the entry of @level */
static void expect_fault(struct guest *guest, const struct shape *shape,
			 bool write, enum mock_dma_fault reason,
			 unsigned int stage, unsigned int level)
{
	struct walk_fault want = {
		.reason = reason,
		.stage = stage,
		.level = level,
		.addr = stage == 1 ? shape->iova : gpa_at(level, shape->iova),
	};

	expect_fault_at(guest, shape->levels, table_gpa(shape->levels),
			shape->iova, write, want);
}

/* Exactly the entries above @level have A, and no entry has D */
static void expect_marked_above(struct guest *guest, const struct shape *shape,
				unsigned int level)
{
	unsigned int at;

	for (at = shape->levels; at >= shape->leaf; at--)
		KUNIT_EXPECT_EQ(guest->test,
				*entry_at(guest, at, shape->iova) & (A | D),
				at > level ? A : 0);
	KUNIT_EXPECT_EQ(guest->test, guest->updates, shape->levels - level);
}

static void walk_translates(struct kunit *test)
{
	const struct shape *shape = test->param_value;
	u64 last = (1ULL << shift_of(shape->leaf)) - 1;
	u64 offsets[] = { 0, 1, last / 2, last - 7, last };
	struct guest *guest = test->priv;
	struct shape at = *shape;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		at.iova = (shape->iova & ~last) | offsets[i];
		guest_remap(guest, &at);
		expect_mapped(guest, &at, false, false);
		KUNIT_EXPECT_EQ(test, guest->loads,
				shape->levels - shape->leaf + 1);
		expect_mapped(guest, &at, true, true);
	}
}

static void walk_ignores_bits(struct kunit *test)
{
	const struct shape *shape = test->param_value;
	struct guest *guest = test->priv;
	unsigned int level;

	for (level = shape->levels; level >= shape->leaf; level--) {
		u64 ignored = IGNORED;

		if (level > shape->leaf)
			ignored |= D;
		else if (level == 1)
			ignored |= BIT_ULL(7);	/* PAT */
		else
			ignored |= BIT_ULL(12);	/* PAT of a large leaf */
		guest_remap(guest, shape);
		*entry_at(guest, level, shape->iova) |= ignored;
		expect_mapped(guest, shape, true, true);
	}
}

static void walk_not_present(struct kunit *test)
{
	const struct shape *shape = test->param_value;
	struct guest *guest = test->priv;
	unsigned int level;

	for (level = shape->levels; level >= shape->leaf; level--) {
		guest_remap(guest, shape);
		*entry_at(guest, level, shape->iova) &= ~P;
		expect_fault(guest, shape, false, MOCK_DMA_FAULT_NOT_PRESENT, 1,
			     level);
		expect_marked_above(guest, shape, level);

		/* Nothing else in the entry counts */
		*entry_at(guest, level, shape->iova) = ~(P | A | D);
		expect_fault(guest, shape, true, MOCK_DMA_FAULT_NOT_PRESENT, 1,
			     level);
		expect_marked_above(guest, shape, level);
	}
}

static void walk_read_only(struct kunit *test)
{
	const struct shape *shape = test->param_value;
	struct guest *guest = test->priv;
	unsigned int level;

	for (level = shape->levels; level >= shape->leaf; level--) {
		guest_remap(guest, shape);
		*entry_at(guest, level, shape->iova) &= ~RW;
		expect_fault(guest, shape, true, MOCK_DMA_FAULT_PERMISSION, 1,
			     level);
		expect_marked_above(guest, shape, level);
		expect_mapped(guest, shape, false, false);
	}
}

static void walk_supervisor_only(struct kunit *test)
{
	const struct shape *shape = test->param_value;
	struct guest *guest = test->priv;
	unsigned int level;

	for (level = shape->levels; level >= shape->leaf; level--) {
		guest_remap(guest, shape);
		*entry_at(guest, level, shape->iova) &= ~US;
		expect_fault(guest, shape, false, MOCK_DMA_FAULT_PERMISSION, 1,
			     level);
		expect_fault(guest, shape, true, MOCK_DMA_FAULT_PERMISSION, 1,
			     level);
		expect_marked_above(guest, shape, level);
	}
}

/* A read may go on where a write may not, but not what it lets be cached */
static void walk_writable(struct kunit *test)
{
	const struct shape *shape = test->param_value;
	struct guest *guest = test->priv;
	unsigned int level;

	guest_remap(guest, shape);
	expect_mapped(guest, shape, false, false);
	*entry_at(guest, shape->leaf, shape->iova) |= D;
	expect_mapped(guest, shape, false, true);

	for (level = shape->levels; level >= shape->leaf; level--) {
		guest_remap(guest, shape);
		*entry_at(guest, shape->leaf, shape->iova) |= D;
		*entry_at(guest, level, shape->iova) &= ~RW;
		expect_mapped(guest, shape, false, false);
	}
}

static void walk_marks_read(struct kunit *test)
{
	const struct shape *shape = test->param_value;
	unsigned int used = shape->levels - shape->leaf + 1;
	struct guest *guest = test->priv;

	guest_remap(guest, shape);
	expect_mapped(guest, shape, false, false);
	expect_marked_above(guest, shape, shape->leaf - 1);

	/* All is marked: no second update, also with D that a read adds not */
	expect_mapped(guest, shape, false, false);
	KUNIT_EXPECT_EQ(test, guest->updates, used);
	*entry_at(guest, shape->leaf, shape->iova) |= D;
	expect_mapped(guest, shape, false, true);
	KUNIT_EXPECT_EQ(test, guest->updates, used);
}

static void walk_marks_write(struct kunit *test)
{
	const struct shape *shape = test->param_value;
	unsigned int used = shape->levels - shape->leaf + 1;
	struct guest *guest = test->priv;
	unsigned int level;

	guest_remap(guest, shape);
	expect_mapped(guest, shape, true, true);
	for (level = shape->levels; level >= shape->leaf; level--)
		KUNIT_EXPECT_EQ(test,
				*entry_at(guest, level, shape->iova) & (A | D),
				level == shape->leaf ? A | D : A);

	/* A and D came in one update, and a second walk adds nothing */
	KUNIT_EXPECT_EQ(test, guest->updates, used);
	expect_mapped(guest, shape, true, true);
	KUNIT_EXPECT_EQ(test, guest->updates, used);

	/* One update each when only D, or only A, is missing */
	*entry_at(guest, shape->leaf, shape->iova) &= ~D;
	expect_mapped(guest, shape, true, true);
	KUNIT_EXPECT_EQ(test, guest->updates, used + 1);
	*entry_at(guest, shape->leaf, shape->iova) &= ~A;
	expect_mapped(guest, shape, true, true);
	KUNIT_EXPECT_EQ(test, guest->updates, used + 2);
	KUNIT_EXPECT_EQ(test,
			*entry_at(guest, shape->leaf, shape->iova) & (A | D),
			A | D);
}

static void walk_stage2_load(struct kunit *test)
{
	const struct shape *shape = test->param_value;
	struct guest *guest = test->priv;
	unsigned int level;

	for (level = shape->levels; level >= shape->leaf; level--) {
		guest_remap(guest, shape);
		guest->fail_load = gpa_at(level, shape->iova);
		expect_fault(guest, shape, false, MOCK_DMA_FAULT_PERMISSION, 2,
			     level);
		expect_marked_above(guest, shape, level);

		guest->fail_reason = MOCK_DMA_FAULT_ADDRESS;
		expect_fault(guest, shape, true, MOCK_DMA_FAULT_ADDRESS, 2,
			     level);
		expect_marked_above(guest, shape, level);
	}
}

/* Tables that stage 2 has read-only serve until a bit has to be set in them */
static void walk_stage2_update(struct kunit *test)
{
	const struct shape *shape = test->param_value;
	struct guest *guest = test->priv;
	unsigned int level;

	for (level = shape->levels; level >= shape->leaf; level--) {
		guest_remap(guest, shape);
		guest->fail_update = gpa_at(level, shape->iova);
		expect_fault(guest, shape, false, MOCK_DMA_FAULT_PERMISSION, 2,
			     level);
		*entry_at(guest, level, shape->iova) |= A;
		expect_mapped(guest, shape, false, false);
	}

	expect_fault(guest, shape, true, MOCK_DMA_FAULT_PERMISSION, 2,
		     shape->leaf);
	*entry_at(guest, shape->leaf, shape->iova) |= D;
	expect_mapped(guest, shape, true, true);
}

/* The entry of @level changes by @bits before each of its next updates */
static void guest_race(struct guest *guest, const struct shape *shape,
		       unsigned int level, u64 bits, unsigned int changes)
{
	guest_remap(guest, shape);
	guest->change_gpa = gpa_at(level, shape->iova);
	guest->change_bits = bits;
	guest->changes = changes;
}

static void walk_race_denies(struct kunit *test)
{
	const struct shape *shape = test->param_value;
	struct guest *guest = test->priv;
	unsigned int level;

	for (level = shape->levels; level >= shape->leaf; level--) {
		guest_race(guest, shape, level, P, 1);
		expect_fault(guest, shape, true, MOCK_DMA_FAULT_NOT_PRESENT, 1,
			     level);
		KUNIT_EXPECT_EQ(test, *entry_at(guest, level, shape->iova) & A,
				0);

		guest_race(guest, shape, level, RW, 1);
		expect_fault(guest, shape, true, MOCK_DMA_FAULT_PERMISSION, 1,
			     level);
		guest_race(guest, shape, level, RW, 1);
		expect_mapped(guest, shape, false, false);
	}
}

static void walk_race_remaps(struct kunit *test)
{
	const struct shape *shape = test->param_value;
	struct guest *guest = test->priv;
	const u64 other = 0x0000123480000000ULL;

	guest_race(guest, shape, shape->leaf, PAGE_GPA ^ other, 1);
	expect_gpa(guest, shape, true, leaf_gpa(shape) - PAGE_GPA + other,
		   true);
	KUNIT_EXPECT_EQ(test, *entry_at(guest, shape->leaf, shape->iova),
			other | P | RW | US | A | D |
			(shape->leaf > 1 ? PS : 0));
	/* One update each, and one that was lost */
	KUNIT_EXPECT_EQ(test, guest->updates, shape->levels - shape->leaf + 2);
}

/* Another walk marked the entry first: there is nothing left to set */
static void walk_race_marks(struct kunit *test)
{
	const struct shape *shape = test->param_value;
	struct guest *guest = test->priv;

	guest_race(guest, shape, shape->leaf, A | D, 1);
	expect_mapped(guest, shape, true, true);
	KUNIT_EXPECT_EQ(test, guest->updates, shape->levels - shape->leaf + 1);

	/* It was a read that did: D still is */
	guest_race(guest, shape, shape->leaf, A, 1);
	expect_mapped(guest, shape, true, true);
	KUNIT_EXPECT_EQ(test, guest->updates, shape->levels - shape->leaf + 2);
}

static void walk_race_bounded(struct kunit *test)
{
	const struct shape *shape = test->param_value;
	struct guest *guest = test->priv;
	unsigned int level;

	for (level = shape->levels; level >= shape->leaf; level--) {
		guest_race(guest, shape, level, BIT_ULL(52), 1000);
		expect_fault(guest, shape, true, MOCK_DMA_FAULT_NOT_PRESENT, 1,
			     level);
		KUNIT_EXPECT_LE(test, guest->updates, 100);

		/* A few changes are no reason to give up */
		guest_race(guest, shape, level, BIT_ULL(52), 3);
		expect_mapped(guest, shape, true, true);
	}
}

/* The bits that are reserved in an entry of @level with PS */
struct reserved {
	const char *name;
	unsigned int levels;
	unsigned int level;
	unsigned int first;
	unsigned int last;
};

static const struct reserved reserveds[] = {
	{ "4 levels, 2M leaf", 4, 2, 13, 20 },
	{ "4 levels, 1G leaf", 4, 3, 13, 29 },
	{ "4 levels, PS at level 4", 4, 4, 7, 7 },
	{ "5 levels, 2M leaf", 5, 2, 13, 20 },
	{ "5 levels, 1G leaf", 5, 3, 13, 29 },
	{ "5 levels, PS at level 4", 5, 4, 7, 7 },
	{ "5 levels, PS at level 5", 5, 5, 7, 7 },
};

static void reserved_name(const struct reserved *reserved, char *desc)
{
	strscpy(desc, reserved->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(reserved, reserveds, reserved_name);

static void walk_reserved(struct kunit *test)
{
	const struct reserved *reserved = test->param_value;
	struct guest *guest = test->priv;
	struct shape shape = {
		.levels = reserved->levels,
		.leaf = min(reserved->level, 3U),
		.iova = LOW_4,
	};
	unsigned int bit;

	for (bit = reserved->first; bit <= reserved->last; bit++) {
		guest_remap(guest, &shape);
		*entry_at(guest, reserved->level, shape.iova) =
			P | RW | US | PS | BIT_ULL(bit);
		expect_fault(guest, &shape, false, MOCK_DMA_FAULT_RESERVED, 1,
			     reserved->level);
		expect_marked_above(guest, &shape, reserved->level);

		/* Reserved bits of an entry count before its permissions */
		*entry_at(guest, reserved->level, shape.iova) &= ~(RW | US);
		expect_fault(guest, &shape, true, MOCK_DMA_FAULT_RESERVED, 1,
			     reserved->level);
		expect_marked_above(guest, &shape, reserved->level);
	}
}

/* The next bit above a leaf's reserved ones is the lowest of its address */
static void walk_address_bits(struct kunit *test)
{
	const struct shape *shape = test->param_value;
	struct guest *guest = test->priv;
	unsigned int bit;

	for (bit = shift_of(shape->leaf); bit < 52; bit++) {
		guest_remap(guest, shape);
		*entry_at(guest, shape->leaf, shape->iova) ^= BIT_ULL(bit);
		expect_gpa(guest, shape, false, leaf_gpa(shape) ^ BIT_ULL(bit),
			   false);
	}
}

struct edge {
	const char *name;
	unsigned int levels;
	u64 iova;
	bool canonical;
};

static const struct edge edges[] = {
	{ "4 levels, first", 4, 0, true },
	{ "4 levels, last low", 4, 0x00007fffffffffffULL, true },
	{ "4 levels, first hole", 4, 0x0000800000000000ULL, false },
	{ "4 levels, last hole", 4, 0xffff7fffffffffffULL, false },
	{ "4 levels, first high", 4, 0xffff800000000000ULL, true },
	{ "4 levels, last", 4, 0xffffffffffffffffULL, true },
	{ "4 levels, bit 48", 4, 0x0001000000000000ULL, false },
	{ "4 levels, bit 63", 4, 0x8000000000000000ULL, false },
	{ "4 levels, not bit 63", 4, 0x7fff800000000000ULL, false },
	{ "4 levels, canonical for 5", 4, LOW_5, false },
	{ "5 levels, first", 5, 0, true },
	{ "5 levels, last low", 5, 0x00ffffffffffffffULL, true },
	{ "5 levels, first hole", 5, 0x0100000000000000ULL, false },
	{ "5 levels, last hole", 5, 0xfeffffffffffffffULL, false },
	{ "5 levels, first high", 5, 0xff00000000000000ULL, true },
	{ "5 levels, last", 5, 0xffffffffffffffffULL, true },
	{ "5 levels, bit 63", 5, 0x8000000000000000ULL, false },
	{ "5 levels, not bit 63", 5, 0x7f00000000000000ULL, false },
	{ "5 levels, hole of 4", 5, 0x0000800000000000ULL, true },
};

static void edge_name(const struct edge *edge, char *desc)
{
	strscpy(desc, edge->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(edge, edges, edge_name);

static void walk_canonical(struct kunit *test)
{
	const struct edge *edge = test->param_value;
	struct guest *guest = test->priv;
	struct shape shape = {
		.levels = edge->levels,
		.leaf = 1,
		.iova = edge->iova,
	};

	guest_map(guest, &shape);
	if (edge->canonical) {
		expect_mapped(guest, &shape, true, true);
	} else {
		expect_fault(guest, &shape, true, MOCK_DMA_FAULT_ADDRESS, 1,
			     shape.levels);
		KUNIT_EXPECT_EQ(test, guest->loads, 0);
	}
}

static void walk_loops(struct kunit *test)
{
	struct shape shape = { .leaf = 1, .iova = 0x123 };
	struct guest *guest = test->priv;

	for (shape.levels = 4; shape.levels <= 5; shape.levels++) {
		u64 root = table_gpa(shape.levels);

		/* The root's own entry 0 is what is found at every level */
		guest_reset(guest);
		guest->tables[shape.levels][0] = root | P | RW | US;
		expect_gpa(guest, &shape, true, root + 0x123, true);
		KUNIT_EXPECT_EQ(test, guest->loads, shape.levels);
		/* A at the top, D when it is met again as the leaf */
		KUNIT_EXPECT_EQ(test, guest->updates, 2);
	}
}

static void walk_bad_root(struct kunit *test)
{
	static const u64 roots[] = {
		0, TABLES_SIZE, TABLES - TABLE_BYTES, TABLES + TABLES_SIZE,
		TABLES | BIT_ULL(52), TABLES | BIT_ULL(63), ~0xfffULL,
	};
	struct shape shape = { .levels = 4, .leaf = 1, .iova = 0x8000 };
	struct walk_fault want = {
		.reason = MOCK_DMA_FAULT_NOT_PRESENT,
		.stage = 2,
		.level = 4,
	};
	struct guest *guest = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(roots); i++) {
		want.addr = roots[i];
		expect_fault_at(guest, 4, roots[i], shape.iova, true, want);
	}
	KUNIT_EXPECT_EQ(test, guest->loads, ARRAY_SIZE(roots));

	/* A root table of nothing but ones */
	memset(guest->tables, 0xff, sizeof(guest->tables));
	expect_fault(guest, &shape, false, MOCK_DMA_FAULT_RESERVED, 1, 4);
	KUNIT_EXPECT_EQ(test, guest->updates, 0);
}

/* Noise in the low and high bits of entries that lead from table to table */
static void guest_fill_noise(struct guest *guest, struct rnd_state *rnd)
{
	unsigned int i;
	u64 noise;

	for (i = 0; i < (MAX_LEVELS + 1) * ENTRIES; i++) {
		prandom_bytes_state(rnd, &noise, sizeof(noise));
		(&guest->tables[0][0])[i] = (noise & ~ADDR) |
			(prandom_u32_state(rnd) % 8 ? P | US : 0) |
			table_gpa(prandom_u32_state(rnd) % (MAX_LEVELS + 2));
	}
}

static void walk_noise(struct kunit *test)
{
	struct guest *guest = test->priv;
	unsigned int i, levels, translated = 0;
	struct rnd_state rnd;

	prandom_seed_state(&rnd, 0x1077d);
	for (i = 0; i < 10000; i++) {
		struct walk_result result = {};
		struct walk_fault fault = {};
		u64 iova;

		if (i % 100 == 0)
			guest_fill_noise(guest, &rnd);
		levels = 4 + i % 2;
		prandom_bytes_state(&rnd, &iova, sizeof(iova));
		if (i % 10)
			iova &= 0x00007fffffffffffULL;
		guest->loads = 0;
		guest->updates = 0;
		if (walk_stage1(&guest->mem, levels, table_gpa(levels), iova,
				i % 3, &result, &fault)) {
			translated++;
			KUNIT_EXPECT_EQ(test, fault.stage, 0);
			KUNIT_EXPECT_EQ(test, (result.gpa ^ iova) &
					((1ULL << result.shift) - 1), 0);
			KUNIT_EXPECT_LT(test, result.gpa, BIT_ULL(52));
		} else {
			KUNIT_EXPECT_NE(test, fault.reason, 0);
			KUNIT_EXPECT_EQ(test, result.shift, 0);
			KUNIT_EXPECT_GE(test, fault.level, 1);
			KUNIT_EXPECT_LE(test, fault.level, levels);
			KUNIT_EXPECT_TRUE(test,
					  fault.stage == 1 || fault.stage == 2);
		}
		KUNIT_EXPECT_LE(test, guest->loads, levels);
		KUNIT_EXPECT_LE(test, guest->updates, guest->loads);
	}
	KUNIT_EXPECT_GT(test, translated, 100);
}

static int walk_init(struct kunit *test)
{
	struct guest *guest = kunit_kzalloc(test, sizeof(*guest), GFP_KERNEL);

	if (!guest)
		return -ENOMEM;
	guest->test = test;
	guest->mem.load = guest_load;
	guest->mem.update = guest_update;
	guest_reset(guest);
	test->priv = guest;
	return 0;
}

static struct kunit_case walk_cases[] = {
	KUNIT_CASE_PARAM(walk_translates, shape_gen_params),
	KUNIT_CASE_PARAM(walk_address_bits, shape_gen_params),
	KUNIT_CASE_PARAM(walk_ignores_bits, shape_gen_params),
	KUNIT_CASE_PARAM(walk_canonical, edge_gen_params),
	KUNIT_CASE_PARAM(walk_not_present, shape_gen_params),
	KUNIT_CASE_PARAM(walk_reserved, reserved_gen_params),
	KUNIT_CASE_PARAM(walk_read_only, shape_gen_params),
	KUNIT_CASE_PARAM(walk_supervisor_only, shape_gen_params),
	KUNIT_CASE_PARAM(walk_writable, shape_gen_params),
	KUNIT_CASE_PARAM(walk_marks_read, shape_gen_params),
	KUNIT_CASE_PARAM(walk_marks_write, shape_gen_params),
	KUNIT_CASE_PARAM(walk_stage2_load, shape_gen_params),
	KUNIT_CASE_PARAM(walk_stage2_update, shape_gen_params),
	KUNIT_CASE_PARAM(walk_race_denies, shape_gen_params),
	KUNIT_CASE_PARAM(walk_race_remaps, shape_gen_params),
	KUNIT_CASE_PARAM(walk_race_marks, shape_gen_params),
	KUNIT_CASE_PARAM(walk_race_bounded, shape_gen_params),
	KUNIT_CASE(walk_loops),
	KUNIT_CASE(walk_bad_root),
	KUNIT_CASE(walk_noise),
	{}
};

static struct kunit_suite walk_suite = {
	.name = "iommufd_walk",
	.init = walk_init,
	.test_cases = walk_cases,
};

kunit_test_suite(walk_suite);

MODULE_LICENSE("GPL");
