/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fault queues: page requests of devices, for user space to handle.
 *
 * A request that needs an answer is the last of a group. The group waits in the
 * queue until it is read, and then until it is answered, by a cookie. It belongs to
 * the device it came from: when that leaves the HWPT, everything of it that waits is
 * answered with a failure, so that no group outlives its device.
 *
 * Locks, in the order they are taken:
 *  dev_iommu::lock		The core's, held over the report of a fault
 *  iommufd_device::fault_lock	Which queue the device's faults go to, and what of a
 *				group has come
 *  iommufd_fault::lock		The groups that wait
 *  iommu_fault_param::lock	The core's, taken to answer
 */
#ifndef __IOMMUFD_FAULT_H
#define __IOMMUFD_FAULT_H

#include "object.h"

struct iommufd_device;
struct iommufd_fault;

int iommufd_fault_queue_alloc(struct iommufd_ucmd *ucmd);
struct iommufd_fault *iommufd_fault_get(struct iommufd_ctx *ictx, u32 id);
struct iommufd_object *iommufd_fault_obj(struct iommufd_fault *fault);

int iommufd_fault_enable(struct iommufd_device *idev);
void iommufd_fault_direct(struct iommufd_device *idev,
			  struct iommufd_fault *fault);
void iommufd_fault_disable(struct iommufd_device *idev);

#endif
