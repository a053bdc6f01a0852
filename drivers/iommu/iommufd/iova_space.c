// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOVA space: areas, reserved ranges and the search for room. See iova_space.h.
 *
 * The gap after the last area is in no node; the search treats it apart.
 */
#include <linux/align.h>
#include <linux/overflow.h>
#include <linux/rbtree_augmented.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "iova_space.h"

/**
 * struct iova_reserved - a reserved range
 * @node: In iova_space::reserved
 * @owner: On whose behalf
 */
struct iova_reserved {
	struct interval_tree_node node;
	void *owner;
};

#define to_area(_node) rb_entry_safe(_node, struct iova_area, node)

static inline unsigned long iova_area_gap(struct iova_area *area)
{
	return area->gap;
}

RB_DECLARE_CALLBACKS_MAX(static, iova_gaps, struct iova_area, node,
			 unsigned long, max_gap, iova_area_gap)

/**
 * iova_space_init() - make an empty IOVA space
 * @space: Where
 */
void iova_space_init(struct iova_space *space)
{
	space->areas = RB_ROOT;
	space->reserved = RB_ROOT_CACHED;
	space->allowed = RB_ROOT_CACHED;
}

/**
 * iova_space_destroy() - free what a space without areas still holds
 * @space: The space
 */
void iova_space_destroy(struct iova_space *space)
{
	struct interval_tree_node *node;

	while ((node = interval_tree_iter_first(&space->reserved, 0,
						ULONG_MAX))) {
		interval_tree_remove(node, &space->reserved);
		kfree(container_of(node, struct iova_reserved, node));
	}
	iova_allowed_destroy(&space->allowed);
}

/**
 * iova_space_insert() - take a range
 * @space: The space
 * @area: The area, with @area->first and @area->last set
 *
 * Return: 0, -EEXIST if an area is in the way, -EINVAL if a reserved range is.
 */
int iova_space_insert(struct iova_space *space, struct iova_area *area)
{
	struct rb_node **link = &space->areas.rb_node;
	struct rb_node *parent = NULL;
	struct iova_area *prev = NULL;
	struct iova_area *next = NULL;

	while (*link) {
		struct iova_area *other = to_area(*link);

		parent = *link;
		if (area->last < other->first) {
			next = other;
			link = &parent->rb_left;
		} else if (area->first > other->last) {
			prev = other;
			link = &parent->rb_right;
		} else {
			return -EEXIST;
		}
	}
	if (interval_tree_iter_first(&space->reserved, area->first, area->last))
		return -EINVAL;

	area->gap = prev ? area->first - prev->last - 1 : area->first;
	area->max_gap = 0;
	rb_link_node(&area->node, parent, link);
	/* @next is above @area in the tree: often one way up serves both */
	if (next)
		next->gap = next->first - area->last - 1;
	iova_gaps_propagate(&area->node, NULL);
	if (next)
		iova_gaps_propagate(&next->node, NULL);
	rb_insert_augmented(&area->node, &space->areas, &iova_gaps);
	return 0;
}

/**
 * iova_space_remove() - give a range back
 * @space: The space
 * @area: An area in it
 */
void iova_space_remove(struct iova_space *space, struct iova_area *area)
{
	struct iova_area *next = to_area(rb_next(&area->node));

	/* The rotations of the erase rely on what is above them being right */
	if (next) {
		next->gap += area->gap + (area->last - area->first + 1);
		iova_gaps_propagate(&next->node, NULL);
	}
	rb_erase_augmented(&area->node, &space->areas, &iova_gaps);
}

/**
 * iova_space_first() - find the lowest area in a range
 * @space: The space
 * @first: First IOVA of the range
 * @last: Last IOVA of the range
 *
 * Return: the lowest area that has an IOVA in the range, or NULL.
 */
struct iova_area *iova_space_first(struct iova_space *space,
				   unsigned long first, unsigned long last)
{
	struct rb_node *node = space->areas.rb_node;
	struct iova_area *found = NULL;

	while (node) {
		struct iova_area *area = to_area(node);

		if (area->last >= first) {
			found = area;
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	return found && found->first <= last ? found : NULL;
}

/* Is there a gap of @width below @node, itself included? */
static bool iova_gap_below(struct rb_node *node, unsigned long width)
{
	return node && to_area(node)->max_gap >= width;
}

/* The lowest area below @node, itself included, with a gap of @width; it exists */
static struct iova_area *iova_gap_lowest(struct rb_node *node,
					 unsigned long width)
{
	for (;;) {
		if (iova_gap_below(node->rb_left, width)) {
			node = node->rb_left;
			continue;
		}
		if (to_area(node)->gap >= width)
			return to_area(node);
		node = node->rb_right;
	}
}

/* The next area above @area with a gap of at least @width before it */
static struct iova_area *iova_gap_next(struct iova_area *area,
				       unsigned long width)
{
	struct rb_node *node = &area->node;
	struct rb_node *parent;

	for (;;) {
		if (iova_gap_below(node->rb_right, width))
			return iova_gap_lowest(node->rb_right, width);
		while ((parent = rb_parent(node)) && node == parent->rb_right)
			node = parent;
		if (!parent)
			return NULL;
		node = parent;
		if (to_area(node)->gap >= width)
			return to_area(node);
	}
}

/* The lowest area above @from with a gap of at least @width before it */
static struct iova_area *iova_gap_first(struct iova_space *space,
					unsigned long from, unsigned long width)
{
	struct iova_area *area;

	if (!iova_gap_below(space->areas.rb_node, width))
		return NULL;
	if (!from)
		return iova_gap_lowest(space->areas.rb_node, width);
	area = iova_space_first(space, from, ULONG_MAX);
	if (!area || area->gap >= width)
		return area;
	return iova_gap_next(area, width);
}

/* Find room in [@first, @last], which no area touches */
static bool iova_gap_find_room(struct iova_space *space, unsigned long first,
			       unsigned long last,
			       const struct iova_request *request,
			       unsigned long *found)
{
	for (;;) {
		unsigned long skip = (request->phase - first) &
				     (request->align - 1);
		struct interval_tree_node *reserved;
		unsigned long room_last;

		if (check_add_overflow(first, skip, &first) ||
		    check_add_overflow(first, request->length - 1,
				       &room_last) ||
		    room_last > last)
			return false;

		reserved = interval_tree_iter_first(&space->reserved, first,
						    room_last);
		if (!reserved) {
			*found = first;
			return true;
		}
		if (check_add_overflow(reserved->last, 1UL, &first))
			return false;
	}
}

/* Try the gaps of at least @width that reach into [@first, @last], lowest first */
static bool iova_space_try_gaps(struct iova_space *space, unsigned long first,
				unsigned long last, unsigned long width,
				const struct iova_request *request,
				unsigned long *found)
{
	struct iova_area *area;
	unsigned long tail;

	for (area = iova_gap_first(space, first, width);
	     area && area->first - area->gap <= last;
	     area = iova_gap_next(area, width))
		if (iova_gap_find_room(space,
				       max(first, area->first - area->gap),
				       min(last, area->first - 1), request,
				       found))
			return true;

	/* The gap after the last area is before none */
	area = to_area(rb_last(&space->areas));
	if (area) {
		if (check_add_overflow(area->last, 1UL, &tail))
			return false;
		first = max(first, tail);
	}
	return first <= last &&
	       iova_gap_find_room(space, first, last, request, found);
}

/* Find room in [@first, @last] */
static bool iova_space_search(struct iova_space *space, unsigned long first,
			      unsigned long last,
			      const struct iova_request *request,
			      unsigned long *found)
{
	unsigned long width;

	if (!check_add_overflow(request->length, request->align - 1, &width)) {
		if (iova_space_try_gaps(space, first, last, width, request,
					found))
			return true;
		if (width == request->length)
			return false;
	}
	return iova_space_try_gaps(space, first, last, request->length, request,
				   found);
}

/**
 * iova_space_find_room() - find a free range
 * @space: The space
 * @request: What is wanted
 * @first: Set to the first IOVA of the range
 *
 * A gap wide enough to align in is preferred over a lower one that is so only
 * with luck, as among many the lucky one would have to be searched for.
 *
 * Return: 0 or -ENOSPC.
 */
int iova_space_find_room(struct iova_space *space,
			 const struct iova_request *request,
			 unsigned long *first)
{
	struct interval_tree_node *allowed;

	allowed = interval_tree_iter_first(&space->allowed, 0, ULONG_MAX);
	if (!allowed)
		return iova_space_search(space, 0, ULONG_MAX, request, first) ?
			       0 : -ENOSPC;

	for (; allowed; allowed = interval_tree_iter_next(allowed, 0, ULONG_MAX)) {
		if (iova_space_search(space, allowed->start, allowed->last,
				      request, first))
			return 0;
		cond_resched();
	}
	return -ENOSPC;
}

/**
 * iova_space_reserve() - keep a range free of areas
 * @space: The space
 * @first: First IOVA of the range
 * @last: Last IOVA of the range
 * @owner: On whose behalf, for iova_space_unreserve()
 *
 * Return: 0, -EADDRINUSE if an area or an allowed range is there, -ENOMEM.
 */
int iova_space_reserve(struct iova_space *space, unsigned long first,
		       unsigned long last, void *owner)
{
	struct iova_reserved *reserved;

	if (iova_space_first(space, first, last) ||
	    interval_tree_iter_first(&space->allowed, first, last))
		return -EADDRINUSE;

	reserved = kzalloc(sizeof(*reserved), GFP_KERNEL_ACCOUNT);
	if (!reserved)
		return -ENOMEM;
	reserved->node.start = first;
	reserved->node.last = last;
	reserved->owner = owner;
	interval_tree_insert(&reserved->node, &space->reserved);
	return 0;
}

/**
 * iova_space_unreserve() - give back all that an owner has reserved
 * @space: The space
 * @owner: The owner
 */
void iova_space_unreserve(struct iova_space *space, void *owner)
{
	struct interval_tree_node *node, *next;

	for (node = interval_tree_iter_first(&space->reserved, 0, ULONG_MAX);
	     node; node = next) {
		struct iova_reserved *reserved =
			container_of(node, struct iova_reserved, node);

		next = interval_tree_iter_next(node, 0, ULONG_MAX);
		if (reserved->owner != owner)
			continue;
		interval_tree_remove(node, &space->reserved);
		kfree(reserved);
	}
}

/**
 * iova_space_next_usable() - go through what is not reserved
 * @space: The space
 * @from: Where to begin
 * @first: Set to the first IOVA, from @from, that is not reserved
 * @last: Set to the last IOVA before the next one that is
 *
 * Return: false if everything from @from is reserved.
 */
bool iova_space_next_usable(struct iova_space *space, unsigned long from,
			    unsigned long *first, unsigned long *last)
{
	struct interval_tree_node *node;

	/* The reserved ranges come in the order of their first IOVAs */
	for (node = interval_tree_iter_first(&space->reserved, from, ULONG_MAX);
	     node && node->start <= from;
	     node = interval_tree_iter_next(node, from, ULONG_MAX))
		if (check_add_overflow(node->last, 1UL, &from))
			return false;

	*first = from;
	*last = node ? node->start - 1 : ULONG_MAX;
	return true;
}

/**
 * iova_allowed_add() - add a range to a set of allowed ones
 * @allowed: The set, of no space yet
 * @first: First IOVA
 * @last: Last IOVA
 *
 * Return: 0, -EINVAL if it overlaps one that is there, -ENOMEM.
 */
int iova_allowed_add(struct rb_root_cached *allowed, unsigned long first,
		     unsigned long last)
{
	struct interval_tree_node *node;

	if (interval_tree_iter_first(allowed, first, last))
		return -EINVAL;
	node = kzalloc(sizeof(*node), GFP_KERNEL_ACCOUNT);
	if (!node)
		return -ENOMEM;
	node->start = first;
	node->last = last;
	interval_tree_insert(node, allowed);
	return 0;
}

/**
 * iova_allowed_destroy() - free a set of allowed ranges
 * @allowed: The set, empty when this returns
 */
void iova_allowed_destroy(struct rb_root_cached *allowed)
{
	struct interval_tree_node *node;

	while ((node = interval_tree_iter_first(allowed, 0, ULONG_MAX))) {
		interval_tree_remove(node, allowed);
		kfree(node);
		cond_resched();
	}
}

/**
 * iova_space_check_allowed() - may a set of allowed ranges become a space's?
 * @space: The space
 * @allowed: The set
 *
 * Return: 0, or -EADDRINUSE if a part of it is reserved.
 */
int iova_space_check_allowed(struct iova_space *space,
			     struct rb_root_cached *allowed)
{
	struct interval_tree_node *node;

	for (node = interval_tree_iter_first(allowed, 0, ULONG_MAX); node;
	     node = interval_tree_iter_next(node, 0, ULONG_MAX)) {
		if (interval_tree_iter_first(&space->reserved, node->start,
					     node->last))
			return -EADDRINUSE;
		cond_resched();
	}
	return 0;
}
