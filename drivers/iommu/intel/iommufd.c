// SPDX-License-Identifier: GPL-2.0-only
/*
 * What VT-d has for iommufd alone: it describes its hardware, and allocates domains
 * at the request of user space.
 */
#include <linux/dmar.h>
#include <linux/iommu.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <uapi/linux/iommufd.h>

#ifdef CONFIG_X86
#include <asm/cpu_device_id.h>
#include <asm/intel-family.h>
#endif

#include "iommu.h"
#include "iommufd.h"

/*
 * Erratum SPR17 of Intel's document 772415: under nested translation the IOMMU of
 * these processors may set accessed and dirty bits of stage-1 tables in pages that
 * stage 2 maps read-only.
 */
static bool has_erratum_772415(void)
{
#ifdef CONFIG_X86
	static const struct x86_cpu_id affected[] = {
		X86_MATCH_INTEL_FAM6_MODEL(SAPPHIRERAPIDS_X, NULL),
		X86_MATCH_INTEL_FAM6_MODEL(EMERALDRAPIDS_X, NULL),
		{}
	};

	return x86_match_cpu(affected);
#else
	return false;
#endif
}

/**
 * intel_iommu_hw_info() - describe the IOMMU of a device to user space
 * @dev: The device
 * @length: Set to the length of the description, in bytes
 * @type: Set to IOMMU_HW_INFO_TYPE_INTEL_VTD
 *
 * Return: struct iommu_hw_info_vtd, to be freed by kfree(); or ERR_PTR(-ENOMEM).
 */
void *intel_iommu_hw_info(struct device *dev, u32 *length, u32 *type)
{
	struct device_domain_info *info = dev_iommu_priv_get(dev);
	struct iommu_hw_info_vtd *vtd;

	vtd = kzalloc(sizeof(*vtd), GFP_KERNEL);
	if (!vtd)
		return ERR_PTR(-ENOMEM);

	if (has_erratum_772415())
		vtd->flags |= IOMMU_HW_INFO_VTD_ERRATA_772415_SPR17;
	vtd->cap_reg = info->iommu->cap;
	vtd->ecap_reg = info->iommu->ecap;
	*length = sizeof(*vtd);
	*type = IOMMU_HW_INFO_TYPE_INTEL_VTD;
	return vtd;
}

static struct iommu_domain *alloc_paging(struct device_domain_info *info,
					 u32 flags)
{
	bool nest_parent = flags & IOMMU_HWPT_ALLOC_NEST_PARENT;
	bool dirty = flags & IOMMU_HWPT_ALLOC_DIRTY_TRACKING;
	struct dmar_domain *domain;

	if (nest_parent && !nested_supported(info->iommu))
		return ERR_PTR(-EOPNOTSUPP);
	if (dirty && !ssads_supported(info->iommu))
		return ERR_PTR(-EOPNOTSUPP);

	domain = intel_iommu_alloc_fixed(info, nest_parent || dirty);
	if (IS_ERR(domain))
		return ERR_CAST(domain);
	domain->nest_parent = nest_parent;
	domain->no_read_only = nest_parent && has_erratum_772415();
	if (dirty)
		domain->domain.dirty_ops = &intel_dirty_ops;
	return &domain->domain;
}

/**
 * intel_iommu_domain_alloc_user() - allocate a domain at the request of user space
 * @dev: The device it is for
 * @flags: Of enum iommufd_hwpt_alloc_flags
 * @parent: What a nested domain is on top of, or NULL
 * @user_data: Description of the stage-1 table of a nested domain
 *
 * Return: as the op's kernel-doc says; -EOPNOTSUPP also without the capability.
 */
struct iommu_domain *
intel_iommu_domain_alloc_user(struct device *dev, u32 flags,
			      struct iommu_domain *parent,
			      const struct iommu_user_data *user_data)
{
	struct device_domain_info *info = dev_iommu_priv_get(dev);

	if (flags & ~(IOMMU_HWPT_ALLOC_NEST_PARENT |
		      IOMMU_HWPT_ALLOC_DIRTY_TRACKING))
		return ERR_PTR(-EOPNOTSUPP);
	if (parent) {
		if (flags)
			return ERR_PTR(-EOPNOTSUPP);
		return intel_nested_alloc(info, to_dmar_domain(parent),
					  user_data);
	}
	if (user_data)
		return ERR_PTR(-EOPNOTSUPP);
	return alloc_paging(info, flags);
}
