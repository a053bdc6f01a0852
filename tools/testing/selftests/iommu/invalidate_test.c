// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOMMU_HWPT_INVALIDATE: its array of requests, as seen in the four slots that
 * every nested HWPT of the mock has. What becomes of a device's DMA is in
 * nested_tlb_test.c.
 */
#include "common.h"

#define TYPE		IOMMU_HWPT_INVALIDATE_DATA_SELFTEST
#define SLOTS		MOCK_NESTED_DOMAIN_IOTLB_NUM
#define NO_SLOT		(MOCK_NESTED_DOMAIN_IOTLB_ID_MAX + 1)
#define MAX_REQUESTS	((__u32)1 << 19)

#define request_v1	iommu_hwpt_invalidate_selftest
#define request_v2	iommu_hwpt_invalidate_selftest_v2

FIXTURE(invalidate)
{
	struct rig rig;
	__u32 sibling_id;
	char *mem;
};

FIXTURE_SETUP(invalidate)
{
	struct rig *rig = &self->rig;

	rig_open_nested(_metadata, rig);
	self->sibling_id = rig_nested(_metadata, rig, rig->dev.idev_id,
				      rig->parent_id, 0, 0);
	self->mem = get_memory(_metadata, 2 * page_size());
}

FIXTURE_TEARDOWN(invalidate)
{
	unsigned int i;

	/* Nothing ever reaches the other HWPT on the same parent */
	for (i = 0; i < SLOTS; i++) {
		EXPECT_EQ(0, mock_check_iotlb(self->rig.fd, self->sibling_id, i,
					      IOMMU_TEST_IOTLB_DEFAULT));
	}
	rig_close(_metadata, &self->rig);
}

/* The slots that have been cleared, one bit each */
static unsigned int cleared(const struct _test_data_invalidate *self)
{
	unsigned int i, mask = 0;

	for (i = 0; i < SLOTS; i++) {
		if (!mock_check_iotlb(self->rig.fd, self->rig.nested_id, i, 0))
			mask |= 1 << i;
		else if (mock_check_iotlb(self->rig.fd, self->rig.nested_id, i,
					  IOMMU_TEST_IOTLB_DEFAULT))
			mask |= 1 << (i + 16);
	}
	return mask;
}

static int invalidate(const struct _test_data_invalidate *self,
		      const void *requests, __u32 entry_len, __u32 *num)
{
	return hwpt_invalidate(self->rig.fd, self->rig.nested_id, TYPE,
			       requests, entry_len, num);
}

/* ---- What it clears ---- */

TEST_F(invalidate, slots_hold_their_first_value)
{
	EXPECT_EQ(0U, cleared(self));
}

TEST_F(invalidate, one_slot)
{
	struct request_v1 request = { .iotlb_id = 2 };
	__u32 num = 1;

	ASSERT_EQ(0, invalidate(self, &request, sizeof(request), &num));
	EXPECT_EQ(1U, num);
	EXPECT_EQ(0x4U, cleared(self));
}

TEST_F(invalidate, several_slots_in_one_call)
{
	struct request_v1 requests[] = { { .iotlb_id = 0 }, { .iotlb_id = 3 },
				  { .iotlb_id = 0 } };
	__u32 num = 3;

	ASSERT_EQ(0, invalidate(self, requests, sizeof(requests[0]), &num));
	EXPECT_EQ(3U, num);
	EXPECT_EQ(0x9U, cleared(self));
}

TEST_F(invalidate, all_slots_whatever_slot_is_named)
{
	struct request_v1 request = { .flags = IOMMU_TEST_INVALIDATE_FLAG_ALL,
			       .iotlb_id = UINT32_MAX };
	__u32 num = 1;

	ASSERT_EQ(0, invalidate(self, &request, sizeof(request), &num));
	EXPECT_EQ(1U, num);
	EXPECT_EQ(0xfU, cleared(self));
}

TEST_F(invalidate, version_2_clears_its_slot_too)
{
	struct request_v2 requests[] = {
		{ .v1.iotlb_id = 1 },
		{ .v1.iotlb_id = 3, .addr = APERTURE_FIRST, .npages = 5 },
	};
	__u32 num = 2;

	ASSERT_EQ(0, invalidate(self, requests, sizeof(requests[0]), &num));
	EXPECT_EQ(2U, num);
	EXPECT_EQ(0xaU, cleared(self));
}

TEST_F(invalidate, attached_or_not)
{
	struct rig *rig = &self->rig;
	struct request_v1 request = { .iotlb_id = 1 };
	__u32 num = 1;

	ASSERT_EQ(0, mock_replace(rig->fd, rig->dev.stdev_id, rig->nested_id,
				  NULL));
	ASSERT_EQ(0, invalidate(self, &request, sizeof(request), &num));
	EXPECT_EQ(0x2U, cleared(self));
	ASSERT_EQ(0, mock_replace(rig->fd, rig->dev.stdev_id, rig->ioas_id,
				  NULL));
}

TEST_F(invalidate, as_many_requests_as_are_allowed)
{
	struct request_v1 *requests = get_memory(_metadata,
					  MAX_REQUESTS * sizeof(*requests));
	__u32 num = MAX_REQUESTS;

	requests[MAX_REQUESTS - 1].iotlb_id = 3;
	ASSERT_EQ(0, invalidate(self, requests, sizeof(*requests), &num));
	EXPECT_EQ(MAX_REQUESTS, num);
	EXPECT_EQ(0x9U, cleared(self));
}

/* ---- The probe ---- */

TEST_F(invalidate, no_requests_asks_for_the_type)
{
	__u32 num = 0;

	EXPECT_EQ(0, invalidate(self, NULL, 0, &num));
	EXPECT_EQ(0U, num);
	/* The rest is ignored */
	EXPECT_EQ(0, invalidate(self, get_hole(_metadata, page_size()), 3,
				&num));
	EXPECT_EQ(0, invalidate(self, self->mem, UINT32_MAX, &num));
	EXPECT_EQ(0U, cleared(self));
}

TEST_F(invalidate, unknown_type_is_EINVAL)
{
	static const __u32 types[] = {
		IOMMU_HWPT_INVALIDATE_DATA_SELFTEST_INVALID,
		IOMMU_HWPT_INVALIDATE_DATA_VTD_S1, UINT32_MAX };
	struct request_v1 request = {};
	unsigned int i;
	__u32 num;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		num = 0;
		EXPECT_EQ(-EINVAL, hwpt_invalidate(self->rig.fd,
						   self->rig.nested_id,
						   types[i], NULL, 0, &num));
		EXPECT_EQ(0U, num);
		num = 1;
		EXPECT_EQ(-EINVAL, hwpt_invalidate(self->rig.fd,
						   self->rig.nested_id,
						   types[i], &request,
						   sizeof(request), &num));
		EXPECT_EQ(0U, num);
	}
	EXPECT_EQ(0U, cleared(self));
}

/* ---- What it refuses as a whole ---- */

TEST_F(invalidate, hwpt_id_that_is_not_nested_is_ENOENT)
{
	const struct rig *rig = &self->rig;
	const __u32 ids[] = { 0, NO_SUCH_ID, rig->parent_id, rig->dev.hwpt_id,
			      rig->ioas_id, rig->dev.idev_id,
			      rig->dev.stdev_id };
	struct request_v1 request = {};
	unsigned int i;
	__u32 num;

	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		num = 1;
		EXPECT_EQ(-ENOENT, hwpt_invalidate(rig->fd, ids[i], TYPE,
						   &request, sizeof(request),
						   &num)) {
			TH_LOG("case %u", i);
		}
		EXPECT_EQ(0U, num);
	}
	EXPECT_EQ(0U, cleared(self));
}

TEST_F(invalidate, reserved_not_0_is_EOPNOTSUPP_and_counts_none)
{
	struct request_v1 request = {};
	struct iommu_hwpt_invalidate arg = {
		.size = sizeof(arg),
		.hwpt_id = self->rig.nested_id,
		.data_uptr = (uintptr_t)&request,
		.data_type = TYPE,
		.entry_len = sizeof(request),
		.entry_num = 1,
		.__reserved = 1,
	};

	EXPECT_EQ(-EOPNOTSUPP, iommufd_ioctl(self->rig.fd,
					     IOMMU_HWPT_INVALIDATE, &arg));
	EXPECT_EQ(0U, arg.entry_num);
	EXPECT_EQ(0U, cleared(self));
}

TEST_F(invalidate, array_that_cannot_be_is_EINVAL)
{
	static const struct {
		bool null;
		__u32 entry_len, num;
	} bad[] = {
		{ true, sizeof(struct request_v1), 1 },
		{ true, 0, 1 },
		{ false, 0, 1 },
		{ false, 0, UINT32_MAX },
		{ false, sizeof(struct request_v1), (1 << 19) + 1 },
		{ false, sizeof(struct request_v1), UINT32_MAX },
		{ false, UINT32_MAX, 1 },
		{ false, UINT32_MAX, UINT32_MAX },
		{ false, 1U << 31, 2 },
	};
	const void *array;
	unsigned int i;
	__u32 num;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		array = bad[i].null ? NULL : self->mem;
		num = bad[i].num;
		EXPECT_EQ(-EINVAL, invalidate(self, array, bad[i].entry_len,
					      &num)) {
			TH_LOG("case %u", i);
		}
		EXPECT_EQ(0U, num);
	}
	num = 1;
	EXPECT_EQ(-EINVAL, invalidate(self, self->mem, page_size() + 1, &num));
	EXPECT_EQ(0U, num);
	EXPECT_EQ(0U, cleared(self));
}

TEST_F(invalidate, entry_len_that_is_no_version_is_EINVAL)
{
	__u32 len, num;

	for (len = 1; len < sizeof(struct request_v2); len++) {
		if (len == sizeof(struct request_v1))
			continue;
		num = 1;
		EXPECT_EQ(-EINVAL, invalidate(self, self->mem, len, &num)) {
			TH_LOG("length %u", len);
		}
		EXPECT_EQ(0U, num);
	}
	EXPECT_EQ(0U, cleared(self));
}

/* ---- Longer requests than the kernel knows ---- */

TEST_F(invalidate, longer_requests_with_zero_tails)
{
	__u32 len = sizeof(struct request_v2) + 8, num = 2;

	((struct request_v1 *)(self->mem + len))->iotlb_id = 2;
	ASSERT_EQ(0, invalidate(self, self->mem, len, &num));
	EXPECT_EQ(2U, num);
	EXPECT_EQ(0x5U, cleared(self));
}

TEST_F(invalidate, requests_of_a_page_each)
{
	__u32 num = 2;

	((struct request_v1 *)(self->mem + page_size()))->iotlb_id = 1;
	ASSERT_EQ(0, invalidate(self, self->mem, page_size(), &num));
	EXPECT_EQ(2U, num);
	EXPECT_EQ(0x3U, cleared(self));
}

TEST_F(invalidate, longer_request_with_a_nonzero_tail_is_E2BIG)
{
	__u32 len = sizeof(struct request_v2) + 16, num = 3;
	unsigned int i;

	for (i = 0; i < 3; i++)
		((struct request_v1 *)(self->mem + i * len))->iotlb_id = i;
	/* The last byte of the second */
	self->mem[2 * len - 1] = 1;
	EXPECT_EQ(-E2BIG, invalidate(self, self->mem, len, &num));
	EXPECT_EQ(1U, num);
	EXPECT_EQ(0x1U, cleared(self));
	/* The first byte past version 2 of the first */
	self->mem[sizeof(struct request_v2)] = 1;
	num = 3;
	EXPECT_EQ(-E2BIG, invalidate(self, self->mem, len, &num));
	EXPECT_EQ(0U, num);
}

/* ---- Bad requests ---- */

TEST_F(invalidate, bad_version_1_request_ends_it_with_those_before_done)
{
	static const struct {
		int error;
		struct request_v1 bad;
	} cases[] = {
		{ -EOPNOTSUPP, { .flags = 2, .iotlb_id = 1 } },
		{ -EOPNOTSUPP, { .flags = UINT32_MAX, .iotlb_id = 1 } },
		{ -EOPNOTSUPP, { .flags = 1U << 31, .iotlb_id = 1 } },
		{ -EINVAL, { .iotlb_id = NO_SLOT } },
		{ -EINVAL, { .iotlb_id = UINT32_MAX } },
	};
	struct request_v1 requests[4] = { {}, {}, { .iotlb_id = 2 },
				   { .iotlb_id = 3 } };
	unsigned int i;
	__u32 num;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		/* as the first: nothing done */
		num = 1;
		EXPECT_EQ(cases[i].error, invalidate(self, &cases[i].bad,
						     sizeof(struct request_v1),
						     &num)) {
			TH_LOG("case %u", i);
		}
		EXPECT_EQ(0U, num);
	}
	EXPECT_EQ(0U, cleared(self));
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		/* as the second: the first is done, those after it are not */
		requests[1] = cases[i].bad;
		num = 4;
		EXPECT_EQ(cases[i].error, invalidate(self, requests,
						     sizeof(struct request_v1),
						     &num)) {
			TH_LOG("case %u", i);
		}
		EXPECT_EQ(1U, num);
		EXPECT_EQ(0x1U, cleared(self));
	}
}

TEST_F(invalidate, bad_version_2_request_ends_it_with_those_before_done)
{
	const __u64 pages = 1ULL << 52;
	const struct {
		int error;
		struct request_v2 bad;
	} cases[] = {
		{ -EOPNOTSUPP, { .v1.flags = 2, .v1.iotlb_id = 1 } },
		{ -EINVAL, { .v1.iotlb_id = NO_SLOT } },
		{ -EINVAL, { .v1.iotlb_id = 1, .addr = 1, .npages = 1 } },
		{ -EINVAL, { .v1.iotlb_id = 1, .addr = 2048, .npages = 1 } },
		{ -EOVERFLOW, { .v1.iotlb_id = 1, .addr = SZ_4K,
				.npages = pages } },
		{ -EOVERFLOW, { .v1.iotlb_id = 1, .addr = -SZ_4K,
				.npages = 2 } },
		{ -EOVERFLOW, { .v1.iotlb_id = 1, .addr = SZ_4K,
				.npages = pages + 1 } },
		{ -EOVERFLOW, { .v1.iotlb_id = 1, .addr = SZ_4K,
				.npages = UINT64_MAX } },
	};
	struct request_v2 requests[3] = { {}, {}, { .v1.iotlb_id = 2 } };
	unsigned int i;
	__u32 num;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		requests[1] = cases[i].bad;
		num = 3;
		EXPECT_EQ(cases[i].error, invalidate(self, requests,
						     sizeof(struct request_v2),
						     &num)) {
			TH_LOG("case %u", i);
		}
		EXPECT_EQ(1U, num);
		EXPECT_EQ(0x1U, cleared(self));
	}
}

TEST_F(invalidate, unreadable_request_is_EFAULT_with_those_before_done)
{
	struct request_v1 *edge = get_memory_at_edge(_metadata,
						     2 * sizeof(*edge));
	__u32 num = 4;

	edge[0].iotlb_id = 1;
	edge[1].iotlb_id = 2;
	EXPECT_EQ(-EFAULT, invalidate(self, edge, sizeof(*edge), &num));
	EXPECT_EQ(2U, num);
	EXPECT_EQ(0x6U, cleared(self));
	num = 1;
	EXPECT_EQ(-EFAULT, invalidate(self, get_hole(_metadata, page_size()),
				      sizeof(*edge), &num));
	EXPECT_EQ(0U, num);
}

TEST_F(invalidate, unreadable_request_far_into_a_large_array)
{
	__u32 good = 3000, num = 10000;
	struct request_v1 *edge = get_memory_at_edge(_metadata,
						     good * sizeof(*edge));

	edge[good - 1].iotlb_id = 3;
	EXPECT_EQ(-EFAULT, invalidate(self, edge, sizeof(*edge), &num));
	EXPECT_EQ(good, num);
	EXPECT_EQ(0x9U, cleared(self));
}

TEST_F(invalidate, bad_request_far_into_a_large_array)
{
	__u32 bad = 3000, num = 10000;
	struct request_v2 *requests = get_memory(_metadata,
						 num * sizeof(*requests));

	requests[bad - 1].v1.iotlb_id = 2;
	requests[bad].v1.iotlb_id = NO_SLOT;
	requests[bad + 1].v1.iotlb_id = 3;
	EXPECT_EQ(-EINVAL, invalidate(self, requests, sizeof(*requests), &num));
	EXPECT_EQ(bad, num);
	EXPECT_EQ(0x5U, cleared(self));
}

TEST_F(invalidate, request_across_the_edge_of_memory_is_EFAULT)
{
	__u32 len = sizeof(struct request_v2), num = 2;
	char *edge = get_memory_at_edge(_metadata, len + len / 2);

	EXPECT_EQ(-EFAULT, invalidate(self, edge, len, &num));
	EXPECT_EQ(1U, num);
	EXPECT_EQ(0x1U, cleared(self));
}

TEST_F(invalidate, array_at_the_edge_of_memory)
{
	struct request_v1 *edge = get_memory_at_edge(_metadata,
						     2 * sizeof(*edge));
	__u32 num = 2;

	edge[1].iotlb_id = 3;
	EXPECT_EQ(0, invalidate(self, edge, sizeof(*edge), &num));
	EXPECT_EQ(2U, num);
	EXPECT_EQ(0x9U, cleared(self));
}

TEST_HARNESS_MAIN
