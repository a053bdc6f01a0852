// SPDX-License-Identifier: GPL-2.0-only
/*
 * What became of the calls, by operation and by errno, and the lines that tell.
 *
 * Numbers only grow. Those of one line are read one after another while threads
 * count, so they need not add up until the end.
 */
#include <stdio.h>

#include "fuzz.h"

#define OPS_MAX 128
#define ERRNO_MAX 134
/* As many as fit on a line */
#define TOLD_MAX 6

/**
 * struct tally - what became of an operation
 * @came_to: How often, by errno; 0 is success
 * @usec: How long all these took
 */
struct tally {
	atomic_ulong came_to[ERRNO_MAX];
	atomic_ulong usec;
};

static struct tally tallies[OPS_MAX];

bool fuzz_tally_fits(void)
{
	return fuzz_num_ops() <= OPS_MAX;
}

void fuzz_tally(unsigned int op, int rc, unsigned long usec)
{
	unsigned int error = rc < 0 && -rc < ERRNO_MAX ? -rc : 0;

	atomic_fetch_add(&tallies[op].came_to[error], 1);
	atomic_fetch_add(&tallies[op].usec, usec);
}

static unsigned long count(unsigned int op, unsigned int error)
{
	return atomic_load(&tallies[op].came_to[error]);
}

static unsigned long count_calls(unsigned int op)
{
	unsigned long calls = 0;
	unsigned int error;

	for (error = 0; error < ERRNO_MAX; error++)
		calls += count(op, error);
	return calls;
}

/* The errno that most calls came to, of those not told yet; 0 if none is left */
static unsigned int most_frequent(const unsigned long *counts, const bool *told)
{
	unsigned int error, best = 0;

	for (error = 1; error < ERRNO_MAX; error++)
		if (counts[error] && !told[error] &&
		    (!best || counts[error] > counts[best]))
			best = error;
	return best;
}

static void print_errnos(const unsigned long *counts)
{
	bool told[ERRNO_MAX] = {};
	unsigned int i, error;
	const char *name;

	for (i = 0; i < TOLD_MAX; i++) {
		error = most_frequent(counts, told);
		if (!error)
			break;
		told[error] = true;
		name = strerrorname_np(error);
		printf(" %s %lu", name ? name : "E?", counts[error]);
	}
}

static void print_op(unsigned int op)
{
	unsigned long counts[ERRNO_MAX], calls = 0;
	unsigned int error;

	for (error = 0; error < ERRNO_MAX; error++) {
		counts[error] = count(op, error);
		calls += counts[error];
	}
	printf("#   %-18s %8lu calls %8lu ok %6lu us:",
	       fuzz_op_get(op)->name, calls, counts[0],
	       atomic_load(&tallies[op].usec) / (calls ? calls : 1));
	print_errnos(counts);
	printf("\n");
}

/* A line for each operation: calls, successes, how long one takes, errnos */
void fuzz_tally_print(void)
{
	unsigned int op;

	for (op = 0; op < fuzz_num_ops(); op++)
		print_op(op);
	fflush(stdout);
}

/* Calls of all operations, or those of them that succeeded */
unsigned long fuzz_tally_sum(bool good)
{
	unsigned long sum = 0;
	unsigned int op;

	for (op = 0; op < fuzz_num_ops(); op++)
		sum += good ? count(op, 0) : count_calls(op);
	return sum;
}

/* An operation that was called so often and has never succeeded, or NULL */
const char *fuzz_tally_unused(unsigned long min_calls)
{
	unsigned int op;

	for (op = 0; op < fuzz_num_ops(); op++)
		if (!count(op, 0) && count_calls(op) >= min_calls)
			return fuzz_op_get(op)->name;
	return NULL;
}
