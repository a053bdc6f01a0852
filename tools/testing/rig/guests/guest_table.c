// SPDX-License-Identifier: GPL-2.0-only
/*
 * See guest_table.h. The device updates accessed and dirty bits behind our
 * back, so entries are loaded and stored with one atomic access each.
 */
#include <stddef.h>
#include <string.h>

#include "guest_table.h"
#include "say.h"

void *guest_at(const struct guest_ram *ram, __u64 gpa, __u64 length)
{
	__u64 offset = gpa - ram->gpa;

	if (gpa < ram->gpa || offset >= ram->size ||
	    length > ram->size - offset)
		return NULL;
	return ram->va + offset;
}

char *guest_text(const struct guest_ram *ram, __u64 gpa)
{
	char *text = guest_at(ram, gpa, GUEST_TEXT_LENGTH);

	if (!text)
		step_failed("text: expected inside guest memory, got GPA %#llx",
			    gpa);
	return text;
}

unsigned int guest_table_index(__u64 iova, int level)
{
	return (iova >> (12 + 9 * (level - 1))) & 511;
}

static __u64 *entry_pointer(const struct guest_table *table, __u64 at,
			    __u64 iova, int level)
{
	__u64 gpa = at + guest_table_index(iova, level) * sizeof(__u64);
	__u64 *entry = guest_at(table->ram, gpa, sizeof(*entry));

	if (!entry)
		step_failed("guest table: expected inside guest memory, got GPA %#llx",
			    gpa);
	return entry;
}

static __u64 load(const struct guest_table *table, __u64 at, __u64 iova,
		  int level)
{
	return __atomic_load_n(entry_pointer(table, at, iova, level),
			       __ATOMIC_ACQUIRE);
}

static void store(const struct guest_table *table, __u64 at, __u64 iova,
		  int level, __u64 entry)
{
	__atomic_store_n(entry_pointer(table, at, iova, level), entry,
			 __ATOMIC_RELEASE);
}

static __u64 new_table(struct guest_table *table)
{
	__u64 at = table->next;
	void *page = guest_at(table->ram, at, GUEST_PAGE_SIZE);

	if (!page)
		step_failed("guest memory: expected room for a table, got none at GPA %#llx",
			    at);
	memset(page, 0, GUEST_PAGE_SIZE);
	table->next += GUEST_PAGE_SIZE;
	return at;
}

void guest_table_init(struct guest_table *table, struct guest_ram *ram,
		      __u64 root)
{
	table->ram = ram;
	table->next = root;
	table->root = new_table(table);
}

void guest_table_set(struct guest_table *table, __u64 iova, __u64 gpa,
		     bool writable)
{
	__u64 at = table->root;
	int level;

	for (level = GUEST_TABLE_LEVELS; level > 1; level--) {
		__u64 entry = load(table, at, iova, level);

		if (!(entry & GUEST_ENTRY_PRESENT)) {
			entry = new_table(table) | GUEST_ENTRY_PRESENT |
				GUEST_ENTRY_WRITE | GUEST_ENTRY_USER;
			store(table, at, iova, level, entry);
		}
		at = entry & GUEST_ENTRY_ADDRESS;
	}
	store(table, at, iova, 1,
	      gpa | GUEST_ENTRY_PRESENT | GUEST_ENTRY_USER |
		      (writable ? GUEST_ENTRY_WRITE : 0));
}

__u64 guest_table_at(const struct guest_table *table, __u64 iova, int level)
{
	__u64 at = table->root;
	int above;

	for (above = GUEST_TABLE_LEVELS; above > level; above--) {
		__u64 entry = load(table, at, iova, above);

		if (!(entry & GUEST_ENTRY_PRESENT))
			return 0;
		at = entry & GUEST_ENTRY_ADDRESS;
	}
	return at;
}

__u64 guest_table_entry(const struct guest_table *table, __u64 iova, int level)
{
	__u64 at = guest_table_at(table, iova, level);

	return at ? load(table, at, iova, level) : 0;
}
