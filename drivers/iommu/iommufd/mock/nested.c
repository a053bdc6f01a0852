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

/* How many requests are copied in and handled at a time, of each version */
#define INVALIDATE_BATCH_V1 96
#define INVALIDATE_BATCH_V2 24

/* Up to so many go without a stack frame that would be a burden for them */
#define INVALIDATE_FEW_V1 4

static void invalidate_all(struct mock_nested *nested)
{
	memset(nested->slots, 0, sizeof(nested->slots));
	mock_iotlb_drop(&nested->iotlb, 0, U64_MAX);
}

/* What both versions ask for */
static int invalidate_slot(struct mock_nested *nested, u32 flags, u32 slot)
{
	if (unlikely(flags)) {
		if (flags != IOMMU_TEST_INVALIDATE_FLAG_ALL)
			return -EOPNOTSUPP;
		invalidate_all(nested);
		return 0;
	}
	if (slot > MOCK_NESTED_DOMAIN_IOTLB_ID_MAX)
		return -EINVAL;
	nested->slots[slot] = 0;
	return 0;
}

static int
invalidate_pages(struct mock_nested *nested,
		 const struct iommu_hwpt_invalidate_selftest_v2 *request)
{
	u64 last;
	int rc;

	if (request->v1.flags)
		return invalidate_slot(nested, request->v1.flags, 0);
	if (request->v1.iotlb_id > MOCK_NESTED_DOMAIN_IOTLB_ID_MAX ||
	    !IS_ALIGNED(request->addr, SZ_4K))
		return -EINVAL;
	if (request->npages > U64_MAX / SZ_4K ||
	    (request->npages &&
	     check_add_overflow(request->addr, request->npages * SZ_4K - 1,
				&last)))
		return -EOVERFLOW;

	rc = invalidate_slot(nested, 0, request->v1.iotlb_id);
	if (!rc && request->npages)
		mock_iotlb_drop(&nested->iotlb, request->addr, last);
	return rc;
}

/* Handle @num requests of version 1 in order; *@handled counts them */
static __always_inline int
invalidate_v1(struct mock_nested *nested,
	      const struct iommu_user_data_array *array,
	      struct iommu_hwpt_invalidate_selftest *requests, u32 num,
	      u32 *handled)
{
	const unsigned int type = IOMMU_HWPT_INVALIDATE_DATA_SELFTEST;
	u32 i;
	int rc;

	rc = iommu_copy_structs_from_user_array(requests, array, type, *handled,
						num, iotlb_id);
	if (rc)
		return rc;
	mutex_lock(&nested->parent->lock);
	for (i = 0; i < num; i++) {
		rc = invalidate_slot(nested, requests[i].flags,
				     requests[i].iotlb_id);
		if (rc)
			break;
	}
	mutex_unlock(&nested->parent->lock);
	*handled += i;
	return rc;
}

static noinline_for_stack int
invalidate_batch_v1(struct mock_nested *nested,
		    const struct iommu_user_data_array *array, u32 num,
		    u32 *handled)
{
	struct iommu_hwpt_invalidate_selftest requests[INVALIDATE_BATCH_V1];

	return invalidate_v1(nested, array, requests, num, handled);
}

/* The same for version 2, and what comes after it */
static noinline_for_stack int
invalidate_batch_v2(struct mock_nested *nested,
		    const struct iommu_user_data_array *array, u32 num,
		    u32 *handled)
{
	struct iommu_hwpt_invalidate_selftest_v2 requests[INVALIDATE_BATCH_V2];
	const unsigned int type = IOMMU_HWPT_INVALIDATE_DATA_SELFTEST;
	u32 i;
	int rc;

	rc = iommu_copy_structs_from_user_array(requests, array, type, *handled,
						num, v1);
	if (rc)
		return rc;
	mutex_lock(&nested->parent->lock);
	for (i = 0; i < num; i++) {
		rc = invalidate_pages(nested, &requests[i]);
		if (rc)
			break;
	}
	mutex_unlock(&nested->parent->lock);
	*handled += i;
	return rc;
}

/*
 * Any number of requests of a version. A batch in which something cannot be read is
 * handled one by one, up to that.
 */
static noinline_for_stack int
invalidate_array(struct mock_nested *nested,
		 const struct iommu_user_data_array *array, bool is_v1,
		 u32 *handled)
{
	u32 max = is_v1 ? INVALIDATE_BATCH_V1 : INVALIDATE_BATCH_V2;
	u32 before, num;
	int rc;

	while (*handled < array->entry_num) {
		before = *handled;
		num = min(max, array->entry_num - before);
		if (is_v1)
			rc = invalidate_batch_v1(nested, array, num, handled);
		else
			rc = invalidate_batch_v2(nested, array, num, handled);
		if (!rc)
			continue;
		/* One that is wrong is where it stopped; or none was read */
		if (*handled != before || num == 1)
			return rc;
		max = 1;
	}
	return 0;
}

/* The frequent case: a few of version 1 */
static noinline_for_stack int
invalidate_few_v1(struct mock_nested *nested,
		  const struct iommu_user_data_array *array, u32 *handled)
{
	struct iommu_hwpt_invalidate_selftest requests[INVALIDATE_FEW_V1];
	int rc;

	rc = invalidate_v1(nested, array, requests, array->entry_num, handled);
	if (rc && !*handled)
		rc = invalidate_array(nested, array, true, handled);
	return rc;
}

static int mock_cache_invalidate_user(struct iommu_domain *domain,
				      struct iommu_user_data_array *array)
{
	const size_t v2_len = sizeof(struct iommu_hwpt_invalidate_selftest_v2);
	const size_t v1_len = sizeof(struct iommu_hwpt_invalidate_selftest);
	struct mock_nested *nested = to_mock_nested(domain);
	u32 handled = 0;
	int rc = -EINVAL;

	if (array->type != IOMMU_HWPT_INVALIDATE_DATA_SELFTEST)
		goto out;
	if (!array->entry_num)
		rc = 0;
	else if (array->entry_len == v1_len &&
		 array->entry_num <= INVALIDATE_FEW_V1)
		rc = invalidate_few_v1(nested, array, &handled);
	else if (is_version_length(array->entry_len, v1_len, v2_len))
		rc = invalidate_array(nested, array,
				      array->entry_len == v1_len, &handled);
out:
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
