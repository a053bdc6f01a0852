/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * DMA of a real device: QEMU's edu, which copies between memory and a buffer of its
 * own. What it has read shows only when it writes that somewhere else.
 */
#ifndef __SELFTEST_IOMMU_EDU_H
#define __SELFTEST_IOMMU_EDU_H

#include <time.h>

#include "edu_dma.h"
#include "vfio_device.h"

/* ---- Registers ---- */

static inline __u32 edu_get(const struct vfio_dev *dev, unsigned int reg)
{
	return edu_bar_get(dev->bar, reg);
}

static inline void edu_set(const struct vfio_dev *dev, unsigned int reg,
			   __u32 value)
{
	edu_bar_set(dev->bar, reg, value);
}

/* It inverts what it is given */
static inline bool edu_is_alive(const struct vfio_dev *dev)
{
	edu_set(dev, EDU_LIVENESS, 0x12345678);
	return edu_get(dev, EDU_LIVENESS) == ~0x12345678U;
}

/* ---- DMA ---- */

static inline int edu_dma(const struct vfio_dev *dev, __u64 src, __u64 dst,
			  __u32 length, __u32 flags)
{
	return edu_bar_dma(dev->bar, src, dst, length, flags);
}

/* Without waiting for the end */
static inline void edu_start(const struct vfio_dev *dev, __u64 src, __u64 dst,
			     __u32 length, __u32 flags)
{
	edu_bar_start(dev->bar, src, dst, length, flags);
}

static inline bool edu_is_busy(const struct vfio_dev *dev)
{
	return edu_get(dev, EDU_DMA_CMD) & EDU_DMA_START;
}

/* The device reads memory into its buffer */
static inline int edu_load(const struct vfio_dev *dev, __u64 iova, __u32 length)
{
	return edu_bar_load(dev->bar, iova, length);
}

/* The device writes its buffer to memory */
static inline int edu_store(const struct vfio_dev *dev, __u64 iova,
			    __u32 length)
{
	return edu_bar_store(dev->bar, iova, length);
}

/* ---- What the kernel says of a blocked DMA ---- */

/*
 * The kernel may print ten times in 5 s, asks three times for each fault, and drops
 * what is above. No test may fail for having been fast.
 */
#define FAULTS_IN_WINDOW	3
#define FAULT_WINDOW_USEC	6000000ULL

/* The kernel's log, read from here on */
static inline int fault_log_open(struct __test_metadata *_metadata)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	ASSERT_LE(0, fd);
	ASSERT_LE(0, lseek(fd, 0, SEEK_END));
	return fd;
}

/* How many faults are too young for the kernel to forget */
static inline unsigned int faults_in_window(struct __test_metadata *_metadata)
{
	int log = fault_log_open(_metadata);
	unsigned long long usec, now;
	unsigned int count = 0;
	struct timespec time;
	char text[256];

	clock_gettime(CLOCK_MONOTONIC, &time);
	now = time.tv_sec * 1000000ULL + time.tv_nsec / 1000;
	EXPECT_LE(0, lseek(log, 0, SEEK_SET));
	while (fault_log_read(log, text, sizeof(text), &usec))
		if (usec + FAULT_WINDOW_USEC > now &&
		    strstr(text, "DMAR: DRHD: handling fault"))
			count++;
	close(log);
	return count;
}

/* Open the log once the kernel will print the next fault */
static inline int fault_log_ready(struct __test_metadata *_metadata)
{
	while (faults_in_window(_metadata) >= FAULTS_IN_WINDOW)
		usleep(200000);
	return fault_log_open(_metadata);
}

/* ---- Does DMA arrive? ---- */

/*
 * The device copies eight bytes from one IOVA to another, whose memory, at src and
 * dst, they have to leave and to reach
 */
static inline void expect_dma(struct __test_metadata *_metadata,
			      const struct vfio_dev *dev, __u64 dst_iova,
			      void *dst, __u64 src_iova, void *src)
{
	static __u64 mark = 0xed00000000000000ULL;

	set_u64(dst, 0);
	set_u64(src, ++mark);
	EXPECT_EQ(0, edu_load(dev, src_iova, sizeof(mark)));
	EXPECT_EQ(0, edu_store(dev, dst_iova, sizeof(mark)));
	EXPECT_EQ(mark, get_u64(dst));
}

/* Both ways within the page at iova */
static inline void expect_dma_at(struct __test_metadata *_metadata,
				 const struct vfio_dev *dev, __u64 iova,
				 void *mem)
{
	expect_dma(_metadata, dev, iova + 64, (char *)mem + 64, iova, mem);
}

#define NOT_WRITTEN 0x0b10c4ed0b10c4edULL

/* A write to iova neither reaches the memory that is or was there, nor is unseen */
static inline void expect_blocked_write(struct __test_metadata *_metadata,
					const struct vfio_dev *dev, __u64 iova,
					void *mem)
{
	int log = fault_log_ready(_metadata);

	set_u64(mem, NOT_WRITTEN);
	EXPECT_EQ(0, edu_store(dev, iova, sizeof(__u64)));
	EXPECT_EQ(NOT_WRITTEN, get_u64(mem));
	EXPECT_TRUE(fault_logged(log, "DMA Write", iova)) {
		TH_LOG("no fault at 0x%llx in the kernel's log", iova);
	}
}

/* Nor does a read get what is there: the device takes nothing to window_iova */
static inline void expect_blocked_read(struct __test_metadata *_metadata,
				       const struct vfio_dev *dev, __u64 iova,
				       void *mem, __u64 window_iova,
				       void *window)
{
	int log = fault_log_ready(_metadata);

	set_u64(mem, NOT_WRITTEN);
	set_u64(window, 1);
	EXPECT_EQ(0, edu_load(dev, iova, sizeof(__u64)));
	EXPECT_TRUE(fault_logged(log, "DMA Read", iova)) {
		TH_LOG("no fault at 0x%llx in the kernel's log", iova);
	}
	EXPECT_EQ(0, edu_store(dev, window_iova, sizeof(__u64)));
	EXPECT_NE(NOT_WRITTEN, get_u64(window));
}

#endif
