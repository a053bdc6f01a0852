// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guests that write what they like into their stage-1 tables: loops, addresses that
 * lead out of stage 2 or nowhere, bits that mean nothing. Whatever it is, a DMA either
 * reaches what the tables and stage 2 say together or is blocked, and nothing that is
 * not mapped is ever touched.
 *
 * Around what is mapped for the guest is memory that is not: the fences, which hold
 * FENCE in every word when a test ends.
 */
#include "guest.h"

#define FENCE	    0xfe4cefe4cefe4ceULL
#define FENCE_PAGES 4

/* RAM, a window of no memory, RAM, as below and above a guest's MMIO */
#define GUEST_LOW    (APERTURE_FIRST + 4 * SZ_2M)
#define GUEST_WINDOW (GUEST_LOW + 2 * SZ_4K)
#define GUEST_ABOVE  (GUEST_WINDOW + 3 * SZ_4K)

FIXTURE(hostile)
{
	struct guest guest;
	__u64 iova;
	char *ram;
	char *fence;
};

FIXTURE_VARIANT(hostile)
{
	unsigned int levels;
};

FIXTURE_VARIANT_ADD(hostile, 4_level)
{
	.levels = IOMMU_HWPT_SELFTEST_S1_4LEVEL,
};

FIXTURE_VARIANT_ADD(hostile, 5_level)
{
	.levels = IOMMU_HWPT_SELFTEST_S1_5LEVEL,
};

static void fill(char *mem, unsigned int pages, __u64 value)
{
	__u64 i;

	for (i = 0; i < pages * SZ_4K; i += 8)
		set_u64(mem + i, value);
}

/* A fence, two pages of RAM, and another fence, in one piece of host memory */
FIXTURE_SETUP(hostile)
{
	self->fence = get_memory(_metadata, (2 * FENCE_PAGES + 2) * SZ_4K);
	self->ram = self->fence + FENCE_PAGES * SZ_4K;
	fill(self->fence, 2 * FENCE_PAGES + 2, FENCE);
	guest_start(_metadata, &self->guest, variant->levels);
	self->iova = variant->levels == 5 ? IOVA_5LEVEL : IOVA_4LEVEL;
	rig_map(_metadata, &self->guest.rig, self->ram, SZ_4K,
		GUEST_WINDOW - SZ_4K, IOAS_MAP_RW);
	rig_map(_metadata, &self->guest.rig, self->ram + SZ_4K, SZ_4K,
		GUEST_ABOVE, IOAS_MAP_RW);
}

FIXTURE_TEARDOWN(hostile)
{
	char *behind = self->ram + 2 * SZ_4K;
	__u64 i;

	for (i = 0; i < FENCE_PAGES * SZ_4K; i += 8) {
		ASSERT_EQ(FENCE, get_u64(self->fence + i));
		ASSERT_EQ(FENCE, get_u64(behind + i));
	}
	guest_stop(_metadata, &self->guest);
}

/* Blocked before the first byte, by that stage at that level, and why */
static void expect_blocked(struct __test_metadata *_metadata,
			   const struct guest *guest, __u64 iova,
			   enum mock_dma_fault reason, unsigned int stage,
			   unsigned int level)
{
	unsigned int write;
	struct mock_dma dma;

	for (write = 0; write < 2; write++) {
		dma = guest_dma(_metadata, guest, iova, write);
		EXPECT_EQ(0ULL, dma.length);
		EXPECT_EQ(reason, dma.reason);
		EXPECT_EQ(stage, dma.stage);
		EXPECT_EQ(level, dma.level);
	}
}

/* The same index at every level, and that of the word in the page */
static __u64 iova_of_index(const struct guest *guest, unsigned int index)
{
	__u64 iova = index * 8;
	unsigned int level;

	for (level = 1; level <= guest->levels; level++)
		iova |= (__u64)index << (12 + 9 * (level - 1));
	/* The upper half of the addresses is where the last indices are */
	if (index > 255)
		iova |= -1ULL << (12 + 9 * guest->levels);
	return iova;
}

/* ---- Loops ---- */

TEST_F(hostile, root_that_is_its_own_table_and_page)
{
	static const unsigned int indices[] = {0, 1, 255, 256, 511};
	struct guest *guest = &self->guest;
	unsigned int i;
	__u64 iova, *entry;

	for (i = 0; i < ARRAY_SIZE(indices); i++) {
		iova = iova_of_index(guest, indices[i]);
		entry = (__u64 *)guest->tables + indices[i];
		set_u64(entry, guest->root | PTE_RW);
		/* The entry is a table's at every level and then what is read */
		EXPECT_EQ(guest->root | PTE_RW | PTE_A,
			  guest_peek(guest, iova));
		/* To write it marks it dirty first, and then it is written */
		EXPECT_EQ(0ULL, guest_poke(guest, iova, 0));
		EXPECT_EQ(0ULL, get_u64(entry));
		/* The walk that was cached is over when the guest says so */
		EXPECT_EQ(0, guest_invalidate_all(guest));
		expect_blocked(_metadata, guest, iova,
			       MOCK_DMA_FAULT_NOT_PRESENT, 1, guest->levels);
	}
}

TEST_F(hostile, table_at_each_level_that_is_the_next_one_too)
{
	struct guest *guest = &self->guest;
	unsigned int level;
	__u64 table, *entry;

	for (level = guest->levels - 1; level > 1; level--) {
		entry = guest_entry(_metadata, guest, self->iova, level);
		table = GUEST_TABLES +
			((char *)entry - guest->tables) / SZ_4K * SZ_4K;
		memset(guest->tables + (table - GUEST_TABLES), 0, SZ_4K);
		set_u64(entry, table | PTE_RW);
		/* It has one entry, and at the next level another is looked for */
		expect_blocked(_metadata, guest, self->iova,
			       MOCK_DMA_FAULT_NOT_PRESENT, 1, level - 1);
		set_u64(entry, 0);
	}
}

TEST_F(hostile, two_tables_that_are_each_others)
{
	struct guest *guest = &self->guest;
	__u64 other = guest_new_table(_metadata, guest);
	__u64 *entries[] = {
		guest_entry_in(guest, guest->root, 1, 0),
		guest_entry_in(guest, other, 1, 0),
	};
	/* The page is the table that is not the last one */
	unsigned int page = guest->levels & 1;

	set_u64(entries[0], other | PTE_RW);
	set_u64(entries[1], guest->root | PTE_RW);
	EXPECT_EQ((page ? guest->root : other) | PTE_RW | PTE_A,
		  guest_peek(guest, 0));
}

TEST_F(hostile, page_that_is_the_table_of_itself)
{
	struct guest *guest = &self->guest;
	__u64 *entry = guest_entry(_metadata, guest, self->iova, 1);
	__u64 offset = (uintptr_t)entry % SZ_4K;
	__u64 table = GUEST_TABLES + ((char *)entry - guest->tables) - offset;

	set_u64(entry, table | PTE_RW);
	/* The device rewrites the entry that it came by */
	EXPECT_EQ(0ULL, guest_poke(guest, self->iova + offset,
				   guest_data_gpa(3) | PTE_RW));
	EXPECT_EQ(0, guest_invalidate_all(guest));
	EXPECT_EQ(MARK(3), guest_peek(guest, self->iova));
	/* To where it has no more rights than before */
	set_u64(entry, table | PTE_RW);
	EXPECT_EQ(0, guest_invalidate_all(guest));
	EXPECT_EQ(0ULL, guest_poke(guest, self->iova + offset,
				   GUEST_WINDOW | PTE_RW));
	EXPECT_EQ(0, guest_invalidate_all(guest));
	expect_blocked(_metadata, guest, self->iova, MOCK_DMA_FAULT_NOT_PRESENT,
		       2, 0);
}

/* ---- Out of stage 2 ---- */

struct place {
	__u64 gpa;
	enum mock_dma_fault reason;
};

/* Nothing is there, or nothing can be */
static const struct place nowhere[] = {
	{0, MOCK_DMA_FAULT_NOT_PRESENT},
	{APERTURE_FIRST - SZ_4K, MOCK_DMA_FAULT_NOT_PRESENT},
	{GUEST_NOTHING, MOCK_DMA_FAULT_NOT_PRESENT},
	{GUEST_WINDOW, MOCK_DMA_FAULT_NOT_PRESENT},
	{GUEST_WINDOW + 2 * SZ_4K, MOCK_DMA_FAULT_NOT_PRESENT},
	{GUEST_ABOVE + SZ_4K, MOCK_DMA_FAULT_NOT_PRESENT},
	{APERTURE_LAST + 1 - SZ_4K, MOCK_DMA_FAULT_NOT_PRESENT},
	{APERTURE_LAST + 1, MOCK_DMA_FAULT_ADDRESS},
	{1ULL << 32 | GUEST_DATA, MOCK_DMA_FAULT_ADDRESS},
	{1ULL << 47 | GUEST_DATA, MOCK_DMA_FAULT_ADDRESS},
	{1ULL << 51 | GUEST_DATA, MOCK_DMA_FAULT_ADDRESS},
	{PTE_ADDR, MOCK_DMA_FAULT_ADDRESS},
};

TEST_F(hostile, entries_of_each_level_that_lead_nowhere)
{
	struct guest *guest = &self->guest;
	unsigned int level, i;
	__u64 *entry, before;

	guest_map(_metadata, guest, self->iova, guest_data_gpa(0));
	for (level = guest->levels; level > 0; level--) {
		entry = guest_entry(_metadata, guest, self->iova, level);
		before = get_u64(entry);
		for (i = 0; i < ARRAY_SIZE(nowhere); i++) {
			set_u64(entry, nowhere[i].gpa | PTE_RW);
			expect_blocked(_metadata, guest, self->iova,
				       nowhere[i].reason, 2, level - 1);
		}
		set_u64(entry, before);
	}
	EXPECT_EQ(MARK(0), guest_peek(guest, self->iova));
}

TEST_F(hostile, roots_that_lead_nowhere)
{
	struct guest *guest = &self->guest;
	unsigned int i;
	__u32 hwpt;

	for (i = 0; i < ARRAY_SIZE(nowhere); i++) {
		hwpt = guest_new_hwpt(_metadata, guest, nowhere[i].gpa);
		ASSERT_EQ(0, mock_replace(guest->rig.fd, guest->dev.stdev_id,
					  hwpt, NULL));
		expect_blocked(_metadata, guest, self->iova, nowhere[i].reason,
			       2, guest->levels);
	}
}

TEST_F(hostile, roots_that_no_table_can_have_are_refused)
{
	static const __u64 roots[] = {
		1,	SZ_4K - 1, APERTURE_FIRST + 8, 1ULL << 52, 1ULL << 63,
		-SZ_4K, -1ULL,
	};
	struct guest *guest = &self->guest;
	struct iommu_hwpt_selftest_v2 data = {.format = guest->levels};
	unsigned int i;
	__u32 id;

	for (i = 0; i < ARRAY_SIZE(roots); i++) {
		data.root = roots[i];
		EXPECT_EQ(-EINVAL,
			  hwpt_alloc_nested(guest->rig.fd, guest->dev.idev_id,
					    guest->rig.parent_id,
					    IOMMU_HWPT_DATA_SELFTEST, &data,
					    sizeof(data), &id)) {
			TH_LOG("root %#llx", roots[i]);
		}
	}
}

TEST_F(hostile, bits_above_the_address_are_not_of_it)
{
	struct guest *guest = &self->guest;
	unsigned int level, bit;
	__u64 *entry, before;

	guest_map(_metadata, guest, self->iova, guest_data_gpa(1));
	for (level = guest->levels; level > 0; level--) {
		entry = guest_entry(_metadata, guest, self->iova, level);
		before = get_u64(entry);
		for (bit = 52; bit < 64; bit++) {
			set_u64(entry, before | 1ULL << bit);
			EXPECT_EQ(0, guest_invalidate_all(guest));
			EXPECT_EQ(MARK(1), guest_peek(guest, self->iova));
		}
		set_u64(entry, before);
	}
}

/* ---- Holes ---- */

TEST_F(hostile, dma_into_a_window_of_no_memory_ends_at_it)
{
	struct guest *guest = &self->guest;
	char buf[6 * SZ_4K];
	struct mock_dma dma;
	unsigned int i;

	for (i = 0; i < 6; i++)
		guest_map(_metadata, guest, self->iova + i * SZ_4K,
			  GUEST_WINDOW - SZ_4K + i * SZ_4K);
	memset(buf, 'w', sizeof(buf));
	ASSERT_EQ(0, mock_dma_write(guest->rig.fd, guest->dev.stdev_id,
				    self->iova, buf, sizeof(buf), &dma));
	EXPECT_EQ(SZ_4K, dma.length);
	EXPECT_EQ(MOCK_DMA_FAULT_NOT_PRESENT, dma.reason);
	EXPECT_EQ(2, dma.stage);
	EXPECT_EQ(GUEST_WINDOW, dma.addr);
	EXPECT_EQ('w', self->ram[0]);
	EXPECT_EQ('w', self->ram[SZ_4K - 1]);
	/* What is beyond the window is the other page's, and was not reached */
	EXPECT_EQ(FENCE, get_u64(self->ram + SZ_4K));
}

TEST_F(hostile, large_page_over_a_window_of_no_memory)
{
	struct guest *guest = &self->guest;
	__u64 iova = self->iova & ~(SZ_2M - 1);
	__u64 at = GUEST_WINDOW - SZ_4K - GUEST_LOW;
	unsigned int i;

	guest_map_at(_metadata, guest, iova, GUEST_LOW, 2, PTE_RW);
	for (i = 0; i < 6; i++) {
		__u64 where = iova + at + i * SZ_4K;
		/* The first is RAM, and the one that is above the window */
		bool is_ram = i == 0 || i == 4;

		EXPECT_EQ(is_ram ? FENCE : DMA_UNMAPPED,
			  guest_peek(guest, where));
		EXPECT_EQ(is_ram ? 0 : DMA_UNMAPPED,
			  guest_poke(guest, where, i));
	}
	EXPECT_EQ(0ULL, get_u64(self->ram));
	EXPECT_EQ(4ULL, get_u64(self->ram + SZ_4K));
}

TEST_F(hostile, large_page_over_all_that_there_is)
{
	struct guest *guest = &self->guest;
	__u64 iova = self->iova & ~(SZ_1G - 1);
	__u64 gpa;

	/* 1G from 0 on: all of stage 2 but what is at GUEST_HUGE */
	guest_map_at(_metadata, guest, iova, 0, 3, PTE_RW);
	EXPECT_EQ(MARK(2), guest_peek(guest, iova + guest_data_gpa(2)));
	EXPECT_EQ(FENCE, guest_peek(guest, iova + GUEST_ABOVE));
	for (gpa = 0; gpa < SZ_1G; gpa += SZ_2M) {
		if (gpa == GUEST_TABLES || gpa == GUEST_DATA)
			continue;
		EXPECT_EQ(DMA_UNMAPPED, guest_poke(guest, iova + gpa, 1)) {
			TH_LOG("guest-physical %#llx", gpa);
		}
	}
}

TEST_F(hostile, tables_in_a_window_of_no_memory)
{
	struct guest *guest = &self->guest;
	unsigned int level;
	__u64 *entry;

	guest_map(_metadata, guest, self->iova, guest_data_gpa(0));
	/* The table before the window is zeros: what follows is not read */
	memset(self->ram, 0, 2 * SZ_4K);
	for (level = 2; level <= guest->levels; level++) {
		entry = guest_entry(_metadata, guest, self->iova, level);
		set_u64(entry, (GUEST_WINDOW - SZ_4K) | PTE_RW);
		expect_blocked(_metadata, guest, self->iova,
			       MOCK_DMA_FAULT_NOT_PRESENT, 1, level - 1);
		set_u64(entry, GUEST_WINDOW | PTE_RW);
		expect_blocked(_metadata, guest, self->iova,
			       MOCK_DMA_FAULT_NOT_PRESENT, 2, level - 1);
	}
	fill(self->ram, 2, FENCE);
}

/* ---- Bits that must not be set ---- */

TEST_F(hostile, each_low_bit_of_a_large_page)
{
	static const struct {
		unsigned int level;
		unsigned int last_bit;
	} sizes[] = { { 2, 20 }, { 3, 29 } };
	struct guest *guest = &self->guest;
	unsigned int i, bit;
	__u64 *entry;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		entry = guest_entry(_metadata, guest, self->iova,
				    sizes[i].level);
		/* Bit 12 is a memory type there */
		for (bit = 13; bit <= sizes[i].last_bit; bit++) {
			set_u64(entry,
				GUEST_HUGE | PTE_RW | PTE_PS | 1ULL << bit);
			expect_blocked(_metadata, guest, self->iova,
				       MOCK_DMA_FAULT_RESERVED, 1,
				       sizes[i].level);
		}
		set_u64(entry, 0);
	}
}

TEST_F(hostile, large_page_bit_where_there_are_none)
{
	struct guest *guest = &self->guest;
	unsigned int level;
	__u64 *entry;

	guest_map(_metadata, guest, self->iova, guest_data_gpa(4));
	for (level = guest->levels; level > 3; level--) {
		entry = guest_entry(_metadata, guest, self->iova, level);
		set_u64(entry, get_u64(entry) | PTE_PS);
		expect_blocked(_metadata, guest, self->iova,
			       MOCK_DMA_FAULT_RESERVED, 1, level);
		set_u64(entry, get_u64(entry) & ~PTE_PS);
	}
	/* At level 1 the bit is a memory type */
	entry = guest_entry(_metadata, guest, self->iova, 1);
	set_u64(entry, get_u64(entry) | PTE_PS);
	EXPECT_EQ(MARK(4), guest_peek(guest, self->iova));
}

/* A table's address as a large page, and the other way round */
TEST_F(hostile, large_page_bit_turns_a_table_into_a_page)
{
	struct guest *guest = &self->guest;
	__u64 *entry;

	guest_map(_metadata, guest, self->iova, guest_data_gpa(0));
	entry = guest_entry(_metadata, guest, self->iova, 2);
	/* No table is where a page of 2M could begin, but the first one */
	set_u64(entry, get_u64(entry) | PTE_PS);
	expect_blocked(_metadata, guest, self->iova, MOCK_DMA_FAULT_RESERVED, 1,
		       2);
	set_u64(entry, GUEST_TABLES | PTE_RW | PTE_PS);
	EXPECT_EQ(get_u64(guest->tables),
		  guest_peek(guest, self->iova & ~(SZ_2M - 1)));
	set_u64(entry, GUEST_DATA | PTE_RW);
	EXPECT_EQ(0, guest_invalidate_all(guest));
	/* The marks of the data are entries now, none of which is present */
	expect_blocked(_metadata, guest, self->iova & ~(SZ_2M - 1),
		       MOCK_DMA_FAULT_NOT_PRESENT, 1, 1);
}

/* ---- Memory that goes ---- */

TEST_F(hostile, tables_go_from_stage_2_under_a_cached_walk)
{
	struct guest *guest = &self->guest;

	guest_map(_metadata, guest, self->iova, guest_data_gpa(0));
	EXPECT_EQ(MARK(0), guest_peek(guest, self->iova));
	rig_unmap(_metadata, &guest->rig, GUEST_TABLES,
		  TABLE_PAGES * TABLE_SIZE);
	expect_blocked(_metadata, guest, self->iova, MOCK_DMA_FAULT_NOT_PRESENT,
		       2, guest->levels);
	rig_map(_metadata, &guest->rig, guest->tables, TABLE_PAGES * TABLE_SIZE,
		GUEST_TABLES, IOAS_MAP_RW);
	EXPECT_EQ(MARK(0), guest_peek(guest, self->iova));
}

TEST_F(hostile, data_as_tables)
{
	struct guest *guest = &self->guest;
	unsigned int level, i;
	__u64 *entry;

	/* Every word of a page, as whatever it is at that level */
	guest_map(_metadata, guest, self->iova, guest_data_gpa(0));
	fill(self->ram, 2, -1ULL);
	for (level = 2; level <= guest->levels; level++) {
		entry = guest_entry(_metadata, guest, self->iova, level);
		set_u64(entry, GUEST_ABOVE | PTE_RW);
		for (i = 0; i < 2; i++) {
			struct mock_dma dma =
				guest_dma(_metadata, guest, self->iova, i);

			/* All ones are a large page with reserved bits, or lead out */
			EXPECT_EQ(level == 2 ? MOCK_DMA_FAULT_ADDRESS
					     : MOCK_DMA_FAULT_RESERVED,
				  dma.reason);
		}
	}
	fill(self->ram, 2, FENCE);
}

TEST_HARNESS_MAIN
