// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit: extents. Their arithmetic at its ends, and what they have a domain map,
 * which is one that takes everything and writes it down.
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
				extent_bytes(&extent));
	}
}

static void appends_only_what_follows(struct kunit *test)
{
	struct pages_extent extent = { .pfn = 100, .count = 2 };

	KUNIT_EXPECT_FALSE(test, extent_append(&extent, 99));
	KUNIT_EXPECT_FALSE(test, extent_append(&extent, 101));
	KUNIT_EXPECT_FALSE(test, extent_append(&extent, 103));
	KUNIT_EXPECT_TRUE(test, extent_append(&extent, 102));
	KUNIT_EXPECT_EQ(test, 3, extent_pages(&extent));
	KUNIT_EXPECT_EQ(test, 100, (u64)extent.pfn);
}

static void appends_up_to_the_limit(struct kunit *test)
{
	struct pages_extent extent = { .pfn = (1ULL << 43) + 1,
				       .count = EXTENT_MAX_PAGES - 1 };
	unsigned long next = extent.pfn + EXTENT_MAX_PAGES - 1;

	KUNIT_EXPECT_TRUE(test, extent_append(&extent, next));
	KUNIT_EXPECT_FALSE(test, extent_append(&extent, next + 1));
	KUNIT_EXPECT_EQ(test, EXTENT_MAX_PAGES, extent_pages(&extent));
}

/* An extent of 2 GiB and more, in an area that goes on after it */
static void long_extents_are_mapped_no_further_than_they_go(struct kunit *test)
{
	static const struct pages_extent extents[] = {
		{ .pfn = 0x1000000, .count = 1UL << 19 },
		{ .pfn = 0x3000000, .count = EXTENT_MAX_PAGES },
		{ .pfn = 0x5000000, .count = 16 },
	};
	unsigned long total = ((1UL << 19) + EXTENT_MAX_PAGES + 8) * PAGE_SIZE;
	struct recorder *recorder = recorder_alloc(test);
	struct extent_target target = {
		.domain = &recorder->domain,
		.iova = 0x10000000,
		.left = total,
	};
	unsigned int i;

	KUNIT_ASSERT_EQ(test, 0,
			extents_map(extents, ARRAY_SIZE(extents), &target));
	KUNIT_EXPECT_EQ(test, 0, target.left);
	KUNIT_EXPECT_EQ(test, 0x10000000 + total, target.iova);
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
	struct extent_target target = {
		.domain = &recorder->domain,
		.iova = PAGE_SIZE / 2,
		.skip = PAGE_SIZE / 2,
		.left = 2 * PAGE_SIZE,
	};

	KUNIT_ASSERT_EQ(test, 0,
			extents_map(extents, ARRAY_SIZE(extents), &target));
	KUNIT_ASSERT_EQ(test, 2, recorder->num);
	KUNIT_EXPECT_EQ(test, PFN_PHYS(0x100) + PAGE_SIZE / 2,
			recorder->phys[0]);
	KUNIT_EXPECT_EQ(test, PAGE_SIZE * 3 / 2, recorder->size[0]);
	KUNIT_EXPECT_EQ(test, PFN_PHYS(0x200), recorder->phys[1]);
	KUNIT_EXPECT_EQ(test, PAGE_SIZE / 2, recorder->size[1]);
	KUNIT_EXPECT_EQ(test, 2 * PAGE_SIZE, recorder->iova[1]);
}

static void error_tells_how_far_it_went(struct kunit *test)
{
	static const struct pages_extent extents[] = {
		{ .pfn = 0x100, .count = 2 },
		{ .pfn = 0x200, .count = 1 },
	};
	struct recorder *recorder = recorder_alloc(test);
	struct extent_target target = {
		.domain = &recorder->domain,
		.left = 3 * PAGE_SIZE,
	};

	recorder->fail_at = 1;
	KUNIT_EXPECT_EQ(test, -ENOMEM,
			extents_map(extents, ARRAY_SIZE(extents), &target));
	KUNIT_EXPECT_EQ(test, PAGE_SIZE, target.left);
}

static void too_few_extents_leave_something(struct kunit *test)
{
	static const struct pages_extent extent = { .pfn = 0x100, .count = 2 };
	struct recorder *recorder = recorder_alloc(test);
	struct extent_target target = {
		.domain = &recorder->domain,
		.left = 3 * PAGE_SIZE,
	};

	KUNIT_EXPECT_EQ(test, 0, extents_map(&extent, 1, &target));
	KUNIT_EXPECT_EQ(test, PAGE_SIZE, target.left);
}

static struct kunit_case extent_cases[] = {
	KUNIT_CASE(length_does_not_change_sign),
	KUNIT_CASE(appends_only_what_follows),
	KUNIT_CASE(appends_up_to_the_limit),
	KUNIT_CASE(long_extents_are_mapped_no_further_than_they_go),
	KUNIT_CASE(begins_inside_the_first_and_ends_inside_the_last),
	KUNIT_CASE(error_tells_how_far_it_went),
	KUNIT_CASE(too_few_extents_leave_something),
	{}
};

static struct kunit_suite extent_suite = {
	.name = "iommufd_extent",
	.test_cases = extent_cases,
};

kunit_test_suite(extent_suite);
