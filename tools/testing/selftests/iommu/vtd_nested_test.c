// SPDX-License-Identifier: GPL-2.0-only
/*
 * VT-d: a device's DMA through both stages, what each stage permits, and how nested
 * HWPTs and devices come and go.
 */
#include "vtd.h"

FIXTURE(vtd)
{
	struct vtd vtd;
	struct vfio_dev other;
};

FIXTURE_VARIANT(vtd)
{
	__u32 ats;
};

FIXTURE_VARIANT_ADD(vtd, untranslated)
{
	.ats = 0,
};

FIXTURE_VARIANT_ADD(vtd, ats)
{
	.ats = DMA_TEST_BY_ATS,
};

FIXTURE_SETUP(vtd)
{
	self->vtd.ats = variant->ats;
	vtd_start(_metadata, &self->vtd);
}

FIXTURE_TEARDOWN(vtd)
{
	vfio_dev_give_back(_metadata, &self->other);
	vtd_stop(_metadata, &self->vtd);
}

/* Data page n at an IOVA */
static __u64 *map_page(struct __test_metadata *_metadata, struct vtd *vtd,
		       __u64 iova, unsigned int page)
{
	return guest_map(_metadata, &vtd->guest, iova, guest_data_gpa(page));
}

/* ---- What the hardware is ---- */

static __u64 sysfs_register(const char *name)
{
	char path[128], text[32];

	snprintf(path, sizeof(path), "/sys/class/iommu/dmar0/intel-iommu/%s",
		 name);
	return sysfs_read(path, text, sizeof(text)) < 0 ? 0 :
							   strtoull(text, NULL, 16);
}

TEST_F(vtd, hw_info_has_the_registers)
{
	EXPECT_EQ(sysfs_register("cap"), self->vtd.info.cap_reg);
	EXPECT_EQ(sysfs_register("ecap"), self->vtd.info.ecap_reg);
	EXPECT_NE(0ULL, self->vtd.info.cap_reg);
	EXPECT_EQ(0U, self->vtd.info.__reserved);
}

/* ---- Both stages ---- */

TEST_F(vtd, device_reads_and_writes)
{
	struct vtd *vtd = &self->vtd;

	map_page(_metadata, vtd, IOVA_4LEVEL, 3);
	EXPECT_EQ(MARK(3), vtd_peek(vtd, IOVA_4LEVEL));
	EXPECT_EQ(0ULL, vtd_poke(vtd, IOVA_4LEVEL + 8, 0x5eed));
	EXPECT_EQ(0x5eedULL, get_u64(guest_data(&vtd->guest, 3) + 8));
}

TEST_F(vtd, what_no_table_maps_is_blocked)
{
	struct vtd *vtd = &self->vtd;

	map_page(_metadata, vtd, IOVA_4LEVEL, 0);
	EXPECT_EQ(DMA_DEV_BLOCKED, vtd_peek(vtd, IOVA_4LEVEL + SZ_4K));
	EXPECT_EQ(DMA_DEV_BLOCKED, vtd_poke(vtd, IOVA_4LEVEL - SZ_4K, 1));
	/* Nor is a guest-physical address an IOVA */
	EXPECT_EQ(DMA_DEV_BLOCKED, vtd_peek(vtd, GUEST_DATA));
	EXPECT_EQ(MARK(0), get_u64(guest_data(&vtd->guest, 0)));
}

TEST_F(vtd, lower_half_only)
{
	struct vtd *vtd = &self->vtd;

	map_page(_metadata, vtd, IOVA_4LEVEL, 0);
	/* Not canonical for a table of 4 levels */
	EXPECT_EQ(DMA_DEV_BLOCKED, vtd_peek(vtd, IOVA_4LEVEL | 1ULL << 48));
}

TEST_F(vtd, large_pages)
{
	struct vtd *vtd = &self->vtd;
	struct guest *guest = &vtd->guest;

	guest_map_at(_metadata, guest, IOVA_4LEVEL & ~(SZ_2M - 1ULL),
		     GUEST_DATA, 2, PTE_RW);
	EXPECT_EQ(MARK(5),
		  vtd_peek(vtd, (IOVA_4LEVEL & ~(SZ_2M - 1ULL)) + 5 * SZ_4K));
	guest_map_at(_metadata, guest, 64ULL * SZ_1G, GUEST_HUGE, 3, PTE_RW);
	EXPECT_EQ(MARK(7), vtd_peek(vtd, 64ULL * SZ_1G + 7 * SZ_4K));
	/* What of a large page stage 2 does not have */
	EXPECT_EQ(DMA_DEV_BLOCKED,
		  vtd_peek(vtd, 64ULL * SZ_1G + DATA_PAGES * SZ_4K));
}

TEST_F(vtd, accessed_and_dirty)
{
	struct vtd *vtd = &self->vtd;
	struct guest *guest = &vtd->guest;
	__u64 *entry = map_page(_metadata, vtd, IOVA_4LEVEL, 0);
	unsigned int level;

	vtd_peek(vtd, IOVA_4LEVEL);
	EXPECT_EQ(PTE_A, get_u64(entry) & (PTE_A | (vtd->ats ? 0 : PTE_D)));
	for (level = 2; level <= 4; level++)
		EXPECT_EQ(PTE_A, get_u64(guest_entry(_metadata, guest,
						     IOVA_4LEVEL, level)) &
					 (PTE_A | PTE_D));
	EXPECT_EQ(0ULL, vtd_poke(vtd, IOVA_4LEVEL, 1));
	EXPECT_EQ(PTE_A | PTE_D, get_u64(entry) & (PTE_A | PTE_D));
}

/* ---- What each stage permits ---- */

static void expect_rights(struct __test_metadata *_metadata,
			  const struct vtd *vtd, __u64 iova, bool read,
			  bool write)
{
	EXPECT_EQ(!read, vtd_peek(vtd, iova) == DMA_DEV_BLOCKED);
	EXPECT_EQ(write ? 0 : DMA_DEV_BLOCKED, vtd_poke(vtd, iova + 8, 1));
}

TEST_F(vtd, stage_1_read_only)
{
	struct vtd *vtd = &self->vtd;

	guest_map_at(_metadata, &vtd->guest, IOVA_4LEVEL, guest_data_gpa(0), 1,
		     PTE_RO);
	expect_rights(_metadata, vtd, IOVA_4LEVEL, true, false);
}

TEST_F(vtd, stage_1_read_only_above_the_leaf)
{
	struct vtd *vtd = &self->vtd;
	__u64 *entry;

	map_page(_metadata, vtd, IOVA_4LEVEL, 0);
	entry = guest_entry(_metadata, &vtd->guest, IOVA_4LEVEL, 2);
	set_u64(entry, get_u64(entry) & ~PTE_W);
	expect_rights(_metadata, vtd, IOVA_4LEVEL, true, false);
}

TEST_F(vtd, stage_1_supervisor)
{
	struct vtd *vtd = &self->vtd;

	guest_map_at(_metadata, &vtd->guest, IOVA_4LEVEL, guest_data_gpa(0), 1,
		     PTE_P | PTE_W);
	expect_rights(_metadata, vtd, IOVA_4LEVEL, false, false);
}

TEST_F(vtd, stage_2_read_only)
{
	struct vtd *vtd = &self->vtd;
	char *mem = get_memory(_metadata, SZ_4K);

	rig_map(_metadata, &vtd->guest.rig, mem, SZ_4K, GUEST_NOTHING,
		IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_FIXED_IOVA);
	guest_map(_metadata, &vtd->guest, IOVA_4LEVEL, GUEST_NOTHING);
	expect_rights(_metadata, vtd, IOVA_4LEVEL, true, false);
}

TEST_F(vtd, stage_2_write_only)
{
	struct vtd *vtd = &self->vtd;
	char *mem = get_memory(_metadata, SZ_4K);

	rig_map(_metadata, &vtd->guest.rig, mem, SZ_4K, GUEST_NOTHING,
		IOMMU_IOAS_MAP_WRITEABLE | IOMMU_IOAS_MAP_FIXED_IOVA);
	guest_map(_metadata, &vtd->guest, IOVA_4LEVEL, GUEST_NOTHING);
	expect_rights(_metadata, vtd, IOVA_4LEVEL, false, true);
}

TEST_F(vtd, stage_2_has_nothing_there)
{
	struct vtd *vtd = &self->vtd;

	guest_map(_metadata, &vtd->guest, IOVA_4LEVEL, GUEST_NOTHING);
	expect_rights(_metadata, vtd, IOVA_4LEVEL, false, false);
}

TEST_F(vtd, table_beyond_stage_2)
{
	struct vtd *vtd = &self->vtd;
	struct guest *guest = &vtd->guest;

	set_u64(guest_entry(_metadata, guest, IOVA_4LEVEL, 3),
		GUEST_NOTHING | PTE_RW);
	expect_rights(_metadata, vtd, IOVA_4LEVEL, false, false);
	/* An address so high that the second stage has no level for it */
	set_u64(guest_entry(_metadata, guest, 1ULL << 39, 4),
		(1ULL << 51) | PTE_RW);
	expect_rights(_metadata, vtd, 1ULL << 39, false, false);
}

/* The hardware would have to set accessed bits where it must not write */
TEST_F(vtd, table_that_stage_2_maps_read_only)
{
	struct vtd *vtd = &self->vtd;
	struct guest *guest = &vtd->guest;
	__u64 *table = get_memory(_metadata, SZ_4K);

	rig_map(_metadata, &guest->rig, table, SZ_4K, GUEST_NOTHING,
		IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_FIXED_IOVA);
	set_u64(&table[IOVA_4LEVEL >> 12 & 511], guest_data_gpa(0) | PTE_RW);
	set_u64(guest_entry(_metadata, guest, IOVA_4LEVEL, 2),
		GUEST_NOTHING | PTE_RW);
	expect_rights(_metadata, vtd, IOVA_4LEVEL, false, false);
	EXPECT_EQ(guest_data_gpa(0) | PTE_RW,
		  get_u64(&table[IOVA_4LEVEL >> 12 & 511]));
}

/* ---- Attach, replace, detach ---- */

/* Another table, in which an IOVA shows data page 9 */
static __u32 other_table(struct __test_metadata *_metadata, struct vtd *vtd,
			 __u64 iova)
{
	struct guest *guest = &vtd->guest;
	__u64 root = guest_new_table(_metadata, guest);

	set_u64(guest_entry_of(_metadata, guest, root, iova, 1),
		guest_data_gpa(9) | PTE_RW);
	return vtd_hwpt(_metadata, vtd, vtd->dev.id, root);
}

TEST_F(vtd, replace_by_another_table)
{
	struct vtd *vtd = &self->vtd;
	__u32 hwpt;

	map_page(_metadata, vtd, IOVA_4LEVEL, 0);
	hwpt = other_table(_metadata, vtd, IOVA_4LEVEL);
	EXPECT_EQ(MARK(0), vtd_peek(vtd, IOVA_4LEVEL));
	ASSERT_EQ(0, vfio_attach(vtd->dev.fd, hwpt, NULL));
	EXPECT_EQ(MARK(9), vtd_peek(vtd, IOVA_4LEVEL));
	ASSERT_EQ(0, vfio_attach(vtd->dev.fd, vtd->guest.hwpt, NULL));
	EXPECT_EQ(MARK(0), vtd_peek(vtd, IOVA_4LEVEL));
}

TEST_F(vtd, replace_by_the_parent_and_back)
{
	struct vtd *vtd = &self->vtd;

	map_page(_metadata, vtd, IOVA_4LEVEL, 0);
	/* An IOVA that is there in both, and differs */
	guest_map(_metadata, &vtd->guest, GUEST_DATA, guest_data_gpa(4));
	EXPECT_EQ(MARK(4), vtd_peek(vtd, GUEST_DATA));
	ASSERT_EQ(0, vfio_attach(vtd->dev.fd, vtd->guest.rig.parent_id, NULL));
	EXPECT_EQ(MARK(0), vtd_peek(vtd, GUEST_DATA));
	EXPECT_EQ(DMA_DEV_BLOCKED, vtd_peek(vtd, IOVA_4LEVEL));
	ASSERT_EQ(0, vfio_attach(vtd->dev.fd, vtd->guest.hwpt, NULL));
	EXPECT_EQ(MARK(4), vtd_peek(vtd, GUEST_DATA));
	EXPECT_EQ(MARK(0), vtd_peek(vtd, IOVA_4LEVEL));
}

TEST_F(vtd, detach_blocks)
{
	struct vtd *vtd = &self->vtd;

	map_page(_metadata, vtd, IOVA_4LEVEL, 0);
	EXPECT_EQ(MARK(0), vtd_peek(vtd, IOVA_4LEVEL));
	ASSERT_EQ(0, vfio_detach(vtd->dev.fd));
	/* Without ATS enabled it cannot even ask */
	EXPECT_NE(MARK(0), vtd_peek(vtd, IOVA_4LEVEL));
	EXPECT_NE(0ULL, vtd_poke(vtd, IOVA_4LEVEL, 1));
	EXPECT_EQ(MARK(0), get_u64(guest_data(&vtd->guest, 0)));
	ASSERT_EQ(0, vfio_attach(vtd->dev.fd, vtd->guest.hwpt, NULL));
	EXPECT_EQ(MARK(0), vtd_peek(vtd, IOVA_4LEVEL));
}

/* What was cached for a device that left is not there for one that comes */
TEST_F(vtd, attach_starts_afresh)
{
	struct vtd *vtd = &self->vtd;

	map_page(_metadata, vtd, IOVA_4LEVEL, 0);
	EXPECT_EQ(MARK(0), vtd_peek(vtd, IOVA_4LEVEL));
	ASSERT_EQ(0, vfio_detach(vtd->dev.fd));
	map_page(_metadata, vtd, IOVA_4LEVEL, 1);
	ASSERT_EQ(0, vfio_attach(vtd->dev.fd, vtd->guest.hwpt, NULL));
	EXPECT_EQ(MARK(1), vtd_peek(vtd, IOVA_4LEVEL));
}

TEST_F(vtd, hwpt_in_use_is_EBUSY)
{
	struct vtd *vtd = &self->vtd;
	int fd = vtd->guest.rig.fd;

	EXPECT_EQ(-EBUSY, object_destroy(fd, vtd->guest.hwpt));
	EXPECT_EQ(-EBUSY, object_destroy(fd, vtd->guest.rig.parent_id));
	ASSERT_EQ(0, vfio_detach(vtd->dev.fd));
	EXPECT_EQ(-EBUSY, object_destroy(fd, vtd->guest.rig.parent_id));
	rig_destroy(_metadata, &vtd->guest.rig, vtd->guest.hwpt);
	rig_destroy(_metadata, &vtd->guest.rig, vtd->guest.rig.parent_id);
}

TEST_F(vtd, device_closed_while_attached)
{
	struct vtd *vtd = &self->vtd;

	map_page(_metadata, vtd, IOVA_4LEVEL, 0);
	EXPECT_EQ(MARK(0), vtd_peek(vtd, IOVA_4LEVEL));
	vfio_dev_close(&vtd->dev);
	rig_destroy(_metadata, &vtd->guest.rig, vtd->guest.hwpt);
}

/* ---- What the kernel's own tools make of it ---- */

#define DEBUGFS "/sys/kernel/debug/iommu/intel/"

static void read_whole_file(struct __test_metadata *_metadata, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[4096];

	if (fd < 0)
		return;
	while (read(fd, text, sizeof(text)) > 0)
		;
	EXPECT_EQ(0, close(fd));
}

TEST_F(vtd, debugfs_shows_it)
{
	if (access(DEBUGFS, F_OK))
		SKIP(return, "no " DEBUGFS);
	read_whole_file(_metadata, DEBUGFS "domain_translation_struct");
	read_whole_file(_metadata, DEBUGFS "dmar_translation_struct");
	read_whole_file(_metadata, DEBUGFS "invalidation_queue");
}

/* ---- Two devices ---- */

TEST_F(vtd, two_devices_on_one_table)
{
	struct vtd *vtd = &self->vtd;

	map_page(_metadata, vtd, IOVA_4LEVEL, 0);
	vtd_add_device(_metadata, vtd, &self->other, 1);
	ASSERT_EQ(0, vfio_attach(self->other.fd, vtd->guest.hwpt, NULL));
	EXPECT_EQ(MARK(0), dma_dev_peek(&self->other, IOVA_4LEVEL, vtd->ats));
	EXPECT_EQ(MARK(0), vtd_peek(vtd, IOVA_4LEVEL));
	/* One leaves, the other stays */
	ASSERT_EQ(0, vfio_detach(self->other.fd));
	EXPECT_EQ(MARK(0), vtd_peek(vtd, IOVA_4LEVEL));
	map_page(_metadata, vtd, IOVA_4LEVEL, 1);
	EXPECT_EQ(0, vtd_invalidate(vtd, IOVA_4LEVEL, 1));
	EXPECT_EQ(MARK(1), vtd_peek(vtd, IOVA_4LEVEL));
}

TEST_F(vtd, two_tables_on_one_parent)
{
	struct vtd *vtd = &self->vtd;
	__u32 hwpt;

	map_page(_metadata, vtd, IOVA_4LEVEL, 0);
	vtd_add_device(_metadata, vtd, &self->other, 1);
	hwpt = other_table(_metadata, vtd, IOVA_4LEVEL);
	ASSERT_EQ(0, vfio_attach(self->other.fd, hwpt, NULL));
	EXPECT_EQ(MARK(0), vtd_peek(vtd, IOVA_4LEVEL));
	EXPECT_EQ(MARK(9), dma_dev_peek(&self->other, IOVA_4LEVEL, vtd->ats));
	EXPECT_EQ(MARK(0), vtd_peek(vtd, IOVA_4LEVEL));
}

TEST_F(vtd, one_device_nested_and_one_on_the_parent)
{
	struct vtd *vtd = &self->vtd;

	map_page(_metadata, vtd, IOVA_4LEVEL, 0);
	vtd_add_device(_metadata, vtd, &self->other, 1);
	ASSERT_EQ(0, vfio_attach(self->other.fd, vtd->guest.rig.parent_id,
				 NULL));
	EXPECT_EQ(MARK(2), dma_dev_peek(&self->other, guest_data_gpa(2),
					vtd->ats));
	EXPECT_EQ(MARK(0), vtd_peek(vtd, IOVA_4LEVEL));
	rig_unmap(_metadata, &vtd->guest.rig, GUEST_DATA, DATA_PAGES * SZ_4K);
	EXPECT_EQ(DMA_DEV_BLOCKED, vtd_peek(vtd, IOVA_4LEVEL));
	EXPECT_EQ(DMA_DEV_BLOCKED,
		  dma_dev_peek(&self->other, guest_data_gpa(2), vtd->ats));
}

TEST_HARNESS_MAIN
