// SPDX-License-Identifier: GPL-2.0-only
/*
 * What /dev/iommu costs, in guest instructions.
 *
 * The same binary runs on our kernel and on upstream's, so it uses only what
 * both have.
 */
#include "bench_rig.h"

/* All a row needs; @dev is attached to @ioas, if there is one */
struct bench {
	int fd;
	__u32 ioas;
	struct mock_dev dev;
};

static void begin(struct bench *b, bool device)
{
	memset(b, 0, sizeof(*b));
	b->fd = iommufd_open();
	must(b->fd < 0 ? b->fd : 0, "open /dev/iommu");
	MUST(ioas_alloc(b->fd, &b->ioas));
	if (device)
		MUST(mock_device(b->fd, b->ioas, &b->dev));
}

/* Closing the file ends everything it holds */
static void end(struct bench *b)
{
	close(b->fd);
}

/* ---- One call each ---- */

static void bench_ioas(void)
{
	struct bench b;
	__u64 least = 0, from;
	int round, i;
	__u32 id;

	begin(&b, false);
	for (round = 0; round < ROUNDS; round++) {
		from = now();
		for (i = 0; i < 256; i++) {
			MUST(ioas_alloc(b.fd, &id));
			MUST(object_destroy(b.fd, id));
		}
		best(&least, now() - from);
	}
	print_row("ioas", least / 256.0);
	end(&b);
}

/* @num maps of @length in a row, then as many unmaps */
static void bench_calls(const char *map_row, const char *unmap_row, bool device,
			size_t length, int num)
{
	__u64 least_map = 0, least_unmap = 0, from;
	char *mem = small_pages(length);
	struct bench b;
	int round, i;

	begin(&b, device);
	for (round = 0; round < ROUNDS; round++) {
		from = now();
		for (i = 0; i < num; i++)
			MUST(ioas_map_fixed(b.fd, b.ioas, mem, length,
					    MOCK_APERTURE_START + i * length,
					    IOAS_MAP_RW));
		best(&least_map, now() - from);
		from = now();
		for (i = 0; i < num; i++)
			MUST(ioas_unmap(b.fd, b.ioas,
					MOCK_APERTURE_START + i * length,
					length, NULL));
		best(&least_unmap, now() - from);
	}
	print_row(map_row, (double)least_map / num);
	if (unmap_row)
		print_row(unmap_row, (double)least_unmap / num);
	end(&b);
	munmap(mem, length);
}

/* ---- Many pages ---- */

static void bench_pages(const char *map_row, const char *unmap_row, char *mem,
			size_t length, size_t page)
{
	__u64 least_map = 0, least_unmap = 0, from;
	struct bench b;
	int round;

	begin(&b, true);
	for (round = 0; round < ROUNDS; round++) {
		from = now();
		MUST(ioas_map_fixed(b.fd, b.ioas, mem, length,
				    MOCK_APERTURE_START, IOAS_MAP_RW));
		best(&least_map, now() - from);
		from = now();
		MUST(ioas_unmap(b.fd, b.ioas, MOCK_APERTURE_START, length,
				NULL));
		best(&least_unmap, now() - from);
	}
	print_row(map_row, (double)least_map / (length / page));
	print_row(unmap_row, (double)least_unmap / (length / page));
	end(&b);
}

static void bench_small_and_huge(void)
{
	char *mem = small_pages(SZ_64M);

	bench_pages("map-64m", "unmap-64m", mem, SZ_64M, SZ_4K);
	munmap(mem, SZ_64M);
	mem = huge_pages(SZ_64M);
	bench_pages("map-64m-huge", "unmap-64m-huge", mem, SZ_64M, SZ_2M);
	munmap(mem, SZ_64M + SZ_2M);
}

static void bench_scattered(void)
{
	char *mem = scattered_pages(SZ_64M);

	bench_pages("map-64m-scattered", "unmap-64m-scattered", mem, SZ_64M,
		    SZ_4K);
	munmap(mem, SZ_64M);
}

static void bench_growth(void)
{
	static const struct {
		size_t length;
		const char *map, *unmap;
	} sizes[] = {
		{ SZ_1M, "map-1m", "unmap-1m" },
		{ 16 * SZ_1M, "map-16m", "unmap-16m" },
		{ 256 * SZ_1M, "map-256m", "unmap-256m" },
		{ SZ_1G, "map-1g", "unmap-1g" },
	};
	char *mem = small_pages(SZ_1G);
	unsigned int i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		bench_pages(sizes[i].map, sizes[i].unmap, mem, sizes[i].length,
			    SZ_4K);
	munmap(mem, SZ_1G);
}

static void bench_copy(void)
{
	char *mem = small_pages(SZ_64M);
	__u64 least = 0, from;
	struct bench b;
	__u32 other;
	int round;

	begin(&b, true);
	MUST(ioas_alloc(b.fd, &other));
	MUST(ioas_map_fixed(b.fd, other, mem, SZ_64M, 0, IOAS_MAP_RW));
	for (round = 0; round < ROUNDS; round++) {
		from = now();
		MUST(ioas_copy_fixed(b.fd, b.ioas, other, SZ_64M,
				     MOCK_APERTURE_START, 0, IOAS_MAP_RW));
		best(&least, now() - from);
		MUST(ioas_unmap(b.fd, b.ioas, MOCK_APERTURE_START, SZ_64M,
				NULL));
	}
	print_row("copy-64m", least / (double)(SZ_64M / SZ_4K));
	end(&b);
	munmap(mem, SZ_64M);
}

/* ---- Among many areas ---- */

static void bench_among(void)
{
	const int areas = 20000, num = 64;
	__u64 iova = MOCK_APERTURE_START, found[64];
	__u64 least_fixed = 0, least_auto = 0, from;
	char *mem = small_pages(SZ_4K);
	struct bench b;
	int round, i;

	begin(&b, true);
	for (i = 0; i < areas; i++, iova += SZ_4K)
		MUST(ioas_map_fixed(b.fd, b.ioas, mem, SZ_4K, iova,
				    IOAS_MAP_RW));
	for (round = 0; round < ROUNDS; round++) {
		from = now();
		for (i = 0; i < num; i++)
			MUST(ioas_map_fixed(b.fd, b.ioas, mem, SZ_4K,
					    iova + i * SZ_4K, IOAS_MAP_RW));
		best(&least_fixed, now() - from);
		for (i = 0; i < num; i++)
			MUST(ioas_unmap(b.fd, b.ioas, iova + i * SZ_4K, SZ_4K,
					NULL));
		from = now();
		for (i = 0; i < num; i++)
			MUST(ioas_map(b.fd, b.ioas, mem, SZ_4K, IOAS_MAP_RW,
				      &found[i]));
		best(&least_auto, now() - from);
		for (i = 0; i < num; i++)
			MUST(ioas_unmap(b.fd, b.ioas, found[i], SZ_4K, NULL));
	}
	print_row("map-fixed-20000", (double)least_fixed / num);
	print_row("map-auto-20000", (double)least_auto / num);
	end(&b);
}

/* Every hole is one page, and two are asked for */
static void bench_search(const char *row, int areas)
{
	const int num = 16;
	__u64 least = 0, from, found[16];
	char *mem = small_pages(2 * SZ_4K);
	struct bench b;
	int round, i;

	begin(&b, false);
	for (i = 0; i < areas; i++)
		MUST(ioas_map_fixed(b.fd, b.ioas, mem, SZ_4K,
				    SZ_4K * (2 * i + 1), IOAS_MAP_RW));
	for (round = 0; round < ROUNDS; round++) {
		from = now();
		for (i = 0; i < num; i++)
			MUST(ioas_map(b.fd, b.ioas, mem, 2 * SZ_4K, IOAS_MAP_RW,
				      &found[i]));
		best(&least, now() - from);
		for (i = 0; i < num; i++)
			MUST(ioas_unmap(b.fd, b.ioas, found[i], 2 * SZ_4K,
					NULL));
	}
	print_row(row, (double)least / num);
	end(&b);
}

/* ---- Hardware page tables ---- */

static void bench_hwpt(void)
{
	char *mem = small_pages(SZ_64M);
	__u64 least = 0, from;
	struct bench b;
	int round;
	__u32 id;

	begin(&b, true);
	MUST(ioas_map_fixed(b.fd, b.ioas, mem, SZ_64M, MOCK_APERTURE_START,
			    IOAS_MAP_RW));
	for (round = 0; round < ROUNDS; round++) {
		from = now();
		MUST(hwpt_alloc(b.fd, b.dev.idev_id, b.ioas, 0, &id));
		best(&least, now() - from);
		MUST(object_destroy(b.fd, id));
	}
	print_row("hwpt-64m", least / (double)(SZ_64M / SZ_4K));
	end(&b);
	munmap(mem, SZ_64M);
}

static int alloc_nested(struct bench *b, __u32 parent, __u32 *id)
{
	struct iommu_hwpt_selftest data = {
		.iotlb = IOMMU_TEST_IOTLB_DEFAULT,
	};

	return hwpt_alloc_nested(b->fd, b->dev.idev_id, parent,
				 IOMMU_HWPT_DATA_SELFTEST, &data, sizeof(data),
				 id);
}

static void bench_invalidate(struct bench *b, __u32 nested, const char *row,
			     __u32 num)
{
	struct iommu_hwpt_invalidate_selftest *entries;
	int round, i, calls = num > 100 ? 4 : 256;
	__u64 least = 0, from;
	__u32 done;

	entries = calloc(num, sizeof(*entries));
	for (i = 0; i < (int)num; i++)
		entries[i].iotlb_id = i % MOCK_NESTED_DOMAIN_IOTLB_NUM;
	for (round = 0; round < ROUNDS; round++) {
		from = now();
		for (i = 0; i < calls; i++) {
			done = num;
			hwpt_invalidate(b->fd, nested,
					IOMMU_HWPT_INVALIDATE_DATA_SELFTEST,
					entries, sizeof(*entries), &done);
		}
		best(&least, now() - from);
		if (done != num)
			must(-EIO, "invalidation");
	}
	print_row(row, (double)least / calls / num);
	free(entries);
}

static void bench_nested(void)
{
	__u64 least_alloc = 0, least_replace = 0, from;
	__u32 parent, id, nested[2];
	struct bench b;
	int round, i;

	begin(&b, true);
	MUST(hwpt_alloc(b.fd, b.dev.idev_id, b.ioas, IOMMU_HWPT_ALLOC_NEST_PARENT,
			&parent));
	for (round = 0; round < ROUNDS; round++) {
		from = now();
		for (i = 0; i < 128; i++) {
			MUST(alloc_nested(&b, parent, &id));
			MUST(object_destroy(b.fd, id));
		}
		best(&least_alloc, now() - from);
	}
	print_row("nested", least_alloc / 128.0);

	MUST(alloc_nested(&b, parent, &nested[0]));
	MUST(alloc_nested(&b, parent, &nested[1]));
	bench_invalidate(&b, nested[0], "invalidate-1", 1);
	bench_invalidate(&b, nested[0], "invalidate-16", 16);
	bench_invalidate(&b, nested[0], "invalidate-4096", 4096);

	MUST(mock_replace(b.fd, b.dev.stdev_id, nested[0], NULL));
	for (round = 0; round < ROUNDS; round++) {
		from = now();
		for (i = 1; i <= 128; i++)
			MUST(mock_replace(b.fd, b.dev.stdev_id, nested[i % 2],
					 NULL));
		best(&least_replace, now() - from);
	}
	print_row("replace", least_replace / 128.0);
	end(&b);
}

/* ---- Memory ---- */

/* What neither side's tables are made of is left out: user memory, stacks */
static long slab_memory(void)
{
	char line[128];
	long kb = 0;
	FILE *f;

	f = fopen("/proc/meminfo", "r");
	must(f ? 0 : -errno, "/proc/meminfo");
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "Slab: %ld kB", &kb) == 1)
			break;
	fclose(f);
	return kb * 1024;
}

/* Bytes the kernel holds for each 4K page that is mapped */
static void bench_memory(const char *row, char *mem, bool device)
{
	long before, after;
	struct bench b;

	begin(&b, device);
	before = slab_memory();
	MUST(ioas_map_fixed(b.fd, b.ioas, mem, SZ_1G, MOCK_APERTURE_START,
			    IOAS_MAP_RW));
	after = slab_memory();
	print_row(row, (double)(after - before) / (SZ_1G / SZ_4K));
	end(&b);
	/* much of it is freed by RCU */
	sleep(1);
}

static void bench_memories(void)
{
	char *mem = scattered_pages(SZ_1G);

	bench_memory("bytes-scattered", mem, true);
	munmap(mem, SZ_1G);
	mem = small_pages(SZ_1G);
	bench_memory("bytes-small", mem, true);
	munmap(mem, SZ_1G);
	mem = huge_pages(SZ_1G);
	bench_memory("bytes-huge", mem, true);
	munmap(mem, SZ_1G + SZ_2M);
}

/* Scattering memory comes last: the kernel will hand it out in that order again */
int main(void)
{
	bench_ioas();
	bench_calls("map-4k-alone", "unmap-4k-alone", false, SZ_4K, 256);
	bench_calls("map-64m-alone", "unmap-64m-alone", false, SZ_64M, 16);
	bench_calls("map-4k", "unmap-4k", true, SZ_4K, 256);
	bench_small_and_huge();
	bench_hwpt();
	bench_copy();
	bench_nested();
	bench_among();
	bench_search("search-1000", 1000);
	bench_search("search-100000", 100000);
	bench_growth();
	bench_scattered();
	bench_memories();
	return 0;
}
