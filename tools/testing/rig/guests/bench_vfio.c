// SPDX-License-Identifier: GPL-2.0-only
/*
 * What it costs to map memory for a real device, by iommufd and by VFIO's type1, in
 * guest instructions. The rows vfio-* are iommufd's, those of type1 type1-*.
 */
#include "bench_rig.h"

#include "../../selftests/iommu/pci.h"
#include "../../selftests/iommu/vfio_dev_ioctls.h"

/* Clear of the MSIs, which no device can have mapped */
#define IOVA	0x100000000ULL

/**
 * struct api - a way to map memory for the device
 * @name: Of its rows
 * @start: Have @pci ready to map for
 * @map: Map @length bytes at @mem at IOVA and after
 * @unmap: Undo that
 * @stop: Undo @start
 */
struct api {
	const char *name;
	void (*start)(const struct pci_dev *pci);
	int (*map)(const void *mem, size_t length, __u64 iova);
	int (*unmap)(size_t length, __u64 iova);
	void (*stop)(void);
};

static int fd, group, device;
static __u32 ioas;

static void must_fd(int rc, const char *what)
{
	must(rc < 0 ? rc : 0, what);
}

/* ---- iommufd ---- */

static void iommufd_start(const struct pci_dev *pci)
{
	fd = iommufd_open();
	must_fd(fd, "open /dev/iommu");
	device = pci_open_cdev(pci);
	must_fd(device, "open the device");
	MUST(vfio_bind(device, fd, NULL));
	MUST(ioas_alloc(fd, &ioas));
	MUST(vfio_attach(device, ioas, NULL));
}

static int iommufd_map(const void *mem, size_t length, __u64 iova)
{
	return ioas_map_fixed(fd, ioas, mem, length, iova, IOAS_MAP_RW);
}

static int iommufd_unmap(size_t length, __u64 iova)
{
	return ioas_unmap(fd, ioas, iova, length, NULL);
}

static void iommufd_stop(void)
{
	close(device);
	close(fd);
}

/* ---- type1 ---- */

static void type1_start(const struct pci_dev *pci)
{
	fd = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	must_fd(fd < 0 ? -errno : fd, "open /dev/vfio/vfio");
	group = pci_open_group(pci);
	must_fd(group, "open the group");
	MUST(vfio_group_set_container(group, fd));
	MUST(vfio_set_iommu(fd, VFIO_TYPE1v2_IOMMU));
	device = vfio_group_device(group, pci->name);
	must_fd(device, "open the device");
}

static int type1_map(const void *mem, size_t length, __u64 iova)
{
	return vfio_map_dma(fd, VFIO_MAP_RW, mem, length, iova);
}

static int type1_unmap(size_t length, __u64 iova)
{
	return vfio_unmap_dma(fd, 0, iova, length, NULL);
}

static void type1_stop(void)
{
	close(device);
	close(group);
	close(fd);
}

static const struct api apis[] = {
	{ "vfio", iommufd_start, iommufd_map, iommufd_unmap, iommufd_stop },
	{ "type1", type1_start, type1_map, type1_unmap, type1_stop },
};

/* ---- Rows ---- */

/* @num pieces of @length, one after the other; a row counts in units of @page */
struct work {
	const char *row;
	size_t length;
	int num;
	size_t page;
};

static void measure(const struct api *api, const struct work *work, char *mem)
{
	__u64 least_map = 0, least_unmap = 0, from;
	double units = (double)work->num * (work->length / work->page);
	int round, i;
	char row[64];

	for (round = 0; round < ROUNDS; round++) {
		from = now();
		for (i = 0; i < work->num; i++)
			MUST(api->map(mem, work->length, IOVA + i * work->length));
		best(&least_map, now() - from);
		from = now();
		for (i = 0; i < work->num; i++)
			MUST(api->unmap(work->length, IOVA + i * work->length));
		best(&least_unmap, now() - from);
	}
	snprintf(row, sizeof(row), "%s-map-%s", api->name, work->row);
	print_row(row, least_map / units);
	snprintf(row, sizeof(row), "%s-unmap-%s", api->name, work->row);
	print_row(row, least_unmap / units);
}

static void bench_api(const struct api *api, const struct pci_dev *pci)
{
	static const struct work calls = { "4k", SZ_4K, 256, SZ_4K };
	static const struct work small = { "64m", SZ_64M, 1, SZ_4K };
	static const struct work huge = { "64m-huge", SZ_64M, 1, SZ_2M };
	char *mem;

	api->start(pci);
	mem = small_pages(SZ_64M);
	measure(api, &calls, mem);
	measure(api, &small, mem);
	munmap(mem, SZ_64M);
	mem = huge_pages(SZ_64M);
	measure(api, &huge, mem);
	munmap(mem, SZ_64M + SZ_2M);
	api->stop();
}

int main(void)
{
	struct pci_dev pci;
	unsigned int i;

	if (!edu_find(EDU_ALONE, 0, &pci))
		must(-ENODEV, "no edu device: boot with DEVICES=1");
	MUST(pci_bind(&pci, PCI_DRIVER_VFIO));
	for (i = 0; i < sizeof(apis) / sizeof(apis[0]); i++)
		bench_api(&apis[i], &pci);
	return 0;
}
