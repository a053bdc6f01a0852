/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of type1's ioctls share: a compatibility IOAS of either version,
 * and devices on it.
 */
#ifndef __SELFTEST_IOMMU_VFIO_TYPE1_H
#define __SELFTEST_IOMMU_VFIO_TYPE1_H

#include "common.h"
#include "vfio_ioctls.h"

#define PAGES 16

/*
 * A window of PAGES pages from the aperture's first IOVA on, and as many pages of
 * memory for it
 */
FIXTURE(type1)
{
	struct rig rig;
	__u64 page;
	char *mem;
};

FIXTURE_VARIANT(type1)
{
	unsigned long type;
	bool no_device;
	bool second_hwpt;
	__u32 flags;
};

FIXTURE_VARIANT_ADD(type1, v1)
{
	.type = VFIO_TYPE1_IOMMU,
};

FIXTURE_VARIANT_ADD(type1, v1_no_device)
{
	.type = VFIO_TYPE1_IOMMU,
	.no_device = true,
};

FIXTURE_VARIANT_ADD(type1, v1_second_hwpt)
{
	.type = VFIO_TYPE1_IOMMU,
	.second_hwpt = true,
};

FIXTURE_VARIANT_ADD(type1, v1_huge_io_pages)
{
	.type = VFIO_TYPE1_IOMMU,
	.flags = MOCK_FLAGS_DEVICE_HUGE_IOVA,
};

FIXTURE_VARIANT_ADD(type1, v2)
{
	.type = VFIO_TYPE1v2_IOMMU,
};

FIXTURE_VARIANT_ADD(type1, v2_no_device)
{
	.type = VFIO_TYPE1v2_IOMMU,
	.no_device = true,
};

FIXTURE_VARIANT_ADD(type1, v2_huge_io_pages)
{
	.type = VFIO_TYPE1v2_IOMMU,
	.flags = MOCK_FLAGS_DEVICE_HUGE_IOVA,
};

FIXTURE_SETUP(type1)
{
	struct rig *rig = &self->rig;

	rig_open(_metadata, rig);
	rig->ioas_id = rig_ioas(_metadata, rig);
	if (!variant->no_device) {
		ASSERT_EQ(0, mock_device_flags(rig->fd, rig->ioas_id,
					       variant->flags, &rig->dev));
		rig_keep(_metadata, rig, rig->dev.stdev_id);
	}
	if (variant->second_hwpt)
		rig_hwpt(_metadata, rig, rig->dev.idev_id, rig->ioas_id, 0);
	ASSERT_EQ(0, vfio_ioas_set(rig->fd, rig->ioas_id));
	ASSERT_EQ(0, vfio_set_iommu(rig->fd, variant->type));
	self->page = page_size();
	self->mem = get_memory(_metadata, PAGES * self->page);
}

FIXTURE_TEARDOWN(type1)
{
	EXPECT_EQ(0, vfio_ioas_clear(self->rig.fd));
	rig_close(_metadata, &self->rig);
}

static inline int map_pages(const struct _test_data_type1 *self,
			    unsigned int first, unsigned int count)
{
	return vfio_map_dma(self->rig.fd, VFIO_MAP_RW,
			    self->mem + first * self->page, count * self->page,
			    APERTURE_FIRST + first * self->page);
}

static inline int unmap_pages(const struct _test_data_type1 *self,
			      unsigned int first, unsigned int count,
			      __u64 *unmapped)
{
	return vfio_unmap_dma(self->rig.fd, 0,
			      APERTURE_FIRST + first * self->page,
			      count * self->page, unmapped);
}

/* The device reaches page i, and it alone is pinned for it, if bit i is set */
static inline void expect_mapped(struct __test_metadata *_metadata,
				 const struct _test_data_type1 *self,
				 __u32 mapped)
{
	const struct rig *rig = &self->rig;
	unsigned int i;

	for (i = 0; i < PAGES && rig->dev.stdev_id; i++) {
		char *mem = self->mem + i * self->page;
		bool is = mapped >> i & 1;

		set_u64(mem, 0x600d + i);
		EXPECT_EQ(is ? 0x600dULL + i : DMA_UNMAPPED,
			  dma_peek(rig->fd, rig->dev.stdev_id,
				   APERTURE_FIRST + i * self->page)) {
			TH_LOG("page %u", i);
		}
		EXPECT_EQ(0, mock_check_refs(rig->fd, mem, self->page, is)) {
			TH_LOG("page %u", i);
		}
	}
}

#endif
