// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOMMU_IOAS_ALLOW_IOVAS: ranges that stay usable, and that automatic IOVAs are
 * chosen from.
 */
#include "common.h"

FIXTURE(allow)
{
	struct rig rig;
	__u64 page;
	char *mem;
};

FIXTURE_VARIANT(allow)
{
	bool device;
};

FIXTURE_VARIANT_ADD(allow, no_device)
{
};

FIXTURE_VARIANT_ADD(allow, device)
{
	.device = true,
};

#define PAGES 16
#define LOW	APERTURE_FIRST
#define MIDDLE	(APERTURE_FIRST + SZ_1G / 2)
#define HIGH	(APERTURE_FIRST + SZ_1G)

FIXTURE_SETUP(allow)
{
	if (variant->device) {
		rig_open_device(_metadata, &self->rig);
	} else {
		rig_open(_metadata, &self->rig);
		self->rig.ioas_id = rig_ioas(_metadata, &self->rig);
	}
	self->page = page_size();
	self->mem = get_memory(_metadata, PAGES * self->page);
}

FIXTURE_TEARDOWN(allow)
{
	rig_close(_metadata, &self->rig);
}

static int allow(const struct _test_data_allow *self,
		 const struct iommu_iova_range *ranges, __u32 num)
{
	return ioas_allow_iovas(self->rig.fd, self->rig.ioas_id, ranges, num);
}

/* One range */
static int allow_one(const struct _test_data_allow *self, __u64 first,
		     __u64 length)
{
	struct iommu_iova_range range = { first, first + length - 1 };

	return allow(self, &range, 1);
}

static int map_auto(struct _test_data_allow *self, unsigned int pages,
		    __u64 *iova)
{
	int rc = ioas_map(self->rig.fd, self->rig.ioas_id, self->mem,
			  pages * self->page, IOAS_MAP_RW, iova);

	if (!rc)
		self->rig.mapped += pages * self->page;
	return rc;
}

static int reserve(const struct _test_data_allow *self, __u64 first,
		   __u64 length)
{
	return mock_add_reserved(self->rig.fd, self->rig.ioas_id, first, length);
}

/* ---- The list ---- */

TEST_F(allow, overlapping_or_senseless_ranges_are_EINVAL)
{
	static const struct iommu_iova_range lists[][3] = {
		{ { LOW + 1, LOW } },
		{ { LOW, LOW + 4095 }, { HIGH + 10, HIGH + 9 } },
		{ { LOW, LOW + 4095 }, { LOW, LOW + 4095 } },
		{ { LOW, LOW + 4095 }, { LOW + 4095, LOW + 8191 } },
		{ { LOW + 4095, LOW + 8191 }, { LOW, LOW + 4095 } },
		{ { LOW, HIGH }, { MIDDLE, MIDDLE } },
		{ { MIDDLE, MIDDLE }, { LOW, HIGH } },
		{ { LOW, LOW + 9 }, { HIGH, HIGH + 9 }, { LOW + 9, LOW + 9 } },
		{ { APERTURE_LAST, 0 } },
	};
	unsigned int i, num;
	__u64 iova = 0;

	ASSERT_EQ(0, allow_one(self, HIGH, PAGES * self->page));
	for (i = 0; i < ARRAY_SIZE(lists); i++) {
		for (num = 3; !lists[i][num - 1].start; num--)
			;
		EXPECT_EQ(-EINVAL, allow(self, lists[i], num)) {
			TH_LOG("list %u", i);
		}
	}
	/* and the list is still the one before */
	ASSERT_EQ(0, map_auto(self, 1, &iova));
	EXPECT_EQ(HIGH, iova & ~(PAGES * self->page - 1));
}

TEST_F(allow, adjoining_ranges_do_not_overlap)
{
	const struct iommu_iova_range ranges[] = {
		{ MIDDLE, MIDDLE + self->page - 1 },
		{ MIDDLE + 2 * self->page, MIDDLE + 3 * self->page - 1 },
		{ MIDDLE + self->page, MIDDLE + 2 * self->page - 1 },
	};
	__u64 iova = 0;
	unsigned int i;

	ASSERT_EQ(0, allow(self, ranges, ARRAY_SIZE(ranges)));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(0, map_auto(self, 1, &iova));
	}
	EXPECT_EQ(-ENOSPC, map_auto(self, 1, &iova));
}

TEST_F(allow, bad_array_is_EFAULT)
{
	struct iommu_iova_range *hole = get_hole(_metadata, self->page);
	struct iommu_iova_range *edge =
		get_memory_at_edge(_metadata, 2 * sizeof(*edge));
	__u64 iova = 0;

	edge[0] = (struct iommu_iova_range){ HIGH, HIGH + SZ_2M - 1 };
	edge[1] = (struct iommu_iova_range){ LOW, LOW + SZ_2M - 1 };
	EXPECT_EQ(-EFAULT, allow(self, NULL, 1));
	EXPECT_EQ(-EFAULT, allow(self, hole, 1));
	EXPECT_EQ(-EFAULT, allow(self, edge, 3));
	EXPECT_EQ(-EFAULT, allow(self, edge, UINT32_MAX));
	EXPECT_EQ(0, reserve(self, LOW, self->page));
	EXPECT_EQ(0, allow(self, edge, 1));
	EXPECT_EQ(0, map_auto(self, 1, &iova));
	EXPECT_LE(HIGH, iova);
}

TEST_F(allow, unknown_ioas_is_ENOENT)
{
	struct iommu_iova_range range = { LOW, HIGH };

	EXPECT_EQ(-ENOENT, ioas_allow_iovas(self->rig.fd, 0, &range, 1));
	EXPECT_EQ(-ENOENT, ioas_allow_iovas(self->rig.fd, NO_SUCH_ID, &range,
					    1));
	if (variant->device) {
		EXPECT_EQ(-ENOENT, ioas_allow_iovas(self->rig.fd,
						    self->rig.dev.hwpt_id,
						    &range, 1));
	}
}

TEST_F(allow, replaced_as_a_whole)
{
	const struct iommu_iova_range before[] = {
		{ LOW, LOW + 2 * self->page - 1 },
		{ MIDDLE, MIDDLE + 2 * self->page - 1 },
	};
	__u64 iova = 0;

	ASSERT_EQ(0, allow(self, before, ARRAY_SIZE(before)));
	EXPECT_EQ(-EADDRINUSE, reserve(self, LOW, self->page));
	EXPECT_EQ(-EADDRINUSE, reserve(self, MIDDLE, self->page));
	/* May overlap what the list before had */
	ASSERT_EQ(0, allow_one(self, MIDDLE + self->page, 2 * self->page));
	EXPECT_EQ(0, reserve(self, LOW, self->page));
	EXPECT_EQ(0, reserve(self, MIDDLE, self->page));
	ASSERT_EQ(0, map_auto(self, 2, &iova));
	EXPECT_EQ(MIDDLE + self->page, iova);
	EXPECT_EQ(-ENOSPC, map_auto(self, 1, &iova));
}

TEST_F(allow, empty_list_withdraws_it)
{
	__u64 iova = 0;

	ASSERT_EQ(0, allow_one(self, HIGH, self->page));
	ASSERT_EQ(0, map_auto(self, 1, &iova));
	EXPECT_EQ(HIGH, iova);
	EXPECT_EQ(-ENOSPC, map_auto(self, 1, &iova));
	ASSERT_EQ(0, allow(self, NULL, 0));
	EXPECT_EQ(0, map_auto(self, 1, &iova));
	EXPECT_NE(HIGH, iova);
	EXPECT_EQ(0, reserve(self, HIGH + self->page, self->page));
	/* once more, with nothing to withdraw */
	EXPECT_EQ(0, allow(self, NULL, 0));
}

TEST_F(allow, many_ranges)
{
	struct iommu_iova_range *ranges =
		get_memory(_metadata, 1000 * sizeof(*ranges));
	__u64 iova = 0;
	unsigned int i;

	for (i = 0; i < 1000; i++) {
		/* Not in order */
		ranges[i].start = LOW + i * 7 % 1000 * 2 * self->page;
		ranges[i].last = ranges[i].start + self->page - 1;
	}
	ASSERT_EQ(0, allow(self, ranges, 1000));
	for (i = 0; i < 50; i++) {
		ASSERT_EQ(0, map_auto(self, 1, &iova));
		EXPECT_EQ(0ULL, (iova - LOW) % (2 * self->page));
	}
	EXPECT_EQ(-ENOSPC, map_auto(self, 2, &iova));
	/* One that overlaps another takes none of them */
	ranges[999] = (struct iommu_iova_range){ LOW, LOW };
	EXPECT_EQ(-EINVAL, allow(self, ranges, 1000));
	EXPECT_EQ(-ENOSPC, map_auto(self, 2, &iova));
}

/* ---- What it does ---- */

TEST_F(allow, automatic_iovas_stay_inside)
{
	const struct iommu_iova_range ranges[] = {
		{ HIGH, HIGH + 3 * self->page - 1 },
		{ LOW + 1, LOW + 3 * self->page },
	};
	__u64 iova[5] = {};
	unsigned int i;

	ASSERT_EQ(0, allow(self, ranges, ARRAY_SIZE(ranges)));
	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, map_auto(self, 1, &iova[i]));
		EXPECT_TRUE((iova[i] >= ranges[0].start &&
			     iova[i] + self->page - 1 <= ranges[0].last) ||
			    (iova[i] >= ranges[1].start &&
			     iova[i] + self->page - 1 <= ranges[1].last)) {
			TH_LOG("IOVA %#llx", iova[i]);
		}
	}
	/* There is room elsewhere, but not for this */
	EXPECT_EQ(-ENOSPC, map_auto(self, 4, &iova[0]));
}

TEST_F(allow, automatic_iovas_avoid_what_is_mapped_inside)
{
	__u64 iova = 0;

	ASSERT_EQ(0, allow_one(self, MIDDLE, 8 * self->page));
	rig_map(_metadata, &self->rig, self->mem, 3 * self->page, MIDDLE,
		IOAS_MAP_RW);
	rig_map(_metadata, &self->rig, self->mem, 3 * self->page,
		MIDDLE + 4 * self->page, IOAS_MAP_RW);
	EXPECT_EQ(-ENOSPC, map_auto(self, 2, &iova));
	EXPECT_EQ(0, map_auto(self, 1, &iova));
	EXPECT_EQ(0, map_auto(self, 1, &iova));
	EXPECT_EQ(-ENOSPC, map_auto(self, 1, &iova));
}

TEST_F(allow, automatic_copies_stay_inside)
{
	struct rig *rig = &self->rig;
	__u64 iova = 0;

	rig_map(_metadata, rig, self->mem, 4 * self->page, LOW, IOAS_MAP_RW);
	ASSERT_EQ(0, allow_one(self, HIGH, 4 * self->page));
	ASSERT_EQ(0, ioas_copy(rig->fd, rig->ioas_id, rig->ioas_id,
			       4 * self->page, LOW, IOAS_MAP_RW, &iova));
	rig->mapped += 4 * self->page;
	EXPECT_EQ(HIGH, iova);
	EXPECT_EQ(-ENOSPC, ioas_copy(rig->fd, rig->ioas_id, rig->ioas_id,
				     self->page, LOW, IOAS_MAP_RW, &iova));
}

TEST_F(allow, given_iovas_may_be_outside)
{
	rig_map(_metadata, &self->rig, self->mem, self->page, LOW, IOAS_MAP_RW);
	ASSERT_EQ(0, allow_one(self, HIGH, SZ_2M));
	rig_map(_metadata, &self->rig, self->mem, self->page, MIDDLE,
		IOAS_MAP_RW);
}

TEST_F(allow, changes_nothing_of_what_can_be_mapped)
{
	struct iommu_iova_range ranges[4];
	__u32 num = ARRAY_SIZE(ranges);

	ASSERT_EQ(0, allow_one(self, HIGH, SZ_2M));
	ASSERT_EQ(0, ioas_iova_ranges(self->rig.fd, self->rig.ioas_id, ranges,
				      &num, NULL));
	EXPECT_EQ(1U, num);
	EXPECT_EQ(variant->device ? APERTURE_FIRST : 0, ranges[0].start);
}

/* ---- Against what is reserved ---- */

TEST_F(allow, reserved_is_EADDRINUSE)
{
	const struct iommu_iova_range one_is_good[] = {
		{ LOW, LOW + SZ_2M - 1 },
		{ MIDDLE + self->page - 1, MIDDLE + 2 * self->page },
	};
	__u64 iova = 0;

	ASSERT_EQ(0, reserve(self, MIDDLE, self->page));
	ASSERT_EQ(0, allow_one(self, HIGH, self->page));
	EXPECT_EQ(-EADDRINUSE, allow_one(self, MIDDLE, self->page));
	EXPECT_EQ(-EADDRINUSE, allow_one(self, LOW, MIDDLE - LOW + 1));
	EXPECT_EQ(-EADDRINUSE, allow(self, one_is_good, 2));
	/* and the list is still the one before */
	ASSERT_EQ(0, map_auto(self, 1, &iova));
	EXPECT_EQ(HIGH, iova);
	EXPECT_EQ(0, allow_one(self, LOW, MIDDLE - LOW));
	EXPECT_EQ(0, allow_one(self, MIDDLE + self->page, self->page));
}

TEST_F(allow, reserving_what_is_allowed_is_EADDRINUSE)
{
	struct iommu_iova_range ranges[4];
	__u32 num = ARRAY_SIZE(ranges);

	ASSERT_EQ(0, allow_one(self, MIDDLE, 2 * self->page));
	EXPECT_EQ(-EADDRINUSE, reserve(self, MIDDLE, 1));
	EXPECT_EQ(-EADDRINUSE, reserve(self, MIDDLE + 2 * self->page - 1, 1));
	EXPECT_EQ(-EADDRINUSE, reserve(self, LOW, SZ_1G));
	ASSERT_EQ(0, ioas_iova_ranges(self->rig.fd, self->rig.ioas_id, ranges,
				      &num, NULL));
	EXPECT_EQ(1U, num);
	EXPECT_EQ(0, reserve(self, MIDDLE - 1, 1));
	EXPECT_EQ(0, reserve(self, MIDDLE + 2 * self->page, 1));
}

TEST_F(allow, what_a_device_cannot_reach_is_EADDRINUSE)
{
	int rc = variant->device ? -EADDRINUSE : 0;

	EXPECT_EQ(rc, allow_one(self, APERTURE_FIRST - 1, 2));
	EXPECT_EQ(rc, allow_one(self, APERTURE_LAST, 2));
	EXPECT_EQ(rc, allow_one(self, 0, APERTURE_FIRST));
	EXPECT_EQ(0, allow_one(self, APERTURE_FIRST,
			       APERTURE_LAST - APERTURE_FIRST + 1));
}

TEST_F(allow, attach_that_would_narrow_it_is_EADDRINUSE)
{
	struct rig *rig = &self->rig;
	static const struct iommu_iova_range wide[] = {
		{ 0, 0 },
		{ APERTURE_FIRST - 1, APERTURE_FIRST - 1 },
		{ APERTURE_FIRST, APERTURE_LAST + 1 },
		{ UINT64_MAX, UINT64_MAX },
		{ 0, UINT64_MAX },
	};
	struct mock_dev dev;
	unsigned int i;

	if (variant->device)
		SKIP(return, "it is attached");
	dev = rig_device_on(_metadata, rig, MOCK_IOMMU_FULL, 0, 0);
	for (i = 0; i < ARRAY_SIZE(wide); i++) {
		ASSERT_EQ(0, allow(self, &wide[i], 1));
		EXPECT_EQ(-EADDRINUSE, mock_attach(rig->fd, dev.stdev_id,
						   rig->ioas_id, NULL)) {
			TH_LOG("range %u", i);
		}
		EXPECT_EQ(-EADDRINUSE, hwpt_alloc(rig->fd, dev.idev_id,
						  rig->ioas_id, 0, NULL));
	}
	ASSERT_EQ(0, allow_one(self, APERTURE_FIRST,
			       APERTURE_LAST - APERTURE_FIRST + 1));
	EXPECT_EQ(0, mock_attach(rig->fd, dev.stdev_id, rig->ioas_id, NULL));
	EXPECT_EQ(0, mock_detach(rig->fd, dev.stdev_id));
	ASSERT_EQ(0, allow(self, &wide[0], 1));
	EXPECT_EQ(-EADDRINUSE, mock_attach(rig->fd, dev.stdev_id, rig->ioas_id,
					   NULL));
	/* Without the promise it may */
	ASSERT_EQ(0, allow(self, NULL, 0));
	EXPECT_EQ(0, mock_attach(rig->fd, dev.stdev_id, rig->ioas_id, NULL));
}

TEST_HARNESS_MAIN
