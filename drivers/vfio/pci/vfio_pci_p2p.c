// SPDX-License-Identifier: GPL-2.0-only
/*
 * Peer to peer: what the user of a device has mmap()ed of its BARs can be mapped
 * for other devices too, in the IOASes of the iommufd that the device is bound to.
 *
 * It is reached there exactly while the user itself could reach it: not while the
 * device does not decode memory, sleeps, or is being reset.
 *
 * Locks: memory_lock, for writing, is held over every change of that. iommufd's own
 * come after it, and it never calls back for a lock of ours.
 */
#include <linux/iommufd.h>
#include <linux/mm.h>
#include <linux/vfio.h>
#include <linux/vfio_pci_core.h>

#include "vfio_pci_priv.h"

MODULE_IMPORT_NS(IOMMUFD);

/* vfio_pci_core_mmap() has left in the VMA whose BAR it shows, and where that is */
static bool vfio_pci_p2p_find(void *data, struct vm_area_struct *vma,
			      phys_addr_t *start)
{
	if (vma->vm_ops != &vfio_pci_mmap_ops || vma->vm_private_data != data)
		return false;
	*start = (phys_addr_t)vma->vm_pgoff << PAGE_SHIFT;
	return true;
}

static const struct iommufd_mmio_ops vfio_pci_p2p_ops = {
	.find = vfio_pci_p2p_find,
};

/**
 * vfio_pci_p2p_offer() - let others reach the BARs of a device that is being opened
 * @vdev: The device, which can be used from now on
 */
void vfio_pci_p2p_offer(struct vfio_pci_core_device *vdev)
{
	if (!vdev->vdev.iommufd_device)
		return;
	iommufd_device_offer_mmio(vdev->vdev.iommufd_device, &vfio_pci_p2p_ops,
				  vdev);
	down_write(&vdev->memory_lock);
	vdev->p2p_offered = true;
	vfio_pci_up_write_memory_lock(vdev);
}

/**
 * vfio_pci_p2p_withdraw() - undo vfio_pci_p2p_offer()
 * @vdev: The device, which is about to be closed
 */
void vfio_pci_p2p_withdraw(struct vfio_pci_core_device *vdev)
{
	down_write(&vdev->memory_lock);
	vfio_pci_p2p_revoke(vdev);
	vdev->p2p_offered = false;
	up_write(&vdev->memory_lock);
}

/**
 * vfio_pci_p2p_revoke() - let nobody reach the BARs of a device
 * @vdev: The device, open or not, memory_lock held for writing
 */
void vfio_pci_p2p_revoke(struct vfio_pci_core_device *vdev)
{
	lockdep_assert_held_write(&vdev->memory_lock);

	if (vdev->p2p_offered)
		iommufd_device_revoke_mmio(vdev->vdev.iommufd_device);
}

/**
 * vfio_pci_p2p_restore() - undo vfio_pci_p2p_revoke(), if the BARs can be reached
 * @vdev: The device, open or not, memory_lock held for writing
 */
void vfio_pci_p2p_restore(struct vfio_pci_core_device *vdev)
{
	lockdep_assert_held_write(&vdev->memory_lock);

	if (vdev->p2p_offered && !vdev->pm_runtime_engaged &&
	    __vfio_pci_memory_enabled(vdev))
		iommufd_device_restore_mmio(vdev->vdev.iommufd_device);
}
