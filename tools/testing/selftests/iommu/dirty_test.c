// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dirty tracking: what devices write shows in the bitmap, and nothing else does.
 *
 * A model of the IO pages says what a bitmap has to hold. The same tests run
 * over small and over huge IO pages, and for a device that is attached to the
 * tracked HWPT as well as for one on a nested HWPT above it.
 */
#include "guest.h"
#include <pthread.h>

/* IOVAs that the model covers */
#define SPAN		(2 * SZ_2M)
#define FIRST		APERTURE_FIRST
/* The mock's IO pages */
#define IO_PAGE		(SZ_4K / 2)
#define IO_HUGE_PAGE	(SZ_2M / 2)
#define IO_PAGES	(SPAN / IO_PAGE)
#define MAX_WORDS	(IO_PAGES / 64)

#define NO_CLEAR	IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR

FIXTURE(dirty)
{
	struct rig rig;
	__u32 hwpt_id;
	char *mem;
	__u64 io_page;
	unsigned char dirty[IO_PAGES];
};

/**
 * struct _fixture_variant_dirty - conditions
 * @huge: The HWPT has huge IO pages
 * @nested: The device is on a nested HWPT
 */
FIXTURE_VARIANT(dirty)
{
	bool huge;
	bool nested;
};

FIXTURE_VARIANT_ADD(dirty, small_pages)
{
	.huge = false,
};

FIXTURE_VARIANT_ADD(dirty, huge_pages)
{
	.huge = true,
};

FIXTURE_VARIANT_ADD(dirty, small_pages_below_nested)
{
	.nested = true,
};

FIXTURE_VARIANT_ADD(dirty, huge_pages_below_nested)
{
	.huge = true,
	.nested = true,
};

FIXTURE_SETUP(dirty)
{
	__u32 flags = IOMMU_HWPT_ALLOC_DIRTY_TRACKING;
	struct rig *rig = &self->rig;
	__u32 attach_to;

	if (variant->nested)
		flags |= IOMMU_HWPT_ALLOC_NEST_PARENT;
	rig_open(_metadata, rig);
	rig->ioas_id = rig_ioas(_metadata, rig);
	ASSERT_EQ(0, mock_device_create(rig->fd, MOCK_IOMMU_FULL, 0, 0,
					variant->huge ?
						MOCK_FLAGS_DEVICE_HUGE_IOVA : 0,
					&rig->dev));
	rig_keep(_metadata, rig, rig->dev.stdev_id);
	self->hwpt_id = rig_hwpt(_metadata, rig, rig->dev.idev_id, rig->ioas_id,
				 flags);
	attach_to = self->hwpt_id;
	if (variant->nested)
		attach_to = rig_nested(_metadata, rig, rig->dev.idev_id,
				       self->hwpt_id, 0, 0);
	ASSERT_EQ(0, mock_attach(rig->fd, rig->dev.stdev_id, attach_to, NULL));

	self->io_page = variant->huge ? IO_HUGE_PAGE : IO_PAGE;
	self->mem = get_aligned_memory(_metadata, SPAN, SZ_2M,
				       MAP_SHARED | MAP_ANONYMOUS |
				       (variant->huge ? MAP_HUGETLB : 0));
	rig_map(_metadata, rig, self->mem, SPAN, FIRST, IOAS_MAP_RW);
}

FIXTURE_TEARDOWN(dirty)
{
	rig_close(_metadata, &self->rig);
}

/* ---- The model ---- */

static void model_write(struct _test_data_dirty *self, __u64 iova)
{
	__u64 at = (iova - FIRST) / self->io_page * self->io_page;

	memset(&self->dirty[at / IO_PAGE], 1, self->io_page / IO_PAGE);
}

/* A page of which only a part is in the range stays dirty */
static void model_clear(struct _test_data_dirty *self, __u64 iova, __u64 length)
{
	__u64 at = iova - FIRST + self->io_page - 1;

	for (at -= at % self->io_page;
	     at + self->io_page <= iova - FIRST + length; at += self->io_page)
		memset(&self->dirty[at / IO_PAGE], 0, self->io_page / IO_PAGE);
}

static bool model_is_dirty(const struct _test_data_dirty *self, __u64 iova,
			   __u64 length)
{
	return memchr(&self->dirty[(iova - FIRST) / IO_PAGE], 1,
		      length / IO_PAGE);
}

static __u64 model_word(const struct _test_data_dirty *self, __u64 iova,
			__u64 length, __u64 page, unsigned int word)
{
	__u64 first = word * 64ULL, value = 0;
	unsigned int bit;

	for (bit = 0; bit < 64 && (first + bit) * page < length; bit++)
		if (model_is_dirty(self, iova + (first + bit) * page, page))
			value |= 1ULL << bit;
	return value;
}

/* ---- What the tests do ---- */

static void track(struct __test_metadata *_metadata,
		  struct _test_data_dirty *self, bool enable)
{
	ASSERT_EQ(0, hwpt_set_dirty_tracking(self->rig.fd, self->hwpt_id,
					     enable));
	if (enable)
		memset(self->dirty, 0, sizeof(self->dirty));
}

static int get_bits(const struct _test_data_dirty *self, __u32 flags,
		    __u64 iova, __u64 length, __u64 page, void *bits)
{
	return hwpt_get_dirty_bitmap(self->rig.fd, self->hwpt_id, flags, iova,
				     length, page, bits);
}

static __u64 peek(const struct _test_data_dirty *self, __u64 iova)
{
	return dma_peek(self->rig.fd, self->rig.dev.stdev_id, iova);
}

/* The device writes eight bytes */
static void poke(struct __test_metadata *_metadata,
		 struct _test_data_dirty *self, __u64 iova)
{
	ASSERT_EQ(0ULL, dma_poke(self->rig.fd, self->rig.dev.stdev_id, iova,
				 iova));
	model_write(self, iova);
}

/* IO pages at either end, in the middle, alone, and side by side */
static void poke_some(struct __test_metadata *_metadata,
		      struct _test_data_dirty *self)
{
	static const __u64 places[] = {
		0, 3 * SZ_4K + 8, 31 * SZ_4K, 32 * SZ_4K + IO_PAGE,
		63 * SZ_4K, 64 * SZ_4K, 65 * SZ_4K, SZ_2M / 2 - 8,
		SZ_2M + 17 * SZ_4K, SPAN - SZ_4K, SPAN - 8,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(places); i++)
		poke(_metadata, self, FIRST + places[i]);
}

/* One page, so that with huge pages there are also clean ones */
static void poke_one(struct __test_metadata *_metadata,
		     struct _test_data_dirty *self)
{
	poke(_metadata, self, FIRST + SZ_2M + 130 * SZ_4K + IO_PAGE);
}

/* The bitmap is that of the model; then the model knows it was read */
static void expect_bits(struct __test_metadata *_metadata,
			struct _test_data_dirty *self, __u32 flags, __u64 iova,
			__u64 length, __u64 page)
{
	unsigned int words = (length / page + 63) / 64, i;
	__u64 bits[MAX_WORDS + 1] = {};

	ASSERT_GE((unsigned int)MAX_WORDS, words);
	bits[words] = 0x5a5a5a5a5a5a5a5aULL;
	ASSERT_EQ(0, get_bits(self, flags, iova, length, page, bits));
	for (i = 0; i < words; i++) {
		EXPECT_EQ(model_word(self, iova, length, page, i), bits[i]) {
			TH_LOG("word %u of %llx, %llx bytes, pages of %llx", i,
			       iova, length, page);
		}
	}
	EXPECT_EQ(0x5a5a5a5a5a5a5a5aULL, bits[words]);
	if (!(flags & NO_CLEAR))
		model_clear(self, iova, length);
}

static void expect_all(struct __test_metadata *_metadata,
		       struct _test_data_dirty *self, __u32 flags)
{
	expect_bits(_metadata, self, flags, FIRST, SPAN, SZ_4K);
}

static void expect_clean(struct __test_metadata *_metadata,
			 struct _test_data_dirty *self)
{
	memset(self->dirty, 0, sizeof(self->dirty));
	expect_all(_metadata, self, NO_CLEAR);
}

/* ---- What makes a page dirty ---- */

TEST_F(dirty, writes_are_reported)
{
	track(_metadata, self, true);
	expect_clean(_metadata, self);
	poke_some(_metadata, self);
	expect_all(_metadata, self, 0);
	expect_clean(_metadata, self);
}

TEST_F(dirty, reads_are_not)
{
	__u64 iova;

	track(_metadata, self, true);
	for (iova = FIRST; iova < FIRST + SPAN; iova += 37 * SZ_4K)
		EXPECT_EQ(0ULL, peek(self, iova));
	expect_clean(_metadata, self);
}

TEST_F(dirty, page_read_before_is_dirty_when_written)
{
	track(_metadata, self, true);
	EXPECT_EQ(0ULL, peek(self, FIRST + SZ_2M + 130 * SZ_4K + IO_PAGE));
	poke_one(_metadata, self);
	expect_all(_metadata, self, 0);
}

TEST_F(dirty, blocked_write_is_no_write)
{
	struct rig *rig = &self->rig;

	rig_unmap(_metadata, rig, FIRST, SPAN);
	rig_map(_metadata, rig, self->mem, SPAN, FIRST, IOAS_MAP_RO);
	track(_metadata, self, true);
	EXPECT_EQ(DMA_FORBIDDEN, dma_poke(rig->fd, rig->dev.stdev_id, FIRST, 1));
	EXPECT_EQ(DMA_UNMAPPED, dma_poke(rig->fd, rig->dev.stdev_id,
					 FIRST + SPAN, 1));
	expect_clean(_metadata, self);
}

TEST_F(dirty, page_written_again_is_dirty_again)
{
	unsigned int i;

	track(_metadata, self, true);
	for (i = 0; i < 3; i++) {
		poke_some(_metadata, self);
		expect_all(_metadata, self, 0);
		expect_clean(_metadata, self);
	}
}

TEST_F(dirty, what_the_mock_marks_is_reported)
{
	__u64 bits[2] = { 1 | 1ULL << 63, 1 << 5 }, num = 0;
	unsigned int bit;

	track(_metadata, self, true);
	for (bit = 0; bit < 128; bit++)
		if (bits[bit / 64] >> (bit % 64) & 1)
			model_write(self, FIRST + bit * SZ_4K);
	ASSERT_EQ(0, mock_dirty(self->rig.fd, self->hwpt_id, FIRST,
				128 * SZ_4K, SZ_4K, bits, &num));
	EXPECT_EQ(3ULL, num);
	expect_all(_metadata, self, 0);
}

TEST_F(dirty, write_of_many_pages)
{
	struct mock_dma dma = {};
	char *buf = get_memory(_metadata, 100 * SZ_4K);
	unsigned int i;

	track(_metadata, self, true);
	ASSERT_EQ(0, mock_dma_write(self->rig.fd, self->rig.dev.stdev_id,
				    FIRST + 3 * SZ_4K + 100, buf, 99 * SZ_4K,
				    &dma));
	ASSERT_EQ(99 * SZ_4K, dma.length);
	for (i = 0; i <= 99 * SZ_4K / IO_PAGE; i++)
		model_write(self, FIRST + 3 * SZ_4K + i * IO_PAGE);
	expect_all(_metadata, self, 0);
}

/* ---- On and off ---- */

TEST_F(dirty, nothing_is_noted_while_off)
{
	poke_some(_metadata, self);
	track(_metadata, self, true);
	expect_clean(_metadata, self);
	track(_metadata, self, false);
	poke_some(_metadata, self);
	track(_metadata, self, true);
	expect_clean(_metadata, self);
}

/* A translation from before is used no longer, which knows of no tracking */
TEST_F(dirty, written_before_and_after)
{
	poke_one(_metadata, self);
	track(_metadata, self, true);
	poke_one(_metadata, self);
	expect_all(_metadata, self, 0);
}

TEST_F(dirty, starting_forgets)
{
	track(_metadata, self, true);
	poke_some(_metadata, self);
	track(_metadata, self, false);
	track(_metadata, self, true);
	expect_clean(_metadata, self);
	poke_some(_metadata, self);
	/* also when it is on */
	track(_metadata, self, true);
	expect_clean(_metadata, self);
	poke_some(_metadata, self);
	expect_all(_metadata, self, 0);
}

TEST_F(dirty, on_and_off_any_number_of_times)
{
	unsigned int i;

	for (i = 0; i < 2; i++)
		track(_metadata, self, false);
	for (i = 0; i < 2; i++)
		track(_metadata, self, true);
	poke_one(_metadata, self);
	expect_all(_metadata, self, 0);
	for (i = 0; i < 2; i++)
		track(_metadata, self, false);
}

TEST_F(dirty, report_while_off_is_EINVAL)
{
	__u64 bits[MAX_WORDS] = {};

	EXPECT_EQ(-EINVAL, get_bits(self, 0, FIRST, SPAN, SZ_4K, bits));
	track(_metadata, self, true);
	poke_one(_metadata, self);
	EXPECT_EQ(0, get_bits(self, 0, FIRST, SPAN, SZ_4K, bits));
	track(_metadata, self, false);
	EXPECT_EQ(-EINVAL, get_bits(self, 0, FIRST, SPAN, SZ_4K, bits));
	EXPECT_EQ(-EINVAL, get_bits(self, NO_CLEAR, FIRST, SPAN, SZ_4K, bits));
}

/* ---- The bits ---- */

/* Smaller and larger than the IO page: no dirty byte is without a bit */
TEST_F(dirty, any_size_of_a_bit)
{
	static const __u64 pages[] = {
		IO_PAGE, SZ_4K, 2 * SZ_4K, 16 * SZ_4K, SZ_2M / 2, SZ_2M, SPAN,
	};
	unsigned int i;

	track(_metadata, self, true);
	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		poke_one(_metadata, self);
		expect_bits(_metadata, self, NO_CLEAR, FIRST, SPAN, pages[i]);
		expect_bits(_metadata, self, 0, FIRST, SPAN, pages[i]);
		expect_clean(_metadata, self);
		poke_some(_metadata, self);
		expect_bits(_metadata, self, 0, FIRST, SPAN, pages[i]);
		expect_clean(_metadata, self);
	}
}

TEST_F(dirty, any_first_and_last_bit)
{
	static const unsigned int firsts[] = { 0, 1, 7, 31, 32, 63, 64, 65, 66 };
	static const unsigned int lengths[] = { 1, 2, 8, 63, 64, 65, 127, 129 };
	unsigned int i, j;

	track(_metadata, self, true);
	poke_some(_metadata, self);
	for (i = 0; i < ARRAY_SIZE(firsts); i++)
		for (j = 0; j < ARRAY_SIZE(lengths); j++)
			expect_bits(_metadata, self, NO_CLEAR,
				    FIRST + firsts[i] * SZ_4K,
				    lengths[j] * SZ_4K, SZ_4K);
}

TEST_F(dirty, every_bit_of_a_word)
{
	unsigned int i;

	track(_metadata, self, true);
	for (i = 0; i < 130; i += 3) {
		poke(_metadata, self, FIRST + i * SZ_4K);
		expect_bits(_metadata, self, 0, FIRST, 256 * SZ_4K, SZ_4K);
	}
}

TEST_F(dirty, bits_of_clean_pages_are_left_alone)
{
	__u64 bits[MAX_WORDS], other = 0xa5a5000000ffa5a5ULL, want;
	unsigned int i;

	track(_metadata, self, true);
	poke_one(_metadata, self);
	for (i = 0; i < MAX_WORDS; i++)
		bits[i] = other;
	/* Starts and ends amid a word of IOVAs, and ends amid one of the bitmap */
	ASSERT_EQ(0, get_bits(self, NO_CLEAR, FIRST + 7 * SZ_4K, 1000 * SZ_4K,
			      SZ_4K, bits));
	for (i = 0; i < MAX_WORDS; i++) {
		want = other;
		if (i * 64 < 1000)
			want |= model_word(self, FIRST + 7 * SZ_4K,
					   1000 * SZ_4K, SZ_4K, i);
		EXPECT_EQ(want, bits[i]) {
			TH_LOG("word %u", i);
		}
	}
}

/* Reports of several HWPTs or ranges may gather in one bitmap */
TEST_F(dirty, reports_add_up_in_one_bitmap)
{
	__u64 bits[MAX_WORDS] = {};
	unsigned int i;

	track(_metadata, self, true);
	poke(_metadata, self, FIRST);
	ASSERT_EQ(0, get_bits(self, 0, FIRST, SPAN, SZ_4K, bits));
	poke(_metadata, self, FIRST + SPAN - SZ_4K);
	ASSERT_EQ(0, get_bits(self, 0, FIRST, SPAN, SZ_4K, bits));
	for (i = 0; i < SPAN / SZ_4K / 64; i++)
		EXPECT_EQ(model_word(self, FIRST, SPAN, SZ_4K, i), bits[i]);
}

TEST_F(dirty, bitmap_before_memory_that_is_not_there)
{
	/* 65 bits are two words, and 64 are one */
	__u64 *bits = get_memory_at_edge(_metadata, sizeof(*bits));

	track(_metadata, self, true);
	poke(_metadata, self, FIRST + 5 * SZ_4K);
	poke(_metadata, self, FIRST + 63 * SZ_4K);
	ASSERT_EQ(0, get_bits(self, NO_CLEAR, FIRST, 64 * SZ_4K, SZ_4K, bits));
	EXPECT_EQ(model_word(self, FIRST, 64 * SZ_4K, SZ_4K, 0), *bits);
	*bits = 0;
	ASSERT_EQ(0, get_bits(self, NO_CLEAR, FIRST + SZ_4K, 63 * SZ_4K, SZ_4K,
			      bits));
	EXPECT_EQ(model_word(self, FIRST + SZ_4K, 63 * SZ_4K, SZ_4K, 0), *bits);
	EXPECT_EQ(-EFAULT, get_bits(self, 0, FIRST, 2 * 64 * SZ_4K, SZ_4K,
				    bits));
	expect_all(_metadata, self, 0);
}

/*
 * The kernel works on long ranges in slices that end at multiples of 128M and
 * more. A word of the bitmap with bits of two slices has both.
 */
TEST_F(dirty, bits_on_either_side_of_a_seam)
{
	__u64 seam = 0x8000000, start = seam - 74 * SZ_4K, length = 200 * SZ_4K;
	struct rig *rig = &self->rig;
	__u64 bits[4] = {}, want = 1 | 1ULL << 7 | 1ULL << 10;
	unsigned int i;

	rig_map(_metadata, rig, self->mem, SPAN, seam - SZ_2M, IOAS_MAP_RW);
	track(_metadata, self, true);
	for (i = 0; i < 64; i++)
		if (want >> i & 1)
			ASSERT_EQ(0ULL, dma_poke(rig->fd, rig->dev.stdev_id,
						 start + (64 + i) * SZ_4K, 1));
	ASSERT_EQ(0, get_bits(self, 0, start, length, SZ_4K, bits));
	EXPECT_EQ(want, bits[1] & want);
	if (self->io_page == IO_PAGE) {
		EXPECT_EQ(0ULL, bits[0]);
		EXPECT_EQ(want, bits[1]);
		EXPECT_EQ(0ULL, bits[2] | bits[3]);
	}
}

/* ---- Clear, and do not clear ---- */

TEST_F(dirty, no_clear_leaves_the_pages_dirty)
{
	unsigned int i;

	track(_metadata, self, true);
	poke_some(_metadata, self);
	for (i = 0; i < 3; i++)
		expect_all(_metadata, self, NO_CLEAR);
	expect_all(_metadata, self, 0);
	expect_clean(_metadata, self);
}

TEST_F(dirty, only_the_range_is_cleared)
{
	track(_metadata, self, true);
	poke_some(_metadata, self);
	expect_bits(_metadata, self, 0, FIRST + 2 * SZ_4K, 30 * SZ_4K, SZ_4K);
	expect_all(_metadata, self, NO_CLEAR);
	expect_bits(_metadata, self, 0, FIRST + 63 * SZ_4K, 2 * SZ_4K, SZ_4K);
	expect_all(_metadata, self, NO_CLEAR);
	expect_bits(_metadata, self, 0, FIRST + SZ_2M, SZ_2M, SZ_4K);
	expect_all(_metadata, self, NO_CLEAR);
	expect_all(_metadata, self, 0);
	expect_clean(_metadata, self);
}

/* A VMM that asks in ranges smaller than the IO pages misses nothing */
TEST_F(dirty, piece_by_piece)
{
	__u64 iova;

	track(_metadata, self, true);
	poke_some(_metadata, self);
	for (iova = FIRST; iova < FIRST + SPAN; iova += 96 * SZ_4K)
		expect_bits(_metadata, self, 0, iova,
			    iova + 96 * SZ_4K < FIRST + SPAN ?
				    96 * SZ_4K : FIRST + SPAN - iova, SZ_4K);
}

/* ---- Bitmaps that cannot be written ---- */

TEST_F(dirty, bitmap_that_cannot_be_written_is_EFAULT_and_costs_nothing)
{
	void *bad[] = {
		NULL,
		get_hole(_metadata, page_size()),
		get_memory(_metadata, page_size()),
		(void *)(UINTPTR_MAX - 7),
		(void *)(1ULL << 63),
	};
	unsigned int i;

	ASSERT_EQ(0, mprotect(bad[2], page_size(), PROT_READ));
	track(_metadata, self, true);
	poke_some(_metadata, self);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EFAULT, get_bits(self, 0, FIRST, SPAN, SZ_4K,
					    bad[i])) {
			TH_LOG("case %u", i);
		}
		expect_all(_metadata, self, NO_CLEAR);
	}
	expect_all(_metadata, self, 0);
}

/*
 * The kernel works on long ranges in slices that end at multiples of 128M and
 * more. Where a bitmap ends too early what was reported is in it, and the rest
 * is dirty.
 */
TEST_F(dirty, bitmap_that_ends_early_loses_nothing)
{
	const __u64 seam = 0x8000000, start = seam - SZ_2M;
	/* Up to the end of memory the bits before the seam */
	char *bits = get_memory_at_edge(_metadata, SZ_2M / SZ_4K / 8);
	struct rig *rig = &self->rig;
	__u64 more[MAX_WORDS] = {};

	rig_map(_metadata, rig, self->mem, SPAN, start, IOAS_MAP_RW);
	track(_metadata, self, true);
	ASSERT_EQ(0ULL, dma_poke(rig->fd, rig->dev.stdev_id, start, 1));
	ASSERT_EQ(0ULL, dma_poke(rig->fd, rig->dev.stdev_id, seam - 8, 1));
	ASSERT_EQ(0ULL, dma_poke(rig->fd, rig->dev.stdev_id, seam, 1));
	EXPECT_EQ(-EFAULT, get_bits(self, 0, start, SPAN, SZ_4K, bits));
	/* The first is either reported or dirty */
	ASSERT_EQ(0, get_bits(self, 0, start, SZ_2M, SZ_4K, bits));
	EXPECT_EQ(1ULL, get_u64(bits) & 1);
	EXPECT_EQ(1ULL, get_u64(bits + 56) >> 63);
	/* The second nobody has told yet */
	ASSERT_EQ(0, get_bits(self, 0, seam, SZ_2M, SZ_4K, more));
	EXPECT_EQ(1ULL, more[0] & 1);
}

/* ---- Mappings and holes ---- */

/* Of every four chunks, as large as the huge IO page, one is a hole */
static void map_with_holes(struct __test_metadata *_metadata,
			   struct _test_data_dirty *self)
{
	struct rig *rig = &self->rig;
	__u64 iova;

	rig_unmap(_metadata, rig, FIRST, SPAN);
	for (iova = 0; iova < SPAN; iova += IO_HUGE_PAGE)
		if (iova / IO_HUGE_PAGE % 4 != 2)
			rig_map(_metadata, rig, self->mem + iova, IO_HUGE_PAGE,
				FIRST + iova, IOAS_MAP_RW);
}

TEST_F(dirty, range_with_a_hole_is_EINVAL_and_costs_nothing)
{
	const __u64 hole = FIRST + 2 * IO_HUGE_PAGE, rest = hole + IO_HUGE_PAGE;
	const struct {
		__u64 iova, length;
	} cases[] = {
		{ FIRST, SPAN }, { hole, IO_HUGE_PAGE }, { hole, SZ_4K },
		{ hole - SZ_4K, 2 * SZ_4K }, { rest - SZ_4K, 2 * SZ_4K },
		{ rest + SZ_4K, IO_HUGE_PAGE }, { 0, FIRST + SZ_4K },
		{ FIRST - SZ_4K, 2 * SZ_4K },
	};
	__u64 bits[MAX_WORDS] = {};
	unsigned int i;

	map_with_holes(_metadata, self);
	track(_metadata, self, true);
	poke(_metadata, self, FIRST);
	poke(_metadata, self, hole - 8);
	poke(_metadata, self, rest);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		EXPECT_EQ(-EINVAL, get_bits(self, 0, cases[i].iova,
					    cases[i].length, SZ_4K, bits)) {
			TH_LOG("case %u", i);
		}
	}
	for (i = 0; i < MAX_WORDS; i++)
		EXPECT_EQ(0ULL, bits[i]);
	expect_bits(_metadata, self, 0, FIRST, 2 * IO_HUGE_PAGE, SZ_4K);
	expect_bits(_metadata, self, 0, rest, IO_HUGE_PAGE, SZ_4K);
}

TEST_F(dirty, range_over_several_mappings)
{
	struct rig *rig = &self->rig;
	__u64 hole = FIRST + 2 * IO_HUGE_PAGE;

	map_with_holes(_metadata, self);
	/* Filled with something else */
	rig_map(_metadata, rig, self->mem, IO_HUGE_PAGE, hole, IOAS_MAP_RW);
	track(_metadata, self, true);
	poke(_metadata, self, hole - 8);
	poke(_metadata, self, hole);
	poke(_metadata, self, FIRST + SPAN - 8);
	expect_all(_metadata, self, NO_CLEAR);
	expect_all(_metadata, self, 0);
	expect_clean(_metadata, self);
}

/* With bits of half a page a slice has 64M at least */
TEST_F(dirty, range_of_many_slices)
{
	const __u64 times = 30, length = times * SPAN;
	__u64 *bits = get_memory(_metadata, length / IO_PAGE / 8), i, want;
	struct rig *rig = &self->rig;

	for (i = 1; i < times; i++)
		ASSERT_EQ(0, ioas_copy_fixed(rig->fd, rig->ioas_id,
					     rig->ioas_id, SPAN,
					     FIRST + i * SPAN, FIRST,
					     IOAS_MAP_RW));
	rig->mapped = length;
	track(_metadata, self, true);
	for (i = 0; i < times; i++)
		ASSERT_EQ(0ULL, dma_poke(rig->fd, rig->dev.stdev_id,
					 FIRST + i * SPAN + i * SZ_4K, 1));
	ASSERT_EQ(0, get_bits(self, 0, FIRST, length, IO_PAGE, bits));
	/* The first of a huge page, so that its last bit is in word 7 */
	for (i = 0; i < times; i++) {
		want = self->io_page == IO_PAGE ? 1ULL << (2 * i % 64) :
						  UINT64_MAX;
		EXPECT_EQ(want, bits[i * SPAN / IO_PAGE / 64 + 2 * i / 64]);
		want = self->io_page == IO_PAGE ? 0 : UINT64_MAX;
		EXPECT_EQ(want, bits[i * SPAN / IO_PAGE / 64 + 7]);
		EXPECT_EQ(0ULL, bits[i * SPAN / IO_PAGE / 64 + 8]);
	}
	memset(bits, 0, length / IO_PAGE / 8);
	ASSERT_EQ(0, get_bits(self, 0, FIRST, length, IO_PAGE, bits));
	for (i = 0; i < length / IO_PAGE / 64; i++)
		ASSERT_EQ(0ULL, bits[i]);
}

TEST_F(dirty, mapping_made_while_on)
{
	struct rig *rig = &self->rig;

	rig_unmap(_metadata, rig, FIRST, SPAN);
	track(_metadata, self, true);
	rig_map(_metadata, rig, self->mem, SZ_2M, FIRST, IOAS_MAP_RW);
	expect_bits(_metadata, self, NO_CLEAR, FIRST, SZ_2M, SZ_4K);
	poke(_metadata, self, FIRST + 9 * SZ_4K);
	rig_map(_metadata, rig, self->mem + SZ_2M, SZ_2M, FIRST + SZ_2M,
		IOAS_MAP_RW);
	poke(_metadata, self, FIRST + SZ_2M + 9 * SZ_4K);
	expect_all(_metadata, self, 0);
	expect_clean(_metadata, self);
}

TEST_F(dirty, mapping_made_anew_is_clean)
{
	struct rig *rig = &self->rig;

	track(_metadata, self, true);
	poke_some(_metadata, self);
	rig_unmap(_metadata, rig, FIRST, SPAN);
	rig_map(_metadata, rig, self->mem, SPAN, FIRST, IOAS_MAP_RW);
	expect_clean(_metadata, self);
}

/* The IOVA is dirty, not the memory */
TEST_F(dirty, memory_mapped_twice)
{
	struct rig *rig = &self->rig;
	__u64 bits[MAX_WORDS] = {}, second = FIRST + 4 * SPAN;
	unsigned int i;

	rig_map(_metadata, rig, self->mem, SPAN, second, IOAS_MAP_RW);
	track(_metadata, self, true);
	ASSERT_EQ(0ULL, dma_poke(rig->fd, rig->dev.stdev_id, second, 1));
	expect_clean(_metadata, self);
	ASSERT_EQ(0, get_bits(self, 0, second, SPAN, SZ_4K, bits));
	EXPECT_EQ(1ULL, bits[0] & 1);
	poke_one(_metadata, self);
	memset(bits, 0, sizeof(bits));
	ASSERT_EQ(0, get_bits(self, 0, second, SPAN, SZ_4K, bits));
	for (i = 0; i < MAX_WORDS; i++)
		EXPECT_EQ(0ULL, bits[i]);
	expect_all(_metadata, self, 0);
}

TEST_F(dirty, each_hwpt_has_its_own)
{
	struct rig *rig = &self->rig;
	struct mock_dev other = rig_device_on(_metadata, rig, MOCK_IOMMU_FULL,
					      0, 0);
	__u32 hwpt_id = rig_hwpt(_metadata, rig, other.idev_id, rig->ioas_id,
				 IOMMU_HWPT_ALLOC_DIRTY_TRACKING);
	__u64 bits[MAX_WORDS] = {};

	ASSERT_EQ(0, mock_attach(rig->fd, other.stdev_id, hwpt_id, NULL));
	track(_metadata, self, true);
	ASSERT_EQ(0, hwpt_set_dirty_tracking(rig->fd, hwpt_id, true));
	ASSERT_EQ(0ULL, dma_poke(rig->fd, other.stdev_id, FIRST, 1));
	expect_clean(_metadata, self);
	poke_one(_metadata, self);
	ASSERT_EQ(0, hwpt_get_dirty_bitmap(rig->fd, hwpt_id, 0, FIRST, SPAN,
					   SZ_4K, bits));
	EXPECT_EQ(1ULL, bits[0]);
	EXPECT_EQ(0ULL, bits[(SZ_2M / SZ_4K + 130) / 64]);
	expect_all(_metadata, self, 0);
}

/* ---- Other devices, and coming and going ---- */

TEST_F(dirty, devices_on_the_hwpt_and_above_it)
{
	struct rig *rig = &self->rig;
	struct mock_dev other = {};

	track(_metadata, self, true);
	ASSERT_EQ(0, mock_device_create(rig->fd, MOCK_IOMMU_FULL, 0,
					self->hwpt_id, 0, &other));
	rig_keep(_metadata, rig, other.stdev_id);
	ASSERT_EQ(0ULL, dma_poke(rig->fd, other.stdev_id, FIRST, 1));
	model_write(self, FIRST);
	poke_one(_metadata, self);
	expect_all(_metadata, self, 0);
}

TEST_F(dirty, stays_when_the_device_goes)
{
	struct rig *rig = &self->rig;

	track(_metadata, self, true);
	poke_some(_metadata, self);
	ASSERT_EQ(0, mock_detach(rig->fd, rig->dev.stdev_id));
	expect_all(_metadata, self, NO_CLEAR);
	/* and it is tracked when it comes back */
	ASSERT_EQ(0, mock_attach(rig->fd, rig->dev.stdev_id, self->hwpt_id,
				 NULL));
	expect_all(_metadata, self, 0);
	poke_one(_metadata, self);
	expect_all(_metadata, self, 0);
}

TEST_F(dirty, device_that_cannot_be_tracked_is_kept_out)
{
	struct rig *rig = &self->rig;
	struct mock_dev other = {};

	EXPECT_EQ(-EINVAL, mock_device_create(rig->fd, MOCK_IOMMU_FULL, 0,
					      self->hwpt_id,
					      MOCK_FLAGS_DEVICE_NO_DIRTY,
					      &other));
	/* For it the IOAS has another HWPT */
	ASSERT_EQ(0, mock_device_create(rig->fd, MOCK_IOMMU_FULL, 0,
					rig->ioas_id,
					MOCK_FLAGS_DEVICE_NO_DIRTY, &other));
	rig_keep(_metadata, rig, other.stdev_id);
	EXPECT_EQ(-EINVAL, mock_replace(rig->fd, other.stdev_id, self->hwpt_id,
					NULL));
	EXPECT_EQ(-EOPNOTSUPP, hwpt_set_dirty_tracking(rig->fd, other.hwpt_id,
						       true));
}

/* ---- Arguments ---- */

TEST_F(dirty, bad_ranges)
{
	const __u64 end = -SZ_4K, top = 1ULL << 63;
	const struct {
		__u64 iova, length, page;
		int rc;
	} cases[] = {
		{ FIRST, SZ_4K, 0, -EINVAL },
		{ FIRST, 3 * SZ_4K, 3 * SZ_4K, -EINVAL },
		{ FIRST, SZ_4K, SZ_4K + 1, -EINVAL },
		{ FIRST, SZ_4K, SZ_4K - 1, -EINVAL },
		{ FIRST, SZ_4K, IO_PAGE / 2, -EINVAL },
		{ FIRST, SZ_4K, 1, -EINVAL },
		{ FIRST, SZ_4K, 2 * SZ_4K, -EINVAL },
		{ FIRST, 0, SZ_4K, -EINVAL },
		{ FIRST, SZ_4K + 1, SZ_4K, -EINVAL },
		{ FIRST, SZ_4K / 2, SZ_4K, -EINVAL },
		{ FIRST + 1, SZ_4K, SZ_4K, -EINVAL },
		{ FIRST + IO_PAGE, SZ_4K, SZ_4K, -EINVAL },
		{ FIRST + SZ_4K, 2 * SZ_4K, 2 * SZ_4K, -EINVAL },
		{ end, 2 * SZ_4K, SZ_4K, -EOVERFLOW },
		{ 2 * SZ_4K, end, SZ_4K, -EOVERFLOW },
		{ end, end, SZ_4K, -EOVERFLOW },
		{ top, top + SZ_4K, SZ_4K, -EOVERFLOW },
		{ APERTURE_LAST + 1, SZ_4K, SZ_4K, -EINVAL },
		{ APERTURE_LAST + 1 - SZ_4K, 2 * SZ_4K, SZ_4K, -EINVAL },
		{ 0, top, top, -EINVAL },
		{ top, top, top, -EINVAL },
		{ end, SZ_4K, SZ_4K, -EINVAL },
	};
	__u64 bits[MAX_WORDS] = {};
	unsigned int i;

	track(_metadata, self, true);
	poke_some(_metadata, self);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		EXPECT_EQ(cases[i].rc, get_bits(self, 0, cases[i].iova,
						cases[i].length, cases[i].page,
						bits)) {
			TH_LOG("case %u", i);
		}
	}
	for (i = 0; i < MAX_WORDS; i++)
		EXPECT_EQ(0ULL, bits[i]);
	expect_all(_metadata, self, 0);
}

TEST_F(dirty, flags_and_reserved)
{
	__u64 bits[1] = {};
	struct iommu_hwpt_get_dirty_bitmap get = {
		.size = sizeof(get),
		.hwpt_id = self->hwpt_id,
		.data = (uintptr_t)bits,
		.page_size = SZ_4K,
		.iova = FIRST,
		.length = SZ_4K,
	};
	struct iommu_hwpt_set_dirty_tracking set = {
		.size = sizeof(set),
		.hwpt_id = self->hwpt_id,
	};
	int fd = self->rig.fd;
	unsigned int bit;

	track(_metadata, self, true);
	poke(_metadata, self, FIRST);
	for (bit = 1; bit < 32; bit++) {
		get.flags = 1U << bit;
		set.flags = 1U << bit;
		EXPECT_EQ(-EOPNOTSUPP, iommufd_ioctl(fd, IOMMU_HWPT_GET_DIRTY_BITMAP,
						     &get));
		EXPECT_EQ(-EOPNOTSUPP, iommufd_ioctl(fd, IOMMU_HWPT_SET_DIRTY_TRACKING,
						     &set));
	}
	get.flags = 0;
	set.flags = 0;
	get.__reserved = 1;
	set.__reserved = 1;
	EXPECT_EQ(-EOPNOTSUPP, iommufd_ioctl(fd, IOMMU_HWPT_GET_DIRTY_BITMAP,
					     &get));
	EXPECT_EQ(-EOPNOTSUPP, iommufd_ioctl(fd, IOMMU_HWPT_SET_DIRTY_TRACKING,
					     &set));
	/* It is on as it was, and the page is dirty */
	EXPECT_EQ(0ULL, bits[0]);
	expect_all(_metadata, self, 0);
}

TEST_F(dirty, of_something_else)
{
	struct rig *rig = &self->rig;
	struct mock_dev other = rig_device(_metadata, rig, rig->ioas_id);
	__u32 parent = rig_hwpt(_metadata, rig, rig->dev.idev_id, rig->ioas_id,
				IOMMU_HWPT_ALLOC_NEST_PARENT |
				IOMMU_HWPT_ALLOC_DIRTY_TRACKING);
	const struct {
		__u32 id;
		int rc;
	} cases[] = {
		{ 0, -ENOENT },
		{ NO_SUCH_ID, -ENOENT },
		{ UINT32_MAX, -ENOENT },
		{ rig->ioas_id, -ENOENT },
		{ rig->dev.idev_id, -ENOENT },
		{ rig->dev.stdev_id, -ENOENT },
		{ rig_nested(_metadata, rig, rig->dev.idev_id, parent, 0, 0),
		  -ENOENT },
		/* No tracking was asked for */
		{ other.hwpt_id, -EOPNOTSUPP },
		{ rig_hwpt(_metadata, rig, rig->dev.idev_id, rig->ioas_id, 0),
		  -EOPNOTSUPP },
	};
	__u64 bits[1] = {};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		EXPECT_EQ(cases[i].rc, hwpt_set_dirty_tracking(rig->fd,
							       cases[i].id,
							       true)) {
			TH_LOG("case %u", i);
		}
		EXPECT_EQ(cases[i].rc, hwpt_get_dirty_bitmap(rig->fd,
							     cases[i].id, 0,
							     FIRST, SZ_4K,
							     SZ_4K, bits)) {
			TH_LOG("case %u", i);
		}
	}
	EXPECT_EQ(0, hwpt_set_dirty_tracking(rig->fd, parent, true));
}

/* ---- Devices that write while their writes are asked for ---- */

#define WRITES 400

struct writer {
	const struct rig *rig;
	__u64 failed;
	bool done;
};

/* Counts upwards, here and there */
static void *write_on(void *arg)
{
	struct writer *writer = arg;
	__u64 i, where = 1;

	for (i = 1; i <= WRITES && !writer->failed; i++) {
		where = where * 6364136223846793005ULL + 1442695040888963407ULL;
		writer->failed = dma_poke(writer->rig->fd,
					  writer->rig->dev.stdev_id,
					  FIRST + (where >> 33) % SPAN / 8 * 8,
					  i);
	}
	__atomic_store_n(&writer->done, true, __ATOMIC_RELEASE);
	return NULL;
}

/* As live migration does it: copy all, then what is dirty, then the rest */
TEST_F(dirty, copy_of_what_is_dirty_is_a_copy_of_all)
{
	struct writer writer = { .rig = &self->rig };
	char *copy = get_memory(_metadata, SPAN);
	__u64 bits[MAX_WORDS];
	unsigned int i, rounds = 0;
	pthread_t thread;
	bool done;

	track(_metadata, self, true);
	memcpy(copy, self->mem, SPAN);
	ASSERT_EQ(0, pthread_create(&thread, NULL, write_on, &writer));
	do {
		done = __atomic_load_n(&writer.done, __ATOMIC_ACQUIRE);
		memset(bits, 0, sizeof(bits));
		ASSERT_EQ(0, get_bits(self, 0, FIRST, SPAN, SZ_4K, bits));
		for (i = 0; i < SPAN / SZ_4K; i++)
			if (bits[i / 64] >> (i % 64) & 1)
				memcpy(copy + i * SZ_4K, self->mem + i * SZ_4K,
				       SZ_4K);
		rounds++;
	} while (!done);
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ(0ULL, writer.failed);
	EXPECT_LT(1U, rounds);
	EXPECT_EQ(0, memcmp(copy, self->mem, SPAN));
}

/* ---- Which HWPTs can be tracked ---- */

FIXTURE(dirty_alloc)
{
	struct rig rig;
};

FIXTURE_SETUP(dirty_alloc)
{
	rig_open(_metadata, &self->rig);
	self->rig.ioas_id = rig_ioas(_metadata, &self->rig);
}

FIXTURE_TEARDOWN(dirty_alloc)
{
	rig_close(_metadata, &self->rig);
}

TEST_F(dirty_alloc, depends_on_the_device)
{
	static const struct {
		__u32 iommu, flags;
		int rc;
	} cases[] = {
		{ MOCK_IOMMU_FULL, 0, 0 },
		{ MOCK_IOMMU_FULL, MOCK_FLAGS_DEVICE_HUGE_IOVA, 0 },
		{ MOCK_IOMMU_FULL, MOCK_FLAGS_DEVICE_NO_DIRTY, -EOPNOTSUPP },
		{ MOCK_IOMMU_ROGUE, 0, 0 },
		{ MOCK_IOMMU_LEGACY, 0, -EOPNOTSUPP },
	};
	struct rig *rig = &self->rig;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct iommu_hw_info info;
		struct mock_dev dev = {};
		__u32 id = 0;

		ASSERT_EQ(0, mock_device_create(rig->fd, cases[i].iommu, 0, 0,
						cases[i].flags, &dev));
		rig_keep(_metadata, rig, dev.stdev_id);
		EXPECT_EQ(cases[i].rc,
			  hwpt_alloc(rig->fd, dev.idev_id, rig->ioas_id,
				     IOMMU_HWPT_ALLOC_DIRTY_TRACKING, &id)) {
			TH_LOG("case %u", i);
		}
		if (id)
			rig_keep(_metadata, rig, id);
		/* Which it says beforehand */
		ASSERT_EQ(0, hw_info(rig->fd, dev.idev_id, NULL, 0, &info));
		EXPECT_EQ(!cases[i].rc, !!(info.out_capabilities &
					   IOMMU_HW_CAP_DIRTY_TRACKING));
	}
}

TEST_F(dirty_alloc, of_a_nested_hwpt_is_refused)
{
	struct rig *rig = &self->rig;
	struct mock_dev dev = rig_device(_metadata, rig, rig->ioas_id);
	__u32 parent = rig_hwpt(_metadata, rig, dev.idev_id, rig->ioas_id,
				IOMMU_HWPT_ALLOC_NEST_PARENT |
				IOMMU_HWPT_ALLOC_DIRTY_TRACKING);
	struct iommu_hwpt_selftest data = { .iotlb = IOMMU_TEST_IOTLB_DEFAULT };
	struct iommu_hwpt_alloc cmd = {
		.size = sizeof(cmd),
		.flags = IOMMU_HWPT_ALLOC_DIRTY_TRACKING,
		.dev_id = dev.idev_id,
		.pt_id = parent,
		.data_type = IOMMU_HWPT_DATA_SELFTEST,
		.data_len = sizeof(data),
		.data_uptr = (uintptr_t)&data,
	};

	EXPECT_EQ(-EOPNOTSUPP, iommufd_ioctl(rig->fd, IOMMU_HWPT_ALLOC, &cmd));
	cmd.flags = 0;
	ASSERT_EQ(0, iommufd_ioctl(rig->fd, IOMMU_HWPT_ALLOC, &cmd));
	rig_keep(_metadata, rig, cmd.out_hwpt_id);
}

/* ---- Through a guest's own tables ---- */

#define IOVA 0x12345000ULL

FIXTURE(dirty_guest)
{
	struct guest guest;
};

FIXTURE_VARIANT(dirty_guest)
{
	unsigned int levels;
};

FIXTURE_VARIANT_ADD(dirty_guest, levels_4)
{
	.levels = 4,
};

FIXTURE_VARIANT_ADD(dirty_guest, levels_5)
{
	.levels = 5,
};

FIXTURE_SETUP(dirty_guest)
{
	struct guest *guest = &self->guest;
	struct rig *rig = &guest->rig;

	guest_start(_metadata, guest, variant->levels);
	rig->parent_id = rig_hwpt(_metadata, rig, guest->dev.idev_id,
				  rig->ioas_id,
				  IOMMU_HWPT_ALLOC_NEST_PARENT |
				  IOMMU_HWPT_ALLOC_DIRTY_TRACKING);
	guest->hwpt = guest_new_hwpt(_metadata, guest, guest->root);
	ASSERT_EQ(0, mock_replace(rig->fd, guest->dev.stdev_id, guest->hwpt,
				  NULL));
}

FIXTURE_TEARDOWN(dirty_guest)
{
	guest_stop(_metadata, &self->guest);
}

static void guest_track(struct __test_metadata *_metadata,
			const struct guest *guest, bool enable)
{
	ASSERT_EQ(0, hwpt_set_dirty_tracking(guest->rig.fd,
					     guest->rig.parent_id, enable));
}

/* A bit for each of so many pages, at most 64 */
static __u64 guest_dirty(struct __test_metadata *_metadata,
			 const struct guest *guest, __u64 gpa,
			 unsigned int pages)
{
	__u64 bits = 0;

	EXPECT_EQ(0, hwpt_get_dirty_bitmap(guest->rig.fd, guest->rig.parent_id,
					   0, gpa, pages * SZ_4K, SZ_4K,
					   &bits));
	return bits;
}

static __u64 dirty_data(struct __test_metadata *_metadata,
			const struct guest *guest)
{
	return guest_dirty(_metadata, guest, GUEST_DATA, DATA_PAGES);
}

static __u64 dirty_tables(struct __test_metadata *_metadata,
			  const struct guest *guest)
{
	return guest_dirty(_metadata, guest, GUEST_TABLES, TABLE_PAGES);
}

TEST_F(dirty_guest, the_parents_page_is_dirty)
{
	struct guest *guest = &self->guest;
	unsigned int i;

	for (i = 0; i < 8; i++)
		guest_map(_metadata, guest, IOVA + i * SZ_4K,
			  guest_data_gpa(7 - i));
	guest_track(_metadata, guest, true);
	EXPECT_EQ(MARK(5), guest_peek(guest, IOVA + 2 * SZ_4K));
	EXPECT_EQ(0ULL, dirty_data(_metadata, guest));
	EXPECT_EQ(0ULL, guest_poke(guest, IOVA + 2 * SZ_4K, 1));
	EXPECT_EQ(0ULL, guest_poke(guest, IOVA + 7 * SZ_4K + 4088, 1));
	EXPECT_EQ(1ULL << 5 | 1, dirty_data(_metadata, guest));
	EXPECT_EQ(0ULL, dirty_data(_metadata, guest));
	/* What is cached for the child was dropped too */
	EXPECT_EQ(0ULL, guest_poke(guest, IOVA + 2 * SZ_4K, 2));
	EXPECT_EQ(1ULL << 5, dirty_data(_metadata, guest));
}

TEST_F(dirty_guest, large_page_of_stage_1_is_not_dirty_as_a_whole)
{
	struct guest *guest = &self->guest;

	guest_map_at(_metadata, guest, SZ_2M, GUEST_DATA, 2, PTE_RW);
	guest_track(_metadata, guest, true);
	EXPECT_EQ(0ULL, guest_poke(guest, SZ_2M + 3 * SZ_4K, 1));
	EXPECT_EQ(1ULL << 3, dirty_data(_metadata, guest));
}

/* The hardware sets accessed and dirty bits in them, which are writes */
TEST_F(dirty_guest, tables_are_dirty_once_they_are_marked)
{
	struct guest *guest = &self->guest;
	unsigned int levels = guest->levels;
	__u64 all, leaf = 1ULL << (levels - 1);

	guest_map(_metadata, guest, IOVA, guest_data_gpa(0));
	ASSERT_EQ(levels, guest->nr_tables);
	all = (1ULL << levels) - 1;
	guest_track(_metadata, guest, true);
	EXPECT_EQ(0ULL, dirty_tables(_metadata, guest));
	/* A, on every level */
	EXPECT_EQ(MARK(0), guest_peek(guest, IOVA));
	EXPECT_EQ(all, dirty_tables(_metadata, guest));
	/* D, in the leaf */
	EXPECT_EQ(0ULL, guest_poke(guest, IOVA, 1));
	EXPECT_EQ(leaf, dirty_tables(_metadata, guest));
	/* Nothing is left to be marked */
	EXPECT_EQ(0, guest_invalidate_all(guest));
	EXPECT_EQ(0ULL, guest_poke(guest, IOVA, 2));
	EXPECT_EQ(0ULL, dirty_tables(_metadata, guest));
}

TEST_F(dirty_guest, child_made_and_attached_while_on)
{
	struct guest *guest = &self->guest;
	struct rig *rig = &guest->rig;
	__u32 hwpt;

	guest_map(_metadata, guest, IOVA, guest_data_gpa(4));
	guest_track(_metadata, guest, true);
	hwpt = guest_new_hwpt(_metadata, guest, guest->root);
	ASSERT_EQ(0, mock_replace(rig->fd, guest->dev.stdev_id, hwpt, NULL));
	EXPECT_EQ(0ULL, guest_poke(guest, IOVA, 1));
	EXPECT_EQ(1ULL << 4, dirty_data(_metadata, guest));
}

TEST_F(dirty_guest, off_and_on_with_a_child)
{
	struct guest *guest = &self->guest;

	guest_map(_metadata, guest, IOVA, guest_data_gpa(4));
	EXPECT_EQ(0ULL, guest_poke(guest, IOVA, 1));
	guest_track(_metadata, guest, true);
	EXPECT_EQ(0ULL, dirty_data(_metadata, guest));
	EXPECT_EQ(0ULL, guest_poke(guest, IOVA, 2));
	guest_track(_metadata, guest, false);
	EXPECT_EQ(0ULL, guest_poke(guest, IOVA, 3));
	guest_track(_metadata, guest, true);
	EXPECT_EQ(0ULL, dirty_data(_metadata, guest));
	EXPECT_EQ(0ULL, dirty_tables(_metadata, guest));
}

TEST_HARNESS_MAIN
