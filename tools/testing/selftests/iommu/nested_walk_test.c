// SPDX-License-Identifier: GPL-2.0-only
/*
 * DMA through both stages: what a device reaches, and what blocks it where.
 * Each test uses every entry once, so that nothing depends on invalidation.
 */
#include "guest.h"

FIXTURE(walk)
{
	struct guest guest;
	__u64 iova;
	__u64 last_low;
	__u64 first_high;
};

FIXTURE_VARIANT(walk)
{
	unsigned int levels;
};

FIXTURE_VARIANT_ADD(walk, 4_level)
{
	.levels = IOMMU_HWPT_SELFTEST_S1_4LEVEL,
};

FIXTURE_VARIANT_ADD(walk, 5_level)
{
	.levels = IOMMU_HWPT_SELFTEST_S1_5LEVEL,
};

FIXTURE_SETUP(walk)
{
	unsigned int bits = variant->levels == 5 ? 56 : 47;

	guest_start(_metadata, &self->guest, variant->levels);
	self->iova = variant->levels == 5 ? IOVA_5LEVEL : IOVA_4LEVEL;
	self->last_low = (1ULL << bits) - SZ_4K;
	self->first_high = -(1ULL << bits);
}

FIXTURE_TEARDOWN(walk)
{
	guest_stop(_metadata, &self->guest);
}

/* ---- Translation ---- */

TEST_F(walk, page_of_4K)
{
	struct guest *guest = &self->guest;

	guest_map(_metadata, guest, self->iova, guest_data_gpa(3));
	EXPECT_EQ(MARK(3), guest_peek(guest, self->iova));
	EXPECT_EQ(0ULL, guest_poke(guest, self->iova + SZ_4K - 8, 0x600d));
	EXPECT_EQ(0x600dULL, get_u64(guest_data(guest, 3) + SZ_4K - 8));
	EXPECT_EQ(DMA_UNMAPPED, guest_peek(guest, self->iova - 8));
	EXPECT_EQ(DMA_UNMAPPED, guest_peek(guest, self->iova + SZ_4K));
}

TEST_F(walk, page_of_2M)
{
	struct guest *guest = &self->guest;
	__u64 iova = self->iova & ~(SZ_2M - 1);
	unsigned int i;

	guest_map_at(_metadata, guest, iova, GUEST_DATA, 2, PTE_RW);
	for (i = 0; i < DATA_PAGES; i++) {
		EXPECT_EQ(MARK(i), guest_peek(guest, iova + i * SZ_4K));
	}
	EXPECT_EQ(0ULL, guest_poke(guest, iova + 5 * SZ_4K, 0x600d));
	EXPECT_EQ(0x600dULL, get_u64(guest_data(guest, 5)));
	/* Stage 1 has all of it, stage 2 no more than the data pages */
	EXPECT_EQ(DMA_UNMAPPED, guest_peek(guest, iova + DATA_PAGES * SZ_4K));
	EXPECT_EQ(DMA_UNMAPPED, guest_peek(guest, iova + SZ_2M));
}

TEST_F(walk, page_of_1G)
{
	struct guest *guest = &self->guest;
	__u64 iova = self->iova & ~(SZ_1G - 1);
	unsigned int i;

	guest_map_at(_metadata, guest, iova, GUEST_HUGE, 3, PTE_RW);
	for (i = 0; i < DATA_PAGES; i++) {
		EXPECT_EQ(MARK(i), guest_peek(guest, iova + i * SZ_4K));
	}
	EXPECT_EQ(0ULL, guest_poke(guest, iova + 5 * SZ_4K, 0x600d));
	EXPECT_EQ(0x600dULL, get_u64(guest_data(guest, 5)));
	EXPECT_EQ(DMA_UNMAPPED, guest_peek(guest, iova + SZ_1G - 8));
}

TEST_F(walk, first_and_last_address_of_each_half)
{
	struct guest *guest = &self->guest;
	const __u64 iovas[] = { 0, self->last_low, self->first_high, -SZ_4K };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(iovas); i++)
		guest_map(_metadata, guest, iovas[i], guest_data_gpa(i));
	for (i = 0; i < ARRAY_SIZE(iovas); i++) {
		EXPECT_EQ(MARK(i), guest_peek(guest, iovas[i])) {
			TH_LOG("IOVA %#llx", iovas[i]);
		}
	}
}

TEST_F(walk, pages_in_any_order)
{
	struct guest *guest = &self->guest;
	unsigned int i;

	for (i = 0; i < DATA_PAGES; i++)
		guest_map(_metadata, guest, self->iova + i * SZ_4K,
			  guest_data_gpa(DATA_PAGES - 1 - i));
	for (i = 0; i < DATA_PAGES; i++) {
		EXPECT_EQ(MARK(DATA_PAGES - 1 - i),
			  guest_peek(guest, self->iova + i * SZ_4K));
	}
}

TEST_F(walk, dma_across_scattered_pages)
{
	struct guest *guest = &self->guest;
	static const unsigned int order[] = { 7, 2, 9 };
	char buf[2 * SZ_4K + 1000];
	struct mock_dma dma;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(order); i++) {
		guest_map(_metadata, guest, self->iova + i * SZ_4K,
			  guest_data_gpa(order[i]));
		memset(guest_data(guest, order[i]), '0' + i, SZ_4K);
	}
	ASSERT_EQ(0, mock_dma_read(guest->rig.fd, guest->dev.stdev_id,
				   self->iova + 100, buf, sizeof(buf), &dma));
	EXPECT_EQ(MOCK_DMA_FAULT_NONE, dma.reason);
	EXPECT_EQ((__u64)sizeof(buf), dma.length);
	for (i = 0; i < sizeof(buf); i++) {
		ASSERT_EQ('0' + (100 + i) / SZ_4K, (__u64)buf[i]);
	}
	memset(buf, 'w', sizeof(buf));
	ASSERT_EQ(0, mock_dma_write(guest->rig.fd, guest->dev.stdev_id,
				    self->iova + 100, buf, sizeof(buf), &dma));
	EXPECT_EQ((__u64)sizeof(buf), dma.length);
	EXPECT_EQ('0', guest_data(guest, 7)[99]);
	EXPECT_EQ('w', guest_data(guest, 7)[100]);
	EXPECT_EQ('w', guest_data(guest, 2)[0]);
	EXPECT_EQ('w', guest_data(guest, 2)[SZ_4K - 1]);
	EXPECT_EQ('w', guest_data(guest, 9)[1099]);
	EXPECT_EQ('2', guest_data(guest, 9)[1100]);
}

TEST_F(walk, dma_blocked_halfway_tells_how_far_it_got)
{
	struct guest *guest = &self->guest;
	struct mock_dma dma;
	char buf[SZ_4K];

	guest_map(_metadata, guest, self->iova, guest_data_gpa(0));
	ASSERT_EQ(0, mock_dma_read(guest->rig.fd, guest->dev.stdev_id,
				   self->iova + 1000, buf, sizeof(buf), &dma));
	EXPECT_EQ(SZ_4K - 1000, dma.length);
	EXPECT_EQ(MOCK_DMA_FAULT_NOT_PRESENT, dma.reason);
	EXPECT_EQ(1, dma.stage);
	EXPECT_EQ(1, dma.level);
	EXPECT_EQ(self->iova + SZ_4K, dma.addr);
}

TEST_F(walk, without_a_table_an_iova_is_guest_physical)
{
	struct guest *guest = &self->guest;
	struct rig *rig = &guest->rig;
	__u32 flat = rig_nested(_metadata, rig, guest->dev.idev_id,
				rig->parent_id, 0, 0);
	struct mock_dma dma;

	ASSERT_EQ(0, mock_replace(rig->fd, guest->dev.stdev_id, flat, NULL));
	EXPECT_EQ(MARK(4), guest_peek(guest, guest_data_gpa(4)));
	EXPECT_EQ(0ULL, guest_poke(guest, guest_data_gpa(4), 1));
	EXPECT_EQ(1ULL, get_u64(guest_data(guest, 4)));
	dma = guest_dma(_metadata, guest, GUEST_NOTHING, false);
	EXPECT_EQ(MOCK_DMA_FAULT_NOT_PRESENT, dma.reason);
	EXPECT_EQ(2, dma.stage);
	EXPECT_EQ(0, dma.level);
	EXPECT_EQ(GUEST_NOTHING, dma.addr);
}

TEST_F(walk, table_that_loops_ends)
{
	struct guest *guest = &self->guest;
	__u64 entry = guest->root | PTE_RW | PTE_A;

	/* Entry 0 of the root is the root: every level, and the page */
	set_u64(guest->tables, entry);
	EXPECT_EQ(entry, guest_peek(guest, 0));
}

/* ---- Blocked at stage 1 ---- */

static void expect_fault(struct __test_metadata *_metadata,
			 const struct mock_dma *dma, enum mock_dma_fault reason,
			 unsigned int stage, int level, __u64 addr)
{
	EXPECT_EQ(0ULL, dma->length);
	EXPECT_EQ(reason, dma->reason);
	EXPECT_EQ(stage, dma->stage);
	if (level >= 0) {
		EXPECT_EQ(level, dma->level);
	}
	EXPECT_EQ(addr, dma->addr);
}

/* The contract does not say at which level; -1 takes any */
#define ANY_LEVEL (-1)

TEST_F(walk, entry_not_present_blocks_at_its_level)
{
	struct guest *guest = &self->guest;
	unsigned int level;
	struct mock_dma dma;

	for (level = guest->levels; level > 0; level--) {
		/* Everything but the present bit is there */
		guest_entry(_metadata, guest, self->iova, level);
		set_u64(guest_entry(_metadata, guest, self->iova, level),
			guest_data_gpa(0) | (PTE_RW & ~PTE_P));
		dma = guest_dma(_metadata, guest, self->iova + 8, false);
		expect_fault(_metadata, &dma, MOCK_DMA_FAULT_NOT_PRESENT, 1,
			     level, self->iova + 8);
		dma = guest_dma(_metadata, guest, self->iova + 8, true);
		expect_fault(_metadata, &dma, MOCK_DMA_FAULT_NOT_PRESENT, 1,
			     level, self->iova + 8);
		set_u64(guest_entry(_metadata, guest, self->iova, level), 0);
	}
}

TEST_F(walk, read_only_entry_at_any_level_blocks_writes_alone)
{
	struct guest *guest = &self->guest;
	unsigned int level;
	struct mock_dma dma;
	__u64 *entry;

	guest_map(_metadata, guest, self->iova, guest_data_gpa(1));
	for (level = guest->levels; level > 0; level--) {
		entry = guest_entry(_metadata, guest, self->iova, level);
		set_u64(entry, get_u64(entry) & ~PTE_W);
		dma = guest_dma(_metadata, guest, self->iova, true);
		expect_fault(_metadata, &dma, MOCK_DMA_FAULT_PERMISSION, 1,
			     level == 1 ? 1 : ANY_LEVEL, self->iova);
		EXPECT_EQ(MARK(1), guest_peek(guest, self->iova));
		ASSERT_EQ(0, guest_invalidate_all(guest));
		set_u64(entry, get_u64(entry) | PTE_W);
	}
	EXPECT_EQ(0ULL, guest_poke(guest, self->iova, 2));
}

TEST_F(walk, read_only_huge_pages_block_writes)
{
	struct guest *guest = &self->guest;
	__u64 iova_2m = self->iova & ~(SZ_2M - 1);
	__u64 iova_1g = (self->iova & ~(SZ_1G - 1)) + SZ_1G;

	guest_map_at(_metadata, guest, iova_2m, GUEST_DATA, 2, PTE_RO);
	guest_map_at(_metadata, guest, iova_1g, GUEST_HUGE, 3, PTE_RO);
	EXPECT_EQ(MARK(0), guest_peek(guest, iova_2m));
	EXPECT_EQ(DMA_FORBIDDEN, guest_poke(guest, iova_2m, 1));
	EXPECT_EQ(MARK(0), guest_peek(guest, iova_1g));
	EXPECT_EQ(DMA_FORBIDDEN, guest_poke(guest, iova_1g, 1));
	EXPECT_EQ(MARK(0), get_u64(guest->data));
}

TEST_F(walk, not_canonical_iova_is_blocked)
{
	struct guest *guest = &self->guest;
	const __u64 iovas[] = { self->last_low + SZ_4K, self->first_high - 8,
				1ULL << 62, 1ULL << 63 };
	struct mock_dma dma;
	unsigned int i;

	/* Without the check they would be this one */
	guest_map(_metadata, guest, 0, guest_data_gpa(0));
	guest_map(_metadata, guest, self->first_high, guest_data_gpa(0));
	guest_map(_metadata, guest, self->last_low, guest_data_gpa(0));
	for (i = 0; i < ARRAY_SIZE(iovas); i++) {
		dma = guest_dma(_metadata, guest, iovas[i], false);
		expect_fault(_metadata, &dma, MOCK_DMA_FAULT_ADDRESS, 1,
			     ANY_LEVEL, iovas[i]);
	}
}

TEST_F(walk, dma_past_the_last_iova_is_not_taken_to_the_first)
{
	struct guest *guest = &self->guest;
	__u64 buf[2] = {};
	struct mock_dma dma = {};
	int rc;

	guest_map(_metadata, guest, 0, guest_data_gpa(0));
	guest_map(_metadata, guest, -SZ_4K, guest_data_gpa(1));
	rc = mock_dma_read(guest->rig.fd, guest->dev.stdev_id, -8ULL, buf,
			   sizeof(buf), &dma);
	/* Refused as a whole, or blocked where the space ends */
	EXPECT_TRUE(rc < 0 || dma.length <= 8);
	EXPECT_NE(MARK(0), buf[1]);
}

TEST_F(walk, reserved_bits_are_blocked)
{
	const struct {
		unsigned int level;
		__u64 bits;
	} cases[] = {
		/* A leaf cannot be this high */
		{ 4, PTE_PS },
		{ variant->levels, PTE_PS },
		/* The low address bits of a huge page */
		{ 3, PTE_PS | 1ULL << 13 },
		{ 3, PTE_PS | 1ULL << 29 },
		{ 2, PTE_PS | 1ULL << 13 },
		{ 2, PTE_PS | 1ULL << 20 },
	};
	struct guest *guest = &self->guest;
	struct mock_dma dma;
	unsigned int i;
	__u64 *entry;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		entry = guest_entry(_metadata, guest, self->iova,
				    cases[i].level);
		set_u64(entry, GUEST_HUGE | PTE_RW | cases[i].bits);
		dma = guest_dma(_metadata, guest, self->iova, false);
		expect_fault(_metadata, &dma, MOCK_DMA_FAULT_RESERVED, 1,
			     cases[i].level, self->iova);
		set_u64(entry, 0);
	}
}

/* ---- Blocked at stage 2 ---- */

TEST_F(walk, table_outside_stage2_blocks_at_its_level)
{
	struct guest *guest = &self->guest;
	unsigned int level;
	struct mock_dma dma;
	__u64 *entry, saved;

	guest_map(_metadata, guest, self->iova, guest_data_gpa(0));
	/* level is that of the table that is missing, or 0 for the page */
	for (level = 0; level < guest->levels; level++) {
		entry = guest_entry(_metadata, guest, self->iova, level + 1);
		saved = get_u64(entry);
		set_u64(entry, GUEST_NOTHING | PTE_RW);
		dma = guest_dma(_metadata, guest, self->iova + 8, false);
		EXPECT_EQ(MOCK_DMA_FAULT_NOT_PRESENT, dma.reason);
		EXPECT_EQ(2, dma.stage);
		EXPECT_EQ(level, dma.level);
		EXPECT_EQ(GUEST_NOTHING, dma.addr & ~(SZ_4K - 1));
		set_u64(entry, saved);
	}
	EXPECT_EQ(MARK(0), guest_peek(guest, self->iova));
}

TEST_F(walk, root_outside_stage2_blocks_at_the_top)
{
	static const __u64 roots[] = { 0, APERTURE_FIRST + 2 * SZ_2M,
				       APERTURE_LAST + 1, PTE_ADDR };
	struct guest *guest = &self->guest;
	struct rig *rig = &guest->rig;
	struct mock_dma dma;
	unsigned int i;
	__u32 hwpt;

	for (i = 0; i < ARRAY_SIZE(roots); i++) {
		hwpt = guest_new_hwpt(_metadata, guest, roots[i]);
		ASSERT_EQ(0, mock_replace(rig->fd, guest->dev.stdev_id, hwpt,
					  NULL));
		dma = guest_dma(_metadata, guest, self->iova, false);
		EXPECT_NE(MOCK_DMA_FAULT_NONE, dma.reason);
		EXPECT_EQ(2, dma.stage);
		EXPECT_EQ(guest->levels, dma.level);
		EXPECT_EQ(roots[i], dma.addr & ~(SZ_4K - 1));
	}
}

TEST_F(walk, page_outside_stage2_is_told_with_its_offset)
{
	struct guest *guest = &self->guest;
	struct mock_dma dma;

	guest_map(_metadata, guest, self->iova, GUEST_NOTHING);
	dma = guest_dma(_metadata, guest, self->iova + 0x120, true);
	expect_fault(_metadata, &dma, MOCK_DMA_FAULT_NOT_PRESENT, 2, 0,
		     GUEST_NOTHING + 0x120);
}

/* Map one more page at stage 2, out of the way of the others */
static char *map_stage2(struct __test_metadata *_metadata, struct guest *guest,
			__u32 rights)
{
	char *mem = get_memory(_metadata, SZ_4K);

	rig_map(_metadata, &guest->rig, mem, SZ_4K, GUEST_NOTHING, rights);
	return mem;
}

TEST_F(walk, stage2_rights_bind_whatever_stage1_says)
{
	struct guest *guest = &self->guest;
	struct mock_dma dma;
	char *mem = map_stage2(_metadata, guest, IOAS_MAP_RO);

	set_u64(mem, 5);
	guest_map(_metadata, guest, self->iova, GUEST_NOTHING);
	EXPECT_EQ(5ULL, guest_peek(guest, self->iova));
	dma = guest_dma(_metadata, guest, self->iova + 8, true);
	expect_fault(_metadata, &dma, MOCK_DMA_FAULT_PERMISSION, 2, 0,
		     GUEST_NOTHING + 8);
	EXPECT_EQ(0ULL, get_u64(mem + 8));
}

TEST_F(walk, stage2_without_read_blocks_reads)
{
	struct guest *guest = &self->guest;
	char *mem = map_stage2(_metadata, guest, IOAS_MAP_WO);
	struct mock_dma dma;

	guest_map(_metadata, guest, self->iova, GUEST_NOTHING);
	dma = guest_dma(_metadata, guest, self->iova, false);
	expect_fault(_metadata, &dma, MOCK_DMA_FAULT_PERMISSION, 2, 0,
		     GUEST_NOTHING);
	EXPECT_EQ(0ULL, guest_poke(guest, self->iova, 6));
	EXPECT_EQ(6ULL, get_u64(mem));
}

/* Put the last table on its way into memory with rights of its own */
static __u64 *move_leaf_table(struct __test_metadata *_metadata,
			      struct guest *guest, __u64 iova, __u32 rights)
{
	char *mem = map_stage2(_metadata, guest, rights);
	__u64 *entry = (__u64 *)mem + (iova >> 12 & 511);

	set_u64(guest_entry(_metadata, guest, iova, 2), GUEST_NOTHING | PTE_RW);
	return entry;
}

TEST_F(walk, table_that_cannot_be_written_blocks_setting_accessed)
{
	struct guest *guest = &self->guest;
	__u64 *entry = move_leaf_table(_metadata, guest, self->iova,
				       IOAS_MAP_RO);
	struct mock_dma dma;

	set_u64(entry, guest_data_gpa(2) | PTE_RW);
	dma = guest_dma(_metadata, guest, self->iova, false);
	EXPECT_EQ(MOCK_DMA_FAULT_PERMISSION, dma.reason);
	EXPECT_EQ(2, dma.stage);
	EXPECT_EQ(1, dma.level);
	EXPECT_EQ(GUEST_NOTHING, dma.addr & ~(SZ_4K - 1));
	EXPECT_EQ(guest_data_gpa(2) | PTE_RW, get_u64(entry));
}

TEST_F(walk, table_that_cannot_be_written_serves_what_is_set_already)
{
	struct guest *guest = &self->guest;
	__u64 *entry = move_leaf_table(_metadata, guest, self->iova,
				       IOAS_MAP_RO);

	set_u64(entry, guest_data_gpa(2) | PTE_RW | PTE_A);
	EXPECT_EQ(MARK(2), guest_peek(guest, self->iova));
	/* A write would set the dirty bit */
	EXPECT_EQ(DMA_FORBIDDEN, guest_poke(guest, self->iova, 1));
	EXPECT_EQ(MARK(2), get_u64(guest_data(guest, 2)));
}

TEST_F(walk, table_that_cannot_be_read_blocks)
{
	struct guest *guest = &self->guest;
	__u64 *entry = move_leaf_table(_metadata, guest, self->iova,
				       IOAS_MAP_WO);
	/* With and without a bit to set */
	const __u64 bits[] = { PTE_RW, PTE_RW | PTE_A, PTE_RW | PTE_A | PTE_D };
	struct mock_dma dma;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bits); i++) {
		set_u64(entry, guest_data_gpa(2) | bits[i]);
		dma = guest_dma(_metadata, guest, self->iova, true);
		EXPECT_EQ(MOCK_DMA_FAULT_PERMISSION, dma.reason);
		EXPECT_EQ(2, dma.stage);
		EXPECT_EQ(1, dma.level);
	}
	dma = guest_dma(_metadata, guest, self->iova, false);
	EXPECT_EQ(MOCK_DMA_FAULT_PERMISSION, dma.reason);
}

/* ---- Accessed and dirty ---- */

/* The two bits at a level */
static __u64 bits_at(struct __test_metadata *_metadata, struct guest *guest,
		     __u64 iova, unsigned int level)
{
	return get_u64(guest_entry(_metadata, guest, iova, level)) &
	       (PTE_A | PTE_D);
}

/* Read, then write, through a leaf at each level */
static void expect_accessed_dirty(struct __test_metadata *_metadata,
				  struct guest *guest, __u64 iova,
				  unsigned int leaf)
{
	unsigned int level;

	EXPECT_EQ(MARK(0), guest_peek(guest, iova));
	for (level = guest->levels; level >= leaf; level--) {
		EXPECT_EQ(PTE_A, bits_at(_metadata, guest, iova, level));
	}
	/* Although the translation is cached from the read */
	EXPECT_EQ(0ULL, guest_poke(guest, iova, MARK(0)));
	EXPECT_EQ(PTE_A | PTE_D, bits_at(_metadata, guest, iova, leaf));
	for (level = guest->levels; level > leaf; level--) {
		EXPECT_EQ(PTE_A, bits_at(_metadata, guest, iova, level));
	}
}

TEST_F(walk, accessed_and_dirty_are_set_for_pages_of_each_size)
{
	struct guest *guest = &self->guest;
	__u64 iova_2m = (self->iova & ~(SZ_2M - 1)) + SZ_2M;
	__u64 iova_1g = (self->iova & ~(SZ_1G - 1)) + SZ_1G;

	guest_map(_metadata, guest, self->iova, guest_data_gpa(0));
	guest_map_at(_metadata, guest, iova_2m, GUEST_DATA, 2, PTE_RW);
	guest_map_at(_metadata, guest, iova_1g, GUEST_HUGE, 3, PTE_RW);
	expect_accessed_dirty(_metadata, guest, self->iova, 1);
	expect_accessed_dirty(_metadata, guest, iova_2m, 2);
	expect_accessed_dirty(_metadata, guest, iova_1g, 3);
}

TEST_F(walk, write_sets_both_at_once)
{
	struct guest *guest = &self->guest;
	__u64 *entry = guest_map(_metadata, guest, self->iova,
				 guest_data_gpa(1));

	EXPECT_EQ(0ULL, guest_poke(guest, self->iova, 1));
	EXPECT_EQ(guest_data_gpa(1) | PTE_RW | PTE_A | PTE_D, get_u64(entry));
}

TEST_F(walk, blocked_write_does_not_set_dirty)
{
	struct guest *guest = &self->guest;
	__u64 *entry = guest_map_at(_metadata, guest, self->iova,
				    guest_data_gpa(1), 1, PTE_RO);

	EXPECT_EQ(DMA_FORBIDDEN, guest_poke(guest, self->iova, 1));
	EXPECT_EQ(0ULL, get_u64(entry) & PTE_D);
}

TEST_F(walk, unused_entries_stay_as_they_are)
{
	struct guest *guest = &self->guest;
	__u64 *next, *absent;

	guest_map(_metadata, guest, self->iova, guest_data_gpa(1));
	next = guest_map(_metadata, guest, self->iova + SZ_4K,
			 guest_data_gpa(2));
	absent = guest_entry(_metadata, guest, self->iova - SZ_4K, 1);
	set_u64(absent, guest_data_gpa(3));
	EXPECT_EQ(MARK(1), guest_peek(guest, self->iova));
	EXPECT_EQ(DMA_UNMAPPED, guest_peek(guest, self->iova - SZ_4K));
	EXPECT_EQ(guest_data_gpa(2) | PTE_RW, get_u64(next));
	EXPECT_EQ(guest_data_gpa(3), get_u64(absent));
}

TEST_HARNESS_MAIN
