// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads that meet in one /dev/iommu, each test for a fixed short time. The
 * kernel's own checkers do most of the judging; here an ioctl may fail only
 * with an errno that another thread can be the reason for.
 */
#include "guest.h"
#include "race.h"

/**
 * struct race - what the threads share
 * @guest: The guest, in tests that have one
 * @ioas_id: An IOAS that may go and come
 * @idev_id: A bound device that comes and goes
 * @group: Two devices of one group
 * @access_fd: Two accesses, the first of which pins
 * @mem: Memory, four pages for each thread
 * @large: LARGE_PAGES of memory, in tests that have them
 */
struct race {
	struct guest guest;
	__u32 ioas_id;
	__u32 idev_id;
	struct mock_dev group[2];
	__u32 access_fd[2];
	char *mem;
	char *large;
};

FIXTURE(race)
{
	struct race race;
};

FIXTURE_SETUP(race)
{
	self->race.mem = get_memory(_metadata, 64 * page_size());
}

FIXTURE_TEARDOWN(race)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(self->race.access_fd); i++)
		if (self->race.access_fd[i])
			close(self->race.access_fd[i]);
	rig_close(_metadata, &self->race.guest.rig);
}

/* ---- Steps ---- */

/* Map and unmap four pages of one's own: nobody else can make that fail */
static int step_map_own(struct runner *runner)
{
	const struct rig *rig = &runner->race->guest.rig;
	__u64 length = 4 * page_size(), unmapped = 0;
	__u64 offset = runner->index * length;
	int rc = ioas_map_fixed(rig->fd, rig->ioas_id,
				runner->race->mem + offset, length,
				GUEST_NOTHING + offset, IOAS_MAP_RW);

	if (rc)
		return rc;
	rc = ioas_unmap(rig->fd, rig->ioas_id, GUEST_NOTHING + offset, length,
			&unmapped);
	return rc ? rc : unmapped == length ? 0 : -ERANGE;
}

/* The same wherever the kernel likes */
static int step_map_auto(struct runner *runner)
{
	const struct rig *rig = &runner->race->guest.rig;
	__u64 length = 4 * page_size(), iova = 0;
	int rc = ioas_map(rig->fd, rig->ioas_id,
			  runner->race->mem + runner->index * length, length,
			  IOAS_MAP_RW, &iova);

	return rc ? rc : ioas_unmap(rig->fd, rig->ioas_id, iova, length, NULL);
}

static __u32 fleeting_ioas(const struct race *race)
{
	return __atomic_load_n(&race->ioas_id, __ATOMIC_RELAXED);
}

/* In an IOAS that may be gone, or be a new one by the time of the unmap */
static int step_map_fleeting(struct runner *runner)
{
	struct race *race = runner->race;
	__u64 length = 4 * page_size();
	__u64 offset = runner->index * length;
	int fd = race->guest.rig.fd;
	int rc = but(ioas_map_fixed(fd, fleeting_ioas(race),
				    race->mem + offset, length,
				    GUEST_NOTHING + offset, IOAS_MAP_RW),
		     -ENOENT, -EEXIST);

	return rc ? rc : but(ioas_unmap(fd, fleeting_ioas(race),
					GUEST_NOTHING + offset, length, NULL),
			     -ENOENT, 0);
}

/* Destroy that IOAS and make another; EBUSY while an ioctl is in it */
static int step_destroy_ioas(struct runner *runner)
{
	struct race *race = runner->race;
	__u32 id = 0;
	int rc = object_destroy(race->guest.rig.fd, fleeting_ioas(race));

	if (rc)
		return but(rc, -EBUSY, 0);
	rc = ioas_alloc(race->guest.rig.fd, &id);
	__atomic_store_n(&race->ioas_id, id, __ATOMIC_RELAXED);
	return rc;
}

/* A HWPT of the IOAS under the mapping threads */
static int step_hwpt(struct runner *runner)
{
	const struct guest *guest = &runner->race->guest;
	__u32 hwpt_id = 0;
	int rc = hwpt_alloc(guest->rig.fd, guest->dev.idev_id,
			    guest->rig.ioas_id, IOMMU_HWPT_ALLOC_NEST_PARENT,
			    &hwpt_id);

	return rc ? rc : object_destroy(guest->rig.fd, hwpt_id);
}

/* A nested HWPT, used once */
static int step_replace(struct runner *runner)
{
	const struct guest *guest = &runner->race->guest;
	const struct rig *rig = &guest->rig;
	struct iommu_hwpt_selftest_v2 data = {
		.format = guest->levels,
		.root = guest->root,
	};
	__u32 hwpt_id = 0;
	int rc = hwpt_alloc_nested(rig->fd, guest->dev.idev_id, rig->parent_id,
				   IOMMU_HWPT_DATA_SELFTEST, &data,
				   sizeof(data), &hwpt_id);

	if (rc)
		return rc;
	rc = mock_replace(rig->fd, guest->dev.stdev_id, hwpt_id, NULL);
	if (!rc)
		rc = mock_replace(rig->fd, guest->dev.stdev_id, guest->hwpt,
				  NULL);
	return rc ? rc : object_destroy(rig->fd, hwpt_id);
}

/* Attach another device and detach it again */
static int step_device(struct runner *runner)
{
	const struct guest *guest = &runner->race->guest;
	struct mock_dev dev;
	int rc = mock_device(guest->rig.fd, guest->rig.ioas_id, &dev);

	return rc ? rc : object_destroy(guest->rig.fd, dev.stdev_id);
}

/* Take data page 0 away from stage 2 and give it back */
static int step_stage2(struct runner *runner)
{
	const struct guest *guest = &runner->race->guest;
	const struct rig *rig = &guest->rig;
	__u64 length = DATA_PAGES * SZ_4K;
	int rc = ioas_unmap(rig->fd, rig->ioas_id, GUEST_DATA, length, NULL);

	return rc ? rc : ioas_map_fixed(rig->fd, rig->ioas_id, guest->data,
					length, GUEST_DATA, IOAS_MAP_RW);
}

static int step_invalidate(struct runner *runner)
{
	const struct guest *guest = &runner->race->guest;
	int rc = guest_invalidate(guest, IOVA_4LEVEL, 1);

	return rc ? rc : guest_invalidate_all(guest);
}

/* Blocked or not, but never the wrong data and never a failing ioctl */
static int step_dma(struct runner *runner)
{
	__u64 seen = guest_peek(&runner->race->guest, IOVA_4LEVEL);

	if (seen == MARK(0) || seen == DMA_UNMAPPED || seen == DMA_DETACHED)
		return 0;
	return -EIO;
}

/* A device that is gone as soon as it is there */
static int step_fleeting_device(struct runner *runner)
{
	struct race *race = runner->race;
	struct mock_dev dev;
	int rc = mock_device_create(race->guest.rig.fd, MOCK_IOMMU_FULL, 0, 0,
				    0, &dev);

	if (rc)
		return rc;
	__atomic_store_n(&race->idev_id, dev.idev_id, __ATOMIC_RELAXED);
	return object_destroy(race->guest.rig.fd, dev.stdev_id);
}

/* It belongs to the driver that bound it, to the end */
static int step_destroy_bound(struct runner *runner)
{
	const struct race *race = runner->race;
	int rc = object_destroy(race->guest.rig.fd,
				__atomic_load_n(&race->idev_id,
						__ATOMIC_RELAXED));

	return rc ? but(rc, -EBUSY, -ENOENT) : -EIO;
}

#define LARGE_PAGES 1024

/* Map so much untouched memory that it takes long. Others may unmap it */
static int step_map_slowly(struct runner *runner)
{
	const struct rig *rig = &runner->race->guest.rig;
	__u64 length = LARGE_PAGES * page_size();
	int rc = ioas_map_fixed(rig->fd, rig->ioas_id, runner->race->large,
				length, GUEST_NOTHING, IOAS_MAP_RW);

	if (rc)
		return rc;
	rc = ioas_unmap(rig->fd, rig->ioas_id, GUEST_NOTHING, length, NULL);
	madvise(runner->race->large, length, MADV_REMOVE);
	return but(rc, -ENOENT, 0);
}

/* Of what is still coming it is not told */
static int step_unmap_slow(struct runner *runner)
{
	const struct rig *rig = &runner->race->guest.rig;

	if (runner->steps % 2)
		return ioas_unmap_all(rig->fd, rig->ioas_id, NULL);
	return but(ioas_unmap(rig->fd, rig->ioas_id,
			      GUEST_NOTHING - page_size(),
			      (LARGE_PAGES + 2) * page_size(), NULL),
		   -ENOENT, 0);
}

/* To an IOAS with so much memory that filling a HWPT takes long, and back */
static int step_replace_slowly(struct runner *runner)
{
	const struct race *race = runner->race;
	const struct rig *rig = &race->guest.rig;
	int rc = mock_replace(rig->fd, rig->dev.stdev_id, rig->ioas_id, NULL);

	return rc ? rc : mock_replace(rig->fd, rig->dev.stdev_id, race->ioas_id,
				      NULL);
}

static bool is_kept(const struct rig *rig, __u32 id)
{
	unsigned int i;

	for (i = 0; i < rig->nr_objects; i++)
		if (rig->objects[i] == id)
			return true;
	return false;
}

/* The HWPTs which that makes: in use by the time they can be found */
static int step_destroy_automatic(struct runner *runner)
{
	const struct rig *rig = &runner->race->guest.rig;
	__u32 id;
	int rc = 0;

	for (id = 1; id <= 16 && !rc; id++)
		if (!is_kept(rig, id))
			rc = but(object_destroy(rig->fd, id), -ENOENT, -EBUSY);
	return rc;
}

/* Move one device of a group to the fleeting IOAS and back to the guest's */
static int step_move_group(struct runner *runner)
{
	const struct race *race = runner->race;
	const struct rig *rig = &race->guest.rig;
	__u32 stdev_id = race->group[runner->index].stdev_id;
	int rc = mock_replace(rig->fd, stdev_id, race->ioas_id, NULL);

	return rc ? rc : mock_replace(rig->fd, stdev_id, rig->ioas_id, NULL);
}

/* Where thread number index maps its four pages, and how much that is */
static __u64 own_iova(const struct runner *runner)
{
	return GUEST_NOTHING + runner->index * 4 * page_size();
}

/*
 * Pin what the mapping thread of the same number maps. It may be unmapped, so
 * that the access was asked to let go before it is told to.
 */
static int step_pin(struct runner *runner)
{
	struct race *race = runner->race;
	__u64 skip = runner->steps % 3 * page_size();
	int fd = race->guest.rig.fd;
	__u32 id = 0;
	int rc;

	rc = mock_access_pin(fd, race->access_fd[0], 0, own_iova(runner) + skip,
			     2 * page_size(),
			     race->mem + runner->index * 4 * page_size() + skip,
			     &id);
	if (rc)
		return but(rc, -ENOENT, 0);
	return but(mock_access_unpin(fd, race->access_fd[0], id), -ENOENT, 0);
}

/* The same, but leaves it to the unmapping thread to have it unpinned */
static int step_pin_and_forget(struct runner *runner)
{
	struct race *race = runner->race;

	return but(mock_access_pin(race->guest.rig.fd, race->access_fd[0], 0,
				   own_iova(runner), page_size(),
				   race->mem + runner->index * 4 * page_size(),
				   NULL),
		   -ENOENT, 0);
}

static int step_rw(struct runner *runner)
{
	struct race *race = runner->race;
	__u32 flags = runner->steps % 2 ? MOCK_ACCESS_RW_SLOW_PATH : 0;
	char buf[64];

	if (runner->steps % 3 == 0)
		flags |= MOCK_ACCESS_RW_WRITE;
	memset(buf, runner->steps, sizeof(buf));
	return but(mock_access_rw(race->guest.rig.fd, race->access_fd[1], flags,
				  own_iova(runner) + page_size() - 30, buf,
				  sizeof(buf)),
		   -ENOENT, 0);
}

/* Copy what another thread maps, to a place of one's own */
static int step_copy(struct runner *runner)
{
	const struct rig *rig = &runner->race->guest.rig;
	__u64 skip = runner->steps % 3 * page_size(), length = 2 * page_size();
	__u64 dst = GUEST_NOTHING + SZ_2M + runner->index * SZ_2M;
	__u64 unmapped = 0;
	int rc;

	rc = ioas_copy_fixed(rig->fd, rig->ioas_id, rig->ioas_id, length, dst,
			     own_iova(runner) + skip, IOAS_MAP_RW);
	if (rc)
		return but(rc, -ENOENT, 0);
	rc = ioas_unmap(rig->fd, rig->ioas_id, dst, length, &unmapped);
	return rc ? rc : unmapped == length ? 0 : -ERANGE;
}

/* Move the access to the other IOAS, where nothing is mapped, and back */
static int step_replace_access(struct runner *runner)
{
	const struct race *race = runner->race;
	const struct rig *rig = &race->guest.rig;
	int rc = mock_access_replace(rig->fd, race->access_fd[runner->index],
				     race->ioas_id);

	return rc ? rc : mock_access_replace(rig->fd,
					     race->access_fd[runner->index],
					     rig->ioas_id);
}

/* An access that is gone as soon as it has pinned something */
static int step_fleeting_access(struct runner *runner)
{
	struct race *race = runner->race;
	const struct rig *rig = &race->guest.rig;
	__u32 fd = 0;
	int rc = mock_access_create(rig->fd, rig->ioas_id, ACCESS_PINS, &fd);

	if (rc)
		return rc;
	rc = but(mock_access_pin(rig->fd, fd, 0, own_iova(runner), page_size(),
				 race->mem + runner->index * 4 * page_size(),
				 NULL),
		 -ENOENT, 0);
	close(fd);
	return rc;
}

/* ---- Tests ---- */

/* Both accesses, the IOAS they may be moved to, and a device */
static void open_accesses(struct __test_metadata *_metadata, struct race *race)
{
	struct rig *rig = &race->guest.rig;

	rig_open_device(_metadata, rig);
	race->ioas_id = rig_ioas(_metadata, rig);
	ASSERT_EQ(0, mock_access_create(rig->fd, rig->ioas_id, ACCESS_PINS,
					&race->access_fd[0]));
	ASSERT_EQ(0, mock_access_create(rig->fd, rig->ioas_id, 0,
					&race->access_fd[1]));
}

static void expect_nothing_pinned(struct __test_metadata *_metadata,
				  const struct race *race)
{
	EXPECT_EQ(0, mock_check_refs(race->guest.rig.fd, race->mem,
				     64 * page_size(), 0));
	EXPECT_EQ(race->guest.rig.pinned_kb, pinned_kb());
}

TEST_F_TIMEOUT(race, maps_and_unmaps_side_by_side_never_fail, 60)
{
	struct runner runners[] = {
		{ .step = step_map_own, .index = 0 },
		{ .step = step_map_own, .index = 1 },
		{ .step = step_map_own, .index = 2 },
	};

	rig_open_device(_metadata, &self->race.guest.rig);
	run_all(_metadata, &self->race, runners, ARRAY_SIZE(runners));
	EXPECT_EQ(0, mock_check_refs(self->race.guest.rig.fd, self->race.mem,
				     12 * page_size(), 0));
}

TEST_F_TIMEOUT(race, automatic_maps_side_by_side_never_fail, 60)
{
	struct runner runners[] = {
		{ .step = step_map_auto, .index = 0 },
		{ .step = step_map_auto, .index = 1 },
		{ .step = step_map_auto, .index = 2 },
	};

	rig_open_device(_metadata, &self->race.guest.rig);
	run_all(_metadata, &self->race, runners, ARRAY_SIZE(runners));
	EXPECT_EQ(0, mock_check_refs(self->race.guest.rig.fd, self->race.mem,
				     12 * page_size(), 0));
}

TEST_F_TIMEOUT(race, destroy_of_an_ioas_that_is_mapped_in, 60)
{
	struct runner runners[] = {
		{ .step = step_map_fleeting, .index = 0 },
		{ .step = step_map_fleeting, .index = 1 },
		{ .step = step_destroy_ioas },
	};
	struct rig *rig = &self->race.guest.rig;
	__u32 id = 0;

	rig_open(_metadata, rig);
	ASSERT_EQ(0, ioas_alloc(rig->fd, &id));
	self->race.ioas_id = id;
	run_all(_metadata, &self->race, runners, ARRAY_SIZE(runners));
	EXPECT_EQ(0, object_destroy(rig->fd, self->race.ioas_id));
}

TEST_F_TIMEOUT(race, hwpts_and_devices_come_and_go_under_maps, 60)
{
	struct runner runners[] = {
		{ .step = step_map_own, .index = 0 },
		{ .step = step_map_own, .index = 1 },
		{ .step = step_hwpt },
		{ .step = step_device },
	};
	struct guest *guest = &self->race.guest;

	rig_open_device(_metadata, &guest->rig);
	guest->dev = guest->rig.dev;
	run_all(_metadata, &self->race, runners, ARRAY_SIZE(runners));
	EXPECT_EQ(0, mock_check_refs(guest->rig.fd, self->race.mem,
				     8 * page_size(), 0));
}

TEST_F_TIMEOUT(race, bound_device_is_never_destroyed, 60)
{
	struct runner runners[] = {
		{ .step = step_fleeting_device },
		{ .step = step_destroy_bound },
		{ .step = step_destroy_bound },
	};

	rig_open(_metadata, &self->race.guest.rig);
	run_all(_metadata, &self->race, runners, ARRAY_SIZE(runners));
}

/* What a replace has made must not outlive the last device that was on it */
TEST_F_TIMEOUT(race, devices_of_a_group_pull_it_both_ways, 60)
{
	struct runner runners[] = {
		{ .step = step_move_group, .index = 0 },
		{ .step = step_move_group, .index = 1 },
	};
	struct race *race = &self->race;
	struct rig *rig = &race->guest.rig;
	__u32 hwpt_id = 0;
	unsigned int i;

	rig_open_device(_metadata, rig);
	ASSERT_EQ(0, ioas_alloc(rig->fd, &race->ioas_id));
	for (i = 0; i < ARRAY_SIZE(race->group); i++) {
		ASSERT_EQ(0, mock_device_create(rig->fd, MOCK_IOMMU_FULL,
						race->group[0].stdev_id, 0, 0,
						&race->group[i]));
		rig_keep(_metadata, rig, race->group[i].stdev_id);
	}
	for (i = 0; i < ARRAY_SIZE(race->group); i++) {
		hwpt_id = rig->ioas_id;
		ASSERT_EQ(0, mock_attach(rig->fd, race->group[i].stdev_id,
					 rig->ioas_id, &hwpt_id));
	}
	run_all(_metadata, race, runners, ARRAY_SIZE(runners));
	EXPECT_EQ(0, mock_replace(rig->fd, race->group[0].stdev_id,
				  rig->ioas_id, NULL));
	EXPECT_EQ(0, object_destroy(rig->fd, race->ioas_id));
}

TEST_F_TIMEOUT(race, dma_under_everything_that_nesting_can_do, 60)
{
	struct runner runners[] = {
		{ .step = step_dma },
		{ .step = step_stage2 },
		{ .step = step_replace },
		{ .step = step_invalidate },
	};
	struct guest *guest = &self->race.guest;

	guest_start(_metadata, guest, IOMMU_HWPT_SELFTEST_S1_4LEVEL);
	guest_map(_metadata, guest, IOVA_4LEVEL, guest_data_gpa(0));
	run_all(_metadata, &self->race, runners, ARRAY_SIZE(runners));
	EXPECT_EQ(MARK(0), guest_peek(guest, IOVA_4LEVEL));
}

TEST_F_TIMEOUT(race, accesses_pin_what_comes_and_goes, 60)
{
	struct runner runners[] = {
		{ .step = step_map_own },
		{ .step = step_pin },
		{ .step = step_pin },
		{ .step = step_pin_and_forget },
		{ .step = step_rw },
	};

	open_accesses(_metadata, &self->race);
	run_all(_metadata, &self->race, runners, ARRAY_SIZE(runners));
	expect_nothing_pinned(_metadata, &self->race);
}

TEST_F_TIMEOUT(race, copies_of_what_comes_and_goes, 60)
{
	struct runner runners[] = {
		{ .step = step_map_own, .index = 0 },
		{ .step = step_copy, .index = 0 },
		{ .step = step_copy, .index = 1 },
		{ .step = step_map_own, .index = 1 },
	};

	open_accesses(_metadata, &self->race);
	run_all(_metadata, &self->race, runners, ARRAY_SIZE(runners));
	expect_nothing_pinned(_metadata, &self->race);
}

/* Nobody else has the pages: whoever comes first pins, and the last unpins */
TEST_F_TIMEOUT(race, accesses_and_domains_share_pins, 60)
{
	struct runner runners[] = {
		{ .step = step_device },
		{ .step = step_pin, .index = 0 },
		{ .step = step_pin, .index = 0 },
		{ .step = step_copy, .index = 0 },
		{ .step = step_rw, .index = 0 },
	};
	struct race *race = &self->race;
	struct rig *rig = &race->guest.rig;

	open_accesses(_metadata, race);
	rig_destroy(_metadata, rig, rig->dev.stdev_id);
	ASSERT_EQ(0, ioas_map_fixed(rig->fd, rig->ioas_id, race->mem,
				    4 * page_size(), GUEST_NOTHING,
				    IOAS_MAP_RW));
	run_all(_metadata, race, runners, ARRAY_SIZE(runners));
	expect_nothing_pinned(_metadata, race);
	EXPECT_EQ(0, ioas_unmap(rig->fd, rig->ioas_id, GUEST_NOTHING,
				4 * page_size(), NULL));
}

TEST_F_TIMEOUT(race, accesses_are_moved_while_they_work, 60)
{
	struct runner runners[] = {
		{ .step = step_map_own },
		{ .step = step_pin },
		{ .step = step_pin_and_forget },
		{ .step = step_rw },
		{ .step = step_replace_access, .index = 0 },
		{ .step = step_replace_access, .index = 1 },
	};

	open_accesses(_metadata, &self->race);
	run_all(_metadata, &self->race, runners, ARRAY_SIZE(runners));
	expect_nothing_pinned(_metadata, &self->race);
}

TEST_F_TIMEOUT(race, accesses_come_and_go, 60)
{
	struct runner runners[] = {
		{ .step = step_map_own },
		{ .step = step_fleeting_access },
		{ .step = step_fleeting_access },
		{ .step = step_pin },
		{ .step = step_device },
	};

	open_accesses(_metadata, &self->race);
	run_all(_metadata, &self->race, runners, ARRAY_SIZE(runners));
	expect_nothing_pinned(_metadata, &self->race);
}

TEST_F_TIMEOUT(race, everything_an_ioas_can_do, 60)
{
	struct runner runners[] = {
		{ .step = step_map_own, .index = 0 },
		{ .step = step_map_auto, .index = 1 },
		{ .step = step_copy, .index = 0 },
		{ .step = step_pin, .index = 0 },
		{ .step = step_rw, .index = 0 },
		{ .step = step_replace_access, .index = 0 },
		{ .step = step_device },
		{ .step = step_hwpt },
	};
	struct guest *guest = &self->race.guest;

	open_accesses(_metadata, &self->race);
	guest->dev = guest->rig.dev;
	run_all(_metadata, &self->race, runners, ARRAY_SIZE(runners));
	expect_nothing_pinned(_metadata, &self->race);
}

TEST_F_TIMEOUT(race, unmap_of_what_is_still_being_mapped, 60)
{
	struct runner runners[] = {
		{ .step = step_map_slowly },
		{ .step = step_unmap_slow },
		{ .step = step_unmap_slow },
	};
	struct race *race = &self->race;

	race->large = get_memory(_metadata, LARGE_PAGES * page_size());
	rig_open_device(_metadata, &race->guest.rig);
	run_all(_metadata, race, runners, ARRAY_SIZE(runners));
}

TEST_F_TIMEOUT(race, destroy_of_what_is_not_whole_yet, 60)
{
	struct runner runners[] = {
		{ .step = step_replace_slowly },
		{ .step = step_destroy_automatic },
		{ .step = step_destroy_automatic },
	};
	struct race *race = &self->race;
	struct rig *rig = &race->guest.rig;

	race->large = get_memory(_metadata, LARGE_PAGES * page_size());
	rig_open_device(_metadata, rig);
	race->ioas_id = rig_ioas(_metadata, rig);
	ASSERT_EQ(0, mock_replace(rig->fd, rig->dev.stdev_id, race->ioas_id,
				  NULL));
	rig_map(_metadata, rig, race->large, LARGE_PAGES * page_size(),
		GUEST_NOTHING, IOAS_MAP_RW);
	run_all(_metadata, race, runners, ARRAY_SIZE(runners));
}

TEST_HARNESS_MAIN
