// SPDX-License-Identifier: GPL-2.0-only
/*
 * The PCI devices of the KUnit suites, and domains for them. See fake.h.
 */
#include <linux/pci-ats.h>
#include <linux/uaccess.h>

#include "fake.h"

#define ATS_CAP		0x100
#define PRI_CAP		0x120

/* ---- Configuration space ---- */

static struct fake_device *find_device(struct pci_bus *bus, unsigned int devfn)
{
	struct fake_device * const *devices = bus->sysdata -
		offsetof(struct fake_hw, sysdata) +
		offsetof(struct fake_hw, devices);
	unsigned int i;

	for (i = 0; i < FAKE_DEVICES; i++)
		if (devices[i] && devices[i]->pdev.devfn == devfn)
			return devices[i];
	return NULL;
}

static int config_read(struct pci_bus *bus, unsigned int devfn, int where,
		       int size, u32 *val)
{
	struct fake_device *fdev = find_device(bus, devfn);

	if (!fdev || where + size > sizeof(fdev->config))
		return PCIBIOS_DEVICE_NOT_FOUND;
	*val = 0;
	memcpy(val, fdev->config + where, size);
	return PCIBIOS_SUCCESSFUL;
}

static int config_write(struct pci_bus *bus, unsigned int devfn, int where,
			int size, u32 val)
{
	struct fake_device *fdev = find_device(bus, devfn);

	if (!fdev || where + size > sizeof(fdev->config))
		return PCIBIOS_DEVICE_NOT_FOUND;
	memcpy(fdev->config + where, &val, size);
	return PCIBIOS_SUCCESSFUL;
}

static struct pci_ops config_ops = {
	.read = config_read,
	.write = config_write,
};

static void config_set(struct fake_device *fdev, unsigned int where, u16 val)
{
	memcpy(fdev->config + where, &val, sizeof(val));
}

/* ---- Devices ---- */

static struct pci_bus *fake_bus(struct kunit *test)
{
	struct fake_hw *hw = test->priv;

	if (!hw->bus) {
		hw->bus = kunit_kzalloc(test, sizeof(*hw->bus), GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, hw->bus);
		hw->bus->ops = &config_ops;
		hw->bus->sysdata = &hw->sysdata;
		hw->bus->number = 0x5a;
	}
	return hw->bus;
}

struct fake_device *fake_device(struct kunit *test, unsigned int index,
				struct fake_iommu *fake)
{
	struct fake_device *fdev = kunit_kzalloc(test, sizeof(*fdev), GFP_KERNEL);
	struct device_domain_info *info;
	struct fake_hw *hw = test->priv;
	struct pci_dev *pdev;

	KUNIT_ASSERT_NOT_NULL(test, fdev);
	pdev = &fdev->pdev;
	pdev->bus = fake_bus(test);
	pdev->devfn = PCI_DEVFN(3 + index, 1);
	pdev->error_state = pci_channel_io_normal;
	pdev->dev.init_name = "fake";
	pdev->dev.bus = &pci_bus_type;
	pdev->dev.iommu = &fdev->dev_iommu;
	set_dev_node(&pdev->dev, NUMA_NO_NODE);
	config_set(fdev, PCI_VENDOR_ID, 0x1af4);

	info = &fdev->info;
	info->dev = &pdev->dev;
	info->iommu = &fake->iommu;
	info->segment = hw->sysdata.domain;
	info->bus = pdev->bus->number;
	info->devfn = pdev->devfn;
	info->pfsid = 0x1230 + index;
	fdev->dev_iommu.priv = info;

	fake_iommu_add_device(fake, fdev, index);
	hw->devices[index] = fdev;
	if (fake->iommu.ecap & FAKE_ECAP_SMTS)
		KUNIT_ASSERT_EQ(test, intel_pasid_alloc_table(&pdev->dev), 0);
	return fdev;
}

/* Have @fdev found behind @fake */
void fake_iommu_add_device(struct fake_iommu *fake, struct fake_device *fdev,
			   unsigned int index)
{
	struct dmar_dev_scope *scope = &fake->scope[index];

	scope->bus = fdev->info.bus;
	scope->devfn = fdev->info.devfn;
	rcu_assign_pointer(scope->dev, &fdev->pdev.dev);
}

/* From the next attach on */
void fake_device_ats(struct fake_device *fdev)
{
	fdev->pdev.ats_cap = ATS_CAP;
	config_set(fdev, ATS_CAP + PCI_ATS_CAP, PCI_ATS_CAP_PAGE_ALIGNED | 9);
	fdev->info.ats_supported = 1;
}

void fake_device_pri(struct fake_device *fdev)
{
	fdev->pdev.pri_cap = PRI_CAP;
	config_set(fdev, PRI_CAP + PCI_PRI_STATUS, PCI_PRI_STATUS_STOPPED);
	config_set(fdev, PRI_CAP + PCI_PRI_MAX_REQ, 32);
	fdev->info.pri_supported = 1;
}

struct pasid_entry *fake_entry(struct fake_device *fdev)
{
	struct pasid_dir_entry *dir = fdev->info.pasid_table->table;

	return get_pasid_table_from_pde(dir);
}

void fake_devices_exit(struct fake_hw *hw)
{
	const struct iommu_domain_ops *ops = intel_iommu_ops.default_domain_ops;
	unsigned int i;

	for (i = 0; i < FAKE_DEVICES; i++) {
		struct fake_device *fdev = hw->devices[i];

		if (!fdev)
			continue;
		if (fdev->info.domain)
			ops->detach_dev(&fdev->info.domain->domain,
					fake_dev(fdev));
		intel_pasid_free_table(fake_dev(fdev));
	}
	while (hw->num_domains--)
		hw->domains[hw->num_domains]->ops->free(hw->domains[hw->num_domains]);
}

/* ---- Domains ---- */

struct iommu_domain *fake_keep(struct kunit *test, struct iommu_domain *domain)
{
	struct fake_hw *hw = test->priv;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, domain);
	KUNIT_ASSERT_LT(test, hw->num_domains, FAKE_DOMAINS);
	hw->domains[hw->num_domains++] = domain;
	return domain;
}

struct dmar_domain *fake_paging(struct kunit *test, struct fake_device *fdev,
				u32 flags)
{
	return to_dmar_domain(fake_keep(test,
		intel_iommu_domain_alloc_user(fake_dev(fdev), flags, NULL,
					      NULL)));
}

struct dmar_domain *fake_nested(struct kunit *test, struct fake_device *fdev,
				struct dmar_domain *parent,
				const struct iommu_hwpt_vtd_s1 *s1)
{
	static const struct iommu_hwpt_vtd_s1 plain = {
		.pgtbl_addr = 0x1234000,
		.addr_width = 48,
	};
	struct fake_hw *hw = test->priv;
	struct iommu_user_data data = {
		.type = IOMMU_HWPT_DATA_VTD_S1,
		.uptr = (void __user *)hw->user,
		.len = sizeof(*s1),
	};

	KUNIT_ASSERT_EQ(test, copy_to_user(data.uptr, s1 ?: &plain, sizeof(*s1)),
			0);
	return to_dmar_domain(fake_keep(test,
		intel_iommu_domain_alloc_user(fake_dev(fdev), 0, &parent->domain,
					      &data)));
}

void fake_attach(struct kunit *test, struct dmar_domain *domain,
		 struct fake_device *fdev)
{
	KUNIT_ASSERT_EQ(test, intel_iommu_attach_device(&domain->domain,
							fake_dev(fdev)), 0);
	KUNIT_ASSERT_PTR_EQ(test, fdev->info.domain, domain);
}

void fake_force_snooping(struct kunit *test, struct dmar_domain *domain)
{
	const struct iommu_domain_ops *ops = domain->domain.ops;

	KUNIT_ASSERT_TRUE(test, ops->enforce_cache_coherency(&domain->domain));
}

u16 fake_did(struct dmar_domain *domain, struct fake_iommu *fake)
{
	return domain_id_iommu(domain, &fake->iommu);
}
