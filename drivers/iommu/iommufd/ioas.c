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
#include <uapi/linux/iommufd.h>

#include "ioas.h"
#include "pages.h"

static void ioas_release(struct iommufd_object *obj)
{
	struct iommufd_ioas *ioas = to_ioas(obj);
	unsigned long unmapped;

	/* A HWPT would have kept the IOAS, so no area is pinned */
	ioas_unmap(ioas, 0, ULONG_MAX, &unmapped);
	iova_space_destroy(&ioas->space);
	xa_destroy(&ioas->automatic);
	kfree(ioas);
}

static const struct iommufd_object_ops ioas_object_ops = {
	.type = IOMMUFD_OBJ_IOAS,
	.release = ioas_release,
};

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

	ioas = kzalloc(sizeof(*ioas), GFP_KERNEL_ACCOUNT);
	if (!ioas)
		return -ENOMEM;
	iommufd_object_init(&ioas->obj, &ioas_object_ops);
	mutex_init(&ioas->automatic_lock);
	xa_init_flags(&ioas->automatic, XA_FLAGS_ACCOUNT);
	init_rwsem(&ioas->domains_sem);
	INIT_LIST_HEAD(&ioas->domains);
	ioas->alignment = 1;
	mutex_init(&ioas->space_lock);
	iova_space_init(&ioas->space);

	return iommufd_object_announce(ucmd, &ioas->obj, &cmd->out_ioas_id,
				       sizeof(*cmd));
}

static struct iommufd_ioas *ioas_get(struct iommufd_ucmd *ucmd, u32 id)
{
	struct iommufd_object *obj;

	obj = iommufd_object_get(ucmd->ictx, id, IOMMUFD_OBJ_IOAS);
	return IS_ERR(obj) ? ERR_CAST(obj) : to_ioas(obj);
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

static int ioas_map_check(const struct iommu_ioas_map *cmd)
{
	const u32 access = IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_WRITEABLE;
	unsigned long first, last;
	int rc;

	if (cmd->flags & ~(access | IOMMU_IOAS_MAP_FIXED_IOVA) ||
	    cmd->__reserved)
		return -EOPNOTSUPP;
	if (!(cmd->flags & access))
		return -EINVAL;
	rc = ioas_range(cmd->user_va, cmd->length, &first, &last);
	if (rc)
		return rc;
	/* Room is needed for the length itself, which 2^BITS_PER_LONG is not */
	if (cmd->length > ULONG_MAX)
		return -EOVERFLOW;
	if (cmd->flags & IOMMU_IOAS_MAP_FIXED_IOVA)
		rc = ioas_range(cmd->iova, cmd->length, &first, &last);
	return rc;
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

/**
 * iommufd_ioas_map() - ioctl(IOMMU_IOAS_MAP)
 * @ucmd: The ioctl
 *
 * Return: 0 or what the uAPI header says.
 */
int iommufd_ioas_map(struct iommufd_ucmd *ucmd)
{
	struct iommu_ioas_map __user *ucmd_map = ucmd->ubuffer;
	struct iommu_ioas_map *cmd = ucmd->cmd;
	struct ioas_map map = {
		.length = cmd->length,
		.iova = cmd->iova,
		.fixed = cmd->flags & IOMMU_IOAS_MAP_FIXED_IOVA,
		.prot = ioas_map_prot(cmd->flags),
	};
	struct iommufd_ioas *ioas;
	int rc;

	rc = ioas_map_check(cmd);
	if (rc)
		return rc;
	/* Not mapped at all, rather than where user space is not told */
	if (put_user(cmd->iova, &ucmd_map->iova))
		return -EFAULT;
	ioas = ioas_get(ucmd, cmd->ioas_id);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);

	map.pages = iommufd_pages_alloc(cmd->user_va, cmd->length,
					map.prot & IOMMU_WRITE);
	if (IS_ERR(map.pages)) {
		rc = PTR_ERR(map.pages);
		goto out_put;
	}
	rc = ioas_map(ioas, &map);
	iommufd_pages_put(map.pages);
	if (!rc && !map.fixed && put_user((u64)map.iova, &ucmd_map->iova))
		rc = -EFAULT;
out_put:
	iommufd_object_put(&ioas->obj);
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
	struct iommu_ioas_unmap __user *ucmd_unmap = ucmd->ubuffer;
	struct iommu_ioas_unmap *cmd = ucmd->cmd;
	unsigned long first, last, unmapped;
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

	/* What is unmapped cannot be put back if the answer does not fit */
	if (put_user(cmd->length, &ucmd_unmap->length))
		return -EFAULT;
	ioas = ioas_get(ucmd, cmd->ioas_id);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);

	rc = ioas_unmap(ioas, first, last, &unmapped);
	iommufd_object_put(&ioas->obj);
	if (!rc && !unmapped && !all)
		rc = -ENOENT;
	if (put_user((u64)unmapped, &ucmd_unmap->length))
		return -EFAULT;
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
	ioas = ioas_get(ucmd, cmd->ioas_id);
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
