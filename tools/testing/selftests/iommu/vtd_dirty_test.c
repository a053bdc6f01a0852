// SPDX-License-Identifier: GPL-2.0-only
/*
 * VT-d: which pages of stage 2 a device has written, whether it is attached to the
 * parent or to a table nested on it.
 */
#include "vtd.h"

FIXTURE(dirty)
{
	struct vtd vtd;
	struct vfio_dev other;
};

FIXTURE_VARIANT(dirty)
{
	__u32 ats;
	bool nested;
};

FIXTURE_VARIANT_ADD(dirty, nested)
{
	.nested = true,
};

FIXTURE_VARIANT_ADD(dirty, nested_ats)
{
	.nested = true,
	.ats = DMA_TEST_BY_ATS,
};

FIXTURE_VARIANT_ADD(dirty, parent)
{
	.nested = false,
};

FIXTURE_VARIANT_ADD(dirty, parent_ats)
{
	.nested = false,
	.ats = DMA_TEST_BY_ATS,
};

/* Where the device finds data page n, the same for both kinds of HWPT */
static __u64 page_iova(unsigned int n)
{
	return guest_data_gpa(n);
}

FIXTURE_SETUP(dirty)
{
	struct vtd *vtd = &self->vtd;
	unsigned int i;

	vtd->ats = variant->ats;
	vtd_open(_metadata, vtd);
	if (!vtd_tracks_dirty(vtd))
		SKIP(_exit(EXIT_SKIPPED), "no dirty bits in stage 2");
	vtd_nest(_metadata, vtd, IOMMU_HWPT_ALLOC_DIRTY_TRACKING);
	for (i = 0; i < DATA_PAGES; i++)
		guest_map(_metadata, &vtd->guest, page_iova(i),
			  guest_data_gpa(i));
	if (!variant->nested)
		ASSERT_EQ(0, vfio_attach(vtd->dev.fd, vtd->guest.rig.parent_id,
					 NULL));
}

FIXTURE_TEARDOWN(dirty)
{
	vfio_dev_give_back(_metadata, &self->other);
	vtd_stop(_metadata, &self->vtd);
}

static int track(const struct vtd *vtd, bool on)
{
	return hwpt_set_dirty_tracking(vtd->guest.rig.fd,
				       vtd->guest.rig.parent_id, on);
}

/* The data pages written since this was asked last, one bit each */
static __u64 written(struct __test_metadata *_metadata, const struct vtd *vtd,
		     __u32 flags)
{
	__u64 bits = 0;

	EXPECT_EQ(0, hwpt_get_dirty_bitmap(vtd->guest.rig.fd,
					   vtd->guest.rig.parent_id, flags,
					   GUEST_DATA, DATA_PAGES * SZ_4K, SZ_4K,
					   &bits));
	return bits;
}

static void write_page(struct __test_metadata *_metadata, const struct vtd *vtd,
		       unsigned int n)
{
	EXPECT_EQ(0ULL, vtd_poke(vtd, page_iova(n) + 8, n));
}

/* ---- What is written is told, once ---- */

TEST_F(dirty, written_pages)
{
	struct vtd *vtd = &self->vtd;

	ASSERT_EQ(0, track(vtd, true));
	EXPECT_EQ(0ULL, written(_metadata, vtd, 0));
	write_page(_metadata, vtd, 2);
	write_page(_metadata, vtd, 11);
	EXPECT_EQ(1ULL << 2 | 1ULL << 11, written(_metadata, vtd, 0));
	EXPECT_EQ(0ULL, written(_metadata, vtd, 0));
}

TEST_F(dirty, read_pages_are_clean)
{
	struct vtd *vtd = &self->vtd;

	ASSERT_EQ(0, track(vtd, true));
	EXPECT_EQ(MARK(3), vtd_peek(vtd, page_iova(3)));
	EXPECT_EQ(0ULL, written(_metadata, vtd, 0));
}

/* What is cached says that the page is dirty already */
TEST_F(dirty, written_again)
{
	struct vtd *vtd = &self->vtd;
	unsigned int i;

	ASSERT_EQ(0, track(vtd, true));
	for (i = 0; i < 3; i++) {
		write_page(_metadata, vtd, 5);
		EXPECT_EQ(1ULL << 5, written(_metadata, vtd, 0));
	}
}

TEST_F(dirty, not_cleared)
{
	struct vtd *vtd = &self->vtd;

	ASSERT_EQ(0, track(vtd, true));
	write_page(_metadata, vtd, 5);
	EXPECT_EQ(1ULL << 5,
		  written(_metadata, vtd, IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR));
	EXPECT_EQ(1ULL << 5, written(_metadata, vtd, 0));
	EXPECT_EQ(0ULL, written(_metadata, vtd, 0));
}

/* ---- On and off ---- */

/* The page is cached as one that may be written without a trace */
TEST_F(dirty, written_before_it_was_on)
{
	struct vtd *vtd = &self->vtd;

	write_page(_metadata, vtd, 1);
	ASSERT_EQ(0, track(vtd, true));
	EXPECT_EQ(0ULL, written(_metadata, vtd, 0));
	write_page(_metadata, vtd, 1);
	EXPECT_EQ(1ULL << 1, written(_metadata, vtd, 0));
}

TEST_F(dirty, off_and_on_again)
{
	struct vtd *vtd = &self->vtd;

	ASSERT_EQ(0, track(vtd, true));
	write_page(_metadata, vtd, 1);
	ASSERT_EQ(0, track(vtd, false));
	write_page(_metadata, vtd, 2);
	ASSERT_EQ(0, track(vtd, true));
	EXPECT_EQ(0ULL, written(_metadata, vtd, 0) & 1ULL << 2);
	write_page(_metadata, vtd, 2);
	EXPECT_EQ(1ULL << 2, written(_metadata, vtd, 0));
}

TEST_F(dirty, device_that_comes_later)
{
	struct vtd *vtd = &self->vtd;

	ASSERT_EQ(0, track(vtd, true));
	vtd_add_device(_metadata, vtd, &self->other, 1);
	ASSERT_EQ(0, vfio_attach(self->other.fd, vtd->guest.hwpt, NULL));
	EXPECT_EQ(0ULL, dma_dev_poke(&self->other, page_iova(7) + 8, 1,
				     vtd->ats));
	EXPECT_EQ(1ULL << 7, written(_metadata, vtd, 0));
	ASSERT_EQ(0, vfio_attach(self->other.fd, vtd->guest.rig.parent_id,
				 NULL));
	EXPECT_EQ(0ULL, dma_dev_poke(&self->other, page_iova(8) + 8, 1,
				     vtd->ats));
	EXPECT_EQ(1ULL << 8, written(_metadata, vtd, 0));
}

TEST_F(dirty, two_devices)
{
	struct vtd *vtd = &self->vtd;
	__u32 hwpt = vtd_hwpt(_metadata, vtd, vtd->dev.id, vtd->guest.root);

	vtd_add_device(_metadata, vtd, &self->other, 1);
	ASSERT_EQ(0, vfio_attach(self->other.fd, hwpt, NULL));
	ASSERT_EQ(0, track(vtd, true));
	write_page(_metadata, vtd, 1);
	EXPECT_EQ(0ULL, dma_dev_poke(&self->other, page_iova(2) + 8, 1,
				     vtd->ats));
	EXPECT_EQ(1ULL << 1 | 1ULL << 2, written(_metadata, vtd, 0));
	EXPECT_EQ(0ULL, dma_dev_poke(&self->other, page_iova(2) + 8, 2,
				     vtd->ats));
	EXPECT_EQ(1ULL << 2, written(_metadata, vtd, 0));
}

/* ---- The guest's tables ---- */

/* The hardware writes accessed and dirty bits there: they would be lost too */
TEST_F(dirty, tables)
{
	struct vtd *vtd = &self->vtd;
	__u64 bits = 0;

	if (!variant->nested)
		SKIP(return, "no table");
	ASSERT_EQ(0, track(vtd, true));
	guest_map(_metadata, &vtd->guest, IOVA_4LEVEL, guest_data_gpa(0));
	EXPECT_EQ(MARK(0), vtd_peek(vtd, IOVA_4LEVEL));
	EXPECT_EQ(0, hwpt_get_dirty_bitmap(vtd->guest.rig.fd,
					   vtd->guest.rig.parent_id, 0,
					   GUEST_TABLES, TABLE_PAGES * SZ_4K,
					   SZ_4K, &bits));
	EXPECT_NE(0ULL, bits);
}

TEST_F(dirty, large_pages_of_stage_2)
{
	struct vtd *vtd = &self->vtd;
	char *mem = get_aligned_memory(_metadata, SZ_2M, SZ_2M,
				       MAP_PRIVATE | MAP_ANONYMOUS);
	__u64 gpa = GUEST_NOTHING + SZ_2M, bits[8] = {};

	madvise(mem, SZ_2M, MADV_HUGEPAGE);
	memset(mem, 0, SZ_2M);
	gpa &= ~(SZ_2M - 1ULL);
	rig_map(_metadata, &vtd->guest.rig, mem, SZ_2M, gpa, IOAS_MAP_RW);
	guest_map(_metadata, &vtd->guest, gpa + 3 * SZ_4K, gpa + 3 * SZ_4K);
	ASSERT_EQ(0, track(vtd, true));
	EXPECT_EQ(0ULL, vtd_poke(vtd, gpa + 3 * SZ_4K, 1));
	EXPECT_EQ(0, hwpt_get_dirty_bitmap(vtd->guest.rig.fd,
					   vtd->guest.rig.parent_id, 0, gpa,
					   SZ_2M, SZ_4K, bits));
	EXPECT_NE(0ULL, bits[0] & 1ULL << 3);
}

TEST_HARNESS_MAIN
