/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tracked HWPT of the dirty tests, with small or huge IO pages, below a device or
 * below its nested HWPT; and a model of the IO pages that says what a bitmap has to
 * hold.
 */
#ifndef SELFTEST_IOMMU_DIRTY_H
#define SELFTEST_IOMMU_DIRTY_H

#include "guest.h"

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

static inline void model_write(struct _test_data_dirty *self, __u64 iova)
{
	__u64 at = (iova - FIRST) / self->io_page * self->io_page;

	memset(&self->dirty[at / IO_PAGE], 1, self->io_page / IO_PAGE);
}

/* A page of which only a part is in the range stays dirty */
static inline void model_clear(struct _test_data_dirty *self, __u64 iova, __u64 length)
{
	__u64 at = iova - FIRST + self->io_page - 1;

	for (at -= at % self->io_page;
	     at + self->io_page <= iova - FIRST + length; at += self->io_page)
		memset(&self->dirty[at / IO_PAGE], 0, self->io_page / IO_PAGE);
}

static inline bool model_is_dirty(const struct _test_data_dirty *self,
				  __u64 iova, __u64 length)
{
	return memchr(&self->dirty[(iova - FIRST) / IO_PAGE], 1,
		      length / IO_PAGE);
}

static inline __u64 model_word(const struct _test_data_dirty *self, __u64 iova,
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

static inline void track(struct __test_metadata *_metadata,
			 struct _test_data_dirty *self, bool enable)
{
	ASSERT_EQ(0, hwpt_set_dirty_tracking(self->rig.fd, self->hwpt_id,
					     enable));
	if (enable)
		memset(self->dirty, 0, sizeof(self->dirty));
}

static inline int get_bits(const struct _test_data_dirty *self, __u32 flags,
			   __u64 iova, __u64 length, __u64 page, void *bits)
{
	return hwpt_get_dirty_bitmap(self->rig.fd, self->hwpt_id, flags, iova,
				     length, page, bits);
}

static inline __u64 peek(const struct _test_data_dirty *self, __u64 iova)
{
	return dma_peek(self->rig.fd, self->rig.dev.stdev_id, iova);
}

/* The device writes eight bytes */
static inline void poke(struct __test_metadata *_metadata,
			struct _test_data_dirty *self, __u64 iova)
{
	ASSERT_EQ(0ULL, dma_poke(self->rig.fd, self->rig.dev.stdev_id, iova,
				 iova));
	model_write(self, iova);
}

/* IO pages at either end, in the middle, alone, and side by side */
static inline void poke_some(struct __test_metadata *_metadata,
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
static inline void poke_one(struct __test_metadata *_metadata,
			    struct _test_data_dirty *self)
{
	poke(_metadata, self, FIRST + SZ_2M + 130 * SZ_4K + IO_PAGE);
}

/* The bitmap is that of the model; then the model knows it was read */
static inline void expect_bits(struct __test_metadata *_metadata,
			       struct _test_data_dirty *self, __u32 flags, __u64 iova, __u64 length,
			       __u64 page)
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

static inline void expect_all(struct __test_metadata *_metadata,
			      struct _test_data_dirty *self, __u32 flags)
{
	expect_bits(_metadata, self, flags, FIRST, SPAN, SZ_4K);
}

static inline void expect_clean(struct __test_metadata *_metadata,
				struct _test_data_dirty *self)
{
	memset(self->dirty, 0, sizeof(self->dirty));
	expect_all(_metadata, self, NO_CLEAR);
}

#endif
