// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dirty tracking: what devices write shows in the bitmap, and nothing else does.
 *
 * A model of the IO pages says what a bitmap has to hold. The same tests run
 * over small and over huge IO pages, and for a device that is attached to the
 * tracked HWPT as well as for one on a nested HWPT above it.
 */
#include "dirty.h"

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

TEST_HARNESS_MAIN
