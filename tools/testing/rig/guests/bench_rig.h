/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the programs of the bench have in common: counting, memory of various kinds,
 * rows.
 *
 * QEMU runs with -icount shift=0: the time-stamp counter then counts instructions.
 * Interrupts can only add to a measurement, so the best of some rounds is what is
 * printed, one line a row:
 *
 *	row <name> <instructions or bytes>
 *
 * tools/testing/rig/bench/rows says what the rows are.
 */
#ifndef __RIG_BENCH_RIG_H
#define __RIG_BENCH_RIG_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <x86intrin.h>

#include "../../selftests/iommu/ioctls.h"

#define SZ_4K	0x1000UL
#define SZ_1M	0x100000UL
#define SZ_2M	0x200000UL
#define SZ_64M	0x4000000UL
#define SZ_1G	0x40000000UL

#define ROUNDS 5

static inline __u64 now(void)
{
	return __rdtsc();
}

static inline void must(int rc, const char *what)
{
	if (!rc)
		return;
	printf("failed: %s: %s\n", what, strerror(-rc));
	fflush(stdout);
	exit(1);
}
#define MUST(call) must(call, #call)

static inline void print_row(const char *name, double value)
{
	printf("row %s %.1f\n", name, value);
	fflush(stdout);
}

static inline void *memory(size_t length, int flags)
{
	char *mem = mmap(NULL, length + SZ_2M, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

	must(mem == MAP_FAILED ? -errno : 0, "mmap");
	if (flags & MAP_HUGETLB)
		return mem;
	return (char *)(((uintptr_t)mem + SZ_2M - 1) & ~(SZ_2M - 1));
}

/* 4K pages, touched in the order of their addresses */
static inline void *small_pages(size_t length)
{
	char *mem = memory(length, 0);

	madvise(mem, length, MADV_NOHUGEPAGE);
	memset(mem, 1, length);
	return mem;
}

/* 4K pages that lie nowhere near one another */
static inline void *scattered_pages(size_t length)
{
	char *mem = memory(length, 0);
	size_t num = length / SZ_4K;
	size_t i, at = 0;

	madvise(mem, length, MADV_NOHUGEPAGE);
	/* an odd step visits each of a power of two of pages once */
	for (i = 0; i < num; i++) {
		mem[at * SZ_4K] = 1;
		at = (at + 4099 * 7) & (num - 1);
	}
	return mem;
}

static inline void *huge_pages(size_t length)
{
	char *mem = memory(length, MAP_HUGETLB | 21 << MAP_HUGE_SHIFT);

	memset(mem, 1, length);
	return mem;
}

static inline void best(__u64 *of, __u64 value)
{
	if (!*of || value < *of)
		*of = value;
}

#endif
