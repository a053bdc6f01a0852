// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/iommu: the file, the table of ioctls, and what all of them share.
 *
 * Every ioctl takes a structure that begins with its own length. It is copied
 * in here, once, whatever version the user knows; each operation validates its
 * fields before it acts, and writes its results back itself.
 * VFIO's ioctls, which are not like that, go to vfio_compat.c as they are.
 *
 * In a kernel without VFIO's container /dev/vfio/vfio is the same file. Memory that
 * is mapped by that is charged to the process, as VFIO always has.
 *
 * No lock is held here.
 */
#define pr_fmt(fmt) "iommufd: " fmt

#include <linux/file.h>
#include <linux/fs.h>
#include <linux/iommufd.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/nospec.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <uapi/linux/iommufd.h>

#include "device.h"
#include "dirty.h"
#include "fault.h"
#include "hwpt.h"
#include "ioas.h"
#include "object.h"
#include "test.h"
#include "vfio_compat.h"

#define CREATE_TRACE_POINTS
#include <trace/events/iommufd.h>

static int iommufd_destroy(struct iommufd_ucmd *ucmd)
{
	struct iommu_destroy *cmd = ucmd->cmd;

	return iommufd_object_remove(ucmd->ictx, cmd->id, NULL);
}

union iommufd_cmd {
	struct iommu_destroy destroy;
	struct iommu_fault_alloc fault_alloc;
	struct iommu_hw_info hw_info;
	struct iommu_hwpt_alloc hwpt_alloc;
	struct iommu_hwpt_get_dirty_bitmap hwpt_get_dirty_bitmap;
	struct iommu_hwpt_invalidate hwpt_invalidate;
	struct iommu_hwpt_set_dirty_tracking hwpt_set_dirty_tracking;
	struct iommu_ioas_alloc ioas_alloc;
	struct iommu_ioas_allow_iovas ioas_allow_iovas;
	struct iommu_ioas_copy ioas_copy;
	struct iommu_ioas_iova_ranges ioas_iova_ranges;
	struct iommu_ioas_map ioas_map;
	struct iommu_ioas_unmap ioas_unmap;
	struct iommu_option option;
	struct iommu_vfio_ioas vfio_ioas;
#if IS_ENABLED(CONFIG_IOMMUFD_TEST)
	struct iommu_test_cmd test;
#endif
};

struct iommufd_ioctl {
	unsigned int cmd;
	u16 size;
	u16 min_size;
	int (*execute)(struct iommufd_ucmd *ucmd);
};

/* @_last: the last member of the structure's first version */
#define IOMMUFD_IOCTL(_cmd, _struct, _last, _execute)                     \
	[_IOC_NR(_cmd) - IOMMUFD_CMD_BASE] = {                            \
		.cmd = _cmd,                                              \
		.size = sizeof(struct _struct) +                          \
			BUILD_BUG_ON_ZERO(sizeof(struct _struct) >        \
					  sizeof(union iommufd_cmd)) +    \
			BUILD_BUG_ON_ZERO(offsetof(struct _struct, size)), \
		.min_size = offsetofend(struct _struct, _last),           \
		.execute = _execute,                                      \
	}

static const struct iommufd_ioctl iommufd_ioctls[] = {
	IOMMUFD_IOCTL(IOMMU_DESTROY, iommu_destroy, id, iommufd_destroy),
	IOMMUFD_IOCTL(IOMMU_FAULT_QUEUE_ALLOC, iommu_fault_alloc, out_fault_fd,
		      iommufd_fault_queue_alloc),
	IOMMUFD_IOCTL(IOMMU_GET_HW_INFO, iommu_hw_info, __reserved,
		      iommufd_get_hw_info),
	IOMMUFD_IOCTL(IOMMU_HWPT_ALLOC, iommu_hwpt_alloc, __reserved,
		      iommufd_hwpt_alloc),
	IOMMUFD_IOCTL(IOMMU_HWPT_GET_DIRTY_BITMAP, iommu_hwpt_get_dirty_bitmap,
		      data, iommufd_hwpt_get_dirty_bitmap),
	IOMMUFD_IOCTL(IOMMU_HWPT_SET_DIRTY_TRACKING,
		      iommu_hwpt_set_dirty_tracking, __reserved,
		      iommufd_hwpt_set_dirty_tracking),
	IOMMUFD_IOCTL(IOMMU_HWPT_INVALIDATE, iommu_hwpt_invalidate, __reserved,
		      iommufd_hwpt_invalidate),
	IOMMUFD_IOCTL(IOMMU_IOAS_ALLOC, iommu_ioas_alloc, out_ioas_id,
		      iommufd_ioas_alloc),
	IOMMUFD_IOCTL(IOMMU_IOAS_ALLOW_IOVAS, iommu_ioas_allow_iovas,
		      allowed_iovas, iommufd_ioas_allow_iovas),
	IOMMUFD_IOCTL(IOMMU_IOAS_COPY, iommu_ioas_copy, src_iova,
		      iommufd_ioas_copy),
	IOMMUFD_IOCTL(IOMMU_IOAS_IOVA_RANGES, iommu_ioas_iova_ranges,
		      out_iova_alignment, iommufd_ioas_iova_ranges),
	IOMMUFD_IOCTL(IOMMU_IOAS_MAP, iommu_ioas_map, iova, iommufd_ioas_map),
	IOMMUFD_IOCTL(IOMMU_IOAS_UNMAP, iommu_ioas_unmap, length,
		      iommufd_ioas_unmap),
	IOMMUFD_IOCTL(IOMMU_OPTION, iommu_option, val64, iommufd_option),
	IOMMUFD_IOCTL(IOMMU_VFIO_IOAS, iommu_vfio_ioas, __reserved,
		      iommufd_vfio_ioas),
#if IS_ENABLED(CONFIG_IOMMUFD_TEST)
	IOMMUFD_IOCTL(IOMMU_TEST_CMD, iommu_test_cmd, last, iommufd_test),
#endif
};

static long iommufd_fops_ioctl(struct file *file, unsigned int cmd,
			       unsigned long arg)
{
	struct iommufd_ucmd ucmd = {
		.ictx = file->private_data,
		.ubuffer = (void __user *)arg,
	};
	unsigned int nr = _IOC_NR(cmd) - IOMMUFD_CMD_BASE;
	const struct iommufd_ioctl *op;
	union iommufd_cmd buf;
	int rc;

	if (_IOC_NR(cmd) < IOMMUFD_CMD_BASE)
		return iommufd_vfio_ioctl(ucmd.ictx, cmd, arg);
	if (nr >= ARRAY_SIZE(iommufd_ioctls))
		return -ENOTTY;
	op = &iommufd_ioctls[array_index_nospec(nr, ARRAY_SIZE(iommufd_ioctls))];
	if (!op->execute || op->cmd != cmd)
		return -ENOTTY;

	if (get_user(ucmd.user_size, (u32 __user *)ucmd.ubuffer))
		return -EFAULT;
	if (ucmd.user_size < op->min_size)
		return -EINVAL;
	/* What is longer than any structure is not searched for zeros */
	if (ucmd.user_size > PAGE_SIZE)
		return -E2BIG;

	ucmd.cmd = &buf;
	rc = copy_struct_from_user(&buf, op->size, ucmd.ubuffer,
				   ucmd.user_size);
	if (rc)
		return rc;
	return op->execute(&ucmd);
}

/**
 * iommufd_ucmd_respond() - write an ioctl's structure back
 * @ucmd: The ioctl
 * @cmd_len: Length of its structure; a shorter user gets what it knows
 *
 * Return: 0 or -EFAULT.
 */
int iommufd_ucmd_respond(struct iommufd_ucmd *ucmd, size_t cmd_len)
{
	size_t len = min_t(size_t, ucmd->user_size, cmd_len);

	return copy_to_user(ucmd->ubuffer, ucmd->cmd, len) ? -EFAULT : 0;
}
EXPORT_SYMBOL_NS_GPL(iommufd_ucmd_respond, IOMMUFD_INTERNAL);

/* Was the file opened as VFIO's container? */
static bool inode_is_container(struct inode *inode)
{
	return IS_ENABLED(CONFIG_IOMMUFD_VFIO_CONTAINER) &&
	       inode->i_rdev == MKDEV(MISC_MAJOR, VFIO_MINOR);
}

static int iommufd_fops_open(struct inode *inode, struct file *file)
{
	struct iommufd_ctx *ictx;

	ictx = kzalloc(sizeof(*ictx), GFP_KERNEL_ACCOUNT);
	if (!ictx)
		return -ENOMEM;

	/* ID 0 is no object's */
	xa_init_flags(&ictx->objects, XA_FLAGS_ALLOC1 | XA_FLAGS_ACCOUNT);
	xa_init_flags(&ictx->groups, XA_FLAGS_ACCOUNT);
	mutex_init(&ictx->vfio_lock);
	mutex_init(&ictx->mmio_lock);
	INIT_LIST_HEAD(&ictx->mmios);
	ictx->file = file;
	if (inode_is_container(inode))
		ictx->charge = MEMORY_CHARGE_MM;
	file->private_data = ictx;
	return 0;
}

static int iommufd_fops_release(struct inode *inode, struct file *file)
{
	struct iommufd_ctx *ictx = file->private_data;

	iommufd_vfio_release(ictx);
	iommufd_object_remove_all(ictx);
	WARN_ON(!xa_empty(&ictx->groups));
	kfree(ictx);
	return 0;
}

static const struct file_operations iommufd_fops = {
	.owner = THIS_MODULE,
	.open = iommufd_fops_open,
	.release = iommufd_fops_release,
	.unlocked_ioctl = iommufd_fops_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};

/**
 * iommufd_ctx_get() - hold a context
 * @ictx: The context, which the caller can reach
 */
void iommufd_ctx_get(struct iommufd_ctx *ictx)
{
	get_file(ictx->file);
}
EXPORT_SYMBOL_NS_GPL(iommufd_ctx_get, IOMMUFD);

/**
 * iommufd_ctx_put() - let go of a context
 * @ictx: The context; with the last holder, user space's file descriptors
 *        included, it is destroyed
 */
void iommufd_ctx_put(struct iommufd_ctx *ictx)
{
	fput(ictx->file);
}
EXPORT_SYMBOL_NS_GPL(iommufd_ctx_put, IOMMUFD);

/**
 * iommufd_ctx_from_file() - the context behind an open file
 * @file: A file user space has passed, held by the caller
 *
 * Return: the context, to be given back by iommufd_ctx_put(), or
 * ERR_PTR(-EBADFD) if @file is not of /dev/iommu.
 */
struct iommufd_ctx *iommufd_ctx_from_file(struct file *file)
{
	struct iommufd_ctx *ictx;

	if (file->f_op != &iommufd_fops)
		return ERR_PTR(-EBADFD);
	ictx = file->private_data;
	iommufd_ctx_get(ictx);
	return ictx;
}
EXPORT_SYMBOL_NS_GPL(iommufd_ctx_from_file, IOMMUFD);

/**
 * iommufd_ctx_from_fd() - the context behind a file descriptor
 * @fd: A descriptor user space has passed
 *
 * Return: as iommufd_ctx_from_file(), and ERR_PTR(-EBADF) for no open file.
 */
struct iommufd_ctx *iommufd_ctx_from_fd(int fd)
{
	struct iommufd_ctx *ictx;
	struct file *file;

	file = fget(fd);
	if (!file)
		return ERR_PTR(-EBADF);
	ictx = iommufd_ctx_from_file(file);
	fput(file);
	return ictx;
}
EXPORT_SYMBOL_NS_GPL(iommufd_ctx_from_fd, IOMMUFD);

static struct miscdevice iommufd_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "iommu",
	.nodename = "iommu",
	.mode = 0660,
	.fops = &iommufd_fops,
};

static struct miscdevice container_misc = {
	.minor = VFIO_MINOR,
	.name = "vfio",
	.nodename = "vfio/vfio",
	.mode = 0666,
	.fops = &iommufd_fops,
};

static int __init iommufd_init(void)
{
	int rc;

	rc = misc_register(&iommufd_misc);
	if (rc || !IS_ENABLED(CONFIG_IOMMUFD_VFIO_CONTAINER))
		return rc;
	rc = misc_register(&container_misc);
	if (rc)
		misc_deregister(&iommufd_misc);
	return rc;
}
module_init(iommufd_init);

static void __exit iommufd_exit(void)
{
	if (IS_ENABLED(CONFIG_IOMMUFD_VFIO_CONTAINER))
		misc_deregister(&container_misc);
	misc_deregister(&iommufd_misc);
}
module_exit(iommufd_exit);

#if IS_ENABLED(CONFIG_IOMMUFD_VFIO_CONTAINER)
MODULE_ALIAS_MISCDEV(VFIO_MINOR);
MODULE_ALIAS("devname:vfio/vfio");
#endif
MODULE_IMPORT_NS(IOMMUFD_INTERNAL);
MODULE_DESCRIPTION("IO page tables for user space");
MODULE_LICENSE("GPL");
