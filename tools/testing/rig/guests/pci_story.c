// SPDX-License-Identifier: GPL-2.0-only
/*
 * Real PCI devices in the hands of the VMM, behind the IOMMU that QEMU emulates: an edu,
 * which copies between memory and a buffer of its own, and an ivshmem, whose BAR 2 is
 * memory. What they are and where says tools/testing/rig/machine.
 */
#include <linux/pci_regs.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "pci_guest.h"
#include "pci_story.h"
#include "say.h"

#include "../../selftests/iommu/edu_dma.h"
#include "../../selftests/iommu/vfio_dev_ioctls.h"

#define PAGE		4096UL
#define FROM_IOVA	0x100000ULL
#define TO_IOVA		0x200000ULL
#define BAR_IOVA	0x300000ULL
#define MEMORY_BAR	2

#define MESSAGE		"copied by a PCI device"

static int fd;
static __u32 ioas;
static char *from, *to;
static struct pci_guest edu, memory;

/* ---- DMA ---- */

/* The edu copies the message from its IOVA to another */
static void device_copies(__u64 iova)
{
	asked("the device", "copies 32 bytes from IOVA %s to IOVA %s",
	      iova_text(FROM_IOVA), iova_text(iova));
	expect_errno(0, edu_bar_load(edu.bar, FROM_IOVA, 32));
	expect_errno(0, edu_bar_store(edu.bar, iova, 32));
}

/* The same, and the IOMMU has to report it */
static void device_is_refused(__u64 iova)
{
	int log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	lseek(log, 0, SEEK_END);
	device_copies(iova);
	if (!fault_logged(log, "DMA Write", iova))
		step_failed("the kernel has logged no fault at IOVA %#llx", iova);
	saw("the IOMMU reports a write fault at IOVA %s", iova_text(iova));
}

/* ---- Steps ---- */

static void bind_and_attach(void)
{
	__u32 hwpt = 0;

	step_begin("A real PCI device, by its own node");
	fd = iommufd_open();
	expect_errno(0, fd < 0 ? fd : 0);
	pci_guest_take(&edu, fd);
	asked("IOMMU_IOAS_ALLOC", "no flags");
	expect_errno(0, ioas_alloc(fd, &ioas));
	answered("IOAS %u", ioas);
	asked("VFIO_DEVICE_ATTACH_IOMMUFD_PT", "IOAS %u", ioas);
	expect_errno(0, vfio_attach(edu.fd, ioas, &hwpt));
	answered("HWPT %u", hwpt);
	pci_guest_map_bar(&edu, 0);
	step_held("its DMA goes through the IOMMU's table of this IOAS, which is empty");
}

static void map_and_copy(void)
{
	step_begin("It does DMA between pages of the VMM");
	from = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (from == MAP_FAILED)
		step_failed("mmap: %s", strerror(errno));
	to = from + PAGE;
	strcpy(from, MESSAGE);
	asked("IOMMU_IOAS_MAP", "two pages at IOVA %s and %s, rw",
	      iova_text(FROM_IOVA), iova_text(TO_IOVA));
	expect_errno(0, ioas_map_fixed(fd, ioas, from, PAGE, FROM_IOVA,
				       IOAS_MAP_RW));
	expect_errno(0, ioas_map_fixed(fd, ioas, to, PAGE, TO_IOVA, IOAS_MAP_RW));
	answered("mapped");
	device_copies(TO_IOVA);
	saw("the VMM finds %s in the second page",
	    painted(PAINT_TEXT, "\"%.31s\"", to));
	expect_text("text in the second page", MESSAGE, to);

	asked("IOMMU_IOAS_UNMAP", "the second page");
	expect_errno(0, ioas_unmap(fd, ioas, TO_IOVA, PAGE, NULL));
	answered("unmapped");
	memset(to, 0, 32);
	device_is_refused(TO_IOVA);
	expect_text("text in the second page", "", to);
	step_held("memory is reached while it is mapped, and not any more");
}

static void peer_to_peer(void)
{
	const char *bar;

	step_begin("It does DMA into the BAR of another device");
	pci_guest_take(&memory, fd);
	pci_guest_map_bar(&memory, MEMORY_BAR);
	bar = (const char *)memory.bar;
	memset((void *)memory.bar, 0, 32);
	asked("IOMMU_IOAS_MAP", "mmap() of its BAR %d at IOVA %s, rw",
	      MEMORY_BAR, iova_text(BAR_IOVA));
	expect_errno(0, ioas_map_fixed(fd, ioas, bar, PAGE, BAR_IOVA,
				       IOAS_MAP_RW));
	answered("mapped");
	device_copies(BAR_IOVA);
	saw("the VMM finds %s in the BAR", painted(PAINT_TEXT, "\"%.31s\"", bar));
	expect_text("text in the BAR", MESSAGE, bar);

	asked("config space", "the other device's memory decoding off");
	pci_guest_command(&memory, PCI_COMMAND_MEMORY, false);
	answered("off");
	device_is_refused(BAR_IOVA);
	asked("config space", "and on again");
	pci_guest_command(&memory, PCI_COMMAND_MEMORY, true);
	answered("on");
	memset((void *)memory.bar, 0, 32);
	device_copies(BAR_IOVA);
	saw("the VMM finds %s in the BAR", painted(PAINT_TEXT, "\"%.31s\"", bar));
	expect_text("text in the BAR", MESSAGE, bar);
	step_held("as long as the BAR is there, and never longer");
}

void pci_story(void)
{
	if (!edu_find(EDU_ALONE, 0, &edu.pci) ||
	    pci_list(PCI_ID_MEMORY, &memory.pci, 1) != 1) {
		step_begin("Real PCI devices");
		step_held("there are none behind an IOMMU in this machine");
		return;
	}
	bind_and_attach();
	map_and_copy();
	peer_to_peer();
	close(memory.fd);
	close(edu.fd);
	close(fd);
}
