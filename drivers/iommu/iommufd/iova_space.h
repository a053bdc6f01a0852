/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IOVA space: which IOVAs are taken, which must stay free, and where there is
 * room.
 *
 * Areas are what is mapped. They never overlap each other. Reserved ranges are
 * what must not be mapped, each on behalf of an owner; they may overlap each
 * other, but never an area. Allowed ranges are where room is looked for, if there
 * are any; they never overlap each other or a reserved one. Every range is
 * [first, last], both inclusive, so that the whole space, 0 to ULONG_MAX, is a
 * range like any other.
 *
 * Areas stand in a tree by address. Each knows the gap before it and the widest
 * gap in its subtree, so that a gap of a given width is found in logarithmic
 * time.
 *
 * Locks: the caller's, around everything here.
 */
#ifndef __IOMMUFD_IOVA_SPACE_H
#define __IOMMUFD_IOVA_SPACE_H

#include <linux/interval_tree.h>
#include <linux/rbtree.h>
#include <linux/types.h>

/**
 * struct iova_space - an IOVA space
 * @areas: Root of the areas
 * @reserved: struct iova_reserved, by range
 * @allowed: struct interval_tree_node, by range
 */
struct iova_space {
	struct rb_root areas;
	struct rb_root_cached reserved;
	struct rb_root_cached allowed;
};

/**
 * struct iova_area - a mapped range, embedded in what is mapped there
 * @node: In iova_space::areas
 * @first: First IOVA
 * @last: Last IOVA
 * @gap: Number of IOVAs between the area before, or 0, and @first
 * @max_gap: Largest @gap in the subtree below @node
 */
struct iova_area {
	struct rb_node node;
	unsigned long first;
	unsigned long last;
	unsigned long gap;
	unsigned long max_gap;
};

/**
 * struct iova_request - what room is wanted for
 * @length: Number of IOVAs, not 0
 * @align: Power of two
 * @phase: The first IOVA is to be @phase modulo @align
 */
struct iova_request {
	unsigned long length;
	unsigned long align;
	unsigned long phase;
};

static inline bool iova_space_is_empty(const struct iova_space *space)
{
	return RB_EMPTY_ROOT(&space->areas);
}

void iova_space_init(struct iova_space *space);
void iova_space_destroy(struct iova_space *space);

int iova_space_insert(struct iova_space *space, struct iova_area *area);
void iova_space_remove(struct iova_space *space, struct iova_area *area);
struct iova_area *iova_space_first(struct iova_space *space,
				   unsigned long first, unsigned long last);

int iova_space_find_room(struct iova_space *space,
			 const struct iova_request *request,
			 unsigned long *first);

int iova_space_reserve(struct iova_space *space, unsigned long first,
		       unsigned long last, void *owner);
void iova_space_unreserve(struct iova_space *space, void *owner);
int iova_space_check_allowed(struct iova_space *space,
			     struct rb_root_cached *allowed);
int iova_allowed_add(struct rb_root_cached *allowed, unsigned long first,
		     unsigned long last);
void iova_allowed_destroy(struct rb_root_cached *allowed);
bool iova_space_next_usable(struct iova_space *space, unsigned long from,
			    unsigned long *first, unsigned long *last);

/**
 * iova_space_next() - go on from iova_space_first()
 * @area: The area found last
 * @last: Last IOVA of the range
 *
 * Return: the next area up that begins in the range, or NULL.
 */
static inline struct iova_area *iova_space_next(struct iova_area *area,
						unsigned long last)
{
	struct rb_node *node = area->last < last ? rb_next(&area->node) : NULL;
	struct iova_area *next = rb_entry_safe(node, struct iova_area, node);

	return next && next->first <= last ? next : NULL;
}

#endif
