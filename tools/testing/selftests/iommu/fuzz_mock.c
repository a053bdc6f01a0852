// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ops of the mock IOMMU, as drivers/iommu/iommufd/iommufd_test.h has them: one
 * entry for each, and each number of an op in one place.
 */
#include "fuzz.h"

#define CMD(_member, _type, _arg) \
	FUZZ_FIELD(iommu_test_cmd, _member, _type, _arg)
#define MOCK_OP(_op) CMD(op, F_OP, IOMMU_TEST_OP_##_op)

#define OP(_name, _weight, _fields)					\
	.name = _name, .weight = _weight, .request = IOMMU_TEST_CMD,	\
	.size = sizeof(struct iommu_test_cmd),				\
	.min_size = sizeof(struct iommu_test_cmd), FUZZ_FIELDS(_fields)

#define HWPTS (1 << KIND_PAGING | 1 << KIND_PARENT | 1 << KIND_AUTO)

#define DEVICE_FLAGS (MOCK_FLAGS_DEVICE_NO_DIRTY |			\
		      MOCK_FLAGS_DEVICE_HUGE_IOVA | MOCK_FLAGS_DEVICE_PASID)

/* ---- Devices ---- */

static const struct fuzz_field mock_domain[] = {
	MOCK_OP(MOCK_DOMAIN),
	CMD(id, F_ID, KINDS_PT),
	CMD(mock_domain.out_stdev_id, F_NEW_ID, KIND_STDEV),
	CMD(mock_domain.out_idev_id, F_NEW_IDEV, 0),
	CMD(mock_domain.out_hwpt_id, F_NEW_ID, KIND_AUTO),
};

static const struct fuzz_field mock_domain_flags[] = {
	MOCK_OP(MOCK_DOMAIN_FLAGS),
	CMD(id, F_ID, KINDS_PT),
	CMD(mock_domain_flags.dev_flags, F_FLAGS, DEVICE_FLAGS),
	CMD(mock_domain_flags.out_stdev_id, F_NEW_ID, KIND_STDEV),
	CMD(mock_domain_flags.out_idev_id, F_NEW_IDEV, 0),
	CMD(mock_domain_flags.out_hwpt_id, F_NEW_ID, KIND_AUTO),
};

static const struct fuzz_field dev_create[] = {
	MOCK_OP(DEV_CREATE),
	CMD(dev_create.iommu, F_BELOW, MOCK_IOMMU_NUM),
	CMD(dev_create.group_of_stdev_id, F_ID_OR_0, 1 << KIND_STDEV),
	CMD(dev_create.pt_id, F_ID_OR_0, KINDS_PT),
	CMD(dev_create.flags, F_FLAGS,
	    DEVICE_FLAGS | MOCK_DEV_WINDOWS | MOCK_DEV_COHERENT),
	CMD(dev_create.out_stdev_id, F_NEW_ID, KIND_STDEV),
	CMD(dev_create.out_idev_id, F_NEW_IDEV, 0),
	CMD(dev_create.out_hwpt_id, F_NEW_ID, KIND_AUTO),
};

/* IOMMU_TEST_OP_MOCK_DOMAIN_FLAGS begins alike */
static void done_domain(struct fuzz_call *call)
{
	const struct iommu_test_cmd *cmd = (const void *)call->arg;

	pool_pair(call->file, cmd->mock_domain.out_stdev_id,
		  cmd->mock_domain.out_idev_id);
}

static void done_create(struct fuzz_call *call)
{
	const struct iommu_test_cmd *cmd = (const void *)call->arg;

	pool_pair(call->file, cmd->dev_create.out_stdev_id,
		  cmd->dev_create.out_idev_id);
}

/* As nested translation needs it */
static const struct fuzz_field dev_create_full[] = {
	MOCK_OP(DEV_CREATE),
	CMD(dev_create.iommu, F_CONST, MOCK_IOMMU_FULL),
	CMD(dev_create.flags, F_CONST, 0),
	CMD(dev_create.out_stdev_id, F_NEW_ID, KIND_STDEV),
	CMD(dev_create.out_idev_id, F_NEW_IDEV, 0),
};

static const struct fuzz_field dev_attach[] = {
	MOCK_OP(DEV_ATTACH),
	CMD(id, F_ID, 1 << KIND_STDEV),
	CMD(dev_attach.pt_id, F_ID, KINDS_PT),
};

static const struct fuzz_field dev_detach[] = {
	MOCK_OP(DEV_DETACH),
	CMD(id, F_ID, 1 << KIND_STDEV),
};

static const struct fuzz_field replace[] = {
	MOCK_OP(MOCK_DOMAIN_REPLACE),
	CMD(id, F_ID, 1 << KIND_STDEV),
	CMD(mock_domain_replace.pt_id, F_ID, KINDS_PT),
};

static const struct fuzz_field replace_nested[] = {
	MOCK_OP(MOCK_DOMAIN_REPLACE),
	CMD(id, F_ID, 1 << KIND_STDEV),
	CMD(mock_domain_replace.pt_id, F_ID, 1 << KIND_NESTED),
};

static const struct fuzz_field replace_faulting[] = {
	MOCK_OP(MOCK_DOMAIN_REPLACE),
	CMD(id, F_ID, 1 << KIND_STDEV),
	CMD(mock_domain_replace.pt_id, F_ID, 1 << KIND_FAULTING),
};

static const struct fuzz_field fail_attach[] = {
	MOCK_OP(DEV_FAIL_ATTACH),
	CMD(id, F_ID, 1 << KIND_STDEV),
	CMD(dev_fail_attach.error, F_BELOW, 130),
};

static const struct fuzz_field dev_memory[] = {
	MOCK_OP(DEV_MEMORY),
	CMD(id, F_ID, 1 << KIND_STDEV),
	CMD(dev_memory.length, F_CONST, 4 * FUZZ_PAGE),
	CMD(dev_memory.out_fd, F_NEW_FD, FD_MEMORY),
};

static const struct fuzz_field dev_decode[] = {
	MOCK_OP(DEV_DECODE),
	CMD(id, F_ID, 1 << KIND_STDEV),
	CMD(dev_decode.enable, F_BELOW, 2),
};

static const struct fuzz_field dev_dma_read[] = {
	MOCK_OP(DEV_DMA),
	CMD(id, F_ID, 1 << KIND_STDEV),
	CMD(dev_dma.iova, F_IOVA, 0),
	CMD(dev_dma.length, F_LENGTH, 0),
	CMD(dev_dma.uptr, F_OUT, 0),
	CMD(dev_dma.flags, F_CONST, 0),
};

static const struct fuzz_field dev_dma_write[] = {
	MOCK_OP(DEV_DMA),
	CMD(id, F_ID, 1 << KIND_STDEV),
	CMD(dev_dma.iova, F_IOVA, 0),
	CMD(dev_dma.length, F_LENGTH, 0),
	CMD(dev_dma.uptr, F_IN, 0),
	CMD(dev_dma.flags, F_CONST, MOCK_DMA_WRITE),
};

static void fill_dma(struct fuzz_call *call)
{
	struct iommu_test_cmd *cmd = (void *)call->arg;

	if (cmd->dev_dma.length > FUZZ_SCRATCH)
		cmd->dev_dma.length = FUZZ_SCRATCH;
	/* Through a table of few entries any address may lead somewhere */
	if (dice_percent(&call->dice, 30))
		cmd->dev_dma.iova = dice_roll(&call->dice) >> 17 |
				    (dice_percent(&call->dice, 20) ?
					     0xffffULL << 48 : 0);
}

/* ---- Looking inside ---- */

static const struct fuzz_field add_reserved[] = {
	MOCK_OP(ADD_RESERVED),
	CMD(id, F_ID, 1 << KIND_IOAS),
	CMD(add_reserved.start, F_IOVA, 0),
	CMD(add_reserved.length, F_LENGTH, 0),
};

static const struct fuzz_field check_map[] = {
	MOCK_OP(MD_CHECK_MAP),
	CMD(id, F_ID, HWPTS),
	CMD(check_map.iova, F_IOVA, 0),
	CMD(check_map.uptr, F_VA, 0),
	CMD(check_map.length, F_VA_LENGTH, 0),
};

/* What was mapped there, if nobody has changed it since */
static void fill_check_map(struct fuzz_call *call)
{
	struct iommu_test_cmd *cmd = (void *)call->arg;

	if (!call->range.va || dice_once_in(&call->dice, 4))
		return;
	cmd->check_map.iova = call->range.iova;
	cmd->check_map.uptr = call->range.va;
	cmd->check_map.length = call->range.length;
}

static const struct fuzz_field check_refs[] = {
	MOCK_OP(MD_CHECK_REFS),
	CMD(check_refs.uptr, F_VA, 0),
	CMD(check_refs.length, F_VA_LENGTH, 0),
	CMD(check_refs.refs, F_BELOW, 3),
};

static const struct fuzz_field check_iotlb[] = {
	MOCK_OP(MD_CHECK_IOTLB),
	CMD(id, F_ID, 1 << KIND_NESTED),
	CMD(check_iotlb.id, F_BELOW, MOCK_NESTED_DOMAIN_IOTLB_NUM),
	CMD(check_iotlb.iotlb, F_CONST, 0),
};

static const struct fuzz_field memory_limit[] = {
	MOCK_OP(SET_TEMP_MEMORY_LIMIT),
	CMD(memory_limit.limit, F_BELOW, 65537),
};

static const struct fuzz_field dirty[] = {
	MOCK_OP(DIRTY),
	CMD(id, F_ID, 1 << KIND_PAGING | 1 << KIND_PARENT),
	CMD(dirty.iova, F_IOVA, 0),
	CMD(dirty.length, F_LENGTH, 0),
	CMD(dirty.page_size, F_CONST, 2048),
	CMD(dirty.uptr, F_IN, 0),
};

static const struct fuzz_field trigger_iopf[] = {
	MOCK_OP(TRIGGER_IOPF),
	CMD(trigger_iopf.dev_id, F_ID, 1 << KIND_IDEV),
	CMD(trigger_iopf.pasid, F_BELOW, 4),
	CMD(trigger_iopf.grpid, F_BELOW, 8),
	CMD(trigger_iopf.perm, F_BELOW, 16),
	CMD(trigger_iopf.addr, F_IOVA, 0),
};

static void fill_iopf(struct fuzz_call *call)
{
	struct iommu_test_cmd *cmd = (void *)call->arg;

	if (dice_percent(&call->dice, 60))
		cmd->trigger_iopf.pasid = UINT32_MAX;
}

/* ---- Accesses ---- */

static const struct fuzz_field create_access[] = {
	MOCK_OP(CREATE_ACCESS),
	CMD(id, F_ID, 1 << KIND_IOAS),
	CMD(create_access.flags, F_FLAGS_ANY,
	    MOCK_FLAGS_ACCESS_CREATE_NEEDS_PIN_PAGES),
	CMD(create_access.out_access_fd, F_NEW_FD, FD_ACCESS),
};

static const struct fuzz_field access_pages[] = {
	MOCK_OP(ACCESS_PAGES),
	CMD(id, F_FD, FD_ACCESS),
	CMD(access_pages.iova, F_IOVA, 0),
	CMD(access_pages.length, F_LENGTH, 0),
	CMD(access_pages.uptr, F_VA, 0),
	CMD(access_pages.flags, F_FLAGS, MOCK_FLAGS_ACCESS_WRITE),
};

static void fill_access_pages(struct fuzz_call *call)
{
	struct iommu_test_cmd *cmd = (void *)call->arg;

	cmd->access_pages.flags |= MOCK_FLAGS_ACCESS_SYZ;
}

static void done_access_pages(struct fuzz_call *call)
{
	const struct iommu_test_cmd *cmd = (const void *)call->arg;

	call->worker->pinned_by = cmd->id;
	call->worker->pages_id = cmd->access_pages.out_access_pages_id;
}

static void fill_access_unpin(struct fuzz_call *call)
{
	struct iommu_test_cmd *cmd = (void *)call->arg;

	if (dice_percent(&call->dice, 30))
		return;
	cmd->id = call->worker->pinned_by;
	cmd->destroy_access_pages.access_pages_id = call->worker->pages_id;
}

static const struct fuzz_field access_pages_destroy[] = {
	MOCK_OP(DESTROY_ACCESS_PAGES),
	CMD(id, F_FD, FD_ACCESS),
	CMD(destroy_access_pages.access_pages_id, F_BELOW, 16),
};

static const struct fuzz_field access_read[] = {
	MOCK_OP(ACCESS_RW),
	CMD(id, F_FD, FD_ACCESS),
	CMD(access_rw.iova, F_IOVA, 0),
	CMD(access_rw.length, F_LENGTH, 0),
	CMD(access_rw.uptr, F_OUT, 0),
	CMD(access_rw.flags, F_FLAGS, MOCK_ACCESS_RW_SLOW_PATH),
};

static const struct fuzz_field access_write[] = {
	MOCK_OP(ACCESS_RW),
	CMD(id, F_FD, FD_ACCESS),
	CMD(access_rw.iova, F_IOVA, 0),
	CMD(access_rw.length, F_LENGTH, 0),
	CMD(access_rw.uptr, F_IN, 0),
	CMD(access_rw.flags, F_FLAGS, MOCK_ACCESS_RW_SLOW_PATH),
};

static void fill_access_rw(struct fuzz_call *call)
{
	struct iommu_test_cmd *cmd = (void *)call->arg;

	if (cmd->access_rw.length > FUZZ_SCRATCH)
		cmd->access_rw.length = FUZZ_SCRATCH;
}

static void fill_access_write(struct fuzz_call *call)
{
	struct iommu_test_cmd *cmd = (void *)call->arg;

	fill_access_rw(call);
	cmd->access_rw.flags |= MOCK_ACCESS_RW_WRITE;
}

static const struct fuzz_field access_replace[] = {
	MOCK_OP(ACCESS_REPLACE_IOAS),
	CMD(id, F_FD, FD_ACCESS),
	CMD(access_replace_ioas.ioas_id, F_ID_OR_0, 1 << KIND_IOAS),
};

static const struct fuzz_op ops[] = {
	{ OP("MOCK_DOMAIN", 4, mock_domain), .done = done_domain,
	  .errnos = { ENOENT, EINVAL, EADDRINUSE, EFAULT } },
	{ OP("MOCK_DOMAIN_FLAGS", 4, mock_domain_flags), .done = done_domain,
	  .errnos = { ENOENT, EINVAL, EADDRINUSE, EFAULT } },
	{ OP("DEV_CREATE", 6, dev_create), .done = done_create,
	  .errnos = { ENOENT, EINVAL, EADDRINUSE, EFAULT, EBUSY, EPERM } },
	{ OP("DEV_CREATE full", 6, dev_create_full), .done = done_create },
	{ OP("DEV_ATTACH", 30, dev_attach),
	  .errnos = { ENOENT, EINVAL, EADDRINUSE, EFAULT } },
	{ OP("DEV_DETACH", 15, dev_detach), .errnos = { ENOENT, EINVAL } },
	{ OP("DEV_REPLACE", 30, replace),
	  .errnos = { ENOENT, EINVAL, EADDRINUSE, EFAULT } },
	{ OP("DEV_REPLACE nested", 15, replace_nested),
	  .errnos = { ENOENT, EINVAL, EADDRINUSE, EFAULT } },
	{ OP("DEV_REPLACE fault", 8, replace_faulting),
	  .errnos = { ENOENT, EINVAL, EADDRINUSE, EFAULT } },
	{ OP("DEV_FAIL_ATTACH", 4, fail_attach), .errnos = { ENOENT, EINVAL } },
	{ OP("DEV_MEMORY", 4, dev_memory), .errnos = { ENOENT, EEXIST } },
	{ OP("DEV_DECODE", 8, dev_decode), .errnos = { ENOENT, EINVAL } },
	{ OP("DMA read", 60, dev_dma_read), .fill = fill_dma,
	  .errnos = { ENOENT } },
	{ OP("DMA write", 60, dev_dma_write), .fill = fill_dma,
	  .errnos = { ENOENT } },
	{ OP("ADD_RESERVED", 5, add_reserved),
	  .errnos = { ENOENT, EADDRINUSE } },
	{ OP("CHECK_MAP", 8, check_map), .fill = fill_check_map,
	  .errnos = { ENOENT, EINVAL, EFAULT } },
	{ OP("CHECK_REFS", 5, check_refs), .errnos = { EINVAL, EFAULT, EIO } },
	{ OP("CHECK_IOTLB", 5, check_iotlb), .errnos = { ENOENT, EINVAL } },
	{ OP("MEMORY_LIMIT", 3, memory_limit) },
	{ OP("DIRTY", 10, dirty), .errnos = { ENOENT, EINVAL } },
	{ OP("TRIGGER_IOPF", 25, trigger_iopf), .fill = fill_iopf,
	  .errnos = { ENOENT, EINVAL, ENOSPC } },
	{ OP("CREATE_ACCESS", 15, create_access),
	  .errnos = { ENOENT, EADDRINUSE } },
	{ OP("ACCESS_PAGES", 30, access_pages), .fill = fill_access_pages,
	  .done = done_access_pages,
	  .errnos = { EBADFD, ENOENT, EPERM, EINVAL, EFAULT } },
	{ OP("ACCESS_UNPIN", 15, access_pages_destroy),
	  .fill = fill_access_unpin,
	  .errnos = { EBADFD, ENOENT } },
	{ OP("ACCESS read", 20, access_read), .fill = fill_access_rw,
	  .errnos = { EBADFD, ENOENT, EPERM, EINVAL, EFAULT } },
	{ OP("ACCESS write", 20, access_write), .fill = fill_access_write,
	  .errnos = { EBADFD, ENOENT, EPERM, EINVAL, EFAULT } },
	{ OP("ACCESS_REPLACE", 15, access_replace),
	  .errnos = { EBADFD, ENOENT, EINVAL, EADDRINUSE } },
};

const struct fuzz_ops fuzz_mock_ops = { ops, ARRAY_SIZE(ops) };
