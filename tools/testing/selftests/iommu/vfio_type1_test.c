// SPDX-License-Identifier: GPL-2.0-only
/*
 * Type1 on /dev/iommu: what is mapped, unmapped and cut, and that devices see it.
 */
#include "vfio_type1.h"
#include <sys/resource.h>

/* ---- Map ---- */

TEST_F(type1, map_and_unmap)
{
	__u64 unmapped = 0;

	ASSERT_EQ(0, map_pages(self, 2, 4));
	expect_mapped(_metadata, self, 0x3c);
	ASSERT_EQ(0, unmap_pages(self, 2, 4, &unmapped));
	EXPECT_EQ(4 * self->page, unmapped);
	expect_mapped(_metadata, self, 0);
}

TEST_F(type1, rights_bind_the_device)
{
	static const __u32 rights[] = { VFIO_MAP_RO, VFIO_MAP_WO, VFIO_MAP_RW };
	const struct rig *rig = &self->rig;
	__u64 iova = APERTURE_FIRST;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rights); i++, iova += self->page) {
		ASSERT_EQ(0, vfio_map_dma(rig->fd, rights[i], self->mem,
					  self->page, iova));
		self->rig.mapped += self->page;
		if (variant->no_device)
			continue;
		set_u64(self->mem, 5);
		EXPECT_EQ(rights[i] & VFIO_MAP_RO ? 5 : DMA_FORBIDDEN,
			  dma_peek(rig->fd, rig->dev.stdev_id, iova));
		EXPECT_EQ(rights[i] & VFIO_MAP_WO ? 0 : DMA_FORBIDDEN,
			  dma_poke(rig->fd, rig->dev.stdev_id, iova, 6));
	}
}

TEST_F(type1, map_of_a_bad_range_is_EINVAL)
{
	const __u64 page = self->page;
	const struct {
		__u64 va, size, iova;
	} bad[] = {
		{ 0, 0, 0 },
		{ 0, page - 1, 0 },
		{ 0, page + 1, 0 },
		{ 0, page / 2, 0 },
		{ 1, page, 0 },
		{ page / 2, page, page / 2 },
		{ 0, page, page / 2 },
		{ 0, 2 * page, -APERTURE_FIRST - page },
		{ 0, -page, page },
		{ 0, UINT64_MAX, 0 },
		{ -(uintptr_t)self->mem - page, 2 * page, 0 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EINVAL, vfio_map_dma(self->rig.fd, VFIO_MAP_RW,
						self->mem + bad[i].va,
						bad[i].size,
						APERTURE_FIRST + bad[i].iova)) {
			TH_LOG("case %u", i);
		}
	}
	expect_mapped(_metadata, self, 0);
}

TEST_F(type1, map_with_an_unknown_flag_or_without_rights_is_EINVAL)
{
	__u32 flag;

	EXPECT_EQ(-EINVAL, vfio_map_dma(self->rig.fd, 0, self->mem, self->page,
					APERTURE_FIRST));
	for (flag = VFIO_DMA_MAP_FLAG_VADDR; flag; flag <<= 1) {
		EXPECT_EQ(-EINVAL, vfio_map_dma(self->rig.fd, flag, self->mem,
						self->page, APERTURE_FIRST));
		EXPECT_EQ(-EINVAL, vfio_map_dma(self->rig.fd,
						flag | VFIO_MAP_RW, self->mem,
						self->page, APERTURE_FIRST));
	}
	expect_mapped(_metadata, self, 0);
}

TEST_F(type1, map_over_a_mapping_is_EEXIST)
{
	ASSERT_EQ(0, map_pages(self, 4, 4));
	self->rig.mapped = 4 * self->page;
	EXPECT_EQ(-EEXIST, map_pages(self, 4, 4));
	EXPECT_EQ(-EEXIST, map_pages(self, 7, 2));
	EXPECT_EQ(-EEXIST, map_pages(self, 0, PAGES));
	expect_mapped(_metadata, self, 0xf0);
}

TEST_F(type1, map_outside_the_aperture_is_EINVAL)
{
	const __u64 ends[] = { 0, APERTURE_FIRST - self->page,
			       APERTURE_LAST + 1, -self->page };
	__u64 unmapped = 0;
	unsigned int i;

	/* Without a device all are */
	for (i = 0; i < ARRAY_SIZE(ends); i++) {
		EXPECT_EQ(variant->no_device ? 0 : -EINVAL,
			  vfio_map_dma(self->rig.fd, VFIO_MAP_RW, self->mem,
				       self->page, ends[i])) {
			TH_LOG("case %u", i);
		}
	}
	EXPECT_EQ(0, vfio_unmap_dma(self->rig.fd, 0, -self->page, self->page,
				    &unmapped));
	EXPECT_EQ(variant->no_device ? self->page : 0, unmapped);
	EXPECT_EQ(0, vfio_unmap_all(self->rig.fd, &unmapped));
	EXPECT_EQ(variant->no_device ? 3 * self->page : 0, unmapped);
}

/* Which nobody looks at before there is a device */
TEST_F(type1, map_of_bad_memory_is_EFAULT)
{
	const int error = variant->no_device ? 0 : -EFAULT;
	void *hole = get_hole(_metadata, self->page);

	EXPECT_EQ(error, vfio_map_dma(self->rig.fd, VFIO_MAP_RO, hole,
				      self->page, APERTURE_LAST + 1 - SZ_2M));
	ASSERT_EQ(0, mprotect(self->mem, self->page, PROT_READ));
	EXPECT_EQ(error, map_pages(self, 0, 2));
	ASSERT_EQ(0, mprotect(self->mem, self->page, PROT_READ | PROT_WRITE));
	expect_mapped(_metadata, self, 0);
	self->rig.mapped = variant->no_device ? 3 * self->page : 0;
}

/* As a user who may lock so many pages */
TEST_F(type1, map_above_the_limit_is_ENOMEM)
{
	const int error = variant->no_device ? 0 : -ENOMEM;
	struct rlimit limit = { 4 * self->page, 4 * self->page };

	ASSERT_EQ(0, setrlimit(RLIMIT_MEMLOCK, &limit));
	ASSERT_EQ(0, setuid(65534));
	EXPECT_EQ(error, map_pages(self, 0, 5));
	expect_mapped(_metadata, self, 0);
	ASSERT_EQ(0, vfio_unmap_all(self->rig.fd, NULL));
	ASSERT_EQ(0, map_pages(self, 0, 4));
	EXPECT_EQ(error, map_pages(self, 4, 1));
	expect_mapped(_metadata, self, 0xf);
	ASSERT_EQ(0, vfio_unmap_all(self->rig.fd, NULL));
	EXPECT_EQ(0, map_pages(self, 4, 4));
	self->rig.mapped = 4 * self->page;
}

/* ---- Unmap ---- */

TEST_F(type1, unmap_of_nothing_succeeds_with_size_0)
{
	__u64 unmapped = 1;

	EXPECT_EQ(0, unmap_pages(self, 0, 4, &unmapped));
	EXPECT_EQ(0ULL, unmapped);
	ASSERT_EQ(0, map_pages(self, 4, 4));
	self->rig.mapped = 4 * self->page;
	unmapped = 1;
	EXPECT_EQ(0, unmap_pages(self, 0, 4, &unmapped));
	EXPECT_EQ(0ULL, unmapped);
	unmapped = 1;
	EXPECT_EQ(0, unmap_pages(self, 8, 8, &unmapped));
	EXPECT_EQ(0ULL, unmapped);
}

TEST_F(type1, unmap_of_several_and_the_gaps_between)
{
	__u64 unmapped = 0;

	ASSERT_EQ(0, map_pages(self, 1, 2));
	ASSERT_EQ(0, map_pages(self, 3, 1));
	ASSERT_EQ(0, map_pages(self, 8, 4));
	ASSERT_EQ(0, unmap_pages(self, 0, PAGES, &unmapped));
	EXPECT_EQ(7 * self->page, unmapped);
	expect_mapped(_metadata, self, 0);
}

TEST_F(type1, unmap_of_a_bad_range_is_EINVAL)
{
	const __u64 page = self->page, first = APERTURE_FIRST;
	const struct {
		__u64 iova, size;
	} bad[] = {
		{ first, 0 },
		{ 0, 0 },
		{ first, page - 1 },
		{ first, page + 1 },
		{ first, page / 2 },
		{ first + 1, page },
		{ first + page / 2, page },
		{ first, -first + page },
		{ -page, 2 * page },
		{ 0, UINT64_MAX },
		{ UINT64_MAX, UINT64_MAX },
	};
	unsigned int i;

	ASSERT_EQ(0, map_pages(self, 0, 1));
	self->rig.mapped = page;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EINVAL, vfio_unmap_dma(self->rig.fd, 0, bad[i].iova,
						  bad[i].size, NULL)) {
			TH_LOG("case %u", i);
		}
	}
	expect_mapped(_metadata, self, 1);
}

TEST_F(type1, unmap_with_another_flag_is_EINVAL)
{
	__u32 flag;

	ASSERT_EQ(0, map_pages(self, 0, 1));
	self->rig.mapped = self->page;
	for (flag = 1; flag; flag <<= 1) {
		if (flag == VFIO_DMA_UNMAP_FLAG_ALL)
			continue;
		EXPECT_EQ(-EINVAL, vfio_unmap_dma(self->rig.fd, flag,
						  APERTURE_FIRST, self->page,
						  NULL));
		EXPECT_EQ(-EINVAL,
			  vfio_unmap_dma(self->rig.fd,
					 flag | VFIO_DMA_UNMAP_FLAG_ALL, 0, 0,
					 NULL));
	}
	expect_mapped(_metadata, self, 1);
}

TEST_F(type1, unmap_all)
{
	const __u32 all = VFIO_DMA_UNMAP_FLAG_ALL;
	int fd = self->rig.fd;
	__u64 unmapped = 1;

	EXPECT_EQ(0, vfio_unmap_all(fd, &unmapped));
	EXPECT_EQ(0ULL, unmapped);
	ASSERT_EQ(0, map_pages(self, 0, 1));
	ASSERT_EQ(0, map_pages(self, 3, 4));
	ASSERT_EQ(0, vfio_map_dma(fd, VFIO_MAP_RO, self->mem, self->page,
				  APERTURE_LAST + 1 - self->page));

	/* The range has to be left out */
	EXPECT_EQ(-EINVAL, vfio_unmap_dma(fd, all, APERTURE_FIRST, 0, NULL));
	EXPECT_EQ(-EINVAL, vfio_unmap_dma(fd, all, 0, self->page, NULL));
	EXPECT_EQ(-EINVAL, vfio_unmap_dma(fd, all, 0, UINT64_MAX, NULL));

	EXPECT_EQ(0, vfio_unmap_all(fd, &unmapped));
	EXPECT_EQ(6 * self->page, unmapped);
	expect_mapped(_metadata, self, 0);
}

TEST_F(type1, unmap_all_as_two_halves)
{
	const __u64 half = 1ULL << 63;
	__u64 unmapped = 0;

	ASSERT_EQ(0, map_pages(self, 3, 4));
	EXPECT_EQ(0, vfio_unmap_dma(self->rig.fd, 0, 0, half, &unmapped));
	EXPECT_EQ(4 * self->page, unmapped);
	EXPECT_EQ(0, vfio_unmap_dma(self->rig.fd, 0, half, half, &unmapped));
	EXPECT_EQ(0ULL, unmapped);
	expect_mapped(_metadata, self, 0);
}

/* ---- Cutting ---- */

TEST_F(type1, unmap_in_random_order_page_by_page)
{
	unsigned int order[PAGES], i, other, seed = 7;
	__u32 mapped = (1U << PAGES) - 1;
	__u64 unmapped;

	for (i = 0; i < PAGES; i++) {
		other = rand_r(&seed) % (i + 1);
		order[i] = order[other];
		order[other] = i;
	}
	ASSERT_EQ(0, map_pages(self, 0, PAGES));
	expect_mapped(_metadata, self, mapped);
	for (i = 0; i < PAGES; i++) {
		if (variant->type == VFIO_TYPE1v2_IOMMU) {
			EXPECT_EQ(-ENOENT, unmap_pages(self, order[i], 1,
						       NULL));
			continue;
		}
		unmapped = 0;
		EXPECT_EQ(0, unmap_pages(self, order[i], 1, &unmapped));
		EXPECT_EQ(self->page, unmapped);
		mapped &= ~(1U << order[i]);
		expect_mapped(_metadata, self, mapped);
	}
	expect_mapped(_metadata, self, mapped);
	self->rig.mapped = mapped ? PAGES * self->page : 0;
}

/* Many random maps and unmaps against an array of what should be there */
TEST_F(type1, random_ranges_match_a_model)
{
	unsigned int owner[PAGES + 2] = {}, next = 1, i, j, first, last;
	__u32 want, mapped = 0, range;
	unsigned int seed = 1;
	__u64 unmapped;
	bool cut;

	/* owner[1] is page 0's, so that there is one on either side */
	for (i = 0; i < 300; i++) {
		first = rand_r(&seed) % PAGES;
		last = first + rand_r(&seed) % (PAGES - first);
		range = (2U << last) - (1U << first);
		if (rand_r(&seed) % 2) {
			ASSERT_EQ(mapped & range ? -EEXIST : 0,
				  map_pages(self, first, last - first + 1));
			if (mapped & range)
				continue;
			mapped |= range;
			for (j = first; j <= last; j++)
				owner[j + 1] = next;
			next++;
			continue;
		}
		cut = owner[first] && owner[first] == owner[first + 1];
		cut |= owner[last + 2] && owner[last + 2] == owner[last + 1];
		cut &= variant->type == VFIO_TYPE1v2_IOMMU;
		want = __builtin_popcount(mapped & range);
		ASSERT_EQ(cut ? -ENOENT : 0,
			  unmap_pages(self, first, last - first + 1,
				      &unmapped));
		if (cut)
			continue;
		ASSERT_EQ(want * self->page, unmapped);
		mapped &= ~range;
		for (j = first; j <= last; j++)
			owner[j + 1] = 0;
	}
	expect_mapped(_metadata, self, mapped);
	self->rig.mapped = __builtin_popcount(mapped) * self->page;
}

TEST_F(type1, device_that_comes_later_finds_what_was_left)
{
	const bool cuts = variant->type == VFIO_TYPE1_IOMMU;
	const __u32 gone = cuts ? 0x0218 : 0;
	struct rig *rig = &self->rig;
	struct mock_dev dev;
	unsigned int i;

	ASSERT_EQ(0, map_pages(self, 0, PAGES));
	ASSERT_EQ(cuts ? 0 : -ENOENT, unmap_pages(self, 3, 2, NULL));
	ASSERT_EQ(cuts ? 0 : -ENOENT, unmap_pages(self, 9, 1, NULL));
	rig->mapped = (PAGES - __builtin_popcount(gone)) * self->page;
	/* on a domain of its own, that is filled only now */
	dev = rig_device_on(_metadata, rig, MOCK_IOMMU_LEGACY, 0, rig->ioas_id);
	for (i = 0; i < PAGES; i++) {
		set_u64(self->mem + i * self->page, i);
		EXPECT_EQ(gone >> i & 1 ? DMA_UNMAPPED : (__u64)i,
			  dma_peek(rig->fd, dev.stdev_id,
				   APERTURE_FIRST + i * self->page));
	}
}

/* 2M pages for the CPU, which the IOMMU would use as they are */
TEST_F(type1, huge_memory_is_cut_by_v1_only)
{
	const __u64 length = 2 * SZ_2M, piece = SZ_2M / 8;
	const bool cuts = variant->type == VFIO_TYPE1_IOMMU;
	const struct rig *rig = &self->rig;
	__u64 offset, unmapped;
	char *mem;

	mem = mmap(NULL, length, PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB |
		   21 << MAP_HUGE_SHIFT, -1, 0);
	if (mem == MAP_FAILED)
		SKIP(return, "no 2M pages: %s", strerror(errno));
	ASSERT_EQ(0, vfio_map_dma(rig->fd, VFIO_MAP_RW, mem, length,
				  APERTURE_FIRST));
	for (offset = piece; offset < length; offset += 2 * piece) {
		ASSERT_EQ(cuts ? 0 : -ENOENT,
			  vfio_unmap_dma(rig->fd, 0, APERTURE_FIRST + offset,
					 piece, &unmapped));
		EXPECT_EQ(piece, unmapped);
	}
	for (offset = 0; offset < length && !variant->no_device;
	     offset += self->page) {
		bool gone = cuts && offset / piece % 2;

		set_u64(mem + offset, offset);
		ASSERT_EQ(gone ? DMA_UNMAPPED : offset,
			  dma_peek(rig->fd, rig->dev.stdev_id,
				   APERTURE_FIRST + offset));
	}
	ASSERT_EQ(0, vfio_unmap_all(rig->fd, &unmapped));
	EXPECT_EQ(cuts ? length / 2 : length, unmapped);
	EXPECT_EQ(0, mock_check_refs(rig->fd, mem, length, 0));
}

/* What an access has pinned is one with its area: it lets go before that is cut */
TEST_F(type1, cut_asks_accesses_to_let_go)
{
	const bool cuts = variant->type == VFIO_TYPE1_IOMMU;
	const struct rig *rig = &self->rig;
	__u32 access_fd = 0, id = 0;
	unsigned int i;
	__u64 unmapped;

	ASSERT_EQ(0, map_pages(self, 0, PAGES));
	ASSERT_EQ(0, mock_access_create(rig->fd, rig->ioas_id, ACCESS_PINS,
					&access_fd));
	/* Around the first cut, then around the last */
	for (i = 2; i <= 6; i += 3) {
		ASSERT_EQ(0, mock_access_pin(rig->fd, access_fd, 0,
					     APERTURE_FIRST + i * self->page,
					     4 * self->page,
					     self->mem + i * self->page, &id));
		EXPECT_EQ(cuts ? 0 : -ENOENT, unmap_pages(self, 4, 3,
							  &unmapped));
		EXPECT_EQ(3 * self->page, unmapped);
		EXPECT_EQ(cuts ? -ENOENT : 0,
			  mock_access_unpin(rig->fd, access_fd, id));
		expect_mapped(_metadata, self, cuts ? 0xff8f : 0xffff);
		if (cuts)
			ASSERT_EQ(0, map_pages(self, 4, 3));
	}
	/* Each of the pieces can be pinned, and all of them */
	ASSERT_EQ(0, mock_access_pin(rig->fd, access_fd, 0, APERTURE_FIRST,
				     PAGES * self->page, self->mem, &id));
	EXPECT_EQ(0, mock_access_unpin(rig->fd, access_fd, id));
	close(access_fd);
	ASSERT_EQ(0, vfio_unmap_all(rig->fd, &unmapped));
	EXPECT_EQ(PAGES * self->page, unmapped);
	EXPECT_EQ(0, mock_check_refs(rig->fd, self->mem, PAGES * self->page, 0));
}

/* A pin in another part of the area is no reason to wait for ever */
TEST_F(type1, cut_far_from_what_accesses_have_pinned)
{
	const bool cuts = variant->type == VFIO_TYPE1_IOMMU;
	const struct rig *rig = &self->rig;
	__u32 access_fd = 0, id = 0;

	ASSERT_EQ(0, map_pages(self, 0, PAGES));
	ASSERT_EQ(0, mock_access_create(rig->fd, rig->ioas_id, ACCESS_PINS,
					&access_fd));
	ASSERT_EQ(0, mock_access_pin(rig->fd, access_fd, 0,
				     APERTURE_FIRST + 12 * self->page,
				     2 * self->page, self->mem + 12 * self->page,
				     &id));
	EXPECT_EQ(cuts ? 0 : -ENOENT, unmap_pages(self, 4, 3, NULL));
	expect_mapped(_metadata, self, cuts ? 0xff8f : 0xffff);
	close(access_fd);
	ASSERT_EQ(0, vfio_unmap_all(rig->fd, NULL));
	EXPECT_EQ(0, mock_check_refs(rig->fd, self->mem, PAGES * self->page, 0));
}

TEST_F(type1, what_may_be_in_large_pages_is_not_cut)
{
	const struct rig *rig = &self->rig;
	int rc = -ENOENT;

	if (variant->type == VFIO_TYPE1_IOMMU)
		rc = variant->no_device ? 0 : -EINVAL;
	/* The other way to choose the size of pages, which comes later */
	ASSERT_EQ(0, option_set(rig->fd, IOMMU_OPTION_HUGE_PAGES, rig->ioas_id,
				1));
	ASSERT_EQ(0, map_pages(self, 0, 4));
	EXPECT_EQ(rc, unmap_pages(self, 1, 1, NULL));
	expect_mapped(_metadata, self, 0xf);
	EXPECT_EQ(0, vfio_unmap_all(rig->fd, NULL));
}

TEST_F(type1, own_ioctls_see_the_same_areas_and_cut_none)
{
	struct rig *rig = &self->rig;
	__u64 unmapped = 0;

	ASSERT_EQ(0, map_pages(self, 0, 4));
	EXPECT_EQ(-ENOENT, ioas_unmap(rig->fd, rig->ioas_id, APERTURE_FIRST,
				      self->page, NULL));
	ASSERT_EQ(0, ioas_unmap(rig->fd, rig->ioas_id, APERTURE_FIRST,
				4 * self->page, &unmapped));
	EXPECT_EQ(4 * self->page, unmapped);
	ASSERT_EQ(0, ioas_map_fixed(rig->fd, rig->ioas_id, self->mem,
				    2 * self->page, APERTURE_FIRST,
				    IOAS_MAP_RW));
	ASSERT_EQ(0, unmap_pages(self, 0, 4, &unmapped));
	EXPECT_EQ(2 * self->page, unmapped);
}

/* ---- VFIO_SET_IOMMU ---- */

TEST_F(type1, set_iommu_again)
{
	ASSERT_EQ(0, map_pages(self, 0, 2));
	self->rig.mapped = 2 * self->page;
	EXPECT_EQ(0, vfio_set_iommu(self->rig.fd, variant->type));
	expect_mapped(_metadata, self, 3);
}

TEST_F(type1, set_iommu_of_another_kind_is_ENODEV)
{
	static const unsigned long bad[] = {
		0, VFIO_SPAPR_TCE_IOMMU, VFIO_DMA_CC_IOMMU, VFIO_EEH,
		VFIO_TYPE1_NESTING_IOMMU, VFIO_SPAPR_TCE_v2_IOMMU,
		VFIO_NOIOMMU_IOMMU, VFIO_UNMAP_ALL, VFIO_UPDATE_VADDR,
		1000, ~0UL,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-ENODEV, vfio_set_iommu(self->rig.fd, bad[i])) {
			TH_LOG("type %lu", bad[i]);
		}
	}
}

TEST_F(type1, v1_means_small_pages)
{
	__u64 huge_pages = 77;

	ASSERT_EQ(0, option_get(self->rig.fd, IOMMU_OPTION_HUGE_PAGES,
				self->rig.ioas_id, &huge_pages));
	EXPECT_EQ(variant->type == VFIO_TYPE1v2_IOMMU, huge_pages);
}

TEST_F(type1, small_pages_alone_do_not_let_cut)
{
	const bool cuts = variant->type == VFIO_TYPE1_IOMMU;

	ASSERT_EQ(0, option_set(self->rig.fd, IOMMU_OPTION_HUGE_PAGES,
				self->rig.ioas_id, 0));
	ASSERT_EQ(0, map_pages(self, 0, 2));
	EXPECT_EQ(cuts ? 0 : -ENOENT, unmap_pages(self, 0, 1, NULL));
	expect_mapped(_metadata, self, cuts ? 2 : 3);
	self->rig.mapped = (cuts ? 1 : 2) * self->page;
}

TEST_F(type1, v1_only_if_nothing_is_mapped_in_one_piece)
{
	const bool mixed = variant->type == VFIO_TYPE1v2_IOMMU &&
			   !variant->no_device;
	int fd = self->rig.fd;

	ASSERT_EQ(0, map_pages(self, 0, 2));
	EXPECT_EQ(mixed ? -EINVAL : 0, vfio_set_iommu(fd, VFIO_TYPE1_IOMMU));
	if (mixed) {
		__u64 huge_pages = 77;

		EXPECT_EQ(-ENOENT, unmap_pages(self, 0, 1, NULL));
		expect_mapped(_metadata, self, 3);
		ASSERT_EQ(0, option_get(fd, IOMMU_OPTION_HUGE_PAGES,
					self->rig.ioas_id, &huge_pages));
		EXPECT_EQ(1ULL, huge_pages);
		ASSERT_EQ(0, vfio_unmap_all(fd, NULL));
		ASSERT_EQ(0, vfio_set_iommu(fd, VFIO_TYPE1_IOMMU));
		ASSERT_EQ(0, map_pages(self, 0, 2));
	}
	EXPECT_EQ(0, unmap_pages(self, 0, 1, NULL));
	expect_mapped(_metadata, self, 2);
	self->rig.mapped = self->page;
}

TEST_F(type1, v2_after_v1_cuts_no_more)
{
	const bool cuts = variant->type == VFIO_TYPE1_IOMMU;

	ASSERT_EQ(0, map_pages(self, 0, 4));
	ASSERT_EQ(cuts ? 0 : -ENOENT, unmap_pages(self, 0, 2, NULL));
	ASSERT_EQ(0, vfio_set_iommu(self->rig.fd, VFIO_TYPE1v2_IOMMU));
	EXPECT_EQ(-ENOENT, unmap_pages(self, 2, 1, NULL));
	expect_mapped(_metadata, self, cuts ? 0xc : 0xf);
	EXPECT_EQ(0, unmap_pages(self, 0, 4, NULL));
	expect_mapped(_metadata, self, 0);
}

TEST_HARNESS_MAIN
