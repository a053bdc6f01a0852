/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Threads that do the same thing over and over, all for the same short time.
 */
#ifndef __SELFTEST_IOMMU_RACE_H
#define __SELFTEST_IOMMU_RACE_H

#include "common.h"
#include <pthread.h>
#include <time.h>

/* How long each test runs; a step takes microseconds to milliseconds */
#define SECONDS 2

struct race;

/**
 * struct runner - one thread
 * @race: What the threads share, as the test defines it
 * @step: Called over and over; returns 0 or the errno nobody can explain
 * @index: Number of the thread among those that do the same
 * @steps: How many steps it made
 * @error: The first error that step() returned
 * @start: When all began
 * @thread: The thread
 */
struct runner {
	struct race *race;
	int (*step)(struct runner *runner);
	unsigned int index;
	unsigned int steps;
	int error;
	struct timespec start;
	pthread_t thread;
};

static inline bool time_is_up(const struct runner *runner)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec - runner->start.tv_sec > SECONDS ||
	       (now.tv_sec - runner->start.tv_sec == SECONDS &&
		now.tv_nsec >= runner->start.tv_nsec);
}

static inline void *run(void *arg)
{
	struct runner *runner = arg;

	/* Once at least, however late a busy machine has started this thread */
	do {
		runner->error = runner->step(runner);
		runner->steps++;
	} while (!runner->error && !time_is_up(runner));
	return NULL;
}

static inline void run_all(struct __test_metadata *_metadata,
			   struct race *race, struct runner *runners,
			   unsigned int num)
{
	struct timespec start;
	unsigned int i;

	clock_gettime(CLOCK_MONOTONIC, &start);
	for (i = 0; i < num; i++) {
		runners[i].race = race;
		runners[i].start = start;
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
static inline int but(int rc, int fine, int fine_too)
{
	return rc == fine || rc == fine_too ? 0 : rc;
}

#endif
