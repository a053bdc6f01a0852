// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit suite of what the hardware is told when stage 2 changes under nested domains,
 * and of the page requests that are drained before a device moves.
 */
#include <linux/workqueue.h>

#include "fake.h"

#define ADDR	0x40001000ULL
#define ALIGNED	0x40010000ULL

/*
 *	iommu 0                      iommu 1
 *	dev 0: parent
 *	dev 1: child a               dev 2: child a
 *	                             dev 3: child b
 */
struct family {
	struct fake_iommu *fake[2];
	struct fake_device *dev[4];
	struct dmar_domain *parent;
	struct dmar_domain *a;
	struct dmar_domain *b;
};

static void family_init(struct kunit *test, struct family *family, u64 cap,
			bool ats)
{
	unsigned int i;

	family->fake[0] = fake_iommu(test, 0, cap, FAKE_ECAP);
	family->fake[1] = fake_iommu(test, 1, cap, FAKE_ECAP);
	for (i = 0; i < 4; i++) {
		family->dev[i] = fake_device(test, i, family->fake[i >= 2]);
		if (ats)
			fake_device_ats(family->dev[i]);
	}
	family->parent = fake_paging(test, family->dev[0],
				     IOMMU_HWPT_ALLOC_NEST_PARENT);
	family->a = fake_nested(test, family->dev[1], family->parent, NULL);
	family->b = fake_nested(test, family->dev[3], family->parent, NULL);
	fake_attach(test, family->a, family->dev[1]);
	fake_attach(test, family->a, family->dev[2]);
	fake_attach(test, family->b, family->dev[3]);
}

/* Where the only such descriptor is */
static unsigned int find(struct kunit *test, unsigned int iommu,
			 struct qi_desc desc)
{
	struct fake_hw *hw = test->priv;
	unsigned int i, found = 0, at = 0;

	for (i = 0; i < hw->num_events; i++) {
		struct fake_event *event = &hw->events[i];

		if (event->kind == FAKE_DESC && event->iommu == iommu &&
		    !memcmp(&event->desc, &desc, sizeof(desc))) {
			at = i;
			found++;
		}
	}
	KUNIT_EXPECT_EQ_MSG(test, found, 1, "IOMMU %u: %llx %llx", iommu,
			    desc.qw0, desc.qw1);
	return at;
}

static unsigned int num_flushes(struct kunit *test)
{
	struct fake_hw *hw = test->priv;

	KUNIT_EXPECT_FALSE(test, hw->overflow);
	return hw->num_events - fake_count_waits(test);
}

static void sync(struct kunit *test, struct dmar_domain *domain, u64 addr,
		 u64 size)
{
	struct iommu_iotlb_gather gather;

	iommu_iotlb_gather_init(&gather);
	gather.start = addr;
	gather.end = addr + size - 1;
	fake_clear(test);
	domain->domain.ops->iotlb_sync(&domain->domain, &gather);
}

/* With @iotlb for a domain ID: that of a child before all of its device's TLB */
static void expect_children(struct kunit *test, struct family *family,
			    struct qi_desc (*iotlb)(u16 did), bool ats)
{
	unsigned int a0 = find(test, 0, iotlb(fake_did(family->a, family->fake[0])));
	unsigned int a1 = find(test, 1, iotlb(fake_did(family->a, family->fake[1])));
	unsigned int b1 = find(test, 1, iotlb(fake_did(family->b, family->fake[1])));

	if (!ats)
		return;
	KUNIT_EXPECT_LT(test, a0,
			find(test, 0, want_dev_iotlb_all(family->dev[1])));
	KUNIT_EXPECT_LT(test, a1,
			find(test, 1, want_dev_iotlb_all(family->dev[2])));
	KUNIT_EXPECT_LT(test, b1,
			find(test, 1, want_dev_iotlb_all(family->dev[3])));
}

static struct qi_desc want_page(u16 did)
{
	return want_iotlb_pages(did, ADDR, 0);
}

static void flush_reaches_children(struct kunit *test)
{
	struct family family;

	family_init(test, &family, FAKE_CAP, false);
	sync(test, family.parent, ADDR, SZ_4K);
	expect_children(test, &family, want_page, false);
	KUNIT_EXPECT_EQ(test, num_flushes(test), 3);

	fake_attach(test, family.parent, family.dev[0]);
	sync(test, family.parent, ADDR, SZ_4K);
	expect_children(test, &family, want_page, false);
	find(test, 0, want_page(fake_did(family.parent, family.fake[0])));
	KUNIT_EXPECT_EQ(test, num_flushes(test), 4);
}

static struct qi_desc want_four_pages(u16 did)
{
	return want_iotlb_pages(did, ALIGNED, 2);
}

static struct qi_desc want_eight_pages(u16 did)
{
	return want_iotlb_pages(did, ALIGNED, 3);
}

/* The block is the smallest that has all of the range, not one of its size */
static void flush_covers_unaligned_ranges(struct kunit *test)
{
	struct family family;

	family_init(test, &family, FAKE_CAP, false);
	fake_attach(test, family.parent, family.dev[0]);
	sync(test, family.parent, ALIGNED + SZ_4K, 2 * SZ_4K);
	expect_children(test, &family, want_four_pages, false);
	find(test, 0, want_four_pages(fake_did(family.parent, family.fake[0])));
	sync(test, family.parent, ALIGNED + 3 * SZ_4K, 2 * SZ_4K);
	expect_children(test, &family, want_eight_pages, false);
	sync(test, family.parent, ALIGNED, 3 * SZ_4K);
	expect_children(test, &family, want_four_pages, false);
	sync(test, family.parent, ALIGNED, 4 * SZ_4K);
	expect_children(test, &family, want_four_pages, false);
	KUNIT_EXPECT_EQ(test, num_flushes(test), 4);
}

static void flush_reaches_devices_of_children(struct kunit *test)
{
	struct family family;
	u16 did;

	family_init(test, &family, FAKE_CAP, true);
	fake_attach(test, family.parent, family.dev[0]);
	did = fake_did(family.parent, family.fake[0]);
	sync(test, family.parent, ADDR, SZ_4K);
	expect_children(test, &family, want_page, true);
	/* The parent's own device knows no other addresses than those of stage 2 */
	KUNIT_EXPECT_LT(test, find(test, 0, want_page(did)),
			find(test, 0, want_dev_iotlb(family.dev[0], ADDR, 0)));
	KUNIT_EXPECT_EQ(test, num_flushes(test), 8);
}

static void flush_of_much_is_of_the_domain(struct kunit *test)
{
	struct family family;

	family_init(test, &family, FAKE_CAP, true);
	sync(test, family.parent, 0, 1ULL << 31);
	expect_children(test, &family, want_iotlb_domain, true);
	KUNIT_EXPECT_EQ(test, num_flushes(test), 6);
}

static void flush_all_reaches_children(struct kunit *test)
{
	struct family family;

	family_init(test, &family, FAKE_CAP, true);
	fake_attach(test, family.parent, family.dev[0]);
	fake_clear(test);
	family.parent->domain.ops->flush_iotlb_all(&family.parent->domain);
	expect_children(test, &family, want_iotlb_domain, true);
	find(test, 0, want_iotlb_domain(fake_did(family.parent, family.fake[0])));
	find(test, 0, want_dev_iotlb_all(family.dev[0]));
	KUNIT_EXPECT_EQ(test, num_flushes(test), 8);
}

static void flush_without_devices(struct kunit *test)
{
	struct fake_iommu *fake = fake_iommu(test, 0, FAKE_CAP, FAKE_ECAP);
	struct fake_device *fdev = fake_device(test, 0, fake);
	struct dmar_domain *parent;

	parent = fake_paging(test, fdev, IOMMU_HWPT_ALLOC_NEST_PARENT);
	fake_nested(test, fdev, parent, NULL);
	sync(test, parent, ADDR, SZ_4K);
	KUNIT_EXPECT_EQ(test, num_flushes(test), 0);
}

static void flush_forgets_freed_children(struct kunit *test)
{
	struct fake_hw *hw = test->priv;
	struct family family;

	family_init(test, &family, FAKE_CAP, false);
	fake_attach(test, family.parent, family.dev[3]);
	KUNIT_ASSERT_PTR_EQ(test, hw->domains[--hw->num_domains],
			    &family.b->domain);
	family.b->domain.ops->free(&family.b->domain);
	sync(test, family.parent, ADDR, SZ_4K);
	find(test, 0, want_page(fake_did(family.a, family.fake[0])));
	find(test, 1, want_page(fake_did(family.a, family.fake[1])));
	find(test, 1, want_page(fake_did(family.parent, family.fake[1])));
	KUNIT_EXPECT_EQ(test, num_flushes(test), 3);
}

static void flush_new_mapping_in_caching_mode(struct kunit *test)
{
	struct family family;

	family_init(test, &family, FAKE_CAP | FAKE_CAP_CACHING, true);
	fake_attach(test, family.parent, family.dev[0]);
	fake_clear(test);
	family.parent->domain.ops->iotlb_sync_map(&family.parent->domain, ADDR,
						  SZ_4K);
	expect_children(test, &family, want_page, false);
	find(test, 0, want_page(fake_did(family.parent, family.fake[0])));
	KUNIT_EXPECT_EQ(test, num_flushes(test), 4);
}

static void flush_no_new_mapping_otherwise(struct kunit *test)
{
	struct family family;

	family_init(test, &family, FAKE_CAP, true);
	fake_clear(test);
	family.parent->domain.ops->iotlb_sync_map(&family.parent->domain, ADDR,
						  SZ_4K);
	KUNIT_EXPECT_EQ(test, num_flushes(test), 0);
}

/* ---- Page requests ---- */

#define REQUEST_LEN	32

struct drain {
	struct fake_iommu *fake;
	struct fake_device *fdev;
	struct dmar_domain *child;
	struct dmar_domain *other;
};

/* Of the case that runs; the work outlives a case that fails, until its exit */
static struct drain drain;
static void handle_requests(struct work_struct *work);
static DECLARE_DELAYED_WORK(drain_work, handle_requests);

/* The thread that handles page requests, once */
static void handle_requests(struct work_struct *work)
{
	struct intel_iommu *iommu = &drain.fake->iommu;

	fake_note(drain.fake->hw);
	writel(0, iommu->reg + DMAR_PRS_REG);
	dmar_writeq(iommu->reg + DMAR_PQH_REG,
		    dmar_readq(iommu->reg + DMAR_PQT_REG));
	complete(&iommu->prq_complete);
}

static void drain_init(struct kunit *test)
{
	struct dmar_domain *parent;

	drain.fake = fake_iommu(test, 0, FAKE_CAP, FAKE_ECAP);
	drain.fdev = fake_device(test, 0, drain.fake);
	fake_device_ats(drain.fdev);
	fake_device_pri(drain.fdev);
	parent = fake_paging(test, drain.fdev, IOMMU_HWPT_ALLOC_NEST_PARENT);
	drain.child = fake_nested(test, drain.fdev, parent, NULL);
	drain.other = fake_nested(test, drain.fdev, parent, NULL);
	fake_attach(test, drain.child, drain.fdev);
	KUNIT_ASSERT_TRUE(test, !!drain.fdev->info.pri_enabled);
	KUNIT_ASSERT_TRUE(test, !!drain.fdev->info.ats_enabled);
}

static void add_request(u16 rid, bool pasid)
{
	struct intel_iommu *iommu = &drain.fake->iommu;
	u64 tail = dmar_readq(iommu->reg + DMAR_PQT_REG);
	u64 *request = (void *)iommu->prq + tail;

	request[0] = 1 | (pasid ? BIT(8) : 0) | (u64)rid << 16;
	dmar_writeq(iommu->reg + DMAR_PQT_REG, tail + REQUEST_LEN);
}

static void handle_requests_in(unsigned int msecs)
{
	schedule_delayed_work(&drain_work, msecs_to_jiffies(msecs));
}

/* Nothing behind the first gets ahead of it; the wait drains the hardware */
static void expect_drained(struct kunit *test, unsigned int at, u16 did)
{
	const struct qi_desc fence = { .qw0 = 5 | BIT(6) };

	fake_expect(test, at, 0, fence);
	fake_expect(test, at + 1, 0, want_piotlb_all(did));
	fake_expect(test, at + 2, 0, want_dev_iotlb_all(drain.fdev));
	KUNIT_EXPECT_TRUE(test, fake_is_wait(fake_event(test, at + 3)));
	KUNIT_EXPECT_TRUE(test, fake_event(test, at + 3)->desc.qw0 & BIT(7));
}

static void drain_waits_for_requests_of_the_device(struct kunit *test)
{
	unsigned int i;

	drain_init(test);
	for (i = 0; i < 5; i++)
		add_request(0x1111, false);
	add_request(fake_sid(drain.fdev), false);
	fake_clear(test);
	handle_requests_in(50);
	intel_drain_rid_prq(fake_dev(drain.fdev));
	KUNIT_EXPECT_EQ(test, fake_event(test, 0)->kind, FAKE_NOTE);
	expect_drained(test, 1, fake_did(drain.child, drain.fake));
	fake_expect_end(test, 4);
}

/* Nobody handles it: a device must not be able to hold up its move */
static void drain_does_not_wait_for_ever(struct kunit *test)
{
	drain_init(test);
	add_request(fake_sid(drain.fdev), false);
	fake_clear(test);
	intel_drain_rid_prq(fake_dev(drain.fdev));
	expect_drained(test, 0, fake_did(drain.child, drain.fake));
	fake_expect_end(test, 3);
}

/* Between one domain and the next, when the entry is gone and ATS is still on */
static void drain_before_a_device_moves(struct kunit *test)
{
	struct fake_hw *hw = test->priv;
	unsigned int i, drains = 0;
	u16 did;

	drain_init(test);
	did = fake_did(drain.child, drain.fake);
	fake_watch_entry(test, drain.fdev);
	fake_clear(test);
	fake_attach(test, drain.other, drain.fdev);
	for (i = 0; i < hw->num_events; i++) {
		if (!fake_is_wait(&hw->events[i]) ||
		    !(hw->events[i].desc.qw0 & BIT(7)))
			continue;
		drains++;
		expect_drained(test, i - 3, did);
		KUNIT_EXPECT_EQ(test, hw->events[i].entry.val[0], 0);
		KUNIT_EXPECT_EQ(test, hw->events[i].entry.val[1], 0);
	}
	KUNIT_EXPECT_EQ(test, drains, 1);
}

static void drain_not_without_page_requests(struct kunit *test)
{
	struct fake_hw *hw = test->priv;
	struct family family;
	unsigned int i;

	family_init(test, &family, FAKE_CAP, true);
	fake_clear(test);
	fake_attach(test, family.b, family.dev[1]);
	for (i = 0; i < hw->num_events; i++) {
		if (fake_is_wait(&hw->events[i]))
			KUNIT_EXPECT_FALSE(test,
					   hw->events[i].desc.qw0 & BIT(7));
	}
}

static void flush_exit(struct kunit *test)
{
	cancel_delayed_work_sync(&drain_work);
	fake_exit(test);
}

static struct kunit_case flush_cases[] = {
	KUNIT_CASE(flush_reaches_children),
	KUNIT_CASE(flush_covers_unaligned_ranges),
	KUNIT_CASE(flush_reaches_devices_of_children),
	KUNIT_CASE(flush_of_much_is_of_the_domain),
	KUNIT_CASE(flush_all_reaches_children),
	KUNIT_CASE(flush_without_devices),
	KUNIT_CASE(flush_forgets_freed_children),
	KUNIT_CASE(flush_new_mapping_in_caching_mode),
	KUNIT_CASE(flush_no_new_mapping_otherwise),
	KUNIT_CASE(drain_waits_for_requests_of_the_device),
	KUNIT_CASE(drain_does_not_wait_for_ever),
	KUNIT_CASE(drain_before_a_device_moves),
	KUNIT_CASE(drain_not_without_page_requests),
	{}
};

static struct kunit_suite flush_suite = {
	.name = "intel_flush",
	.init = fake_init,
	.exit = flush_exit,
	.test_cases = flush_cases,
};

kunit_test_suite(flush_suite);

MODULE_LICENSE("GPL");
