// SPDX-License-Identifier: GPL-2.0-only
/*
 * Accesses: reading and writing what an IOAS maps. Whichever way the kernel goes
 * about it, an access sees what a device sees.
 */
#include "common.h"

#define PAGES 8

FIXTURE(rw)
{
	struct rig rig;
	__u64 page;
	char *mem;
	__u32 access_fd;
	__u32 flags;
};

/**
 * struct _fixture_variant_rw - conditions
 * @flags: MOCK_ACCESS_RW_SLOW_PATH or 0
 * @device: What is mapped is pinned, by a device
 * @limit: Memory for pinning, in bytes
 */
FIXTURE_VARIANT(rw)
{
	__u32 flags;
	bool device;
	__u32 limit;
};

FIXTURE_VARIANT_ADD(rw, fast)
{
	.limit = 4096,
};

FIXTURE_VARIANT_ADD(rw, slow)
{
	.flags = MOCK_ACCESS_RW_SLOW_PATH,
	.limit = 16,
};

FIXTURE_VARIANT_ADD(rw, pinned)
{
	.device = true,
	.limit = 1,
};

FIXTURE_VARIANT_ADD(rw, pinned_slow)
{
	.flags = MOCK_ACCESS_RW_SLOW_PATH,
	.device = true,
	.limit = 16,
};

static char pattern(unsigned int i)
{
	return i * 7 + i / 256;
}

FIXTURE_SETUP(rw)
{
	struct rig *rig = &self->rig;
	unsigned int i;

	rig_open(_metadata, rig);
	self->flags = variant->flags;
	self->page = page_size();
	self->mem = get_memory(_metadata, PAGES * self->page);
	for (i = 0; i < PAGES * self->page; i++)
		self->mem[i] = pattern(i);
	rig->ioas_id = rig_ioas(_metadata, rig);
	ASSERT_EQ(0, mock_memory_limit(rig->fd, variant->limit));
	if (variant->device)
		rig->dev = rig_device(_metadata, rig, rig->ioas_id);
	ASSERT_EQ(0, mock_access_create(rig->fd, rig->ioas_id, 0,
					&self->access_fd));
}

FIXTURE_TEARDOWN(rw)
{
	mock_memory_limit(self->rig.fd, MOCK_MEMORY_LIMIT_NONE);
	if (self->access_fd)
		close(self->access_fd);
	rig_close(_metadata, &self->rig);
}

/* Map pages of the memory at the same place of the IOAS */
static void map_pages(struct __test_metadata *_metadata,
		      struct _test_data_rw *self, unsigned int first,
		      unsigned int num, __u32 flags)
{
	rig_map(_metadata, &self->rig, self->mem + first * self->page,
		num * self->page, APERTURE_FIRST + first * self->page, flags);
}

static int read_at(const struct _test_data_rw *self, __u64 iova, void *buf,
		   __u64 length)
{
	return mock_access_rw(self->rig.fd, self->access_fd, self->flags, iova,
			      buf, length);
}

static int write_at(const struct _test_data_rw *self, __u64 iova, void *buf,
		    __u64 length)
{
	return mock_access_rw(self->rig.fd, self->access_fd,
			      self->flags | MOCK_ACCESS_RW_WRITE, iova, buf,
			      length);
}

static __u64 access_peek(const struct _test_data_rw *self, __u64 iova)
{
	__u64 value = 0;

	return read_at(self, iova, &value, sizeof(value)) ? ~0ULL : value;
}

/* What the device reads, if there is one */
static __u64 device_peek(const struct _test_data_rw *self, __u64 iova)
{
	return dma_peek(self->rig.fd, self->rig.dev.stdev_id, iova);
}

/* ---- Bytes ---- */

TEST_F_TIMEOUT(rw, reads_at_every_offset_around_page_ends, 120)
{
	unsigned int offset, length;
	char got[40];

	map_pages(_metadata, self, 0, 2, IOAS_MAP_RO);
	map_pages(_metadata, self, 2, 1, IOAS_MAP_RW);
	map_pages(_metadata, self, 3, 1, IOAS_MAP_RO);
	for (offset = self->page - 17; offset < 3 * self->page; offset++) {
		if (offset % self->page > 3 &&
		    offset % self->page < self->page - 17)
			continue;
		for (length = 1; length <= 20; length++) {
			memset(got, 0x55, sizeof(got));
			ASSERT_EQ(0, read_at(self, APERTURE_FIRST + offset,
					     got + 8, length));
			ASSERT_EQ(0, memcmp(got + 8, self->mem + offset,
					    length)) {
				TH_LOG("offset %u, length %u", offset, length);
			}
			/* and no byte more */
			ASSERT_EQ(0x55, got[7]);
			ASSERT_EQ(0x55, got[8 + length]);
		}
	}
}

TEST_F_TIMEOUT(rw, writes_at_every_offset_around_page_ends, 120)
{
	char *want = get_memory(_metadata, PAGES * self->page);
	unsigned int offset, length, i;
	char buf[20];

	memcpy(want, self->mem, PAGES * self->page);
	map_pages(_metadata, self, 0, 2, IOAS_MAP_WO);
	map_pages(_metadata, self, 2, 1, IOAS_MAP_RW);
	map_pages(_metadata, self, 3, 1, IOAS_MAP_WO);
	for (offset = self->page - 17; offset < 3 * self->page; offset++) {
		if (offset % self->page > 3 &&
		    offset % self->page < self->page - 17)
			continue;
		for (length = 1; length <= sizeof(buf); length++) {
			for (i = 0; i < length; i++)
				buf[i] = offset + 3 * length + i;
			memcpy(want + offset, buf, length);
			ASSERT_EQ(0, write_at(self, APERTURE_FIRST + offset,
					      buf, length));
			ASSERT_EQ(0, memcmp(self->mem, want,
					    PAGES * self->page)) {
				TH_LOG("offset %u, length %u", offset, length);
			}
		}
	}
}

TEST_F(rw, all_of_it_at_once)
{
	__u64 length = PAGES * self->page - 5;
	char *buf = get_memory(_metadata, PAGES * self->page);
	unsigned int i;

	map_pages(_metadata, self, 0, 3, IOAS_MAP_RW);
	map_pages(_metadata, self, 3, PAGES - 3, IOAS_MAP_RW);
	ASSERT_EQ(0, read_at(self, APERTURE_FIRST + 3, buf, length));
	EXPECT_EQ(0, memcmp(buf, self->mem + 3, length));
	for (i = 0; i < length; i++)
		buf[i] = ~buf[i];
	ASSERT_EQ(0, write_at(self, APERTURE_FIRST + 3, buf, length));
	EXPECT_EQ(0, memcmp(buf, self->mem + 3, length));
	EXPECT_EQ(pattern(2), self->mem[2]);
	EXPECT_EQ(pattern(length + 3), self->mem[length + 3]);
}

/* Areas that adjoin, of memory that does not */
TEST_F(rw, areas_in_another_order_than_their_memory)
{
	char *buf = get_memory(_metadata, 3 * self->page);
	unsigned int i;

	for (i = 0; i < 3; i++)
		rig_map(_metadata, &self->rig,
			self->mem + (2 - i) * 2 * self->page, self->page,
			APERTURE_FIRST + i * self->page, IOAS_MAP_RW);
	ASSERT_EQ(0, read_at(self, APERTURE_FIRST, buf, 3 * self->page));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(0, memcmp(buf + i * self->page,
				    self->mem + (2 - i) * 2 * self->page,
				    self->page));
	}
}

TEST_F(rw, mapping_of_any_bytes)
{
	char got[16] = {};

	if (variant->device)
		SKIP(return, "no device can map these");
	rig_map(_metadata, &self->rig, self->mem + self->page - 3, 7,
		APERTURE_FIRST + 11, IOAS_MAP_RW);
	rig_map(_metadata, &self->rig, self->mem + 100, 5, APERTURE_FIRST + 18,
		IOAS_MAP_RW);
	ASSERT_EQ(0, read_at(self, APERTURE_FIRST + 11, got, 12));
	EXPECT_EQ(0, memcmp(got, self->mem + self->page - 3, 7));
	EXPECT_EQ(0, memcmp(got + 7, self->mem + 100, 5));
	EXPECT_EQ(-ENOENT, read_at(self, APERTURE_FIRST + 11, got, 13));
	EXPECT_EQ(-ENOENT, read_at(self, APERTURE_FIRST + 10, got, 1));
	ASSERT_EQ(0, write_at(self, APERTURE_FIRST + 12, "#########", 9));
	EXPECT_EQ(0, memcmp(self->mem + self->page - 2, "######", 6));
	EXPECT_EQ(pattern(self->page - 3), self->mem[self->page - 3]);
	EXPECT_EQ(pattern(self->page + 4), self->mem[self->page + 4]);
	EXPECT_EQ(0, memcmp(self->mem + 100, "###", 3));
	EXPECT_EQ(pattern(103), self->mem[103]);
}

/* ---- What cannot be ---- */

TEST_F(rw, what_is_not_all_mapped_is_ENOENT)
{
	__u64 value = 0, page = self->page;

	map_pages(_metadata, self, 1, 2, IOAS_MAP_RW);
	map_pages(_metadata, self, 4, 1, IOAS_MAP_RW);
	EXPECT_EQ(-ENOENT, read_at(self, APERTURE_FIRST, &value, 8));
	EXPECT_EQ(-ENOENT, read_at(self, APERTURE_FIRST + page - 1, &value, 2));
	EXPECT_EQ(-ENOENT, read_at(self, APERTURE_FIRST + 3 * page - 4, &value,
				   8));
	EXPECT_EQ(-ENOENT, write_at(self, APERTURE_FIRST + 3 * page, &value,
				    8));
	EXPECT_EQ(-ENOENT, write_at(self, APERTURE_FIRST + 5 * page - 1, &value,
				    2));
}

TEST_F(rw, write_to_what_is_mapped_read_only_is_EPERM)
{
	__u64 value = 1;

	map_pages(_metadata, self, 0, 1, IOAS_MAP_RO);
	map_pages(_metadata, self, 1, 1, IOAS_MAP_RW);
	EXPECT_EQ(-EPERM, write_at(self, APERTURE_FIRST, &value, 8));
	EXPECT_EQ(-EPERM, write_at(self, APERTURE_FIRST + self->page - 4,
				   &value, 8));
	EXPECT_EQ(pattern(0), self->mem[0]);
	EXPECT_EQ(0, write_at(self, APERTURE_FIRST + self->page, &value, 8));
}

TEST_F(rw, senseless_arguments)
{
	char *hole = get_hole(_metadata, self->page);
	__u64 value = 0, end = -self->page;

	map_pages(_metadata, self, 0, 1, IOAS_MAP_RW);
	EXPECT_EQ(-EINVAL, read_at(self, APERTURE_FIRST, &value, 0));
	EXPECT_EQ(-EINVAL, read_at(self, APERTURE_FIRST, &value, 1ULL << 40));
	EXPECT_EQ(-EOVERFLOW, read_at(self, end, self->mem, self->page + 1));
	EXPECT_EQ(-EOVERFLOW, write_at(self, UINT64_MAX, self->mem, 2));
	EXPECT_EQ(-EOPNOTSUPP, mock_access_rw(self->rig.fd, self->access_fd,
					      1 << 1, APERTURE_FIRST, &value,
					      8));
	EXPECT_EQ(-EBADFD, mock_access_rw(self->rig.fd, self->rig.fd, 0,
					  APERTURE_FIRST, &value, 8));
	EXPECT_EQ(-EFAULT, read_at(self, APERTURE_FIRST, hole, 8));
	EXPECT_EQ(-EFAULT, write_at(self, APERTURE_FIRST, hole, 8));
	EXPECT_EQ(pattern(0), self->mem[0]);
}

TEST_F(rw, memory_that_is_not_there_is_EFAULT)
{
	char *mem = get_memory(_metadata, self->page);
	__u64 value = 0;

	if (variant->device)
		SKIP(return, "it is pinned");
	rig_map(_metadata, &self->rig, mem, self->page, APERTURE_FIRST,
		IOAS_MAP_RW);
	EXPECT_EQ(0, read_at(self, APERTURE_FIRST, &value, 8));
	ASSERT_EQ(0, mprotect(mem, self->page, PROT_READ));
	EXPECT_EQ(-EFAULT, write_at(self, APERTURE_FIRST, &value, 8));
	ASSERT_EQ(0, mprotect(mem, self->page, PROT_NONE));
	EXPECT_EQ(-EFAULT, read_at(self, APERTURE_FIRST, &value, 8));
	ASSERT_EQ(0, munmap(mem, self->page));
	EXPECT_EQ(-EFAULT, read_at(self, APERTURE_FIRST, &value, 8));
	EXPECT_EQ(-EFAULT, write_at(self, APERTURE_FIRST, &value, 8));
}

TEST_F(rw, after_unmap_is_ENOENT)
{
	__u64 value = 0;

	map_pages(_metadata, self, 0, 2, IOAS_MAP_RW);
	EXPECT_EQ(0, read_at(self, APERTURE_FIRST, &value, 8));
	rig_unmap(_metadata, &self->rig, APERTURE_FIRST, 2 * self->page);
	EXPECT_EQ(-ENOENT, read_at(self, APERTURE_FIRST, &value, 8));
}

TEST_F(rw, leaves_nothing_pinned)
{
	char *buf = get_memory(_metadata, 4 * self->page);

	map_pages(_metadata, self, 0, 4, IOAS_MAP_RW);
	ASSERT_EQ(0, read_at(self, APERTURE_FIRST, buf, 4 * self->page));
	ASSERT_EQ(0, write_at(self, APERTURE_FIRST, buf, 4 * self->page));
	EXPECT_EQ(0, check_refs_exactly(self->rig.fd, self->mem,
					4 * self->page, variant->device));
}

/* ---- The same view ---- */

TEST_F(rw, what_stands_at_the_address_now)
{
	char *mem = get_memory(_metadata, self->page);
	__u64 was = 0x01d, now = 0x9e3, value = 0xacce55;

	set_u64(mem, was);
	rig_map(_metadata, &self->rig, mem, self->page, APERTURE_FIRST,
		IOAS_MAP_RW);
	EXPECT_EQ(was, access_peek(self, APERTURE_FIRST));
	ASSERT_NE(MAP_FAILED, mmap(mem, self->page, PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1,
				   0));
	set_u64(mem, now);
	if (!variant->device) {
		/* Not pinned, so that nobody has the old page */
		EXPECT_EQ(now, access_peek(self, APERTURE_FIRST));
		return;
	}
	EXPECT_EQ(was, device_peek(self, APERTURE_FIRST));
	EXPECT_EQ(was, access_peek(self, APERTURE_FIRST));
	ASSERT_EQ(0, write_at(self, APERTURE_FIRST, &value, sizeof(value)));
	EXPECT_EQ(value, device_peek(self, APERTURE_FIRST));
	EXPECT_EQ(now, get_u64(mem));
	/* With the last device the old page goes */
	rig_destroy(_metadata, &self->rig, self->rig.dev.stdev_id);
	EXPECT_EQ(now, access_peek(self, APERTURE_FIRST));
}

TEST_F(rw, what_another_access_has_pinned)
{
	__u32 other = 0, id = 0;
	unsigned int i;

	ASSERT_EQ(0, mock_access_create(self->rig.fd, self->rig.ioas_id,
					ACCESS_PINS, &other));
	for (i = 0; i < 4; i++)
		set_u64(self->mem + i * self->page, 1000 + i);
	map_pages(_metadata, self, 0, 4, IOAS_MAP_RW);
	ASSERT_EQ(0, mock_access_pin(self->rig.fd, other, 0,
				     APERTURE_FIRST + self->page,
				     2 * self->page, self->mem + self->page,
				     &id));
	ASSERT_NE(MAP_FAILED, mmap(self->mem, 4 * self->page,
				   PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1,
				   0));
	for (i = 0; i < 4; i++) {
		bool old = variant->device || i == 1 || i == 2;

		EXPECT_EQ((__u64)(old ? 1000 + i : 0),
			  access_peek(self, APERTURE_FIRST + i * self->page));
	}
	close(other);
}

TEST_F(rw, device_and_access_see_each_other_write)
{
	__u64 value = 0xacce55;

	if (!variant->device)
		SKIP(return, "no device");
	map_pages(_metadata, self, 0, 1, IOAS_MAP_RW);
	ASSERT_EQ(0, write_at(self, APERTURE_FIRST + 8, &value, 8));
	EXPECT_EQ(value, device_peek(self, APERTURE_FIRST + 8));
	EXPECT_EQ(0ULL, dma_poke(self->rig.fd, self->rig.dev.stdev_id,
				 APERTURE_FIRST + 16, 0xdef1ce));
	EXPECT_EQ(0xdef1ceULL, access_peek(self, APERTURE_FIRST + 16));
}

TEST_F(rw, private_file_page_written_leaves_the_file)
{
	int file = memfd_create("iommu-test", MFD_CLOEXEC);
	__u64 value = 77, in_file = 0;
	char *mem;

	ASSERT_LE(0, file);
	ASSERT_EQ(0, ftruncate(file, self->page));
	ASSERT_EQ(8, pwrite(file, &value, 8, 0));
	mem = mmap(NULL, self->page, PROT_READ | PROT_WRITE, MAP_PRIVATE, file,
		   0);
	ASSERT_NE(MAP_FAILED, (void *)mem);
	rig_map(_metadata, &self->rig, mem, self->page, APERTURE_FIRST,
		IOAS_MAP_RW);
	EXPECT_EQ(77ULL, access_peek(self, APERTURE_FIRST));
	value = 88;
	ASSERT_EQ(0, write_at(self, APERTURE_FIRST, &value, 8));
	EXPECT_EQ(88ULL, get_u64(mem));
	ASSERT_EQ(8, pread(file, &in_file, 8, 0));
	EXPECT_EQ(77ULL, in_file);
}

TEST_F(rw, sees_the_ioas_it_was_moved_to)
{
	struct rig *rig = &self->rig;
	__u32 other = rig_ioas(_metadata, rig);

	set_u64(self->mem, 1);
	set_u64(self->mem + self->page, 2);
	map_pages(_metadata, self, 0, 1, IOAS_MAP_RW);
	ASSERT_EQ(0, ioas_map_fixed(rig->fd, other, self->mem + self->page,
				    self->page, APERTURE_FIRST, IOAS_MAP_RW));
	EXPECT_EQ(1ULL, access_peek(self, APERTURE_FIRST));
	ASSERT_EQ(0, mock_access_replace(rig->fd, self->access_fd, other));
	EXPECT_EQ(2ULL, access_peek(self, APERTURE_FIRST));
	EXPECT_EQ(-EBUSY, object_destroy(rig->fd, other));
	ASSERT_EQ(0, mock_access_replace(rig->fd, self->access_fd,
					 rig->ioas_id));
	EXPECT_EQ(1ULL, access_peek(self, APERTURE_FIRST));
	rig_destroy(_metadata, rig, other);
}

/* ---- Memory of another process ---- */

TEST_F(rw, memory_of_another_process)
{
	struct mapper mapper = mapper_start(_metadata, self->rig.fd,
					    self->rig.ioas_id, APERTURE_FIRST,
					    2, 500);
	__u64 value = 600;

	self->rig.mapped = 2 * self->page;
	EXPECT_EQ(500ULL, access_peek(self, APERTURE_FIRST));
	EXPECT_EQ(501ULL, access_peek(self, APERTURE_FIRST + self->page));
	EXPECT_EQ(0, write_at(self, APERTURE_FIRST, &value, 8));
	EXPECT_EQ(600ULL, access_peek(self, APERTURE_FIRST));
	mapper_end(_metadata, &mapper);
}

TEST_F(rw, memory_of_a_process_that_is_gone)
{
	__u64 value = 600;
	int rc = variant->device ? 0 : -EFAULT;

	mapper_pass(_metadata, self->rig.fd, self->rig.ioas_id, APERTURE_FIRST,
		    2, 500);
	self->rig.mapped = 2 * self->page;
	EXPECT_EQ(rc, write_at(self, APERTURE_FIRST + 8, &value, 8));
	EXPECT_EQ(rc, read_at(self, APERTURE_FIRST + self->page, &value, 8));
	EXPECT_EQ(variant->device ? 501ULL : 600ULL, value);
}

TEST_F(rw, memory_of_a_process_that_is_gone_cannot_be_pinned)
{
	__u32 other = 0;
	int rc = variant->device ? 0 : -EFAULT;

	ASSERT_EQ(0, mock_access_create(self->rig.fd, self->rig.ioas_id,
					ACCESS_PINS, &other));
	mapper_pass(_metadata, self->rig.fd, self->rig.ioas_id, APERTURE_FIRST,
		    2, 500);
	self->rig.mapped = 2 * self->page;
	EXPECT_EQ(rc, mock_access_pin(self->rig.fd, other,
				      MOCK_FLAGS_ACCESS_SYZ, APERTURE_FIRST,
				      2 * self->page, NULL, NULL));
	close(other);
}

/* Pinning is for accesses that were made for it; asking another is no bug */
TEST_F(rw, pinning_is_refused)
{
	__u32 id = 0;

	map_pages(_metadata, self, 0, 1, IOAS_MAP_RW);
	EXPECT_GT(0, mock_access_pin(self->rig.fd, self->access_fd, 0,
				     APERTURE_FIRST, self->page, self->mem,
				     &id));
	EXPECT_EQ(0, check_refs_exactly(self->rig.fd, self->mem, self->page,
					variant->device));
}

TEST_HARNESS_MAIN
