// SPDX-License-Identifier: GPL-2.0-only
/*
 * Objects of /dev/iommu: their IDs, what keeps them, how they go.
 */
#include "common.h"

FIXTURE(object)
{
	struct rig rig;
};

FIXTURE_SETUP(object)
{
	rig_open_nested(_metadata, &self->rig);
}

FIXTURE_TEARDOWN(object)
{
	rig_close(_metadata, &self->rig);
}

/* ---- IDs ---- */

TEST_F(object, ids_are_not_zero_and_differ)
{
	const struct rig *rig = &self->rig;
	const __u32 ids[] = { rig->ioas_id, rig->dev.stdev_id,
			      rig->dev.idev_id, rig->dev.hwpt_id,
			      rig->parent_id, rig->nested_id };
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		EXPECT_NE(0U, ids[i]);
		for (j = 0; j < i; j++) {
			EXPECT_NE(ids[i], ids[j]);
		}
	}
}

TEST_F(object, destroy_of_unknown_id_is_ENOENT)
{
	EXPECT_EQ(-ENOENT, object_destroy(self->rig.fd, 0));
	EXPECT_EQ(-ENOENT, object_destroy(self->rig.fd, NO_SUCH_ID));
	EXPECT_EQ(-ENOENT, object_destroy(self->rig.fd, UINT32_MAX));
}

TEST_F(object, destroy_twice_is_ENOENT)
{
	__u32 id = rig_ioas(_metadata, &self->rig);

	rig_destroy(_metadata, &self->rig, id);
	EXPECT_EQ(-ENOENT, object_destroy(self->rig.fd, id));
}

TEST_F(object, id_of_another_file_is_ENOENT)
{
	const struct rig *rig = &self->rig;
	struct iommu_hw_info info;
	struct rig other;
	__u32 num = 0;
	int fd;

	rig_open(_metadata, &other);
	fd = other.fd;
	EXPECT_EQ(-ENOENT, object_destroy(fd, rig->nested_id));
	EXPECT_EQ(-ENOENT, ioas_unmap_all(fd, rig->ioas_id, NULL));
	EXPECT_EQ(-ENOENT, ioas_iova_ranges(fd, rig->ioas_id, NULL, &num, NULL));
	EXPECT_EQ(-ENOENT, hwpt_alloc(fd, rig->dev.idev_id, rig->ioas_id, 0,
				      NULL));
	EXPECT_EQ(-ENOENT, hwpt_invalidate(fd, rig->nested_id,
					   IOMMU_HWPT_INVALIDATE_DATA_SELFTEST,
					   NULL, 0, &num));
	EXPECT_EQ(-ENOENT, hw_info(fd, rig->dev.idev_id, NULL, 0, &info));
	/* Not the lowest: what a new device is made of has IDs too */
	EXPECT_EQ(-ENOENT, mock_device(fd, rig->nested_id, NULL));
	EXPECT_EQ(-ENOENT, mock_detach(fd, rig->dev.stdev_id));
	rig_close(_metadata, &other);
}

TEST_F(object, each_file_has_ids_of_its_own)
{
	struct rig other;
	__u32 id, there;

	/* The same number may stand for an object in each of them */
	rig_open(_metadata, &other);
	there = rig_ioas(_metadata, &other);
	id = rig_ioas(_metadata, &self->rig);
	rig_destroy(_metadata, &self->rig, id);
	EXPECT_EQ(0, ioas_unmap_all(other.fd, there, NULL));
	rig_close(_metadata, &other);
}

enum kind { STDEV, IDEV, IOAS, PAGING, NESTED, NR_KINDS };

/* One call that wants an object of just one kind */
struct wants {
	const char *name;
	enum kind kind;
	int (*call)(int fd, __u32 id, __u32 idev_id, __u32 ioas_id);
};

/* Whole pages of any size, wherever they stand in it */
static char room[3 * 65536];

static void *page_to_map(void)
{
	return room + -(uintptr_t)room % page_size();
}

static int try_ranges(int fd, __u32 id, __u32 idev_id, __u32 ioas_id)
{
	struct iommu_iova_range range;
	__u32 num = 1;

	return ioas_iova_ranges(fd, id, &range, &num, NULL);
}

static int try_map(int fd, __u32 id, __u32 idev_id, __u32 ioas_id)
{
	return ioas_map_fixed(fd, id, page_to_map(), page_size(),
			      APERTURE_FIRST, IOAS_MAP_RO);
}

static int try_unmap(int fd, __u32 id, __u32 idev_id, __u32 ioas_id)
{
	return ioas_unmap_all(fd, id, NULL);
}

static int try_hwpt(int fd, __u32 id, __u32 idev_id, __u32 ioas_id)
{
	__u32 hwpt_id;
	int rc = hwpt_alloc(fd, id, ioas_id, 0, &hwpt_id);

	return rc ? rc : object_destroy(fd, hwpt_id);
}

static int try_invalidate(int fd, __u32 id, __u32 idev_id, __u32 ioas_id)
{
	__u32 num = 0;

	return hwpt_invalidate(fd, id, IOMMU_HWPT_INVALIDATE_DATA_SELFTEST,
			       NULL, 0, &num);
}

static int try_info(int fd, __u32 id, __u32 idev_id, __u32 ioas_id)
{
	struct iommu_hw_info info;

	return hw_info(fd, id, NULL, 0, &info);
}

static int try_detach(int fd, __u32 id, __u32 idev_id, __u32 ioas_id)
{
	return mock_detach(fd, id);
}

/* In this order: a right call may use up what a later one needs */
static const struct wants all_wants[] = {
	{ "IOAS_IOVA_RANGES", IOAS, try_ranges },
	{ "IOAS_MAP", IOAS, try_map },
	{ "IOAS_UNMAP", IOAS, try_unmap },
	{ "HWPT_ALLOC dev_id", IDEV, try_hwpt },
	{ "HWPT_INVALIDATE", NESTED, try_invalidate },
	{ "GET_HW_INFO", IDEV, try_info },
	{ "mock detach", STDEV, try_detach },
};

TEST_F(object, id_of_the_wrong_kind_is_ENOENT)
{
	const struct rig *rig = &self->rig;
	const __u32 ids[NR_KINDS] = {
		[STDEV] = rig->dev.stdev_id,
		[IDEV] = rig->dev.idev_id,
		[IOAS] = rig->ioas_id,
		[PAGING] = rig->parent_id,
		[NESTED] = rig->nested_id,
	};
	unsigned int i, kind;
	int want, rc;

	for (i = 0; i < ARRAY_SIZE(all_wants); i++) {
		for (kind = 0; kind < NR_KINDS; kind++) {
			want = kind == all_wants[i].kind ? 0 : -ENOENT;
			rc = all_wants[i].call(rig->fd, ids[kind],
					       rig->dev.idev_id, rig->ioas_id);
			EXPECT_EQ(want, rc) {
				TH_LOG("%s, kind %u", all_wants[i].name, kind);
			}
		}
	}
}

/* ---- DESTROY ---- */

TEST_F(object, destroy_of_ioas_with_hwpt_is_EBUSY)
{
	struct rig *rig = &self->rig;

	EXPECT_EQ(-EBUSY, object_destroy(rig->fd, rig->ioas_id));
	/* and it works as before */
	rig_map(_metadata, rig, get_memory(_metadata, page_size()),
		page_size(), APERTURE_FIRST, IOAS_MAP_RW);
	EXPECT_EQ(0ULL, dma_poke(rig->fd, rig->dev.stdev_id, APERTURE_FIRST, 1));
}

TEST_F(object, destroy_of_ioas_with_unattached_hwpt_is_EBUSY)
{
	struct rig *rig = &self->rig;

	rig_destroy(_metadata, rig, rig->dev.stdev_id);
	rig_destroy(_metadata, rig, rig->nested_id);
	EXPECT_EQ(-EBUSY, object_destroy(rig->fd, rig->ioas_id));
	rig_destroy(_metadata, rig, rig->parent_id);
	rig_destroy(_metadata, rig, rig->ioas_id);
}

TEST_F(object, destroy_of_ioas_with_mappings_succeeds)
{
	struct rig *rig = &self->rig;
	__u32 id = rig_ioas(_metadata, rig);

	ASSERT_EQ(0, ioas_map_fixed(rig->fd, id, page_to_map(), page_size(), 0,
				    IOAS_MAP_RO));
	rig_destroy(_metadata, rig, id);
}

TEST_F(object, destroy_of_hwpt_with_device_is_EBUSY)
{
	struct rig *rig = &self->rig;
	__u32 busy[] = { rig->parent_id, rig->nested_id };
	unsigned int i;

	/* The HWPT that attaching made cannot be taken away from the device */
	EXPECT_EQ(-EBUSY, object_destroy(rig->fd, rig->dev.hwpt_id));
	for (i = 0; i < ARRAY_SIZE(busy); i++) {
		ASSERT_EQ(0, mock_replace(rig->fd, rig->dev.stdev_id, busy[i],
					  NULL));
		EXPECT_EQ(-EBUSY, object_destroy(rig->fd, busy[i]));
	}
	ASSERT_EQ(0, mock_replace(rig->fd, rig->dev.stdev_id, rig->ioas_id,
				  NULL));
	rig_destroy(_metadata, rig, rig->nested_id);
	rig_destroy(_metadata, rig, rig->parent_id);
}

TEST_F(object, destroy_of_parent_with_nested_is_EBUSY)
{
	struct rig *rig = &self->rig;
	__u32 second = rig_nested(_metadata, rig, rig->dev.idev_id,
				  rig->parent_id, 0, 0);

	EXPECT_EQ(-EBUSY, object_destroy(rig->fd, rig->parent_id));
	rig_destroy(_metadata, rig, rig->nested_id);
	EXPECT_EQ(-EBUSY, object_destroy(rig->fd, rig->parent_id));
	rig_destroy(_metadata, rig, second);
	rig_destroy(_metadata, rig, rig->parent_id);
}

TEST_F(object, destroy_of_bound_device_is_EBUSY)
{
	struct rig *rig = &self->rig;

	EXPECT_EQ(-EBUSY, object_destroy(rig->fd, rig->dev.idev_id));
	ASSERT_EQ(0, mock_detach(rig->fd, rig->dev.stdev_id));
	EXPECT_EQ(-EBUSY, object_destroy(rig->fd, rig->dev.idev_id));
	EXPECT_EQ(0, mock_attach(rig->fd, rig->dev.stdev_id, rig->ioas_id,
				 NULL));
}

TEST_F(object, destroy_of_mock_device_detaches_and_unbinds)
{
	struct rig *rig = &self->rig;
	struct iommu_hw_info info;

	rig_destroy(_metadata, rig, rig->dev.stdev_id);
	EXPECT_EQ(-ENOENT, hw_info(rig->fd, rig->dev.idev_id, NULL, 0, &info));
	EXPECT_EQ(-ENOENT, object_destroy(rig->fd, rig->dev.idev_id));
	/* The HWPT that attaching made went with it, the others stay */
	EXPECT_EQ(-ENOENT, object_destroy(rig->fd, rig->dev.hwpt_id));
	rig_destroy(_metadata, rig, rig->nested_id);
	rig_destroy(_metadata, rig, rig->parent_id);
	rig_destroy(_metadata, rig, rig->ioas_id);
}

TEST_F(object, hwpts_outlive_the_device_they_were_made_for)
{
	struct rig *rig = &self->rig;
	struct mock_dev next;

	rig_destroy(_metadata, rig, rig->dev.stdev_id);
	EXPECT_EQ(0, mock_check_iotlb(rig->fd, rig->nested_id, 0,
				      IOMMU_TEST_IOTLB_DEFAULT));
	next = rig_device(_metadata, rig, rig->nested_id);
	EXPECT_EQ(rig->nested_id, next.hwpt_id);
}

/* ---- The end of a file ---- */

TEST_F(object, close_with_everything_alive_leaves_no_page_pinned)
{
	struct rig *rig = &self->rig;
	size_t len = 4 * page_size();
	void *mem = get_memory(_metadata, len);
	struct rig other;

	rig_open(_metadata, &other);
	rig_open_nested(_metadata, &other);
	rig_map(_metadata, &other, mem, len, APERTURE_FIRST, IOAS_MAP_RW);
	ASSERT_EQ(0, mock_replace(other.fd, other.dev.stdev_id,
				  other.nested_id, NULL));
	EXPECT_EQ(0ULL, dma_poke(other.fd, other.dev.stdev_id, APERTURE_FIRST,
				 1));
	EXPECT_EQ(0, mock_check_refs(rig->fd, mem, len, 1));
	EXPECT_EQ(0, close(other.fd));
	EXPECT_EQ(0, mock_check_refs(rig->fd, mem, len, 0));
	EXPECT_EQ(rig->pinned_kb, pinned_kb());
}

TEST_F(object, a_duplicate_of_the_file_keeps_everything)
{
	struct rig *rig = &self->rig;
	int copy = dup(rig->fd);

	ASSERT_LE(0, copy);
	ASSERT_EQ(0, close(rig->fd));
	rig->fd = copy;
	rig_map(_metadata, rig, get_memory(_metadata, page_size()),
		page_size(), APERTURE_FIRST, IOAS_MAP_RW);
	EXPECT_EQ(0ULL, dma_poke(copy, rig->dev.stdev_id, APERTURE_FIRST, 1));
}

/* What a VMM that is killed leaves behind: nothing */
static void die_with_everything_alive(struct __test_metadata *_metadata,
				      void *mem, size_t len)
{
	struct rig rig;

	rig_open_nested(_metadata, &rig);
	rig_map(_metadata, &rig, mem, len, APERTURE_FIRST, IOAS_MAP_RW);
	if (mock_replace(rig.fd, rig.dev.stdev_id, rig.nested_id, NULL) ||
	    dma_poke(rig.fd, rig.dev.stdev_id, APERTURE_FIRST, 0x600d) ||
	    !_metadata->passed)
		_exit(1);
	raise(SIGKILL);
}

TEST_F(object, killed_process_leaves_no_page_pinned)
{
	size_t len = 4 * page_size();
	void *mem = get_memory(_metadata, len);
	pid_t pid = fork();
	int status;

	ASSERT_LE(0, pid);
	if (!pid)
		die_with_everything_alive(_metadata, mem, len);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_TRUE(WIFSIGNALED(status));
	EXPECT_EQ(0x600dULL, get_u64(mem));
	EXPECT_EQ(0, mock_check_refs(self->rig.fd, mem, len, 0));
}

TEST_F(object, file_outlives_the_process_that_mapped)
{
	struct rig *rig = &self->rig;
	void *mem = get_memory(_metadata, page_size());
	pid_t pid = fork();
	int status;

	ASSERT_LE(0, pid);
	if (!pid)
		_exit(!!ioas_map_fixed(rig->fd, rig->ioas_id, mem, page_size(),
				       APERTURE_FIRST, IOAS_MAP_RW));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
	rig->mapped = page_size();
	EXPECT_EQ(0ULL, dma_poke(rig->fd, rig->dev.stdev_id, APERTURE_FIRST,
				 0x600d));
	EXPECT_EQ(0x600dULL, get_u64(mem));
	/* A new HWPT is filled with what is pinned already */
	rig_hwpt(_metadata, rig, rig->dev.idev_id, rig->ioas_id, 0);
	EXPECT_EQ(0, mock_check_refs(rig->fd, mem, page_size(), 1));
}

TEST_F(object, many_objects_can_be_made)
{
	struct rig *rig = &self->rig;
	__u32 ids[200];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		ASSERT_EQ(0, ioas_alloc(rig->fd, &ids[i]));
	}
	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		EXPECT_EQ(0, object_destroy(rig->fd, ids[i]));
	}
}

TEST_HARNESS_MAIN
