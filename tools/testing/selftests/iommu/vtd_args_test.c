// SPDX-License-Identifier: GPL-2.0-only
/*
 * VT-d: what HWPT_ALLOC takes and what it refuses, with nested translation and
 * without.
 */
#include "vtd.h"

FIXTURE(args)
{
	struct vtd vtd;
};

FIXTURE_SETUP(args)
{
	vtd_open(_metadata, &self->vtd);
}

FIXTURE_TEARDOWN(args)
{
	vtd_stop(_metadata, &self->vtd);
}

static bool has_nesting(const struct vtd *vtd)
{
	return vtd->info.ecap_reg & VTD_ECAP_NEST;
}

/* rc, and no HWPT is left behind if it should be an error and was none */
static void expect_alloc(struct __test_metadata *_metadata, struct vtd *vtd,
			 int rc, __u32 flags)
{
	struct rig *rig = &vtd->guest.rig;
	__u32 id = 0;

	EXPECT_EQ(rc, hwpt_alloc(rig->fd, vtd->dev.id, rig->ioas_id, flags, &id)) {
		TH_LOG("flags %#x", flags);
	}
	if (id)
		rig_keep(_metadata, rig, id);
}

TEST_F(args, flags_follow_the_capabilities)
{
	struct vtd *vtd = &self->vtd;
	struct iommu_hw_info info;
	int nest, dirty;

	EXPECT_EQ(0, hw_info(vtd->guest.rig.fd, vtd->dev.id, NULL, 0, &info));
	nest = has_nesting(vtd) ? 0 : -EOPNOTSUPP;
	dirty = info.out_capabilities & IOMMU_HW_CAP_DIRTY_TRACKING ?
			0 : -EOPNOTSUPP;
	EXPECT_EQ(!dirty, vtd_tracks_dirty(vtd));
	expect_alloc(_metadata, vtd, 0, 0);
	expect_alloc(_metadata, vtd, nest, IOMMU_HWPT_ALLOC_NEST_PARENT);
	expect_alloc(_metadata, vtd, dirty, IOMMU_HWPT_ALLOC_DIRTY_TRACKING);
	expect_alloc(_metadata, vtd, nest ?: dirty,
		     IOMMU_HWPT_ALLOC_DIRTY_TRACKING |
		     IOMMU_HWPT_ALLOC_NEST_PARENT);
	expect_alloc(_metadata, vtd, -EOPNOTSUPP, 1U << 31);
}

TEST_F(args, no_parent_without_nesting)
{
	struct vtd *vtd = &self->vtd;
	__u32 id = 0;
	struct iommu_hwpt_vtd_s1 s1 = { .addr_width = 48 };

	if (has_nesting(vtd))
		SKIP(return, "with nested translation");
	vtd->guest.rig.parent_id = rig_hwpt(_metadata, &vtd->guest.rig,
					    vtd->dev.id,
					    vtd->guest.rig.ioas_id, 0);
	EXPECT_EQ(-EINVAL, vtd_hwpt_alloc(vtd, vtd->dev.id, &s1, &id));
}

/* ---- Erratum SPR17 of Intel's document 772415 ---- */

static bool cpu_has_erratum(void)
{
	unsigned int family = 0, model = 0;
	bool intel = false;
	char line[256];
	FILE *file = fopen("/proc/cpuinfo", "r");

	while (file && fgets(line, sizeof(line), file) && line[0] != '\n') {
		intel |= !!strstr(line, "GenuineIntel");
		sscanf(line, "cpu family : %u", &family);
		sscanf(line, "model : %u", &model);
	}
	if (file)
		fclose(file);
	return intel && family == 6 && (model == 0x8f || model == 0xcf);
}

#define MAP_RO (IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_FIXED_IOVA)

TEST_F(args, read_only_mappings_of_a_parent)
{
	int rc = cpu_has_erratum() ? -EINVAL : 0;
	struct vtd *vtd = &self->vtd;
	struct rig *rig = &vtd->guest.rig;
	char *mem = get_memory(_metadata, 2 * SZ_4K);

	EXPECT_EQ(cpu_has_erratum() ? IOMMU_HW_INFO_VTD_ERRATA_772415_SPR17 : 0,
		  vtd->info.flags);
	if (!has_nesting(vtd))
		SKIP(return, "no nested translation");
	/* On what is no parent it does no harm */
	rig_map(_metadata, rig, mem, SZ_4K, SZ_2M, MAP_RO);
	expect_alloc(_metadata, vtd, 0, 0);
	expect_alloc(_metadata, vtd, rc, IOMMU_HWPT_ALLOC_NEST_PARENT);
	rig_unmap(_metadata, rig, SZ_2M, SZ_4K);
	expect_alloc(_metadata, vtd, 0, IOMMU_HWPT_ALLOC_NEST_PARENT);
	EXPECT_EQ(rc, ioas_map_fixed(rig->fd, rig->ioas_id, mem, SZ_4K, SZ_2M,
				     MAP_RO));
	if (!rc)
		rig->mapped += SZ_4K;
	rig_map(_metadata, rig, mem + SZ_4K, SZ_4K, 2 * SZ_2M, IOAS_MAP_RW);
}

/* ---- Descriptions of a stage-1 table ---- */

static void expect_s1(struct __test_metadata *_metadata, struct vtd *vtd, int rc,
		      struct iommu_hwpt_vtd_s1 s1)
{
	__u32 id = 0;

	EXPECT_EQ(rc, vtd_hwpt_alloc(vtd, vtd->dev.id, &s1, &id)) {
		TH_LOG("flags %#llx pgtbl_addr %#llx addr_width %u", s1.flags,
		       s1.pgtbl_addr, s1.addr_width);
	}
	if (id)
		rig_keep(_metadata, &vtd->guest.rig, id);
}

#define S1(_rc, ...)                    \
	expect_s1(_metadata, vtd, _rc,  \
		  (struct iommu_hwpt_vtd_s1){ __VA_ARGS__ })

TEST_F(args, tables)
{
	struct vtd *vtd = &self->vtd;
	__u64 srs = vtd->info.ecap_reg & VTD_ECAP_SRS ? 0 : -EOPNOTSUPP;
	__u64 eafs = vtd->info.ecap_reg & VTD_ECAP_EAFS ? 0 : -EOPNOTSUPP;
	unsigned int i;

	if (!has_nesting(vtd))
		SKIP(return, "no nested translation");
	vtd->guest.rig.parent_id = rig_hwpt(_metadata, &vtd->guest.rig,
					    vtd->dev.id, vtd->guest.rig.ioas_id,
					    IOMMU_HWPT_ALLOC_NEST_PARENT);

	S1(0, .addr_width = 48);
	S1(0, .addr_width = 48, .pgtbl_addr = SZ_4K);
	S1(0, .addr_width = 48, .pgtbl_addr = (1ULL << 48) - SZ_4K);
	for (i = 0; i < 64; i++)
		if (i != 48 && i != 57)
			S1(-EINVAL, .addr_width = i);
	S1(vtd->info.cap_reg & VTD_CAP_FL5LP ? 0 : -EINVAL, .addr_width = 57);
	for (i = 0; i < 12; i++)
		S1(-EINVAL, .addr_width = 48, .pgtbl_addr = 1 << i);
	/* Higher than stage 2 goes */
	S1(-EINVAL, .addr_width = 48, .pgtbl_addr = 1ULL << 48);
	S1(-EINVAL, .addr_width = 48, .pgtbl_addr = -(__u64)SZ_4K);
	S1(-EOPNOTSUPP, .addr_width = 48, .__reserved = 1);
	S1((int)srs, .addr_width = 48, .flags = IOMMU_VTD_S1_SRE);
	S1((int)srs, .addr_width = 48,
	   .flags = IOMMU_VTD_S1_SRE | IOMMU_VTD_S1_WPE);
	S1((int)eafs, .addr_width = 48, .flags = IOMMU_VTD_S1_EAFE);
	for (i = 3; i < 64; i++)
		S1(-EOPNOTSUPP, .addr_width = 48, .flags = 1ULL << i);
}

TEST_F(args, parents)
{
	struct iommu_hwpt_vtd_s1 s1 = { .addr_width = 48 };
	struct vtd *vtd = &self->vtd;
	struct rig *rig = &vtd->guest.rig;
	__u32 plain, nested, id;

	if (!has_nesting(vtd))
		SKIP(return, "no nested translation");
	plain = rig_hwpt(_metadata, rig, vtd->dev.id, rig->ioas_id, 0);
	rig->parent_id = rig_hwpt(_metadata, rig, vtd->dev.id, rig->ioas_id,
				  IOMMU_HWPT_ALLOC_NEST_PARENT);
	nested = vtd_hwpt(_metadata, vtd, vtd->dev.id, 0);
	rig->parent_id = plain;
	EXPECT_EQ(-EINVAL, vtd_hwpt_alloc(vtd, vtd->dev.id, &s1, &id));
	rig->parent_id = nested;
	EXPECT_EQ(-EINVAL, vtd_hwpt_alloc(vtd, vtd->dev.id, &s1, &id));
	rig->parent_id = rig->ioas_id;
	EXPECT_EQ(-EOPNOTSUPP, vtd_hwpt_alloc(vtd, vtd->dev.id, &s1, &id));
}

/* The data of another driver */
TEST_F(args, foreign_data)
{
	struct iommu_hwpt_selftest data = {};
	struct vtd *vtd = &self->vtd;
	struct rig *rig = &vtd->guest.rig;
	__u32 id;

	if (!has_nesting(vtd))
		SKIP(return, "no nested translation");
	rig->parent_id = rig_hwpt(_metadata, rig, vtd->dev.id, rig->ioas_id,
				  IOMMU_HWPT_ALLOC_NEST_PARENT);
	EXPECT_EQ(-EOPNOTSUPP, hwpt_alloc_nested(rig->fd, vtd->dev.id,
						 rig->parent_id,
						 IOMMU_HWPT_DATA_SELFTEST,
						 &data, sizeof(data), &id));
}

/* A mock device is behind another driver's IOMMU */
TEST_F(args, device_of_another_driver)
{
	struct iommu_hwpt_vtd_s1 s1 = { .addr_width = 48 };
	struct vtd *vtd = &self->vtd;
	struct rig *rig = &vtd->guest.rig;
	struct mock_dev mock;
	__u32 id;

	if (!has_nesting(vtd))
		SKIP(return, "no nested translation");
	mock = rig_device_on(_metadata, rig, MOCK_IOMMU_FULL, 0, 0);
	rig->parent_id = rig_hwpt(_metadata, rig, vtd->dev.id, rig->ioas_id,
				  IOMMU_HWPT_ALLOC_NEST_PARENT);
	EXPECT_EQ(-EINVAL, vtd_hwpt_alloc(vtd, mock.idev_id, &s1, &id));
	id = vtd_hwpt(_metadata, vtd, vtd->dev.id, 0);
	EXPECT_EQ(-EINVAL, mock_attach(rig->fd, mock.stdev_id, id, NULL));
}

TEST_HARNESS_MAIN
