// SPDX-License-Identifier: GPL-2.0-only
/*
 * Groups and containers, with a device that does DMA: programs written for
 * VFIO's type1 work the same on a /dev/iommu in place of the container.
 */
#include "edu.h"

#define PAGES 4

/* Far from what the platform keeps for itself */
#define IOVA(page) (0x100000ULL + (page) * SZ_4K)

FIXTURE(container)
{
	struct vfio_dev dev;
	int container;
	char *mem;
	unsigned long locked_kb;
};

FIXTURE_VARIANT(container)
{
	const char *path;
	bool iommufd;
};

FIXTURE_VARIANT_ADD(container, type1)
{
	.path = "/dev/vfio/vfio",
};

FIXTURE_VARIANT_ADD(container, iommufd)
{
	.path = "/dev/iommu",
	.iommufd = true,
};

/* Type1 locks memory, iommufd pins it */
static unsigned long locked_kb(void)
{
	return status_kb("VmLck") + status_kb("VmPin");
}

static int open_container(struct __test_metadata *_metadata, const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	ASSERT_LE(0, fd);
	return fd;
}

FIXTURE_SETUP(container)
{
	self->container = -1;
	self->locked_kb = locked_kb();
	vfio_dev_take_edu(_metadata, &self->dev, EDU_ALONE, 0);
	self->container = open_container(_metadata, variant->path);
	vfio_dev_open_group(_metadata, &self->dev);
	self->mem = get_memory(_metadata, PAGES * SZ_4K);
}

FIXTURE_TEARDOWN(container)
{
	vfio_dev_give_back(_metadata, &self->dev);
	close_fd(&self->container);
	EXPECT_EQ(self->locked_kb, locked_kb());
}

/* What every program does once it has a container and a group */
static void enter(struct __test_metadata *_metadata,
		  const struct _test_data_container *self)
{
	ASSERT_EQ(0, vfio_group_set_container(self->dev.group,
					      self->container));
	ASSERT_EQ(0, vfio_set_iommu(self->container, VFIO_TYPE1v2_IOMMU));
}

static void map_page(struct __test_metadata *_metadata,
		     const struct _test_data_container *self, unsigned int page,
		     __u32 rights)
{
	ASSERT_EQ(0, vfio_map_dma(self->container, rights,
				  self->mem + page * SZ_4K, SZ_4K, IOVA(page)));
}

static void start(struct __test_metadata *_metadata,
		  struct _test_data_container *self)
{
	enter(_metadata, self);
	vfio_dev_open_in_group(_metadata, &self->dev, self->dev.group);
	vfio_dev_start(_metadata, &self->dev);
}

/* ---- A program from Documentation/driver-api/vfio.rst ---- */

TEST_F(container, whole_program)
{
	struct vfio_iommu_type1_info iommu = { .argsz = sizeof(iommu) };
	struct vfio_device_info info;
	__u64 unmapped = 0;

	ASSERT_EQ(VFIO_API_VERSION, vfio_api_version(self->container));
	ASSERT_EQ(1, vfio_check_extension(self->container, VFIO_TYPE1v2_IOMMU));
	ASSERT_EQ(VFIO_GROUP_FLAGS_VIABLE, vfio_group_status(self->dev.group));
	enter(_metadata, self);
	ASSERT_EQ(VFIO_GROUP_FLAGS_VIABLE | VFIO_GROUP_FLAGS_CONTAINER_SET,
		  vfio_group_status(self->dev.group));
	ASSERT_EQ(0, vfio_get_info(self->container, &iommu));
	EXPECT_TRUE(iommu.iova_pgsizes & SZ_4K);
	ASSERT_EQ(0, vfio_map_dma(self->container, VFIO_MAP_RW, self->mem,
				  PAGES * SZ_4K, IOVA(0)));

	vfio_dev_open_in_group(_metadata, &self->dev, self->dev.group);
	ASSERT_EQ(0, vfio_device_info(self->dev.fd, &info));
	EXPECT_EQ(VFIO_DEVICE_FLAGS_PCI, info.flags & VFIO_DEVICE_FLAGS_PCI);
	EXPECT_LE((__u32)VFIO_PCI_NUM_REGIONS, info.num_regions);
	EXPECT_LE((__u32)VFIO_PCI_REQ_IRQ_INDEX, info.num_irqs);
	vfio_dev_start(_metadata, &self->dev);
	EXPECT_TRUE(edu_is_alive(&self->dev));
	expect_dma_at(_metadata, &self->dev, IOVA(0), self->mem);
	expect_dma(_metadata, &self->dev, IOVA(3), self->mem + 3 * SZ_4K,
		   IOVA(1), self->mem + SZ_4K);

	ASSERT_EQ(0, vfio_unmap_dma(self->container, 0, IOVA(0), PAGES * SZ_4K,
				    &unmapped));
	EXPECT_EQ(PAGES * SZ_4K, unmapped);
	expect_blocked_write(_metadata, &self->dev, IOVA(0), self->mem);
	EXPECT_EQ(0, vfio_reset(self->dev.fd));
}

TEST_F(container, unmapped_memory_is_not_read)
{
	start(_metadata, self);
	map_page(_metadata, self, 0, VFIO_MAP_RW);
	map_page(_metadata, self, 1, VFIO_MAP_RW);
	expect_dma(_metadata, &self->dev, IOVA(0), self->mem, IOVA(1),
		   self->mem + SZ_4K);
	ASSERT_EQ(0, vfio_unmap_dma(self->container, 0, IOVA(1), SZ_4K, NULL));
	expect_blocked_read(_metadata, &self->dev, IOVA(1), self->mem + SZ_4K,
			    IOVA(0), self->mem);
}

/* The write comes first: QEMU says nothing of one that its IOTLB forbids */
TEST_F(container, rights_bind_the_device)
{
	start(_metadata, self);
	map_page(_metadata, self, 0, VFIO_MAP_RO);
	map_page(_metadata, self, 1, VFIO_MAP_RW);
	expect_blocked_write(_metadata, &self->dev, IOVA(0), self->mem);
	expect_dma(_metadata, &self->dev, IOVA(1), self->mem + SZ_4K, IOVA(0),
		   self->mem);
}

/* ---- Groups ---- */

TEST_F(container, group_is_open_once)
{
	EXPECT_EQ(-EBUSY, pci_open_group(&self->dev.pci));
	close_fd(&self->dev.group);
	vfio_dev_open_group(_metadata, &self->dev);
}

TEST_F(container, status_of_a_short_struct_is_EINVAL)
{
	struct vfio_group_status status = { .argsz = sizeof(status) - 1 };

	EXPECT_EQ(-EINVAL, vfio_ioctl(self->dev.group, VFIO_GROUP_GET_STATUS,
				      &status));
}

TEST_F(container, group_enters_one_container)
{
	int other = open_container(_metadata, variant->path);

	EXPECT_EQ(-EINVAL, vfio_group_unset_container(self->dev.group));
	enter(_metadata, self);
	EXPECT_EQ(-EINVAL, vfio_group_set_container(self->dev.group, other));
	ASSERT_EQ(0, vfio_group_unset_container(self->dev.group));
	EXPECT_EQ(VFIO_GROUP_FLAGS_VIABLE, vfio_group_status(self->dev.group));
	EXPECT_EQ(-EINVAL, vfio_group_unset_container(self->dev.group));
	ASSERT_EQ(0, vfio_group_set_container(self->dev.group, other));
	close(other);
}

/* As 6.1 says without iommufd, too; 6.12 says EBADFD */
TEST_F(container, group_enters_nothing_else)
{
	int other = open("/dev/null", O_RDWR | O_CLOEXEC);

	ASSERT_LE(0, other);
	EXPECT_EQ(-EINVAL, vfio_group_set_container(self->dev.group, other));
	EXPECT_EQ(-EINVAL, vfio_group_set_container(self->dev.group,
						    self->dev.group));
	close(other);
	EXPECT_EQ(-EBADF, vfio_group_set_container(self->dev.group, other));
	EXPECT_EQ(-EBADF, vfio_group_set_container(self->dev.group, -1));
	EXPECT_EQ(VFIO_GROUP_FLAGS_VIABLE, vfio_group_status(self->dev.group));
}

/* Of two devices in a group a driver of the kernel has one */
TEST_F(container, group_is_not_viable_while_a_driver_does_dma)
{
	const int viable = VFIO_GROUP_FLAGS_VIABLE;
	struct vfio_dev dev = {};
	struct pci_dev mate;
	int rc;

	vfio_dev_take_edu(_metadata, &dev, EDU_BRIDGE, 0);
	ASSERT_TRUE(edu_find(EDU_BRIDGE, 1, &mate));
	vfio_dev_open_group(_metadata, &dev);
	EXPECT_EQ(viable, vfio_group_status(dev.group));
	if (pci_bind(&mate, PCI_DRIVER_STUB))
		SKIP(goto out, "no driver " PCI_DRIVER_STUB);
	EXPECT_EQ(0, vfio_group_status(dev.group));
	rc = vfio_group_set_container(dev.group, self->container);
	/* iommufd takes one device at a time, when it is opened */
	if (variant->iommufd && !rc)
		rc = vfio_group_device(dev.group, dev.pci.name);
	EXPECT_EQ(-EPERM, rc);

	ASSERT_EQ(0, pci_unbind(&mate));
	if (variant->iommufd)
		ASSERT_EQ(0, vfio_group_unset_container(dev.group));
	EXPECT_EQ(viable, vfio_group_status(dev.group));
	EXPECT_EQ(0, vfio_group_set_container(dev.group, self->container));
	EXPECT_EQ(0, vfio_set_iommu(self->container, VFIO_TYPE1v2_IOMMU));
	dev.fd = vfio_group_device(dev.group, dev.pci.name);
	EXPECT_LE(0, dev.fd);
	/* And now the driver cannot have it */
	EXPECT_NE(0, pci_bind(&mate, PCI_DRIVER_STUB));
out:
	pci_unbind(&mate);
	vfio_dev_give_back(_metadata, &dev);
}

/* ---- Devices ---- */

TEST_F(container, no_device_without_an_iommu)
{
	int group = self->dev.group;

	EXPECT_EQ(-EINVAL, vfio_group_device(group, self->dev.pci.name));
	ASSERT_EQ(0, vfio_group_set_container(group, self->container));
	/* /dev/iommu is one already */
	self->dev.fd = vfio_group_device(group, self->dev.pci.name);
	EXPECT_EQ(variant->iommufd ? 0 : -EINVAL,
		  self->dev.fd < 0 ? self->dev.fd : 0);
}

TEST_F(container, no_device_of_an_unknown_name)
{
	enter(_metadata, self);
	EXPECT_EQ(-ENODEV, vfio_group_device(self->dev.group, "0000:00:00.0"));
	EXPECT_EQ(-ENODEV, vfio_group_device(self->dev.group, ""));
	EXPECT_EQ(-EFAULT, vfio_group_device(self->dev.group, NULL));
}

TEST_F(container, device_opened_twice)
{
	int second;

	start(_metadata, self);
	map_page(_metadata, self, 0, VFIO_MAP_RW);
	second = vfio_group_device(self->dev.group, self->dev.pci.name);
	ASSERT_LE(0, second);
	expect_dma_at(_metadata, &self->dev, IOVA(0), self->mem);
	close_fd(&self->dev.fd);
	self->dev.fd = second;
	expect_dma_at(_metadata, &self->dev, IOVA(0), self->mem);
}

TEST_F(container, device_keeps_the_group_in_its_container)
{
	start(_metadata, self);
	EXPECT_EQ(-EBUSY, vfio_group_unset_container(self->dev.group));
	munmap(self->dev.bar, self->dev.bar_size);
	self->dev.bar = NULL;
	close_fd(&self->dev.fd);
	EXPECT_EQ(0, vfio_group_unset_container(self->dev.group));
}

TEST_F(container, mmap_keeps_the_device_open)
{
	start(_metadata, self);
	map_page(_metadata, self, 0, VFIO_MAP_RW);
	close_fd(&self->dev.fd);
	EXPECT_EQ(-EBUSY, vfio_group_unset_container(self->dev.group));
	EXPECT_TRUE(edu_is_alive(&self->dev));
	expect_dma_at(_metadata, &self->dev, IOVA(0), self->mem);
}

/* ---- The end ---- */

/* Until the device is closed, it works; after that, the group is free */
TEST_F(container, closing_in_any_order)
{
	static const char orders[][4] = {
		"cgd", "cdg", "gcd", "gdc", "dcg", "dgc",
	};
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(orders); i++) {
		start(_metadata, self);
		map_page(_metadata, self, 0, VFIO_MAP_RW);
		for (j = 0; j < 3; j++) {
			if (orders[i][j] == 'd') {
				munmap(self->dev.bar,
				       self->dev.bar_size);
				self->dev.bar = NULL;
				close_fd(&self->dev.fd);
			} else if (orders[i][j] == 'c') {
				close_fd(&self->container);
			} else {
				close_fd(&self->dev.group);
			}
			if (self->dev.fd < 0)
				continue;
			expect_dma_at(_metadata, &self->dev, IOVA(0),
				      self->mem);
			EXPECT_EQ(-EBUSY, pci_open_group(&self->dev.pci));
		}
		EXPECT_EQ(self->locked_kb, locked_kb()) {
			TH_LOG("order %s", orders[i]);
		}
		self->container = open_container(_metadata, variant->path);
		vfio_dev_open_group(_metadata, &self->dev);
		EXPECT_EQ(VFIO_GROUP_FLAGS_VIABLE,
			  vfio_group_status(self->dev.group));
	}
}

/* The last device of the group leaves while the group is open */
TEST_F(container, group_without_devices_is_ENODEV)
{
	enter(_metadata, self);
	map_page(_metadata, self, 0, VFIO_MAP_RW);
	ASSERT_EQ(0, pci_unbind(&self->dev.pci));
	EXPECT_EQ(-ENODEV, vfio_group_status(self->dev.group));
	EXPECT_EQ(-ENODEV, vfio_group_device(self->dev.group,
					     self->dev.pci.name));
	close_fd(&self->dev.group);
	EXPECT_EQ(-ENOENT, pci_open_group(&self->dev.pci));

	ASSERT_EQ(0, pci_bind(&self->dev.pci, PCI_DRIVER_VFIO));
	vfio_dev_open_group(_metadata, &self->dev);
	EXPECT_EQ(VFIO_GROUP_FLAGS_VIABLE, vfio_group_status(self->dev.group));
}

/* The memory of a device is mapped like any other */
TEST_F(container, dma_to_the_memory_of_another_device)
{
	struct vfio_dev memory = {};
	struct pci_dev pci;

	if (!pci_list(PCI_ID_MEMORY, &pci, 1))
		SKIP(return, "no device with memory");
	start(_metadata, self);
	map_page(_metadata, self, 0, VFIO_MAP_RW);
	vfio_dev_take(_metadata, &memory, &pci);
	vfio_dev_open_group(_metadata, &memory);
	ASSERT_EQ(0, vfio_group_set_container(memory.group, self->container));
	vfio_dev_open_in_group(_metadata, &memory, memory.group);
	vfio_dev_find_config(_metadata, &memory);
	vfio_dev_enable(_metadata, &memory);
	vfio_dev_map_bar(_metadata, &memory, 2);
	ASSERT_EQ(0, vfio_map_dma(self->container, VFIO_MAP_RW,
				  memory.bar, SZ_4K, IOVA(1)));
	expect_dma(_metadata, &self->dev, IOVA(1), memory.bar, IOVA(0),
		   self->mem);
	EXPECT_EQ(0, vfio_unmap_dma(self->container, 0, IOVA(1), SZ_4K, NULL));
	vfio_dev_give_back(_metadata, &memory);
}

/* What one group maps, the devices of the other reach */
TEST_F(container, two_groups_in_one_container)
{
	struct vfio_dev second = {};

	vfio_dev_take_edu(_metadata, &second, EDU_ALONE, 1);
	start(_metadata, self);
	map_page(_metadata, self, 0, VFIO_MAP_RW);
	vfio_dev_open_group(_metadata, &second);
	ASSERT_EQ(0, vfio_group_set_container(second.group, self->container));
	vfio_dev_open_in_group(_metadata, &second, second.group);
	vfio_dev_start(_metadata, &second);
	map_page(_metadata, self, 1, VFIO_MAP_RW);
	expect_dma_at(_metadata, &second, IOVA(0), self->mem);
	expect_dma_at(_metadata, &second, IOVA(1), self->mem + SZ_4K);
	vfio_dev_close(&self->dev);
	expect_dma_at(_metadata, &second, IOVA(0), self->mem);
	vfio_dev_give_back(_metadata, &second);
}

TEST_HARNESS_MAIN
