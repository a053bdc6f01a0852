// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit suite of PASID entries: what is in them, in which order it is written, and
 * what the hardware is told when. Bits are as in VT-d spec section 9.6.
 */
#include "fake.h"

#define PRESENT		BIT_ULL(0)
#define PGTT_SECOND	(2ULL << 6)
#define PGTT_NESTED	(3ULL << 6)
#define SSADE		BIT_ULL(9)
#define PWSNP		BIT_ULL(23)
#define PGSNP		BIT_ULL(24)
#define SRE		BIT_ULL(0)
#define FSPM_5LEVEL	BIT_ULL(2)
#define WPE		BIT_ULL(4)
#define NXE		BIT_ULL(5)
#define EAFE		BIT_ULL(7)

/* 48 bits in stage 2, both in stage 1 */
#define CAP_48		((FAKE_CAP & ~(0x1fULL << 8)) | 4ULL << 8)

/* ---- Layout ---- */

struct layout {
	const char *name;
	struct iommu_hwpt_vtd_s1 s1;
	u64 cap;
	u64 ecap;
	bool snoop;
	bool dirty;
	u64 want[3];	/* but for domain ID and stage-2 table */
};

#define TABLE		0x7654321000ULL
#define WANT(lo, mid, hi) \
	{ PRESENT | PGTT_NESTED | (lo), (mid), TABLE | NXE | (hi) }

static const struct layout layouts[] = {
	{ "plain", { 0, TABLE, 48 }, FAKE_CAP, FAKE_ECAP, false, false,
	  WANT(3 << 2, PWSNP, 0) },
	{ "SRE", { IOMMU_VTD_S1_SRE, TABLE, 48 }, FAKE_CAP, FAKE_ECAP, false,
	  false, WANT(3 << 2, PWSNP, SRE) },
	{ "EAFE", { IOMMU_VTD_S1_EAFE, TABLE, 48 }, FAKE_CAP, FAKE_ECAP, false,
	  false, WANT(3 << 2, PWSNP, EAFE) },
	{ "WPE", { IOMMU_VTD_S1_WPE, TABLE, 48 }, FAKE_CAP, FAKE_ECAP, false,
	  false, WANT(3 << 2, PWSNP, WPE) },
	{ "5 levels", { 0, TABLE, 57 }, FAKE_CAP, FAKE_ECAP, false, false,
	  WANT(3 << 2, PWSNP, FSPM_5LEVEL) },
	{ "5 levels on 4", { 0, TABLE, 57 }, CAP_48, FAKE_ECAP, false, false,
	  WANT(2 << 2, PWSNP, FSPM_5LEVEL) },
	{ "4 levels on 4", { 0, TABLE, 48 }, CAP_48, FAKE_ECAP, false, false,
	  WANT(2 << 2, PWSNP, 0) },
	{ "snooping forced", { 0, TABLE, 48 }, FAKE_CAP, FAKE_ECAP, true, false,
	  WANT(3 << 2, PWSNP | PGSNP, 0) },
	{ "walk not coherent", { 0, TABLE, 48 }, FAKE_CAP,
	  FAKE_ECAP & ~FAKE_ECAP_SMPWC, false, false, WANT(3 << 2, 0, 0) },
	{ "dirty tracking", { 0, TABLE, 48 }, FAKE_CAP, FAKE_ECAP, false, true,
	  WANT(SSADE | 3 << 2, PWSNP, 0) },
	{ "all", { IOMMU_VTD_S1_SRE | IOMMU_VTD_S1_EAFE | IOMMU_VTD_S1_WPE,
		   TABLE, 57 }, FAKE_CAP, FAKE_ECAP, true, true,
	  WANT(SSADE | 3 << 2, PWSNP | PGSNP, SRE | EAFE | WPE | FSPM_5LEVEL) },
};

static void layout_name(const struct layout *layout, char *desc)
{
	strscpy(desc, layout->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(layout, layouts, layout_name);

static void expect_entry(struct kunit *test, const struct pasid_entry *entry,
			 u64 lo, u64 mid, u64 hi)
{
	unsigned int i;

	KUNIT_EXPECT_EQ(test, entry->val[0], lo);
	KUNIT_EXPECT_EQ(test, entry->val[1], mid);
	KUNIT_EXPECT_EQ(test, entry->val[2], hi);
	for (i = 3; i < 8; i++)
		KUNIT_EXPECT_EQ(test, entry->val[i], 0);
}

static void expect_same(struct kunit *test, const struct pasid_entry *a,
			const struct pasid_entry *b)
{
	KUNIT_EXPECT_EQ(test, memcmp(a, b, sizeof(*a)), 0);
}

static struct dmar_domain *layout_parent(struct kunit *test,
					 const struct layout *layout,
					 struct fake_device *fdev)
{
	u32 flags = IOMMU_HWPT_ALLOC_NEST_PARENT;
	struct dmar_domain *parent;

	if (layout->dirty)
		flags |= IOMMU_HWPT_ALLOC_DIRTY_TRACKING;
	parent = fake_paging(test, fdev, flags);
	if (layout->snoop)
		fake_force_snooping(test, parent);
	if (layout->dirty)
		intel_dirty_ops.set_dirty_tracking(&parent->domain, true);
	return parent;
}

static void pasid_nested_layout(struct kunit *test)
{
	const struct layout *layout = test->param_value;
	struct fake_iommu *fake = fake_iommu(test, 0, layout->cap, layout->ecap);
	struct fake_device *fdev = fake_device(test, 0, fake);
	struct fake_device *other = fake_device(test, 1, fake);
	struct dmar_domain *parent = layout_parent(test, layout, fdev);
	struct dmar_domain *child = fake_nested(test, fdev, parent, &layout->s1);

	/* Has the first ID */
	fake_attach(test, parent, other);
	fake_attach(test, child, fdev);
	KUNIT_EXPECT_EQ(test, fake_did(parent, fake), 10);
	expect_entry(test, fake_entry(fdev),
		     layout->want[0] | virt_to_phys(parent->pgd),
		     layout->want[1] | 11, layout->want[2]);
}

/* As it was before there were nested ones; dirty tracking adds a bit */
static void pasid_second_level_layout(struct kunit *test)
{
	const struct layout *layout = test->param_value;
	struct fake_iommu *fake = fake_iommu(test, 0, layout->cap, layout->ecap);
	struct fake_device *fdev = fake_device(test, 0, fake);
	struct dmar_domain *domain = layout_parent(test, layout, fdev);

	fake_attach(test, domain, fdev);
	expect_entry(test, fake_entry(fdev),
		     PRESENT | PGTT_SECOND | (layout->dirty ? SSADE : 0) |
		     (layout->want[0] & GENMASK_ULL(4, 2)) |
		     virt_to_phys(domain->pgd),
		     (layout->want[1] & PWSNP) | 10, 0);
}

/* ---- Steps ---- */

struct two_stages {
	struct fake_iommu *fake;
	struct fake_device *fdev;
	struct dmar_domain *parent;
	struct dmar_domain *child;
};

static void two_stages_init(struct kunit *test, struct two_stages *two, u64 cap)
{
	two->fake = fake_iommu(test, 0, cap, FAKE_ECAP);
	two->fdev = fake_device(test, 0, two->fake);
	two->parent = fake_paging(test, two->fdev, IOMMU_HWPT_ALLOC_NEST_PARENT);
	two->child = fake_nested(test, two->fdev, two->parent, NULL);
}

/* The watched entry is only ever present as @before or as it is now */
static void expect_never_half_present(struct kunit *test,
				      const struct pasid_entry *before)
{
	struct fake_hw *hw = test->priv;
	unsigned int i;

	for (i = 0; i < hw->num_events; i++) {
		const struct pasid_entry *entry = &hw->events[i].entry;

		if (!(entry->val[0] & PRESENT))
			continue;
		KUNIT_EXPECT_TRUE_MSG(test,
				      !memcmp(entry, before, sizeof(*entry)) ||
				      !memcmp(entry, hw->watched, sizeof(*entry)),
				      "event %u", i);
	}
}

static void pasid_present_is_written_last(struct kunit *test)
{
	struct pasid_entry nothing = {};
	struct fake_hw *hw = test->priv;
	struct two_stages two;
	struct fake_event *last;

	two_stages_init(test, &two, FAKE_CAP);
	/* So that there is an entry to watch, and a domain ID */
	fake_attach(test, two.child, two.fdev);
	fake_watch_entry(test, two.fdev);
	intel_pasid_tear_down_entry(&two.fake->iommu, fake_dev(two.fdev), 0, false);
	expect_same(test, hw->watched, &nothing);
	fake_clear(test);

	KUNIT_EXPECT_EQ(test, intel_pasid_setup_nested(&two.fake->iommu,
						       fake_dev(two.fdev), 0,
						       two.child), 0);
	KUNIT_EXPECT_GT(test, hw->num_events, 3);
	expect_never_half_present(test, hw->watched);
	last = fake_event(test, hw->num_events - 1);
	KUNIT_EXPECT_EQ(test, last->kind, FAKE_ENTRY);
	expect_same(test, &last->entry, hw->watched);
	KUNIT_EXPECT_TRUE(test, hw->watched->val[0] & PRESENT);
}

static void pasid_entry_is_not_half_present_during_replace(struct kunit *test)
{
	struct fake_hw *hw = test->priv;
	struct dmar_domain *domains[4];
	struct pasid_entry before;
	struct two_stages two;
	unsigned int i, at;

	two_stages_init(test, &two, FAKE_CAP);
	domains[0] = two.child;
	domains[1] = fake_nested(test, two.fdev, two.parent, NULL);
	domains[2] = two.parent;
	domains[3] = two.child;
	fake_attach(test, two.parent, two.fdev);
	fake_watch_entry(test, two.fdev);
	for (i = 0; i < ARRAY_SIZE(domains); i++) {
		bool absent = false;

		before = *hw->watched;
		fake_clear(test);
		fake_attach(test, domains[i], two.fdev);
		expect_never_half_present(test, &before);
		for (at = 0; at < hw->num_events; at++)
			absent |= !(hw->events[at].entry.val[0] & PRESENT);
		KUNIT_EXPECT_TRUE(test, absent);
	}
}

static void pasid_present_entry_is_busy(struct kunit *test)
{
	struct fake_hw *hw = test->priv;
	struct pasid_entry before;
	struct two_stages two;

	two_stages_init(test, &two, FAKE_CAP | FAKE_CAP_CACHING);
	fake_attach(test, two.child, two.fdev);
	fake_watch_entry(test, two.fdev);
	before = *hw->watched;
	two.child->s1.pgtbl_addr += SZ_4K;
	fake_clear(test);
	KUNIT_EXPECT_EQ(test, intel_pasid_setup_nested(&two.fake->iommu,
						       fake_dev(two.fdev), 0,
						       two.child), -EBUSY);
	expect_same(test, hw->watched, &before);
	KUNIT_EXPECT_EQ(test, hw->num_events, 0);
}

static void pasid_new_entry_is_flushed_in_caching_mode(struct kunit *test)
{
	struct fake_hw *hw = test->priv;
	struct two_stages two;
	unsigned int at = 0;
	u16 did;

	two_stages_init(test, &two, FAKE_CAP | FAKE_CAP_CACHING);
	fake_attach(test, two.child, two.fdev);
	fake_watch_entry(test, two.fdev);
	intel_pasid_tear_down_entry(&two.fake->iommu, fake_dev(two.fdev), 0, false);
	fake_clear(test);
	did = fake_did(two.child, two.fake);
	KUNIT_EXPECT_EQ(test, intel_pasid_setup_nested(&two.fake->iommu,
						       fake_dev(two.fdev), 0,
						       two.child), 0);
	while (fake_event(test, at)->kind == FAKE_ENTRY)
		at++;
	expect_same(test, &fake_event(test, at)->entry, hw->watched);
	fake_expect_next(test, &at, 0, want_pasid_cache(did, 0));
	fake_expect_next(test, &at, 0, want_piotlb_all(did));
	fake_expect_end(test, at);
}

/* What a fault left, or the firmware, is not in the new entry */
static void pasid_nested_entry_starts_from_zero(struct kunit *test)
{
	struct pasid_entry first;
	struct pasid_entry *entry;
	struct two_stages two;

	two_stages_init(test, &two, FAKE_CAP);
	fake_attach(test, two.child, two.fdev);
	entry = fake_entry(two.fdev);
	first = *entry;
	intel_pasid_tear_down_entry(&two.fake->iommu, fake_dev(two.fdev), 0, true);
	expect_entry(test, entry, PASID_PTE_FPD, 0, 0);
	memset(entry, 0xff, sizeof(*entry));
	entry->val[0] &= ~PRESENT;
	KUNIT_EXPECT_EQ(test, intel_pasid_setup_nested(&two.fake->iommu,
						       fake_dev(two.fdev), 0,
						       two.child), 0);
	expect_same(test, entry, &first);
}

/* ---- Tear-down ---- */

struct tear_down {
	const char *name;
	bool nested;
	bool ats;
	bool caching;
	bool fault_ignore;
};

static const struct tear_down tear_downs[] = {
	{ "nested", true, false, false, false },
	{ "nested, faults ignored", true, false, false, true },
	{ "nested, ATS", true, true, false, false },
	{ "nested, ATS, caching mode", true, true, true, false },
	{ "second level", false, false, false, false },
	{ "second level, ATS", false, true, false, false },
};

static void tear_down_name(const struct tear_down *tear_down, char *desc)
{
	strscpy(desc, tear_down->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(tear_down, tear_downs, tear_down_name);

static void pasid_tear_down_steps(struct kunit *test)
{
	const struct tear_down *tear_down = test->param_value;
	struct pasid_entry absent, after = {};
	struct fake_hw *hw = test->priv;
	struct dmar_domain *domain;
	struct two_stages two;
	unsigned int i, at = 1;
	u16 did;

	two_stages_init(test, &two,
			FAKE_CAP | (tear_down->caching ? FAKE_CAP_CACHING : 0));
	if (tear_down->ats)
		fake_device_ats(two.fdev);
	fake_attach(test, two.parent, fake_device(test, 1, two.fake));
	domain = tear_down->nested ? two.child : two.parent;
	fake_attach(test, domain, two.fdev);
	did = fake_did(domain, two.fake);
	fake_watch_entry(test, two.fdev);
	absent = *hw->watched;
	absent.val[0] &= ~PRESENT;
	if (tear_down->fault_ignore)
		after.val[0] = PASID_PTE_FPD;
	fake_clear(test);

	intel_pasid_tear_down_entry(&two.fake->iommu, fake_dev(two.fdev), 0,
				    tear_down->fault_ignore);
	KUNIT_EXPECT_EQ(test, fake_event(test, 0)->kind, FAKE_ENTRY);
	fake_expect_next(test, &at, 0, want_pasid_cache(did, 0));
	fake_expect_next(test, &at, 0, want_iotlb_domain(did));
	if (tear_down->ats && !tear_down->caching)
		fake_expect_next(test, &at, 0, want_dev_iotlb_all(two.fdev));
	while (fake_event(test, at)->kind == FAKE_DESC)
		KUNIT_EXPECT_TRUE(test, fake_is_wait(fake_event(test, at++)));
	for (i = 0; i < at; i++)
		expect_same(test, &fake_event(test, i)->entry, &absent);
	KUNIT_EXPECT_EQ(test, fake_event(test, at)->kind, FAKE_ENTRY);
	KUNIT_EXPECT_EQ(test, hw->num_events, at + 1);
	expect_same(test, hw->watched, &after);
}

static void pasid_absent_entry_is_not_torn_down(struct kunit *test)
{
	struct fake_hw *hw = test->priv;
	struct two_stages two;

	two_stages_init(test, &two, FAKE_CAP);
	intel_pasid_tear_down_entry(&two.fake->iommu, fake_dev(two.fdev), 0, false);
	KUNIT_EXPECT_EQ(test, hw->num_events, 0);
}

/* ---- Dirty tracking ---- */

static void set_dirty(struct two_stages *two, u32 pasid, bool enabled)
{
	spin_lock(&two->fake->iommu.lock);
	intel_pasid_set_dirty_tracking(fake_dev(two->fdev), pasid, enabled);
	spin_unlock(&two->fake->iommu.lock);
}

static void pasid_dirty_tracking_changes_one_bit(struct kunit *test)
{
	struct pasid_entry before, nothing = {};
	struct pasid_entry *entry;
	struct two_stages two;

	two_stages_init(test, &two, FAKE_CAP);
	fake_attach(test, two.child, two.fdev);
	entry = fake_entry(two.fdev);
	before = *entry;
	set_dirty(&two, 0, true);
	KUNIT_EXPECT_EQ(test, entry->val[0], before.val[0] | SSADE);
	set_dirty(&two, 0, false);
	expect_same(test, entry, &before);
	/* One without translation stays empty */
	set_dirty(&two, 5, true);
	expect_same(test, entry + 5, &nothing);
	expect_same(test, entry, &before);
}

static struct kunit_case pasid_cases[] = {
	KUNIT_CASE_PARAM(pasid_nested_layout, layout_gen_params),
	KUNIT_CASE_PARAM(pasid_second_level_layout, layout_gen_params),
	KUNIT_CASE(pasid_present_is_written_last),
	KUNIT_CASE(pasid_entry_is_not_half_present_during_replace),
	KUNIT_CASE(pasid_present_entry_is_busy),
	KUNIT_CASE(pasid_new_entry_is_flushed_in_caching_mode),
	KUNIT_CASE(pasid_nested_entry_starts_from_zero),
	KUNIT_CASE_PARAM(pasid_tear_down_steps, tear_down_gen_params),
	KUNIT_CASE(pasid_absent_entry_is_not_torn_down),
	KUNIT_CASE(pasid_dirty_tracking_changes_one_bit),
	{}
};

static struct kunit_suite pasid_suite = {
	.name = "intel_pasid",
	.init = fake_init,
	.exit = fake_exit,
	.test_cases = pasid_cases,
};

kunit_test_suite(pasid_suite);

MODULE_LICENSE("GPL");
