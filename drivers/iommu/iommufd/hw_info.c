// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the IOMMU behind a device is and can do. Takes no lock: a device that an
 * ioctl works on stays bound.
 */
#include <linux/iommu.h>
#include <linux/log2.h>
#include <linux/pci-ats.h>
#include <linux/pci.h>
#include <linux/property.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <uapi/linux/iommufd.h>

#include "device.h"

/* Zero user memory, of which there may be gigabytes */
static int zero_user(void __user *uptr, u32 len)
{
	while (len) {
		u32 slice = min_t(u32, len, SZ_1M);

		if (clear_user(uptr, slice))
			return -EFAULT;
		if (fatal_signal_pending(current))
			return -EINTR;
		uptr += slice;
		len -= slice;
		cond_resched();
	}
	return 0;
}

/* Copy out what fits, and zero what is left of the user's buffer */
static int copy_hw_info(void __user *uptr, u32 user_len, const void *data,
			u32 len)
{
	u32 copied = min(user_len, len);

	if (copied && copy_to_user(uptr, data, copied))
		return -EFAULT;
	return zero_user(uptr + copied, user_len - copied);
}

/* Bits of PASID that both @dev and its IOMMU have */
static u8 device_pasid_width(struct device *dev)
{
	u32 max = dev->iommu->iommu_dev->max_pasids;
	u32 bits = 0;
	int pci_max;

	if (dev_is_pci(dev)) {
		pci_max = pci_max_pasids(to_pci_dev(dev));
		bits = pci_max > 0 ? ilog2(pci_max) : 0;
	} else {
		device_property_read_u32(dev, "pasid-num-bits", &bits);
	}
	return max ? min_t(u32, bits, ilog2(max)) : 0;
}

static u64 device_capabilities(struct device *dev)
{
	u64 capabilities = 0;
	int features;

	if (device_iommu_capable(dev, IOMMU_CAP_DIRTY_TRACKING))
		capabilities |= IOMMU_HW_CAP_DIRTY_TRACKING;
	if (!dev_is_pci(dev) || !device_pasid_width(dev))
		return capabilities;
	features = pci_pasid_features(to_pci_dev(dev));
	if (features > 0 && features & PCI_PASID_CAP_EXEC)
		capabilities |= IOMMU_HW_CAP_PCI_PASID_EXEC;
	if (features > 0 && features & PCI_PASID_CAP_PRIV)
		capabilities |= IOMMU_HW_CAP_PCI_PASID_PRIV;
	return capabilities;
}

/**
 * iommufd_get_hw_info() - ioctl(IOMMU_GET_HW_INFO)
 * @ucmd: The ioctl
 *
 * Return: 0 or what the uAPI header says.
 */
int iommufd_get_hw_info(struct iommufd_ucmd *ucmd)
{
	struct iommu_hw_info *cmd = ucmd->cmd;
	u32 type = IOMMU_HW_INFO_TYPE_NONE;
	const struct iommu_ops *ops;
	struct iommufd_device *idev;
	void *data = NULL;
	u32 len = 0;
	int rc;

	if (cmd->flags & ~IOMMU_HW_INFO_FLAG_INPUT_TYPE ||
	    memchr_inv(cmd->__reserved, 0, sizeof(cmd->__reserved)))
		return -EOPNOTSUPP;
	idev = iommufd_device_get(ucmd->ictx, cmd->dev_id);
	if (IS_ERR(idev))
		return PTR_ERR(idev);

	ops = dev_iommu_ops(idev->dev);
	if (ops->hw_info) {
		data = ops->hw_info(idev->dev, &len, &type);
		if (IS_ERR(data)) {
			rc = PTR_ERR(data);
			goto out_put;
		}
	}

	if (cmd->flags & IOMMU_HW_INFO_FLAG_INPUT_TYPE &&
	    cmd->in_data_type != IOMMU_HW_INFO_TYPE_DEFAULT &&
	    cmd->in_data_type != type) {
		rc = -EOPNOTSUPP;
		goto out_free;
	}
	rc = copy_hw_info(u64_to_user_ptr(cmd->data_uptr), cmd->data_len, data,
			  len);
	if (rc)
		goto out_free;

	cmd->data_len = len;
	cmd->out_data_type = type;
	cmd->out_max_pasid_log2 = device_pasid_width(idev->dev);
	cmd->out_capabilities = device_capabilities(idev->dev);
	rc = iommufd_ucmd_respond(ucmd, sizeof(*cmd));
out_free:
	kfree(data);
out_put:
	iommufd_object_put(&idev->obj);
	return rc;
}
