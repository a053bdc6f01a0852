// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of devices: find whose it is, map it while it can be reached. The rules
 * and the locks are in mmio.h.
 */
#include <linux/iommu.h>
#include <linux/iommufd.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "device.h"
#include "ioas.h"
#include "mmio.h"

/* What is mapped in one go, at most, before others may run; a power of two */
#define MAP_SLICE SZ_1G

/**
 * struct mmio_mapping - an area of a device's memory in one domain
 * @on_mmio: In iommufd_mmio::mappings
 * @on_area: In iommufd_area::mappings
 * @domain: The domain
 * @iova: First IOVA
 * @length: Number of IOVAs
 * @phys: What is at the first IOVA
 * @max_size: Of what is mapped in one piece; a power of two
 * @prot: As for iommu_map()
 * @mapped: The domain maps all of it; else, nothing
 */
struct mmio_mapping {
	struct list_head on_mmio;
	struct list_head on_area;
	struct iommu_domain *domain;
	unsigned long iova;
	unsigned long length;
	phys_addr_t phys;
	unsigned long max_size;
	int prot;
	bool mapped;
};

/* ---- One mapping ---- */

static int mapping_fill(struct mmio_mapping *mapping)
{
	unsigned long done = 0;
	int rc = 0;

	while (!rc && done < mapping->length) {
		phys_addr_t phys = mapping->phys + done;
		unsigned long size = mapping->max_size -
				     (phys & (mapping->max_size - 1));

		size = min(size, mapping->length - done);
		rc = iommu_map(mapping->domain, mapping->iova + done, phys,
			       size, mapping->prot);
		if (!rc)
			done += size;
		cond_resched();
	}
	if (rc && done)
		iommu_unmap(mapping->domain, mapping->iova, done);
	mapping->mapped = !rc;
	return rc;
}

static void mapping_empty(struct mmio_mapping *mapping)
{
	size_t unmapped;

	if (!mapping->mapped)
		return;
	unmapped = iommu_unmap(mapping->domain, mapping->iova, mapping->length);
	WARN_ON_ONCE(unmapped != mapping->length);
	mapping->mapped = false;
}

/* ---- The mappings of an area ---- */

/**
 * area_map_mmio() - area_map_domain() of a device's memory
 * @ioas: The IOAS
 * @area: The area
 * @domain: The domain, which maps it from now on whenever it can be reached
 *
 * Return: 0, -ENOMEM, or -EINVAL if the domain's driver refuses.
 */
int area_map_mmio(struct iommufd_ioas *ioas, struct iommufd_area *area,
		  struct iommu_domain *domain)
{
	struct iommufd_mmio *mmio = area->pages->mmio;
	struct mmio_mapping *mapping;
	int rc = 0;

	mapping = kzalloc(sizeof(*mapping), GFP_KERNEL_ACCOUNT);
	if (!mapping)
		return -ENOMEM;
	mapping->domain = domain;
	mapping->iova = area->range.first;
	mapping->length = area_length(area);
	mapping->phys = area->pages->phys + area->start;
	mapping->max_size = ioas->small_pages ? PAGE_SIZE : MAP_SLICE;
	mapping->prot = area->prot | IOMMU_MMIO;

	mutex_lock(&mmio->lock);
	if (mmio->reachable)
		rc = mapping_fill(mapping);
	if (!rc) {
		list_add_tail(&mapping->on_mmio, &mmio->mappings);
		list_add_tail(&mapping->on_area, &area->mappings);
	}
	mutex_unlock(&mmio->lock);
	if (!rc)
		return 0;
	kfree(mapping);
	return rc == -ENOMEM ? rc : -EINVAL;
}

/**
 * area_unmap_mmio() - undo area_map_mmio()
 * @area: The area
 * @domain: The domain; no device on it reaches the area when this returns
 */
void area_unmap_mmio(struct iommufd_area *area, struct iommu_domain *domain)
{
	struct iommufd_mmio *mmio = area->pages->mmio;
	struct mmio_mapping *mapping;
	bool found = false;

	mutex_lock(&mmio->lock);
	list_for_each_entry(mapping, &area->mappings, on_area) {
		found = mapping->domain == domain;
		if (found)
			break;
	}
	if (found) {
		mapping_empty(mapping);
		list_del(&mapping->on_mmio);
		list_del(&mapping->on_area);
		kfree(mapping);
	}
	mutex_unlock(&mmio->lock);
	WARN_ON_ONCE(!found);
}

/* A second mapping for what @mapping has from @iova on */
static struct mmio_mapping *mapping_split(const struct mmio_mapping *mapping,
					  unsigned long iova)
{
	unsigned long before = iova - mapping->iova;
	struct mmio_mapping *rest;

	rest = kmemdup(mapping, sizeof(*mapping), GFP_KERNEL_ACCOUNT);
	if (!rest)
		return NULL;
	rest->iova = iova;
	rest->phys += before;
	rest->length -= before;
	return rest;
}

/**
 * area_split_mmio() - make two of each mapping of an area
 * @area: The area, mapped in pieces that end at @iova
 * @rest: A second area, which takes over what is from @iova on
 * @iova: An IOVA in the middle of @area
 *
 * Return: 0, or -ENOMEM with nothing changed.
 */
int area_split_mmio(struct iommufd_area *area, struct iommufd_area *rest,
		    unsigned long iova)
{
	struct iommufd_mmio *mmio = area->pages->mmio;
	struct mmio_mapping *mapping, *half, *next;
	LIST_HEAD(halves);
	int rc = 0;

	INIT_LIST_HEAD(&rest->mappings);
	mutex_lock(&mmio->lock);
	list_for_each_entry(mapping, &area->mappings, on_area) {
		half = mapping_split(mapping, iova);
		if (!half) {
			rc = -ENOMEM;
			break;
		}
		list_add_tail(&half->on_area, &halves);
	}
	if (!rc)
		list_for_each_entry(mapping, &area->mappings, on_area)
			mapping->length = iova - mapping->iova;
	list_for_each_entry_safe(half, next, &halves, on_area) {
		if (rc) {
			kfree(half);
			continue;
		}
		list_add_tail(&half->on_mmio, &mmio->mappings);
		list_move_tail(&half->on_area, &rest->mappings);
	}
	mutex_unlock(&mmio->lock);
	return rc;
}

/* ---- Whose memory is it? ---- */

/* The memory that @vma shows, referenced, or NULL. *@start as for the find op */
static struct iommufd_mmio *mmio_get_shown(struct iommufd_ctx *ictx,
					   struct vm_area_struct *vma,
					   phys_addr_t *start)
{
	struct iommufd_mmio *mmio, *found = NULL;

	mutex_lock(&ictx->mmio_lock);
	list_for_each_entry(mmio, &ictx->mmios, item) {
		if (!mmio->ops->find(mmio->data, vma, start))
			continue;
		refcount_inc(&mmio->refs);
		found = mmio;
		break;
	}
	mutex_unlock(&ictx->mmio_lock);
	return found;
}

static int mmio_find_in_vma(struct iommufd_ctx *ictx,
			    struct vm_area_struct *vma, unsigned long addr,
			    unsigned long length, int prot,
			    struct iommufd_pages *pages)
{
	struct iommufd_mmio *mmio;
	phys_addr_t start;

	/* A private mapping may have pages of its own in between */
	if (!(vma->vm_flags & VM_PFNMAP) || is_cow_mapping(vma->vm_flags))
		return 0;
	mmio = mmio_get_shown(ictx, vma, &start);
	if (!mmio)
		return 0;
	if (length > vma->vm_end - addr ||
	    (prot & IOMMU_READ && !(vma->vm_flags & VM_READ)) ||
	    (prot & IOMMU_WRITE && !(vma->vm_flags & VM_WRITE))) {
		iommufd_mmio_put(mmio);
		return -EFAULT;
	}

	*pages = (struct iommufd_pages){
		.refs = REFCOUNT_INIT(1),
		.write_only = !(vma->vm_flags & VM_READ),
		.mmio = mmio,
		.phys = start + ((addr & PAGE_MASK) - vma->vm_start),
		.memory.writable = prot & IOMMU_WRITE,
	};
	return 0;
}

/**
 * iommufd_mmio_find() - is this memory of a device?
 * @ictx: Where the device is bound
 * @uptr: Address of the first byte, in the caller's memory
 * @length: In bytes, not 0
 * @prot: As for iommu_map()
 * @pages: Made to be the memory of the device, with one reference, if it is
 *
 * Context: May sleep; takes mmap_lock.
 * Return: 0, with @pages->mmio set if it is memory of a device; -EFAULT if so, but
 * not all of it in one VMA, or not with the rights; -EINTR.
 */
int iommufd_mmio_find(struct iommufd_ctx *ictx, unsigned long uptr,
		      unsigned long length, int prot,
		      struct iommufd_pages *pages)
{
	unsigned long addr = untagged_addr(uptr);
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	int rc = 0;

	if (mmap_read_lock_killable(mm))
		return -EINTR;
	vma = vma_lookup(mm, addr);
	if (vma)
		rc = mmio_find_in_vma(ictx, vma, addr, length, prot, pages);
	mmap_read_unlock(mm);
	return rc;
}

/* ---- For drivers ---- */

static void mmio_revoke(struct iommufd_mmio *mmio)
{
	struct mmio_mapping *mapping;

	mutex_lock(&mmio->lock);
	mmio->reachable = false;
	list_for_each_entry(mapping, &mmio->mappings, on_mmio) {
		mapping_empty(mapping);
		cond_resched();
	}
	mutex_unlock(&mmio->lock);
}

/**
 * iommufd_mmio_alloc() - prepare for a device to have memory
 *
 * Return: memory that nobody can find or reach, with one reference; or NULL.
 */
struct iommufd_mmio *iommufd_mmio_alloc(void)
{
	struct iommufd_mmio *mmio;

	mmio = kzalloc(sizeof(*mmio), GFP_KERNEL_ACCOUNT);
	if (!mmio)
		return NULL;
	refcount_set(&mmio->refs, 1);
	INIT_LIST_HEAD(&mmio->item);
	mutex_init(&mmio->lock);
	INIT_LIST_HEAD(&mmio->mappings);
	return mmio;
}

/**
 * iommufd_mmio_put() - drop a reference
 * @mmio: The memory, nothing of which the caller has mapped any more
 */
void iommufd_mmio_put(struct iommufd_mmio *mmio)
{
	if (refcount_dec_and_test(&mmio->refs))
		kfree(mmio);
}

/**
 * iommufd_mmio_close() - undo iommufd_mmio_alloc(); the device is unbound
 * @ictx: Where it was bound
 * @mmio: Its memory, which no device reaches and nobody finds from now on
 */
void iommufd_mmio_close(struct iommufd_ctx *ictx, struct iommufd_mmio *mmio)
{
	mutex_lock(&ictx->mmio_lock);
	list_del_init(&mmio->item);
	mutex_unlock(&ictx->mmio_lock);
	mmio_revoke(mmio);
	iommufd_mmio_put(mmio);
}

/**
 * iommufd_device_offer_mmio() - let user space map the memory of a device
 * @idev: The device; only once
 * @ops: Its driver
 * @data: For its ops
 *
 * From now on IOMMU_IOAS_MAP takes the VMAs that the find op knows. What is mapped
 * so is reached by no device before iommufd_device_restore_mmio().
 *
 * Context: May sleep. No lock may be held that the find op takes.
 */
void iommufd_device_offer_mmio(struct iommufd_device *idev,
			       const struct iommufd_mmio_ops *ops, void *data)
{
	struct iommufd_ctx *ictx = idev->ictx;
	struct iommufd_mmio *mmio = idev->mmio;

	mutex_lock(&ictx->mmio_lock);
	if (!WARN_ON(!list_empty(&mmio->item))) {
		mmio->ops = ops;
		mmio->data = data;
		list_add_tail(&mmio->item, &ictx->mmios);
	}
	mutex_unlock(&ictx->mmio_lock);
}
EXPORT_SYMBOL_NS_GPL(iommufd_device_offer_mmio, IOMMUFD);

/**
 * iommufd_device_restore_mmio() - the memory of a device can be reached
 * @idev: The device
 *
 * It is mapped wherever user space wants it to be. Where that fails, for want of
 * memory, it is not, and comes with the next call.
 *
 * Context: May sleep. Locks may be held that page faults take, but none of the
 * IOMMU's driver.
 */
void iommufd_device_restore_mmio(struct iommufd_device *idev)
{
	struct iommufd_mmio *mmio = idev->mmio;
	struct mmio_mapping *mapping;
	int rc;

	mutex_lock(&mmio->lock);
	mmio->reachable = true;
	list_for_each_entry(mapping, &mmio->mappings, on_mmio) {
		if (mapping->mapped)
			continue;
		rc = mapping_fill(mapping);
		if (rc)
			dev_warn_ratelimited(idev->dev,
					     "its memory is not mapped again at %#lx: %d\n",
					     mapping->iova, rc);
		cond_resched();
	}
	mutex_unlock(&mmio->lock);
}
EXPORT_SYMBOL_NS_GPL(iommufd_device_restore_mmio, IOMMUFD);

/**
 * iommufd_device_revoke_mmio() - the memory of a device cannot be reached any more
 * @idev: The device
 *
 * When this returns no device reaches it through an IOAS: nothing maps it, and no
 * IOTLB remembers it.
 *
 * Context: As iommufd_device_restore_mmio().
 */
void iommufd_device_revoke_mmio(struct iommufd_device *idev)
{
	mmio_revoke(idev->mmio);
}
EXPORT_SYMBOL_NS_GPL(iommufd_device_revoke_mmio, IOMMUFD);
