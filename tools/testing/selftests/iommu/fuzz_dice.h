/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Random numbers that repeat: all of them follow from one seed, and each struct dice
 * is used by one thread.
 */
#ifndef __SELFTEST_IOMMU_FUZZ_DICE_H
#define __SELFTEST_IOMMU_FUZZ_DICE_H

#include <stdbool.h>
#include <linux/types.h>

struct dice {
	__u64 state;
};

/* A Weyl sequence, mixed (splitmix64) */
static inline __u64 dice_roll(struct dice *dice)
{
	__u64 x = dice->state += 0x9e3779b97f4a7c15ULL;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
	return x ^ x >> 31;
}

/* Below n, which is not 0 */
static inline __u64 dice_below(struct dice *dice, __u64 n)
{
	return dice_roll(dice) % n;
}

static inline bool dice_percent(struct dice *dice, unsigned int percent)
{
	return dice_below(dice, 100) < percent;
}

/* Once in n times */
static inline bool dice_once_in(struct dice *dice, unsigned int n)
{
	return !dice_below(dice, n);
}

#endif
