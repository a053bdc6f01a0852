// SPDX-License-Identifier: GPL-2.0-only
/*
 * What every ioctl of /dev/iommu does with its struct: its size, memory, flags
 * and reserved members. Each variant is one ioctl with an argument that works.
 */
#include <linux/vfio.h>
#include "common.h"

union any_arg {
	__u32 size;
	struct iommu_destroy destroy;
	struct iommu_ioas_alloc ioas_alloc;
	struct iommu_ioas_iova_ranges iova_ranges;
	struct iommu_ioas_allow_iovas allow_iovas;
	struct iommu_ioas_map map;
	struct iommu_ioas_copy copy;
	struct iommu_ioas_unmap unmap;
	struct iommu_option option;
	struct iommu_hwpt_alloc hwpt_alloc;
	struct iommu_hw_info hw_info;
	struct iommu_hwpt_invalidate invalidate;
	__u8 bytes[64];
};

/* Bits of a member, counted from its lowest, that must be zero */
struct zero_bits {
	size_t offset;
	unsigned int first;
	unsigned int last;
};

#define RESERVED_U32(type, member) { offsetof(struct type, member), 0, 31 }
#define UNKNOWN_FLAGS(type, from)  { offsetof(struct type, flags), from, 31 }

FIXTURE(dispatch)
{
	struct rig rig;
	struct iommu_iova_range ranges[4];
	struct iommu_hwpt_invalidate_selftest request;
	union any_arg good;
	char *room;
};

/**
 * struct _fixture_variant_dispatch - one ioctl
 * @request: Its number
 * @first: Size of the struct's first version
 * @size: Size of the struct
 * @has_output: The kernel writes to the struct
 * @open: Makes the objects it works on; NULL if it needs none
 * @zero: Bits that are unknown flags or reserved
 * @fill: Makes an argument for one call that succeeds
 * @after: Takes note of what a call did; checks that a failed one did nothing
 */
FIXTURE_VARIANT(dispatch)
{
	unsigned long request;
	__u32 first;
	__u32 size;
	bool has_output;
	struct zero_bits zero[3];
	void (*open)(struct __test_metadata *_metadata, struct rig *rig);
	void (*fill)(struct __test_metadata *_metadata,
		     struct _test_data_dispatch *self);
	void (*after)(struct __test_metadata *_metadata,
		      struct _test_data_dispatch *self,
		      const union any_arg *arg, int rc);
};

/* ---- The ioctls ---- */

static void fill_destroy(struct __test_metadata *_metadata,
			 struct _test_data_dispatch *self)
{
	self->good.destroy.id = rig_ioas(_metadata, &self->rig);
}

static void after_destroy(struct __test_metadata *_metadata,
			  struct _test_data_dispatch *self,
			  const union any_arg *arg, int rc)
{
	/* What is left in the list is found destroyed at the end, or not */
	if (!rc)
		self->rig.nr_objects--;
}

FIXTURE_VARIANT_ADD(dispatch, destroy)
{
	.request = IOMMU_DESTROY,
	.first = 8,
	.size = sizeof(struct iommu_destroy),
	.fill = fill_destroy,
	.after = after_destroy,
};

static void fill_ioas_alloc(struct __test_metadata *_metadata,
			    struct _test_data_dispatch *self)
{
	/* Nothing to give */
}

static void after_ioas_alloc(struct __test_metadata *_metadata,
			     struct _test_data_dispatch *self,
			     const union any_arg *arg, int rc)
{
	if (!rc)
		rig_keep(_metadata, &self->rig, arg->ioas_alloc.out_ioas_id);
}

FIXTURE_VARIANT_ADD(dispatch, ioas_alloc)
{
	.request = IOMMU_IOAS_ALLOC,
	.first = 12,
	.size = sizeof(struct iommu_ioas_alloc),
	.has_output = true,
	.zero = { UNKNOWN_FLAGS(iommu_ioas_alloc, 0) },
	.fill = fill_ioas_alloc,
	.after = after_ioas_alloc,
};

static void fill_iova_ranges(struct __test_metadata *_metadata,
			     struct _test_data_dispatch *self)
{
	self->good.iova_ranges.ioas_id = self->rig.ioas_id;
	self->good.iova_ranges.num_iovas = ARRAY_SIZE(self->ranges);
	self->good.iova_ranges.allowed_iovas = (uintptr_t)self->ranges;
}

static void after_iova_ranges(struct __test_metadata *_metadata,
			      struct _test_data_dispatch *self,
			      const union any_arg *arg, int rc)
{
	if (!rc) {
		EXPECT_EQ(1U, arg->iova_ranges.num_iovas);
		EXPECT_EQ(APERTURE_FIRST, self->ranges[0].start);
	}
}

FIXTURE_VARIANT_ADD(dispatch, ioas_iova_ranges)
{
	.request = IOMMU_IOAS_IOVA_RANGES,
	.first = 32,
	.size = sizeof(struct iommu_ioas_iova_ranges),
	.has_output = true,
	.zero = { RESERVED_U32(iommu_ioas_iova_ranges, __reserved) },
	.open = rig_open_device,
	.fill = fill_iova_ranges,
	.after = after_iova_ranges,
};

static void fill_map(struct __test_metadata *_metadata,
		     struct _test_data_dispatch *self)
{
	self->good.map.flags = IOAS_MAP_RW;
	self->good.map.ioas_id = self->rig.ioas_id;
	self->good.map.user_va =
		(uintptr_t)get_memory(_metadata, page_size());
	self->good.map.length = page_size();
}

static void after_map(struct __test_metadata *_metadata,
		      struct _test_data_dispatch *self,
		      const union any_arg *arg, int rc)
{
	EXPECT_EQ(0, mock_check_refs(self->rig.fd,
				     (void *)self->good.map.user_va,
				     page_size(), rc ? 0 : 1));
	if (!rc)
		self->rig.mapped += page_size();
}

FIXTURE_VARIANT_ADD(dispatch, ioas_map)
{
	.request = IOMMU_IOAS_MAP,
	.first = 40,
	.size = sizeof(struct iommu_ioas_map),
	.has_output = true,
	.zero = {
		UNKNOWN_FLAGS(iommu_ioas_map, 3),
		RESERVED_U32(iommu_ioas_map, __reserved),
	},
	.open = rig_open_device,
	.fill = fill_map,
	.after = after_map,
};

static void fill_map_fixed(struct __test_metadata *_metadata,
			   struct _test_data_dispatch *self)
{
	fill_map(_metadata, self);
	self->good.map.flags |= IOMMU_IOAS_MAP_FIXED_IOVA;
	self->good.map.iova = APERTURE_FIRST;
}

FIXTURE_VARIANT_ADD(dispatch, ioas_map_fixed)
{
	.request = IOMMU_IOAS_MAP,
	.first = 40,
	.size = sizeof(struct iommu_ioas_map),
	.has_output = true,
	.zero = {
		UNKNOWN_FLAGS(iommu_ioas_map, 3),
		RESERVED_U32(iommu_ioas_map, __reserved),
	},
	.open = rig_open_device,
	.fill = fill_map_fixed,
	.after = after_map,
};

static void fill_copy(struct __test_metadata *_metadata,
		      struct _test_data_dispatch *self)
{
	rig_map(_metadata, &self->rig, get_memory(_metadata, page_size()),
		page_size(), APERTURE_FIRST, IOAS_MAP_RW);
	self->good.copy.flags = IOAS_MAP_RW;
	self->good.copy.dst_ioas_id = self->rig.ioas_id;
	self->good.copy.src_ioas_id = self->rig.ioas_id;
	self->good.copy.length = page_size();
	self->good.copy.src_iova = APERTURE_FIRST;
}

static void after_copy(struct __test_metadata *_metadata,
		       struct _test_data_dispatch *self,
		       const union any_arg *arg, int rc)
{
	if (rc)
		return;
	self->rig.mapped += page_size();
	EXPECT_LT(APERTURE_FIRST, arg->copy.dst_iova);
}

FIXTURE_VARIANT_ADD(dispatch, ioas_copy)
{
	.request = IOMMU_IOAS_COPY,
	.first = 40,
	.size = sizeof(struct iommu_ioas_copy),
	.has_output = true,
	.zero = { UNKNOWN_FLAGS(iommu_ioas_copy, 3) },
	.open = rig_open_device,
	.fill = fill_copy,
	.after = after_copy,
};

/* Far from where automatic IOVAs are without it */
static void fill_allow_iovas(struct __test_metadata *_metadata,
			     struct _test_data_dispatch *self)
{
	self->ranges[0].start = APERTURE_LAST / 2 + 1;
	self->ranges[0].last = APERTURE_LAST;
	self->good.allow_iovas.ioas_id = self->rig.ioas_id;
	self->good.allow_iovas.num_iovas = 1;
	self->good.allow_iovas.allowed_iovas = (uintptr_t)self->ranges;
}

static void after_allow_iovas(struct __test_metadata *_metadata,
			      struct _test_data_dispatch *self,
			      const union any_arg *arg, int rc)
{
	__u64 iova = 0;

	EXPECT_EQ(0, ioas_map(self->rig.fd, self->rig.ioas_id, self->room,
			      page_size(), IOAS_MAP_RO, &iova));
	EXPECT_EQ(!rc, iova >= self->ranges[0].start);
	EXPECT_EQ(0, ioas_unmap(self->rig.fd, self->rig.ioas_id, iova,
				page_size(), NULL));
}

FIXTURE_VARIANT_ADD(dispatch, ioas_allow_iovas)
{
	.request = IOMMU_IOAS_ALLOW_IOVAS,
	.first = 24,
	.size = sizeof(struct iommu_ioas_allow_iovas),
	.zero = { RESERVED_U32(iommu_ioas_allow_iovas, __reserved) },
	.open = rig_open_device,
	.fill = fill_allow_iovas,
	.after = after_allow_iovas,
};

static void fill_option_set(struct __test_metadata *_metadata,
			    struct _test_data_dispatch *self)
{
	self->good.option.option_id = IOMMU_OPTION_RLIMIT_MODE;
	self->good.option.op = IOMMU_OPTION_OP_SET;
	self->good.option.val64 = 1;
}

static void after_option_set(struct __test_metadata *_metadata,
			     struct _test_data_dispatch *self,
			     const union any_arg *arg, int rc)
{
	__u64 value = 2;

	EXPECT_EQ(0, option_get(self->rig.fd, IOMMU_OPTION_RLIMIT_MODE, 0,
				&value));
	EXPECT_EQ((__u64)!rc, value);
}

FIXTURE_VARIANT_ADD(dispatch, option_set)
{
	.request = IOMMU_OPTION,
	.first = 24,
	.size = sizeof(struct iommu_option),
	.zero = { { offsetof(struct iommu_option, __reserved), 0, 15 } },
	.fill = fill_option_set,
	.after = after_option_set,
};

static void fill_option_get(struct __test_metadata *_metadata,
			    struct _test_data_dispatch *self)
{
	self->good.option.option_id = IOMMU_OPTION_HUGE_PAGES;
	self->good.option.op = IOMMU_OPTION_OP_GET;
	self->good.option.object_id = self->rig.ioas_id;
}

static void after_option_get(struct __test_metadata *_metadata,
			     struct _test_data_dispatch *self,
			     const union any_arg *arg, int rc)
{
	EXPECT_EQ((__u64)!rc, arg->option.val64);
}

FIXTURE_VARIANT_ADD(dispatch, option_get)
{
	.request = IOMMU_OPTION,
	.first = 24,
	.size = sizeof(struct iommu_option),
	.has_output = true,
	.zero = { { offsetof(struct iommu_option, __reserved), 0, 15 } },
	.open = rig_open_device,
	.fill = fill_option_get,
	.after = after_option_get,
};

static void fill_unmap(struct __test_metadata *_metadata,
		       struct _test_data_dispatch *self)
{
	rig_map(_metadata, &self->rig, get_memory(_metadata, page_size()),
		page_size(), APERTURE_FIRST, IOAS_MAP_RW);
	self->good.unmap.ioas_id = self->rig.ioas_id;
	self->good.unmap.iova = APERTURE_FIRST;
	self->good.unmap.length = page_size();
}

static void after_unmap(struct __test_metadata *_metadata,
			struct _test_data_dispatch *self,
			const union any_arg *arg, int rc)
{
	if (!rc)
		self->rig.mapped -= arg->unmap.length;
}

FIXTURE_VARIANT_ADD(dispatch, ioas_unmap)
{
	.request = IOMMU_IOAS_UNMAP,
	.first = 24,
	.size = sizeof(struct iommu_ioas_unmap),
	.has_output = true,
	.open = rig_open_device,
	.fill = fill_unmap,
	.after = after_unmap,
};

static void fill_hwpt_alloc(struct __test_metadata *_metadata,
			    struct _test_data_dispatch *self)
{
	self->good.hwpt_alloc.dev_id = self->rig.dev.idev_id;
	self->good.hwpt_alloc.pt_id = self->rig.ioas_id;
}

static void after_hwpt_alloc(struct __test_metadata *_metadata,
			     struct _test_data_dispatch *self,
			     const union any_arg *arg, int rc)
{
	if (!rc)
		rig_keep(_metadata, &self->rig, arg->hwpt_alloc.out_hwpt_id);
}

FIXTURE_VARIANT_ADD(dispatch, hwpt_alloc)
{
	.request = IOMMU_HWPT_ALLOC,
	.first = 24,
	.size = sizeof(struct iommu_hwpt_alloc),
	.has_output = true,
	.zero = {
		UNKNOWN_FLAGS(iommu_hwpt_alloc, 3),
		RESERVED_U32(iommu_hwpt_alloc, __reserved),
		RESERVED_U32(iommu_hwpt_alloc, __reserved2),
	},
	.open = rig_open_device,
	.fill = fill_hwpt_alloc,
	.after = after_hwpt_alloc,
};

static void fill_hw_info(struct __test_metadata *_metadata,
			 struct _test_data_dispatch *self)
{
	self->good.hw_info.dev_id = self->rig.dev.idev_id;
}

static void after_hw_info(struct __test_metadata *_metadata,
			  struct _test_data_dispatch *self,
			  const union any_arg *arg, int rc)
{
	EXPECT_EQ(rc ? self->good.hw_info.out_data_type :
		       IOMMU_HW_INFO_TYPE_SELFTEST,
		  arg->hw_info.out_data_type);
}

FIXTURE_VARIANT_ADD(dispatch, get_hw_info)
{
	.request = IOMMU_GET_HW_INFO,
	.first = 32,
	.size = sizeof(struct iommu_hw_info),
	.has_output = true,
	.zero = {
		UNKNOWN_FLAGS(iommu_hw_info, 1),
		{ offsetof(struct iommu_hw_info, __reserved), 0, 23 },
	},
	.open = rig_open_device,
	.fill = fill_hw_info,
	.after = after_hw_info,
};

static void fill_invalidate(struct __test_metadata *_metadata,
			    struct _test_data_dispatch *self)
{
	self->good.invalidate.hwpt_id = self->rig.nested_id;
	self->good.invalidate.data_uptr = (uintptr_t)&self->request;
	self->good.invalidate.data_type = IOMMU_HWPT_INVALIDATE_DATA_SELFTEST;
	self->good.invalidate.entry_len = sizeof(self->request);
	self->good.invalidate.entry_num = 1;
}

static void after_invalidate(struct __test_metadata *_metadata,
			     struct _test_data_dispatch *self,
			     const union any_arg *arg, int rc)
{
	EXPECT_EQ(0, mock_check_iotlb(self->rig.fd, self->rig.nested_id, 0,
				      rc ? IOMMU_TEST_IOTLB_DEFAULT : 0));
}

FIXTURE_VARIANT_ADD(dispatch, hwpt_invalidate)
{
	.request = IOMMU_HWPT_INVALIDATE,
	.first = 32,
	.size = sizeof(struct iommu_hwpt_invalidate),
	.has_output = true,
	.zero = { RESERVED_U32(iommu_hwpt_invalidate, __reserved) },
	.open = rig_open_nested,
	.fill = fill_invalidate,
	.after = after_invalidate,
};

/* ---- The tests ---- */

FIXTURE_SETUP(dispatch)
{
	if (variant->open)
		variant->open(_metadata, &self->rig);
	else
		rig_open(_metadata, &self->rig);
	self->room = get_memory(_metadata, 3 * page_size());
	self->good.size = variant->size;
	variant->fill(_metadata, self);
}

FIXTURE_TEARDOWN(dispatch)
{
	rig_close(_metadata, &self->rig);
}

/* Call with the good argument at some place, saying it is size bytes long */
static int call(const struct _test_data_dispatch *self,
		const struct _fixture_variant_dispatch *variant, void *at,
		__u32 size)
{
	memcpy(at, self->good.bytes, variant->size);
	memcpy(at, &size, sizeof(size));
	return iommufd_ioctl(self->rig.fd, variant->request, at);
}

TEST_F(dispatch, exact_size_succeeds)
{
	ASSERT_EQ(0, call(self, variant, self->room, variant->size));
	variant->after(_metadata, self, (void *)self->room, 0);
}

TEST_F(dispatch, null_pointer_is_EFAULT)
{
	int rc = iommufd_ioctl(self->rig.fd, variant->request, NULL);

	EXPECT_EQ(-EFAULT, rc);
	variant->after(_metadata, self, &self->good, rc);
}

TEST_F(dispatch, unmapped_pointer_is_EFAULT)
{
	void *hole = get_hole(_metadata, page_size());
	int rc = iommufd_ioctl(self->rig.fd, variant->request, hole);

	EXPECT_EQ(-EFAULT, rc);
	variant->after(_metadata, self, &self->good, rc);
}

TEST_F(dispatch, size_below_first_version_is_EINVAL)
{
	const __u32 sizes[] = { 0, 1, 4, variant->first - 1 };
	unsigned int i;
	int rc;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		rc = call(self, variant, self->room, sizes[i]);
		EXPECT_EQ(-EINVAL, rc) {
			TH_LOG("size %u", sizes[i]);
		}
		variant->after(_metadata, self, (void *)self->room, rc);
	}
}

TEST_F(dispatch, first_version_is_enough_and_nothing_past_it_written)
{
	size_t i;

	memset(self->room, 0xa5, page_size());
	memcpy(self->room, self->good.bytes, variant->first);
	*(__u32 *)self->room = variant->first;
	ASSERT_EQ(0, iommufd_ioctl(self->rig.fd, variant->request, self->room));
	variant->after(_metadata, self, (void *)self->room, 0);
	for (i = variant->first; i < page_size(); i++) {
		ASSERT_EQ(0xa5, (__u8)self->room[i]);
	}
}

TEST_F(dispatch, zero_tail_is_as_exact)
{
	ASSERT_EQ(0, call(self, variant, self->room, variant->size + 1));
	variant->after(_metadata, self, (void *)self->room, 0);
}

TEST_F(dispatch, zero_tail_up_to_a_page_is_as_exact)
{
	ASSERT_EQ(0, call(self, variant, self->room, page_size()));
	variant->after(_metadata, self, (void *)self->room, 0);
}

TEST_F(dispatch, nonzero_tail_is_E2BIG)
{
	const __u32 tails[] = { 1, 8, 100 };
	unsigned int i, at_end;
	size_t odd;
	int rc;

	for (i = 0; i < ARRAY_SIZE(tails); i++) {
		for (at_end = 0; at_end < 2; at_end++) {
			odd = variant->size + (at_end ? tails[i] - 1 : 0);
			memset(self->room, 0, page_size());
			self->room[odd] = 1;
			rc = call(self, variant, self->room,
				  variant->size + tails[i]);
			EXPECT_EQ(-E2BIG, rc) {
				TH_LOG("tail of %u, byte %zu", tails[i], odd);
			}
			variant->after(_metadata, self, (void *)self->room, rc);
		}
	}
}

TEST_F(dispatch, size_above_a_page_is_E2BIG)
{
	const __u32 sizes[] = { page_size() + 1, 2 * page_size(), UINT32_MAX };
	unsigned int i;
	int rc;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		rc = call(self, variant, self->room, sizes[i]);
		EXPECT_EQ(-E2BIG, rc) {
			TH_LOG("size %u", sizes[i]);
		}
		variant->after(_metadata, self, (void *)self->room, rc);
	}
}

TEST_F(dispatch, struct_at_the_end_of_memory_succeeds)
{
	void *edge = get_memory_at_edge(_metadata, variant->size);

	ASSERT_EQ(0, call(self, variant, edge, variant->size));
	variant->after(_metadata, self, edge, 0);
}

TEST_F(dispatch, struct_crossing_into_an_unmapped_page_is_EFAULT)
{
	__u32 half = variant->size / 2;
	char *edge = get_memory_at_edge(_metadata, half);
	int rc;

	memcpy(edge, self->good.bytes, half);
	rc = iommufd_ioctl(self->rig.fd, variant->request, edge);
	EXPECT_EQ(-EFAULT, rc);
	variant->after(_metadata, self, &self->good, rc);
}

TEST_F(dispatch, tail_in_an_unmapped_page_is_EFAULT)
{
	void *edge = get_memory_at_edge(_metadata, variant->size);
	int rc = call(self, variant, edge, variant->size + 8);

	EXPECT_EQ(-EFAULT, rc);
	variant->after(_metadata, self, edge, rc);
}

TEST_F(dispatch, read_only_struct_for_output_is_EFAULT_and_nothing_is_done)
{
	int rc;

	memcpy(self->room, self->good.bytes, variant->size);
	ASSERT_EQ(0, mprotect(self->room, page_size(), PROT_READ));
	rc = iommufd_ioctl(self->rig.fd, variant->request, self->room);
	EXPECT_EQ(variant->has_output ? -EFAULT : 0, rc);
	variant->after(_metadata, self, (void *)self->room, rc);
}

TEST_F(dispatch, unknown_flags_and_reserved_bits_are_EOPNOTSUPP)
{
	const struct zero_bits *zero;
	unsigned int i, bit;
	int rc;

	for (i = 0; i < ARRAY_SIZE(variant->zero); i++) {
		zero = &variant->zero[i];
		if (!zero->last)
			break;
		for (bit = zero->first; bit <= zero->last; bit++) {
			__u8 *byte = &self->good.bytes[zero->offset + bit / 8];

			*byte ^= 1 << bit % 8;
			rc = call(self, variant, self->room, variant->size);
			*byte ^= 1 << bit % 8;
			EXPECT_EQ(-EOPNOTSUPP, rc) {
				TH_LOG("offset %zu bit %u", zero->offset, bit);
			}
			variant->after(_metadata, self, (void *)self->room, rc);
		}
	}
}

TEST_F(dispatch, number_with_a_direction_is_ENOTTY)
{
	unsigned long number = _IOC(_IOC_READ | _IOC_WRITE, IOMMUFD_TYPE,
				    _IOC_NR(variant->request), variant->size);
	int rc;

	memcpy(self->room, self->good.bytes, variant->size);
	rc = iommufd_ioctl(self->rig.fd, number, self->room);
	EXPECT_EQ(-ENOTTY, rc);
	variant->after(_metadata, self, (void *)self->room, rc);
}

/* ---- Numbers that are no ioctl ---- */

FIXTURE(number)
{
	struct rig rig;
};

FIXTURE_SETUP(number)
{
	rig_open(_metadata, &self->rig);
}

FIXTURE_TEARDOWN(number)
{
	rig_close(_metadata, &self->rig);
}

/* VFIO's, which are answered too */
static bool is_vfio_compat(unsigned int nr)
{
	return nr == _IOC_NR(VFIO_GET_API_VERSION) ||
	       nr == _IOC_NR(VFIO_CHECK_EXTENSION) ||
	       nr == _IOC_NR(VFIO_SET_IOMMU) ||
	       nr == _IOC_NR(VFIO_IOMMU_GET_INFO) ||
	       nr == _IOC_NR(VFIO_IOMMU_MAP_DMA) ||
	       nr == _IOC_NR(VFIO_IOMMU_UNMAP_DMA);
}

TEST_F(number, unknown_is_ENOTTY)
{
	__u32 arg[16] = { sizeof(arg) };
	unsigned int nr;

	for (nr = 0; nr <= 0xff; nr++) {
		if (nr >= IOMMUFD_CMD_BASE &&
		    nr <= IOMMUFD_CMD_FAULT_QUEUE_ALLOC)
			continue;
		if (nr == _IOC_NR(IOMMU_TEST_CMD) || is_vfio_compat(nr))
			continue;
		EXPECT_EQ(-ENOTTY, iommufd_ioctl(self->rig.fd,
						 _IO(IOMMUFD_TYPE, nr), arg)) {
			TH_LOG("number %#x", nr);
		}
	}
}

TEST_F(number, of_another_type_is_ENOTTY)
{
	struct iommu_ioas_alloc arg = { .size = sizeof(arg) };

	EXPECT_EQ(-ENOTTY, iommufd_ioctl(self->rig.fd,
					 _IO('!', IOMMUFD_CMD_IOAS_ALLOC),
					 &arg));
}

TEST_HARNESS_MAIN
