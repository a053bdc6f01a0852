// SPDX-License-Identifier: GPL-2.0-only
/*
 * Nested domains: stage 1 is a table in the memory of user space, which the hardware
 * walks through stage 2, the parent. See iommufd.h.
 */
#include <linux/iommu.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <uapi/linux/iommufd.h>

#include "iommu.h"
#include "iommufd.h"

/* What of a stage-1 table is up to the hardware, @s1 being sane */
static int s1_check_hardware(const struct iommu_hwpt_vtd_s1 *s1,
			     struct intel_iommu *iommu)
{
	if (s1->flags & (IOMMU_VTD_S1_SRE | IOMMU_VTD_S1_WPE) &&
	    !ecap_srs(iommu->ecap))
		return -EOPNOTSUPP;
	if (s1->flags & IOMMU_VTD_S1_EAFE && !ecap_eafs(iommu->ecap))
		return -EOPNOTSUPP;
	if (s1->addr_width == 57 && !cap_fl5lp_support(iommu->cap))
		return -EINVAL;
	return 0;
}

static int s1_check(const struct iommu_hwpt_vtd_s1 *s1,
		    struct dmar_domain *parent)
{
	if (s1->flags & ~(u64)(IOMMU_VTD_S1_SRE | IOMMU_VTD_S1_EAFE |
			       IOMMU_VTD_S1_WPE) ||
	    s1->__reserved)
		return -EOPNOTSUPP;
	if (s1->addr_width != 48 && s1->addr_width != 57)
		return -EINVAL;
	if (!IS_ALIGNED(s1->pgtbl_addr, VTD_PAGE_SIZE) ||
	    s1->pgtbl_addr > parent->domain.geometry.aperture_end)
		return -EINVAL;
	return 0;
}

/**
 * intel_nested_check() - can an IOMMU walk both tables of a nested domain?
 * @domain: The nested domain
 * @iommu: The IOMMU
 *
 * What is wanted of stage 2 alone is not looked at.
 *
 * Return: 0; -EINVAL or -EOPNOTSUPP if not.
 */
int intel_nested_check(struct dmar_domain *domain, struct intel_iommu *iommu)
{
	if (!nested_supported(iommu))
		return -EOPNOTSUPP;
	return s1_check_hardware(&domain->s1, iommu);
}

/**
 * intel_nested_join() - have stage 2 flushed for a nested domain
 * @nested: The nested domain, to which one more device is going to be attached
 *
 * Those without devices are not listed: user space may have any number of them.
 */
void intel_nested_join(struct dmar_domain *nested)
{
	spin_lock(&nested->parent->children_lock);
	if (!nested->attached++)
		list_add(&nested->sibling, &nested->parent->children);
	spin_unlock(&nested->parent->children_lock);
}

/**
 * intel_nested_leave() - undo intel_nested_join()
 * @nested: The nested domain, from which the device is gone
 */
void intel_nested_leave(struct dmar_domain *nested)
{
	spin_lock(&nested->parent->children_lock);
	if (!--nested->attached)
		list_del(&nested->sibling);
	spin_unlock(&nested->parent->children_lock);
}

static void intel_nested_free(struct iommu_domain *domain)
{
	kfree(to_dmar_domain(domain));
}

static const struct iommu_domain_ops intel_nested_ops = {
	.attach_dev = intel_iommu_attach_device,
	.cache_invalidate_user = intel_nested_invalidate,
	.free = intel_nested_free,
};

/**
 * intel_nested_alloc() - allocate a nested domain
 * @info: The device it is for
 * @parent: Stage 2
 * @user_data: Description of stage 1
 *
 * Return: the domain; ERR_PTR() of -EOPNOTSUPP for what the driver does not know, or
 * the IOMMU of the device cannot do; of -EINVAL for a table that cannot be; of -ENOMEM
 * or an error of iommu_copy_struct_from_user().
 */
struct iommu_domain *intel_nested_alloc(struct device_domain_info *info,
					struct dmar_domain *parent,
					const struct iommu_user_data *user_data)
{
	struct iommu_hwpt_vtd_s1 s1;
	struct dmar_domain *nested;
	int rc;

	if (!nested_supported(info->iommu))
		return ERR_PTR(-EOPNOTSUPP);
	if (!parent->nest_parent)
		return ERR_PTR(-EINVAL);
	if (!user_data || user_data->type != IOMMU_HWPT_DATA_VTD_S1)
		return ERR_PTR(-EOPNOTSUPP);
	rc = iommu_copy_struct_from_user(&s1, user_data, IOMMU_HWPT_DATA_VTD_S1,
					 __reserved);
	if (!rc)
		rc = s1_check(&s1, parent);
	if (!rc)
		rc = s1_check_hardware(&s1, info->iommu);
	if (rc)
		return ERR_PTR(rc);

	nested = kzalloc(sizeof(*nested), GFP_KERNEL_ACCOUNT);
	if (!nested)
		return ERR_PTR(-ENOMEM);
	nested->domain.type = IOMMU_DOMAIN_NESTED;
	nested->domain.ops = &intel_nested_ops;
	nested->nid = NUMA_NO_NODE;
	nested->fixed = true;
	nested->parent = parent;
	nested->s1 = s1;
	INIT_LIST_HEAD(&nested->devices);
	INIT_LIST_HEAD(&nested->iommus);
	spin_lock_init(&nested->lock);
	xa_init(&nested->iommu_array);
	return &nested->domain;
}
