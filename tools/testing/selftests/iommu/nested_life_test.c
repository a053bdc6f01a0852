// SPDX-License-Identifier: GPL-2.0-only
/*
 * Nested HWPTs coming and going under a device that does DMA.
 */
#include "guest.h"

FIXTURE(life)
{
	struct guest guest;
	__u64 iova;
};

FIXTURE_SETUP(life)
{
	guest_start(_metadata, &self->guest, IOMMU_HWPT_SELFTEST_S1_4LEVEL);
	self->iova = IOVA_4LEVEL;
	guest_map(_metadata, &self->guest, self->iova, guest_data_gpa(0));
	EXPECT_EQ(MARK(0), guest_peek(&self->guest, self->iova));
}

FIXTURE_TEARDOWN(life)
{
	guest_stop(_metadata, &self->guest);
}

/* A second table, in which the IOVA leads to data page 1, and its HWPT */
static __u32 other_table(struct __test_metadata *_metadata, struct guest *guest,
			 __u64 iova)
{
	__u64 root = guest_new_table(_metadata, guest);

	set_u64(guest_entry_of(_metadata, guest, root, iova, 1),
		guest_data_gpa(1) | PTE_RW);
	return guest_new_hwpt(_metadata, guest, root);
}

static int move_to(const struct guest *guest, __u32 pt_id)
{
	return mock_replace(guest->rig.fd, guest->dev.stdev_id, pt_id, NULL);
}

TEST_F(life, replace_nested_by_nested)
{
	struct guest *guest = &self->guest;
	__u32 other = other_table(_metadata, guest, self->iova);

	ASSERT_EQ(0, move_to(guest, other));
	EXPECT_EQ(MARK(1), guest_peek(guest, self->iova));
	EXPECT_EQ(-EBUSY, object_destroy(guest->rig.fd, other));
	rig_destroy(_metadata, &guest->rig, guest->hwpt);
	EXPECT_EQ(MARK(1), guest_peek(guest, self->iova));
}

TEST_F(life, replace_nested_by_its_parent_and_back)
{
	struct guest *guest = &self->guest;

	ASSERT_EQ(0, move_to(guest, guest->rig.parent_id));
	EXPECT_EQ(MARK(0), guest_peek(guest, GUEST_DATA));
	EXPECT_EQ(DMA_UNMAPPED, guest_peek(guest, GUEST_NOTHING));
	ASSERT_EQ(0, move_to(guest, guest->hwpt));
	EXPECT_EQ(MARK(0), guest_peek(guest, self->iova));
}

TEST_F(life, replace_nested_by_another_address_space)
{
	struct guest *guest = &self->guest;
	struct rig *rig = &guest->rig;
	__u32 ioas_id = rig_ioas(_metadata, rig);

	ASSERT_EQ(0, ioas_map_fixed(rig->fd, ioas_id, guest->data, SZ_4K,
				    GUEST_NOTHING, IOAS_MAP_RW));
	ASSERT_EQ(0, move_to(guest, ioas_id));
	EXPECT_EQ(MARK(0), guest_peek(guest, GUEST_NOTHING));
	EXPECT_EQ(DMA_UNMAPPED, guest_peek(guest, GUEST_DATA));
	/* The guest is gone, its stage 2 can be taken apart */
	rig_destroy(_metadata, rig, guest->hwpt);
	rig_destroy(_metadata, rig, rig->parent_id);
	rig_destroy(_metadata, rig, rig->ioas_id);
}

TEST_F(life, detached_device_reaches_nothing)
{
	struct guest *guest = &self->guest;

	ASSERT_EQ(0, mock_detach(guest->rig.fd, guest->dev.stdev_id));
	EXPECT_EQ(DMA_DETACHED, guest_peek(guest, self->iova));
	EXPECT_EQ(DMA_DETACHED, guest_poke(guest, self->iova, 1));
	EXPECT_EQ(MARK(0), get_u64(guest->data));
}

TEST_F(life, new_domain_knows_nothing_of_one_that_is_gone)
{
	struct guest *guest = &self->guest;
	struct rig *rig = &guest->rig;
	unsigned int i;
	__u32 hwpt;

	/* Whatever the kernel reuses, memory or an ID, must start empty */
	for (i = 0; i < 8; i++) {
		guest_map(_metadata, guest, self->iova, guest_data_gpa(i));
		hwpt = guest_new_hwpt(_metadata, guest, guest->root);
		ASSERT_EQ(0, move_to(guest, hwpt));
		EXPECT_EQ(MARK(i), guest_peek(guest, self->iova));
		ASSERT_EQ(0, move_to(guest, rig->parent_id));
		rig_destroy(_metadata, rig, hwpt);
	}
}

TEST_F(life, invalidation_while_no_device_is_attached_counts)
{
	struct guest *guest = &self->guest;

	ASSERT_EQ(0, move_to(guest, guest->rig.parent_id));
	guest_map(_metadata, guest, self->iova, guest_data_gpa(5));
	ASSERT_EQ(0, guest_invalidate(guest, self->iova, 1));
	ASSERT_EQ(0, move_to(guest, guest->hwpt));
	EXPECT_EQ(MARK(5), guest_peek(guest, self->iova));
}

TEST_F(life, stage2_unmap_while_no_device_is_attached_counts)
{
	struct guest *guest = &self->guest;

	ASSERT_EQ(0, mock_detach(guest->rig.fd, guest->dev.stdev_id));
	rig_unmap(_metadata, &guest->rig, GUEST_DATA, DATA_PAGES * SZ_4K);
	ASSERT_EQ(0, mock_attach(guest->rig.fd, guest->dev.stdev_id,
				 guest->hwpt, NULL));
	EXPECT_EQ(DMA_UNMAPPED, guest_peek(guest, self->iova));
}

TEST_F(life, mapping_made_later_is_seen_through_both_stages)
{
	struct guest *guest = &self->guest;
	char *mem = get_memory(_metadata, SZ_4K);

	guest_map(_metadata, guest, self->iova + SZ_4K, GUEST_NOTHING);
	EXPECT_EQ(DMA_UNMAPPED, guest_peek(guest, self->iova + SZ_4K));
	rig_map(_metadata, &guest->rig, mem, SZ_4K, GUEST_NOTHING, IOAS_MAP_RW);
	EXPECT_EQ(0ULL, guest_poke(guest, self->iova + SZ_4K, 8));
	EXPECT_EQ(8ULL, get_u64(mem));
}

TEST_F(life, destroy_goes_from_device_to_ioas)
{
	struct guest *guest = &self->guest;
	struct rig *rig = &guest->rig;
	const __u32 order[] = { guest->dev.stdev_id, guest->hwpt,
				rig->parent_id, rig->ioas_id };
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(order); i++) {
		for (j = i + 1; j < ARRAY_SIZE(order); j++) {
			EXPECT_EQ(-EBUSY, object_destroy(rig->fd, order[j])) {
				TH_LOG("%u before %u", j, i);
			}
		}
		rig_destroy(_metadata, rig, order[i]);
	}
}

TEST_F(life, close_while_nested)
{
	struct guest *guest = &self->guest;
	size_t len = DATA_PAGES * SZ_4K;
	struct rig other;

	ASSERT_EQ(0, close(guest->rig.fd));
	rig_open(_metadata, &other);
	EXPECT_EQ(0, mock_check_refs(other.fd, guest->data, len, 0));
	EXPECT_EQ(0, mock_check_refs(other.fd, guest->tables,
				     TABLE_PAGES * TABLE_SIZE, 0));
	/* The teardown finds an empty file */
	other.pinned_kb = guest->rig.pinned_kb;
	guest->rig = other;
}

TEST_F(life, groups_share_a_nested_hwpt)
{
	struct guest *guest = &self->guest;
	struct rig *rig = &guest->rig;
	struct guest member = *guest;
	__u32 other = other_table(_metadata, guest, self->iova);

	member.dev = rig_device_on(_metadata, rig, MOCK_IOMMU_FULL,
				   guest->dev.stdev_id, guest->hwpt);
	EXPECT_EQ(MARK(0), guest_peek(&member, self->iova));
	ASSERT_EQ(0, move_to(guest, other));
	EXPECT_EQ(MARK(1), guest_peek(guest, self->iova));
	EXPECT_EQ(MARK(1), guest_peek(&member, self->iova));
	rig_destroy(_metadata, rig, guest->hwpt);
}

TEST_F(life, failed_replace_keeps_the_old_tables)
{
	struct guest *guest = &self->guest;
	__u32 other = other_table(_metadata, guest, self->iova);

	ASSERT_EQ(0, mock_fail_attach(guest->rig.fd, guest->dev.stdev_id,
				      ENOMEM));
	EXPECT_EQ(-ENOMEM, move_to(guest, other));
	EXPECT_EQ(MARK(0), guest_peek(guest, self->iova));
	rig_destroy(_metadata, &guest->rig, other);
	EXPECT_EQ(-EBUSY, object_destroy(guest->rig.fd, guest->hwpt));
}

TEST_HARNESS_MAIN
