// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/iommu in the place of a VFIO container: the ioctls and errnos of VFIO's
 * type1 IOMMU, on an IOAS.
 *
 * The ioctls of a container name no IOAS, so the context remembers one for them,
 * the compatibility IOAS. It is used, in the sense of object.h, while it is
 * remembered. An ioctl works on the one it found when it began, whatever the
 * context remembers by then.
 *
 * What type1 keeps to whole pages is kept so here, whatever the IOAS can do.
 *
 * Locks, in the order they are taken; none is held over a copy to or from user
 * space:
 *  iommufd_ctx::vfio_lock	Which IOAS is remembered
 *  iommufd_ioas::domains_sem	}
 *  iommufd_ioas::space_lock	} see ioas.h; not under vfio_lock
 *  the lock of iommufd_ctx::objects
 */
#include <linux/capability.h>
#include <linux/iommu.h>
#include <linux/iommufd.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <trace/events/iommufd.h>
#include <uapi/linux/iommufd.h>
#include <uapi/linux/vfio.h>

#include "ioas.h"
#include "vfio_compat.h"

/* ---- The compatibility IOAS ---- */

/* To be given back by iommufd_object_put(), or ERR_PTR(-ENODEV) */
static struct iommufd_ioas *vfio_ioas_get(struct iommufd_ctx *ictx)
{
	struct iommufd_ioas *ioas = ERR_PTR(-ENODEV);

	mutex_lock(&ictx->vfio_lock);
	/* It is used, so that its ID finds it */
	if (ictx->vfio_ioas)
		ioas = ioas_get(ictx, ictx->vfio_ioas->obj.id);
	mutex_unlock(&ictx->vfio_lock);
	return ioas;
}

/* Remember @ioas, which the caller is a user of; NULL for none */
static void vfio_ioas_set(struct iommufd_ctx *ictx, struct iommufd_ioas *ioas)
{
	mutex_lock(&ictx->vfio_lock);
	swap(ictx->vfio_ioas, ioas);
	mutex_unlock(&ictx->vfio_lock);
	if (ioas)
		iommufd_object_unuse(&ioas->obj);
}

static int vfio_ioas_set_id(struct iommufd_ctx *ictx, u32 id)
{
	struct iommufd_ioas *ioas;
	int rc;

	ioas = ioas_get(ictx, id);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	rc = iommufd_object_use(&ioas->obj);
	if (!rc)
		vfio_ioas_set(ictx, ioas);
	iommufd_object_put(&ioas->obj);
	return rc;
}

/**
 * iommufd_vfio_compat_ioas_get_id() - which IOAS stands for the VFIO container
 * @ictx: The context
 * @out_ioas_id: Set to its ID
 *
 * Return: 0, or -ENODEV if there is none.
 */
int iommufd_vfio_compat_ioas_get_id(struct iommufd_ctx *ictx, u32 *out_ioas_id)
{
	struct iommufd_ioas *ioas;

	ioas = vfio_ioas_get(ictx);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	*out_ioas_id = ioas->obj.id;
	iommufd_object_put(&ioas->obj);
	return 0;
}
EXPORT_SYMBOL_NS_GPL(iommufd_vfio_compat_ioas_get_id, IOMMUFD);

static int vfio_ioas_create_locked(struct iommufd_ctx *ictx)
{
	struct iommufd_ioas *ioas;
	int rc;

	lockdep_assert_held(&ictx->vfio_lock);

	ioas = iommufd_ioas_make();
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	rc = iommufd_object_reserve(ictx, &ioas->obj);
	if (!rc)
		/* Cannot fail before there is an ID to remove */
		rc = iommufd_object_use(&ioas->obj);
	if (rc) {
		iommufd_object_put(&ioas->obj);
		return rc;
	}
	iommufd_object_publish(ictx, &ioas->obj);
	ictx->vfio_ioas = ioas;
	return 0;
}

/**
 * iommufd_vfio_compat_ioas_create() - have an IOAS for the VFIO container
 * @ictx: The context; if it has none, a new IOAS is made, which user space can
 *        name and, after IOMMU_VFIO_IOAS_CLEAR, destroy like any other
 *
 * Return: 0, -ENOMEM, -ENOSPC if there is no ID left, or -EINVAL after
 * iommufd_vfio_compat_set_no_iommu().
 */
int iommufd_vfio_compat_ioas_create(struct iommufd_ctx *ictx)
{
	int rc = 0;

	mutex_lock(&ictx->vfio_lock);
	if (ictx->vfio_no_iommu)
		rc = -EINVAL;
	else if (!ictx->vfio_ioas)
		rc = vfio_ioas_create_locked(ictx);
	mutex_unlock(&ictx->vfio_lock);
	return rc;
}
EXPORT_SYMBOL_NS_GPL(iommufd_vfio_compat_ioas_create, IOMMUFD);

/**
 * iommufd_vfio_compat_set_no_iommu() - be a container of devices without an IOMMU
 * @ictx: The context; the caller has seen that user space may have such devices
 *
 * Return: 0, or -EINVAL if there is an IOAS for the VFIO container.
 */
int iommufd_vfio_compat_set_no_iommu(struct iommufd_ctx *ictx)
{
	int rc = 0;

	mutex_lock(&ictx->vfio_lock);
	if (ictx->vfio_ioas)
		rc = -EINVAL;
	else
		WRITE_ONCE(ictx->vfio_no_iommu, true);
	mutex_unlock(&ictx->vfio_lock);
	return rc;
}
EXPORT_SYMBOL_NS_GPL(iommufd_vfio_compat_set_no_iommu, IOMMUFD);

/**
 * iommufd_vfio_ioas() - ioctl(IOMMU_VFIO_IOAS)
 * @ucmd: The ioctl
 *
 * Return: 0 or what the uAPI header says.
 */
int iommufd_vfio_ioas(struct iommufd_ucmd *ucmd)
{
	struct iommu_vfio_ioas *cmd = ucmd->cmd;
	int rc;

	if (cmd->__reserved)
		return -EOPNOTSUPP;
	switch (cmd->op) {
	case IOMMU_VFIO_IOAS_GET:
		rc = iommufd_vfio_compat_ioas_get_id(ucmd->ictx, &cmd->ioas_id);
		return rc ?: iommufd_ucmd_respond(ucmd, sizeof(*cmd));
	case IOMMU_VFIO_IOAS_SET:
		return vfio_ioas_set_id(ucmd->ictx, cmd->ioas_id);
	case IOMMU_VFIO_IOAS_CLEAR:
		vfio_ioas_set(ucmd->ictx, NULL);
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

/**
 * iommufd_vfio_release() - forget the compatibility IOAS
 * @ictx: A context that is being closed
 */
void iommufd_vfio_release(struct iommufd_ctx *ictx)
{
	vfio_ioas_set(ictx, NULL);
}

/* ---- What kind of container it is ---- */

/* Is no device of the container able to bypass the caches? */
static int vfio_is_coherent(struct iommufd_ctx *ictx)
{
	struct iommufd_ioas *ioas = vfio_ioas_get(ictx);
	int rc;

	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	rc = ioas_is_coherent(ioas);
	iommufd_object_put(&ioas->obj);
	return rc;
}

/*
 * Not there: VFIO_TYPE1_NESTING_IOMMU, whose user space is to make nested HWPTs
 * instead; VFIO_UPDATE_VADDR.
 */
static int vfio_check_extension(struct iommufd_ctx *ictx,
				unsigned long extension)
{
	if (READ_ONCE(ictx->vfio_no_iommu))
		return extension == VFIO_NOIOMMU_IOMMU;

	switch (extension) {
	case VFIO_DMA_CC_IOMMU:
		return vfio_is_coherent(ictx);
	case VFIO_TYPE1_IOMMU:
	case VFIO_TYPE1v2_IOMMU:
	case VFIO_UNMAP_ALL:
		return 1;
	default:
		return 0;
	}
}

/*
 * The first version of type1 had no mappings that had to be unmapped as they
 * were mapped: any page could be. Nothing may then be mapped in larger pieces.
 * Going back to the second version leaves the size of pages as it is.
 */
static int vfio_set_iommu(struct iommufd_ctx *ictx, unsigned long type)
{
	struct iommufd_ioas *ioas;
	int rc = 0;

	/* As a container says that has no driver for a type */
	if (READ_ONCE(ictx->vfio_no_iommu)) {
		if (type != VFIO_NOIOMMU_IOMMU)
			return -ENODEV;
		return capable(CAP_SYS_RAWIO) ? 0 : -EPERM;
	}
	if (type != VFIO_TYPE1_IOMMU && type != VFIO_TYPE1v2_IOMMU)
		return -ENODEV;
	ioas = vfio_ioas_get(ictx);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	if (type == VFIO_TYPE1_IOMMU)
		rc = ioas_set_small_pages(ioas, true);
	if (!rc)
		WRITE_ONCE(ioas->vfio_cuts, type == VFIO_TYPE1_IOMMU);
	iommufd_object_put(&ioas->obj);
	return rc;
}

/* ---- Map and unmap ---- */

/* [*@first, *@last] from @start and @size, if those are whole pages */
static int vfio_page_range(u64 start, u64 size, unsigned long *first,
			   unsigned long *last)
{
	if (!size || (start | size) & ~PAGE_MASK)
		return -EINVAL;
	if (start > ULONG_MAX || size > ULONG_MAX)
		return -EINVAL;
	*first = start;
	if (check_add_overflow(*first, (unsigned long)size - 1, last))
		return -EINVAL;
	return 0;
}

static int vfio_map_dma(struct iommufd_ctx *ictx, void __user *arg)
{
	const u32 access = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE;
	struct ioas_map map = { .fixed = true };
	struct vfio_iommu_type1_dma_map cmd;
	unsigned long uptr, last;
	struct iommufd_ioas *ioas;
	int prot = IOMMU_CACHE;
	int rc;

	if (copy_from_user(&cmd, arg, sizeof(cmd)))
		return -EFAULT;
	if (cmd.argsz < sizeof(cmd))
		return -EINVAL;
	if (!(cmd.flags & access) || cmd.flags & ~access)
		return -EINVAL;
	rc = vfio_page_range(cmd.vaddr, cmd.size, &uptr, &last);
	if (!rc)
		rc = vfio_page_range(cmd.iova, cmd.size, &map.iova, &last);
	if (rc)
		return rc;

	if (cmd.flags & VFIO_DMA_MAP_FLAG_READ)
		prot |= IOMMU_READ;
	if (cmd.flags & VFIO_DMA_MAP_FLAG_WRITE)
		prot |= IOMMU_WRITE;
	ioas = vfio_ioas_get(ictx);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	rc = ioas_map_user(ictx, ioas, uptr, cmd.size, prot, &map);
	trace_iommufd_map(ioas->obj.id, map.iova, cmd.size, rc);
	iommufd_object_put(&ioas->obj);
	return rc;
}

static int vfio_unmap_range(const struct vfio_iommu_type1_dma_unmap *cmd,
			    unsigned long *first, unsigned long *last)
{
	if (!(cmd->flags & VFIO_DMA_UNMAP_FLAG_ALL))
		return vfio_page_range(cmd->iova, cmd->size, first, last);
	if (cmd->iova || cmd->size)
		return -EINVAL;
	*first = 0;
	*last = ULONG_MAX;
	return 0;
}

static int vfio_unmap_dma(struct iommufd_ctx *ictx, void __user *arg)
{
	struct vfio_iommu_type1_dma_unmap __user *answer = arg;
	struct vfio_iommu_type1_dma_unmap cmd;
	unsigned long first, last, unmapped;
	struct iommufd_ioas *ioas;
	int rc;

	if (copy_from_user(&cmd, arg, sizeof(cmd)))
		return -EFAULT;
	if (cmd.argsz < sizeof(cmd) || cmd.flags & ~VFIO_DMA_UNMAP_FLAG_ALL)
		return -EINVAL;
	rc = vfio_unmap_range(&cmd, &first, &last);
	if (rc)
		return rc;

	ioas = vfio_ioas_get(ictx);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	/* What is unmapped cannot be put back if the answer does not fit */
	rc = -EFAULT;
	if (put_user(cmd.size, &answer->size))
		goto out_put;
	rc = ioas_unmap(ioas, first, last, READ_ONCE(ioas->vfio_cuts),
			&unmapped);
	if (!rc && put_user((u64)unmapped, &answer->size))
		rc = -EFAULT;
	trace_iommufd_unmap(ioas->obj.id, cmd.iova, cmd.size, unmapped, rc);
out_put:
	iommufd_object_put(&ioas->obj);
	return rc;
}

/* ---- VFIO_IOMMU_GET_INFO ---- */

/* The sizes of pages that all domains know. A smaller page is not for type1 */
static unsigned long vfio_page_sizes(struct iommufd_ioas *ioas)
{
	unsigned long sizes = PAGE_MASK;
	struct ioas_domain *on;

	down_read(&ioas->domains_sem);
	list_for_each_entry(on, &ioas->domains, item)
		sizes &= on->domain->pgsize_bitmap;
	if (ioas->small_pages)
		sizes = 0;
	up_read(&ioas->domains_sem);
	/* Each can map single pages, if from smaller ones */
	return sizes | PAGE_SIZE;
}

/* Write as many usable ranges as there is @room for. Return: how many there are */
static u32 vfio_list_ranges(struct iommufd_ioas *ioas,
			    struct vfio_iova_range *ranges, u32 room)
{
	unsigned long first, last = 0;
	u32 num = 0;

	mutex_lock(&ioas->space_lock);
	while (iova_space_next_usable(&ioas->space, last, &first, &last)) {
		if (num < room) {
			ranges[num].start = first;
			ranges[num].end = last;
		}
		num++;
		if (check_add_overflow(last, 1UL, &last))
			break;
	}
	mutex_unlock(&ioas->space_lock);
	return num;
}

/* To be kvfree()d, or NULL if there are no ranges, or ERR_PTR(-ENOMEM) */
static struct vfio_iommu_type1_info_cap_iova_range *
vfio_get_ranges(struct iommufd_ioas *ioas)
{
	struct vfio_iommu_type1_info_cap_iova_range *cap = NULL;
	u32 num, room = 0;

	/* There may be more of them once there is memory for them */
	for (;;) {
		num = vfio_list_ranges(ioas, cap ? cap->iova_ranges : NULL,
				       room);
		if (num <= room)
			break;
		kvfree(cap);
		room = num;
		cap = kvzalloc(struct_size(cap, iova_ranges, room),
			       GFP_KERNEL_ACCOUNT);
		if (!cap)
			return ERR_PTR(-ENOMEM);
	}
	if (!num) {
		kvfree(cap);
		return NULL;
	}
	cap->header.id = VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE;
	cap->header.version = 1;
	cap->nr_iovas = num;
	return cap;
}

/*
 * Write the chain to @arg: the ranges if there are any, which are u64s and
 * aligned there, then a struct of u32s.
 */
static int vfio_put_caps(void __user *arg,
			 struct vfio_iommu_type1_info_cap_iova_range *ranges,
			 size_t ranges_size)
{
	size_t offset = sizeof(struct vfio_iommu_type1_info);
	const struct vfio_iommu_type1_info_dma_avail avail = {
		.header.id = VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL,
		.header.version = 1,
		/* There is no limit but memory */
		.avail = U32_MAX,
	};

	if (ranges) {
		ranges->header.next = offset + ranges_size;
		if (copy_to_user(arg + offset, ranges, ranges_size))
			return -EFAULT;
	}
	if (copy_to_user(arg + offset + ranges_size, &avail, sizeof(avail)))
		return -EFAULT;
	return 0;
}

static int vfio_fill_info(struct iommufd_ioas *ioas, void __user *arg,
			  struct vfio_iommu_type1_info *info)
{
	struct vfio_iommu_type1_info_cap_iova_range *ranges;
	size_t ranges_size = 0, size;
	int rc = 0;

	ranges = vfio_get_ranges(ioas);
	if (IS_ERR(ranges))
		return PTR_ERR(ranges);
	if (ranges)
		ranges_size = struct_size(ranges, iova_ranges,
					  ranges->nr_iovas);

	info->flags = VFIO_IOMMU_INFO_PGSIZES | VFIO_IOMMU_INFO_CAPS;
	info->iova_pgsizes = vfio_page_sizes(ioas);
	size = sizeof(*info) + ranges_size +
	       sizeof(struct vfio_iommu_type1_info_dma_avail);
	if (info->argsz < size) {
		info->argsz = size;
	} else {
		info->cap_offset = sizeof(*info);
		rc = vfio_put_caps(arg, ranges, ranges_size);
	}
	kvfree(ranges);
	return rc;
}

static int vfio_get_info(struct iommufd_ctx *ictx, void __user *arg)
{
	size_t size = offsetofend(struct vfio_iommu_type1_info, iova_pgsizes);
	struct vfio_iommu_type1_info __user *answer = arg;
	struct vfio_iommu_type1_info info = {};
	struct iommufd_ioas *ioas;
	int rc;

	if (get_user(info.argsz, &answer->argsz))
		return -EFAULT;
	if (info.argsz < size)
		return -EINVAL;
	/* Programs from before there were capabilities have no cap_offset */
	if (info.argsz >= offsetofend(struct vfio_iommu_type1_info, cap_offset))
		size = offsetofend(struct vfio_iommu_type1_info, cap_offset);

	ioas = vfio_ioas_get(ictx);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	rc = vfio_fill_info(ioas, arg, &info);
	iommufd_object_put(&ioas->obj);
	if (!rc && copy_to_user(arg, &info, size))
		rc = -EFAULT;
	return rc;
}

/**
 * iommufd_vfio_ioctl() - an ioctl of a VFIO container
 * @ictx: The context it was called on
 * @cmd: Its number
 * @arg: Its argument
 *
 * Return: not negative, as include/uapi/linux/vfio.h says; -ENOTTY if there is no
 * such ioctl; -EFAULT; -EINVAL; -ENODEV without a compatibility IOAS; or an error
 * of ioas_map(), ioas_unmap() or ioas_set_small_pages().
 */
int iommufd_vfio_ioctl(struct iommufd_ctx *ictx, unsigned int cmd,
		       unsigned long arg)
{
	void __user *uarg = (void __user *)arg;

	switch (cmd) {
	case VFIO_GET_API_VERSION:
		return VFIO_API_VERSION;
	case VFIO_CHECK_EXTENSION:
		return vfio_check_extension(ictx, arg);
	case VFIO_SET_IOMMU:
		return vfio_set_iommu(ictx, arg);
	case VFIO_IOMMU_GET_INFO:
		return vfio_get_info(ictx, uarg);
	case VFIO_IOMMU_MAP_DMA:
		return vfio_map_dma(ictx, uarg);
	case VFIO_IOMMU_UNMAP_DMA:
		return vfio_unmap_dma(ictx, uarg);
	default:
		return -ENOTTY;
	}
}
