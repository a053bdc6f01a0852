// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device opened by its file and bound: attach, replace, detach, and whether its
 * DMA goes where that says.
 */
#include "edu.h"

#define IOVA 0x100000ULL

FIXTURE(attach)
{
	struct rig rig;
	struct vfio_dev dev;
	char *mem;
};

FIXTURE_SETUP(attach)
{
	rig_open(_metadata, &self->rig);
	vfio_dev_take_edu(_metadata, &self->dev, EDU_ALONE, 0);
	vfio_dev_open_bound(_metadata, &self->dev, self->rig.fd);
	vfio_dev_start(_metadata, &self->dev);
	self->rig.ioas_id = rig_ioas(_metadata, &self->rig);
	self->mem = get_memory(_metadata, 2 * SZ_4K);
}

FIXTURE_TEARDOWN(attach)
{
	vfio_dev_give_back(_metadata, &self->dev);
	rig_close(_metadata, &self->rig);
}

/* The first page of mem, mapped and reached */
static void start(struct __test_metadata *_metadata,
		  struct _test_data_attach *self)
{
	rig_map(_metadata, &self->rig, self->mem, SZ_4K, IOVA, IOAS_MAP_RW);
	ASSERT_EQ(0, vfio_attach(self->dev.fd, self->rig.ioas_id, NULL));
	expect_dma_at(_metadata, &self->dev, IOVA, self->mem);
}

/* An IOAS that maps the second page at the same IOVA */
static __u32 other_ioas(struct __test_metadata *_metadata,
			struct _test_data_attach *self)
{
	__u32 ioas_id = rig_ioas(_metadata, &self->rig);

	EXPECT_EQ(0, ioas_map_fixed(self->rig.fd, ioas_id, self->mem + SZ_4K,
				    SZ_4K, IOVA, IOAS_MAP_RW));
	return ioas_id;
}

/* ---- Arguments ---- */

TEST_F(attach, bad_structs_are_EINVAL)
{
	struct vfio_device_attach_iommufd_pt attach = {
		.pt_id = self->rig.ioas_id,
	};
	struct vfio_device_detach_iommufd_pt detach = {};
	int fd = self->dev.fd;
	__u32 flag;

	for (; attach.argsz < sizeof(attach); attach.argsz++)
		EXPECT_EQ(-EINVAL, vfio_ioctl(fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT,
					      &attach));
	for (; detach.argsz < sizeof(detach); detach.argsz++)
		EXPECT_EQ(-EINVAL, vfio_ioctl(fd, VFIO_DEVICE_DETACH_IOMMUFD_PT,
					      &detach));
	for (flag = 1; flag; flag <<= 1) {
		attach.flags = flag;
		detach.flags = flag;
		EXPECT_EQ(-EINVAL, vfio_ioctl(fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT,
					      &attach));
		EXPECT_EQ(-EINVAL, vfio_ioctl(fd, VFIO_DEVICE_DETACH_IOMMUFD_PT,
					      &detach));
	}
	EXPECT_EQ(-EFAULT, vfio_ioctl(fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, NULL));
	EXPECT_EQ(-EFAULT, vfio_ioctl(fd, VFIO_DEVICE_DETACH_IOMMUFD_PT, NULL));
}

/* With such an ID a device that is attached stays where it is */
static void expect_bad_ids(struct __test_metadata *_metadata,
			   struct _test_data_attach *self)
{
	int fd = self->dev.fd;
	struct mock_dev mock;
	__u32 hwpt_id;

	mock = rig_device_on(_metadata, &self->rig, MOCK_IOMMU_FULL, 0, 0);
	hwpt_id = rig_hwpt(_metadata, &self->rig, mock.idev_id,
			   rig_ioas(_metadata, &self->rig), 0);
	EXPECT_EQ(-ENOENT, vfio_attach(fd, NO_SUCH_ID, NULL));
	EXPECT_EQ(-ENOENT, vfio_attach(fd, 0, NULL));
	EXPECT_EQ(-EINVAL, vfio_attach(fd, self->dev.id, NULL));
	EXPECT_EQ(-EINVAL, vfio_attach(fd, mock.idev_id, NULL));
	/* VMMs try each HWPT they have, and go on upon this error alone */
	EXPECT_EQ(-EINVAL, vfio_attach(fd, hwpt_id, NULL));
}

TEST_F(attach, bad_ids)
{
	expect_bad_ids(_metadata, self);
	start(_metadata, self);
}

TEST_F(attach, replace_that_fails_changes_nothing)
{
	start(_metadata, self);
	expect_bad_ids(_metadata, self);
	expect_dma_at(_metadata, &self->dev, IOVA, self->mem);
}

/* In the other IOAS something is where the platform's interrupts are */
TEST_F(attach, replace_onto_a_reserved_mapping_is_EADDRINUSE)
{
	__u32 ioas_id = other_ioas(_metadata, self);

	ASSERT_EQ(0, ioas_map_fixed(self->rig.fd, ioas_id, self->mem, SZ_4K,
				    0xfee00000, IOAS_MAP_RW));
	EXPECT_EQ(-EADDRINUSE, vfio_attach(self->dev.fd, ioas_id, NULL));
	start(_metadata, self);
	EXPECT_EQ(-EADDRINUSE, vfio_attach(self->dev.fd, ioas_id, NULL));
	expect_dma_at(_metadata, &self->dev, IOVA, self->mem);
}

/* ---- Attach ---- */

TEST_F(attach, dma_is_blocked_before)
{
	rig_map(_metadata, &self->rig, self->mem, SZ_4K, IOVA, IOAS_MAP_RW);
	expect_blocked_write(_metadata, &self->dev, IOVA, self->mem);
}

TEST_F(attach, to_an_ioas_makes_a_hwpt)
{
	__u32 hwpt_id = 0;

	rig_map(_metadata, &self->rig, self->mem, SZ_4K, IOVA, IOAS_MAP_RW);
	ASSERT_EQ(0, vfio_attach(self->dev.fd, self->rig.ioas_id, &hwpt_id));
	EXPECT_NE(self->rig.ioas_id, hwpt_id);
	EXPECT_EQ(-EBUSY, object_destroy(self->rig.fd, hwpt_id));
	EXPECT_EQ(-EBUSY, object_destroy(self->rig.fd, self->rig.ioas_id));
	expect_dma_at(_metadata, &self->dev, IOVA, self->mem);
	ASSERT_EQ(0, vfio_detach(self->dev.fd));
	EXPECT_EQ(-ENOENT, object_destroy(self->rig.fd, hwpt_id));
}

TEST_F(attach, to_a_hwpt)
{
	__u32 hwpt_id, out = 0;

	hwpt_id = rig_hwpt(_metadata, &self->rig, self->dev.id,
			   self->rig.ioas_id, 0);
	rig_map(_metadata, &self->rig, self->mem, SZ_4K, IOVA, IOAS_MAP_RW);
	ASSERT_EQ(0, vfio_attach(self->dev.fd, hwpt_id, &out));
	EXPECT_EQ(hwpt_id, out);
	expect_dma_at(_metadata, &self->dev, IOVA, self->mem);
	EXPECT_EQ(-EBUSY, object_destroy(self->rig.fd, hwpt_id));
	ASSERT_EQ(0, vfio_detach(self->dev.fd));
	rig_destroy(_metadata, &self->rig, hwpt_id);
}

TEST_F(attach, map_and_unmap_under_a_live_device)
{
	const __u64 next = IOVA + SZ_4K;
	char *mem = self->mem;

	start(_metadata, self);
	rig_map(_metadata, &self->rig, mem + SZ_4K, SZ_4K, next, IOAS_MAP_RW);
	expect_dma(_metadata, &self->dev, IOVA, mem, next, mem + SZ_4K);
	rig_unmap(_metadata, &self->rig, next, SZ_4K);
	expect_blocked_write(_metadata, &self->dev, next, mem + SZ_4K);
	expect_blocked_read(_metadata, &self->dev, next, mem + SZ_4K, IOVA, mem);
	expect_dma_at(_metadata, &self->dev, IOVA, mem);
}

/* The write comes first: QEMU says nothing of one that its IOTLB forbids */
TEST_F(attach, rights_bind_the_device)
{
	const __u64 next = IOVA + SZ_4K;
	char *mem = self->mem;

	start(_metadata, self);
	rig_map(_metadata, &self->rig, mem + SZ_4K, SZ_4K, next, IOAS_MAP_RO);
	expect_blocked_write(_metadata, &self->dev, next, mem + SZ_4K);
	expect_dma(_metadata, &self->dev, IOVA, mem, next, mem + SZ_4K);
}

/* What a HWPT maps is there also when it is made and attached afterwards */
TEST_F(attach, ends_of_the_address_space)
{
	struct iommu_iova_range ranges[8] = {};
	__u32 num = ARRAY_SIZE(ranges);
	__u64 last;

	start(_metadata, self);
	ASSERT_EQ(0, ioas_iova_ranges(self->rig.fd, self->rig.ioas_id, ranges,
				      &num, NULL));
	ASSERT_LE(2U, num);
	EXPECT_EQ(0ULL, ranges[0].start);
	EXPECT_EQ(0xfedfffffULL, ranges[0].last);
	EXPECT_EQ(0xfef00000ULL, ranges[1].start);
	last = ranges[num - 1].last + 1 - SZ_4K;
	rig_map(_metadata, &self->rig, self->mem + SZ_4K, SZ_4K, last,
		IOAS_MAP_RW);
	expect_dma_at(_metadata, &self->dev, last, self->mem + SZ_4K);
}

/* ---- Replace ---- */

TEST_F(attach, again_replaces)
{
	__u32 other = other_ioas(_metadata, self);
	__u32 first = 0, second = 0;

	start(_metadata, self);
	ASSERT_EQ(0, vfio_attach(self->dev.fd, self->rig.ioas_id, &first));
	ASSERT_EQ(0, vfio_attach(self->dev.fd, other, &second));
	EXPECT_NE(first, second);
	expect_dma_at(_metadata, &self->dev, IOVA, self->mem + SZ_4K);
	/* Nothing holds the first any more */
	EXPECT_EQ(-ENOENT, object_destroy(self->rig.fd, first));
	ASSERT_EQ(0, vfio_attach(self->dev.fd, self->rig.ioas_id, NULL));
	expect_dma_at(_metadata, &self->dev, IOVA, self->mem);
	rig_destroy(_metadata, &self->rig, other);
}

TEST_F(attach, replace_by_a_hwpt)
{
	__u32 other = other_ioas(_metadata, self);
	__u32 hwpt_id, out = 0;

	hwpt_id = rig_hwpt(_metadata, &self->rig, self->dev.id, other, 0);
	start(_metadata, self);
	ASSERT_EQ(0, vfio_attach(self->dev.fd, hwpt_id, &out));
	EXPECT_EQ(hwpt_id, out);
	expect_dma_at(_metadata, &self->dev, IOVA, self->mem + SZ_4K);
	ASSERT_EQ(0, vfio_attach(self->dev.fd, hwpt_id, &out));
	EXPECT_EQ(hwpt_id, out);
	expect_dma_at(_metadata, &self->dev, IOVA, self->mem + SZ_4K);
}

/* ---- Detach ---- */

TEST_F(attach, detached_dma_is_blocked)
{
	start(_metadata, self);
	ASSERT_EQ(0, vfio_detach(self->dev.fd));
	expect_blocked_write(_metadata, &self->dev, IOVA, self->mem);
	ASSERT_EQ(0, vfio_attach(self->dev.fd, self->rig.ioas_id, NULL));
	expect_dma_at(_metadata, &self->dev, IOVA, self->mem);
}

TEST_F(attach, detach_of_what_is_not_attached_succeeds)
{
	EXPECT_EQ(0, vfio_detach(self->dev.fd));
	start(_metadata, self);
	EXPECT_EQ(0, vfio_detach(self->dev.fd));
	EXPECT_EQ(0, vfio_detach(self->dev.fd));
	EXPECT_EQ(0, vfio_attach(self->dev.fd, self->rig.ioas_id, NULL));
	expect_dma_at(_metadata, &self->dev, IOVA, self->mem);
}

/* ---- Devices that share ---- */

FIXTURE(two)
{
	struct rig rig;
	struct vfio_dev dev[2];
	char *mem;
};

FIXTURE_VARIANT(two)
{
	enum edu_place place;
	bool one_group;
};

FIXTURE_VARIANT_ADD(two, groups)
{
	.place = EDU_ALONE,
};

FIXTURE_VARIANT_ADD(two, behind_a_bridge)
{
	.place = EDU_BRIDGE,
	.one_group = true,
};

FIXTURE_VARIANT_ADD(two, functions)
{
	.place = EDU_PAIR,
	.one_group = true,
};

FIXTURE_SETUP(two)
{
	int i;

	rig_open(_metadata, &self->rig);
	for (i = 0; i < 2; i++) {
		vfio_dev_take_edu(_metadata, &self->dev[i], variant->place, i);
		vfio_dev_open_bound(_metadata, &self->dev[i], self->rig.fd);
		vfio_dev_start(_metadata, &self->dev[i]);
	}
	self->rig.ioas_id = rig_ioas(_metadata, &self->rig);
	self->mem = get_memory(_metadata, 2 * SZ_4K);
	rig_map(_metadata, &self->rig, self->mem, SZ_4K, IOVA, IOAS_MAP_RW);
}

FIXTURE_TEARDOWN(two)
{
	vfio_dev_give_back(_metadata, &self->dev[0]);
	vfio_dev_give_back(_metadata, &self->dev[1]);
	rig_close(_metadata, &self->rig);
}

TEST_F(two, on_one_hwpt)
{
	struct vfio_dev *dev = self->dev;
	__u32 hwpt_id[2] = {};

	ASSERT_EQ(0, vfio_attach(dev[0].fd, self->rig.ioas_id, &hwpt_id[0]));
	ASSERT_EQ(0, vfio_attach(dev[1].fd, self->rig.ioas_id, &hwpt_id[1]));
	EXPECT_EQ(hwpt_id[0], hwpt_id[1]);
	expect_dma_at(_metadata, &dev[0], IOVA, self->mem);
	expect_dma_at(_metadata, &dev[1], IOVA, self->mem);
	ASSERT_EQ(0, vfio_detach(dev[0].fd));
	expect_dma_at(_metadata, &dev[1], IOVA, self->mem);
	ASSERT_EQ(0, vfio_detach(dev[1].fd));
	expect_blocked_write(_metadata, &dev[0], IOVA, self->mem);
	expect_blocked_write(_metadata, &dev[1], IOVA, self->mem);
}

TEST_F(two, one_closed_and_the_other_goes_on)
{
	struct vfio_dev *dev = self->dev;

	ASSERT_EQ(0, vfio_attach(dev[0].fd, self->rig.ioas_id, NULL));
	ASSERT_EQ(0, vfio_attach(dev[1].fd, self->rig.ioas_id, NULL));
	vfio_dev_close(&dev[0]);
	expect_dma_at(_metadata, &dev[1], IOVA, self->mem);
}

/* A group has one table: what moves one of its devices moves the other */
TEST_F(two, on_two_ioas)
{
	__u32 other = rig_ioas(_metadata, &self->rig);
	struct vfio_dev *dev = self->dev;
	char *mem = self->mem;

	ASSERT_EQ(0, ioas_map_fixed(self->rig.fd, other, mem + SZ_4K, SZ_4K,
				    IOVA, IOAS_MAP_RW));
	ASSERT_EQ(0, vfio_attach(dev[0].fd, self->rig.ioas_id, NULL));
	EXPECT_EQ(variant->one_group ? -EINVAL : 0,
		  vfio_attach(dev[1].fd, other, NULL));
	expect_dma_at(_metadata, &dev[0], IOVA, mem);
	if (!variant->one_group) {
		expect_dma_at(_metadata, &dev[1], IOVA, mem + SZ_4K);
		return;
	}
	ASSERT_EQ(0, vfio_attach(dev[1].fd, self->rig.ioas_id, NULL));
	ASSERT_EQ(0, vfio_attach(dev[1].fd, other, NULL));
	expect_dma_at(_metadata, &dev[0], IOVA, mem + SZ_4K);
	expect_dma_at(_metadata, &dev[1], IOVA, mem + SZ_4K);
}

TEST_HARNESS_MAIN
