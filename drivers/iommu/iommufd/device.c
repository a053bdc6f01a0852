// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices: bind, attach, replace, detach, for the group they are in. See
 * device.h for the rules and the locks.
 *
 * While a device is attached, what its hardware reserves is reserved in the
 * IOAS that translates for it, with the device as the owner.
 */
#include <linux/iommu.h>
#include <linux/iommufd.h>
#include <linux/irqdomain.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <trace/events/iommufd.h>
#include <uapi/linux/iommufd.h>

#include "device.h"
#include "fault.h"
#include "hwpt.h"
#include "mmio.h"

/* Protects iommufd_hwpt_paging::msi_cookie; innermost */
static DEFINE_MUTEX(msi_lock);

static bool allow_unsafe_interrupts;
module_param(allow_unsafe_interrupts, bool, 0644);
MODULE_PARM_DESC(allow_unsafe_interrupts,
		 "Bind devices although the platform does not isolate their MSIs: a guest may then raise any interrupt of the host");

/* ---- Groups ---- */

static struct iommufd_group *igroup_alloc(struct iommufd_ctx *ictx,
					  struct iommu_group *group)
{
	struct iommufd_group *igroup;

	igroup = kzalloc(sizeof(*igroup), GFP_KERNEL_ACCOUNT);
	if (!igroup)
		return ERR_PTR(-ENOMEM);
	refcount_set(&igroup->refs, 1);
	igroup->ictx = ictx;
	igroup->group = iommu_group_ref_get(group);
	mutex_init(&igroup->lock);
	INIT_LIST_HEAD(&igroup->attached);
	return igroup;
}

static void igroup_free(struct iommufd_group *igroup)
{
	iommu_group_put(igroup->group);
	kfree(igroup);
}

/* The group of a device whose DMA @ictx owns, made if it is the first */
static struct iommufd_group *igroup_get(struct iommufd_ctx *ictx,
					struct iommu_group *group)
{
	struct iommufd_group *new, *cur;

	new = igroup_alloc(ictx, group);
	if (IS_ERR(new))
		return new;

	xa_lock(&ictx->groups);
	cur = __xa_cmpxchg(&ictx->groups, iommu_group_id(group), NULL, new,
			   GFP_KERNEL_ACCOUNT);
	if (cur && !xa_is_err(cur))
		refcount_inc(&cur->refs);
	xa_unlock(&ictx->groups);
	if (!cur)
		return new;

	igroup_free(new);
	return xa_is_err(cur) ? ERR_PTR(xa_err(cur)) : cur;
}

static void igroup_put(struct iommufd_group *igroup)
{
	struct iommufd_ctx *ictx = igroup->ictx;

	xa_lock(&ictx->groups);
	if (!refcount_dec_and_test(&igroup->refs)) {
		xa_unlock(&ictx->groups);
		return;
	}
	__xa_erase(&ictx->groups, iommu_group_id(igroup->group));
	xa_unlock(&ictx->groups);
	igroup_free(igroup);
}

/* ---- Bind ---- */

static void device_release(struct iommufd_object *obj)
{
	struct iommufd_device *idev =
		container_of(obj, struct iommufd_device, obj);

	complete(&idev->idle);
}

static const struct iommufd_object_ops device_object_ops = {
	.type = IOMMUFD_OBJ_DEVICE,
	.release = device_release,
};

/**
 * iommufd_device_get() - find a bound device
 * @ictx: Where
 * @id: Its ID
 *
 * Return: the device, which stays bound until iommufd_object_put(), or
 * ERR_PTR(-ENOENT).
 */
struct iommufd_device *iommufd_device_get(struct iommufd_ctx *ictx, u32 id)
{
	struct iommufd_object *obj;

	obj = iommufd_object_get(ictx, id, IOMMUFD_OBJ_DEVICE);
	if (IS_ERR(obj))
		return ERR_CAST(obj);
	return container_of(obj, struct iommufd_device, obj);
}
EXPORT_SYMBOL_NS_GPL(iommufd_device_get, IOMMUFD_INTERNAL);

/* May user space be given this device at all? */
static int device_is_safe(struct device *dev)
{
	/* Without, a guest could see the memory of others through the cache */
	if (!device_iommu_capable(dev, IOMMU_CAP_CACHE_COHERENCY))
		return -EINVAL;

	if (irq_domain_check_msi_remap() ||
	    device_iommu_capable(dev, IOMMU_CAP_INTR_REMAP))
		return 0;
	if (!allow_unsafe_interrupts)
		return -EPERM;
	dev_warn_ratelimited(dev, "its MSIs are not isolated; trusting user space with all interrupts\n");
	return 0;
}

/**
 * iommufd_device_bind() - put a device under the control of an iommufd
 * @ictx: The iommufd; the caller holds it until iommufd_device_unbind()
 * @dev: The device, with a driver that does no DMA of its own through the DMA
 *       API
 * @id: Set to the ID by which user space names the device
 *
 * The device's DMA is blocked until it is attached, and its group is kept from
 * all others.
 *
 * Context: May sleep.
 * Return: the handle for the functions below, or an ERR_PTR: -ENODEV without an
 * IOMMU, -EINVAL if that is not coherent with the CPUs' caches, -EPERM if
 * interrupts are not isolated or the group has another owner, -EBUSY, -ENOMEM.
 */
struct iommufd_device *iommufd_device_bind(struct iommufd_ctx *ictx,
					   struct device *dev, u32 *id)
{
	struct iommufd_device *idev;
	struct iommu_group *group;
	int rc;

	group = iommu_group_get(dev);
	if (!group)
		return ERR_PTR(-ENODEV);
	rc = device_is_safe(dev);
	if (rc)
		goto err_put_group;
	rc = iommu_device_claim_dma_owner(dev, ictx);
	if (rc)
		goto err_put_group;

	idev = kzalloc(sizeof(*idev), GFP_KERNEL_ACCOUNT);
	if (!idev) {
		rc = -ENOMEM;
		goto err_release_owner;
	}
	idev->mmio = iommufd_mmio_alloc();
	if (!idev->mmio) {
		rc = -ENOMEM;
		goto err_free;
	}
	idev->igroup = igroup_get(ictx, group);
	if (IS_ERR(idev->igroup)) {
		rc = PTR_ERR(idev->igroup);
		goto err_put_mmio;
	}
	idev->ictx = ictx;
	idev->dev = dev;
	INIT_LIST_HEAD(&idev->item);
	mutex_init(&idev->fault_lock);
	INIT_LIST_HEAD(&idev->fault_groups);
	init_completion(&idev->idle);

	iommufd_object_init(&idev->obj, &device_object_ops);
	rc = iommufd_object_reserve(ictx, &idev->obj);
	if (rc)
		goto err_put_igroup;
	/* The driver is a user, so that no ioctl destroys the device */
	refcount_inc(&idev->obj.users);
	iommufd_object_publish(ictx, &idev->obj);

	iommu_group_put(group);
	*id = idev->obj.id;
	return idev;

err_put_igroup:
	igroup_put(idev->igroup);
err_put_mmio:
	iommufd_mmio_put(idev->mmio);
err_free:
	kfree(idev);
err_release_owner:
	iommu_device_release_dma_owner(dev);
err_put_group:
	iommu_group_put(group);
	return ERR_PTR(rc);
}
EXPORT_SYMBOL_NS_GPL(iommufd_device_bind, IOMMUFD);

/**
 * iommufd_device_unbind() - undo iommufd_device_bind()
 * @idev: The device, not attached; gone when this returns
 *
 * What is mapped of its memory stays mapped for user space, and is reached by
 * nobody any more.
 *
 * Context: May sleep. Waits for the ioctls that work on the device.
 */
void iommufd_device_unbind(struct iommufd_device *idev)
{
	iommufd_mmio_close(idev->ictx, idev->mmio);
	iommufd_object_withdraw(idev->ictx, &idev->obj);
	wait_for_completion(&idev->idle);

	igroup_put(idev->igroup);
	iommu_device_release_dma_owner(idev->dev);
	kfree(idev);
}
EXPORT_SYMBOL_NS_GPL(iommufd_device_unbind, IOMMUFD);

/**
 * iommufd_device_to_ictx() - the iommufd a device is bound to
 * @idev: The device
 *
 * Return: the iommufd, which the caller of iommufd_device_bind() holds.
 */
struct iommufd_ctx *iommufd_device_to_ictx(struct iommufd_device *idev)
{
	return idev->ictx;
}
EXPORT_SYMBOL_NS_GPL(iommufd_device_to_ictx, IOMMUFD);

/**
 * iommufd_device_to_id() - the ID of a bound device
 * @idev: The device
 *
 * Return: the ID, not 0.
 */
u32 iommufd_device_to_id(struct iommufd_device *idev)
{
	return idev->obj.id;
}
EXPORT_SYMBOL_NS_GPL(iommufd_device_to_id, IOMMUFD);

/**
 * iommufd_ctx_has_group() - is a device of a group bound to an iommufd?
 * @ictx: The iommufd
 * @group: The group
 *
 * Nobody else can own the DMA of the group's devices then.
 *
 * Return: true if there is one, for as long as the caller keeps it bound.
 */
bool iommufd_ctx_has_group(struct iommufd_ctx *ictx, struct iommu_group *group)
{
	struct iommufd_group *igroup;
	bool has;

	xa_lock(&ictx->groups);
	igroup = xa_load(&ictx->groups, iommu_group_id(group));
	has = igroup && igroup->group == group;
	xa_unlock(&ictx->groups);
	return has;
}
EXPORT_SYMBOL_NS_GPL(iommufd_ctx_has_group, IOMMUFD);

/* ---- Attach ---- */

/*
 * Drivers have many errors for a domain that does not fit a device. VMMs know
 * one, upon which they try the next HWPT.
 */
static int attach_error(int rc)
{
	return !rc || rc == -ENOMEM ? rc : -EINVAL;
}

/*
 * Is the domain of @hwpt one that the driver of @idev's IOMMU understands? And if
 * that can keep @idev from bypassing the caches, which KVM is told before anything
 * is attached, does the domain?
 */
static bool hwpt_is_for(struct iommufd_hwpt *hwpt, struct iommufd_device *idev)
{
	const struct ioas_domain *on = &hwpt->paging->on_ioas;

	if (hwpt->domain->owner != dev_iommu_ops(idev->dev))
		return false;
	return !on->domain || on->coherent ||
	       !device_iommu_capable(idev->dev,
				     IOMMU_CAP_ENFORCE_CACHE_COHERENCY);
}

/* Reserve in @ioas what @idev's hardware keeps for itself */
static int device_reserve(struct iommufd_device *idev,
			  struct iommufd_ioas *ioas)
{
	struct iommu_resv_region *region;
	LIST_HEAD(regions);
	int rc = 0;

	iommu_get_resv_regions(idev->dev, &regions);
	list_for_each_entry(region, &regions, list) {
		if (region->type == IOMMU_RESV_DIRECT_RELAXABLE ||
		    !region->length)
			continue;
		rc = ioas_reserve(ioas, region->start,
				  region->start + region->length - 1, idev);
		if (rc)
			break;
	}
	iommu_put_resv_regions(idev->dev, &regions);

	if (rc)
		ioas_unreserve(ioas, idev);
	return rc;
}

/* Where the MSIs of @dev are to be mapped by software; PHYS_ADDR_MAX: nowhere */
static phys_addr_t device_msi_window(struct device *dev)
{
	phys_addr_t start = PHYS_ADDR_MAX;
	struct iommu_resv_region *region;
	LIST_HEAD(regions);

	iommu_get_resv_regions(dev, &regions);
	list_for_each_entry(region, &regions, list)
		if (region->type == IOMMU_RESV_SW_MSI)
			start = region->start;
	iommu_put_resv_regions(dev, &regions);
	return start;
}

/* Let @paging map the MSIs of @idev, on platforms that translate them */
static int hwpt_enable_msi(struct iommufd_hwpt_paging *paging,
			   struct iommufd_device *idev)
{
	phys_addr_t start = device_msi_window(idev->dev);
	int rc = 0;

	if (start == PHYS_ADDR_MAX)
		return 0;

	mutex_lock(&msi_lock);
	if (!paging->msi_cookie) {
		rc = iommu_get_msi_cookie(paging->common.domain, start);
		paging->msi_cookie = !rc;
	}
	mutex_unlock(&msi_lock);
	return rc;
}

/* The faults of @idev went where @hwpt says, and do not any more */
static void device_leave_fault(struct iommufd_device *idev,
			       struct iommufd_hwpt *hwpt)
{
	if (!hwpt->fault)
		return;
	iommufd_fault_direct(idev, NULL);
	iommufd_fault_disable(idev);
}

static int igroup_attach(struct iommufd_group *igroup, struct iommufd_hwpt *hwpt,
			 struct iommufd_device *idev)
{
	int rc;

	rc = hwpt_enable_msi(hwpt->paging, idev);
	if (rc)
		return rc;
	rc = iommufd_object_use(&hwpt->obj);
	if (rc)
		return rc;
	rc = attach_error(iommu_attach_group(hwpt->domain, igroup->group));
	if (rc) {
		iommufd_object_unuse(&hwpt->obj);
		return rc;
	}
	igroup->hwpt = hwpt;
	return 0;
}

static int device_attach_locked(struct iommufd_device *idev,
				struct iommufd_hwpt *hwpt)
{
	struct iommufd_group *igroup = idev->igroup;
	int rc;

	lockdep_assert_held(&igroup->lock);

	if (!list_empty(&idev->item) || !hwpt_is_for(hwpt, idev))
		return -EINVAL;
	if (igroup->hwpt && igroup->hwpt != hwpt)
		return -EINVAL;

	rc = device_reserve(idev, hwpt->paging->ioas);
	if (rc)
		return rc;
	if (hwpt->fault) {
		rc = iommufd_fault_enable(idev);
		if (rc)
			goto err_unreserve;
		iommufd_fault_direct(idev, hwpt->fault);
	}
	if (!igroup->hwpt) {
		rc = igroup_attach(igroup, hwpt, idev);
		if (rc)
			goto err_fault;
	}
	list_add_tail(&idev->item, &igroup->attached);
	return 0;

err_fault:
	device_leave_fault(idev, hwpt);
err_unreserve:
	ioas_unreserve(hwpt->paging->ioas, idev);
	return rc;
}

static int device_do_attach(struct iommufd_device *idev,
			    struct iommufd_hwpt *hwpt)
{
	int rc;

	mutex_lock(&idev->igroup->lock);
	rc = device_attach_locked(idev, hwpt);
	mutex_unlock(&idev->igroup->lock);
	return rc;
}

/* A HWPT that an attach has made goes when nothing is attached any more */
static void hwpt_drop_use(struct iommufd_ctx *ictx, struct iommufd_hwpt *hwpt)
{
	refcount_inc(&hwpt->obj.refs);
	iommufd_object_unuse(&hwpt->obj);
	/* -EBUSY: somebody has just attached; -ENOENT: it was destroyed */
	if (hwpt == &hwpt->paging->common && hwpt->paging->automatic)
		iommufd_object_remove(ictx, hwpt->obj.id, &hwpt->obj);
	iommufd_object_put(&hwpt->obj);
}

/* Returns the ID of what @idev was attached to */
static u32 device_do_detach(struct iommufd_device *idev)
{
	struct iommufd_group *igroup = idev->igroup;
	struct iommufd_hwpt *hwpt;
	bool last;
	u32 id;

	mutex_lock(&igroup->lock);
	hwpt = igroup->hwpt;
	id = hwpt->obj.id;
	list_del_init(&idev->item);
	last = list_empty(&igroup->attached);
	if (last) {
		iommu_detach_group(hwpt->domain, igroup->group);
		igroup->hwpt = NULL;
	}
	device_leave_fault(idev, hwpt);
	ioas_unreserve(hwpt->paging->ioas, idev);
	mutex_unlock(&igroup->lock);

	if (last)
		hwpt_drop_use(idev->ictx, hwpt);
	return id;
}

/**
 * iommufd_device_detach() - undo iommufd_device_attach()
 * @idev: The device, attached
 *
 * The DMA of its group is blocked if it was the last one attached.
 *
 * Context: May sleep.
 */
void iommufd_device_detach(struct iommufd_device *idev)
{
	u32 id = device_do_detach(idev);

	trace_iommufd_detach(idev->dev, idev->obj.id, id);
}
EXPORT_SYMBOL_NS_GPL(iommufd_device_detach, IOMMUFD);

/* ---- Replace ---- */

/* Reserve for every attached device of the group, or for none */
static int igroup_reserve(struct iommufd_group *igroup,
			  struct iommufd_ioas *ioas)
{
	struct iommufd_device *idev;
	int rc;

	list_for_each_entry(idev, &igroup->attached, item) {
		rc = device_reserve(idev, ioas);
		if (rc)
			goto err_unreserve;
	}
	return 0;

err_unreserve:
	list_for_each_entry_continue_reverse(idev, &igroup->attached, item)
		ioas_unreserve(ioas, idev);
	return rc;
}

static void igroup_unreserve(struct iommufd_group *igroup,
			     struct iommufd_ioas *ioas)
{
	struct iommufd_device *idev;

	list_for_each_entry(idev, &igroup->attached, item)
		ioas_unreserve(ioas, idev);
}

/* Have the faults of all attached devices reported, or of none */
static int igroup_enable_fault(struct iommufd_group *igroup)
{
	struct iommufd_device *idev;
	int rc;

	list_for_each_entry(idev, &igroup->attached, item) {
		rc = iommufd_fault_enable(idev);
		if (rc)
			goto err_disable;
	}
	return 0;

err_disable:
	list_for_each_entry_continue_reverse(idev, &igroup->attached, item)
		iommufd_fault_disable(idev);
	return rc;
}

/* All attached devices are on @hwpt now; answer what they waited for before */
static void igroup_direct_fault(struct iommufd_group *igroup,
				struct iommufd_hwpt *cur,
				struct iommufd_hwpt *hwpt)
{
	struct iommufd_device *idev;

	list_for_each_entry(idev, &igroup->attached, item) {
		if (cur->fault || hwpt->fault)
			iommufd_fault_direct(idev, hwpt->fault);
		if (cur->fault && !hwpt->fault)
			iommufd_fault_disable(idev);
	}
}

static void igroup_disable_fault(struct iommufd_group *igroup)
{
	struct iommufd_device *idev;

	list_for_each_entry(idev, &igroup->attached, item)
		iommufd_fault_disable(idev);
}

/* Move the group from @cur to @hwpt, which then is used instead */
static int igroup_replace(struct iommufd_group *igroup, struct iommufd_hwpt *cur,
			  struct iommufd_hwpt *hwpt)
{
	/* On the same IOAS all is reserved already, for the same owners */
	bool moves = hwpt->paging->ioas != cur->paging->ioas;
	int rc;

	if (moves) {
		rc = igroup_reserve(igroup, hwpt->paging->ioas);
		if (rc)
			return rc;
	}
	rc = iommufd_object_use(&hwpt->obj);
	if (rc)
		goto err_unreserve;
	rc = attach_error(iommu_group_replace_domain(igroup->group,
						     hwpt->domain));
	if (rc)
		goto err_unuse;

	if (moves)
		igroup_unreserve(igroup, cur->paging->ioas);
	igroup->hwpt = hwpt;
	return 0;

err_unuse:
	iommufd_object_unuse(&hwpt->obj);
err_unreserve:
	if (moves)
		igroup_unreserve(igroup, hwpt->paging->ioas);
	return rc;
}

/* On success *@old is what the group used before, for the caller to unuse */
static int device_replace_locked(struct iommufd_device *idev,
				 struct iommufd_hwpt *hwpt,
				 struct iommufd_hwpt **old)
{
	struct iommufd_group *igroup = idev->igroup;
	struct iommufd_hwpt *cur = igroup->hwpt;
	int rc;

	lockdep_assert_held(&igroup->lock);

	if (list_empty(&idev->item) || !hwpt_is_for(hwpt, idev))
		return -EINVAL;
	if (hwpt == cur)
		return 0;
	rc = hwpt_enable_msi(hwpt->paging, idev);
	if (rc)
		return rc;
	if (hwpt->fault && !cur->fault) {
		rc = igroup_enable_fault(igroup);
		if (rc)
			return rc;
	}
	rc = igroup_replace(igroup, cur, hwpt);
	if (!rc) {
		igroup_direct_fault(igroup, cur, hwpt);
		*old = cur;
	} else if (hwpt->fault && !cur->fault) {
		igroup_disable_fault(igroup);
	}
	return rc;
}

static int device_do_replace(struct iommufd_device *idev,
			     struct iommufd_hwpt *hwpt)
{
	struct iommufd_hwpt *old = NULL;
	int rc;

	mutex_lock(&idev->igroup->lock);
	rc = device_replace_locked(idev, hwpt, &old);
	mutex_unlock(&idev->igroup->lock);

	if (old)
		hwpt_drop_use(idev->ictx, old);
	return rc;
}

/* ---- To an IOAS: find or make the HWPT ---- */

/*
 * What attach and replace have in common is where to: @change does either.
 * @at_once: @change before the HWPT is filled. A device that is attached to
 * nothing loses nothing by that, and some drivers know what their domain can map
 * only once it is attached.
 */
struct device_change {
	int (*change)(struct iommufd_device *idev, struct iommufd_hwpt *hwpt);
	bool at_once;
};

static const struct device_change device_attach_change = {
	.change = device_do_attach,
	.at_once = true,
};

static const struct device_change device_replace_change = {
	.change = device_do_replace,
};

/* The next automatic HWPT of @ioas with an ID of at least *@id, referenced */
static struct iommufd_hwpt *ioas_next_automatic(struct iommufd_ioas *ioas,
						unsigned long *id)
{
	struct iommufd_hwpt_paging *paging;

	xa_lock(&ioas->automatic);
	do {
		paging = xa_find(&ioas->automatic, id, ULONG_MAX, XA_PRESENT);
		/* One that is being released is as good as gone */
	} while (paging &&
		 !refcount_inc_not_zero(&paging->common.obj.refs) && ++*id);
	xa_unlock(&ioas->automatic);
	return paging ? &paging->common : NULL;
}

/* Make an automatic HWPT with an ID that finds nothing yet */
static struct iommufd_hwpt_paging *
hwpt_alloc_automatic(struct iommufd_ioas *ioas, struct iommufd_device *idev)
{
	struct iommufd_hwpt_paging *paging;
	int rc;

	paging = iommufd_hwpt_paging_alloc(ioas, idev, 0, NULL);
	if (IS_ERR(paging))
		return paging;
	rc = iommufd_object_reserve(idev->ictx, &paging->common.obj);
	if (rc) {
		iommufd_object_put(&paging->common.obj);
		return ERR_PTR(rc);
	}
	paging->automatic = true;
	rc = xa_err(xa_store(&ioas->automatic, paging->common.obj.id, paging,
			     GFP_KERNEL_ACCOUNT));
	if (rc) {
		iommufd_object_cancel(idev->ictx, &paging->common.obj);
		return ERR_PTR(rc);
	}
	return paging;
}

/* Fill @paging and @how->change the device to it, in the order @how wants */
static int device_change_and_fill(struct iommufd_device *idev,
				  struct iommufd_hwpt_paging *paging,
				  const struct device_change *how)
{
	int rc;

	if (!how->at_once) {
		rc = iommufd_hwpt_paging_fill(paging, idev);
		return rc ?: how->change(idev, &paging->common);
	}

	rc = how->change(idev, &paging->common);
	if (rc)
		return rc;
	rc = iommufd_hwpt_paging_fill(paging, idev);
	if (rc)
		device_do_detach(idev);
	return rc;
}

static int device_change_to_new(struct iommufd_device *idev,
				struct iommufd_ioas *ioas,
				const struct device_change *how, u32 *pt_id)
{
	struct iommufd_hwpt_paging *paging;
	struct iommufd_object *obj;
	int rc;

	paging = hwpt_alloc_automatic(ioas, idev);
	if (IS_ERR(paging))
		return PTR_ERR(paging);
	obj = &paging->common.obj;
	rc = device_change_and_fill(idev, paging, how);
	if (rc) {
		iommufd_object_cancel(idev->ictx, obj);
		return rc;
	}

	*pt_id = obj->id;
	refcount_inc(&obj->refs);
	iommufd_object_publish(idev->ictx, obj);
	/*
	 * Another device of the group may have taken it away from here already,
	 * when there was no ID to remove: then nobody uses the HWPT.
	 */
	iommufd_object_remove(idev->ictx, obj->id, obj);
	iommufd_object_put(obj);
	return 0;
}

static int device_change_to_ioas(struct iommufd_device *idev,
				 struct iommufd_ioas *ioas,
				 const struct device_change *how, u32 *pt_id)
{
	struct iommufd_hwpt *hwpt;
	unsigned long id = 0;
	int rc;

	mutex_lock(&ioas->automatic_lock);
	while ((hwpt = ioas_next_automatic(ioas, &id))) {
		rc = how->change(idev, hwpt);
		iommufd_object_put(&hwpt->obj);
		if (!rc)
			*pt_id = id;
		/* Not for this device; or gone since it was found */
		if (rc != -EINVAL && rc != -ENOENT)
			goto out_unlock;
		id++;
	}
	rc = device_change_to_new(idev, ioas, how, pt_id);
out_unlock:
	mutex_unlock(&ioas->automatic_lock);
	return rc;
}

static int device_change_to(struct iommufd_device *idev, u32 *pt_id,
			    const struct device_change *how)
{
	struct iommufd_object *pt;
	int rc;

	pt = iommufd_object_get_any(idev->ictx, *pt_id);
	if (IS_ERR(pt))
		return PTR_ERR(pt);

	switch (pt->ops->type) {
	case IOMMUFD_OBJ_HWPT_NESTED:
	case IOMMUFD_OBJ_HWPT_PAGING:
		rc = how->change(idev, to_hwpt(pt));
		break;
	case IOMMUFD_OBJ_IOAS:
		rc = device_change_to_ioas(idev, to_ioas(pt), how, pt_id);
		break;
	default:
		rc = -EINVAL;
	}
	iommufd_object_put(pt);
	return rc;
}

/**
 * iommufd_device_attach() - connect a device to a page table
 * @idev: The device, attached to nothing
 * @pt_id: ID of a HWPT, or of an IOAS, for which a HWPT is found or made;
 *         returns the HWPT's
 *
 * Context: May sleep.
 * Return: 0; -ENOENT for an unknown ID; -EINVAL if it is something else, if the
 * device is attached, if its group is attached elsewhere, or if its IOMMU cannot
 * use the HWPT; -EADDRINUSE if something is mapped where the device or its IOMMU
 * cannot have it; -EFAULT if what is mapped cannot be pinned; -ENOMEM.
 */
int iommufd_device_attach(struct iommufd_device *idev, u32 *pt_id)
{
	const u32 asked = *pt_id;
	int rc = device_change_to(idev, pt_id, &device_attach_change);

	trace_iommufd_attach(idev->dev, idev->obj.id, asked, rc ? 0 : *pt_id, rc);
	return rc;
}
EXPORT_SYMBOL_NS_GPL(iommufd_device_attach, IOMMUFD);

/**
 * iommufd_device_replace() - connect an attached device to another page table
 * @idev: The device, attached
 * @pt_id: As for iommufd_device_attach()
 *
 * The whole group moves; as far as the IOMMU's driver can, there is no moment in
 * between at which its DMA is blocked. On an error everything is as before.
 *
 * Context: May sleep.
 * Return: As iommufd_device_attach(); -EINVAL if the device is not attached.
 */
int iommufd_device_replace(struct iommufd_device *idev, u32 *pt_id)
{
	const u32 asked = *pt_id;
	int rc = device_change_to(idev, pt_id, &device_replace_change);

	trace_iommufd_replace(idev->dev, idev->obj.id, asked, rc ? 0 : *pt_id, rc);
	return rc;
}
EXPORT_SYMBOL_NS_GPL(iommufd_device_replace, IOMMUFD);
