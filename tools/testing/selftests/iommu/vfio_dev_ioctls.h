/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One function for each ioctl of a VFIO group and of a VFIO device.
 *
 * Each returns what the ioctl does, which is not negative, or a negative errno.
 * Outputs go through pointers, which may be NULL and are written on success only.
 * Nothing here needs a test harness.
 */
#ifndef __SELFTEST_IOMMU_VFIO_DEV_IOCTLS_H
#define __SELFTEST_IOMMU_VFIO_DEV_IOCTLS_H

#include <assert.h>
#include <string.h>

#include "ioctls.h"
#include "vfio_ioctls.h"

static inline int vfio_ioctl(int fd, unsigned long request, void *arg)
{
	int rc = ioctl(fd, request, arg);

	return rc < 0 ? -errno : rc;
}

/* ---- Groups ---- */

/* Returns VFIO_GROUP_FLAGS_* */
static inline int vfio_group_status(int group)
{
	struct vfio_group_status arg = { .argsz = sizeof(arg) };
	int rc = vfio_ioctl(group, VFIO_GROUP_GET_STATUS, &arg);

	return rc ? rc : (int)arg.flags;
}

/* container: of /dev/vfio/vfio or of /dev/iommu */
static inline int vfio_group_set_container(int group, int container)
{
	return vfio_ioctl(group, VFIO_GROUP_SET_CONTAINER, &container);
}

static inline int vfio_group_unset_container(int group)
{
	return vfio_ioctl(group, VFIO_GROUP_UNSET_CONTAINER, NULL);
}

/* Returns the device's file descriptor */
static inline int vfio_group_device(int group, const char *name)
{
	return vfio_ioctl(group, VFIO_GROUP_GET_DEVICE_FD, (void *)name);
}

/* ---- Devices: binding and attaching ---- */

static inline int vfio_bind(int dev, int iommufd, __u32 *devid)
{
	struct vfio_device_bind_iommufd arg = {
		.argsz = sizeof(arg),
		.iommufd = iommufd,
	};
	int rc = vfio_ioctl(dev, VFIO_DEVICE_BIND_IOMMUFD, &arg);

	if (!rc)
		put_u32(devid, arg.out_devid);
	return rc;
}

/* *pt_out: what the device is attached to, of which the kernel may make one */
static inline int vfio_attach(int dev, __u32 pt_id, __u32 *pt_out)
{
	struct vfio_device_attach_iommufd_pt arg = {
		.argsz = sizeof(arg),
		.pt_id = pt_id,
	};
	int rc = vfio_ioctl(dev, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &arg);

	if (!rc)
		put_u32(pt_out, arg.pt_id);
	return rc;
}

static inline int vfio_detach(int dev)
{
	struct vfio_device_detach_iommufd_pt arg = { .argsz = sizeof(arg) };

	return vfio_ioctl(dev, VFIO_DEVICE_DETACH_IOMMUFD_PT, &arg);
}

/* ---- Devices: what they are ---- */

static inline int vfio_device_info(int dev, struct vfio_device_info *info)
{
	*info = (struct vfio_device_info){ .argsz = sizeof(*info) };
	return vfio_ioctl(dev, VFIO_DEVICE_GET_INFO, info);
}

static inline int vfio_region_info(int dev, __u32 index,
				   struct vfio_region_info *info)
{
	*info = (struct vfio_region_info){
		.argsz = sizeof(*info),
		.index = index,
	};
	return vfio_ioctl(dev, VFIO_DEVICE_GET_REGION_INFO, info);
}

static inline int vfio_irq_info(int dev, __u32 index,
				struct vfio_irq_info *info)
{
	*info = (struct vfio_irq_info){
		.argsz = sizeof(*info),
		.index = index,
	};
	return vfio_ioctl(dev, VFIO_DEVICE_GET_IRQ_INFO, info);
}

/* Have an eventfd signalled by the only interrupt of that index, or -1: none */
static inline int vfio_set_irq(int dev, __u32 index, int eventfd)
{
	struct {
		struct vfio_irq_set head;
		__s32 eventfd;
	} arg = {
		.head = {
			.argsz = sizeof(arg),
			.flags = VFIO_IRQ_SET_DATA_EVENTFD |
				 VFIO_IRQ_SET_ACTION_TRIGGER,
			.index = index,
			.count = 1,
		},
		.eventfd = eventfd,
	};

	return vfio_ioctl(dev, VFIO_DEVICE_SET_IRQS, &arg);
}

/* Without data: to the first count interrupts of that index */
static inline int vfio_irq_action(int dev, __u32 index, __u32 action,
				  __u32 count)
{
	struct vfio_irq_set arg = {
		.argsz = sizeof(arg),
		.flags = VFIO_IRQ_SET_DATA_NONE | action,
		.index = index,
		.count = count,
	};

	return vfio_ioctl(dev, VFIO_DEVICE_SET_IRQS, &arg);
}

static inline int vfio_disable_irq(int dev, __u32 index)
{
	return vfio_irq_action(dev, index, VFIO_IRQ_SET_ACTION_TRIGGER, 0);
}

static inline int vfio_unmask_irq(int dev, __u32 index)
{
	return vfio_irq_action(dev, index, VFIO_IRQ_SET_ACTION_UNMASK, 1);
}

static inline int vfio_reset(int dev)
{
	return vfio_ioctl(dev, VFIO_DEVICE_RESET, NULL);
}

/* Is there such a VFIO_DEVICE_FEATURE_*? */
static inline int vfio_probe_feature(int dev, __u32 feature)
{
	struct vfio_device_feature arg = {
		.argsz = sizeof(arg),
		.flags = feature | VFIO_DEVICE_FEATURE_PROBE,
	};

	return vfio_ioctl(dev, VFIO_DEVICE_FEATURE, &arg);
}

/* ---- Devices: hot reset ---- */

#define HOT_RESET_DEVICES 16

/**
 * struct hot_reset_info - what a hot reset affects
 * @head: Flags, and how many devices
 * @devices: Those
 */
struct hot_reset_info {
	struct vfio_pci_hot_reset_info head;
	struct vfio_pci_dependent_device devices[HOT_RESET_DEVICES];
};

/* The arrays at the end of VFIO's structs have a size here */
static_assert(offsetof(struct hot_reset_info, devices) ==
	      sizeof(struct vfio_pci_hot_reset_info), "layout");

static inline int vfio_hot_reset_info(int dev, struct hot_reset_info *info)
{
	memset(info, 0, sizeof(*info));
	info->head.argsz = sizeof(*info);
	return vfio_ioctl(dev, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, info);
}

/* count: up to HOT_RESET_DEVICES descriptors of groups */
static inline int vfio_hot_reset(int dev, const int *groups, __u32 count)
{
	struct {
		struct vfio_pci_hot_reset head;
		__s32 groups[HOT_RESET_DEVICES];
	} arg = {
		.head = { .argsz = sizeof(arg), .count = count },
	};

	if (count)
		memcpy(arg.groups, groups, count * sizeof(*groups));
	return vfio_ioctl(dev, VFIO_DEVICE_PCI_HOT_RESET, &arg);
}

#endif
