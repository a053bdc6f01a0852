// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit suite of domains that user space asks for: what an IOMMU has to be capable
 * of to make one, and to have one attached that another made.
 */
#include <asm/cpu_device_id.h>
#include <asm/intel-family.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "fake.h"

#define NEST	IOMMU_HWPT_ALLOC_NEST_PARENT
#define DIRTY	IOMMU_HWPT_ALLOC_DIRTY_TRACKING

#define CAP_48		((FAKE_CAP & ~(0x1fULL << 8)) | 4ULL << 8)
#define CAP_MGAW(bits)	((FAKE_CAP & ~(0x3fULL << 16)) | ((bits) - 1ULL) << 16)
#define CAP_SUPERPAGE(val) \
	((FAKE_CAP & ~(0xfULL << 34)) | (u64)(val) << 34)

/* ---- Description of the hardware ---- */

static void domain_hw_info(struct kunit *test)
{
	static const struct x86_cpu_id affected[] = {
		X86_MATCH_INTEL_FAM6_MODEL(SAPPHIRERAPIDS_X, NULL),
		X86_MATCH_INTEL_FAM6_MODEL(EMERALDRAPIDS_X, NULL),
		{}
	};
	struct fake_iommu *fake = fake_iommu(test, 0, FAKE_CAP, FAKE_ECAP);
	struct fake_device *fdev = fake_device(test, 0, fake);
	struct iommu_hw_info_vtd *info;
	u32 length = 0, type = 0;

	info = intel_iommu_ops.hw_info(fake_dev(fdev), &length, &type);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, info);
	KUNIT_EXPECT_EQ(test, length, sizeof(*info));
	KUNIT_EXPECT_EQ(test, type, IOMMU_HW_INFO_TYPE_INTEL_VTD);
	KUNIT_EXPECT_EQ(test, info->cap_reg, FAKE_CAP);
	KUNIT_EXPECT_EQ(test, info->ecap_reg, FAKE_ECAP);
	KUNIT_EXPECT_EQ(test, info->__reserved, 0);
	KUNIT_EXPECT_EQ(test, info->flags,
			x86_match_cpu(affected) ?
				IOMMU_HW_INFO_VTD_ERRATA_772415_SPR17 : 0);
	kfree(info);
}

/* ---- Allocation ---- */

struct missing {
	const char *name;
	u64 ecap;	/* What the IOMMU lacks */
	int nest;
	int dirty;
};

static const struct missing missings[] = {
	{ "nothing", 0, 0, 0 },
	{ "SMTS", FAKE_ECAP_SMTS, -EOPNOTSUPP, -EOPNOTSUPP },
	{ "NEST", FAKE_ECAP_NEST, -EOPNOTSUPP, 0 },
	{ "FLTS", FAKE_ECAP_FLTS, -EOPNOTSUPP, 0 },
	{ "SLTS", FAKE_ECAP_SLTS, -EOPNOTSUPP, -EOPNOTSUPP },
	{ "SLADS", FAKE_ECAP_SLADS, 0, -EOPNOTSUPP },
	{ "SMPWC", FAKE_ECAP_SMPWC, 0, -EOPNOTSUPP },
	{ "coherency", FAKE_ECAP_COHERENT, 0, 0 },
	{ "snoop control", FAKE_ECAP_SC, 0, 0 },
};

static void missing_name(const struct missing *missing, char *desc)
{
	strscpy(desc, missing->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(missing, missings, missing_name);

static void expect_alloc(struct kunit *test, struct fake_device *fdev, u32 flags,
			 int rc)
{
	struct iommu_domain *domain;

	domain = intel_iommu_domain_alloc_user(fake_dev(fdev), flags, NULL, NULL);
	if (rc) {
		KUNIT_EXPECT_EQ(test, PTR_ERR(domain), rc);
		return;
	}
	fake_keep(test, domain);
	KUNIT_EXPECT_EQ(test, domain->type, IOMMU_DOMAIN_UNMANAGED);
	KUNIT_EXPECT_EQ(test, !!domain->dirty_ops, !!(flags & DIRTY));
	KUNIT_EXPECT_EQ(test, !!to_dmar_domain(domain)->nest_parent,
			!!(flags & NEST));
}

static void domain_alloc_without(struct kunit *test)
{
	const struct missing *missing = test->param_value;
	struct fake_iommu *fake = fake_iommu(test, 0, FAKE_CAP,
					     FAKE_ECAP & ~missing->ecap);
	struct fake_device *fdev = fake_device(test, 0, fake);
	struct iommu_domain_ops const *ops;

	expect_alloc(test, fdev, 0, 0);
	expect_alloc(test, fdev, NEST, missing->nest);
	expect_alloc(test, fdev, DIRTY, missing->dirty);
	expect_alloc(test, fdev, NEST | DIRTY, missing->nest ?: missing->dirty);
	KUNIT_EXPECT_EQ(test,
			intel_iommu_ops.capable(fake_dev(fdev),
						IOMMU_CAP_DIRTY_TRACKING),
			!missing->dirty);
	ops = intel_iommu_ops.default_domain_ops;
	KUNIT_EXPECT_NULL(test, ops->cache_invalidate_user);
}

static void domain_alloc_in_legacy_mode(struct kunit *test)
{
	struct fake_iommu *fake = fake_iommu(test, 0, FAKE_CAP, FAKE_ECAP);
	struct fake_device *fdev = fake_device(test, 0, fake);

	/* The hardware could, but the administrator has said no */
	intel_iommu_sm = 0;
	expect_alloc(test, fdev, NEST, -EOPNOTSUPP);
	expect_alloc(test, fdev, DIRTY, -EOPNOTSUPP);
	expect_alloc(test, fdev, 0, 0);
	intel_iommu_sm = 1;
}

static void domain_alloc_unknown(struct kunit *test)
{
	struct fake_iommu *fake = fake_iommu(test, 0, FAKE_CAP, FAKE_ECAP);
	struct fake_device *fdev = fake_device(test, 0, fake);
	struct iommu_user_data data = { .type = IOMMU_HWPT_DATA_VTD_S1 };
	struct dmar_domain *parent = fake_paging(test, fdev, NEST);
	struct iommu_domain *domain;
	unsigned int bit;

	for (bit = 0; bit < 32; bit++)
		if (!(BIT(bit) & (NEST | DIRTY)))
			expect_alloc(test, fdev, BIT(bit), -EOPNOTSUPP);
	/* A paging domain is described by nothing, a nested one by nothing else */
	domain = intel_iommu_domain_alloc_user(fake_dev(fdev), NEST, NULL, &data);
	KUNIT_EXPECT_EQ(test, PTR_ERR(domain), -EOPNOTSUPP);
	for (bit = 0; bit < 32; bit++) {
		domain = intel_iommu_domain_alloc_user(fake_dev(fdev), BIT(bit),
						       &parent->domain, &data);
		KUNIT_EXPECT_EQ(test, PTR_ERR(domain), -EOPNOTSUPP);
	}
}

struct shape {
	const char *name;
	u64 cap;
	unsigned int bits;
	unsigned long pages;
};

static const struct shape shapes[] = {
	{ "57 bits", FAKE_CAP, 57, SZ_4K | SZ_2M | SZ_1G },
	{ "48 bits by levels", CAP_48, 48, SZ_4K | SZ_2M | SZ_1G },
	{ "46 bits by width", CAP_MGAW(46), 46, SZ_4K | SZ_2M | SZ_1G },
	{ "2M", CAP_SUPERPAGE(1), 57, SZ_4K | SZ_2M },
	{ "4K only", CAP_SUPERPAGE(0), 57, SZ_4K },
};

static void shape_name(const struct shape *shape, char *desc)
{
	strscpy(desc, shape->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(shape, shapes, shape_name);

static void domain_shape_is_that_of_the_iommu(struct kunit *test)
{
	const struct shape *shape = test->param_value;
	struct fake_iommu *fake = fake_iommu(test, 0, shape->cap, FAKE_ECAP);
	struct fake_device *fdev = fake_device(test, 0, fake);
	struct iommu_domain *domain = &fake_paging(test, fdev, NEST)->domain;
	unsigned int i;

	/* Before a device is attached, and after */
	for (i = 0; i < 2; i++) {
		KUNIT_EXPECT_EQ(test, domain->pgsize_bitmap, shape->pages);
		KUNIT_EXPECT_EQ(test, domain->geometry.aperture_start, 0);
		KUNIT_EXPECT_EQ(test, domain->geometry.aperture_end,
				BIT_ULL(shape->bits) - 1);
		KUNIT_EXPECT_TRUE(test, domain->geometry.force_aperture);
		fake_attach(test, to_dmar_domain(domain), fdev);
	}
}

/* ---- Nested domains ---- */

struct stage1 {
	const char *name;
	struct iommu_hwpt_vtd_s1 s1;
	u64 cap;	/* What the IOMMU lacks */
	u64 ecap;
	int rc;
};

#define SRE	IOMMU_VTD_S1_SRE
#define EAFE	IOMMU_VTD_S1_EAFE
#define WPE	IOMMU_VTD_S1_WPE

static const struct stage1 stage1s[] = {
	{ "plain", { 0, 0x1000, 48 } },
	{ "at 0", { 0, 0, 48 } },
	{ "all flags", { SRE | EAFE | WPE, 0x1000, 57 } },
	{ "last page", { 0, BIT_ULL(57) - SZ_4K, 48 } },
	{ "behind the end", { 0, BIT_ULL(57), 48 }, 0, 0, -EINVAL },
	{ "unaligned", { 0, 0x1010, 48 }, 0, 0, -EINVAL },
	{ "unknown flag", { BIT(3), 0x1000, 48 }, 0, 0, -EOPNOTSUPP },
	{ "high flag", { BIT_ULL(32), 0x1000, 48 }, 0, 0, -EOPNOTSUPP },
	{ "reserved", { 0, 0x1000, 48, 1 }, 0, 0, -EOPNOTSUPP },
	{ "no width", { 0, 0x1000, 0 }, 0, 0, -EINVAL },
	{ "39 bits", { 0, 0x1000, 39 }, 0, 0, -EINVAL },
	{ "64 bits", { 0, 0x1000, 64 }, 0, 0, -EINVAL },
	{ "SRE without SRS", { SRE, 0x1000, 48 }, 0, FAKE_ECAP_SRS, -EOPNOTSUPP },
	{ "WPE without SRS", { WPE, 0x1000, 48 }, 0, FAKE_ECAP_SRS, -EOPNOTSUPP },
	{ "EAFE without SRS", { EAFE, 0x1000, 48 }, 0, FAKE_ECAP_SRS },
	{ "EAFE without EAFS", { EAFE, 0x1000, 48 }, 0, FAKE_ECAP_EAFS,
	  -EOPNOTSUPP },
	{ "SRE without EAFS", { SRE | WPE, 0x1000, 48 }, 0, FAKE_ECAP_EAFS },
	{ "57 bits without", { 0, 0x1000, 57 }, FAKE_CAP_5LEVEL, 0, -EINVAL },
	{ "48 bits without", { 0, 0x1000, 48 }, FAKE_CAP_5LEVEL, 0 },
	{ "no NEST", { 0, 0x1000, 48 }, 0, FAKE_ECAP_NEST, -EOPNOTSUPP },
	{ "no FLTS", { 0, 0x1000, 48 }, 0, FAKE_ECAP_FLTS, -EOPNOTSUPP },
	{ "no SLTS", { 0, 0x1000, 48 }, 0, FAKE_ECAP_SLTS, -EOPNOTSUPP },
	{ "no SMTS", { 0, 0x1000, 48 }, 0, FAKE_ECAP_SMTS, -EOPNOTSUPP },
};

static void stage1_name(const struct stage1 *stage1, char *desc)
{
	strscpy(desc, stage1->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(stage1, stage1s, stage1_name);

static struct iommu_domain *alloc_nested(struct kunit *test,
					 struct fake_device *fdev,
					 struct dmar_domain *parent,
					 const struct iommu_hwpt_vtd_s1 *s1,
					 unsigned int type)
{
	struct fake_hw *hw = test->priv;
	struct iommu_user_data data = {
		.type = type,
		.uptr = (void __user *)hw->user,
		.len = sizeof(*s1),
	};

	KUNIT_ASSERT_EQ(test, copy_to_user(data.uptr, s1, sizeof(*s1)), 0);
	return intel_iommu_domain_alloc_user(fake_dev(fdev), 0, &parent->domain,
					     &data);
}

static void domain_nested_stage1(struct kunit *test)
{
	const struct stage1 *stage1 = test->param_value;
	struct fake_iommu *good = fake_iommu(test, 0, FAKE_CAP, FAKE_ECAP);
	struct fake_iommu *fake = fake_iommu(test, 1, FAKE_CAP & ~stage1->cap,
					     FAKE_ECAP & ~stage1->ecap);
	struct dmar_domain *parent;
	struct iommu_domain *domain;

	parent = fake_paging(test, fake_device(test, 0, good), NEST);
	domain = alloc_nested(test, fake_device(test, 1, fake), parent,
			      &stage1->s1, IOMMU_HWPT_DATA_VTD_S1);
	if (stage1->rc) {
		KUNIT_EXPECT_EQ(test, PTR_ERR(domain), stage1->rc);
		KUNIT_EXPECT_TRUE(test, list_empty(&parent->children));
		return;
	}
	fake_keep(test, domain);
	KUNIT_EXPECT_EQ(test, domain->type, IOMMU_DOMAIN_NESTED);
	KUNIT_EXPECT_NOT_NULL(test, domain->ops->cache_invalidate_user);
	KUNIT_EXPECT_EQ(test, memcmp(&to_dmar_domain(domain)->s1, &stage1->s1,
				     sizeof(stage1->s1)), 0);
}

static void domain_nested_on_what_is_no_parent(struct kunit *test)
{
	struct fake_iommu *fake = fake_iommu(test, 0, FAKE_CAP, FAKE_ECAP);
	struct fake_device *fdev = fake_device(test, 0, fake);
	const struct iommu_hwpt_vtd_s1 s1 = { .addr_width = 48 };
	struct dmar_domain *parent = fake_paging(test, fdev, NEST);
	struct dmar_domain *no_parents[] = {
		fake_paging(test, fdev, 0),
		fake_paging(test, fdev, DIRTY),
		fake_nested(test, fdev, parent, NULL),
	};
	struct iommu_domain *domain;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(no_parents); i++) {
		domain = alloc_nested(test, fdev, no_parents[i], &s1,
				      IOMMU_HWPT_DATA_VTD_S1);
		KUNIT_EXPECT_EQ(test, PTR_ERR(domain), -EINVAL);
	}
	domain = alloc_nested(test, fdev, parent, &s1, IOMMU_HWPT_DATA_NONE);
	KUNIT_EXPECT_EQ(test, PTR_ERR(domain), -EOPNOTSUPP);
}

/* ---- Attaching behind another IOMMU ---- */

struct other {
	const char *name;
	u64 made_cap;	/* Of the IOMMU it was made for */
	u64 made_ecap;
	u64 cap;	/* Of that of the device */
	u64 ecap;
	u32 flags;
	bool snoop;
	struct iommu_hwpt_vtd_s1 s1;
	int paging;
	int nested;
};

#define CAP	FAKE_CAP
#define ECAP	FAKE_ECAP
#define S1	{ 0, 0x1000, 48 }

static const struct other others[] = {
	{ "the same", CAP, ECAP, CAP, ECAP, NEST | DIRTY, true, S1 },
	{ "fewer levels", CAP, ECAP, CAP_48, ECAP, NEST, false, S1, -EINVAL,
	  -EINVAL },
	{ "more levels, too", CAP_48, ECAP, CAP, ECAP, NEST, false, S1 },
	{ "only more levels", CAP_48, ECAP, (CAP & ~(0x1fULL << 8)) | 8ULL << 8,
	  ECAP, NEST, false, S1, -EINVAL, -EINVAL },
	{ "narrower", CAP, ECAP, CAP_MGAW(50), ECAP, NEST, false, S1, -EINVAL,
	  -EINVAL },
	{ "wider", CAP_MGAW(50), ECAP, CAP, ECAP, NEST, false, S1 },
	{ "no 1G", CAP, ECAP, CAP_SUPERPAGE(1), ECAP, NEST, false, S1, -EINVAL,
	  -EINVAL },
	{ "no 2M", CAP_SUPERPAGE(1), ECAP, CAP_SUPERPAGE(0), ECAP, NEST, false,
	  S1, -EINVAL, -EINVAL },
	{ "larger pages", CAP_SUPERPAGE(0), ECAP, CAP, ECAP, NEST, false, S1 },
	{ "walk not coherent", CAP, ECAP, CAP, ECAP & ~FAKE_ECAP_SMPWC, NEST,
	  false, S1, -EINVAL, -EINVAL },
	{ "walk coherent", CAP, ECAP & ~FAKE_ECAP_SMPWC, CAP, ECAP, NEST, false,
	  S1 },
	{ "no snoop control", CAP, ECAP, CAP, ECAP & ~FAKE_ECAP_SC, NEST, true,
	  S1, -EOPNOTSUPP, -EOPNOTSUPP },
	{ "no snoop control, none wanted", CAP, ECAP, CAP, ECAP & ~FAKE_ECAP_SC,
	  NEST, false, S1 },
	{ "no dirty bits", CAP, ECAP, CAP, ECAP & ~FAKE_ECAP_SLADS, NEST | DIRTY,
	  false, S1, -EOPNOTSUPP, -EOPNOTSUPP },
	{ "no dirty bits, none wanted", CAP, ECAP, CAP, ECAP & ~FAKE_ECAP_SLADS,
	  NEST, false, S1 },
	{ "no second level", CAP, ECAP, CAP, ECAP & ~FAKE_ECAP_SLTS, NEST, false,
	  S1, -EINVAL, -EOPNOTSUPP },
	{ "no first level", CAP, ECAP, CAP, ECAP & ~FAKE_ECAP_FLTS, NEST, false,
	  S1, 0, -EOPNOTSUPP },
	{ "no nesting", CAP, ECAP, CAP, ECAP & ~FAKE_ECAP_NEST, NEST, false, S1,
	  0, -EOPNOTSUPP },
	{ "no SRS", CAP, ECAP, CAP, ECAP & ~FAKE_ECAP_SRS, NEST, false,
	  { SRE, 0x1000, 48 }, 0, -EOPNOTSUPP },
	{ "no EAFS", CAP, ECAP, CAP, ECAP & ~FAKE_ECAP_EAFS, NEST, false,
	  { EAFE, 0x1000, 48 }, 0, -EOPNOTSUPP },
	{ "no 5 levels in stage 1", CAP_48, ECAP, CAP_48 & ~FAKE_CAP_5LEVEL, ECAP,
	  NEST, false, { 0, 0x1000, 57 }, 0, -EINVAL },
};

static void other_name(const struct other *other, char *desc)
{
	strscpy(desc, other->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(other, others, other_name);

/* Attach, or see that the device is where it was and its DMA was not blocked */
static void expect_attach(struct kunit *test, struct dmar_domain *domain,
			  struct fake_device *fdev, int rc)
{
	struct dmar_domain *old = fdev->info.domain;
	struct pasid_entry before = *fake_entry(fdev);
	struct fake_hw *hw = test->priv;

	fake_clear(test);
	KUNIT_EXPECT_EQ(test, intel_iommu_attach_device(&domain->domain,
							fake_dev(fdev)), rc);
	if (rc) {
		KUNIT_EXPECT_PTR_EQ(test, fdev->info.domain, old);
		KUNIT_EXPECT_EQ(test, memcmp(&before, fake_entry(fdev),
					     sizeof(before)), 0);
		KUNIT_EXPECT_EQ(test, hw->num_events, 0);
		KUNIT_EXPECT_TRUE(test, list_empty(&domain->devices));
		KUNIT_EXPECT_TRUE(test, xa_empty(&domain->iommu_array));
	} else {
		KUNIT_EXPECT_PTR_EQ(test, fdev->info.domain, domain);
		fake_attach(test, old, fdev);
	}
}

static void domain_attach_behind_other_iommu(struct kunit *test)
{
	const struct other *other = test->param_value;
	struct dmar_domain *parent, *child, *own;
	struct fake_device *made, *fdev;

	made = fake_device(test, 0, fake_iommu(test, 0, other->made_cap,
					       other->made_ecap));
	fdev = fake_device(test, 1, fake_iommu(test, 1, other->cap, other->ecap));
	parent = fake_paging(test, made, other->flags);
	if (other->snoop)
		fake_force_snooping(test, parent);
	child = fake_nested(test, made, parent, &other->s1);
	own = fake_paging(test, fdev, 0);
	if (!(other->ecap & FAKE_ECAP_SLTS))
		own->flags |= DOMAIN_FLAG_USE_FIRST_LEVEL;
	fake_attach(test, own, fdev);
	expect_attach(test, parent, fdev, other->paging);
	expect_attach(test, child, fdev, other->nested);
}

static void domain_is_not_changed_by_attach(struct kunit *test)
{
	struct fake_iommu *fake = fake_iommu(test, 0, CAP_48, FAKE_ECAP);
	struct fake_iommu *better = fake_iommu(test, 1, FAKE_CAP, FAKE_ECAP);
	struct fake_device *fdev = fake_device(test, 0, fake);
	struct fake_device *other = fake_device(test, 1, better);
	struct dmar_domain *domain = fake_paging(test, fdev, NEST | DIRTY);
	unsigned long bitmap = domain->domain.pgsize_bitmap;
	u64 end = domain->domain.geometry.aperture_end;
	struct dma_pte *pgd = domain->pgd;

	fake_attach(test, domain, other);
	fake_attach(test, domain, fdev);
	KUNIT_EXPECT_EQ(test, domain->domain.pgsize_bitmap, bitmap);
	KUNIT_EXPECT_EQ(test, domain->domain.geometry.aperture_end, end);
	KUNIT_EXPECT_PTR_EQ(test, domain->pgd, pgd);
	/* Each entry says how many levels the table has, not its IOMMU */
	KUNIT_EXPECT_EQ(test, fake_entry(fdev)->val[0] & GENMASK_ULL(4, 2), 2 << 2);
	KUNIT_EXPECT_EQ(test, fake_entry(other)->val[0] & GENMASK_ULL(4, 2),
			2 << 2);
	fake_attach(test, fake_nested(test, fdev, domain, NULL), other);
	KUNIT_EXPECT_EQ(test, fake_entry(other)->val[0] & GENMASK_ULL(4, 2),
			2 << 2);
}

/* ---- Mapping ---- */

static int map(struct dmar_domain *domain, u64 iova, int prot)
{
	size_t mapped;

	return domain->domain.ops->map_pages(&domain->domain, iova, SZ_1M, SZ_4K, 1,
					     prot, GFP_KERNEL, &mapped);
}

static void domain_pages_are_as_readable_as_asked(struct kunit *test)
{
	static const int prots[] = {
		IOMMU_READ, IOMMU_WRITE, IOMMU_READ | IOMMU_WRITE,
	};
	struct fake_iommu *fake = fake_iommu(test, 0, FAKE_CAP, FAKE_ECAP);
	struct fake_device *fdev = fake_device(test, 0, fake);
	struct dmar_domain *domain = fake_paging(test, fdev, NEST);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(prots); i++) {
		int level = 0;

		KUNIT_EXPECT_EQ(test, map(domain, i * SZ_4K, prots[i]), 0);
		KUNIT_EXPECT_EQ(test, pfn_to_dma_pte(domain, i, &level)->val,
				SZ_1M | prots[i]);
	}
}

/* As of a parent on a processor with erratum 772415 */
static void domain_refuses_read_only(struct kunit *test)
{
	struct fake_iommu *fake = fake_iommu(test, 0, FAKE_CAP, FAKE_ECAP);
	struct fake_device *fdev = fake_device(test, 0, fake);
	struct dmar_domain *domain = fake_paging(test, fdev, NEST);

	domain->no_read_only = true;
	KUNIT_EXPECT_EQ(test, map(domain, 0, IOMMU_READ), -EINVAL);
	KUNIT_EXPECT_EQ(test, map(domain, 0, IOMMU_WRITE), 0);
	KUNIT_EXPECT_EQ(test, map(domain, SZ_4K, IOMMU_READ | IOMMU_WRITE), 0);
}

static struct kunit_case domain_cases[] = {
	KUNIT_CASE(domain_hw_info),
	KUNIT_CASE_PARAM(domain_alloc_without, missing_gen_params),
	KUNIT_CASE(domain_alloc_in_legacy_mode),
	KUNIT_CASE(domain_alloc_unknown),
	KUNIT_CASE_PARAM(domain_shape_is_that_of_the_iommu, shape_gen_params),
	KUNIT_CASE_PARAM(domain_nested_stage1, stage1_gen_params),
	KUNIT_CASE(domain_nested_on_what_is_no_parent),
	KUNIT_CASE_PARAM(domain_attach_behind_other_iommu, other_gen_params),
	KUNIT_CASE(domain_is_not_changed_by_attach),
	KUNIT_CASE(domain_pages_are_as_readable_as_asked),
	KUNIT_CASE(domain_refuses_read_only),
	{}
};

static struct kunit_suite domain_suite = {
	.name = "intel_domain",
	.init = fake_init,
	.exit = fake_exit,
	.test_cases = domain_cases,
};

kunit_test_suite(domain_suite);

MODULE_LICENSE("GPL");
