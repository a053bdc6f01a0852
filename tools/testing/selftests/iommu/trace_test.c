// SPDX-License-Identifier: GPL-2.0-only
/*
 * events/iommufd: what was asked for and what came of it can be read from tracefs, for
 * calls that work and for those that don't.
 *
 * An instance of its own keeps the events of others out, and these out of theirs.
 */
#include "vtd.h"
#include <stdarg.h>
#include <sys/mount.h>
#include <sys/stat.h>

#define TRACING		"/sys/kernel/tracing"
#define SCATTERED	300
/* Of these the driver submits at once, see nested_invalidate.c */
#define ROUND		128

struct trace {
	char dir[64];
	char text[16384];
};

static int trace_open_file(const struct trace *trace, const char *name, int flags)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", trace->dir, name);
	return open(path, flags | O_CLOEXEC);
}

/* A kernel may be without events, but not without these */
static void need_events(struct __test_metadata *_metadata)
{
	if (access(TRACING "/events", F_OK))
		mount("tracefs", TRACING, "tracefs", 0, NULL);
	if (access(TRACING "/events", F_OK))
		SKIP(_exit(EXIT_SKIPPED), "no trace events in this kernel");
}

static void trace_start(struct __test_metadata *_metadata, struct trace *trace)
{
	int fd;

	snprintf(trace->dir, sizeof(trace->dir), TRACING "/instances/iommufd.%d",
		 getpid());
	ASSERT_EQ(0, mkdir(trace->dir, 0700));
	fd = trace_open_file(trace, "events/iommufd/enable", O_WRONLY);
	ASSERT_LE(0, fd) {
		rmdir(trace->dir);
	}
	EXPECT_EQ(1, write(fd, "1", 1));
	close(fd);
}

static void trace_stop(struct __test_metadata *_metadata, struct trace *trace)
{
	EXPECT_EQ(0, rmdir(trace->dir));
}

/* What was traced since the last time */
static void trace_take(struct __test_metadata *_metadata, struct trace *trace)
{
	size_t length = 0;
	ssize_t part;
	int fd = trace_open_file(trace, "trace", O_RDONLY);

	ASSERT_LE(0, fd);
	while ((part = read(fd, trace->text + length,
			    sizeof(trace->text) - 1 - length)) > 0)
		length += part;
	trace->text[length] = 0;
	close(fd);
	fd = trace_open_file(trace, "trace", O_WRONLY | O_TRUNC);
	ASSERT_LE(0, fd);
	close(fd);
}

/* One event of that name, and it says exactly this; "*" is the name of a device */
static __attribute__((format(printf, 4, 5))) void
expect_event(struct __test_metadata *_metadata, struct trace *trace,
	     const char *name, const char *format, ...)
{
	char wanted[512], prefix[64];
	va_list args;
	char *found;

	va_start(args, format);
	vsnprintf(wanted, sizeof(wanted), format, args);
	va_end(args);
	snprintf(prefix, sizeof(prefix), ": %s: ", name);
	trace_take(_metadata, trace);
	found = strstr(trace->text, prefix);
	ASSERT_NE(NULL, found) {
		TH_LOG("no %s in:\n%s", name, trace->text);
	}
	found += strlen(prefix);
	EXPECT_EQ(NULL, strstr(found, prefix));
	found[strcspn(found, "\n")] = 0;
	if (wanted[0] == '*')
		found += strcspn(found, " ");
	EXPECT_STREQ(wanted + (wanted[0] == '*'), found);
}

/* ---- On the mock ---- */

FIXTURE(trace)
{
	struct trace trace;
	struct guest guest;
};

FIXTURE_SETUP(trace)
{
	need_events(_metadata);
	trace_start(_metadata, &self->trace);
	guest_start(_metadata, &self->guest, 4);
	trace_take(_metadata, &self->trace);
}

FIXTURE_TEARDOWN(trace)
{
	guest_stop(_metadata, &self->guest);
	trace_stop(_metadata, &self->trace);
}

TEST_F(trace, map_and_unmap)
{
	struct rig *rig = &self->guest.rig;
	__u64 unmapped, iova = GUEST_HUGE + SZ_2M;

	rig_map(_metadata, rig, self->guest.data, SZ_4K, iova, IOAS_MAP_RW);
	expect_event(_metadata, &self->trace, "iommufd_map",
		     "ioas=%u iova=0x%llx length=0x1000 rc=0", rig->ioas_id, iova);
	EXPECT_EQ(-EEXIST, ioas_map_fixed(rig->fd, rig->ioas_id, self->guest.data,
					  SZ_4K, iova, IOAS_MAP_RW));
	expect_event(_metadata, &self->trace, "iommufd_map",
		     "ioas=%u iova=0x%llx length=0x1000 rc=%d", rig->ioas_id,
		     iova, -EEXIST);
	rig_unmap(_metadata, rig, iova, SZ_4K);
	expect_event(_metadata, &self->trace, "iommufd_unmap",
		     "ioas=%u iova=0x%llx length=0x1000 unmapped=0x1000 rc=0",
		     rig->ioas_id, iova);
	/* Nothing is there any more */
	EXPECT_EQ(-ENOENT, ioas_unmap(rig->fd, rig->ioas_id, iova, SZ_4K,
				      &unmapped));
	expect_event(_metadata, &self->trace, "iommufd_unmap",
		     "ioas=%u iova=0x%llx length=0x1000 unmapped=0x0 rc=%d",
		     rig->ioas_id, iova, -ENOENT);
	/* A part of an area is */
	EXPECT_EQ(-ENOENT, ioas_unmap(rig->fd, rig->ioas_id, GUEST_DATA, SZ_4K,
				      &unmapped));
	expect_event(_metadata, &self->trace, "iommufd_unmap",
		     "ioas=%u iova=0x%llx length=0x1000 unmapped=0x0 rc=%d",
		     rig->ioas_id, GUEST_DATA, -ENOENT);
}

/* What is refused, however early, is told with what the caller is told */
TEST_F(trace, refused)
{
	struct rig *rig = &self->guest.rig;
	__u64 iova = GUEST_HUGE + SZ_2M, unmapped;

	EXPECT_EQ(-ENOENT, ioas_copy_fixed(rig->fd, rig->ioas_id, rig->ioas_id,
					   SZ_4K, iova + SZ_2M, iova, IOAS_MAP_RW));
	expect_event(_metadata, &self->trace, "iommufd_map",
		     "ioas=%u iova=0x%llx length=0x1000 rc=%d", rig->ioas_id,
		     iova + SZ_2M, -ENOENT);
	EXPECT_EQ(-ENOENT, ioas_map_fixed(rig->fd, HIGHEST_ID, self->guest.data,
					  SZ_4K, iova, IOAS_MAP_RW));
	expect_event(_metadata, &self->trace, "iommufd_map",
		     "ioas=%u iova=0x%llx length=0x1000 rc=%d", HIGHEST_ID, iova,
		     -ENOENT);
	EXPECT_EQ(-EOVERFLOW, ioas_unmap(rig->fd, rig->ioas_id, SZ_4K, ~0ULL,
					 &unmapped));
	expect_event(_metadata, &self->trace, "iommufd_unmap",
		     "ioas=%u iova=0x1000 length=0x%llx unmapped=0x0 rc=%d",
		     rig->ioas_id, ~0ULL, -EOVERFLOW);
}

TEST_F(trace, hwpt_alloc)
{
	struct guest *guest = &self->guest;
	__u32 id = guest_new_hwpt(_metadata, guest, guest->root);
	__u32 none;

	expect_event(_metadata, &self->trace, "iommufd_hwpt_alloc",
		     "dev=%u pt=%u flags=0x0 data_type=%u hwpt=%u rc=0",
		     guest->dev.idev_id, guest->rig.parent_id,
		     IOMMU_HWPT_DATA_SELFTEST, id);
	EXPECT_EQ(-ENOENT, hwpt_alloc(guest->rig.fd, guest->dev.idev_id,
				      HIGHEST_ID, 0, &none));
	expect_event(_metadata, &self->trace, "iommufd_hwpt_alloc",
		     "dev=%u pt=%u flags=0x0 data_type=0 hwpt=0 rc=%d",
		     guest->dev.idev_id, HIGHEST_ID, -ENOENT);
}

TEST_F(trace, attach_replace_detach)
{
	struct guest *guest = &self->guest;
	__u32 dev = guest->dev.idev_id, hwpt = 0;
	int fd = guest->rig.fd;

	ASSERT_EQ(0, mock_replace(fd, guest->dev.stdev_id, guest->rig.ioas_id,
				  &hwpt));
	expect_event(_metadata, &self->trace, "iommufd_replace",
		     "* dev=%u pt=%u hwpt=%u rc=0", dev,
		     guest->rig.ioas_id, hwpt);
	EXPECT_EQ(-ENOENT, mock_replace(fd, guest->dev.stdev_id, HIGHEST_ID, NULL));
	expect_event(_metadata, &self->trace, "iommufd_replace",
		     "* dev=%u pt=%u hwpt=0 rc=%d", dev, HIGHEST_ID,
		     -ENOENT);
	ASSERT_EQ(0, mock_detach(fd, guest->dev.stdev_id));
	expect_event(_metadata, &self->trace, "iommufd_detach",
		     "* dev=%u hwpt=%u", dev, hwpt);
	ASSERT_EQ(0, mock_attach(fd, guest->dev.stdev_id, guest->hwpt, NULL));
	expect_event(_metadata, &self->trace, "iommufd_attach",
		     "* dev=%u pt=%u hwpt=%u rc=0", dev, guest->hwpt,
		     guest->hwpt);
}

TEST_F(trace, invalidate)
{
	EXPECT_EQ(0, guest_invalidate(&self->guest, IOVA_4LEVEL, 1));
	expect_event(_metadata, &self->trace, "iommufd_hwpt_invalidate",
		     "hwpt=%u data_type=%u entries=1 handled=1 waits=0 rc=0",
		     self->guest.hwpt, IOMMU_HWPT_INVALIDATE_DATA_SELFTEST);
	EXPECT_EQ(-EOPNOTSUPP, guest_invalidate_of(&self->guest, self->guest.hwpt,
						   ~0U, IOVA_4LEVEL, 1));
	expect_event(_metadata, &self->trace, "iommufd_hwpt_invalidate",
		     "hwpt=%u data_type=%u entries=1 handled=0 waits=0 rc=%d",
		     self->guest.hwpt, IOMMU_HWPT_INVALIDATE_DATA_SELFTEST,
		     -EOPNOTSUPP);
}

/* ---- Faults ---- */

FIXTURE(trace_fault)
{
	struct trace trace;
	struct rig rig;
	__u32 fault_id;
	int fault_fd;
};

FIXTURE_SETUP(trace_fault)
{
	struct rig *rig = &self->rig;
	__u32 hwpt = 0;

	need_events(_metadata);
	trace_start(_metadata, &self->trace);
	rig_open_nested(_metadata, rig);
	ASSERT_EQ(0, fault_queue_alloc(rig->fd, &self->fault_id,
				       &self->fault_fd));
	rig_keep(_metadata, rig, self->fault_id);
	ASSERT_EQ(0, mock_hwpt_alloc_fault(rig->fd, rig->dev.idev_id,
					   rig->parent_id, self->fault_id, &hwpt));
	rig_keep(_metadata, rig, hwpt);
	ASSERT_EQ(0, mock_replace(rig->fd, rig->dev.stdev_id, hwpt, NULL));
	trace_take(_metadata, &self->trace);
}

FIXTURE_TEARDOWN(trace_fault)
{
	close(self->fault_fd);
	rig_close(_metadata, &self->rig);
	trace_stop(_metadata, &self->trace);
}

TEST_F(trace_fault, fault_and_response)
{
	struct iommu_hwpt_page_response response = {
		.code = IOMMUFD_PAGE_RESP_SUCCESS,
	};
	struct iommu_hwpt_pgfault fault;

	ASSERT_EQ(0, mock_trigger_iopf(self->rig.fd, self->rig.dev.idev_id, 1, 7,
				       IOMMU_PGFAULT_PERM_READ, 0x1234000));
	ASSERT_EQ((ssize_t)sizeof(fault),
		  read(self->fault_fd, &fault, sizeof(fault)));
	expect_event(_metadata, &self->trace, "iommufd_fault",
		     "* dev=%u addr=0x1234000 perm=0x%x cookie=%u rc=0",
		     self->rig.dev.idev_id, fault.perm, fault.cookie);
	response.cookie = fault.cookie;
	ASSERT_EQ((ssize_t)sizeof(response),
		  write(self->fault_fd, &response, sizeof(response)));
	expect_event(_metadata, &self->trace, "iommufd_fault_response",
		     "cookie=%u code=0 rc=0", fault.cookie);
	EXPECT_EQ(-1, write(self->fault_fd, &response, sizeof(response)));
	expect_event(_metadata, &self->trace, "iommufd_fault_response",
		     "cookie=%u code=0 rc=%d", fault.cookie, -EINVAL);
}

/* ---- On VT-d ---- */

FIXTURE(trace_vtd)
{
	struct trace trace;
	struct vtd vtd;
};

FIXTURE_SETUP(trace_vtd)
{
	need_events(_metadata);
	vtd_start(_metadata, &self->vtd);
	trace_start(_metadata, &self->trace);
}

FIXTURE_TEARDOWN(trace_vtd)
{
	trace_stop(_metadata, &self->trace);
	vtd_stop(_metadata, &self->vtd);
}

TEST_F(trace_vtd, invalidation_waits_once_for_many)
{
	struct iommu_hwpt_vtd_s1_invalidate requests[SCATTERED] = {};
	__u32 i, num = SCATTERED;

	for (i = 0; i < num; i++) {
		requests[i].addr = IOVA_4LEVEL + 2ULL * i * SZ_4K;
		requests[i].npages = 1;
	}
	ASSERT_EQ(0, vtd_invalidate_array(&self->vtd, self->vtd.guest.hwpt,
					  requests, &num));
	/*
	 * A full round is submitted as such, and then the flush of the device's
	 * TLB; in the last one there is room for both at once.
	 */
	expect_event(_metadata, &self->trace, "iommufd_hwpt_invalidate",
		     "hwpt=%u data_type=%u entries=%u handled=%u waits=%u rc=0",
		     self->vtd.guest.hwpt, IOMMU_HWPT_INVALIDATE_DATA_VTD_S1,
		     SCATTERED, SCATTERED, 2 * (SCATTERED / ROUND) + 1);
}

TEST_HARNESS_MAIN
