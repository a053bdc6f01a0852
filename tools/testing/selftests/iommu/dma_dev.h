/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * DMA of the test device of our emulator, which says at once whether the IOMMU let
 * it through. Its registers are in dma_test.h.
 */
#ifndef __SELFTEST_IOMMU_DMA_DEV_H
#define __SELFTEST_IOMMU_DMA_DEV_H

#include "dma_test.h"
#include "edu_dma.h"
#include "vfio_device.h"

#define PCI_ID_DMA_TEST (DMA_TEST_VENDOR << 16 | DMA_TEST_DEVICE)

/* What a read of eight bytes returns if it was blocked, or not even tried */
#define DMA_DEV_BLOCKED	0xb10cced000000000ULL
#define DMA_DEV_BAD	0xbad0000000000000ULL

/* The test is over in a machine without such a device, also in its set-up */
static inline void dma_dev_take(struct __test_metadata *_metadata,
				struct vfio_dev *dev, unsigned int nr)
{
	struct pci_dev devs[PCI_MAX];

	if (pci_list(PCI_ID_DMA_TEST, devs, PCI_MAX) <= nr)
		SKIP(_exit(EXIT_SKIPPED), "no such device for DMA tests");
	vfio_dev_take(_metadata, dev, &devs[nr]);
}

/* ---- Registers ---- */

static inline volatile __u32 *dma_dev_reg(const struct vfio_dev *dev,
					  unsigned int reg)
{
	return (volatile __u32 *)(dev->bar + reg);
}

static inline __u32 dma_dev_get(const struct vfio_dev *dev, unsigned int reg)
{
	return *dma_dev_reg(dev, reg);
}

static inline void dma_dev_set(const struct vfio_dev *dev, unsigned int reg,
			       __u32 value)
{
	*dma_dev_reg(dev, reg) = value;
}

static inline void dma_dev_set64(const struct vfio_dev *dev, unsigned int reg,
				 __u64 value)
{
	*(volatile __u64 *)(dev->bar + reg) = value;
}

/* ---- DMA ---- */

/* Returns DMA_TEST_DONE, or why not */
static inline __u32 dma_dev_run(const struct vfio_dev *dev, __u32 cmd,
				__u64 iova, __u32 length)
{
	dma_dev_set64(dev, DMA_TEST_ADDR, iova);
	dma_dev_set(dev, DMA_TEST_LEN, length);
	dma_dev_set(dev, DMA_TEST_CMD, cmd);
	return dma_dev_get(dev, DMA_TEST_STATUS);
}

static inline __u64 dma_dev_result(__u32 status)
{
	return status == DMA_TEST_REFUSED ? DMA_DEV_BLOCKED : DMA_DEV_BAD;
}

/* Eight bytes at an IOVA. ats: 0 or DMA_TEST_BY_ATS */
static inline __u64 dma_dev_peek(const struct vfio_dev *dev, __u64 iova,
				 __u32 ats)
{
	__u32 status = dma_dev_run(dev, DMA_TEST_READ | ats, iova, 8);

	if (status != DMA_TEST_DONE)
		return dma_dev_result(status);
	return *(volatile __u64 *)(dev->bar + DMA_TEST_BUFFER);
}

/* 0, or as above */
static inline __u64 dma_dev_poke(const struct vfio_dev *dev, __u64 iova,
				 __u64 value, __u32 ats)
{
	__u32 status;

	dma_dev_set64(dev, DMA_TEST_BUFFER, value);
	status = dma_dev_run(dev, DMA_TEST_WRITE | ats, iova, 8);
	return status == DMA_TEST_DONE ? 0 : dma_dev_result(status);
}

#endif
