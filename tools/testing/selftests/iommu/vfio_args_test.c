// SPDX-License-Identifier: GPL-2.0-only
/*
 * Type1 on /dev/iommu: the structs of its ioctls, what is read and written of them,
 * and the chain of capabilities.
 */
#include "vfio_type1.h"

/* ---- MAP_DMA and UNMAP_DMA ---- */

#define UNMAP_SIZE offsetof(struct vfio_iommu_type1_dma_unmap, data)

/* Arguments that work, for the first page */
static void fill_map(const struct _test_data_type1 *self,
		     struct vfio_iommu_type1_dma_map *arg)
{
	*arg = (struct vfio_iommu_type1_dma_map){
		.argsz = sizeof(*arg),
		.flags = VFIO_MAP_RW,
		.vaddr = (uintptr_t)self->mem,
		.iova = APERTURE_FIRST,
		.size = self->page,
	};
}

static void fill_unmap(const struct _test_data_type1 *self,
		       struct vfio_iommu_type1_dma_unmap *arg)
{
	*arg = (struct vfio_iommu_type1_dma_unmap){
		.argsz = UNMAP_SIZE,
		.iova = APERTURE_FIRST,
		.size = self->page,
	};
}

TEST_F(type1, argsz_too_short_is_EINVAL_and_longer_is_as_exact)
{
	struct vfio_iommu_type1_dma_unmap unmap;
	struct vfio_iommu_type1_dma_map map;
	int fd = self->rig.fd;

	fill_map(self, &map);
	fill_unmap(self, &unmap);
	for (map.argsz = 0; map.argsz < sizeof(map); map.argsz++) {
		EXPECT_EQ(-EINVAL, iommufd_ioctl(fd, VFIO_IOMMU_MAP_DMA, &map));
	}
	expect_mapped(_metadata, self, 0);
	EXPECT_EQ(0, iommufd_ioctl(fd, VFIO_IOMMU_MAP_DMA, &map));
	for (unmap.argsz = 0; unmap.argsz < UNMAP_SIZE; unmap.argsz++) {
		EXPECT_EQ(-EINVAL, iommufd_ioctl(fd, VFIO_IOMMU_UNMAP_DMA,
						 &unmap));
	}
	expect_mapped(_metadata, self, 1);
	EXPECT_EQ(0, iommufd_ioctl(fd, VFIO_IOMMU_UNMAP_DMA, &unmap));
	EXPECT_EQ(self->page, unmap.size);

	map.argsz = UINT32_MAX;
	EXPECT_EQ(0, iommufd_ioctl(fd, VFIO_IOMMU_MAP_DMA, &map));
	expect_mapped(_metadata, self, 1);
	unmap.argsz = UINT32_MAX;
	EXPECT_EQ(0, iommufd_ioctl(fd, VFIO_IOMMU_UNMAP_DMA, &unmap));
	EXPECT_EQ(self->page, unmap.size);
	EXPECT_EQ(UINT32_MAX, unmap.argsz);
}

TEST_F(type1, struct_at_the_end_of_memory_succeeds)
{
	struct vfio_iommu_type1_dma_map *map =
		get_memory_at_edge(_metadata, sizeof(*map));
	struct vfio_iommu_type1_dma_unmap *unmap =
		get_memory_at_edge(_metadata, UNMAP_SIZE);
	int fd = self->rig.fd;

	fill_map(self, map);
	fill_unmap(self, unmap);
	EXPECT_EQ(0, iommufd_ioctl(fd, VFIO_IOMMU_MAP_DMA, map));
	expect_mapped(_metadata, self, 1);
	EXPECT_EQ(0, iommufd_ioctl(fd, VFIO_IOMMU_UNMAP_DMA, unmap));
	expect_mapped(_metadata, self, 0);
}

TEST_F(type1, struct_not_in_memory_is_EFAULT)
{
	static const unsigned long requests[] = { VFIO_IOMMU_GET_INFO,
						  VFIO_IOMMU_MAP_DMA,
						  VFIO_IOMMU_UNMAP_DMA };
	void *hole = get_hole(_metadata, self->page);
	char *edge = get_memory_at_edge(_metadata, 12);
	unsigned int i;

	*(__u32 *)edge = sizeof(struct vfio_iommu_type1_dma_map);
	for (i = 0; i < ARRAY_SIZE(requests); i++) {
		EXPECT_EQ(-EFAULT, iommufd_ioctl(self->rig.fd, requests[i],
						 NULL));
		EXPECT_EQ(-EFAULT, iommufd_ioctl(self->rig.fd, requests[i],
						 hole));
		EXPECT_EQ(-EFAULT, iommufd_ioctl(self->rig.fd, requests[i],
						 edge));
	}
}

TEST_F(type1, read_only_struct_is_enough_to_map)
{
	struct vfio_iommu_type1_dma_map *arg = get_memory(_metadata,
							  self->page);

	fill_map(self, arg);
	ASSERT_EQ(0, mprotect(arg, self->page, PROT_READ));
	EXPECT_EQ(0, iommufd_ioctl(self->rig.fd, VFIO_IOMMU_MAP_DMA, arg));
	expect_mapped(_metadata, self, 1);
	self->rig.mapped = self->page;
}

TEST_F(type1, read_only_struct_for_unmap_is_EFAULT_and_nothing_is_unmapped)
{
	struct vfio_iommu_type1_dma_unmap *arg = get_memory(_metadata,
							    self->page);

	ASSERT_EQ(0, map_pages(self, 0, 1));
	self->rig.mapped = self->page;
	fill_unmap(self, arg);
	ASSERT_EQ(0, mprotect(arg, self->page, PROT_READ));
	EXPECT_EQ(-EFAULT, iommufd_ioctl(self->rig.fd, VFIO_IOMMU_UNMAP_DMA,
					 arg));
	expect_mapped(_metadata, self, 1);

	ASSERT_EQ(0, mprotect(arg, self->page, PROT_READ | PROT_WRITE));
	arg->flags = VFIO_DMA_UNMAP_FLAG_ALL;
	arg->iova = 0;
	arg->size = 0;
	ASSERT_EQ(0, mprotect(arg, self->page, PROT_READ));
	EXPECT_EQ(-EFAULT, iommufd_ioctl(self->rig.fd, VFIO_IOMMU_UNMAP_DMA,
					 arg));
	expect_mapped(_metadata, self, 1);
}

TEST_F(type1, unmap_writes_the_size_only)
{
	__u8 *room = get_memory(_metadata, self->page);
	struct vfio_iommu_type1_dma_unmap *arg = (void *)room;
	unsigned int i;

	ASSERT_EQ(0, map_pages(self, 1, 1));
	memset(room, 0xa5, self->page);
	fill_unmap(self, arg);
	arg->size = 4 * self->page;
	ASSERT_EQ(0, iommufd_ioctl(self->rig.fd, VFIO_IOMMU_UNMAP_DMA, arg));
	EXPECT_EQ(UNMAP_SIZE, (size_t)arg->argsz);
	EXPECT_EQ(0U, arg->flags);
	EXPECT_EQ(APERTURE_FIRST, arg->iova);
	EXPECT_EQ(self->page, arg->size);
	for (i = UNMAP_SIZE; i < self->page; i++) {
		ASSERT_EQ(0xa5, room[i]);
	}
}

/* ---- GET_INFO ---- */

#define INFO_OLD offsetof(struct vfio_iommu_type1_info, cap_offset)
#define INFO_NEW sizeof(struct vfio_iommu_type1_info)
#define INFO_CAPS (VFIO_IOMMU_INFO_PGSIZES | VFIO_IOMMU_INFO_CAPS)

/* GET_INFO with that much room, in a page filled with 0xa5 */
static struct vfio_iommu_type1_info *get_info(struct __test_metadata *_metadata,
					      int fd, __u32 argsz)
{
	struct vfio_iommu_type1_info *info = get_memory(_metadata, page_size());
	const __u8 *bytes = (const __u8 *)info;
	size_t i;

	memset(info, 0xa5, page_size());
	info->argsz = argsz;
	EXPECT_EQ(0, vfio_get_info(fd, info));
	for (i = argsz; i < page_size(); i++) {
		EXPECT_EQ(0xa5, bytes[i]) {
			TH_LOG("argsz %u, byte %zu", argsz, i);
			break;
		}
	}
	return info;
}

/* How long the answer is */
static __u32 info_size(struct __test_metadata *_metadata, int fd)
{
	return get_info(_metadata, fd, INFO_NEW)->argsz;
}

/* Follow the chain: in the buffer, aligned, going up, both kinds and no other */
static void check_chain(struct __test_metadata *_metadata,
			const struct vfio_iommu_type1_info *info, __u32 size)
{
	const struct vfio_info_cap_header *cap;
	unsigned int kinds = 0;
	__u32 at, end;

	ASSERT_EQ(INFO_NEW, info->cap_offset);
	for (at = info->cap_offset; at; at = cap->next) {
		ASSERT_EQ(0U, at % 4);
		ASSERT_LE(at + sizeof(*cap), size);
		cap = (const void *)((const char *)info + at);
		end = cap->next ?: size;
		EXPECT_EQ(1, cap->version);
		kinds |= 1 << cap->id;
		if (cap->id == VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE) {
			const struct vfio_iommu_type1_info_cap_iova_range *c =
				(const void *)cap;

			EXPECT_EQ(0U, at % 8);
			EXPECT_EQ(0U, c->reserved);
			EXPECT_EQ(sizeof(*c) +
				  c->nr_iovas * sizeof(c->iova_ranges[0]),
				  (size_t)end - at);
		} else {
			EXPECT_EQ(sizeof(struct vfio_iommu_type1_info_dma_avail),
				  (size_t)end - at);
		}
		ASSERT_TRUE(!cap->next || cap->next > at);
	}
	EXPECT_EQ(1U << VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE |
		  1U << VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL, kinds);
}

static const struct vfio_iommu_type1_info_cap_iova_range *
get_ranges(struct __test_metadata *_metadata, int fd)
{
	return vfio_find_cap(get_info(_metadata, fd, info_size(_metadata, fd)),
			     VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE);
}

TEST_F(type1, info_before_there_were_capabilities)
{
	__u32 argsz, size = info_size(_metadata, self->rig.fd);
	struct vfio_iommu_type1_info *info;

	for (argsz = INFO_OLD; argsz < INFO_OLD + sizeof(__u32); argsz++) {
		info = get_info(_metadata, self->rig.fd, argsz);
		EXPECT_EQ((__u32)INFO_CAPS, info->flags);
		EXPECT_EQ(self->page, info->iova_pgsizes & -info->iova_pgsizes);
		EXPECT_EQ(size, info->argsz);
		/* Not written, not even the part that is within argsz */
		EXPECT_EQ(0xa5a5a5a5U, info->cap_offset);
	}
}

TEST_F(type1, info_argsz_too_short_is_EINVAL)
{
	struct vfio_iommu_type1_info info = {};

	for (info.argsz = 0; info.argsz < INFO_OLD; info.argsz++) {
		EXPECT_EQ(-EINVAL, vfio_get_info(self->rig.fd, &info));
	}
	EXPECT_EQ(0U, info.flags);
}

TEST_F(type1, info_of_every_length)
{
	__u32 argsz, size = info_size(_metadata, self->rig.fd);
	struct vfio_iommu_type1_info *info;

	EXPECT_LT(INFO_NEW, (size_t)size);
	for (argsz = INFO_OLD + sizeof(__u32); argsz < size + 10; argsz++) {
		info = get_info(_metadata, self->rig.fd, argsz);
		EXPECT_EQ((__u32)INFO_CAPS, info->flags);
		EXPECT_NE(0ULL, info->iova_pgsizes);
		if (argsz < size) {
			EXPECT_EQ(0U, info->cap_offset);
			EXPECT_EQ(size, info->argsz);
		} else {
			EXPECT_EQ(argsz, info->argsz);
			check_chain(_metadata, info, size);
		}
		munmap(info, self->page);
	}
}

TEST_F(type1, info_into_memory_that_ends_or_is_read_only_is_EFAULT)
{
	__u32 size = info_size(_metadata, self->rig.fd);
	const __u32 short_of[] = { INFO_OLD, INFO_NEW, size - 1 };
	struct vfio_iommu_type1_info *info;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(short_of); i++) {
		info = get_memory_at_edge(_metadata, short_of[i]);
		*(__u32 *)info = size;
		EXPECT_EQ(-EFAULT, vfio_get_info(self->rig.fd, info));
	}
	info = get_memory_at_edge(_metadata, size);
	info->argsz = size;
	EXPECT_EQ(0, vfio_get_info(self->rig.fd, info));

	info = get_memory(_metadata, self->page);
	info->argsz = INFO_NEW;
	ASSERT_EQ(0, mprotect(info, self->page, PROT_READ));
	EXPECT_EQ(-EFAULT, vfio_get_info(self->rig.fd, info));
}

TEST_F(type1, info_of_ranges_around_what_is_reserved)
{
	const __u64 first = variant->no_device ? 0 : APERTURE_FIRST;
	const __u64 last = variant->no_device ? UINT64_MAX : APERTURE_LAST;
	const __u64 hole = APERTURE_FIRST + 8 * self->page;
	const struct vfio_iommu_type1_info_cap_iova_range *cap;
	const struct rig *rig = &self->rig;
	unsigned int i;

	cap = get_ranges(_metadata, rig->fd);
	ASSERT_NE(NULL, cap);
	ASSERT_EQ(1U, cap->nr_iovas);
	EXPECT_EQ(first, cap->iova_ranges[0].start);
	EXPECT_EQ(last, cap->iova_ranges[0].end);

	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, mock_add_reserved(rig->fd, rig->ioas_id,
					       hole + 2 * i * self->page,
					       self->page));
	}
	cap = get_ranges(_metadata, rig->fd);
	ASSERT_NE(NULL, cap);
	ASSERT_EQ(4U, cap->nr_iovas);
	EXPECT_EQ(first, cap->iova_ranges[0].start);
	EXPECT_EQ(hole - 1, cap->iova_ranges[0].end);
	for (i = 1; i < 3; i++) {
		EXPECT_EQ(hole + (2 * i - 1) * self->page,
			  cap->iova_ranges[i].start);
		EXPECT_EQ(hole + 2 * i * self->page - 1,
			  cap->iova_ranges[i].end);
	}
	EXPECT_EQ(hole + 5 * self->page, cap->iova_ranges[3].start);
	EXPECT_EQ(last, cap->iova_ranges[3].end);
}

TEST_F(type1, info_without_a_usable_range)
{
	const struct vfio_iommu_type1_info *info;
	const struct rig *rig = &self->rig;
	const __u64 half = 1ULL << 63;
	__u32 size;

	ASSERT_EQ(0, mock_add_reserved(rig->fd, rig->ioas_id, 0, half));
	ASSERT_EQ(0, mock_add_reserved(rig->fd, rig->ioas_id, half, half));
	size = info_size(_metadata, rig->fd);
	info = get_info(_metadata, rig->fd, size);
	EXPECT_EQ(NULL, vfio_find_cap(info,
				      VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE));
	EXPECT_NE(NULL, vfio_find_cap(info, VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL));
	EXPECT_EQ(INFO_NEW + sizeof(struct vfio_iommu_type1_info_dma_avail),
		  (size_t)size);
}

TEST_F(type1, info_of_available_mappings)
{
	const struct vfio_iommu_type1_info_dma_avail *cap;
	const struct rig *rig = &self->rig;

	cap = vfio_find_cap(get_info(_metadata, rig->fd,
				     info_size(_metadata, rig->fd)),
			    VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL);
	ASSERT_NE(NULL, cap);
	/* type1's own limit, unless an administrator changes it */
	EXPECT_LE(65535U, cap->avail);
}

static __u64 page_sizes(struct __test_metadata *_metadata, int fd)
{
	return get_info(_metadata, fd, INFO_OLD)->iova_pgsizes;
}

TEST_F(type1, info_of_page_sizes_that_all_domains_know)
{
	const __u64 page = self->page, huge = page / 2 * 512;
	struct rig *rig = &self->rig;
	__u64 sizes = page_sizes(_metadata, rig->fd);

	/* The IOMMU's own pages are half a page, which type1 does not tell */
	if (variant->type == VFIO_TYPE1_IOMMU) {
		EXPECT_EQ(page, sizes);
	} else if (variant->no_device) {
		EXPECT_EQ(-page, sizes);
	} else if (variant->flags) {
		EXPECT_EQ(page | huge, sizes);
		/* Another one, that knows no huge pages */
		rig_device_on(_metadata, rig, MOCK_IOMMU_LEGACY, 0,
			      rig->ioas_id);
		EXPECT_EQ(page, page_sizes(_metadata, rig->fd));
	} else {
		EXPECT_EQ(page, sizes);
	}
}

TEST_HARNESS_MAIN
