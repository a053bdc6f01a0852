// SPDX-License-Identifier: GPL-2.0-only
/*
 * A hot reset of a bus: which devices it affects, whose they are, and who may do
 * it. Groups prove what they own; a device opened by its file owns what its
 * iommufd owns.
 */
#include "vfio_mates.h"

#define IOVA 0x100000ULL

#define DEV_ID	VFIO_PCI_HOT_RESET_FLAG_DEV_ID
#define OWNED	VFIO_PCI_HOT_RESET_FLAG_DEV_ID_OWNED

/* The entry of a device, or NULL if the reset does not affect it */
static const struct vfio_pci_dependent_device *
find(const struct hot_reset_info *info, const struct pci_dev *pci)
{
	const struct vfio_pci_dependent_device *dev = info->devices;
	unsigned int domain, bus, slot, function, i;

	if (sscanf(pci->name, "%x:%x:%x.%x", &domain, &bus, &slot, &function) != 4)
		return NULL;
	for (i = 0; i < info->head.count; i++, dev++)
		if (dev->segment == domain && dev->bus == bus &&
		    dev->devfn == (slot << 3 | function))
			return dev;
	return NULL;
}

/* -2 if it is not affected */
static int devid_of(const struct hot_reset_info *info, const struct pci_dev *pci)
{
	const struct vfio_pci_dependent_device *dev = find(info, pci);

	return dev ? (int)dev->devid : -2;
}

/* ---- Two devices on a bus and in a group ---- */

/* Its own ID, and for the other one what belongs to the group */
TEST_F(mates, of_an_owned_group)
{
	struct vfio_dev *dev = self->dev;
	struct hot_reset_info info;

	vfio_dev_open_bound(_metadata, &dev[0], self->rig.fd);
	ASSERT_EQ(0, vfio_hot_reset_info(dev[0].fd, &info));
	EXPECT_EQ(DEV_ID | OWNED, (int)info.head.flags);
	EXPECT_EQ(2U, info.head.count);
	EXPECT_EQ((int)dev[0].id, devid_of(&info, &dev[0].pci));
	EXPECT_EQ(VFIO_PCI_DEVID_OWNED, devid_of(&info, &dev[1].pci));
	EXPECT_EQ(0, vfio_hot_reset(dev[0].fd, NULL, 0));

	/* An open file that is not bound changes nothing */
	vfio_dev_open_cdev(_metadata, &dev[1]);
	ASSERT_EQ(0, vfio_hot_reset_info(dev[0].fd, &info));
	EXPECT_EQ(DEV_ID | OWNED, (int)info.head.flags);
	EXPECT_EQ(VFIO_PCI_DEVID_OWNED, devid_of(&info, &dev[1].pci));
	EXPECT_EQ(0, vfio_hot_reset(dev[0].fd, NULL, 0));
}

TEST_F(mates, both_bound)
{
	struct vfio_dev *dev = self->dev;
	struct hot_reset_info info;
	int i;

	vfio_dev_open_bound(_metadata, &dev[0], self->rig.fd);
	vfio_dev_open_bound(_metadata, &dev[1], self->rig.fd);
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, vfio_hot_reset_info(dev[i].fd, &info));
		EXPECT_EQ(DEV_ID | OWNED, (int)info.head.flags);
		EXPECT_EQ((int)dev[0].id, devid_of(&info, &dev[0].pci));
		EXPECT_EQ((int)dev[1].id, devid_of(&info, &dev[1].pci));
		EXPECT_EQ(0, vfio_hot_reset(dev[i].fd, NULL, 0));
	}
}

/* In the group, but no driver of VFIO keeps others from it */
TEST_F(mates, not_of_a_vfio_driver)
{
	struct vfio_dev *dev = self->dev;
	struct hot_reset_info info;

	ASSERT_EQ(0, pci_unbind(&dev[1].pci));
	vfio_dev_open_bound(_metadata, &dev[0], self->rig.fd);
	ASSERT_EQ(0, vfio_hot_reset_info(dev[0].fd, &info));
	EXPECT_EQ(DEV_ID, (int)info.head.flags);
	EXPECT_EQ((int)dev[0].id, devid_of(&info, &dev[0].pci));
	EXPECT_EQ(VFIO_PCI_DEVID_NOT_OWNED, devid_of(&info, &dev[1].pci));
	EXPECT_EQ(-EINVAL, vfio_hot_reset(dev[0].fd, NULL, 0));
	ASSERT_EQ(0, pci_bind(&dev[1].pci, PCI_DRIVER_VFIO));
	EXPECT_EQ(0, vfio_hot_reset(dev[0].fd, NULL, 0));
}

/* A device file has no use for descriptors, whatever they are */
TEST_F(mates, device_file_with_descriptors_is_EINVAL)
{
	struct vfio_dev *dev = self->dev;

	vfio_dev_open_bound(_metadata, &dev[0], self->rig.fd);
	EXPECT_EQ(-EINVAL, vfio_hot_reset(dev[0].fd, &dev[0].fd, 1));
	EXPECT_EQ(-EINVAL, vfio_hot_reset(dev[0].fd, &self->rig.fd, 1));
	EXPECT_EQ(-EINVAL, vfio_hot_reset(dev[0].fd, (int[]){ -1 }, 1));
}

TEST_F(mates, bad_structs)
{
	struct vfio_pci_hot_reset_info head = { .argsz = sizeof(head) - 1 };
	struct vfio_pci_hot_reset reset = { .argsz = sizeof(reset) - 1 };
	int fd;

	vfio_dev_open_bound(_metadata, &self->dev[0], self->rig.fd);
	fd = self->dev[0].fd;
	EXPECT_EQ(-EINVAL, vfio_ioctl(fd, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO,
				      &head));
	EXPECT_EQ(-EINVAL, vfio_ioctl(fd, VFIO_DEVICE_PCI_HOT_RESET, &reset));
	reset.argsz = sizeof(reset);
	reset.flags = 1;
	EXPECT_EQ(-EINVAL, vfio_ioctl(fd, VFIO_DEVICE_PCI_HOT_RESET, &reset));

	/* So a program learns how much room it needs */
	head.argsz = sizeof(head);
	EXPECT_EQ(-ENOSPC, vfio_ioctl(fd, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO,
				      &head));
	EXPECT_EQ(2U, head.count);
}

TEST_F(mates, both_do_dma_afterwards)
{
	char *mem = get_memory(_metadata, SZ_4K);
	struct vfio_dev *dev = self->dev;
	int i;

	self->rig.ioas_id = rig_ioas(_metadata, &self->rig);
	rig_map(_metadata, &self->rig, mem, SZ_4K, IOVA, IOAS_MAP_RW);
	for (i = 0; i < 2; i++) {
		vfio_dev_open_bound(_metadata, &dev[i], self->rig.fd);
		vfio_dev_start(_metadata, &dev[i]);
		ASSERT_EQ(0, vfio_attach(dev[i].fd, self->rig.ioas_id, NULL));
	}
	ASSERT_EQ(0, vfio_hot_reset(dev[0].fd, NULL, 0));
	for (i = 0; i < 2; i++) {
		vfio_dev_enable(_metadata, &dev[i]);
		expect_dma_at(_metadata, &dev[i], IOVA, mem);
	}
}

/* ---- The same through groups, where descriptors prove what is owned ---- */

FIXTURE(group)
{
	struct vfio_dev dev[2];
	int container;
};

FIXTURE_VARIANT(group)
{
	const char *path;
};

FIXTURE_VARIANT_ADD(group, type1)
{
	.path = "/dev/vfio/vfio",
};

FIXTURE_VARIANT_ADD(group, iommufd)
{
	.path = "/dev/iommu",
};

FIXTURE_SETUP(group)
{
	struct vfio_dev *dev = self->dev;

	self->container = open(variant->path, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->container);
	vfio_dev_take_edu(_metadata, &dev[0], EDU_BRIDGE, 0);
	vfio_dev_take_edu(_metadata, &dev[1], EDU_BRIDGE, 1);
	vfio_dev_open_group(_metadata, &dev[0]);
	ASSERT_EQ(0, vfio_group_set_container(dev[0].group, self->container));
	ASSERT_EQ(0, vfio_set_iommu(self->container, VFIO_TYPE1v2_IOMMU));
	vfio_dev_open_in_group(_metadata, &dev[0], dev[0].group);
}

FIXTURE_TEARDOWN(group)
{
	vfio_dev_give_back(_metadata, &self->dev[0]);
	vfio_dev_give_back(_metadata, &self->dev[1]);
	close(self->container);
}

TEST_F(group, is_named_for_each_device)
{
	struct vfio_dev *dev = self->dev;
	struct hot_reset_info info;
	int i;

	ASSERT_EQ(0, vfio_hot_reset_info(dev[0].fd, &info));
	EXPECT_EQ(0U, info.head.flags);
	EXPECT_EQ(2U, info.head.count);
	for (i = 0; i < 2; i++) {
		ASSERT_NE(NULL, find(&info, &dev[i].pci));
		EXPECT_EQ(dev[i].pci.group,
			  (int)find(&info, &dev[i].pci)->group_id);
	}
}

TEST_F(group, resets_what_it_owns)
{
	struct vfio_dev *dev = self->dev;

	EXPECT_EQ(0, vfio_hot_reset(dev[0].fd, &dev[0].group, 1));
	vfio_dev_open_in_group(_metadata, &dev[1], dev[0].group);
	EXPECT_EQ(0, vfio_hot_reset(dev[1].fd, &dev[0].group, 1));
}

TEST_F(group, other_descriptors_prove_nothing)
{
	struct vfio_dev *dev = self->dev, other = {};
	int fd = dev[0].fd, fds[3] = { -1 }, cdev;

	EXPECT_EQ(-EINVAL, vfio_hot_reset(fd, NULL, 0));
	EXPECT_EQ(-EBADF, vfio_hot_reset(fd, fds, 1));
	EXPECT_EQ(-EINVAL, vfio_hot_reset(fd, &self->container, 1));
	EXPECT_EQ(-EINVAL, vfio_hot_reset(fd, &dev[0].fd, 1));
	fds[0] = dev[0].group;
	fds[1] = self->container;
	EXPECT_EQ(-EINVAL, vfio_hot_reset(fd, fds, 2));
	/* More than there are devices */
	fds[1] = dev[0].group;
	fds[2] = dev[0].group;
	EXPECT_EQ(-EINVAL, vfio_hot_reset(fd, fds, 3));
	vfio_dev_take_edu(_metadata, &other, EDU_ALONE, 0);
	vfio_dev_open_group(_metadata, &other);
	EXPECT_EQ(-EINVAL, vfio_hot_reset(fd, &other.group, 1));
	vfio_dev_give_back(_metadata, &other);

	cdev = pci_open_cdev(&dev[1].pci);
	if (cdev >= 0) {
		EXPECT_EQ(-EINVAL, vfio_hot_reset(fd, &cdev, 1));
		close(cdev);
	}
}

TEST_F(group, does_not_reset_what_no_vfio_driver_has)
{
	struct vfio_dev *dev = self->dev;

	ASSERT_EQ(0, pci_unbind(&dev[1].pci));
	EXPECT_EQ(-EINVAL, vfio_hot_reset(dev[0].fd, &dev[0].group, 1));
	ASSERT_EQ(0, pci_bind(&dev[1].pci, PCI_DRIVER_VFIO));
	EXPECT_EQ(0, vfio_hot_reset(dev[0].fd, &dev[0].group, 1));
}

/* ---- Devices on a bus that VFIO never resets as one: virtual functions ---- */

#define VFS 2

FIXTURE(virtual)
{
	struct rig rig;
	struct pci_dev pf;
	struct vfio_dev vf[VFS];
};

static void take_vf(struct __test_metadata *_metadata,
		    struct _test_data_virtual *self, unsigned int i)
{
	char link[16], path[PATH_MAX], name[16];
	struct pci_dev pci;

	snprintf(link, sizeof(link), "virtfn%u", i);
	pci_path(&self->pf, link, path);
	sysfs_link(path, name, sizeof(name));
	ASSERT_TRUE(pci_get(name, &pci));
	vfio_dev_take(_metadata, &self->vf[i], &pci);
}

FIXTURE_SETUP(virtual)
{
	unsigned int i;

	rig_open(_metadata, &self->rig);
	if (!pci_list(PCI_ID_NVME, &self->pf, 1))
		SKIP(_exit(EXIT_SKIPPED), "no device with virtual functions");
	if (pci_bind(&self->pf, PCI_DRIVER_STUB))
		SKIP(_exit(EXIT_SKIPPED), "no driver " PCI_DRIVER_STUB);
	ASSERT_EQ(0, pci_write(&self->pf, "sriov_numvfs", "2"));
	for (i = 0; i < VFS; i++)
		take_vf(_metadata, self, i);
	ASSERT_NE(self->vf[0].pci.group, self->vf[1].pci.group);
	ASSERT_NE(self->vf[0].pci.group, self->pf.group);
}

FIXTURE_TEARDOWN(virtual)
{
	unsigned int i;

	for (i = 0; i < VFS; i++)
		vfio_dev_give_back(_metadata, &self->vf[i]);
	EXPECT_EQ(0, pci_write(&self->pf, "sriov_numvfs", "0"));
	EXPECT_EQ(0, pci_unbind(&self->pf));
	rig_close(_metadata, &self->rig);
}

/* As VFIO sees a virtual function, it is in a set of its own, with whom ever bound */
TEST_F(virtual, functions_of_a_bus_are_not_owned)
{
	int iommufds[] = { -1, iommufd_open(), self->rig.fd };
	struct vfio_dev *vf = self->vf;
	struct hot_reset_info info;
	unsigned int i;

	ASSERT_LE(0, iommufds[1]);
	vfio_dev_open_bound(_metadata, &vf[0], self->rig.fd);
	for (i = 0; i < ARRAY_SIZE(iommufds); i++) {
		if (iommufds[i] >= 0)
			vfio_dev_open_bound(_metadata, &vf[1], iommufds[i]);
		ASSERT_EQ(0, vfio_hot_reset_info(vf[0].fd, &info));
		EXPECT_EQ(DEV_ID, (int)info.head.flags);
		EXPECT_EQ(3U, info.head.count);
		EXPECT_EQ((int)vf[0].id, devid_of(&info, &vf[0].pci));
		EXPECT_EQ(VFIO_PCI_DEVID_NOT_OWNED,
			  devid_of(&info, &vf[1].pci));
		EXPECT_EQ(VFIO_PCI_DEVID_NOT_OWNED, devid_of(&info, &self->pf));
		EXPECT_EQ(-EINVAL, vfio_hot_reset(vf[0].fd, NULL, 0));
		vfio_dev_close(&vf[1]);
	}
	close(iommufds[1]);
}

/* ---- A device alone on its bus ---- */

FIXTURE(alone)
{
	struct rig rig;
	struct vfio_dev dev;
};

FIXTURE_SETUP(alone)
{
	rig_open(_metadata, &self->rig);
	vfio_dev_take_edu(_metadata, &self->dev, EDU_ALONE, 0);
	vfio_dev_open_bound(_metadata, &self->dev, self->rig.fd);
}

FIXTURE_TEARDOWN(alone)
{
	vfio_dev_give_back(_metadata, &self->dev);
	rig_close(_metadata, &self->rig);
}

TEST_F(alone, owns_its_bus)
{
	struct hot_reset_info info;

	ASSERT_EQ(0, vfio_hot_reset_info(self->dev.fd, &info));
	EXPECT_EQ(DEV_ID | OWNED, (int)info.head.flags);
	EXPECT_EQ(1U, info.head.count);
	EXPECT_EQ((int)self->dev.id, devid_of(&info, &self->dev.pci));
	EXPECT_EQ(0, vfio_hot_reset(self->dev.fd, NULL, 0));
}

/* What is mapped when the bus is reset is there again afterwards */
TEST_F(alone, registers_are_mapped_over_a_reset)
{
	vfio_dev_start(_metadata, &self->dev);
	EXPECT_TRUE(edu_is_alive(&self->dev));
	ASSERT_EQ(0, vfio_hot_reset(self->dev.fd, NULL, 0));
	vfio_dev_enable(_metadata, &self->dev);
	EXPECT_TRUE(edu_is_alive(&self->dev));
}

TEST_HARNESS_MAIN
