// SPDX-License-Identifier: GPL-2.0-only
/*
 * An emulated VFIO device that does what drivers of such devices do with the memory
 * of their user, so that it can be tested: vfio_pin_pages(), vfio_unpin_pages(),
 * vfio_dma_rw(), and letting go in dma_unmap().
 *
 * Locks: vfio_test::lock protects what is pinned. It is not held while VFIO is called
 * to pin, which may call dma_unmap() at the same time, or to unpin.
 */
#include <linux/highmem.h>
#include <linux/iommu.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vfio.h>

#include "vfio_test.h"

/* What one read() or write() moves at most */
#define TEST_CHUNK SZ_4K

/**
 * struct vfio_test - the device
 * @vdev: Of VFIO
 * @lock: See above
 * @pins: struct test_pin
 * @state: What the test may ask for
 */
struct vfio_test {
	struct vfio_device vdev;
	struct mutex lock;
	struct list_head pins;
	struct vfio_test_state state;
};

/**
 * struct test_pin - a pinned range
 * @item: In vfio_test::pins
 * @iova: Its first page
 * @npage: Number of pages
 * @singly: Was pinned page by page
 */
struct test_pin {
	struct list_head item;
	dma_addr_t iova;
	int npage;
	bool singly;
};

static struct vfio_test *to_test(struct vfio_device *vdev)
{
	return container_of(vdev, struct vfio_test, vdev);
}

/* ---- Pins ---- */

static void test_unpin(struct vfio_test *test, struct test_pin *pin)
{
	int i;

	if (pin->singly)
		vfio_unpin_pages(&test->vdev, pin->iova, pin->npage);
	for (i = 0; !pin->singly && i < pin->npage; i++)
		vfio_unpin_pages(&test->vdev, pin->iova + i * PAGE_SIZE, 1);
	kfree(pin);
}

/* Unpin what overlaps [@iova, @last] */
static void test_unpin_range(struct vfio_test *test, dma_addr_t iova,
			     dma_addr_t last)
{
	struct test_pin *pin, *next;
	LIST_HEAD(gone);

	mutex_lock(&test->lock);
	list_for_each_entry_safe(pin, next, &test->pins, item) {
		if (pin->iova > last ||
		    pin->iova + ((u64)pin->npage << PAGE_SHIFT) - 1 < iova)
			continue;
		list_move(&pin->item, &gone);
		test->state.pins--;
	}
	mutex_unlock(&test->lock);

	list_for_each_entry_safe(pin, next, &gone, item)
		test_unpin(test, pin);
}

static void test_dma_unmap(struct vfio_device *vdev, u64 iova, u64 length)
{
	struct vfio_test *test = to_test(vdev);

	mutex_lock(&test->lock);
	test->state.unmaps++;
	test->state.last_iova = iova;
	test->state.last_length = length;
	mutex_unlock(&test->lock);
	test_unpin_range(test, iova, iova + length - 1);
}

static u64 first_bytes(struct page *page)
{
	void *kaddr = kmap_local_page(page);
	u64 first;

	memcpy(&first, kaddr, sizeof(first));
	kunmap_local(kaddr);
	return first;
}

/* Pin all pages of @pin in steps of @step */
static int test_pin_steps(struct vfio_test *test, const struct test_pin *pin,
			  int prot, int step, struct page **pages)
{
	int done, got;

	for (done = 0; done < pin->npage; done += step) {
		got = vfio_pin_pages(&test->vdev,
				     pin->iova + done * PAGE_SIZE, step, prot,
				     pages + done);
		if (got == step)
			continue;
		if (done)
			vfio_unpin_pages(&test->vdev, pin->iova, done);
		return got < 0 ? got : -EIO;
	}
	return 0;
}

static int test_pin(struct vfio_test *test, struct vfio_test_pin *arg)
{
	int prot = IOMMU_READ;
	struct page *pages[VFIO_TEST_MAX_PINS];
	struct test_pin *pin;
	int ret;

	if (!arg->npage || arg->npage > VFIO_TEST_MAX_PINS)
		return -EINVAL;
	if (arg->flags & VFIO_TEST_PIN_WRITE)
		prot |= IOMMU_WRITE;
	pin = kzalloc(sizeof(*pin), GFP_KERNEL_ACCOUNT);
	if (!pin)
		return -ENOMEM;
	pin->iova = ALIGN_DOWN(arg->iova, PAGE_SIZE);
	pin->npage = arg->npage;
	pin->singly = arg->flags & VFIO_TEST_PIN_SINGLY;
	ret = test_pin_steps(test, pin, prot, pin->singly ? 1 : pin->npage,
			     pages);
	if (ret) {
		kfree(pin);
		return ret;
	}
	arg->first = first_bytes(pages[0]);

	mutex_lock(&test->lock);
	list_add(&pin->item, &test->pins);
	test->state.pins++;
	mutex_unlock(&test->lock);
	return 0;
}

/* ---- VFIO ---- */

static int test_ioctl_pin(struct vfio_test *test, unsigned int cmd,
			  void __user *uarg)
{
	struct vfio_test_pin arg;
	int ret;

	if (copy_from_user(&arg, uarg, sizeof(arg)))
		return -EFAULT;
	if (cmd == VFIO_TEST_UNPIN) {
		test_unpin_range(test, arg.iova, arg.iova);
		return 0;
	}
	ret = test_pin(test, &arg);
	if (!ret && copy_to_user(uarg, &arg, sizeof(arg)))
		ret = -EFAULT;
	return ret;
}

static int test_ioctl_info(void __user *uarg)
{
	const size_t minsz = offsetofend(struct vfio_device_info, num_irqs);
	struct vfio_device_info info = {};

	if (copy_from_user(&info, uarg, minsz))
		return -EFAULT;
	if (info.argsz < minsz)
		return -EINVAL;
	info.flags = 0;
	return copy_to_user(uarg, &info, minsz) ? -EFAULT : 0;
}

static long test_ioctl(struct vfio_device *vdev, unsigned int cmd,
		       unsigned long arg)
{
	struct vfio_test *test = to_test(vdev);
	void __user *uarg = (void __user *)arg;
	struct vfio_test_state state;

	switch (cmd) {
	case VFIO_DEVICE_GET_INFO:
		return test_ioctl_info(uarg);
	case VFIO_TEST_PIN:
	case VFIO_TEST_UNPIN:
		return test_ioctl_pin(test, cmd, uarg);
	case VFIO_TEST_STATE:
		mutex_lock(&test->lock);
		state = test->state;
		mutex_unlock(&test->lock);
		return copy_to_user(uarg, &state, sizeof(state)) ? -EFAULT : 0;
	default:
		return -ENOTTY;
	}
}

static ssize_t test_read(struct vfio_device *vdev, char __user *buf,
			 size_t count, loff_t *ppos)
{
	size_t length = min_t(size_t, count, TEST_CHUNK);
	void *data = kzalloc(length, GFP_KERNEL_ACCOUNT);
	int ret;

	if (!data)
		return -ENOMEM;
	ret = vfio_dma_rw(vdev, *ppos, data, length, false);
	if (!ret && copy_to_user(buf, data, length))
		ret = -EFAULT;
	kfree(data);
	return ret ?: length;
}

static ssize_t test_write(struct vfio_device *vdev, const char __user *buf,
			  size_t count, loff_t *ppos)
{
	size_t length = min_t(size_t, count, TEST_CHUNK);
	void *data = memdup_user(buf, length);
	int ret;

	if (IS_ERR(data))
		return PTR_ERR(data);
	ret = vfio_dma_rw(vdev, *ppos, data, length, true);
	kfree(data);
	return ret ?: length;
}

static void test_close_device(struct vfio_device *vdev)
{
	struct vfio_test *test = to_test(vdev);

	test_unpin_range(test, 0, ~(dma_addr_t)0);
	mutex_lock(&test->lock);
	memset(&test->state, 0, sizeof(test->state));
	mutex_unlock(&test->lock);
}

static int test_init_device(struct vfio_device *vdev)
{
	struct vfio_test *test = to_test(vdev);

	mutex_init(&test->lock);
	INIT_LIST_HEAD(&test->pins);
	return 0;
}

static void test_release_device(struct vfio_device *vdev)
{
	vfio_free_device(vdev);
}

static const struct vfio_device_ops test_ops = {
	.name = "vfio-test",
	.init = test_init_device,
	.release = test_release_device,
	.close_device = test_close_device,
	.read = test_read,
	.write = test_write,
	.ioctl = test_ioctl,
	.dma_unmap = test_dma_unmap,
	.bind_iommufd = vfio_iommufd_emulated_bind,
	.unbind_iommufd = vfio_iommufd_emulated_unbind,
	.attach_ioas = vfio_iommufd_emulated_attach_ioas,
	.detach_ioas = vfio_iommufd_emulated_detach_ioas,
};

/* ---- Module ---- */

static int test_probe(struct platform_device *pdev)
{
	struct vfio_test *test;
	int ret;

	test = vfio_alloc_device(vfio_test, vdev, &pdev->dev, &test_ops);
	if (IS_ERR(test))
		return PTR_ERR(test);
	ret = vfio_register_emulated_iommu_dev(&test->vdev);
	if (ret)
		vfio_put_device(&test->vdev);
	else
		platform_set_drvdata(pdev, test);
	return ret;
}

static int test_remove(struct platform_device *pdev)
{
	struct vfio_test *test = platform_get_drvdata(pdev);

	vfio_unregister_group_dev(&test->vdev);
	vfio_put_device(&test->vdev);
	return 0;
}

static struct platform_driver test_driver = {
	.probe = test_probe,
	.remove = test_remove,
	.driver.name = "vfio-test",
};

static struct platform_device *test_device;

static int __init vfio_test_init(void)
{
	int ret;

	ret = platform_driver_register(&test_driver);
	if (ret)
		return ret;
	test_device = platform_device_register_simple("vfio-test",
						      PLATFORM_DEVID_NONE, NULL,
						      0);
	if (IS_ERR(test_device)) {
		platform_driver_unregister(&test_driver);
		return PTR_ERR(test_device);
	}
	return 0;
}
module_init(vfio_test_init);

static void __exit vfio_test_exit(void)
{
	platform_device_unregister(test_device);
	platform_driver_unregister(&test_driver);
}
module_exit(vfio_test_exit);

MODULE_DESCRIPTION("Emulated VFIO device for tests");
MODULE_LICENSE("GPL");
