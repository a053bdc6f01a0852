// SPDX-License-Identifier: GPL-2.0-only
/*
 * What QEMU's iommufd backend asks of the kernel, call by call: it shares HWPTs
 * between devices by trying each it has, and takes one errno for "try the next".
 */
#include "edu.h"

/* Above 4 GiB, as a guest's second half is */
#define RAM_HIGH	0x100000000ULL
#define RAM_SIZE	(16 * SZ_4K)
#define HALF		0x8000000000000000ULL

#define MAX_HWPTS	8

FIXTURE(vmm)
{
	struct rig rig;
	/* All there are, to be tried for each new device */
	__u32 hwpts[MAX_HWPTS];
	unsigned int nr_hwpts;
	struct vfio_dev dev[2];
	char *ram;
};

FIXTURE_SETUP(vmm)
{
	struct rig *rig = &self->rig;
	struct mock_dev mock;
	int i;

	for (i = 0; i < 2; i++)
		vfio_dev_take_edu(_metadata, &self->dev[i], EDU_ALONE, i);
	self->ram = get_memory(_metadata, RAM_SIZE);
	rig_open(_metadata, rig);
	rig->ioas_id = rig_ioas(_metadata, rig);
	/* A device behind another IOMMU came first, with a container of its own */
	mock = rig_device_on(_metadata, rig, MOCK_IOMMU_FULL, 0, 0);
	self->hwpts[self->nr_hwpts++] = rig_hwpt(_metadata, rig, mock.idev_id,
						 rig_ioas(_metadata, rig), 0);
}

FIXTURE_TEARDOWN(vmm)
{
	vfio_dev_give_back(_metadata, &self->dev[0]);
	vfio_dev_give_back(_metadata, &self->dev[1]);
	rig_close(_metadata, &self->rig);
}

/* Returns the index of the HWPT in self->hwpts */
static unsigned int attach_device(struct __test_metadata *_metadata,
				  struct _test_data_vmm *self,
				  struct vfio_dev *dev)
{
	struct rig *rig = &self->rig;
	struct iommu_hw_info info;
	unsigned int i;
	__u32 hwpt_id;
	int rc;

	for (i = 0; i < self->nr_hwpts; i++) {
		hwpt_id = self->hwpts[i];
		rc = vfio_attach(dev->fd, hwpt_id, &hwpt_id);
		if (!rc)
			return i;
		/* Any other errno, and QEMU gives up */
		EXPECT_EQ(-EINVAL, rc);
	}
	EXPECT_EQ(0, hw_info(rig->fd, dev->id, NULL, 0, &info));
	hwpt_id = rig_hwpt(_metadata, rig, dev->id, rig->ioas_id, 0);
	EXPECT_EQ(0, vfio_attach(dev->fd, hwpt_id, NULL));
	self->hwpts[self->nr_hwpts++] = hwpt_id;
	return i;
}

static void realize_device(struct __test_metadata *_metadata,
			   struct _test_data_vmm *self, struct vfio_dev *dev)
{
	struct vfio_device_info device;
	struct vfio_region_info region;
	struct vfio_irq_info irq;
	unsigned int i;

	ASSERT_EQ(0, vfio_device_info(dev->fd, &device));
	ASSERT_TRUE(device.flags & VFIO_DEVICE_FLAGS_PCI);
	ASSERT_LE((__u32)VFIO_PCI_CONFIG_REGION_INDEX + 1, device.num_regions);
	ASSERT_LE((__u32)VFIO_PCI_MSIX_IRQ_INDEX + 1, device.num_irqs);
	for (i = 0; i <= VFIO_PCI_CONFIG_REGION_INDEX; i++)
		EXPECT_EQ(0, vfio_region_info(dev->fd, i, &region));
	EXPECT_EQ(0, vfio_irq_info(dev->fd, VFIO_PCI_MSI_IRQ_INDEX, &irq));
	EXPECT_EQ(1U, irq.count);
	EXPECT_EQ(0, vfio_irq_info(dev->fd, VFIO_PCI_REQ_IRQ_INDEX, &irq));
	EXPECT_EQ(1U, irq.count);
	vfio_dev_start(_metadata, dev);
}

static void query_ranges(struct __test_metadata *_metadata,
			 struct _test_data_vmm *self)
{
	struct iommu_iova_range *ranges;
	__u64 align = 0;
	__u32 num = 0;

	ASSERT_EQ(-EMSGSIZE, ioas_iova_ranges(self->rig.fd, self->rig.ioas_id,
					      NULL, &num, NULL));
	ASSERT_LT(0U, num);
	ranges = calloc(num, sizeof(*ranges));
	ASSERT_NE(NULL, ranges);
	ASSERT_EQ(0, ioas_iova_ranges(self->rig.fd, self->rig.ioas_id, ranges,
				      &num, &align));
	EXPECT_LE(1ULL, align);
	EXPECT_GE(SZ_4K, align);
	EXPECT_LT(ranges[0].start, ranges[0].last);
	free(ranges);
}

static void map_ram(struct __test_metadata *_metadata,
		    struct _test_data_vmm *self)
{
	rig_map(_metadata, &self->rig, self->ram, RAM_SIZE, RAM_HIGH,
		IOAS_MAP_RW);
}

/* All there may be is more than a length can say, so it takes two calls */
static void unmap_all(struct __test_metadata *_metadata,
		      struct _test_data_vmm *self)
{
	__u64 unmapped = 0;
	int rc;

	ASSERT_EQ(0, ioas_unmap(self->rig.fd, self->rig.ioas_id, 0, HALF,
				&unmapped));
	EXPECT_EQ(self->rig.mapped, unmapped);
	self->rig.mapped = 0;
	rc = ioas_unmap(self->rig.fd, self->rig.ioas_id, HALF, HALF, &unmapped);
	EXPECT_EQ(-ENOENT, rc);
	EXPECT_EQ(-ENOENT, ioas_unmap(self->rig.fd, self->rig.ioas_id, 0, HALF,
				      &unmapped));
}

TEST_F(vmm, device_from_realize_to_exit)
{
	struct vfio_dev *dev = &self->dev[0];
	struct rig *rig = &self->rig;
	struct hot_reset_info info;
	unsigned int hwpt;

	vfio_dev_open_bound(_metadata, dev, rig->fd);
	hwpt = attach_device(_metadata, self, dev);
	EXPECT_EQ(1U, hwpt);
	query_ranges(_metadata, self);
	realize_device(_metadata, self, dev);
	map_ram(_metadata, self);
	expect_dma_at(_metadata, dev, RAM_HIGH, self->ram);

	/* The guest is reset */
	ASSERT_EQ(0, vfio_hot_reset_info(dev->fd, &info));
	EXPECT_EQ(VFIO_PCI_HOT_RESET_FLAG_DEV_ID |
		  VFIO_PCI_HOT_RESET_FLAG_DEV_ID_OWNED, (int)info.head.flags);
	EXPECT_EQ(0, vfio_hot_reset(dev->fd, NULL, 0));
	vfio_dev_enable(_metadata, dev);
	expect_dma_at(_metadata, dev, RAM_HIGH, self->ram);

	/* And ends */
	unmap_all(_metadata, self);
	ASSERT_EQ(0, vfio_detach(dev->fd));
	rig_destroy(_metadata, rig, self->hwpts[hwpt]);
	vfio_dev_close(dev);
}

TEST_F(vmm, devices_share_a_hwpt)
{
	struct vfio_dev *dev = self->dev;

	vfio_dev_open_bound(_metadata, &dev[0], self->rig.fd);
	EXPECT_EQ(1U, attach_device(_metadata, self, &dev[0]));
	map_ram(_metadata, self);
	/* Hotplug */
	vfio_dev_open_bound(_metadata, &dev[1], self->rig.fd);
	EXPECT_EQ(1U, attach_device(_metadata, self, &dev[1]));
	realize_device(_metadata, self, &dev[0]);
	realize_device(_metadata, self, &dev[1]);
	expect_dma_at(_metadata, &dev[0], RAM_HIGH, self->ram);
	expect_dma_at(_metadata, &dev[1], RAM_HIGH, self->ram);
	/* Hot-unplug */
	ASSERT_EQ(0, vfio_detach(dev[0].fd));
	EXPECT_EQ(-EBUSY, object_destroy(self->rig.fd, self->hwpts[1]));
	vfio_dev_close(&dev[0]);
	expect_dma_at(_metadata, &dev[1], RAM_HIGH, self->ram);
}

/* QEMU takes ENOENT for success */
TEST_F(vmm, unmap_of_nothing_is_ENOENT)
{
	struct vfio_dev *dev = self->dev;

	vfio_dev_open_bound(_metadata, &dev[0], self->rig.fd);
	attach_device(_metadata, self, &dev[0]);
	EXPECT_EQ(-ENOENT, ioas_unmap(self->rig.fd, self->rig.ioas_id, RAM_HIGH,
				      RAM_SIZE, NULL));
	map_ram(_metadata, self);
	rig_unmap(_metadata, &self->rig, RAM_HIGH, RAM_SIZE);
	EXPECT_EQ(-ENOENT, ioas_unmap(self->rig.fd, self->rig.ioas_id, RAM_HIGH,
				      RAM_SIZE, NULL));
}

TEST_HARNESS_MAIN
