// SPDX-License-Identifier: GPL-2.0-only
/*
 * The story of the mock once more, with the emulated VT-d in its place: a PCI device
 * does DMA through a table in guest memory. The device is the emulator's dma-test.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "draw.h"
#include "guest_table.h"
#include "pci_guest.h"
#include "say.h"
#include "vtd_story.h"

#include "../../selftests/iommu/dma_test.h"
#include "../../selftests/iommu/vfio_dev_ioctls.h"

#define PCI_ID_DMA_TEST (DMA_TEST_VENDOR << 16 | DMA_TEST_DEVICE)
#define ECAP_NEST	(1ULL << 26)

#define RAM_GPA		0x40000000ULL
#define RAM_SIZE	(4ULL << 20)
#define ROOT_GPA	(RAM_GPA + 0x10000)
#define OLD_GPA		(RAM_GPA + 0x200000)
#define NEW_GPA		(RAM_GPA + 0x300000)
#define RAM_VA_HINT	((void *)0x710000000000UL)

#define PAGE_IOVA	GUEST_IOVA(1, 2, 3, 4)
#define MESSAGE_OFFSET	0x100
#define MESSAGE		"hello from a PCI device"

static int fd;
static __u32 ioas, parent, nested;
static struct pci_guest device;
static struct guest_ram ram;
static struct guest_table table;

/* ---- DMA ---- */

static volatile __u32 *reg(unsigned int offset)
{
	return (volatile __u32 *)(device.bar + offset);
}

/* The device's buffer, which takes whole words only */
static volatile __u64 *buffer(void)
{
	return (volatile __u64 *)(device.bar + DMA_TEST_BUFFER);
}

static __u32 dma(__u32 command, __u64 iova)
{
	*(volatile __u64 *)reg(DMA_TEST_ADDR) = iova;
	*reg(DMA_TEST_LEN) = GUEST_TEXT_LENGTH;
	*reg(DMA_TEST_CMD) = command;
	return *reg(DMA_TEST_STATUS);
}

static void device_reads(__u64 iova, const char *want)
{
	union {
		char text[GUEST_TEXT_LENGTH];
		__u64 words[GUEST_TEXT_LENGTH / 8];
	} seen;
	unsigned int i;

	asked("the device", "reads at IOVA %s", iova_text(iova));
	expect_number("status of the DMA", DMA_TEST_DONE,
		      dma(DMA_TEST_READ, iova));
	for (i = 0; i < GUEST_TEXT_LENGTH / 8; i++)
		seen.words[i] = buffer()[i];
	seen.text[GUEST_TEXT_LENGTH - 1] = 0;
	saw("%s", painted(PAINT_TEXT, "\"%s\"", seen.text));
	expect_text("what it has read", want, seen.text);
}

static void device_writes(__u64 iova, const char *text)
{
	__u64 words[GUEST_TEXT_LENGTH / 8] = {};
	unsigned int i;

	asked("the device", "writes at IOVA %s", iova_text(iova));
	strncpy((char *)words, text, sizeof(words) - 1);
	for (i = 0; i < GUEST_TEXT_LENGTH / 8; i++)
		buffer()[i] = words[i];
	expect_number("status of the DMA", DMA_TEST_DONE,
		      dma(DMA_TEST_WRITE, iova));
}

/* ---- Steps ---- */

static void nest(void)
{
	struct iommu_hwpt_vtd_s1 s1 = {
		.pgtbl_addr = ROOT_GPA,
		.addr_width = 48,
	};

	step_begin("A PCI device on a guest's table: VT-d walks both stages");
	asked("IOMMU_HWPT_ALLOC", "IOAS %u, NEST_PARENT", ioas);
	expect_errno(0, hwpt_alloc(fd, device.id, ioas,
				   IOMMU_HWPT_ALLOC_NEST_PARENT, &parent));
	answered("HWPT %u", parent);
	guest_table_init(&table, &ram, ROOT_GPA);
	guest_table_set(&table, PAGE_IOVA, OLD_GPA, true);
	asked("IOMMU_HWPT_ALLOC", "on HWPT %u, VTD_S1: root table at GPA %s",
	      parent, gpa_text(ROOT_GPA));
	expect_errno(0, hwpt_alloc_nested(fd, device.id, parent,
					  IOMMU_HWPT_DATA_VTD_S1, &s1,
					  sizeof(s1), &nested));
	answered("HWPT %u", nested);
	asked("VFIO_DEVICE_ATTACH_IOMMUFD_PT", "HWPT %u", nested);
	expect_errno(0, vfio_attach(device.fd, nested, NULL));
	answered("attached");
	pci_guest_map_bar(&device, 0);
	step_held("the hardware has the guest's table and the VMM's");
}

static void read_and_write(void)
{
	const char *message = guest_text(&ram, OLD_GPA + MESSAGE_OFFSET);

	step_begin("It reads and writes through both stages");
	device_reads(PAGE_IOVA, "old page");
	device_writes(PAGE_IOVA + MESSAGE_OFFSET, MESSAGE);
	saw("the VMM finds %s", painted(PAINT_TEXT, "\"%.31s\"", message));
	expect_text("text in the VMM's memory", MESSAGE, message);
	draw_walk(&table, PAGE_IOVA, GUEST_TABLE_LEVELS);
	expect_number("accessed and dirty bits after a write",
		      GUEST_ENTRY_ACCESSED | GUEST_ENTRY_DIRTY,
		      guest_table_entry(&table, PAGE_IOVA, 1) &
			      (GUEST_ENTRY_ACCESSED | GUEST_ENTRY_DIRTY));
	step_held("the hardware left its marks in the guest's table");
}

static void invalidate(void)
{
	struct iommu_hwpt_vtd_s1_invalidate request = {
		.addr = PAGE_IOVA,
		.npages = 1,
		.flags = IOMMU_VTD_INV_FLAGS_LEAF,
	};
	__u32 handled = 1;

	step_begin("The guest changes an entry; the hardware has to be told");
	guest_table_set(&table, PAGE_IOVA, NEW_GPA, true);
	device_reads(PAGE_IOVA, "old page");
	asked("IOMMU_HWPT_INVALIDATE", "HWPT %u, 1 page at IOVA %s", nested,
	      iova_text(PAGE_IOVA));
	expect_errno(0, hwpt_invalidate(fd, nested,
					IOMMU_HWPT_INVALIDATE_DATA_VTD_S1,
					&request, sizeof(request), &handled));
	answered("%u of 1 handled", handled);
	device_reads(PAGE_IOVA, "new page");
	step_held("the old page before the invalidation, the new one after it");
}

static void stage2_unmap(void)
{
	step_begin("The VMM takes the memory back under the guest's table");
	asked("IOMMU_IOAS_UNMAP", "GPA %s, 4 MiB", gpa_text(RAM_GPA));
	expect_errno(0, ioas_unmap(fd, ioas, RAM_GPA, RAM_SIZE, NULL));
	answered("unmapped");
	asked("the device", "reads at IOVA %s", iova_text(PAGE_IOVA));
	expect_number("status of the DMA", DMA_TEST_REFUSED,
		      dma(DMA_TEST_READ, PAGE_IOVA));
	saw("blocked");
	step_held("at once: what was cached of both stages is gone");
}

/* The device, and whether its IOMMU nests */
static bool begin(void)
{
	struct iommu_hw_info_vtd vtd = {};
	struct iommu_hw_info info;

	fd = iommufd_open();
	expect_errno(0, fd < 0 ? fd : 0);
	step_begin("A PCI device behind an IOMMU that nests");
	pci_guest_take(&device, fd);
	asked("IOMMU_GET_HW_INFO", "dev_id %u", device.id);
	expect_errno(0, hw_info(fd, device.id, &vtd, sizeof(vtd), &info));
	answered("VT-d, ECAP %#llx", vtd.ecap_reg);
	expect_number("hardware type", IOMMU_HW_INFO_TYPE_INTEL_VTD,
		      info.out_data_type);
	if (!(vtd.ecap_reg & ECAP_NEST)) {
		step_held("this one does not: ECAP.NEST is clear");
		return false;
	}
	expect_errno(0, ioas_alloc(fd, &ioas));
	ram.va = mmap(RAM_VA_HINT, RAM_SIZE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (ram.va == MAP_FAILED)
		step_failed("mmap: %s", strerror(errno));
	ram.gpa = RAM_GPA;
	ram.size = RAM_SIZE;
	asked("IOMMU_IOAS_MAP", "guest memory, 4 MiB at GPA %s, rw",
	      gpa_text(RAM_GPA));
	expect_errno(0, ioas_map_fixed(fd, ioas, ram.va, RAM_SIZE, RAM_GPA,
				       IOAS_MAP_RW));
	ram.mapped = true;
	answered("mapped");
	strcpy(guest_text(&ram, OLD_GPA), "old page");
	strcpy(guest_text(&ram, NEW_GPA), "new page");
	step_held("ECAP.NEST is set");
	return true;
}

void vtd_story(void)
{
	if (!pci_list(PCI_ID_DMA_TEST, &device.pci, 1)) {
		step_begin("A PCI device on a guest's table");
		step_held("there is none for it in this machine");
		return;
	}
	if (begin()) {
		nest();
		read_and_write();
		invalidate();
		stage2_unmap();
	}
	close(device.fd);
	close(fd);
}
