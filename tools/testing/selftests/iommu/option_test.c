// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOMMU_OPTION: how pinned memory is counted, and how large a page of the IOMMU
 * may be.
 */
#include "common.h"

#define PAGES 8

FIXTURE(option)
{
	struct rig rig;
	__u64 page;
	char *mem;
};

FIXTURE_SETUP(option)
{
	rig_open(_metadata, &self->rig);
	self->page = page_size();
	self->mem = get_memory(_metadata, PAGES * self->page);
}

FIXTURE_TEARDOWN(option)
{
	rig_close(_metadata, &self->rig);
}

#define MODE IOMMU_OPTION_RLIMIT_MODE
#define HUGE IOMMU_OPTION_HUGE_PAGES

/* The value of an option, or ~0 */
static __u64 value_of(const struct _test_data_option *self, __u32 option,
		      __u32 object)
{
	__u64 value = ~0ULL;

	return option_get(self->rig.fd, option, object, &value) ? ~0ULL : value;
}

/* ---- Values ---- */

TEST_F(option, defaults)
{
	__u32 ioas_id = rig_ioas(_metadata, &self->rig);

	EXPECT_EQ(0ULL, value_of(self, MODE, 0));
	EXPECT_EQ(1ULL, value_of(self, HUGE, ioas_id));
}

TEST_F(option, what_is_set_is_what_is_got)
{
	__u32 ioas_id;

	EXPECT_EQ(0, option_set(self->rig.fd, MODE, 0, 1));
	EXPECT_EQ(1ULL, value_of(self, MODE, 0));
	EXPECT_EQ(0, option_set(self->rig.fd, MODE, 0, 0));
	EXPECT_EQ(0ULL, value_of(self, MODE, 0));
	ioas_id = rig_ioas(_metadata, &self->rig);
	EXPECT_EQ(0, option_set(self->rig.fd, HUGE, ioas_id, 0));
	EXPECT_EQ(0ULL, value_of(self, HUGE, ioas_id));
	EXPECT_EQ(0, option_set(self->rig.fd, HUGE, ioas_id, 1));
	EXPECT_EQ(1ULL, value_of(self, HUGE, ioas_id));
}

TEST_F(option, one_per_file_or_one_per_ioas)
{
	struct rig *rig = &self->rig;
	int other = iommufd_open();
	__u32 ids[2];
	__u64 value = 2;

	ASSERT_LE(0, other);
	EXPECT_EQ(0, option_set(rig->fd, MODE, 0, 1));
	EXPECT_EQ(0, option_get(other, MODE, 0, &value));
	EXPECT_EQ(0ULL, value);
	close(other);
	ids[0] = rig_ioas(_metadata, rig);
	ids[1] = rig_ioas(_metadata, rig);
	EXPECT_EQ(0, option_set(rig->fd, HUGE, ids[0], 0));
	EXPECT_EQ(1ULL, value_of(self, HUGE, ids[1]));
}

TEST_F(option, value_it_does_not_have_is_EINVAL)
{
	static const __u64 values[] = { 2, 3, 1ULL << 32, UINT64_MAX };
	__u32 ioas_id;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(values); i++) {
		EXPECT_EQ(-EINVAL, option_set(self->rig.fd, MODE, 0,
					      values[i]));
	}
	EXPECT_EQ(0ULL, value_of(self, MODE, 0));
	ioas_id = rig_ioas(_metadata, &self->rig);
	for (i = 0; i < ARRAY_SIZE(values); i++) {
		EXPECT_EQ(-EINVAL, option_set(self->rig.fd, HUGE, ioas_id,
					      values[i]));
	}
	EXPECT_EQ(1ULL, value_of(self, HUGE, ioas_id));
}

TEST_F(option, unknown_option_or_op_is_EOPNOTSUPP)
{
	static const struct {
		__u32 option;
		__u16 op;
	} cases[] = {
		{ 2, IOMMU_OPTION_OP_GET }, { 2, IOMMU_OPTION_OP_SET },
		{ UINT32_MAX, IOMMU_OPTION_OP_GET }, { MODE, 2 }, { HUGE, 2 },
		{ MODE, UINT16_MAX }, { HUGE, UINT16_MAX },
	};
	__u32 ioas_id = rig_ioas(_metadata, &self->rig);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct iommu_option arg = {
			.size = sizeof(arg),
			.option_id = cases[i].option,
			.op = cases[i].op,
		};

		if (cases[i].option == HUGE)
			arg.object_id = ioas_id;
		EXPECT_EQ(-EOPNOTSUPP, iommufd_ioctl(self->rig.fd, IOMMU_OPTION,
						     &arg)) {
			TH_LOG("case %u", i);
		}
	}
}

TEST_F(option, object_where_none_belongs_is_EOPNOTSUPP)
{
	__u32 ioas_id = rig_ioas(_metadata, &self->rig);

	EXPECT_EQ(-EOPNOTSUPP, option_get(self->rig.fd, MODE, ioas_id, NULL));
	EXPECT_EQ(-EOPNOTSUPP, option_get(self->rig.fd, MODE, NO_SUCH_ID,
					  NULL));
	EXPECT_EQ(-EOPNOTSUPP, option_set(self->rig.fd, MODE, ioas_id, 0));
}

TEST_F(option, object_of_another_kind_is_ENOENT)
{
	unsigned int i;

	rig_open_nested(_metadata, &self->rig);
	{
		const __u32 ids[] = {
			0, NO_SUCH_ID, self->rig.dev.idev_id,
			self->rig.dev.stdev_id, self->rig.parent_id,
			self->rig.nested_id,
		};

		for (i = 0; i < ARRAY_SIZE(ids); i++) {
			EXPECT_EQ(-ENOENT, option_get(self->rig.fd, HUGE,
						      ids[i], NULL));
			EXPECT_EQ(-ENOENT, option_set(self->rig.fd, HUGE,
						      ids[i], 1));
		}
	}
}

/* ---- RLIMIT_MODE: who may set it, and when ---- */

TEST_F(option, mode_takes_CAP_SYS_RESOURCE)
{
	EXPECT_EQ(0, option_set(self->rig.fd, MODE, 0, 1));
	drop_capability(_metadata, CAP_SYS_RESOURCE);
	EXPECT_EQ(-EPERM, option_set(self->rig.fd, MODE, 0, 0));
	EXPECT_EQ(-EPERM, option_set(self->rig.fd, MODE, 0, 1));
	EXPECT_EQ(1ULL, value_of(self, MODE, 0));
	/* The other one takes nothing */
	EXPECT_EQ(0, option_set(self->rig.fd, HUGE,
				rig_ioas(_metadata, &self->rig), 0));
}

TEST_F(option, mode_with_objects_is_EBUSY)
{
	struct rig *rig = &self->rig;
	__u32 ioas_id = rig_ioas(_metadata, rig);

	EXPECT_EQ(-EBUSY, option_set(rig->fd, MODE, 0, 1));
	EXPECT_EQ(0ULL, value_of(self, MODE, 0));
	rig_destroy(_metadata, rig, ioas_id);
	EXPECT_EQ(0, option_set(rig->fd, MODE, 0, 1));
}

/* ---- RLIMIT_MODE: what it means ---- */

/* Open a file of that mode with a device, or die */
static int open_with_mode(__u64 mode, __u32 *ioas_id)
{
	int fd = iommufd_open();

	if (fd < 0 || option_set(fd, MODE, 0, mode) ||
	    ioas_alloc(fd, ioas_id) || mock_device(fd, *ioas_id, NULL))
		_exit(100);
	return fd;
}

/* The errno, positive, of mapping so many pages in a file of its own */
static int map_in_a_child(struct __test_metadata *_metadata,
			  const struct _test_data_option *self, __u64 mode,
			  unsigned int pages)
{
	int status = 0, fd;
	__u32 ioas_id = 0;
	pid_t pid;

	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		fd = open_with_mode(mode, &ioas_id);
		_exit(-ioas_map_fixed(fd, ioas_id, self->mem,
				      pages * self->page, APERTURE_FIRST,
				      IOAS_MAP_RW));
	}
	EXPECT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFEXITED(status));
	return WEXITSTATUS(status);
}

TEST_F(option, by_user_counts_all_processes_of_the_user)
{
	static const struct {
		__u64 ours, theirs;
		int rc;
	} modes[] = {
		{ 0, 0, ENOMEM }, { 0, 1, 0 }, { 1, 0, 0 }, { 1, 1, 0 },
	};
	unsigned int i;
	__u32 ioas_id;
	int fd;

	limit_memlock(_metadata, 4 * self->page);
	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		fd = open_with_mode(modes[i].ours, &ioas_id);
		ASSERT_EQ(0, ioas_map_fixed(fd, ioas_id, self->mem,
					    3 * self->page, APERTURE_FIRST,
					    IOAS_MAP_RW));
		EXPECT_EQ(modes[i].rc, map_in_a_child(_metadata, self,
						      modes[i].theirs, 2)) {
			TH_LOG("case %u", i);
		}
		EXPECT_EQ(0, map_in_a_child(_metadata, self, modes[i].theirs,
					    1));
		/* What was charged is given back */
		close(fd);
		EXPECT_EQ(0, map_in_a_child(_metadata, self, modes[i].theirs,
					    4));
		EXPECT_EQ(ENOMEM, map_in_a_child(_metadata, self,
						 modes[i].theirs, 5));
	}
}

TEST_F(option, by_process_counts_all_its_files)
{
	unsigned long before = pinned_kb();
	__u32 ioas_ids[2];
	int fds[2];

	limit_memlock(_metadata, 4 * self->page);
	fds[0] = open_with_mode(1, &ioas_ids[0]);
	fds[1] = open_with_mode(1, &ioas_ids[1]);
	EXPECT_EQ(-ENOMEM, ioas_map_fixed(fds[0], ioas_ids[0], self->mem,
					  5 * self->page, APERTURE_FIRST,
					  IOAS_MAP_RW));
	ASSERT_EQ(0, ioas_map_fixed(fds[0], ioas_ids[0], self->mem,
				    3 * self->page, APERTURE_FIRST,
				    IOAS_MAP_RW));
	EXPECT_EQ(-ENOMEM, ioas_map_fixed(fds[1], ioas_ids[1], self->mem,
					  2 * self->page, APERTURE_FIRST,
					  IOAS_MAP_RW));
	EXPECT_EQ(0, ioas_map_fixed(fds[1], ioas_ids[1], self->mem, self->page,
				    APERTURE_FIRST, IOAS_MAP_RW));
	EXPECT_EQ(before + 4 * self->page / 1024, pinned_kb());
	close(fds[0]);
	EXPECT_EQ(before + self->page / 1024, pinned_kb());
	EXPECT_EQ(0, ioas_map_fixed(fds[1], ioas_ids[1], self->mem,
				    3 * self->page, APERTURE_FIRST + SZ_2M,
				    IOAS_MAP_RW));
	close(fds[1]);
	EXPECT_EQ(before, pinned_kb());
}

TEST_F(option, copy_is_charged_as_what_it_was_copied_from)
{
	__u64 mode;

	limit_memlock(_metadata, 4 * self->page);
	for (mode = 0; mode < 2; mode++) {
		__u32 ioas_id = 0;
		int fd = open_with_mode(mode, &ioas_id);

		ASSERT_EQ(0, ioas_map_fixed(fd, ioas_id, self->mem,
					    4 * self->page, APERTURE_FIRST,
					    IOAS_MAP_RW));
		EXPECT_EQ(0, ioas_copy_fixed(fd, ioas_id, ioas_id,
					     4 * self->page,
					     APERTURE_FIRST + SZ_2M,
					     APERTURE_FIRST, IOAS_MAP_RW));
		EXPECT_EQ(-ENOMEM, ioas_map_fixed(fd, ioas_id, self->mem,
						  self->page,
						  APERTURE_FIRST + 2 * SZ_2M,
						  IOAS_MAP_RW));
		close(fd);
		EXPECT_EQ(self->rig.pinned_kb, pinned_kb());
	}
}

/* ---- HUGE_PAGES ---- */

static __u64 alignment(struct __test_metadata *_metadata,
		       const struct _test_data_option *self)
{
	struct iommu_iova_range ranges[4];
	__u32 num = ARRAY_SIZE(ranges);
	__u64 value = 0;

	EXPECT_EQ(0, ioas_iova_ranges(self->rig.fd, self->rig.ioas_id, ranges,
				      &num, &value));
	return value;
}

static int set_huge(const struct _test_data_option *self, __u64 value)
{
	return option_set(self->rig.fd, HUGE, self->rig.ioas_id, value);
}

TEST_F(option, small_pages_ask_for_whole_pages)
{
	struct rig *rig = &self->rig;

	rig->ioas_id = rig_ioas(_metadata, rig);
	EXPECT_EQ(1ULL, alignment(_metadata, self));
	ASSERT_EQ(0, set_huge(self, 0));
	EXPECT_EQ(self->page, alignment(_metadata, self));
	EXPECT_EQ(-EINVAL, ioas_map_fixed(rig->fd, rig->ioas_id, self->mem,
					  self->page / 2, APERTURE_FIRST,
					  IOAS_MAP_RW));
	EXPECT_EQ(-EINVAL, ioas_map_fixed(rig->fd, rig->ioas_id, self->mem,
					  self->page, APERTURE_FIRST + 1,
					  IOAS_MAP_RW));
	rig->dev = rig_device(_metadata, rig, rig->ioas_id);
	EXPECT_EQ(self->page, alignment(_metadata, self));
	ASSERT_EQ(0, set_huge(self, 1));
	EXPECT_EQ(self->page / 2, alignment(_metadata, self));
	rig_destroy(_metadata, rig, rig->dev.stdev_id);
	EXPECT_EQ(1ULL, alignment(_metadata, self));
}

TEST_F(option, small_pages_with_unaligned_mappings_is_EADDRINUSE)
{
	const struct {
		__u64 offset, length, iova;
	} odd[] = {
		{ 0, self->page / 2, APERTURE_FIRST },
		{ 0, self->page, APERTURE_FIRST + 1 },
		{ self->page / 2, self->page, APERTURE_FIRST },
		{ 1, self->page, APERTURE_FIRST + 1 },
	};
	struct rig *rig = &self->rig;
	unsigned int i;

	rig->ioas_id = rig_ioas(_metadata, rig);
	for (i = 0; i < ARRAY_SIZE(odd); i++) {
		rig_map(_metadata, rig, self->mem + odd[i].offset,
			odd[i].length, odd[i].iova, IOAS_MAP_RW);
		EXPECT_EQ(-EADDRINUSE, set_huge(self, 0)) {
			TH_LOG("case %u", i);
		}
		EXPECT_EQ(1ULL, value_of(self, HUGE, rig->ioas_id));
		EXPECT_EQ(1ULL, alignment(_metadata, self));
		rig_unmap(_metadata, rig, odd[i].iova, odd[i].length);
	}
	rig_map(_metadata, rig, self->mem, self->page, APERTURE_FIRST,
		IOAS_MAP_RW);
	EXPECT_EQ(0, set_huge(self, 0));
}

TEST_F(option, small_pages_once_a_domain_maps_something_is_EINVAL)
{
	struct rig *rig = &self->rig;

	rig_open_device(_metadata, rig);
	rig_map(_metadata, rig, self->mem, PAGES * self->page, APERTURE_FIRST,
		IOAS_MAP_RW);
	EXPECT_EQ(-EINVAL, set_huge(self, 0));
	EXPECT_EQ(1ULL, value_of(self, HUGE, rig->ioas_id));
	EXPECT_EQ(self->page / 2, alignment(_metadata, self));
	/* What it is already, it may be */
	EXPECT_EQ(0, set_huge(self, 1));
	rig_unmap(_metadata, rig, APERTURE_FIRST, PAGES * self->page);
	EXPECT_EQ(0, set_huge(self, 0));
	rig_map(_metadata, rig, self->mem, PAGES * self->page, APERTURE_FIRST,
		IOAS_MAP_RW);
	EXPECT_EQ(0, set_huge(self, 0));
}

/* Mapped before or after the device comes, each page is the right one */
TEST_F(option, small_pages_of_huge_memory)
{
	char *mem = get_aligned_memory(_metadata, SZ_2M, SZ_2M,
				       MAP_PRIVATE | MAP_ANONYMOUS);
	struct rig *rig = &self->rig;
	__u64 offset;

	madvise(mem, SZ_2M, MADV_HUGEPAGE);
	for (offset = 0; offset < SZ_2M; offset += self->page)
		set_u64(mem + offset, offset);
	rig->ioas_id = rig_ioas(_metadata, rig);
	ASSERT_EQ(0, set_huge(self, 0));
	rig_map(_metadata, rig, mem, SZ_2M, APERTURE_FIRST, IOAS_MAP_RW);
	rig->dev = rig_device(_metadata, rig, rig->ioas_id);
	rig_map(_metadata, rig, mem + 3 * self->page, SZ_2M / 2,
		APERTURE_FIRST + SZ_2M, IOAS_MAP_RW);
	EXPECT_EQ(0, mock_check_map(rig->fd, rig->dev.hwpt_id, APERTURE_FIRST,
				    SZ_2M, mem));
	EXPECT_EQ(0, mock_check_map(rig->fd, rig->dev.hwpt_id,
				    APERTURE_FIRST + SZ_2M, SZ_2M / 2,
				    mem + 3 * self->page));
	for (offset = 0; offset < SZ_2M; offset += 37 * self->page) {
		EXPECT_EQ(offset, dma_peek(rig->fd, rig->dev.stdev_id,
					   APERTURE_FIRST + offset));
	}
	rig_unmap(_metadata, rig, APERTURE_FIRST + SZ_2M, SZ_2M / 2);
	EXPECT_EQ(DMA_UNMAPPED, dma_peek(rig->fd, rig->dev.stdev_id,
					 APERTURE_FIRST + SZ_2M));
	EXPECT_EQ(0ULL, dma_peek(rig->fd, rig->dev.stdev_id, APERTURE_FIRST));
}

TEST_HARNESS_MAIN
