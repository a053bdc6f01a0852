// SPDX-License-Identifier: GPL-2.0-only
/*
 * Invalidation of what the hardware has cached of a stage-1 table, at the request of
 * the user it belongs to.
 *
 * Requests are taken a round at a time. All of a round are looked at before the first
 * of it is carried out, and neighbours become one. Then each IOMMU of the domain gets
 * them in as few submissions as they fit, with one wait for each.
 *
 * No lock is held while user memory is read. IOMMUs and devices may come and go
 * meanwhile: what comes has nothing cached.
 */
#include <linux/iommu.h>
#include <linux/log2.h>
#include <linux/overflow.h>
#include <linux/pci.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <uapi/linux/iommufd.h>

#include "iommu.h"
#include "iommufd.h"
#include "pasid.h"

/*
 * What a round, and a submission, has at most: half of the queue, so that another's
 * fits beside it.
 */
#define ROUND_MAX (QI_LENGTH / 2)

/* So few go without allocating memory */
#define ROUND_FEW 4

/* For more than so many, it is faster to flush all of a device's TLB */
#define DEV_IOTLB_MAX_RANGES QI_DEV_IOTLB_MAX_INVS

/**
 * struct page_range - what is to be invalidated
 * @first: First page
 * @last: Last page
 * @leaf: Entries above the leaves have not changed
 */
struct page_range {
	u64 first;
	u64 last;
	bool leaf;
};

/**
 * struct inval_round - requests that are carried out together
 * @requests: Room for requests as user space wrote them
 * @ranges: What they make, neighbours merged
 * @num_ranges: How many
 * @all: One of them was for everything
 * @max: Room for requests, and for ranges
 * @iommu: Where @descs are to be submitted
 * @descs: Descriptors not submitted yet
 * @num_descs: How many
 * @max_descs: Room for descriptors
 */
struct inval_round {
	struct iommu_hwpt_vtd_s1_invalidate *requests;
	struct page_range *ranges;
	u32 num_ranges;
	bool all;
	u32 max;
	struct intel_iommu *iommu;
	struct qi_desc *descs;
	u32 num_descs;
	u32 max_descs;
};

/* ---- What is asked for ---- */

static bool request_is_all(const struct iommu_hwpt_vtd_s1_invalidate *request)
{
	return !request->addr && request->npages == U64_MAX;
}

static int request_check(const struct iommu_hwpt_vtd_s1_invalidate *request)
{
	u64 last;

	if (unlikely(request->flags & ~IOMMU_VTD_INV_FLAGS_LEAF ||
		     request->__reserved))
		return -EOPNOTSUPP;
	if (request_is_all(request))
		return 0;
	if (unlikely(!IS_ALIGNED(request->addr, VTD_PAGE_SIZE) ||
		     !request->npages))
		return -EINVAL;
	if (unlikely(request->npages > U64_MAX >> VTD_PAGE_SHIFT ||
		     check_add_overflow(request->addr,
					(request->npages << VTD_PAGE_SHIFT) - 1,
					&last)))
		return -EOVERFLOW;
	return 0;
}

/* Make @range longer if the pages are next to it */
static bool range_extend(struct page_range *range, u64 first, u64 last, bool leaf)
{
	if (range->leaf != leaf)
		return false;
	if (first == range->last + 1)
		range->last = last;
	else if (last + 1 == range->first)
		range->first = first;
	else
		return false;
	return true;
}

static void round_add_request(struct inval_round *round,
			      const struct iommu_hwpt_vtd_s1_invalidate *request)
{
	bool leaf = request->flags & IOMMU_VTD_INV_FLAGS_LEAF;
	u64 first = request->addr >> VTD_PAGE_SHIFT;
	u64 last = first + (request->npages - 1);

	if (request_is_all(request)) {
		round->all = true;
		return;
	}
	if (round->num_ranges &&
	    range_extend(&round->ranges[round->num_ranges - 1], first, last, leaf))
		return;
	round->ranges[round->num_ranges++] =
		(struct page_range){ first, last, leaf };
}

/* Take @num requests in order; *@taken counts those before one that is wrong */
static int round_take(struct inval_round *round,
		      const struct iommu_user_data_array *array, u32 first,
		      u32 num, u32 *taken)
{
	int rc;

	round->num_ranges = 0;
	round->all = false;
	*taken = 0;
	rc = iommu_copy_structs_from_user_array(
		round->requests, array, IOMMU_HWPT_INVALIDATE_DATA_VTD_S1,
		first, num, __reserved);
	while (!rc && *taken < num) {
		rc = request_check(&round->requests[*taken]);
		if (!rc)
			round_add_request(round, &round->requests[(*taken)++]);
	}
	return rc;
}

/* ---- Submissions ---- */

static int round_submit(struct inval_round *round)
{
	u32 num = round->num_descs;

	round->num_descs = 0;
	return num ? qi_submit_sync(round->iommu, round->descs, num, 0) : 0;
}

static int round_add_desc(struct inval_round *round, struct qi_desc desc)
{
	int rc = 0;

	if (round->num_descs == round->max_descs)
		rc = round_submit(round);
	round->descs[round->num_descs++] = desc;
	return rc;
}

/**
 * struct page_block - naturally aligned pages, as hardware flushes them
 * @addr: First byte
 * @order: log2 of the number of pages
 */
struct page_block {
	u64 addr;
	unsigned int order;
};

/*
 * Cover @range with one block or two, of which each is less than twice as large as
 * its part of the range. They meet where the range crosses the boundary with most
 * zeros: on either side a power of two fits that is not smaller than what is there.
 */
static unsigned int range_cover(const struct page_range *range,
				struct page_block *blocks)
{
	unsigned int order = fls64(range->first ^ range->last);
	unsigned int below, above;
	u64 middle;

	if (!order) {
		blocks[0] = (struct page_block){
			range->first << VTD_PAGE_SHIFT, 0 };
		return 1;
	}
	middle = range->last >> (order - 1) << (order - 1);
	below = order_base_2(middle - range->first);
	above = order_base_2(range->last - middle + 1);
	if (below == order - 1 && above == order - 1) {
		blocks[0] = (struct page_block){
			range->last >> order << (order + VTD_PAGE_SHIFT), order };
		return 1;
	}
	blocks[0] = (struct page_block){
		(middle - BIT_ULL(below)) << VTD_PAGE_SHIFT, below };
	blocks[1] = (struct page_block){ middle << VTD_PAGE_SHIFT, above };
	return 2;
}

/* The IOTLB of one IOMMU, in which the domain has ID @did */
static int round_flush_iotlb(struct inval_round *round, u16 did)
{
	unsigned int max_order = cap_max_amask_val(round->iommu->cap);
	bool all = round->all;
	u32 i;
	int rc;

	for (i = 0; i < round->num_ranges && !all; i++) {
		struct page_block blocks[2];
		unsigned int num = range_cover(&round->ranges[i], blocks);

		while (num--) {
			if (blocks[num].order > max_order) {
				all = true;
				break;
			}
			rc = round_add_desc(round,
					    qi_desc_piotlb(did, PASID_RID2PASID,
							   blocks[num].addr,
							   blocks[num].order,
							   round->ranges[i].leaf));
			if (rc)
				return rc;
		}
	}
	if (!all)
		return 0;
	return round_add_desc(round, qi_desc_piotlb(did, PASID_RID2PASID, 0,
						    QI_PIOTLB_ALL, false));
}

static int round_flush_block(struct inval_round *round,
			     struct device_domain_info *info,
			     const struct page_block *block)
{
	struct qi_desc desc = qi_desc_dev_iotlb(PCI_DEVID(info->bus,
							  info->devfn),
						info->pfsid, info->ats_qdep,
						block->addr, block->order);
	int rc = round_add_desc(round, desc);

	/* The quirk of quirk_extra_dev_tlb_flush() */
	if (!rc && info->dtlb_extra_inval)
		rc = round_add_desc(round, desc);
	return rc;
}

static int round_flush_device(struct inval_round *round,
			      struct device_domain_info *info)
{
	static const struct page_block all = { 0, MAX_AGAW_PFN_WIDTH };
	u32 i;
	int rc = 0;

	if (round->all || round->num_ranges > DEV_IOTLB_MAX_RANGES)
		return round_flush_block(round, info, &all);

	for (i = 0; i < round->num_ranges && !rc; i++) {
		struct page_block blocks[2];
		unsigned int num = range_cover(&round->ranges[i], blocks);

		while (num-- && !rc)
			rc = round_flush_block(round, info, &blocks[num]);
	}
	return rc;
}

/* The TLBs of the devices behind one IOMMU */
static int round_flush_devices(struct inval_round *round,
			       struct dmar_domain *domain)
{
	struct device_domain_info *info;
	unsigned long flags;
	int rc = 0;

	if (!(round->iommu->gcmd & DMA_GCMD_TE) || !domain->has_iotlb_device)
		return 0;
	spin_lock_irqsave(&domain->lock, flags);
	list_for_each_entry(info, &domain->devices, link) {
		if (info->iommu != round->iommu || !info->ats_enabled)
			continue;
		rc = round_flush_device(round, info);
		if (rc)
			break;
	}
	spin_unlock_irqrestore(&domain->lock, flags);
	return rc;
}

/*
 * A device asks again for what its TLB has lost, and may be answered from the IOTLB:
 * that goes first (VT-d spec section 6.5.2.5).
 */
static int round_carry_out(struct inval_round *round, struct dmar_domain *domain)
{
	struct iommu_domain_info *on;
	unsigned long i;
	int rc = 0;

	if (!round->num_ranges && !round->all)
		return 0;
	rcu_read_lock();
	xa_for_each(&domain->iommu_array, i, on) {
		round->iommu = on->iommu;
		round->num_descs = 0;
		rc = round_flush_iotlb(round, on->did);
		if (!rc)
			rc = round_flush_devices(round, domain);
		if (!rc)
			rc = round_submit(round);
		if (rc)
			break;
	}
	rcu_read_unlock();
	return rc ? -EIO : 0;
}

/* ---- The op ---- */

/* All requests in rounds; *@handled counts them */
static int invalidate_rounds(struct dmar_domain *domain,
			     const struct iommu_user_data_array *array,
			     struct inval_round *round, u32 *handled)
{
	u32 max = round->max;
	u32 num, taken;
	int rc, failed;

	while (*handled < array->entry_num) {
		num = min(max, array->entry_num - *handled);
		rc = round_take(round, array, *handled, num, &taken);
		failed = round_carry_out(round, domain);
		if (failed)
			return failed;
		*handled += taken;
		if (rc) {
			/* One that is wrong; or what of these cannot be read? */
			if (taken || num == 1)
				return rc;
			max = 1;
		}
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

static noinline_for_stack int
invalidate_few(struct dmar_domain *domain,
	       const struct iommu_user_data_array *array, u32 *handled)
{
	struct iommu_hwpt_vtd_s1_invalidate requests[ROUND_FEW];
	struct page_range ranges[ROUND_FEW];
	struct qi_desc descs[2 * ROUND_FEW];
	struct inval_round round = {
		.requests = requests,
		.ranges = ranges,
		.max = ROUND_FEW,
		.descs = descs,
		.max_descs = ARRAY_SIZE(descs),
	};

	return invalidate_rounds(domain, array, &round, handled);
}

static int invalidate_many(struct dmar_domain *domain,
			   const struct iommu_user_data_array *array,
			   u32 *handled)
{
	struct {
		struct iommu_hwpt_vtd_s1_invalidate requests[ROUND_MAX];
		struct page_range ranges[ROUND_MAX];
		struct qi_desc descs[ROUND_MAX];
	} *room = kmalloc(sizeof(*room), GFP_KERNEL | __GFP_NOWARN);
	struct inval_round round;
	int rc;

	if (!room)
		return invalidate_few(domain, array, handled);
	round.requests = room->requests;
	round.ranges = room->ranges;
	round.max = ROUND_MAX;
	round.descs = room->descs;
	round.max_descs = ROUND_MAX;
	rc = invalidate_rounds(domain, array, &round, handled);
	kfree(room);
	return rc;
}

/**
 * intel_nested_invalidate() - carry out user space's invalidation requests
 * @iommu_domain: A nested domain
 * @array: The requests; entry_num returns how many of the first were carried out
 *
 * Context: May sleep and fault.
 * Return: as the op's kernel-doc and the uAPI header say; -EIO if the hardware
 * refuses; -EINTR.
 */
int intel_nested_invalidate(struct iommu_domain *iommu_domain,
			    struct iommu_user_data_array *array)
{
	struct dmar_domain *domain = to_dmar_domain(iommu_domain);
	u32 handled = 0;
	int rc;

	if (array->type != IOMMU_HWPT_INVALIDATE_DATA_VTD_S1)
		rc = -EINVAL;
	else if (array->entry_num <= ROUND_FEW)
		rc = invalidate_few(domain, array, &handled);
	else
		rc = invalidate_many(domain, array, &handled);
	array->entry_num = handled;
	return rc;
}
