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

/*
 * Fill in the command, and *@data, to be freed by the caller. The device is not
 * held over more: user memory may take any time to be written.
 */
static int device_read_hw_info(struct iommufd_device *idev,
			       struct iommu_hw_info *cmd, void **data, u32 *len)
{
	const struct iommu_ops *ops = dev_iommu_ops(idev->dev);
	u32 type = IOMMU_HW_INFO_TYPE_NONE;

	if (ops->hw_info) {
		*data = ops->hw_info(idev->dev, len, &type);
		if (IS_ERR(*data))
			return PTR_ERR(*data);
	}
	cmd->out_data_type = type;
	cmd->out_max_pasid_log2 = device_pasid_width(idev->dev);
	cmd->out_capabilities = device_capabilities(idev->dev);
	return 0;
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
	u32 in_type = IOMMU_HW_INFO_TYPE_DEFAULT;
	struct iommufd_device *idev;
	void *data = NULL;
	u32 len = 0;
	int rc;

	if (cmd->flags & ~IOMMU_HW_INFO_FLAG_INPUT_TYPE ||
	    memchr_inv(cmd->__reserved, 0, sizeof(cmd->__reserved)))
		return -EOPNOTSUPP;
	if (cmd->flags & IOMMU_HW_INFO_FLAG_INPUT_TYPE)
		in_type = cmd->in_data_type;

	idev = iommufd_device_get(ucmd->ictx, cmd->dev_id);
	if (IS_ERR(idev))
		return PTR_ERR(idev);
	rc = device_read_hw_info(idev, cmd, &data, &len);
	iommufd_object_put(&idev->obj);
	if (rc)
		return rc;

	if (in_type != IOMMU_HW_INFO_TYPE_DEFAULT &&
	    in_type != cmd->out_data_type)
		rc = -EOPNOTSUPP;
	if (!rc)
		rc = copy_hw_info(u64_to_user_ptr(cmd->data_uptr),
				  cmd->data_len, data, len);
	kfree(data);
	if (rc)
		return rc;
	cmd->data_len = len;
	return iommufd_ucmd_respond(ucmd, sizeof(*cmd));
}
