// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit suite of qi_submit_sync(): what becomes of submissions, and of those with a
 * descriptor that the hardware refuses or that a device does not answer.
 */
#include "fake.h"

#define NUM	7

static struct qi_desc good_desc(unsigned int i)
{
	return want_piotlb(100 + i, (u64)i << 30, i % 8, i & 1);
}

static void fill(struct qi_desc *descs, unsigned int num)
{
	unsigned int i;

	for (i = 0; i < num; i++)
		descs[i] = good_desc(i);
}

/* Submit @num, and see all of them carried out in order, and one wait after them */
static void submit_good(struct kunit *test, struct fake_iommu *fake,
			unsigned int num)
{
	bool is_short = !(fake->iommu.ecap & FAKE_ECAP_SMTS);
	struct fake_hw *hw = test->priv;
	struct qi_desc descs[3 * NUM];
	unsigned int i;

	KUNIT_ASSERT_LE(test, num, ARRAY_SIZE(descs));
	fill(descs, num);
	for (i = 0; i < num; i++) {
		descs[i].qw2 = ~0ULL - i;
		descs[i].qw3 = ~0ULL - 2 * i;
	}
	fake_clear(test);
	KUNIT_EXPECT_EQ(test, qi_submit_sync(&fake->iommu, descs, num, 0), 0);
	for (i = 0; i < num; i++) {
		if (is_short) {
			descs[i].qw2 = 0;
			descs[i].qw3 = 0;
		}
		fake_expect(test, i, fake->index, descs[i]);
	}
	KUNIT_EXPECT_TRUE(test, fake_is_wait(fake_event(test, num)));
	KUNIT_EXPECT_EQ(test, hw->num_events, num + 1);
	KUNIT_EXPECT_EQ(test, fake->qi.free_cnt, QI_LENGTH);
}

static void queue_one_wait_per_submission(struct kunit *test)
{
	struct fake_iommu *fake = fake_iommu(test, 0, FAKE_CAP, FAKE_ECAP);
	unsigned int num;

	for (num = 1; num <= 3 * NUM; num++)
		submit_good(test, fake, num);
}

static void queue_wraps_around(struct kunit *test)
{
	struct fake_iommu *fake = fake_iommu(test, 0, FAKE_CAP, FAKE_ECAP);
	unsigned int i;

	/* 8 slots each: over the end at all distances from it that there are */
	for (i = 0; i < 3 * QI_LENGTH / 8; i++)
		submit_good(test, fake, NUM);
	for (i = 0; i < 2 * QI_LENGTH / 7; i++)
		submit_good(test, fake, NUM - 1);
}

static void queue_legacy_descriptors_are_short(struct kunit *test)
{
	struct fake_iommu *fake = fake_iommu(test, 0, FAKE_CAP,
					     FAKE_ECAP & ~FAKE_ECAP_SMTS);
	unsigned int i;

	for (i = 0; i < 3 * QI_LENGTH / 7; i++)
		submit_good(test, fake, NUM - 1);
	/* What is behind 256 short ones is not touched */
	KUNIT_EXPECT_PTR_EQ(test, memchr_inv(fake->qi.desc + QI_LENGTH * 16, 0,
					     QI_LENGTH * 16), NULL);
}

static void queue_wait_can_drain_page_requests(struct kunit *test)
{
	struct fake_iommu *fake = fake_iommu(test, 0, FAKE_CAP, FAKE_ECAP);
	struct qi_desc desc = good_desc(0);

	KUNIT_EXPECT_EQ(test, qi_submit_sync(&fake->iommu, &desc, 1, 0), 0);
	KUNIT_EXPECT_FALSE(test, fake_event(test, 1)->desc.qw0 & BIT(7));
	fake_clear(test);
	KUNIT_EXPECT_EQ(test, qi_submit_sync(&fake->iommu, &desc, 1,
					     QI_OPT_WAIT_DRAIN), 0);
	KUNIT_EXPECT_TRUE(test, fake_event(test, 1)->desc.qw0 & BIT(7));
}

/* ---- Refused descriptors ---- */

/* Of NUM: a bit for each that is bad */
static const unsigned int bad_sets[] = {
	0x01, 0x08, 0x40, 0x20, 0x03, 0x60, 0x55, 0x2a, 0x7f,
};

static void bad_set_name(const unsigned int *set, char *desc)
{
	scnprintf(desc, KUNIT_PARAM_DESC_SIZE, "0x%02x", *set);
}

KUNIT_ARRAY_PARAM(bad_set, bad_sets, bad_set_name);

/* What was not bad is in the log, in order; in place of what was, at most no-ops */
static void expect_good(struct kunit *test, struct fake_iommu *fake,
			unsigned int bad)
{
	struct fake_hw *hw = test->priv;
	unsigned int i, at = 0;

	for (i = 0; i < NUM; i++) {
		while (at < hw->num_events &&
		       hw->events[at].desc.qw0 == QI_IWD_TYPE)
			at++;
		if (!(bad & BIT(i)))
			fake_expect(test, at++, fake->index, good_desc(i));
	}
	while (at < hw->num_events && hw->events[at].desc.qw0 == QI_IWD_TYPE)
		at++;
	KUNIT_EXPECT_TRUE(test, fake_is_wait(fake_event(test, at)));
	KUNIT_EXPECT_EQ(test, hw->num_events, at + 1);
}

static void refuse(struct kunit *test, struct fake_iommu *fake)
{
	unsigned int bad = *(const unsigned int *)test->param_value;
	struct qi_desc descs[NUM];
	unsigned int i;

	fill(descs, NUM);
	for (i = 0; i < NUM; i++)
		if (bad & BIT(i))
			descs[i].qw0 = FAKE_BAD_DESC;
	fake_clear(test);
	KUNIT_EXPECT_EQ(test, qi_submit_sync(&fake->iommu, descs, NUM, 0),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, fake->fsts, 0);
	expect_good(test, fake, bad);
	/* Nothing is left of it for the next */
	submit_good(test, fake, NUM);
}

static void queue_refused_descriptors_are_skipped(struct kunit *test)
{
	refuse(test, fake_iommu(test, 0, FAKE_CAP, FAKE_ECAP));
}

static void queue_refused_legacy_descriptors_are_skipped(struct kunit *test)
{
	refuse(test, fake_iommu(test, 0, FAKE_CAP,
				FAKE_ECAP & ~FAKE_ECAP_SMTS));
}

static void queue_refused_descriptors_are_skipped_over_the_end(struct kunit *test)
{
	struct fake_iommu *fake = fake_iommu(test, 0, FAKE_CAP, FAKE_ECAP);
	const struct qi_desc none = {};
	unsigned int start;

	for (start = QI_LENGTH - NUM - 1; start < QI_LENGTH; start++) {
		/* A wait of its own takes one slot */
		while (fake->qi.free_head != start)
			KUNIT_ASSERT_EQ(test,
					qi_submit_sync(&fake->iommu,
						       (struct qi_desc *)&none,
						       0, 0), 0);
		refuse(test, fake);
	}
}

/* ---- Devices that do not answer ---- */

static void queue_timed_out_submission_is_repeated(struct kunit *test)
{
	struct fake_iommu *fake = fake_iommu(test, 0, FAKE_CAP, FAKE_ECAP);
	struct qi_desc descs[3] = {
		want_piotlb(1, 0x1000, 0, false),
		qi_desc_dev_iotlb(0x1234, 0, 5, 0x1000, 0),
		qi_desc_dev_iotlb(0x1234, 0, 5, 0x5000, 0),
	};
	unsigned int i, tries;

	for (tries = 1; tries <= 4; tries++) {
		fake_clear(test);
		fake->timeouts = tries - 1;
		/* Each device-TLB descriptor takes one, each submission ends at one */
		fake->timeouts *= 2;
		KUNIT_EXPECT_EQ(test, qi_submit_sync(&fake->iommu, descs, 3, 0),
				0);
		KUNIT_EXPECT_EQ(test, fake->fsts, 0);
		KUNIT_EXPECT_EQ(test, fake_count_waits(test), tries);
		for (i = 0; i < tries; i++) {
			fake_expect(test, 4 * i, 0, descs[0]);
			fake_expect(test, 4 * i + 1, 0, descs[1]);
			fake_expect(test, 4 * i + 2, 0, descs[2]);
		}
		KUNIT_EXPECT_EQ(test, fake->qi.free_cnt, QI_LENGTH);
	}
}

static void queue_refusal_is_told_after_a_time_out(struct kunit *test)
{
	struct fake_iommu *fake = fake_iommu(test, 0, FAKE_CAP, FAKE_ECAP);
	struct qi_desc descs[3] = {
		{ .qw0 = FAKE_BAD_DESC },
		qi_desc_dev_iotlb(0x1234, 0, 5, 0x1000, 0),
		want_piotlb(1, 0x1000, 0, false),
	};

	fake->timeouts = 1;
	KUNIT_EXPECT_EQ(test, qi_submit_sync(&fake->iommu, descs, 3, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, fake->fsts, 0);
	KUNIT_EXPECT_EQ(test, fake_count_waits(test), 2);
	submit_good(test, fake, NUM);
}

static struct kunit_case queue_cases[] = {
	KUNIT_CASE(queue_one_wait_per_submission),
	KUNIT_CASE(queue_wraps_around),
	KUNIT_CASE(queue_legacy_descriptors_are_short),
	KUNIT_CASE(queue_wait_can_drain_page_requests),
	KUNIT_CASE_PARAM(queue_refused_descriptors_are_skipped, bad_set_gen_params),
	KUNIT_CASE_PARAM(queue_refused_legacy_descriptors_are_skipped,
			 bad_set_gen_params),
	KUNIT_CASE_PARAM(queue_refused_descriptors_are_skipped_over_the_end,
			 bad_set_gen_params),
	KUNIT_CASE(queue_timed_out_submission_is_repeated),
	KUNIT_CASE(queue_refusal_is_told_after_a_time_out),
	{}
};

static struct kunit_suite queue_suite = {
	.name = "intel_queue",
	.init = fake_init,
	.exit = fake_exit,
	.test_cases = queue_cases,
};

kunit_test_suite(queue_suite);

MODULE_LICENSE("GPL");
