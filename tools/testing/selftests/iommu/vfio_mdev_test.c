// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices that a driver emulates, the kernel's samples of mediated devices: there
 * is no IOMMU behind them, and the three ways to open one are the same.
 */
#include "vfio_device.h"

#define MDEV_SYSFS	"/sys/bus/mdev/devices/"
#define UUID		"b0a67a6e-3cbf-4d3c-9d1c-4d6e8a1f0c01"
#define IOVA		0x100000ULL

#define MTTY	"/sys/class/mtty/mtty/mdev_supported_types/mtty-1"
#define MDPY	"/sys/class/mdpy/mdpy/mdev_supported_types/mdpy-vga"
#define MBOCHS	"/sys/class/mbochs/mbochs/mdev_supported_types/mbochs-small"

/* Device << 16 | vendor, as in the configuration space */
#define MTTY_ID		0x32534348U
#define MDPY_ID		0x000f1b36U
#define MBOCHS_ID	0x11111234U

/* The scratch register of mtty's UART, in BAR 0 */
#define UART_SCRATCH	7

enum way {
	WAY_TYPE1,	/* group and container */
	WAY_GROUP,	/* group and iommufd */
	WAY_CDEV,	/* device file and iommufd */
};

/**
 * struct mdev - a mediated device, and what is open of it
 * @iommufd: For those ways to open it that need one
 * @container: File descriptor, -1 if there is none; so the next two
 * @group: Ditto
 * @fd: Of the device
 * @id: In @iommufd, if it was opened by its file
 */
struct mdev {
	int iommufd;
	int container;
	int group;
	int fd;
	__u32 id;
};

/* ---- To make one and to remove it ---- */

static int mdev_create(const char *type)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/create", type);
	return sysfs_write(path, UUID);
}

/* Waits until nobody has it open */
static int mdev_remove(void)
{
	return sysfs_write(MDEV_SYSFS UUID "/remove", "1");
}

static bool mdev_exists(void)
{
	return !access(MDEV_SYSFS UUID, F_OK);
}

static void mdev_take(struct __test_metadata *_metadata, struct mdev *mdev,
		      const char *type, int iommufd)
{
	int rc = mdev_create(type);

	if (rc == -ENOENT)
		SKIP(_exit(EXIT_SKIPPED), "no such driver");
	ASSERT_EQ(0, rc);
	*mdev = (struct mdev){
		.iommufd = iommufd,
		.container = -1,
		.group = -1,
		.fd = -1,
	};
}

static void mdev_close(struct mdev *mdev)
{
	close_fd(&mdev->fd);
	close_fd(&mdev->group);
	close_fd(&mdev->container);
}

static void mdev_give_back(struct __test_metadata *_metadata, struct mdev *mdev)
{
	mdev_close(mdev);
	if (mdev_exists())
		EXPECT_EQ(0, mdev_remove());
}

/* ---- To open it ---- */

static int mdev_open_group(void)
{
	struct pci_dev group;
	char number[16];

	sysfs_link(MDEV_SYSFS UUID "/iommu_group", number, sizeof(number));
	if (!number[0])
		return -ENOENT;
	group.group = atoi(number);
	return pci_open_group(&group);
}

static void mdev_open_in_group(struct __test_metadata *_metadata,
			       struct mdev *mdev, const char *path)
{
	mdev->container = open(path, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, mdev->container);
	mdev->group = mdev_open_group();
	ASSERT_LE(0, mdev->group);
	ASSERT_EQ(VFIO_GROUP_FLAGS_VIABLE, vfio_group_status(mdev->group));
	ASSERT_EQ(0, vfio_group_set_container(mdev->group, mdev->container));
	ASSERT_EQ(0, vfio_set_iommu(mdev->container, VFIO_TYPE1v2_IOMMU));
	mdev->fd = vfio_group_device(mdev->group, UUID);
	ASSERT_LE(0, mdev->fd);
}

static void mdev_open(struct __test_metadata *_metadata, struct mdev *mdev,
		      enum way way)
{
	switch (way) {
	case WAY_TYPE1:
		mdev_open_in_group(_metadata, mdev, "/dev/vfio/vfio");
		break;
	case WAY_GROUP:
		mdev_open_in_group(_metadata, mdev, "/dev/iommu");
		break;
	case WAY_CDEV:
		mdev->fd = vfio_open_cdev(MDEV_SYSFS UUID);
		ASSERT_LE(0, mdev->fd);
		ASSERT_EQ(0, vfio_bind(mdev->fd, mdev->iommufd, &mdev->id));
		ASSERT_NE(0U, mdev->id);
		break;
	}
}

static void expect_answers(struct __test_metadata *_metadata,
			   const struct mdev *mdev, __u32 pci_id)
{
	struct vfio_device_info device;
	struct vfio_region_info region;
	__u32 id = 0;

	ASSERT_EQ(0, vfio_device_info(mdev->fd, &device));
	EXPECT_TRUE(device.flags & VFIO_DEVICE_FLAGS_PCI);
	ASSERT_EQ(0, vfio_region_info(mdev->fd, VFIO_PCI_CONFIG_REGION_INDEX,
				      &region));
	EXPECT_EQ(4, pread(mdev->fd, &id, sizeof(id), region.offset));
	EXPECT_EQ(pci_id, id);
}

/* ---- Every driver, in every way ---- */

FIXTURE(mdev)
{
	struct rig rig;
	struct mdev mdev;
};

FIXTURE_VARIANT(mdev)
{
	const char *type;
	__u32 pci_id;
	enum way way;
};

FIXTURE_VARIANT_ADD(mdev, mtty_type1)
{
	.type = MTTY,
	.pci_id = MTTY_ID,
	.way = WAY_TYPE1,
};

FIXTURE_VARIANT_ADD(mdev, mtty_group)
{
	.type = MTTY,
	.pci_id = MTTY_ID,
	.way = WAY_GROUP,
};

FIXTURE_VARIANT_ADD(mdev, mtty_cdev)
{
	.type = MTTY,
	.pci_id = MTTY_ID,
	.way = WAY_CDEV,
};

FIXTURE_VARIANT_ADD(mdev, mdpy_type1)
{
	.type = MDPY,
	.pci_id = MDPY_ID,
	.way = WAY_TYPE1,
};

FIXTURE_VARIANT_ADD(mdev, mdpy_group)
{
	.type = MDPY,
	.pci_id = MDPY_ID,
	.way = WAY_GROUP,
};

FIXTURE_VARIANT_ADD(mdev, mdpy_cdev)
{
	.type = MDPY,
	.pci_id = MDPY_ID,
	.way = WAY_CDEV,
};

FIXTURE_VARIANT_ADD(mdev, mbochs_type1)
{
	.type = MBOCHS,
	.pci_id = MBOCHS_ID,
	.way = WAY_TYPE1,
};

FIXTURE_VARIANT_ADD(mdev, mbochs_group)
{
	.type = MBOCHS,
	.pci_id = MBOCHS_ID,
	.way = WAY_GROUP,
};

FIXTURE_VARIANT_ADD(mdev, mbochs_cdev)
{
	.type = MBOCHS,
	.pci_id = MBOCHS_ID,
	.way = WAY_CDEV,
};

FIXTURE_SETUP(mdev)
{
	rig_open(_metadata, &self->rig);
	mdev_take(_metadata, &self->mdev, variant->type, self->rig.fd);
}

FIXTURE_TEARDOWN(mdev)
{
	mdev_give_back(_metadata, &self->mdev);
	rig_close(_metadata, &self->rig);
}

TEST_F(mdev, opens_and_answers)
{
	mdev_open(_metadata, &self->mdev, variant->way);
	expect_answers(_metadata, &self->mdev, variant->pci_id);
	EXPECT_EQ(0, vfio_reset(self->mdev.fd));
}

TEST_F(mdev, opens_again_after_close)
{
	int i;

	for (i = 0; i < 3; i++) {
		mdev_open(_metadata, &self->mdev, variant->way);
		expect_answers(_metadata, &self->mdev, variant->pci_id);
		mdev_close(&self->mdev);
	}
}

TEST_F(mdev, removed_and_made_again)
{
	int i;

	for (i = 0; i < 3; i++) {
		mdev_open(_metadata, &self->mdev, variant->way);
		mdev_close(&self->mdev);
		ASSERT_EQ(0, mdev_remove());
		EXPECT_FALSE(mdev_exists());
		ASSERT_EQ(0, mdev_create(variant->type));
	}
}

TEST_F(mdev, removal_waits_for_the_last_file)
{
	int status = -1;
	pid_t child;

	mdev_open(_metadata, &self->mdev, variant->way);
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		mdev_close(&self->mdev);
		close(self->rig.fd);
		_exit(!!mdev_remove());
	}
	usleep(300000);
	EXPECT_EQ(0, waitpid(child, &status, WNOHANG));
	expect_answers(_metadata, &self->mdev, variant->pci_id);
	mdev_close(&self->mdev);
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_FALSE(mdev_exists());
}

/* ---- The registers of one driver, in every way ---- */

FIXTURE(uart)
{
	struct rig rig;
	struct mdev mdev;
};

FIXTURE_VARIANT(uart)
{
	enum way way;
};

FIXTURE_VARIANT_ADD(uart, type1)
{
	.way = WAY_TYPE1,
};

FIXTURE_VARIANT_ADD(uart, group)
{
	.way = WAY_GROUP,
};

FIXTURE_VARIANT_ADD(uart, cdev)
{
	.way = WAY_CDEV,
};

FIXTURE_SETUP(uart)
{
	rig_open(_metadata, &self->rig);
	mdev_take(_metadata, &self->mdev, MTTY, self->rig.fd);
	mdev_open(_metadata, &self->mdev, variant->way);
}

FIXTURE_TEARDOWN(uart)
{
	mdev_give_back(_metadata, &self->mdev);
	rig_close(_metadata, &self->rig);
}

TEST_F(uart, register_keeps_what_is_written)
{
	struct vfio_region_info region;
	__u8 value = 0xa7, back = 0;
	int fd = self->mdev.fd;

	ASSERT_EQ(0, vfio_region_info(fd, VFIO_PCI_BAR0_REGION_INDEX, &region));
	EXPECT_EQ(1, pwrite(fd, &value, 1, region.offset + UART_SCRATCH));
	EXPECT_EQ(1, pread(fd, &back, 1, region.offset + UART_SCRATCH));
	EXPECT_EQ(value, back);
}

/* ---- Every driver, opened by the device file ---- */

FIXTURE(bound)
{
	struct rig rig;
	struct mdev mdev;
};

FIXTURE_VARIANT(bound)
{
	const char *type;
};

FIXTURE_VARIANT_ADD(bound, mtty)
{
	.type = MTTY,
};

FIXTURE_VARIANT_ADD(bound, mdpy)
{
	.type = MDPY,
};

FIXTURE_VARIANT_ADD(bound, mbochs)
{
	.type = MBOCHS,
};

FIXTURE_SETUP(bound)
{
	rig_open(_metadata, &self->rig);
	mdev_take(_metadata, &self->mdev, variant->type, self->rig.fd);
	mdev_open(_metadata, &self->mdev, WAY_CDEV);
}

FIXTURE_TEARDOWN(bound)
{
	mdev_give_back(_metadata, &self->mdev);
	rig_close(_metadata, &self->rig);
}

/* An emulated device has no page table: it is attached to the IOAS itself */
TEST_F(bound, attaches_to_an_ioas)
{
	__u32 ioas_id = rig_ioas(_metadata, &self->rig), out = 0;
	int fd = self->mdev.fd;
	void *mem;

	mem = get_memory(_metadata, SZ_4K);
	ASSERT_EQ(0, ioas_map_fixed(self->rig.fd, ioas_id, mem, SZ_4K, IOVA,
				    IOAS_MAP_RW));
	ASSERT_EQ(0, vfio_attach(fd, ioas_id, &out));
	EXPECT_EQ(ioas_id, out);
	EXPECT_EQ(-EBUSY, object_destroy(self->rig.fd, ioas_id));
	/* The driver has pinned nothing, so it holds nothing */
	EXPECT_EQ(0, ioas_unmap(self->rig.fd, ioas_id, IOVA, SZ_4K, NULL));
	ASSERT_EQ(0, vfio_detach(fd));
	EXPECT_EQ(0, vfio_detach(fd));
	rig_destroy(_metadata, &self->rig, ioas_id);
}

TEST_F(bound, attaches_to_nothing_else)
{
	__u32 ioas_id = rig_ioas(_metadata, &self->rig);
	int fd = self->mdev.fd;

	EXPECT_EQ(-ENOENT, vfio_attach(fd, NO_SUCH_ID, NULL));
	EXPECT_EQ(-ENOENT, vfio_attach(fd, self->mdev.id, NULL));
	ASSERT_EQ(0, vfio_attach(fd, ioas_id, NULL));
	EXPECT_EQ(-ENOENT, vfio_attach(fd, NO_SUCH_ID, NULL));
	EXPECT_EQ(-ENOENT, vfio_attach(fd, self->mdev.id, NULL));
	EXPECT_EQ(-EBUSY, object_destroy(self->rig.fd, ioas_id));
}

TEST_F(bound, attach_again_replaces)
{
	__u32 first = rig_ioas(_metadata, &self->rig);
	__u32 second = rig_ioas(_metadata, &self->rig), out = 0;
	int fd = self->mdev.fd;

	ASSERT_EQ(0, vfio_attach(fd, first, NULL));
	ASSERT_EQ(0, vfio_attach(fd, second, &out));
	EXPECT_EQ(second, out);
	rig_destroy(_metadata, &self->rig, first);
	EXPECT_EQ(-EBUSY, object_destroy(self->rig.fd, second));
}

TEST_F(bound, closed_while_attached)
{
	__u32 ioas_id = rig_ioas(_metadata, &self->rig);

	ASSERT_EQ(0, vfio_attach(self->mdev.fd, ioas_id, NULL));
	mdev_close(&self->mdev);
	EXPECT_EQ(-ENOENT, object_destroy(self->rig.fd, self->mdev.id));
	rig_destroy(_metadata, &self->rig, ioas_id);
}

/* Its ID is of no device that an IOMMU knows */
TEST_F(bound, has_no_iommu)
{
	__u32 ioas_id = rig_ioas(_metadata, &self->rig);
	struct iommu_hw_info info;

	EXPECT_EQ(-ENOENT, hw_info(self->rig.fd, self->mdev.id, NULL, 0, &info));
	EXPECT_EQ(-ENOENT, hwpt_alloc(self->rig.fd, self->mdev.id, ioas_id, 0,
				      NULL));
	EXPECT_EQ(-EBUSY, object_destroy(self->rig.fd, self->mdev.id));
}

TEST_F(bound, device_file_and_group_exclude_each_other)
{
	int other;

	EXPECT_EQ(-EBUSY, mdev_open_group());
	mdev_close(&self->mdev);
	mdev_open(_metadata, &self->mdev, WAY_GROUP);
	other = vfio_open_cdev(MDEV_SYSFS UUID);
	ASSERT_LE(0, other);
	EXPECT_EQ(-EBUSY, vfio_bind(other, self->rig.fd, NULL));
	close(other);
}

TEST_HARNESS_MAIN
