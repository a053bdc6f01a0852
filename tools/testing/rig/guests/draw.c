// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every line is as wide as the frame: cells are filled to a fixed width before
 * they are painted. The whole is 97 columns wide.
 */
#include <stdio.h>
#include <string.h>

#include "draw.h"
#include "say.h"

#define MARGIN "    "
#define GAP "      "

/* Columns between the borders of the two boxes */
#define STAGE1_WIDTH 49
#define STAGE2_WIDTH 34

static const char *frame(const char *piece)
{
	return painted(PAINT_QUIET, "%s", piece);
}

/* A horizontal line from @left over @length columns to @right */
static const char *rule(const char *left, size_t length, const char *right)
{
	char dashes[STAGE1_WIDTH * sizeof("─")] = "";

	while (length--)
		strcat(dashes, "─");
	return painted(PAINT_QUIET, "%s%s%s", left, dashes, right);
}

static void top(const char *title, size_t width)
{
	printf("%s%s%s", frame("┌ "), title,
	       rule(" ", width - strlen(title) - 2, "┐"));
}

/* Above the rows: what their columns hold */
static void heading(void)
{
	printf(MARGIN "%s" GAP "%s\n",
	       painted(PAINT_QUIET, "│%-*s│", STAGE1_WIDTH,
		       "           lies at     index  entry       A D W"),
	       painted(PAINT_QUIET, "│%-*s│", STAGE2_WIDTH,
		       "  guest memory    VMM's memory"));
}

/* The way from an entry to the table below it */
static void link_line(void)
{
	printf(MARGIN "%s%15s%s%13s%s" GAP "%s%*s%s\n", frame("│"), "",
	       rule("▼", 19, "┘"), "", frame("│"), frame("│"), STAGE2_WIDTH, "",
	       frame("│"));
}

static const char *bit(__u64 entry, __u64 mask, const char *name)
{
	if (entry & mask)
		return painted(PAINT_GOOD, "%s", name);
	return frame("·");
}

/* The right half of a row: stage 2 for @gpa. Return: whether it maps it */
static bool stage2(const struct guest_ram *ram, __u64 gpa)
{
	const void *va = guest_at(ram, gpa, 1);

	printf("%s  %s ", frame("├─────►│"), gpa_text(gpa));
	if (!ram->mapped || !va) {
		printf("%s      %s\n", painted(PAINT_BAD, "──✗  not mapped"),
		       frame("│"));
		return false;
	}
	printf("%s %s  %s\n", frame("───►"), va_text(va), frame("│"));
	return true;
}

/* Return: whether the walk goes on below @level */
static bool draw_table(const struct guest_table *table, __u64 iova, int level)
{
	__u64 gpa = guest_table_at(table, iova, level);
	__u64 entry = guest_table_entry(table, iova, level);
	char index[8];

	snprintf(index, sizeof(index), "[%u]", guest_table_index(iova, level));
	printf(MARGIN "%s  level %d  %s  %-5s  %s  %s %s %s  ", frame("│"),
	       level, gpa_text(gpa), index, gpa_text(entry),
	       bit(entry, GUEST_ENTRY_ACCESSED, "A"),
	       bit(entry, GUEST_ENTRY_DIRTY, "D"),
	       bit(entry, GUEST_ENTRY_WRITE, "W"));
	return stage2(table->ram, gpa) && (entry & GUEST_ENTRY_PRESENT);
}

static void draw_page(const struct guest_table *table, __u64 iova)
{
	__u64 gpa = guest_table_at(table, iova, 0);
	const char *text = guest_at(table->ram, gpa, GUEST_PAGE_SIZE);
	char quoted[25];

	snprintf(quoted, sizeof(quoted), "\"%.20s\"", text ? text : "");
	printf(MARGIN "%s  page     %s  %s  ", frame("│"), gpa_text(gpa),
	       painted(PAINT_TEXT, "%-24s", text ? quoted : "no guest memory"));
	stage2(table->ram, gpa);
}

void draw_walk(const struct guest_table *table, __u64 iova, int first)
{
	bool more = true;
	int level;

	printf(MARGIN);
	top("stage 1: the guest's page table", STAGE1_WIDTH);
	printf(GAP);
	top("stage 2: the VMM's IOAS", STAGE2_WIDTH);
	putchar('\n');
	heading();
	for (level = first; level > 0 && more; level--) {
		more = draw_table(table, iova, level);
		if (more)
			link_line();
	}
	if (more)
		draw_page(table, iova);
	printf(MARGIN "%s" GAP "%s\n", rule("└", STAGE1_WIDTH, "┘"),
	       rule("└", STAGE2_WIDTH, "┘"));
}
