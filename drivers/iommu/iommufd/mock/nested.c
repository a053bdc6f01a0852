// SPDX-License-Identifier: GPL-2.0-only
/*
 * Nested domains: made from the user's description of a stage-1 table, on top of
 * a paging domain, and invalidated at the user's request.
 */
#include <linux/slab.h>

#include "mock.h"

/* Guest-physical addresses have 52 bits at most, as in a table's entries */
#define GPA_MASK GENMASK_ULL(51, 0)

/*
 * A structure has the length of a version, or is longer than the last we know.
 * No user ever knew one in between.
 */
static bool is_version_length(size_t len, size_t v1_len, size_t last_len)
{
	return len == v1_len || len >= last_len;
}

static int nested_check_table(const struct iommu_hwpt_selftest_v2 *data)
{
	switch (data->format) {
	case IOMMU_HWPT_SELFTEST_S1_NONE:
		return data->root ? -EINVAL : 0;
	case IOMMU_HWPT_SELFTEST_S1_4LEVEL:
	case IOMMU_HWPT_SELFTEST_S1_5LEVEL:
		if (data->root & ~GPA_MASK || !IS_ALIGNED(data->root, SZ_4K))
			return -EINVAL;
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

static int nested_copy_data(const struct iommu_user_data *user_data,
			    struct iommu_hwpt_selftest_v2 *data)
{
	int rc;

	if (user_data->type != IOMMU_HWPT_DATA_SELFTEST)
		return -EOPNOTSUPP;
	rc = iommu_copy_struct_from_user(data, user_data,
					 IOMMU_HWPT_DATA_SELFTEST, v1);
	if (rc)
		return rc;
	if (!is_version_length(user_data->len, sizeof(data->v1), sizeof(*data)))
		return -EINVAL;
	return nested_check_table(data);
}

/* How many requests are copied in at a time */
#define INVALIDATE_BATCH 24

/*
 * Copy in requests, as the version the user knows. Version 1 is copied as
 * such, as only arrays of equal length are copied at once.
 */
static int
invalidate_copy(const struct iommu_user_data_array *array, u32 first, u32 num,
		struct iommu_hwpt_invalidate_selftest_v2 *requests)
{
	struct iommu_hwpt_invalidate_selftest v1[INVALIDATE_BATCH];
	const unsigned int type = IOMMU_HWPT_INVALIDATE_DATA_SELFTEST;
	u32 i;
	int rc;

	if (array->entry_len != sizeof(*v1))
		return iommu_copy_structs_from_user_array(requests, array, type,
							  first, num, v1);

	rc = iommu_copy_structs_from_user_array(v1, array, type, first, num,
						iotlb_id);
	if (rc)
		return rc;
	for (i = 0; i < num; i++)
		requests[i] = (struct iommu_hwpt_invalidate_selftest_v2){
			.v1 = v1[i],
		};
	return 0;
}

static int
invalidate_check(const struct iommu_hwpt_invalidate_selftest_v2 *request)
{
	u64 last;

	if (request->v1.flags & ~IOMMU_TEST_INVALIDATE_FLAG_ALL)
		return -EOPNOTSUPP;
	if (request->v1.flags & IOMMU_TEST_INVALIDATE_FLAG_ALL)
		return 0;
	if (request->v1.iotlb_id > MOCK_NESTED_DOMAIN_IOTLB_ID_MAX ||
	    !IS_ALIGNED(request->addr, SZ_4K))
		return -EINVAL;
	if (request->npages > U64_MAX / SZ_4K ||
	    (request->npages &&
	     check_add_overflow(request->addr, request->npages * SZ_4K - 1,
				&last)))
		return -EOVERFLOW;
	return 0;
}

/* Do what a request, checked, asks for */
static void
invalidate_one(struct mock_nested *nested,
	       const struct iommu_hwpt_invalidate_selftest_v2 *request)
{
	if (request->v1.flags & IOMMU_TEST_INVALIDATE_FLAG_ALL) {
		memset(nested->slots, 0, sizeof(nested->slots));
		mock_iotlb_drop(&nested->iotlb, 0, U64_MAX);
		return;
	}
	nested->slots[request->v1.iotlb_id] = 0;
	if (request->npages)
		mock_iotlb_drop(&nested->iotlb, request->addr,
				request->addr + request->npages * SZ_4K - 1);
}

/* Handle @num requests in order until one is wrong; *@handled counts them */
static int
invalidate_batch(struct mock_nested *nested,
		 const struct iommu_hwpt_invalidate_selftest_v2 *requests,
		 u32 num, u32 *handled)
{
	int rc = 0;
	u32 i;

	mutex_lock(&nested->parent->lock);
	for (i = 0; i < num; i++) {
		rc = invalidate_check(&requests[i]);
		if (rc)
			break;
		invalidate_one(nested, &requests[i]);
		++*handled;
	}
	mutex_unlock(&nested->parent->lock);
	return rc;
}

static int invalidate_array(struct mock_nested *nested,
			    const struct iommu_user_data_array *array,
			    u32 *handled)
{
	struct iommu_hwpt_invalidate_selftest_v2 requests[INVALIDATE_BATCH];
	u32 num = INVALIDATE_BATCH;
	int rc;

	while (*handled < array->entry_num) {
		num = min(num, array->entry_num - *handled);
		rc = invalidate_copy(array, *handled, num, requests);
		if (rc && num > 1) {
			/* Find out which of them is the bad one */
			num = 1;
			continue;
		}
		if (!rc)
			rc = invalidate_batch(nested, requests, num, handled);
		if (rc)
			return rc;
	}
	return 0;
}

static int mock_cache_invalidate_user(struct iommu_domain *domain,
				      struct iommu_user_data_array *array)
{
	const size_t v2_len = sizeof(struct iommu_hwpt_invalidate_selftest_v2);
	const size_t v1_len = sizeof(struct iommu_hwpt_invalidate_selftest);
	u32 handled = 0;
	int rc = -EINVAL;

	if (array->type == IOMMU_HWPT_INVALIDATE_DATA_SELFTEST &&
	    (!array->entry_num ||
	     is_version_length(array->entry_len, v1_len, v2_len)))
		rc = invalidate_array(to_mock_nested(domain), array, &handled);

	array->entry_num = handled;
	return rc;
}

static void mock_nested_free(struct iommu_domain *domain)
{
	struct mock_nested *nested = to_mock_nested(domain);

	mutex_lock(&nested->parent->lock);
	list_del(&nested->item);
	mock_iotlb_drop(&nested->iotlb, 0, U64_MAX);
	mutex_unlock(&nested->parent->lock);
	kfree(nested);
}

static const struct iommu_domain_ops mock_nested_ops = {
	.attach_dev = mock_attach_dev,
	.cache_invalidate_user = mock_cache_invalidate_user,
	.free = mock_nested_free,
};

/* Of a driver that has forgotten something */
static const struct iommu_domain_ops mock_rogue_nested_ops = {
	.attach_dev = mock_attach_dev,
	.free = mock_nested_free,
};

/**
 * mock_nested_alloc() - make a nested domain
 * @parent: Stage 2, a paging domain of the mock
 * @user_data: The user's description of stage 1, or NULL
 * @can_invalidate: With the op for that
 *
 * Return: the domain, or an ERR_PTR: -EOPNOTSUPP for data of another type or a
 * table of another format, -EINVAL, -E2BIG, -EFAULT, -ENOMEM.
 */
struct iommu_domain *mock_nested_alloc(struct iommu_domain *parent,
				       const struct iommu_user_data *user_data,
				       bool can_invalidate)
{
	struct iommu_hwpt_selftest_v2 data;
	struct mock_nested *nested;
	int rc;

	if (!user_data)
		return ERR_PTR(-EINVAL);
	rc = nested_copy_data(user_data, &data);
	if (rc)
		return ERR_PTR(rc);

	nested = kzalloc(sizeof(*nested), GFP_KERNEL_ACCOUNT);
	if (!nested)
		return ERR_PTR(-ENOMEM);
	nested->domain.type = IOMMU_DOMAIN_NESTED;
	nested->domain.ops = can_invalidate ? &mock_nested_ops :
					      &mock_rogue_nested_ops;
	nested->parent = to_mock_paging(parent);
	nested->format = data.format;
	nested->root = data.root;
	mock_iotlb_init(&nested->iotlb);
	memset32(nested->slots, data.v1.iotlb, ARRAY_SIZE(nested->slots));

	mutex_lock(&nested->parent->lock);
	list_add(&nested->item, &nested->parent->children);
	mutex_unlock(&nested->parent->lock);
	return &nested->domain;
}
