// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOMMU_GET_HW_INFO: data of every length, and the rest of the answer.
 */
#include "common.h"

#define DATA_LEN ((__u32)sizeof(struct iommu_test_hw_info))

FIXTURE(hw_info)
{
	struct rig rig;
	__u32 idev_id;
	__u8 *buf;
};

FIXTURE_VARIANT(hw_info)
{
	__u32 iommu;
	__u32 type;
	__u32 len;
};

FIXTURE_VARIANT_ADD(hw_info, full)
{
	.iommu = MOCK_IOMMU_FULL,
	.type = IOMMU_HW_INFO_TYPE_SELFTEST,
	.len = DATA_LEN,
};

FIXTURE_VARIANT_ADD(hw_info, rogue)
{
	.iommu = MOCK_IOMMU_ROGUE,
	.type = IOMMU_HW_INFO_TYPE_SELFTEST,
	.len = DATA_LEN,
};

FIXTURE_VARIANT_ADD(hw_info, legacy)
{
	.iommu = MOCK_IOMMU_LEGACY,
	.type = IOMMU_HW_INFO_TYPE_NONE,
	.len = 0,
};

FIXTURE_SETUP(hw_info)
{
	rig_open(_metadata, &self->rig);
	self->idev_id = rig_device_on(_metadata, &self->rig, variant->iommu, 0,
				      0).idev_id;
	self->buf = get_memory(_metadata, 2 * page_size());
}

FIXTURE_TEARDOWN(hw_info)
{
	rig_close(_metadata, &self->rig);
}

/* The first len bytes of buf hold the answer cut or filled, and no more is */
static void expect_data(struct __test_metadata *_metadata,
			const struct _fixture_variant_hw_info *variant,
			const __u8 *buf, __u32 len)
{
	const struct iommu_test_hw_info data = {
		.test_reg = IOMMU_HW_INFO_SELFTEST_REGVAL,
	};
	__u8 want[64] = {};
	__u32 i;

	memcpy(want, &data, variant->len);
	for (i = 0; i < sizeof(want); i++) {
		EXPECT_EQ(i < len ? want[i] : 0xa5, buf[i]) {
			TH_LOG("length %u, byte %u", len, i);
		}
	}
}

TEST_F(hw_info, whole_answer)
{
	struct iommu_hw_info info;

	memset(self->buf, 0xa5, page_size());
	ASSERT_EQ(0, hw_info(self->rig.fd, self->idev_id, self->buf, DATA_LEN,
			     &info));
	EXPECT_EQ(variant->type, info.out_data_type);
	EXPECT_EQ(variant->len, info.data_len);
	/* A driver that allocates for no user tracks for none */
	EXPECT_EQ(variant->type == IOMMU_HW_INFO_TYPE_NONE ?
			  0ULL : (__u64)IOMMU_HW_CAP_DIRTY_TRACKING,
		  info.out_capabilities);
	EXPECT_EQ(0, info.out_max_pasid_log2);
	EXPECT_EQ(self->idev_id, info.dev_id);
	expect_data(_metadata, variant, self->buf, DATA_LEN);
}

TEST_F(hw_info, data_is_cut_or_followed_by_zeros)
{
	struct iommu_hw_info info;
	__u32 len;

	for (len = 0; len <= 2 * DATA_LEN + 1; len++) {
		memset(self->buf, 0xa5, page_size());
		ASSERT_EQ(0, hw_info(self->rig.fd, self->idev_id, self->buf,
				     len, &info));
		EXPECT_EQ(variant->len, info.data_len);
		EXPECT_EQ(variant->type, info.out_data_type);
		expect_data(_metadata, variant, self->buf, len);
	}
}

TEST_F(hw_info, long_data_is_zeroed_to_its_end)
{
	struct iommu_hw_info info;
	__u32 len = 2 * page_size(), i;

	memset(self->buf, 0xa5, len);
	ASSERT_EQ(0, hw_info(self->rig.fd, self->idev_id, self->buf, len,
			     &info));
	EXPECT_EQ(variant->len, info.data_len);
	for (i = variant->len; i < len; i++) {
		ASSERT_EQ(0, self->buf[i]);
	}
}

TEST_F(hw_info, length_0_takes_any_pointer)
{
	struct iommu_hw_info info;

	EXPECT_EQ(0, hw_info(self->rig.fd, self->idev_id, NULL, 0, &info));
	EXPECT_EQ(variant->len, info.data_len);
	EXPECT_EQ(0, hw_info(self->rig.fd, self->idev_id,
			     get_hole(_metadata, page_size()), 0, &info));
	EXPECT_EQ(variant->len, info.data_len);
}

TEST_F(hw_info, unwritable_data_is_EFAULT)
{
	struct iommu_hw_info info;

	EXPECT_EQ(-EFAULT, hw_info(self->rig.fd, self->idev_id, NULL, DATA_LEN,
				   &info));
	EXPECT_EQ(-EFAULT, hw_info(self->rig.fd, self->idev_id,
				   get_hole(_metadata, page_size()), DATA_LEN,
				   &info));
	/* The zeros do not fit */
	EXPECT_EQ(-EFAULT, hw_info(self->rig.fd, self->idev_id,
				   get_memory_at_edge(_metadata, DATA_LEN),
				   DATA_LEN + 8, &info));
	ASSERT_EQ(0, mprotect(self->buf, page_size(), PROT_READ));
	EXPECT_EQ(-EFAULT, hw_info(self->rig.fd, self->idev_id, self->buf,
				   DATA_LEN, &info));
}

TEST_F(hw_info, data_may_end_where_memory_does)
{
	struct iommu_hw_info info;

	EXPECT_EQ(0, hw_info(self->rig.fd, self->idev_id,
			     get_memory_at_edge(_metadata, DATA_LEN), DATA_LEN,
			     &info));
}

TEST_F(hw_info, dev_id_that_is_no_bound_device_is_ENOENT)
{
	struct iommu_hw_info info;

	EXPECT_EQ(-ENOENT, hw_info(self->rig.fd, 0, self->buf, DATA_LEN,
				   &info));
	EXPECT_EQ(-ENOENT, hw_info(self->rig.fd, NO_SUCH_ID, self->buf,
				   DATA_LEN, &info));
	EXPECT_EQ(-ENOENT, hw_info(self->rig.fd,
				   rig_ioas(_metadata, &self->rig), self->buf,
				   DATA_LEN, &info));
}

TEST_F(hw_info, same_answer_while_attached)
{
	struct iommu_hw_info before, after;
	__u32 ioas_id = rig_ioas(_metadata, &self->rig);
	struct mock_dev dev = rig_device_on(_metadata, &self->rig,
					    variant->iommu, 0, ioas_id);

	ASSERT_EQ(0, hw_info(self->rig.fd, self->idev_id, self->buf, DATA_LEN,
			     &before));
	ASSERT_EQ(0, hw_info(self->rig.fd, dev.idev_id, self->buf, DATA_LEN,
			     &after));
	before.dev_id = after.dev_id;
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)));
}

TEST_HARNESS_MAIN
