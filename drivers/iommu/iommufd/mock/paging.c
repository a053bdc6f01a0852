// SPDX-License-Identifier: GPL-2.0-only
/*
 * Paging domains: a table of three levels that the kernel maps into, as a
 * driver of real hardware would keep one.
 *
 * A range that is mapped twice, or unmapped in other pieces than it was mapped
 * in, is a mistake of the caller's, and refused rather than made to work.
 */
#include <linux/slab.h>

#include "mock.h"

static unsigned int table_index(u64 iova, unsigned int shift)
{
	return (iova >> shift) & ((1 << MOCK_TABLE_SHIFT) - 1);
}

/* The entry of the middle level for @iova, or NULL. @gfp: make it, unless 0 */
static u64 *paging_middle(struct mock_paging *paging, u64 iova, gfp_t gfp)
{
	unsigned int shift = MOCK_HUGE_PAGE_SHIFT + MOCK_TABLE_SHIFT;
	struct mock_table **table = &paging->root[iova >> shift];

	if (!*table && gfp)
		*table = kzalloc(sizeof(**table), gfp);
	if (!*table)
		return NULL;
	return &(*table)->entries[table_index(iova, MOCK_HUGE_PAGE_SHIFT)];
}

static struct mock_leaf *entry_leaf(u64 entry)
{
	return entry & MOCK_ENTRY_HUGE ? NULL : (void *)(uintptr_t)entry;
}

static u32 leaf_pack(u64 entry)
{
	return entry >> MOCK_IO_PAGE_SHIFT << MOCK_LEAF_FLAG_BITS |
	       (entry & ((1 << MOCK_LEAF_FLAG_BITS) - 1));
}

static u64 leaf_unpack(u32 packed)
{
	return (u64)(packed >> MOCK_LEAF_FLAG_BITS) << MOCK_IO_PAGE_SHIFT |
	       (packed & ((1 << MOCK_LEAF_FLAG_BITS) - 1));
}

static bool iova_is_mappable(u64 iova, u64 length)
{
	return iova >= MOCK_APERTURE_START && iova <= MOCK_APERTURE_LAST &&
	       length - 1 <= MOCK_APERTURE_LAST - iova;
}

static int map_huge_page(struct mock_paging *paging, u64 iova, u64 entry,
			 gfp_t gfp)
{
	u64 *middle = paging_middle(paging, iova, gfp);

	if (!middle)
		return -ENOMEM;
	/* A leaf left empty by an unmap has to go first */
	if (entry_leaf(*middle) &&
	    !memchr_inv(entry_leaf(*middle), 0, sizeof(struct mock_leaf))) {
		kfree(entry_leaf(*middle));
		*middle = 0;
	}
	if (*middle)
		return -EADDRINUSE;
	*middle = entry | MOCK_ENTRY_HUGE;
	return 0;
}

/* Map up to @num IO pages that one leaf holds */
static int map_io_pages(struct mock_paging *paging, u64 iova, u64 entry,
			size_t num, gfp_t gfp, size_t *mapped)
{
	unsigned int i = table_index(iova, MOCK_IO_PAGE_SHIFT);
	u64 *middle = paging_middle(paging, iova, gfp);
	u32 packed = leaf_pack(entry);
	struct mock_leaf *leaf;
	unsigned int end;

	*mapped = 0;
	if (!middle)
		return -ENOMEM;
	if (!*middle)
		*middle = (uintptr_t)kzalloc(sizeof(*leaf), gfp);
	if (!*middle)
		return -ENOMEM;
	leaf = entry_leaf(*middle);
	if (!leaf)
		return -EADDRINUSE;

	end = min(num, ARRAY_SIZE(leaf->entries) - i) + i;
	for (; i < end; i++) {
		if (leaf->entries[i])
			return -EADDRINUSE;
		leaf->entries[i] = packed;
		packed += 1 << MOCK_LEAF_FLAG_BITS;
		++*mapped;
	}
	return 0;
}

static int mock_map_pages(struct iommu_domain *domain, unsigned long iova,
			  phys_addr_t paddr, size_t pgsize, size_t pgcount,
			  int prot, gfp_t gfp, size_t *mapped)
{
	struct mock_paging *paging = to_mock_paging(domain);
	u64 entry = paddr;
	int rc = 0;

	if (prot & IOMMU_READ)
		entry |= MOCK_ENTRY_READ;
	if (prot & IOMMU_WRITE)
		entry |= MOCK_ENTRY_WRITE;
	if (!iova_is_mappable(iova, pgsize * pgcount) ||
	    (paddr + pgsize * pgcount - 1) >> MOCK_LEAF_ADDRESS_BITS)
		return -ERANGE;

	mutex_lock(&paging->lock);
	while (!rc && pgcount) {
		size_t num = 1;

		if (pgsize == MOCK_HUGE_PAGE_SIZE) {
			rc = map_huge_page(paging, iova, entry, gfp);
			if (rc)
				break;
		} else {
			rc = map_io_pages(paging, iova, entry, pgcount, gfp,
					  &num);
		}
		iova += num * pgsize;
		entry += num * pgsize;
		*mapped += num * pgsize;
		pgcount -= num;
	}
	mutex_unlock(&paging->lock);
	return rc;
}

/*
 * Unmap from @iova on what one entry of the middle level holds, or a part of
 * that up to @length. Returns the bytes unmapped.
 */
static size_t unmap_middle(struct mock_paging *paging, u64 iova, size_t length)
{
	unsigned int i = table_index(iova, MOCK_IO_PAGE_SHIFT);
	u64 *middle = paging_middle(paging, iova, 0);
	struct mock_leaf *leaf;
	size_t unmapped = 0;

	if (!middle || !*middle)
		return 0;
	leaf = entry_leaf(*middle);
	if (!leaf) {
		if (i || length < MOCK_HUGE_PAGE_SIZE)
			return 0;
		*middle = 0;
		return MOCK_HUGE_PAGE_SIZE;
	}

	for (; unmapped < length && i < ARRAY_SIZE(leaf->entries); i++) {
		if (!leaf->entries[i])
			break;
		leaf->entries[i] = 0;
		unmapped += MOCK_IO_PAGE_SIZE;
	}
	if (unmapped == MOCK_HUGE_PAGE_SIZE) {
		kfree(leaf);
		*middle = 0;
	}
	return unmapped;
}

static size_t mock_unmap_pages(struct iommu_domain *domain, unsigned long iova,
			       size_t pgsize, size_t pgcount,
			       struct iommu_iotlb_gather *gather)
{
	struct mock_paging *paging = to_mock_paging(domain);
	size_t length = pgsize * pgcount;
	size_t unmapped = 0;
	size_t once;

	if (!iova_is_mappable(iova, length))
		return 0;

	mutex_lock(&paging->lock);
	do {
		once = unmap_middle(paging, iova + unmapped, length - unmapped);
		unmapped += once;
	} while (once && unmapped < length);
	mutex_unlock(&paging->lock);

	if (unmapped)
		iommu_iotlb_gather_add_range(gather, iova, unmapped);
	return unmapped;
}

/*
 * What a child has cached it has under IOVAs of its own, from which nothing
 * leads back to the range: all of it has to go.
 */
static void paging_flush(struct mock_paging *paging, u64 first, u64 last)
{
	struct mock_nested *child;

	mutex_lock(&paging->lock);
	mock_iotlb_drop(&paging->iotlb, first, last);
	list_for_each_entry(child, &paging->children, item)
		mock_iotlb_drop(&child->iotlb, 0, U64_MAX);
	mutex_unlock(&paging->lock);
}

static void mock_iotlb_sync(struct iommu_domain *domain,
			    struct iommu_iotlb_gather *gather)
{
	if (gather->start <= gather->end)
		paging_flush(to_mock_paging(domain), gather->start,
			     gather->end);
}

static void mock_flush_iotlb_all(struct iommu_domain *domain)
{
	paging_flush(to_mock_paging(domain), 0, U64_MAX);
}

/**
 * mock_paging_lookup() - translate one address
 * @paging: The domain, its lock held
 * @iova: The address; guest-physical, if this is stage 2
 * @access: MOCK_ENTRY_READ, MOCK_ENTRY_WRITE, or 0 to ask for neither
 * @entry: Set to the entry of the IO page @iova is in
 *
 * Return: MOCK_DMA_FAULT_NONE, or why not.
 */
enum mock_dma_fault mock_paging_lookup(struct mock_paging *paging, u64 iova,
				       u64 access, u64 *entry)
{
	struct mock_leaf *leaf;
	unsigned int i;
	u64 *middle;

	lockdep_assert_held(&paging->lock);

	if (iova > MOCK_APERTURE_LAST)
		return MOCK_DMA_FAULT_ADDRESS;
	middle = paging_middle(paging, iova, 0);
	if (!middle || !*middle)
		return MOCK_DMA_FAULT_NOT_PRESENT;

	i = table_index(iova, MOCK_IO_PAGE_SHIFT);
	leaf = entry_leaf(*middle);
	if (leaf)
		*entry = leaf_unpack(leaf->entries[i]);
	else
		*entry = (*middle & ~MOCK_ENTRY_HUGE) +
			 (iova & (MOCK_HUGE_PAGE_SIZE - 1) & ~MOCK_ENTRY_FLAGS);
	if (!*entry)
		return MOCK_DMA_FAULT_NOT_PRESENT;
	return (*entry & access) == access ? MOCK_DMA_FAULT_NONE :
					     MOCK_DMA_FAULT_PERMISSION;
}

/* What maps an IOVA: one of the two, or neither. @size: how much that maps */
struct paging_entry {
	u64 *huge;
	u32 *leaf;
	unsigned long size;
};

static struct paging_entry paging_find(struct mock_paging *paging, u64 iova)
{
	struct paging_entry found = { .size = MOCK_HUGE_PAGE_SIZE };
	u64 *middle = paging_middle(paging, iova, 0);
	struct mock_leaf *leaf;
	u32 *packed;

	if (!middle || !*middle)
		return found;
	leaf = entry_leaf(*middle);
	if (!leaf) {
		found.huge = middle;
		return found;
	}
	packed = &leaf->entries[table_index(iova, MOCK_IO_PAGE_SHIFT)];
	found.size = MOCK_IO_PAGE_SIZE;
	if (*packed)
		found.leaf = packed;
	return found;
}

static bool entry_is_dirty(const struct paging_entry *entry)
{
	return entry->huge ? *entry->huge & MOCK_ENTRY_DIRTY :
			     entry->leaf && *entry->leaf & MOCK_ENTRY_DIRTY;
}

static void entry_clear_dirty(const struct paging_entry *entry)
{
	if (entry->huge)
		*entry->huge &= ~MOCK_ENTRY_DIRTY;
	else
		*entry->leaf &= ~(u32)MOCK_ENTRY_DIRTY;
}

/**
 * mock_paging_mark_dirty() - note that a device writes
 * @paging: The domain, its lock held
 * @iova: Where; guest-physical, if this is stage 2
 *
 * Return: false if nothing is mapped there.
 */
bool mock_paging_mark_dirty(struct mock_paging *paging, u64 iova)
{
	struct paging_entry entry;

	if (iova > MOCK_APERTURE_LAST)
		return false;
	entry = paging_find(paging, iova);
	if (entry.huge)
		*entry.huge |= MOCK_ENTRY_DIRTY;
	else if (entry.leaf)
		*entry.leaf |= MOCK_ENTRY_DIRTY;
	return entry.huge || entry.leaf;
}

static int mock_set_dirty_tracking(struct iommu_domain *domain, bool enabled)
{
	struct mock_paging *paging = to_mock_paging(domain);

	mutex_lock(&paging->lock);
	paging->tracks_dirty = enabled;
	mutex_unlock(&paging->lock);
	/* What is cached was cached by other rules */
	mock_flush_iotlb_all(domain);
	return 0;
}

static int mock_read_and_clear_dirty(struct iommu_domain *domain,
				     unsigned long iova, size_t size,
				     unsigned long flags,
				     struct iommu_dirty_bitmap *dirty)
{
	struct mock_paging *paging = to_mock_paging(domain);
	unsigned long last = iova + (size - 1);
	struct paging_entry entry;
	u64 at, page;

	if (last > MOCK_APERTURE_LAST)
		return -EINVAL;

	mutex_lock(&paging->lock);
	for (at = iova; at <= last; at = page + entry.size) {
		entry = paging_find(paging, at);
		page = round_down(at, entry.size);
		if (!entry_is_dirty(&entry))
			continue;
		iommu_dirty_bitmap_record(dirty, page, entry.size);
		if (!(flags & IOMMU_DIRTY_NO_CLEAR) && page >= iova &&
		    page + entry.size - 1 <= last)
			entry_clear_dirty(&entry);
	}
	mutex_unlock(&paging->lock);
	return 0;
}

static const struct iommu_dirty_ops mock_dirty_ops = {
	.set_dirty_tracking = mock_set_dirty_tracking,
	.read_and_clear_dirty = mock_read_and_clear_dirty,
};

static bool mock_enforce_cache_coherency(struct iommu_domain *domain)
{
	return to_mock_paging(domain)->coherent;
}

static phys_addr_t mock_iova_to_phys(struct iommu_domain *domain,
				     dma_addr_t iova)
{
	struct mock_paging *paging = to_mock_paging(domain);
	enum mock_dma_fault fault;
	u64 entry;

	mutex_lock(&paging->lock);
	fault = mock_paging_lookup(paging, iova, 0, &entry);
	mutex_unlock(&paging->lock);
	if (fault)
		return 0;
	return (entry & ~MOCK_ENTRY_FLAGS) | (iova & MOCK_ENTRY_FLAGS);
}

static void mock_paging_free(struct iommu_domain *domain)
{
	struct mock_paging *paging = to_mock_paging(domain);
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(paging->root); i++) {
		if (!paging->root[i])
			continue;
		for (j = 0; j < ARRAY_SIZE(paging->root[i]->entries); j++)
			kfree(entry_leaf(paging->root[i]->entries[j]));
		kfree(paging->root[i]);
	}
	mock_iotlb_drop(&paging->iotlb, 0, U64_MAX);
	kfree(paging);
}

static const struct iommu_domain_ops mock_paging_ops = {
	.attach_dev = mock_attach_dev,
	.map_pages = mock_map_pages,
	.unmap_pages = mock_unmap_pages,
	.iotlb_sync = mock_iotlb_sync,
	.flush_iotlb_all = mock_flush_iotlb_all,
	.iova_to_phys = mock_iova_to_phys,
	.enforce_cache_coherency = mock_enforce_cache_coherency,
	.free = mock_paging_free,
};

/**
 * mock_paging_alloc() - make a paging domain
 * @huge_pages: With MOCK_HUGE_PAGE_SIZE beside MOCK_IO_PAGE_SIZE
 * @dirty_tracking: With dirty tracking
 *
 * Return: the domain or ERR_PTR(-ENOMEM).
 */
struct iommu_domain *mock_paging_alloc(bool huge_pages, bool dirty_tracking)
{
	struct mock_paging *paging;

	paging = kzalloc(sizeof(*paging), GFP_KERNEL_ACCOUNT);
	if (!paging)
		return ERR_PTR(-ENOMEM);

	mutex_init(&paging->lock);
	mock_iotlb_init(&paging->iotlb);
	INIT_LIST_HEAD(&paging->children);
	paging->domain.type = IOMMU_DOMAIN_UNMANAGED;
	paging->domain.ops = &mock_paging_ops;
	if (dirty_tracking)
		paging->domain.dirty_ops = &mock_dirty_ops;
	paging->domain.pgsize_bitmap = MOCK_IO_PAGE_SIZE;
	if (huge_pages)
		paging->domain.pgsize_bitmap |= MOCK_HUGE_PAGE_SIZE;
	paging->domain.geometry.aperture_start = MOCK_APERTURE_START;
	paging->domain.geometry.aperture_end = MOCK_APERTURE_LAST;
	paging->domain.geometry.force_aperture = true;
	return &paging->domain;
}
