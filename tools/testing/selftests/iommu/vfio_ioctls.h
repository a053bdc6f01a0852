/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One function for each ioctl of a VFIO container that /dev/iommu answers too.
 *
 * Each returns what the ioctl does, which is not negative, or a negative errno.
 */
#ifndef __SELFTEST_IOMMU_VFIO_IOCTLS_H
#define __SELFTEST_IOMMU_VFIO_IOCTLS_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <linux/vfio.h>

#define VFIO_MAP_RO	VFIO_DMA_MAP_FLAG_READ
#define VFIO_MAP_WO	VFIO_DMA_MAP_FLAG_WRITE
#define VFIO_MAP_RW	(VFIO_MAP_RO | VFIO_MAP_WO)

static inline int vfio_api_version(int fd)
{
	int rc = ioctl(fd, VFIO_GET_API_VERSION);

	return rc < 0 ? -errno : rc;
}

static inline int vfio_check_extension(int fd, unsigned long extension)
{
	int rc = ioctl(fd, VFIO_CHECK_EXTENSION, extension);

	return rc < 0 ? -errno : rc;
}

static inline int vfio_set_iommu(int fd, unsigned long type)
{
	int rc = ioctl(fd, VFIO_SET_IOMMU, type);

	return rc < 0 ? -errno : rc;
}

/* flags: VFIO_MAP_RO, _WO or _RW */
static inline int vfio_map_dma(int fd, __u32 flags, const void *va, __u64 size,
			       __u64 iova)
{
	struct vfio_iommu_type1_dma_map arg = {
		.argsz = sizeof(arg),
		.flags = flags,
		.vaddr = (uintptr_t)va,
		.iova = iova,
		.size = size,
	};
	int rc = ioctl(fd, VFIO_IOMMU_MAP_DMA, &arg);

	return rc < 0 ? -errno : rc;
}

/* *unmapped, which may be NULL: what the kernel left in size, also on failure */
static inline int vfio_unmap_dma(int fd, __u32 flags, __u64 iova, __u64 size,
				 __u64 *unmapped)
{
	struct vfio_iommu_type1_dma_unmap arg = {
		.argsz = sizeof(arg),
		.flags = flags,
		.iova = iova,
		.size = size,
	};
	int rc = ioctl(fd, VFIO_IOMMU_UNMAP_DMA, &arg);

	if (unmapped)
		*unmapped = arg.size;
	return rc < 0 ? -errno : rc;
}

static inline int vfio_unmap_all(int fd, __u64 *unmapped)
{
	return vfio_unmap_dma(fd, VFIO_DMA_UNMAP_FLAG_ALL, 0, 0, unmapped);
}

/* info->argsz is the room at info, which the chain follows */
static inline int vfio_get_info(int fd, struct vfio_iommu_type1_info *info)
{
	int rc = ioctl(fd, VFIO_IOMMU_GET_INFO, info);

	return rc < 0 ? -errno : rc;
}

/* The capability of that kind in the chain of info, or NULL */
static inline const void *vfio_find_cap(const struct vfio_iommu_type1_info *info,
					__u16 id)
{
	const struct vfio_info_cap_header *cap;
	__u32 offset;

	for (offset = info->cap_offset; offset; offset = cap->next) {
		cap = (const void *)((const char *)info + offset);
		if (cap->id == id)
			return cap;
	}
	return NULL;
}

#endif
