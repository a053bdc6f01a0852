/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * How a test drives the emulated device of vfio_test.c, beside what VFIO offers: what
 * is read from and written to its file at an offset is read from and written to memory
 * at that IOVA, as if the device did DMA.
 *
 * The device pins what it is told to, keeps it pinned, and reads by its pins. It lets
 * go of everything that is unmapped.
 */
#ifndef __VFIO_TEST_H
#define __VFIO_TEST_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define VFIO_TEST_MAX_PINS	16

/**
 * struct vfio_test_pin - a range to pin or unpin
 * @iova: In its first page
 * @npage: Number of pages
 * @flags: VFIO_TEST_PIN_*
 * @first: Set to the first eight bytes that are at @iova's page
 */
struct vfio_test_pin {
	__aligned_u64 iova;
	__u32 npage;
	__u32 flags;
	__aligned_u64 first;
};

/* For writing too */
#define VFIO_TEST_PIN_WRITE	(1 << 0)
/* Pin page by page and unpin all at once; otherwise it is the other way around */
#define VFIO_TEST_PIN_SINGLY	(1 << 1)

/**
 * struct vfio_test_state - what the device remembers
 * @pins: How many ranges are pinned
 * @unmaps: How often it was asked to let go of a range
 * @last_iova: The last such range
 * @last_length: Its length
 */
struct vfio_test_state {
	__u32 pins;
	__u32 unmaps;
	__aligned_u64 last_iova;
	__aligned_u64 last_length;
};

/* Of VFIO's type, but far from its numbers */
#define VFIO_TEST_PIN	_IOWR(';', 200, struct vfio_test_pin)
#define VFIO_TEST_UNPIN	_IOW(';', 201, struct vfio_test_pin)
#define VFIO_TEST_STATE	_IOR(';', 202, struct vfio_test_state)

#endif
