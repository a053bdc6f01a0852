// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random calls of everything /dev/iommu has, by several threads, for a fixed time.
 *
 * FUZZ_SEED and FUZZ_SECONDS say from where and for how long. A thread's calls follow
 * from the seed, which is the same unless it is given: who tests a kernel a second
 * time has changed something else. The kernel's own checkers do most of the judging.
 * Here no call returns what the interface does not have, none takes longer than
 * STUCK_SECONDS, no ID is given twice, all can be destroyed in the end, and no page
 * stays pinned nor charged.
 *
 * fuzz.h says what the parts are.
 */
#include <signal.h>
#include <time.h>

#include "common.h"
#include "fuzz.h"
#include "pci.h"

/* Two minutes in all */
#define DEFAULT_SECONDS 110
#define DEFAULT_SEED 612
#define TELL_SECONDS	10
#define STUCK_SECONDS	90
/* Of so many calls of an operation one succeeds */
#define ENOUGH_CALLS 5000
/* What a child of the harness may take; scripts/initramfs knows better */
#define FOREVER 1000000

FIXTURE(fuzz)
{
	__u64 seed;
	__u64 seconds;
	unsigned long pinned_kb;
};

static __u64 setting(const char *name, __u64 otherwise)
{
	const char *text = getenv(name);

	return text && *text ? strtoull(text, NULL, 0) : otherwise;
}

/* What fails on demand is told nobody, and may be anything */
static void set_up_injection(void)
{
	sysfs_write("/sys/kernel/debug/failslab/verbose", "0");
	sysfs_write("/sys/kernel/debug/fail_page_alloc/verbose", "0");
	sysfs_write("/sys/kernel/debug/fail_usercopy/verbose", "0");
	sysfs_write("/sys/kernel/debug/failslab/ignore-gfp-wait", "N");
	sysfs_write("/sys/kernel/debug/fail_page_alloc/ignore-gfp-wait", "N");
	sysfs_write("/sys/kernel/debug/fail_page_alloc/ignore-gfp-highmem",
		    "N");
	sysfs_write("/sys/kernel/debug/fail_page_alloc/min-order", "0");
}

static bool has_mock(void)
{
	int fd = iommufd_open();
	int rc = fd < 0 ? fd : mock_memory_limit(fd, MOCK_MEMORY_LIMIT_NONE);

	if (fd >= 0)
		close(fd);
	return !rc;
}

FIXTURE_SETUP(fuzz)
{
	if (!has_mock())
		SKIP(_exit(EXIT_SKIPPED), "no mock IOMMU in this kernel");
	self->seed = setting("FUZZ_SEED", DEFAULT_SEED);
	self->seconds = setting("FUZZ_SECONDS", DEFAULT_SECONDS);
	printf("# seed %llu, %llu s; again: FUZZ_SEED=%llu FUZZ_SECONDS=%llu ./fuzz_test\n",
	       self->seed, self->seconds, self->seed, self->seconds);
	fflush(stdout);
	set_up_injection();
	self->pinned_kb = pinned_kb();
	limit_memlock(_metadata, FUZZ_MEMLOCK);
	ASSERT_EQ(0, fuzz_log_open());
	ASSERT_EQ(0, fuzz_memory_open());
	ASSERT_EQ(0, fuzz_files_open());
	ASSERT_EQ(0, fuzz_workers_prepare(self->seed));
}

FIXTURE_TEARDOWN(fuzz)
{
}

/* ---- The run ---- */

static long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + 1;
}

static void report(const char *when, long seconds)
{
	unsigned long calls = fuzz_tally_sum(false);

	fuzz_tally_print();
	printf("# %s: %ld s, %lu calls (%lu a second), %lu of them succeeded",
	       when, seconds, calls, calls / (seconds ? seconds : 1),
	       fuzz_tally_sum(true));
	if (fuzz_cover_pcs())
		printf(", %u PCs, %u sequences kept", fuzz_cover_pcs(),
		       fuzz_corpus_size());
	printf("\n");
	fflush(stdout);
}

static void look_for_stuck(void)
{
	unsigned int i;
	long since;

	for (i = 0; i < FUZZ_THREADS; i++) {
		since = atomic_load(&fuzz_workers[i].since);
		if (since && now() - since > STUCK_SECONDS)
			fuzz_fail("thread %u has been in one call for %ld s", i,
				  now() - since);
	}
}

/* Disturb the threads, which no call is to notice, until it is over */
static void watch(const struct _test_data_fuzz *self)
{
	struct dice dice = {self->seed ^ 0x51};
	long start = now(), told = start;
	unsigned int i;

	while (!atomic_load(&fuzz_stop)) {
		usleep(10000);
		i = dice_below(&dice, FUZZ_THREADS);
		pthread_kill(fuzz_workers[i].thread, SIGUSR1);
		look_for_stuck();
		if (now() - told >= TELL_SECONDS) {
			told = now();
			report("so far", told - start);
		}
		if (now() - start >= (long)self->seconds)
			atomic_store(&fuzz_stop, true);
	}
	report("in all", now() - start);
}

/* 0 if one that is stuck keeps the run from its end */
static bool join_all(void)
{
	struct timespec until;
	unsigned int i;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += STUCK_SECONDS;
	for (i = 0; i < FUZZ_THREADS; i++)
		if (pthread_timedjoin_np(fuzz_workers[i].thread, NULL, &until))
			return false;
	return true;
}

/* ---- The end ---- */

/* This much can be locked again, and not a page more */
static void expect_nothing_charged(struct __test_metadata *_metadata)
{
	struct rig rig;
	char *mem;

	rig_open_device(_metadata, &rig);
	mem = get_memory(_metadata, FUZZ_MEMLOCK + page_size());
	EXPECT_EQ(0, ioas_map_fixed(rig.fd, rig.ioas_id, mem, FUZZ_MEMLOCK,
				    2 * APERTURE_FIRST, IOAS_MAP_RW)) {
		TH_LOG("memory that nobody has mapped is still charged");
	}
	rig.mapped = FUZZ_MEMLOCK;
	EXPECT_EQ(-ENOMEM,
		  ioas_map_fixed(rig.fd, rig.ioas_id, mem + FUZZ_MEMLOCK,
				 page_size(), APERTURE_FIRST, IOAS_MAP_RW));
	rig_close(_metadata, &rig);
}

TEST_F_TIMEOUT(fuzz, calls_of_all_kinds_by_threads, FOREVER)
{
	unsigned int i;

	for (i = 0; i < FUZZ_THREADS; i++)
		fuzz_worker_start(&fuzz_workers[i]);
	watch(self);
	if (!join_all())
		fuzz_fail("a thread does not come back from its call");
	if (!fuzz_failure())
		fuzz_files_close();
	if (fuzz_failure()) {
		fuzz_log_dump();
		ASSERT_EQ(NULL, fuzz_failure()) {
			TH_LOG("%s (FUZZ_SEED=%llu)", fuzz_failure(),
			       self->seed);
		}
	}
	/* What never succeeds is described wrongly */
	EXPECT_EQ(NULL, fuzz_tally_unused(ENOUGH_CALLS)) {
		TH_LOG("%s has never succeeded",
		       fuzz_tally_unused(ENOUGH_CALLS));
	}
	fuzz_memory_close();
	EXPECT_EQ(self->pinned_kb, pinned_kb());
	mock_memory_limit(iommufd_open(), MOCK_MEMORY_LIMIT_NONE);
	expect_nothing_charged(_metadata);
}

TEST_HARNESS_MAIN
