// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fault queues: see fault.h.
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/iommu.h>
#include <linux/iommufd.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <trace/events/iommufd.h>

#include "device.h"
#include "fault.h"

/* A device that sends requests without an end to the group gets this far */
#define GROUP_MAX_FAULTS 512
#define DEVICE_MAX_GROUPS 512

/* And user space that does not read so far; more than a device has credits */
#define QUEUE_MAX_GROUPS 65536

/**
 * struct iommufd_fault - a fault queue
 * @obj: The object
 * @ictx: The iommufd
 * @lock: See fault.h
 * @unread: struct fault_group, those to be read, oldest first
 * @groups: All that wait, by cookie
 * @num_groups: How many those are
 * @next_cookie: Where the search for a free cookie begins
 * @wait: Woken when there is something to read
 */
struct iommufd_fault {
	struct iommufd_object obj;
	struct iommufd_ctx *ictx;
	struct mutex lock;
	struct list_head unread;
	struct xarray groups;
	unsigned int num_groups;
	u32 next_cookie;
	wait_queue_head_t wait;
};

/**
 * struct fault_group - page requests to be answered together
 * @item: In iommufd_fault::unread, or empty; before that in
 *        iommufd_device::fault_groups
 * @idev: The device
 * @cookie: By which user space answers
 * @num: Number of @faults
 * @faults: The requests
 */
struct fault_group {
	struct list_head item;
	struct iommufd_device *idev;
	u32 cookie;
	unsigned int num;
	struct iommu_fault_page_request faults[];
};

static struct iommufd_fault *to_fault(struct iommufd_object *obj)
{
	return container_of(obj, struct iommufd_fault, obj);
}

/* ---- Answer ---- */

static void group_answer(struct fault_group *group,
			 enum iommu_page_response_code code)
{
	const struct iommu_fault_page_request *last =
		&group->faults[group->num - 1];
	struct iommu_page_response response = {
		.version = IOMMU_PAGE_RESP_VERSION_1,
		.grpid = last->grpid,
		.code = code,
	};

	if (last->flags & IOMMU_FAULT_PAGE_RESPONSE_NEEDS_PASID) {
		response.flags = IOMMU_PAGE_RESP_PASID_VALID;
		response.pasid = last->pasid;
	}
	iommu_page_response(group->idev->dev, &response);
}

/* Answer and forget a group that waits; iommufd_fault::lock held */
static void fault_finish_group(struct iommufd_fault *fault,
			       struct fault_group *group,
			       enum iommu_page_response_code code)
{
	lockdep_assert_held(&fault->lock);

	list_del(&group->item);
	xa_erase(&fault->groups, group->cookie);
	fault->num_groups--;
	group_answer(group, code);
	kfree(group);
}

/* Nobody else answers what @idev has in the queue */
static void fault_drain(struct iommufd_fault *fault,
			struct iommufd_device *idev)
{
	struct fault_group *group;
	unsigned long cookie;

	mutex_lock(&fault->lock);
	xa_for_each(&fault->groups, cookie, group)
		if (group->idev == idev)
			fault_finish_group(fault, group,
					   IOMMU_PAGE_RESP_INVALID);
	mutex_unlock(&fault->lock);
}

/* ---- Report ---- */

static bool requests_are_grouped(const struct iommu_fault_page_request *a,
				 const struct iommu_fault_page_request *b)
{
	if (a->grpid != b->grpid ||
	    (a->flags ^ b->flags) & IOMMU_FAULT_PAGE_REQUEST_PASID_VALID)
		return false;
	return !(a->flags & IOMMU_FAULT_PAGE_REQUEST_PASID_VALID) ||
	       a->pasid == b->pasid;
}

static struct fault_group *
device_find_group(struct iommufd_device *idev,
		  const struct iommu_fault_page_request *request)
{
	struct fault_group *group;

	list_for_each_entry(group, &idev->fault_groups, item)
		if (requests_are_grouped(&group->faults[0], request))
			return group;
	return NULL;
}

/* How many groups are still coming */
static unsigned int device_count_groups(struct iommufd_device *idev)
{
	struct list_head *item;
	unsigned int num = 0;

	list_for_each(item, &idev->fault_groups)
		num++;
	return num;
}

/* Add a request to its group, which is made if it is the first */
static struct fault_group *
device_add_request(struct iommufd_device *idev,
		   const struct iommu_fault_page_request *request)
{
	struct fault_group *old = device_find_group(idev, request);
	unsigned int num = old ? old->num : 0;
	struct fault_group *group;

	if (old ? num == GROUP_MAX_FAULTS :
		  device_count_groups(idev) >= DEVICE_MAX_GROUPS)
		return ERR_PTR(-ENOSPC);
	/* Grown one by one: all but the last are rare */
	group = kmalloc(struct_size(group, faults, num + 1), GFP_KERNEL);
	if (!group)
		return ERR_PTR(-ENOMEM);
	if (old) {
		memcpy(group, old, struct_size(old, faults, num));
		list_replace(&old->item, &group->item);
		kfree(old);
	} else {
		group->idev = idev;
		group->cookie = 0;
		list_add_tail(&group->item, &idev->fault_groups);
	}
	group->faults[num] = *request;
	group->num = num + 1;
	return group;
}

static void device_drop_group(struct fault_group *group)
{
	if (!group)
		return;
	list_del(&group->item);
	kfree(group);
}

static void fault_trace_group(const struct fault_group *group, int rc)
{
	const struct iommu_fault_page_request *last =
		&group->faults[group->num - 1];

	trace_iommufd_fault(group->idev->dev, group->idev->obj.id, last->addr,
			    last->perm, group->cookie, rc);
}

/* Put a whole group into the queue */
static int fault_queue_group(struct iommufd_fault *fault,
			     struct fault_group *group)
{
	int rc;

	mutex_lock(&fault->lock);
	rc = fault->num_groups < QUEUE_MAX_GROUPS ? 0 : -ENOSPC;
	if (!rc)
		/* A late answer must not meet the next group */
		rc = xa_alloc_cyclic(&fault->groups, &group->cookie, group,
				     xa_limit_32b, &fault->next_cookie,
				     GFP_KERNEL);
	if (rc >= 0) {
		fault->num_groups++;
		list_move_tail(&group->item, &fault->unread);
		rc = 0;
	}
	/* Whoever reads it may answer it, and it is gone then */
	fault_trace_group(group, rc);
	mutex_unlock(&fault->lock);
	if (!rc)
		wake_up_interruptible(&fault->wait);
	return rc;
}

static int device_queue_request(struct iommufd_device *idev,
				const struct iommu_fault_page_request *request)
{
	struct fault_group *group = device_add_request(idev, request);
	int rc = PTR_ERR_OR_ZERO(group);

	if (!(request->flags & IOMMU_FAULT_PAGE_REQUEST_LAST_PAGE))
		return rc;
	if (!rc)
		rc = fault_queue_group(idev->fault, group);
	/* The driver completes the whole group: what has come of it is stale */
	if (rc)
		device_drop_group(device_find_group(idev, request));
	return rc;
}

/* The core calls this for each fault; what it refuses the driver completes */
static int device_handle_fault(struct iommu_fault *event, void *data)
{
	struct iommufd_device *idev = data;
	int rc = -EINVAL;

	if (event->type != IOMMU_FAULT_PAGE_REQ)
		return -EOPNOTSUPP;

	mutex_lock(&idev->fault_lock);
	if (idev->fault)
		rc = device_queue_request(idev, &event->prm);
	mutex_unlock(&idev->fault_lock);
	return rc;
}

/* ---- For device.c ---- */

/**
 * iommufd_fault_enable() - have a device's faults reported
 * @idev: The device; where they go iommufd_fault_direct() says
 *
 * Return: 0; -EINVAL if the device or its IOMMU does not do page requests, or if
 * somebody else handles them; -ENOMEM.
 */
int iommufd_fault_enable(struct iommufd_device *idev)
{
	int rc;

	rc = iommu_dev_enable_feature(idev->dev, IOMMU_DEV_FEAT_IOPF);
	if (rc)
		return -EINVAL;
	rc = iommu_register_device_fault_handler(idev->dev,
						 device_handle_fault, idev);
	if (rc)
		iommu_dev_disable_feature(idev->dev, IOMMU_DEV_FEAT_IOPF);
	return rc == -ENOMEM ? rc : rc ? -EINVAL : 0;
}

/**
 * iommufd_fault_direct() - choose where a device's faults go
 * @idev: The device
 * @fault: The queue; NULL for nowhere
 *
 * All that waits where they went before is answered.
 */
void iommufd_fault_direct(struct iommufd_device *idev,
			  struct iommufd_fault *fault)
{
	struct fault_group *group, *next;
	struct iommufd_fault *old;

	mutex_lock(&idev->fault_lock);
	old = idev->fault;
	idev->fault = fault;
	/* Groups that were still coming have nobody who waits for an answer */
	list_for_each_entry_safe(group, next, &idev->fault_groups, item)
		device_drop_group(group);
	mutex_unlock(&idev->fault_lock);
	if (old)
		fault_drain(old, idev);
}

/**
 * iommufd_fault_disable() - undo iommufd_fault_enable()
 * @idev: The device, whose faults go nowhere
 */
void iommufd_fault_disable(struct iommufd_device *idev)
{
	/* All has been answered, so this cannot be refused */
	WARN_ON(iommu_unregister_device_fault_handler(idev->dev));
	iommu_dev_disable_feature(idev->dev, IOMMU_DEV_FEAT_IOPF);
}

/* ---- The file ---- */

static void fault_compose(const struct fault_group *group, unsigned int i,
			  struct iommu_hwpt_pgfault *out)
{
	const struct iommu_fault_page_request *request = &group->faults[i];

	*out = (struct iommu_hwpt_pgfault){
		.dev_id = group->idev->obj.id,
		.pasid = request->pasid,
		.grpid = request->grpid,
		.perm = request->perm,
		.addr = request->addr,
		.cookie = group->cookie,
	};
	if (request->flags & IOMMU_FAULT_PAGE_REQUEST_PASID_VALID)
		out->flags |= IOMMU_PGFAULT_FLAGS_PASID_VALID;
	if (request->flags & IOMMU_FAULT_PAGE_REQUEST_LAST_PAGE)
		out->flags |= IOMMU_PGFAULT_FLAGS_LAST_PAGE;
}

/* Fill @out with whole groups, which then count as read */
static unsigned int fault_take(struct iommufd_fault *fault,
			       struct iommu_hwpt_pgfault *out, unsigned int max)
{
	struct fault_group *group, *next;
	unsigned int num = 0;
	unsigned int i;

	mutex_lock(&fault->lock);
	list_for_each_entry_safe(group, next, &fault->unread, item) {
		if (group->num > max - num)
			break;
		for (i = 0; i < group->num; i++)
			fault_compose(group, i, &out[num++]);
		list_del_init(&group->item);
	}
	mutex_unlock(&fault->lock);
	return num;
}

/* What could not be copied out is to be read again, before anything else */
static void fault_untake(struct iommufd_fault *fault,
			 const struct iommu_hwpt_pgfault *taken,
			 unsigned int num)
{
	struct fault_group *group;

	mutex_lock(&fault->lock);
	while (num--) {
		/* It may have been answered in between */
		group = xa_load(&fault->groups, taken[num].cookie);
		if (group && list_empty(&group->item))
			list_add(&group->item, &fault->unread);
	}
	mutex_unlock(&fault->lock);
	/* Who came in between has seen an empty queue */
	wake_up_interruptible(&fault->wait);
}

static ssize_t fault_fop_read(struct file *file, char __user *buf, size_t count,
			      loff_t *ppos)
{
	struct iommufd_fault *fault = file->private_data;
	struct iommu_hwpt_pgfault *faults;
	unsigned int max, num;
	ssize_t rc;

	if (*ppos || count % sizeof(*faults))
		return -ESPIPE;
	max = min_t(size_t, count / sizeof(*faults), GROUP_MAX_FAULTS);
	faults = kvcalloc(max, sizeof(*faults), GFP_KERNEL_ACCOUNT);
	if (!faults)
		return -ENOMEM;

	num = fault_take(fault, faults, max);
	rc = num * sizeof(*faults);
	if (copy_to_user(buf, faults, rc)) {
		fault_untake(fault, faults, num);
		rc = -EFAULT;
	}
	kvfree(faults);
	return rc;
}

static int fault_answer(struct iommufd_fault *fault,
			const struct iommu_hwpt_page_response *response)
{
	struct fault_group *group;
	int rc = -EINVAL;

	if (response->code != IOMMUFD_PAGE_RESP_SUCCESS &&
	    response->code != IOMMUFD_PAGE_RESP_INVALID)
		return -EINVAL;
	mutex_lock(&fault->lock);
	group = xa_load(&fault->groups, response->cookie);
	/* Only what has been read can be answered */
	if (group && list_empty(&group->item)) {
		fault_finish_group(fault, group, response->code);
		rc = 0;
	}
	mutex_unlock(&fault->lock);
	trace_iommufd_fault_response(response->cookie, response->code, rc);
	return rc;
}

static ssize_t fault_fop_write(struct file *file, const char __user *buf,
			       size_t count, loff_t *ppos)
{
	struct iommufd_fault *fault = file->private_data;
	struct iommu_hwpt_page_response response;
	size_t done;
	int rc = 0;

	if (*ppos || count % sizeof(response))
		return -ESPIPE;
	for (done = 0; done < count; done += sizeof(response)) {
		if (copy_from_user(&response, buf + done, sizeof(response)))
			rc = -EFAULT;
		else
			rc = fault_answer(fault, &response);
		if (rc)
			break;
		cond_resched();
	}
	return done ?: rc;
}

static __poll_t fault_fop_poll(struct file *file, struct poll_table_struct *wait)
{
	struct iommufd_fault *fault = file->private_data;
	__poll_t events = EPOLLOUT;

	poll_wait(file, &fault->wait, wait);
	mutex_lock(&fault->lock);
	if (!list_empty(&fault->unread))
		events |= EPOLLIN | EPOLLRDNORM;
	mutex_unlock(&fault->lock);
	return events;
}

static int fault_fop_release(struct inode *inode, struct file *file)
{
	struct iommufd_fault *fault = file->private_data;
	struct iommufd_ctx *ictx = fault->ictx;

	iommufd_object_unuse(&fault->obj);
	iommufd_ctx_put(ictx);
	return 0;
}

static const struct file_operations fault_fops = {
	.owner = THIS_MODULE,
	.open = nonseekable_open,
	.read = fault_fop_read,
	.write = fault_fop_write,
	.poll = fault_fop_poll,
	.release = fault_fop_release,
	.llseek = no_llseek,
};

/* ---- The object ---- */

static void fault_release(struct iommufd_object *obj)
{
	struct iommufd_fault *fault = to_fault(obj);

	/* Every device that had faults here has been directed elsewhere */
	WARN_ON(!xa_empty(&fault->groups));
	xa_destroy(&fault->groups);
	kfree(fault);
}

static const struct iommufd_object_ops fault_object_ops = {
	.type = IOMMUFD_OBJ_FAULT,
	.release = fault_release,
};

/**
 * iommufd_fault_get() - find a fault queue
 * @ictx: Where
 * @id: Its ID
 *
 * Return: the queue, to be given back with its iommufd_fault_obj(), or
 * ERR_PTR(-ENOENT).
 */
struct iommufd_fault *iommufd_fault_get(struct iommufd_ctx *ictx, u32 id)
{
	struct iommufd_object *obj;

	obj = iommufd_object_get(ictx, id, IOMMUFD_OBJ_FAULT);
	return IS_ERR(obj) ? ERR_CAST(obj) : to_fault(obj);
}

/**
 * iommufd_fault_obj() - the object a fault queue is
 * @fault: The queue
 *
 * Return: the object.
 */
struct iommufd_object *iommufd_fault_obj(struct iommufd_fault *fault)
{
	return &fault->obj;
}

static struct iommufd_fault *fault_alloc(struct iommufd_ctx *ictx)
{
	struct iommufd_fault *fault;

	fault = kzalloc(sizeof(*fault), GFP_KERNEL_ACCOUNT);
	if (!fault)
		return ERR_PTR(-ENOMEM);
	iommufd_object_init(&fault->obj, &fault_object_ops);
	fault->ictx = ictx;
	mutex_init(&fault->lock);
	INIT_LIST_HEAD(&fault->unread);
	xa_init_flags(&fault->groups, XA_FLAGS_ALLOC1);
	init_waitqueue_head(&fault->wait);
	return fault;
}

/* The file, not installed yet, which uses the queue and holds the iommufd */
static struct file *fault_open(struct iommufd_fault *fault)
{
	struct file *file;

	file = anon_inode_getfile("[iommufd_fault]", &fault_fops, fault, O_RDWR);
	if (IS_ERR(file))
		return file;
	iommufd_ctx_get(fault->ictx);
	refcount_inc(&fault->obj.users);
	refcount_inc(&fault->obj.refs);
	return file;
}

/**
 * iommufd_fault_queue_alloc() - ioctl(IOMMU_FAULT_QUEUE_ALLOC)
 * @ucmd: The ioctl
 *
 * Return: 0 or what the uAPI header says.
 */
int iommufd_fault_queue_alloc(struct iommufd_ucmd *ucmd)
{
	struct iommu_fault_alloc *cmd = ucmd->cmd;
	struct iommufd_fault *fault;
	struct file *file;
	int fd, rc;

	if (cmd->flags)
		return -EOPNOTSUPP;
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;
	fault = fault_alloc(ucmd->ictx);
	if (IS_ERR(fault)) {
		rc = PTR_ERR(fault);
		goto err_fd;
	}
	file = fault_open(fault);
	if (IS_ERR(file)) {
		iommufd_object_put(&fault->obj);
		rc = PTR_ERR(file);
		goto err_fd;
	}

	cmd->out_fault_fd = fd;
	rc = iommufd_object_announce(ucmd, &fault->obj, &cmd->out_fault_id,
				     sizeof(*cmd));
	if (rc) {
		fput(file);
		goto err_fd;
	}
	fd_install(fd, file);
	return 0;

err_fd:
	put_unused_fd(fd);
	return rc;
}
