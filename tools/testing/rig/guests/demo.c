// SPDX-License-Identifier: GPL-2.0-only
/*
 * A small VMM that shows what nested translation through /dev/iommu does, told
 * in steps. `make run` boots the kernel in QEMU and runs it there.
 *
 * The VMM lends a "guest" 4 MiB of its memory and maps them in an IOAS: that is
 * stage 2. The guest writes a page table into that memory: that is stage 1. A
 * mock device, which walks tables and caches translations as an IOMMU would,
 * then does DMA through both. At the end real PCI devices do DMA
 * (pci_story), also through a guest's table (vtd_story).
 *
 * Each step prints the ioctls it issues and what the device saw, checks both
 * and ends with a tick. The first expectation that does not hold ends the
 * program with both values and status 1; status 0 means that every step held.
 *
 * The steps stand below in their order. Beside them: the device's DMA (device),
 * the guest's memory and page table (guest_table), the pictures (draw), telling
 * and judging (say).
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "device.h"
#include "draw.h"
#include "guest_table.h"
#include "pci_story.h"
#include "say.h"
#include "vtd_story.h"

/* Where things lie in guest memory; it starts where the mock's aperture does */
#define RAM_GPA		0x01000000ULL
#define RAM_SIZE	(4ULL << 20)
#define ROOT_GPA	0x01010000ULL
#define OLD_GPA		0x01200000ULL
#define NEW_GPA		0x01300000ULL
#define RO_GPA		0x013ff000ULL

/* A hint, so that the VMM's addresses are easy on the eye */
#define RAM_VA_HINT	((void *)0x700000000000UL)

/* What the device uses: indices that are easy to find in the pictures */
#define PAGE_IOVA	GUEST_IOVA(1, 2, 3, 4)
#define RO_IOVA		GUEST_IOVA(1, 2, 3, 5)

/* Where in the page the device leaves its message */
#define MESSAGE_OFFSET	0x100
#define MESSAGE		"hello from the device"

struct story {
	int fd;
	__u32 ioas_id;
	__u32 parent_id;
	__u32 nested_id;
	struct guest_ram ram;
	struct guest_table table;
	struct device device;
};

static void expect_bits(const struct story *s, const char *what, __u64 iova,
			int level, __u64 want)
{
	__u64 bits = GUEST_ENTRY_ACCESSED | GUEST_ENTRY_DIRTY;

	expect_number(what, want,
		      guest_table_entry(&s->table, iova, level) & bits);
}

static void guest_memory(struct story *s)
{
	void *va;

	step_begin("Guest memory becomes stage 2");
	asked("open", "/dev/iommu");
	s->fd = iommufd_open();
	expect_errno(0, s->fd < 0 ? s->fd : 0);
	answered("an object space of our own");

	asked("IOMMU_IOAS_ALLOC", "no flags");
	expect_errno(0, ioas_alloc(s->fd, &s->ioas_id));
	answered("IOAS %u", s->ioas_id);

	va = mmap(RAM_VA_HINT, RAM_SIZE, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (va == MAP_FAILED)
		step_failed("mmap: expected 4 MiB, got %s", strerror(errno));
	s->ram.gpa = RAM_GPA;
	s->ram.size = RAM_SIZE;
	s->ram.va = va;

	asked("IOMMU_IOAS_MAP", "4 MiB, VMM's %s at GPA %s, rw",
	      va_text(va), gpa_text(RAM_GPA));
	expect_errno(0, ioas_map_fixed(s->fd, s->ioas_id, va, RAM_SIZE, RAM_GPA,
				       IOAS_MAP_RW));
	s->ram.mapped = true;
	answered("mapped");
	step_held("a device on this IOAS reaches these 4 MiB and nothing else");
}

static void device_and_parent(struct story *s)
{
	struct iommu_test_hw_info data = { 0 };
	struct iommu_hw_info info;

	step_begin("A device, and a stage 2 that can carry a stage 1");
	asked("IOMMU_TEST_OP_DEV_CREATE", "detached");
	expect_errno(0, mock_device_create(s->fd, MOCK_IOMMU_FULL, 0, 0, 0,
					   &s->device.ids));
	s->device.fd = s->fd;
	answered("mock device %u, dev_id %u", s->device.ids.stdev_id,
		 s->device.ids.idev_id);

	asked("IOMMU_GET_HW_INFO", "dev_id %u", s->device.ids.idev_id);
	expect_errno(0, hw_info(s->fd, s->device.ids.idev_id, &data,
				sizeof(data), &info));
	answered("type %#x, register %#x", info.out_data_type, data.test_reg);
	expect_number("hardware type", IOMMU_HW_INFO_TYPE_SELFTEST,
		      info.out_data_type);
	expect_number("hardware register", IOMMU_HW_INFO_SELFTEST_REGVAL,
		      data.test_reg);

	asked("IOMMU_HWPT_ALLOC", "IOAS %u, NEST_PARENT", s->ioas_id);
	expect_errno(0, hwpt_alloc(s->fd, s->device.ids.idev_id, s->ioas_id,
				   IOMMU_HWPT_ALLOC_NEST_PARENT, &s->parent_id));
	answered("HWPT %u", s->parent_id);
	step_held("the hardware is the mock IOMMU, and it nests");
}

static void guest_writes_table(struct story *s)
{
	step_begin("The guest writes its own page table: stage 1");
	strcpy(guest_text(&s->ram, OLD_GPA), "old page");
	strcpy(guest_text(&s->ram, NEW_GPA), "new page");
	strcpy(guest_text(&s->ram, RO_GPA), "read-only page");
	guest_table_init(&s->table, &s->ram, ROOT_GPA);
	guest_table_set(&s->table, PAGE_IOVA, OLD_GPA, true);
	guest_table_set(&s->table, RO_IOVA, RO_GPA, false);

	note("The way of IOVA %s through it (A accessed, D dirty, W writable):",
	     iova_text(PAGE_IOVA));
	draw_walk(&s->table, PAGE_IOVA, GUEST_TABLE_LEVELS);
	expect_number("page the guest's table leads to", OLD_GPA,
		      guest_table_at(&s->table, PAGE_IOVA, 0));
	step_held("plain stores to guest memory; the kernel was not asked");
}

static void nest(struct story *s)
{
	struct iommu_hwpt_selftest_v2 data = {
		.v1.iotlb = IOMMU_TEST_IOTLB_DEFAULT,
		.format = IOMMU_HWPT_SELFTEST_S1_4LEVEL,
		.root = s->table.root,
	};
	__u32 attached = 0;

	step_begin("Stage 1 on top of stage 2: a nested HWPT");
	asked("IOMMU_HWPT_ALLOC", "on HWPT %u, root table at GPA %s, 4 levels",
	      s->parent_id, gpa_text(data.root));
	expect_errno(0, hwpt_alloc_nested(s->fd, s->device.ids.idev_id,
					  s->parent_id, IOMMU_HWPT_DATA_SELFTEST,
					  &data, sizeof(data), &s->nested_id));
	answered("HWPT %u", s->nested_id);

	asked("IOMMU_TEST_OP_DEV_ATTACH", "mock device %u to HWPT %u",
	      s->device.ids.stdev_id, s->nested_id);
	expect_errno(0, mock_attach(s->fd, s->device.ids.stdev_id, s->nested_id,
				    &attached));
	answered("attached");
	expect_number("HWPT attached to", s->nested_id, attached);
	step_held("which page an IOVA means is now the guest's business");
}

static void read_and_write(struct story *s)
{
	const char *message = guest_text(&s->ram, OLD_GPA + MESSAGE_OFFSET);
	int level;

	step_begin("The device reads and writes through both stages");
	device_sees(&s->device, PAGE_IOVA, "old page");
	expect_bits(s, "accessed and dirty bits after a read", PAGE_IOVA, 1,
		    GUEST_ENTRY_ACCESSED);
	device_writes(&s->device, PAGE_IOVA + MESSAGE_OFFSET, MESSAGE);
	saw("the VMM finds %s at %s", painted(PAINT_TEXT, "\"%.31s\"", message),
	    va_text(message));
	expect_text("text in the VMM's memory", MESSAGE, message);
	draw_walk(&s->table, PAGE_IOVA, GUEST_TABLE_LEVELS);
	for (level = GUEST_TABLE_LEVELS; level > 1; level--)
		expect_bits(s, "accessed bit of a table's entry", PAGE_IOVA,
			    level, GUEST_ENTRY_ACCESSED);
	expect_bits(s, "accessed and dirty bits after a write", PAGE_IOVA, 1,
		    GUEST_ENTRY_ACCESSED | GUEST_ENTRY_DIRTY);
	step_held("the walk left its marks in the guest's table: A on its way, D at the end");
}

static void invalidate(struct story *s)
{
	struct iommu_hwpt_invalidate_selftest_v2 request = {
		.addr = PAGE_IOVA,
		.npages = 1,
	};
	__u64 before;
	__u32 handled = 1;

	step_begin("The guest changes an entry; the IOTLB has to be told");
	before = guest_table_entry(&s->table, PAGE_IOVA, 1);
	guest_table_set(&s->table, PAGE_IOVA, NEW_GPA, true);
	note("The level-1 entry of IOVA %s: was %s, is now",
	     iova_text(PAGE_IOVA), gpa_text(before));
	draw_walk(&s->table, PAGE_IOVA, 1);
	device_sees(&s->device, PAGE_IOVA, "old page");
	expect_bits(s, "accessed and dirty bits of the unused entry", PAGE_IOVA,
		    1, 0);
	note("Stale: the IOTLB still leads to GPA %s, nobody has walked (A is clear).",
	     gpa_text(OLD_GPA));

	asked("IOMMU_HWPT_INVALIDATE", "HWPT %u, 1 page at IOVA %s",
	      s->nested_id, iova_text(PAGE_IOVA));
	expect_errno(0, hwpt_invalidate(s->fd, s->nested_id,
					IOMMU_HWPT_INVALIDATE_DATA_SELFTEST,
					&request, sizeof(request), &handled));
	answered("%u of 1 handled", handled);
	expect_number("requests handled", 1, handled);
	device_sees(&s->device, PAGE_IOVA, "new page");
	expect_bits(s, "accessed and dirty bits of the new entry", PAGE_IOVA, 1,
		    GUEST_ENTRY_ACCESSED);
	step_held("the old page before the invalidation, the new one after it");
}

static void stage1_permission(struct story *s)
{
	struct mock_dma dma;

	step_begin("Stage 1 blocks: the guest made this page read-only");
	draw_walk(&s->table, RO_IOVA, 1);
	device_sees(&s->device, RO_IOVA, "read-only page");
	dma = device_is_blocked(&s->device, true, RO_IOVA, 1,
				MOCK_DMA_FAULT_PERMISSION);
	expect_number("IOVA of the fault", RO_IOVA, dma.addr);
	expect_number("level of the fault", 1, dma.level);
	expect_text("text in the page", "read-only page",
		    guest_text(&s->ram, RO_GPA));
	step_held("reading passes, writing does not: the page is unchanged");
}

static void stage2_unmap(struct story *s)
{
	struct mock_dma dma;
	__u64 unmapped = 0;

	step_begin("Stage 2 blocks: the VMM takes the memory back");
	asked("IOMMU_IOAS_UNMAP", "GPA %s, 4 MiB", gpa_text(RAM_GPA));
	expect_errno(0, ioas_unmap(s->fd, s->ioas_id, RAM_GPA, RAM_SIZE,
				   &unmapped));
	s->ram.mapped = false;
	answered("%llu MiB unmapped", unmapped >> 20);
	expect_number("bytes unmapped", RAM_SIZE, unmapped);

	dma = device_is_blocked(&s->device, false, PAGE_IOVA, 2,
				MOCK_DMA_FAULT_NOT_PRESENT);
	draw_walk(&s->table, PAGE_IOVA, dma.level);
	if (!guest_at(&s->ram, dma.addr, 1))
		step_failed("GPA of the fault: expected inside guest memory, got %#llx",
			    dma.addr);
	step_held("at once, and without any help from the guest");
}

static void destroy(struct story *s, const char *what, __u32 id)
{
	asked("IOMMU_DESTROY", "%s %u", what, id);
	expect_errno(0, object_destroy(s->fd, id));
	answered("gone");
}

static void tear_down(struct story *s)
{
	step_begin("Tear-down, in order");
	asked("IOMMU_DESTROY", "HWPT %u, while HWPT %u stands on it",
	      s->parent_id, s->nested_id);
	expect_errno(EBUSY, object_destroy(s->fd, s->parent_id));
	answered("refused: in use");

	asked("IOMMU_TEST_OP_DEV_DETACH", "mock device %u",
	      s->device.ids.stdev_id);
	expect_errno(0, mock_detach(s->fd, s->device.ids.stdev_id));
	answered("detached");
	device_is_blocked(&s->device, false, PAGE_IOVA, 0,
			  MOCK_DMA_FAULT_BLOCKED);

	destroy(s, "nested HWPT", s->nested_id);
	destroy(s, "parent HWPT", s->parent_id);
	destroy(s, "mock device", s->device.ids.stdev_id);
	destroy(s, "IOAS", s->ioas_id);
	close(s->fd);
	munmap(s->ram.va, s->ram.size);
	step_held("nothing is left: an IOAS still in use would have stayed");
}

int main(void)
{
	struct story s = { 0 };

	say_init();
	printf("\n  Two tables stand between a guest's device and memory:\n\n"
	       "    %s ──[ stage 1: the guest's ]──► %s ──[ stage 2: the VMM's ]──► %s\n",
	       painted(PAINT_IOVA, "IOVA"),
	       painted(PAINT_GPA, "guest-physical (GPA)"),
	       painted(PAINT_VA, "memory"));
	guest_memory(&s);
	device_and_parent(&s);
	guest_writes_table(&s);
	nest(&s);
	read_and_write(&s);
	invalidate(&s);
	stage1_permission(&s);
	stage2_unmap(&s);
	tear_down(&s);
	pci_story();
	vtd_story();
	return story_end();
}
