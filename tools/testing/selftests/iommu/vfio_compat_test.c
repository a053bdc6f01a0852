// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/iommu in the place of a VFIO container: which IOAS stands for it, and what
 * its ioctls say without one.
 */
#include "common.h"
#include "vfio_ioctls.h"

FIXTURE(compat)
{
	struct rig rig;
	__u64 page;
	char *mem;
};

FIXTURE_SETUP(compat)
{
	rig_open(_metadata, &self->rig);
	self->page = page_size();
	self->mem = get_memory(_metadata, 2 * self->page);
}

FIXTURE_TEARDOWN(compat)
{
	EXPECT_EQ(0, vfio_ioas_clear(self->rig.fd));
	rig_close(_metadata, &self->rig);
}

TEST_F(compat, api_version)
{
	EXPECT_EQ(VFIO_API_VERSION, vfio_api_version(self->rig.fd));
}

TEST_F(compat, extensions)
{
	unsigned long extension, all = ~0UL;
	int fd = self->rig.fd;

	for (extension = 0; extension < 64; extension++) {
		bool known = extension == VFIO_TYPE1_IOMMU ||
			     extension == VFIO_TYPE1v2_IOMMU ||
			     extension == VFIO_UNMAP_ALL;

		/* It depends on the domains of the IOAS */
		if (extension == VFIO_DMA_CC_IOMMU)
			continue;
		EXPECT_EQ(known, vfio_check_extension(fd, extension)) {
			TH_LOG("extension %lu", extension);
		}
	}
	EXPECT_EQ(0, vfio_check_extension(fd, all));
	EXPECT_EQ(0, vfio_check_extension(fd, all - 1));
}

TEST_F(compat, coherent_only_if_every_domain_sees_to_it)
{
	struct rig *rig = &self->rig;
	__u32 ioas_id = rig_ioas(_metadata, rig);
	struct mock_dev dev = {}, coherent = {};

	EXPECT_EQ(-ENODEV, vfio_check_extension(rig->fd, VFIO_DMA_CC_IOMMU));
	ASSERT_EQ(0, vfio_ioas_set(rig->fd, ioas_id));
	EXPECT_EQ(1, vfio_check_extension(rig->fd, VFIO_DMA_CC_IOMMU));
	ASSERT_EQ(0, mock_device(rig->fd, ioas_id, &dev));
	rig_keep(_metadata, rig, dev.stdev_id);
	EXPECT_EQ(0, vfio_check_extension(rig->fd, VFIO_DMA_CC_IOMMU));
	ASSERT_EQ(0, mock_detach(rig->fd, dev.stdev_id));
	EXPECT_EQ(1, vfio_check_extension(rig->fd, VFIO_DMA_CC_IOMMU));

	ASSERT_EQ(0, mock_device_create(rig->fd, MOCK_IOMMU_FULL, 0, ioas_id,
					MOCK_DEV_COHERENT, &coherent));
	rig_keep(_metadata, rig, coherent.stdev_id);
	EXPECT_EQ(1, vfio_check_extension(rig->fd, VFIO_DMA_CC_IOMMU));
}

TEST_F(compat, other_numbers_are_ENOTTY)
{
	__u32 arg[16] = { sizeof(arg) };
	unsigned int nr;

	for (nr = 0; nr < IOMMUFD_CMD_BASE; nr++) {
		if (nr == _IOC_NR(VFIO_GET_API_VERSION) ||
		    nr == _IOC_NR(VFIO_CHECK_EXTENSION) ||
		    nr == _IOC_NR(VFIO_SET_IOMMU) ||
		    nr == _IOC_NR(VFIO_IOMMU_GET_INFO) ||
		    nr == _IOC_NR(VFIO_IOMMU_MAP_DMA) ||
		    nr == _IOC_NR(VFIO_IOMMU_UNMAP_DMA))
			continue;
		EXPECT_EQ(-ENOTTY, iommufd_ioctl(self->rig.fd,
						 _IO(VFIO_TYPE, nr), arg)) {
			TH_LOG("number %u", nr);
		}
	}
	/* The numbers of other types and directions */
	EXPECT_EQ(-ENOTTY, iommufd_ioctl(self->rig.fd, _IO('<', VFIO_BASE),
					 arg));
	EXPECT_EQ(-ENOTTY, iommufd_ioctl(self->rig.fd,
					 _IOR(VFIO_TYPE, VFIO_BASE, __u32),
					 arg));
}

TEST_F(compat, without_an_ioas_is_ENODEV)
{
	struct vfio_iommu_type1_info info = { .argsz = sizeof(info) };
	int fd = self->rig.fd;
	__u64 unmapped = 0;
	__u32 id = 77;

	/* One that nobody has chosen does not count */
	rig_ioas(_metadata, &self->rig);
	EXPECT_EQ(-ENODEV, vfio_ioas_get(fd, &id));
	EXPECT_EQ(77U, id);
	EXPECT_EQ(-ENODEV, vfio_set_iommu(fd, VFIO_TYPE1_IOMMU));
	EXPECT_EQ(-ENODEV, vfio_set_iommu(fd, VFIO_TYPE1v2_IOMMU));
	EXPECT_EQ(-ENODEV, vfio_get_info(fd, &info));
	EXPECT_EQ(-ENODEV, vfio_map_dma(fd, VFIO_MAP_RW, self->mem, self->page,
					APERTURE_FIRST));
	EXPECT_EQ(-ENODEV, vfio_unmap_dma(fd, 0, APERTURE_FIRST, self->page,
					  &unmapped));
	EXPECT_EQ(self->page, unmapped);
	EXPECT_EQ(-ENODEV, vfio_unmap_all(fd, NULL));
}

TEST_F(compat, bad_arguments_are_seen_before_a_missing_ioas)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = 1,
		.iova = APERTURE_FIRST,
		.size = self->page,
	};
	struct vfio_iommu_type1_dma_map map = { .argsz = 1 };
	struct vfio_iommu_type1_info info = { .argsz = 1 };
	int fd = self->rig.fd;

	EXPECT_EQ(-EINVAL, vfio_get_info(fd, &info));
	EXPECT_EQ(-EINVAL, iommufd_ioctl(fd, VFIO_IOMMU_MAP_DMA, &map));
	EXPECT_EQ(-EINVAL, iommufd_ioctl(fd, VFIO_IOMMU_UNMAP_DMA, &unmap));
	EXPECT_EQ(-EINVAL, vfio_map_dma(fd, 1U << 31, self->mem, self->page,
					APERTURE_FIRST));
	EXPECT_EQ(-EINVAL, vfio_map_dma(fd, 0, self->mem, self->page,
					APERTURE_FIRST));
	EXPECT_EQ(-EINVAL, vfio_unmap_dma(fd, 1U << 31, APERTURE_FIRST,
					  self->page, NULL));
	EXPECT_EQ(-EINVAL, vfio_unmap_dma(fd, VFIO_DMA_UNMAP_FLAG_ALL, 0,
					  self->page, NULL));
}

TEST_F(compat, set_get_clear)
{
	struct rig *rig = &self->rig;
	__u32 a = rig_ioas(_metadata, rig), b = rig_ioas(_metadata, rig);
	__u32 id = 0;

	ASSERT_EQ(0, vfio_ioas_set(rig->fd, a));
	EXPECT_EQ(0, vfio_ioas_get(rig->fd, &id));
	EXPECT_EQ(a, id);
	EXPECT_EQ(0, vfio_ioas_set(rig->fd, b));
	EXPECT_EQ(0, vfio_ioas_get(rig->fd, &id));
	EXPECT_EQ(b, id);
	/* The same again */
	EXPECT_EQ(0, vfio_ioas_set(rig->fd, b));
	EXPECT_EQ(0, vfio_ioas_get(rig->fd, &id));
	EXPECT_EQ(b, id);
	EXPECT_EQ(0, vfio_ioas_clear(rig->fd));
	EXPECT_EQ(-ENODEV, vfio_ioas_get(rig->fd, &id));
	EXPECT_EQ(0, vfio_ioas_clear(rig->fd));
}

TEST_F(compat, set_to_no_ioas_is_ENOENT_and_changes_nothing)
{
	struct rig *rig = &self->rig;
	__u32 ioas_id = rig_ioas(_metadata, rig), id = 0;
	struct mock_dev dev = rig_device(_metadata, rig, ioas_id);
	const __u32 bad[] = { 0, NO_SUCH_ID, dev.stdev_id, dev.idev_id,
			      dev.hwpt_id };
	unsigned int i;

	ASSERT_EQ(0, vfio_ioas_set(rig->fd, ioas_id));
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-ENOENT, vfio_ioas_set(rig->fd, bad[i])) {
			TH_LOG("case %u", i);
		}
	}
	EXPECT_EQ(0, vfio_ioas_get(rig->fd, &id));
	EXPECT_EQ(ioas_id, id);
}

TEST_F(compat, unknown_op_or_reserved_bits_are_EOPNOTSUPP)
{
	struct rig *rig = &self->rig;
	struct iommu_vfio_ioas arg = {
		.size = sizeof(arg),
		.ioas_id = rig_ioas(_metadata, rig),
	};
	unsigned int op, bit;
	__u32 id = 0;

	ASSERT_EQ(0, vfio_ioas_set(rig->fd, arg.ioas_id));
	for (op = IOMMU_VFIO_IOAS_CLEAR + 1; op < 0x10000; op = op * 2 - 1) {
		arg.op = op;
		EXPECT_EQ(-EOPNOTSUPP, iommufd_ioctl(rig->fd, IOMMU_VFIO_IOAS,
						     &arg)) {
			TH_LOG("op %u", op);
		}
	}
	for (op = 0; op <= IOMMU_VFIO_IOAS_CLEAR; op++) {
		for (bit = 0; bit < 16; bit++) {
			arg.op = op;
			arg.__reserved = 1 << bit;
			EXPECT_EQ(-EOPNOTSUPP, iommufd_ioctl(rig->fd,
							     IOMMU_VFIO_IOAS,
							     &arg));
		}
	}
	EXPECT_EQ(0, vfio_ioas_get(rig->fd, &id));
	EXPECT_EQ(arg.ioas_id, id);
}

TEST_F(compat, get_into_read_only_memory_is_EFAULT)
{
	struct iommu_vfio_ioas *arg = (void *)self->mem;

	ASSERT_EQ(0, vfio_ioas_set(self->rig.fd,
				   rig_ioas(_metadata, &self->rig)));
	arg->size = sizeof(*arg);
	arg->op = IOMMU_VFIO_IOAS_GET;
	ASSERT_EQ(0, mprotect(arg, self->page, PROT_READ));
	EXPECT_EQ(-EFAULT, iommufd_ioctl(self->rig.fd, IOMMU_VFIO_IOAS, arg));
}

TEST_F(compat, ioas_is_in_use_while_it_is_chosen)
{
	struct rig *rig = &self->rig;
	__u32 a = rig_ioas(_metadata, rig), b = rig_ioas(_metadata, rig);

	ASSERT_EQ(0, vfio_ioas_set(rig->fd, a));
	EXPECT_EQ(-EBUSY, object_destroy(rig->fd, a));
	/* Chosen twice is to be in use once */
	ASSERT_EQ(0, vfio_ioas_set(rig->fd, a));
	EXPECT_EQ(-EBUSY, object_destroy(rig->fd, a));
	ASSERT_EQ(0, vfio_ioas_set(rig->fd, b));
	EXPECT_EQ(-EBUSY, object_destroy(rig->fd, b));
	rig_destroy(_metadata, rig, a);
	ASSERT_EQ(0, vfio_ioas_clear(rig->fd));
	rig_destroy(_metadata, rig, b);
	EXPECT_EQ(-ENODEV, vfio_ioas_get(rig->fd, NULL));
}

TEST_F(compat, file_closed_with_an_ioas_chosen_and_mapped)
{
	__u32 ioas_id = 0;
	int fd = iommufd_open();

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, ioas_alloc(fd, &ioas_id));
	ASSERT_EQ(0, mock_device(fd, ioas_id, NULL));
	ASSERT_EQ(0, vfio_ioas_set(fd, ioas_id));
	ASSERT_EQ(0, vfio_map_dma(fd, VFIO_MAP_RW, self->mem, self->page,
				  APERTURE_FIRST));
	EXPECT_EQ(0, mock_check_refs(self->rig.fd, self->mem, self->page, 1));
	ASSERT_EQ(0, close(fd));
	EXPECT_EQ(0, mock_check_refs(self->rig.fd, self->mem, self->page, 0));
}

TEST_F(compat, mappings_stay_with_the_ioas)
{
	struct rig *rig = &self->rig;
	__u32 a = rig_ioas(_metadata, rig), b = rig_ioas(_metadata, rig);
	struct mock_dev dev = rig_device(_metadata, rig, a);
	__u64 unmapped = 1;

	set_u64(self->mem, 5);
	ASSERT_EQ(0, vfio_ioas_set(rig->fd, a));
	ASSERT_EQ(0, vfio_map_dma(rig->fd, VFIO_MAP_RW, self->mem, self->page,
				  APERTURE_FIRST));
	ASSERT_EQ(0, vfio_ioas_set(rig->fd, b));
	EXPECT_EQ(0, vfio_unmap_all(rig->fd, &unmapped));
	EXPECT_EQ(0ULL, unmapped);
	EXPECT_EQ(5ULL, dma_peek(rig->fd, dev.stdev_id, APERTURE_FIRST));
	ASSERT_EQ(0, vfio_ioas_clear(rig->fd));
	EXPECT_EQ(5ULL, dma_peek(rig->fd, dev.stdev_id, APERTURE_FIRST));
	ASSERT_EQ(0, vfio_ioas_set(rig->fd, a));
	EXPECT_EQ(0, vfio_unmap_all(rig->fd, &unmapped));
	EXPECT_EQ(self->page, unmapped);
	EXPECT_EQ(DMA_UNMAPPED, dma_peek(rig->fd, dev.stdev_id,
					 APERTURE_FIRST));
}

TEST_F(compat, type_stays_with_the_ioas)
{
	struct rig *rig = &self->rig;
	__u32 a = rig_ioas(_metadata, rig), b = rig_ioas(_metadata, rig);
	__u32 ids[] = { a, b };
	unsigned int i;

	ASSERT_EQ(0, vfio_ioas_set(rig->fd, a));
	ASSERT_EQ(0, vfio_set_iommu(rig->fd, VFIO_TYPE1_IOMMU));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, vfio_ioas_set(rig->fd, ids[i]));
		ASSERT_EQ(0, vfio_map_dma(rig->fd, VFIO_MAP_RW, self->mem,
					  2 * self->page, APERTURE_FIRST));
	}
	/* b has no type yet, and is like type1v2 */
	EXPECT_EQ(-ENOENT, vfio_unmap_dma(rig->fd, 0, APERTURE_FIRST,
					  self->page, NULL));
	ASSERT_EQ(0, vfio_ioas_set(rig->fd, a));
	EXPECT_EQ(0, vfio_unmap_dma(rig->fd, 0, APERTURE_FIRST, self->page,
				    NULL));
}

TEST_HARNESS_MAIN
