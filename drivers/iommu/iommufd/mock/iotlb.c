// SPDX-License-Identifier: GPL-2.0-only
/*
 * An IOTLB: translations that stay in use until they are dropped, whatever has
 * become of the tables since.
 *
 * The caller holds mock_paging::lock of the domain, or of its parent.
 */
#include "mock.h"

/* Far more than a test looks at; a device that sweeps memory fills it */
#define IOTLB_MAX_ENTRIES 4096

/**
 * mock_iotlb_init() - make an empty IOTLB
 * @iotlb: Where
 */
void mock_iotlb_init(struct mock_iotlb *iotlb)
{
	xa_init(&iotlb->entries);
	iotlb->num = 0;
}

/**
 * mock_iotlb_lookup() - has this been translated before?
 * @iotlb: The IOTLB
 * @iova: Any IOVA
 *
 * Return: the entry of the IO page, or 0.
 */
u64 mock_iotlb_lookup(struct mock_iotlb *iotlb, u64 iova)
{
	void *value = xa_load(&iotlb->entries, iova >> MOCK_IO_PAGE_SHIFT);

	return value ? xa_to_value(value) : 0;
}

/**
 * mock_iotlb_fill() - remember a translation
 * @iotlb: The IOTLB
 * @iova: Any IOVA in the IO page
 * @entry: Its entry, not 0
 *
 * An IOTLB that is full forgets everything, and one that gets no memory does not
 * remember: hardware, too, promises nothing but to be right after an
 * invalidation.
 */
void mock_iotlb_fill(struct mock_iotlb *iotlb, u64 iova, u64 entry)
{
	void *old;

	if (iotlb->num >= IOTLB_MAX_ENTRIES)
		mock_iotlb_drop(iotlb, 0, U64_MAX);

	old = xa_store(&iotlb->entries, iova >> MOCK_IO_PAGE_SHIFT,
		       xa_mk_value(entry), GFP_KERNEL);
	if (!old)
		iotlb->num++;
}

/**
 * mock_iotlb_drop() - forget translations
 * @iotlb: The IOTLB
 * @first: First IOVA
 * @last: Last IOVA
 */
void mock_iotlb_drop(struct mock_iotlb *iotlb, u64 first, u64 last)
{
	unsigned long index;
	void *value;

	if (xa_empty(&iotlb->entries))
		return;
	if (first == 0 && last == U64_MAX) {
		xa_destroy(&iotlb->entries);
		iotlb->num = 0;
		return;
	}
	xa_for_each_range(&iotlb->entries, index, value,
			  first >> MOCK_IO_PAGE_SHIFT,
			  last >> MOCK_IO_PAGE_SHIFT) {
		xa_erase(&iotlb->entries, index);
		iotlb->num--;
	}
}
