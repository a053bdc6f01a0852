// SPDX-License-Identifier: GPL-2.0-only
/*
 * DMA of a mock device: each IO page is translated, by the IOTLB or by the
 * tables, and the bytes are moved, while the lock keeps the tables from being
 * unmapped. Then it is as with hardware: after an unmap, and its flush, a device
 * does not reach the page.
 */
#include <linux/highmem.h>

#include "mock.h"

/**
 * struct dma_memory - guest-physical memory, for the walk
 * @mem: What the walk knows
 * @paging: Stage 2
 */
struct dma_memory {
	struct walk_memory mem;
	struct mock_paging *paging;
};

/* Map the memory at @entry's page and @addr's offset; undone by kunmap_local() */
static void *dma_kmap(u64 entry, u64 addr)
{
	phys_addr_t phys = (entry & ~MOCK_ENTRY_FLAGS) |
			   (addr & MOCK_ENTRY_FLAGS);

	return kmap_local_page(pfn_to_page(PHYS_PFN(phys))) +
	       offset_in_page(phys);
}

static enum mock_dma_fault dma_table_load(struct walk_memory *mem, u64 gpa,
					  u64 *entry)
{
	struct dma_memory *memory = container_of(mem, struct dma_memory, mem);
	enum mock_dma_fault fault;
	u64 stage2;
	u64 *kaddr;

	fault = mock_paging_lookup(memory->paging, gpa, MOCK_ENTRY_READ,
				   &stage2);
	if (fault)
		return fault;
	kaddr = dma_kmap(stage2, gpa);
	*entry = READ_ONCE(*kaddr);
	kunmap_local(kaddr);
	return MOCK_DMA_FAULT_NONE;
}

static enum mock_dma_fault dma_table_update(struct walk_memory *mem, u64 gpa,
					    u64 *old, u64 new)
{
	struct dma_memory *memory = container_of(mem, struct dma_memory, mem);
	enum mock_dma_fault fault;
	u64 stage2;
	u64 *kaddr;

	fault = mock_paging_lookup(memory->paging, gpa, MOCK_ENTRY_ACCESS,
				   &stage2);
	if (fault)
		return fault;
	kaddr = dma_kmap(stage2, gpa);
	*old = cmpxchg64(kaddr, *old, new);
	kunmap_local(kaddr);
	/* Writing to a table is writing to memory */
	if (memory->paging->tracks_dirty)
		mock_paging_mark_dirty(memory->paging, gpa);
	return MOCK_DMA_FAULT_NONE;
}

/* What the domain says of @iova: its stage-2 address, and whether to write it */
static bool dma_stage1(struct mock_paging *paging, struct mock_nested *nested,
		       u64 iova, bool write, struct walk_result *result,
		       struct walk_fault *fault)
{
	struct dma_memory memory = {
		.mem.load = dma_table_load,
		.mem.update = dma_table_update,
		.paging = paging,
	};

	if (nested && nested->format != IOMMU_HWPT_SELFTEST_S1_NONE)
		return walk_stage1(&memory.mem, nested->format, nested->root,
				   iova, write, result, fault);
	result->gpa = iova;
	result->writable = true;
	return true;
}

/* Walk both stages for @iova; returns the entry for the IOTLB, or 0 */
static u64 dma_walk(struct mock_paging *paging, struct mock_nested *nested,
		    u64 iova, bool write, struct walk_fault *fault)
{
	u64 access = write ? MOCK_ENTRY_WRITE : MOCK_ENTRY_READ;
	struct walk_result result;
	u64 entry;

	if (!dma_stage1(paging, nested, iova, write, &result, fault))
		return 0;

	fault->reason = mock_paging_lookup(paging, result.gpa, access, &entry);
	if (fault->reason) {
		fault->stage = 2;
		fault->level = 0;
		fault->addr = result.gpa;
		return 0;
	}
	if (!result.writable)
		entry &= ~MOCK_ENTRY_WRITE;
	/* What is cached as writable has been marked: no write marks it again */
	if (paging->tracks_dirty) {
		if (write)
			mock_paging_mark_dirty(paging, result.gpa);
		else if (!(entry & MOCK_ENTRY_DIRTY))
			entry &= ~MOCK_ENTRY_WRITE;
	}
	return entry;
}

/* Move @length bytes within one IO page */
static bool dma_io_page(struct mock_paging *paging, struct mock_nested *nested,
			u64 iova, void *buf, size_t length, bool write,
			struct walk_fault *fault)
{
	struct mock_iotlb *iotlb = nested ? &nested->iotlb : &paging->iotlb;
	u64 access = write ? MOCK_ENTRY_WRITE : MOCK_ENTRY_READ;
	void *kaddr;
	u64 entry;

	mutex_lock(&paging->lock);
	entry = mock_iotlb_lookup(iotlb, iova);
	/* More access than was cached is not a fault, but a reason to look again */
	if (!(entry & access)) {
		entry = dma_walk(paging, nested, iova, write, fault);
		if (!entry)
			goto out_unlock;
		mock_iotlb_fill(iotlb, iova, entry);
	}

	kaddr = dma_kmap(entry, iova);
	if (write)
		memcpy(kaddr, buf, length);
	else
		memcpy(buf, kaddr, length);
	kunmap_local(kaddr);
out_unlock:
	mutex_unlock(&paging->lock);
	return entry;
}

/* No table translates @addr */
static void dma_fault_address(struct mock_nested *nested, u64 addr,
			      struct walk_fault *fault)
{
	bool walks = nested && nested->format != IOMMU_HWPT_SELFTEST_S1_NONE;

	*fault = (struct walk_fault){
		.reason = MOCK_DMA_FAULT_ADDRESS,
		.stage = walks ? 1 : 2,
		.level = walks ? nested->format : 0,
		.addr = addr,
	};
}

/**
 * mock_dma() - have a device read or write memory
 * @mdev: The device
 * @iova: First IOVA
 * @buf: Where to, or from
 * @length: Number of bytes
 * @write: The device writes
 * @fault: Says why not all of it was done
 *
 * Return: the number of bytes transferred.
 */
size_t mock_dma(struct mock_device *mdev, u64 iova, void *buf, size_t length,
		bool write, struct walk_fault *fault)
{
	struct mock_nested *nested = NULL;
	struct mock_paging *paging = NULL;
	size_t done = 0;

	*fault = (struct walk_fault){ .reason = MOCK_DMA_FAULT_NONE };
	mutex_lock(&mdev->lock);
	if (mdev->domain && mdev->domain->type == IOMMU_DOMAIN_NESTED) {
		nested = to_mock_nested(mdev->domain);
		paging = nested->parent;
	} else if (mdev->domain &&
		   mdev->domain->type == IOMMU_DOMAIN_UNMANAGED) {
		paging = to_mock_paging(mdev->domain);
	} else {
		fault->reason = MOCK_DMA_FAULT_BLOCKED;
		fault->addr = iova;
	}

	while (paging && done < length) {
		size_t once;
		u64 at;

		if (check_add_overflow(iova, (u64)done, &at)) {
			/* The space ends here; it does not begin again */
			dma_fault_address(nested, at, fault);
			break;
		}
		once = min_t(size_t, length - done,
			     MOCK_IO_PAGE_SIZE - (at & MOCK_ENTRY_FLAGS));
		if (!dma_io_page(paging, nested, at, buf + done, once, write,
				 fault))
			break;
		done += once;
	}
	mutex_unlock(&mdev->lock);
	return done;
}
