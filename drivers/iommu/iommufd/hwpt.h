/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * HWPT: an IO page table of the hardware, that is a struct iommu_domain, as an
 * object.
 *
 * A paging HWPT holds what an IOAS maps. A nested one is a stage-1 table in user
 * memory, on top of a paging HWPT as stage 2. What a HWPT stands on it uses, in
 * the sense of object.h, for as long as it lives.
 *
 * Locks: once it is published, a HWPT changes only in @msi_cookie, for which
 * device.c has a lock, and in @tracks_dirty, under iommufd_ioas::domains_sem.
 */
#ifndef __IOMMUFD_HWPT_H
#define __IOMMUFD_HWPT_H

#include "ioas.h"
#include "object.h"

struct iommu_user_data;
struct iommufd_device;
struct iommufd_fault;

/**
 * struct iommufd_hwpt - what both kinds have in common
 * @obj: The object
 * @domain: The domain, its own
 * @driver: The module of the domain's driver, held
 * @paging: The paging HWPT that translates in the end: itself, or the parent
 * @fault: Where page requests of its devices go, used; NULL if they are refused
 */
struct iommufd_hwpt {
	struct iommufd_object obj;
	struct iommu_domain *domain;
	struct module *driver;
	struct iommufd_hwpt_paging *paging;
	struct iommufd_fault *fault;
};

/**
 * struct iommufd_hwpt_paging - a paging HWPT
 * @common: See there
 * @ioas: Whose mappings it holds, used
 * @on_ioas: In @ioas; not there when on_ioas.domain is NULL
 * @automatic: Made by an attach to the IOAS, to go with the last device; in
 *             iommufd_ioas::automatic
 * @nest_parent: May be the parent of a nested HWPT
 * @msi_cookie: The domain has one
 * @tracks_dirty: Dirty tracking is on
 */
struct iommufd_hwpt_paging {
	struct iommufd_hwpt common;
	struct iommufd_ioas *ioas;
	struct ioas_domain on_ioas;
	bool automatic;
	bool nest_parent;
	bool msi_cookie;
	bool tracks_dirty;
};

static inline struct iommufd_hwpt *to_hwpt(struct iommufd_object *obj)
{
	return container_of(obj, struct iommufd_hwpt, obj);
}

static inline struct iommufd_hwpt_paging *
to_hwpt_paging(struct iommufd_hwpt *hwpt)
{
	return container_of(hwpt, struct iommufd_hwpt_paging, common);
}

struct iommufd_hwpt_paging *
iommufd_hwpt_paging_alloc(struct iommufd_ioas *ioas, struct iommufd_device *idev,
			  u32 flags, const struct iommu_user_data *user_data);
int iommufd_hwpt_paging_fill(struct iommufd_hwpt_paging *paging,
			     struct iommufd_device *idev);

int iommufd_hwpt_alloc(struct iommufd_ucmd *ucmd);
int iommufd_hwpt_invalidate(struct iommufd_ucmd *ucmd);

#endif
