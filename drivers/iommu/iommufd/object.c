// SPDX-License-Identifier: GPL-2.0-only
/*
 * Objects and their IDs. The rules are in object.h.
 */
#include <linux/export.h>
#include <linux/module.h>

#include "object.h"

/**
 * iommufd_object_init() - begin an object's life
 * @obj: The object, in memory that @ops->release can free
 * @ops: Its kind
 *
 * The caller holds the one reference, which iommufd_object_publish() turns into
 * that of the ID. Until then iommufd_object_put() destroys the object.
 */
void iommufd_object_init(struct iommufd_object *obj,
			 const struct iommufd_object_ops *ops)
{
	obj->ops = ops;
	refcount_set(&obj->refs, 1);
	refcount_set(&obj->users, 1);
	__module_get(ops->owner);
}
EXPORT_SYMBOL_NS_GPL(iommufd_object_init, IOMMUFD_INTERNAL);

/**
 * iommufd_object_reserve() - choose an object's ID
 * @ictx: Where
 * @obj: A whole object
 *
 * The ID finds nothing until iommufd_object_publish(), which cannot fail, so
 * that whatever can still fail stands between the two.
 *
 * Return: 0 with @obj->id set, -ENOMEM, or -ENOSPC when there is no ID left.
 */
int iommufd_object_reserve(struct iommufd_ctx *ictx, struct iommufd_object *obj)
{
	int rc;

	obj->published = false;
	rc = xa_alloc(&ictx->objects, &obj->id, obj, xa_limit_31b,
		      GFP_KERNEL_ACCOUNT);
	return rc == -EBUSY ? -ENOSPC : rc;
}
EXPORT_SYMBOL_NS_GPL(iommufd_object_reserve, IOMMUFD_INTERNAL);

/**
 * iommufd_object_publish() - let the reserved ID find the object
 * @ictx: Where
 * @obj: The object; the caller's reference is handed over to the ID, so that
 *       the object may be gone when this returns
 */
void iommufd_object_publish(struct iommufd_ctx *ictx,
			    struct iommufd_object *obj)
{
	xa_lock(&ictx->objects);
	obj->published = true;
	xa_unlock(&ictx->objects);
}
EXPORT_SYMBOL_NS_GPL(iommufd_object_publish, IOMMUFD_INTERNAL);

/**
 * iommufd_object_cancel() - give a reserved ID back and destroy the object
 * @ictx: Where
 * @obj: The object, reserved and not published
 */
void iommufd_object_cancel(struct iommufd_ctx *ictx, struct iommufd_object *obj)
{
	xa_erase(&ictx->objects, obj->id);
	iommufd_object_put(obj);
}
EXPORT_SYMBOL_NS_GPL(iommufd_object_cancel, IOMMUFD_INTERNAL);

/**
 * iommufd_object_announce() - publish an object whose ID an ioctl returns
 * @ucmd: The ioctl
 * @obj: A whole object; the caller's reference is consumed either way
 * @out_id: Where in the ioctl's structure the ID goes
 * @cmd_len: Length of that structure
 *
 * User space learns the ID before anybody can use it: if it cannot be told,
 * there is nothing to take back.
 *
 * Return: 0, -EFAULT, or an error of iommufd_object_reserve(); the object is
 * destroyed on any.
 */
int iommufd_object_announce(struct iommufd_ucmd *ucmd,
			    struct iommufd_object *obj, u32 *out_id,
			    size_t cmd_len)
{
	int rc;

	rc = iommufd_object_reserve(ucmd->ictx, obj);
	if (rc) {
		iommufd_object_put(obj);
		return rc;
	}

	*out_id = obj->id;
	rc = iommufd_ucmd_respond(ucmd, cmd_len);
	if (rc)
		iommufd_object_cancel(ucmd->ictx, obj);
	else
		iommufd_object_publish(ucmd->ictx, obj);
	return rc;
}
EXPORT_SYMBOL_NS_GPL(iommufd_object_announce, IOMMUFD_INTERNAL);

/* The object that @id finds, or NULL. Its reference cannot go under the lock */
static struct iommufd_object *object_find(struct iommufd_ctx *ictx, u32 id)
{
	struct iommufd_object *obj = xa_load(&ictx->objects, id);

	lockdep_assert_held(&ictx->objects.xa_lock);

	return obj && obj->published ? obj : NULL;
}

/**
 * iommufd_object_get_any() - find an object of any kind
 * @ictx: Where
 * @id: Its ID
 *
 * Return: the object, to be given back by iommufd_object_put(), or
 * ERR_PTR(-ENOENT).
 */
struct iommufd_object *iommufd_object_get_any(struct iommufd_ctx *ictx, u32 id)
{
	struct iommufd_object *obj;

	xa_lock(&ictx->objects);
	obj = object_find(ictx, id);
	if (obj)
		refcount_inc(&obj->refs);
	xa_unlock(&ictx->objects);

	return obj ?: ERR_PTR(-ENOENT);
}
EXPORT_SYMBOL_NS_GPL(iommufd_object_get_any, IOMMUFD_INTERNAL);

/**
 * iommufd_object_get() - find an object of one kind
 * @ictx: Where
 * @id: Its ID
 * @type: The kind
 *
 * Return: the object, to be given back by iommufd_object_put(), or
 * ERR_PTR(-ENOENT), also if @id is something else.
 */
struct iommufd_object *iommufd_object_get(struct iommufd_ctx *ictx, u32 id,
					  enum iommufd_object_type type)
{
	struct iommufd_object *obj;

	xa_lock(&ictx->objects);
	obj = object_find(ictx, id);
	if (obj && obj->ops->type == type)
		refcount_inc(&obj->refs);
	else
		obj = ERR_PTR(-ENOENT);
	xa_unlock(&ictx->objects);

	return obj;
}
EXPORT_SYMBOL_NS_GPL(iommufd_object_get, IOMMUFD_INTERNAL);

/**
 * iommufd_object_put() - drop a reference
 * @obj: The object
 *
 * Context: May sleep; the last one destroys the object, and with it what it
 * alone was using.
 */
void iommufd_object_put(struct iommufd_object *obj)
{
	if (refcount_dec_and_test(&obj->refs)) {
		struct module *owner = obj->ops->owner;

		obj->ops->release(obj);
		module_put(owner);
	}
}
EXPORT_SYMBOL_NS_GPL(iommufd_object_put, IOMMUFD_INTERNAL);

/**
 * iommufd_object_use() - depend on an object
 * @obj: The object, of which the caller holds a reference
 *
 * Its ID can then not be removed until iommufd_object_unuse().
 *
 * Return: 0, or -ENOENT if the ID has been removed already.
 */
int iommufd_object_use(struct iommufd_object *obj)
{
	if (!refcount_inc_not_zero(&obj->users))
		return -ENOENT;
	refcount_inc(&obj->refs);
	return 0;
}

/**
 * iommufd_object_unuse() - undo iommufd_object_use()
 * @obj: The object
 *
 * Context: As iommufd_object_put().
 */
void iommufd_object_unuse(struct iommufd_object *obj)
{
	refcount_dec(&obj->users);
	iommufd_object_put(obj);
}

/**
 * iommufd_object_remove() - take an object's ID away
 * @ictx: Where
 * @id: The ID
 * @expected: The object it is to be, which the caller holds a reference of; or
 *            NULL for whatever it is
 *
 * The object is destroyed as soon as no ioctl works on it any more, which is
 * usually before this returns.
 *
 * Return: 0, -ENOENT if there is none, -EBUSY if it is in use.
 */
int iommufd_object_remove(struct iommufd_ctx *ictx, u32 id,
			  struct iommufd_object *expected)
{
	XA_STATE(xas, &ictx->objects, id);
	struct iommufd_object *obj;
	int rc = 0;

	xas_lock(&xas);
	obj = xas_load(&xas);
	/* What keeps ID 0 from being allocated is no object */
	if (!obj || xa_is_zero(obj) || !obj->published ||
	    (expected && obj != expected))
		rc = -ENOENT;
	else if (!refcount_dec_if_one(&obj->users))
		rc = -EBUSY;
	else
		xas_store(&xas, NULL);
	xas_unlock(&xas);
	if (rc)
		return rc;

	iommufd_object_put(obj);
	return 0;
}

/**
 * iommufd_object_withdraw() - take away the ID of an object the kernel owns
 * @ictx: Where
 * @obj: A published object, whose one user is the caller
 *
 * For objects user space may name but not destroy: the last user and the ID go
 * in one step, between which no DESTROY fits.
 */
void iommufd_object_withdraw(struct iommufd_ctx *ictx,
			     struct iommufd_object *obj)
{
	xa_lock(&ictx->objects);
	WARN_ON(refcount_read(&obj->users) != 2);
	refcount_set(&obj->users, 0);
	__xa_erase(&ictx->objects, obj->id);
	xa_unlock(&ictx->objects);

	iommufd_object_put(obj);
}

/**
 * iommufd_object_remove_all() - destroy what the close of /dev/iommu leaves
 * @ictx: Where; no ioctl can reach it any more
 */
void iommufd_object_remove_all(struct iommufd_ctx *ictx)
{
	enum iommufd_object_type type;
	struct iommufd_object *obj;
	unsigned long id;

	for (type = 0; type < IOMMUFD_OBJ_TYPES; type++) {
		xa_for_each(&ictx->objects, id, obj) {
			if (obj->ops->type == type) {
				WARN_ON(iommufd_object_remove(ictx, id, obj));
				cond_resched();
			}
		}
	}
	WARN_ON(!xa_empty(&ictx->objects));
	xa_destroy(&ictx->objects);
}
