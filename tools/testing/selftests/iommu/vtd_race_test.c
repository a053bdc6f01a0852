// SPDX-License-Identifier: GPL-2.0-only
/*
 * VT-d: devices come and go while stage 2 changes, caches are invalidated and dirty
 * pages are read.
 */
#include "race.h"
#include "vtd.h"

/**
 * struct race - what the threads share
 * @vtd: The guest
 * @other: A second device
 * @mem: Memory to map
 * @tables: HWPTs to move between
 */
struct race {
	struct vtd *vtd;
	struct vfio_dev *other;
	char *mem;
	__u32 tables[2];
};

FIXTURE(race)
{
	struct vtd vtd;
	struct vfio_dev other;
	struct race race;
};

FIXTURE_SETUP(race)
{
	struct vtd *vtd = &self->vtd;

	vtd_open(_metadata, vtd);
	vtd_nest(_metadata, vtd,
		 vtd_tracks_dirty(vtd) ? IOMMU_HWPT_ALLOC_DIRTY_TRACKING : 0);
	vtd_add_device(_metadata, vtd, &self->other, 1);
	guest_map(_metadata, &vtd->guest, IOVA_4LEVEL, guest_data_gpa(0));
	self->race = (struct race){
		.vtd = vtd,
		.other = &self->other,
		.mem = get_memory(_metadata, 64 * SZ_4K),
		.tables = { vtd->guest.hwpt, vtd->guest.rig.parent_id },
	};
}

FIXTURE_TEARDOWN(race)
{
	vfio_dev_give_back(_metadata, &self->other);
	vtd_stop(_metadata, &self->vtd);
}

/* The last device leaves too: there is no IOMMU to flush then */
static int move_devices(struct runner *runner)
{
	struct race *race = runner->race;
	struct vfio_dev *dev = runner->index ? race->other : &race->vtd->dev;
	int rc = vfio_attach(dev->fd, race->tables[runner->steps & 1], NULL);

	if (rc)
		return rc;
	dma_dev_peek(dev, IOVA_4LEVEL, 0);
	return vfio_detach(dev->fd);
}

static int change_stage_2(struct runner *runner)
{
	struct rig *rig = &runner->race->vtd->guest.rig;
	__u64 iova = GUEST_NOTHING + runner->index * SZ_2M;
	int rc = ioas_map_fixed(rig->fd, rig->ioas_id, runner->race->mem,
				64 * SZ_4K, iova, IOAS_MAP_RW);

	return rc ?: ioas_unmap(rig->fd, rig->ioas_id, iova, 64 * SZ_4K, NULL);
}

static int invalidate(struct runner *runner)
{
	struct iommu_hwpt_vtd_s1_invalidate requests[40];
	const struct vtd *vtd = runner->race->vtd;
	__u32 i, num = ARRAY_SIZE(requests);

	for (i = 0; i < num; i++)
		requests[i] = (struct iommu_hwpt_vtd_s1_invalidate){
			.addr = i * 3 * SZ_4K,
			.npages = 1,
		};
	return vtd_invalidate_array(vtd, vtd->guest.hwpt, requests, &num);
}

static int make_and_drop_table(struct runner *runner)
{
	const struct vtd *vtd = runner->race->vtd;
	struct iommu_hwpt_vtd_s1 s1 = { .addr_width = 48 };
	__u32 id;
	int rc = vtd_hwpt_alloc(vtd, vtd->dev.id, &s1, &id);

	return rc ?: object_destroy(vtd->guest.rig.fd, id);
}

static int track_dirty(struct runner *runner)
{
	const struct rig *rig = &runner->race->vtd->guest.rig;
	__u64 bits;
	int rc = hwpt_set_dirty_tracking(rig->fd, rig->parent_id, true);

	if (!rc)
		rc = hwpt_get_dirty_bitmap(rig->fd, rig->parent_id, 0, GUEST_DATA,
					   DATA_PAGES * SZ_4K, SZ_4K, &bits);
	return rc ?: hwpt_set_dirty_tracking(rig->fd, rig->parent_id, false);
}

TEST_F(race, everything_at_once)
{
	struct runner runners[] = {
		{ .step = move_devices, .index = 0 },
		{ .step = move_devices, .index = 1 },
		{ .step = change_stage_2, .index = 0 },
		{ .step = change_stage_2, .index = 1 },
		{ .step = invalidate },
		{ .step = make_and_drop_table },
		{ .step = track_dirty },
	};
	unsigned int num = ARRAY_SIZE(runners);

	if (!vtd_tracks_dirty(&self->vtd))
		num--;
	ASSERT_EQ(0, vfio_detach(self->vtd.dev.fd));
	run_all(_metadata, &self->race, runners, num);
	ASSERT_EQ(0, vfio_attach(self->vtd.dev.fd, self->vtd.guest.hwpt, NULL));
	EXPECT_EQ(MARK(0), vtd_peek(&self->vtd, IOVA_4LEVEL));
}

/* Of a plain domain, too, the last device may leave while it is unmapped */
TEST_F(race, plain_domain)
{
	struct runner runners[] = {
		{ .step = move_devices, .index = 0 },
		{ .step = change_stage_2, .index = 0 },
		{ .step = change_stage_2, .index = 1 },
	};
	struct vtd *vtd = &self->vtd;
	__u32 hwpt = rig_hwpt(_metadata, &vtd->guest.rig, vtd->dev.id,
			      vtd->guest.rig.ioas_id, 0);

	self->race.tables[0] = hwpt;
	self->race.tables[1] = hwpt;
	ASSERT_EQ(0, vfio_detach(vtd->dev.fd));
	run_all(_metadata, &self->race, runners, ARRAY_SIZE(runners));
}

TEST_HARNESS_MAIN
