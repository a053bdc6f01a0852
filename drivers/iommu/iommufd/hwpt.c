// SPDX-License-Identifier: GPL-2.0-only
/*
 * HWPT: allocation, from an IOAS or with the user's description of a stage-1
 * table, and invalidation. See hwpt.h.
 */
#include <linux/iommu.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <trace/events/iommufd.h>
#include <uapi/linux/iommufd.h>

#include "device.h"
#include "fault.h"
#include "hwpt.h"

/* What one ioctl may ask to be invalidated at most */
#define INVALIDATE_MAX_ENTRIES BIT(19)

static void hwpt_free_domain(struct iommufd_hwpt *hwpt)
{
	if (hwpt->domain)
		iommu_domain_free(hwpt->domain);
	module_put(hwpt->driver);
}

static void hwpt_paging_release(struct iommufd_object *obj)
{
	struct iommufd_hwpt_paging *paging = to_hwpt_paging(to_hwpt(obj));

	/* The ID may be another's by now */
	if (paging->automatic)
		xa_cmpxchg(&paging->ioas->automatic, obj->id, paging, NULL, 0);
	if (paging->on_ioas.domain)
		ioas_remove_domain(paging->ioas, &paging->on_ioas);
	hwpt_free_domain(&paging->common);
	iommufd_object_unuse(&paging->ioas->obj);
	kfree(paging);
}

static const struct iommufd_object_ops hwpt_paging_object_ops = {
	.type = IOMMUFD_OBJ_HWPT_PAGING,
	.release = hwpt_paging_release,
};

static void hwpt_nested_release(struct iommufd_object *obj)
{
	struct iommufd_hwpt *hwpt = to_hwpt(obj);

	hwpt_free_domain(hwpt);
	if (hwpt->fault)
		iommufd_object_unuse(iommufd_fault_obj(hwpt->fault));
	iommufd_object_unuse(&hwpt->paging->common.obj);
	kfree(hwpt);
}

static const struct iommufd_object_ops hwpt_nested_object_ops = {
	.type = IOMMUFD_OBJ_HWPT_NESTED,
	.release = hwpt_nested_release,
};

/* Give @hwpt its domain. On an error it is to be released without one */
static int hwpt_alloc_domain(struct iommufd_hwpt *hwpt, struct device *dev,
			     u32 flags, struct iommu_domain *parent,
			     const struct iommu_user_data *user_data)
{
	struct iommu_domain *domain;

	domain = iommu_domain_alloc_user(dev, flags, parent, user_data);
	if (IS_ERR(domain))
		return PTR_ERR(domain);

	/* The device, which holds the module, may go before the domain */
	hwpt->driver = domain->owner->owner;
	__module_get(hwpt->driver);
	hwpt->domain = domain;
	return 0;
}

/**
 * iommufd_hwpt_paging_alloc() - make a paging HWPT, still empty
 * @ioas: Whose mappings it will hold
 * @idev: The device it is for, bound
 * @flags: Of enum iommufd_hwpt_alloc_flags
 * @user_data: For the driver, or NULL
 *
 * Return: the HWPT, not published; or an ERR_PTR of iommu_domain_alloc_user(),
 * -ENOENT if the IOAS has been destroyed, -ENOMEM.
 */
struct iommufd_hwpt_paging *
iommufd_hwpt_paging_alloc(struct iommufd_ioas *ioas, struct iommufd_device *idev,
			  u32 flags, const struct iommu_user_data *user_data)
{
	struct iommufd_hwpt_paging *paging;
	int rc;

	paging = kzalloc(sizeof(*paging), GFP_KERNEL_ACCOUNT);
	if (!paging)
		return ERR_PTR(-ENOMEM);
	rc = iommufd_object_use(&ioas->obj);
	if (rc) {
		kfree(paging);
		return ERR_PTR(rc);
	}

	iommufd_object_init(&paging->common.obj, &hwpt_paging_object_ops);
	paging->common.paging = paging;
	paging->ioas = ioas;
	paging->nest_parent = flags & IOMMU_HWPT_ALLOC_NEST_PARENT;
	rc = hwpt_alloc_domain(&paging->common, idev->dev, flags, NULL,
			       user_data);
	if (rc) {
		iommufd_object_put(&paging->common.obj);
		return ERR_PTR(rc);
	}
	return paging;
}

/*
 * A device that asks not to snoop would read from memory what the CPU still has in
 * its cache. Drivers that can prevent that have to know before they map anything;
 * what they say of a domain without devices holds only if they say it of @dev too.
 */
static bool domain_enforce_coherency(struct iommu_domain *domain,
				     struct device *dev)
{
	return device_iommu_capable(dev, IOMMU_CAP_ENFORCE_CACHE_COHERENCY) &&
	       domain->ops->enforce_cache_coherency &&
	       domain->ops->enforce_cache_coherency(domain);
}

/**
 * iommufd_hwpt_paging_fill() - map what the IOAS maps, from now on
 * @paging: An empty HWPT
 * @idev: The device it was allocated for
 *
 * Return: 0 or an error of ioas_add_domain().
 */
int iommufd_hwpt_paging_fill(struct iommufd_hwpt_paging *paging,
			     struct iommufd_device *idev)
{
	int rc;

	paging->on_ioas.domain = paging->common.domain;
	paging->on_ioas.coherent =
		domain_enforce_coherency(paging->common.domain, idev->dev);
	rc = ioas_add_domain(paging->ioas, &paging->on_ioas);
	if (rc)
		paging->on_ioas.domain = NULL;
	return rc;
}

static int hwpt_use_fault(struct iommufd_hwpt *hwpt, struct iommufd_ctx *ictx,
			  u32 fault_id)
{
	struct iommufd_fault *fault;
	int rc;

	fault = iommufd_fault_get(ictx, fault_id);
	if (IS_ERR(fault))
		return PTR_ERR(fault);
	rc = iommufd_object_use(iommufd_fault_obj(fault));
	if (!rc)
		hwpt->fault = fault;
	iommufd_object_put(iommufd_fault_obj(fault));
	return rc;
}

/* HWPT_ALLOC on a paging HWPT */
static struct iommufd_hwpt *
hwpt_alloc_on_parent(struct iommufd_hwpt_paging *parent,
		     struct iommufd_device *idev,
		     const struct iommu_hwpt_alloc *cmd,
		     const struct iommu_user_data *user_data)
{
	struct iommufd_hwpt *hwpt;
	int rc;

	if (cmd->flags & ~IOMMU_HWPT_FAULT_ID_VALID)
		return ERR_PTR(-EOPNOTSUPP);
	if (!user_data || !parent->nest_parent)
		return ERR_PTR(-EINVAL);

	hwpt = kzalloc(sizeof(*hwpt), GFP_KERNEL_ACCOUNT);
	if (!hwpt)
		return ERR_PTR(-ENOMEM);
	rc = iommufd_object_use(&parent->common.obj);
	if (rc) {
		kfree(hwpt);
		return ERR_PTR(rc);
	}

	iommufd_object_init(&hwpt->obj, &hwpt_nested_object_ops);
	hwpt->paging = parent;
	rc = 0;
	if (cmd->flags & IOMMU_HWPT_FAULT_ID_VALID)
		rc = hwpt_use_fault(hwpt, idev->ictx, cmd->fault_id);
	if (!rc)
		rc = hwpt_alloc_domain(hwpt, idev->dev, 0,
				       parent->common.domain, user_data);
	if (rc) {
		iommufd_object_put(&hwpt->obj);
		return ERR_PTR(rc);
	}
	return hwpt;
}

/* Make the HWPT on whatever @pt is; one on an IOAS is still empty */
static struct iommufd_hwpt *hwpt_alloc_on(struct iommufd_object *pt,
					  struct iommufd_device *idev,
					  const struct iommu_hwpt_alloc *cmd,
					  const struct iommu_user_data *user_data)
{
	struct iommufd_hwpt_paging *paging;

	switch (pt->ops->type) {
	case IOMMUFD_OBJ_IOAS:
		if (cmd->flags & IOMMU_HWPT_FAULT_ID_VALID)
			return ERR_PTR(-EOPNOTSUPP);
		paging = iommufd_hwpt_paging_alloc(to_ioas(pt), idev,
						   cmd->flags, user_data);
		return IS_ERR(paging) ? ERR_CAST(paging) : &paging->common;
	case IOMMUFD_OBJ_HWPT_PAGING:
		return hwpt_alloc_on_parent(to_hwpt_paging(to_hwpt(pt)), idev,
					    cmd, user_data);
	default:
		return ERR_PTR(-EINVAL);
	}
}

/*
 * The device is needed to make the HWPT, not to fill it: that may take as long
 * as user memory takes to fault in, and who unbinds the device waits for us.
 */
static struct iommufd_hwpt *
hwpt_alloc_for(struct iommufd_ctx *ictx, struct iommufd_object *pt,
	       const struct iommu_hwpt_alloc *cmd,
	       const struct iommu_user_data *user_data)
{
	struct iommufd_device *idev;
	struct iommufd_hwpt *hwpt;
	int rc;

	idev = iommufd_device_get(ictx, cmd->dev_id);
	if (IS_ERR(idev))
		return ERR_CAST(idev);
	hwpt = hwpt_alloc_on(pt, idev, cmd, user_data);
	if (IS_ERR(hwpt) || hwpt != &hwpt->paging->common)
		goto out_put;

	rc = iommufd_hwpt_paging_fill(hwpt->paging, idev);
	if (rc) {
		iommufd_object_put(&hwpt->obj);
		hwpt = ERR_PTR(rc);
	}
out_put:
	iommufd_object_put(&idev->obj);
	return hwpt;
}

static int hwpt_alloc_check(const struct iommu_hwpt_alloc *cmd)
{
	if (cmd->flags & ~(IOMMU_HWPT_ALLOC_NEST_PARENT |
			   IOMMU_HWPT_ALLOC_DIRTY_TRACKING |
			   IOMMU_HWPT_FAULT_ID_VALID) ||
	    cmd->__reserved || cmd->__reserved2)
		return -EOPNOTSUPP;
	/* A type without data, or data without a type, is a mistake */
	if (cmd->data_type == IOMMU_HWPT_DATA_NONE)
		return cmd->data_len || cmd->data_uptr ? -EINVAL : 0;
	return cmd->data_len ? 0 : -EINVAL;
}

static int hwpt_alloc(struct iommufd_ucmd *ucmd, struct iommu_hwpt_alloc *cmd)
{
	const struct iommu_user_data user_data = {
		.type = cmd->data_type,
		.uptr = u64_to_user_ptr(cmd->data_uptr),
		.len = cmd->data_len,
	};
	struct iommufd_hwpt *hwpt;
	struct iommufd_object *pt;
	int rc;

	rc = hwpt_alloc_check(cmd);
	if (rc)
		return rc;
	pt = iommufd_object_get_any(ucmd->ictx, cmd->pt_id);
	if (IS_ERR(pt))
		return PTR_ERR(pt);

	hwpt = hwpt_alloc_for(ucmd->ictx, pt, cmd,
			      user_data.type ? &user_data : NULL);
	if (IS_ERR(hwpt))
		rc = PTR_ERR(hwpt);
	else
		rc = iommufd_object_announce(ucmd, &hwpt->obj,
					     &cmd->out_hwpt_id, sizeof(*cmd));
	iommufd_object_put(pt);
	return rc;
}

/**
 * iommufd_hwpt_alloc() - ioctl(IOMMU_HWPT_ALLOC)
 * @ucmd: The ioctl
 *
 * Return: 0 or what the uAPI header says.
 */
int iommufd_hwpt_alloc(struct iommufd_ucmd *ucmd)
{
	struct iommu_hwpt_alloc *cmd = ucmd->cmd;
	int rc = hwpt_alloc(ucmd, cmd);

	trace_iommufd_hwpt_alloc(cmd->dev_id, cmd->pt_id, cmd->flags,
				 cmd->data_type, rc ? 0 : cmd->out_hwpt_id, rc);
	return rc;
}

static bool hwpt_invalidate_is_sane(const struct iommu_user_data_array *array)
{
	if (!array->entry_num)
		return true;
	return array->uptr && array->entry_len &&
	       array->entry_num <= INVALIDATE_MAX_ENTRIES &&
	       array->entry_len <= PAGE_SIZE;
}

/* @array: Counts no entry yet; returns how many were handled */
static int hwpt_invalidate(struct iommufd_ucmd *ucmd,
			   struct iommu_user_data_array *array)
{
	struct iommu_hwpt_invalidate __user *ucmd_inv = ucmd->ubuffer;
	struct iommu_hwpt_invalidate *cmd = ucmd->cmd;
	struct iommu_domain *domain;
	struct iommufd_object *obj;
	int rc;

	/*
	 * Whatever is wrong with the rest, the number handled is told; and what
	 * is dropped could not be put back if it turned out that it cannot be.
	 */
	if (put_user(0, &ucmd_inv->entry_num))
		return -EFAULT;
	if (cmd->__reserved)
		return -EOPNOTSUPP;
	obj = iommufd_object_get(ucmd->ictx, cmd->hwpt_id,
				 IOMMUFD_OBJ_HWPT_NESTED);
	if (IS_ERR(obj))
		return PTR_ERR(obj);

	domain = to_hwpt(obj)->domain;
	rc = -EINVAL;
	array->entry_num = cmd->entry_num;
	if (hwpt_invalidate_is_sane(array))
		rc = domain->ops->cache_invalidate_user(domain, array);
	else
		array->entry_num = 0;
	iommufd_object_put(obj);

	if (array->entry_num && put_user(array->entry_num, &ucmd_inv->entry_num))
		rc = -EFAULT;
	return rc;
}

/**
 * iommufd_hwpt_invalidate() - ioctl(IOMMU_HWPT_INVALIDATE)
 * @ucmd: The ioctl
 *
 * Return: 0 or what the uAPI header says.
 */
int iommufd_hwpt_invalidate(struct iommufd_ucmd *ucmd)
{
	struct iommu_hwpt_invalidate *cmd = ucmd->cmd;
	struct iommu_user_data_array array = {
		.type = cmd->data_type,
		.uptr = u64_to_user_ptr(cmd->data_uptr),
		.entry_len = cmd->entry_len,
	};
	int rc = hwpt_invalidate(ucmd, &array);

	trace_iommufd_hwpt_invalidate(cmd->hwpt_id, array.type, cmd->entry_num,
				      array.entry_num, array.waits, rc);
	return rc;
}
