// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOMMU_HWPT_ALLOC: paging HWPTs and nested ones, and everything it refuses.
 */
#include "common.h"

FIXTURE(hwpt)
{
	struct rig rig;
	__u64 page;
	char *mem;
};

FIXTURE_SETUP(hwpt)
{
	rig_open_nested(_metadata, &self->rig);
	self->page = page_size();
	self->mem = get_memory(_metadata, 4 * self->page);
}

FIXTURE_TEARDOWN(hwpt)
{
	rig_close(_metadata, &self->rig);
}

static int try_alloc(const struct _test_data_hwpt *self,
		     struct iommu_hwpt_alloc arg)
{
	arg.size = sizeof(arg);
	if (!arg.dev_id)
		arg.dev_id = self->rig.dev.idev_id;
	return iommufd_ioctl(self->rig.fd, IOMMU_HWPT_ALLOC, &arg);
}

/* ---- Paging ---- */

TEST_F(hwpt, paging_is_filled_with_what_is_mapped)
{
	struct rig *rig = &self->rig;
	__u32 plain, parent;

	rig_map(_metadata, rig, self->mem, 4 * self->page, APERTURE_FIRST,
		IOAS_MAP_RW);
	plain = rig_hwpt(_metadata, rig, rig->dev.idev_id, rig->ioas_id, 0);
	parent = rig_hwpt(_metadata, rig, rig->dev.idev_id, rig->ioas_id,
			  IOMMU_HWPT_ALLOC_NEST_PARENT);
	EXPECT_NE(plain, parent);
	EXPECT_EQ(0, mock_check_map(rig->fd, plain, APERTURE_FIRST,
				    4 * self->page, self->mem));
	EXPECT_EQ(0, mock_check_map(rig->fd, parent, APERTURE_FIRST,
				    4 * self->page, self->mem));
}

TEST_F(hwpt, paging_follows_the_ioas)
{
	struct rig *rig = &self->rig;

	rig_map(_metadata, rig, self->mem, self->page, APERTURE_FIRST,
		IOAS_MAP_RW);
	EXPECT_EQ(0, mock_check_map(rig->fd, rig->parent_id, APERTURE_FIRST,
				    self->page, self->mem));
	rig_unmap(_metadata, rig, APERTURE_FIRST, self->page);
	EXPECT_NE(0, mock_check_map(rig->fd, rig->parent_id, APERTURE_FIRST,
				    self->page, self->mem));
}

TEST_F(hwpt, allocating_attaches_nothing)
{
	struct rig *rig = &self->rig;
	__u32 hwpt_id;

	ASSERT_EQ(0, hwpt_alloc(rig->fd, rig->dev.idev_id, rig->ioas_id, 0,
				&hwpt_id));
	EXPECT_EQ(0, object_destroy(rig->fd, hwpt_id));
}

TEST_F(hwpt, paging_filled_with_bad_memory_is_EFAULT)
{
	struct rig *rig = &self->rig;
	__u32 ioas_id = rig_ioas(_metadata, rig);
	void *hole = get_hole(_metadata, self->page);

	ASSERT_EQ(0, ioas_map_fixed(rig->fd, ioas_id, self->mem, self->page,
				    APERTURE_FIRST, IOAS_MAP_RW));
	ASSERT_EQ(0, ioas_map_fixed(rig->fd, ioas_id, hole, self->page,
				    APERTURE_FIRST + 4 * self->page,
				    IOAS_MAP_RW));
	EXPECT_EQ(-EFAULT, hwpt_alloc(rig->fd, rig->dev.idev_id, ioas_id, 0,
				      NULL));
	EXPECT_EQ(-EFAULT, hwpt_alloc(rig->fd, rig->dev.idev_id, ioas_id,
				      IOMMU_HWPT_ALLOC_NEST_PARENT, NULL));
	EXPECT_EQ(0, mock_check_refs(rig->fd, self->mem, self->page, 0));
	/* Nothing is left that would keep the IOAS */
	rig_destroy(_metadata, rig, ioas_id);
}

TEST_F(hwpt, unsupported_flags_are_EOPNOTSUPP)
{
	static const __u32 flags[] = {
		IOMMU_HWPT_FAULT_ID_VALID,
		IOMMU_HWPT_ALLOC_NEST_PARENT | IOMMU_HWPT_FAULT_ID_VALID,
		IOMMU_HWPT_ALLOC_DIRTY_TRACKING | IOMMU_HWPT_FAULT_ID_VALID,
		1U << 3,
		1U << 31,
		~IOMMU_HWPT_ALLOC_NEST_PARENT,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		EXPECT_EQ(-EOPNOTSUPP, hwpt_alloc(self->rig.fd,
						  self->rig.dev.idev_id,
						  self->rig.ioas_id, flags[i],
						  NULL)) {
			TH_LOG("flags %#x", flags[i]);
		}
	}
}

TEST_F(hwpt, fault_id_without_its_flag_is_ignored)
{
	struct iommu_hwpt_alloc arg = {
		.size = sizeof(arg),
		.dev_id = self->rig.dev.idev_id,
		.pt_id = self->rig.ioas_id,
		.fault_id = NO_SUCH_ID,
	};

	ASSERT_EQ(0, iommufd_ioctl(self->rig.fd, IOMMU_HWPT_ALLOC, &arg));
	rig_keep(_metadata, &self->rig, arg.out_hwpt_id);
}

TEST_F(hwpt, dev_id_that_is_no_bound_device_is_ENOENT)
{
	const struct rig *rig = &self->rig;
	const __u32 ids[] = { NO_SUCH_ID, UINT32_MAX, rig->ioas_id,
			      rig->parent_id, rig->nested_id,
			      rig->dev.stdev_id };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		EXPECT_EQ(-ENOENT, hwpt_alloc(rig->fd, ids[i], rig->ioas_id, 0,
					      NULL)) {
			TH_LOG("case %u", i);
		}
	}
	EXPECT_EQ(-ENOENT, hwpt_alloc(rig->fd, 0, rig->ioas_id, 0, NULL));
}

TEST_F(hwpt, pt_id_unknown_is_ENOENT)
{
	const struct rig *rig = &self->rig;

	EXPECT_EQ(-ENOENT, hwpt_alloc(rig->fd, rig->dev.idev_id, 0, 0, NULL));
	EXPECT_EQ(-ENOENT, hwpt_alloc(rig->fd, rig->dev.idev_id, NO_SUCH_ID, 0,
				      NULL));
}

TEST_F(hwpt, pt_id_of_another_kind_is_EINVAL)
{
	const struct rig *rig = &self->rig;

	EXPECT_EQ(-EINVAL, hwpt_alloc(rig->fd, rig->dev.idev_id,
				      rig->dev.idev_id, 0, NULL));
	EXPECT_EQ(-EINVAL, hwpt_alloc(rig->fd, rig->dev.idev_id,
				      rig->dev.stdev_id, 0, NULL));
}

/* ---- Type and length of the data ---- */

TEST_F(hwpt, data_that_contradicts_its_type_is_refused)
{
	const struct rig *rig = &self->rig;
	struct iommu_hwpt_selftest v1 = { .iotlb = IOMMU_TEST_IOTLB_DEFAULT };
	const __u64 data = (uintptr_t)&v1;
	const struct {
		int error;
		__u32 pt_id, type, len;
		__u64 data;
	} cases[] = {
		/* none, but there is some */
		{ -EINVAL, rig->ioas_id, IOMMU_HWPT_DATA_NONE, 4, data },
		{ -EINVAL, rig->ioas_id, IOMMU_HWPT_DATA_NONE, 4, 0 },
		{ -EINVAL, rig->ioas_id, IOMMU_HWPT_DATA_NONE, 0, data },
		{ -EINVAL, rig->parent_id, IOMMU_HWPT_DATA_NONE, 4, data },
		{ -EINVAL, rig->parent_id, IOMMU_HWPT_DATA_NONE, 4, 0 },
		{ -EINVAL, rig->parent_id, IOMMU_HWPT_DATA_NONE, 0, data },
		/* a nested HWPT needs some */
		{ -EINVAL, rig->parent_id, IOMMU_HWPT_DATA_NONE, 0, 0 },
		/* some, but there is none */
		{ -EINVAL, rig->parent_id, IOMMU_HWPT_DATA_SELFTEST, 0, data },
		{ -EINVAL, rig->parent_id, IOMMU_HWPT_DATA_SELFTEST, 0, 0 },
		{ -EINVAL, rig->parent_id, IOMMU_HWPT_DATA_VTD_S1, 0, 0 },
		{ -EINVAL, rig->ioas_id, IOMMU_HWPT_DATA_SELFTEST, 0, 0 },
		/* of a type that this IOMMU does not know there */
		{ -EOPNOTSUPP, rig->parent_id, IOMMU_HWPT_DATA_VTD_S1, 4,
		  data },
		{ -EOPNOTSUPP, rig->parent_id, IOMMU_HWPT_DATA_SELFTEST + 1, 4,
		  data },
		{ -EOPNOTSUPP, rig->parent_id, UINT32_MAX, 4, data },
		{ -EOPNOTSUPP, rig->ioas_id, IOMMU_HWPT_DATA_SELFTEST, 4,
		  data },
		{ -EOPNOTSUPP, rig->ioas_id, IOMMU_HWPT_DATA_VTD_S1, 4, data },
	};
	struct iommu_hwpt_alloc arg;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		arg = (struct iommu_hwpt_alloc){
			.pt_id = cases[i].pt_id,
			.data_type = cases[i].type,
			.data_len = cases[i].len,
			.data_uptr = cases[i].data,
		};
		EXPECT_EQ(cases[i].error, try_alloc(self, arg)) {
			TH_LOG("case %u", i);
		}
	}
}

/* Allocate on the parent; a HWPT that came of it is destroyed again */
static int try_data(const struct _test_data_hwpt *self, const void *data,
		    __u32 len)
{
	const struct rig *rig = &self->rig;
	__u32 hwpt_id;
	int rc = hwpt_alloc_nested(rig->fd, rig->dev.idev_id, rig->parent_id,
				   IOMMU_HWPT_DATA_SELFTEST, data, len,
				   &hwpt_id);

	return rc ? rc : object_destroy(rig->fd, hwpt_id);
}

static const struct iommu_hwpt_selftest_v2 good_v2 = {
	.v1.iotlb = IOMMU_TEST_IOTLB_DEFAULT,
	.format = IOMMU_HWPT_SELFTEST_S1_4LEVEL,
	.root = MOCK_APERTURE_START,
};

TEST_F(hwpt, data_of_either_version_is_accepted)
{
	EXPECT_EQ(0, try_data(self, &good_v2, sizeof(good_v2)));
	EXPECT_EQ(0, try_data(self, &good_v2.v1, sizeof(good_v2.v1)));
}

TEST_F(hwpt, data_of_a_length_that_is_no_version_is_EINVAL)
{
	__u32 len;

	for (len = 1; len < sizeof(good_v2); len++) {
		if (len == sizeof(good_v2.v1))
			continue;
		EXPECT_EQ(-EINVAL, try_data(self, &good_v2, len)) {
			TH_LOG("length %u", len);
		}
	}
}

TEST_F(hwpt, longer_data_with_a_zero_tail_is_accepted)
{
	memset(self->mem, 0, 4 * self->page);
	memcpy(self->mem, &good_v2, sizeof(good_v2));
	EXPECT_EQ(0, try_data(self, self->mem, sizeof(good_v2) + 1));
	EXPECT_EQ(0, try_data(self, self->mem, sizeof(good_v2) + 8));
	EXPECT_EQ(0, try_data(self, self->mem, self->page));
}

TEST_F(hwpt, longer_data_with_a_nonzero_tail_is_E2BIG)
{
	static const __u32 odd[] = { 0, 1, 7, 8, 63 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(odd); i++) {
		memset(self->mem, 0, self->page);
		memcpy(self->mem, &good_v2, sizeof(good_v2));
		self->mem[sizeof(good_v2) + odd[i]] = 1;
		EXPECT_EQ(-E2BIG, try_data(self, self->mem,
					   sizeof(good_v2) + 64)) {
			TH_LOG("tail byte %u", odd[i]);
		}
	}
}

TEST_F(hwpt, unreadable_data_is_EFAULT)
{
	char *edge = get_memory_at_edge(_metadata, sizeof(good_v2));

	memcpy(edge, &good_v2, sizeof(good_v2));
	EXPECT_EQ(-EFAULT, try_data(self, NULL, sizeof(good_v2)));
	EXPECT_EQ(-EFAULT, try_data(self, NULL, sizeof(good_v2.v1)));
	EXPECT_EQ(-EFAULT, try_data(self, get_hole(_metadata, self->page),
				    sizeof(good_v2)));
	EXPECT_EQ(-EFAULT, try_data(self, edge + 8, sizeof(good_v2)));
	EXPECT_EQ(-EFAULT, try_data(self, edge, sizeof(good_v2) + 8));
	EXPECT_EQ(0, try_data(self, edge, sizeof(good_v2)));
}

TEST_F(hwpt, malformed_stage1_is_refused)
{
	static const struct {
		int error;
		__u32 format;
		__u64 root;
	} cases[] = {
		{ -EOPNOTSUPP, 1, MOCK_APERTURE_START },
		{ -EOPNOTSUPP, 3, MOCK_APERTURE_START },
		{ -EOPNOTSUPP, 6, MOCK_APERTURE_START },
		{ -EOPNOTSUPP, UINT32_MAX, MOCK_APERTURE_START },
		{ -EINVAL, 4, MOCK_APERTURE_START + 1 },
		{ -EINVAL, 4, MOCK_APERTURE_START + 0x800 },
		{ -EINVAL, 5, MOCK_APERTURE_START + 8 },
		{ -EINVAL, 0, MOCK_APERTURE_START },
		{ -EINVAL, 4, 1ULL << 52 },
		{ -EINVAL, 5, 1ULL << 63 },
		/* Where it points is the walk's business */
		{ 0, 4, 0 },
		{ 0, 4, (1ULL << 52) - 4096 },
		{ 0, 5, MOCK_APERTURE_START },
		{ 0, 0, 0 },
	};
	struct iommu_hwpt_selftest_v2 data = good_v2;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		data.format = cases[i].format;
		data.root = cases[i].root;
		EXPECT_EQ(cases[i].error, try_data(self, &data, sizeof(data))) {
			TH_LOG("case %u", i);
		}
	}
}

/* ---- What a nested HWPT can stand on ---- */

static int try_nested(const struct rig *rig, __u32 idev_id, __u32 parent_id,
		      __u32 flags)
{
	struct iommu_hwpt_alloc arg = {
		.size = sizeof(arg),
		.flags = flags,
		.dev_id = idev_id,
		.pt_id = parent_id,
		.data_type = IOMMU_HWPT_DATA_SELFTEST,
		.data_len = sizeof(good_v2),
		.data_uptr = (uintptr_t)&good_v2,
	};

	return iommufd_ioctl(rig->fd, IOMMU_HWPT_ALLOC, &arg);
}

TEST_F(hwpt, nested_on_a_parent_that_is_none_is_EINVAL)
{
	struct rig *rig = &self->rig;
	__u32 plain = rig_hwpt(_metadata, rig, rig->dev.idev_id, rig->ioas_id,
			       0);

	EXPECT_EQ(-EINVAL, try_nested(rig, rig->dev.idev_id, plain, 0));
	/* The one that attaching made is none either */
	EXPECT_EQ(-EINVAL, try_nested(rig, rig->dev.idev_id, rig->dev.hwpt_id,
				      0));
}

TEST_F(hwpt, nested_on_nested_is_EINVAL)
{
	struct rig *rig = &self->rig;

	EXPECT_EQ(-EINVAL, try_nested(rig, rig->dev.idev_id, rig->nested_id,
				      0));
}

TEST_F(hwpt, nested_with_any_flag_but_a_fault_queue_is_EOPNOTSUPP)
{
	struct rig *rig = &self->rig;
	unsigned int bit;

	for (bit = 0; bit < 32; bit++) {
		if (1U << bit == IOMMU_HWPT_FAULT_ID_VALID)
			continue;
		EXPECT_EQ(-EOPNOTSUPP, try_nested(rig, rig->dev.idev_id,
						  rig->parent_id, 1U << bit)) {
			TH_LOG("bit %u", bit);
		}
	}
}

TEST_F(hwpt, many_nested_on_one_parent)
{
	struct rig *rig = &self->rig;
	unsigned int i;

	for (i = 0; i < 16; i++)
		rig_nested(_metadata, rig, rig->dev.idev_id, rig->parent_id,
			   i % 2 ? IOMMU_HWPT_SELFTEST_S1_5LEVEL : 0, 0);
}

TEST_F(hwpt, nested_for_a_device_of_another_group)
{
	struct rig *rig = &self->rig;
	__u32 ioas_id = rig_ioas(_metadata, rig);
	struct mock_dev dev = rig_device(_metadata, rig, ioas_id);

	rig_nested(_metadata, rig, dev.idev_id, rig->parent_id, 0, 0);
}

/* ---- Other IOMMU drivers ---- */

TEST_F(hwpt, nested_across_drivers_is_EINVAL)
{
	struct rig *rig = &self->rig;
	struct mock_dev rogue = rig_device_on(_metadata, rig, MOCK_IOMMU_ROGUE,
					      0, 0);
	__u32 parent = rig_hwpt(_metadata, rig, rogue.idev_id, rig->ioas_id,
				IOMMU_HWPT_ALLOC_NEST_PARENT);

	EXPECT_EQ(-EINVAL, try_nested(rig, rogue.idev_id, rig->parent_id, 0));
	EXPECT_EQ(-EINVAL, try_nested(rig, rig->dev.idev_id, parent, 0));
}

TEST_F(hwpt, nested_that_cannot_be_invalidated_is_EOPNOTSUPP)
{
	struct rig *rig = &self->rig;
	struct mock_dev rogue = rig_device_on(_metadata, rig, MOCK_IOMMU_ROGUE,
					      0, 0);
	__u32 parent = rig_hwpt(_metadata, rig, rogue.idev_id, rig->ioas_id,
				IOMMU_HWPT_ALLOC_NEST_PARENT);

	EXPECT_EQ(-EOPNOTSUPP, try_nested(rig, rogue.idev_id, parent, 0));
	/* Nothing was left on the parent */
	rig_destroy(_metadata, rig, parent);
}

TEST_F(hwpt, driver_without_user_allocation_has_only_plain_paging)
{
	struct rig *rig = &self->rig;
	struct mock_dev legacy = rig_device_on(_metadata, rig,
					       MOCK_IOMMU_LEGACY, 0, 0);
	__u32 hwpt_id = 0;

	EXPECT_EQ(-EOPNOTSUPP, hwpt_alloc(rig->fd, legacy.idev_id, rig->ioas_id,
					  IOMMU_HWPT_ALLOC_NEST_PARENT, NULL));
	EXPECT_EQ(-EOPNOTSUPP, hwpt_alloc(rig->fd, legacy.idev_id, rig->ioas_id,
					  IOMMU_HWPT_ALLOC_DIRTY_TRACKING,
					  NULL));
	EXPECT_EQ(-EOPNOTSUPP, try_nested(rig, legacy.idev_id, rig->ioas_id,
					  0));
	rig_map(_metadata, rig, self->mem, self->page, APERTURE_FIRST,
		IOAS_MAP_RW);
	hwpt_id = rig_hwpt(_metadata, rig, legacy.idev_id, rig->ioas_id, 0);
	ASSERT_EQ(0, mock_attach(rig->fd, legacy.stdev_id, hwpt_id, NULL));
	EXPECT_EQ(0ULL, dma_poke(rig->fd, legacy.stdev_id, APERTURE_FIRST, 3));
	EXPECT_EQ(3ULL, get_u64(self->mem));
}

TEST_F(hwpt, nested_for_a_driver_without_user_allocation_is_refused)
{
	struct rig *rig = &self->rig;
	struct mock_dev legacy = rig_device_on(_metadata, rig,
					       MOCK_IOMMU_LEGACY, 0, 0);
	int rc = try_nested(rig, legacy.idev_id, rig->parent_id, 0);

	/* It is both another driver and one that takes no data */
	EXPECT_TRUE(rc == -EINVAL || rc == -EOPNOTSUPP);
}

TEST_HARNESS_MAIN
