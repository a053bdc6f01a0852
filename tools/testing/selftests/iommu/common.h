/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the iommufd tests share: an opened /dev/iommu that knows every object it
 * holds, so that each test ends by proving that nothing was left behind.
 */
#ifndef __SELFTEST_IOMMU_COMMON_H
#define __SELFTEST_IOMMU_COMMON_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/capability.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "../kselftest_harness.h"
#include "ioctls.h"

#define SZ_4K	((__u64)1 << 12)
#define SZ_2M	((__u64)1 << 21)
#define SZ_1G	((__u64)1 << 30)

#define APERTURE_FIRST	((__u64)MOCK_APERTURE_START)
#define APERTURE_LAST	((__u64)MOCK_APERTURE_LAST)

/* What the harness takes for a test that was skipped */
#define EXIT_SKIPPED 255

/* An ID that no test ever gets to */
#define NO_SUCH_ID	0x7ffffff0U
/* IDs up to this one are searched for objects left behind */
#define HIGHEST_ID	256U

static inline size_t page_size(void)
{
	return sysconf(_SC_PAGESIZE);
}

/* ---- Memory ---- */

/* Shared, so that a child sees what its parent's devices write; not touched */
static inline void *get_memory(struct __test_metadata *_metadata, size_t len)
{
	void *mem = mmap(NULL, len, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, mem);
	return mem;
}

/* len bytes at a multiple of align, with the given mmap flags, not touched */
static inline void *get_aligned_memory(struct __test_metadata *_metadata,
				       size_t len, size_t align, int flags)
{
	char *room = mmap(NULL, len + align, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	void *mem;

	ASSERT_NE(MAP_FAILED, room);
	room += -(uintptr_t)room % align;
	mem = mmap(room, len, PROT_READ | PROT_WRITE, flags | MAP_FIXED, -1, 0);
	ASSERT_EQ((void *)room, mem);
	return mem;
}

/* The last len bytes before a page that cannot be touched */
static inline void *get_memory_at_edge(struct __test_metadata *_metadata,
				       size_t len)
{
	size_t page = page_size();
	size_t room = (len + page - 1) / page * page;
	char *mem = get_memory(_metadata, room + page);

	ASSERT_EQ(0, mprotect(mem + room, page, PROT_NONE));
	return mem + room - len;
}

/* An address range of len bytes with nothing behind it */
static inline void *get_hole(struct __test_metadata *_metadata, size_t len)
{
	void *mem = get_memory(_metadata, len);

	ASSERT_EQ(0, munmap(mem, len));
	return mem;
}

/* Memory that devices read and write as well */
static inline __u64 get_u64(const void *where)
{
	return __atomic_load_n((const __u64 *)where, __ATOMIC_ACQUIRE);
}

static inline void set_u64(void *where, __u64 value)
{
	__atomic_store_n((__u64 *)where, value, __ATOMIC_RELEASE);
}

/* A number from /proc/self/status, in kB; 0 if it is not there */
static inline unsigned long status_kb(const char *field)
{
	FILE *f = fopen("/proc/self/status", "re");
	unsigned long kb = 0;
	char line[128];

	while (f && fgets(line, sizeof(line), f)) {
		if (!strncmp(line, field, strlen(field)) &&
		    line[strlen(field)] == ':')
			kb = strtoul(line + strlen(field) + 1, NULL, 10);
	}
	if (f)
		fclose(f);
	return kb;
}

static inline unsigned long pinned_kb(void)
{
	return status_kb("VmPin");
}

/* 0 if each page behind va is pinned so often, and not more */
static inline int check_refs_exactly(int fd, const void *va, __u64 length,
				     __u32 refs)
{
	const char *page, *end = (const char *)va + length;
	int rc = 0;

	for (page = va; !rc && page < end; page += page_size()) {
		rc = mock_check_refs(fd, page, page_size(), refs);
		if (!rc && refs &&
		    !mock_check_refs(fd, page, page_size(), refs + 1))
			rc = -ERANGE;
	}
	return rc;
}

/* ---- What a process may, and other processes ---- */

static inline void drop_capability(struct __test_metadata *_metadata,
				   unsigned int cap)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct caps[2];

	ASSERT_EQ(0, syscall(SYS_capget, &head, caps));
	caps[CAP_TO_INDEX(cap)].effective &= ~CAP_TO_MASK(cap);
	caps[CAP_TO_INDEX(cap)].permitted &= ~CAP_TO_MASK(cap);
	ASSERT_EQ(0, syscall(SYS_capset, &head, caps));
}

/* Let this process lock so many bytes, without the capability to lock any */
static inline void limit_memlock(struct __test_metadata *_metadata, __u64 bytes)
{
	struct rlimit limit = { .rlim_cur = bytes, .rlim_max = bytes };

	ASSERT_EQ(0, setrlimit(RLIMIT_MEMLOCK, &limit));
	drop_capability(_metadata, CAP_IPC_LOCK);
}

/**
 * struct mapper - another process, which has mapped memory of its own
 * @pid: The process
 * @hold: Close this, and it exits
 */
struct mapper {
	pid_t pid;
	int hold;
};

/* Its page number i begins with value + i */
static inline struct mapper mapper_start(struct __test_metadata *_metadata,
					 int fd, __u32 ioas_id, __u64 iova,
					 unsigned int pages, __u64 value)
{
	size_t page = page_size();
	int ready[2], hold[2];
	struct mapper mapper;
	unsigned int i;
	char byte = 1;

	ASSERT_EQ(0, pipe(ready));
	ASSERT_EQ(0, pipe(hold));
	mapper.pid = fork();
	ASSERT_LE(0, mapper.pid);
	if (!mapper.pid) {
		char *mem = mmap(NULL, pages * page, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		close(hold[1]);
		for (i = 0; mem != MAP_FAILED && i < pages; i++)
			set_u64(mem + i * page, value + i);
		byte = !!ioas_map_fixed(fd, ioas_id, mem, pages * page, iova,
					IOAS_MAP_RW);
		if (write(ready[1], &byte, 1) == 1)
			byte = read(hold[0], &byte, 1);
		_exit(0);
	}
	close(ready[1]);
	close(hold[0]);
	EXPECT_EQ(1, read(ready[0], &byte, 1));
	ASSERT_EQ(0, byte);
	close(ready[0]);
	mapper.hold = hold[1];
	return mapper;
}

static inline void mapper_end(struct __test_metadata *_metadata,
			      const struct mapper *mapper)
{
	close(mapper->hold);
	ASSERT_EQ(mapper->pid, waitpid(mapper->pid, NULL, 0));
}

/* One that has come and gone */
static inline void mapper_pass(struct __test_metadata *_metadata, int fd,
			       __u32 ioas_id, __u64 iova, unsigned int pages,
			       __u64 value)
{
	struct mapper mapper = mapper_start(_metadata, fd, ioas_id, iova, pages,
					    value);

	mapper_end(_metadata, &mapper);
}

/* ---- The rig: a file, its objects ---- */

#define RIG_OBJECTS 64

/**
 * struct rig - an opened /dev/iommu
 * @fd: The file
 * @ioas_id: An IOAS; 0 once the test has destroyed it
 * @dev: A device attached to @ioas_id, if the fixture asked for one
 * @parent_id: A HWPT of @ioas_id that can be stage 2, ditto
 * @nested_id: A nested HWPT on @parent_id, without a stage-1 table, ditto
 * @mapped: Bytes that must be mapped in @ioas_id when the test ends
 * @pinned_kb: VmPin before the first object
 * @objects: Every object of the file
 * @nr_objects: How many these are
 */
struct rig {
	int fd;
	__u32 ioas_id;
	struct mock_dev dev;
	__u32 parent_id;
	__u32 nested_id;
	__u64 mapped;
	unsigned long pinned_kb;
	__u32 objects[RIG_OBJECTS];
	unsigned int nr_objects;
};

/* Note an object that the test made, to be destroyed at its end */
static inline void rig_keep(struct __test_metadata *_metadata, struct rig *rig,
			    __u32 id)
{
	ASSERT_NE(0U, id);
	ASSERT_LT(rig->nr_objects, (unsigned int)RIG_OBJECTS);
	rig->objects[rig->nr_objects++] = id;
}

/* Destroy an object that is to be destroyable now */
static inline void rig_destroy(struct __test_metadata *_metadata,
			       struct rig *rig, __u32 id)
{
	unsigned int i;

	EXPECT_EQ(0, object_destroy(rig->fd, id));
	for (i = 0; i < rig->nr_objects; i++)
		if (rig->objects[i] == id)
			rig->objects[i] = rig->objects[--rig->nr_objects];
	if (rig->ioas_id == id)
		rig->ioas_id = 0;
}

/* The test that this process is */
static struct __test_metadata *rig_test;
static pid_t rig_test_pid;

/*
 * A distribution's kernel has no mock, and the test that turns out to need one is
 * over: skipped, unless something went wrong before. A child leaves that to it.
 */
static inline void rig_needs_mock(void)
{
	struct __test_metadata *_metadata = rig_test;

	if (getpid() == rig_test_pid && _metadata->passed)
		SKIP(_exit(EXIT_SKIPPED), "no mock IOMMU in this kernel");
}

static inline void rig_open(struct __test_metadata *_metadata, struct rig *rig)
{
	rig_test = _metadata;
	rig_test_pid = getpid();
	mock_is_absent = rig_needs_mock;
	memset(rig, 0, sizeof(*rig));
	rig->pinned_kb = pinned_kb();
	rig->fd = iommufd_open();
	ASSERT_LE(0, rig->fd) {
		TH_LOG("/dev/iommu: %s", strerror(-rig->fd));
	}
}

static inline __u32 rig_ioas(struct __test_metadata *_metadata, struct rig *rig)
{
	__u32 ioas_id = 0;

	ASSERT_EQ(0, ioas_alloc(rig->fd, &ioas_id));
	rig_keep(_metadata, rig, ioas_id);
	return ioas_id;
}

/* A device of its own group, attached to pt_id */
static inline struct mock_dev rig_device(struct __test_metadata *_metadata,
					 struct rig *rig, __u32 pt_id)
{
	struct mock_dev dev = {};

	ASSERT_EQ(0, mock_device(rig->fd, pt_id, &dev));
	rig_keep(_metadata, rig, dev.stdev_id);
	return dev;
}

/* A device behind MOCK_IOMMU_*, in another's group and attached, or 0 */
static inline struct mock_dev rig_device_on(struct __test_metadata *_metadata,
					    struct rig *rig, __u32 iommu,
					    __u32 group_of, __u32 pt_id)
{
	struct mock_dev dev = {};

	ASSERT_EQ(0, mock_device_create(rig->fd, iommu, group_of, pt_id, 0,
					&dev));
	rig_keep(_metadata, rig, dev.stdev_id);
	return dev;
}

static inline __u32 rig_hwpt(struct __test_metadata *_metadata, struct rig *rig,
			     __u32 idev_id, __u32 ioas_id, __u32 flags)
{
	__u32 hwpt_id = 0;

	ASSERT_EQ(0, hwpt_alloc(rig->fd, idev_id, ioas_id, flags, &hwpt_id));
	rig_keep(_metadata, rig, hwpt_id);
	return hwpt_id;
}

/* A nested HWPT with the mock's data: a version-1 struct alone if !format */
static inline __u32 rig_nested(struct __test_metadata *_metadata,
			       struct rig *rig, __u32 idev_id, __u32 parent_id,
			       __u32 format, __u64 root)
{
	struct iommu_hwpt_selftest_v2 data = {
		.v1.iotlb = IOMMU_TEST_IOTLB_DEFAULT,
		.format = format,
		.root = root,
	};
	__u32 hwpt_id = 0;

	ASSERT_EQ(0, hwpt_alloc_nested(rig->fd, idev_id, parent_id,
				       IOMMU_HWPT_DATA_SELFTEST, &data,
				       format ? sizeof(data) : sizeof(data.v1),
				       &hwpt_id));
	rig_keep(_metadata, rig, hwpt_id);
	return hwpt_id;
}

/* An IOAS and a device on it */
static inline void rig_open_device(struct __test_metadata *_metadata,
				   struct rig *rig)
{
	rig_open(_metadata, rig);
	rig->ioas_id = rig_ioas(_metadata, rig);
	rig->dev = rig_device(_metadata, rig, rig->ioas_id);
}

/* And a parent and a nested HWPT, to which nothing is attached yet */
static inline void rig_open_nested(struct __test_metadata *_metadata,
				   struct rig *rig)
{
	rig_open_device(_metadata, rig);
	rig->parent_id = rig_hwpt(_metadata, rig, rig->dev.idev_id,
				  rig->ioas_id, IOMMU_HWPT_ALLOC_NEST_PARENT);
	rig->nested_id = rig_nested(_metadata, rig, rig->dev.idev_id,
				    rig->parent_id, 0, 0);
}

/* Map in the rig's IOAS and count it */
static inline void rig_map(struct __test_metadata *_metadata, struct rig *rig,
			   const void *va, __u64 length, __u64 iova, __u32 flags)
{
	ASSERT_EQ(0, ioas_map_fixed(rig->fd, rig->ioas_id, va, length, iova,
				    flags));
	rig->mapped += length;
}

static inline void rig_unmap(struct __test_metadata *_metadata, struct rig *rig,
			     __u64 iova, __u64 length)
{
	__u64 unmapped = 0;

	ASSERT_EQ(0, ioas_unmap(rig->fd, rig->ioas_id, iova, length,
				&unmapped));
	EXPECT_EQ(length, unmapped);
	rig->mapped -= unmapped;
}

/* Destroy what can be until no more can; the order does not matter then */
static inline unsigned int rig_destroy_all(struct rig *rig)
{
	unsigned int i, before;

	do {
		before = rig->nr_objects;
		for (i = rig->nr_objects; i-- > 0;)
			if (!object_destroy(rig->fd, rig->objects[i]))
				rig->objects[i] =
					rig->objects[--rig->nr_objects];
	} while (rig->nr_objects && rig->nr_objects < before);
	return rig->nr_objects;
}

/*
 * Take everything down. The mappings are the ones the test expects, each of its
 * objects can be destroyed, there are no others, and no page stays pinned.
 */
static inline void rig_close(struct __test_metadata *_metadata, struct rig *rig)
{
	__u64 unmapped = 0;
	__u32 id;

	/* The test ended before it opened the file */
	if (rig->fd <= 0)
		return;
	if (rig->ioas_id) {
		EXPECT_EQ(0, ioas_unmap_all(rig->fd, rig->ioas_id, &unmapped));
		EXPECT_EQ(rig->mapped, unmapped);
	}
	EXPECT_EQ(0U, rig_destroy_all(rig));
	for (id = 1; id <= HIGHEST_ID; id++) {
		EXPECT_EQ(-ENOENT, object_destroy(rig->fd, id)) {
			TH_LOG("object %u was left behind", id);
		}
	}
	EXPECT_EQ(rig->pinned_kb, pinned_kb());
	EXPECT_EQ(0, close(rig->fd));
}

/* ---- DMA of eight bytes ---- */

/* What dma_peek() returns for a blocked DMA, plus its MOCK_DMA_FAULT_* */
#define DMA_BLOCKED	0xb10cced000000000ULL
/* And for an ioctl that failed, plus its errno */
#define DMA_FAILED	0xfa11ed0000000000ULL

static inline __u64 dma_peek(int fd, __u32 stdev_id, __u64 iova)
{
	struct mock_dma dma;
	__u64 value = 0;
	int rc = mock_dma_read(fd, stdev_id, iova, &value, sizeof(value), &dma);

	if (rc)
		return DMA_FAILED - rc;
	return dma.reason ? DMA_BLOCKED + dma.reason : value;
}

/* 0, or as dma_peek() */
static inline __u64 dma_poke(int fd, __u32 stdev_id, __u64 iova, __u64 value)
{
	struct mock_dma dma;
	int rc = mock_dma_write(fd, stdev_id, iova, &value, sizeof(value), &dma);

	if (rc)
		return DMA_FAILED - rc;
	return dma.reason ? DMA_BLOCKED + dma.reason : 0;
}

#define DMA_UNMAPPED	(DMA_BLOCKED + MOCK_DMA_FAULT_NOT_PRESENT)
#define DMA_FORBIDDEN	(DMA_BLOCKED + MOCK_DMA_FAULT_PERMISSION)
#define DMA_DETACHED	(DMA_BLOCKED + MOCK_DMA_FAULT_BLOCKED)

#endif
