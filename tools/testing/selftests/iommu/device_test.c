// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices: attach, detach, replace, groups, and several IOMMU drivers at once.
 */
#include "common.h"

#define A 0xaaaaULL
#define B 0xbbbbULL

/*
 * Two IOAS whose first page tells them apart:
 *
 *   a: APERTURE_FIRST -> page with A     b: APERTURE_FIRST -> page with B
 *
 * A device that is attached to neither sees DMA_DETACHED.
 */
FIXTURE(device)
{
	struct rig rig;
	__u32 ioas_a;
	__u32 ioas_b;
	__u64 page;
	char *mem;
};

FIXTURE_SETUP(device)
{
	struct rig *rig = &self->rig;

	rig_open(_metadata, rig);
	self->page = page_size();
	self->mem = get_memory(_metadata, 2 * self->page);
	set_u64(self->mem, A);
	set_u64(self->mem + self->page, B);
	self->ioas_a = rig_ioas(_metadata, rig);
	self->ioas_b = rig_ioas(_metadata, rig);
	ASSERT_EQ(0, ioas_map_fixed(rig->fd, self->ioas_a, self->mem,
				    self->page, APERTURE_FIRST, IOAS_MAP_RW));
	ASSERT_EQ(0, ioas_map_fixed(rig->fd, self->ioas_b,
				    self->mem + self->page, self->page,
				    APERTURE_FIRST, IOAS_MAP_RW));
}

FIXTURE_TEARDOWN(device)
{
	rig_close(_metadata, &self->rig);
	/* What was mapped to the end was pinned no longer than that */
	munmap(self->mem, 2 * self->page);
}

/* Which of the two IOAS a device sees */
static __u64 sees(const struct _test_data_device *self,
		  const struct mock_dev *dev)
{
	return dma_peek(self->rig.fd, dev->stdev_id, APERTURE_FIRST);
}

/* ---- Attach ---- */

TEST_F(device, attached_when_made)
{
	struct mock_dev dev = rig_device(_metadata, &self->rig, self->ioas_a);

	EXPECT_NE(0U, dev.stdev_id);
	EXPECT_NE(0U, dev.idev_id);
	EXPECT_NE(0U, dev.hwpt_id);
	EXPECT_EQ(A, sees(self, &dev));
	EXPECT_EQ(0, mock_check_map(self->rig.fd, dev.hwpt_id, APERTURE_FIRST,
				    self->page, self->mem));
}

TEST_F(device, detached_when_made)
{
	struct mock_dev dev = rig_device_on(_metadata, &self->rig,
					    MOCK_IOMMU_FULL, 0, 0);
	__u32 hwpt_id = 0;

	EXPECT_EQ(DMA_DETACHED, sees(self, &dev));
	EXPECT_EQ(0, mock_attach(self->rig.fd, dev.stdev_id, self->ioas_b,
				 &hwpt_id));
	EXPECT_NE(0U, hwpt_id);
	EXPECT_EQ(B, sees(self, &dev));
}

TEST_F(device, hwpt_of_an_ioas_is_shared_and_goes_with_its_last_device)
{
	struct rig *rig = &self->rig;
	struct mock_dev one = rig_device(_metadata, rig, self->ioas_a);
	struct mock_dev two = rig_device(_metadata, rig, self->ioas_a);
	struct mock_dev other = rig_device(_metadata, rig, self->ioas_b);

	EXPECT_EQ(one.hwpt_id, two.hwpt_id);
	EXPECT_NE(one.hwpt_id, other.hwpt_id);
	rig_destroy(_metadata, rig, one.stdev_id);
	EXPECT_EQ(A, sees(self, &two));
	EXPECT_EQ(-EBUSY, object_destroy(rig->fd, two.hwpt_id));
	ASSERT_EQ(0, mock_detach(rig->fd, two.stdev_id));
	EXPECT_EQ(-ENOENT, object_destroy(rig->fd, two.hwpt_id));
	rig_destroy(_metadata, rig, self->ioas_a);
}

TEST_F(device, allocated_hwpt_is_not_taken_for_an_ioas_and_stays)
{
	struct rig *rig = &self->rig;
	struct mock_dev one = rig_device(_metadata, rig, self->ioas_b);
	__u32 hwpt_id = rig_hwpt(_metadata, rig, one.idev_id, self->ioas_a, 0);
	struct mock_dev two = rig_device(_metadata, rig, self->ioas_a);
	struct mock_dev three = rig_device(_metadata, rig, hwpt_id);

	EXPECT_NE(hwpt_id, two.hwpt_id);
	EXPECT_EQ(hwpt_id, three.hwpt_id);
	EXPECT_EQ(A, sees(self, &three));
	rig_destroy(_metadata, rig, three.stdev_id);
	rig_destroy(_metadata, rig, hwpt_id);
}

TEST_F(device, attach_to_each_kind_of_hwpt)
{
	struct rig *rig = &self->rig;
	struct mock_dev dev = rig_device_on(_metadata, rig, MOCK_IOMMU_FULL, 0,
					    0);
	__u32 plain = rig_hwpt(_metadata, rig, dev.idev_id, self->ioas_a, 0);
	__u32 parent = rig_hwpt(_metadata, rig, dev.idev_id, self->ioas_b,
				IOMMU_HWPT_ALLOC_NEST_PARENT);
	__u32 nested = rig_nested(_metadata, rig, dev.idev_id, parent, 0, 0);
	const __u32 ids[] = { plain, parent, nested };
	unsigned int i;
	__u32 hwpt_id;

	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		ASSERT_EQ(0, mock_attach(rig->fd, dev.stdev_id, ids[i],
					 &hwpt_id));
		EXPECT_EQ(ids[i], hwpt_id);
		EXPECT_EQ(i ? B : A, sees(self, &dev));
		ASSERT_EQ(0, mock_detach(rig->fd, dev.stdev_id));
		EXPECT_EQ(DMA_DETACHED, sees(self, &dev));
	}
}

TEST_F(device, attach_to_a_wrong_id_leaves_it_detached)
{
	struct rig *rig = &self->rig;
	struct mock_dev dev = rig_device_on(_metadata, rig, MOCK_IOMMU_FULL, 0,
					    0);
	const struct {
		int error;
		__u32 id;
	} cases[] = {
		{ -ENOENT, 0 },
		{ -ENOENT, NO_SUCH_ID },
		{ -EINVAL, dev.idev_id },
		{ -EINVAL, dev.stdev_id },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		EXPECT_EQ(cases[i].error, mock_attach(rig->fd, dev.stdev_id,
						      cases[i].id, NULL)) {
			TH_LOG("case %u", i);
		}
		EXPECT_EQ(DMA_DETACHED, sees(self, &dev));
		/* and a device to be made with it is not made */
		EXPECT_EQ(cases[i].error, mock_device(rig->fd, cases[i].id,
						      NULL));
	}
	EXPECT_EQ(0, mock_attach(rig->fd, dev.stdev_id, self->ioas_a, NULL));
}

TEST_F(device, attach_twice_is_EINVAL)
{
	struct rig *rig = &self->rig;
	struct mock_dev dev = rig_device(_metadata, rig, self->ioas_a);

	EXPECT_EQ(-EINVAL, mock_attach(rig->fd, dev.stdev_id, self->ioas_b,
				       NULL));
	EXPECT_EQ(-EINVAL, mock_attach(rig->fd, dev.stdev_id, self->ioas_a,
				       NULL));
	EXPECT_EQ(A, sees(self, &dev));
}

TEST_F(device, attach_to_another_drivers_hwpt_is_EINVAL)
{
	static const __u32 others[] = { MOCK_IOMMU_ROGUE, MOCK_IOMMU_LEGACY };
	struct rig *rig = &self->rig;
	struct mock_dev full = rig_device(_metadata, rig, self->ioas_a);
	__u32 plain = rig_hwpt(_metadata, rig, full.idev_id, self->ioas_a, 0);
	__u32 parent = rig_hwpt(_metadata, rig, full.idev_id, self->ioas_a,
				IOMMU_HWPT_ALLOC_NEST_PARENT);
	__u32 nested = rig_nested(_metadata, rig, full.idev_id, parent, 0, 0);
	const __u32 ids[] = { plain, parent, nested, full.hwpt_id };
	struct mock_dev dev;
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(others); i++) {
		dev = rig_device_on(_metadata, rig, others[i], 0, 0);
		for (j = 0; j < ARRAY_SIZE(ids); j++) {
			EXPECT_EQ(-EINVAL, mock_attach(rig->fd, dev.stdev_id,
						       ids[j], NULL)) {
				TH_LOG("IOMMU %u, case %u", others[i], j);
			}
			EXPECT_EQ(DMA_DETACHED, sees(self, &dev));
		}
		/* In the same IOAS it gets a HWPT of its own driver */
		ASSERT_EQ(0, mock_attach(rig->fd, dev.stdev_id, self->ioas_a,
					 &dev.hwpt_id));
		EXPECT_NE(full.hwpt_id, dev.hwpt_id);
		EXPECT_EQ(A, sees(self, &dev));
	}
	/* Each page is still pinned but once */
	EXPECT_EQ(0, mock_check_refs(rig->fd, self->mem, self->page, 1));
}

/* KVM has been told that the device does not bypass the caches */
TEST_F(device, coherent_device_takes_no_hwpt_that_is_not)
{
	struct rig *rig = &self->rig;
	struct mock_dev plain = rig_device(_metadata, rig, self->ioas_a);
	struct mock_dev coherent;
	__u32 hwpt_id = rig_hwpt(_metadata, rig, plain.idev_id, self->ioas_b, 0);

	ASSERT_EQ(0, mock_device_create(rig->fd, MOCK_IOMMU_FULL, 0,
					self->ioas_a, MOCK_DEV_COHERENT,
					&coherent));
	rig_keep(_metadata, rig, coherent.stdev_id);
	EXPECT_NE(plain.hwpt_id, coherent.hwpt_id);
	EXPECT_EQ(-EINVAL, mock_replace(rig->fd, coherent.stdev_id, hwpt_id,
					NULL));

	hwpt_id = rig_hwpt(_metadata, rig, coherent.idev_id, self->ioas_b, 0);
	EXPECT_EQ(0, mock_replace(rig->fd, coherent.stdev_id, hwpt_id, NULL));
	EXPECT_EQ(B, sees(self, &coherent));
}

TEST_F(device, drivers_errors_at_attach_become_EINVAL)
{
	/* VMMs try the next HWPT on EINVAL, and give up on anything else */
	static const struct {
		int driver, user;
	} errors[] = {
		{ EINVAL, -EINVAL }, { EFAULT, -EINVAL }, { ENXIO, -EINVAL },
		{ EXDEV, -EINVAL }, { ENOMEM, -ENOMEM },
	};
	struct rig *rig = &self->rig;
	struct mock_dev dev = rig_device_on(_metadata, rig, MOCK_IOMMU_FULL, 0,
					    0);
	__u32 hwpt_id = rig_hwpt(_metadata, rig, dev.idev_id, self->ioas_a, 0);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(errors); i++) {
		ASSERT_EQ(0, mock_fail_attach(rig->fd, dev.stdev_id,
					      errors[i].driver));
		EXPECT_EQ(errors[i].user, mock_attach(rig->fd, dev.stdev_id,
						      hwpt_id, NULL)) {
			TH_LOG("%s", strerror(errors[i].driver));
		}
		EXPECT_EQ(DMA_DETACHED, sees(self, &dev));
	}
	EXPECT_EQ(0, mock_attach(rig->fd, dev.stdev_id, hwpt_id, NULL));
	EXPECT_EQ(A, sees(self, &dev));
}

TEST_F(device, failed_attach_to_an_ioas_leaves_no_hwpt)
{
	struct rig *rig = &self->rig;
	struct mock_dev dev = rig_device_on(_metadata, rig, MOCK_IOMMU_FULL, 0,
					    0);

	ASSERT_EQ(0, mock_fail_attach(rig->fd, dev.stdev_id, ENOMEM));
	EXPECT_EQ(-ENOMEM, mock_attach(rig->fd, dev.stdev_id, self->ioas_a,
				       NULL));
	EXPECT_EQ(0, mock_check_refs(rig->fd, self->mem, self->page, 0));
	rig_destroy(_metadata, rig, self->ioas_a);
}

/* ---- Detach ---- */

TEST_F(device, detached_device_is_blocked)
{
	struct rig *rig = &self->rig;
	struct mock_dev dev = rig_device(_metadata, rig, self->ioas_a);

	ASSERT_EQ(0, mock_detach(rig->fd, dev.stdev_id));
	EXPECT_EQ(DMA_DETACHED, sees(self, &dev));
	EXPECT_EQ(DMA_DETACHED, dma_poke(rig->fd, dev.stdev_id, APERTURE_FIRST,
					 1));
	EXPECT_EQ(A, get_u64(self->mem));
	ASSERT_EQ(0, mock_attach(rig->fd, dev.stdev_id, self->ioas_b, NULL));
	EXPECT_EQ(B, sees(self, &dev));
}

TEST_F(device, one_leaves_and_the_other_stays)
{
	struct rig *rig = &self->rig;
	struct mock_dev one = rig_device(_metadata, rig, self->ioas_a);
	struct mock_dev two = rig_device(_metadata, rig, self->ioas_a);

	ASSERT_EQ(0, mock_detach(rig->fd, one.stdev_id));
	EXPECT_EQ(DMA_DETACHED, sees(self, &one));
	EXPECT_EQ(A, sees(self, &two));
}

/* ---- Replace ---- */

TEST_F(device, replace_by_each_kind_in_turn)
{
	struct rig *rig = &self->rig;
	struct mock_dev dev = rig_device(_metadata, rig, self->ioas_a);
	__u32 plain = rig_hwpt(_metadata, rig, dev.idev_id, self->ioas_b, 0);
	__u32 parent = rig_hwpt(_metadata, rig, dev.idev_id, self->ioas_a,
				IOMMU_HWPT_ALLOC_NEST_PARENT);
	__u32 nested = rig_nested(_metadata, rig, dev.idev_id, parent, 0, 0);
	const struct {
		__u32 pt_id;
		__u64 sees;
	} turns[] = {
		{ plain, B }, { nested, A }, { self->ioas_b, B },
		{ parent, A }, { nested, A }, { plain, B },
		{ self->ioas_a, A }, { nested, A }, { parent, A },
		{ plain, B },
	};
	unsigned int i;
	__u32 hwpt_id;

	for (i = 0; i < ARRAY_SIZE(turns); i++) {
		ASSERT_EQ(0, mock_replace(rig->fd, dev.stdev_id, turns[i].pt_id,
					  &hwpt_id));
		if (turns[i].pt_id != self->ioas_a &&
		    turns[i].pt_id != self->ioas_b) {
			EXPECT_EQ(turns[i].pt_id, hwpt_id);
		}
		EXPECT_EQ(turns[i].sees, sees(self, &dev)) {
			TH_LOG("turn %u", i);
		}
	}
	/* The HWPT that attaching made went when it was replaced */
	EXPECT_EQ(-ENOENT, mock_replace(rig->fd, dev.stdev_id, dev.hwpt_id,
					NULL));
}

TEST_F(device, replace_by_the_same_changes_nothing)
{
	struct rig *rig = &self->rig;
	struct mock_dev dev = rig_device(_metadata, rig, self->ioas_a);
	__u32 hwpt_id = 0;

	EXPECT_EQ(0, mock_replace(rig->fd, dev.stdev_id, dev.hwpt_id,
				  &hwpt_id));
	EXPECT_EQ(dev.hwpt_id, hwpt_id);
	EXPECT_EQ(A, sees(self, &dev));
	EXPECT_EQ(0, mock_replace(rig->fd, dev.stdev_id, self->ioas_a, NULL));
	EXPECT_EQ(A, sees(self, &dev));
}

TEST_F(device, replace_by_a_wrong_id_changes_nothing)
{
	struct rig *rig = &self->rig;
	struct mock_dev dev = rig_device(_metadata, rig, self->ioas_a);
	struct mock_dev rogue = rig_device_on(_metadata, rig, MOCK_IOMMU_ROGUE,
					      0, 0);
	__u32 foreign = rig_hwpt(_metadata, rig, rogue.idev_id, self->ioas_b,
				 0);
	const struct {
		int error;
		__u32 id;
	} cases[] = {
		{ -ENOENT, 0 },
		{ -ENOENT, NO_SUCH_ID },
		{ -EINVAL, dev.idev_id },
		{ -EINVAL, foreign },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		EXPECT_EQ(cases[i].error, mock_replace(rig->fd, dev.stdev_id,
						       cases[i].id, NULL)) {
			TH_LOG("case %u", i);
		}
		EXPECT_EQ(A, sees(self, &dev));
		EXPECT_EQ(-EBUSY, object_destroy(rig->fd, dev.hwpt_id));
	}
}

TEST_F(device, replace_by_an_ioas_with_bad_memory_is_EFAULT)
{
	struct rig *rig = &self->rig;
	struct mock_dev dev = rig_device(_metadata, rig, self->ioas_a);

	ASSERT_EQ(0, ioas_map_fixed(rig->fd, self->ioas_b,
				    get_hole(_metadata, self->page), self->page,
				    APERTURE_FIRST + 4 * self->page,
				    IOAS_MAP_RW));
	EXPECT_EQ(-EFAULT, mock_replace(rig->fd, dev.stdev_id, self->ioas_b,
					NULL));
	EXPECT_EQ(A, sees(self, &dev));
	EXPECT_EQ(0, mock_check_refs(rig->fd, self->mem + self->page,
				     self->page, 0));
}

/* ---- Groups ---- */

#define GROUP 4

/* Devices of one group, all attached to a */
static void make_group(struct __test_metadata *_metadata,
		       struct _test_data_device *self, struct mock_dev *devs)
{
	unsigned int i;

	for (i = 0; i < GROUP; i++) {
		devs[i] = rig_device_on(_metadata, &self->rig, MOCK_IOMMU_FULL,
					i ? devs[0].stdev_id : 0, self->ioas_a);
		EXPECT_EQ(devs[0].hwpt_id, devs[i].hwpt_id);
	}
}

static void expect_group_sees(struct __test_metadata *_metadata,
			      struct _test_data_device *self,
			      const struct mock_dev *devs, __u64 want)
{
	unsigned int i;

	for (i = 0; i < GROUP; i++) {
		EXPECT_EQ(want, sees(self, &devs[i])) {
			TH_LOG("device %u", i);
		}
	}
}

TEST_F(device, group_shares_what_it_is_attached_to)
{
	struct rig *rig = &self->rig;
	struct mock_dev one = rig_device(_metadata, rig, self->ioas_a);
	struct mock_dev two = rig_device_on(_metadata, rig, MOCK_IOMMU_FULL,
					    one.stdev_id, 0);

	EXPECT_EQ(-EINVAL, mock_attach(rig->fd, two.stdev_id, self->ioas_b,
				       NULL));
	EXPECT_EQ(-EINVAL, mock_device_create(rig->fd, MOCK_IOMMU_FULL,
					      one.stdev_id, self->ioas_b, 0,
					      NULL));
	EXPECT_EQ(A, sees(self, &one));
	EXPECT_EQ(0, mock_attach(rig->fd, two.stdev_id, self->ioas_a, NULL));
	EXPECT_EQ(A, sees(self, &two));
	/* The last to leave frees the choice */
	ASSERT_EQ(0, mock_detach(rig->fd, one.stdev_id));
	EXPECT_EQ(A, sees(self, &two));
	EXPECT_EQ(-EINVAL, mock_attach(rig->fd, one.stdev_id, self->ioas_b,
				       NULL));
	ASSERT_EQ(0, mock_detach(rig->fd, two.stdev_id));
	EXPECT_EQ(0, mock_attach(rig->fd, one.stdev_id, self->ioas_b, NULL));
	EXPECT_EQ(B, sees(self, &one));
}

TEST_F(device, replace_moves_the_whole_group)
{
	struct rig *rig = &self->rig;
	struct mock_dev devs[GROUP];

	make_group(_metadata, self, devs);
	expect_group_sees(_metadata, self, devs, A);
	ASSERT_EQ(0, mock_replace(rig->fd, devs[2].stdev_id, self->ioas_b,
				  NULL));
	expect_group_sees(_metadata, self, devs, B);
	EXPECT_EQ(-ENOENT, object_destroy(rig->fd, devs[0].hwpt_id));
}

TEST_F(device, replace_that_fails_at_any_device_leaves_the_group)
{
	struct rig *rig = &self->rig;
	struct mock_dev devs[GROUP];
	__u32 parent, nested, plain;
	unsigned int i, j;

	make_group(_metadata, self, devs);
	plain = rig_hwpt(_metadata, rig, devs[0].idev_id, self->ioas_b, 0);
	parent = rig_hwpt(_metadata, rig, devs[0].idev_id, self->ioas_b,
			  IOMMU_HWPT_ALLOC_NEST_PARENT);
	nested = rig_nested(_metadata, rig, devs[0].idev_id, parent, 0, 0);
	for (i = 0; i < GROUP; i++) {
		const __u32 targets[] = { self->ioas_b, plain, parent, nested };

		for (j = 0; j < ARRAY_SIZE(targets); j++) {
			ASSERT_EQ(0, mock_fail_attach(rig->fd, devs[i].stdev_id,
						      ENOMEM));
			EXPECT_EQ(-ENOMEM, mock_replace(rig->fd,
							devs[0].stdev_id,
							targets[j], NULL)) {
				TH_LOG("device %u, target %u", i, j);
			}
			expect_group_sees(_metadata, self, devs, A);
		}
	}
	/* The new ones are not in use, the old one is */
	rig_destroy(_metadata, rig, nested);
	rig_destroy(_metadata, rig, parent);
	rig_destroy(_metadata, rig, plain);
	EXPECT_EQ(-EBUSY, object_destroy(rig->fd, devs[0].hwpt_id));
	EXPECT_EQ(0, mock_check_refs(rig->fd, self->mem + self->page,
				     self->page, 0));
	ASSERT_EQ(0, mock_replace(rig->fd, devs[0].stdev_id, self->ioas_b,
				  NULL));
	expect_group_sees(_metadata, self, devs, B);
}

TEST_F(device, replace_of_nested_rolls_back_to_nested)
{
	struct rig *rig = &self->rig;
	struct mock_dev devs[GROUP];
	__u32 parent, nested;

	make_group(_metadata, self, devs);
	parent = rig_hwpt(_metadata, rig, devs[0].idev_id, self->ioas_a,
			  IOMMU_HWPT_ALLOC_NEST_PARENT);
	nested = rig_nested(_metadata, rig, devs[0].idev_id, parent, 0, 0);
	ASSERT_EQ(0, mock_replace(rig->fd, devs[0].stdev_id, nested, NULL));
	ASSERT_EQ(0, mock_fail_attach(rig->fd, devs[GROUP - 1].stdev_id,
				      ENOMEM));
	EXPECT_EQ(-ENOMEM, mock_replace(rig->fd, devs[1].stdev_id, self->ioas_b,
					NULL));
	expect_group_sees(_metadata, self, devs, A);
	EXPECT_EQ(-EBUSY, object_destroy(rig->fd, nested));
}

TEST_F(device, group_member_goes_and_the_rest_stay)
{
	struct rig *rig = &self->rig;
	struct mock_dev devs[GROUP];
	unsigned int i;

	make_group(_metadata, self, devs);
	for (i = 0; i + 1 < GROUP; i++) {
		rig_destroy(_metadata, rig, devs[i].stdev_id);
		EXPECT_EQ(A, sees(self, &devs[i + 1]));
	}
}

TEST_F(device, group_of_an_unknown_device_is_ENOENT)
{
	EXPECT_EQ(-ENOENT, mock_device_create(self->rig.fd, MOCK_IOMMU_FULL,
					      NO_SUCH_ID, self->ioas_a, 0,
					      NULL));
}

TEST_F(device, group_belongs_to_one_file)
{
	struct mock_dev dev = rig_device(_metadata, &self->rig, self->ioas_a);
	struct rig other;

	rig_open(_metadata, &other);
	EXPECT_EQ(-ENOENT, mock_device_create(other.fd, MOCK_IOMMU_FULL,
					      dev.stdev_id, 0, 0, NULL));
	rig_close(_metadata, &other);
}

/* ---- Device flags ---- */

TEST_F(device, huge_iova_device_maps_pieces_of_any_size)
{
	const __u64 iova = APERTURE_FIRST + SZ_2M;
	struct rig *rig = &self->rig;
	__u32 ioas_id = rig_ioas(_metadata, rig);
	struct mock_dev dev = {};
	__u64 offset;
	char *mem;

	/* Its table holds large pages wherever memory and IOVA are aligned */
	mem = get_aligned_memory(_metadata, 2 * SZ_2M, SZ_2M,
				 MAP_SHARED | MAP_ANONYMOUS);
	ASSERT_EQ(0, mock_device_flags(rig->fd, ioas_id,
				       MOCK_FLAGS_DEVICE_HUGE_IOVA, &dev));
	rig_keep(_metadata, rig, dev.stdev_id);
	ASSERT_EQ(0, ioas_map_fixed(rig->fd, ioas_id, mem, SZ_2M, iova,
				    IOAS_MAP_RW));
	ASSERT_EQ(0, ioas_map_fixed(rig->fd, ioas_id, mem + SZ_2M, self->page,
				    iova + SZ_2M, IOAS_MAP_RW));
	EXPECT_EQ(0, mock_check_map(rig->fd, dev.hwpt_id, iova,
				    SZ_2M + self->page, mem));
	for (offset = 0; offset <= SZ_2M; offset += SZ_2M / 8) {
		set_u64(mem + offset, offset);
		EXPECT_EQ(offset, dma_peek(rig->fd, dev.stdev_id,
					   iova + offset));
	}
	ASSERT_EQ(0, ioas_unmap(rig->fd, ioas_id, iova, SZ_2M, NULL));
	EXPECT_EQ(DMA_UNMAPPED, dma_peek(rig->fd, dev.stdev_id, iova));
	EXPECT_EQ(SZ_2M, dma_peek(rig->fd, dev.stdev_id, iova + SZ_2M));
	EXPECT_EQ(0, mock_check_refs(rig->fd, mem, SZ_2M, 0));
}

TEST_F(device, no_dirty_device_maps_like_any)
{
	struct rig *rig = &self->rig;
	struct mock_dev dev = {};

	ASSERT_EQ(0, mock_device_flags(rig->fd, self->ioas_a,
				       MOCK_FLAGS_DEVICE_NO_DIRTY, &dev));
	rig_keep(_metadata, rig, dev.stdev_id);
	EXPECT_EQ(A, sees(self, &dev));
}

TEST_HARNESS_MAIN
