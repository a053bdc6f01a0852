/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest's side of the story: its memory and the page table it keeps there.
 *
 * Everything here is plain loads and stores to the memory the VMM lends the
 * guest; nothing asks the kernel. Addresses are guest-physical (GPA) unless the
 * name says IOVA. The table is x86-64's with 4 levels and 4K pages.
 */
#ifndef RIG_GUEST_TABLE_H
#define RIG_GUEST_TABLE_H

#include <stdbool.h>
#include <linux/types.h>

#define GUEST_PAGE_SIZE		4096ULL
#define GUEST_TABLE_LEVELS	4

/* The IOVA that selects these entries at levels 4, 3, 2, 1 */
#define GUEST_IOVA(i4, i3, i2, i1) \
	(((((i4) * 512ULL + (i3)) * 512 + (i2)) * 512 + (i1)) * GUEST_PAGE_SIZE)

/* Texts in guest memory, and the DMA that carries them, are this long */
#define GUEST_TEXT_LENGTH	32

/* The bits of an entry the story is about */
#define GUEST_ENTRY_PRESENT	0x01ULL
#define GUEST_ENTRY_WRITE	0x02ULL
#define GUEST_ENTRY_USER	0x04ULL
#define GUEST_ENTRY_ACCESSED	0x20ULL
#define GUEST_ENTRY_DIRTY	0x40ULL
#define GUEST_ENTRY_ADDRESS	0x000ffffffffff000ULL

/**
 * struct guest_ram - the guest's memory
 * @gpa: Where the guest sees its first byte
 * @size: Its length in bytes
 * @va: Where the VMM sees its first byte
 * @mapped: Whether stage 2 maps it now; only the VMM's own note, for pictures
 */
struct guest_ram {
	__u64 gpa;
	__u64 size;
	unsigned char *va;
	bool mapped;
};

/**
 * struct guest_table - a page table in guest memory
 * @ram: The memory its tables and pages lie in
 * @root: Where the top table lies
 * @next: Where the next new table goes
 */
struct guest_table {
	struct guest_ram *ram;
	__u64 root;
	__u64 next;
};

/* The VMM's pointer to @length bytes at @gpa; NULL if they are not all RAM */
void *guest_at(const struct guest_ram *ram, __u64 gpa, __u64 length);

/* The text at @gpa, which must be in RAM: room for GUEST_TEXT_LENGTH bytes */
char *guest_text(const struct guest_ram *ram, __u64 gpa);

/* Start an empty table at @root; further tables are placed right behind it */
void guest_table_init(struct guest_table *table, struct guest_ram *ram,
		      __u64 root);

/*
 * Let @iova lead to the page at @gpa, writable or not, with the accessed and
 * dirty bits clear; replaces what was there. Missing tables are added.
 */
void guest_table_set(struct guest_table *table, __u64 iova, __u64 gpa,
		     bool writable);

/* Which entry of its table @iova selects at @level, 4 to 1 */
unsigned int guest_table_index(__u64 iova, int level);

/*
 * The table of @level on the way to @iova, or with @level 0 the page itself;
 * 0 if an entry on the way is not present
 */
__u64 guest_table_at(const struct guest_table *table, __u64 iova, int level);

/* The entry for @iova at @level, 4 to 1, as it stands in memory now */
__u64 guest_table_entry(const struct guest_table *table, __u64 iova, int level);

#endif
