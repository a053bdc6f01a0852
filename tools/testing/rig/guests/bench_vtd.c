// SPDX-License-Identifier: GPL-2.0-only
/*
 * What nested translation by VT-d costs a VMM, in guest instructions: of the host's
 * kernel, as the guest here.
 */
#include "bench_rig.h"

#include "../../selftests/iommu/dma_test.h"
#include "../../selftests/iommu/pci.h"
#include "../../selftests/iommu/vfio_dev_ioctls.h"

#define PCI_ID_DMA_TEST (DMA_TEST_VENDOR << 16 | DMA_TEST_DEVICE)

/* Where the guest has its tables; nothing looks into them */
#define TABLES	0x1000000ULL

#define REPEAT	64
#define MANY	4096

static int fd, device;
static __u32 dev_id, parent;

static __u32 nested(void)
{
	struct iommu_hwpt_vtd_s1 s1 = {
		.pgtbl_addr = TABLES,
		.addr_width = 48,
	};
	__u32 id;

	MUST(hwpt_alloc_nested(fd, dev_id, parent, IOMMU_HWPT_DATA_VTD_S1, &s1,
			       sizeof(s1), &id));
	return id;
}

static void start(const struct pci_dev *pci)
{
	__u32 ioas;

	fd = iommufd_open();
	must(fd < 0 ? fd : 0, "open /dev/iommu");
	device = pci_open_cdev(pci);
	must(device < 0 ? device : 0, "open the device");
	MUST(vfio_bind(device, fd, &dev_id));
	MUST(ioas_alloc(fd, &ioas));
	MUST(ioas_map_fixed(fd, ioas, small_pages(SZ_2M), SZ_2M, TABLES,
			    IOAS_MAP_RW));
	MUST(hwpt_alloc(fd, dev_id, ioas, IOMMU_HWPT_ALLOC_NEST_PARENT,
			&parent));
}

static void bench_nested(void)
{
	__u64 least = 0, from;
	int round, i;

	for (round = 0; round < ROUNDS; round++) {
		from = now();
		for (i = 0; i < REPEAT; i++)
			MUST(object_destroy(fd, nested()));
		best(&least, now() - from);
	}
	print_row("vtd-nested", (double)least / REPEAT);
}

static void bench_replace(const __u32 *hwpts)
{
	__u64 least = 0, from;
	int round, i;

	for (round = 0; round < ROUNDS; round++) {
		from = now();
		for (i = 0; i < REPEAT; i++)
			MUST(vfio_attach(device, hwpts[i & 1], NULL));
		best(&least, now() - from);
	}
	print_row("vtd-replace", (double)least / REPEAT);
}

/* @num requests for a page each, @step apart */
static void bench_invalidate(const char *row, __u32 hwpt, __u32 num, __u64 step)
{
	static struct iommu_hwpt_vtd_s1_invalidate requests[MANY];
	int round, i, repeat = num == MANY ? 1 : REPEAT;
	__u64 least = 0, from;
	__u32 j;

	for (j = 0; j < num; j++)
		requests[j] = (struct iommu_hwpt_vtd_s1_invalidate){
			.addr = j * step,
			.npages = 1,
			.flags = IOMMU_VTD_INV_FLAGS_LEAF,
		};
	for (round = 0; round < ROUNDS; round++) {
		from = now();
		for (i = 0; i < repeat; i++) {
			__u32 done = num;

			MUST(hwpt_invalidate(fd, hwpt,
					     IOMMU_HWPT_INVALIDATE_DATA_VTD_S1,
					     requests, sizeof(requests[0]),
					     &done));
		}
		best(&least, now() - from);
	}
	print_row(row, (double)least / repeat / num);
}

int main(void)
{
	struct pci_dev pci;
	__u32 hwpts[2];

	if (!pci_list(PCI_ID_DMA_TEST, &pci, 1))
		must(-ENODEV, "no dma-test device: boot with DEVICES=1");
	MUST(pci_bind(&pci, PCI_DRIVER_VFIO));
	start(&pci);
	bench_nested();
	hwpts[0] = nested();
	hwpts[1] = nested();
	MUST(vfio_attach(device, hwpts[1], NULL));
	bench_replace(hwpts);
	bench_invalidate("vtd-invalidate-1", hwpts[1], 1, 0);
	bench_invalidate("vtd-invalidate-32", hwpts[1], 32, 3 * SZ_4K);
	bench_invalidate("vtd-invalidate-4096", hwpts[1], MANY, 3 * SZ_4K);
	bench_invalidate("vtd-invalidate-neighbours", hwpts[1], MANY, SZ_4K);
	return 0;
}
