// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory behind mappings: how often it is pinned, what counts against
 * RLIMIT_MEMLOCK, and that the device and the CPU always see the same page.
 */
#include "common.h"

FIXTURE(pin)
{
	struct rig rig;
	__u64 page;
	char *mem;
};

#define PAGES 8

FIXTURE_SETUP(pin)
{
	rig_open_device(_metadata, &self->rig);
	self->page = page_size();
	self->mem = get_memory(_metadata, PAGES * self->page);
}

FIXTURE_TEARDOWN(pin)
{
	rig_close(_metadata, &self->rig);
}

static int refs_are(const struct _test_data_pin *self, __u32 refs)
{
	return mock_check_refs(self->rig.fd, self->mem, PAGES * self->page,
			       refs);
}

static void map_all(struct __test_metadata *_metadata,
		    struct _test_data_pin *self)
{
	rig_map(_metadata, &self->rig, self->mem, PAGES * self->page,
		APERTURE_FIRST, IOAS_MAP_RW);
}

static __u64 peek(const struct _test_data_pin *self, __u64 offset)
{
	return dma_peek(self->rig.fd, self->rig.dev.stdev_id,
			APERTURE_FIRST + offset);
}

static __u64 poke(const struct _test_data_pin *self, __u64 offset, __u64 value)
{
	return dma_poke(self->rig.fd, self->rig.dev.stdev_id,
			APERTURE_FIRST + offset, value);
}

/* ---- How often ---- */

TEST_F(pin, once_however_many_hwpts)
{
	struct rig *rig = &self->rig;
	__u32 before = rig_hwpt(_metadata, rig, rig->dev.idev_id, rig->ioas_id,
				0);
	__u32 after;

	map_all(_metadata, self);
	EXPECT_EQ(0, refs_are(self, 1));
	after = rig_hwpt(_metadata, rig, rig->dev.idev_id, rig->ioas_id,
			 IOMMU_HWPT_ALLOC_NEST_PARENT);
	EXPECT_EQ(0, refs_are(self, 1));
	rig_destroy(_metadata, rig, before);
	EXPECT_EQ(0, refs_are(self, 1));
	rig_destroy(_metadata, rig, after);
	EXPECT_EQ(0, refs_are(self, 1));
	EXPECT_EQ(0, mock_check_map(rig->fd, rig->dev.hwpt_id, APERTURE_FIRST,
				    PAGES * self->page, self->mem));
}

TEST_F(pin, until_the_last_hwpt_goes)
{
	struct rig *rig = &self->rig;
	__u32 hwpt_id = rig_hwpt(_metadata, rig, rig->dev.idev_id,
				 rig->ioas_id, 0);

	map_all(_metadata, self);
	rig_destroy(_metadata, rig, rig->dev.stdev_id);
	EXPECT_EQ(0, refs_are(self, 1));
	rig_destroy(_metadata, rig, hwpt_id);
	EXPECT_EQ(0, refs_are(self, 0));
	EXPECT_EQ(rig->pinned_kb, pinned_kb());
	/* The mappings are still there: a new device finds them */
	rig->dev = rig_device(_metadata, rig, rig->ioas_id);
	EXPECT_EQ(0, refs_are(self, 1));
	EXPECT_EQ(0ULL, poke(self, 0, 9));
	EXPECT_EQ(9ULL, get_u64(self->mem));
}

TEST_F(pin, twice_from_two_ioas)
{
	struct rig *rig = &self->rig;
	__u32 ioas_id = rig_ioas(_metadata, rig);

	rig_device(_metadata, rig, ioas_id);
	map_all(_metadata, self);
	ASSERT_EQ(0, ioas_map_fixed(rig->fd, ioas_id, self->mem,
				    PAGES * self->page, APERTURE_FIRST,
				    IOAS_MAP_RO));
	EXPECT_EQ(0, refs_are(self, 2));
	ASSERT_EQ(0, ioas_unmap_all(rig->fd, ioas_id, NULL));
	EXPECT_EQ(0, refs_are(self, 1));
}

TEST_F(pin, memory_stays_until_unmapped_by_the_ioas)
{
	struct rig *rig = &self->rig;
	char *mem = get_memory(_metadata, self->page);

	set_u64(mem, 0x600d);
	rig_map(_metadata, rig, mem, self->page, APERTURE_FIRST, IOAS_MAP_RW);
	ASSERT_EQ(0, munmap(mem, self->page));
	/* Whatever comes to stand at that address now */
	memset(get_memory(_metadata, self->page), 0xff, self->page);
	EXPECT_EQ(0x600dULL, peek(self, 0));
	rig_unmap(_metadata, rig, APERTURE_FIRST, self->page);
	EXPECT_EQ(DMA_UNMAPPED, peek(self, 0));
}

TEST_F(pin, every_page_is_the_right_one)
{
	unsigned int i;

	map_all(_metadata, self);
	for (i = 0; i < PAGES; i++) {
		set_u64(self->mem + i * self->page, i);
		EXPECT_EQ((__u64)i, peek(self, i * self->page));
		EXPECT_EQ(0, mock_check_map(self->rig.fd,
					    self->rig.dev.hwpt_id,
					    APERTURE_FIRST + i * self->page,
					    self->page,
					    self->mem + i * self->page));
	}
}

/* ---- RLIMIT_MEMLOCK ---- */

TEST_F(pin, counted_while_pinned)
{
	struct rig *rig = &self->rig;
	unsigned long kb = PAGES * self->page / 1024;

	map_all(_metadata, self);
	EXPECT_EQ(rig->pinned_kb + kb, pinned_kb());
	rig_hwpt(_metadata, rig, rig->dev.idev_id, rig->ioas_id, 0);
	EXPECT_EQ(rig->pinned_kb + kb, pinned_kb());
	rig_unmap(_metadata, rig, APERTURE_FIRST, PAGES * self->page);
	EXPECT_EQ(rig->pinned_kb, pinned_kb());
}

TEST_F(pin, map_above_the_limit_is_ENOMEM)
{
	struct rig *rig = &self->rig;
	unsigned int i;

	limit_memlock(_metadata, 4 * self->page);
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(-ENOMEM, ioas_map_fixed(rig->fd, rig->ioas_id,
						  self->mem, 5 * self->page,
						  APERTURE_FIRST,
						  IOAS_MAP_RW));
		EXPECT_EQ(0, refs_are(self, 0));
		EXPECT_EQ(rig->pinned_kb, pinned_kb());
	}
	/* Failing took nothing of it */
	rig_map(_metadata, rig, self->mem, 4 * self->page, APERTURE_FIRST,
		IOAS_MAP_RW);
	EXPECT_EQ(-ENOMEM, ioas_map_fixed(rig->fd, rig->ioas_id,
					  self->mem + 4 * self->page,
					  self->page,
					  APERTURE_FIRST + 4 * self->page,
					  IOAS_MAP_RW));
	EXPECT_EQ(DMA_UNMAPPED, peek(self, 4 * self->page));
	/* and unmapping gives it back */
	rig_unmap(_metadata, rig, APERTURE_FIRST, 4 * self->page);
	rig_map(_metadata, rig, self->mem + 4 * self->page, 4 * self->page,
		APERTURE_FIRST, IOAS_MAP_RW);
}

TEST_F(pin, attach_above_the_limit_is_ENOMEM)
{
	struct rig *rig = &self->rig;
	__u32 ioas_id = rig_ioas(_metadata, rig);

	limit_memlock(_metadata, 4 * self->page);
	/* Costs nothing as long as no device is there */
	ASSERT_EQ(0, ioas_map_fixed(rig->fd, ioas_id, self->mem, 3 * self->page,
				    APERTURE_FIRST, IOAS_MAP_RW));
	ASSERT_EQ(0, ioas_map_fixed(rig->fd, ioas_id,
				    self->mem + 3 * self->page, 3 * self->page,
				    APERTURE_FIRST + 8 * self->page,
				    IOAS_MAP_RW));
	EXPECT_EQ(-ENOMEM, mock_device(rig->fd, ioas_id, NULL));
	EXPECT_EQ(-ENOMEM, hwpt_alloc(rig->fd, rig->dev.idev_id, ioas_id, 0,
				      NULL));
	EXPECT_EQ(-ENOMEM, mock_replace(rig->fd, rig->dev.stdev_id, ioas_id,
					NULL));
	EXPECT_EQ(0, refs_are(self, 0));
	EXPECT_EQ(rig->pinned_kb, pinned_kb());
	ASSERT_EQ(0, ioas_unmap(rig->fd, ioas_id,
				APERTURE_FIRST + 8 * self->page, 3 * self->page,
				NULL));
	EXPECT_EQ(0, mock_replace(rig->fd, rig->dev.stdev_id, ioas_id, NULL));
}

TEST_F(pin, CAP_IPC_LOCK_lifts_the_limit)
{
	struct rlimit limit = {};

	ASSERT_EQ(0, setrlimit(RLIMIT_MEMLOCK, &limit));
	map_all(_metadata, self);
}

/* ---- One page for CPU and device ---- */

/* A memory file of one page with the value at its start */
static int memory_file(struct __test_metadata *_metadata, __u64 page,
		       __u64 value)
{
	int file = memfd_create("iommu-test", MFD_CLOEXEC);

	ASSERT_LE(0, file);
	ASSERT_EQ(0, ftruncate(file, page));
	ASSERT_EQ((ssize_t)sizeof(value),
		  pwrite(file, &value, sizeof(value), 0));
	return file;
}

/* A write by the CPU after mapping must not move the page away */
static void expect_same_page(struct __test_metadata *_metadata,
			     struct _test_data_pin *self, char *mem)
{
	const struct rig *rig = &self->rig;

	EXPECT_EQ(get_u64(mem), peek(self, 0));
	set_u64(mem, 0xc0ffee);
	EXPECT_EQ(0xc0ffeeULL, peek(self, 0));
	EXPECT_EQ(0, mock_check_map(rig->fd, rig->dev.hwpt_id, APERTURE_FIRST,
				    self->page, mem));
}

TEST_F(pin, private_file_page_read_only_then_written_by_CPU)
{
	int file = memory_file(_metadata, self->page, 77);
	char *mem = mmap(NULL, self->page, PROT_READ | PROT_WRITE, MAP_PRIVATE,
			 file, 0);

	ASSERT_NE(MAP_FAILED, (void *)mem);
	EXPECT_EQ(77ULL, get_u64(mem));
	rig_map(_metadata, &self->rig, mem, self->page, APERTURE_FIRST,
		IOAS_MAP_RO);
	expect_same_page(_metadata, self, mem);
}

TEST_F(pin, untouched_private_file_page_read_only_then_written_by_CPU)
{
	int file = memory_file(_metadata, self->page, 77);
	char *mem = mmap(NULL, self->page, PROT_READ | PROT_WRITE, MAP_PRIVATE,
			 file, 0);

	ASSERT_NE(MAP_FAILED, (void *)mem);
	rig_map(_metadata, &self->rig, mem, self->page, APERTURE_FIRST,
		IOAS_MAP_RO);
	EXPECT_EQ(77ULL, peek(self, 0));
	expect_same_page(_metadata, self, mem);
}

TEST_F(pin, read_only_private_file_page_made_writable_later)
{
	int file = memory_file(_metadata, self->page, 77);
	char *mem = mmap(NULL, self->page, PROT_READ, MAP_PRIVATE, file, 0);

	ASSERT_NE(MAP_FAILED, (void *)mem);
	rig_map(_metadata, &self->rig, mem, self->page, APERTURE_FIRST,
		IOAS_MAP_RO);
	EXPECT_EQ(77ULL, peek(self, 0));
	ASSERT_EQ(0, mprotect(mem, self->page, PROT_READ | PROT_WRITE));
	expect_same_page(_metadata, self, mem);
}

TEST_F(pin, private_memory_that_may_not_be_read_is_EFAULT)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS;
	char *mem = mmap(NULL, 2 * self->page, PROT_READ | PROT_WRITE, flags,
			 -1, 0);
	unsigned int i;

	ASSERT_NE(MAP_FAILED, (void *)mem);
	set_u64(mem, 77);
	/* A page that holds something, and one that never did */
	ASSERT_EQ(0, mprotect(mem, 2 * self->page, PROT_NONE));
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(-EFAULT,
			  ioas_map_fixed(self->rig.fd, self->rig.ioas_id,
					 mem + i * self->page, self->page,
					 APERTURE_FIRST, IOAS_MAP_RO));
	}
}

TEST_F(pin, private_file_page_written_by_device_leaves_the_file)
{
	int file = memory_file(_metadata, self->page, 77);
	char *mem = mmap(NULL, self->page, PROT_READ | PROT_WRITE, MAP_PRIVATE,
			 file, 0);
	__u64 in_file = 0;

	ASSERT_NE(MAP_FAILED, (void *)mem);
	rig_map(_metadata, &self->rig, mem, self->page, APERTURE_FIRST,
		IOAS_MAP_RW);
	EXPECT_EQ(0ULL, poke(self, 0, 88));
	EXPECT_EQ(88ULL, get_u64(mem));
	ASSERT_EQ((ssize_t)sizeof(in_file),
		  pread(file, &in_file, sizeof(in_file), 0));
	EXPECT_EQ(77ULL, in_file);
	expect_same_page(_metadata, self, mem);
}

TEST_F(pin, shared_file_page_written_by_device_reaches_the_file)
{
	int file = memory_file(_metadata, self->page, 77);
	char *mem = mmap(NULL, self->page, PROT_READ | PROT_WRITE, MAP_SHARED,
			 file, 0);
	__u64 in_file = 0;

	ASSERT_NE(MAP_FAILED, (void *)mem);
	rig_map(_metadata, &self->rig, mem, self->page, APERTURE_FIRST,
		IOAS_MAP_RW);
	EXPECT_EQ(0ULL, poke(self, 0, 88));
	ASSERT_EQ((ssize_t)sizeof(in_file),
		  pread(file, &in_file, sizeof(in_file), 0));
	EXPECT_EQ(88ULL, in_file);
}

TEST_F(pin, read_only_shared_file_page)
{
	int file = memory_file(_metadata, self->page, 77);
	char *mem = mmap(NULL, self->page, PROT_READ, MAP_SHARED, file, 0);
	__u64 value = 99;

	ASSERT_NE(MAP_FAILED, (void *)mem);
	EXPECT_EQ(-EFAULT, ioas_map_fixed(self->rig.fd, self->rig.ioas_id, mem,
					  self->page, APERTURE_FIRST,
					  IOAS_MAP_RW));
	rig_map(_metadata, &self->rig, mem, self->page, APERTURE_FIRST,
		IOAS_MAP_RO);
	EXPECT_EQ(77ULL, peek(self, 0));
	ASSERT_EQ((ssize_t)sizeof(value),
		  pwrite(file, &value, sizeof(value), 0));
	EXPECT_EQ(99ULL, peek(self, 0));
}

TEST_F(pin, untouched_anonymous_page_read_only_then_written_by_CPU)
{
	char *mem = mmap(NULL, self->page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, (void *)mem);
	/* Reading it first makes it the zero page of all processes */
	EXPECT_EQ(0ULL, get_u64(mem));
	rig_map(_metadata, &self->rig, mem, self->page, APERTURE_FIRST,
		IOAS_MAP_RO);
	expect_same_page(_metadata, self, mem);
}

TEST_F(pin, anonymous_page_of_a_process_that_forks)
{
	char *mem = mmap(NULL, self->page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int status, hold[2];
	pid_t pid;

	ASSERT_NE(MAP_FAILED, (void *)mem);
	ASSERT_EQ(0, pipe(hold));
	set_u64(mem, 1);
	rig_map(_metadata, &self->rig, mem, self->page, APERTURE_FIRST,
		IOAS_MAP_RW);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		char end;

		/* The child's copy must not follow the device */
		close(hold[1]);
		status = read(hold[0], &end, 1);
		_exit(get_u64(mem) != 1);
	}
	expect_same_page(_metadata, self, mem);
	EXPECT_EQ(0ULL, poke(self, 0, 2));
	EXPECT_EQ(2ULL, get_u64(mem));
	close(hold[1]);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

/* ---- Huge pages ---- */

static void use_huge_memory(struct __test_metadata *_metadata,
			    struct _test_data_pin *self, char *mem)
{
	const struct rig *rig = &self->rig;
	__u64 length = 2 * SZ_2M, offset;

	rig_map(_metadata, &self->rig, mem, length, APERTURE_FIRST,
		IOAS_MAP_RW);
	EXPECT_EQ(0, mock_check_map(rig->fd, rig->dev.hwpt_id, APERTURE_FIRST,
				    length, mem));
	for (offset = 0; offset < length; offset += SZ_2M / 4 + self->page) {
		set_u64(mem + offset, offset);
		EXPECT_EQ(offset, peek(self, offset));
		EXPECT_EQ(0ULL, poke(self, offset, ~offset));
		EXPECT_EQ(~offset, get_u64(mem + offset));
	}
	rig_unmap(_metadata, &self->rig, APERTURE_FIRST, length);
	EXPECT_EQ(0, mock_check_refs(rig->fd, mem, length, 0));
	EXPECT_EQ(DMA_UNMAPPED, peek(self, 0));

	/* A piece across the boundary of the two, aligned to neither */
	rig_map(_metadata, &self->rig, mem + SZ_2M - 3 * self->page,
		7 * self->page, APERTURE_FIRST, IOAS_MAP_RW);
	EXPECT_EQ(0, mock_check_map(rig->fd, rig->dev.hwpt_id, APERTURE_FIRST,
				    7 * self->page,
				    mem + SZ_2M - 3 * self->page));
	EXPECT_EQ(0ULL, poke(self, 6 * self->page, 0x1234));
	EXPECT_EQ(0x1234ULL, get_u64(mem + SZ_2M + 3 * self->page));
	EXPECT_EQ(DMA_UNMAPPED, peek(self, 7 * self->page));
	rig_unmap(_metadata, &self->rig, APERTURE_FIRST, 7 * self->page);
	EXPECT_EQ(0, mock_check_refs(rig->fd, mem, length, 0));
}

TEST_F(pin, hugetlb_memory)
{
	char *mem = mmap(NULL, 2 * SZ_2M, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB |
			 21 << MAP_HUGE_SHIFT, -1, 0);

	if (mem == MAP_FAILED)
		SKIP(return, "no 2M pages: %s", strerror(errno));
	use_huge_memory(_metadata, self, mem);
}

TEST_F(pin, hugetlb_memory_freed_in_part)
{
	const __u64 far = SZ_2M + 3 * self->page;
	char *mem = mmap(NULL, 2 * SZ_2M, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB |
			 21 << MAP_HUGE_SHIFT, -1, 0);

	if (mem == MAP_FAILED)
		SKIP(return, "no 2M pages: %s", strerror(errno));
	set_u64(mem + far, 0x77);
	rig_map(_metadata, &self->rig, mem, 2 * SZ_2M, APERTURE_FIRST,
		IOAS_MAP_RW);
	ASSERT_EQ(0, munmap(mem + SZ_2M, SZ_2M));
	EXPECT_EQ(0x77ULL, peek(self, far));
	EXPECT_EQ(0ULL, poke(self, 0, 0x88));
	EXPECT_EQ(0x88ULL, get_u64(mem));
	rig_unmap(_metadata, &self->rig, APERTURE_FIRST, 2 * SZ_2M);
	EXPECT_EQ(0, mock_check_refs(self->rig.fd, mem, SZ_2M, 0));
}

TEST_F(pin, transparent_huge_memory)
{
	char *mem = get_aligned_memory(_metadata, 2 * SZ_2M, SZ_2M,
				       MAP_PRIVATE | MAP_ANONYMOUS);

	if (madvise(mem, 2 * SZ_2M, MADV_HUGEPAGE))
		SKIP(return, "no transparent huge pages");
	memset(mem, 0x5a, 2 * SZ_2M);
	use_huge_memory(_metadata, self, mem);
}

TEST_F(pin, memory_without_backing_of_its_own_yet)
{
	/* Small pages from everywhere: touched backwards and with gaps */
	char *mem = get_aligned_memory(_metadata, 64 * self->page, SZ_2M,
				       MAP_PRIVATE | MAP_ANONYMOUS);
	unsigned int i;

	madvise(mem, 64 * self->page, MADV_NOHUGEPAGE);
	for (i = 64; i-- > 0;)
		if (i % 3)
			set_u64(mem + i * self->page, i);
	rig_map(_metadata, &self->rig, mem, 64 * self->page, APERTURE_FIRST,
		IOAS_MAP_RW);
	for (i = 0; i < 64; i++) {
		EXPECT_EQ((__u64)(i % 3 ? i : 0), peek(self, i * self->page));
	}
	EXPECT_EQ(0, mock_check_map(self->rig.fd, self->rig.dev.hwpt_id,
				    APERTURE_FIRST, 64 * self->page, mem));
}

TEST_HARNESS_MAIN
