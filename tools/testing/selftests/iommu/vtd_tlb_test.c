// SPDX-License-Identifier: GPL-2.0-only
/*
 * VT-d: what is cached of both stages. A device goes on seeing an old stage-1 entry
 * until user space invalidates it, and never sees an old stage 2.
 */
#include "vtd.h"

#define PAGES 8

FIXTURE(tlb)
{
	struct vtd vtd;
	struct vfio_dev other;
};

FIXTURE_VARIANT(tlb)
{
	__u32 ats;
};

FIXTURE_VARIANT_ADD(tlb, untranslated)
{
	.ats = 0,
};

FIXTURE_VARIANT_ADD(tlb, ats)
{
	.ats = DMA_TEST_BY_ATS,
};

/* Page n of the window shows data page n + shift */
static void show(struct __test_metadata *_metadata, struct vtd *vtd,
		 unsigned int shift)
{
	unsigned int i;

	for (i = 0; i < PAGES; i++)
		guest_map(_metadata, &vtd->guest, IOVA_4LEVEL + i * SZ_4K,
			  guest_data_gpa(i + shift));
}

/* The pages that show the new data, one bit each; odd ones set bit 31 */
static unsigned int fresh_of(const struct vtd *vtd, const struct vfio_dev *dev)
{
	unsigned int i, mask = 0;
	__u64 seen;

	for (i = 0; i < PAGES; i++) {
		seen = dma_dev_peek(dev, IOVA_4LEVEL + i * SZ_4K, vtd->ats);
		if (seen == MARK(i + PAGES))
			mask |= 1 << i;
		else if (seen != MARK(i))
			mask |= 1U << 31;
	}
	return mask;
}

static unsigned int fresh(const struct vtd *vtd)
{
	return fresh_of(vtd, &vtd->dev);
}

FIXTURE_SETUP(tlb)
{
	self->vtd.ats = variant->ats;
	vtd_start(_metadata, &self->vtd);
	show(_metadata, &self->vtd, 0);
	EXPECT_EQ(0U, fresh(&self->vtd));
}

FIXTURE_TEARDOWN(tlb)
{
	vfio_dev_give_back(_metadata, &self->other);
	vtd_stop(_metadata, &self->vtd);
}

/* ---- Stage 1: stale until invalidated ---- */

TEST_F(tlb, changed_entries_stay_stale)
{
	struct vtd *vtd = &self->vtd;

	show(_metadata, vtd, PAGES);
	EXPECT_EQ(0U, fresh(vtd));
	EXPECT_EQ(0U, fresh(vtd));
}

TEST_F(tlb, one_page)
{
	struct vtd *vtd = &self->vtd;

	show(_metadata, vtd, PAGES);
	EXPECT_EQ(0, vtd_invalidate(vtd, IOVA_4LEVEL + 3 * SZ_4K, 1));
	EXPECT_EQ(1U << 3, fresh(vtd));
}

TEST_F(tlb, any_range)
{
	struct vtd *vtd = &self->vtd;
	unsigned int first, num, want;

	for (first = 0; first < PAGES; first++) {
		for (num = 1; first + num <= PAGES; num++) {
			show(_metadata, vtd, 0);
			EXPECT_EQ(0, vtd_invalidate_all(vtd));
			EXPECT_EQ(0U, fresh(vtd));
			show(_metadata, vtd, PAGES);
			EXPECT_EQ(0, vtd_invalidate(vtd, IOVA_4LEVEL +
							 first * SZ_4K, num));
			want = ((1U << num) - 1) << first;
			/* The hardware may take more, but not much more */
			EXPECT_EQ(want, fresh(vtd) & want);
			EXPECT_GE(2 * num, (unsigned int)
					   __builtin_popcount(fresh(vtd)));
		}
	}
}

TEST_F(tlb, everything)
{
	struct vtd *vtd = &self->vtd;

	show(_metadata, vtd, PAGES);
	EXPECT_EQ(0, vtd_invalidate_all(vtd));
	EXPECT_EQ((1U << PAGES) - 1, fresh(vtd));
}

TEST_F(tlb, huge_range)
{
	struct vtd *vtd = &self->vtd;

	show(_metadata, vtd, PAGES);
	EXPECT_EQ(0, vtd_invalidate(vtd, SZ_4K, (1ULL << 36) - 2));
	EXPECT_EQ((1U << PAGES) - 1, fresh(vtd));
}

TEST_F(tlb, large_page)
{
	struct vtd *vtd = &self->vtd;
	__u64 iova = 5ULL * SZ_1G;

	guest_map_at(_metadata, &vtd->guest, iova, GUEST_DATA, 2, PTE_RW);
	EXPECT_EQ(MARK(3), vtd_peek(vtd, iova + 3 * SZ_4K));
	set_u64(guest_entry(_metadata, &vtd->guest, iova, 2), 0);
	EXPECT_EQ(MARK(3), vtd_peek(vtd, iova + 3 * SZ_4K));
	EXPECT_EQ(0, vtd_invalidate(vtd, iova, 512));
	EXPECT_EQ(DMA_DEV_BLOCKED, vtd_peek(vtd, iova + 3 * SZ_4K));
}

/* Not the leaf has changed but an entry above it */
TEST_F(tlb, another_table)
{
	struct vtd *vtd = &self->vtd;
	struct guest *guest = &vtd->guest;
	__u64 *entry = guest_entry(_metadata, guest, IOVA_4LEVEL, 2);
	__u64 table = guest_new_table(_metadata, guest);
	unsigned int i;

	for (i = 0; i < PAGES; i++)
		set_u64(guest_entry_in(guest, table, 1,
				       IOVA_4LEVEL + i * SZ_4K),
			guest_data_gpa(i + PAGES) | PTE_RW);
	set_u64(entry, table | PTE_RW);
	EXPECT_EQ(0U, fresh(vtd));
	EXPECT_EQ(0, vtd_invalidate_of(vtd, guest->hwpt, IOVA_4LEVEL, PAGES, 0));
	EXPECT_EQ((1U << PAGES) - 1, fresh(vtd));
}

TEST_F(tlb, right_to_write_stays_until_invalidated)
{
	struct vtd *vtd = &self->vtd;

	EXPECT_EQ(0ULL, vtd_poke(vtd, IOVA_4LEVEL + 8, 1));
	guest_map_at(_metadata, &vtd->guest, IOVA_4LEVEL, guest_data_gpa(0), 1,
		     PTE_RO);
	EXPECT_EQ(0ULL, vtd_poke(vtd, IOVA_4LEVEL + 8, 2));
	EXPECT_EQ(0, vtd_invalidate(vtd, IOVA_4LEVEL, 1));
	EXPECT_EQ(DMA_DEV_BLOCKED, vtd_poke(vtd, IOVA_4LEVEL + 8, 3));
	EXPECT_EQ(2ULL, get_u64(guest_data(&vtd->guest, 0) + 8));
}

TEST_F(tlb, both_devices_of_a_table)
{
	struct vtd *vtd = &self->vtd;

	vtd_add_device(_metadata, vtd, &self->other, 1);
	ASSERT_EQ(0, vfio_attach(self->other.fd, vtd->guest.hwpt, NULL));
	EXPECT_EQ(0U, fresh_of(vtd, &self->other));
	show(_metadata, vtd, PAGES);
	EXPECT_EQ(0, vtd_invalidate(vtd, IOVA_4LEVEL, PAGES));
	EXPECT_EQ((1U << PAGES) - 1, fresh_of(vtd, &self->other));
	EXPECT_EQ((1U << PAGES) - 1, fresh(vtd));
}

TEST_F(tlb, not_the_device_of_another_table)
{
	struct vtd *vtd = &self->vtd;
	__u32 hwpt = vtd_hwpt(_metadata, vtd, vtd->dev.id, vtd->guest.root);

	vtd_add_device(_metadata, vtd, &self->other, 1);
	ASSERT_EQ(0, vfio_attach(self->other.fd, hwpt, NULL));
	EXPECT_EQ(0U, fresh_of(vtd, &self->other));
	show(_metadata, vtd, PAGES);
	EXPECT_EQ(0, vtd_invalidate_all(vtd));
	EXPECT_EQ(0U, fresh_of(vtd, &self->other));
	EXPECT_EQ((1U << PAGES) - 1, fresh(vtd));
}

/* ---- Arrays of requests ---- */

#define MANY 600

/* Requests for pages far from each other, the first of which are of the window */
static void fill_scattered(struct iommu_hwpt_vtd_s1_invalidate *requests)
{
	unsigned int i;

	for (i = 0; i < MANY; i++)
		requests[i] = (struct iommu_hwpt_vtd_s1_invalidate){
			.addr = i < PAGES ?
					IOVA_4LEVEL + (i * 3 % PAGES) * SZ_4K :
					(__u64)i * 3 * SZ_2M,
			.npages = 1,
			.flags = IOMMU_VTD_INV_FLAGS_LEAF,
		};
}

TEST_F(tlb, many_requests)
{
	struct iommu_hwpt_vtd_s1_invalidate requests[MANY];
	struct vtd *vtd = &self->vtd;
	__u32 num = MANY;

	fill_scattered(requests);
	show(_metadata, vtd, PAGES);
	EXPECT_EQ(0, vtd_invalidate_array(vtd, vtd->guest.hwpt, requests, &num));
	EXPECT_EQ((__u32)MANY, num);
	EXPECT_EQ((1U << PAGES) - 1, fresh(vtd));
}

/* One by one, upward and downward: they are merged, and none is lost */
TEST_F(tlb, neighbours)
{
	struct iommu_hwpt_vtd_s1_invalidate requests[PAGES];
	struct vtd *vtd = &self->vtd;
	__u32 num, i, down;

	for (down = 0; down < 2; down++) {
		show(_metadata, vtd, 0);
		EXPECT_EQ(0, vtd_invalidate_all(vtd));
		EXPECT_EQ(0U, fresh(vtd));
		show(_metadata, vtd, PAGES);
		for (i = 0; i < PAGES; i++)
			requests[i] = (struct iommu_hwpt_vtd_s1_invalidate){
				.addr = IOVA_4LEVEL +
					(down ? PAGES - 1 - i : i) * SZ_4K,
				.npages = 1,
			};
		num = PAGES;
		EXPECT_EQ(0, vtd_invalidate_array(vtd, vtd->guest.hwpt,
						  requests, &num));
		EXPECT_EQ((1U << PAGES) - 1, fresh(vtd));
	}
}

/* The last page there is and the first one are no neighbours */
TEST_F(tlb, first_page_and_last_page)
{
	struct iommu_hwpt_vtd_s1_invalidate requests[4] = {
		{ .addr = 0, .npages = 1 },
		{ .addr = -(__u64)SZ_4K, .npages = 1 },
		{ .addr = 0, .npages = 1 },
		{ .addr = IOVA_4LEVEL, .npages = 1 },
	};
	struct vtd *vtd = &self->vtd;
	__u32 num = 4;

	show(_metadata, vtd, PAGES);
	EXPECT_EQ(0, vtd_invalidate_array(vtd, vtd->guest.hwpt, requests, &num));
	EXPECT_EQ(4U, num);
	EXPECT_EQ(1U, fresh(vtd));
}

TEST_F(tlb, requests_before_a_bad_one_are_carried_out)
{
	static const __u32 at[] = { 0, 1, 3, 4, 127, 128, 129, 300, MANY - 1 };
	struct iommu_hwpt_vtd_s1_invalidate requests[MANY];
	struct vtd *vtd = &self->vtd;
	__u32 num, i;

	for (i = 0; i < ARRAY_SIZE(at); i++) {
		show(_metadata, vtd, 0);
		EXPECT_EQ(0, vtd_invalidate_all(vtd));
		EXPECT_EQ(0U, fresh(vtd));
		show(_metadata, vtd, PAGES);
		fill_scattered(requests);
		requests[at[i]].addr |= 1;
		if (at[i])
			requests[at[i] - 1].addr = IOVA_4LEVEL;
		if (at[i] + 1 < MANY)
			requests[at[i] + 1].addr = IOVA_4LEVEL + 7 * SZ_4K;
		num = MANY;
		EXPECT_EQ(-EINVAL, vtd_invalidate_array(vtd, vtd->guest.hwpt,
							requests, &num));
		EXPECT_EQ(at[i], num);
		EXPECT_EQ(!!at[i], fresh(vtd) & 1);
		if (at[i] < PAGES)
			EXPECT_EQ(0U, fresh(vtd) & (1U << 7));
	}
}

TEST_F(tlb, requests_up_to_the_end_of_memory)
{
	struct iommu_hwpt_vtd_s1_invalidate *requests;
	struct vtd *vtd = &self->vtd;
	__u32 num = 5;

	requests = get_memory_at_edge(_metadata, 3 * sizeof(*requests));
	requests[0] = (struct iommu_hwpt_vtd_s1_invalidate){ IOVA_4LEVEL, 1 };
	requests[1] = (struct iommu_hwpt_vtd_s1_invalidate){ SZ_2M, 1 };
	requests[2] = (struct iommu_hwpt_vtd_s1_invalidate){
		IOVA_4LEVEL + SZ_4K, 1 };
	show(_metadata, vtd, PAGES);
	EXPECT_EQ(-EFAULT, vtd_invalidate_array(vtd, vtd->guest.hwpt, requests,
						&num));
	EXPECT_EQ(3U, num);
	EXPECT_EQ(3U, fresh(vtd));
}

/* ---- Bad requests ---- */

static void expect_bad(struct __test_metadata *_metadata, const struct vtd *vtd,
		       int rc, struct iommu_hwpt_vtd_s1_invalidate request)
{
	__u32 num = 1;

	EXPECT_EQ(rc, vtd_invalidate_array(vtd, vtd->guest.hwpt, &request,
					   &num)) {
		TH_LOG("addr %#llx npages %#llx", request.addr, request.npages);
	}
	EXPECT_EQ(0U, num);
}

TEST_F(tlb, bad_requests)
{
	struct vtd *vtd = &self->vtd;
	__u32 flag;

#define BAD(_rc, ...)                                  \
	expect_bad(_metadata, vtd, _rc,                \
		   (struct iommu_hwpt_vtd_s1_invalidate){ __VA_ARGS__ })
	BAD(-EINVAL, .addr = 1, .npages = 1);
	BAD(-EINVAL, .addr = SZ_4K - 1, .npages = 1);
	BAD(-EINVAL, .addr = SZ_4K, .npages = 0);
	BAD(-EINVAL, .addr = 0, .npages = 0);
	BAD(-EOVERFLOW, .addr = SZ_4K, .npages = ~0ULL);
	BAD(-EOVERFLOW, .addr = 0, .npages = ~0ULL - 1);
	BAD(-EOVERFLOW, .addr = SZ_4K, .npages = 1ULL << 52);
	BAD(-EOVERFLOW, .addr = -(__u64)SZ_4K, .npages = 2);
	BAD(-EOPNOTSUPP, .addr = 0, .npages = 1, .__reserved = 1);
	BAD(-EOPNOTSUPP, .addr = 0, .npages = ~0ULL, .__reserved = 1);
	for (flag = 2; flag; flag <<= 1)
		BAD(-EOPNOTSUPP, .addr = 0, .npages = 1, .flags = flag);
	show(_metadata, vtd, PAGES);
	EXPECT_EQ(0U, fresh(vtd));
	/* The last pages there are */
	EXPECT_EQ(0, vtd_invalidate(vtd, -(__u64)SZ_4K, 1));
	EXPECT_EQ(0, vtd_invalidate(vtd, 0, 1ULL << 51));
}

TEST_F(tlb, type_is_probed)
{
	struct vtd *vtd = &self->vtd;
	int fd = vtd->guest.rig.fd;
	__u32 num = 0;

	EXPECT_EQ(0, hwpt_invalidate(fd, vtd->guest.hwpt,
				     IOMMU_HWPT_INVALIDATE_DATA_VTD_S1, NULL, 0,
				     &num));
	EXPECT_EQ(-EINVAL, hwpt_invalidate(fd, vtd->guest.hwpt,
					   IOMMU_HWPT_INVALIDATE_DATA_SELFTEST,
					   NULL, 0, &num));
}

/* ---- Stage 2: never stale ---- */

TEST_F(tlb, stage_2_unmapped)
{
	struct vtd *vtd = &self->vtd;

	rig_unmap(_metadata, &vtd->guest.rig, GUEST_DATA, DATA_PAGES * SZ_4K);
	EXPECT_EQ(DMA_DEV_BLOCKED, vtd_peek(vtd, IOVA_4LEVEL));
	EXPECT_EQ(DMA_DEV_BLOCKED, vtd_poke(vtd, IOVA_4LEVEL + SZ_4K, 1));
	EXPECT_EQ(MARK(1), get_u64(guest_data(&vtd->guest, 1)));
}

TEST_F(tlb, stage_2_leads_elsewhere)
{
	struct vtd *vtd = &self->vtd;
	char *mem = get_memory(_metadata, DATA_PAGES * SZ_4K);

	set_u64(mem, 0xe15e);
	rig_unmap(_metadata, &vtd->guest.rig, GUEST_DATA, DATA_PAGES * SZ_4K);
	rig_map(_metadata, &vtd->guest.rig, mem, DATA_PAGES * SZ_4K, GUEST_DATA,
		IOAS_MAP_RW);
	EXPECT_EQ(0xe15eULL, vtd_peek(vtd, IOVA_4LEVEL));
}

/* The device looked there when nothing was mapped */
TEST_F(tlb, stage_2_newly_mapped)
{
	struct vtd *vtd = &self->vtd;
	char *mem = get_memory(_metadata, SZ_4K);

	guest_map(_metadata, &vtd->guest, IOVA_4LEVEL + 9 * SZ_4K,
		  GUEST_NOTHING);
	EXPECT_EQ(DMA_DEV_BLOCKED, vtd_peek(vtd, IOVA_4LEVEL + 9 * SZ_4K));
	set_u64(mem, 0xe15e);
	rig_map(_metadata, &vtd->guest.rig, mem, SZ_4K, GUEST_NOTHING,
		IOAS_MAP_RW);
	EXPECT_EQ(0xe15eULL, vtd_peek(vtd, IOVA_4LEVEL + 9 * SZ_4K));
}

/* The memory of the tables themselves */
TEST_F(tlb, stage_2_under_the_tables_unmapped)
{
	struct vtd *vtd = &self->vtd;

	rig_unmap(_metadata, &vtd->guest.rig, GUEST_TABLES,
		  TABLE_PAGES * TABLE_SIZE);
	EXPECT_EQ(DMA_DEV_BLOCKED, vtd_peek(vtd, IOVA_4LEVEL + 9 * SZ_4K));
}

TEST_F(tlb, stage_2_of_two_tables)
{
	struct vtd *vtd = &self->vtd;
	__u32 hwpt = vtd_hwpt(_metadata, vtd, vtd->dev.id, vtd->guest.root);

	vtd_add_device(_metadata, vtd, &self->other, 1);
	ASSERT_EQ(0, vfio_attach(self->other.fd, hwpt, NULL));
	EXPECT_EQ(0U, fresh_of(vtd, &self->other));
	rig_unmap(_metadata, &vtd->guest.rig, GUEST_DATA, DATA_PAGES * SZ_4K);
	EXPECT_EQ(DMA_DEV_BLOCKED, vtd_peek(vtd, IOVA_4LEVEL));
	EXPECT_EQ(DMA_DEV_BLOCKED,
		  dma_dev_peek(&self->other, IOVA_4LEVEL, vtd->ats));
}

TEST_HARNESS_MAIN
