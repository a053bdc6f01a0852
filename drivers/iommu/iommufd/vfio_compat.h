/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ioctls of a VFIO container on /dev/iommu. See vfio_compat.c.
 */
#ifndef __IOMMUFD_VFIO_COMPAT_H
#define __IOMMUFD_VFIO_COMPAT_H

#include "object.h"

int iommufd_vfio_ioas(struct iommufd_ucmd *ucmd);
int iommufd_vfio_ioctl(struct iommufd_ctx *ictx, unsigned int cmd,
		       unsigned long arg);
void iommufd_vfio_release(struct iommufd_ctx *ictx);

#endif
