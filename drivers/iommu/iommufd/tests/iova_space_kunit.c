// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit: IOVA space. Single rules one by one, then the whole against a model: a
 * bitmap that says of each IOVA of a small window what is there.
 */
#include <kunit/test.h>
#include <linux/bitmap.h>
#include <linux/prandom.h>

#include "../iova_space.h"

/* Insert [@first, @last] as @area */
static int insert(struct iova_space *space, struct iova_area *area,
		  unsigned long first, unsigned long last)
{
	area->first = first;
	area->last = last;
	return iova_space_insert(space, area);
}

/* Where would @length IOVAs go? ULONG_MAX for nowhere */
static unsigned long room(struct iova_space *space, unsigned long length,
			  unsigned long align, unsigned long phase)
{
	const struct iova_request request = {
		.length = length,
		.align = align,
		.phase = phase,
	};
	unsigned long first;

	return iova_space_find_room(space, &request, &first) ? ULONG_MAX :
							       first;
}

static int iova_space_test_init(struct kunit *test)
{
	struct iova_space *space;

	space = kunit_kzalloc(test, sizeof(*space), GFP_KERNEL);
	if (!space)
		return -ENOMEM;
	iova_space_init(space);
	test->priv = space;
	return 0;
}

static void iova_space_test_exit(struct kunit *test)
{
	if (test->priv)
		iova_space_destroy(test->priv);
}

static void overlap_is_refused(struct kunit *test)
{
	struct iova_space *space = test->priv;
	struct iova_area a, b;

	KUNIT_ASSERT_EQ(test, 0, insert(space, &a, 100, 199));
	KUNIT_EXPECT_EQ(test, -EEXIST, insert(space, &b, 100, 199));
	KUNIT_EXPECT_EQ(test, -EEXIST, insert(space, &b, 0, 100));
	KUNIT_EXPECT_EQ(test, -EEXIST, insert(space, &b, 199, 300));
	KUNIT_EXPECT_EQ(test, -EEXIST, insert(space, &b, 150, 150));
	KUNIT_EXPECT_EQ(test, -EEXIST, insert(space, &b, 0, ULONG_MAX));
	KUNIT_EXPECT_EQ(test, 0, insert(space, &b, 200, 200));
}

static void whole_space_is_one_area(struct kunit *test)
{
	struct iova_space *space = test->priv;
	struct iova_area a;

	KUNIT_ASSERT_EQ(test, 0, insert(space, &a, 0, ULONG_MAX));
	KUNIT_EXPECT_PTR_EQ(test, &a, iova_space_first(space, 0, 0));
	KUNIT_EXPECT_PTR_EQ(test, &a,
			    iova_space_first(space, ULONG_MAX, ULONG_MAX));
	KUNIT_EXPECT_EQ(test, ULONG_MAX, room(space, 1, 1, 0));
	iova_space_remove(space, &a);
	KUNIT_EXPECT_EQ(test, 0, room(space, ULONG_MAX, 1, 0));
}

static void lookup_finds_the_lowest(struct kunit *test)
{
	struct iova_space *space = test->priv;
	struct iova_area a, b;

	KUNIT_ASSERT_EQ(test, 0, insert(space, &b, 300, 399));
	KUNIT_ASSERT_EQ(test, 0, insert(space, &a, 100, 199));
	KUNIT_EXPECT_PTR_EQ(test, &a, iova_space_first(space, 0, 1000));
	KUNIT_EXPECT_PTR_EQ(test, &b, iova_space_next(&a, 1000));
	KUNIT_EXPECT_NULL(test, iova_space_next(&a, 299));
	KUNIT_EXPECT_PTR_EQ(test, &b, iova_space_first(space, 200, 300));
	KUNIT_EXPECT_NULL(test, iova_space_first(space, 200, 299));
	KUNIT_EXPECT_NULL(test, iova_space_first(space, 400, ULONG_MAX));
}

static void reserved_keeps_areas_out(struct kunit *test)
{
	struct iova_space *space = test->priv;
	struct iova_area a;

	KUNIT_ASSERT_EQ(test, 0, iova_space_reserve(space, 100, 199, space));
	KUNIT_EXPECT_EQ(test, -EINVAL, insert(space, &a, 199, 200));
	KUNIT_ASSERT_EQ(test, 0, insert(space, &a, 200, 200));
	KUNIT_EXPECT_EQ(test, -EADDRINUSE,
			iova_space_reserve(space, 150, 200, space));
	iova_space_remove(space, &a);
	KUNIT_EXPECT_EQ(test, 0, iova_space_reserve(space, 150, 200, space));
}

static void owners_give_back_their_own(struct kunit *test)
{
	struct iova_space *space = test->priv;
	struct iova_area a;
	int other;

	KUNIT_ASSERT_EQ(test, 0, iova_space_reserve(space, 100, 199, space));
	KUNIT_ASSERT_EQ(test, 0, iova_space_reserve(space, 100, 199, &other));
	KUNIT_ASSERT_EQ(test, 0, iova_space_reserve(space, 300, 399, &other));
	iova_space_unreserve(space, &other);
	KUNIT_EXPECT_EQ(test, -EINVAL, insert(space, &a, 100, 199));
	KUNIT_EXPECT_EQ(test, 0, insert(space, &a, 300, 399));
	iova_space_unreserve(space, space);
	iova_space_remove(space, &a);
	KUNIT_EXPECT_EQ(test, 0, insert(space, &a, 100, 199));
}

static void usable_is_what_is_not_reserved(struct kunit *test)
{
	struct iova_space *space = test->priv;
	unsigned long first, last;

	KUNIT_ASSERT_TRUE(test, iova_space_next_usable(space, 0, &first, &last));
	KUNIT_EXPECT_EQ(test, 0, first);
	KUNIT_EXPECT_EQ(test, ULONG_MAX, last);

	/* One inside another, two that touch, and the end of the space */
	KUNIT_ASSERT_EQ(test, 0, iova_space_reserve(space, 0, 9, space));
	KUNIT_ASSERT_EQ(test, 0, iova_space_reserve(space, 20, 90, space));
	KUNIT_ASSERT_EQ(test, 0, iova_space_reserve(space, 30, 40, space));
	KUNIT_ASSERT_EQ(test, 0, iova_space_reserve(space, 91, 99, space));
	KUNIT_ASSERT_EQ(test, 0,
			iova_space_reserve(space, ULONG_MAX, ULONG_MAX, space));

	KUNIT_ASSERT_TRUE(test, iova_space_next_usable(space, 0, &first, &last));
	KUNIT_EXPECT_EQ(test, 10, first);
	KUNIT_EXPECT_EQ(test, 19, last);
	KUNIT_ASSERT_TRUE(test,
			  iova_space_next_usable(space, 20, &first, &last));
	KUNIT_EXPECT_EQ(test, 100, first);
	KUNIT_EXPECT_EQ(test, ULONG_MAX - 1, last);
	KUNIT_EXPECT_FALSE(test, iova_space_next_usable(space, ULONG_MAX,
							&first, &last));
}

static void room_is_aligned_and_in_phase(struct kunit *test)
{
	struct iova_space *space = test->priv;
	struct iova_area a, b;

	KUNIT_EXPECT_EQ(test, 0, room(space, 10, 16, 0));
	KUNIT_EXPECT_EQ(test, 5, room(space, 10, 16, 5));
	KUNIT_ASSERT_EQ(test, 0, insert(space, &a, 0, 0));
	KUNIT_EXPECT_EQ(test, 16, room(space, 10, 16, 0));
	KUNIT_EXPECT_EQ(test, 5, room(space, 10, 16, 5));
	/* Wide enough only with luck: taken when there is nothing else */
	KUNIT_ASSERT_EQ(test, 0, insert(space, &b, 26, ULONG_MAX));
	KUNIT_EXPECT_EQ(test, 16, room(space, 10, 16, 0));
	KUNIT_EXPECT_EQ(test, ULONG_MAX, room(space, 11, 16, 0));
	KUNIT_EXPECT_EQ(test, 15, room(space, 10, 16, 15));
	KUNIT_EXPECT_EQ(test, ULONG_MAX, room(space, 12, 16, 15));
}

static void room_avoids_reserved(struct kunit *test)
{
	struct iova_space *space = test->priv;

	KUNIT_ASSERT_EQ(test, 0, iova_space_reserve(space, 0, 99, space));
	KUNIT_ASSERT_EQ(test, 0, iova_space_reserve(space, 110, 119, space));
	KUNIT_EXPECT_EQ(test, 100, room(space, 10, 1, 0));
	KUNIT_EXPECT_EQ(test, 120, room(space, 11, 1, 0));
	KUNIT_EXPECT_EQ(test, 128, room(space, 10, 64, 0));
	KUNIT_ASSERT_EQ(test, 0,
			iova_space_reserve(space, 120, ULONG_MAX, space));
	KUNIT_EXPECT_EQ(test, ULONG_MAX, room(space, 11, 1, 0));
	KUNIT_EXPECT_EQ(test, 100, room(space, 10, 1, 0));
}

/* At the upper end every sum overflows that can */
static void room_ends_with_the_space(struct kunit *test)
{
	struct iova_space *space = test->priv;
	unsigned long half = ULONG_MAX / 2 + 1;
	struct iova_area a, b;

	KUNIT_ASSERT_EQ(test, 0, insert(space, &a, 0, ULONG_MAX - 16));
	KUNIT_EXPECT_EQ(test, ULONG_MAX - 15, room(space, 16, 16, 0));
	KUNIT_EXPECT_EQ(test, ULONG_MAX, room(space, 17, 1, 0));
	KUNIT_EXPECT_EQ(test, ULONG_MAX, room(space, 16, 32, 0));
	KUNIT_EXPECT_EQ(test, ULONG_MAX, room(space, ULONG_MAX, half, 0));
	KUNIT_ASSERT_EQ(test, 0, insert(space, &b, ULONG_MAX, ULONG_MAX));
	KUNIT_EXPECT_EQ(test, ULONG_MAX, room(space, 16, 1, 0));
	KUNIT_EXPECT_EQ(test, ULONG_MAX - 15, room(space, 15, 1, 0));
	iova_space_remove(space, &a);
	KUNIT_EXPECT_EQ(test, 0, room(space, half - 1, half, 0));
	KUNIT_EXPECT_EQ(test, half - 1, room(space, half, half, half - 1));
}

/* ---- Against a model ---- */

#define WINDOW 512
#define MAX_AREAS 64

struct model {
	DECLARE_BITMAP(areas, WINDOW);
	DECLARE_BITMAP(reserved, WINDOW);
	struct iova_area area[MAX_AREAS];
	bool used[MAX_AREAS];
};

static bool model_is_free(struct model *model, unsigned long first,
			  unsigned long length)
{
	return first + length <= WINDOW &&
	       find_next_bit(model->areas, first + length, first) ==
		       first + length &&
	       find_next_bit(model->reserved, first + length, first) ==
		       first + length;
}

static bool model_has_room(struct model *model, unsigned long length,
			   unsigned long align, unsigned long phase)
{
	unsigned long first;

	for (first = phase; first < WINDOW; first += align)
		if (model_is_free(model, first, length))
			return true;
	return false;
}

/* Take or give back area @i, and find that space and model agree on it */
static void model_toggle(struct kunit *test, struct model *model,
			 unsigned int i, unsigned long first,
			 unsigned long length)
{
	struct iova_space *space = test->priv;
	struct iova_area *area = &model->area[i];
	int rc;

	if (model->used[i]) {
		iova_space_remove(space, area);
		bitmap_clear(model->areas, area->first,
			     area->last - area->first + 1);
		model->used[i] = false;
		return;
	}
	rc = insert(space, area, first, first + length - 1);
	KUNIT_ASSERT_EQ(test, model_is_free(model, first, length), !rc);
	if (!rc) {
		bitmap_set(model->areas, first, length);
		model->used[i] = true;
	}
}

static void model_check_room(struct kunit *test, struct model *model,
			     unsigned long length, unsigned long align,
			     unsigned long phase)
{
	unsigned long first = room(test->priv, length, align, phase);

	KUNIT_ASSERT_EQ(test, model_has_room(model, length, align, phase),
			first != ULONG_MAX);
	if (first == ULONG_MAX)
		return;
	KUNIT_ASSERT_TRUE(test, model_is_free(model, first, length));
	KUNIT_ASSERT_EQ(test, phase, first & (align - 1));
}

static void space_equals_model(struct kunit *test)
{
	struct iova_space *space = test->priv;
	struct rnd_state rnd;
	struct model *model;
	unsigned int i;

	model = kunit_kzalloc(test, sizeof(*model), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, model);
	prandom_seed_state(&rnd, 6100);
	KUNIT_ASSERT_EQ(test, 0,
			iova_space_reserve(space, WINDOW, ULONG_MAX, space));
	for (i = 0; i < 4; i++) {
		unsigned long first = prandom_u32_state(&rnd) % (WINDOW - 8);

		KUNIT_ASSERT_EQ(test, 0, iova_space_reserve(space, first,
							    first + 7, space));
		bitmap_set(model->reserved, first, 8);
	}

	for (i = 0; i < 20000; i++) {
		unsigned long length = 1 + prandom_u32_state(&rnd) % 24;
		unsigned long align = 1UL << (prandom_u32_state(&rnd) % 7);
		unsigned long phase = prandom_u32_state(&rnd) & (align - 1);

		model_toggle(test, model, prandom_u32_state(&rnd) % MAX_AREAS,
			     prandom_u32_state(&rnd) % (WINDOW - length),
			     length);
		model_check_room(test, model, length, align, phase);
	}
}

/* The widest gap below @node, seen with own eyes */
static unsigned long widest_gap(struct kunit *test, struct rb_node *node)
{
	struct iova_area *area = rb_entry_safe(node, struct iova_area, node);
	unsigned long widest;

	if (!area)
		return 0;
	widest = max3(area->gap, widest_gap(test, node->rb_left),
		      widest_gap(test, node->rb_right));
	KUNIT_ASSERT_EQ(test, widest, area->max_gap);
	return widest;
}

/* Side by side, a gap is the only one: no other hides that it is missing */
static void gaps_are_known_whatever_goes(struct kunit *test)
{
	struct iova_space *space = test->priv;
	struct iova_area *areas;
	unsigned int num, gone, i;

	areas = kunit_kcalloc(test, MAX_AREAS, sizeof(*areas), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, areas);
	for (num = 1; num <= MAX_AREAS; num++) {
		for (gone = 0; gone < num; gone++) {
			iova_space_init(space);
			for (i = 0; i < num; i++)
				KUNIT_ASSERT_EQ(test, 0,
						insert(space, &areas[i], 4 * i,
						       4 * i + 3));
			iova_space_remove(space, &areas[gone]);
			widest_gap(test, space->areas.rb_node);
			/* Then every other one */
			for (i = 0; i < num; i += 2) {
				if (i == gone)
					continue;
				iova_space_remove(space, &areas[i]);
				widest_gap(test, space->areas.rb_node);
			}
		}
	}
	iova_space_init(space);
}

static struct kunit_case iova_space_cases[] = {
	KUNIT_CASE(overlap_is_refused),
	KUNIT_CASE(whole_space_is_one_area),
	KUNIT_CASE(lookup_finds_the_lowest),
	KUNIT_CASE(reserved_keeps_areas_out),
	KUNIT_CASE(owners_give_back_their_own),
	KUNIT_CASE(usable_is_what_is_not_reserved),
	KUNIT_CASE(room_is_aligned_and_in_phase),
	KUNIT_CASE(room_avoids_reserved),
	KUNIT_CASE(room_ends_with_the_space),
	KUNIT_CASE(space_equals_model),
	KUNIT_CASE(gaps_are_known_whatever_goes),
	{}
};

static struct kunit_suite iova_space_suite = {
	.name = "iommufd_iova_space",
	.init = iova_space_test_init,
	.exit = iova_space_test_exit,
	.test_cases = iova_space_cases,
};

kunit_test_suite(iova_space_suite);
