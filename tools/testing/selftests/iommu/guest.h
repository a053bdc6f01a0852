/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest for the nested tests: its memory, mapped at stage 2, and in it a
 * stage-1 table that the tests write as a guest's IOMMU driver would.
 *
 *   guest-physical                      stage 2 (the rig's IOAS)
 *
 *   GUEST_TABLES  tables, grown upward  -> self->tables
 *   GUEST_DATA    data pages            -> self->data
 *   GUEST_HUGE    1G-aligned            -> the same data pages, once more
 *
 * A stage-1 entry has the x86-64 format; see VT-d spec section 9.8.
 */
#ifndef __SELFTEST_IOMMU_GUEST_H
#define __SELFTEST_IOMMU_GUEST_H

#include "common.h"

#define PTE_P		0x001ULL
#define PTE_W		0x002ULL
#define PTE_U		0x004ULL
#define PTE_A		0x020ULL
#define PTE_D		0x040ULL
#define PTE_PS		0x080ULL
#define PTE_ADDR	0x000ffffffffff000ULL

#define PTE_RO		(PTE_P | PTE_U)
#define PTE_RW		(PTE_P | PTE_W | PTE_U)

#define TABLE_SIZE	SZ_4K
#define TABLE_PAGES	48
#define DATA_PAGES	16

/* Each range is 2M-aligned, GUEST_HUGE is 1G-aligned, and none meets another */
#define GUEST_TABLES	APERTURE_FIRST
#define GUEST_DATA	(APERTURE_FIRST + SZ_2M)
#define GUEST_HUGE	SZ_1G
/* Within the aperture, and nothing there */
#define GUEST_NOTHING	(APERTURE_FIRST + 2 * SZ_2M)

/* An IOVA with a different index at each level */
#define IOVA_4LEVEL	0x0000123456789000ULL
#define IOVA_5LEVEL	0x0055123456789000ULL

/**
 * struct guest - a guest with one device
 * @rig: Its IOMMU: the IOAS is stage 2, parent_id is made of that
 * @dev: The device, attached to @hwpt
 * @hwpt: A nested HWPT with the table at @root
 * @levels: 4 or 5
 * @root: Guest-physical address of the top table
 * @tables: The memory of all tables
 * @nr_tables: How many of them are used
 * @data: The memory of the data pages; page n holds MARK(n) at first
 */
struct guest {
	struct rig rig;
	struct mock_dev dev;
	__u32 hwpt;
	unsigned int levels;
	__u64 root;
	char *tables;
	unsigned int nr_tables;
	char *data;
};

#define MARK(n) (0x3a6e000000000000ULL + (n))

/* ---- Tables ---- */

static inline __u64 guest_new_table(struct __test_metadata *_metadata,
				    struct guest *guest)
{
	ASSERT_LT(guest->nr_tables, (unsigned int)TABLE_PAGES);
	return GUEST_TABLES + guest->nr_tables++ * TABLE_SIZE;
}

/* Where the entry of an IOVA stands in the table at a guest-physical address */
static inline __u64 *guest_entry_in(const struct guest *guest, __u64 table,
				    unsigned int level, __u64 iova)
{
	unsigned int index = iova >> (12 + 9 * (level - 1)) & 511;

	return (__u64 *)(guest->tables + (table - GUEST_TABLES)) + index;
}

/* The entry of an IOVA at a level of a table, with tables made on the way */
static inline __u64 *guest_entry_of(struct __test_metadata *_metadata,
				    struct guest *guest, __u64 root, __u64 iova,
				    unsigned int level)
{
	unsigned int l;
	__u64 *entry;

	for (l = guest->levels; l > level; l--) {
		entry = guest_entry_in(guest, root, l, iova);
		if (!get_u64(entry))
			set_u64(entry, guest_new_table(_metadata, guest) |
				       PTE_RW);
		root = get_u64(entry) & PTE_ADDR;
	}
	return guest_entry_in(guest, root, level, iova);
}

static inline __u64 *guest_entry(struct __test_metadata *_metadata,
				 struct guest *guest, __u64 iova,
				 unsigned int level)
{
	return guest_entry_of(_metadata, guest, guest->root, iova, level);
}

/* Map one page: level 1 for 4K, 2 for 2M, 3 for 1G */
static inline __u64 *guest_map_at(struct __test_metadata *_metadata,
				  struct guest *guest, __u64 iova, __u64 gpa,
				  unsigned int level, __u64 bits)
{
	__u64 *entry = guest_entry(_metadata, guest, iova, level);

	set_u64(entry, gpa | bits | (level > 1 ? PTE_PS : 0));
	return entry;
}

static inline __u64 *guest_map(struct __test_metadata *_metadata,
			       struct guest *guest, __u64 iova, __u64 gpa)
{
	return guest_map_at(_metadata, guest, iova, gpa, 1, PTE_RW);
}

static inline __u64 guest_data_gpa(unsigned int page)
{
	return GUEST_DATA + page * SZ_4K;
}

static inline char *guest_data(const struct guest *guest, unsigned int page)
{
	return guest->data + page * SZ_4K;
}

/* ---- The guest ---- */

static inline __u32 guest_new_hwpt(struct __test_metadata *_metadata,
				   struct guest *guest, __u64 root)
{
	return rig_nested(_metadata, &guest->rig, guest->dev.idev_id,
			  guest->rig.parent_id, guest->levels, root);
}

static inline void guest_fill_data(const struct guest *guest)
{
	unsigned int i;

	for (i = 0; i < DATA_PAGES; i++)
		set_u64(guest_data(guest, i), MARK(i));
}

/* Its memory, in the rig's IOAS, and a top table that maps nothing yet */
static inline void guest_map_memory(struct __test_metadata *_metadata,
				    struct guest *guest, unsigned int levels)
{
	struct rig *rig = &guest->rig;

	guest->levels = levels;
	guest->tables = get_memory(_metadata, TABLE_PAGES * TABLE_SIZE);
	guest->data = get_memory(_metadata, DATA_PAGES * SZ_4K);
	guest_fill_data(guest);
	rig_map(_metadata, rig, guest->tables, TABLE_PAGES * TABLE_SIZE,
		GUEST_TABLES, IOAS_MAP_RW);
	rig_map(_metadata, rig, guest->data, DATA_PAGES * SZ_4K, GUEST_DATA,
		IOAS_MAP_RW);
	rig_map(_metadata, rig, guest->data, DATA_PAGES * SZ_4K, GUEST_HUGE,
		IOAS_MAP_RW);
	guest->root = guest_new_table(_metadata, guest);
}

/* All of it, the device attached to a table that maps nothing yet */
static inline void guest_start(struct __test_metadata *_metadata,
			       struct guest *guest, unsigned int levels)
{
	struct rig *rig = &guest->rig;

	rig_open(_metadata, rig);
	rig->ioas_id = rig_ioas(_metadata, rig);
	guest_map_memory(_metadata, guest, levels);
	guest->dev = rig_device_on(_metadata, rig, MOCK_IOMMU_FULL, 0, 0);
	rig->parent_id = rig_hwpt(_metadata, rig, guest->dev.idev_id,
				  rig->ioas_id, IOMMU_HWPT_ALLOC_NEST_PARENT);
	guest->hwpt = guest_new_hwpt(_metadata, guest, guest->root);
	ASSERT_EQ(0, mock_attach(rig->fd, guest->dev.stdev_id, guest->hwpt,
				 NULL));
}

static inline void guest_stop(struct __test_metadata *_metadata,
			      struct guest *guest)
{
	rig_close(_metadata, &guest->rig);
}

/* ---- What its device does ---- */

static inline __u64 guest_peek(const struct guest *guest, __u64 iova)
{
	return dma_peek(guest->rig.fd, guest->dev.stdev_id, iova);
}

static inline __u64 guest_poke(const struct guest *guest, __u64 iova, __u64 value)
{
	return dma_poke(guest->rig.fd, guest->dev.stdev_id, iova, value);
}

/* Eight bytes at an IOVA; how they were blocked is in the result */
static inline struct mock_dma guest_dma(struct __test_metadata *_metadata,
					const struct guest *guest, __u64 iova,
					bool write)
{
	struct mock_dma dma = {};
	__u64 value = 0;

	ASSERT_EQ(0, mock_dma(guest->rig.fd, guest->dev.stdev_id,
			      write ? MOCK_DMA_WRITE : 0, iova, &value,
			      sizeof(value), &dma));
	return dma;
}

/* ---- Invalidation ---- */

static inline int guest_invalidate_of(const struct guest *guest, __u32 hwpt,
				      __u32 flags, __u64 iova, __u64 npages)
{
	struct iommu_hwpt_invalidate_selftest_v2 request = {
		.v1.flags = flags,
		.addr = iova,
		.npages = npages,
	};
	__u32 num = 1;

	return hwpt_invalidate(guest->rig.fd, hwpt,
			       IOMMU_HWPT_INVALIDATE_DATA_SELFTEST, &request,
			       sizeof(request), &num);
}

static inline int guest_invalidate(const struct guest *guest, __u64 iova,
				   __u64 npages)
{
	return guest_invalidate_of(guest, guest->hwpt, 0, iova, npages);
}

static inline int guest_invalidate_all(const struct guest *guest)
{
	return guest_invalidate_of(guest, guest->hwpt,
				   IOMMU_TEST_INVALIDATE_FLAG_ALL, 0, 0);
}

#endif
