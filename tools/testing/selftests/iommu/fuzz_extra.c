// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the fuzzer does beside ioctls of /dev/iommu: files that those have made, the
 * emulated VFIO device, memory, and processes that come and go.
 *
 * None of it waits for another thread, except for a child of its own.
 */
#include <poll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz.h"
#include "pci.h"
#include "vfio_dev_ioctls.h"
#include "../../../../drivers/vfio/vfio_test.h"

#define VFIO_DEVICE	"/sys/devices/platform/vfio-test"

static int rc_of(long rc)
{
	return rc < 0 ? -errno : 0;
}

/* ---- Fault queues ---- */

static int run_fault_read(struct fuzz_call *call)
{
	struct iommu_hwpt_pgfault *fault = (void *)call->worker->out;
	int fd = pool_pick_fd(call->file, FD_FAULT, &call->dice);
	size_t size = dice_below(&call->dice, 40) * sizeof(*fault);
	long num;

	if (dice_once_in(&call->dice, 8))
		size = dice_below(&call->dice, FUZZ_SCRATCH);
	if (fd < 0)
		return FUZZ_NOTHING;
	num = read(fd, fault, size);
	if (num >= (long)sizeof(*fault)) {
		call->worker->cookie = fault->cookie;
		call->worker->cookie_fd = fd;
	}
	return rc_of(num);
}

static int run_fault_write(struct fuzz_call *call)
{
	struct iommu_hwpt_page_response *responses =
		(void *)call->worker->in;
	int fd = pool_pick_fd(call->file, FD_FAULT, &call->dice);
	unsigned int i, num = 1 + dice_below(&call->dice, 8);

	/* Mostly to where the fault was read */
	for (i = 0; i < 8 && fd != call->worker->cookie_fd; i++)
		fd = pool_pick_fd(call->file, FD_FAULT, &call->dice);
	for (i = 0; i < num; i++)
		responses[i] = (struct iommu_hwpt_page_response){
			.cookie = dice_below(&call->dice, 8),
			.code = dice_below(&call->dice, 2),
		};
	/* The first decides whether there is an answer at all */
	if (dice_percent(&call->dice, 60))
		responses[0].cookie = call->worker->cookie;
	if (dice_once_in(&call->dice, 16))
		responses[0].code = fuzz_odd_number(&call->dice);
	return fd < 0 ? FUZZ_NOTHING : rc_of(write(fd, responses,
					num * sizeof(*responses)));
}

static int run_fault_poll(struct fuzz_call *call)
{
	struct pollfd fd = {
		.fd = pool_pick_fd(call->file, FD_FAULT, &call->dice),
		.events = POLLIN | POLLOUT,
	};

	return fd.fd < 0 ? FUZZ_NOTHING : rc_of(poll(&fd, 1, 0));
}

static int run_close_fd(struct fuzz_call *call)
{
	int fd = pool_take_fd(call->file,
			      dice_below(&call->dice, FD_KINDS), &call->dice);

	return fd < 0 ? FUZZ_NOTHING : rc_of(close(fd));
}

/* ---- The emulated VFIO device ---- */

static int run_vfio_open(struct fuzz_call *call)
{
	int fd = vfio_open_cdev(VFIO_DEVICE);
	int rc;

	if (fd < 0)
		return fd == -ENOENT || fd == -ENODEV ? FUZZ_NOTHING : fd;
	rc = vfio_bind(fd, call->file->fd, NULL);
	if (rc)
		close(fd);
	else
		pool_add_fd(call->file, FD_VFIO, fd);
	return rc;
}

static int run_vfio_attach(struct fuzz_call *call)
{
	int fd = pool_pick_fd(call->file, FD_VFIO, &call->dice);
	__u32 id = pool_pick(call->file, 1 << KIND_IOAS, &call->dice);

	if (call->range.ioas_id && dice_percent(&call->dice, 70))
		id = call->range.ioas_id;
	return fd < 0 ? FUZZ_NOTHING : vfio_attach(fd, id, NULL);
}

static int run_vfio_detach(struct fuzz_call *call)
{
	int fd = pool_pick_fd(call->file, FD_VFIO, &call->dice);

	return fd < 0 ? FUZZ_NOTHING : vfio_detach(fd);
}

static int run_vfio_pin(struct fuzz_call *call)
{
	int fd = pool_pick_fd(call->file, FD_VFIO, &call->dice);
	struct vfio_test_pin arg = {
		.iova = call->range.iova & -FUZZ_PAGE,
		.npage = dice_below(&call->dice, 20),
		.flags = dice_below(&call->dice, 4),
	};

	return fd < 0 ? FUZZ_NOTHING : rc_of(ioctl(fd, VFIO_TEST_PIN, &arg));
}

static int run_vfio_unpin(struct fuzz_call *call)
{
	int fd = pool_pick_fd(call->file, FD_VFIO, &call->dice);
	struct vfio_test_pin arg = { .iova = call->range.iova & -FUZZ_PAGE };

	return fd < 0 ? FUZZ_NOTHING : rc_of(ioctl(fd, VFIO_TEST_UNPIN, &arg));
}

static int run_vfio_rw(struct fuzz_call *call)
{
	int fd = pool_pick_fd(call->file, FD_VFIO, &call->dice);
	size_t size = dice_below(&call->dice, 3 * FUZZ_PAGE);

	if (fd < 0)
		return FUZZ_NOTHING;
	if (dice_percent(&call->dice, 50))
		return rc_of(pread(fd, call->worker->out, size,
				   call->range.iova));
	return rc_of(pwrite(fd, call->worker->in, size, call->range.iova));
}

/* ---- Memory ---- */

static int run_memory_change(struct fuzz_call *call)
{
	int fd = -1;

	if (dice_percent(&call->dice, 40))
		fd = pool_pick_fd(call->file, FD_MEMORY, &call->dice);
	fuzz_memory_change(&call->dice, fd);
	return 0;
}

/* Tables whose entries lead to where something is mapped */
static int run_memory_tables(struct fuzz_call *call)
{
	__u64 *words = (__u64 *)call->worker->in;
	struct dice *dice = &call->dice;
	struct fuzz_range range = call->range;
	unsigned int i;

	for (i = 0; i < 512; i++) {
		if (!(i % 64))
			range = pool_pick_range(call->file, dice);
		words[i] = (range.iova & -FUZZ_PAGE) | 7;
		if (dice_once_in(dice, 16))
			words[i] ^= 1ULL << dice_below(dice, 64);
	}
	fuzz_memory_touch(dice, words);
	return 0;
}

/* ---- Processes ---- */

/*
 * A process that maps memory of its own and ends; what it mapped stays until somebody
 * unmaps it. It has one thread, and any lock may be somebody's who is not there.
 */
static int run_child(struct fuzz_call *call)
{
	__u64 length, va = fuzz_memory_pick(&call->dice, &length);
	__u32 ioas = pool_pick(call->file, 1 << KIND_IOAS, &call->dice);
	int access = pool_pick_fd(call->file, FD_ACCESS, &call->dice);
	__u64 iova = MOCK_APERTURE_START +
		     dice_below(&call->dice, 256) * (1 << 20);
	int fd = call->file->fd, status;
	bool map = dice_percent(&call->dice, 80);
	pid_t pid;

	if (pthread_rwlock_tryrdlock(&fuzz_fork_lock))
		return FUZZ_NOTHING;
	pid = fork();
	if (!pid) {
		if (map)
			ioas_map_fixed(fd, ioas, (void *)va, length, iova,
				       IOAS_MAP_RW);
		if (access >= 0)
			mock_access_rw(fd, access, MOCK_ACCESS_RW_WRITE,
				       call->range.iova, call->worker->in, 64);
		_exit(0);
	}
	if (pid > 0)
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
	pthread_rwlock_unlock(&fuzz_fork_lock);
	if (pid > 0 && map)
		pool_add_range(call->file,
			       (struct fuzz_range){iova, length, va, ioas},
			       &call->dice);
	return pid < 0 && errno != EAGAIN ? -errno : 0;
}

/* Closed under whoever uses it */
static int run_kill(struct fuzz_call *call)
{
	fuzz_file_kill(call->file);
	return 0;
}

/* A number or an argument that means nothing */
static int run_odd_ioctl(struct fuzz_call *call)
{
	unsigned long request = _IO(IOMMUFD_TYPE, dice_below(&call->dice, 256));

	if (dice_once_in(&call->dice, 4))
		request = dice_roll(&call->dice) >> dice_below(&call->dice, 60);
	/* What these do has to be known, see must_be_known() */
	if (request == IOMMU_DESTROY || request == IOMMU_FAULT_QUEUE_ALLOC ||
	    request == IOMMU_TEST_CMD)
		return FUZZ_NOTHING;
	ioctl(call->file->fd, request,
	      (void *)fuzz_memory_bad(&call->dice));
	return 0;
}

static const struct fuzz_op ops[] = {
	{ .name = "fault read", .weight = 12, .run = run_fault_read,
	  .errnos = { ESPIPE, EINVAL } },
	{ .name = "fault write", .weight = 12, .run = run_fault_write,
	  .errnos = { ESPIPE, EINVAL } },
	{ .name = "fault poll", .weight = 3, .run = run_fault_poll },
	{ .name = "close fd", .weight = 14, .run = run_close_fd },
	{ .name = "vfio open", .weight = 6, .run = run_vfio_open,
	  .errnos = { EINVAL, EBUSY, EPERM, EBADFD } },
	{ .name = "vfio attach", .weight = 8, .run = run_vfio_attach,
	  .errnos = { ENOENT, EINVAL, EADDRINUSE } },
	{ .name = "vfio detach", .weight = 4, .run = run_vfio_detach,
	  .errnos = { EINVAL } },
	{ .name = "vfio pin", .weight = 10, .run = run_vfio_pin,
	  .errnos = { EINVAL, ENOENT, EPERM, EFAULT, E2BIG, ENOSPC, EBUSY } },
	{ .name = "vfio unpin", .weight = 5, .run = run_vfio_unpin,
	  .errnos = { EINVAL, ENOENT } },
	{ .name = "vfio rw", .weight = 8, .run = run_vfio_rw,
	  .errnos = { EINVAL, ENOENT, EPERM, EFAULT } },
	{ .name = "memory change", .weight = 15, .run = run_memory_change },
	{ .name = "memory tables", .weight = 25, .run = run_memory_tables },
	{ .name = "child", .weight = 1, .run = run_child },
	{ .name = "kill file", .weight = 1, .run = run_kill },
	{ .name = "odd ioctl", .weight = 5, .run = run_odd_ioctl },
};

const struct fuzz_ops fuzz_extra_ops = { ops, ARRAY_SIZE(ops) };
