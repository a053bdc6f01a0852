// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO's device files: who may bind a device to which iommufd, and what the ID
 * is good for.
 */
#include "vfio_mates.h"

FIXTURE(cdev)
{
	struct rig rig;
	struct vfio_dev dev;
};

/* A device file, opened, and an iommufd that it is not bound to yet */
FIXTURE_SETUP(cdev)
{
	rig_open(_metadata, &self->rig);
	vfio_dev_take_edu(_metadata, &self->dev, EDU_ALONE, 0);
	vfio_dev_open_cdev(_metadata, &self->dev);
}

FIXTURE_TEARDOWN(cdev)
{
	vfio_dev_give_back(_metadata, &self->dev);
	rig_close(_metadata, &self->rig);
}

static void bind(struct __test_metadata *_metadata, struct _test_data_cdev *self)
{
	ASSERT_EQ(0, vfio_bind(self->dev.fd, self->rig.fd, &self->dev.id));
}

/* Data of no length: what the IOMMU is does not matter here */
static int know_device(int iommufd, __u32 id)
{
	struct iommu_hw_info info;

	return hw_info(iommufd, id, NULL, 0, &info);
}

/* ---- Before it is bound ---- */

TEST_F(cdev, nothing_works_before_bind)
{
	struct vfio_device_info info;
	struct vfio_region_info region;
	struct vfio_irq_info irq;
	struct hot_reset_info hot;
	int fd = self->dev.fd;
	__u32 word = 0;

	EXPECT_EQ(-EINVAL, vfio_device_info(fd, &info));
	EXPECT_EQ(-EINVAL, vfio_region_info(fd, 0, &region));
	EXPECT_EQ(-EINVAL, vfio_irq_info(fd, 0, &irq));
	EXPECT_EQ(-EINVAL, vfio_disable_irq(fd, VFIO_PCI_MSI_IRQ_INDEX));
	EXPECT_EQ(-EINVAL, vfio_reset(fd));
	EXPECT_EQ(-EINVAL, vfio_probe_feature(fd, VFIO_DEVICE_FEATURE_PCI_VF_TOKEN));
	EXPECT_EQ(-EINVAL, vfio_hot_reset_info(fd, &hot));
	EXPECT_EQ(-EINVAL, vfio_hot_reset(fd, NULL, 0));
	EXPECT_EQ(-EINVAL, vfio_attach(fd, 1, NULL));
	EXPECT_EQ(-EINVAL, vfio_detach(fd));
	EXPECT_EQ(-EINVAL, vfio_ioctl(fd, VFIO_GET_API_VERSION, NULL));
	EXPECT_EQ(-1, pread(fd, &word, sizeof(word), 0));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, pwrite(fd, &word, sizeof(word), 0));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, SZ_4K, PROT_READ, MAP_SHARED, fd, 0));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(cdev, all_works_after_bind)
{
	struct vfio_device_info info;

	bind(_metadata, self);
	ASSERT_EQ(0, vfio_device_info(self->dev.fd, &info));
	EXPECT_TRUE(info.flags & VFIO_DEVICE_FLAGS_PCI);
	vfio_dev_start(_metadata, &self->dev);
	EXPECT_EQ(PCI_ID_EDU >> 16,
		  vfio_dev_read_config(_metadata, &self->dev, PCI_VENDOR_ID));
	EXPECT_TRUE(edu_is_alive(&self->dev));
	EXPECT_EQ(0, vfio_reset(self->dev.fd));
}

/* ---- The arguments of bind ---- */

TEST_F(cdev, bind_of_a_bad_struct_is_EINVAL)
{
	struct vfio_device_bind_iommufd arg = {
		.argsz = sizeof(arg),
		.iommufd = self->rig.fd,
	};
	int fd = self->dev.fd;
	__u32 argsz, flag;

	for (argsz = 0; argsz < sizeof(arg); argsz++) {
		arg.argsz = argsz;
		EXPECT_EQ(-EINVAL, vfio_ioctl(fd, VFIO_DEVICE_BIND_IOMMUFD,
					      &arg));
	}
	arg.argsz = sizeof(arg);
	for (flag = 1; flag; flag <<= 1) {
		arg.flags = flag;
		EXPECT_EQ(-EINVAL, vfio_ioctl(fd, VFIO_DEVICE_BIND_IOMMUFD,
					      &arg));
	}
	EXPECT_EQ(-EFAULT, vfio_ioctl(fd, VFIO_DEVICE_BIND_IOMMUFD, NULL));

	/* A later kernel's struct may be longer */
	arg.flags = 0;
	arg.argsz = sizeof(arg) + 16;
	EXPECT_EQ(0, vfio_ioctl(fd, VFIO_DEVICE_BIND_IOMMUFD, &arg));
	EXPECT_NE(0U, arg.out_devid);
}

TEST_F(cdev, bind_to_no_iommufd)
{
	int other = open("/dev/null", O_RDWR | O_CLOEXEC);

	ASSERT_LE(0, other);
	EXPECT_EQ(-EINVAL, vfio_bind(self->dev.fd, -1, NULL));
	EXPECT_EQ(-EBADFD, vfio_bind(self->dev.fd, other, NULL));
	EXPECT_EQ(-EBADFD, vfio_bind(self->dev.fd, self->dev.fd, NULL));
	close(other);
	EXPECT_EQ(-EBADF, vfio_bind(self->dev.fd, other, NULL));
	EXPECT_EQ(0, vfio_bind(self->dev.fd, self->rig.fd, NULL));
}

/* User space is told the ID, or the device is not bound */
TEST_F(cdev, bind_that_cannot_answer_binds_nothing)
{
	struct vfio_device_bind_iommufd arg = {
		.argsz = sizeof(arg),
		.iommufd = self->rig.fd,
	}, *shared = get_memory(_metadata, page_size());

	*shared = arg;
	ASSERT_EQ(0, mprotect(shared, page_size(), PROT_READ));
	EXPECT_EQ(-EFAULT, vfio_ioctl(self->dev.fd, VFIO_DEVICE_BIND_IOMMUFD,
				      shared));
	ASSERT_EQ(0, mprotect(shared, page_size(), PROT_READ | PROT_WRITE));
	EXPECT_EQ(0, vfio_ioctl(self->dev.fd, VFIO_DEVICE_BIND_IOMMUFD, shared));
	EXPECT_EQ(0, know_device(self->rig.fd, shared->out_devid));
}

/* ---- Once, and by one ---- */

TEST_F(cdev, bind_twice_is_EINVAL)
{
	int other = iommufd_open();

	ASSERT_LE(0, other);
	bind(_metadata, self);
	EXPECT_EQ(-EINVAL, vfio_bind(self->dev.fd, self->rig.fd, NULL));
	EXPECT_EQ(-EINVAL, vfio_bind(self->dev.fd, other, NULL));
	EXPECT_EQ(0, know_device(self->rig.fd, self->dev.id));
	close(other);
}

TEST_F(cdev, second_file_of_a_bound_device)
{
	struct vfio_device_info info;
	int second = pci_open_cdev(&self->dev.pci);

	ASSERT_LE(0, second);
	bind(_metadata, self);
	EXPECT_EQ(-EINVAL, vfio_bind(second, self->rig.fd, NULL));
	EXPECT_EQ(-EINVAL, vfio_device_info(second, &info));
	vfio_dev_close(&self->dev);
	self->dev.fd = second;
	bind(_metadata, self);
	EXPECT_EQ(0, vfio_device_info(second, &info));
}

TEST_F(cdev, group_of_a_bound_device_is_EBUSY)
{
	/* A file that is only open has no effect */
	vfio_dev_open_group(_metadata, &self->dev);
	close_fd(&self->dev.group);
	bind(_metadata, self);
	EXPECT_EQ(-EBUSY, pci_open_group(&self->dev.pci));
	close_fd(&self->dev.fd);
	vfio_dev_open_group(_metadata, &self->dev);
}

TEST_F(cdev, bind_while_the_group_is_open_is_EBUSY)
{
	vfio_dev_open_group(_metadata, &self->dev);
	EXPECT_EQ(-EBUSY, vfio_bind(self->dev.fd, self->rig.fd, NULL));
	close_fd(&self->dev.group);
	bind(_metadata, self);
}

FIXTURE(opened_by_group)
{
	struct vfio_dev dev;
	int container;
};

FIXTURE_VARIANT(opened_by_group)
{
	const char *path;
};

FIXTURE_VARIANT_ADD(opened_by_group, type1)
{
	.path = "/dev/vfio/vfio",
};

FIXTURE_VARIANT_ADD(opened_by_group, iommufd)
{
	.path = "/dev/iommu",
};

FIXTURE_SETUP(opened_by_group)
{
	self->container = open(variant->path, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->container);
	vfio_dev_take_edu(_metadata, &self->dev, EDU_ALONE, 0);
	vfio_dev_open_group(_metadata, &self->dev);
	ASSERT_EQ(0, vfio_group_set_container(self->dev.group,
					      self->container));
	ASSERT_EQ(0, vfio_set_iommu(self->container, VFIO_TYPE1v2_IOMMU));
	vfio_dev_open_in_group(_metadata, &self->dev, self->dev.group);
}

FIXTURE_TEARDOWN(opened_by_group)
{
	vfio_dev_give_back(_metadata, &self->dev);
	close(self->container);
}

TEST_F(opened_by_group, device_is_not_bound_nor_attached)
{
	int iommufd = iommufd_open();
	__u32 ioas_id = 0;

	ASSERT_LE(0, iommufd);
	ASSERT_EQ(0, ioas_alloc(iommufd, &ioas_id));
	EXPECT_EQ(-EINVAL, vfio_bind(self->dev.fd, iommufd, NULL));
	EXPECT_EQ(-ENOTTY, vfio_attach(self->dev.fd, ioas_id, NULL));
	EXPECT_EQ(-ENOTTY, vfio_detach(self->dev.fd));
	close(iommufd);
}

TEST_F(opened_by_group, device_file_does_not_bind)
{
	int cdev = pci_open_cdev(&self->dev.pci), iommufd = iommufd_open();

	ASSERT_LE(0, cdev);
	ASSERT_LE(0, iommufd);
	EXPECT_EQ(-EBUSY, vfio_bind(cdev, iommufd, NULL));
	/* Nor, for one or for the other, once only the device is open */
	close_fd(&self->dev.group);
	EXPECT_GT(0, vfio_bind(cdev, iommufd, NULL));
	close_fd(&self->dev.fd);
	EXPECT_EQ(0, vfio_bind(cdev, iommufd, NULL));
	close(cdev);
	close(iommufd);
}

/* ---- The ID ---- */

TEST_F(cdev, id_names_the_device)
{
	__u32 ioas_id, hwpt_id;
	int fd = self->rig.fd;

	bind(_metadata, self);
	ioas_id = rig_ioas(_metadata, &self->rig);
	EXPECT_EQ(0, know_device(fd, self->dev.id));
	hwpt_id = rig_hwpt(_metadata, &self->rig, self->dev.id, ioas_id, 0);
	EXPECT_NE(self->dev.id, hwpt_id);
	/* And it is not user space's to destroy */
	EXPECT_EQ(-EBUSY, object_destroy(fd, self->dev.id));
	EXPECT_EQ(0, know_device(fd, self->dev.id));
}

TEST_F(cdev, id_is_ENOENT_once_the_device_is_closed)
{
	__u32 id, ioas_id;
	int fd = self->rig.fd;

	ioas_id = rig_ioas(_metadata, &self->rig);
	bind(_metadata, self);
	id = self->dev.id;
	vfio_dev_close(&self->dev);
	EXPECT_EQ(-ENOENT, know_device(fd, id));
	EXPECT_EQ(-ENOENT, hwpt_alloc(fd, id, ioas_id, 0, NULL));
	EXPECT_EQ(-ENOENT, object_destroy(fd, id));
}

TEST_F(cdev, bind_again_after_close)
{
	int i;

	for (i = 0; i < 5; i++) {
		bind(_metadata, self);
		vfio_dev_close(&self->dev);
		vfio_dev_open_cdev(_metadata, &self->dev);
	}
	bind(_metadata, self);
	EXPECT_EQ(0, know_device(self->rig.fd, self->dev.id));
}

/* ---- Two devices of one group ---- */

static void open_both(struct __test_metadata *_metadata,
		      struct _test_data_mates *self)
{
	vfio_dev_open_cdev(_metadata, &self->dev[0]);
	vfio_dev_open_cdev(_metadata, &self->dev[1]);
}

TEST_F(mates, share_an_iommufd)
{
	struct vfio_dev *dev = self->dev;

	open_both(_metadata, self);
	ASSERT_EQ(0, vfio_bind(dev[0].fd, self->rig.fd, &dev[0].id));
	ASSERT_EQ(0, vfio_bind(dev[1].fd, self->rig.fd, &dev[1].id));
	EXPECT_NE(dev[0].id, dev[1].id);
	vfio_dev_close(&dev[0]);
	EXPECT_EQ(0, know_device(self->rig.fd, dev[1].id));
}

TEST_F(mates, are_not_of_two_iommufds)
{
	struct vfio_dev *dev = self->dev;
	int other = iommufd_open();

	open_both(_metadata, self);
	ASSERT_LE(0, other);
	ASSERT_EQ(0, vfio_bind(dev[0].fd, self->rig.fd, &dev[0].id));
	EXPECT_EQ(-EPERM, vfio_bind(dev[1].fd, other, NULL));
	vfio_dev_close(&dev[0]);
	EXPECT_EQ(0, vfio_bind(dev[1].fd, other, NULL));
	close(other);
}

/* Neither while the other one is bound, nor before */
TEST_F(mates, are_not_of_a_driver_and_an_iommufd)
{
	struct vfio_dev *dev = self->dev;

	vfio_dev_open_cdev(_metadata, &dev[0]);
	ASSERT_EQ(0, vfio_bind(dev[0].fd, self->rig.fd, NULL));
	EXPECT_NE(0, pci_bind(&dev[1].pci, PCI_DRIVER_STUB));
	vfio_dev_close(&dev[0]);
	if (pci_bind(&dev[1].pci, PCI_DRIVER_STUB))
		SKIP(return, "no driver " PCI_DRIVER_STUB);
	vfio_dev_open_cdev(_metadata, &dev[0]);
	EXPECT_EQ(-EPERM, vfio_bind(dev[0].fd, self->rig.fd, NULL));
	ASSERT_EQ(0, pci_unbind(&dev[1].pci));
	EXPECT_EQ(0, vfio_bind(dev[0].fd, self->rig.fd, NULL));
}

/* A group is opened for all its devices */
TEST_F(mates, group_is_EBUSY_while_either_is_bound)
{
	struct vfio_dev *dev = self->dev;

	open_both(_metadata, self);
	ASSERT_EQ(0, vfio_bind(dev[0].fd, self->rig.fd, NULL));
	ASSERT_EQ(0, vfio_bind(dev[1].fd, self->rig.fd, NULL));
	vfio_dev_close(&dev[0]);
	EXPECT_EQ(-EBUSY, pci_open_group(&dev[1].pci));
	vfio_dev_close(&dev[1]);
	vfio_dev_open_group(_metadata, &dev[1]);
}

/* ---- A token that only the group can be shown ---- */

#define ENABLE_SRIOV "/sys/module/vfio_pci/parameters/enable_sriov"

/* A physical function and a virtual one of it, both VFIO's */
FIXTURE(token)
{
	struct rig rig;
	struct pci_dev pf;
	struct vfio_dev vf;
};

FIXTURE_SETUP(token)
{
	char path[PATH_MAX], name[16];
	struct pci_dev pci;

	rig_open(_metadata, &self->rig);
	if (!pci_list(PCI_ID_NVME, &self->pf, 1))
		SKIP(_exit(EXIT_SKIPPED), "no device with virtual functions");
	ASSERT_EQ(0, sysfs_write(ENABLE_SRIOV, "1"));
	ASSERT_EQ(0, pci_bind(&self->pf, PCI_DRIVER_VFIO));
	ASSERT_EQ(0, pci_write(&self->pf, "sriov_numvfs", "1"));
	pci_path(&self->pf, "virtfn0", path);
	sysfs_link(path, name, sizeof(name));
	ASSERT_TRUE(pci_get(name, &pci));
	vfio_dev_take(_metadata, &self->vf, &pci);
}

FIXTURE_TEARDOWN(token)
{
	vfio_dev_give_back(_metadata, &self->vf);
	EXPECT_EQ(0, pci_write(&self->pf, "sriov_numvfs", "0"));
	EXPECT_EQ(0, pci_unbind(&self->pf));
	EXPECT_EQ(0, sysfs_write(ENABLE_SRIOV, "0"));
	rig_close(_metadata, &self->rig);
}

TEST_F(token, virtual_function_of_a_device_of_vfio_is_EACCES)
{
	__u32 ioas_id = 0;

	vfio_dev_open_cdev(_metadata, &self->vf);
	EXPECT_EQ(-EACCES, vfio_bind(self->vf.fd, self->rig.fd, &self->vf.id));
	close_fd(&self->vf.fd);

	/* as without a token by its group */
	vfio_dev_open_group(_metadata, &self->vf);
	ASSERT_EQ(0, vfio_group_set_container(self->vf.group, self->rig.fd));
	EXPECT_EQ(-EACCES, vfio_group_device(self->vf.group,
					     self->vf.pci.name));
	ASSERT_EQ(0, vfio_group_unset_container(self->vf.group));
	ASSERT_EQ(0, vfio_ioas_get(self->rig.fd, &ioas_id));
	ASSERT_EQ(0, vfio_ioas_clear(self->rig.fd));
	rig_keep(_metadata, &self->rig, ioas_id);
}

TEST_HARNESS_MAIN
