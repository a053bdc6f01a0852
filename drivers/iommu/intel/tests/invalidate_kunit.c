// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit suite of user space's invalidations of stage 1: which descriptors they
 * become, in which order, and how many are reported as done.
 */
#include <linux/prandom.h>
#include <linux/uaccess.h>

#include "fake.h"

#define LEN		sizeof(struct iommu_hwpt_vtd_s1_invalidate)
#define MAX_REQUESTS	4096

/* Requests of a round, see nested_invalidate.c */
#define ROUND		128

struct nested {
	struct fake_iommu *fake;
	struct fake_device *fdev;
	struct dmar_domain *parent;
	struct dmar_domain *child;
	u16 did;
};

/* A nested domain with one device, which may have a TLB */
static struct nested nested_init(struct kunit *test, u64 cap, bool ats)
{
	struct nested nested;

	nested.fake = fake_iommu(test, 0, cap, FAKE_ECAP);
	nested.fdev = fake_device(test, 0, nested.fake);
	if (ats)
		fake_device_ats(nested.fdev);
	nested.parent = fake_paging(test, nested.fdev,
				    IOMMU_HWPT_ALLOC_NEST_PARENT);
	nested.child = fake_nested(test, nested.fdev, nested.parent, NULL);
	fake_attach(test, nested.child, nested.fdev);
	nested.did = fake_did(nested.child, nested.fake);
	fake_clear(test);
	return nested;
}

static struct iommu_hwpt_vtd_s1_invalidate pages(u64 first, u64 num)
{
	return (struct iommu_hwpt_vtd_s1_invalidate){
		.addr = first << 12, .npages = num,
	};
}

static struct iommu_hwpt_vtd_s1_invalidate leaves(u64 first, u64 num)
{
	return (struct iommu_hwpt_vtd_s1_invalidate){
		.addr = first << 12, .npages = num,
		.flags = IOMMU_VTD_INV_FLAGS_LEAF,
	};
}

static struct iommu_hwpt_vtd_s1_invalidate *requests(struct kunit *test,
						     unsigned int num)
{
	void *room = kunit_kcalloc(test, num, LEN, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, room);
	return room;
}

static int invalidate_at(struct dmar_domain *domain, unsigned long uptr,
			 unsigned int num, u32 *done)
{
	struct iommu_user_data_array array = {
		.type = IOMMU_HWPT_INVALIDATE_DATA_VTD_S1,
		.uptr = (void __user *)uptr,
		.entry_len = LEN,
		.entry_num = num,
	};
	int rc = domain->domain.ops->cache_invalidate_user(&domain->domain,
							   &array);

	*done = array.entry_num;
	return rc;
}

/* Nothing is in the log but this */
static int invalidate(struct kunit *test, struct nested *nested,
		      const struct iommu_hwpt_vtd_s1_invalidate *from,
		      unsigned int num, u32 *done)
{
	struct fake_hw *hw = test->priv;

	KUNIT_ASSERT_LE(test, num * LEN, FAKE_USER_LEN);
	KUNIT_ASSERT_EQ(test, copy_to_user((void __user *)hw->user, from,
					   num * LEN), 0);
	fake_clear(test);
	return invalidate_at(nested->child, hw->user, num, done);
}

static void invalidate_good(struct kunit *test, struct nested *nested,
			    const struct iommu_hwpt_vtd_s1_invalidate *from,
			    unsigned int num)
{
	u32 done;

	KUNIT_ASSERT_EQ(test, invalidate(test, nested, from, num, &done), 0);
	KUNIT_ASSERT_EQ(test, done, num);
}

/* ---- Granularity ---- */

static void invalidate_page(struct kunit *test)
{
	struct nested nested = nested_init(test, FAKE_CAP, false);
	struct iommu_hwpt_vtd_s1_invalidate request = pages(0x12345, 1);

	invalidate_good(test, &nested, &request, 1);
	fake_expect(test, 0, 0, want_piotlb(nested.did, 0x12345000, 0, false));
	KUNIT_EXPECT_TRUE(test, fake_is_wait(fake_event(test, 1)));
	fake_expect_end(test, 2);
	KUNIT_EXPECT_EQ(test, fake_count_waits(test), 1);

	request = leaves(0x12345, 1);
	invalidate_good(test, &nested, &request, 1);
	fake_expect(test, 0, 0, want_piotlb(nested.did, 0x12345000, 0, true));
	fake_expect_end(test, 1);
}

static void invalidate_last_page_there_is(struct kunit *test)
{
	struct nested nested = nested_init(test, FAKE_CAP, false);
	struct iommu_hwpt_vtd_s1_invalidate two[] = {
		pages(BIT_ULL(52) - 1, 1), pages(0, 1),
	};

	invalidate_good(test, &nested, two, 2);
	fake_expect(test, 0, 0, want_piotlb(nested.did, ~0xfffULL, 0, false));
	fake_expect(test, 1, 0, want_piotlb(nested.did, 0, 0, false));
	fake_expect_end(test, 2);
}

static void invalidate_everything(struct kunit *test)
{
	struct nested nested = nested_init(test, FAKE_CAP, true);
	struct iommu_hwpt_vtd_s1_invalidate request = pages(0, U64_MAX);

	invalidate_good(test, &nested, &request, 1);
	fake_expect(test, 0, 0, want_piotlb_all(nested.did));
	fake_expect(test, 1, 0, want_dev_iotlb_all(nested.fdev));
	fake_expect_end(test, 2);
	KUNIT_EXPECT_EQ(test, fake_count_waits(test), 1);
}

/* A block is one descriptor as long as the hardware has a name for its size */
static void invalidate_block(struct kunit *test)
{
	struct nested nested = nested_init(test, FAKE_CAP, true);
	unsigned int order;

	for (order = 0; order < 40; order++) {
		struct iommu_hwpt_vtd_s1_invalidate request =
			leaves(5ULL << order, 1ULL << order);

		invalidate_good(test, &nested, &request, 1);
		if (order <= 18)
			fake_expect(test, 0, 0,
				    want_piotlb(nested.did, request.addr, order,
						true));
		else
			fake_expect(test, 0, 0, want_piotlb_all(nested.did));
		fake_expect(test, 1, 0, want_dev_iotlb(nested.fdev, request.addr,
						       order));
		fake_expect_end(test, 2);
	}
}

/* Hardware that takes single pages only */
static void invalidate_without_address_mask(struct kunit *test)
{
	struct nested nested = nested_init(test, FAKE_CAP & ~(0x3fULL << 48),
					   false);
	struct iommu_hwpt_vtd_s1_invalidate request = pages(6, 2);

	invalidate_good(test, &nested, &request, 1);
	fake_expect(test, 0, 0, want_piotlb_all(nested.did));
	fake_expect_end(test, 1);
	request = pages(7, 1);
	invalidate_good(test, &nested, &request, 1);
	fake_expect(test, 0, 0, want_piotlb(nested.did, 7 << 12, 0, false));
	fake_expect_end(test, 1);
}

/* What block @i of the log has; @dev: of a device TLB */
static void read_block(struct kunit *test, unsigned int i, bool dev, u64 *first,
		       u64 *num)
{
	u64 qw1 = fake_event(test, i)->desc.qw1;
	unsigned int order;

	KUNIT_EXPECT_EQ(test, fake_event(test, i)->desc.qw0 & 0xf, dev ? 3 : 6);
	if (!dev)
		order = qw1 & 0x3f;
	else
		order = qw1 & 1 ? ffz(qw1 >> 12) + 1 : 0;
	*num = 1ULL << order;
	*first = qw1 >> 12;
	if (dev)
		*first &= ~(*num - 1);
	KUNIT_EXPECT_EQ(test, *first & (*num - 1), 0);
}

/* The @num blocks from @at on cover the range, none more than twice its part */
static bool is_covered(struct kunit *test, unsigned int at, unsigned int num,
		       bool dev, u64 first, u64 last)
{
	u64 covered = 0, start, size, end, low, high;
	unsigned int i;

	for (i = at; i < at + num; i++) {
		read_block(test, i, dev, &start, &size);
		end = start + size - 1;
		if (end < first || start > last)
			return false;
		low = max(start, first);
		high = min(end, last);
		if (size >= 2 * (high - low + 1))
			return false;
		covered += high - low + 1;
		if (i > at) {
			u64 other, other_size;

			read_block(test, at, dev, &other, &other_size);
			if (start <= other + other_size - 1 && other <= end)
				return false;
		}
	}
	return covered == last - first + 1;
}

static void expect_covered(struct kunit *test, struct nested *nested, u64 first,
			   u64 num)
{
	struct iommu_hwpt_vtd_s1_invalidate request = pages(first, num);
	struct fake_hw *hw = test->priv;
	unsigned int blocks;

	invalidate_good(test, nested, &request, 1);
	/* As many for the device's TLB, and the wait */
	blocks = (hw->num_events - 1) / 2;
	KUNIT_ASSERT_EQ(test, hw->num_events, 2 * blocks + 1);
	KUNIT_ASSERT_LE(test, blocks, 2);
	KUNIT_ASSERT_TRUE_MSG(test,
			      is_covered(test, 0, blocks, false, first,
					 first + num - 1) &&
			      is_covered(test, blocks, blocks, true, first,
					 first + num - 1),
			      "%llu pages from %llu", num, first);
}

static void invalidate_range_is_covered_closely(struct kunit *test)
{
	struct nested nested = nested_init(test, FAKE_CAP, true);
	struct rnd_state rnd;
	u64 first, num;
	unsigned int i;

	for (first = 0; first < 34; first++)
		for (num = 1; num < 68; num++)
			expect_covered(test, &nested, first, num);
	prandom_seed_state(&rnd, 5);
	for (i = 0; i < 1000; i++) {
		first = prandom_u32_state(&rnd);
		num = 1 + prandom_u32_state(&rnd) % 0x20000;
		expect_covered(test, &nested, first >> i % 32, num);
	}
}

/* ---- Neighbours ---- */

static void invalidate_neighbours_are_one(struct kunit *test)
{
	struct nested nested = nested_init(test, FAKE_CAP, true);
	struct iommu_hwpt_vtd_s1_invalidate *from = requests(test, 16);
	unsigned int i;

	for (i = 0; i < 16; i++)
		from[i] = leaves(0x100 + i, 1);
	invalidate_good(test, &nested, from, 16);
	fake_expect(test, 0, 0, want_piotlb(nested.did, 0x100000, 4, true));
	fake_expect(test, 1, 0, want_dev_iotlb(nested.fdev, 0x100000, 4));
	fake_expect_end(test, 2);

	for (i = 0; i < 16; i++)
		from[i] = leaves(0x10f - i, 1);
	invalidate_good(test, &nested, from, 16);
	fake_expect(test, 0, 0, want_piotlb(nested.did, 0x100000, 4, true));
	fake_expect(test, 1, 0, want_dev_iotlb(nested.fdev, 0x100000, 4));
	fake_expect_end(test, 2);
}

static void invalidate_others_are_not_neighbours(struct kunit *test)
{
	struct nested nested = nested_init(test, FAKE_CAP, false);
	struct iommu_hwpt_vtd_s1_invalidate from[] = {
		pages(8, 1), leaves(9, 1),	/* another kind */
		leaves(11, 1),			/* a page between */
		leaves(11, 1),			/* the same again */
		leaves(20, 1), leaves(18, 1),
	};
	unsigned int i;

	invalidate_good(test, &nested, from, ARRAY_SIZE(from));
	for (i = 0; i < ARRAY_SIZE(from); i++)
		fake_expect(test, i, 0, want_piotlb(nested.did, from[i].addr, 0,
						    from[i].flags));
	fake_expect_end(test, i);
}

/* ---- Batches ---- */

static void invalidate_scattered_wait_rarely(struct kunit *test)
{
	struct nested nested = nested_init(test, FAKE_CAP, false);
	struct iommu_hwpt_vtd_s1_invalidate *from = requests(test, MAX_REQUESTS);
	unsigned int i, at = 0;

	for (i = 0; i < MAX_REQUESTS; i++)
		from[i] = leaves(3 * i, 1);
	invalidate_good(test, &nested, from, MAX_REQUESTS);
	for (i = 0; i < MAX_REQUESTS; i++)
		fake_expect_next(test, &at, 0,
				 want_piotlb(nested.did, from[i].addr, 0, true));
	fake_expect_end(test, at);
	KUNIT_EXPECT_LE(test, fake_count_waits(test), MAX_REQUESTS / 100);
}

/* As many descriptors as there can be of as many requests, with ATS and without */
static void invalidate_ragged_wait_rarely(struct kunit *test)
{
	struct nested nested = nested_init(test, FAKE_CAP, true);
	struct iommu_hwpt_vtd_s1_invalidate *from = requests(test, MAX_REQUESTS);
	struct fake_hw *hw = test->priv;
	unsigned int i;

	for (i = 0; i < MAX_REQUESTS; i++)
		from[i] = leaves(1 + 32 * i, 17);
	invalidate_good(test, &nested, from, MAX_REQUESTS);
	KUNIT_EXPECT_FALSE(test, hw->overflow);
	/* Two for each, and one flush of all that the device has for a round */
	KUNIT_EXPECT_EQ(test, hw->num_events - fake_count_waits(test),
			2 * MAX_REQUESTS + MAX_REQUESTS / ROUND);
	KUNIT_EXPECT_LE(test, fake_count_waits(test),
			3 * MAX_REQUESTS / ROUND);
}

static void invalidate_batch_of_any_size(struct kunit *test)
{
	struct nested nested = nested_init(test, FAKE_CAP, false);
	struct iommu_hwpt_vtd_s1_invalidate *from = requests(test, 2 * ROUND + 2);
	unsigned int i, num, at;

	for (i = 0; i < 2 * ROUND + 2; i++)
		from[i] = pages(2 * i, 1);
	for (num = 0; num <= 2 * ROUND + 2; num++) {
		invalidate_good(test, &nested, from, num);
		for (i = at = 0; i < num; i++)
			fake_expect_next(test, &at, 0,
					 want_piotlb(nested.did, from[i].addr, 0,
						     false));
		fake_expect_end(test, at);
		KUNIT_EXPECT_EQ(test, fake_count_waits(test),
				DIV_ROUND_UP(num, ROUND));
	}
}

/* ---- Device TLBs ---- */

static void invalidate_iotlb_before_device(struct kunit *test)
{
	struct nested nested = nested_init(test, FAKE_CAP, true);
	struct iommu_hwpt_vtd_s1_invalidate *from = requests(test, 33);
	unsigned int num, i;

	for (i = 0; i < 33; i++)
		from[i] = pages(2 * i, 1);
	for (num = 1; num <= 33; num++) {
		invalidate_good(test, &nested, from, num);
		for (i = 0; i < num; i++) {
			fake_expect(test, i, 0, want_piotlb(nested.did,
							    from[i].addr, 0,
							    false));
			if (num <= 32)
				fake_expect(test, num + i, 0,
					    want_dev_iotlb(nested.fdev,
							   from[i].addr, 0));
		}
		/* More than the hardware takes at once: all of the device's */
		if (num == 33)
			fake_expect(test, num, 0,
				    want_dev_iotlb_all(nested.fdev));
		fake_expect_end(test, num == 33 ? num + 1 : 2 * num);
		KUNIT_EXPECT_EQ(test, fake_count_waits(test), 1);
	}
}

static void invalidate_device_quirk_twice(struct kunit *test)
{
	struct nested nested = nested_init(test, FAKE_CAP, true);
	struct iommu_hwpt_vtd_s1_invalidate one = pages(5, 1);
	struct iommu_hwpt_vtd_s1_invalidate all = pages(0, U64_MAX);

	nested.fdev->info.dtlb_extra_inval = 1;
	invalidate_good(test, &nested, &one, 1);
	fake_expect(test, 0, 0, want_piotlb(nested.did, 0x5000, 0, false));
	fake_expect(test, 1, 0, want_dev_iotlb(nested.fdev, 0x5000, 0));
	/* The second one when the first is done */
	KUNIT_EXPECT_TRUE(test, fake_is_wait(fake_event(test, 2)));
	fake_expect(test, 3, 0, want_dev_iotlb(nested.fdev, 0x5000, 0));
	fake_expect_end(test, 4);
	invalidate_good(test, &nested, &all, 1);
	fake_expect(test, 0, 0, want_piotlb_all(nested.did));
	fake_expect(test, 1, 0, want_dev_iotlb_all(nested.fdev));
	fake_expect(test, 3, 0, want_dev_iotlb_all(nested.fdev));
	fake_expect_end(test, 4);
}

static void invalidate_devices_with_ats_only(struct kunit *test)
{
	struct nested nested = nested_init(test, FAKE_CAP, true);
	struct iommu_hwpt_vtd_s1_invalidate request = pages(5, 1);
	struct fake_device *other = fake_device(test, 1, nested.fake);

	fake_attach(test, nested.child, other);
	invalidate_good(test, &nested, &request, 1);
	fake_expect(test, 0, 0, want_piotlb(nested.did, 0x5000, 0, false));
	fake_expect(test, 1, 0, want_dev_iotlb(nested.fdev, 0x5000, 0));
	fake_expect_end(test, 2);

	/* Translation is off: they ask nobody */
	nested.fake->iommu.gcmd &= ~DMA_GCMD_TE;
	invalidate_good(test, &nested, &request, 1);
	fake_expect_end(test, 1);
	nested.fake->iommu.gcmd |= DMA_GCMD_TE;
}

static void invalidate_two_iommus(struct kunit *test)
{
	struct nested nested = nested_init(test, FAKE_CAP, true);
	struct iommu_hwpt_vtd_s1_invalidate request = pages(5, 1);
	struct fake_iommu *second = fake_iommu(test, 1, FAKE_CAP, FAKE_ECAP);
	struct fake_device *other = fake_device(test, 1, second);
	u16 did;

	fake_device_ats(other);
	fake_attach(test, nested.child, other);
	did = fake_did(nested.child, second);
	KUNIT_EXPECT_NE(test, did, nested.did);
	invalidate_good(test, &nested, &request, 1);
	fake_expect(test, 0, 0, want_piotlb(nested.did, 0x5000, 0, false));
	fake_expect(test, 1, 0, want_dev_iotlb(nested.fdev, 0x5000, 0));
	KUNIT_EXPECT_TRUE(test, fake_is_wait(fake_event(test, 2)));
	fake_expect(test, 3, 1, want_piotlb(did, 0x5000, 0, false));
	fake_expect(test, 4, 1, want_dev_iotlb(other, 0x5000, 0));
	KUNIT_EXPECT_TRUE(test, fake_is_wait(fake_event(test, 5)));
	fake_expect_end(test, 5);
}

/* The ID that @fake gives to the next domain */
static void next_did(struct fake_iommu *fake, u16 did)
{
	bitmap_clear(fake->iommu.domain_ids, 0, did + 1);
	bitmap_set(fake->iommu.domain_ids, 0, did);
}

/* What the first was sent is for the second, too, unless it was overwritten meanwhile */
static void invalidate_two_iommus_with_one_id(struct kunit *test)
{
	struct nested nested = nested_init(test, FAKE_CAP, true);
	struct iommu_hwpt_vtd_s1_invalidate request = pages(5, 1);
	struct fake_iommu *second = fake_iommu(test, 1, FAKE_CAP, FAKE_ECAP);
	struct fake_device *more;
	unsigned int i;

	for (i = 1; i < 5; i++) {
		more = fake_device(test, i, nested.fake);
		fake_device_ats(more);
		fake_attach(test, nested.child, more);
	}
	next_did(second, nested.did);
	fake_attach(test, nested.child, fake_device(test, 5, second));
	KUNIT_ASSERT_EQ(test, fake_did(nested.child, second), nested.did);
	invalidate_good(test, &nested, &request, 1);
	fake_expect(test, 0, 0, want_piotlb(nested.did, 0x5000, 0, false));
	/* Five devices, and a wait amid them, as they do not fit at once */
	KUNIT_EXPECT_TRUE(test, fake_is_wait(fake_event(test, 7)));
	fake_expect(test, 8, 1, want_piotlb(nested.did, 0x5000, 0, false));
	KUNIT_EXPECT_TRUE(test, fake_is_wait(fake_event(test, 9)));
	fake_expect_end(test, 9);
}

/* To be attached elsewhere while user space's requests are read */
static void first_leaves(struct kunit *test)
{
	struct fake_hw *hw = test->priv;
	struct dmar_domain *parent = to_dmar_domain(hw->domains[0]);

	fake_attach(test, parent, hw->devices[0]);
	fake_clear(test);
}

/* Of three IOMMUs the first goes; the last has the ID that the first had */
static void invalidate_while_an_iommu_leaves(struct kunit *test)
{
	struct nested nested = nested_init(test, FAKE_CAP, false);
	struct iommu_hwpt_vtd_s1_invalidate request = pages(5, 1);
	struct fake_iommu *fake[2];
	unsigned long at;
	unsigned int i;
	u32 done;

	for (i = 0; i < 2; i++) {
		fake[i] = fake_iommu(test, 1 + i, FAKE_CAP, FAKE_ECAP);
		if (i)
			next_did(fake[i], nested.did);
		fake_attach(test, nested.child,
			    fake_device(test, 1 + i, fake[i]));
	}
	KUNIT_ASSERT_NE(test, fake_did(nested.child, fake[0]), nested.did);
	KUNIT_ASSERT_EQ(test, fake_did(nested.child, fake[1]), nested.did);
	at = fake_late_user(test, &request, LEN, first_leaves);
	KUNIT_ASSERT_EQ(test, invalidate_at(nested.child, at, 1, &done), 0);
	for (i = 0; i < 2; i++) {
		fake_expect(test, 2 * i, 1 + i,
			    want_piotlb(fake_did(nested.child, fake[i]), 0x5000,
					0, false));
		KUNIT_EXPECT_TRUE(test, fake_is_wait(fake_event(test, 2 * i + 1)));
	}
	fake_expect_end(test, 4);
}

static void invalidate_without_device(struct kunit *test)
{
	struct nested nested = nested_init(test, FAKE_CAP, true);
	struct iommu_hwpt_vtd_s1_invalidate request = pages(5, 1);

	fake_attach(test, nested.parent, nested.fdev);
	invalidate_good(test, &nested, &request, 1);
	fake_expect_end(test, 0);
}

/* ---- What is reported ---- */

struct wrong {
	const char *name;
	struct iommu_hwpt_vtd_s1_invalidate request;
	int rc;
};

static const struct wrong wrongs[] = {
	{ "unaligned", { 0x5800, 1 }, -EINVAL },
	{ "no pages", { 0x5000, 0 }, -EINVAL },
	{ "nothing of nothing", { 0, 0 }, -EINVAL },
	{ "unknown flag", { 0x5000, 1, 2 }, -EOPNOTSUPP },
	{ "reserved", { 0x5000, 1, 0, 1 }, -EOPNOTSUPP },
	{ "everything, unknown flag", { 0, U64_MAX, 1U << 31 }, -EOPNOTSUPP },
	{ "everything from elsewhere", { 0x1000, U64_MAX }, -EOVERFLOW },
	{ "past the end", { 0x2000, U64_MAX >> 12 }, -EOVERFLOW },
	{ "end wraps", { ~0xfffULL, 2 }, -EOVERFLOW },
	{ "length wraps", { 0, (U64_MAX >> 12) + 2 }, -EOVERFLOW },
	{ "length wraps to one", { 0x1000, (1ULL << 52) + 1 }, -EOVERFLOW },
};

static void wrong_name(const struct wrong *wrong, char *desc)
{
	strscpy(desc, wrong->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(wrong, wrongs, wrong_name);

/* Those before are carried out, no other */
static void expect_first(struct kunit *test, struct nested *nested,
			 const struct iommu_hwpt_vtd_s1_invalidate *from,
			 unsigned int num)
{
	unsigned int i, at = 0;

	for (i = 0; i < num; i++)
		fake_expect_next(test, &at, 0,
				 want_piotlb(nested->did, from[i].addr, 0,
					     false));
	fake_expect_end(test, at);
}

static const unsigned int positions[] = {
	0, 1, 2, 3, 4, 5, 100, ROUND - 2, ROUND - 1, ROUND, ROUND + 1, 200,
	2 * ROUND - 1, 2 * ROUND, 2 * ROUND + 1, 299,
};

static void invalidate_wrong_request_stops(struct kunit *test)
{
	const struct wrong *wrong = test->param_value;
	struct nested nested = nested_init(test, FAKE_CAP, false);
	struct iommu_hwpt_vtd_s1_invalidate *from = requests(test, 300), saved;
	unsigned int i;
	u32 done;

	for (i = 0; i < 300; i++)
		from[i] = pages(2 * i, 1);
	for (i = 0; i < ARRAY_SIZE(positions); i++) {
		unsigned int at = positions[i];

		saved = from[at];
		from[at] = wrong->request;
		KUNIT_EXPECT_EQ(test, invalidate(test, &nested, from, 300, &done),
				wrong->rc);
		KUNIT_EXPECT_EQ(test, done, at);
		expect_first(test, &nested, from, at);
		/* It is the last */
		KUNIT_EXPECT_EQ(test,
				invalidate(test, &nested, from, at + 1, &done),
				wrong->rc);
		KUNIT_EXPECT_EQ(test, done, at);
		expect_first(test, &nested, from, at);
		from[at] = saved;
	}
}

static void invalidate_unreadable_request_stops(struct kunit *test)
{
	struct nested nested = nested_init(test, FAKE_CAP, false);
	struct iommu_hwpt_vtd_s1_invalidate *from = requests(test, 300);
	struct fake_hw *hw = test->priv;
	unsigned long start;
	unsigned int i;
	u32 done;

	for (i = 0; i < 300; i++)
		from[i] = pages(2 * i, 1);
	for (i = 0; i < ARRAY_SIZE(positions); i++) {
		unsigned int at = positions[i];

		/* The end of the memory is in the middle of it */
		start = hw->user + FAKE_USER_LEN - at * LEN - LEN / 2;
		KUNIT_ASSERT_EQ(test, copy_to_user((void __user *)start, from,
						   at * LEN + LEN / 2), 0);
		fake_clear(test);
		KUNIT_EXPECT_EQ(test, invalidate_at(nested.child, start, 300,
						    &done), -EFAULT);
		KUNIT_EXPECT_EQ(test, done, at);
		expect_first(test, &nested, from, at);
	}
}

static void invalidate_other_data_type(struct kunit *test)
{
	struct nested nested = nested_init(test, FAKE_CAP, false);
	struct iommu_user_data_array array = {
		.type = IOMMU_HWPT_INVALIDATE_DATA_VTD_S1 + 1,
		.entry_len = LEN,
	};
	const struct iommu_domain_ops *ops = nested.child->domain.ops;

	KUNIT_EXPECT_EQ(test, ops->cache_invalidate_user(&nested.child->domain,
							 &array), -EINVAL);
	array.entry_num = 7;
	KUNIT_EXPECT_EQ(test, ops->cache_invalidate_user(&nested.child->domain,
							 &array), -EINVAL);
	KUNIT_EXPECT_EQ(test, array.entry_num, 0);
	fake_expect_end(test, 0);
}

/* The hardware does not take descriptor number 200: the second round fails */
static void invalidate_refused_by_hardware(struct kunit *test)
{
	struct nested nested = nested_init(test, FAKE_CAP, false);
	struct iommu_hwpt_vtd_s1_invalidate *from = requests(test, 300);
	unsigned int i;
	u32 done;

	for (i = 0; i < 300; i++)
		from[i] = pages(2 * i, 1);
	nested.fake->refuse = 200;
	KUNIT_EXPECT_EQ(test, invalidate(test, &nested, from, 300, &done), -EIO);
	KUNIT_EXPECT_EQ(test, done, ROUND);
	nested.fake->refuse = 1;
	KUNIT_EXPECT_EQ(test, invalidate(test, &nested, from, 1, &done), -EIO);
	KUNIT_EXPECT_EQ(test, done, 0);
	invalidate_good(test, &nested, from, 300);
}

static struct kunit_case invalidate_cases[] = {
	KUNIT_CASE(invalidate_page),
	KUNIT_CASE(invalidate_last_page_there_is),
	KUNIT_CASE(invalidate_everything),
	KUNIT_CASE(invalidate_block),
	KUNIT_CASE(invalidate_without_address_mask),
	KUNIT_CASE(invalidate_range_is_covered_closely),
	KUNIT_CASE(invalidate_neighbours_are_one),
	KUNIT_CASE(invalidate_others_are_not_neighbours),
	KUNIT_CASE(invalidate_scattered_wait_rarely),
	KUNIT_CASE(invalidate_ragged_wait_rarely),
	KUNIT_CASE(invalidate_batch_of_any_size),
	KUNIT_CASE(invalidate_iotlb_before_device),
	KUNIT_CASE(invalidate_device_quirk_twice),
	KUNIT_CASE(invalidate_devices_with_ats_only),
	KUNIT_CASE(invalidate_two_iommus),
	KUNIT_CASE(invalidate_two_iommus_with_one_id),
	KUNIT_CASE(invalidate_while_an_iommu_leaves),
	KUNIT_CASE(invalidate_without_device),
	KUNIT_CASE_PARAM(invalidate_wrong_request_stops, wrong_gen_params),
	KUNIT_CASE(invalidate_unreadable_request_stops),
	KUNIT_CASE(invalidate_other_data_type),
	KUNIT_CASE(invalidate_refused_by_hardware),
	{}
};

static struct kunit_suite invalidate_suite = {
	.name = "intel_invalidate",
	.init = fake_init,
	.exit = fake_exit,
	.test_cases = invalidate_cases,
};

kunit_test_suite(invalidate_suite);

MODULE_LICENSE("GPL");
