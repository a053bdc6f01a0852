// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ioctls of an IOAS: check what user space says, then have area.c do it.
 *
 * An IOAS may be worked on by any number of ioctls at a time; the locks are
 * those of ioas.h, and no copy to or from user space is made under them.
 */
#include <linux/iommu.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <trace/events/iommufd.h>
#include <uapi/linux/iommufd.h>

#include "ioas.h"
#include "pages.h"

static void ioas_release(struct iommufd_object *obj)
{
	struct iommufd_ioas *ioas = to_ioas(obj);
	unsigned long unmapped;

	/* A HWPT or an access would have kept the IOAS, so no area is pinned */
	if (!iova_space_is_empty(&ioas->space))
		ioas_unmap(ioas, 0, ULONG_MAX, false, &unmapped);
	iova_space_destroy(&ioas->space);
	/* No HWPT is left, but a node may be, from when memory ran out */
	if (!xa_empty(&ioas->automatic))
		xa_destroy(&ioas->automatic);
	kfree(ioas);
}

static const struct iommufd_object_ops ioas_object_ops = {
	.type = IOMMUFD_OBJ_IOAS,
	.release = ioas_release,
};

/**
 * iommufd_ioas_make() - make an IOAS
 *
 * Return: the IOAS, not published, or ERR_PTR(-ENOMEM).
 */
struct iommufd_ioas *iommufd_ioas_make(void)
{
	struct iommufd_ioas *ioas;

	ioas = kzalloc(sizeof(*ioas), GFP_KERNEL_ACCOUNT);
	if (!ioas)
		return ERR_PTR(-ENOMEM);
	iommufd_object_init(&ioas->obj, &ioas_object_ops);
	mutex_init(&ioas->automatic_lock);
	xa_init_flags(&ioas->automatic, XA_FLAGS_ACCOUNT);
	init_rwsem(&ioas->domains_sem);
	INIT_LIST_HEAD(&ioas->domains);
	INIT_LIST_HEAD(&ioas->accesses);
	ioas->alignment = 1;
	mutex_init(&ioas->space_lock);
	iova_space_init(&ioas->space);
	init_waitqueue_head(&ioas->wait);
	return ioas;
}

/**
 * iommufd_ioas_alloc() - ioctl(IOMMU_IOAS_ALLOC)
 * @ucmd: The ioctl
 *
 * Return: 0 or what the uAPI header says.
 */
int iommufd_ioas_alloc(struct iommufd_ucmd *ucmd)
{
	struct iommu_ioas_alloc *cmd = ucmd->cmd;
	struct iommufd_ioas *ioas;

	if (cmd->flags)
		return -EOPNOTSUPP;
	ioas = iommufd_ioas_make();
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	return iommufd_object_announce(ucmd, &ioas->obj, &cmd->out_ioas_id,
				       sizeof(*cmd));
}

/* [*@first, *@last] from @iova and @length, if there is such a range */
static int ioas_range(u64 iova, u64 length, unsigned long *first,
		      unsigned long *last)
{
	if (!length)
		return -EINVAL;
	if (iova > ULONG_MAX || length - 1 > ULONG_MAX)
		return -EOVERFLOW;
	*first = iova;
	if (check_add_overflow(*first, (unsigned long)(length - 1), last))
		return -EOVERFLOW;
	return 0;
}

/* What MAP and COPY have in common */
static int ioas_check_placement(u32 flags, u64 iova, u64 length)
{
	const u32 access = IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_WRITEABLE;
	unsigned long first, last;

	if (flags & ~(access | IOMMU_IOAS_MAP_FIXED_IOVA))
		return -EOPNOTSUPP;
	if (!(flags & access))
		return -EINVAL;
	/* Room is needed for the length itself, which 2^BITS_PER_LONG is not */
	if (length > ULONG_MAX)
		return -EOVERFLOW;
	if (!(flags & IOMMU_IOAS_MAP_FIXED_IOVA))
		iova = 0;
	return ioas_range(iova, length, &first, &last);
}

static int ioas_map_prot(u32 flags)
{
	int prot = IOMMU_CACHE;

	if (flags & IOMMU_IOAS_MAP_READABLE)
		prot |= IOMMU_READ;
	if (flags & IOMMU_IOAS_MAP_WRITEABLE)
		prot |= IOMMU_WRITE;
	return prot;
}

static int ioas_map_answer(struct iommufd_ucmd *ucmd, struct ioas_map *map)
{
	struct iommu_ioas_map __user *ucmd_map = ucmd->ubuffer;
	struct iommu_ioas_map *cmd = ucmd->cmd;
	unsigned long first, last;
	struct iommufd_ioas *ioas;
	int rc;

	if (cmd->__reserved)
		return -EOPNOTSUPP;
	rc = ioas_check_placement(cmd->flags, cmd->iova, cmd->length);
	if (!rc)
		rc = ioas_range(cmd->user_va, cmd->length, &first, &last);
	if (rc)
		return rc;
	/* Not mapped at all, rather than where user space is not told */
	if (put_user(cmd->iova, &ucmd_map->iova))
		return -EFAULT;

	ioas = ioas_get(ucmd->ictx, cmd->ioas_id);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	rc = ioas_map_user(ucmd->ictx, ioas, cmd->user_va, cmd->length,
			   ioas_map_prot(cmd->flags), map);
	iommufd_object_put(&ioas->obj);

	if (!rc && !map->fixed && put_user((u64)map->iova, &ucmd_map->iova))
		rc = -EFAULT;
	return rc;
}

/**
 * iommufd_ioas_map() - ioctl(IOMMU_IOAS_MAP)
 * @ucmd: The ioctl
 *
 * Return: 0 or what the uAPI header says.
 */
int iommufd_ioas_map(struct iommufd_ucmd *ucmd)
{
	struct iommu_ioas_map *cmd = ucmd->cmd;
	struct ioas_map map = {
		.iova = cmd->iova,
		.fixed = cmd->flags & IOMMU_IOAS_MAP_FIXED_IOVA,
	};
	int rc = ioas_map_answer(ucmd, &map);

	trace_iommufd_map(cmd->ioas_id, map.iova, cmd->length, rc);
	return rc;
}

static int ioas_copy(struct iommufd_ucmd *ucmd, struct ioas_map *map)
{
	struct iommu_ioas_copy *cmd = ucmd->cmd;
	struct iommufd_ioas *ioas;
	unsigned long first, last;
	int rc;

	rc = ioas_range(cmd->src_iova, cmd->length, &first, &last);
	if (rc)
		return rc;
	ioas = ioas_get(ucmd->ictx, cmd->src_ioas_id);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	rc = ioas_map_copy(ioas, first, last, ioas_map_prot(cmd->flags), map);
	iommufd_object_put(&ioas->obj);
	if (rc)
		return rc;

	ioas = ioas_get(ucmd->ictx, cmd->dst_ioas_id);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	rc = ioas_map(ioas, map);
	iommufd_object_put(&ioas->obj);
	return rc;
}

static int ioas_copy_answer(struct iommufd_ucmd *ucmd, struct ioas_map *map)
{
	struct iommu_ioas_copy __user *ucmd_copy = ucmd->ubuffer;
	struct iommu_ioas_copy *cmd = ucmd->cmd;
	int rc;

	rc = ioas_check_placement(cmd->flags, cmd->dst_iova, cmd->length);
	if (rc)
		return rc;
	if (put_user(cmd->dst_iova, &ucmd_copy->dst_iova))
		return -EFAULT;
	rc = ioas_copy(ucmd, map);
	ioas_map_destroy(map);

	if (!rc && !map->fixed &&
	    put_user((u64)map->iova, &ucmd_copy->dst_iova))
		rc = -EFAULT;
	return rc;
}

/**
 * iommufd_ioas_copy() - ioctl(IOMMU_IOAS_COPY)
 * @ucmd: The ioctl
 *
 * Return: 0 or what the uAPI header says.
 */
int iommufd_ioas_copy(struct iommufd_ucmd *ucmd)
{
	struct iommu_ioas_copy *cmd = ucmd->cmd;
	struct ioas_map map = {
		.areas = LIST_HEAD_INIT(map.areas),
		.iova = cmd->dst_iova,
		.fixed = cmd->flags & IOMMU_IOAS_MAP_FIXED_IOVA,
	};
	int rc = ioas_copy_answer(ucmd, &map);

	trace_iommufd_map(cmd->dst_ioas_id, map.iova, cmd->length, rc);
	return rc;
}

static int ioas_unmap_answer(struct iommufd_ucmd *ucmd, unsigned long *unmapped)
{
	struct iommu_ioas_unmap __user *ucmd_unmap = ucmd->ubuffer;
	struct iommu_ioas_unmap *cmd = ucmd->cmd;
	unsigned long first, last;
	struct iommufd_ioas *ioas;
	bool all;
	int rc;

	/* All of the IOVA space is one IOVA more than a length can say */
	all = !cmd->iova && cmd->length == U64_MAX;
	if (all) {
		first = 0;
		last = ULONG_MAX;
	} else {
		rc = ioas_range(cmd->iova, cmd->length, &first, &last);
		if (rc)
			return rc;
	}

	/*
	 * What is unmapped cannot be put back if the answer does not fit. This is
	 * the answer already, unless there is more room than areas.
	 */
	if (put_user(cmd->length, &ucmd_unmap->length))
		return -EFAULT;
	ioas = ioas_get(ucmd->ictx, cmd->ioas_id);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);

	rc = ioas_unmap(ioas, first, last, false, unmapped);
	iommufd_object_put(&ioas->obj);
	if (!rc && !*unmapped && !all)
		rc = -ENOENT;
	if (!rc && *unmapped != cmd->length &&
	    put_user((u64)*unmapped, &ucmd_unmap->length))
		rc = -EFAULT;
	return rc;
}

/**
 * iommufd_ioas_unmap() - ioctl(IOMMU_IOAS_UNMAP)
 * @ucmd: The ioctl
 *
 * Return: 0 or what the uAPI header says.
 */
int iommufd_ioas_unmap(struct iommufd_ucmd *ucmd)
{
	struct iommu_ioas_unmap *cmd = ucmd->cmd;
	unsigned long unmapped = 0;
	int rc = ioas_unmap_answer(ucmd, &unmapped);

	trace_iommufd_unmap(cmd->ioas_id, cmd->iova, cmd->length, unmapped, rc);
	return rc;
}

/**
 * iommufd_ioas_iova_ranges() - ioctl(IOMMU_IOAS_IOVA_RANGES)
 * @ucmd: The ioctl
 *
 * The ranges are read one at a time, so that the lock is not held while they
 * are copied out. They may change between two calls just as well.
 *
 * Return: 0 or what the uAPI header says.
 */
int iommufd_ioas_iova_ranges(struct iommufd_ucmd *ucmd)
{
	struct iommu_ioas_iova_ranges *cmd = ucmd->cmd;
	struct iommu_iova_range __user *ranges;
	unsigned long first, last = 0;
	struct iommufd_ioas *ioas;
	u32 num = 0;
	int rc = 0;

	if (cmd->__reserved)
		return -EOPNOTSUPP;
	ioas = ioas_get(ucmd->ictx, cmd->ioas_id);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);

	ranges = u64_to_user_ptr(cmd->allowed_iovas);
	do {
		struct iommu_iova_range range;
		bool found;

		mutex_lock(&ioas->space_lock);
		found = iova_space_next_usable(&ioas->space, last, &first,
					       &last);
		cmd->out_iova_alignment = ioas->alignment;
		mutex_unlock(&ioas->space_lock);
		if (!found)
			break;

		range.start = first;
		range.last = last;
		if (num < cmd->num_iovas &&
		    copy_to_user(&ranges[num], &range, sizeof(range))) {
			rc = -EFAULT;
			goto out_put;
		}
		num++;
	} while (last++ != ULONG_MAX);

	if (num > cmd->num_iovas)
		rc = -EMSGSIZE;
	cmd->num_iovas = num;
	if (iommufd_ucmd_respond(ucmd, sizeof(*cmd)))
		rc = -EFAULT;
out_put:
	iommufd_object_put(&ioas->obj);
	return rc;
}

static int ioas_copy_allowed(const struct iommu_ioas_allow_iovas *cmd,
			     struct rb_root_cached *allowed)
{
	struct iommu_iova_range __user *ranges =
		u64_to_user_ptr(cmd->allowed_iovas);
	struct iommu_iova_range range;
	u32 i;
	int rc;

	for (i = 0; i < cmd->num_iovas; i++) {
		if (copy_from_user(&range, &ranges[i], sizeof(range)))
			return -EFAULT;
		if (range.start > range.last)
			return -EINVAL;
		if (range.last > ULONG_MAX)
			return -EOVERFLOW;
		rc = iova_allowed_add(allowed, range.start, range.last);
		if (rc)
			return rc;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

/**
 * iommufd_ioas_allow_iovas() - ioctl(IOMMU_IOAS_ALLOW_IOVAS)
 * @ucmd: The ioctl
 *
 * Return: 0 or what the uAPI header says.
 */
int iommufd_ioas_allow_iovas(struct iommufd_ucmd *ucmd)
{
	struct iommu_ioas_allow_iovas *cmd = ucmd->cmd;
	struct rb_root_cached allowed = RB_ROOT_CACHED;
	struct iommufd_ioas *ioas;
	int rc;

	if (cmd->__reserved)
		return -EOPNOTSUPP;
	ioas = ioas_get(ucmd->ictx, cmd->ioas_id);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);

	rc = ioas_copy_allowed(cmd, &allowed);
	if (!rc) {
		mutex_lock(&ioas->space_lock);
		rc = iova_space_check_allowed(&ioas->space, &allowed);
		if (!rc)
			swap(ioas->space.allowed, allowed);
		mutex_unlock(&ioas->space_lock);
	}
	iova_allowed_destroy(&allowed);
	iommufd_object_put(&ioas->obj);
	return rc;
}

/* How memory that is mapped from now on is charged */
static int option_rlimit_mode(struct iommufd_ucmd *ucmd)
{
	struct iommu_option *cmd = ucmd->cmd;
	struct iommufd_ctx *ictx = ucmd->ictx;

	if (cmd->object_id)
		return -EOPNOTSUPP;
	if (cmd->op == IOMMU_OPTION_OP_GET) {
		cmd->val64 = READ_ONCE(ictx->charge) == MEMORY_CHARGE_MM;
		return iommufd_ucmd_respond(ucmd, sizeof(*cmd));
	}

	if (!capable(CAP_SYS_RESOURCE))
		return -EPERM;
	if (cmd->val64 > 1)
		return -EINVAL;
	/* One file, one way: a limit compared with half of it would be none */
	if (!xa_empty(&ictx->objects))
		return -EBUSY;
	WRITE_ONCE(ictx->charge, cmd->val64 ? MEMORY_CHARGE_MM :
					      MEMORY_CHARGE_USER);
	return 0;
}

static int option_huge_pages(struct iommufd_ucmd *ucmd)
{
	struct iommu_option *cmd = ucmd->cmd;
	struct iommufd_ioas *ioas;
	int rc;

	ioas = ioas_get(ucmd->ictx, cmd->object_id);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	if (cmd->op == IOMMU_OPTION_OP_GET) {
		cmd->val64 = !READ_ONCE(ioas->small_pages);
		rc = iommufd_ucmd_respond(ucmd, sizeof(*cmd));
	} else if (cmd->val64 > 1) {
		rc = -EINVAL;
	} else {
		rc = ioas_set_small_pages(ioas, !cmd->val64);
	}
	iommufd_object_put(&ioas->obj);
	return rc;
}

/**
 * iommufd_option() - ioctl(IOMMU_OPTION)
 * @ucmd: The ioctl
 *
 * Return: 0 or what the uAPI header says.
 */
int iommufd_option(struct iommufd_ucmd *ucmd)
{
	struct iommu_option *cmd = ucmd->cmd;

	if (cmd->__reserved || cmd->op > IOMMU_OPTION_OP_GET)
		return -EOPNOTSUPP;
	switch (cmd->option_id) {
	case IOMMU_OPTION_RLIMIT_MODE:
		return option_rlimit_mode(ucmd);
	case IOMMU_OPTION_HUGE_PAGES:
		return option_huge_pages(ucmd);
	default:
		return -EOPNOTSUPP;
	}
}
