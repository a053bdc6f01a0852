// SPDX-License-Identifier: GPL-2.0-only
/*
 * Accesses: drivers that reach what an IOAS maps without an IOMMU. They pin pages
 * and let go of them when asked. Reading and writing are in access_rw_test.c.
 */
#include "common.h"

#define PAGES 16

FIXTURE(access)
{
	struct rig rig;
	__u64 page;
	char *mem;
	__u32 access_fd;
};

/**
 * struct _fixture_variant_access - conditions
 * @limit: Memory for pinning, in bytes
 */
FIXTURE_VARIANT(access)
{
	__u32 limit;
};

FIXTURE_VARIANT_ADD(access, limit_1)
{
	.limit = 1,
};

FIXTURE_VARIANT_ADD(access, limit_16)
{
	.limit = 16,
};

FIXTURE_VARIANT_ADD(access, limit_4096)
{
	.limit = 4096,
};

FIXTURE_SETUP(access)
{
	struct rig *rig = &self->rig;
	unsigned int i;

	rig_open(_metadata, rig);
	self->page = page_size();
	self->mem = get_memory(_metadata, PAGES * self->page);
	/* From the last on, so that they are not one run of memory */
	for (i = PAGES; i-- > 0;)
		set_u64(self->mem + i * self->page, 1000 + i);
	rig->ioas_id = rig_ioas(_metadata, rig);
	ASSERT_EQ(0, mock_memory_limit(rig->fd, variant->limit));
	ASSERT_EQ(0, mock_access_create(rig->fd, rig->ioas_id, ACCESS_PINS,
					&self->access_fd));
}

static void close_access(struct _test_data_access *self)
{
	if (self->access_fd)
		close(self->access_fd);
	self->access_fd = 0;
}

FIXTURE_TEARDOWN(access)
{
	mock_memory_limit(self->rig.fd, MOCK_MEMORY_LIMIT_NONE);
	close_access(self);
	EXPECT_EQ(0, check_refs_exactly(self->rig.fd, self->mem,
					PAGES * self->page, 0));
	rig_close(_metadata, &self->rig);
}

/* Map pages of the memory at the same place of the IOAS */
static void map_pages(struct __test_metadata *_metadata,
		      struct _test_data_access *self, unsigned int first,
		      unsigned int num, __u32 flags)
{
	rig_map(_metadata, &self->rig, self->mem + first * self->page,
		num * self->page, APERTURE_FIRST + first * self->page, flags);
}

static void unmap_pages(struct __test_metadata *_metadata,
			struct _test_data_access *self, unsigned int first,
			unsigned int num)
{
	rig_unmap(_metadata, &self->rig, APERTURE_FIRST + first * self->page,
		  num * self->page);
}

static int pin_pages(const struct _test_data_access *self, unsigned int first,
		     unsigned int num, __u32 flags, __u32 *id)
{
	return mock_access_pin(self->rig.fd, self->access_fd, flags,
			       APERTURE_FIRST + first * self->page,
			       num * self->page, self->mem + first * self->page,
			       id);
}

static int unpin(const struct _test_data_access *self, __u32 id)
{
	return mock_access_unpin(self->rig.fd, self->access_fd, id);
}

/* These pages are pinned once, the others are not, and so many are charged */
static void expect_pinned(struct __test_metadata *_metadata,
			  const struct _test_data_access *self,
			  unsigned int first, unsigned int num)
{
	unsigned int i;

	for (i = 0; i < PAGES; i++) {
		EXPECT_EQ(0, check_refs_exactly(self->rig.fd,
						self->mem + i * self->page,
						self->page,
						i >= first && i - first < num)) {
			TH_LOG("page %u", i);
		}
	}
	EXPECT_EQ(self->rig.pinned_kb + num * self->page / 1024, pinned_kb());
}

/* ---- Pin and unpin ---- */

TEST_F(access, pins_until_unpinned)
{
	__u32 id = 0;

	map_pages(_metadata, self, 0, PAGES, IOAS_MAP_RW);
	expect_pinned(_metadata, self, 0, 0);
	ASSERT_EQ(0, pin_pages(self, 3, 5, MOCK_FLAGS_ACCESS_WRITE, &id));
	EXPECT_NE(0U, id);
	expect_pinned(_metadata, self, 3, 5);
	EXPECT_EQ(0, unpin(self, id));
	expect_pinned(_metadata, self, 0, 0);
	EXPECT_EQ(-ENOENT, unpin(self, id));
}

TEST_F(access, pins_any_part)
{
	unsigned int first, num;
	__u32 id = 0;

	map_pages(_metadata, self, 0, PAGES, IOAS_MAP_RW);
	for (first = 0; first < PAGES; first += 3) {
		for (num = 1; num <= PAGES - first; num += 4) {
			ASSERT_EQ(0, pin_pages(self, first, num, 0, &id));
			expect_pinned(_metadata, self, first, num);
			ASSERT_EQ(0, unpin(self, id));
		}
	}
}

TEST_F(access, pins_whole_pages_for_any_bytes)
{
	static const struct {
		unsigned int offset, length, pages;
	} parts[] = {
		{ 0, 1, 1 }, { 4095, 1, 1 }, { 4095, 2, 2 }, { 100, 4096, 2 },
		{ 1, 4095, 1 }, { 2048, 8193, 3 },
	};
	unsigned int i;
	__u32 id = 0;

	map_pages(_metadata, self, 0, PAGES, IOAS_MAP_RW);
	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		ASSERT_EQ(0, mock_access_pin(self->rig.fd, self->access_fd, 0,
					     APERTURE_FIRST + parts[i].offset,
					     parts[i].length,
					     self->mem + parts[i].offset,
					     &id)) {
			TH_LOG("case %u", i);
		}
		expect_pinned(_metadata, self, 0, parts[i].pages);
		ASSERT_EQ(0, unpin(self, id));
	}
}

TEST_F(access, same_range_twice)
{
	__u32 ids[2] = {};

	map_pages(_metadata, self, 0, PAGES, IOAS_MAP_RW);
	ASSERT_EQ(0, pin_pages(self, 2, 4, 0, &ids[0]));
	ASSERT_EQ(0, pin_pages(self, 2, 4, 0, &ids[1]));
	EXPECT_NE(ids[0], ids[1]);
	expect_pinned(_metadata, self, 2, 4);
	EXPECT_EQ(0, unpin(self, ids[0]));
	expect_pinned(_metadata, self, 2, 4);
	EXPECT_EQ(0, unpin(self, ids[1]));
	expect_pinned(_metadata, self, 0, 0);
}

TEST_F(access, overlapping_ranges)
{
	__u32 ids[3] = {};

	map_pages(_metadata, self, 0, PAGES, IOAS_MAP_RW);
	ASSERT_EQ(0, pin_pages(self, 2, 6, 0, &ids[0]));
	ASSERT_EQ(0, pin_pages(self, 4, 8, 0, &ids[1]));
	ASSERT_EQ(0, pin_pages(self, 5, 1, 0, &ids[2]));
	expect_pinned(_metadata, self, 2, 10);
	EXPECT_EQ(0, unpin(self, ids[0]));
	expect_pinned(_metadata, self, 4, 8);
	EXPECT_EQ(0, unpin(self, ids[1]));
	expect_pinned(_metadata, self, 5, 1);
	EXPECT_EQ(0, unpin(self, ids[2]));
}

TEST_F(access, range_across_areas)
{
	__u32 id = 0;

	map_pages(_metadata, self, 0, 3, IOAS_MAP_RW);
	map_pages(_metadata, self, 3, 1, IOAS_MAP_RW);
	map_pages(_metadata, self, 4, 6, IOAS_MAP_RW);
	ASSERT_EQ(0, pin_pages(self, 1, 7, MOCK_FLAGS_ACCESS_WRITE, &id));
	expect_pinned(_metadata, self, 1, 7);
	EXPECT_EQ(0, unpin(self, id));
	expect_pinned(_metadata, self, 0, 0);
}

TEST_F(access, two_accesses_pin_independently)
{
	__u32 ids[2] = {}, other = 0;

	map_pages(_metadata, self, 0, PAGES, IOAS_MAP_RW);
	ASSERT_EQ(0, mock_access_create(self->rig.fd, self->rig.ioas_id,
					ACCESS_PINS, &other));
	ASSERT_EQ(0, pin_pages(self, 2, 4, 0, &ids[0]));
	ASSERT_EQ(0, mock_access_pin(self->rig.fd, other, 0,
				     APERTURE_FIRST + 4 * self->page,
				     4 * self->page, self->mem + 4 * self->page,
				     &ids[1]));
	expect_pinned(_metadata, self, 2, 6);
	EXPECT_EQ(0, unpin(self, ids[0]));
	expect_pinned(_metadata, self, 4, 4);
	close(other);
	expect_pinned(_metadata, self, 0, 0);
}

TEST_F(access, scattered_memory)
{
	unsigned int i, pages = 600;
	char *mem = get_memory(_metadata, pages * self->page);
	__u32 id = 0;

	for (i = pages; i-- > 0;)
		if (i % 5)
			mem[i * self->page] = i;
	rig_map(_metadata, &self->rig, mem, pages * self->page, APERTURE_FIRST,
		IOAS_MAP_RW);
	ASSERT_EQ(0, mock_access_pin(self->rig.fd, self->access_fd, 0,
				     APERTURE_FIRST + self->page,
				     (pages - 2) * self->page,
				     mem + self->page, &id));
	EXPECT_EQ(0, check_refs_exactly(self->rig.fd, mem + self->page,
					(pages - 2) * self->page, 1));
	/* A domain in addition takes the ends only */
	rig_device(_metadata, &self->rig, self->rig.ioas_id);
	EXPECT_EQ(0, check_refs_exactly(self->rig.fd, mem, pages * self->page,
					1));
	EXPECT_EQ(0, unpin(self, id));
	EXPECT_EQ(0, check_refs_exactly(self->rig.fd, mem, pages * self->page,
					1));
}

TEST_F(access, huge_memory)
{
	char *mem = get_aligned_memory(_metadata, 2 * SZ_2M, SZ_2M,
				       MAP_PRIVATE | MAP_ANONYMOUS);
	__u64 skip = 3 * self->page, length = SZ_2M + 7 * self->page;
	__u32 id = 0;

	if (madvise(mem, 2 * SZ_2M, MADV_HUGEPAGE))
		SKIP(return, "no transparent huge pages");
	memset(mem, 0x5a, 2 * SZ_2M);
	rig_map(_metadata, &self->rig, mem, 2 * SZ_2M, APERTURE_FIRST,
		IOAS_MAP_RW);
	ASSERT_EQ(0, mock_access_pin(self->rig.fd, self->access_fd,
				     MOCK_FLAGS_ACCESS_WRITE,
				     APERTURE_FIRST + skip, length, mem + skip,
				     &id));
	EXPECT_EQ(self->rig.pinned_kb + length / 1024, pinned_kb());
	EXPECT_EQ(0, mock_check_refs(self->rig.fd, mem + skip, length, 1));
	EXPECT_EQ(0, unpin(self, id));
	EXPECT_EQ(0, mock_check_refs(self->rig.fd, mem, 2 * SZ_2M, 0));
	EXPECT_EQ(self->rig.pinned_kb, pinned_kb());
}

/* ---- What cannot be pinned ---- */

TEST_F(access, what_is_not_all_mapped_is_ENOENT)
{
	static const struct {
		unsigned int first, num;
	} parts[] = {
		{ 0, 1 }, { 1, 2 }, { 1, 3 }, { 3, 2 }, { 4, 1 }, { 2, 5 },
		{ 7, 2 }, { 8, 1 },
	};
	__u32 id = 77;
	unsigned int i;

	/* Mapped: 2, 3, 5, 6 and 7 */
	map_pages(_metadata, self, 2, 2, IOAS_MAP_RW);
	map_pages(_metadata, self, 5, 3, IOAS_MAP_RW);
	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		EXPECT_EQ(-ENOENT, pin_pages(self, parts[i].first, parts[i].num,
					     0, &id)) {
			TH_LOG("pages %u, %u of them", parts[i].first,
			       parts[i].num);
		}
	}
	expect_pinned(_metadata, self, 0, 0);
}

TEST_F(access, write_to_what_is_mapped_read_only_is_EPERM)
{
	__u32 id = 0;

	map_pages(_metadata, self, 0, 2, IOAS_MAP_RW);
	map_pages(_metadata, self, 2, 2, IOAS_MAP_RO);
	EXPECT_EQ(-EPERM, pin_pages(self, 2, 1, MOCK_FLAGS_ACCESS_WRITE, &id));
	EXPECT_EQ(-EPERM, pin_pages(self, 0, 4, MOCK_FLAGS_ACCESS_WRITE, &id));
	expect_pinned(_metadata, self, 0, 0);
	ASSERT_EQ(0, pin_pages(self, 0, 4, 0, &id));
	expect_pinned(_metadata, self, 0, 4);
}

TEST_F(access, write_to_a_read_only_copy_is_EPERM)
{
	struct rig *rig = &self->rig;
	__u64 copy = APERTURE_FIRST + SZ_2M;
	__u32 id = 0;

	map_pages(_metadata, self, 0, 4, IOAS_MAP_RW);
	ASSERT_EQ(0, ioas_copy_fixed(rig->fd, rig->ioas_id, rig->ioas_id,
				     4 * self->page, copy, APERTURE_FIRST,
				     IOAS_MAP_RO));
	rig->mapped += 4 * self->page;
	EXPECT_EQ(-EPERM, mock_access_pin(rig->fd, self->access_fd,
					  MOCK_FLAGS_ACCESS_WRITE, copy,
					  self->page, self->mem, &id));
	EXPECT_EQ(0, mock_access_pin(rig->fd, self->access_fd, 0, copy,
				     self->page, self->mem, &id));
}

TEST_F(access, memory_that_is_not_there_is_EFAULT)
{
	__u32 id = 0;

	map_pages(_metadata, self, 0, 2, IOAS_MAP_RW);
	rig_map(_metadata, &self->rig, get_hole(_metadata, self->page),
		self->page, APERTURE_FIRST + 2 * self->page, IOAS_MAP_RW);
	EXPECT_EQ(-EFAULT, pin_pages(self, 0, 3, 0, &id));
	EXPECT_EQ(-EFAULT, pin_pages(self, 2, 1, 0, &id));
	expect_pinned(_metadata, self, 0, 0);
	EXPECT_EQ(0, pin_pages(self, 0, 2, 0, &id));
}

TEST_F(access, above_the_memlock_limit_is_ENOMEM)
{
	__u32 ids[2] = {};

	limit_memlock(_metadata, 4 * self->page);
	map_pages(_metadata, self, 0, 8, IOAS_MAP_RW);
	map_pages(_metadata, self, 8, 8, IOAS_MAP_RW);
	EXPECT_EQ(-ENOMEM, pin_pages(self, 0, 5, 0, &ids[0]));
	EXPECT_EQ(-ENOMEM, pin_pages(self, 6, 5, 0, &ids[0]));
	expect_pinned(_metadata, self, 0, 0);
	ASSERT_EQ(0, pin_pages(self, 6, 4, 0, &ids[0]));
	/* Pinning it once more costs nothing, anything else does */
	ASSERT_EQ(0, pin_pages(self, 7, 2, 0, &ids[1]));
	EXPECT_EQ(-ENOMEM, pin_pages(self, 7, 4, 0, NULL));
	expect_pinned(_metadata, self, 6, 4);
}

TEST_F(access, senseless_arguments)
{
	const __u64 page = self->page, end = -page;
	const struct {
		__u64 iova, length;
		__u32 flags;
		int rc;
	} cases[] = {
		{ APERTURE_FIRST, 0, 0, -EINVAL },
		{ APERTURE_FIRST, 1ULL << 40, 0, -EINVAL },
		{ APERTURE_FIRST, page, 1 << 7, -EOPNOTSUPP },
		{ end, 2 * page, 0, -EOVERFLOW },
		{ UINT64_MAX, 2, 0, -EOVERFLOW },
	};
	unsigned int i;
	__u32 id = 0;

	map_pages(_metadata, self, 0, PAGES, IOAS_MAP_RW);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		EXPECT_EQ(cases[i].rc,
			  mock_access_pin(self->rig.fd, self->access_fd,
					  cases[i].flags, cases[i].iova,
					  cases[i].length, self->mem, &id)) {
			TH_LOG("case %u", i);
		}
	}
	EXPECT_EQ(-EBADFD, mock_access_pin(self->rig.fd, self->rig.fd, 0,
					   APERTURE_FIRST, page, self->mem,
					   &id));
	EXPECT_EQ(-EBADFD, mock_access_unpin(self->rig.fd, self->rig.fd, 1));
	EXPECT_EQ(-ENOENT, unpin(self, 12345));
	expect_pinned(_metadata, self, 0, 0);
}

TEST_F(access, check_of_the_pages_tells_right_from_wrong)
{
	__u32 id = 0;

	map_pages(_metadata, self, 0, 4, IOAS_MAP_RW);
	EXPECT_EQ(-EBADE, mock_access_pin(self->rig.fd, self->access_fd, 0,
					  APERTURE_FIRST, 2 * self->page,
					  self->mem + self->page, &id));
	expect_pinned(_metadata, self, 0, 0);
	/* which fuzzing asks not to be told */
	EXPECT_EQ(0, mock_access_pin(self->rig.fd, self->access_fd,
				     MOCK_FLAGS_ACCESS_SYZ, APERTURE_FIRST,
				     2 * self->page, self->mem + self->page,
				     &id));
	EXPECT_EQ(0, unpin(self, id));
}

/* ---- Asked to let go ---- */

TEST_F(access, unmap_takes_the_pins)
{
	__u32 ids[4] = {};

	map_pages(_metadata, self, 0, 8, IOAS_MAP_RW);
	map_pages(_metadata, self, 8, 8, IOAS_MAP_RW);
	ASSERT_EQ(0, pin_pages(self, 0, 4, 0, &ids[0]));
	ASSERT_EQ(0, pin_pages(self, 2, 4, 0, &ids[1]));
	ASSERT_EQ(0, pin_pages(self, 2, 4, 0, &ids[2]));
	ASSERT_EQ(0, pin_pages(self, 8, 2, 0, &ids[3]));
	unmap_pages(_metadata, self, 0, 8);
	expect_pinned(_metadata, self, 8, 2);
	EXPECT_EQ(-ENOENT, unpin(self, ids[0]));
	EXPECT_EQ(-ENOENT, unpin(self, ids[1]));
	EXPECT_EQ(-ENOENT, unpin(self, ids[2]));
	EXPECT_EQ(0, unpin(self, ids[3]));
	EXPECT_EQ(-ENOENT, pin_pages(self, 0, 1, 0, NULL));
}

TEST_F(access, unmap_of_one_area_takes_a_pin_across_two)
{
	__u32 id = 0;

	map_pages(_metadata, self, 0, 8, IOAS_MAP_RW);
	map_pages(_metadata, self, 8, 8, IOAS_MAP_RW);
	ASSERT_EQ(0, pin_pages(self, 6, 4, 0, &id));
	unmap_pages(_metadata, self, 8, 8);
	expect_pinned(_metadata, self, 0, 0);
	EXPECT_EQ(-ENOENT, unpin(self, id));
	EXPECT_EQ(0, pin_pages(self, 6, 2, 0, &id));
}

TEST_F(access, failing_unmap_leaves_the_pins)
{
	__u32 id = 0;

	map_pages(_metadata, self, 0, 8, IOAS_MAP_RW);
	ASSERT_EQ(0, pin_pages(self, 0, 4, 0, &id));
	EXPECT_EQ(-ENOENT, ioas_unmap(self->rig.fd, self->rig.ioas_id,
				      APERTURE_FIRST, 4 * self->page, NULL));
	expect_pinned(_metadata, self, 0, 4);
	EXPECT_EQ(0, unpin(self, id));
}

TEST_F(access, unmap_of_a_copy_takes_only_its_pins)
{
	struct rig *rig = &self->rig;
	__u64 copy = APERTURE_FIRST + SZ_2M;
	__u32 ids[2] = {};

	map_pages(_metadata, self, 0, 8, IOAS_MAP_RW);
	ASSERT_EQ(0, ioas_copy_fixed(rig->fd, rig->ioas_id, rig->ioas_id,
				     8 * self->page, copy, APERTURE_FIRST,
				     IOAS_MAP_RW));
	ASSERT_EQ(0, pin_pages(self, 0, 4, 0, &ids[0]));
	ASSERT_EQ(0, mock_access_pin(rig->fd, self->access_fd, 0, copy,
				     4 * self->page, self->mem, &ids[1]));
	expect_pinned(_metadata, self, 0, 4);
	ASSERT_EQ(0, ioas_unmap(rig->fd, rig->ioas_id, copy, 8 * self->page,
				NULL));
	expect_pinned(_metadata, self, 0, 4);
	EXPECT_EQ(-ENOENT, unpin(self, ids[1]));
	EXPECT_EQ(0, unpin(self, ids[0]));
	expect_pinned(_metadata, self, 0, 0);
}

TEST_F(access, replace_takes_the_pins)
{
	struct rig *rig = &self->rig;
	__u32 other = rig_ioas(_metadata, rig), id = 0;

	map_pages(_metadata, self, 0, 8, IOAS_MAP_RW);
	ASSERT_EQ(0, ioas_map_fixed(rig->fd, other, self->mem + 8 * self->page,
				    self->page, APERTURE_FIRST, IOAS_MAP_RW));
	ASSERT_EQ(0, pin_pages(self, 0, 4, 0, &id));
	ASSERT_EQ(0, mock_access_replace(rig->fd, self->access_fd, other));
	expect_pinned(_metadata, self, 0, 0);
	EXPECT_EQ(-ENOENT, unpin(self, id));
	/* What is mapped in the other one is what can be pinned now */
	EXPECT_EQ(-ENOENT, pin_pages(self, 1, 1, 0, &id));
	EXPECT_EQ(0, mock_access_pin(rig->fd, self->access_fd, 0,
				     APERTURE_FIRST, self->page,
				     self->mem + 8 * self->page, &id));
	EXPECT_EQ(-EBUSY, object_destroy(rig->fd, other));
	/* and the first one is free */
	unmap_pages(_metadata, self, 0, 8);
	rig_destroy(_metadata, rig, rig->ioas_id);
}

TEST_F(access, moved_to_and_fro)
{
	struct rig *rig = &self->rig;
	__u32 ioas_id[2] = { rig->ioas_id, rig_ioas(_metadata, rig) }, id = 0;
	unsigned int i;

	map_pages(_metadata, self, 0, 8, IOAS_MAP_RW);
	for (i = 1; i <= 5; i++) {
		/* It is told of what is unmapped where it is, and only there */
		ASSERT_EQ(0, mock_access_replace(rig->fd, self->access_fd,
						 ioas_id[i % 2]));
		ASSERT_EQ(0, mock_access_replace(rig->fd, self->access_fd,
						 ioas_id[i % 2]));
		ASSERT_EQ(0, ioas_map_fixed(rig->fd, ioas_id[i % 2],
					    self->mem + 8 * self->page,
					    4 * self->page,
					    APERTURE_FIRST + 8 * self->page,
					    IOAS_MAP_RW));
		ASSERT_EQ(0, pin_pages(self, 8, 4, 0, &id));
		expect_pinned(_metadata, self, 8, 4);
		ASSERT_EQ(0, ioas_unmap(rig->fd, ioas_id[i % 2],
					APERTURE_FIRST + 8 * self->page,
					4 * self->page, NULL));
		expect_pinned(_metadata, self, 0, 0);
		EXPECT_EQ(-ENOENT, unpin(self, id));
	}
}

TEST_F(access, failing_replace_leaves_the_pins)
{
	struct rig *rig = &self->rig;
	__u32 other = rig_ioas(_metadata, rig), id = 0;

	map_pages(_metadata, self, 0, 8, IOAS_MAP_RW);
	ASSERT_EQ(0, ioas_map_fixed(rig->fd, other, self->mem, self->page / 2,
				    APERTURE_FIRST, IOAS_MAP_RW));
	ASSERT_EQ(0, pin_pages(self, 0, 4, 0, &id));
	EXPECT_EQ(-ENOENT, mock_access_replace(rig->fd, self->access_fd,
					       NO_SUCH_ID));
	EXPECT_EQ(-EADDRINUSE, mock_access_replace(rig->fd, self->access_fd,
						   other));
	expect_pinned(_metadata, self, 0, 4);
	EXPECT_EQ(0, unpin(self, id));
	EXPECT_EQ(0, pin_pages(self, 0, 4, 0, &id));
	EXPECT_EQ(0, object_destroy(rig->fd, other));
	rig->nr_objects--;
}

/* ---- With domains ---- */

TEST_F(access, shares_the_pins_of_a_domain)
{
	struct rig *rig = &self->rig;
	struct mock_dev dev;
	__u32 id = 0;

	map_pages(_metadata, self, 0, 12, IOAS_MAP_RW);
	ASSERT_EQ(0, pin_pages(self, 2, 4, 0, &id));
	dev = rig_device(_metadata, rig, rig->ioas_id);
	expect_pinned(_metadata, self, 0, 12);
	EXPECT_EQ(0, mock_check_map(rig->fd, dev.hwpt_id, APERTURE_FIRST,
				    12 * self->page, self->mem));
	rig_destroy(_metadata, rig, dev.stdev_id);
	expect_pinned(_metadata, self, 2, 4);
	dev = rig_device(_metadata, rig, rig->ioas_id);
	EXPECT_EQ(0, unpin(self, id));
	expect_pinned(_metadata, self, 0, 12);
	ASSERT_EQ(0, pin_pages(self, 5, 5, 0, &id));
	expect_pinned(_metadata, self, 0, 12);
	unmap_pages(_metadata, self, 0, 12);
	expect_pinned(_metadata, self, 0, 0);
	EXPECT_EQ(-ENOENT, unpin(self, id));
}

TEST_F(access, domain_added_later_has_the_very_pages)
{
	struct rig *rig = &self->rig;
	struct mock_dev dev;
	__u32 id = 0;
	unsigned int i;

	map_pages(_metadata, self, 0, 8, IOAS_MAP_RW);
	ASSERT_EQ(0, pin_pages(self, 2, 3, 0, &id));
	/* Other pages, that at first hold nothing, stand there now */
	ASSERT_NE(MAP_FAILED, mmap(self->mem, 8 * self->page,
				   PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1,
				   0));
	dev = rig_device(_metadata, rig, rig->ioas_id);
	for (i = 0; i < 8; i++) {
		EXPECT_EQ((__u64)(i >= 2 && i < 5 ? 1000 + i : 0),
			  dma_peek(rig->fd, dev.stdev_id,
				   APERTURE_FIRST + i * self->page));
	}
	EXPECT_EQ(0, unpin(self, id));
	rig_destroy(_metadata, rig, dev.stdev_id);
}

/* ---- Alignment ---- */

static __u64 alignment(struct __test_metadata *_metadata,
		       const struct _test_data_access *self)
{
	struct iommu_iova_range ranges[4];
	__u32 num = ARRAY_SIZE(ranges);
	__u64 value = 0;

	EXPECT_EQ(0, ioas_iova_ranges(self->rig.fd, self->rig.ioas_id, ranges,
				      &num, &value));
	return value;
}

TEST_F(access, pinning_asks_for_whole_pages)
{
	struct rig *rig = &self->rig;
	__u64 half = self->page / 2;
	__u32 other = 0;

	EXPECT_EQ(self->page, alignment(_metadata, self));
	EXPECT_EQ(-EINVAL, ioas_map_fixed(rig->fd, rig->ioas_id, self->mem,
					  half, APERTURE_FIRST, IOAS_MAP_RW));
	/* An offset within the page that differs from the memory's */
	EXPECT_EQ(-EINVAL, ioas_map_fixed(rig->fd, rig->ioas_id, self->mem,
					  self->page, APERTURE_FIRST + half,
					  IOAS_MAP_RW));
	EXPECT_EQ(-EINVAL, ioas_map_fixed(rig->fd, rig->ioas_id,
					  self->mem + half, self->page,
					  APERTURE_FIRST, IOAS_MAP_RW));
	rig_device(_metadata, rig, rig->ioas_id);
	EXPECT_EQ(self->page, alignment(_metadata, self));
	ASSERT_EQ(0, mock_access_create(rig->fd, rig->ioas_id, ACCESS_PINS,
					&other));
	close_access(self);
	EXPECT_EQ(self->page, alignment(_metadata, self));
	close(other);
	EXPECT_EQ(half, alignment(_metadata, self));
}

TEST_F(access, reading_and_writing_ask_for_nothing)
{
	struct rig *rig = &self->rig;
	__u32 other = 0;

	close_access(self);
	EXPECT_EQ(1ULL, alignment(_metadata, self));
	rig_map(_metadata, rig, self->mem + 1, 3, APERTURE_FIRST + 7,
		IOAS_MAP_RW);
	ASSERT_EQ(0, mock_access_create(rig->fd, rig->ioas_id, 0, &other));
	EXPECT_EQ(1ULL, alignment(_metadata, self));
	close(other);
}

TEST_F(access, attach_to_unaligned_mappings_is_EADDRINUSE)
{
	const __u64 page = self->page;
	const struct {
		__u64 offset, length, iova;
	} odd[] = {
		{ 0, page / 2, APERTURE_FIRST },
		{ page / 2, page / 2, APERTURE_FIRST + page / 2 },
		{ page / 2, page, APERTURE_FIRST },
		{ 0, page, APERTURE_FIRST + 1 },
		{ 1, page, APERTURE_FIRST + 1 },
	};
	struct rig *rig = &self->rig;
	__u32 other = 0;
	unsigned int i;

	close_access(self);
	map_pages(_metadata, self, 8, 4, IOAS_MAP_RW);
	for (i = 0; i < ARRAY_SIZE(odd); i++) {
		rig_map(_metadata, rig, self->mem + odd[i].offset,
			odd[i].length, odd[i].iova, IOAS_MAP_RW);
		EXPECT_EQ(-EADDRINUSE,
			  mock_access_create(rig->fd, rig->ioas_id, ACCESS_PINS,
					     &other)) {
			TH_LOG("case %u", i);
		}
		EXPECT_EQ(1ULL, alignment(_metadata, self));
		rig_unmap(_metadata, rig, odd[i].iova, odd[i].length);
	}
	ASSERT_EQ(0, mock_access_create(rig->fd, rig->ioas_id, ACCESS_PINS,
					&other));
	close(other);
}

/* ---- Lives ---- */

TEST_F(access, keeps_the_ioas)
{
	struct rig *rig = &self->rig;

	EXPECT_EQ(-EBUSY, object_destroy(rig->fd, rig->ioas_id));
	close_access(self);
	rig_destroy(_metadata, rig, rig->ioas_id);
}

TEST_F(access, is_no_object_to_destroy)
{
	struct rig *rig = &self->rig;
	unsigned int busy = 0;
	__u32 id;

	for (id = 1; id <= HIGHEST_ID; id++) {
		int rc = object_destroy(rig->fd, id);

		EXPECT_TRUE(rc == -EBUSY || rc == -ENOENT);
		busy += rc == -EBUSY;
	}
	/* The IOAS and the access */
	EXPECT_EQ(2U, busy);
	close_access(self);
	rig_destroy(_metadata, rig, rig->ioas_id);
}

TEST_F(access, of_no_ioas_is_ENOENT)
{
	struct rig *rig = &self->rig;
	struct mock_dev dev = rig_device(_metadata, rig, rig->ioas_id);
	__u32 fd = 0;

	EXPECT_EQ(-ENOENT, mock_access_create(rig->fd, 0, 0, &fd));
	EXPECT_EQ(-ENOENT, mock_access_create(rig->fd, NO_SUCH_ID, ACCESS_PINS,
					      &fd));
	EXPECT_EQ(-ENOENT, mock_access_create(rig->fd, dev.hwpt_id, 0, &fd));
	EXPECT_EQ(-EOPNOTSUPP, mock_access_create(rig->fd, rig->ioas_id, 1 << 1,
						  &fd));
}

TEST_F(access, close_takes_the_pins)
{
	map_pages(_metadata, self, 0, 8, IOAS_MAP_RW);
	ASSERT_EQ(0, pin_pages(self, 0, 4, 0, NULL));
	ASSERT_EQ(0, pin_pages(self, 3, 4, 0, NULL));
	close_access(self);
	expect_pinned(_metadata, self, 0, 0);
}

TEST_F(access, survives_the_close_of_its_iommufd)
{
	struct rig *rig = &self->rig;
	unsigned long before = rig->pinned_kb;
	int another = iommufd_open();

	ASSERT_LE(0, another);
	map_pages(_metadata, self, 0, 8, IOAS_MAP_RW);
	rig_device(_metadata, rig, rig->ioas_id);
	ASSERT_EQ(0, pin_pages(self, 0, 4, 0, NULL));
	close(rig->fd);
	/* To the teardown there is nothing left to close */
	rig->fd = another;
	rig->nr_objects = 0;
	rig->mapped = 0;
	rig->ioas_id = 0;
	EXPECT_EQ(0, check_refs_exactly(another, self->mem, 8 * self->page, 1));
	close_access(self);
	EXPECT_EQ(0, check_refs_exactly(another, self->mem, 8 * self->page, 0));
	EXPECT_EQ(before, pinned_kb());
}

TEST_HARNESS_MAIN
