// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOMMU_IOAS_COPY: memory mapped by where it is mapped already.
 */
#include "common.h"

#define PAGES 16

FIXTURE(copy)
{
	struct rig rig;
	__u64 page;
	char *mem;
	__u32 src_id;
	__u32 dst_id;
	bool src_aligns;
	bool dst_aligns;
};

/**
 * struct _fixture_variant_copy - where from and where to
 * @same: Into the IOAS that it comes from
 * @src_device: That one has a device
 * @dst_device: The destination has one, unless it is the same
 */
FIXTURE_VARIANT(copy)
{
	bool same;
	bool src_device;
	bool dst_device;
};

FIXTURE_VARIANT_ADD(copy, same_ioas)
{
	.same = true,
};

FIXTURE_VARIANT_ADD(copy, same_ioas_with_device)
{
	.same = true,
	.src_device = true,
};

FIXTURE_VARIANT_ADD(copy, other_ioas)
{
};

FIXTURE_VARIANT_ADD(copy, other_ioas_with_device_on_source)
{
	.src_device = true,
};

FIXTURE_VARIANT_ADD(copy, other_ioas_with_device_on_copy)
{
	.dst_device = true,
};

FIXTURE_VARIANT_ADD(copy, other_ioas_with_device_on_both)
{
	.src_device = true,
	.dst_device = true,
};

#define SRC APERTURE_FIRST
#define DST (APERTURE_FIRST + SZ_2M)

FIXTURE_SETUP(copy)
{
	struct rig *rig = &self->rig;
	unsigned int i;

	rig_open(_metadata, rig);
	self->page = page_size();
	self->mem = get_memory(_metadata, PAGES * self->page);
	for (i = 0; i < PAGES; i++)
		set_u64(self->mem + i * self->page, 1000 + i);
	self->src_id = rig_ioas(_metadata, rig);
	self->dst_id = variant->same ? self->src_id : rig_ioas(_metadata, rig);
	self->src_aligns = variant->src_device;
	self->dst_aligns = variant->same ? variant->src_device :
					   variant->dst_device;
	if (self->src_aligns)
		rig_device(_metadata, rig, self->src_id);
	if (self->dst_aligns && !variant->same)
		rig_device(_metadata, rig, self->dst_id);
}

FIXTURE_TEARDOWN(copy)
{
	ioas_unmap_all(self->rig.fd, self->src_id, NULL);
	ioas_unmap_all(self->rig.fd, self->dst_id, NULL);
	EXPECT_EQ(0, check_refs_exactly(self->rig.fd, self->mem,
					PAGES * self->page, 0));
	rig_close(_metadata, &self->rig);
}

/* Map pages of the memory at the same place of the source */
static void map_pages(struct __test_metadata *_metadata,
		      const struct _test_data_copy *self, unsigned int first,
		      unsigned int num, __u32 flags)
{
	ASSERT_EQ(0, ioas_map_fixed(self->rig.fd, self->src_id,
				    self->mem + first * self->page,
				    num * self->page, SRC + first * self->page,
				    flags));
}

static int copy_bytes(const struct _test_data_copy *self, __u64 dst, __u64 src,
		      __u64 length, __u32 flags)
{
	return ioas_copy_fixed(self->rig.fd, self->dst_id, self->src_id, length,
			       dst, src, flags);
}

static int copy_pages(const struct _test_data_copy *self, unsigned int first,
		      unsigned int num)
{
	return copy_bytes(self, DST, SRC + first * self->page, num * self->page,
			  IOAS_MAP_RW);
}

static int unmap_src(const struct _test_data_copy *self, unsigned int first,
		     unsigned int num)
{
	return ioas_unmap(self->rig.fd, self->src_id, SRC + first * self->page,
			  num * self->page, NULL);
}

static int unmap_dst(const struct _test_data_copy *self, unsigned int num)
{
	return ioas_unmap(self->rig.fd, self->dst_id, DST, num * self->page,
			  NULL);
}

/* Does a device, one more if need be, find these pages there and no others? */
static void expect_pages(struct __test_metadata *_metadata,
			 struct _test_data_copy *self, __u32 ioas_id,
			 __u64 iova, unsigned int first, unsigned int num)
{
	struct rig *rig = &self->rig;
	struct mock_dev dev = rig_device(_metadata, rig, ioas_id);
	unsigned int i;

	EXPECT_EQ(0, mock_check_map(rig->fd, dev.hwpt_id, iova,
				    num * self->page,
				    self->mem + first * self->page));
	for (i = 0; i < num; i++) {
		EXPECT_EQ((__u64)(1000 + first + i),
			  dma_peek(rig->fd, dev.stdev_id,
				   iova + i * self->page));
	}
	if (iova >= DST) {
		EXPECT_EQ(DMA_UNMAPPED, dma_peek(rig->fd, dev.stdev_id,
						 iova + num * self->page));
		EXPECT_EQ(DMA_UNMAPPED, dma_peek(rig->fd, dev.stdev_id,
						 iova - 8));
	}
	rig_destroy(_metadata, rig, dev.stdev_id);
}

static void expect_nothing(struct __test_metadata *_metadata,
			   const struct _test_data_copy *self)
{
	EXPECT_EQ(-ENOENT, ioas_unmap(self->rig.fd, self->dst_id, DST, SZ_2M,
				      NULL));
}

/* ---- What can be copied ---- */

TEST_F(copy, whole_area)
{
	map_pages(_metadata, self, 0, 8, IOAS_MAP_RW);
	ASSERT_EQ(0, copy_pages(self, 0, 8));
	expect_pages(_metadata, self, self->dst_id, DST, 0, 8);
}

TEST_F(copy, part_of_an_area)
{
	static const struct {
		unsigned int first, num;
	} parts[] = { { 0, 1 }, { 0, 3 }, { 2, 3 }, { 7, 1 }, { 5, 3 } };
	unsigned int i;

	map_pages(_metadata, self, 0, 8, IOAS_MAP_RW);
	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		ASSERT_EQ(0, copy_pages(self, parts[i].first, parts[i].num));
		expect_pages(_metadata, self, self->dst_id, DST, parts[i].first,
			     parts[i].num);
		ASSERT_EQ(0, unmap_dst(self, parts[i].num));
	}
}

TEST_F(copy, adjoining_areas_at_once)
{
	map_pages(_metadata, self, 0, 3, IOAS_MAP_RW);
	map_pages(_metadata, self, 3, 1, IOAS_MAP_RW);
	map_pages(_metadata, self, 4, 5, IOAS_MAP_RW);
	ASSERT_EQ(0, copy_pages(self, 0, 9));
	expect_pages(_metadata, self, self->dst_id, DST, 0, 9);
	ASSERT_EQ(0, unmap_dst(self, 9));
	/* from the middle of the first to the middle of the last */
	ASSERT_EQ(0, copy_pages(self, 1, 6));
	expect_pages(_metadata, self, self->dst_id, DST, 1, 6);
}

TEST_F(copy, automatic_iova)
{
	__u64 iova = 0;

	/* Where devices reach it, too */
	ASSERT_EQ(0, mock_add_reserved(self->rig.fd, self->dst_id, 0,
				       APERTURE_FIRST));
	map_pages(_metadata, self, 1, 8, IOAS_MAP_RW);
	ASSERT_EQ(0, ioas_copy(self->rig.fd, self->dst_id, self->src_id,
			       3 * self->page, SRC + 2 * self->page,
			       IOAS_MAP_RW, &iova));
	expect_pages(_metadata, self, self->dst_id, iova, 2, 3);
}

TEST_F(copy, automatic_without_a_place_is_ENOSPC)
{
	__u64 room_end = SRC + (variant->same ? 8 : 7) * self->page;
	__u64 iova = 0;

	map_pages(_metadata, self, 0, 8, IOAS_MAP_RW);
	ASSERT_EQ(0, mock_add_reserved(self->rig.fd, self->dst_id, 0, SRC));
	ASSERT_EQ(0, mock_add_reserved(self->rig.fd, self->dst_id, room_end,
				       -room_end));
	EXPECT_EQ(-ENOSPC, ioas_copy(self->rig.fd, self->dst_id, self->src_id,
				     8 * self->page, SRC, IOAS_MAP_RW, &iova));
	EXPECT_EQ(variant->same ? -ENOSPC : 0,
		  ioas_copy(self->rig.fd, self->dst_id, self->src_id,
			    7 * self->page, SRC, IOAS_MAP_RW, &iova));
}

/* Read through an access, as no device could */
TEST_F(copy, any_bytes_where_no_device_is)
{
	static const struct {
		unsigned int src, dst, length;
	} parts[] = {
		{ 0, 0, 1 }, { 1, 0, 1 }, { 7, 4095, 3 }, { 4095, 1, 2 },
		{ 4000, 4090, 5000 }, { 123, 456, 12345 }, { 2047, 2048, 4097 },
	};
	char got[16384], want[16384];
	__u32 access_fd = 0;
	unsigned int i;

	for (i = 0; i < sizeof(want); i++)
		self->mem[i] = i * 7 + i / 256;
	memcpy(want, self->mem, sizeof(want));
	map_pages(_metadata, self, 0, PAGES, IOAS_MAP_RW);
	ASSERT_EQ(0, mock_access_create(self->rig.fd, self->dst_id, 0,
					&access_fd));
	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		int rc = copy_bytes(self, DST + parts[i].dst,
				    SRC + parts[i].src, parts[i].length,
				    IOAS_MAP_RW);

		EXPECT_EQ(self->dst_aligns ? -EINVAL : 0, rc) {
			TH_LOG("case %u", i);
		}
		if (rc)
			continue;
		memset(got, 0, sizeof(got));
		EXPECT_EQ(0, mock_access_rw(self->rig.fd, access_fd, 0,
					    DST + parts[i].dst, got,
					    parts[i].length));
		EXPECT_EQ(0, memcmp(got, want + parts[i].src, parts[i].length));
		EXPECT_EQ(-ENOENT,
			  mock_access_rw(self->rig.fd, access_fd, 0,
					 DST + parts[i].dst + parts[i].length,
					 got, 1));
		ASSERT_EQ(0, ioas_unmap(self->rig.fd, self->dst_id,
					DST + parts[i].dst, parts[i].length,
					NULL));
	}
	close(access_fd);
}

TEST_F(copy, half_pages_where_the_device_can)
{
	__u64 half = self->page / 2;

	map_pages(_metadata, self, 0, 4, IOAS_MAP_RW);
	set_u64(self->mem + 3 * half, 2003);
	ASSERT_EQ(0, copy_bytes(self, DST + half, SRC + 3 * half, half,
				IOAS_MAP_RW));
	self->rig.dev = rig_device(_metadata, &self->rig, self->dst_id);
	EXPECT_EQ(2003ULL, dma_peek(self->rig.fd, self->rig.dev.stdev_id,
				    DST + half));
	EXPECT_EQ(DMA_UNMAPPED, dma_peek(self->rig.fd, self->rig.dev.stdev_id,
					 DST + 2 * half));
	EXPECT_EQ(0, check_refs_exactly(self->rig.fd, self->mem + 2 * half,
					self->page, 1));
}

TEST_F(copy, read_only_copy_cannot_be_written)
{
	struct rig *rig = &self->rig;
	struct mock_dev dev;

	map_pages(_metadata, self, 0, 2, IOAS_MAP_RW);
	ASSERT_EQ(0, copy_bytes(self, DST, SRC, 2 * self->page, IOAS_MAP_RO));
	dev = rig_device(_metadata, rig, self->dst_id);
	EXPECT_EQ(1000ULL, dma_peek(rig->fd, dev.stdev_id, DST));
	EXPECT_EQ(DMA_FORBIDDEN, dma_poke(rig->fd, dev.stdev_id, DST, 1));
	EXPECT_EQ(1000ULL, get_u64(self->mem));
}

/* ---- What cannot ---- */

TEST_F(copy, what_is_not_all_mapped_is_ENOENT)
{
	static const struct {
		unsigned int first, num;
	} parts[] = {
		{ 0, 1 }, { 0, 3 }, { 1, 4 }, { 3, 2 }, { 4, 1 }, { 4, 3 },
		{ 2, 6 }, { 7, 2 }, { 8, 1 }, { 0, 9 },
	};
	unsigned int i;

	/* Mapped: 2, 3, 5, 6 and 7 */
	map_pages(_metadata, self, 2, 2, IOAS_MAP_RW);
	map_pages(_metadata, self, 5, 3, IOAS_MAP_RW);
	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		EXPECT_EQ(-ENOENT, copy_pages(self, parts[i].first,
					      parts[i].num)) {
			TH_LOG("pages %u, %u of them", parts[i].first,
			       parts[i].num);
		}
	}
	expect_nothing(_metadata, self);
}

TEST_F(copy, unknown_ioas_is_ENOENT)
{
	int fd = self->rig.fd;

	map_pages(_metadata, self, 0, 1, IOAS_MAP_RW);
	EXPECT_EQ(-ENOENT, ioas_copy_fixed(fd, NO_SUCH_ID, self->src_id,
					   self->page, DST, SRC, IOAS_MAP_RW));
	EXPECT_EQ(-ENOENT, ioas_copy_fixed(fd, self->dst_id, NO_SUCH_ID,
					   self->page, DST, SRC, IOAS_MAP_RW));
	EXPECT_EQ(-ENOENT, ioas_copy_fixed(fd, 0, 0, self->page, DST, SRC,
					   IOAS_MAP_RW));
	expect_nothing(_metadata, self);
}

TEST_F(copy, write_to_read_only_memory_is_EPERM)
{
	map_pages(_metadata, self, 0, 2, IOAS_MAP_RW);
	map_pages(_metadata, self, 2, 2, IOAS_MAP_RO);
	EXPECT_EQ(-EPERM, copy_pages(self, 2, 2));
	EXPECT_EQ(-EPERM, copy_pages(self, 3, 1));
	/* the second of two areas */
	EXPECT_EQ(-EPERM, copy_pages(self, 0, 4));
	EXPECT_EQ(-EPERM, copy_bytes(self, DST, SRC + 2 * self->page,
				     self->page, IOAS_MAP_WO));
	expect_nothing(_metadata, self);
	ASSERT_EQ(0, copy_bytes(self, DST, SRC, 4 * self->page, IOAS_MAP_RO));
	expect_pages(_metadata, self, self->dst_id, DST, 0, 4);
}

TEST_F(copy, onto_something_is_EEXIST)
{
	static const struct {
		int at;
		unsigned int num;
	} parts[] = { { 0, 1 }, { -1, 2 }, { 3, 2 }, { -1, 6 }, { 1, 1 } };
	unsigned int i;

	map_pages(_metadata, self, 0, 8, IOAS_MAP_RW);
	ASSERT_EQ(0, copy_pages(self, 0, 4));
	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		EXPECT_EQ(-EEXIST,
			  copy_bytes(self, DST + parts[i].at * self->page, SRC,
				     parts[i].num * self->page, IOAS_MAP_RW)) {
			TH_LOG("case %u", i);
		}
	}
	if (variant->same) {
		EXPECT_EQ(-EEXIST, copy_bytes(self, SRC, SRC, self->page,
					      IOAS_MAP_RW));
		EXPECT_EQ(-EEXIST, copy_bytes(self, SRC + 7 * self->page, SRC,
					      8 * self->page, IOAS_MAP_RW));
	}
	expect_pages(_metadata, self, self->dst_id, DST, 0, 4);
}

/* Of adjoining areas only the last one is in the way of something */
TEST_F(copy, onto_something_at_its_end_leaves_nothing)
{
	map_pages(_metadata, self, 0, 2, IOAS_MAP_RW);
	map_pages(_metadata, self, 2, 2, IOAS_MAP_RW);
	ASSERT_EQ(0, copy_bytes(self, DST + 3 * self->page, SRC, self->page,
				IOAS_MAP_RW));
	EXPECT_EQ(-EEXIST, copy_pages(self, 0, 4));
	expect_pages(_metadata, self, self->dst_id, DST + 3 * self->page, 0, 1);
}

TEST_F(copy, into_a_reserved_range_is_EINVAL)
{
	map_pages(_metadata, self, 0, 8, IOAS_MAP_RW);
	ASSERT_EQ(0, mock_add_reserved(self->rig.fd, self->dst_id,
				       DST + 3 * self->page, self->page));
	EXPECT_EQ(-EINVAL, copy_pages(self, 0, 4));
	EXPECT_EQ(-EINVAL, copy_pages(self, 0, 8));
	expect_nothing(_metadata, self);
	EXPECT_EQ(0, copy_pages(self, 0, 3));
}

TEST_F(copy, senseless_arguments)
{
	const __u64 end = -self->page, page = self->page;
	const struct {
		__u64 dst, src, length;
		__u32 flags;
		int rc;
	} cases[] = {
		{ DST, SRC, 0, IOAS_MAP_RW, -EINVAL },
		{ DST, SRC, page, 0, -EINVAL },
		{ DST, SRC, page, IOAS_MAP_RW | 1 << 3, -EOPNOTSUPP },
		{ DST, SRC, page, IOAS_MAP_RW | 1U << 31, -EOPNOTSUPP },
		{ end, SRC, 2 * page, IOAS_MAP_RW, -EOVERFLOW },
		{ DST, end, 2 * page, IOAS_MAP_RW, -EOVERFLOW },
		{ DST, SRC, -SRC + page, IOAS_MAP_RW, -EOVERFLOW },
		{ UINT64_MAX, SRC, 2, IOAS_MAP_RW, -EOVERFLOW },
		{ DST, UINT64_MAX, 2, IOAS_MAP_RW, -EOVERFLOW },
	};
	unsigned int i;

	map_pages(_metadata, self, 0, 1, IOAS_MAP_RW);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		EXPECT_EQ(cases[i].rc,
			  copy_bytes(self, cases[i].dst, cases[i].src,
				     cases[i].length, cases[i].flags)) {
			TH_LOG("case %u", i);
		}
	}
	expect_nothing(_metadata, self);
}

TEST_F(copy, failing_at_the_second_area_leaves_nothing)
{
	map_pages(_metadata, self, 0, 2, IOAS_MAP_RW);
	if (self->src_aligns || !self->dst_aligns)
		SKIP(return, "nothing is pinned by this copy");
	ASSERT_EQ(0, ioas_map_fixed(self->rig.fd, self->src_id,
				    get_hole(_metadata, self->page), self->page,
				    SRC + 2 * self->page, IOAS_MAP_RW));
	EXPECT_EQ(-EFAULT, copy_pages(self, 0, 3));
	EXPECT_EQ(0, check_refs_exactly(self->rig.fd, self->mem, 2 * self->page,
					0));
	EXPECT_EQ(self->rig.pinned_kb, pinned_kb());
	expect_nothing(_metadata, self);
	EXPECT_EQ(0, copy_pages(self, 0, 2));
}

/* ---- Pins and lives ---- */

static void expect_pinned(struct __test_metadata *_metadata,
			  const struct _test_data_copy *self,
			  unsigned int first, unsigned int num, bool pinned)
{
	EXPECT_EQ(0, check_refs_exactly(self->rig.fd,
					self->mem + first * self->page,
					num * self->page, pinned));
}

TEST_F(copy, pinned_once_while_either_is_in_a_domain)
{
	bool either = self->src_aligns || self->dst_aligns;
	__u64 kb = self->page / 1024;

	map_pages(_metadata, self, 0, 8, IOAS_MAP_RW);
	expect_pinned(_metadata, self, 0, 8, self->src_aligns);
	ASSERT_EQ(0, copy_pages(self, 0, 8));
	expect_pinned(_metadata, self, 0, 8, either);
	EXPECT_EQ(self->rig.pinned_kb + (either ? 8 * kb : 0), pinned_kb());
	ASSERT_EQ(0, unmap_src(self, 0, 8));
	expect_pinned(_metadata, self, 0, 8, self->dst_aligns);
	EXPECT_EQ(self->rig.pinned_kb + (self->dst_aligns ? 8 * kb : 0),
		  pinned_kb());
	expect_pages(_metadata, self, self->dst_id, DST, 0, 8);
	ASSERT_EQ(0, unmap_dst(self, 8));
	expect_pinned(_metadata, self, 0, 8, false);
	EXPECT_EQ(self->rig.pinned_kb, pinned_kb());
}

TEST_F(copy, part_keeps_only_its_own_pages_pinned)
{
	map_pages(_metadata, self, 0, 8, IOAS_MAP_RW);
	ASSERT_EQ(0, copy_pages(self, 2, 3));
	ASSERT_EQ(0, unmap_src(self, 0, 8));
	expect_pinned(_metadata, self, 0, 2, false);
	expect_pinned(_metadata, self, 2, 3, self->dst_aligns);
	expect_pinned(_metadata, self, 5, 3, false);
	expect_pages(_metadata, self, self->dst_id, DST, 2, 3);
}

TEST_F(copy, unmapped_copy_leaves_the_source)
{
	map_pages(_metadata, self, 0, 8, IOAS_MAP_RW);
	ASSERT_EQ(0, copy_pages(self, 1, 5));
	ASSERT_EQ(0, unmap_dst(self, 5));
	expect_pinned(_metadata, self, 0, 8, self->src_aligns);
	expect_pages(_metadata, self, self->src_id, SRC, 0, 8);
}

TEST_F(copy, copy_of_a_copy_outlives_both)
{
	__u32 third = rig_ioas(_metadata, &self->rig);

	map_pages(_metadata, self, 0, 8, IOAS_MAP_RW);
	ASSERT_EQ(0, copy_pages(self, 1, 6));
	ASSERT_EQ(0, ioas_copy_fixed(self->rig.fd, third, self->dst_id,
				     3 * self->page, DST, DST + self->page,
				     IOAS_MAP_RW));
	ASSERT_EQ(0, unmap_src(self, 0, 8));
	ASSERT_EQ(0, unmap_dst(self, 6));
	expect_pinned(_metadata, self, 0, 8, false);
	expect_pages(_metadata, self, third, DST, 2, 3);
	EXPECT_EQ(0, ioas_unmap_all(self->rig.fd, third, NULL));
}

TEST_F(copy, shares_the_page_even_if_the_address_has_another_now)
{
	struct rig *rig = &self->rig;
	char *mem = get_memory(_metadata, self->page);
	struct mock_dev dev;

	set_u64(mem, 0x01d);
	ASSERT_EQ(0, ioas_map_fixed(rig->fd, self->src_id, mem, self->page, SRC,
				    IOAS_MAP_RW));
	ASSERT_NE(MAP_FAILED, mmap(mem, self->page, PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1,
				   0));
	set_u64(mem, 0x9e3);
	ASSERT_EQ(0, copy_pages(self, 0, 1));
	dev = rig_device(_metadata, rig, self->dst_id);
	EXPECT_EQ(self->src_aligns ? 0x01dULL : 0x9e3ULL,
		  dma_peek(rig->fd, dev.stdev_id, DST));
}

/* ---- Memory of another process ---- */

TEST_F(copy, memory_of_another_process)
{
	struct mapper mapper = mapper_start(_metadata, self->rig.fd,
					    self->src_id, SRC, 4, 500);
	struct mock_dev dev;

	ASSERT_EQ(0, copy_pages(self, 1, 2));
	dev = rig_device(_metadata, &self->rig, self->dst_id);
	EXPECT_EQ(502ULL, dma_peek(self->rig.fd, dev.stdev_id,
				   DST + self->page));
	/* It is not this process that pays */
	EXPECT_EQ(self->rig.pinned_kb, pinned_kb());
	mapper_end(_metadata, &mapper);
	EXPECT_EQ(501ULL, dma_peek(self->rig.fd, dev.stdev_id, DST));
}

TEST_F(copy, memory_of_a_process_that_is_gone_but_pinned)
{
	struct mock_dev dev;

	if (!self->src_aligns)
		SKIP(return, "not pinned");
	mapper_pass(_metadata, self->rig.fd, self->src_id, SRC, 4, 500);
	ASSERT_EQ(0, copy_pages(self, 1, 2));
	dev = rig_device(_metadata, &self->rig, self->dst_id);
	ASSERT_EQ(0, unmap_src(self, 0, 4));
	EXPECT_EQ(501ULL, dma_peek(self->rig.fd, dev.stdev_id, DST));
	EXPECT_EQ(502ULL, dma_peek(self->rig.fd, dev.stdev_id,
				   DST + self->page));
}

TEST_F(copy, memory_of_a_process_that_is_gone_is_EFAULT_when_needed)
{
	struct mock_dev dev;

	mapper_pass(_metadata, self->rig.fd, self->src_id, SRC, 4, 500);
	if (self->src_aligns) {
		/* Pinned at first, and as long as the source is there */
		ASSERT_EQ(0, copy_pages(self, 1, 2));
		ASSERT_EQ(0, unmap_src(self, 0, 4));
	} else {
		ASSERT_EQ(self->dst_aligns ? -EFAULT : 0,
			  copy_pages(self, 1, 2));
	}
	if (self->dst_aligns)
		return;
	EXPECT_EQ(-EFAULT, mock_device(self->rig.fd, self->dst_id, NULL));
	EXPECT_EQ(0, unmap_dst(self, 2));
	/* In the same IOAS the source is in the way as well */
	ioas_unmap_all(self->rig.fd, self->src_id, NULL);
	dev = rig_device(_metadata, &self->rig, self->dst_id);
	EXPECT_EQ(DMA_UNMAPPED, dma_peek(self->rig.fd, dev.stdev_id, DST));
}

TEST_HARNESS_MAIN
