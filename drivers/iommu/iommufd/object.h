/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Objects: what user space names by an ID.
 *
 * An object is made in private, given an ID by iommufd_object_publish() once it
 * is whole, found by that ID while it has one, and freed by whoever drops the
 * last reference, long after the ID may be gone.
 *
 * Two counts:
 *  refs	keeps the memory. Held by the ID, and by every ioctl for as long as
 *		it works on the object.
 *  users	keeps the ID. Held by the ID itself, and by every other object that
 *		depends on this one. A user holds a reference as well. The ID can
 *		be taken away only while it is the one user left, which leaves
 *		zero; nobody can become a user after that.
 *
 * Locks: the lock of iommufd_ctx::objects makes lookup, publication and removal
 * of an ID atomic. Nothing else is taken under it. iommufd_ctx::vfio_lock comes
 * before it.
 */
#ifndef __IOMMUFD_OBJECT_H
#define __IOMMUFD_OBJECT_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/types.h>
#include <linux/xarray.h>

struct file;
struct iommufd_ctx;
struct iommufd_ioas;
struct module;

/* In the order in which the close of /dev/iommu destroys them: users first */
enum iommufd_object_type {
	IOMMUFD_OBJ_MOCK_DEVICE,
	IOMMUFD_OBJ_ACCESS,
	IOMMUFD_OBJ_DEVICE,
	IOMMUFD_OBJ_HWPT_NESTED,
	IOMMUFD_OBJ_HWPT_PAGING,
	IOMMUFD_OBJ_FAULT,
	IOMMUFD_OBJ_IOAS,
	IOMMUFD_OBJ_TYPES,
};

struct iommufd_object;

/**
 * struct iommufd_object_ops - a kind of object
 * @type: Which
 * @release: Called when the last reference is gone. Frees the object, or lets
 *           somebody who waits for that moment do so
 * @owner: The module @release is in, if it is another than iommufd
 */
struct iommufd_object_ops {
	enum iommufd_object_type type;
	void (*release)(struct iommufd_object *obj);
	struct module *owner;
};

struct iommufd_object {
	const struct iommufd_object_ops *ops;
	refcount_t refs;
	refcount_t users;
	u32 id;
	bool published;
};

/**
 * struct iommufd_ctx - one open /dev/iommu
 * @file: The open file, whose references are the context's
 * @objects: Objects by ID, also those that are not published yet
 * @groups: struct iommufd_group by IOMMU group ID, see device.c
 * @vfio_lock: Protects @vfio_ioas and @vfio_no_iommu
 * @vfio_ioas: The IOAS that VFIO's own ioctls are for, used, or NULL
 * @vfio_no_iommu: They are for devices without an IOMMU, whose DMA is not
 *                 translated, and which have no IOAS
 * @charge: enum memory_charge of what is mapped from now on
 * @mmio_lock: See mmio.h; protects @mmios
 * @mmios: struct iommufd_mmio that user space may map
 */
struct iommufd_ctx {
	struct file *file;
	struct xarray objects;
	struct xarray groups;
	struct mutex vfio_lock;
	struct iommufd_ioas *vfio_ioas;
	bool vfio_no_iommu;
	u8 charge;
	struct mutex mmio_lock;
	struct list_head mmios;
};

/**
 * struct iommufd_ucmd - one ioctl
 * @ictx: Whose
 * @ubuffer: The user's structure
 * @user_size: Its length as the user sees it
 * @cmd: Our copy, zero beyond @user_size
 */
struct iommufd_ucmd {
	struct iommufd_ctx *ictx;
	void __user *ubuffer;
	u32 user_size;
	void *cmd;
};

int iommufd_ucmd_respond(struct iommufd_ucmd *ucmd, size_t cmd_len);

void iommufd_object_init(struct iommufd_object *obj,
			 const struct iommufd_object_ops *ops);
int iommufd_object_reserve(struct iommufd_ctx *ictx,
			   struct iommufd_object *obj);
void iommufd_object_publish(struct iommufd_ctx *ictx,
			    struct iommufd_object *obj);
void iommufd_object_cancel(struct iommufd_ctx *ictx,
			   struct iommufd_object *obj);
int iommufd_object_announce(struct iommufd_ucmd *ucmd,
			    struct iommufd_object *obj, u32 *out_id,
			    size_t cmd_len);

struct iommufd_object *iommufd_object_get_any(struct iommufd_ctx *ictx, u32 id);
struct iommufd_object *iommufd_object_get(struct iommufd_ctx *ictx, u32 id,
					  enum iommufd_object_type type);
void iommufd_object_put(struct iommufd_object *obj);

int iommufd_object_use(struct iommufd_object *obj);
void iommufd_object_unuse(struct iommufd_object *obj);

int iommufd_object_remove(struct iommufd_ctx *ictx, u32 id,
			  struct iommufd_object *expected);
void iommufd_object_withdraw(struct iommufd_ctx *ictx,
			     struct iommufd_object *obj);
void iommufd_object_remove_all(struct iommufd_ctx *ictx);

#endif
