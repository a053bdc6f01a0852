// SPDX-License-Identifier: GPL-2.0-only
/*
 * The IOTLB: a device goes on seeing an old stage-1 entry until user space
 * invalidates it, sees the new one after that, and never sees an old stage 2.
 */
#include "guest.h"

FIXTURE(tlb)
{
	struct guest guest;
	__u64 iova;
};

FIXTURE_VARIANT(tlb)
{
	unsigned int levels;
};

FIXTURE_VARIANT_ADD(tlb, 4_level)
{
	.levels = IOMMU_HWPT_SELFTEST_S1_4LEVEL,
};

FIXTURE_VARIANT_ADD(tlb, 5_level)
{
	.levels = IOMMU_HWPT_SELFTEST_S1_5LEVEL,
};

#define PAGES 8

/* Page n of the window shows data page n, and the device has looked there */
static void warm(struct __test_metadata *_metadata, struct guest *guest,
		 __u64 iova)
{
	unsigned int i;

	for (i = 0; i < PAGES; i++) {
		guest_map(_metadata, guest, iova + i * SZ_4K,
			  guest_data_gpa(i));
		EXPECT_EQ(MARK(i), guest_peek(guest, iova + i * SZ_4K));
	}
}

/* Now page n of the table leads to data page n + PAGES */
static void change(struct __test_metadata *_metadata, struct guest *guest,
		   __u64 iova)
{
	unsigned int i;

	for (i = 0; i < PAGES; i++)
		guest_map(_metadata, guest, iova + i * SZ_4K,
			  guest_data_gpa(i + PAGES));
}

/* The pages that show the new data, one bit each; odd ones set bit 31 */
static unsigned int fresh(const struct guest *guest, __u64 iova)
{
	unsigned int i, mask = 0;
	__u64 seen;

	for (i = 0; i < PAGES; i++) {
		seen = guest_peek(guest, iova + i * SZ_4K);
		if (seen == MARK(i + PAGES))
			mask |= 1 << i;
		else if (seen != MARK(i))
			mask |= 1U << 31;
	}
	return mask;
}

FIXTURE_SETUP(tlb)
{
	guest_start(_metadata, &self->guest, variant->levels);
	/* The window must not cross a table's end */
	self->iova = variant->levels == 5 ? IOVA_5LEVEL : IOVA_4LEVEL;
	warm(_metadata, &self->guest, self->iova);
}

FIXTURE_TEARDOWN(tlb)
{
	guest_stop(_metadata, &self->guest);
}

/* ---- Stale until invalidated ---- */

TEST_F(tlb, changed_entries_stay_stale)
{
	struct guest *guest = &self->guest;

	/* A write is cached too, once the dirty bit is set */
	EXPECT_EQ(0ULL, guest_poke(guest, self->iova + 8, 1));
	change(_metadata, guest, self->iova);
	EXPECT_EQ(0U, fresh(guest, self->iova));
	/* Looking does not refresh */
	EXPECT_EQ(0U, fresh(guest, self->iova));
	/* Writing goes where the old entry leads */
	EXPECT_EQ(0ULL, guest_poke(guest, self->iova + 8, 0x01d));
	EXPECT_EQ(0x01dULL, get_u64(guest_data(guest, 0) + 8));
	EXPECT_EQ(0ULL, get_u64(guest_data(guest, PAGES) + 8));
}

TEST_F(tlb, removed_entry_stays_usable_until_invalidated)
{
	struct guest *guest = &self->guest;

	set_u64(guest_entry(_metadata, guest, self->iova, 1), 0);
	EXPECT_EQ(MARK(0), guest_peek(guest, self->iova));
	ASSERT_EQ(0, guest_invalidate(guest, self->iova, 1));
	EXPECT_EQ(DMA_UNMAPPED, guest_peek(guest, self->iova));
	EXPECT_EQ(MARK(1), guest_peek(guest, self->iova + SZ_4K));
}

TEST_F(tlb, write_right_stays_until_invalidated)
{
	struct guest *guest = &self->guest;

	/* The write is cached as such */
	EXPECT_EQ(0ULL, guest_poke(guest, self->iova + 8, 1));
	guest_map_at(_metadata, guest, self->iova, guest_data_gpa(0), 1,
		     PTE_RO);
	EXPECT_EQ(0ULL, guest_poke(guest, self->iova + 8, 2));
	EXPECT_EQ(2ULL, get_u64(guest_data(guest, 0) + 8));
	ASSERT_EQ(0, guest_invalidate(guest, self->iova, 1));
	EXPECT_EQ(DMA_FORBIDDEN, guest_poke(guest, self->iova + 8, 3));
	EXPECT_EQ(2ULL, get_u64(guest_data(guest, 0) + 8));
	EXPECT_EQ(MARK(0), guest_peek(guest, self->iova));
}

TEST_F(tlb, changed_upper_table_stays_stale_until_invalidated)
{
	struct guest *guest = &self->guest;
	__u64 *entry = guest_entry(_metadata, guest, self->iova, 2);

	set_u64(entry, guest_new_table(_metadata, guest) | PTE_RW);
	change(_metadata, guest, self->iova);
	EXPECT_EQ(0U, fresh(guest, self->iova));
	ASSERT_EQ(0, guest_invalidate(guest, self->iova, PAGES));
	EXPECT_EQ(0xffU, fresh(guest, self->iova));
}

/* ---- What an invalidation reaches ---- */

TEST_F(tlb, one_page)
{
	struct guest *guest = &self->guest;

	change(_metadata, guest, self->iova);
	ASSERT_EQ(0, guest_invalidate(guest, self->iova + 3 * SZ_4K, 1));
	EXPECT_EQ(0x08U, fresh(guest, self->iova));
}

TEST_F(tlb, range)
{
	struct guest *guest = &self->guest;

	change(_metadata, guest, self->iova);
	ASSERT_EQ(0, guest_invalidate(guest, self->iova + 2 * SZ_4K, 4));
	EXPECT_EQ(0x3cU, fresh(guest, self->iova));
	/* A range may be wider than what is cached */
	ASSERT_EQ(0, guest_invalidate(guest, self->iova - 100 * SZ_4K, 101));
	EXPECT_EQ(0x3dU, fresh(guest, self->iova));
	ASSERT_EQ(0, guest_invalidate(guest, 0, 1ULL << 51));
	EXPECT_EQ(0xffU, fresh(guest, self->iova));
}

TEST_F(tlb, all)
{
	struct guest *guest = &self->guest;

	change(_metadata, guest, self->iova);
	ASSERT_EQ(0, guest_invalidate_all(guest));
	EXPECT_EQ(0xffU, fresh(guest, self->iova));
}

TEST_F(tlb, all_by_a_version_1_request)
{
	struct guest *guest = &self->guest;
	struct iommu_hwpt_invalidate_selftest request = {
		.flags = IOMMU_TEST_INVALIDATE_FLAG_ALL,
	};
	__u32 num = 1;

	change(_metadata, guest, self->iova);
	ASSERT_EQ(0, hwpt_invalidate(guest->rig.fd, guest->hwpt,
				     IOMMU_HWPT_INVALIDATE_DATA_SELFTEST,
				     &request, sizeof(request), &num));
	EXPECT_EQ(0xffU, fresh(guest, self->iova));
}

TEST_F(tlb, slot_of_a_version_1_request_is_no_iova)
{
	struct guest *guest = &self->guest;
	struct iommu_hwpt_invalidate_selftest request = {};
	__u32 num = 1;

	change(_metadata, guest, self->iova);
	ASSERT_EQ(0, hwpt_invalidate(guest->rig.fd, guest->hwpt,
				     IOMMU_HWPT_INVALIDATE_DATA_SELFTEST,
				     &request, sizeof(request), &num));
	EXPECT_EQ(0U, fresh(guest, self->iova));
}

TEST_F(tlb, no_pages)
{
	struct guest *guest = &self->guest;

	change(_metadata, guest, self->iova);
	ASSERT_EQ(0, guest_invalidate(guest, self->iova, 0));
	EXPECT_EQ(0U, fresh(guest, self->iova));
}

TEST_F(tlb, several_requests_in_one_call)
{
	struct guest *guest = &self->guest;
	struct iommu_hwpt_invalidate_selftest_v2 requests[] = {
		{ .addr = self->iova, .npages = 1 },
		{ .addr = self->iova + 4 * SZ_4K, .npages = 2 },
	};
	__u32 num = ARRAY_SIZE(requests);

	change(_metadata, guest, self->iova);
	ASSERT_EQ(0, hwpt_invalidate(guest->rig.fd, guest->hwpt,
				     IOMMU_HWPT_INVALIDATE_DATA_SELFTEST,
				     requests, sizeof(requests[0]), &num));
	EXPECT_EQ(0x31U, fresh(guest, self->iova));
}

TEST_F(tlb, requests_before_a_bad_one)
{
	struct guest *guest = &self->guest;
	struct iommu_hwpt_invalidate_selftest_v2 requests[] = {
		{ .addr = self->iova, .npages = 1 },
		{ .addr = self->iova + SZ_4K + 1, .npages = 1 },
		{ .addr = self->iova + 2 * SZ_4K, .npages = 1 },
	};
	__u32 num = ARRAY_SIZE(requests);

	change(_metadata, guest, self->iova);
	EXPECT_EQ(-EINVAL, hwpt_invalidate(guest->rig.fd, guest->hwpt,
					   IOMMU_HWPT_INVALIDATE_DATA_SELFTEST,
					   requests, sizeof(requests[0]),
					   &num));
	EXPECT_EQ(1U, num);
	EXPECT_EQ(0x01U, fresh(guest, self->iova));
}

TEST_F(tlb, huge_page)
{
	struct guest *guest = &self->guest;
	__u64 iova = (self->iova & ~(SZ_2M - 1)) + SZ_2M;
	__u64 *entry = guest_map_at(_metadata, guest, iova, GUEST_DATA, 2,
				    PTE_RW);
	unsigned int i;

	for (i = 0; i < PAGES; i++) {
		EXPECT_EQ(MARK(i), guest_peek(guest, iova + i * SZ_4K));
	}
	set_u64(entry, 0);
	EXPECT_EQ(MARK(PAGES - 1), guest_peek(guest, iova + (PAGES - 1) * SZ_4K));
	ASSERT_EQ(0, guest_invalidate(guest, iova, 512));
	for (i = 0; i < PAGES; i++) {
		EXPECT_EQ(DMA_UNMAPPED, guest_peek(guest, iova + i * SZ_4K));
	}
}

/* ---- What needs none ---- */

TEST_F(tlb, new_entry_needs_no_invalidation)
{
	struct guest *guest = &self->guest;
	__u64 iova = self->iova + PAGES * SZ_4K;

	/* That it was absent is not cached */
	EXPECT_EQ(DMA_UNMAPPED, guest_peek(guest, iova));
	guest_map(_metadata, guest, iova, guest_data_gpa(9));
	EXPECT_EQ(MARK(9), guest_peek(guest, iova));
}

TEST_F(tlb, new_write_right_needs_no_invalidation)
{
	struct guest *guest = &self->guest;
	__u64 iova = self->iova + PAGES * SZ_4K;

	guest_map_at(_metadata, guest, iova, guest_data_gpa(9), 1, PTE_RO);
	EXPECT_EQ(MARK(9), guest_peek(guest, iova));
	EXPECT_EQ(DMA_FORBIDDEN, guest_poke(guest, iova, 1));
	guest_map_at(_metadata, guest, iova, guest_data_gpa(9), 1, PTE_RW);
	EXPECT_EQ(0ULL, guest_poke(guest, iova, 1));
	EXPECT_EQ(1ULL, get_u64(guest_data(guest, 9)));
}

TEST_F(tlb, data_is_never_cached)
{
	struct guest *guest = &self->guest;

	set_u64(guest_data(guest, 0), 1234);
	EXPECT_EQ(1234ULL, guest_peek(guest, self->iova));
}

/* ---- Other domains ---- */

/* A second device on a nested HWPT of its own; both use the same table */
static struct guest second_domain(struct __test_metadata *_metadata,
				  struct guest *guest)
{
	struct guest other = *guest;

	other.hwpt = guest_new_hwpt(_metadata, guest, guest->root);
	other.dev = rig_device(_metadata, &guest->rig, other.hwpt);
	return other;
}

TEST_F(tlb, other_domain_is_not_stale)
{
	struct guest *guest = &self->guest;
	struct guest other = second_domain(_metadata, guest);

	change(_metadata, guest, self->iova);
	EXPECT_EQ(0U, fresh(guest, self->iova));
	EXPECT_EQ(0xffU, fresh(&other, self->iova));
	EXPECT_EQ(0U, fresh(guest, self->iova));
}

TEST_F(tlb, invalidation_of_one_domain_leaves_the_other_stale)
{
	struct guest *guest = &self->guest;
	struct guest other = second_domain(_metadata, guest);

	EXPECT_EQ(0U, fresh(&other, self->iova));
	change(_metadata, guest, self->iova);
	ASSERT_EQ(0, guest_invalidate_all(&other));
	EXPECT_EQ(0xffU, fresh(&other, self->iova));
	EXPECT_EQ(0U, fresh(guest, self->iova));
	ASSERT_EQ(0, guest_invalidate(guest, self->iova, PAGES));
	EXPECT_EQ(0xffU, fresh(guest, self->iova));
}

TEST_F(tlb, devices_on_one_hwpt_are_invalidated_together)
{
	struct guest *guest = &self->guest;
	struct guest other = *guest;

	other.dev = rig_device(_metadata, &guest->rig, guest->hwpt);
	EXPECT_EQ(0U, fresh(&other, self->iova));
	change(_metadata, guest, self->iova);
	EXPECT_EQ(0U, fresh(&other, self->iova));
	ASSERT_EQ(0, guest_invalidate(guest, self->iova, PAGES));
	EXPECT_EQ(0xffU, fresh(guest, self->iova));
	EXPECT_EQ(0xffU, fresh(&other, self->iova));
}

/* ---- Stage 2 is the kernel's: no user invalidation is ever needed ---- */

TEST_F(tlb, stage2_unmap_blocks_at_once)
{
	struct guest *guest = &self->guest;

	EXPECT_EQ(0ULL, guest_poke(guest, self->iova + 8, 1));
	rig_unmap(_metadata, &guest->rig, GUEST_DATA, DATA_PAGES * SZ_4K);
	EXPECT_EQ(DMA_UNMAPPED, guest_peek(guest, self->iova));
	EXPECT_EQ(DMA_UNMAPPED, guest_poke(guest, self->iova + 8, 2));
	EXPECT_EQ(1ULL, get_u64(guest_data(guest, 0) + 8));
}

TEST_F(tlb, stage2_unmap_blocks_every_domain_on_it)
{
	struct guest *guest = &self->guest;
	struct guest other = second_domain(_metadata, guest);
	unsigned int i;

	EXPECT_EQ(0U, fresh(&other, self->iova));
	rig_unmap(_metadata, &guest->rig, GUEST_DATA, DATA_PAGES * SZ_4K);
	for (i = 0; i < PAGES; i++) {
		EXPECT_EQ(DMA_UNMAPPED, guest_peek(guest,
						   self->iova + i * SZ_4K));
		EXPECT_EQ(DMA_UNMAPPED, guest_peek(&other,
						   self->iova + i * SZ_4K));
	}
}

TEST_F(tlb, stage2_remap_is_seen_at_once)
{
	struct guest *guest = &self->guest;
	char *next = get_memory(_metadata, DATA_PAGES * SZ_4K);
	unsigned int i;

	rig_unmap(_metadata, &guest->rig, GUEST_DATA, DATA_PAGES * SZ_4K);
	rig_map(_metadata, &guest->rig, next, DATA_PAGES * SZ_4K, GUEST_DATA,
		IOAS_MAP_RW);
	for (i = 0; i < PAGES; i++) {
		set_u64(next + i * SZ_4K, 500 + i);
		EXPECT_EQ(500ULL + i, guest_peek(guest,
						 self->iova + i * SZ_4K));
	}
}

TEST_F(tlb, stage2_unmap_of_the_tables_blocks_at_once)
{
	struct guest *guest = &self->guest;

	rig_unmap(_metadata, &guest->rig, GUEST_TABLES,
		  TABLE_PAGES * TABLE_SIZE);
	/* Where nothing is cached the walk fails; where it is, either will do */
	EXPECT_EQ(DMA_UNMAPPED, guest_peek(guest, self->iova + PAGES * SZ_4K));
	ASSERT_EQ(0, guest_invalidate_all(guest));
	EXPECT_EQ(DMA_UNMAPPED, guest_peek(guest, self->iova));
}

TEST_F(tlb, stage2_unmap_elsewhere_disturbs_nothing)
{
	struct guest *guest = &self->guest;

	rig_unmap(_metadata, &guest->rig, GUEST_HUGE, DATA_PAGES * SZ_4K);
	EXPECT_EQ(0U, fresh(guest, self->iova));
}

TEST_F(tlb, stage2_unmap_under_a_domain_without_a_table)
{
	struct guest *guest = &self->guest;
	struct rig *rig = &guest->rig;
	__u32 flat = rig_nested(_metadata, rig, guest->dev.idev_id,
				rig->parent_id, 0, 0);

	ASSERT_EQ(0, mock_replace(rig->fd, guest->dev.stdev_id, flat, NULL));
	EXPECT_EQ(MARK(0), guest_peek(guest, GUEST_DATA));
	rig_unmap(_metadata, rig, GUEST_DATA, DATA_PAGES * SZ_4K);
	EXPECT_EQ(DMA_UNMAPPED, guest_peek(guest, GUEST_DATA));
}

TEST_HARNESS_MAIN
