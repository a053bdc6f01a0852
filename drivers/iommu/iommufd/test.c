// SPDX-License-Identifier: GPL-2.0-only
/*
 * IOMMU_TEST_CMD belongs to the mock IOMMU, a module of its own, which is
 * loaded by the first use.
 *
 * iommufd_test_lock protects iommufd_test_ops. It is not held over the call: a
 * reference on the module is.
 */
#include <linux/kmod.h>
#include <linux/module.h>
#include <linux/mutex.h>

#include "object.h"
#include "test.h"

static DEFINE_MUTEX(iommufd_test_lock);
static const struct iommufd_test_ops *iommufd_test_ops;

static const struct iommufd_test_ops *iommufd_test_get(void)
{
	const struct iommufd_test_ops *ops;

	mutex_lock(&iommufd_test_lock);
	ops = iommufd_test_ops;
	if (ops && !try_module_get(ops->owner))
		ops = NULL;
	mutex_unlock(&iommufd_test_lock);
	return ops;
}

/**
 * iommufd_test() - carry out IOMMU_TEST_CMD
 * @ucmd: The ioctl
 *
 * Return: what the mock says, or -ENOTTY without one.
 */
int iommufd_test(struct iommufd_ucmd *ucmd)
{
	const struct iommufd_test_ops *ops = iommufd_test_get();
	int rc;

	if (!ops) {
		request_module("iommufd_mock");
		ops = iommufd_test_get();
		if (!ops)
			return -ENOTTY;
	}

	rc = ops->execute(ucmd);
	module_put(ops->owner);
	return rc;
}

/**
 * iommufd_test_register() - offer a mock IOMMU
 * @ops: The mock
 */
void iommufd_test_register(const struct iommufd_test_ops *ops)
{
	mutex_lock(&iommufd_test_lock);
	iommufd_test_ops = ops;
	mutex_unlock(&iommufd_test_lock);
}
EXPORT_SYMBOL_NS_GPL(iommufd_test_register, IOMMUFD_INTERNAL);

/**
 * iommufd_test_unregister() - withdraw it; its module is going
 */
void iommufd_test_unregister(void)
{
	mutex_lock(&iommufd_test_lock);
	iommufd_test_ops = NULL;
	mutex_unlock(&iommufd_test_lock);
}
EXPORT_SYMBOL_NS_GPL(iommufd_test_unregister, IOMMUFD_INTERNAL);
