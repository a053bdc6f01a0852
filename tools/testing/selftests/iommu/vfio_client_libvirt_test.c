// SPDX-License-Identifier: GPL-2.0-only
/*
 * What libvirt asks of the kernel, call by call: it opens the files, has pinned
 * memory counted by process, and passes them to a VMM that may do neither.
 */
#include "edu.h"
#include <sys/socket.h>

#define GUEST_RAM	0x100000000ULL
#define PAGES		4
#define NOBODY		65534

FIXTURE(daemon)
{
	struct rig rig;
	struct vfio_dev dev;
	int sock[2];
};

FIXTURE_SETUP(daemon)
{
	vfio_dev_take_edu(_metadata, &self->dev, EDU_ALONE, 0);
	rig_open(_metadata, &self->rig);
	vfio_dev_open_cdev(_metadata, &self->dev);
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, self->sock));
}

FIXTURE_TEARDOWN(daemon)
{
	vfio_dev_give_back(_metadata, &self->dev);
	rig_close(_metadata, &self->rig);
}

/* ---- Descriptors through a socket ---- */

union fd_message {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(2 * sizeof(int))];
};

static int send_fds(int sock, const int fds[2])
{
	union fd_message control = {};
	char byte = 0;
	struct iovec data = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(2 * sizeof(int));
	memcpy(CMSG_DATA(head), fds, 2 * sizeof(int));
	return sendmsg(sock, &message, 0) == 1 ? 0 : -errno;
}

static int receive_fds(int sock, int fds[2])
{
	union fd_message control = {};
	char byte;
	struct iovec data = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *head;

	if (recvmsg(sock, &message, 0) != 1)
		return -EIO;
	head = CMSG_FIRSTHDR(&message);
	if (!head || head->cmsg_len != CMSG_LEN(2 * sizeof(int)))
		return -EIO;
	memcpy(fds, CMSG_DATA(head), 2 * sizeof(int));
	return 0;
}

/* ---- The VMM ---- */

/* As a user who can open neither file, and may lock PAGES pages */
static void become_nobody(struct __test_metadata *_metadata)
{
	struct rlimit limit = { PAGES * SZ_4K, PAGES * SZ_4K };

	ASSERT_EQ(0, setrlimit(RLIMIT_MEMLOCK, &limit));
	ASSERT_EQ(0, setgid(NOBODY));
	ASSERT_EQ(0, setuid(NOBODY));
}

/* A process of its own, with nothing but the socket */
static void vmm(struct __test_metadata *_metadata, int sock, struct vfio_dev dev)
{
	char *ram = get_memory(_metadata, 2 * PAGES * SZ_4K);
	__u32 ioas_id = 0;
	int fds[2];

	become_nobody(_metadata);
	EXPECT_EQ(-EACCES, iommufd_open());
	EXPECT_EQ(-EACCES, pci_open_cdev(&dev.pci));
	ASSERT_EQ(0, receive_fds(sock, fds));
	dev.fd = fds[1];
	EXPECT_EQ(-EPERM, option_set(fds[0], IOMMU_OPTION_RLIMIT_MODE, 0, 0));
	ASSERT_EQ(0, vfio_bind(dev.fd, fds[0], &dev.id));
	ASSERT_EQ(0, ioas_alloc(fds[0], &ioas_id));
	ASSERT_EQ(0, vfio_attach(dev.fd, ioas_id, NULL));
	vfio_dev_start(_metadata, &dev);
	ASSERT_EQ(0, ioas_map_fixed(fds[0], ioas_id, ram, PAGES * SZ_4K,
				    GUEST_RAM, IOAS_MAP_RW));
	EXPECT_EQ(PAGES * SZ_4K / 1024, pinned_kb());
	EXPECT_EQ(-ENOMEM, ioas_map_fixed(fds[0], ioas_id, ram + PAGES * SZ_4K,
					  SZ_4K, GUEST_RAM + PAGES * SZ_4K,
					  IOAS_MAP_RW));
	expect_dma_at(_metadata, &dev, GUEST_RAM, ram);
	EXPECT_EQ(0, vfio_reset(dev.fd));
}

TEST_F(daemon, passes_its_files_to_an_unprivileged_vmm)
{
	int fds[2], status = -1;
	pid_t child;

	ASSERT_EQ(0, option_set(self->rig.fd, IOMMU_OPTION_RLIMIT_MODE, 0, 1));
	fds[0] = self->rig.fd;
	fds[1] = self->dev.fd;
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		close(self->sock[1]);
		close(self->rig.fd);
		close(self->dev.fd);
		vmm(_metadata, self->sock[0], self->dev);
		_exit(!_metadata->passed);
	}
	close(self->sock[0]);
	ASSERT_EQ(0, send_fds(self->sock[1], fds));
	/* From here on they are the VMM's alone */
	close_fd(&self->rig.fd);
	close_fd(&self->dev.fd);
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	/* And when it has ended, nobody's */
	vfio_dev_open_group(_metadata, &self->dev);
}

/* The daemon keeps what it has passed, and uses the device for another guest */
TEST_F(daemon, keeps_its_files_for_the_next_vmm)
{
	int status = -1, i;
	pid_t child;

	ASSERT_EQ(0, option_set(self->rig.fd, IOMMU_OPTION_RLIMIT_MODE, 0, 1));
	for (i = 0; i < 2; i++) {
		int fds[2] = { self->rig.fd, pci_open_cdev(&self->dev.pci) };

		ASSERT_LE(0, fds[1]);
		child = fork();
		ASSERT_LE(0, child);
		if (!child) {
			close(fds[1]);
			vmm(_metadata, self->sock[0], self->dev);
			_exit(!_metadata->passed);
		}
		ASSERT_EQ(0, send_fds(self->sock[1], fds));
		close(fds[1]);
		ASSERT_EQ(child, waitpid(child, &status, 0));
		EXPECT_EQ(0, status);
		/* It has left an IOAS, with memory of a process that is gone */
		self->rig.nr_objects = 0;
	}
	close(self->rig.fd);
	rig_open(_metadata, &self->rig);
}

TEST_HARNESS_MAIN
