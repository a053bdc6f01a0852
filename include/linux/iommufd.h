/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * iommufd for drivers: how VFIO and others put devices under the control of the
 * user space that opened /dev/iommu.
 */
#ifndef __LINUX_IOMMUFD_H
#define __LINUX_IOMMUFD_H

#include <linux/types.h>
#include <uapi/linux/iommufd.h>

struct device;
struct file;
struct iommu_group;
struct iommufd_access;
struct iommufd_ctx;
struct iommufd_device;
struct page;
struct vm_area_struct;

struct iommufd_ctx *iommufd_ctx_from_file(struct file *file);
struct iommufd_ctx *iommufd_ctx_from_fd(int fd);
void iommufd_ctx_get(struct iommufd_ctx *ictx);
void iommufd_ctx_put(struct iommufd_ctx *ictx);

struct iommufd_device *iommufd_device_bind(struct iommufd_ctx *ictx,
					   struct device *dev, u32 *id);
void iommufd_device_unbind(struct iommufd_device *idev);

struct iommufd_ctx *iommufd_device_to_ictx(struct iommufd_device *idev);
u32 iommufd_device_to_id(struct iommufd_device *idev);
bool iommufd_ctx_has_group(struct iommufd_ctx *ictx, struct iommu_group *group);

int iommufd_device_attach(struct iommufd_device *idev, u32 *pt_id);
int iommufd_device_replace(struct iommufd_device *idev, u32 *pt_id);
void iommufd_device_detach(struct iommufd_device *idev);

/**
 * struct iommufd_mmio_ops - a driver whose device has memory that others may reach
 * @find: Does @vma, which is VM_PFNMAP and shared, show memory of the device? Then
 *        *@start is set to the physical address shown at vma->vm_start; the whole
 *        VMA shows what follows there without a gap, and does so for as long as the
 *        device is bound. mmap_lock is held for reading. Must not take a lock that
 *        is held when the device is offered or unbound, nor call back here
 */
struct iommufd_mmio_ops {
	bool (*find)(void *data, struct vm_area_struct *vma,
		     phys_addr_t *start);
};

void iommufd_device_offer_mmio(struct iommufd_device *idev,
			       const struct iommufd_mmio_ops *ops, void *data);
void iommufd_device_restore_mmio(struct iommufd_device *idev);
void iommufd_device_revoke_mmio(struct iommufd_device *idev);

/**
 * struct iommufd_access_ops - a driver that reaches what an IOAS maps
 * @needs_pin_pages: It calls iommufd_access_pin_pages()
 * @unmap: Called when @length IOVAs from @iova on are being unmapped: unpin all
 *         that was pinned there, before returning. May be called for a range
 *         several times, at the same time for others, and for one on which
 *         nothing is pinned, or which is only cut in two and can be pinned
 *         again after that. Must not attach or detach an access, or take a lock
 *         that is held around that
 */
struct iommufd_access_ops {
	bool needs_pin_pages;
	void (*unmap)(void *data, unsigned long iova, unsigned long length);
};

/**
 * enum iommufd_access_rw_flags - how memory is accessed
 * @IOMMUFD_ACCESS_RW_READ: Reading
 * @IOMMUFD_ACCESS_RW_WRITE: Writing
 * @IOMMUFD_ACCESS_RW_KTHREAD: The caller has no memory of its own
 * @__IOMMUFD_ACCESS_RW_SLOW_PATH: Not by the page tables of the CPU; for tests
 */
enum iommufd_access_rw_flags {
	IOMMUFD_ACCESS_RW_READ = 0,
	IOMMUFD_ACCESS_RW_WRITE = 1 << 0,
	IOMMUFD_ACCESS_RW_KTHREAD = 1 << 1,
	__IOMMUFD_ACCESS_RW_SLOW_PATH = 1 << 2,
};

struct iommufd_access *
iommufd_access_create(struct iommufd_ctx *ictx,
		      const struct iommufd_access_ops *ops, void *data,
		      u32 *id);
void iommufd_access_destroy(struct iommufd_access *access);

int iommufd_access_attach(struct iommufd_access *access, u32 ioas_id);
int iommufd_access_replace(struct iommufd_access *access, u32 ioas_id);
void iommufd_access_detach(struct iommufd_access *access);

int iommufd_access_pin_pages(struct iommufd_access *access, unsigned long iova,
			     unsigned long length, struct page **out_pages,
			     unsigned int flags);
void iommufd_access_unpin_pages(struct iommufd_access *access,
				unsigned long iova, unsigned long length);
int iommufd_access_rw(struct iommufd_access *access, unsigned long iova,
		      void *data, size_t length, unsigned int flags);

int iommufd_vfio_compat_ioas_get_id(struct iommufd_ctx *ictx, u32 *out_ioas_id);
int iommufd_vfio_compat_ioas_create(struct iommufd_ctx *ictx);
int iommufd_vfio_compat_set_no_iommu(struct iommufd_ctx *ictx);

#endif
