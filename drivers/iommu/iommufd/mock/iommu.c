// SPDX-License-Identifier: GPL-2.0-only
/*
 * The driver: three IOMMUs, each serving a bus of its own, and the devices on
 * them. What sets the second and third apart is what their drivers can do.
 *
 * The IOMMU core serialises attaches, by the lock of the group. mock_device::lock
 * keeps one from happening in the middle of a DMA.
 */
#include <linux/idr.h>
#include <linux/module.h>
#include <linux/property.h>
#include <linux/slab.h>

#include "mock.h"

static DEFINE_IDA(mock_device_ida);

/**
 * struct mock_iommu - an IOMMU
 * @iommu: What the core knows of it
 * @bus: The bus it serves
 * @nb: The core's, on that bus
 * @ops: Its driver
 */
struct mock_iommu {
	struct iommu_device iommu;
	struct bus_type bus;
	struct notifier_block nb;
	const struct iommu_ops *ops;
};

/* ---- Domains ---- */

/**
 * mock_attach_dev() - attach a device; all kinds of domains do it the same way
 * @domain: The domain
 * @dev: The device
 *
 * Return: 0, or the error a test has asked for. The device is then on nothing,
 * as one whose driver found out too late.
 */
int mock_attach_dev(struct iommu_domain *domain, struct device *dev)
{
	struct mock_device *mdev = to_mock_device(dev);
	int rc = 0;

	/* A device whose writes go unnoticed spoils it for all */
	if (domain->dirty_ops && mdev->flags & MOCK_FLAGS_DEVICE_NO_DIRTY)
		return -EINVAL;

	mutex_lock(&mdev->lock);
	if (domain->type == IOMMU_DOMAIN_UNMANAGED ||
	    domain->type == IOMMU_DOMAIN_NESTED)
		swap(rc, mdev->fail_attach);
	mdev->domain = rc ? NULL : domain;
	mutex_unlock(&mdev->lock);
	return rc;
}

static void mock_fixed_free(struct iommu_domain *domain)
{
	kfree(domain);
}

static const struct iommu_domain_ops mock_fixed_ops = {
	.attach_dev = mock_attach_dev,
	.free = mock_fixed_free,
};

static struct iommu_domain *mock_domain_alloc(unsigned int type)
{
	struct iommu_domain *domain;

	switch (type) {
	case IOMMU_DOMAIN_UNMANAGED:
		domain = mock_paging_alloc(false, false);
		return IS_ERR(domain) ? NULL : domain;
	case IOMMU_DOMAIN_BLOCKED:
	case IOMMU_DOMAIN_IDENTITY:
		domain = kzalloc(sizeof(*domain), GFP_KERNEL);
		if (domain)
			domain->ops = &mock_fixed_ops;
		return domain;
	default:
		return NULL;
	}
}

static bool mock_capable(struct device *dev, enum iommu_cap cap)
{
	switch (cap) {
	case IOMMU_CAP_CACHE_COHERENCY:
	case IOMMU_CAP_INTR_REMAP:
		return true;
	case IOMMU_CAP_DIRTY_TRACKING:
		return dev_iommu_ops(dev)->domain_alloc_user &&
		       !(to_mock_device(dev)->flags &
			 MOCK_FLAGS_DEVICE_NO_DIRTY);
	case IOMMU_CAP_ENFORCE_CACHE_COHERENCY:
		return dev_iommu_ops(dev)->domain_alloc_user &&
		       to_mock_device(dev)->flags & MOCK_DEV_COHERENT;
	default:
		return false;
	}
}

static struct iommu_domain *
domain_alloc_user(struct device *dev, u32 flags, struct iommu_domain *parent,
		  const struct iommu_user_data *user_data, bool can_invalidate)
{
	struct mock_device *mdev = to_mock_device(dev);
	struct iommu_domain *domain;

	if (parent) {
		if (flags)
			return ERR_PTR(-EOPNOTSUPP);
		return mock_nested_alloc(parent, user_data, can_invalidate);
	}
	if (flags & ~(IOMMU_HWPT_ALLOC_NEST_PARENT |
		      IOMMU_HWPT_ALLOC_DIRTY_TRACKING) || user_data)
		return ERR_PTR(-EOPNOTSUPP);
	if (flags & IOMMU_HWPT_ALLOC_DIRTY_TRACKING &&
	    !mock_capable(dev, IOMMU_CAP_DIRTY_TRACKING))
		return ERR_PTR(-EOPNOTSUPP);
	domain = mock_paging_alloc(mdev->flags & MOCK_FLAGS_DEVICE_HUGE_IOVA,
				   flags & IOMMU_HWPT_ALLOC_DIRTY_TRACKING);
	if (!IS_ERR(domain))
		to_mock_paging(domain)->coherent = mdev->flags &
						   MOCK_DEV_COHERENT;
	return domain;
}

static struct iommu_domain *
mock_domain_alloc_user(struct device *dev, u32 flags,
		       struct iommu_domain *parent,
		       const struct iommu_user_data *user_data)
{
	return domain_alloc_user(dev, flags, parent, user_data, true);
}

static struct iommu_domain *
mock_rogue_domain_alloc_user(struct device *dev, u32 flags,
			     struct iommu_domain *parent,
			     const struct iommu_user_data *user_data)
{
	return domain_alloc_user(dev, flags, parent, user_data, false);
}

/* ---- Devices, as the core sees them ---- */

static void *mock_hw_info(struct device *dev, u32 *length, u32 *type)
{
	struct iommu_test_hw_info *info;

	info = kzalloc(sizeof(*info), GFP_KERNEL);
	if (!info)
		return ERR_PTR(-ENOMEM);
	info->test_reg = IOMMU_HW_INFO_SELFTEST_REGVAL;
	*length = sizeof(*info);
	*type = IOMMU_HW_INFO_TYPE_SELFTEST;
	return info;
}

static struct iommu_device *mock_probe_device(struct device *dev)
{
	struct mock_iommu *iommu = container_of(dev->bus, struct mock_iommu,
						bus);

	return &iommu->iommu;
}

static void mock_release_device(struct device *dev)
{
	struct mock_device *mdev = to_mock_device(dev);

	mutex_lock(&mdev->lock);
	mdev->domain = NULL;
	mutex_unlock(&mdev->lock);
}

static struct iommu_group *mock_device_group(struct device *dev)
{
	struct iommu_group *join = to_mock_device(dev)->join;

	return join ? iommu_group_ref_get(join) : generic_device_group(dev);
}

static void mock_get_resv_regions(struct device *dev, struct list_head *head)
{
	static const struct {
		phys_addr_t start;
		enum iommu_resv_type type;
	} windows[] = {
		{ MOCK_RESERVED_WINDOW, IOMMU_RESV_RESERVED },
		{ MOCK_MSI_WINDOW, IOMMU_RESV_SW_MSI },
		{ MOCK_RELAXABLE_WINDOW, IOMMU_RESV_DIRECT_RELAXABLE },
	};
	struct iommu_resv_region *region;
	unsigned int i;

	if (!(to_mock_device(dev)->flags & MOCK_DEV_WINDOWS))
		return;
	for (i = 0; i < ARRAY_SIZE(windows); i++) {
		region = iommu_alloc_resv_region(windows[i].start,
						 MOCK_WINDOW_LENGTH, 0,
						 windows[i].type, GFP_KERNEL);
		if (region)
			list_add_tail(&region->list, head);
	}
}

static int mock_change_feat(struct device *dev, enum iommu_dev_features feat)
{
	return feat == IOMMU_DEV_FEAT_IOPF ? 0 : -ENODEV;
}

/* There is nobody to tell: the test that triggered the fault reads the answer */
static int mock_page_response(struct device *dev, struct iommu_fault_event *evt,
			      struct iommu_page_response *msg)
{
	return 0;
}

/* There is no DMA API on these buses, and no memory to identity map */
static int mock_def_domain_type(struct device *dev)
{
	return IOMMU_DOMAIN_IDENTITY;
}

#define MOCK_IOMMU_OPS                                \
	.capable = mock_capable,                      \
	.domain_alloc = mock_domain_alloc,            \
	.probe_device = mock_probe_device,            \
	.release_device = mock_release_device,        \
	.device_group = mock_device_group,            \
	.get_resv_regions = mock_get_resv_regions,    \
	.def_domain_type = mock_def_domain_type,      \
	.dev_enable_feat = mock_change_feat,          \
	.dev_disable_feat = mock_change_feat,         \
	.page_response = mock_page_response,          \
	.pgsize_bitmap = MOCK_IO_PAGE_SIZE,           \
	.owner = THIS_MODULE

static const struct iommu_ops mock_full_ops = {
	MOCK_IOMMU_OPS,
	.hw_info = mock_hw_info,
	.domain_alloc_user = mock_domain_alloc_user,
};

static const struct iommu_ops mock_rogue_ops = {
	MOCK_IOMMU_OPS,
	.hw_info = mock_hw_info,
	.domain_alloc_user = mock_rogue_domain_alloc_user,
};

static const struct iommu_ops mock_legacy_ops = {
	MOCK_IOMMU_OPS,
};

static struct mock_iommu mock_iommus[MOCK_IOMMU_NUM] = {
	[MOCK_IOMMU_FULL] = {
		.bus.name = "iommufd_mock",
		.ops = &mock_full_ops,
	},
	[MOCK_IOMMU_ROGUE] = {
		.bus.name = "iommufd_mock_rogue",
		.ops = &mock_rogue_ops,
	},
	[MOCK_IOMMU_LEGACY] = {
		.bus.name = "iommufd_mock_legacy",
		.ops = &mock_legacy_ops,
	},
};

/**
 * mock_iommu_owns() - is this a domain of the mock?
 * @domain: Any domain
 *
 * Return: true if it is.
 */
bool mock_iommu_owns(const struct iommu_domain *domain)
{
	unsigned int i;

	for (i = 0; i < MOCK_IOMMU_NUM; i++)
		if (domain->owner == mock_iommus[i].ops)
			return true;
	return false;
}

/* ---- Devices, as tests see them ---- */

static const struct property_entry mock_pasid_properties[] = {
	PROPERTY_ENTRY_U32("pasid-num-bits", MOCK_PASID_WIDTH),
	{}
};

static void mock_device_free(struct device *dev)
{
	struct mock_device *mdev = to_mock_device(dev);

	ida_free(&mock_device_ida, dev->id);
	kfree(mdev);
}

/**
 * mock_device_add() - plug in a device
 * @iommu: Behind which IOMMU, MOCK_IOMMU_*
 * @flags: MOCK_FLAGS_DEVICE_*
 * @same_group: Device whose group to share, or NULL
 *
 * Return: the device, or an ERR_PTR: -EINVAL for an IOMMU that does not exist, or
 * a group behind another one; -ENOMEM.
 */
struct mock_device *mock_device_add(u32 iommu, u32 flags,
				    struct mock_device *same_group)
{
	struct mock_device *mdev;
	int rc;

	if (iommu >= MOCK_IOMMU_NUM)
		return ERR_PTR(-EINVAL);
	if (same_group && same_group->dev.bus != &mock_iommus[iommu].bus)
		return ERR_PTR(-EINVAL);

	mdev = kzalloc(sizeof(*mdev), GFP_KERNEL_ACCOUNT);
	if (!mdev)
		return ERR_PTR(-ENOMEM);
	rc = ida_alloc(&mock_device_ida, GFP_KERNEL);
	if (rc < 0) {
		kfree(mdev);
		return ERR_PTR(rc);
	}

	device_initialize(&mdev->dev);
	mdev->dev.id = rc;
	mdev->dev.release = mock_device_free;
	mdev->dev.bus = &mock_iommus[iommu].bus;
	mdev->flags = flags;
	mutex_init(&mdev->lock);
	if (same_group)
		mdev->join = same_group->dev.iommu_group;

	rc = dev_set_name(&mdev->dev, "mock%d", mdev->dev.id);
	if (!rc && flags & MOCK_FLAGS_DEVICE_PASID)
		rc = device_create_managed_software_node(&mdev->dev,
							 mock_pasid_properties,
							 NULL);
	if (rc)
		goto err_put;
	rc = device_add(&mdev->dev);
	if (rc)
		goto err_put;
	/*
	 * The core keeps to itself why a device was not probed, or why it has no
	 * domain to go back to when everybody else's is gone.
	 */
	if (!mdev->dev.iommu_group ||
	    !iommu_get_domain_for_dev(&mdev->dev)) {
		rc = -ENOMEM;
		goto err_del;
	}
	return mdev;

err_del:
	device_del(&mdev->dev);
err_put:
	put_device(&mdev->dev);
	return ERR_PTR(rc);
}

/**
 * mock_device_remove() - unplug a device
 * @mdev: The device, not bound
 */
void mock_device_remove(struct mock_device *mdev)
{
	device_unregister(&mdev->dev);
}

static int mock_iommu_add(struct mock_iommu *iommu)
{
	int rc;

	rc = bus_register(&iommu->bus);
	if (rc)
		return rc;
	iommu->iommu.ops = iommu->ops;
	iommu->iommu.max_pasids = 1U << MOCK_PASID_WIDTH;
	rc = iommu_device_sysfs_add(&iommu->iommu, NULL, NULL, "%s",
				    iommu->bus.name);
	if (rc)
		goto err_bus;
	rc = iommu_bus_register(&iommu->bus, iommu->ops, &iommu->nb);
	if (rc)
		goto err_sysfs;
	return 0;

err_sysfs:
	iommu_device_sysfs_remove(&iommu->iommu);
err_bus:
	bus_unregister(&iommu->bus);
	return rc;
}

static void mock_iommu_del(struct mock_iommu *iommu)
{
	iommu_bus_unregister(&iommu->bus, &iommu->nb);
	iommu_device_sysfs_remove(&iommu->iommu);
	bus_unregister(&iommu->bus);
}

/**
 * mock_iommu_init() - make the IOMMUs
 *
 * Return: 0 or an error.
 */
int mock_iommu_init(void)
{
	unsigned int i;
	int rc;

	for (i = 0; i < MOCK_IOMMU_NUM; i++) {
		rc = mock_iommu_add(&mock_iommus[i]);
		if (rc)
			goto err_del;
	}
	return 0;

err_del:
	while (i--)
		mock_iommu_del(&mock_iommus[i]);
	return rc;
}

/**
 * mock_iommu_exit() - undo mock_iommu_init(); no device is left
 */
void mock_iommu_exit(void)
{
	unsigned int i;

	for (i = 0; i < MOCK_IOMMU_NUM; i++)
		mock_iommu_del(&mock_iommus[i]);
	ida_destroy(&mock_device_ida);
}
