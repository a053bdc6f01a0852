/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Devices that drivers have put under the control of an iommufd, and their
 * groups.
 *
 * What an IOMMU tells apart are groups: all devices of one are attached to the
 * same HWPT. A group is attached from its first attached device to its last, and
 * uses the HWPT, in the sense of object.h, as long.
 *
 * A bound device is used by the driver that bound it, so user space cannot
 * destroy it. Unbinding waits for the ioctls that still work on it.
 *
 * Locks, in the order they are taken:
 *  iommufd_ioas::automatic_lock
 *  iommufd_group::lock		What the group is attached to, and its devices
 *  the other locks of ioas.h, and those of the IOMMU core
 */
#ifndef __IOMMUFD_DEVICE_H
#define __IOMMUFD_DEVICE_H

#include <linux/completion.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/refcount.h>

#include "object.h"

struct device;
struct iommu_group;
struct iommufd_fault;
struct iommufd_hwpt;
struct iommufd_mmio;

/**
 * struct iommufd_group - an IOMMU group with devices bound to one iommufd
 * @refs: Of the devices; under the lock of iommufd_ctx::groups
 * @ictx: The iommufd
 * @group: The group
 * @lock: See above
 * @attached: struct iommufd_device, those attached
 * @hwpt: What they are attached to, used; NULL for nothing
 */
struct iommufd_group {
	refcount_t refs;
	struct iommufd_ctx *ictx;
	struct iommu_group *group;
	struct mutex lock;
	struct list_head attached;
	struct iommufd_hwpt *hwpt;
};

/**
 * struct iommufd_device - a device bound to an iommufd
 * @obj: The object
 * @ictx: The iommufd
 * @dev: The device
 * @igroup: Its group
 * @item: In iommufd_group::attached, or empty
 * @fault_lock: See fault.h
 * @fault: Where the device's faults go, or NULL
 * @fault_groups: Groups of page requests of which the last has not come
 * @mmio: Its own memory, for others to reach; see mmio.h
 * @idle: No ioctl works on the device any more, and none will
 */
struct iommufd_device {
	struct iommufd_object obj;
	struct iommufd_ctx *ictx;
	struct device *dev;
	struct iommufd_group *igroup;
	struct list_head item;
	struct mutex fault_lock;
	struct iommufd_fault *fault;
	struct list_head fault_groups;
	struct iommufd_mmio *mmio;
	struct completion idle;
};

struct iommufd_device *iommufd_device_get(struct iommufd_ctx *ictx, u32 id);

/* hw_info.c */
int iommufd_get_hw_info(struct iommufd_ucmd *ucmd);

#endif
