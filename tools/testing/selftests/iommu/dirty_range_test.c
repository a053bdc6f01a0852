// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reports of what devices have written: ranges with and without memory, bitmaps that
 * cannot be written, bad arguments, and devices that come, go and write meanwhile.
 */
#include "dirty.h"
#include <pthread.h>

/* ---- Bitmaps that cannot be written ---- */

TEST_F(dirty, bitmap_that_cannot_be_written_is_EFAULT_and_costs_nothing)
{
	void *bad[] = {
		NULL,
		get_hole(_metadata, page_size()),
		get_memory(_metadata, page_size()),
		(void *)(UINTPTR_MAX - 7),
		(void *)(1ULL << 63),
	};
	unsigned int i;

	ASSERT_EQ(0, mprotect(bad[2], page_size(), PROT_READ));
	track(_metadata, self, true);
	poke_some(_metadata, self);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EFAULT, get_bits(self, 0, FIRST, SPAN, SZ_4K,
					    bad[i])) {
			TH_LOG("case %u", i);
		}
		expect_all(_metadata, self, NO_CLEAR);
	}
	expect_all(_metadata, self, 0);
}

/*
 * The kernel works on long ranges in slices that end at multiples of 128M and
 * more. Where a bitmap ends too early what was reported is in it, and the rest
 * is dirty.
 */
TEST_F(dirty, bitmap_that_ends_early_loses_nothing)
{
	const __u64 seam = 0x8000000, start = seam - SZ_2M;
	/* Up to the end of memory the bits before the seam */
	char *bits = get_memory_at_edge(_metadata, SZ_2M / SZ_4K / 8);
	struct rig *rig = &self->rig;
	__u64 more[MAX_WORDS] = {};

	rig_map(_metadata, rig, self->mem, SPAN, start, IOAS_MAP_RW);
	track(_metadata, self, true);
	ASSERT_EQ(0ULL, dma_poke(rig->fd, rig->dev.stdev_id, start, 1));
	ASSERT_EQ(0ULL, dma_poke(rig->fd, rig->dev.stdev_id, seam - 8, 1));
	ASSERT_EQ(0ULL, dma_poke(rig->fd, rig->dev.stdev_id, seam, 1));
	EXPECT_EQ(-EFAULT, get_bits(self, 0, start, SPAN, SZ_4K, bits));
	/* The first is either reported or dirty */
	ASSERT_EQ(0, get_bits(self, 0, start, SZ_2M, SZ_4K, bits));
	EXPECT_EQ(1ULL, get_u64(bits) & 1);
	EXPECT_EQ(1ULL, get_u64(bits + 56) >> 63);
	/* The second nobody has told yet */
	ASSERT_EQ(0, get_bits(self, 0, seam, SZ_2M, SZ_4K, more));
	EXPECT_EQ(1ULL, more[0] & 1);
}

/* ---- Mappings and holes ---- */

/* Of every four chunks, as large as the huge IO page, one is a hole */
static void map_with_holes(struct __test_metadata *_metadata,
			   struct _test_data_dirty *self)
{
	struct rig *rig = &self->rig;
	__u64 iova;

	rig_unmap(_metadata, rig, FIRST, SPAN);
	for (iova = 0; iova < SPAN; iova += IO_HUGE_PAGE)
		if (iova / IO_HUGE_PAGE % 4 != 2)
			rig_map(_metadata, rig, self->mem + iova, IO_HUGE_PAGE,
				FIRST + iova, IOAS_MAP_RW);
}

TEST_F(dirty, range_with_a_hole_is_EINVAL_and_costs_nothing)
{
	const __u64 hole = FIRST + 2 * IO_HUGE_PAGE, rest = hole + IO_HUGE_PAGE;
	const struct {
		__u64 iova, length;
	} cases[] = {
		{ FIRST, SPAN }, { hole, IO_HUGE_PAGE }, { hole, SZ_4K },
		{ hole - SZ_4K, 2 * SZ_4K }, { rest - SZ_4K, 2 * SZ_4K },
		{ rest + SZ_4K, IO_HUGE_PAGE }, { 0, FIRST + SZ_4K },
		{ FIRST - SZ_4K, 2 * SZ_4K },
	};
	__u64 bits[MAX_WORDS] = {};
	unsigned int i;

	map_with_holes(_metadata, self);
	track(_metadata, self, true);
	poke(_metadata, self, FIRST);
	poke(_metadata, self, hole - 8);
	poke(_metadata, self, rest);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		EXPECT_EQ(-EINVAL, get_bits(self, 0, cases[i].iova,
					    cases[i].length, SZ_4K, bits)) {
			TH_LOG("case %u", i);
		}
	}
	for (i = 0; i < MAX_WORDS; i++)
		EXPECT_EQ(0ULL, bits[i]);
	expect_bits(_metadata, self, 0, FIRST, 2 * IO_HUGE_PAGE, SZ_4K);
	expect_bits(_metadata, self, 0, rest, IO_HUGE_PAGE, SZ_4K);
}

TEST_F(dirty, range_over_several_mappings)
{
	struct rig *rig = &self->rig;
	__u64 hole = FIRST + 2 * IO_HUGE_PAGE;

	map_with_holes(_metadata, self);
	/* Filled with something else */
	rig_map(_metadata, rig, self->mem, IO_HUGE_PAGE, hole, IOAS_MAP_RW);
	track(_metadata, self, true);
	poke(_metadata, self, hole - 8);
	poke(_metadata, self, hole);
	poke(_metadata, self, FIRST + SPAN - 8);
	expect_all(_metadata, self, NO_CLEAR);
	expect_all(_metadata, self, 0);
	expect_clean(_metadata, self);
}

/* With bits of half a page a slice has 64M at least */
TEST_F(dirty, range_of_many_slices)
{
	const __u64 times = 30, length = times * SPAN;
	__u64 *bits = get_memory(_metadata, length / IO_PAGE / 8), i, want;
	struct rig *rig = &self->rig;

	for (i = 1; i < times; i++)
		ASSERT_EQ(0, ioas_copy_fixed(rig->fd, rig->ioas_id,
					     rig->ioas_id, SPAN,
					     FIRST + i * SPAN, FIRST,
					     IOAS_MAP_RW));
	rig->mapped = length;
	track(_metadata, self, true);
	for (i = 0; i < times; i++)
		ASSERT_EQ(0ULL, dma_poke(rig->fd, rig->dev.stdev_id,
					 FIRST + i * SPAN + i * SZ_4K, 1));
	ASSERT_EQ(0, get_bits(self, 0, FIRST, length, IO_PAGE, bits));
	/* The first of a huge page, so that its last bit is in word 7 */
	for (i = 0; i < times; i++) {
		want = self->io_page == IO_PAGE ? 1ULL << (2 * i % 64) :
						  UINT64_MAX;
		EXPECT_EQ(want, bits[i * SPAN / IO_PAGE / 64 + 2 * i / 64]);
		want = self->io_page == IO_PAGE ? 0 : UINT64_MAX;
		EXPECT_EQ(want, bits[i * SPAN / IO_PAGE / 64 + 7]);
		EXPECT_EQ(0ULL, bits[i * SPAN / IO_PAGE / 64 + 8]);
	}
	memset(bits, 0, length / IO_PAGE / 8);
	ASSERT_EQ(0, get_bits(self, 0, FIRST, length, IO_PAGE, bits));
	for (i = 0; i < length / IO_PAGE / 64; i++)
		ASSERT_EQ(0ULL, bits[i]);
}

TEST_F(dirty, mapping_made_while_on)
{
	struct rig *rig = &self->rig;

	rig_unmap(_metadata, rig, FIRST, SPAN);
	track(_metadata, self, true);
	rig_map(_metadata, rig, self->mem, SZ_2M, FIRST, IOAS_MAP_RW);
	expect_bits(_metadata, self, NO_CLEAR, FIRST, SZ_2M, SZ_4K);
	poke(_metadata, self, FIRST + 9 * SZ_4K);
	rig_map(_metadata, rig, self->mem + SZ_2M, SZ_2M, FIRST + SZ_2M,
		IOAS_MAP_RW);
	poke(_metadata, self, FIRST + SZ_2M + 9 * SZ_4K);
	expect_all(_metadata, self, 0);
	expect_clean(_metadata, self);
}

TEST_F(dirty, mapping_made_anew_is_clean)
{
	struct rig *rig = &self->rig;

	track(_metadata, self, true);
	poke_some(_metadata, self);
	rig_unmap(_metadata, rig, FIRST, SPAN);
	rig_map(_metadata, rig, self->mem, SPAN, FIRST, IOAS_MAP_RW);
	expect_clean(_metadata, self);
}

/* The IOVA is dirty, not the memory */
TEST_F(dirty, memory_mapped_twice)
{
	struct rig *rig = &self->rig;
	__u64 bits[MAX_WORDS] = {}, second = FIRST + 4 * SPAN;
	unsigned int i;

	rig_map(_metadata, rig, self->mem, SPAN, second, IOAS_MAP_RW);
	track(_metadata, self, true);
	ASSERT_EQ(0ULL, dma_poke(rig->fd, rig->dev.stdev_id, second, 1));
	expect_clean(_metadata, self);
	ASSERT_EQ(0, get_bits(self, 0, second, SPAN, SZ_4K, bits));
	EXPECT_EQ(1ULL, bits[0] & 1);
	poke_one(_metadata, self);
	memset(bits, 0, sizeof(bits));
	ASSERT_EQ(0, get_bits(self, 0, second, SPAN, SZ_4K, bits));
	for (i = 0; i < MAX_WORDS; i++)
		EXPECT_EQ(0ULL, bits[i]);
	expect_all(_metadata, self, 0);
}

TEST_F(dirty, each_hwpt_has_its_own)
{
	struct rig *rig = &self->rig;
	struct mock_dev other = rig_device_on(_metadata, rig, MOCK_IOMMU_FULL,
					      0, 0);
	__u32 hwpt_id = rig_hwpt(_metadata, rig, other.idev_id, rig->ioas_id,
				 IOMMU_HWPT_ALLOC_DIRTY_TRACKING);
	__u64 bits[MAX_WORDS] = {};

	ASSERT_EQ(0, mock_attach(rig->fd, other.stdev_id, hwpt_id, NULL));
	track(_metadata, self, true);
	ASSERT_EQ(0, hwpt_set_dirty_tracking(rig->fd, hwpt_id, true));
	ASSERT_EQ(0ULL, dma_poke(rig->fd, other.stdev_id, FIRST, 1));
	expect_clean(_metadata, self);
	poke_one(_metadata, self);
	ASSERT_EQ(0, hwpt_get_dirty_bitmap(rig->fd, hwpt_id, 0, FIRST, SPAN,
					   SZ_4K, bits));
	EXPECT_EQ(1ULL, bits[0]);
	EXPECT_EQ(0ULL, bits[(SZ_2M / SZ_4K + 130) / 64]);
	expect_all(_metadata, self, 0);
}

/* ---- Other devices, and coming and going ---- */

TEST_F(dirty, devices_on_the_hwpt_and_above_it)
{
	struct rig *rig = &self->rig;
	struct mock_dev other = {};

	track(_metadata, self, true);
	ASSERT_EQ(0, mock_device_create(rig->fd, MOCK_IOMMU_FULL, 0,
					self->hwpt_id, 0, &other));
	rig_keep(_metadata, rig, other.stdev_id);
	ASSERT_EQ(0ULL, dma_poke(rig->fd, other.stdev_id, FIRST, 1));
	model_write(self, FIRST);
	poke_one(_metadata, self);
	expect_all(_metadata, self, 0);
}

TEST_F(dirty, stays_when_the_device_goes)
{
	struct rig *rig = &self->rig;

	track(_metadata, self, true);
	poke_some(_metadata, self);
	ASSERT_EQ(0, mock_detach(rig->fd, rig->dev.stdev_id));
	expect_all(_metadata, self, NO_CLEAR);
	/* and it is tracked when it comes back */
	ASSERT_EQ(0, mock_attach(rig->fd, rig->dev.stdev_id, self->hwpt_id,
				 NULL));
	expect_all(_metadata, self, 0);
	poke_one(_metadata, self);
	expect_all(_metadata, self, 0);
}

TEST_F(dirty, device_that_cannot_be_tracked_is_kept_out)
{
	struct rig *rig = &self->rig;
	struct mock_dev other = {};

	EXPECT_EQ(-EINVAL, mock_device_create(rig->fd, MOCK_IOMMU_FULL, 0,
					      self->hwpt_id,
					      MOCK_FLAGS_DEVICE_NO_DIRTY,
					      &other));
	/* For it the IOAS has another HWPT */
	ASSERT_EQ(0, mock_device_create(rig->fd, MOCK_IOMMU_FULL, 0,
					rig->ioas_id,
					MOCK_FLAGS_DEVICE_NO_DIRTY, &other));
	rig_keep(_metadata, rig, other.stdev_id);
	EXPECT_EQ(-EINVAL, mock_replace(rig->fd, other.stdev_id, self->hwpt_id,
					NULL));
	EXPECT_EQ(-EOPNOTSUPP, hwpt_set_dirty_tracking(rig->fd, other.hwpt_id,
						       true));
}

/* ---- Arguments ---- */

TEST_F(dirty, bad_ranges)
{
	const __u64 end = -SZ_4K, top = 1ULL << 63;
	const struct {
		__u64 iova, length, page;
		int rc;
	} cases[] = {
		{ FIRST, SZ_4K, 0, -EINVAL },
		{ FIRST, 3 * SZ_4K, 3 * SZ_4K, -EINVAL },
		{ FIRST, SZ_4K, SZ_4K + 1, -EINVAL },
		{ FIRST, SZ_4K, SZ_4K - 1, -EINVAL },
		{ FIRST, SZ_4K, IO_PAGE / 2, -EINVAL },
		{ FIRST, SZ_4K, 1, -EINVAL },
		{ FIRST, SZ_4K, 2 * SZ_4K, -EINVAL },
		{ FIRST, 0, SZ_4K, -EINVAL },
		{ FIRST, SZ_4K + 1, SZ_4K, -EINVAL },
		{ FIRST, SZ_4K / 2, SZ_4K, -EINVAL },
		{ FIRST + 1, SZ_4K, SZ_4K, -EINVAL },
		{ FIRST + IO_PAGE, SZ_4K, SZ_4K, -EINVAL },
		{ FIRST + SZ_4K, 2 * SZ_4K, 2 * SZ_4K, -EINVAL },
		{ end, 2 * SZ_4K, SZ_4K, -EOVERFLOW },
		{ 2 * SZ_4K, end, SZ_4K, -EOVERFLOW },
		{ end, end, SZ_4K, -EOVERFLOW },
		{ top, top + SZ_4K, SZ_4K, -EOVERFLOW },
		{ APERTURE_LAST + 1, SZ_4K, SZ_4K, -EINVAL },
		{ APERTURE_LAST + 1 - SZ_4K, 2 * SZ_4K, SZ_4K, -EINVAL },
		{ 0, top, top, -EINVAL },
		{ top, top, top, -EINVAL },
		{ end, SZ_4K, SZ_4K, -EINVAL },
	};
	__u64 bits[MAX_WORDS] = {};
	unsigned int i;

	track(_metadata, self, true);
	poke_some(_metadata, self);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		EXPECT_EQ(cases[i].rc, get_bits(self, 0, cases[i].iova,
						cases[i].length, cases[i].page,
						bits)) {
			TH_LOG("case %u", i);
		}
	}
	for (i = 0; i < MAX_WORDS; i++)
		EXPECT_EQ(0ULL, bits[i]);
	expect_all(_metadata, self, 0);
}

TEST_F(dirty, flags_and_reserved)
{
	__u64 bits[1] = {};
	struct iommu_hwpt_get_dirty_bitmap get = {
		.size = sizeof(get),
		.hwpt_id = self->hwpt_id,
		.data = (uintptr_t)bits,
		.page_size = SZ_4K,
		.iova = FIRST,
		.length = SZ_4K,
	};
	struct iommu_hwpt_set_dirty_tracking set = {
		.size = sizeof(set),
		.hwpt_id = self->hwpt_id,
	};
	int fd = self->rig.fd;
	unsigned int bit;

	track(_metadata, self, true);
	poke(_metadata, self, FIRST);
	for (bit = 1; bit < 32; bit++) {
		get.flags = 1U << bit;
		set.flags = 1U << bit;
		EXPECT_EQ(-EOPNOTSUPP, iommufd_ioctl(fd, IOMMU_HWPT_GET_DIRTY_BITMAP,
						     &get));
		EXPECT_EQ(-EOPNOTSUPP, iommufd_ioctl(fd, IOMMU_HWPT_SET_DIRTY_TRACKING,
						     &set));
	}
	get.flags = 0;
	set.flags = 0;
	get.__reserved = 1;
	set.__reserved = 1;
	EXPECT_EQ(-EOPNOTSUPP, iommufd_ioctl(fd, IOMMU_HWPT_GET_DIRTY_BITMAP,
					     &get));
	EXPECT_EQ(-EOPNOTSUPP, iommufd_ioctl(fd, IOMMU_HWPT_SET_DIRTY_TRACKING,
					     &set));
	/* It is on as it was, and the page is dirty */
	EXPECT_EQ(0ULL, bits[0]);
	expect_all(_metadata, self, 0);
}

TEST_F(dirty, of_something_else)
{
	struct rig *rig = &self->rig;
	struct mock_dev other = rig_device(_metadata, rig, rig->ioas_id);
	__u32 parent = rig_hwpt(_metadata, rig, rig->dev.idev_id, rig->ioas_id,
				IOMMU_HWPT_ALLOC_NEST_PARENT |
				IOMMU_HWPT_ALLOC_DIRTY_TRACKING);
	const struct {
		__u32 id;
		int rc;
	} cases[] = {
		{ 0, -ENOENT },
		{ NO_SUCH_ID, -ENOENT },
		{ UINT32_MAX, -ENOENT },
		{ rig->ioas_id, -ENOENT },
		{ rig->dev.idev_id, -ENOENT },
		{ rig->dev.stdev_id, -ENOENT },
		{ rig_nested(_metadata, rig, rig->dev.idev_id, parent, 0, 0),
		  -ENOENT },
		/* No tracking was asked for */
		{ other.hwpt_id, -EOPNOTSUPP },
		{ rig_hwpt(_metadata, rig, rig->dev.idev_id, rig->ioas_id, 0),
		  -EOPNOTSUPP },
	};
	__u64 bits[1] = {};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		EXPECT_EQ(cases[i].rc, hwpt_set_dirty_tracking(rig->fd,
							       cases[i].id,
							       true)) {
			TH_LOG("case %u", i);
		}
		EXPECT_EQ(cases[i].rc, hwpt_get_dirty_bitmap(rig->fd,
							     cases[i].id, 0,
							     FIRST, SZ_4K,
							     SZ_4K, bits)) {
			TH_LOG("case %u", i);
		}
	}
	EXPECT_EQ(0, hwpt_set_dirty_tracking(rig->fd, parent, true));
}

/* ---- Devices that write while their writes are asked for ---- */

#define WRITES 400

struct writer {
	const struct rig *rig;
	__u64 failed;
	unsigned int rounds;
	bool done;
};

/* Counts upwards, here and there, until it has been watched twice at least */
static void *write_on(void *arg)
{
	struct writer *writer = arg;
	__u64 i, where = 1;

	for (i = 1; !writer->failed; i++) {
		if (i > WRITES &&
		    __atomic_load_n(&writer->rounds, __ATOMIC_RELAXED) > 1)
			break;
		where = where * 6364136223846793005ULL + 1442695040888963407ULL;
		writer->failed = dma_poke(writer->rig->fd,
					  writer->rig->dev.stdev_id,
					  FIRST + (where >> 33) % SPAN / 8 * 8,
					  i);
	}
	__atomic_store_n(&writer->done, true, __ATOMIC_RELEASE);
	return NULL;
}

/* As live migration does it: copy all, then what is dirty, then the rest */
TEST_F(dirty, copy_of_what_is_dirty_is_a_copy_of_all)
{
	struct writer writer = { .rig = &self->rig };
	char *copy = get_memory(_metadata, SPAN);
	__u64 bits[MAX_WORDS];
	unsigned int i;
	pthread_t thread;
	bool done;

	track(_metadata, self, true);
	memcpy(copy, self->mem, SPAN);
	ASSERT_EQ(0, pthread_create(&thread, NULL, write_on, &writer));
	do {
		done = __atomic_load_n(&writer.done, __ATOMIC_ACQUIRE);
		memset(bits, 0, sizeof(bits));
		ASSERT_EQ(0, get_bits(self, 0, FIRST, SPAN, SZ_4K, bits));
		for (i = 0; i < SPAN / SZ_4K; i++)
			if (bits[i / 64] >> (i % 64) & 1)
				memcpy(copy + i * SZ_4K, self->mem + i * SZ_4K,
				       SZ_4K);
		__atomic_add_fetch(&writer.rounds, 1, __ATOMIC_RELAXED);
	} while (!done);
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ(0ULL, writer.failed);
	EXPECT_EQ(0, memcmp(copy, self->mem, SPAN));
}

TEST_HARNESS_MAIN
