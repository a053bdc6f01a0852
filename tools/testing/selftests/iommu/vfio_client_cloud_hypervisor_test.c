// SPDX-License-Identifier: GPL-2.0-only
/*
 * What Cloud Hypervisor asks of the kernel, call by call: one IOAS, to which each
 * device is attached as it is, and no HWPT that the VMM knows of.
 */
#include "edu.h"

#define GUEST_RAM	0x100000000ULL
#define RAM_SIZE	(16 * SZ_4K)

FIXTURE(vmm)
{
	struct rig rig;
	struct vfio_dev dev[2];
	char *ram;
};

FIXTURE_SETUP(vmm)
{
	vfio_dev_take_edu(_metadata, &self->dev[0], EDU_ALONE, 0);
	vfio_dev_take_edu(_metadata, &self->dev[1], EDU_ALONE, 1);
	rig_open(_metadata, &self->rig);
	self->rig.ioas_id = rig_ioas(_metadata, &self->rig);
	self->ram = get_memory(_metadata, RAM_SIZE);
}

FIXTURE_TEARDOWN(vmm)
{
	vfio_dev_give_back(_metadata, &self->dev[0]);
	vfio_dev_give_back(_metadata, &self->dev[1]);
	rig_close(_metadata, &self->rig);
}

static void plug(struct __test_metadata *_metadata, struct _test_data_vmm *self,
		 struct vfio_dev *dev)
{
	__u32 pt_id = 0;

	vfio_dev_open_bound(_metadata, dev, self->rig.fd);
	ASSERT_EQ(0, vfio_attach(dev->fd, self->rig.ioas_id, &pt_id));
	ASSERT_NE(0U, pt_id);
	vfio_dev_start(_metadata, dev);
}

static void unplug(struct __test_metadata *_metadata, struct vfio_dev *dev)
{
	ASSERT_EQ(0, vfio_detach(dev->fd));
	vfio_dev_close(dev);
}

static void map_ram(struct __test_metadata *_metadata,
		    struct _test_data_vmm *self)
{
	rig_map(_metadata, &self->rig, self->ram, RAM_SIZE, GUEST_RAM,
		IOAS_MAP_RW);
}

TEST_F(vmm, device_from_boot_to_shutdown)
{
	struct vfio_dev *dev = &self->dev[0];
	const __u64 end = RAM_SIZE - SZ_4K;

	plug(_metadata, self, dev);
	map_ram(_metadata, self);
	expect_dma(_metadata, dev, GUEST_RAM + end, self->ram + end, GUEST_RAM,
		   self->ram);
	rig_unmap(_metadata, &self->rig, GUEST_RAM, RAM_SIZE);
	expect_blocked_write(_metadata, dev, GUEST_RAM, self->ram);
	unplug(_metadata, dev);
	rig_destroy(_metadata, &self->rig, self->rig.ioas_id);
}

/* Memory that is mapped already is there for a device plugged later */
TEST_F(vmm, device_is_hotplugged)
{
	struct vfio_dev *dev = self->dev;

	map_ram(_metadata, self);
	plug(_metadata, self, &dev[0]);
	plug(_metadata, self, &dev[1]);
	expect_dma_at(_metadata, &dev[0], GUEST_RAM, self->ram);
	expect_dma_at(_metadata, &dev[1], GUEST_RAM, self->ram);
	unplug(_metadata, &dev[0]);
	expect_dma_at(_metadata, &dev[1], GUEST_RAM, self->ram);
	plug(_metadata, self, &dev[0]);
	expect_dma_at(_metadata, &dev[0], GUEST_RAM, self->ram);
}

/* A guest's own IOMMU is shown by mapping page by page */
TEST_F(vmm, guest_maps_and_unmaps_pages)
{
	struct vfio_dev *dev = &self->dev[0];
	__u64 iova = 0x10000;
	unsigned int i;

	plug(_metadata, self, dev);
	for (i = 0; i < 3; i++) {
		char *page = self->ram + i * SZ_4K;

		rig_map(_metadata, &self->rig, page, SZ_4K, iova, IOAS_MAP_RW);
		expect_dma_at(_metadata, dev, iova, page);
		rig_unmap(_metadata, &self->rig, iova, SZ_4K);
	}
	expect_blocked_write(_metadata, dev, iova, self->ram);
}

TEST_HARNESS_MAIN
