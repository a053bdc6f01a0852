// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an IOAS serves: the domains that are kept the same as it, the accesses, and
 * what these ask of all areas. The rules and the locks are in ioas.h.
 */
#include <linux/iommu.h>

#include "ioas.h"

/* What does @domain ask of all it maps? 0 if it cannot map single pages */
static unsigned long domain_alignment(const struct iommu_domain *domain)
{
	unsigned long smallest = domain->pgsize_bitmap &
				 -domain->pgsize_bitmap;

	return smallest <= PAGE_SIZE ? smallest : 0;
}

/* The alignment that @ioas needs, and that of one that is to come */
static unsigned long ioas_needed_alignment(struct iommufd_ioas *ioas,
					   unsigned long more)
{
	unsigned long alignment = max(more, iommufd_accesses_alignment(ioas));
	struct ioas_domain *on;

	if (ioas->small_pages)
		alignment = max(alignment, PAGE_SIZE);
	list_for_each_entry(on, &ioas->domains, item)
		alignment = max(alignment, domain_alignment(on->domain));
	return alignment;
}

static bool ioas_areas_are_aligned(struct iommufd_ioas *ioas,
				   unsigned long alignment)
{
	struct iova_area *range;

	if (alignment <= ioas->alignment)
		return true;
	for_each_area(ioas, range, 0, ULONG_MAX) {
		if ((range->first | area_length(to_area(range)) |
		     to_area(range)->start) & (alignment - 1))
			return false;
		cond_resched();
	}
	return true;
}

/* Have all areas suit @more too, now and in future */
static int ioas_raise_alignment(struct iommufd_ioas *ioas, unsigned long more)
{
	unsigned long alignment = ioas_needed_alignment(ioas, more);

	lockdep_assert_held_write(&ioas->domains_sem);
	lockdep_assert_held(&ioas->space_lock);

	if (!ioas_areas_are_aligned(ioas, alignment))
		return -EADDRINUSE;
	ioas->alignment = alignment;
	return 0;
}

/* Reserve what lies outside the aperture of @add->domain */
static int ioas_reserve_aperture(struct iommufd_ioas *ioas,
				 struct ioas_domain *add)
{
	const struct iommu_domain_geometry *geometry = &add->domain->geometry;
	int rc = 0;

	if (geometry->aperture_start)
		rc = iova_space_reserve(&ioas->space, 0,
					geometry->aperture_start - 1, add);
	if (!rc && geometry->aperture_end < ULONG_MAX)
		rc = iova_space_reserve(&ioas->space,
					geometry->aperture_end + 1, ULONG_MAX,
					add);
	if (rc)
		iova_space_unreserve(&ioas->space, add);
	return rc;
}

/* Map everything in a new domain, which pins it if the domain is the first */
static int ioas_fill_domain(struct iommufd_ioas *ioas,
			    struct iommu_domain *domain)
{
	bool pinned = !list_empty(&ioas->domains);
	struct iova_area *range, *failed;
	int rc;

	for_each_area(ioas, range, 0, ULONG_MAX) {
		struct iommufd_area *area = to_area(range);

		rc = pinned ? 0 : area_pin(area);
		if (rc)
			goto err_unmap;
		rc = area_map_domain(ioas, area, domain);
		if (rc) {
			if (!pinned)
				area_unpin(area);
			goto err_unmap;
		}
		cond_resched();
	}
	return 0;

err_unmap:
	failed = range;
	for_each_area(ioas, range, 0, ULONG_MAX) {
		if (range == failed)
			break;
		area_unmap_domain(to_area(range), domain);
		if (!pinned)
			area_unpin(to_area(range));
		cond_resched();
	}
	return rc;
}

static void ioas_lower_demands(struct iommufd_ioas *ioas, void *owner)
{
	mutex_lock(&ioas->space_lock);
	iova_space_unreserve(&ioas->space, owner);
	ioas->alignment = ioas_needed_alignment(ioas, 1);
	mutex_unlock(&ioas->space_lock);
}

/**
 * ioas_add_domain() - fill a domain with an IOAS and keep it so
 * @ioas: The IOAS
 * @add: The domain, which maps nothing yet
 *
 * Context: May sleep and fault; takes the locks of ioas.h.
 * Return: 0; -EINVAL if the domain cannot map single pages; -EOPNOTSUPP if its
 * driver does not say what it can map before a device is attached; -EADDRINUSE if
 * it cannot map something that is mapped, where it is; or as ioas_map().
 */
int ioas_add_domain(struct iommufd_ioas *ioas, struct ioas_domain *add)
{
	int rc;

	if (!domain_alignment(add->domain))
		return -EINVAL;
	if (!add->domain->geometry.aperture_end)
		return -EOPNOTSUPP;

	rc = down_write_killable(&ioas->domains_sem);
	if (rc)
		return rc;
	mutex_lock(&ioas->space_lock);
	rc = ioas_raise_alignment(ioas, domain_alignment(add->domain));
	if (!rc)
		rc = ioas_reserve_aperture(ioas, add);
	mutex_unlock(&ioas->space_lock);

	/* Nobody changes the areas while domains_sem is held for writing */
	if (!rc)
		rc = ioas_fill_domain(ioas, add->domain);
	if (rc)
		ioas_lower_demands(ioas, add);
	else
		list_add_tail(&add->item, &ioas->domains);
	up_write(&ioas->domains_sem);
	return rc;
}

/**
 * ioas_remove_domain() - undo ioas_add_domain()
 * @ioas: The IOAS
 * @gone: The domain; it maps nothing when this returns
 *
 * Context: May sleep; takes the locks of ioas.h.
 */
void ioas_remove_domain(struct iommufd_ioas *ioas, struct ioas_domain *gone)
{
	struct iova_area *range;

	down_write(&ioas->domains_sem);
	list_del(&gone->item);
	for_each_area(ioas, range, 0, ULONG_MAX) {
		area_unmap_domain(to_area(range), gone->domain);
		if (list_empty(&ioas->domains))
			area_unpin(to_area(range));
		cond_resched();
	}
	ioas_lower_demands(ioas, gone);
	up_write(&ioas->domains_sem);
}

/**
 * ioas_is_coherent() - can devices not bypass the caches of the CPU?
 * @ioas: The IOAS
 *
 * Return: true if all its domains see to that, also if there is none.
 */
bool ioas_is_coherent(struct iommufd_ioas *ioas)
{
	struct ioas_domain *on;
	bool coherent = true;

	down_read(&ioas->domains_sem);
	list_for_each_entry(on, &ioas->domains, item)
		coherent &= on->coherent;
	up_read(&ioas->domains_sem);
	return coherent;
}

/**
 * ioas_add_access() - have an access told of what is unmapped
 * @ioas: The IOAS
 * @item: The access's, for iommufd_ioas::accesses
 * @pins: It may pin pages, so that IOVAs must be aligned as these are
 *
 * Return: 0, -EADDRINUSE if something is mapped that is not aligned so, -EINTR.
 */
int ioas_add_access(struct iommufd_ioas *ioas, struct list_head *item,
		    bool pins)
{
	int rc;

	rc = down_write_killable(&ioas->domains_sem);
	if (rc)
		return rc;
	mutex_lock(&ioas->space_lock);
	rc = ioas_raise_alignment(ioas, pins ? PAGE_SIZE : 1);
	mutex_unlock(&ioas->space_lock);
	if (!rc)
		list_add_tail(item, &ioas->accesses);
	up_write(&ioas->domains_sem);
	return rc;
}

/**
 * ioas_remove_access() - undo ioas_add_access()
 * @ioas: The IOAS
 * @item: The access's, which has nothing pinned
 */
void ioas_remove_access(struct iommufd_ioas *ioas, struct list_head *item)
{
	down_write(&ioas->domains_sem);
	list_del(item);
	ioas_lower_demands(ioas, item);
	up_write(&ioas->domains_sem);
}

/**
 * ioas_set_small_pages() - choose what size of pages domains map
 * @ioas: The IOAS
 * @small_pages: None larger than PAGE_SIZE
 *
 * Return: 0; -EINVAL if domains map something in larger ones already;
 * -EADDRINUSE if something is mapped that is not aligned to pages; -EINTR.
 */
int ioas_set_small_pages(struct iommufd_ioas *ioas, bool small_pages)
{
	bool mapped;
	int rc;

	rc = down_write_killable(&ioas->domains_sem);
	if (rc)
		return rc;
	mutex_lock(&ioas->space_lock);
	mapped = !list_empty(&ioas->domains) &&
		 iova_space_first(&ioas->space, 0, ULONG_MAX);
	if (small_pages == ioas->small_pages)
		rc = 0;
	else if (small_pages && mapped)
		rc = -EINVAL;
	else
		rc = ioas_raise_alignment(ioas, small_pages ? PAGE_SIZE : 1);
	if (!rc)
		ioas->small_pages = small_pages;
	/* Asked for before, or not any more */
	ioas->alignment = ioas_needed_alignment(ioas, 1);
	mutex_unlock(&ioas->space_lock);
	up_write(&ioas->domains_sem);
	return rc;
}

/**
 * ioas_reserve() - keep a range from being mapped
 * @ioas: The IOAS
 * @first: First IOVA
 * @last: Last IOVA
 * @owner: On whose behalf, for ioas_unreserve()
 *
 * Return: 0, -EADDRINUSE if something is mapped there or it is to be mappable,
 * -ENOMEM.
 */
int ioas_reserve(struct iommufd_ioas *ioas, unsigned long first,
		 unsigned long last, void *owner)
{
	int rc;

	mutex_lock(&ioas->space_lock);
	rc = iova_space_reserve(&ioas->space, first, last, owner);
	mutex_unlock(&ioas->space_lock);
	return rc;
}
EXPORT_SYMBOL_NS_GPL(ioas_reserve, IOMMUFD_INTERNAL);

/**
 * ioas_unreserve() - give back all an owner has reserved
 * @ioas: The IOAS
 * @owner: The owner
 */
void ioas_unreserve(struct iommufd_ioas *ioas, void *owner)
{
	mutex_lock(&ioas->space_lock);
	iova_space_unreserve(&ioas->space, owner);
	mutex_unlock(&ioas->space_lock);
}
