/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A PCI device in the hands of the VMM. What goes wrong fails the step.
 */
#ifndef RIG_PCI_GUEST_H
#define RIG_PCI_GUEST_H

#include <stdbool.h>
#include <linux/types.h>

#include "../../selftests/iommu/pci.h"

/**
 * struct pci_guest - a device the VMM has
 * @pci: Which
 * @fd: Its open node
 * @id: In the iommufd
 * @bar: The BAR that the story is about
 */
struct pci_guest {
	struct pci_dev pci;
	int fd;
	__u32 id;
	volatile __u8 *bar;
};

/* Open guest->pci by its node and bind it to an iommufd */
void pci_guest_take(struct pci_guest *guest, int fd);

/* Map a BAR, and let the device answer there and do DMA */
void pci_guest_map_bar(struct pci_guest *guest, unsigned int bar);

/* Bits of its command register on, or off */
void pci_guest_command(const struct pci_guest *guest, __u16 bits, bool on);

#endif
