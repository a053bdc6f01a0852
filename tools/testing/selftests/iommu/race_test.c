// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads that meet in one /dev/iommu, each test for a fixed short time. The
 * kernel's own checkers do most of the judging; here an ioctl may fail only
 * with an errno that another thread can be the reason for.
 */
#include "guest.h"
#include <pthread.h>
#include <time.h>

/* How long each test runs; a step takes microseconds to milliseconds */
#define SECONDS 2

struct race;

/**
 * struct runner - one thread
 * @race: What it belongs to
 * @step: Called over and over; returns 0 or the errno nobody can explain
 * @index: Number of the thread among those that do the same
 * @steps: How many steps it made
 * @error: The first error that step() returned
 * @thread: The thread
 */
struct runner {
	struct race *race;
	int (*step)(struct runner *runner);
	unsigned int index;
	unsigned int steps;
	int error;
	pthread_t thread;
};

/**
 * struct race - what the threads share
 * @guest: The guest, in tests that have one
 * @ioas_id: An IOAS that may go and come
 * @idev_id: A bound device that comes and goes
 * @group: Two devices of one group
 * @mem: Memory, four pages for each thread
 * @start: When it began
 */
struct race {
	struct guest guest;
	__u32 ioas_id;
	__u32 idev_id;
	struct mock_dev group[2];
	char *mem;
	struct timespec start;
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
	rig_close(_metadata, &self->race.guest.rig);
}

static bool time_is_up(const struct race *race)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec - race->start.tv_sec > SECONDS ||
	       (now.tv_sec - race->start.tv_sec == SECONDS &&
		now.tv_nsec >= race->start.tv_nsec);
}

static void *run(void *arg)
{
	struct runner *runner = arg;

	while (!runner->error && !time_is_up(runner->race)) {
		runner->error = runner->step(runner);
		runner->steps++;
	}
	return NULL;
}

static void run_all(struct __test_metadata *_metadata, struct race *race,
		    struct runner *runners, unsigned int num)
{
	unsigned int i;

	clock_gettime(CLOCK_MONOTONIC, &race->start);
	for (i = 0; i < num; i++) {
		runners[i].race = race;
		ASSERT_EQ(0, pthread_create(&runners[i].thread, NULL, run,
					    &runners[i]));
	}
	for (i = 0; i < num; i++) {
		ASSERT_EQ(0, pthread_join(runners[i].thread, NULL));
	}
	for (i = 0; i < num; i++) {
		EXPECT_EQ(0, runners[i].error) {
			TH_LOG("thread %u, step %u: %s", i, runners[i].steps,
			       strerror(-runners[i].error));
		}
		EXPECT_LT(0U, runners[i].steps);
	}
}

/* rc, unless it is one of the two that are fine */
static int but(int rc, int fine, int fine_too)
{
	return rc == fine || rc == fine_too ? 0 : rc;
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

/* Move one device of a group to the fleeting IOAS and back to the guest's */
static int step_move_group(struct runner *runner)
{
	const struct race *race = runner->race;
	const struct rig *rig = &race->guest.rig;
	__u32 stdev_id = race->group[runner->index].stdev_id;
	int rc = mock_replace(rig->fd, stdev_id, race->ioas_id, NULL);

	return rc ? rc : mock_replace(rig->fd, stdev_id, rig->ioas_id, NULL);
}

/* ---- Tests ---- */

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

TEST_HARNESS_MAIN
