// SPDX-License-Identifier: GPL-2.0-only
/*
 * An emulated device: a driver that reaches what an IOAS maps through a struct
 * iommufd_access, and obeys when it is asked to let go. To tests it is a file
 * descriptor.
 *
 * mock_access::lock protects the list of what is pinned. It is taken in the unmap
 * op, from under the locks of ioas.h, and not held when anything is called that
 * takes those.
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/iommufd.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "../object.h"
#include "mock.h"

/* What one op may pin, or read or write */
#define ACCESS_MAX_LENGTH (16UL << 20)

/**
 * struct mock_access - an emulated device
 * @access: The access
 * @ictx: The iommufd, held
 * @file: The file that stands for it
 * @lock: See above
 * @pinned: struct mock_pinned
 * @next_id: Of the next one of these
 */
struct mock_access {
	struct iommufd_access *access;
	struct iommufd_ctx *ictx;
	struct file *file;
	struct mutex lock;
	struct list_head pinned;
	u32 next_id;
};

/**
 * struct mock_pinned - what an op has pinned
 * @item: In mock_access::pinned
 * @id: By which user space unpins it
 * @iova: First IOVA
 * @length: Number of IOVAs
 */
struct mock_pinned {
	struct list_head item;
	u32 id;
	unsigned long iova;
	unsigned long length;
};

static void mock_unpin(struct mock_access *device, struct mock_pinned *pinned)
{
	iommufd_access_unpin_pages(device->access, pinned->iova,
				   pinned->length);
	kfree(pinned);
}

/* Let go of all that has an IOVA in the range */
static void mock_access_unmap(void *data, unsigned long iova,
			      unsigned long length)
{
	/* 0 and ULONG_MAX are everything */
	unsigned long last = length == ULONG_MAX ? ULONG_MAX :
						   iova + (length - 1);
	struct mock_access *device = data;
	struct mock_pinned *pinned, *next;
	LIST_HEAD(leaving);

	mutex_lock(&device->lock);
	list_for_each_entry_safe(pinned, next, &device->pinned, item)
		if (pinned->iova <= last &&
		    pinned->iova + (pinned->length - 1) >= iova)
			list_move(&pinned->item, &leaving);
	mutex_unlock(&device->lock);

	list_for_each_entry_safe(pinned, next, &leaving, item)
		mock_unpin(device, pinned);
}

static const struct iommufd_access_ops mock_access_ops_pin = {
	.needs_pin_pages = true,
	.unmap = mock_access_unmap,
};

static const struct iommufd_access_ops mock_access_ops_rw = {
	.unmap = mock_access_unmap,
};

static void mock_access_free(struct mock_access *device)
{
	iommufd_access_destroy(device->access);
	iommufd_ctx_put(device->ictx);
	kfree(device);
}

static int mock_access_fop_release(struct inode *inode, struct file *file)
{
	mock_access_free(file->private_data);
	return 0;
}

static const struct file_operations mock_access_fops = {
	.owner = THIS_MODULE,
	.release = mock_access_fop_release,
};

static struct mock_access *mock_access_get(u32 fd)
{
	struct file *file = fget(fd);

	if (!file)
		return ERR_PTR(-EBADFD);
	if (file->f_op != &mock_access_fops) {
		fput(file);
		return ERR_PTR(-EBADFD);
	}
	return file->private_data;
}

static void mock_access_put(struct mock_access *device)
{
	fput(device->file);
}

static struct mock_access *mock_access_alloc(struct iommufd_ctx *ictx,
					     u32 ioas_id, u32 flags)
{
	const struct iommufd_access_ops *ops;
	struct mock_access *device;
	u32 id;
	int rc;

	device = kzalloc(sizeof(*device), GFP_KERNEL_ACCOUNT);
	if (!device)
		return ERR_PTR(-ENOMEM);
	mutex_init(&device->lock);
	INIT_LIST_HEAD(&device->pinned);
	device->next_id = 1;
	ops = flags & MOCK_FLAGS_ACCESS_CREATE_NEEDS_PIN_PAGES ?
		      &mock_access_ops_pin : &mock_access_ops_rw;
	device->access = iommufd_access_create(ictx, ops, device, &id);
	if (IS_ERR(device->access)) {
		rc = PTR_ERR(device->access);
		kfree(device);
		return ERR_PTR(rc);
	}
	device->ictx = ictx;
	iommufd_ctx_get(ictx);

	rc = iommufd_access_attach(device->access, ioas_id);
	if (rc) {
		mock_access_free(device);
		return ERR_PTR(rc);
	}
	return device;
}

/**
 * mock_access_create() - IOMMU_TEST_OP_CREATE_ACCESS
 * @ucmd: The ioctl
 *
 * Return: 0 or an error.
 */
int mock_access_create(struct iommufd_ucmd *ucmd)
{
	struct iommu_test_cmd *cmd = ucmd->cmd;
	struct mock_access *device;
	int fd, rc;

	if (cmd->create_access.flags & ~MOCK_FLAGS_ACCESS_CREATE_NEEDS_PIN_PAGES)
		return -EOPNOTSUPP;
	device = mock_access_alloc(ucmd->ictx, cmd->id,
				   cmd->create_access.flags);
	if (IS_ERR(device))
		return PTR_ERR(device);

	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0) {
		rc = fd;
		goto err_free;
	}
	device->file = anon_inode_getfile("[iommufd_mock_access]",
					  &mock_access_fops, device, O_RDWR);
	if (IS_ERR(device->file)) {
		rc = PTR_ERR(device->file);
		goto err_fd;
	}
	cmd->create_access.out_access_fd = fd;
	rc = iommufd_ucmd_respond(ucmd, sizeof(*cmd));
	if (rc) {
		put_unused_fd(fd);
		fput(device->file);
		return rc;
	}
	fd_install(fd, device->file);
	return 0;

err_fd:
	put_unused_fd(fd);
err_free:
	mock_access_free(device);
	return rc;
}

/* Are these the pages behind @uptr? */
static int check_pages(struct page **pages, unsigned long num, u64 uptr)
{
	for (; num; num--, pages++, uptr += PAGE_SIZE) {
		struct page *page;
		long got = get_user_pages_fast(uptr & PAGE_MASK, 1, 0, &page);

		if (got != 1)
			return got < 0 ? got : -EFAULT;
		put_page(page);
		if (page != *pages)
			return -EBADE;
	}
	return 0;
}

static int mock_pin(struct mock_access *device, struct iommu_test_cmd *cmd,
		    struct page **pages, unsigned long num)
{
	bool write = cmd->access_pages.flags & MOCK_FLAGS_ACCESS_WRITE;
	struct mock_pinned *pinned;
	int rc;

	pinned = kzalloc(sizeof(*pinned), GFP_KERNEL_ACCOUNT);
	if (!pinned)
		return -ENOMEM;
	pinned->iova = cmd->access_pages.iova;
	pinned->length = cmd->access_pages.length;
	rc = iommufd_access_pin_pages(device->access, pinned->iova,
				      pinned->length, pages,
				      write ? IOMMUFD_ACCESS_RW_WRITE : 0);
	if (rc) {
		kfree(pinned);
		return rc;
	}
	/* What fuzzing maps is nobody's to compare with */
	if (!(cmd->access_pages.flags & MOCK_FLAGS_ACCESS_SYZ)) {
		rc = check_pages(pages, num, cmd->access_pages.uptr);
		if (rc) {
			mock_unpin(device, pinned);
			return rc;
		}
	}

	mutex_lock(&device->lock);
	pinned->id = device->next_id++;
	list_add_tail(&pinned->item, &device->pinned);
	cmd->access_pages.out_access_pages_id = pinned->id;
	mutex_unlock(&device->lock);
	return 0;
}

/**
 * mock_access_pages() - IOMMU_TEST_OP_ACCESS_PAGES
 * @ucmd: The ioctl
 *
 * Return: 0 or an error.
 */
int mock_access_pages(struct iommufd_ucmd *ucmd)
{
	struct iommu_test_cmd *cmd = ucmd->cmd;
	struct mock_access *device;
	struct page **pages;
	unsigned long num;
	int rc;

	if (cmd->access_pages.flags &
	    ~(MOCK_FLAGS_ACCESS_WRITE | MOCK_FLAGS_ACCESS_SYZ))
		return -EOPNOTSUPP;
	if (!cmd->access_pages.length ||
	    cmd->access_pages.length > ACCESS_MAX_LENGTH)
		return -EINVAL;
	device = mock_access_get(cmd->id);
	if (IS_ERR(device))
		return PTR_ERR(device);

	num = (offset_in_page(cmd->access_pages.iova) +
	       cmd->access_pages.length + PAGE_SIZE - 1) >> PAGE_SHIFT;
	pages = kvcalloc(num, sizeof(*pages), GFP_KERNEL_ACCOUNT);
	rc = pages ? mock_pin(device, cmd, pages, num) : -ENOMEM;
	kvfree(pages);
	if (!rc)
		rc = iommufd_ucmd_respond(ucmd, sizeof(*cmd));
	mock_access_put(device);
	return rc;
}

/**
 * mock_access_pages_destroy() - IOMMU_TEST_OP_DESTROY_ACCESS_PAGES
 * @ucmd: The ioctl
 *
 * Return: 0 or an error.
 */
int mock_access_pages_destroy(struct iommufd_ucmd *ucmd)
{
	struct iommu_test_cmd *cmd = ucmd->cmd;
	struct mock_pinned *pinned, *found = NULL;
	struct mock_access *device;

	device = mock_access_get(cmd->id);
	if (IS_ERR(device))
		return PTR_ERR(device);

	mutex_lock(&device->lock);
	list_for_each_entry(pinned, &device->pinned, item)
		if (pinned->id == cmd->destroy_access_pages.access_pages_id)
			found = pinned;
	if (found)
		list_del(&found->item);
	mutex_unlock(&device->lock);

	if (found)
		mock_unpin(device, found);
	mock_access_put(device);
	return found ? 0 : -ENOENT;
}

/* By way of a buffer, as the memory may be the caller's own */
static int mock_rw(struct mock_access *device, struct iommu_test_cmd *cmd)
{
	bool write = cmd->access_rw.flags & MOCK_ACCESS_RW_WRITE;
	void __user *uptr = u64_to_user_ptr(cmd->access_rw.uptr);
	size_t length = cmd->access_rw.length;
	unsigned int flags = 0;
	void *buf;
	int rc = 0;

	if (write)
		flags |= IOMMUFD_ACCESS_RW_WRITE;
	if (cmd->access_rw.flags & MOCK_ACCESS_RW_SLOW_PATH)
		flags |= __IOMMUFD_ACCESS_RW_SLOW_PATH;

	buf = kvzalloc(length, GFP_KERNEL_ACCOUNT);
	if (!buf)
		return -ENOMEM;
	if (write && copy_from_user(buf, uptr, length))
		rc = -EFAULT;
	if (!rc)
		rc = iommufd_access_rw(device->access, cmd->access_rw.iova, buf,
				       length, flags);
	if (!rc && !write && copy_to_user(uptr, buf, length))
		rc = -EFAULT;
	kvfree(buf);
	return rc;
}

/**
 * mock_access_rw() - IOMMU_TEST_OP_ACCESS_RW
 * @ucmd: The ioctl
 *
 * Return: 0 or an error.
 */
int mock_access_rw(struct iommufd_ucmd *ucmd)
{
	struct iommu_test_cmd *cmd = ucmd->cmd;
	struct mock_access *device;
	int rc;

	if (cmd->access_rw.flags &
	    ~(MOCK_ACCESS_RW_WRITE | MOCK_ACCESS_RW_SLOW_PATH))
		return -EOPNOTSUPP;
	if (!cmd->access_rw.length ||
	    cmd->access_rw.length > ACCESS_MAX_LENGTH)
		return -EINVAL;
	device = mock_access_get(cmd->id);
	if (IS_ERR(device))
		return PTR_ERR(device);
	rc = mock_rw(device, cmd);
	mock_access_put(device);
	return rc;
}

/**
 * mock_access_replace_ioas() - IOMMU_TEST_OP_ACCESS_REPLACE_IOAS
 * @ucmd: The ioctl
 *
 * Return: 0 or an error.
 */
int mock_access_replace_ioas(struct iommufd_ucmd *ucmd)
{
	struct iommu_test_cmd *cmd = ucmd->cmd;
	struct mock_access *device;
	int rc;

	device = mock_access_get(cmd->id);
	if (IS_ERR(device))
		return PTR_ERR(device);
	rc = iommufd_access_replace(device->access,
				    cmd->access_replace_ioas.ioas_id);
	mock_access_put(device);
	return rc;
}
