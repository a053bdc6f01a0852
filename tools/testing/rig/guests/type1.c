// SPDX-License-Identifier: GPL-2.0-only
/*
 * A program for VFIO's groups and containers, which knows nothing of iommufd. It
 * calls everything it can, in the right way and in wrong ones, and prints what comes
 * of it: scripts/check-type1 compares what it prints on several kernels.
 *
 * Lines that begin with "new" are about what the base kernel does not have.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>

#include "../../selftests/iommu/edu_dma.h"
#include "../../selftests/iommu/pci.h"
#include "../../selftests/iommu/vfio_dev_ioctls.h"

#define SZ_4K	0x1000UL
#define SZ_2M	0x200000UL
#define SZ_1G	0x40000000UL
#define PAGES	16

/* Clear of what the platform keeps for itself */
#define IOVA(page) (0x100000ULL + (page) * SZ_4K)

static struct pci_dev pci;
static int container, group, device;
static char *mem;

static int show(const char *what, long long rc)
{
	if (rc < 0)
		printf("%s: %s\n", what, strerrorname_np(-rc));
	else
		printf("%s: %#llx\n", what, rc);
	return rc;
}
#define SHOW(call) show(#call, call)

/* Of a file descriptor the number is nobody's business */
static int show_fd(const char *what, int fd)
{
	show(what, fd < 0 ? fd : 0);
	return fd;
}
#define SHOW_FD(call) show_fd(#call, call)

static void part(const char *title)
{
	printf("== %s\n", title);
}

static int open_path(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static void show_locked(void)
{
	FILE *status = fopen("/proc/self/status", "r");
	char line[128];

	while (status && fgets(line, sizeof(line), status))
		if (!strncmp(line, "VmLck", 5) || !strncmp(line, "VmPin", 5))
			fputs(line, stdout);
	if (status)
		fclose(status);
}

/* ---- Numbers nobody has given a meaning, or another file's ---- */

static void numbers(const char *of, int fd)
{
	int nr;

	for (nr = 100; nr < 135; nr++) {
		int rc = vfio_ioctl(fd, _IO(VFIO_TYPE, nr), NULL);
		bool is_new = nr >= 118 && nr <= 120;

		/* It would end the group's stay, or be a file */
		if (fd == group && (nr == 105 || nr == 106))
			continue;
		printf("%s%s ioctl %d", is_new ? "new " : "", of, nr);
		show("", rc);
	}
}

/* ---- The container and the group ---- */

static void show_extensions(void)
{
	unsigned long i;
	char text[32];

	for (i = 0; i < 16; i++) {
		snprintf(text, sizeof(text), "extension %lu", i);
		show(text, vfio_check_extension(container, i));
	}
}

/* False if the IOMMU cannot do that */
static bool enter(unsigned long type)
{
	struct vfio_iommu_type1_info info = { .argsz = sizeof(info) };
	int rc;

	part("container and group");
	container = SHOW_FD(open_path("/dev/vfio/vfio"));
	SHOW(vfio_api_version(container));
	show_extensions();
	SHOW(vfio_set_iommu(container, type));
	SHOW(vfio_get_info(container, &info));
	SHOW(vfio_map_dma(container, VFIO_MAP_RW, mem, SZ_4K, IOVA(0)));
	SHOW(vfio_unmap_dma(container, 0, IOVA(0), SZ_4K, NULL));

	group = SHOW_FD(pci_open_group(&pci));
	SHOW_FD(pci_open_group(&pci));
	SHOW(vfio_group_status(group));
	SHOW(vfio_group_unset_container(group));
	SHOW_FD(vfio_group_device(group, pci.name));
	SHOW(vfio_group_set_container(group, -1));
	SHOW(vfio_group_set_container(group, group));
	SHOW(vfio_group_set_container(group, 0));
	SHOW(vfio_group_set_container(group, container));
	SHOW(vfio_group_set_container(group, container));
	SHOW(vfio_group_status(group));
	SHOW_FD(vfio_group_device(group, pci.name));
	show_extensions();
	SHOW(vfio_set_iommu(container, 0));
	SHOW(vfio_set_iommu(container, VFIO_SPAPR_TCE_IOMMU));
	SHOW(vfio_set_iommu(container, VFIO_NOIOMMU_IOMMU));
	SHOW(vfio_set_iommu(container, 1000));
	SHOW(vfio_set_iommu(container, type));
	SHOW(vfio_set_iommu(container, type));
	SHOW(vfio_group_unset_container(group));
	SHOW(vfio_group_set_container(group, container));
	rc = SHOW(vfio_set_iommu(container, type));
	show_extensions();
	if (!rc)
		return true;
	close(group);
	close(container);
	return false;
}

static void show_cap(const struct vfio_info_cap_header *cap)
{
	const struct vfio_iommu_type1_info_cap_iova_range *ranges = (void *)cap;
	const struct vfio_iommu_type1_info_cap_migration *migration = (void *)cap;
	const struct vfio_iommu_type1_info_dma_avail *avail = (void *)cap;
	__u32 i;

	printf("capability %u version %u next %#x", cap->id, cap->version,
	       cap->next);
	switch (cap->id) {
	case VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE:
		for (i = 0; i < ranges->nr_iovas; i++)
			printf(" %#llx-%#llx", ranges->iova_ranges[i].start,
			       ranges->iova_ranges[i].end);
		break;
	case VFIO_IOMMU_TYPE1_INFO_CAP_MIGRATION:
		printf(" flags %#x pages %#llx bitmap %#llx", migration->flags,
		       migration->pgsize_bitmap,
		       migration->max_dirty_bitmap_size);
		break;
	case VFIO_IOMMU_TYPE1_INFO_DMA_AVAIL:
		printf(" available %u", avail->avail);
		break;
	}
	printf("\n");
}

static void show_info(void)
{
	static const __u32 lengths[] = { 0, 8, 15, 16, 20, 23, 24, 32, 64, 4096 };
	static union {
		struct vfio_iommu_type1_info info;
		char room[4096];
	} u;
	unsigned int i;
	__u32 at;

	part("VFIO_IOMMU_GET_INFO");
	for (i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		memset(&u, 0, sizeof(u));
		u.info.argsz = lengths[i];
		printf("%u bytes", lengths[i]);
		show("", vfio_get_info(container, &u.info));
		printf("argsz %u flags %#x pages %#llx chain %#x\n",
		       u.info.argsz, u.info.flags, u.info.iova_pgsizes,
		       u.info.cap_offset);
	}
	for (at = u.info.cap_offset; at;
	     at = ((struct vfio_info_cap_header *)(u.room + at))->next)
		show_cap((void *)(u.room + at));
}

/* ---- Mappings ---- */

static void map(unsigned int first, unsigned int count, __u32 flags)
{
	printf("map %u+%u flags %#x", first, count, flags);
	show("", vfio_map_dma(container, flags, mem + first * SZ_4K,
			      count * SZ_4K, IOVA(first)));
}

static void unmap_range(__u64 iova, __u64 size, __u32 flags)
{
	__u64 unmapped = 0;

	printf("unmap %#llx+%#llx flags %#x", iova, size, flags);
	show("", vfio_unmap_dma(container, flags, iova, size, &unmapped));
	printf("unmapped %#llx\n", unmapped);
}

static void unmap(unsigned int first, unsigned int count)
{
	unmap_range(IOVA(first), count * SZ_4K, 0);
}

static void mappings(void)
{
	char *huge, *read_only;
	unsigned int i;

	part("map and unmap");
	read_only = mmap(NULL, SZ_4K, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	map(0, 4, VFIO_MAP_RW);
	show_locked();
	map(0, 4, VFIO_MAP_RW);
	map(3, 2, VFIO_MAP_RW);
	map(4, 4, VFIO_MAP_RO);
	map(8, 4, VFIO_MAP_WO);
	map(12, 1, 0);
	map(12, 0, VFIO_MAP_RW);
	for (i = 3; i < 32; i++)
		map(12, 1, VFIO_MAP_RW | 1U << i);
	SHOW(vfio_map_dma(container, VFIO_MAP_RW, mem + 1, SZ_4K, IOVA(12)));
	SHOW(vfio_map_dma(container, VFIO_MAP_RW, mem, SZ_4K, IOVA(12) + 1));
	SHOW(vfio_map_dma(container, VFIO_MAP_RW, mem, SZ_4K - 1, IOVA(12)));
	SHOW(vfio_map_dma(container, VFIO_MAP_RW, mem, SZ_4K, ~0ULL << 12));
	SHOW(vfio_map_dma(container, VFIO_MAP_RW, mem, 2 * SZ_4K, ~0ULL << 12));
	SHOW(vfio_map_dma(container, VFIO_MAP_RW, mem, SZ_4K, 1ULL << 48));
	SHOW(vfio_map_dma(container, VFIO_MAP_RW, mem, SZ_4K, 0xfee00000));
	SHOW(vfio_map_dma(container, VFIO_MAP_RW, mem, ~0ULL << 12, IOVA(12)));
	SHOW(vfio_map_dma(container, VFIO_MAP_RW, NULL, SZ_4K, IOVA(12)));
	SHOW(vfio_map_dma(container, VFIO_MAP_RW, (void *)~0xfffUL, SZ_4K,
			  IOVA(12)));
	SHOW(vfio_map_dma(container, VFIO_MAP_RW, read_only, SZ_4K, IOVA(12)));
	SHOW(vfio_map_dma(container, VFIO_MAP_RO, read_only, SZ_4K, IOVA(12)));
	unmap(12, 1);
	show_locked();

	part("unmap of parts");
	unmap(1, 1);
	unmap(0, 2);
	unmap(3, 2);
	unmap(0, 6);
	unmap(0, 8);
	unmap(0, 8);
	unmap(7, 2);
	unmap(8, 2);
	unmap(8, 4);
	show_locked();
	for (i = 0; i < PAGES; i += 2)
		map(i, 1, VFIO_MAP_RW);
	unmap(0, PAGES);
	map(2, 1, VFIO_MAP_RW);
	map(9, 1, VFIO_MAP_RW);
	unmap_range(0, 1ULL << 63, 0);
	map(9, 1, VFIO_MAP_RW);
	unmap_range(0, ~0xfffULL, 0);
	unmap_range(0, 0, 0);
	unmap_range(IOVA(0), 0, VFIO_DMA_UNMAP_FLAG_ALL);
	unmap_range(0, SZ_4K, VFIO_DMA_UNMAP_FLAG_ALL);
	map(0, 4, VFIO_MAP_RW);
	unmap_range(IOVA(0) + 1, SZ_4K, 0);
	unmap_range(IOVA(0), SZ_4K - 1, 0);
	unmap_range(~0xfffULL, 2 * SZ_4K, 0);
	for (i = 3; i < 32; i++)
		unmap_range(IOVA(0), 4 * SZ_4K, 1U << i);
	unmap_range(0, 0, VFIO_DMA_UNMAP_FLAG_ALL);
	unmap_range(0, 0, VFIO_DMA_UNMAP_FLAG_ALL);

	part("large pages");
	huge = mmap(NULL, SZ_2M, PROT_READ | PROT_WRITE, MAP_PRIVATE |
		    MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	SHOW(vfio_map_dma(container, VFIO_MAP_RW, huge, SZ_2M, SZ_1G));
	unmap_range(SZ_1G + SZ_4K, SZ_4K, 0);
	unmap_range(SZ_1G, SZ_2M, 0);
	munmap(huge, SZ_2M);
	munmap(read_only, SZ_4K);
	show_locked();
}

static void new_addresses(void)
{
	part("new addresses");
	map(0, 4, VFIO_MAP_RW);
	unmap_range(IOVA(1), SZ_4K, VFIO_DMA_UNMAP_FLAG_VADDR);
	unmap_range(IOVA(0), 4 * SZ_4K, VFIO_DMA_UNMAP_FLAG_VADDR);
	unmap_range(IOVA(0), 4 * SZ_4K, VFIO_DMA_UNMAP_FLAG_VADDR);
	map(0, 2, VFIO_DMA_MAP_FLAG_VADDR);
	map(0, 4, VFIO_DMA_MAP_FLAG_VADDR | VFIO_MAP_RW);
	map(0, 4, VFIO_DMA_MAP_FLAG_VADDR);
	map(0, 4, VFIO_DMA_MAP_FLAG_VADDR);
	unmap_range(0, 0, VFIO_DMA_UNMAP_FLAG_VADDR | VFIO_DMA_UNMAP_FLAG_ALL);
	map(0, 4, VFIO_DMA_MAP_FLAG_VADDR);
	unmap(0, 4);
}

/* ---- What was written ---- */

static __u64 bits[2];

static void dirty_op(__u32 flags)
{
	struct vfio_iommu_type1_dirty_bitmap arg = {
		.argsz = sizeof(arg),
		.flags = flags,
	};

	printf("dirty flags %#x", flags);
	show("", vfio_ioctl(container, VFIO_IOMMU_DIRTY_PAGES, &arg));
}

static void dirty_get(__u64 iova, __u64 size, __u64 page, __u64 bitmap)
{
	struct {
		struct vfio_iommu_type1_dirty_bitmap head;
		struct vfio_iommu_type1_dirty_bitmap_get get;
	} arg = {
		.head = {
			.argsz = sizeof(arg),
			.flags = VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP,
		},
		.get = {
			.iova = iova,
			.size = size,
			.bitmap = { page, bitmap, bits },
		},
	};

	bits[0] = bits[1] = 0;
	printf("dirty %#llx+%#llx by %#llx in %llu bytes", iova, size, page,
	       bitmap);
	show("", vfio_ioctl(container, VFIO_IOMMU_DIRTY_PAGES, &arg));
	printf("bits %#llx %#llx\n", bits[0], bits[1]);
}

static void unmap_dirty(void)
{
	struct {
		struct vfio_iommu_type1_dma_unmap head;
		struct vfio_bitmap bitmap;
	} arg = {
		.head = {
			.argsz = sizeof(arg),
			.flags = VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP,
			.iova = IOVA(0),
			.size = 4 * SZ_4K,
		},
		.bitmap = { SZ_4K, sizeof(bits[0]), bits },
	};

	bits[0] = 0;
	show("unmap with bits", vfio_ioctl(container, VFIO_IOMMU_UNMAP_DMA, &arg));
	printf("unmapped %#llx bits %#llx\n", arg.head.size, bits[0]);
}

static void dirty_pages(void)
{
	__u32 i;

	part("dirty pages");
	map(0, 4, VFIO_MAP_RW);
	dirty_get(IOVA(0), 4 * SZ_4K, SZ_4K, 8);
	unmap_dirty();
	dirty_op(VFIO_IOMMU_DIRTY_PAGES_FLAG_START);
	dirty_op(VFIO_IOMMU_DIRTY_PAGES_FLAG_START);
	map(4, 4, VFIO_MAP_RO);
	dirty_get(IOVA(0), 4 * SZ_4K, SZ_4K, 8);
	dirty_get(IOVA(0), 4 * SZ_4K, SZ_4K, 8);
	dirty_get(IOVA(0), 8 * SZ_4K, SZ_4K, 8);
	dirty_get(IOVA(0), 2 * SZ_4K, SZ_4K, 8);
	dirty_get(IOVA(0), 4 * SZ_4K, SZ_2M, 8);
	dirty_get(IOVA(0), 4 * SZ_4K, SZ_4K, 0);
	dirty_get(IOVA(0), 0, SZ_4K, 8);
	dirty_get(IOVA(0) + 1, 4 * SZ_4K, SZ_4K, 8);
	map(0, 4, VFIO_MAP_RW);
	unmap_dirty();
	for (i = 0; i < 32; i++)
		dirty_op(1U << i);
	dirty_op(0);
	dirty_op(VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP);
	unmap(0, 8);
}

/* ---- The device ---- */

static void show_region(__u32 index)
{
	struct vfio_region_info info;

	printf("region %u", index);
	show("", vfio_region_info(device, index, &info));
	printf("argsz %u flags %#x chain %#x size %#llx at %#llx\n", info.argsz,
	       info.flags, info.cap_offset, info.size, info.offset);
}

static void show_irq(__u32 index)
{
	struct vfio_irq_info info;

	printf("interrupt %u", index);
	show("", vfio_irq_info(device, index, &info));
	printf("flags %#x count %u\n", info.flags, info.count);
}

static void show_config(void)
{
	struct vfio_region_info info;
	__u32 i, word;

	vfio_region_info(device, VFIO_PCI_CONFIG_REGION_INDEX, &info);
	printf("configuration");
	for (i = 0; i < 64; i += 4)
		printf(" %08x", pread(device, &word, 4, info.offset + i) == 4 ?
				word : 0xdeadbeef);
	printf("\n");
}

static void show_reset(void)
{
	struct hot_reset_info info;
	__u32 i;

	part("reset");
	SHOW(vfio_reset(device));
	SHOW(vfio_hot_reset_info(device, &info));
	printf("flags %#x count %u\n", info.head.flags, info.head.count);
	for (i = 0; i < info.head.count && i < HOT_RESET_DEVICES; i++)
		printf("group %u at %04x:%02x.%02x\n", info.devices[i].group_id,
		       info.devices[i].segment, info.devices[i].bus,
		       info.devices[i].devfn);
	SHOW(vfio_hot_reset(device, NULL, 0));
	SHOW(vfio_hot_reset(device, &container, 1));
	SHOW(vfio_hot_reset(device, &device, 1));
	SHOW(vfio_hot_reset(device, &group, 1));
	SHOW(vfio_hot_reset(device, (int[]){ group, group, group }, 3));
}

static void open_device(void)
{
	struct vfio_device_info info;
	__u32 i;

	part("device");
	SHOW_FD(vfio_group_device(group, "0000:00:00.0"));
	SHOW_FD(vfio_group_device(group, NULL));
	device = SHOW_FD(vfio_group_device(group, pci.name));
	close(SHOW_FD(vfio_group_device(group, pci.name)));
	SHOW(vfio_group_unset_container(group));
	SHOW(vfio_device_info(device, &info));
	printf("argsz %u flags %#x regions %u interrupts %u chain %#x\n",
	       info.argsz, info.flags, info.num_regions, info.num_irqs,
	       info.cap_offset);
	for (i = 0; i <= info.num_regions; i++)
		show_region(i);
	for (i = 0; i <= info.num_irqs; i++)
		show_irq(i);
	for (i = 0; i < 12; i++) {
		printf("feature %u", i);
		show("", vfio_probe_feature(device, i));
	}
	show_config();
	numbers("device", device);
	numbers("group", group);
	numbers("container", container);
}

static char *start_device(int fd, unsigned int bar, size_t *size)
{
	struct vfio_region_info info;
	__u16 command = 6;
	char *regs;

	vfio_region_info(fd, VFIO_PCI_CONFIG_REGION_INDEX, &info);
	SHOW(pwrite(fd, &command, sizeof(command), info.offset + 4));
	vfio_region_info(fd, bar, &info);
	*size = info.size;
	regs = mmap(NULL, info.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		    info.offset);
	show("mmap", regs == MAP_FAILED ? -errno : 0);
	if (regs == MAP_FAILED)
		exit(1);
	return regs;
}

/* ---- DMA ---- */

/* From one page to another: what comes, and does the kernel say that nothing may? */
static void dma(char *bar, const char *what, unsigned int from, unsigned int to)
{
	volatile __u64 *src = (void *)(mem + from * SZ_4K);
	volatile __u64 *dst = (void *)(mem + to * SZ_4K);
	int log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	unsigned long long usec;
	bool reads = false, writes = false;
	char text[256];
	int i;

	lseek(log, 0, SEEK_END);
	*src = 0x1234567800000000ULL + from;
	*dst = 0;
	edu_bar_load((void *)bar, IOVA(from), sizeof(*src));
	edu_bar_store((void *)bar, IOVA(to), sizeof(*dst));
	for (i = 0; i < 10; i++) {
		while (fault_log_read(log, text, sizeof(text), &usec)) {
			reads |= !!strstr(text, "DMA Read");
			writes |= !!strstr(text, "DMA Write");
		}
		usleep(10000);
	}
	close(log);
	printf("DMA %s from %u to %u: %s%s%s\n", what, from, to,
	       *dst == *src ? "arrives" : "does not arrive",
	       reads ? ", read blocked" : "", writes ? ", write blocked" : "");
	/* The kernel prints ten lines in 5 s */
	if (reads || writes)
		usleep(5200000);
}

static void transfers(void)
{
	size_t size;
	char *bar;

	part("DMA");
	bar = start_device(device, 0, &size);
	map(0, 4, VFIO_MAP_RW);
	map(4, 1, VFIO_MAP_RO);
	dma(bar, "mapped", 0, 1);
	dma(bar, "mapped", 1, 3);
	dma(bar, "mapped read-only", 4, 2);
	dma(bar, "mapped read-only", 2, 4);
	unmap(0, 4);
	dma(bar, "unmapped", 4, 0);
	map(0, 1, VFIO_MAP_RW);
	dma(bar, "mapped again", 4, 0);
	unmap(0, 5);
	munmap(bar, size);
}

static void peer(void)
{
	struct pci_dev other;
	int second, fd;
	size_t size;
	char *bar;

	part("memory of another device");
	if (!pci_list(PCI_ID_MEMORY, &other, 1))
		return;
	SHOW(pci_bind(&other, PCI_DRIVER_VFIO));
	second = SHOW_FD(pci_open_group(&other));
	SHOW(vfio_group_set_container(second, container));
	fd = SHOW_FD(vfio_group_device(second, other.name));
	bar = start_device(fd, 2, &size);
	SHOW(vfio_map_dma(container, VFIO_MAP_RW, bar, SZ_4K, IOVA(0)));
	SHOW(vfio_map_dma(container, VFIO_MAP_RW, bar, size, IOVA(1)));
	unmap(0, 1);
	unmap_range(IOVA(1), size, 0);
	munmap(bar, size);
	close(fd);
	SHOW(vfio_group_unset_container(second));
	close(second);
	SHOW(pci_unbind(&other));
}

static void interrupts(void)
{
	int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), i;
	__u64 count = 0;
	size_t size;
	char *bar = start_device(device, 0, &size);

	part("interrupts");
	for (i = 0; i < VFIO_PCI_NUM_IRQS + 1; i++) {
		printf("interrupt %d", i);
		show("", vfio_set_irq(device, i, event));
		edu_bar_set((void *)bar, EDU_IRQ_RAISE, 1);
		usleep(100000);
		if (read(event, &count, sizeof(count)) != sizeof(count))
			count = 0;
		edu_bar_set((void *)bar, EDU_IRQ_ACK, 1);
		printf("signalled %llu\n", count);
		show("off", vfio_disable_irq(device, i));
	}
	munmap(bar, size);
	close(event);
}

/* ---- The end ---- */

static void leave(const char *order)
{
	part("end");
	map(0, 4, VFIO_MAP_RW);
	for (; *order; order++) {
		printf("close %c\n", *order);
		if (*order == 'd')
			close(device);
		else if (*order == 'g')
			close(group);
		else
			close(container);
		group = *order == 'g' ? -1 : group;
		if (*order != 'd')
			SHOW(vfio_reset(device));
		if (group >= 0)
			SHOW(vfio_group_status(group));
		close(SHOW_FD(pci_open_group(&pci)));
	}
	show_locked();
}

static void show_nodes(void)
{
	struct dirent **names;
	int i, n = scandir("/dev/vfio", &names, NULL, alphasort);

	part("/dev/vfio");
	for (i = 0; i < n; i++)
		printf("%s%s\n", strcmp(names[i]->d_name, "devices") ? "" : "new ",
		       names[i]->d_name);
}

static void whole(const char *name, unsigned long type, const char *order)
{
	printf("==== %s\n", name);
	if (!enter(type))
		return;
	show_info();
	mappings();
	new_addresses();
	dirty_pages();
	open_device();
	show_info();
	mappings();
	new_addresses();
	dirty_pages();
	transfers();
	peer();
	interrupts();
	show_reset();
	show_config();
	leave(order);
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	mem = mmap(NULL, PAGES * SZ_4K, PROT_READ | PROT_WRITE, MAP_PRIVATE |
		   MAP_ANONYMOUS, -1, 0);
	memset(mem, 0, PAGES * SZ_4K);
	if (!edu_find(EDU_ALONE, 0, &pci)) {
		printf("no edu device\n");
		return 1;
	}
	SHOW(pci_bind(&pci, PCI_DRIVER_VFIO));
	show_nodes();
	whole("type1v2", VFIO_TYPE1v2_IOMMU, "dgc");
	whole("type1", VFIO_TYPE1_IOMMU, "cgd");
	whole("nesting", VFIO_TYPE1_NESTING_IOMMU, "gdc");
	SHOW(pci_unbind(&pci));
	show_nodes();
	printf("type1: end\n");
	return 0;
}
