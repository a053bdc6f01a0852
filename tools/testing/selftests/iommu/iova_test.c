// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where mappings may go: allowed and reserved ranges, automatic IOVAs.
 */
#include "common.h"
#include <limits.h>

#define MAX_RANGES 8

FIXTURE(iova)
{
	struct rig rig;
	struct iommu_iova_range ranges[MAX_RANGES];
	__u64 page;
	char *mem;
};

FIXTURE_VARIANT(iova)
{
	bool device;
	__u64 first;
	__u64 last;
};

FIXTURE_VARIANT_ADD(iova, no_device)
{
	.first = 0,
	.last = ULONG_MAX,
};

FIXTURE_VARIANT_ADD(iova, device)
{
	.device = true,
	.first = MOCK_APERTURE_START,
	.last = MOCK_APERTURE_LAST,
};

FIXTURE_SETUP(iova)
{
	struct rig *rig = &self->rig;

	if (variant->device) {
		rig_open_device(_metadata, rig);
	} else {
		rig_open(_metadata, rig);
		rig->ioas_id = rig_ioas(_metadata, rig);
	}
	self->page = page_size();
	self->mem = get_memory(_metadata, 16 * self->page);
	memset(self->ranges, 0xa5, sizeof(self->ranges));
}

FIXTURE_TEARDOWN(iova)
{
	rig_close(_metadata, &self->rig);
}

/* Ask with room for num ranges; num comes back as what the kernel said */
static int get_ranges(struct _test_data_iova *self, __u32 *num)
{
	return ioas_iova_ranges(self->rig.fd, self->rig.ioas_id, self->ranges,
				num, NULL);
}

/* How many of the ranges the kernel wrote */
static unsigned int ranges_written(const struct _test_data_iova *self)
{
	static const struct iommu_iova_range untouched = {
		0xa5a5a5a5a5a5a5a5, 0xa5a5a5a5a5a5a5a5 };
	unsigned int i;

	for (i = 0; i < MAX_RANGES; i++)
		if (!memcmp(&self->ranges[i], &untouched, sizeof(untouched)))
			break;
	return i;
}

static int reserve(const struct _test_data_iova *self, __u64 first, __u64 last)
{
	return mock_add_reserved(self->rig.fd, self->rig.ioas_id, first,
				 last - first + 1);
}

/* ---- IOAS_IOVA_RANGES ---- */

TEST_F(iova, one_range_at_first)
{
	__u64 alignment = 0;
	__u32 num = MAX_RANGES;

	ASSERT_EQ(0, ioas_iova_ranges(self->rig.fd, self->rig.ioas_id,
				      self->ranges, &num, &alignment));
	EXPECT_EQ(1U, num);
	EXPECT_EQ(variant->first, self->ranges[0].start);
	EXPECT_EQ(variant->last, self->ranges[0].last);
	EXPECT_EQ(1U, ranges_written(self));
	EXPECT_EQ(variant->device ? self->page / 2 : 1, alignment);
}

TEST_F(iova, num_0_is_EMSGSIZE_with_the_count)
{
	__u32 num = 0;

	EXPECT_EQ(-EMSGSIZE, get_ranges(self, &num));
	EXPECT_EQ(1U, num);
	EXPECT_EQ(0U, ranges_written(self));
	num = 0;
	EXPECT_EQ(-EMSGSIZE, ioas_iova_ranges(self->rig.fd, self->rig.ioas_id,
					      NULL, &num, NULL));
	EXPECT_EQ(1U, num);
	/* and then again, as VMMs do */
	EXPECT_EQ(0, get_ranges(self, &num));
}

TEST_F(iova, reserved_range_splits)
{
	__u64 hole = variant->first + 16 * self->page;
	__u32 num = MAX_RANGES;

	ASSERT_EQ(0, reserve(self, hole, hole + self->page - 1));
	ASSERT_EQ(0, get_ranges(self, &num));
	EXPECT_EQ(2U, num);
	EXPECT_EQ(2U, ranges_written(self));
	EXPECT_EQ(variant->first, self->ranges[0].start);
	EXPECT_EQ(hole - 1, self->ranges[0].last);
	EXPECT_EQ(hole + self->page, self->ranges[1].start);
	EXPECT_EQ(variant->last, self->ranges[1].last);
}

TEST_F(iova, reserved_ends_shorten)
{
	__u32 num = MAX_RANGES;

	ASSERT_EQ(0, reserve(self, variant->first,
			     variant->first + self->page - 1));
	ASSERT_EQ(0, reserve(self, variant->last - self->page + 1,
			     variant->last));
	ASSERT_EQ(0, get_ranges(self, &num));
	EXPECT_EQ(1U, num);
	EXPECT_EQ(variant->first + self->page, self->ranges[0].start);
	EXPECT_EQ(variant->last - self->page, self->ranges[0].last);
}

TEST_F(iova, num_too_small_is_EMSGSIZE_with_those_that_fit)
{
	__u64 hole = variant->first + 16 * self->page;
	__u32 num = 1;

	ASSERT_EQ(0, reserve(self, hole, hole + self->page - 1));
	EXPECT_EQ(-EMSGSIZE, get_ranges(self, &num));
	EXPECT_EQ(2U, num);
	EXPECT_EQ(1U, ranges_written(self));
	EXPECT_EQ(variant->first, self->ranges[0].start);
	EXPECT_EQ(hole - 1, self->ranges[0].last);
}

TEST_F(iova, bad_array_is_EFAULT)
{
	struct iommu_iova_range *array = get_hole(_metadata, self->page);
	__u32 num = 1;

	EXPECT_EQ(-EFAULT, ioas_iova_ranges(self->rig.fd, self->rig.ioas_id,
					    array, &num, NULL));
	num = 1;
	EXPECT_EQ(-EFAULT, ioas_iova_ranges(self->rig.fd, self->rig.ioas_id,
					    NULL, &num, NULL));
	ASSERT_EQ(0, mprotect(self->mem, self->page, PROT_READ));
	num = 1;
	EXPECT_EQ(-EFAULT, ioas_iova_ranges(self->rig.fd, self->rig.ioas_id,
					    (void *)self->mem, &num, NULL));
}

TEST_F(iova, array_may_end_where_the_ranges_do)
{
	struct iommu_iova_range *array =
		get_memory_at_edge(_metadata, sizeof(*array));
	__u32 num = 1;

	ASSERT_EQ(0, ioas_iova_ranges(self->rig.fd, self->rig.ioas_id, array,
				      &num, NULL));
	EXPECT_EQ(variant->first, array->start);
	EXPECT_EQ(variant->last, array->last);
}

TEST_F(iova, devices_narrow_and_widen)
{
	struct rig *rig = &self->rig;
	struct mock_dev dev = rig_device(_metadata, rig, rig->ioas_id);
	__u64 alignment = 0;
	__u32 num = MAX_RANGES;

	ASSERT_EQ(0, get_ranges(self, &num));
	EXPECT_EQ(APERTURE_FIRST, self->ranges[0].start);
	EXPECT_EQ(APERTURE_LAST, self->ranges[0].last);
	rig_destroy(_metadata, rig, dev.stdev_id);
	ASSERT_EQ(0, ioas_iova_ranges(rig->fd, rig->ioas_id, self->ranges, &num,
				      &alignment));
	EXPECT_EQ(variant->first, self->ranges[0].start);
	EXPECT_EQ(variant->last, self->ranges[0].last);
	EXPECT_EQ(variant->device ? self->page / 2 : 1, alignment);
}

/* Each has reserved its own, and gives back its own */
TEST_F(iova, replaced_device_gives_back_only_its_own)
{
	struct rig *rig = &self->rig;
	struct mock_dev devs[2] = {
		rig_device(_metadata, rig, rig->ioas_id),
		rig_device(_metadata, rig, rig->ioas_id),
	};
	__u32 other = rig_ioas(_metadata, rig), num = MAX_RANGES;
	__u32 hwpt = rig_hwpt(_metadata, rig, devs[0].idev_id, rig->ioas_id, 0);

	ASSERT_EQ(0, reserve(self, APERTURE_FIRST, APERTURE_FIRST + SZ_2M - 1));
	/* On the same IOAS, to another one, and back */
	ASSERT_EQ(0, mock_replace(rig->fd, devs[0].stdev_id, hwpt, NULL));
	ASSERT_EQ(0, mock_replace(rig->fd, devs[0].stdev_id, other, NULL));
	ASSERT_EQ(0, get_ranges(self, &num));
	ASSERT_EQ(1U, num);
	EXPECT_EQ(APERTURE_FIRST + SZ_2M, self->ranges[0].start);
	EXPECT_EQ(APERTURE_LAST, self->ranges[0].last);
	num = MAX_RANGES;
	ASSERT_EQ(0, ioas_iova_ranges(rig->fd, other, self->ranges, &num, NULL));
	ASSERT_EQ(1U, num);
	EXPECT_EQ(APERTURE_FIRST, self->ranges[0].start);
	EXPECT_EQ(APERTURE_LAST, self->ranges[0].last);

	ASSERT_EQ(0, mock_replace(rig->fd, devs[0].stdev_id, rig->ioas_id,
				  NULL));
	num = MAX_RANGES;
	ASSERT_EQ(0, ioas_iova_ranges(rig->fd, other, self->ranges, &num, NULL));
	ASSERT_EQ(1U, num);
	EXPECT_EQ(0ULL, self->ranges[0].start);
	EXPECT_EQ(ULONG_MAX, self->ranges[0].last);

	/* The last device leaves what a user of the IOAS has reserved */
	rig_destroy(_metadata, rig, devs[0].stdev_id);
	rig_destroy(_metadata, rig, devs[1].stdev_id);
	rig_destroy(_metadata, rig, hwpt);
	num = MAX_RANGES;
	ASSERT_EQ(0, get_ranges(self, &num));
	EXPECT_EQ(variant->device ? 1U : 2U, num);
	EXPECT_EQ(APERTURE_FIRST + SZ_2M,
		  self->ranges[variant->device ? 0 : 1].start);
}

/* ---- What a device's IOMMU keeps for itself ---- */

static struct mock_dev device_with_windows(struct __test_metadata *_metadata,
					   struct rig *rig, __u32 ioas_id)
{
	struct mock_dev dev = {};

	ASSERT_EQ(0, mock_device_create(rig->fd, MOCK_IOMMU_FULL, 0, ioas_id,
					MOCK_DEV_WINDOWS, &dev));
	rig_keep(_metadata, rig, dev.stdev_id);
	return dev;
}

static void expect_windows(struct __test_metadata *_metadata,
			   struct _test_data_iova *self, __u32 ioas_id,
			   bool windows)
{
	__u32 num = MAX_RANGES;

	ASSERT_EQ(0, ioas_iova_ranges(self->rig.fd, ioas_id, self->ranges, &num,
				      NULL));
	if (!windows) {
		EXPECT_EQ(1U, num);
		return;
	}
	ASSERT_EQ(3U, num);
	EXPECT_EQ(APERTURE_FIRST, self->ranges[0].start);
	EXPECT_EQ(MOCK_RESERVED_WINDOW - 1ULL, self->ranges[0].last);
	EXPECT_EQ(MOCK_RESERVED_WINDOW + MOCK_WINDOW_LENGTH + 0ULL,
		  self->ranges[1].start);
	EXPECT_EQ(MOCK_MSI_WINDOW - 1ULL, self->ranges[1].last);
	EXPECT_EQ(MOCK_MSI_WINDOW + MOCK_WINDOW_LENGTH + 0ULL,
		  self->ranges[2].start);
	EXPECT_EQ(APERTURE_LAST, self->ranges[2].last);
}

TEST_F(iova, windows_of_a_device_are_reserved_while_it_is_attached)
{
	struct rig *rig = &self->rig;
	struct mock_dev dev = device_with_windows(_metadata, rig, rig->ioas_id);
	struct mock_dev more = device_with_windows(_metadata, rig,
						   rig->ioas_id);

	expect_windows(_metadata, self, rig->ioas_id, true);
	EXPECT_EQ(-EINVAL, ioas_map_fixed(rig->fd, rig->ioas_id, self->mem,
					  self->page, MOCK_RESERVED_WINDOW,
					  IOAS_MAP_RW));
	EXPECT_EQ(-EINVAL, ioas_map_fixed(rig->fd, rig->ioas_id, self->mem,
					  self->page, MOCK_MSI_WINDOW,
					  IOAS_MAP_RW));
	rig_map(_metadata, rig, self->mem, self->page, MOCK_RELAXABLE_WINDOW,
		IOAS_MAP_RW);
	/* Each has its own */
	rig_destroy(_metadata, rig, dev.stdev_id);
	expect_windows(_metadata, self, rig->ioas_id, true);
	rig_destroy(_metadata, rig, more.stdev_id);
	expect_windows(_metadata, self, rig->ioas_id, false);
}

TEST_F(iova, window_over_a_mapping_refuses_the_device)
{
	static const __u64 windows[] = { MOCK_RESERVED_WINDOW, MOCK_MSI_WINDOW };
	struct rig *rig = &self->rig;
	struct mock_dev dev = {};
	unsigned int i;

	for (i = 0; i < 2; i++) {
		rig_map(_metadata, rig, self->mem, self->page,
			windows[i] + MOCK_WINDOW_LENGTH - self->page,
			IOAS_MAP_RW);
		EXPECT_EQ(-EADDRINUSE,
			  mock_device_create(rig->fd, MOCK_IOMMU_FULL, 0,
					     rig->ioas_id, MOCK_DEV_WINDOWS,
					     &dev));
		expect_windows(_metadata, self, rig->ioas_id, false);
		rig_unmap(_metadata, rig,
			  windows[i] + MOCK_WINDOW_LENGTH - self->page,
			  self->page);
	}
}

/* A replace that fails has moved nothing */
TEST_F(iova, windows_move_with_the_device)
{
	struct rig *rig = &self->rig;
	struct mock_dev dev = device_with_windows(_metadata, rig, rig->ioas_id);
	__u32 other = rig_ioas(_metadata, rig);

	ASSERT_EQ(0, mock_fail_attach(rig->fd, dev.stdev_id, ENOMEM));
	EXPECT_EQ(-ENOMEM, mock_replace(rig->fd, dev.stdev_id, other, NULL));
	expect_windows(_metadata, self, rig->ioas_id, true);
	expect_windows(_metadata, self, other, false);

	ASSERT_EQ(0, mock_replace(rig->fd, dev.stdev_id, other, NULL));
	expect_windows(_metadata, self, rig->ioas_id, false);
	expect_windows(_metadata, self, other, true);

	/* Nor one to an IOAS where something is in the way */
	rig_map(_metadata, rig, self->mem, self->page, MOCK_RESERVED_WINDOW,
		IOAS_MAP_RW);
	EXPECT_EQ(-EADDRINUSE, mock_replace(rig->fd, dev.stdev_id, rig->ioas_id,
					    NULL));
	expect_windows(_metadata, self, rig->ioas_id, false);
	expect_windows(_metadata, self, other, true);
}

/* ---- Reserved ranges ---- */

TEST_F(iova, fixed_map_over_reserved_is_EINVAL)
{
	__u64 hole = variant->first + 16 * self->page;
	static const struct {
		int before, pages;
	} over[] = { { 0, 1 }, { 1, 2 }, { 1, 3 }, { 1, 8 }, { -1, 1 } };
	unsigned int i;

	ASSERT_EQ(0, reserve(self, hole, hole + 2 * self->page - 1));
	for (i = 0; i < ARRAY_SIZE(over); i++) {
		EXPECT_EQ(-EINVAL,
			  ioas_map_fixed(self->rig.fd, self->rig.ioas_id,
					 self->mem, over[i].pages * self->page,
					 hole - over[i].before * self->page,
					 IOAS_MAP_RW)) {
			TH_LOG("case %u", i);
		}
	}
	rig_map(_metadata, &self->rig, self->mem, self->page, hole - self->page,
		IOAS_MAP_RW);
	rig_map(_metadata, &self->rig, self->mem, self->page,
		hole + 2 * self->page, IOAS_MAP_RW);
}

TEST_F(iova, reserving_what_is_mapped_is_EADDRINUSE)
{
	__u64 iova = variant->first + 16 * self->page;
	__u32 num = MAX_RANGES;

	rig_map(_metadata, &self->rig, self->mem, 4 * self->page, iova,
		IOAS_MAP_RW);
	EXPECT_EQ(-EADDRINUSE, reserve(self, iova, iova));
	EXPECT_EQ(-EADDRINUSE, reserve(self, iova + self->page,
				       iova + 2 * self->page - 1));
	EXPECT_EQ(-EADDRINUSE, reserve(self, iova - self->page,
				       iova + 8 * self->page));
	ASSERT_EQ(0, get_ranges(self, &num));
	EXPECT_EQ(1U, num);
	EXPECT_EQ(0, reserve(self, iova + 4 * self->page,
			     iova + 5 * self->page - 1));
}

/* ---- Automatic IOVAs ---- */

/* Leave only these IOVAs to be mapped */
static void reserve_all_but(struct __test_metadata *_metadata,
			    const struct _test_data_iova *self,
			    const struct _fixture_variant_iova *variant,
			    __u64 first, __u64 last)
{
	if (first > variant->first) {
		ASSERT_EQ(0, reserve(self, variant->first, first - 1));
	}
	if (last < variant->last) {
		ASSERT_EQ(0, reserve(self, last + 1, variant->last));
	}
}

static int map_auto(const struct _test_data_iova *self, const void *va,
		    __u64 length, __u64 *iova)
{
	return ioas_map(self->rig.fd, self->rig.ioas_id, va, length,
			IOAS_MAP_RW, iova);
}

TEST_F(iova, automatic_is_within_the_ranges_and_disjoint)
{
	struct {
		__u64 first, last;
	} seen[24];
	unsigned int i, j;
	__u64 length;

	for (i = 0; i < ARRAY_SIZE(seen); i++) {
		length = (1 + i % 5) * self->page;
		ASSERT_EQ(0, map_auto(self, self->mem, length, &seen[i].first));
		seen[i].last = seen[i].first + length - 1;
		self->rig.mapped += length;
		EXPECT_LE(variant->first, seen[i].first);
		EXPECT_GE(variant->last, seen[i].last);
		EXPECT_LT(seen[i].first, seen[i].last);
		for (j = 0; j < i; j++) {
			EXPECT_TRUE(seen[i].first > seen[j].last ||
				    seen[i].last < seen[j].first);
		}
	}
}

TEST_F(iova, automatic_reaches_the_memory)
{
	struct rig *rig = &self->rig;
	struct mock_dev dev;
	__u64 iova = 0;

	/* Where a device can be attached afterwards as well */
	reserve_all_but(_metadata, self, variant, APERTURE_FIRST,
			APERTURE_LAST);
	ASSERT_EQ(0, map_auto(self, self->mem, self->page, &iova));
	rig->mapped = self->page;
	dev = rig_device(_metadata, rig, rig->ioas_id);
	EXPECT_EQ(0ULL, dma_poke(rig->fd, dev.stdev_id, iova, 7));
	EXPECT_EQ(7ULL, get_u64(self->mem));
}

TEST_F(iova, automatic_keeps_huge_pages_huge)
{
	char *huge = get_aligned_memory(_metadata, 2 * SZ_2M, SZ_2M,
					MAP_SHARED | MAP_ANONYMOUS);
	__u64 iova = 1;

	/* A small one first, so that the lowest place is not aligned */
	ASSERT_EQ(0, map_auto(self, self->mem, self->page, &iova));
	self->rig.mapped = self->page;
	ASSERT_EQ(0, map_auto(self, huge, SZ_2M, &iova));
	self->rig.mapped += SZ_2M;
	EXPECT_EQ(0ULL, iova % SZ_2M);
	ASSERT_EQ(0, map_auto(self, huge + 4 * self->page, 4 * self->page,
			      &iova));
	self->rig.mapped += 4 * self->page;
	EXPECT_EQ(0ULL, iova % (4 * self->page));
	ASSERT_EQ(0, map_auto(self, huge + self->page / 2, self->page / 2,
			      &iova));
	self->rig.mapped += self->page / 2;
	EXPECT_EQ(0ULL, iova % (self->page / 2));
}

TEST_F(iova, automatic_avoids_reserved_and_mapped)
{
	__u64 start = variant->first + 64 * self->page, iova;
	unsigned int i;

	/* Free: pages 2, 3, 6 and 7 of eight */
	reserve_all_but(_metadata, self, variant, start,
			start + 8 * self->page - 1);
	ASSERT_EQ(0, reserve(self, start, start + 2 * self->page - 1));
	rig_map(_metadata, &self->rig, self->mem, 2 * self->page,
		start + 4 * self->page, IOAS_MAP_RW);
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, map_auto(self, self->mem, self->page, &iova));
		self->rig.mapped += self->page;
		EXPECT_TRUE((iova - start) / self->page == 2 ||
			    (iova - start) / self->page == 3 ||
			    (iova - start) / self->page == 6 ||
			    (iova - start) / self->page == 7) {
			TH_LOG("IOVA %#llx", iova);
		}
	}
	EXPECT_EQ(-ENOSPC, map_auto(self, self->mem, self->page, &iova));
}

TEST_F(iova, automatic_without_a_place_is_ENOSPC)
{
	__u64 start = variant->first + 64 * self->page, iova = 0;

	reserve_all_but(_metadata, self, variant, start,
			start + 4 * self->page - 1);
	EXPECT_EQ(-ENOSPC, map_auto(self, self->mem, 5 * self->page, &iova));
	EXPECT_EQ(-ENOSPC, map_auto(self, self->mem, 16 * self->page, &iova));
	EXPECT_EQ(0, mock_check_refs(self->rig.fd, self->mem, 16 * self->page,
				     0));
	/* The whole of the free place can be had, once */
	ASSERT_EQ(0, map_auto(self, self->mem, 4 * self->page, &iova));
	self->rig.mapped = 4 * self->page;
	EXPECT_EQ(start, iova);
	EXPECT_EQ(-ENOSPC, map_auto(self, self->mem, self->page, &iova));
	/* and again when it is free again */
	rig_unmap(_metadata, &self->rig, start, 4 * self->page);
	ASSERT_EQ(0, map_auto(self, self->mem, 4 * self->page, &iova));
	self->rig.mapped = 4 * self->page;
}

/* Rounding up to the alignment must not wrap at the end of the space */
TEST_F(iova, automatic_at_the_very_end)
{
	__u64 last = variant->last, iova = 0;

	reserve_all_but(_metadata, self, variant, last - self->page + 1, last);
	EXPECT_EQ(-ENOSPC, map_auto(self, self->mem, 2 * self->page, &iova));
	ASSERT_EQ(0, map_auto(self, self->mem, self->page, &iova));
	self->rig.mapped = self->page;
	EXPECT_EQ(last - self->page + 1, iova);
}

TEST_F(iova, automatic_of_the_largest_alignment)
{
	const __u64 quarter = 1ULL << 62;
	unsigned int i, seen = 0;
	__u64 iova;

	ASSERT_EQ(0, reserve(self, variant->last, variant->last));
	for (i = 0; !variant->device && i < 3; i++) {
		ASSERT_EQ(0, map_auto(self, (void *)quarter, quarter, &iova));
		EXPECT_EQ(0ULL, iova % quarter);
		seen |= 1 << (iova / quarter);
		self->rig.mapped += quarter;
	}
	EXPECT_EQ(variant->device ? 0U : 0x7U, seen);
	EXPECT_EQ(-ENOSPC, map_auto(self, (void *)quarter, quarter, &iova));
}

TEST_F(iova, automatic_of_more_than_there_is_is_ENOSPC)
{
	__u64 iova;

	reserve_all_but(_metadata, self, variant, APERTURE_FIRST,
			APERTURE_LAST);
	EXPECT_EQ(-ENOSPC, map_auto(self, self->mem, 1ULL << 40, &iova));
	EXPECT_EQ(-ENOSPC, map_auto(self, (void *)self->page, 1ULL << 63,
				    &iova));
}

TEST_HARNESS_MAIN
