// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ioctls of /dev/iommu, and what the uAPI header lets each return: a table that
 * follows include/uapi/linux/iommufd.h and has no code of its own but for arrays.
 */
#include "fuzz.h"
#include "vfio_ioctls.h"

#define OP(_name, _struct, _last, _request)				\
	.name = _name, .request = _request,				\
	.size = sizeof(struct _struct),					\
	.min_size = offsetof(struct _struct, _last) +			\
		    sizeof(((struct _struct *)0)->_last)

/* ---- Objects and IOAS ---- */

static const struct fuzz_field destroy[] = {
	FUZZ_FIELD(iommu_destroy, id, F_ID, KINDS_ALL),
};

static const struct fuzz_field ioas_alloc_fields[] = {
	FUZZ_FIELD(iommu_ioas_alloc, out_ioas_id, F_NEW_ID, KIND_IOAS),
};

static const struct fuzz_field iova_ranges[] = {
	FUZZ_FIELD(iommu_ioas_iova_ranges, ioas_id, F_ID, 1 << KIND_IOAS),
	FUZZ_FIELD(iommu_ioas_iova_ranges, num_iovas, F_BELOW, 6),
	FUZZ_FIELD(iommu_ioas_iova_ranges, allowed_iovas, F_OUT, 0),
};

static const struct fuzz_field allow_iovas[] = {
	FUZZ_FIELD(iommu_ioas_allow_iovas, ioas_id, F_ID, 1 << KIND_IOAS),
	FUZZ_FIELD(iommu_ioas_allow_iovas, num_iovas, F_BELOW, 4),
	FUZZ_FIELD(iommu_ioas_allow_iovas, allowed_iovas, F_IN, 0),
};

static void fill_ranges(struct fuzz_call *call)
{
	struct iommu_iova_range *ranges = (void *)call->worker->in;
	struct dice *dice = &call->dice;
	__u64 at = 0;
	int i;

	for (i = 0; i < 8; i++) {
		at += dice_below(dice, MOCK_APERTURE_LAST / 4);
		ranges[i].start = at;
		at += dice_below(dice, MOCK_APERTURE_LAST / 4);
		ranges[i].last = at;
		at += dice_percent(dice, 90);
	}
	if (dice_percent(dice, 40))
		ranges[0] = (struct iommu_iova_range){
			.last = dice_percent(dice, 50) ? UINT64_MAX :
							 MOCK_APERTURE_LAST,
		};
}

static const struct fuzz_field map_fixed[] = {
	FUZZ_FIELD(iommu_ioas_map, ioas_id, F_ID, 1 << KIND_IOAS),
	FUZZ_FIELD(iommu_ioas_map, user_va, F_VA, 0),
	FUZZ_FIELD(iommu_ioas_map, length, F_VA_LENGTH, 0),
	FUZZ_FIELD(iommu_ioas_map, iova, F_NEW_IOVA, 0),
	FUZZ_FIELD(iommu_ioas_map, flags, F_FLAGS_ANY, IOAS_MAP_RW),
};

/* Where the kernel chooses */
static const struct fuzz_field map_auto[] = {
	FUZZ_FIELD(iommu_ioas_map, ioas_id, F_ID, 1 << KIND_IOAS),
	FUZZ_FIELD(iommu_ioas_map, user_va, F_VA, 0),
	FUZZ_FIELD(iommu_ioas_map, length, F_VA_LENGTH, 0),
	FUZZ_FIELD(iommu_ioas_map, iova, F_NEW_IOVA, 0),
	FUZZ_FIELD(iommu_ioas_map, flags, F_CONST, IOAS_MAP_RW),
};

static void fill_map_fixed(struct fuzz_call *call)
{
	struct iommu_ioas_map *arg = (void *)call->arg;

	arg->flags |= IOMMU_IOAS_MAP_FIXED_IOVA;
	/* A place of one's own, mostly, and as far into a page as the memory */
	if (dice_percent(&call->dice, 70))
		arg->iova = MOCK_APERTURE_START +
			    dice_below(&call->dice, 256) * (1 << 20) +
			    arg->user_va % FUZZ_PAGE;
}

static const struct fuzz_field copy_fixed[] = {
	FUZZ_FIELD(iommu_ioas_copy, dst_ioas_id, F_ID, 1 << KIND_IOAS),
	FUZZ_FIELD(iommu_ioas_copy, src_ioas_id, F_ID, 1 << KIND_IOAS),
	FUZZ_FIELD(iommu_ioas_copy, src_iova, F_IOVA, 0),
	FUZZ_FIELD(iommu_ioas_copy, length, F_LENGTH, 0),
	FUZZ_FIELD(iommu_ioas_copy, dst_iova, F_NEW_IOVA, 0),
	FUZZ_FIELD(iommu_ioas_copy, flags, F_FLAGS_ANY, IOAS_MAP_RW),
};

static void fill_copy(struct fuzz_call *call)
{
	struct iommu_ioas_copy *arg = (void *)call->arg;

	call->va_length = arg->length;
	if (dice_percent(&call->dice, 70)) {
		arg->flags |= IOMMU_IOAS_MAP_FIXED_IOVA;
		arg->dst_iova = MOCK_APERTURE_START +
				dice_below(&call->dice, 256) * (1 << 20);
	}
}

static const struct fuzz_field unmap[] = {
	FUZZ_FIELD(iommu_ioas_unmap, ioas_id, F_ID, 1 << KIND_IOAS),
	FUZZ_FIELD(iommu_ioas_unmap, iova, F_IOVA, 0),
	FUZZ_FIELD(iommu_ioas_unmap, length, F_LENGTH, 0),
};

static void done_unmap(struct fuzz_call *call)
{
	const struct iommu_ioas_unmap *arg = (const void *)call->arg;

	pool_forget_ranges(call->file, arg->ioas_id, arg->iova, arg->length);
}

static void done_unmap_all(struct fuzz_call *call)
{
	const struct iommu_ioas_unmap *arg = (const void *)call->arg;

	pool_forget_ranges(call->file, arg->ioas_id, 0, UINT64_MAX);
}

static void done_destroy(struct fuzz_call *call)
{
	const struct iommu_destroy *arg = (const void *)call->arg;

	pool_forget_ranges(call->file, arg->id, 0, UINT64_MAX);
}

static const struct fuzz_field unmap_all[] = {
	FUZZ_FIELD(iommu_ioas_unmap, ioas_id, F_ID, 1 << KIND_IOAS),
	FUZZ_FIELD(iommu_ioas_unmap, length, F_CONST, UINT64_MAX),
};

static const struct fuzz_field option_rlimit[] = {
	FUZZ_FIELD(iommu_option, op, F_BELOW, 2),
	FUZZ_FIELD(iommu_option, option_id, F_CONST, IOMMU_OPTION_RLIMIT_MODE),
	FUZZ_FIELD(iommu_option, object_id, F_CONST, 0),
	FUZZ_FIELD(iommu_option, val64, F_BELOW, 2),
};

static const struct fuzz_field option_huge[] = {
	FUZZ_FIELD(iommu_option, op, F_BELOW, 2),
	FUZZ_FIELD(iommu_option, option_id, F_CONST, IOMMU_OPTION_HUGE_PAGES),
	FUZZ_FIELD(iommu_option, object_id, F_ID, 1 << KIND_IOAS),
	FUZZ_FIELD(iommu_option, val64, F_BELOW, 2),
};

static const struct fuzz_field vfio_ioas[] = {
	FUZZ_FIELD(iommu_vfio_ioas, op, F_BELOW, 3),
	FUZZ_FIELD(iommu_vfio_ioas, ioas_id, F_ID, 1 << KIND_IOAS),
};

/* ---- HWPT ---- */

static const struct fuzz_field hwpt_paging[] = {
	FUZZ_FIELD(iommu_hwpt_alloc, dev_id, F_ID, 1 << KIND_IDEV),
	FUZZ_FIELD(iommu_hwpt_alloc, pt_id, F_ID, 1 << KIND_IOAS),
	FUZZ_FIELD(iommu_hwpt_alloc, flags, F_FLAGS,
		   IOMMU_HWPT_ALLOC_DIRTY_TRACKING),
	FUZZ_FIELD(iommu_hwpt_alloc, out_hwpt_id, F_NEW_ID, KIND_PAGING),
};

static const struct fuzz_field hwpt_parent[] = {
	FUZZ_FIELD(iommu_hwpt_alloc, dev_id, F_ID, 1 << KIND_IDEV),
	FUZZ_FIELD(iommu_hwpt_alloc, pt_id, F_ID, 1 << KIND_IOAS),
	FUZZ_FIELD(iommu_hwpt_alloc, flags, F_FLAGS,
		   IOMMU_HWPT_ALLOC_DIRTY_TRACKING),
	FUZZ_FIELD(iommu_hwpt_alloc, out_hwpt_id, F_NEW_ID, KIND_PARENT),
};

static void fill_parent(struct fuzz_call *call)
{
	struct iommu_hwpt_alloc *arg = (void *)call->arg;

	arg->flags |= IOMMU_HWPT_ALLOC_NEST_PARENT;
}

static const struct fuzz_field hwpt_nested[] = {
	FUZZ_FIELD(iommu_hwpt_alloc, dev_id, F_ID, 1 << KIND_IDEV),
	FUZZ_FIELD(iommu_hwpt_alloc, pt_id, F_ID, 1 << KIND_PARENT),
	FUZZ_FIELD(iommu_hwpt_alloc, data_type, F_CONST,
		   IOMMU_HWPT_DATA_SELFTEST),
	FUZZ_FIELD(iommu_hwpt_alloc, data_len, F_CONST,
		   sizeof(struct iommu_hwpt_selftest_v2)),
	FUZZ_FIELD(iommu_hwpt_alloc, data_uptr, F_IN, 0),
	FUZZ_FIELD(iommu_hwpt_alloc, fault_id, F_ID, 1 << KIND_FAULT),
	FUZZ_FIELD(iommu_hwpt_alloc, flags, F_FLAGS, IOMMU_HWPT_FAULT_ID_VALID),
	FUZZ_FIELD(iommu_hwpt_alloc, out_hwpt_id, F_NEW_ID, KIND_NESTED),
};

static void fill_nested(struct fuzz_call *call)
{
	struct iommu_hwpt_selftest_v2 *data = (void *)call->worker->in;
	static const __u32 formats[] = { 0, 4, 4, 4, 5, 5 };
	struct dice *dice = &call->dice;

	memset(data, 0, 2 * sizeof(*data));
	data->v1.iotlb = dice_roll(dice);
	data->format = formats[dice_below(dice, 6)];
	if (data->format)
		data->root = pool_pick_range(call->file, dice).iova &
			     -FUZZ_PAGE;
	if (dice_once_in(dice, 16))
		data->root = fuzz_odd_number(dice);
	if (dice_once_in(dice, 16))
		((__u32 *)data)[dice_below(dice, 6)] = fuzz_odd_number(dice);
}

/* Page requests of its devices go to a queue */
static const struct fuzz_field hwpt_fault[] = {
	FUZZ_FIELD(iommu_hwpt_alloc, dev_id, F_ID, 1 << KIND_IDEV),
	FUZZ_FIELD(iommu_hwpt_alloc, pt_id, F_ID, 1 << KIND_PARENT),
	FUZZ_FIELD(iommu_hwpt_alloc, data_type, F_CONST,
		   IOMMU_HWPT_DATA_SELFTEST),
	FUZZ_FIELD(iommu_hwpt_alloc, data_len, F_CONST,
		   sizeof(struct iommu_hwpt_selftest)),
	FUZZ_FIELD(iommu_hwpt_alloc, data_uptr, F_IN, 0),
	FUZZ_FIELD(iommu_hwpt_alloc, fault_id, F_ID, 1 << KIND_FAULT),
	FUZZ_FIELD(iommu_hwpt_alloc, flags, F_CONST, IOMMU_HWPT_FAULT_ID_VALID),
	FUZZ_FIELD(iommu_hwpt_alloc, out_hwpt_id, F_NEW_ID, KIND_FAULTING),
};

static const struct fuzz_field hw_info_fields[] = {
	FUZZ_FIELD(iommu_hw_info, dev_id, F_ID, 1 << KIND_IDEV),
	FUZZ_FIELD(iommu_hw_info, data_len, F_BELOW, 64),
	FUZZ_FIELD(iommu_hw_info, data_uptr, F_OUT, 0),
};

static const struct fuzz_field set_dirty[] = {
	FUZZ_FIELD(iommu_hwpt_set_dirty_tracking, hwpt_id, F_ID,
		   1 << KIND_PAGING | 1 << KIND_PARENT),
	FUZZ_FIELD(iommu_hwpt_set_dirty_tracking, flags, F_FLAGS_ANY,
		   IOMMU_HWPT_DIRTY_TRACKING_ENABLE),
};

static const struct fuzz_field get_dirty[] = {
	FUZZ_FIELD(iommu_hwpt_get_dirty_bitmap, hwpt_id, F_ID,
		   1 << KIND_PAGING | 1 << KIND_PARENT),
	FUZZ_FIELD(iommu_hwpt_get_dirty_bitmap, flags, F_FLAGS,
		   IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR),
	FUZZ_FIELD(iommu_hwpt_get_dirty_bitmap, iova, F_IOVA, 0),
	FUZZ_FIELD(iommu_hwpt_get_dirty_bitmap, length, F_LENGTH, 0),
	FUZZ_FIELD(iommu_hwpt_get_dirty_bitmap, page_size, F_CONST, FUZZ_PAGE),
	FUZZ_FIELD(iommu_hwpt_get_dirty_bitmap, data, F_OUT, 0),
};

static void fill_get_dirty(struct fuzz_call *call)
{
	struct iommu_hwpt_get_dirty_bitmap *arg = (void *)call->arg;

	/* Only what is mapped, and all of it, has a bitmap */
	if (dice_percent(&call->dice, 70)) {
		arg->iova = call->range.iova & -FUZZ_PAGE;
		arg->length = (call->range.length + FUZZ_PAGE - 1) & -FUZZ_PAGE;
	}
	if (dice_percent(&call->dice, 30))
		arg->page_size = 1 << dice_below(&call->dice, 22);
}

static const struct fuzz_field invalidate[] = {
	FUZZ_FIELD(iommu_hwpt_invalidate, hwpt_id, F_ID,
		   1 << KIND_NESTED | 1 << KIND_FAULTING),
	FUZZ_FIELD(iommu_hwpt_invalidate, data_uptr, F_IN, 0),
	FUZZ_FIELD(iommu_hwpt_invalidate, data_type, F_CONST,
		   IOMMU_HWPT_INVALIDATE_DATA_SELFTEST),
	FUZZ_FIELD(iommu_hwpt_invalidate, entry_len, F_CONST,
		   sizeof(struct iommu_hwpt_invalidate_selftest_v2)),
	FUZZ_FIELD(iommu_hwpt_invalidate, entry_num, F_BELOW, 200),
};

static void fill_invalidate(struct fuzz_call *call)
{
	struct iommu_hwpt_invalidate_selftest_v2 *v2 = (void *)call->worker->in;
	struct iommu_hwpt_invalidate *arg = (void *)call->arg;
	struct iommu_hwpt_invalidate_selftest *v1 = (void *)v2;
	struct dice *dice = &call->dice;
	unsigned int i;

	memset(call->worker->in, 0, 200 * sizeof(*v2));
	if (dice_percent(dice, 30))
		arg->entry_len = sizeof(*v1);
	for (i = 0; i < arg->entry_num; i++) {
		if (arg->entry_len == sizeof(*v1)) {
			v1[i].iotlb_id = dice_below(dice, 4);
			continue;
		}
		v2[i].v1.iotlb_id = dice_below(dice, 4);
		v2[i].addr = dice_below(dice, 1 << 20) * FUZZ_PAGE;
		v2[i].npages = dice_below(dice, 32);
	}
	/* The one that is wrong is where it ends */
	if (dice_once_in(dice, 8))
		((__u32 *)v2)[dice_below(dice, 800)] = fuzz_odd_number(dice);
}

static const struct fuzz_field fault_alloc[] = {
	FUZZ_FIELD(iommu_fault_alloc, out_fault_id, F_NEW_ID, KIND_FAULT),
	FUZZ_FIELD(iommu_fault_alloc, out_fault_fd, F_NEW_FD, FD_FAULT),
};

/* ---- VFIO's container ---- */

static const struct fuzz_field vfio_map[] = {
	FUZZ_FIELD(vfio_iommu_type1_dma_map, flags, F_FLAGS_ANY, VFIO_MAP_RW),
	FUZZ_FIELD(vfio_iommu_type1_dma_map, vaddr, F_VA, 0),
	FUZZ_FIELD(vfio_iommu_type1_dma_map, size, F_VA_LENGTH, 0),
	FUZZ_FIELD(vfio_iommu_type1_dma_map, iova, F_NEW_IOVA, 0),
};

static const struct fuzz_field vfio_unmap[] = {
	FUZZ_FIELD(vfio_iommu_type1_dma_unmap, iova, F_IOVA, 0),
	FUZZ_FIELD(vfio_iommu_type1_dma_unmap, size, F_LENGTH, 0),
};

static const struct fuzz_field vfio_unmap_everything[] = {
	FUZZ_FIELD(vfio_iommu_type1_dma_unmap, flags, F_CONST,
		   VFIO_DMA_UNMAP_FLAG_ALL),
};

static int run_vfio_info(struct fuzz_call *call)
{
	struct vfio_iommu_type1_info *info = (void *)call->worker->out;

	info->argsz = dice_below(&call->dice, 256);
	return vfio_get_info(call->file->fd, info);
}

static int run_vfio_set_iommu(struct fuzz_call *call)
{
	int rc = vfio_set_iommu(call->file->fd, dice_below(&call->dice, 9));

	return rc > 0 ? 0 : rc;
}

static int run_vfio_extension(struct fuzz_call *call)
{
	int rc = vfio_check_extension(call->file->fd,
				      dice_below(&call->dice, 12));

	return rc > 0 ? 0 : rc;
}

static const struct fuzz_op ops[] = {
	{ OP("DESTROY", iommu_destroy, id, IOMMU_DESTROY),
	  .weight = 35, FUZZ_FIELDS(destroy), .destroys = true,
	  .done = done_destroy,
	  .errnos = { ENOENT, EBUSY } },
	{ OP("IOAS_ALLOC", iommu_ioas_alloc, out_ioas_id, IOMMU_IOAS_ALLOC),
	  .weight = 8, FUZZ_FIELDS(ioas_alloc_fields) },
	{ OP("IOVA_RANGES", iommu_ioas_iova_ranges, out_iova_alignment,
	     IOMMU_IOAS_IOVA_RANGES),
	  .weight = 15, FUZZ_FIELDS(iova_ranges),
	  .errnos = { ENOENT, EMSGSIZE } },
	{ OP("ALLOW_IOVAS", iommu_ioas_allow_iovas, allowed_iovas,
	     IOMMU_IOAS_ALLOW_IOVAS),
	  .weight = 8, FUZZ_FIELDS(allow_iovas), .fill = fill_ranges,
	  .errnos = { ENOENT, EADDRINUSE, EINVAL } },
	{ OP("MAP fixed", iommu_ioas_map, iova, IOMMU_IOAS_MAP),
	  .weight = 80, FUZZ_FIELDS(map_fixed), .fill = fill_map_fixed,
	  .errnos = { ENOENT, EINVAL, EEXIST, EFAULT } },
	{ OP("MAP", iommu_ioas_map, iova, IOMMU_IOAS_MAP),
	  .weight = 40, FUZZ_FIELDS(map_auto),
	  .errnos = { ENOENT, EINVAL, EEXIST, EFAULT, ENOSPC } },
	{ OP("COPY", iommu_ioas_copy, src_iova, IOMMU_IOAS_COPY),
	  .weight = 40, FUZZ_FIELDS(copy_fixed), .fill = fill_copy,
	  .errnos = { ENOENT, EINVAL, EEXIST, EFAULT, ENOSPC, EPERM, EOVERFLOW } },
	{ OP("UNMAP", iommu_ioas_unmap, length, IOMMU_IOAS_UNMAP),
	  .weight = 60, FUZZ_FIELDS(unmap), .done = done_unmap, .errnos = { ENOENT } },
	{ OP("UNMAP all", iommu_ioas_unmap, length, IOMMU_IOAS_UNMAP),
	  .weight = 4, FUZZ_FIELDS(unmap_all), .done = done_unmap_all,
	  .errnos = { ENOENT } },
	{ OP("OPTION rlimit", iommu_option, val64, IOMMU_OPTION),
	  .weight = 4, FUZZ_FIELDS(option_rlimit), .errnos = { EBUSY } },
	{ OP("OPTION huge", iommu_option, val64, IOMMU_OPTION),
	  .weight = 8, FUZZ_FIELDS(option_huge),
	  .errnos = { ENOENT, EINVAL, EADDRINUSE } },
	{ OP("VFIO_IOAS", iommu_vfio_ioas, __reserved, IOMMU_VFIO_IOAS),
	  .weight = 10, FUZZ_FIELDS(vfio_ioas), .errnos = { ENOENT, ENODEV } },
	{ OP("HWPT_ALLOC", iommu_hwpt_alloc, __reserved, IOMMU_HWPT_ALLOC),
	  .weight = 20, FUZZ_FIELDS(hwpt_paging),
	  .errnos = { ENOENT, EINVAL, EOPNOTSUPP, EFAULT, EADDRINUSE } },
	{ OP("HWPT_ALLOC parent", iommu_hwpt_alloc, __reserved,
	     IOMMU_HWPT_ALLOC),
	  .weight = 15, FUZZ_FIELDS(hwpt_parent), .fill = fill_parent,
	  .errnos = { ENOENT, EINVAL, EOPNOTSUPP, EFAULT, EADDRINUSE } },
	{ OP("HWPT_ALLOC nested", iommu_hwpt_alloc, __reserved,
	     IOMMU_HWPT_ALLOC),
	  .weight = 30, FUZZ_FIELDS(hwpt_nested), .fill = fill_nested,
	  .errnos = { ENOENT, EINVAL, EOPNOTSUPP } },
	{ OP("HWPT_ALLOC fault", iommu_hwpt_alloc, __reserved,
	     IOMMU_HWPT_ALLOC),
	  .weight = 10, FUZZ_FIELDS(hwpt_fault),
	  .errnos = { ENOENT, EINVAL, EOPNOTSUPP } },
	{ OP("GET_HW_INFO", iommu_hw_info, __reserved, IOMMU_GET_HW_INFO),
	  .weight = 10, FUZZ_FIELDS(hw_info_fields), .errnos = { ENOENT } },
	{ OP("SET_DIRTY", iommu_hwpt_set_dirty_tracking, __reserved,
	     IOMMU_HWPT_SET_DIRTY_TRACKING),
	  .weight = 12, FUZZ_FIELDS(set_dirty),
	  .errnos = { ENOENT, EOPNOTSUPP } },
	{ OP("GET_DIRTY", iommu_hwpt_get_dirty_bitmap, data,
	     IOMMU_HWPT_GET_DIRTY_BITMAP),
	  .weight = 20, FUZZ_FIELDS(get_dirty), .fill = fill_get_dirty,
	  .errnos = { ENOENT, EOPNOTSUPP, EINVAL, EFAULT } },
	{ OP("INVALIDATE", iommu_hwpt_invalidate, __reserved,
	     IOMMU_HWPT_INVALIDATE),
	  .weight = 30, FUZZ_FIELDS(invalidate), .fill = fill_invalidate,
	  .errnos = { ENOENT, EOPNOTSUPP, EINVAL, EOVERFLOW } },
	{ OP("FAULT_QUEUE", iommu_fault_alloc, out_fault_fd,
	     IOMMU_FAULT_QUEUE_ALLOC),
	  .weight = 8, FUZZ_FIELDS(fault_alloc) },
	{ OP("VFIO_MAP", vfio_iommu_type1_dma_map, size, VFIO_IOMMU_MAP_DMA),
	  .weight = 12, FUZZ_FIELDS(vfio_map),
	  .errnos = { ENODEV, EINVAL, EEXIST, EFAULT } },
	{ OP("VFIO_UNMAP", vfio_iommu_type1_dma_unmap, size,
	     VFIO_IOMMU_UNMAP_DMA),
	  .weight = 8, FUZZ_FIELDS(vfio_unmap),
	  .errnos = { ENODEV, EINVAL, ENOENT } },
	{ OP("VFIO_UNMAP all", vfio_iommu_type1_dma_unmap, size,
	     VFIO_IOMMU_UNMAP_DMA),
	  .weight = 2, FUZZ_FIELDS(vfio_unmap_everything),
	  .errnos = { ENODEV, EINVAL } },
	{ .name = "VFIO info", .weight = 4, .run = run_vfio_info,
	  .errnos = { ENODEV, EINVAL } },
	{ .name = "VFIO_SET_IOMMU", .weight = 3, .run = run_vfio_set_iommu,
	  .errnos = { ENODEV, EINVAL, EADDRINUSE } },
	{ .name = "VFIO_CHECK_EXT", .weight = 2, .run = run_vfio_extension,
	  .errnos = { ENODEV } },
};

const struct fuzz_ops fuzz_core_ops = { ops, ARRAY_SIZE(ops) };
