/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Between the files that serve iommufd: iommufd.c, nested.c, nested_invalidate.c and
 * dirty.c.
 *
 * A nested domain is a struct dmar_domain without a table of its own. It has domain
 * IDs and a list of devices as others have, and besides
 *   - dmar_domain::parent, a paging domain that iommufd keeps as long as it: stage 2;
 *   - dmar_domain::s1, the description of the stage-1 table, which never changes.
 * While it has devices, the parent lists it in dmar_domain::children, as what the
 * hardware caches of stage 2 under a child is tagged with the child's domain ID.
 *
 * Locks: dmar_domain::children_lock of the parent, then intel_iommu::lock, then
 * dmar_domain::lock of parent or child. The first and the last are held over
 * submissions to the invalidation queue.
 */
#ifndef __INTEL_IOMMUFD_H
#define __INTEL_IOMMUFD_H

struct device_domain_info;
struct dmar_domain;
struct intel_iommu;
struct iommu_dirty_ops;
struct iommu_domain;
struct iommu_user_data;
struct iommu_user_data_array;

struct iommu_domain *intel_nested_alloc(struct device_domain_info *info,
					struct dmar_domain *parent,
					const struct iommu_user_data *user_data);
void intel_nested_join(struct dmar_domain *nested);
void intel_nested_leave(struct dmar_domain *nested);
int intel_nested_check(struct dmar_domain *domain, struct intel_iommu *iommu);
int intel_nested_invalidate(struct iommu_domain *domain,
			    struct iommu_user_data_array *array);

extern const struct iommu_dirty_ops intel_dirty_ops;

#endif
