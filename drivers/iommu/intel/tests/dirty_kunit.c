// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit suite of dirty tracking: SSADE in PASID entries, and dirty bits in tables.
 */
#include <linux/prandom.h>
#include <linux/sizes.h>

#include "fake.h"

#define SSADE	BIT_ULL(9)
#define TRACKED	(IOMMU_HWPT_ALLOC_NEST_PARENT | IOMMU_HWPT_ALLOC_DIRTY_TRACKING)

/* ---- SSADE ---- */

/*
 *	iommu 0                          iommu 1
 *	dev 0: parent, device TLB
 *	dev 1: child, device TLB         dev 2: child
 *	                                 dev 3: nothing
 */
struct family {
	struct fake_iommu *fake[2];
	struct fake_device *dev[4];
	struct dmar_domain *parent;
	struct dmar_domain *child;
};

static void family_init(struct kunit *test, struct family *family)
{
	unsigned int i;

	for (i = 0; i < 2; i++)
		family->fake[i] = fake_iommu(test, i, FAKE_CAP, FAKE_ECAP);
	for (i = 0; i < 4; i++)
		family->dev[i] = fake_device(test, i, family->fake[i >= 2]);
	fake_device_ats(family->dev[0]);
	fake_device_ats(family->dev[1]);
	family->parent = fake_paging(test, family->dev[0], TRACKED);
	family->child = fake_nested(test, family->dev[1], family->parent, NULL);
	fake_attach(test, family->parent, family->dev[0]);
	fake_attach(test, family->child, family->dev[1]);
	fake_attach(test, family->child, family->dev[2]);
}

static void track(struct kunit *test, struct family *family, bool enabled)
{
	struct iommu_domain *domain = &family->parent->domain;

	fake_clear(test);
	KUNIT_EXPECT_EQ(test, domain->dirty_ops->set_dirty_tracking(domain,
								    enabled), 0);
}

static void dirty_bit_is_in_all_entries(struct kunit *test)
{
	struct pasid_entry before[3];
	struct pasid_entry *entry;
	struct family family;
	unsigned int i, round;

	family_init(test, &family);
	for (i = 0; i < 3; i++) {
		before[i] = *fake_entry(family.dev[i]);
		KUNIT_EXPECT_FALSE(test, before[i].val[0] & SSADE);
	}
	for (round = 0; round < 4; round++) {
		track(test, &family, round % 2 == 0);
		for (i = 0; i < 3; i++) {
			entry = fake_entry(family.dev[i]);
			KUNIT_EXPECT_EQ(test, entry->val[0],
					before[i].val[0] | (round % 2 ? 0 : SSADE));
			KUNIT_EXPECT_EQ(test, memcmp(&entry->val[1],
						     &before[i].val[1], 56), 0);
		}
		/* Not attached: nothing has made it a table even */
		KUNIT_EXPECT_NULL(test, fake_entry(family.dev[3]));
	}
}

/* On @iommu, of @domain: first the entries, then what was translated by them */
static void expect_flushed(struct kunit *test, unsigned int *at,
			   struct dmar_domain *domain, struct fake_iommu *fake)
{
	u16 did = fake_did(domain, fake);

	fake_expect_next(test, at, fake->index, want_pasid_cache_domain(did));
	fake_expect_next(test, at, fake->index, want_iotlb_domain(did));
}

static void dirty_bit_is_flushed(struct kunit *test)
{
	struct family family;
	unsigned int at, i;

	family_init(test, &family);
	fake_watch_entry(test, family.dev[1]);
	for (i = 0; i < 2; i++) {
		at = 0;
		track(test, &family, !i);
		expect_flushed(test, &at, family.parent, family.fake[0]);
		fake_expect_next(test, &at, 0, want_dev_iotlb_all(family.dev[0]));
		while (fake_event(test, at)->kind != FAKE_ENTRY)
			at++;
		at++;
		/* Changed before what is cached of it is flushed */
		KUNIT_EXPECT_EQ(test, !(fake_event(test, at)->entry.val[0] & SSADE),
				i);
		expect_flushed(test, &at, family.child, family.fake[0]);
		expect_flushed(test, &at, family.child, family.fake[1]);
		fake_expect_next(test, &at, 0, want_dev_iotlb_all(family.dev[1]));
		fake_expect_end(test, at);
	}
}

static void dirty_entry_stays_present(struct kunit *test)
{
	struct fake_hw *hw = test->priv;
	struct family family;
	unsigned int i;

	family_init(test, &family);
	fake_watch_entry(test, family.dev[1]);
	track(test, &family, true);
	KUNIT_EXPECT_GT(test, hw->num_events, 0);
	for (i = 0; i < hw->num_events; i++)
		KUNIT_EXPECT_TRUE(test, hw->events[i].entry.val[0] & 1);
}

static void dirty_bit_is_in_entries_of_later(struct kunit *test)
{
	struct family family;
	struct dmar_domain *late;

	family_init(test, &family);
	track(test, &family, true);
	late = fake_nested(test, family.dev[3], family.parent, NULL);
	fake_attach(test, late, family.dev[3]);
	KUNIT_EXPECT_TRUE(test, fake_entry(family.dev[3])->val[0] & SSADE);
	fake_attach(test, family.parent, family.dev[3]);
	KUNIT_EXPECT_TRUE(test, fake_entry(family.dev[3])->val[0] & SSADE);
	track(test, &family, false);
	KUNIT_EXPECT_FALSE(test, fake_entry(family.dev[3])->val[0] & SSADE);
	fake_attach(test, late, family.dev[3]);
	KUNIT_EXPECT_FALSE(test, fake_entry(family.dev[3])->val[0] & SSADE);
}

/* ---- Dirty bits ---- */

#define FIRST		0x140000000ULL	/* 5G: aligned to all page sizes */
#define MAX_BITS	(8 * SZ_1M / SZ_4K)

struct table {
	struct fake_device *fdev;
	struct dmar_domain *domain;
	unsigned long bits[BITS_TO_LONGS(MAX_BITS)];
};

static struct table *table_init(struct kunit *test)
{
	struct table *table = kunit_kzalloc(test, sizeof(*table), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, table);
	table->fdev = fake_device(test, 0, fake_iommu(test, 0, FAKE_CAP,
						      FAKE_ECAP));
	table->domain = fake_paging(test, table->fdev, TRACKED);
	return table;
}

static void map(struct kunit *test, struct table *table, u64 iova, size_t size)
{
	struct iommu_domain *domain = &table->domain->domain;
	size_t mapped;

	KUNIT_ASSERT_EQ(test, domain->ops->map_pages(domain, iova, iova, size, 1,
						     IOMMU_READ | IOMMU_WRITE,
						     GFP_KERNEL, &mapped), 0);
}

/* The entry of the page at @iova, whatever its size */
static struct dma_pte *pte_of(struct table *table, u64 iova)
{
	int level = 0;

	return pfn_to_dma_pte(table->domain, iova >> 12, &level);
}

static void make_dirty(struct table *table, u64 iova)
{
	pte_of(table, iova)->val |= BIT_ULL(9);
}

static bool is_dirty(struct table *table, u64 iova)
{
	return pte_of(table, iova)->val & BIT_ULL(9);
}

/* Into table->bits, one for each 4K from @iova on */
static void read_dirty(struct kunit *test, struct table *table, u64 iova,
		       size_t size, unsigned long flags)
{
	struct iommu_domain *domain = &table->domain->domain;
	struct iommu_dirty_bitmap dirty = {
		.bits = table->bits,
		.first = iova,
		.last = iova + size - 1,
		.shift = 12,
	};

	KUNIT_ASSERT_LE(test, size >> 12, MAX_BITS);
	bitmap_zero(table->bits, MAX_BITS);
	KUNIT_EXPECT_EQ(test,
			domain->dirty_ops->read_and_clear_dirty(domain, iova, size,
								flags, &dirty), 0);
}

static void expect_bits(struct kunit *test, struct table *table,
			unsigned int first, unsigned int num)
{
	KUNIT_EXPECT_EQ(test, bitmap_weight(table->bits, MAX_BITS), num);
	if (num) {
		KUNIT_EXPECT_EQ(test, find_first_bit(table->bits, MAX_BITS), first);
		KUNIT_EXPECT_EQ(test, find_last_bit(table->bits, MAX_BITS),
				first + num - 1);
	}
}

static const unsigned long sizes[] = { SZ_4K, SZ_2M, SZ_1G };

static void size_name(const unsigned long *size, char *desc)
{
	scnprintf(desc, KUNIT_PARAM_DESC_SIZE, "%lu KiB", *size >> 10);
}

KUNIT_ARRAY_PARAM(size, sizes, size_name);

static void dirty_page_is_read_and_cleared(struct kunit *test)
{
	unsigned long size = *(const unsigned long *)test->param_value;
	unsigned int num = min_t(unsigned long, size, SZ_4M) >> 12;
	struct table *table = table_init(test);
	u64 read = size > SZ_4M ? SZ_4M : size;
	u64 before;

	map(test, table, FIRST, size);
	map(test, table, FIRST + size, size);
	before = pte_of(table, FIRST)->val;
	KUNIT_EXPECT_EQ(test, !!(before & DMA_PTE_LARGE_PAGE), size > SZ_4K);
	make_dirty(table, FIRST);
	make_dirty(table, FIRST + size);
	/* 1G is more than there are bits: a part of it stays dirty */
	read_dirty(test, table, FIRST, read, 0);
	expect_bits(test, table, 0, num);
	KUNIT_EXPECT_EQ(test, is_dirty(table, FIRST), size != read);
	KUNIT_EXPECT_TRUE(test, is_dirty(table, FIRST + size));
	if (size == read) {
		KUNIT_EXPECT_EQ(test, pte_of(table, FIRST)->val, before);
		read_dirty(test, table, FIRST, read, 0);
		expect_bits(test, table, 0, 0);
	}
}

static void dirty_whole_giant_page_is_cleared(struct kunit *test)
{
	struct table *table = table_init(test);
	struct iommu_domain *domain = &table->domain->domain;
	struct iommu_dirty_bitmap dirty = {
		.bits = table->bits,
		.first = FIRST,
		.last = FIRST + SZ_1G - 1,
		.shift = 21,
	};

	map(test, table, FIRST, SZ_1G);
	make_dirty(table, FIRST);
	KUNIT_EXPECT_EQ(test,
			domain->dirty_ops->read_and_clear_dirty(domain, FIRST, SZ_1G,
								0, &dirty), 0);
	expect_bits(test, table, 0, 512);
	KUNIT_EXPECT_FALSE(test, is_dirty(table, FIRST));
}

static void dirty_page_is_not_cleared_if_not_to_be(struct kunit *test)
{
	unsigned long size = *(const unsigned long *)test->param_value;
	u64 read = size > SZ_4M ? SZ_4M : size;
	struct table *table = table_init(test);
	unsigned int i;

	map(test, table, FIRST, size);
	make_dirty(table, FIRST);
	for (i = 0; i < 3; i++) {
		read_dirty(test, table, FIRST, read, IOMMU_DIRTY_NO_CLEAR);
		expect_bits(test, table, 0, read >> 12);
		KUNIT_EXPECT_TRUE(test, is_dirty(table, FIRST));
	}
}

static void dirty_page_covered_in_part_stays_dirty(struct kunit *test)
{
	struct table *table = table_init(test);
	const struct { u64 at, size; } parts[] = {
		{ 0, SZ_4K }, { SZ_2M - SZ_4K, SZ_4K }, { 0, SZ_2M - SZ_4K },
		{ SZ_4K, SZ_2M - SZ_4K }, { SZ_1M, SZ_2M }, { SZ_1M, SZ_4M },
	};
	unsigned int i;

	map(test, table, FIRST, SZ_2M);
	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		make_dirty(table, FIRST);
		read_dirty(test, table, FIRST + parts[i].at, parts[i].size, 0);
		expect_bits(test, table, 0,
			    min(SZ_2M - parts[i].at, parts[i].size) >> 12);
		KUNIT_EXPECT_TRUE(test, is_dirty(table, FIRST));
	}
	read_dirty(test, table, FIRST - SZ_4K, SZ_2M + SZ_8K, 0);
	expect_bits(test, table, 1, 512);
	KUNIT_EXPECT_FALSE(test, is_dirty(table, FIRST));
}

static void dirty_holes_are_passed(struct kunit *test)
{
	struct table *table = table_init(test);

	/* In a table, at the end of one, and of whole tables */
	map(test, table, FIRST, SZ_4K);
	map(test, table, FIRST + SZ_8K, SZ_4K);
	map(test, table, FIRST + SZ_4M, SZ_2M);
	make_dirty(table, FIRST);
	make_dirty(table, FIRST + SZ_8K);
	make_dirty(table, FIRST + SZ_4M);
	read_dirty(test, table, FIRST - SZ_1M, 8 * SZ_1M, 0);
	KUNIT_EXPECT_EQ(test, bitmap_weight(table->bits, MAX_BITS), 514);
	KUNIT_EXPECT_TRUE(test, test_bit(256, table->bits));
	KUNIT_EXPECT_TRUE(test, test_bit(258, table->bits));
	KUNIT_EXPECT_TRUE(test, test_bit(256 + 1024, table->bits));
	KUNIT_EXPECT_FALSE(test, is_dirty(table, FIRST));
	KUNIT_EXPECT_FALSE(test, is_dirty(table, FIRST + SZ_8K));
	KUNIT_EXPECT_FALSE(test, is_dirty(table, FIRST + SZ_4M));
	/* A hole alone makes no table */
	read_dirty(test, table, 4 * FIRST, SZ_4K, 0);
	expect_bits(test, table, 0, 0);
	KUNIT_EXPECT_EQ(test, pte_of(table, 4 * FIRST)->val, 0);
}

/* Which 4K are in the same IO page as @page: a 2M one in the second 2M, else 4K */
static void model_page(unsigned int page, unsigned int *first, unsigned int *num)
{
	bool large = page / 512 == 1;

	*first = large ? 512 : page;
	*num = large ? 512 : 1;
}

static void check_random(struct kunit *test, struct table *table, bool *dirty,
			 unsigned int from, unsigned int num, bool clear)
{
	unsigned int page, first, len;

	read_dirty(test, table, FIRST + ((u64)from << 12), (size_t)num << 12,
		   clear ? 0 : IOMMU_DIRTY_NO_CLEAR);
	for (page = from; page < from + num; page++) {
		model_page(page, &first, &len);
		KUNIT_ASSERT_EQ_MSG(test, test_bit(page - from, table->bits),
				    dirty[first], "page %u", page);
	}
	for (page = from; page < from + num; page++) {
		model_page(page, &first, &len);
		if (clear && first >= from && first + len <= from + num)
			dirty[first] = false;
	}
	for (page = 0; page < 2048; page++) {
		u64 iova;

		model_page(page, &first, &len);
		iova = FIRST + ((u64)first << 12);
		if (pte_of(table, iova)->val)
			KUNIT_ASSERT_EQ_MSG(test, is_dirty(table, iova),
					    dirty[first], "page %u after", page);
	}
}

/* 8M: 4K pages with holes, a 2M page, nothing, 4K pages with holes */
static void dirty_bits_are_those_of_a_model(struct kunit *test)
{
	bool *dirty = kunit_kcalloc(test, 2048, sizeof(bool), GFP_KERNEL);
	bool *mapped = kunit_kcalloc(test, 2048, sizeof(bool), GFP_KERNEL);
	struct table *table = table_init(test);
	unsigned int i, page, from;
	struct rnd_state rnd;

	KUNIT_ASSERT_NOT_NULL(test, dirty);
	KUNIT_ASSERT_NOT_NULL(test, mapped);
	prandom_seed_state(&rnd, 10);
	map(test, table, FIRST + SZ_2M, SZ_2M);
	mapped[512] = true;
	for (page = 0; page < 2048; page++) {
		if (page / 512 == 1 || page / 512 == 2 ||
		    prandom_u32_state(&rnd) % 4 == 0)
			continue;
		map(test, table, FIRST + ((u64)page << 12), SZ_4K);
		mapped[page] = true;
	}
	for (i = 0; i < 60; i++) {
		for (page = 0; page < 2048; page++) {
			if (!mapped[page] || prandom_u32_state(&rnd) % 3)
				continue;
			make_dirty(table, FIRST + ((u64)page << 12));
			dirty[page] = true;
		}
		from = prandom_u32_state(&rnd) % 2047;
		check_random(test, table, dirty, from,
			     1 + prandom_u32_state(&rnd) % (2048 - from), i % 4);
	}
}

static struct kunit_case dirty_cases[] = {
	KUNIT_CASE(dirty_bit_is_in_all_entries),
	KUNIT_CASE(dirty_bit_is_flushed),
	KUNIT_CASE(dirty_entry_stays_present),
	KUNIT_CASE(dirty_bit_is_in_entries_of_later),
	KUNIT_CASE_PARAM(dirty_page_is_read_and_cleared, size_gen_params),
	KUNIT_CASE(dirty_whole_giant_page_is_cleared),
	KUNIT_CASE_PARAM(dirty_page_is_not_cleared_if_not_to_be, size_gen_params),
	KUNIT_CASE(dirty_page_covered_in_part_stays_dirty),
	KUNIT_CASE(dirty_holes_are_passed),
	KUNIT_CASE(dirty_bits_are_those_of_a_model),
	{}
};

static struct kunit_suite dirty_suite = {
	.name = "intel_dirty",
	.init = fake_init,
	.exit = fake_exit,
	.test_cases = dirty_cases,
};

kunit_test_suite(dirty_suite);

MODULE_LICENSE("GPL");
