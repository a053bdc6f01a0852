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
#include <linux/rculist.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <uapi/linux/iommufd.h>

#include "iommu.h"
#include "iommufd.h"
#include "pasid.h"

/*
 * What a round, and a submission, has at most: half of the queue. Others fit beside
 * it, and the more of those there are, the longer it would wait for room.
 */
#define ROUND_MAX (QI_LENGTH / 2)

/* For more than so many, on all devices, it is faster to flush all of their TLBs */
#define DEV_IOTLB_MAX_RANGES QI_DEV_IOTLB_MAX_INVS

/**
 * struct inval_round - requests that are carried out together
 * @array: What they are of
 * @requests: As user space wrote them, and then with neighbours merged into one
 * @num: How many requests are left of them
 * @all: There was one for everything besides
 * @described: @descs has all of them already, as they are for @did
 * @did: ID of the domain in one of its IOMMUs
 * @iommu: Where @descs are to be submitted
 * @descs: Descriptors not submitted yet
 * @num_descs: How many
 * @max_descs: Room for descriptors
 */
struct inval_round {
	struct iommu_user_data_array *array;
	struct iommu_hwpt_vtd_s1_invalidate *requests;
	u32 num;
	bool all;
	bool described;
	u16 did;
	struct intel_iommu *iommu;
	struct qi_desc *descs;
	u32 num_descs;
	u32 max_descs;
};

/* ---- What is asked for ---- */

/* Does it begin at a page, and have no flag but the one there is? */
static __always_inline bool
request_is_plain(const struct iommu_hwpt_vtd_s1_invalidate *request)
{
	return request->flags <= IOMMU_VTD_INV_FLAGS_LEAF &&
	       !request->__reserved && !(request->addr & ~VTD_PAGE_MASK);
}

/* Anything but some pages, or wrong? */
static __always_inline bool
request_is_odd(const struct iommu_hwpt_vtd_s1_invalidate *request)
{
	if (!request_is_plain(request))
		return true;
	return request->npages != 1 &&
	       request->npages - 1 > (U64_MAX - request->addr) >> VTD_PAGE_SHIFT;
}

/* 0: such a request is for everything */
static int request_check_odd(const struct iommu_hwpt_vtd_s1_invalidate *request)
{
	if (request->flags & ~IOMMU_VTD_INV_FLAGS_LEAF || request->__reserved)
		return -EOPNOTSUPP;
	if (!request->addr && request->npages == U64_MAX)
		return 0;
	if (!IS_ALIGNED(request->addr, VTD_PAGE_SIZE) || !request->npages)
		return -EINVAL;
	return -EOVERFLOW;
}

/* How many requests from @request on ask for the page after the one before */
static __always_inline u32
count_next_pages(const struct iommu_hwpt_vtd_s1_invalidate *request,
		 const struct iommu_hwpt_vtd_s1_invalidate *end, u64 next, u32 flags)
{
	const struct iommu_hwpt_vtd_s1_invalidate *from = request;

	for (; request != end; request++) {
		/* The last page there is has none, even if 0 is asked for */
		if (request->addr != next || !next || request->npages != 1 ||
		    request->flags != flags || request->__reserved)
			break;
		next += VTD_PAGE_SIZE;
	}
	return request - from;
}

/*
 * Merge the first @num requests where they are. Returns how many of them come before
 * one that is wrong.
 */
static __always_inline u32 round_merge(struct inval_round *round, u32 num,
				       int *rc)
{
	struct iommu_hwpt_vtd_s1_invalidate *request = round->requests;
	struct iommu_hwpt_vtd_s1_invalidate *end = request + num;
	struct iommu_hwpt_vtd_s1_invalidate *out = request;
	/* Of out[-1]: where it begins and ends; no request does there at first */
	u64 out_addr = 1, out_end = 1;

	for (; request != end; request++) {
		u64 addr = request->addr;
		u64 next = addr + (request->npages << VTD_PAGE_SHIFT);

		if (unlikely(request_is_odd(request))) {
			*rc = request_check_odd(request);
			if (*rc)
				break;
			round->all = true;
		} else if (addr == out_end && addr &&
			   request->flags == out[-1].flags) {
			u32 more = count_next_pages(request + 1, end, next,
						    request->flags);

			out[-1].npages += request->npages + more;
			out_end = next + ((u64)more << VTD_PAGE_SHIFT);
			request += more;
		} else if (next == out_addr && next &&
			   request->flags == out[-1].flags) {
			out[-1].npages += request->npages;
			out[-1].addr = addr;
			out_addr = addr;
		} else {
			if (out != request)
				*out = *request;
			out++;
			out_addr = addr;
			out_end = next;
		}
	}
	round->num = out - round->requests;
	return request - round->requests;
}

/*
 * Most rounds are of single pages, no two in a row next to each other. Nothing of that
 * can be merged, and one walk looks at it and describes it. False for other rounds.
 */
static __always_inline bool round_describe_pages(struct inval_round *round,
						 u32 num)
{
	const struct iommu_hwpt_vtd_s1_invalidate *request = round->requests;
	const struct iommu_hwpt_vtd_s1_invalidate *end = request + num;
	struct qi_desc *desc = round->descs;
	/* No page begins there, nor next to it */
	u64 last = 1;

	for (; request != end; request++) {
		u64 addr = request->addr;

		if (!request_is_plain(request) || request->npages != 1 ||
		    addr == last + VTD_PAGE_SIZE ||
		    addr == last - VTD_PAGE_SIZE)
			return false;
		*desc++ = qi_desc_piotlb(round->did, PASID_RID2PASID, addr, 0,
					 request->flags & IOMMU_VTD_INV_FLAGS_LEAF);
		last = addr;
	}
	round->num = num;
	return true;
}

/*
 * Take @num requests in order, as many as there is room for descriptors at most.
 * *@taken counts those before one that is wrong.
 */
static __always_inline int round_take(struct inval_round *round, u32 first,
				      u32 num, u32 *taken)
{
	const unsigned int type = IOMMU_HWPT_INVALIDATE_DATA_VTD_S1;
	int rc;

	round->num = 0;
	round->all = false;
	*taken = 0;
	rc = iommu_copy_structs_from_user_array(round->requests, round->array,
						type, first, num, __reserved);
	if (rc)
		return rc;
	round->described = round_describe_pages(round, num);
	*taken = round->described ? num : round_merge(round, num, &rc);
	return rc;
}

/* ---- Submissions ---- */

static int round_submit(struct inval_round *round)
{
	u32 num = round->num_descs;

	if (!num)
		return 0;
	round->num_descs = 0;
	round->array->waits++;
	return qi_submit_sync(round->iommu, round->descs, num, 0);
}

static __always_inline int round_add_desc(struct inval_round *round,
					   struct qi_desc desc)
{
	int rc = 0;

	if (unlikely(round->num_descs == round->max_descs))
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
 * Cover the pages of @request, more than one, with one block or two, of which each is
 * less than twice as large as its part of them. They meet at the boundary with most
 * zeros: on either side a power of two fits that is not smaller than what is there.
 */
static unsigned int cover_pages(const struct iommu_hwpt_vtd_s1_invalidate *request,
				struct page_block *blocks)
{
	u64 first = request->addr >> VTD_PAGE_SHIFT;
	u64 last = first + (request->npages - 1);
	unsigned int order = fls64(first ^ last);
	u64 middle = last >> (order - 1) << (order - 1);
	unsigned int below = fls64(middle - first - 1);
	unsigned int above = fls64(last - middle);

	if (below == order - 1 && above == order - 1) {
		blocks[0] = (struct page_block){
			last >> order << order << VTD_PAGE_SHIFT, order };
		return 1;
	}
	blocks[0] = (struct page_block){
		(middle - BIT_ULL(below)) << VTD_PAGE_SHIFT, below };
	blocks[1] = (struct page_block){ middle << VTD_PAGE_SHIFT, above };
	return 2;
}

static unsigned int cover(const struct iommu_hwpt_vtd_s1_invalidate *request,
			  struct page_block *blocks)
{
	if (request->npages != 1)
		return cover_pages(request, blocks);
	blocks[0] = (struct page_block){ request->addr, 0 };
	return 1;
}

/* False if the hardware does not flush so many pages as such */
static bool round_flush_iotlb_pages(struct inval_round *round, u16 did,
				    const struct iommu_hwpt_vtd_s1_invalidate *request,
				    int *rc)
{
	struct page_block blocks[2];
	unsigned int num = cover(request, blocks);

	while (num-- && !*rc) {
		if (blocks[num].order > cap_max_amask_val(round->iommu->cap))
			return false;
		*rc = round_add_desc(round,
				     qi_desc_piotlb(did, PASID_RID2PASID,
						    blocks[num].addr,
						    blocks[num].order,
						    request->flags));
	}
	return true;
}

static noinline int round_describe(struct inval_round *round, u16 did)
{
	bool all = round->all;
	int rc = 0;
	u32 i;

	for (i = 0; i < round->num && !all && !rc; i++)
		all = !round_flush_iotlb_pages(round, did, &round->requests[i],
					       &rc);
	if (all && !rc)
		rc = round_add_desc(round, qi_desc_piotlb(did, PASID_RID2PASID,
							  0, QI_PIOTLB_ALL,
							  false));
	return rc;
}

/* The IOTLB of one IOMMU, in which the domain has ID @did */
static __always_inline int round_flush_iotlb(struct inval_round *round, u16 did)
{
	bool ready = round->described && did == round->did;

	/* Only once: others take their place now, or when there is no more room */
	round->described = false;
	if (!ready)
		return round_describe(round, did);
	round->num_descs = round->num;
	return 0;
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

	/* As quirk_extra_dev_tlb_flush(): once more, when the first one is done */
	if (!rc && info->dtlb_extra_inval)
		rc = round_submit(round) ?: round_add_desc(round, desc);
	return rc;
}

static int round_flush_device(struct inval_round *round,
			      struct device_domain_info *info, bool whole)
{
	static const struct page_block all = { 0, MAX_AGAW_PFN_WIDTH };
	u32 i;
	int rc = 0;

	if (whole)
		return round_flush_block(round, info, &all);

	for (i = 0; i < round->num && !rc; i++) {
		struct page_block blocks[2];
		unsigned int num = cover(&round->requests[i], blocks);

		while (num-- && !rc)
			rc = round_flush_block(round, info, &blocks[num]);
	}
	return rc;
}

static u32 list_count(const struct list_head *list)
{
	const struct list_head *item;
	u32 num = 0;

	list_for_each(item, list)
		num++;
	return num;
}

/* The TLBs of the devices behind one IOMMU */
static int round_flush_devices(struct inval_round *round,
			       struct dmar_domain *domain)
{
	struct device_domain_info *info;
	unsigned long flags;
	bool whole;
	int rc = 0;

	if (!(round->iommu->gcmd & DMA_GCMD_TE) || !domain->has_iotlb_device)
		return 0;
	spin_lock_irqsave(&domain->lock, flags);
	whole = round->all || list_count(&domain->devices) * round->num >
			      DEV_IOTLB_MAX_RANGES;
	list_for_each_entry(info, &domain->devices, link) {
		if (info->iommu != round->iommu || !info->ats_enabled)
			continue;
		rc = round_flush_device(round, info, whole);
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
static __always_inline int round_carry_out(struct inval_round *round,
					    struct dmar_domain *domain)
{
	struct iommu_domain_info *on;
	int rc = 0;

	if (!round->num && !round->all)
		return 0;
	rcu_read_lock();
	for_each_iommu_of(on, domain) {
		round->iommu = on->iommu;
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

/* The ID that @domain has in the first of its IOMMUs, and most often in all */
static __always_inline u16 first_did(struct dmar_domain *domain)
{
	struct iommu_domain_info *on;
	u16 did = 0;

	rcu_read_lock();
	for_each_iommu_of(on, domain) {
		did = on->did;
		break;
	}
	rcu_read_unlock();
	return did;
}

/* A single request, without allocating memory for it */
static noinline_for_stack int
invalidate_one(struct dmar_domain *domain, struct iommu_user_data_array *array,
	       u32 *handled)
{
	struct iommu_hwpt_vtd_s1_invalidate request;
	/* Two blocks, for the IOTLB and for a device */
	struct qi_desc descs[4];
	struct inval_round round = {
		.array = array,
		.requests = &request,
		.did = first_did(domain),
		.descs = descs,
		.max_descs = ARRAY_SIZE(descs),
	};
	u32 taken;
	int rc;

	rc = round_take(&round, *handled, 1, &taken);
	if (!rc)
		rc = round_carry_out(&round, domain);
	*handled += !rc;
	return rc;
}

/* One by one up to what is wrong, or what cannot be read */
static int invalidate_singly(struct dmar_domain *domain,
			     struct iommu_user_data_array *array, u32 num,
			     u32 *handled)
{
	int rc = 0;

	while (!rc && num--) {
		rc = invalidate_one(domain, array, handled);
		if (!rc && num && fatal_signal_pending(current))
			rc = -EINTR;
		cond_resched();
	}
	return rc;
}

/* All requests in rounds; *@handled counts them */
static noinline int invalidate_rounds(struct dmar_domain *domain,
				      struct inval_round *round, u32 *handled)
{
	struct iommu_user_data_array *array = round->array;
	u32 num, taken;
	int rc, failed;

	while (*handled < array->entry_num) {
		num = min_t(u32, ROUND_MAX, array->entry_num - *handled);
		rc = round_take(round, *handled, num, &taken);
		failed = round_carry_out(round, domain);
		if (failed)
			return failed;
		*handled += taken;
		/* One that is wrong; or what of these cannot be read? */
		if (rc && !taken)
			return invalidate_singly(domain, array, num, handled);
		if (rc)
			return rc;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

static int invalidate_many(struct dmar_domain *domain,
			   struct iommu_user_data_array *array, u32 *handled)
{
	struct {
		struct iommu_hwpt_vtd_s1_invalidate requests[ROUND_MAX];
		struct qi_desc descs[ROUND_MAX];
	} *room = kmalloc(sizeof(*room), GFP_KERNEL | __GFP_NOWARN);
	struct inval_round round;
	int rc;

	if (!room)
		return invalidate_singly(domain, array, array->entry_num,
					 handled);
	round.array = array;
	round.requests = room->requests;
	round.did = first_did(domain);
	round.descs = room->descs;
	round.num_descs = 0;
	round.max_descs = ROUND_MAX;
	rc = invalidate_rounds(domain, &round, handled);
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
	else if (array->entry_num == 1)
		rc = invalidate_one(domain, array, &handled);
	else if (array->entry_num)
		rc = invalidate_many(domain, array, &handled);
	else
		rc = 0;
	array->entry_num = handled;
	return rc;
}
