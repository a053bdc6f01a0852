// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOMMU_TEST_CMD: what tests ask of the mock.
 *
 * A mock device is an object, and does what VFIO does for a real one: bind,
 * attach, replace, detach. mock_stdev::lock makes these, which iommufd wants one
 * at a time, so; it comes before iommufd's locks, and none is taken before it.
 */
#include <linux/file.h>
#include <linux/highmem.h>
#include <linux/iommufd.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pagemap.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "../device.h"
#include "../hwpt.h"
#include "../ioas.h"
#include "../object.h"
#include "../pages.h"
#include "../test.h"
#include "mock.h"

/**
 * struct mock_stdev - a device under test, as an object
 * @obj: The object
 * @mdev: The device
 * @idev: The same, bound
 * @lock: See above; protects @attached and @memory
 * @attached: It is
 * @memory: Its own, or NULL; once it has some, it keeps that
 */
struct mock_stdev {
	struct iommufd_object obj;
	struct mock_device *mdev;
	struct iommufd_device *idev;
	struct mutex lock;
	bool attached;
	struct mock_memory *memory;
};

static struct mock_stdev *to_stdev(struct iommufd_object *obj)
{
	return container_of(obj, struct mock_stdev, obj);
}

static void stdev_release(struct iommufd_object *obj)
{
	struct mock_stdev *stdev = to_stdev(obj);

	if (stdev->attached)
		iommufd_device_detach(stdev->idev);
	iommufd_device_unbind(stdev->idev);
	mock_device_remove(stdev->mdev);
	if (stdev->memory)
		mock_memory_put(stdev->memory);
	kfree(stdev);
}

static const struct iommufd_object_ops stdev_object_ops = {
	.type = IOMMUFD_OBJ_MOCK_DEVICE,
	.release = stdev_release,
	.owner = THIS_MODULE,
};

static struct mock_stdev *stdev_get(struct iommufd_ucmd *ucmd, u32 id)
{
	struct iommufd_object *obj;

	obj = iommufd_object_get(ucmd->ictx, id, IOMMUFD_OBJ_MOCK_DEVICE);
	return IS_ERR(obj) ? ERR_CAST(obj) : to_stdev(obj);
}

static int stdev_attach(struct mock_stdev *stdev, u32 *pt_id)
{
	int rc = -EINVAL;

	mutex_lock(&stdev->lock);
	if (!stdev->attached) {
		rc = iommufd_device_attach(stdev->idev, pt_id);
		stdev->attached = !rc;
	}
	mutex_unlock(&stdev->lock);
	return rc;
}

/* Make a device and bind it. @idev_id returns the ID the bind gave it */
static struct mock_stdev *stdev_alloc(struct iommufd_ucmd *ucmd, u32 iommu,
				      u32 flags, struct mock_device *same_group,
				      u32 *idev_id)
{
	struct mock_stdev *stdev;
	int rc;

	if (flags & ~(MOCK_FLAGS_DEVICE_NO_DIRTY | MOCK_FLAGS_DEVICE_HUGE_IOVA |
		      MOCK_FLAGS_DEVICE_PASID | MOCK_DEV_WINDOWS |
		      MOCK_DEV_COHERENT))
		return ERR_PTR(-EOPNOTSUPP);

	stdev = kzalloc(sizeof(*stdev), GFP_KERNEL_ACCOUNT);
	if (!stdev)
		return ERR_PTR(-ENOMEM);
	mutex_init(&stdev->lock);
	stdev->mdev = mock_device_add(iommu, flags, same_group);
	if (IS_ERR(stdev->mdev)) {
		rc = PTR_ERR(stdev->mdev);
		goto err_free;
	}
	stdev->idev = iommufd_device_bind(ucmd->ictx, &stdev->mdev->dev,
					  idev_id);
	if (IS_ERR(stdev->idev)) {
		rc = PTR_ERR(stdev->idev);
		goto err_remove;
	}
	iommufd_object_init(&stdev->obj, &stdev_object_ops);
	return stdev;

err_remove:
	mock_device_remove(stdev->mdev);
err_free:
	kfree(stdev);
	return ERR_PTR(rc);
}

/* Attach @stdev to @pt_id, if that is not 0, and tell user space about it */
static int stdev_announce(struct iommufd_ucmd *ucmd, struct mock_stdev *stdev,
			  u32 pt_id, u32 *out_hwpt_id, u32 *out_stdev_id)
{
	int rc;

	*out_hwpt_id = pt_id;
	if (pt_id) {
		rc = stdev_attach(stdev, out_hwpt_id);
		if (rc) {
			iommufd_object_put(&stdev->obj);
			return rc;
		}
	}
	return iommufd_object_announce(ucmd, &stdev->obj, out_stdev_id,
				       sizeof(struct iommu_test_cmd));
}

static int test_mock_domain(struct iommufd_ucmd *ucmd)
{
	struct iommu_test_cmd *cmd = ucmd->cmd;
	struct mock_stdev *stdev;
	u32 flags = 0;

	if (cmd->op == IOMMU_TEST_OP_MOCK_DOMAIN_FLAGS)
		flags = cmd->mock_domain_flags.dev_flags;
	if (!cmd->id)
		return -ENOENT;

	stdev = stdev_alloc(ucmd, MOCK_IOMMU_FULL, flags, NULL,
			    &cmd->mock_domain.out_idev_id);
	if (IS_ERR(stdev))
		return PTR_ERR(stdev);
	/* Both layouts begin alike */
	return stdev_announce(ucmd, stdev, cmd->id,
			      &cmd->mock_domain.out_hwpt_id,
			      &cmd->mock_domain.out_stdev_id);
}

static int test_dev_create(struct iommufd_ucmd *ucmd)
{
	struct iommu_test_cmd *cmd = ucmd->cmd;
	struct mock_stdev *same_group = NULL;
	struct mock_stdev *stdev;

	if (cmd->dev_create.group_of_stdev_id) {
		same_group = stdev_get(ucmd, cmd->dev_create.group_of_stdev_id);
		if (IS_ERR(same_group))
			return PTR_ERR(same_group);
	}
	stdev = stdev_alloc(ucmd, cmd->dev_create.iommu, cmd->dev_create.flags,
			    same_group ? same_group->mdev : NULL,
			    &cmd->dev_create.out_idev_id);
	if (same_group)
		iommufd_object_put(&same_group->obj);
	if (IS_ERR(stdev))
		return PTR_ERR(stdev);

	return stdev_announce(ucmd, stdev, cmd->dev_create.pt_id,
			      &cmd->dev_create.out_hwpt_id,
			      &cmd->dev_create.out_stdev_id);
}

static int test_mock_domain_replace(struct iommufd_ucmd *ucmd)
{
	struct iommu_test_cmd *cmd = ucmd->cmd;
	struct mock_stdev *stdev;
	int rc;

	stdev = stdev_get(ucmd, cmd->id);
	if (IS_ERR(stdev))
		return PTR_ERR(stdev);
	mutex_lock(&stdev->lock);
	rc = iommufd_device_replace(stdev->idev,
				    &cmd->mock_domain_replace.pt_id);
	mutex_unlock(&stdev->lock);
	iommufd_object_put(&stdev->obj);
	return rc ?: iommufd_ucmd_respond(ucmd, sizeof(*cmd));
}

static int test_dev_attach(struct iommufd_ucmd *ucmd)
{
	struct iommu_test_cmd *cmd = ucmd->cmd;
	struct mock_stdev *stdev;
	int rc;

	stdev = stdev_get(ucmd, cmd->id);
	if (IS_ERR(stdev))
		return PTR_ERR(stdev);
	rc = stdev_attach(stdev, &cmd->dev_attach.pt_id);
	iommufd_object_put(&stdev->obj);
	return rc ?: iommufd_ucmd_respond(ucmd, sizeof(*cmd));
}

static int test_dev_detach(struct iommufd_ucmd *ucmd)
{
	struct iommu_test_cmd *cmd = ucmd->cmd;
	struct mock_stdev *stdev;
	int rc = -EINVAL;

	stdev = stdev_get(ucmd, cmd->id);
	if (IS_ERR(stdev))
		return PTR_ERR(stdev);
	mutex_lock(&stdev->lock);
	if (stdev->attached) {
		iommufd_device_detach(stdev->idev);
		stdev->attached = false;
		rc = 0;
	}
	mutex_unlock(&stdev->lock);
	iommufd_object_put(&stdev->obj);
	return rc;
}

static int test_dev_fail_attach(struct iommufd_ucmd *ucmd)
{
	struct iommu_test_cmd *cmd = ucmd->cmd;
	struct mock_stdev *stdev;

	if (!cmd->dev_fail_attach.error ||
	    cmd->dev_fail_attach.error > MAX_ERRNO)
		return -EINVAL;
	stdev = stdev_get(ucmd, cmd->id);
	if (IS_ERR(stdev))
		return PTR_ERR(stdev);
	mutex_lock(&stdev->mdev->lock);
	stdev->mdev->fail_attach = -(int)cmd->dev_fail_attach.error;
	mutex_unlock(&stdev->mdev->lock);
	iommufd_object_put(&stdev->obj);
	return 0;
}

/* Give @stdev @memory, and user space a file that shows it; on an error neither */
static int stdev_give_memory(struct iommufd_ucmd *ucmd,
			     struct mock_stdev *stdev,
			     struct mock_memory *memory)
{
	struct iommu_test_cmd *cmd = ucmd->cmd;
	struct file *file;
	int fd, rc;

	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;
	file = mock_memory_file(memory);
	if (IS_ERR(file)) {
		put_unused_fd(fd);
		return PTR_ERR(file);
	}

	cmd->dev_memory.out_fd = fd;
	mutex_lock(&stdev->lock);
	rc = stdev->memory ? -EEXIST : iommufd_ucmd_respond(ucmd, sizeof(*cmd));
	if (!rc) {
		stdev->memory = memory;
		mock_memory_offer(memory, stdev->idev);
	}
	mutex_unlock(&stdev->lock);
	if (rc) {
		put_unused_fd(fd);
		fput(file);
		return rc;
	}
	fd_install(fd, file);
	return 0;
}

static int test_dev_memory(struct iommufd_ucmd *ucmd)
{
	struct iommu_test_cmd *cmd = ucmd->cmd;
	u64 length = cmd->dev_memory.length;
	struct mock_memory *memory;
	struct mock_stdev *stdev;
	int rc;

	if (!length || length > MOCK_DEV_MEMORY_MAX || offset_in_page(length))
		return -EINVAL;
	stdev = stdev_get(ucmd, cmd->id);
	if (IS_ERR(stdev))
		return PTR_ERR(stdev);
	memory = mock_memory_alloc(length);
	rc = memory ? stdev_give_memory(ucmd, stdev, memory) : -ENOMEM;
	if (rc && memory)
		mock_memory_put(memory);
	iommufd_object_put(&stdev->obj);
	return rc;
}

static int test_dev_decode(struct iommufd_ucmd *ucmd)
{
	struct iommu_test_cmd *cmd = ucmd->cmd;
	struct mock_memory *memory;
	struct mock_stdev *stdev;

	if (cmd->dev_decode.enable > 1)
		return -EINVAL;
	stdev = stdev_get(ucmd, cmd->id);
	if (IS_ERR(stdev))
		return PTR_ERR(stdev);
	mutex_lock(&stdev->lock);
	memory = stdev->memory;
	mutex_unlock(&stdev->lock);
	if (memory)
		mock_memory_decode(memory, cmd->dev_decode.enable);
	iommufd_object_put(&stdev->obj);
	return memory ? 0 : -EINVAL;
}

/* The DMA goes by way of a buffer: user memory may fault, a device may not */
static int stdev_dma(struct mock_stdev *stdev, struct iommu_test_cmd *cmd)
{
	bool write = cmd->dev_dma.flags & MOCK_DMA_WRITE;
	void __user *uptr = u64_to_user_ptr(cmd->dev_dma.uptr);
	size_t length = cmd->dev_dma.length;
	struct walk_fault fault;
	void *buf;
	int rc = 0;

	buf = kvmalloc(length, GFP_KERNEL_ACCOUNT);
	if (!buf)
		return -ENOMEM;
	if (write && copy_from_user(buf, uptr, length)) {
		rc = -EFAULT;
		goto out_free;
	}
	if (!write && fault_in_safe_writeable(uptr, length)) {
		rc = -EFAULT;
		goto out_free;
	}
	length = mock_dma(stdev->mdev, cmd->dev_dma.iova, buf, length, write,
			  &fault);
	if (!write && copy_to_user(uptr, buf, length))
		rc = -EFAULT;

	cmd->dev_dma.length = length;
	cmd->dev_dma.out_fault_reason = fault.reason;
	cmd->dev_dma.out_fault_stage = fault.stage;
	cmd->dev_dma.out_fault_level = fault.level;
	cmd->dev_dma.out_fault_addr = fault.addr;
out_free:
	kvfree(buf);
	return rc;
}

static int test_dev_dma(struct iommufd_ucmd *ucmd)
{
	struct iommu_test_cmd *cmd = ucmd->cmd;
	struct mock_stdev *stdev;
	int rc;

	if (cmd->dev_dma.flags & ~MOCK_DMA_WRITE)
		return -EOPNOTSUPP;
	if (!cmd->dev_dma.length || cmd->dev_dma.length > MOCK_DMA_MAX_LENGTH)
		return -EINVAL;
	stdev = stdev_get(ucmd, cmd->id);
	if (IS_ERR(stdev))
		return PTR_ERR(stdev);
	rc = stdev_dma(stdev, cmd);
	iommufd_object_put(&stdev->obj);
	return rc ?: iommufd_ucmd_respond(ucmd, sizeof(*cmd));
}

static int test_add_reserved(struct iommufd_ucmd *ucmd)
{
	struct iommu_test_cmd *cmd = ucmd->cmd;
	struct iommufd_object *obj;
	unsigned long first, last;
	int rc;

	first = cmd->add_reserved.start;
	if (!cmd->add_reserved.length)
		return -EINVAL;
	if (check_add_overflow(first,
			       (unsigned long)cmd->add_reserved.length - 1,
			       &last))
		return -EOVERFLOW;
	obj = iommufd_object_get(ucmd->ictx, cmd->id, IOMMUFD_OBJ_IOAS);
	if (IS_ERR(obj))
		return PTR_ERR(obj);
	/* Stays for as long as the IOAS does */
	rc = ioas_reserve(to_ioas(obj), first, last, obj);
	iommufd_object_put(obj);
	return rc;
}

/* A HWPT of the mock's, of one kind */
static struct iommufd_hwpt *test_get_hwpt(struct iommufd_ucmd *ucmd, u32 id,
					  enum iommufd_object_type type)
{
	struct iommufd_object *obj;

	obj = iommufd_object_get(ucmd->ictx, id, type);
	if (IS_ERR(obj))
		return ERR_CAST(obj);
	if (!mock_iommu_owns(to_hwpt(obj)->domain)) {
		iommufd_object_put(obj);
		return ERR_PTR(-EINVAL);
	}
	return to_hwpt(obj);
}

/* Is the memory at @uptr what @domain maps at @iova? Both in one IO page */
static int check_map_io_page(struct iommu_domain *domain, u64 iova, u64 uptr)
{
	phys_addr_t phys;
	struct page *page;
	long got;

	got = get_user_pages_fast(uptr & PAGE_MASK, 1, 0, &page);
	if (got != 1)
		return got < 0 ? got : -EFAULT;
	phys = page_to_phys(page) + offset_in_page(uptr);
	put_page(page);
	return iommu_iova_to_phys(domain, iova) == phys ? 0 : -EINVAL;
}

static int test_md_check_map(struct iommufd_ucmd *ucmd)
{
	struct iommu_test_cmd *cmd = ucmd->cmd;
	u64 length = cmd->check_map.length;
	u64 iova = cmd->check_map.iova;
	u64 uptr = cmd->check_map.uptr;
	struct iommufd_hwpt *hwpt;
	u64 done, last;
	int rc = 0;

	if (!length || !IS_ALIGNED(iova | uptr | length, MOCK_IO_PAGE_SIZE) ||
	    check_add_overflow(uptr, length - 1, &last) ||
	    check_add_overflow(iova, length - 1, &last))
		return -EINVAL;
	hwpt = test_get_hwpt(ucmd, cmd->id, IOMMUFD_OBJ_HWPT_PAGING);
	if (IS_ERR(hwpt))
		return PTR_ERR(hwpt);

	for (done = 0; !rc && done < length; done += MOCK_IO_PAGE_SIZE) {
		rc = check_map_io_page(hwpt->domain, iova + done, uptr + done);
		cond_resched();
	}
	iommufd_object_put(&hwpt->obj);
	return rc;
}

/* How often is @page pinned? The pages of a huge one are counted as one */
static unsigned int page_pins(struct page *page)
{
	struct folio *folio = page_folio(page);

	if (folio_test_large(folio))
		return atomic_read(folio_pincount_ptr(folio));
	return folio_ref_count(folio) / GUP_PIN_COUNTING_BIAS;
}

/* Every page at uptr is pinned at least refs times; never, for 0 */
static int test_md_check_refs(struct iommufd_ucmd *ucmd)
{
	struct iommu_test_cmd *cmd = ucmd->cmd;
	u64 length = cmd->check_refs.length;
	u64 uptr = cmd->check_refs.uptr;
	u32 refs = cmd->check_refs.refs;
	u64 done, last;

	if (!IS_ALIGNED(uptr | length, PAGE_SIZE) ||
	    check_add_overflow(uptr, length, &last))
		return -EINVAL;

	for (done = 0; done < length; done += PAGE_SIZE) {
		struct page *page;
		unsigned int pins;
		long got;

		got = get_user_pages_fast(uptr + done, 1, 0, &page);
		if (got != 1)
			return got < 0 ? got : -EFAULT;
		pins = page_pins(page);
		put_page(page);
		if (refs ? pins < refs : pins)
			return -EIO;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

static int test_md_check_iotlb(struct iommufd_ucmd *ucmd)
{
	struct iommu_test_cmd *cmd = ucmd->cmd;
	u32 slot = cmd->check_iotlb.id;
	struct iommufd_hwpt *hwpt;
	int rc = 0;

	if (slot > MOCK_NESTED_DOMAIN_IOTLB_ID_MAX)
		return -EINVAL;
	hwpt = test_get_hwpt(ucmd, cmd->id, IOMMUFD_OBJ_HWPT_NESTED);
	if (IS_ERR(hwpt))
		return PTR_ERR(hwpt);
	if (READ_ONCE(to_mock_nested(hwpt->domain)->slots[slot]) !=
	    cmd->check_iotlb.iotlb)
		rc = -EINVAL;
	iommufd_object_put(&hwpt->obj);
	return rc;
}

/* However little memory it has to work in, pinning must work */
static int test_memory_limit(struct iommufd_ucmd *ucmd)
{
	struct iommu_test_cmd *cmd = ucmd->cmd;

	pages_batch_limit = cmd->memory_limit.limit;
	return 0;
}

/* Mark the IO pages dirty whose bit is set, as if a device had written to them */
static int mark_dirty(struct mock_paging *paging, const u8 __user *bitmap,
		      struct iommu_test_cmd *cmd)
{
	unsigned long num = cmd->dirty.length / cmd->dirty.page_size;
	unsigned long i;
	u8 byte = 0;

	cmd->dirty.out_nr_dirty = 0;
	for (i = 0; i < num; i++) {
		u64 iova = cmd->dirty.iova + i * cmd->dirty.page_size;

		if (!(i % BITS_PER_BYTE) && get_user(byte, bitmap++))
			return -EFAULT;
		if (!(byte & BIT(i % BITS_PER_BYTE)))
			continue;
		mutex_lock(&paging->lock);
		if (mock_paging_mark_dirty(paging, iova))
			cmd->dirty.out_nr_dirty++;
		mutex_unlock(&paging->lock);
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

static int test_dirty(struct iommufd_ucmd *ucmd)
{
	struct iommu_test_cmd *cmd = ucmd->cmd;
	struct iommufd_hwpt *hwpt;
	int rc = -EINVAL;

	if (cmd->dirty.flags)
		return -EOPNOTSUPP;
	if (!cmd->dirty.page_size || !cmd->dirty.length || !cmd->dirty.uptr ||
	    cmd->dirty.iova % cmd->dirty.page_size ||
	    cmd->dirty.length % cmd->dirty.page_size)
		return -EINVAL;
	hwpt = test_get_hwpt(ucmd, cmd->id, IOMMUFD_OBJ_HWPT_PAGING);
	if (IS_ERR(hwpt))
		return PTR_ERR(hwpt);
	if (hwpt->domain->dirty_ops)
		rc = mark_dirty(to_mock_paging(hwpt->domain),
				u64_to_user_ptr(cmd->dirty.uptr), cmd);
	iommufd_object_put(&hwpt->obj);
	return rc ?: iommufd_ucmd_respond(ucmd, sizeof(*cmd));
}

static int test_trigger_iopf(struct iommufd_ucmd *ucmd)
{
	struct iommu_test_cmd *cmd = ucmd->cmd;
	struct iommu_fault_event event = {
		.fault = {
			.type = IOMMU_FAULT_PAGE_REQ,
			.prm = {
				.flags = IOMMU_FAULT_PAGE_REQUEST_LAST_PAGE,
				.grpid = cmd->trigger_iopf.grpid,
				.perm = cmd->trigger_iopf.perm,
				.addr = cmd->trigger_iopf.addr,
			},
		},
	};
	struct iommufd_device *idev;
	int rc;

	if (cmd->trigger_iopf.pasid != IOMMU_PASID_INVALID) {
		event.fault.prm.flags |= IOMMU_FAULT_PAGE_REQUEST_PASID_VALID |
					 IOMMU_FAULT_PAGE_RESPONSE_NEEDS_PASID;
		event.fault.prm.pasid = cmd->trigger_iopf.pasid;
	}
	idev = iommufd_device_get(ucmd->ictx, cmd->trigger_iopf.dev_id);
	if (IS_ERR(idev))
		return PTR_ERR(idev);
	rc = iommu_report_device_fault(idev->dev, &event);
	iommufd_object_put(&idev->obj);
	return rc;
}

static int mock_execute(struct iommufd_ucmd *ucmd)
{
	struct iommu_test_cmd __user *ucmd_test = ucmd->ubuffer;
	struct iommu_test_cmd *cmd = ucmd->cmd;

	if (cmd->__reserved)
		return -EOPNOTSUPP;
	/* Nothing is done whose outcome cannot be told; both ends, both pages */
	if (put_user(cmd->size, &ucmd_test->size) ||
	    put_user(cmd->last, &ucmd_test->last))
		return -EFAULT;

	switch (cmd->op) {
	case IOMMU_TEST_OP_ADD_RESERVED:
		return test_add_reserved(ucmd);
	case IOMMU_TEST_OP_MOCK_DOMAIN:
	case IOMMU_TEST_OP_MOCK_DOMAIN_FLAGS:
		return test_mock_domain(ucmd);
	case IOMMU_TEST_OP_MD_CHECK_MAP:
		return test_md_check_map(ucmd);
	case IOMMU_TEST_OP_MD_CHECK_REFS:
		return test_md_check_refs(ucmd);
	case IOMMU_TEST_OP_CREATE_ACCESS:
		return mock_access_create(ucmd);
	case IOMMU_TEST_OP_DESTROY_ACCESS_PAGES:
		return mock_access_pages_destroy(ucmd);
	case IOMMU_TEST_OP_ACCESS_PAGES:
		return mock_access_pages(ucmd);
	case IOMMU_TEST_OP_ACCESS_RW:
		return mock_access_rw(ucmd);
	case IOMMU_TEST_OP_ACCESS_REPLACE_IOAS:
		return mock_access_replace_ioas(ucmd);
	case IOMMU_TEST_OP_SET_TEMP_MEMORY_LIMIT:
		return test_memory_limit(ucmd);
	case IOMMU_TEST_OP_MOCK_DOMAIN_REPLACE:
		return test_mock_domain_replace(ucmd);
	case IOMMU_TEST_OP_MD_CHECK_IOTLB:
		return test_md_check_iotlb(ucmd);
	case IOMMU_TEST_OP_TRIGGER_IOPF:
		return test_trigger_iopf(ucmd);
	case IOMMU_TEST_OP_DIRTY:
		return test_dirty(ucmd);
	case IOMMU_TEST_OP_DEV_DMA:
		return test_dev_dma(ucmd);
	case IOMMU_TEST_OP_DEV_CREATE:
		return test_dev_create(ucmd);
	case IOMMU_TEST_OP_DEV_ATTACH:
		return test_dev_attach(ucmd);
	case IOMMU_TEST_OP_DEV_DETACH:
		return test_dev_detach(ucmd);
	case IOMMU_TEST_OP_DEV_FAIL_ATTACH:
		return test_dev_fail_attach(ucmd);
	case IOMMU_TEST_OP_DEV_MEMORY:
		return test_dev_memory(ucmd);
	case IOMMU_TEST_OP_DEV_DECODE:
		return test_dev_decode(ucmd);
	default:
		return -EOPNOTSUPP;
	}
}

static const struct iommufd_test_ops mock_test_ops = {
	.owner = THIS_MODULE,
	.execute = mock_execute,
};

static int __init mock_init(void)
{
	int rc;

	rc = mock_iommu_init();
	if (rc)
		return rc;
	/* Whoever opens /dev/iommu can play with devices that are none */
	add_taint(TAINT_TEST, LOCKDEP_STILL_OK);
	iommufd_test_register(&mock_test_ops);
	return 0;
}
module_init(mock_init);

static void __exit mock_exit(void)
{
	iommufd_test_unregister();
	mock_iommu_exit();
}
module_exit(mock_exit);

MODULE_IMPORT_NS(IOMMUFD);
MODULE_IMPORT_NS(IOMMUFD_INTERNAL);
MODULE_DESCRIPTION("Mock IOMMU for testing iommufd");
MODULE_LICENSE("GPL");
