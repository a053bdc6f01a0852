// SPDX-License-Identifier: GPL-2.0-only
/*
 * VFIO devices under an iommufd, instead of in a container.
 *
 * A device is bound to an iommufd from before it is opened first until after it is
 * closed last. A physical device is then attached to a page table, for which the
 * iommufd owns the DMA of its group. An emulated one does no DMA; its driver gets
 * an access, by which it reaches what an IOAS maps.
 *
 * Locks: the lock of the device's dev_set is held around bind, unbind, attach and
 * detach, and protects vfio_device::iommufd_*. What a driver calls while its device
 * is open needs none, as the device is bound then.
 */
#include <linux/capability.h>
#include <linux/iommu.h>
#include <linux/iommufd.h>
#include <linux/vfio.h>

#include "vfio.h"

MODULE_IMPORT_NS(IOMMUFD);

/**
 * vfio_iommufd_bind() - bind a device that is about to be opened
 * @df: The file it is opened by, with its iommufd
 *
 * Return: 0; -EOPNOTSUPP if the driver knows no iommufd; or an error of
 * iommufd_device_bind() or iommufd_access_create().
 */
int vfio_iommufd_bind(struct vfio_device_file *df)
{
	struct vfio_device *device = df->device;

	lockdep_assert_held(&device->dev_set->lock);

	if (device->group->type == VFIO_NO_IOMMU)
		return 0;
	if (!device->ops->bind_iommufd)
		return -EOPNOTSUPP;
	return device->ops->bind_iommufd(device, df->iommufd, &df->devid);
}

/**
 * vfio_iommufd_unbind() - undo vfio_iommufd_bind() and any attach since
 * @df: The file that closes the device
 */
void vfio_iommufd_unbind(struct vfio_device_file *df)
{
	struct vfio_device *device = df->device;

	lockdep_assert_held(&device->dev_set->lock);

	if (device->group->type != VFIO_NO_IOMMU)
		device->ops->unbind_iommufd(device);
}

/* ---- A group, with an iommufd for a container ---- */

/**
 * vfio_iommufd_join_group() - have a group use an iommufd
 * @group: The group, locked, in no container
 * @file: What user space says is the container
 *
 * The IOAS on which the iommufd answers a container's ioctls is made if there is
 * none.
 *
 * Return: 0 with the iommufd held by the group; -EINVAL if @file is something else;
 * -EPERM for a group without an IOMMU, without CAP_SYS_RAWIO; or an error of
 * iommufd_vfio_compat_ioas_create() or iommufd_vfio_compat_set_no_iommu().
 */
int vfio_iommufd_join_group(struct vfio_group *group, struct file *file)
{
	struct iommufd_ctx *ictx;
	int ret;

	lockdep_assert_held(&group->group_lock);

	ictx = iommufd_ctx_from_file(file);
	if (IS_ERR(ictx))
		return -EINVAL;
	if (group->type != VFIO_NO_IOMMU)
		ret = iommufd_vfio_compat_ioas_create(ictx);
	else if (capable(CAP_SYS_RAWIO))
		ret = iommufd_vfio_compat_set_no_iommu(ictx);
	else
		ret = -EPERM;
	if (ret)
		iommufd_ctx_put(ictx);
	else
		group->iommufd = ictx;
	return ret;
}

/**
 * vfio_iommufd_leave_group() - undo vfio_iommufd_join_group()
 * @group: The group, locked, of which no device is open
 */
void vfio_iommufd_leave_group(struct vfio_group *group)
{
	lockdep_assert_held(&group->group_lock);

	iommufd_ctx_put(group->iommufd);
	group->iommufd = NULL;
}

/**
 * vfio_iommufd_attach_compat() - attach a device to where its group maps memory
 * @df: The file of the group that opens the device, bound
 *
 * Return: 0; -ENODEV if user space has taken the IOAS away from the container's
 * ioctls; or an error of the driver's attach_ioas().
 */
int vfio_iommufd_attach_compat(struct vfio_device_file *df)
{
	struct vfio_device *device = df->device;
	u32 ioas_id;
	int ret;

	if (device->group->type == VFIO_NO_IOMMU)
		return 0;
	ret = iommufd_vfio_compat_ioas_get_id(df->iommufd, &ioas_id);
	if (ret)
		return ret;
	return device->ops->attach_ioas(device, &ioas_id);
}

/* ---- Physical devices ---- */

/**
 * vfio_iommufd_physical_bind() - bind_iommufd() of a device behind an IOMMU
 * @vdev: The device
 * @ictx: The iommufd
 * @out_device_id: Set to the device's ID there
 *
 * Context: The device's dev_set is locked, here and below.
 * Return: 0 or an error of iommufd_device_bind().
 */
int vfio_iommufd_physical_bind(struct vfio_device *vdev,
			       struct iommufd_ctx *ictx, u32 *out_device_id)
{
	struct iommufd_device *idev;

	idev = iommufd_device_bind(ictx, vdev->dev, out_device_id);
	if (IS_ERR(idev))
		return PTR_ERR(idev);
	vdev->iommufd_device = idev;
	return 0;
}
EXPORT_SYMBOL_GPL(vfio_iommufd_physical_bind);

/**
 * vfio_iommufd_physical_unbind() - unbind_iommufd() of a device behind an IOMMU
 * @vdev: The device, bound
 */
void vfio_iommufd_physical_unbind(struct vfio_device *vdev)
{
	vfio_iommufd_physical_detach_ioas(vdev);
	iommufd_device_unbind(vdev->iommufd_device);
	vdev->iommufd_device = NULL;
}
EXPORT_SYMBOL_GPL(vfio_iommufd_physical_unbind);

/**
 * vfio_iommufd_physical_attach_ioas() - attach_ioas() of a device behind an IOMMU
 * @vdev: The device, bound
 * @pt_id: ID of an IOAS or a page table; returns the page table's
 *
 * If the device is attached elsewhere it moves, or stays where it is on an error.
 *
 * Return: 0, or an error of iommufd_device_attach() or iommufd_device_replace().
 */
int vfio_iommufd_physical_attach_ioas(struct vfio_device *vdev, u32 *pt_id)
{
	int ret;

	lockdep_assert_held(&vdev->dev_set->lock);

	if (vdev->iommufd_attached)
		return iommufd_device_replace(vdev->iommufd_device, pt_id);
	ret = iommufd_device_attach(vdev->iommufd_device, pt_id);
	vdev->iommufd_attached = !ret;
	return ret;
}
EXPORT_SYMBOL_GPL(vfio_iommufd_physical_attach_ioas);

/**
 * vfio_iommufd_physical_detach_ioas() - detach_ioas() of a device behind an IOMMU
 * @vdev: The device, bound; attached or not
 */
void vfio_iommufd_physical_detach_ioas(struct vfio_device *vdev)
{
	lockdep_assert_held(&vdev->dev_set->lock);

	if (vdev->iommufd_attached)
		iommufd_device_detach(vdev->iommufd_device);
	vdev->iommufd_attached = false;
}
EXPORT_SYMBOL_GPL(vfio_iommufd_physical_detach_ioas);

/**
 * vfio_iommufd_device_ictx() - which iommufd a physical device is bound to
 * @vdev: The device
 *
 * Return: the iommufd, or NULL.
 */
struct iommufd_ctx *vfio_iommufd_device_ictx(struct vfio_device *vdev)
{
	return vdev->iommufd_device ?
		       iommufd_device_to_ictx(vdev->iommufd_device) : NULL;
}
EXPORT_SYMBOL_GPL(vfio_iommufd_device_ictx);

/**
 * vfio_iommufd_device_id() - what an iommufd knows a physical device by
 * @vdev: The device, bound to it or not
 * @ictx: The iommufd
 *
 * A device that is not bound still belongs to the user of its group's other
 * devices: nobody else can have it.
 *
 * Return: the device's ID, VFIO_PCI_DEVID_OWNED without one, or
 * VFIO_PCI_DEVID_NOT_OWNED.
 */
int vfio_iommufd_device_id(struct vfio_device *vdev, struct iommufd_ctx *ictx)
{
	struct iommu_group *group;
	bool owned;

	lockdep_assert_held(&vdev->dev_set->lock);

	if (vdev->iommufd_device && vfio_iommufd_device_ictx(vdev) == ictx)
		return iommufd_device_to_id(vdev->iommufd_device);
	group = iommu_group_get(vdev->dev);
	if (!group)
		return VFIO_PCI_DEVID_NOT_OWNED;
	owned = iommufd_ctx_has_group(ictx, group);
	iommu_group_put(group);
	return owned ? VFIO_PCI_DEVID_OWNED : VFIO_PCI_DEVID_NOT_OWNED;
}
EXPORT_SYMBOL_GPL(vfio_iommufd_device_id);

/* ---- Emulated devices ---- */

static void vfio_emulated_unmap(void *data, unsigned long iova,
				unsigned long length)
{
	struct vfio_device *vdev = data;

	vdev->ops->dma_unmap(vdev, iova, length);
}

/* A driver that cannot let go of memory cannot pin any */
static const struct iommufd_access_ops vfio_access_ops;

static const struct iommufd_access_ops vfio_pinning_access_ops = {
	.needs_pin_pages = true,
	.unmap = vfio_emulated_unmap,
};

/**
 * vfio_iommufd_emulated_bind() - bind_iommufd() of a device without DMA
 * @vdev: The device
 * @ictx: The iommufd
 * @out_device_id: Set to the ID of the device's access there
 *
 * Context: The device's dev_set is locked, here and below.
 * Return: 0 or an error of iommufd_access_create().
 */
int vfio_iommufd_emulated_bind(struct vfio_device *vdev,
			       struct iommufd_ctx *ictx, u32 *out_device_id)
{
	struct iommufd_access *access;

	access = iommufd_access_create(ictx,
				       vdev->ops->dma_unmap ?
					       &vfio_pinning_access_ops :
					       &vfio_access_ops,
				       vdev, out_device_id);
	if (IS_ERR(access))
		return PTR_ERR(access);
	vdev->iommufd_access = access;
	return 0;
}
EXPORT_SYMBOL_GPL(vfio_iommufd_emulated_bind);

/**
 * vfio_iommufd_emulated_unbind() - unbind_iommufd() of a device without DMA
 * @vdev: The device, bound
 */
void vfio_iommufd_emulated_unbind(struct vfio_device *vdev)
{
	iommufd_access_destroy(vdev->iommufd_access);
	vdev->iommufd_access = NULL;
	vdev->iommufd_attached = false;
}
EXPORT_SYMBOL_GPL(vfio_iommufd_emulated_unbind);

/**
 * vfio_iommufd_emulated_attach_ioas() - attach_ioas() of a device without DMA
 * @vdev: The device, bound
 * @pt_id: ID of an IOAS
 *
 * If the device is attached elsewhere it moves, or stays where it is on an error.
 *
 * Return: 0, or an error of iommufd_access_attach() or iommufd_access_replace().
 */
int vfio_iommufd_emulated_attach_ioas(struct vfio_device *vdev, u32 *pt_id)
{
	int ret;

	lockdep_assert_held(&vdev->dev_set->lock);

	if (vdev->iommufd_attached)
		return iommufd_access_replace(vdev->iommufd_access, *pt_id);
	ret = iommufd_access_attach(vdev->iommufd_access, *pt_id);
	vdev->iommufd_attached = !ret;
	return ret;
}
EXPORT_SYMBOL_GPL(vfio_iommufd_emulated_attach_ioas);

/**
 * vfio_iommufd_emulated_detach_ioas() - detach_ioas() of a device without DMA
 * @vdev: The device, bound; attached or not
 */
void vfio_iommufd_emulated_detach_ioas(struct vfio_device *vdev)
{
	lockdep_assert_held(&vdev->dev_set->lock);

	iommufd_access_detach(vdev->iommufd_access);
	vdev->iommufd_attached = false;
}
EXPORT_SYMBOL_GPL(vfio_iommufd_emulated_detach_ioas);

/* ---- What drivers of emulated devices reach memory by ---- */

/**
 * vfio_iommufd_unpin_pages() - vfio_unpin_pages() under an iommufd
 * @device: An emulated device, open
 * @iova: In the first page
 * @npage: Number of pages, all pinned, whether by one call or by many
 */
void vfio_iommufd_unpin_pages(struct vfio_device *device, dma_addr_t iova,
			      int npage)
{
	iova = ALIGN_DOWN(iova, PAGE_SIZE);
	for (; npage; npage--, iova += PAGE_SIZE)
		iommufd_access_unpin_pages(device->iommufd_access, iova,
					   PAGE_SIZE);
}

/**
 * vfio_iommufd_pin_pages() - vfio_pin_pages() under an iommufd
 * @device: An emulated device, open
 * @iova: In the first page
 * @npage: Number of pages
 * @prot: IOMMU_READ and IOMMU_WRITE
 * @pages: Array of as many pages
 *
 * An iommufd wants back the ranges that were pinned. VFIO's drivers count pages, and
 * may pin some in one go and unpin them one by one, so each is a range here.
 *
 * Return: @npage, or an error of iommufd_access_pin_pages().
 */
int vfio_iommufd_pin_pages(struct vfio_device *device, dma_addr_t iova,
			   int npage, int prot, struct page **pages)
{
	unsigned int flags = prot & IOMMU_WRITE ? IOMMUFD_ACCESS_RW_WRITE : 0;
	int i, ret;

	iova = ALIGN_DOWN(iova, PAGE_SIZE);
	for (i = 0; i < npage; i++) {
		ret = iommufd_access_pin_pages(device->iommufd_access,
					       iova + i * PAGE_SIZE, PAGE_SIZE,
					       pages + i, flags);
		if (ret) {
			vfio_iommufd_unpin_pages(device, iova, i);
			return ret;
		}
	}
	return npage;
}

/**
 * vfio_iommufd_dma_rw() - vfio_dma_rw() under an iommufd
 * @device: An emulated device, open
 * @iova: First IOVA
 * @data: Kernel buffer
 * @len: Its length
 * @write: To user memory
 *
 * Return: 0 or an error of iommufd_access_rw().
 */
int vfio_iommufd_dma_rw(struct vfio_device *device, dma_addr_t iova, void *data,
			size_t len, bool write)
{
	unsigned int flags = 0;

	if (write)
		flags |= IOMMUFD_ACCESS_RW_WRITE;
	if (!current->mm)
		flags |= IOMMUFD_ACCESS_RW_KTHREAD;
	return iommufd_access_rw(device->iommufd_access, iova, data, len, flags);
}
