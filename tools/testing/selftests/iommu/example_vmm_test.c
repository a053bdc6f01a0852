// SPDX-License-Identifier: GPL-2.0-only
/*
 * A complete VMM that gives its guest an IOMMU, as small as it gets.
 *
 *   a device's     stage 1: a table     guest-physical     stage 2: the
 *      IOVA    --> in guest memory  --> address (GPA)  --> VMM's IOAS   --> memory
 *
 * The device is one of the mock IOMMU, which needs no hardware. For a PCI device
 * behind VT-d the comments name what to use instead; all else is the same.
 */
#include <string.h>
#include <sys/mman.h>

#include "../kselftest.h"
#include "ioctls.h"

#define RAM_GPA		((__u64)MOCK_APERTURE_START)	/* VT-d: 0 will do */
#define RAM_SIZE	0x10000
#define ROOT_GPA	RAM_GPA			/* four tables, one of each level */
#define OLD_GPA		(RAM_GPA + 0x4000)
#define NEW_GPA		(RAM_GPA + 0x5000)
#define IOVA		0x123456789000ULL	/* what the guest tells its device */

static int iommufd;
static struct mock_dev device;
static __u32 ioas_id, parent_id, nested_id;
static char *ram;

static void must(int rc, const char *what)
{
	if (rc)
		ksft_exit_fail_msg("%s: %s\n", what, strerror(-rc));
}

#define CALL(request, arg) must(iommufd_ioctl(iommufd, request, arg), #request)

static char *guest_memory(__u64 gpa)
{
	return ram + (gpa - RAM_GPA);
}

/* ---- The guest writes its table, and knows nothing of the host ---- */

static void guest_set_entry(__u64 table, int level, __u64 gpa)
{
	__u64 *entries = (__u64 *)guest_memory(table);

	/* 7: present, writable, without privilege. The IOMMU may look any time */
	__atomic_store_n(&entries[IOVA >> (12 + 9 * (level - 1)) & 511],
			 gpa | 7, __ATOMIC_RELEASE);
}

static void guest_map_iova(__u64 gpa)
{
	__u64 table = ROOT_GPA;
	int level;

	for (level = 4; level > 1; level--, table += 0x1000)
		guest_set_entry(table, level, table + 0x1000);
	guest_set_entry(table, 1, gpa);
}

/* ---- The VMM ---- */

/* Stage 2: no device of the guest ever reaches more than this */
static void vmm_map_ram(void)
{
	struct iommu_ioas_alloc ioas = { .size = sizeof(ioas) };
	struct iommu_ioas_map map = {
		.size = sizeof(map),
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE |
			 IOMMU_IOAS_MAP_WRITEABLE,
		.length = RAM_SIZE,
		.iova = RAM_GPA,
	};

	ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(ram == MAP_FAILED ? -errno : 0, "mmap");
	CALL(IOMMU_IOAS_ALLOC, &ioas);
	ioas_id = ioas.out_ioas_id;
	map.ioas_id = ioas_id;
	map.user_va = (uintptr_t)ram;
	CALL(IOMMU_IOAS_MAP, &map);
}

/* Which tables can the hardware walk? A VMM passes that on to its guest */
static void vmm_look_at_iommu(void)
{
	struct iommu_hw_info info = { .size = sizeof(info) };

	info.dev_id = device.idev_id;
	CALL(IOMMU_GET_HW_INFO, &info);
	/* VT-d: IOMMU_HW_INFO_TYPE_INTEL_VTD, with struct iommu_hw_info_vtd */
	if (info.out_data_type != IOMMU_HW_INFO_TYPE_SELFTEST)
		ksft_exit_fail_msg("IOMMU of type %u\n", info.out_data_type);
}

/* The guest has said where its table is: put that on top of stage 2 */
static void vmm_nest(void)
{
	/* VT-d: struct iommu_hwpt_vtd_s1, IOMMU_HWPT_DATA_VTD_S1 */
	struct iommu_hwpt_selftest_v2 table = {
		.format = IOMMU_HWPT_SELFTEST_S1_4LEVEL,
		.root = ROOT_GPA,
	};
	struct iommu_hwpt_alloc alloc = {
		.size = sizeof(alloc),
		.flags = IOMMU_HWPT_ALLOC_NEST_PARENT,
		.dev_id = device.idev_id,
		.pt_id = ioas_id,
	};

	CALL(IOMMU_HWPT_ALLOC, &alloc);
	parent_id = alloc.out_hwpt_id;

	alloc.flags = 0;
	alloc.pt_id = parent_id;
	alloc.data_type = IOMMU_HWPT_DATA_SELFTEST;
	alloc.data_len = sizeof(table);
	alloc.data_uptr = (uintptr_t)&table;
	CALL(IOMMU_HWPT_ALLOC, &alloc);
	nested_id = alloc.out_hwpt_id;
}

/* The guest has said that it changed an entry */
static void vmm_invalidate(void)
{
	/* VT-d: struct iommu_hwpt_vtd_s1_invalidate */
	struct iommu_hwpt_invalidate_selftest_v2 page = {
		.addr = IOVA,
		.npages = 1,
	};
	struct iommu_hwpt_invalidate invalidate = {
		.size = sizeof(invalidate),
		.hwpt_id = nested_id,
		.data_uptr = (uintptr_t)&page,
		.data_type = IOMMU_HWPT_INVALIDATE_DATA_SELFTEST,
		.entry_len = sizeof(page),
		.entry_num = 1,
	};

	CALL(IOMMU_HWPT_INVALIDATE, &invalidate);
}

static void vmm_destroy(__u32 id)
{
	struct iommu_destroy destroy = { .size = sizeof(destroy), .id = id };

	CALL(IOMMU_DESTROY, &destroy);
}

/* ---- The device ---- */

static bool device_reads(const char *want)
{
	struct mock_dma dma;
	char text[16];

	must(mock_dma_read(iommufd, device.stdev_id, IOVA, text, 16, &dma), "DMA");
	return dma.reason == MOCK_DMA_FAULT_NONE && !strcmp(text, want);
}

int main(void)
{
	iommufd = open("/dev/iommu", O_RDWR | O_CLOEXEC);
	/* VFIO: open /dev/vfio/devices/vfioX, and VFIO_DEVICE_BIND_IOMMUFD */
	if (mock_device_create(iommufd, MOCK_IOMMU_FULL, 0, 0, 0, &device))
		ksft_exit_skip("/dev/iommu, or its mock, is not there\n");
	ksft_print_header();
	ksft_set_plan(4);

	vmm_map_ram();
	strcpy(guest_memory(OLD_GPA), "old page");
	strcpy(guest_memory(NEW_GPA), "new page");
	guest_map_iova(OLD_GPA);
	vmm_look_at_iommu();
	vmm_nest();
	/* VFIO: VFIO_DEVICE_ATTACH_IOMMUFD_PT */
	must(mock_attach(iommufd, device.stdev_id, nested_id, NULL), "attach");
	ksft_test_result(device_reads("old page"),
			 "the device reads through both stages\n");

	/* Real hardware may have forgotten by now; the mock remembers */
	guest_map_iova(NEW_GPA);
	ksft_test_result(device_reads("old page"),
			 "a changed entry is not seen at once\n");
	vmm_invalidate();
	ksft_test_result(device_reads("new page"),
			 "it is seen after an invalidation\n");

	/* What uses another object goes first; close() alone would do, too */
	vmm_destroy(device.stdev_id);
	vmm_destroy(nested_id);
	vmm_destroy(parent_id);
	vmm_destroy(ioas_id);
	ksft_test_result_pass("everything can be destroyed\n");
	ksft_finished();
}
