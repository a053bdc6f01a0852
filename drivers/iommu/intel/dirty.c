// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dirty tracking in second-level tables.
 *
 * The hardware sets the dirty bit of a leaf when a device writes through it and the
 * PASID entry has SSADE. All devices of the domain have it, and all of the domains
 * nested on it: what they write goes through the same table.
 *
 * dmar_domain::dirty_tracking is read under intel_iommu::lock when a PASID entry is
 * written, and set before that lock is taken to change the entries that are there: so
 * a device that is being attached meanwhile is seen there, or sees it.
 */
#include <linux/bitops.h>
#include <linux/iommu.h>
#include <linux/rculist.h>

#include "iommu.h"
#include "iommufd.h"
#include "pasid.h"

/* The PASID entries of @domain's devices behind one IOMMU */
static void domain_set_ssade(struct dmar_domain *domain,
			     struct intel_iommu *iommu, bool enabled)
{
	struct device_domain_info *info;
	unsigned long flags;

	spin_lock(&iommu->lock);
	spin_lock_irqsave(&domain->lock, flags);
	list_for_each_entry(info, &domain->devices, link)
		if (info->iommu == iommu && info->pasid_table)
			intel_pasid_set_dirty_tracking(info->dev,
						       PASID_RID2PASID,
						       enabled);
	spin_unlock_irqrestore(&domain->lock, flags);
	spin_unlock(&iommu->lock);
}

/*
 * All PASID entries of @domain. They stay present all along: the bit may be changed
 * in an entry in use, and takes effect with the flush of what is cached of it (VT-d
 * spec section 6.5.3.3). IOTLB entries are cached with or without the bit in mind.
 */
static void domain_change_entries(struct dmar_domain *domain, bool enabled)
{
	struct iommu_domain_info *on;

	rcu_read_lock();
	for_each_iommu_of(on, domain) {
		domain_set_ssade(domain, on->iommu, enabled);
		qi_flush_pasid_cache(on->iommu, on->did, QI_PC_ALL_PASIDS, 0);
		on->iommu->flush.flush_iotlb(on->iommu, on->did, 0, 0,
					     DMA_TLB_DSI_FLUSH);
	}
	rcu_read_unlock();
	iommu_flush_dev_iotlb(domain, 0, MAX_AGAW_PFN_WIDTH);
}

static int intel_set_dirty_tracking(struct iommu_domain *iommu_domain,
				    bool enabled)
{
	struct dmar_domain *domain = to_dmar_domain(iommu_domain);
	struct dmar_domain *child;

	WRITE_ONCE(domain->dirty_tracking, enabled);
	smp_mb();
	domain_change_entries(domain, enabled);
	/* Many submissions: not with interrupts off */
	spin_lock(&domain->children_lock);
	list_for_each_entry(child, &domain->children, sibling)
		domain_change_entries(child, enabled);
	spin_unlock(&domain->children_lock);
	return 0;
}

/**
 * struct dirty_walk - what of a table is read
 * @next: Next page
 * @last: Last page
 * @clear: Make clean what is dirty
 * @dirty: Where to report
 */
struct dirty_walk {
	unsigned long next;
	unsigned long last;
	bool clear;
	struct iommu_dirty_bitmap *dirty;
};

/* An entry for @num pages from @first on: report it */
static void read_entry(struct dirty_walk *walk, struct dma_pte *pte,
		       unsigned long first, unsigned long num)
{
	unsigned long *val = (unsigned long *)&pte->val;

	if (!(READ_ONCE(*val) & DMA_SL_PTE_DIRTY))
		return;
	/* A page that is not all asked for stays dirty */
	if (walk->clear && first + (num - 1) <= walk->last &&
	    first >= walk->next)
		clear_bit(DMA_SL_PTE_DIRTY_BIT, val);
	iommu_dirty_bitmap_record(walk->dirty, first << VTD_PAGE_SHIFT,
				  num << VTD_PAGE_SHIFT);
}

/* From @pte on, of @level, as far as its table goes */
static void read_table(struct dirty_walk *walk, struct dma_pte *pte,
		       unsigned int level)
{
	unsigned long num = lvl_to_nr_pages(level);

	do {
		unsigned long first = walk->next & ~(num - 1);

		if (dma_pte_present(pte)) {
			if (level > 1 && !dma_pte_superpage(pte))
				return;
			read_entry(walk, pte, first, num);
		}
		walk->next = first + num;
		pte++;
	} while (walk->next <= walk->last && !first_pte_in_page(pte));
}

static int intel_read_and_clear_dirty(struct iommu_domain *iommu_domain,
				      unsigned long iova, size_t size,
				      unsigned long flags,
				      struct iommu_dirty_bitmap *dirty)
{
	struct dmar_domain *domain = to_dmar_domain(iommu_domain);
	struct dirty_walk walk = {
		.next = iova >> VTD_PAGE_SHIFT,
		.last = (iova + (size - 1)) >> VTD_PAGE_SHIFT,
		.clear = !(flags & IOMMU_DIRTY_NO_CLEAR),
		.dirty = dirty,
	};

	while (walk.next <= walk.last) {
		int level = 0;
		struct dma_pte *pte = pfn_to_dma_pte(domain, walk.next, &level);

		if (!pte)
			return -EINVAL;
		read_table(&walk, pte, level);
	}
	return 0;
}

const struct iommu_dirty_ops intel_dirty_ops = {
	.set_dirty_tracking = intel_set_dirty_tracking,
	.read_and_clear_dirty = intel_read_and_clear_dirty,
};
