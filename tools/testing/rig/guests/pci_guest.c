// SPDX-License-Identifier: GPL-2.0-only
/* A PCI device in the hands of the VMM: see pci_guest.h. */
#include <linux/pci_regs.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "pci_guest.h"
#include "say.h"

#include "../../selftests/iommu/vfio_dev_ioctls.h"

void pci_guest_take(struct pci_guest *guest, int fd)
{
	char name[32] = "", path[PATH_MAX];

	expect_errno(0, pci_bind(&guest->pci, PCI_DRIVER_VFIO));
	pci_path(&guest->pci, "", path);
	vfio_cdev_name(path, name, sizeof(name));
	asked("open", "/dev/vfio/devices/%s, PCI device %s", name,
	      guest->pci.name);
	guest->fd = pci_open_cdev(&guest->pci);
	expect_errno(0, guest->fd < 0 ? guest->fd : 0);
	answered("good for nothing yet");

	asked("VFIO_DEVICE_BIND_IOMMUFD", "%s", name);
	expect_errno(0, vfio_bind(guest->fd, fd, &guest->id));
	answered("dev_id %u", guest->id);
}

static __u64 config_offset(const struct pci_guest *guest)
{
	struct vfio_region_info info;

	expect_errno(0, vfio_region_info(guest->fd, VFIO_PCI_CONFIG_REGION_INDEX,
					 &info));
	return info.offset + PCI_COMMAND;
}

void pci_guest_command(const struct pci_guest *guest, __u16 bits, bool on)
{
	__u64 offset = config_offset(guest);
	__u16 command;

	if (pread(guest->fd, &command, sizeof(command), offset) !=
	    sizeof(command))
		step_failed("config space: cannot be read");
	command = on ? command | bits : command & ~bits;
	if (pwrite(guest->fd, &command, sizeof(command), offset) !=
	    sizeof(command))
		step_failed("config space: cannot be written");
}

void pci_guest_map_bar(struct pci_guest *guest, unsigned int bar)
{
	struct vfio_region_info info;
	void *mem;

	expect_errno(0, vfio_region_info(guest->fd,
					 VFIO_PCI_BAR0_REGION_INDEX + bar,
					 &info));
	mem = mmap(NULL, info.size, PROT_READ | PROT_WRITE, MAP_SHARED,
		   guest->fd, info.offset);
	if (mem == MAP_FAILED)
		step_failed("mmap of BAR %u: %s", bar, strerror(errno));
	guest->bar = mem;
	pci_guest_command(guest, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, true);
}
