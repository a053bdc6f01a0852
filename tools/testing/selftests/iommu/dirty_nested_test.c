// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which HWPTs can be tracked, and what a device that goes through a guest's own
 * tables makes dirty.
 */
#include "guest.h"

/* ---- Which HWPTs can be tracked ---- */

FIXTURE(dirty_alloc)
{
	struct rig rig;
};

FIXTURE_SETUP(dirty_alloc)
{
	rig_open(_metadata, &self->rig);
	self->rig.ioas_id = rig_ioas(_metadata, &self->rig);
}

FIXTURE_TEARDOWN(dirty_alloc)
{
	rig_close(_metadata, &self->rig);
}

TEST_F(dirty_alloc, depends_on_the_device)
{
	static const struct {
		__u32 iommu, flags;
		int rc;
	} cases[] = {
		{ MOCK_IOMMU_FULL, 0, 0 },
		{ MOCK_IOMMU_FULL, MOCK_FLAGS_DEVICE_HUGE_IOVA, 0 },
		{ MOCK_IOMMU_FULL, MOCK_FLAGS_DEVICE_NO_DIRTY, -EOPNOTSUPP },
		{ MOCK_IOMMU_ROGUE, 0, 0 },
		{ MOCK_IOMMU_LEGACY, 0, -EOPNOTSUPP },
	};
	struct rig *rig = &self->rig;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct iommu_hw_info info;
		struct mock_dev dev = {};
		__u32 id = 0;

		ASSERT_EQ(0, mock_device_create(rig->fd, cases[i].iommu, 0, 0,
						cases[i].flags, &dev));
		rig_keep(_metadata, rig, dev.stdev_id);
		EXPECT_EQ(cases[i].rc,
			  hwpt_alloc(rig->fd, dev.idev_id, rig->ioas_id,
				     IOMMU_HWPT_ALLOC_DIRTY_TRACKING, &id)) {
			TH_LOG("case %u", i);
		}
		if (id)
			rig_keep(_metadata, rig, id);
		/* Which it says beforehand */
		ASSERT_EQ(0, hw_info(rig->fd, dev.idev_id, NULL, 0, &info));
		EXPECT_EQ(!cases[i].rc, !!(info.out_capabilities &
					   IOMMU_HW_CAP_DIRTY_TRACKING));
	}
}

TEST_F(dirty_alloc, of_a_nested_hwpt_is_refused)
{
	struct rig *rig = &self->rig;
	struct mock_dev dev = rig_device(_metadata, rig, rig->ioas_id);
	__u32 parent = rig_hwpt(_metadata, rig, dev.idev_id, rig->ioas_id,
				IOMMU_HWPT_ALLOC_NEST_PARENT |
				IOMMU_HWPT_ALLOC_DIRTY_TRACKING);
	struct iommu_hwpt_selftest data = { .iotlb = IOMMU_TEST_IOTLB_DEFAULT };
	struct iommu_hwpt_alloc cmd = {
		.size = sizeof(cmd),
		.flags = IOMMU_HWPT_ALLOC_DIRTY_TRACKING,
		.dev_id = dev.idev_id,
		.pt_id = parent,
		.data_type = IOMMU_HWPT_DATA_SELFTEST,
		.data_len = sizeof(data),
		.data_uptr = (uintptr_t)&data,
	};

	EXPECT_EQ(-EOPNOTSUPP, iommufd_ioctl(rig->fd, IOMMU_HWPT_ALLOC, &cmd));
	cmd.flags = 0;
	ASSERT_EQ(0, iommufd_ioctl(rig->fd, IOMMU_HWPT_ALLOC, &cmd));
	rig_keep(_metadata, rig, cmd.out_hwpt_id);
}

/* ---- Through a guest's own tables ---- */

#define IOVA 0x12345000ULL

FIXTURE(dirty_guest)
{
	struct guest guest;
};

FIXTURE_VARIANT(dirty_guest)
{
	unsigned int levels;
};

FIXTURE_VARIANT_ADD(dirty_guest, levels_4)
{
	.levels = 4,
};

FIXTURE_VARIANT_ADD(dirty_guest, levels_5)
{
	.levels = 5,
};

FIXTURE_SETUP(dirty_guest)
{
	struct guest *guest = &self->guest;
	struct rig *rig = &guest->rig;

	guest_start(_metadata, guest, variant->levels);
	rig->parent_id = rig_hwpt(_metadata, rig, guest->dev.idev_id,
				  rig->ioas_id,
				  IOMMU_HWPT_ALLOC_NEST_PARENT |
				  IOMMU_HWPT_ALLOC_DIRTY_TRACKING);
	guest->hwpt = guest_new_hwpt(_metadata, guest, guest->root);
	ASSERT_EQ(0, mock_replace(rig->fd, guest->dev.stdev_id, guest->hwpt,
				  NULL));
}

FIXTURE_TEARDOWN(dirty_guest)
{
	guest_stop(_metadata, &self->guest);
}

static void guest_track(struct __test_metadata *_metadata,
			const struct guest *guest, bool enable)
{
	ASSERT_EQ(0, hwpt_set_dirty_tracking(guest->rig.fd,
					     guest->rig.parent_id, enable));
}

/* A bit for each of so many pages, at most 64 */
static __u64 guest_dirty(struct __test_metadata *_metadata,
			 const struct guest *guest, __u64 gpa,
			 unsigned int pages)
{
	__u64 bits = 0;

	EXPECT_EQ(0, hwpt_get_dirty_bitmap(guest->rig.fd, guest->rig.parent_id,
					   0, gpa, pages * SZ_4K, SZ_4K,
					   &bits));
	return bits;
}

static __u64 dirty_data(struct __test_metadata *_metadata,
			const struct guest *guest)
{
	return guest_dirty(_metadata, guest, GUEST_DATA, DATA_PAGES);
}

static __u64 dirty_tables(struct __test_metadata *_metadata,
			  const struct guest *guest)
{
	return guest_dirty(_metadata, guest, GUEST_TABLES, TABLE_PAGES);
}

TEST_F(dirty_guest, the_parents_page_is_dirty)
{
	struct guest *guest = &self->guest;
	unsigned int i;

	for (i = 0; i < 8; i++)
		guest_map(_metadata, guest, IOVA + i * SZ_4K,
			  guest_data_gpa(7 - i));
	guest_track(_metadata, guest, true);
	EXPECT_EQ(MARK(5), guest_peek(guest, IOVA + 2 * SZ_4K));
	EXPECT_EQ(0ULL, dirty_data(_metadata, guest));
	EXPECT_EQ(0ULL, guest_poke(guest, IOVA + 2 * SZ_4K, 1));
	EXPECT_EQ(0ULL, guest_poke(guest, IOVA + 7 * SZ_4K + 4088, 1));
	EXPECT_EQ(1ULL << 5 | 1, dirty_data(_metadata, guest));
	EXPECT_EQ(0ULL, dirty_data(_metadata, guest));
	/* What is cached for the child was dropped too */
	EXPECT_EQ(0ULL, guest_poke(guest, IOVA + 2 * SZ_4K, 2));
	EXPECT_EQ(1ULL << 5, dirty_data(_metadata, guest));
}

TEST_F(dirty_guest, large_page_of_stage_1_is_not_dirty_as_a_whole)
{
	struct guest *guest = &self->guest;

	guest_map_at(_metadata, guest, SZ_2M, GUEST_DATA, 2, PTE_RW);
	guest_track(_metadata, guest, true);
	EXPECT_EQ(0ULL, guest_poke(guest, SZ_2M + 3 * SZ_4K, 1));
	EXPECT_EQ(1ULL << 3, dirty_data(_metadata, guest));
}

/* The hardware sets accessed and dirty bits in them, which are writes */
TEST_F(dirty_guest, tables_are_dirty_once_they_are_marked)
{
	struct guest *guest = &self->guest;
	unsigned int levels = guest->levels;
	__u64 all, leaf = 1ULL << (levels - 1);

	guest_map(_metadata, guest, IOVA, guest_data_gpa(0));
	ASSERT_EQ(levels, guest->nr_tables);
	all = (1ULL << levels) - 1;
	guest_track(_metadata, guest, true);
	EXPECT_EQ(0ULL, dirty_tables(_metadata, guest));
	/* A, on every level */
	EXPECT_EQ(MARK(0), guest_peek(guest, IOVA));
	EXPECT_EQ(all, dirty_tables(_metadata, guest));
	/* D, in the leaf */
	EXPECT_EQ(0ULL, guest_poke(guest, IOVA, 1));
	EXPECT_EQ(leaf, dirty_tables(_metadata, guest));
	/* Nothing is left to be marked */
	EXPECT_EQ(0, guest_invalidate_all(guest));
	EXPECT_EQ(0ULL, guest_poke(guest, IOVA, 2));
	EXPECT_EQ(0ULL, dirty_tables(_metadata, guest));
}

TEST_F(dirty_guest, child_made_and_attached_while_on)
{
	struct guest *guest = &self->guest;
	struct rig *rig = &guest->rig;
	__u32 hwpt;

	guest_map(_metadata, guest, IOVA, guest_data_gpa(4));
	guest_track(_metadata, guest, true);
	hwpt = guest_new_hwpt(_metadata, guest, guest->root);
	ASSERT_EQ(0, mock_replace(rig->fd, guest->dev.stdev_id, hwpt, NULL));
	EXPECT_EQ(0ULL, guest_poke(guest, IOVA, 1));
	EXPECT_EQ(1ULL << 4, dirty_data(_metadata, guest));
}

TEST_F(dirty_guest, off_and_on_with_a_child)
{
	struct guest *guest = &self->guest;

	guest_map(_metadata, guest, IOVA, guest_data_gpa(4));
	EXPECT_EQ(0ULL, guest_poke(guest, IOVA, 1));
	guest_track(_metadata, guest, true);
	EXPECT_EQ(0ULL, dirty_data(_metadata, guest));
	EXPECT_EQ(0ULL, guest_poke(guest, IOVA, 2));
	guest_track(_metadata, guest, false);
	EXPECT_EQ(0ULL, guest_poke(guest, IOVA, 3));
	guest_track(_metadata, guest, true);
	EXPECT_EQ(0ULL, dirty_data(_metadata, guest));
	EXPECT_EQ(0ULL, dirty_tables(_metadata, guest));
}

TEST_HARNESS_MAIN
