// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/vfio/devices/vfioN: a device by itself, without its group.
 *
 * A file is one of:
 *  open	Its user can bind it, and nothing else. The device may go, and is
 *		forgotten then.
 *  bound	Holds the device's registration, an iommufd, and its place as the one
 *		that has the device open. Everything else works. Lasts until the
 *		file is closed.
 *
 * A group whose devices are bound that way cannot be opened, nor a device of an
 * open group be bound.
 *
 * Locks, in the order they are taken; none is held over a copy to or from user
 * space:
 *  the lock of the device's dev_set	Binding, and what the device is attached to
 *  vfio_group::group_lock		Whether it is the group or its devices
 *  vfio_cdev_lock			Which devices have nodes; of files that are
 *					not bound, which device they are for, and
 *					vfio_device::cdev_files
 */
#include <linux/cdev.h>
#include <linux/fs.h>
#include <linux/iommufd.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vfio.h>
#include <linux/xarray.h>

#include "vfio.h"

static dev_t vfio_cdev_first;
static struct cdev vfio_cdev;
static DEFINE_MUTEX(vfio_cdev_lock);
/* struct vfio_device by the minor number of its node */
static DEFINE_XARRAY(vfio_cdev_devices);

/* ---- The node ---- */

static bool vfio_cdev_has_node(struct vfio_device *device)
{
	lockdep_assert_held(&vfio_cdev_lock);

	return xa_load(&vfio_cdev_devices, device->index) == device;
}

/**
 * vfio_cdev_add() - add a device to the system, with a node of its own if it can
 * @device: The device, with its name; its group is known
 *
 * A device without an IOMMU is not for those who can open a node, and one whose
 * driver knows no iommufd could not be bound.
 *
 * Return: 0, -ENOMEM or an error of device_add().
 */
int vfio_cdev_add(struct vfio_device *device)
{
	int ret;

	if (device->group->type == VFIO_NO_IOMMU || !device->ops->bind_iommufd)
		return device_add(&device->device);

	INIT_LIST_HEAD(&device->cdev_files);
	device->device.devt = MKDEV(MAJOR(vfio_cdev_first), device->index);

	/* Nobody opens the node before both are done */
	mutex_lock(&vfio_cdev_lock);
	ret = xa_err(xa_store(&vfio_cdev_devices, device->index, device,
			      GFP_KERNEL));
	if (!ret)
		ret = device_add(&device->device);
	if (ret)
		xa_erase(&vfio_cdev_devices, device->index);
	mutex_unlock(&vfio_cdev_lock);
	return ret;
}

/**
 * vfio_cdev_close_node() - let nobody open or bind a device's node any more
 * @device: The device, which is about to be unregistered
 *
 * Those who have bound it go on.
 */
void vfio_cdev_close_node(struct vfio_device *device)
{
	struct vfio_device_file *df, *next;

	if (!device->device.devt)
		return;

	mutex_lock(&vfio_cdev_lock);
	xa_erase(&vfio_cdev_devices, device->index);
	list_for_each_entry_safe(df, next, &device->cdev_files, item) {
		list_del_init(&df->item);
		df->device = NULL;
	}
	mutex_unlock(&vfio_cdev_lock);
}

/* Have @df, which is not bound, be one for @device for as long as that has a node */
static void vfio_cdev_set_device(struct vfio_device_file *df,
				 struct vfio_device *device)
{
	lockdep_assert_held(&vfio_cdev_lock);

	if (device && !vfio_cdev_has_node(device))
		device = NULL;
	if (device)
		list_add(&df->item, &device->cdev_files);
	df->device = device;
}

/* Have @df be one for @device, whose registration the caller holds, to the end */
static int vfio_cdev_keep_device(struct vfio_device_file *df,
				 struct vfio_device *device)
{
	int ret = -ENODEV;

	mutex_lock(&vfio_cdev_lock);
	if (vfio_cdev_has_node(device)) {
		list_del_init(&df->item);
		df->device = device;
		ret = 0;
	}
	mutex_unlock(&vfio_cdev_lock);
	return ret;
}

/**
 * vfio_cdev_get_device() - the device whose node was opened
 * @df: The open file, bound or not
 *
 * Return: the device, to be given back by vfio_device_put_registration(), or NULL
 * if it has gone.
 */
struct vfio_device *vfio_cdev_get_device(struct vfio_device_file *df)
{
	struct vfio_device *device;

	mutex_lock(&vfio_cdev_lock);
	device = df->device;
	if (device && !vfio_device_try_get_registration(device))
		device = NULL;
	mutex_unlock(&vfio_cdev_lock);
	return device;
}

/**
 * vfio_cdev_fops_open() - open() of a device's node
 * @inode: The node
 * @filep: Its open file
 *
 * Return: 0, -ENODEV if there is no device or it is on its way out, or -ENOMEM.
 */
int vfio_cdev_fops_open(struct inode *inode, struct file *filep)
{
	struct vfio_device_file *df;

	df = kzalloc(sizeof(*df), GFP_KERNEL_ACCOUNT);
	if (!df)
		return -ENOMEM;
	INIT_LIST_HEAD(&df->item);
	spin_lock_init(&df->kvm.lock);

	mutex_lock(&vfio_cdev_lock);
	vfio_cdev_set_device(df, xa_load(&vfio_cdev_devices, iminor(inode)));
	mutex_unlock(&vfio_cdev_lock);
	if (!df->device) {
		kfree(df);
		return -ENODEV;
	}
	filep->private_data = df;
	return 0;
}

/* ---- Bind ---- */

static int vfio_cdev_block_group(struct vfio_group *group)
{
	int ret = 0;

	mutex_lock(&group->group_lock);
	if (group->opened_file)
		ret = -EBUSY;
	else
		group->cdev_users++;
	mutex_unlock(&group->group_lock);
	return ret;
}

static void vfio_cdev_unblock_group(struct vfio_group *group)
{
	mutex_lock(&group->group_lock);
	group->cdev_users--;
	mutex_unlock(&group->group_lock);
}

/* The opposite of vfio_cdev_bind_locked(), without closing the device */
static void vfio_cdev_unbind_locked(struct vfio_device_file *df)
{
	struct vfio_device *device = df->device;

	lockdep_assert_held(&device->dev_set->lock);

	device->cdev_opened = false;
	df->iommufd = NULL;
	vfio_cdev_unblock_group(device->group);

	mutex_lock(&vfio_cdev_lock);
	vfio_cdev_set_device(df, device);
	mutex_unlock(&vfio_cdev_lock);
}

/*
 * A driver may want more than the device's name from who opens it by the group, the
 * token of a virtual function say. Here nobody can show that.
 */
static int vfio_cdev_check_match(struct vfio_device *device)
{
	char *name;
	int ret;

	if (!device->ops->match)
		return 0;
	name = kstrdup(dev_name(device->dev), GFP_KERNEL);
	if (!name)
		return -ENOMEM;
	ret = device->ops->match(device, name);
	kfree(name);
	return ret < 0 ? ret : 0;
}

/* Open the device for @df, which keeps its registration and @ictx if that works */
static int vfio_cdev_bind_locked(struct vfio_device_file *df,
				 struct vfio_device *device,
				 struct iommufd_ctx *ictx)
{
	int ret;

	lockdep_assert_held(&device->dev_set->lock);

	if (df->iommufd)
		return -EINVAL;
	ret = vfio_cdev_check_match(device);
	if (ret)
		return ret;
	ret = vfio_cdev_block_group(device->group);
	if (ret)
		return ret;
	/* Then it is another file of the node that has it open */
	ret = device->open_count ? -EINVAL : vfio_cdev_keep_device(df, device);
	if (ret) {
		vfio_cdev_unblock_group(device->group);
		return ret;
	}

	df->iommufd = ictx;
	device->cdev_opened = true;
	ret = vfio_device_file_open(df);
	if (ret)
		vfio_cdev_unbind_locked(df);
	return ret;
}

/* Close the device, and forget all that vfio_cdev_bind() did */
static void vfio_cdev_unbind(struct vfio_device_file *df)
{
	struct vfio_device *device = df->device;
	struct iommufd_ctx *ictx = df->iommufd;

	mutex_lock(&device->dev_set->lock);
	vfio_device_file_close(df);
	vfio_cdev_unbind_locked(df);
	mutex_unlock(&device->dev_set->lock);

	iommufd_ctx_put(ictx);
	vfio_device_put_registration(device);
}

static int vfio_cdev_bind(struct vfio_device_file *df, int fd)
{
	struct vfio_device *device;
	struct iommufd_ctx *ictx;
	int ret;

	ictx = iommufd_ctx_from_fd(fd);
	if (IS_ERR(ictx))
		return PTR_ERR(ictx);
	device = vfio_cdev_get_device(df);
	if (!device) {
		ret = -ENODEV;
		goto err_put_ctx;
	}
	mutex_lock(&device->dev_set->lock);
	ret = vfio_cdev_bind_locked(df, device, ictx);
	mutex_unlock(&device->dev_set->lock);
	if (!ret)
		return 0;

	vfio_device_put_registration(device);
err_put_ctx:
	iommufd_ctx_put(ictx);
	return ret;
}

/**
 * vfio_cdev_ioctl_bind() - ioctl(VFIO_DEVICE_BIND_IOMMUFD)
 * @df: The file
 * @arg: The ioctl's structure
 *
 * Return: 0; -EINVAL for a bad structure, a file that is bound or was opened by a
 * group, or a device that is open; -EBUSY if its group is; -EBADF or -EBADFD for
 * what is no iommufd; -ENODEV if the device has gone; -EACCES if it can be opened by
 * its group only, with a token; or an error of binding or opening it.
 */
int vfio_cdev_ioctl_bind(struct vfio_device_file *df,
			 struct vfio_device_bind_iommufd __user *arg)
{
	const size_t minsz = offsetofend(struct vfio_device_bind_iommufd,
					 out_devid);
	struct vfio_device_bind_iommufd bind;
	int ret;

	if (copy_from_user(&bind, arg, minsz))
		return -EFAULT;
	if (bind.argsz < minsz || bind.flags || bind.iommufd < 0 || df->group)
		return -EINVAL;
	ret = vfio_cdev_bind(df, bind.iommufd);
	if (ret)
		return ret;
	/* The user does nothing with the device before it knows the ID */
	if (put_user(df->devid, &arg->out_devid)) {
		vfio_cdev_unbind(df);
		return -EFAULT;
	}
	/* Pairs with vfio_device_file_device() */
	smp_store_release(&df->usable, true);
	return 0;
}

/**
 * vfio_cdev_fops_release() - release() of a device's node
 * @df: The file
 */
void vfio_cdev_fops_release(struct vfio_device_file *df)
{
	if (df->iommufd)
		vfio_cdev_unbind(df);
	mutex_lock(&vfio_cdev_lock);
	list_del(&df->item);
	mutex_unlock(&vfio_cdev_lock);
	kfree(df);
}

/* ---- Attach ---- */

/**
 * vfio_cdev_ioctl_attach() - ioctl(VFIO_DEVICE_ATTACH_IOMMUFD_PT)
 * @df: The file, bound
 * @arg: The ioctl's structure
 *
 * Return: 0; -EINVAL for a bad structure; an error of the driver's attach_ioas(), with
 * everything as before; or -EFAULT, perhaps with the device attached.
 */
int vfio_cdev_ioctl_attach(struct vfio_device_file *df,
			   struct vfio_device_attach_iommufd_pt __user *arg)
{
	const size_t minsz = offsetofend(struct vfio_device_attach_iommufd_pt,
					 pt_id);
	struct vfio_device_attach_iommufd_pt attach;
	struct vfio_device *device = df->device;
	int ret;

	if (copy_from_user(&attach, arg, minsz))
		return -EFAULT;
	if (attach.argsz < minsz || attach.flags)
		return -EINVAL;
	/* A device that has moved is not moved back for want of an answer */
	if (put_user(attach.pt_id, &arg->pt_id))
		return -EFAULT;

	mutex_lock(&device->dev_set->lock);
	ret = device->ops->attach_ioas(device, &attach.pt_id);
	mutex_unlock(&device->dev_set->lock);
	if (ret)
		return ret;
	return put_user(attach.pt_id, &arg->pt_id);
}

/**
 * vfio_cdev_ioctl_detach() - ioctl(VFIO_DEVICE_DETACH_IOMMUFD_PT)
 * @df: The file, bound
 * @arg: The ioctl's structure
 *
 * Return: 0, also if the device is not attached; -EINVAL for a bad structure;
 * -EFAULT.
 */
int vfio_cdev_ioctl_detach(struct vfio_device_file *df,
			   struct vfio_device_detach_iommufd_pt __user *arg)
{
	const size_t minsz = offsetofend(struct vfio_device_detach_iommufd_pt,
					 flags);
	struct vfio_device_detach_iommufd_pt detach;
	struct vfio_device *device = df->device;

	if (copy_from_user(&detach, arg, minsz))
		return -EFAULT;
	if (detach.argsz < minsz || detach.flags)
		return -EINVAL;

	mutex_lock(&device->dev_set->lock);
	device->ops->detach_ioas(device);
	mutex_unlock(&device->dev_set->lock);
	return 0;
}

/* ---- Module ---- */

static char *vfio_cdev_devnode(struct device *dev, umode_t *mode)
{
	return kasprintf(GFP_KERNEL, "vfio/devices/%s", dev_name(dev));
}

/**
 * vfio_cdev_init() - be ready for nodes
 * @class: Of the devices
 *
 * Return: 0 or an error of alloc_chrdev_region() or cdev_add().
 */
int __init vfio_cdev_init(struct class *class)
{
	int ret;

	ret = alloc_chrdev_region(&vfio_cdev_first, 0, MINORMASK + 1,
				  "vfio-dev");
	if (ret)
		return ret;
	class->devnode = vfio_cdev_devnode;
	/* One for all, so that an open file keeps no device */
	cdev_init(&vfio_cdev, &vfio_device_fops);
	vfio_cdev.owner = THIS_MODULE;
	ret = cdev_add(&vfio_cdev, vfio_cdev_first, MINORMASK + 1);
	if (ret)
		unregister_chrdev_region(vfio_cdev_first, MINORMASK + 1);
	return ret;
}

void vfio_cdev_cleanup(void)
{
	cdev_del(&vfio_cdev);
	unregister_chrdev_region(vfio_cdev_first, MINORMASK + 1);
	xa_destroy(&vfio_cdev_devices);
}
