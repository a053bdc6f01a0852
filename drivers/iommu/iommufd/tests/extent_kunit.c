// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit: extents. Their arithmetic at its ends, walks over parts of them, and what
 * they have a domain map, which is one that takes everything and writes it down.
 */
#include <kunit/test.h>
#include <linux/iommu.h>

#include "../extent.h"

#define MAX_MAPPED 8

/**
 * struct recorder - a domain that records
 * @domain: The domain
 * @num: How many mappings were made
 * @fail_at: Which of them, counted from 0, is to fail
 * @iova: Where each went
 * @phys: What went there
 * @size: How long it is
 */
struct recorder {
	struct iommu_domain domain;
	unsigned int num;
	unsigned int fail_at;
	unsigned long iova[MAX_MAPPED];
	phys_addr_t phys[MAX_MAPPED];
	size_t size[MAX_MAPPED];
};

static int recorder_map(struct iommu_domain *domain, unsigned long iova,
			phys_addr_t phys, size_t pgsize, size_t pgcount,
			int prot, gfp_t gfp, size_t *mapped)
{
	struct recorder *recorder = container_of(domain, struct recorder,
						 domain);

	if (recorder->num == recorder->fail_at)
		return -ENOMEM;
	recorder->iova[recorder->num] = iova;
	recorder->phys[recorder->num] = phys;
	recorder->size[recorder->num] = pgsize * pgcount;
	recorder->num++;
	*mapped = pgsize * pgcount;
	return 0;
}

static const struct iommu_domain_ops recorder_ops = {
	.map_pages = recorder_map,
};

static struct recorder *recorder_alloc(struct kunit *test)
{
	struct recorder *recorder;

	recorder = kunit_kzalloc(test, sizeof(*recorder), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, recorder);
	recorder->domain.type = IOMMU_DOMAIN_UNMANAGED;
	recorder->domain.ops = &recorder_ops;
	recorder->domain.pgsize_bitmap = SZ_1K;
	recorder->fail_at = MAX_MAPPED;
	return recorder;
}

static struct extent_target recorder_target(struct recorder *recorder,
					    unsigned long left)
{
	return (struct extent_target){
		.domain = &recorder->domain,
		.left = left,
		.max_size = ULONG_MAX,
	};
}

/* Map @count pages of @extents from the one after @skip on */
static int map_part(const struct pages_extent *extents, unsigned int num,
		    unsigned long skip, unsigned long count,
		    struct extent_target *target)
{
	return extents_map((struct extent_iter)
			   EXTENT_ITER(extents, num, skip, count), target);
}

/* ---- One extent ---- */

static void length_does_not_change_sign(struct kunit *test)
{
	static const unsigned long counts[] = {
		1, (1UL << 19) - 1, 1UL << 19, EXTENT_MAX_PAGES,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		struct pages_extent extent = { .count = counts[i] };

		KUNIT_EXPECT_EQ(test, counts[i], extent_pages(&extent));
		KUNIT_EXPECT_EQ(test, counts[i] * PAGE_SIZE,
				extent_pages(&extent) << PAGE_SHIFT);
	}
}

static void appends_only_what_follows(struct kunit *test)
{
	struct pages_extent extent = { .pfn = 100, .count = 2 };

	KUNIT_EXPECT_FALSE(test, extent_append(&extent, 99, 1));
	KUNIT_EXPECT_FALSE(test, extent_append(&extent, 101, 1));
	KUNIT_EXPECT_FALSE(test, extent_append(&extent, 103, 1));
	KUNIT_EXPECT_TRUE(test, extent_append(&extent, 102, 1));
	KUNIT_EXPECT_EQ(test, 3, extent_pages(&extent));
	KUNIT_EXPECT_EQ(test, 100, (u64)extent.pfn);
	KUNIT_EXPECT_TRUE(test, extent_append(&extent, 103, 512));
	KUNIT_EXPECT_EQ(test, 515, extent_pages(&extent));
}

static void appends_up_to_the_limit(struct kunit *test)
{
	struct pages_extent extent = { .pfn = (1ULL << 43) + 1,
				       .count = EXTENT_MAX_PAGES - 1 };
	unsigned long next = extent.pfn + EXTENT_MAX_PAGES - 1;

	KUNIT_EXPECT_FALSE(test, extent_append(&extent, next, 2));
	KUNIT_EXPECT_TRUE(test, extent_append(&extent, next, 1));
	KUNIT_EXPECT_FALSE(test, extent_append(&extent, next + 1, 1));
	KUNIT_EXPECT_EQ(test, EXTENT_MAX_PAGES, extent_pages(&extent));
}

/* ---- Walks ---- */

/* 2, 1, 4 and 1 pages, of which two extents could be one */
static const struct pages_extent few_extents[] = {
	{ .pfn = 0x100, .count = 2 },
	{ .pfn = 0x200, .count = 1 },
	{ .pfn = 0x201, .count = 4 },
	{ .pfn = 0x50, .count = 1 },
};

#define FEW_PAGES 8

/* The same, page by page */
static const unsigned long few_pfns[FEW_PAGES] = {
	0x100, 0x101, 0x200, 0x201, 0x202, 0x203, 0x204, 0x50,
};

/* Are these extents the @count pages of few_pfns after @skip? */
static void expect_few(struct kunit *test, const struct pages_extent *extents,
		       unsigned int num, unsigned long skip,
		       unsigned long count)
{
	unsigned long page = 0, i;
	unsigned int n;

	for (n = 0; n < num; n++) {
		KUNIT_EXPECT_NE(test, 0, extent_pages(&extents[n]));
		for (i = 0; i < extent_pages(&extents[n]); i++, page++) {
			KUNIT_ASSERT_LT(test, page, count);
			KUNIT_EXPECT_EQ(test, few_pfns[skip + page],
					(unsigned long)extents[n].pfn + i);
		}
	}
	KUNIT_EXPECT_EQ(test, count, page);
}

static void every_part_is_walked_in_runs(struct kunit *test)
{
	struct pages_extent runs[ARRAY_SIZE(few_extents)];
	unsigned long skip, count;

	for (skip = 0; skip < FEW_PAGES; skip++) {
		for (count = 0; count <= FEW_PAGES - skip; count++) {
			struct extent_iter iter =
				EXTENT_ITER(few_extents,
					    ARRAY_SIZE(few_extents), skip,
					    count);
			unsigned int num = 0;

			while (num < ARRAY_SIZE(runs) &&
			       extent_next(&iter, &runs[num]))
				num++;
			expect_few(test, runs, num, skip, count);
			KUNIT_EXPECT_EQ(test, 0, iter.left);
			KUNIT_EXPECT_FALSE(test, extent_next(&iter, &runs[0]));
		}
	}
}

static void walk_ends_with_the_extents(struct kunit *test)
{
	struct extent_iter iter = EXTENT_ITER(few_extents,
					      ARRAY_SIZE(few_extents),
					      FEW_PAGES - 2, 5);
	struct extent_iter behind = EXTENT_ITER(few_extents,
						ARRAY_SIZE(few_extents),
						FEW_PAGES, 1);
	struct extent_iter empty = EXTENT_ITER(few_extents, 0, 0, 1);
	struct pages_extent run;

	KUNIT_EXPECT_TRUE(test, extent_next(&iter, &run));
	KUNIT_EXPECT_TRUE(test, extent_next(&iter, &run));
	KUNIT_EXPECT_EQ(test, 0x50, (u64)run.pfn);
	KUNIT_EXPECT_FALSE(test, extent_next(&iter, &run));
	KUNIT_EXPECT_EQ(test, 3, iter.left);
	KUNIT_EXPECT_FALSE(test, extent_next(&behind, &run));
	KUNIT_EXPECT_FALSE(test, extent_next(&empty, &run));
}

static void parts_of_long_extents(struct kunit *test)
{
	static const struct pages_extent extents[] = {
		{ .pfn = (1ULL << 43) + 3, .count = EXTENT_MAX_PAGES },
		{ .pfn = 0x3000000, .count = (1UL << 19) + 1 },
	};
	struct extent_iter iter = EXTENT_ITER(extents, ARRAY_SIZE(extents),
					      1UL << 19,
					      EXTENT_MAX_PAGES);
	struct pages_extent run = {};

	KUNIT_ASSERT_TRUE(test, extent_next(&iter, &run));
	KUNIT_EXPECT_EQ(test, (1ULL << 43) + 3 + (1UL << 19), (u64)run.pfn);
	KUNIT_EXPECT_EQ(test, EXTENT_MAX_PAGES - (1UL << 19),
			extent_pages(&run));
	KUNIT_ASSERT_TRUE(test, extent_next(&iter, &run));
	KUNIT_EXPECT_EQ(test, 0x3000000, (u64)run.pfn);
	KUNIT_EXPECT_EQ(test, 1UL << 19, extent_pages(&run));
	KUNIT_EXPECT_FALSE(test, extent_next(&iter, &run));
}

/* ---- Copy, list ---- */

static void every_part_can_be_copied(struct kunit *test)
{
	struct pages_extent copy[ARRAY_SIZE(few_extents) + 1];
	unsigned long skip, count;
	unsigned int num;

	for (skip = 0; skip < FEW_PAGES; skip++) {
		for (count = 0; count <= FEW_PAGES - skip; count++) {
			memset(copy, 0xa5, sizeof(copy));
			num = extents_copy(copy, (struct extent_iter)
					   EXTENT_ITER(few_extents,
						       ARRAY_SIZE(few_extents),
						       skip, count));
			KUNIT_ASSERT_LE(test, num, ARRAY_SIZE(few_extents));
			expect_few(test, copy, num, skip, count);
			/* and nothing behind it */
			KUNIT_EXPECT_NULL(test, memchr_inv(&copy[num], 0xa5,
							   sizeof(*copy)));
		}
	}
}

static void every_part_can_come_to_the_front(struct kunit *test)
{
	struct pages_extent extents[ARRAY_SIZE(few_extents)];
	unsigned long skip, count;
	unsigned int num;

	for (skip = 0; skip < FEW_PAGES; skip++) {
		for (count = 1; count <= FEW_PAGES - skip; count++) {
			memcpy(extents, few_extents, sizeof(extents));
			num = extents_copy(extents, (struct extent_iter)
					   EXTENT_ITER(extents,
						       ARRAY_SIZE(extents),
						       skip, count));
			expect_few(test, extents, num, skip, count);
		}
	}
}

static void long_extents_can_be_copied(struct kunit *test)
{
	struct pages_extent extents[] = {
		{ .pfn = 0x1000000, .count = EXTENT_MAX_PAGES },
		{ .pfn = 0x3000000, .count = EXTENT_MAX_PAGES },
	};

	KUNIT_ASSERT_EQ(test, 2,
			extents_copy(extents, (struct extent_iter)
				     EXTENT_ITER(extents, 2, 7,
						 EXTENT_MAX_PAGES)));
	KUNIT_EXPECT_EQ(test, 0x1000007, (u64)extents[0].pfn);
	KUNIT_EXPECT_EQ(test, EXTENT_MAX_PAGES - 7, extent_pages(&extents[0]));
	KUNIT_EXPECT_EQ(test, 0x3000000, (u64)extents[1].pfn);
	KUNIT_EXPECT_EQ(test, 7, extent_pages(&extents[1]));
}

#define LIST_ORDER 3

static void every_part_can_be_listed(struct kunit *test)
{
	struct page *page = alloc_pages(GFP_KERNEL, LIST_ORDER);
	struct page *out[(1 << LIST_ORDER) + 1];
	struct pages_extent extents[3];
	unsigned long skip, count, i, pfn;
	/* Which of the pages comes where */
	static const unsigned int order[1 << LIST_ORDER] = {
		6, 7, 0, 1, 2, 3, 4, 5,
	};

	KUNIT_ASSERT_NOT_NULL(test, page);
	pfn = page_to_pfn(page);
	extents[0] = (struct pages_extent){ .pfn = pfn + 6, .count = 2 };
	extents[1] = (struct pages_extent){ .pfn = pfn, .count = 1 };
	extents[2] = (struct pages_extent){ .pfn = pfn + 1, .count = 5 };

	for (skip = 0; skip < ARRAY_SIZE(order); skip++) {
		for (count = 0; count <= ARRAY_SIZE(order) - skip; count++) {
			memset(out, 0, sizeof(out));
			extents_list((struct extent_iter)
				     EXTENT_ITER(extents, ARRAY_SIZE(extents),
						 skip, count), out);
			for (i = 0; i < count; i++)
				KUNIT_EXPECT_PTR_EQ(test,
						    page + order[skip + i],
						    out[i]);
			KUNIT_EXPECT_NULL(test, out[count]);
		}
	}
	__free_pages(page, LIST_ORDER);
}

/* ---- Map ---- */

/* An extent of 2 GiB and more, in an area that goes on after it */
static void long_extents_are_mapped_no_further_than_they_go(struct kunit *test)
{
	static const struct pages_extent extents[] = {
		{ .pfn = 0x1000000, .count = 1UL << 19 },
		{ .pfn = 0x3000000, .count = EXTENT_MAX_PAGES },
		{ .pfn = 0x5000000, .count = 16 },
	};
	unsigned long pages = (1UL << 19) + EXTENT_MAX_PAGES + 8;
	struct recorder *recorder = recorder_alloc(test);
	struct extent_target target = recorder_target(recorder,
						      pages * PAGE_SIZE);
	unsigned int i;

	target.iova = 0x10000000;
	KUNIT_ASSERT_EQ(test, 0, map_part(extents, ARRAY_SIZE(extents), 0,
					  pages + 8, &target));
	KUNIT_EXPECT_EQ(test, 0, target.left);
	KUNIT_EXPECT_EQ(test, 0x10000000 + pages * PAGE_SIZE, target.iova);
	KUNIT_ASSERT_EQ(test, ARRAY_SIZE(extents), recorder->num);
	for (i = 0; i < recorder->num; i++)
		KUNIT_EXPECT_EQ(test, PFN_PHYS(extents[i].pfn),
				recorder->phys[i]);
	KUNIT_EXPECT_EQ(test, (1UL << 19) * PAGE_SIZE, recorder->size[0]);
	KUNIT_EXPECT_EQ(test, EXTENT_MAX_PAGES * PAGE_SIZE, recorder->size[1]);
	KUNIT_EXPECT_EQ(test, 8 * PAGE_SIZE, recorder->size[2]);
}

static void begins_inside_the_first_and_ends_inside_the_last(struct kunit *test)
{
	static const struct pages_extent extents[] = {
		{ .pfn = 0x100, .count = 2 },
		{ .pfn = 0x200, .count = 1 },
		{ .pfn = 0x300, .count = 1 },
	};
	struct recorder *recorder = recorder_alloc(test);
	struct extent_target target = recorder_target(recorder, 2 * PAGE_SIZE);

	target.iova = PAGE_SIZE / 2;
	target.offset = PAGE_SIZE / 2;
	KUNIT_ASSERT_EQ(test, 0, map_part(extents, ARRAY_SIZE(extents), 0, 4,
					  &target));
	KUNIT_ASSERT_EQ(test, 2, recorder->num);
	KUNIT_EXPECT_EQ(test, PFN_PHYS(0x100) + PAGE_SIZE / 2,
			recorder->phys[0]);
	KUNIT_EXPECT_EQ(test, PAGE_SIZE * 3 / 2, recorder->size[0]);
	KUNIT_EXPECT_EQ(test, PFN_PHYS(0x200), recorder->phys[1]);
	KUNIT_EXPECT_EQ(test, PAGE_SIZE / 2, recorder->size[1]);
	KUNIT_EXPECT_EQ(test, 2 * PAGE_SIZE, recorder->iova[1]);
}

static void skipped_pages_are_not_mapped(struct kunit *test)
{
	struct recorder *recorder = recorder_alloc(test);
	struct extent_target target = recorder_target(recorder, 3 * PAGE_SIZE);

	/* From the third page of the third extent to the last extent */
	target.offset = PAGE_SIZE / 4;
	KUNIT_ASSERT_EQ(test, 0, map_part(few_extents, ARRAY_SIZE(few_extents),
					  5, 3, &target));
	KUNIT_EXPECT_EQ(test, PAGE_SIZE / 4, target.left);
	KUNIT_ASSERT_EQ(test, 2, recorder->num);
	KUNIT_EXPECT_EQ(test, PFN_PHYS(0x203) + PAGE_SIZE / 4,
			recorder->phys[0]);
	KUNIT_EXPECT_EQ(test, 2 * PAGE_SIZE - PAGE_SIZE / 4, recorder->size[0]);
	KUNIT_EXPECT_EQ(test, PFN_PHYS(0x50), recorder->phys[1]);
	KUNIT_EXPECT_EQ(test, PAGE_SIZE, recorder->size[1]);
}

/* As over the chunks of one area: only the first page of all has an offset */
static void goes_on_where_it_stopped(struct kunit *test)
{
	struct recorder *recorder = recorder_alloc(test);
	struct extent_target target = recorder_target(recorder, 4 * PAGE_SIZE);

	target.iova = 0x100000;
	target.offset = PAGE_SIZE / 2;
	KUNIT_ASSERT_EQ(test, 0, map_part(&few_extents[0], 1, 1, 1, &target));
	KUNIT_EXPECT_EQ(test, 4 * PAGE_SIZE - PAGE_SIZE / 2, target.left);
	KUNIT_EXPECT_EQ(test, 0, target.offset);
	KUNIT_ASSERT_EQ(test, 0, map_part(&few_extents[2], 2, 0, 5, &target));
	KUNIT_EXPECT_EQ(test, 0, target.left);
	KUNIT_ASSERT_EQ(test, 2, recorder->num);
	KUNIT_EXPECT_EQ(test, PFN_PHYS(0x201), recorder->phys[1]);
	KUNIT_EXPECT_EQ(test, 0x100000 + PAGE_SIZE / 2, recorder->iova[1]);
	KUNIT_EXPECT_EQ(test, 7 * PAGE_SIZE / 2, recorder->size[1]);
}

static void pieces_are_no_larger_than_asked(struct kunit *test)
{
	struct recorder *recorder = recorder_alloc(test);
	struct extent_target target = recorder_target(recorder, 5 * PAGE_SIZE);
	unsigned long iova = 0;
	unsigned int i;

	target.offset = PAGE_SIZE / 2;
	target.max_size = PAGE_SIZE;
	/* Pages 2 to 7: half of the first, and of the last */
	KUNIT_ASSERT_EQ(test, 0, map_part(few_extents, ARRAY_SIZE(few_extents),
					  2, 6, &target));
	KUNIT_ASSERT_EQ(test, 6, recorder->num);
	for (i = 0; i < 6; i++) {
		unsigned long half = i == 0 ? PAGE_SIZE / 2 : 0;

		KUNIT_EXPECT_EQ(test, PFN_PHYS(few_pfns[2 + i]) + half,
				recorder->phys[i]);
		KUNIT_EXPECT_EQ(test, i == 0 || i == 5 ? PAGE_SIZE / 2 :
							 PAGE_SIZE,
				recorder->size[i]);
		KUNIT_EXPECT_EQ(test, iova, recorder->iova[i]);
		iova += recorder->size[i];
	}
}

static void error_tells_how_far_it_went(struct kunit *test)
{
	static const struct pages_extent extents[] = {
		{ .pfn = 0x100, .count = 2 },
		{ .pfn = 0x200, .count = 1 },
	};
	struct recorder *recorder = recorder_alloc(test);
	struct extent_target target = recorder_target(recorder, 3 * PAGE_SIZE);

	recorder->fail_at = 1;
	KUNIT_EXPECT_EQ(test, -ENOMEM, map_part(extents, ARRAY_SIZE(extents), 0,
						3, &target));
	KUNIT_EXPECT_EQ(test, PAGE_SIZE, target.left);
}

static void error_inside_an_extent_tells_how_far_it_went(struct kunit *test)
{
	struct recorder *recorder = recorder_alloc(test);
	struct extent_target target = recorder_target(recorder, 4 * PAGE_SIZE);

	recorder->fail_at = 3;
	target.max_size = PAGE_SIZE;
	KUNIT_EXPECT_EQ(test, -ENOMEM, map_part(&few_extents[2], 1, 0, 4,
						&target));
	KUNIT_EXPECT_EQ(test, PAGE_SIZE, target.left);
	KUNIT_EXPECT_EQ(test, 3 * PAGE_SIZE, target.iova);
}

static void too_few_extents_leave_something(struct kunit *test)
{
	static const struct pages_extent extent = { .pfn = 0x100, .count = 2 };
	struct recorder *recorder = recorder_alloc(test);
	struct extent_target target = recorder_target(recorder, 3 * PAGE_SIZE);

	KUNIT_EXPECT_EQ(test, 0, map_part(&extent, 1, 0, 3, &target));
	KUNIT_EXPECT_EQ(test, PAGE_SIZE, target.left);
}

static struct kunit_case extent_cases[] = {
	KUNIT_CASE(length_does_not_change_sign),
	KUNIT_CASE(appends_only_what_follows),
	KUNIT_CASE(appends_up_to_the_limit),
	KUNIT_CASE(every_part_is_walked_in_runs),
	KUNIT_CASE(walk_ends_with_the_extents),
	KUNIT_CASE(parts_of_long_extents),
	KUNIT_CASE(every_part_can_be_copied),
	KUNIT_CASE(every_part_can_come_to_the_front),
	KUNIT_CASE(long_extents_can_be_copied),
	KUNIT_CASE(every_part_can_be_listed),
	KUNIT_CASE(long_extents_are_mapped_no_further_than_they_go),
	KUNIT_CASE(begins_inside_the_first_and_ends_inside_the_last),
	KUNIT_CASE(skipped_pages_are_not_mapped),
	KUNIT_CASE(goes_on_where_it_stopped),
	KUNIT_CASE(pieces_are_no_larger_than_asked),
	KUNIT_CASE(error_tells_how_far_it_went),
	KUNIT_CASE(error_inside_an_extent_tells_how_far_it_went),
	KUNIT_CASE(too_few_extents_leave_something),
	{}
};

static struct kunit_suite extent_suite = {
	.name = "iommufd_extent",
	.test_cases = extent_cases,
};

kunit_test_suite(extent_suite);
