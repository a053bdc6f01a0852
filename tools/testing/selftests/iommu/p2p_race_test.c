// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads that meet over the memory of a device: while its driver takes it away and
 * brings it back, everything else that changes what is mapped where.
 */
#include "race.h"
#include "vfio_ioctls.h"

/**
 * struct race - what the threads share
 * @rig: The file; its device reaches the memory
 * @peer: The device with the memory
 * @dirty_id: A HWPT of the IOAS whose dirty pages are tracked
 * @memory_fd: The file of the memory
 * @shown: What it shows; it begins with MARK and is never written
 */
struct race {
	struct rig rig;
	struct mock_dev peer;
	__u32 dirty_id;
	int memory_fd;
	char *shown;
};

#define MARK		0x9ee9ee00ULL
#define MEMORY_PAGES	16
/* Where it is mapped all the time, and where thread number index maps a part */
#define MEMORY_IOVA	APERTURE_FIRST
#define OWN_IOVA(runner) (MEMORY_IOVA + ((runner)->index + 1) * SZ_2M)

/* Nobody else takes it away or brings it back: what that means is sure */
static int step_decode(struct runner *runner)
{
	const struct race *race = runner->race;
	const struct rig *rig = &race->rig;
	bool on = runner->steps % 2;
	int rc = mock_decode(rig->fd, race->peer.stdev_id, on);

	if (rc)
		return rc;
	return dma_peek(rig->fd, rig->dev.stdev_id, MEMORY_IOVA) ==
	       (on ? MARK : DMA_UNMAPPED) ? 0 : -EIO;
}

/* Reached or not, but never something else */
static int peek_memory(const struct rig *rig, __u64 iova)
{
	__u64 seen = dma_peek(rig->fd, rig->dev.stdev_id, iova);

	return seen == MARK || seen == DMA_UNMAPPED ? 0 : -EIO;
}

static int unmap_own(const struct rig *rig, __u64 iova, __u64 length)
{
	__u64 unmapped = 0;
	int rc = ioas_unmap(rig->fd, rig->ioas_id, iova, length, &unmapped);

	return rc ? rc : unmapped == length ? 0 : -ERANGE;
}

static int step_map_memory(struct runner *runner)
{
	const struct rig *rig = &runner->race->rig;
	__u64 iova = OWN_IOVA(runner), length = 4 * page_size();
	int rc = ioas_map_fixed(rig->fd, rig->ioas_id, runner->race->shown,
				length, iova, IOAS_MAP_RW);

	if (!rc)
		rc = peek_memory(rig, iova);
	return rc ? rc : unmap_own(rig, iova, length);
}

static int step_copy_memory(struct runner *runner)
{
	const struct rig *rig = &runner->race->rig;
	__u64 iova = OWN_IOVA(runner), length = 3 * page_size();
	int rc = ioas_copy_fixed(rig->fd, rig->ioas_id, rig->ioas_id, length,
				 iova, MEMORY_IOVA, IOAS_MAP_RO);

	if (!rc)
		rc = peek_memory(rig, iova);
	return rc ? rc : unmap_own(rig, iova, length);
}

/* Take a page out of the middle, then what is left */
static int step_cut_memory(struct runner *runner)
{
	const struct rig *rig = &runner->race->rig;
	__u64 page = page_size(), iova = OWN_IOVA(runner);
	__u64 first = 0, rest = 0;
	int rc = vfio_map_dma(rig->fd, VFIO_MAP_RW, runner->race->shown,
			      8 * page, iova);

	if (!rc)
		rc = vfio_unmap_dma(rig->fd, 0, iova + 3 * page, page, &first);
	if (!rc)
		rc = peek_memory(rig, iova);
	if (!rc)
		rc = vfio_unmap_dma(rig->fd, 0, iova, 8 * page, &rest);
	return rc ? rc : first == page && rest == 7 * page ? 0 : -ERANGE;
}

/* Page faults take a lock under which memory comes and goes */
static int step_fault_memory(struct runner *runner)
{
	__u64 *shown = mmap(NULL, page_size(), PROT_READ, MAP_SHARED,
			    runner->race->memory_fd, 0);
	int rc;

	if (shown == MAP_FAILED)
		return -errno;
	rc = get_u64(shown) == MARK ? 0 : -EIO;
	munmap(shown, page_size());
	return rc;
}

/* A device with memory, which is gone before that is unmapped */
static int step_fleeting_memory(struct runner *runner)
{
	const struct rig *rig = &runner->race->rig;
	__u64 iova = OWN_IOVA(runner), page = page_size();
	struct mock_dev dev;
	int memory_fd = -1;
	char *shown;
	int rc;

	rc = mock_device_create(rig->fd, MOCK_IOMMU_FULL, 0, 0, 0, &dev);
	if (rc)
		return rc;
	rc = mock_memory(rig->fd, dev.stdev_id, page, &memory_fd);
	if (rc)
		return rc;
	shown = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, memory_fd,
		     0);
	rc = ioas_map_fixed(rig->fd, rig->ioas_id, shown, page, iova,
			    IOAS_MAP_RW);
	if (!rc)
		rc = mock_decode(rig->fd, dev.stdev_id, true);
	if (!rc)
		rc = object_destroy(rig->fd, dev.stdev_id);
	munmap(shown, page);
	close(memory_fd);
	if (!rc && dma_peek(rig->fd, rig->dev.stdev_id, iova) != DMA_UNMAPPED)
		rc = -EIO;
	return rc ? rc : unmap_own(rig, iova, page);
}

/* ---- Others that change the domains ---- */

/* A HWPT of the IOAS */
static int step_hwpt(struct runner *runner)
{
	const struct rig *rig = &runner->race->rig;
	__u32 hwpt_id = 0;
	int rc = hwpt_alloc(rig->fd, rig->dev.idev_id, rig->ioas_id, 0,
			    &hwpt_id);

	return rc ? rc : object_destroy(rig->fd, hwpt_id);
}

/* A device on a HWPT of the IOAS */
static int step_device(struct runner *runner)
{
	const struct rig *rig = &runner->race->rig;
	struct mock_dev dev;
	int rc = mock_device(rig->fd, rig->ioas_id, &dev);

	return rc ? rc : object_destroy(rig->fd, dev.stdev_id);
}

/* Dirty bits are read of what may be taken away meanwhile */
static int step_dirty(struct runner *runner)
{
	const struct rig *rig = &runner->race->rig;
	__u64 bits = 0;

	return hwpt_get_dirty_bitmap(rig->fd, runner->race->dirty_id, 0,
				     MEMORY_IOVA, MEMORY_PAGES * page_size(),
				     page_size(), &bits);
}

/* ---- Tests ---- */

FIXTURE(race)
{
	struct race race;
};

FIXTURE_SETUP(race)
{
	struct race *race = &self->race;
	struct rig *rig = &race->rig;
	__u64 length = MEMORY_PAGES * page_size();

	rig_open_device(_metadata, rig);
	race->peer = rig_device_on(_metadata, rig, MOCK_IOMMU_FULL, 0, 0);
	ASSERT_EQ(0, mock_memory(rig->fd, race->peer.stdev_id, length,
				 &race->memory_fd));
	race->shown = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED,
			   race->memory_fd, 0);
	ASSERT_NE(MAP_FAILED, (void *)race->shown);
	set_u64(race->shown, MARK);
	ASSERT_EQ(0, vfio_ioas_set(rig->fd, rig->ioas_id));
	ASSERT_EQ(0, vfio_set_iommu(rig->fd, VFIO_TYPE1_IOMMU));
	rig_map(_metadata, rig, race->shown, length, MEMORY_IOVA, IOAS_MAP_RW);
	race->dirty_id = rig_hwpt(_metadata, rig, rig->dev.idev_id,
				  rig->ioas_id,
				  IOMMU_HWPT_ALLOC_DIRTY_TRACKING);
	ASSERT_EQ(0, hwpt_set_dirty_tracking(rig->fd, race->dirty_id, true));
}

FIXTURE_TEARDOWN(race)
{
	vfio_ioas_clear(self->race.rig.fd);
	rig_close(_metadata, &self->race.rig);
	close(self->race.memory_fd);
}

TEST_F_TIMEOUT(race, memory_of_a_device_under_everything_an_ioas_can_do, 60)
{
	struct runner runners[] = {
		{ .step = step_decode },
		{ .step = step_map_memory, .index = 0 },
		{ .step = step_copy_memory, .index = 1 },
		{ .step = step_cut_memory, .index = 2 },
		{ .step = step_fault_memory },
		{ .step = step_hwpt },
	};

	run_all(_metadata, &self->race, runners, ARRAY_SIZE(runners));
}

TEST_F_TIMEOUT(race, memory_of_devices_that_come_and_go, 60)
{
	struct runner runners[] = {
		{ .step = step_decode },
		{ .step = step_map_memory, .index = 0 },
		{ .step = step_fleeting_memory, .index = 1 },
		{ .step = step_fleeting_memory, .index = 2 },
		{ .step = step_device },
		{ .step = step_dirty },
	};

	run_all(_metadata, &self->race, runners, ARRAY_SIZE(runners));
}

TEST_HARNESS_MAIN
