// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who needs which page? Random copies, unmaps, devices and accesses on shared
 * memory, and after each step every page is pinned exactly if someone needs it.
 */
#include "common.h"

#define PAGES	24
#define PIECES	20
#define PINS	8
#define STEPS	300

/* IOAS 0 keeps all of the memory and never has a device; the others come and go */
#define IOASES	3

/**
 * struct piece - a mapping
 * @used: There is one
 * @ioas: In which IOAS, an index
 * @first: First unit of the memory
 * @num: Number of units
 * @iova: Where
 */
struct piece {
	bool used;
	unsigned int ioas;
	unsigned int first;
	unsigned int num;
	__u64 iova;
};

/**
 * struct pinned - what the access has pinned
 * @id: By which it is unpinned; 0 for nothing
 * @piece: Of which mapping
 * @first: First page of the memory
 * @num: Number of pages
 */
struct pinned {
	__u32 id;
	unsigned int piece;
	unsigned int first;
	unsigned int num;
};

FIXTURE(model)
{
	struct rig rig;
	char *mem;
	__u64 unit;
	unsigned int units;
	__u32 ioas[IOASES];
	struct mock_dev dev[IOASES];
	struct piece pieces[PIECES];
	struct pinned pins[PINS];
	__u32 access_fd;
	__u32 random;
	unsigned int step;
};

/**
 * struct _fixture_variant_model - conditions
 * @seed: Of the random numbers
 * @per_page: Units per page; 2 are as many as the device can map
 * @access: IOAS 1 has an access
 * @limit: Memory for pinning, in bytes
 */
FIXTURE_VARIANT(model)
{
	__u32 seed;
	unsigned int per_page;
	bool access;
	__u32 limit;
};

FIXTURE_VARIANT_ADD(model, half_pages)
{
	.seed = 11, .per_page = 2, .limit = MOCK_MEMORY_LIMIT_NONE,
};

FIXTURE_VARIANT_ADD(model, half_pages_one_at_a_time)
{
	.seed = 12, .per_page = 2, .limit = 1,
};

FIXTURE_VARIANT_ADD(model, access)
{
	.seed = 13, .per_page = 1, .access = true,
	.limit = MOCK_MEMORY_LIMIT_NONE,
};

FIXTURE_VARIANT_ADD(model, access_two_pages_at_a_time)
{
	.seed = 14, .per_page = 1, .access = true, .limit = 16,
};

static __u32 pick(struct _test_data_model *self, __u32 below)
{
	self->random = self->random * 1664525 + 1013904223;
	return (self->random >> 8) % below;
}

static __u64 mark(unsigned int unit)
{
	return 0x6d00000000000000ULL + unit;
}

FIXTURE_SETUP(model)
{
	struct rig *rig = &self->rig;
	unsigned int i;

	rig_open(_metadata, rig);
	self->random = variant->seed;
	self->unit = page_size() / variant->per_page;
	self->units = PAGES * variant->per_page;
	self->mem = get_memory(_metadata, PAGES * page_size());
	for (i = 0; i < self->units; i++)
		set_u64(self->mem + i * self->unit, mark(i));
	for (i = 0; i < IOASES; i++)
		self->ioas[i] = rig_ioas(_metadata, rig);
	ASSERT_EQ(0, mock_memory_limit(rig->fd, variant->limit));
	if (variant->access) {
		ASSERT_EQ(0, mock_access_create(rig->fd, self->ioas[1],
						ACCESS_PINS, &self->access_fd));
	}
	self->pieces[0] = (struct piece){
		.used = true,
		.num = self->units,
		.iova = APERTURE_FIRST,
	};
	ASSERT_EQ(0, ioas_map_fixed(rig->fd, self->ioas[0], self->mem,
				    PAGES * page_size(), APERTURE_FIRST,
				    IOAS_MAP_RW));
}

FIXTURE_TEARDOWN(model)
{
	mock_memory_limit(self->rig.fd, MOCK_MEMORY_LIMIT_NONE);
	if (self->access_fd)
		close(self->access_fd);
	rig_close(_metadata, &self->rig);
}

/* ---- Steps; each is refused silently if there is nothing to do ---- */

static void step_copy(struct __test_metadata *_metadata,
		      struct _test_data_model *self)
{
	unsigned int slot = 1 + pick(self, PIECES - 1);
	const struct piece *src = &self->pieces[pick(self, PIECES)];
	struct piece *dst = &self->pieces[slot];
	unsigned int skip;

	if (dst->used)
		return;
	if (!src->used)
		src = &self->pieces[0];
	skip = pick(self, src->num);
	*dst = (struct piece){
		.used = true,
		.ioas = 1 + pick(self, IOASES - 1),
		.first = src->first + skip,
		.num = 1 + pick(self, src->num - skip),
		.iova = APERTURE_FIRST + slot * SZ_2M +
			pick(self, 4) * self->unit,
	};
	ASSERT_EQ(0, ioas_copy_fixed(self->rig.fd, self->ioas[dst->ioas],
				     self->ioas[src->ioas],
				     dst->num * self->unit, dst->iova,
				     src->iova + skip * self->unit,
				     IOAS_MAP_RW));
}

static void unmap_piece(struct __test_metadata *_metadata,
			struct _test_data_model *self, unsigned int slot)
{
	struct piece *piece = &self->pieces[slot];
	unsigned int i;

	if (!piece->used)
		return;
	ASSERT_EQ(0, ioas_unmap(self->rig.fd, self->ioas[piece->ioas],
				piece->iova, piece->num * self->unit, NULL));
	piece->used = false;
	for (i = 0; i < PINS; i++) {
		struct pinned *pin = &self->pins[i];

		if (!pin->id || pin->piece != slot)
			continue;
		/* The access was asked to let go, and did */
		EXPECT_EQ(-ENOENT, mock_access_unpin(self->rig.fd,
						     self->access_fd, pin->id));
		pin->id = 0;
	}
}

static void step_unmap(struct __test_metadata *_metadata,
		       struct _test_data_model *self)
{
	unmap_piece(_metadata, self, 1 + pick(self, PIECES - 1));
}

static void step_device(struct __test_metadata *_metadata,
			struct _test_data_model *self)
{
	struct mock_dev *dev;
	unsigned int ioas;

	ioas = 1 + pick(self, IOASES - 1);
	dev = &self->dev[ioas];
	if (!dev->stdev_id) {
		*dev = rig_device(_metadata, &self->rig, self->ioas[ioas]);
	} else {
		rig_destroy(_metadata, &self->rig, dev->stdev_id);
		dev->stdev_id = 0;
	}
}

static void step_pin(struct __test_metadata *_metadata,
		     struct _test_data_model *self)
{
	struct pinned *pin = &self->pins[pick(self, PINS)];
	unsigned int slot = pick(self, PIECES), skip;
	const struct piece *piece = &self->pieces[slot];

	if (pin->id) {
		EXPECT_EQ(0, mock_access_unpin(self->rig.fd, self->access_fd,
					       pin->id));
		pin->id = 0;
		return;
	}
	if (!piece->used || piece->ioas != 1)
		return;
	skip = pick(self, piece->num);
	pin->piece = slot;
	pin->first = piece->first + skip;
	pin->num = 1 + pick(self, piece->num - skip);
	ASSERT_EQ(0, mock_access_pin(self->rig.fd, self->access_fd, 0,
				     piece->iova + skip * self->unit,
				     pin->num * self->unit,
				     self->mem + pin->first * self->unit,
				     &pin->id));
}

/* ---- What must be true ---- */

/* Mark the pages that hold these units */
static void need(const struct _test_data_model *self, bool *needed,
		 unsigned int first, unsigned int num)
{
	unsigned int per_page = self->units / PAGES, i;

	for (i = first / per_page; i <= (first + num - 1) / per_page; i++)
		needed[i] = true;
}

static void expect_union(struct __test_metadata *_metadata,
			 const struct _test_data_model *self)
{
	unsigned int i, pages = 0;
	bool needed[PAGES] = {};

	for (i = 1; i < PIECES; i++)
		if (self->pieces[i].used &&
		    self->dev[self->pieces[i].ioas].stdev_id)
			need(self, needed, self->pieces[i].first,
			     self->pieces[i].num);
	for (i = 0; i < PINS; i++)
		if (self->pins[i].id)
			need(self, needed, self->pins[i].first,
			     self->pins[i].num);
	for (i = 0; i < PAGES; i++) {
		ASSERT_EQ(0, check_refs_exactly(self->rig.fd,
						self->mem + i * page_size(),
						page_size(), needed[i])) {
			TH_LOG("step %u, page %u, needed: %u", self->step, i,
			       needed[i]);
		}
		pages += needed[i];
	}
	ASSERT_EQ(self->rig.pinned_kb + pages * page_size() / 1024,
		  pinned_kb());
}

/* A device reads the right page wherever there is one */
static void expect_reads(struct __test_metadata *_metadata,
			 const struct _test_data_model *self,
			 const struct piece *piece)
{
	const struct mock_dev *dev = &self->dev[piece->ioas];
	unsigned int i;

	if (!piece->used || !dev->stdev_id)
		return;
	for (i = 0; i < piece->num; i++) {
		ASSERT_EQ(mark(piece->first + i),
			  dma_peek(self->rig.fd, dev->stdev_id,
				   piece->iova + i * self->unit));
	}
	ASSERT_EQ(DMA_UNMAPPED, dma_peek(self->rig.fd, dev->stdev_id,
					 piece->iova + i * self->unit));
}

TEST_F_TIMEOUT(model, pins_are_the_union_of_all_needs, 120)
{
	void (*const steps[])(struct __test_metadata *_metadata,
			      struct _test_data_model *self) = {
		step_copy, step_copy, step_copy, step_copy,
		step_unmap, step_unmap, step_device,
		step_pin, step_pin, step_pin,
	};
	unsigned int kinds = ARRAY_SIZE(steps) - (variant->access ? 0 : 3);
	unsigned int i;

	for (self->step = 0; self->step < STEPS; self->step++) {
		steps[pick(self, kinds)](_metadata, self);
		expect_union(_metadata, self);
		expect_reads(_metadata, self,
			     &self->pieces[pick(self, PIECES)]);
	}
	for (i = 1; i < PIECES; i++) {
		expect_reads(_metadata, self, &self->pieces[i]);
		unmap_piece(_metadata, self, i);
	}
	expect_union(_metadata, self);
	EXPECT_EQ(0, check_refs_exactly(self->rig.fd, self->mem,
					PAGES * page_size(), 0));
}

TEST_HARNESS_MAIN
