// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mapping and unmapping in an IOAS, with and without a device on it.
 */
#include "common.h"

#define SLOTS 16

/*
 * A window of SLOTS pages in which the tests map
 *
 *   base                                      base + SLOTS pages
 *    | 0 | 1 | 2 | ...                   | 15 |
 */
FIXTURE(map)
{
	struct rig rig;
	__u64 base;
	__u64 page;
	char *mem;
};

FIXTURE_VARIANT(map)
{
	bool device;
	bool second_hwpt;
	bool nested;
};

FIXTURE_VARIANT_ADD(map, no_device)
{
};

FIXTURE_VARIANT_ADD(map, device)
{
	.device = true,
};

FIXTURE_VARIANT_ADD(map, device_and_second_hwpt)
{
	.device = true,
	.second_hwpt = true,
};

FIXTURE_VARIANT_ADD(map, nested)
{
	.device = true,
	.nested = true,
};

FIXTURE_SETUP(map)
{
	struct rig *rig = &self->rig;

	if (variant->nested) {
		rig_open_nested(_metadata, rig);
		ASSERT_EQ(0, mock_replace(rig->fd, rig->dev.stdev_id,
					  rig->nested_id, NULL));
	} else if (variant->device) {
		rig_open_device(_metadata, rig);
	} else {
		rig_open(_metadata, rig);
		rig->ioas_id = rig_ioas(_metadata, rig);
	}
	if (variant->second_hwpt)
		rig_hwpt(_metadata, rig, rig->dev.idev_id, rig->ioas_id, 0);
	self->page = page_size();
	self->base = APERTURE_FIRST + 64 * self->page;
	self->mem = get_memory(_metadata, SLOTS * self->page);
}

FIXTURE_TEARDOWN(map)
{
	rig_close(_metadata, &self->rig);
	munmap(self->mem, SLOTS * self->page);
}

static int map_slots(const struct _test_data_map *self, unsigned int first,
		     unsigned int count)
{
	return ioas_map_fixed(self->rig.fd, self->rig.ioas_id,
			      self->mem + first * self->page,
			      count * self->page,
			      self->base + first * self->page, IOAS_MAP_RW);
}

static int unmap_slots(const struct _test_data_map *self, unsigned int first,
		       unsigned int count, __u64 *unmapped)
{
	return ioas_unmap(self->rig.fd, self->rig.ioas_id,
			  self->base + first * self->page, count * self->page,
			  unmapped);
}

/* What a device finds at a slot: its number, or that nothing is mapped */
static void expect_slot(struct __test_metadata *_metadata,
			const struct _test_data_map *self, unsigned int slot,
			bool mapped)
{
	if (!self->rig.dev.stdev_id)
		return;
	set_u64(self->mem + slot * self->page, slot + 100);
	EXPECT_EQ(mapped ? slot + 100 : DMA_UNMAPPED,
		  dma_peek(self->rig.fd, self->rig.dev.stdev_id,
			   self->base + slot * self->page)) {
		TH_LOG("slot %u", slot);
	}
}

/* ---- MAP ---- */

TEST_F(map, one_page)
{
	ASSERT_EQ(0, map_slots(self, 3, 1));
	expect_slot(_metadata, self, 2, false);
	expect_slot(_metadata, self, 3, true);
	expect_slot(_metadata, self, 4, false);
	self->rig.mapped = self->page;
}

TEST_F(map, neighbours)
{
	unsigned int i;

	for (i = 0; i < SLOTS; i += 2) {
		ASSERT_EQ(0, map_slots(self, i, 1));
	}
	for (i = 1; i < SLOTS; i += 2) {
		ASSERT_EQ(0, map_slots(self, i, 1));
	}
	for (i = 0; i < SLOTS; i++)
		expect_slot(_metadata, self, i, true);
	self->rig.mapped = SLOTS * self->page;
}

TEST_F(map, no_access_right_is_EINVAL)
{
	EXPECT_EQ(-EINVAL, ioas_map_fixed(self->rig.fd, self->rig.ioas_id,
					  self->mem, self->page, self->base,
					  0));
}

TEST_F(map, length_0_is_EINVAL)
{
	__u64 iova;

	EXPECT_EQ(-EINVAL, ioas_map_fixed(self->rig.fd, self->rig.ioas_id,
					  self->mem, 0, self->base,
					  IOAS_MAP_RW));
	EXPECT_EQ(-EINVAL, ioas_map(self->rig.fd, self->rig.ioas_id, self->mem,
				    0, IOAS_MAP_RW, &iova));
}

TEST_F(map, range_past_the_end_of_64_bits_is_EOVERFLOW)
{
	const struct {
		__u64 va, length, iova;
	} cases[] = {
		{ (uintptr_t)self->mem, 2 * self->page, -self->page },
		{ (uintptr_t)self->mem, -self->page, 2 * self->page },
		{ (uintptr_t)self->mem, UINT64_MAX, self->base },
		{ -self->page, 2 * self->page, self->base },
		{ -self->page, UINT64_MAX, 0 },
	};
	unsigned int i;
	__u64 iova;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		EXPECT_EQ(-EOVERFLOW,
			  ioas_map_fixed(self->rig.fd, self->rig.ioas_id,
					 (void *)cases[i].va, cases[i].length,
					 cases[i].iova, IOAS_MAP_RW)) {
			TH_LOG("case %u", i);
		}
	}
	EXPECT_EQ(-EOVERFLOW, ioas_map(self->rig.fd, self->rig.ioas_id,
				       (void *)-self->page, 2 * self->page,
				       IOAS_MAP_RW, &iova));
}

TEST_F(map, overlap_is_EEXIST)
{
	static const struct {
		unsigned int first, count;
	} over[] = { { 4, 4 }, { 4, 1 }, { 7, 1 }, { 5, 2 }, { 3, 2 }, { 7, 2 },
		     { 3, 6 }, { 0, SLOTS } };
	unsigned int i;

	ASSERT_EQ(0, map_slots(self, 4, 4));
	self->rig.mapped = 4 * self->page;
	for (i = 0; i < ARRAY_SIZE(over); i++) {
		EXPECT_EQ(-EEXIST, map_slots(self, over[i].first,
					     over[i].count)) {
			TH_LOG("slots %u+%u", over[i].first, over[i].count);
		}
	}
	for (i = 0; i < SLOTS; i++)
		expect_slot(_metadata, self, i, i >= 4 && i < 8);
	/* Nothing of the failed ones stays pinned */
	EXPECT_EQ(0, mock_check_refs(self->rig.fd, self->mem + 8 * self->page,
				     4 * self->page, 0));
}

TEST_F(map, same_memory_twice)
{
	ASSERT_EQ(0, map_slots(self, 0, 2));
	ASSERT_EQ(0, ioas_map_fixed(self->rig.fd, self->rig.ioas_id, self->mem,
				    2 * self->page, self->base + 8 * self->page,
				    IOAS_MAP_RO));
	self->rig.mapped = 4 * self->page;
	if (variant->device) {
		EXPECT_EQ(0, mock_check_refs(self->rig.fd, self->mem,
					     2 * self->page, 2));
	}
}

/* ---- UNMAP ---- */

TEST_F(map, unmap_takes_away_and_returns_the_length)
{
	__u64 unmapped = 1;

	ASSERT_EQ(0, map_slots(self, 0, 4));
	ASSERT_EQ(0, unmap_slots(self, 0, 4, &unmapped));
	EXPECT_EQ(4 * self->page, unmapped);
	expect_slot(_metadata, self, 0, false);
	expect_slot(_metadata, self, 3, false);
	EXPECT_EQ(0, mock_check_refs(self->rig.fd, self->mem, 4 * self->page,
				     0));
	/* and the place is free again */
	ASSERT_EQ(0, map_slots(self, 0, 4));
	self->rig.mapped = 4 * self->page;
}

TEST_F(map, unmap_of_more_counts_only_what_was_mapped)
{
	__u64 unmapped = 0;

	ASSERT_EQ(0, map_slots(self, 2, 2));
	ASSERT_EQ(0, map_slots(self, 8, 3));
	ASSERT_EQ(0, unmap_slots(self, 0, SLOTS, &unmapped));
	EXPECT_EQ(5 * self->page, unmapped);
}

TEST_F(map, unmap_of_nothing_is_ENOENT)
{
	ASSERT_EQ(0, map_slots(self, 4, 2));
	self->rig.mapped = 2 * self->page;
	EXPECT_EQ(-ENOENT, unmap_slots(self, 0, 4, NULL));
	EXPECT_EQ(-ENOENT, unmap_slots(self, 6, 10, NULL));
	EXPECT_EQ(-ENOENT, ioas_unmap(self->rig.fd, self->rig.ioas_id, 0,
				      self->page, NULL));
}

TEST_F(map, unmap_that_would_cut_is_ENOENT_and_unmaps_nothing)
{
	static const struct {
		unsigned int first, count;
	} cuts[] = { { 4, 1 }, { 7, 1 }, { 5, 2 }, { 0, 6 }, { 6, 10 },
		     /* from a whole one into the next, and the other way */
		     { 0, 5 }, { 7, 9 }, { 1, 12 } };
	unsigned int i;

	ASSERT_EQ(0, map_slots(self, 0, 2));
	ASSERT_EQ(0, map_slots(self, 4, 4));
	ASSERT_EQ(0, map_slots(self, 10, 2));
	self->rig.mapped = 8 * self->page;
	for (i = 0; i < ARRAY_SIZE(cuts); i++) {
		EXPECT_EQ(-ENOENT, unmap_slots(self, cuts[i].first,
					       cuts[i].count, NULL)) {
			TH_LOG("slots %u+%u", cuts[i].first, cuts[i].count);
		}
	}
	for (i = 0; i < SLOTS; i++)
		expect_slot(_metadata, self, i, 0x0cf3 >> i & 1);
}

TEST_F(map, unmap_of_length_0_is_EINVAL)
{
	EXPECT_EQ(-EINVAL, ioas_unmap(self->rig.fd, self->rig.ioas_id,
				      self->base, 0, NULL));
	EXPECT_EQ(-EINVAL, ioas_unmap(self->rig.fd, self->rig.ioas_id, 0, 0,
				      NULL));
}

TEST_F(map, unmap_past_the_end_of_64_bits_is_EOVERFLOW)
{
	ASSERT_EQ(0, map_slots(self, 0, 1));
	self->rig.mapped = self->page;
	EXPECT_EQ(-EOVERFLOW, ioas_unmap(self->rig.fd, self->rig.ioas_id,
					 self->base, UINT64_MAX, NULL));
	EXPECT_EQ(-EOVERFLOW, ioas_unmap(self->rig.fd, self->rig.ioas_id,
					 -self->page, 2 * self->page, NULL));
	EXPECT_EQ(-EOVERFLOW, ioas_unmap(self->rig.fd, self->rig.ioas_id,
					 UINT64_MAX, UINT64_MAX, NULL));
}

TEST_F(map, unmap_all_returns_the_sum)
{
	__u64 unmapped = 0;

	ASSERT_EQ(0, map_slots(self, 0, 1));
	ASSERT_EQ(0, map_slots(self, 3, 4));
	ASSERT_EQ(0, map_slots(self, 15, 1));
	ASSERT_EQ(0, ioas_unmap_all(self->rig.fd, self->rig.ioas_id,
				    &unmapped));
	EXPECT_EQ(6 * self->page, unmapped);
	EXPECT_EQ(0, mock_check_refs(self->rig.fd, self->mem,
				     SLOTS * self->page, 0));
}

TEST_F(map, unmap_all_of_nothing_succeeds_with_length_0)
{
	__u64 unmapped = 1;

	EXPECT_EQ(0, ioas_unmap_all(self->rig.fd, self->rig.ioas_id,
				    &unmapped));
	EXPECT_EQ(0ULL, unmapped);
}

TEST_F(map, unmap_all_as_two_halves)
{
	const __u64 half = 1ULL << 63;
	__u64 unmapped = 0;

	ASSERT_EQ(0, map_slots(self, 0, 4));
	EXPECT_EQ(0, ioas_unmap(self->rig.fd, self->rig.ioas_id, 0, half,
				&unmapped));
	EXPECT_EQ(4 * self->page, unmapped);
	EXPECT_EQ(-ENOENT, ioas_unmap(self->rig.fd, self->rig.ioas_id, half,
				      half, NULL));
	EXPECT_EQ(-ENOENT, ioas_unmap(self->rig.fd, self->rig.ioas_id, 0, half,
				      NULL));
}

/* Many random maps and unmaps against an array of what should be there */
TEST_F(map, random_maps_and_unmaps_match_a_model)
{
	unsigned int owner[SLOTS] = {}, next = 1, i, j, first, count, seed = 1;
	__u64 unmapped;
	bool taken, cut;
	__u64 want;

	for (i = 0; i < 400; i++) {
		first = rand_r(&seed) % SLOTS;
		count = 1 + rand_r(&seed) % 4;
		if (first + count > SLOTS)
			count = SLOTS - first;
		taken = false;
		want = 0;
		for (j = first; j < first + count; j++) {
			taken |= !!owner[j];
			want += owner[j] ? self->page : 0;
		}
		if (rand_r(&seed) % 2) {
			ASSERT_EQ(taken ? -EEXIST : 0,
				  map_slots(self, first, count));
			for (j = first; !taken && j < first + count; j++)
				owner[j] = next;
			next++;
			continue;
		}
		j = first + count;
		cut = first && owner[first] && owner[first - 1] == owner[first];
		cut |= j < SLOTS && owner[j] && owner[j - 1] == owner[j];
		ASSERT_EQ(cut || !want ? -ENOENT : 0,
			  unmap_slots(self, first, count, &unmapped));
		if (!cut && want) {
			ASSERT_EQ(want, unmapped);
			memset(&owner[first], 0, count * sizeof(owner[0]));
		}
	}
	for (j = 0; j < SLOTS; j++) {
		expect_slot(_metadata, self, j, owner[j]);
		self->rig.mapped += owner[j] ? self->page : 0;
	}
}

/* ---- Only without a device ---- */

FIXTURE(bare)
{
	struct rig rig;
};

FIXTURE_SETUP(bare)
{
	rig_open(_metadata, &self->rig);
	self->rig.ioas_id = rig_ioas(_metadata, &self->rig);
}

FIXTURE_TEARDOWN(bare)
{
	rig_close(_metadata, &self->rig);
}

/* A device to attach later, and its HWPT kept out of the way until then */
static struct mock_dev detached_device(struct __test_metadata *_metadata,
				       struct rig *rig)
{
	return rig_device_on(_metadata, rig, MOCK_IOMMU_FULL, 0, 0);
}

TEST_F(bare, any_byte_can_be_mapped)
{
	struct rig *rig = &self->rig;
	char *mem = get_memory(_metadata, page_size());

	rig_map(_metadata, rig, mem + 1, 1, 0, IOAS_MAP_RW);
	rig_map(_metadata, rig, mem + 7, 13, 1, IOAS_MAP_RO);
	rig_map(_metadata, rig, mem, 3, 1001, IOAS_MAP_WO);
	EXPECT_EQ(-EEXIST, ioas_map_fixed(rig->fd, rig->ioas_id, mem, 1, 13,
					  IOAS_MAP_RW));
	EXPECT_EQ(-ENOENT, ioas_unmap(rig->fd, rig->ioas_id, 1, 12, NULL));
	rig_unmap(_metadata, rig, 1, 13);
}

TEST_F(bare, both_ends_of_the_iova_space_can_be_mapped)
{
	struct rig *rig = &self->rig;
	__u64 page = page_size();
	char *mem = get_memory(_metadata, page);

	rig_map(_metadata, rig, mem, page, 0, IOAS_MAP_RW);
	rig_map(_metadata, rig, mem, page, -page, IOAS_MAP_RW);
	rig_unmap(_metadata, rig, -page, page);
}

TEST_F(bare, memory_is_not_touched)
{
	struct rig *rig = &self->rig;
	__u64 page = page_size();
	void *hole = get_hole(_metadata, page);
	void *mem = get_memory(_metadata, page);

	rig_map(_metadata, rig, hole, page, APERTURE_FIRST, IOAS_MAP_RW);
	rig_map(_metadata, rig, mem, page, APERTURE_FIRST + page, IOAS_MAP_RW);
	EXPECT_EQ(0, mock_check_refs(rig->fd, mem, page, 0));
	EXPECT_EQ(rig->pinned_kb, pinned_kb());
}

TEST_F(bare, attach_pins_what_was_mapped_before)
{
	struct rig *rig = &self->rig;
	__u64 page = page_size();
	void *mem = get_memory(_metadata, 8 * page);
	struct mock_dev dev;

	rig_map(_metadata, rig, mem, 8 * page, APERTURE_FIRST, IOAS_MAP_RW);
	dev = rig_device(_metadata, rig, rig->ioas_id);
	EXPECT_EQ(0, mock_check_refs(rig->fd, mem, 8 * page, 1));
	EXPECT_EQ(0, mock_check_map(rig->fd, dev.hwpt_id, APERTURE_FIRST,
				    8 * page, mem));
	EXPECT_EQ(0ULL, dma_poke(rig->fd, dev.stdev_id,
				 APERTURE_FIRST + 7 * page, 77));
	EXPECT_EQ(77ULL, get_u64((char *)mem + 7 * page));
	rig_destroy(_metadata, rig, dev.stdev_id);
	EXPECT_EQ(0, mock_check_refs(rig->fd, mem, 8 * page, 0));
}

TEST_F(bare, attach_to_bad_memory_is_EFAULT_and_nothing_is_attached)
{
	struct rig *rig = &self->rig;
	__u64 page = page_size();
	void *mem = get_memory(_metadata, 2 * page);
	void *hole = get_hole(_metadata, page);
	struct mock_dev dev = detached_device(_metadata, rig);

	rig_map(_metadata, rig, mem, 2 * page, APERTURE_FIRST, IOAS_MAP_RW);
	rig_map(_metadata, rig, hole, page, APERTURE_FIRST + 8 * page,
		IOAS_MAP_RW);
	EXPECT_EQ(-EFAULT, mock_attach(rig->fd, dev.stdev_id, rig->ioas_id,
				       NULL));
	EXPECT_EQ(-EFAULT, mock_device(rig->fd, rig->ioas_id, NULL));
	EXPECT_EQ(-EFAULT, hwpt_alloc(rig->fd, dev.idev_id, rig->ioas_id, 0,
				      NULL));
	EXPECT_EQ(0, mock_check_refs(rig->fd, mem, 2 * page, 0));
	EXPECT_EQ(DMA_DETACHED, dma_peek(rig->fd, dev.stdev_id,
					 APERTURE_FIRST));
	/* Without the bad one it works */
	rig_unmap(_metadata, rig, APERTURE_FIRST + 8 * page, page);
	EXPECT_EQ(0, mock_attach(rig->fd, dev.stdev_id, rig->ioas_id, NULL));
	EXPECT_EQ(0ULL, dma_poke(rig->fd, dev.stdev_id, APERTURE_FIRST, 1));
}

TEST_F(bare, attach_fails_where_the_device_cannot_reach_a_mapping)
{
	static const struct {
		__u64 iova, length;
	} bad[] = {
		{ 0, 65536 },
		{ MOCK_APERTURE_START - 65536, 2 * 65536 },
		{ (__u64)MOCK_APERTURE_LAST + 1, 65536 },
		{ MOCK_APERTURE_START + 1, 100 },
		{ MOCK_APERTURE_START, 100 },
	};
	struct rig *rig = &self->rig;
	char *mem = get_memory(_metadata, 2 * 65536);
	struct mock_dev dev = detached_device(_metadata, rig);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		rig_map(_metadata, rig, mem, bad[i].length, bad[i].iova,
			IOAS_MAP_RW);
		EXPECT_GT(0, mock_attach(rig->fd, dev.stdev_id, rig->ioas_id,
					 NULL)) {
			TH_LOG("case %u", i);
		}
		EXPECT_EQ(0, mock_check_refs(rig->fd, mem, 2 * 65536, 0));
		rig_unmap(_metadata, rig, bad[i].iova, bad[i].length);
	}
	EXPECT_EQ(0, mock_attach(rig->fd, dev.stdev_id, rig->ioas_id, NULL));
}

/* ---- Only with a device ---- */

FIXTURE(attached)
{
	struct rig rig;
	char *mem;
};

FIXTURE_SETUP(attached)
{
	rig_open_device(_metadata, &self->rig);
	self->mem = get_memory(_metadata, 4 * page_size());
}

FIXTURE_TEARDOWN(attached)
{
	rig_close(_metadata, &self->rig);
}

TEST_F(attached, map_unaligned_to_the_io_page_is_EINVAL)
{
	const __u64 page = page_size(), io_page = page / 2;
	const struct {
		__u64 va, length, iova;
	} bad[] = {
		{ 0, page, io_page / 2 },
		{ 0, page + 1, 0 },
		{ 0, io_page / 2, 0 },
		{ 1, page, 0 },
		{ io_page / 2, page, io_page / 2 },
	};
	struct rig *rig = &self->rig;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EINVAL, ioas_map_fixed(rig->fd, rig->ioas_id,
						  self->mem + bad[i].va,
						  bad[i].length,
						  APERTURE_FIRST + bad[i].iova,
						  IOAS_MAP_RW)) {
			TH_LOG("case %u", i);
		}
	}
	EXPECT_EQ(0, mock_check_refs(rig->fd, self->mem, 4 * page, 0));
}

TEST_F(attached, map_of_io_pages_within_pages)
{
	const __u64 io_page = page_size() / 2;
	struct rig *rig = &self->rig;
	unsigned int i;

	for (i = 0; i < 8; i++)
		set_u64(self->mem + i * io_page, 200 + i);
	/* The second half of a page, and across a page's end */
	rig_map(_metadata, rig, self->mem + io_page, io_page,
		APERTURE_FIRST + 4 * io_page, IOAS_MAP_RW);
	rig_map(_metadata, rig, self->mem + 3 * io_page, 4 * io_page,
		APERTURE_FIRST + 8 * io_page, IOAS_MAP_RW);
	EXPECT_EQ(201ULL, dma_peek(rig->fd, rig->dev.stdev_id,
				   APERTURE_FIRST + 4 * io_page));
	EXPECT_EQ(DMA_UNMAPPED, dma_peek(rig->fd, rig->dev.stdev_id,
					 APERTURE_FIRST + 5 * io_page));
	for (i = 0; i < 4; i++) {
		EXPECT_EQ(203ULL + i, dma_peek(rig->fd, rig->dev.stdev_id,
					       APERTURE_FIRST +
					       (8 + i) * io_page));
	}
	EXPECT_EQ(DMA_UNMAPPED, dma_peek(rig->fd, rig->dev.stdev_id,
					 APERTURE_FIRST + 12 * io_page));
}

TEST_F(attached, map_outside_the_aperture_is_EINVAL)
{
	const __u64 page = page_size();
	const struct {
		__u64 iova, pages;
	} bad[] = {
		{ 0, 1 },
		{ APERTURE_FIRST - page, 1 },
		{ APERTURE_FIRST - page, 2 },
		{ APERTURE_LAST + 1, 1 },
		{ APERTURE_LAST + 1 - page, 2 },
		{ -page, 1 },
	};
	struct rig *rig = &self->rig;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EINVAL, ioas_map_fixed(rig->fd, rig->ioas_id,
						  self->mem,
						  bad[i].pages * page,
						  bad[i].iova, IOAS_MAP_RW)) {
			TH_LOG("case %u", i);
		}
	}
	EXPECT_EQ(0, mock_check_refs(rig->fd, self->mem, 4 * page, 0));
	rig_map(_metadata, rig, self->mem, page, APERTURE_FIRST, IOAS_MAP_RW);
	rig_map(_metadata, rig, self->mem, page, APERTURE_LAST + 1 - page,
		IOAS_MAP_RW);
}

TEST_F(attached, rights_bind_the_device)
{
	static const struct {
		__u32 flags;
		bool read, write;
	} rights[] = {
		{ IOAS_MAP_RO, true, false },
		{ IOAS_MAP_WO, false, true },
		{ IOAS_MAP_RW, true, true },
	};
	struct rig *rig = &self->rig;
	__u64 page = page_size(), iova = APERTURE_FIRST;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rights); i++, iova += page) {
		rig_map(_metadata, rig, self->mem, page, iova, rights[i].flags);
		set_u64(self->mem, 5);
		EXPECT_EQ(rights[i].read ? 5 : DMA_FORBIDDEN,
			  dma_peek(rig->fd, rig->dev.stdev_id, iova));
		EXPECT_EQ(rights[i].write ? 0 : DMA_FORBIDDEN,
			  dma_poke(rig->fd, rig->dev.stdev_id, iova, 6));
		EXPECT_EQ(rights[i].write ? 6ULL : 5ULL, get_u64(self->mem));
	}
}

TEST_F(attached, bad_memory_is_EFAULT_and_stays_unmapped)
{
	struct rig *rig = &self->rig;
	__u64 page = page_size(), iova;
	void *hole = get_hole(_metadata, page);
	void *edge = get_memory_at_edge(_metadata, 2 * page);

	EXPECT_EQ(-EFAULT, ioas_map_fixed(rig->fd, rig->ioas_id, hole, page,
					  APERTURE_FIRST, IOAS_MAP_RW));
	/* Good at first */
	EXPECT_EQ(-EFAULT, ioas_map_fixed(rig->fd, rig->ioas_id, edge, 3 * page,
					  APERTURE_FIRST, IOAS_MAP_RO));
	EXPECT_EQ(-EFAULT, ioas_map(rig->fd, rig->ioas_id, edge, 3 * page,
				    IOAS_MAP_RO, &iova));
	EXPECT_EQ(0, mock_check_refs(rig->fd, edge, 2 * page, 0));
	EXPECT_EQ(DMA_UNMAPPED, dma_peek(rig->fd, rig->dev.stdev_id,
					 APERTURE_FIRST));
	rig_map(_metadata, rig, edge, 2 * page, APERTURE_FIRST, IOAS_MAP_RO);
}

TEST_F(attached, write_right_on_read_only_memory_is_EFAULT)
{
	struct rig *rig = &self->rig;
	__u64 page = page_size();

	set_u64(self->mem, 5);
	ASSERT_EQ(0, mprotect(self->mem, page, PROT_READ));
	EXPECT_EQ(-EFAULT, ioas_map_fixed(rig->fd, rig->ioas_id, self->mem,
					  page, APERTURE_FIRST, IOAS_MAP_RW));
	EXPECT_EQ(-EFAULT, ioas_map_fixed(rig->fd, rig->ioas_id, self->mem,
					  page, APERTURE_FIRST, IOAS_MAP_WO));
	EXPECT_EQ(0, mock_check_refs(rig->fd, self->mem, page, 0));
	rig_map(_metadata, rig, self->mem, page, APERTURE_FIRST, IOAS_MAP_RO);
	EXPECT_EQ(5ULL, dma_peek(rig->fd, rig->dev.stdev_id, APERTURE_FIRST));
}

TEST_F(attached, inaccessible_memory_is_EFAULT)
{
	struct rig *rig = &self->rig;
	__u64 page = page_size();

	ASSERT_EQ(0, mprotect(self->mem, page, PROT_NONE));
	EXPECT_EQ(-EFAULT, ioas_map_fixed(rig->fd, rig->ioas_id, self->mem,
					  page, APERTURE_FIRST, IOAS_MAP_RO));
}

TEST_F(attached, two_ioas_are_two_address_spaces)
{
	struct rig *rig = &self->rig;
	__u64 page = page_size();
	__u32 ioas_id = rig_ioas(_metadata, rig);
	struct mock_dev dev = rig_device(_metadata, rig, ioas_id);

	set_u64(self->mem, 1);
	set_u64(self->mem + page, 2);
	rig_map(_metadata, rig, self->mem, page, APERTURE_FIRST, IOAS_MAP_RW);
	EXPECT_EQ(DMA_UNMAPPED, dma_peek(rig->fd, dev.stdev_id,
					 APERTURE_FIRST));
	ASSERT_EQ(0, ioas_map_fixed(rig->fd, ioas_id, self->mem + page, page,
				    APERTURE_FIRST, IOAS_MAP_RW));
	EXPECT_EQ(1ULL, dma_peek(rig->fd, rig->dev.stdev_id, APERTURE_FIRST));
	EXPECT_EQ(2ULL, dma_peek(rig->fd, dev.stdev_id, APERTURE_FIRST));
	ASSERT_EQ(0, ioas_unmap_all(rig->fd, ioas_id, NULL));
	EXPECT_EQ(1ULL, dma_peek(rig->fd, rig->dev.stdev_id, APERTURE_FIRST));
}

TEST_HARNESS_MAIN
