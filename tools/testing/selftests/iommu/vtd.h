/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest with a VT-d of its own: a PCI device whose DMA goes through a stage-1 table
 * in the guest's memory (see guest.h), and through stage 2 to ours.
 *
 * The parent is not attached to anything itself.
 */
#ifndef __SELFTEST_IOMMU_VTD_H
#define __SELFTEST_IOMMU_VTD_H

#include "dma_dev.h"
#include "guest.h"

/* Of the capability registers (VT-d spec sections 11.4.2 and 11.4.3) */
#define VTD_CAP_FL5LP		(1ULL << 60)
#define VTD_CAP_CM		(1ULL << 7)
#define VTD_ECAP_SMPWC		(1ULL << 48)
#define VTD_ECAP_SLADS		(1ULL << 45)
#define VTD_ECAP_SMTS		(1ULL << 43)
#define VTD_ECAP_EAFS		(1ULL << 34)
#define VTD_ECAP_SRS		(1ULL << 31)
#define VTD_ECAP_NEST		(1ULL << 26)

/**
 * struct vtd - a guest and its device
 * @guest: The guest; its rig.dev is not used
 * @dev: The device, attached to guest.hwpt
 * @info: What its IOMMU can do
 * @ats: How it does DMA: 0, or DMA_TEST_BY_ATS
 */
struct vtd {
	struct guest guest;
	struct vfio_dev dev;
	struct iommu_hw_info_vtd info;
	__u32 ats;
};

/* Dirty bits of stage 2 that the CPU sees */
static inline bool vtd_tracks_dirty(const struct vtd *vtd)
{
	return vtd->info.ecap_reg & VTD_ECAP_SLADS &&
	       vtd->info.ecap_reg & VTD_ECAP_SMPWC;
}

/* ---- HWPTs ---- */

static inline int vtd_hwpt_alloc(const struct vtd *vtd, __u32 dev_id,
				 const struct iommu_hwpt_vtd_s1 *s1, __u32 *id)
{
	return hwpt_alloc_nested(vtd->guest.rig.fd, dev_id,
				 vtd->guest.rig.parent_id,
				 IOMMU_HWPT_DATA_VTD_S1, s1, sizeof(*s1), id);
}

/* A nested HWPT for the table at a guest-physical address */
static inline __u32 vtd_hwpt(struct __test_metadata *_metadata, struct vtd *vtd,
			     __u32 dev_id, __u64 root)
{
	struct iommu_hwpt_vtd_s1 s1 = {
		.pgtbl_addr = root,
		.addr_width = 48,
	};
	__u32 id = 0;

	ASSERT_EQ(0, vtd_hwpt_alloc(vtd, dev_id, &s1, &id));
	rig_keep(_metadata, &vtd->guest.rig, id);
	return id;
}

/* ---- The guest ---- */

/* Another device of the guest, bound and attached to nothing */
static inline void vtd_add_device(struct __test_metadata *_metadata,
				  const struct vtd *vtd, struct vfio_dev *dev,
				  unsigned int nr)
{
	dma_dev_take(_metadata, dev, nr);
	vfio_dev_open_bound(_metadata, dev, vtd->guest.rig.fd);
	vfio_dev_start(_metadata, dev);
	ASSERT_EQ((__u32)DMA_TEST_MAGIC_VALUE,
		  dma_dev_get(dev, DMA_TEST_MAGIC));
}

/* As far as it goes without nesting */
static inline void vtd_open(struct __test_metadata *_metadata, struct vtd *vtd)
{
	struct rig *rig = &vtd->guest.rig;
	struct iommu_hw_info info;

	rig_open(_metadata, rig);
	vtd_add_device(_metadata, vtd, &vtd->dev, 0);
	ASSERT_EQ(0, hw_info(rig->fd, vtd->dev.id, &vtd->info,
			     sizeof(vtd->info), &info));
	ASSERT_EQ((__u32)IOMMU_HW_INFO_TYPE_INTEL_VTD, info.out_data_type);
	rig->ioas_id = rig_ioas(_metadata, rig);
}

/* The rest, the device attached to a table that maps nothing yet */
static inline void vtd_nest(struct __test_metadata *_metadata, struct vtd *vtd,
			    __u32 parent_flags)
{
	struct guest *guest = &vtd->guest;

	if (!(vtd->info.ecap_reg & VTD_ECAP_NEST))
		SKIP(_exit(EXIT_SKIPPED), "no nested translation");
	guest_map_memory(_metadata, guest, 4);
	guest->rig.parent_id = rig_hwpt(_metadata, &guest->rig, vtd->dev.id,
					guest->rig.ioas_id,
					IOMMU_HWPT_ALLOC_NEST_PARENT |
					parent_flags);
	guest->hwpt = vtd_hwpt(_metadata, vtd, vtd->dev.id, guest->root);
	ASSERT_EQ(0, vfio_attach(vtd->dev.fd, guest->hwpt, NULL));
}

static inline void vtd_start(struct __test_metadata *_metadata, struct vtd *vtd)
{
	vtd_open(_metadata, vtd);
	vtd_nest(_metadata, vtd, 0);
}

static inline void vtd_stop(struct __test_metadata *_metadata, struct vtd *vtd)
{
	vfio_dev_give_back(_metadata, &vtd->dev);
	rig_close(_metadata, &vtd->guest.rig);
}

/* ---- What the device does ---- */

static inline __u64 vtd_peek(const struct vtd *vtd, __u64 iova)
{
	return dma_dev_peek(&vtd->dev, iova, vtd->ats);
}

static inline __u64 vtd_poke(const struct vtd *vtd, __u64 iova, __u64 value)
{
	return dma_dev_poke(&vtd->dev, iova, value, vtd->ats);
}

/* ---- Invalidation ---- */

static inline int vtd_invalidate_array(const struct vtd *vtd, __u32 hwpt,
				       const struct iommu_hwpt_vtd_s1_invalidate *requests,
				       __u32 *num)
{
	return hwpt_invalidate(vtd->guest.rig.fd, hwpt,
			       IOMMU_HWPT_INVALIDATE_DATA_VTD_S1,
			       (void *)requests, sizeof(*requests), num);
}

static inline int vtd_invalidate_of(const struct vtd *vtd, __u32 hwpt,
				    __u64 iova, __u64 npages, __u32 flags)
{
	struct iommu_hwpt_vtd_s1_invalidate request = {
		.addr = iova,
		.npages = npages,
		.flags = flags,
	};
	__u32 num = 1;

	return vtd_invalidate_array(vtd, hwpt, &request, &num);
}

static inline int vtd_invalidate(const struct vtd *vtd, __u64 iova,
				 __u64 npages)
{
	return vtd_invalidate_of(vtd, vtd->guest.hwpt, iova, npages,
				 IOMMU_VTD_INV_FLAGS_LEAF);
}

static inline int vtd_invalidate_all(const struct vtd *vtd)
{
	return vtd_invalidate_of(vtd, vtd->guest.hwpt, 0, ~0ULL, 0);
}

#endif
