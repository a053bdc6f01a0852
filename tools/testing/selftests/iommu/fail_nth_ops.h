/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is made to fail, for fail_nth_test: one of everything to do it to, and an op,
 * or several, for each ioctl. An op returns 0, or -1 with errno set.
 */
#ifndef SELFTEST_IOMMU_FAIL_NTH_OPS_H
#define SELFTEST_IOMMU_FAIL_NTH_OPS_H

#include "common.h"
#include "vfio_ioctls.h"
#include <poll.h>

#define PAGES		24
/* Enough for whole tables of the mock to go and come */
#define SHOWN_PAGES	512
/* Where the memory is in each IOAS from the start, and where ops map it again */
#define THERE		APERTURE_FIRST
#define ELSEWHERE	(APERTURE_FIRST + SZ_2M)
#define MARK		0xfa117e57ULL
/* Nothing takes as many steps as can fail */
#define MAX_STEPS	2000
#define NO_PASID	UINT32_MAX

/**
 * struct world - one of everything
 * @rig: The file; its IOAS and device are the first of several
 * @page: Size of a page
 * @mem: Memory, no two pages of which are neighbours, mapped in every IOAS
 * @other_id: Another IOAS
 * @vfio_id: The compatibility IOAS, mapped in small pages
 * @spare: A device attached to nothing
 * @pair: Two devices of a group, on @other_id
 * @hwpt_id: A HWPT of @other_id
 * @dirty_id: A HWPT of the rig's IOAS whose dirty pages are tracked
 * @dirty_dev: On @dirty_id
 * @fault_id: A fault queue
 * @fault_fd: Its file
 * @fault_hwpt_id: A nested HWPT with that queue
 * @fault_dev: On @fault_hwpt_id
 * @access_fd: An access that pins, on the rig's IOAS
 * @ids: IDs an op has made
 * @fd: A file an op has made
 * @iova: An IOVA an op was given
 * @memory_fd: Shows memory of @spare
 * @shown: That, SHOWN_PAGES
 */
struct world {
	struct rig rig;
	__u64 page;
	char *mem;
	__u32 other_id;
	__u32 vfio_id;
	struct mock_dev spare;
	struct mock_dev pair[2];
	__u32 hwpt_id;
	__u32 dirty_id;
	struct mock_dev dirty_dev;
	__u32 fault_id;
	int fault_fd;
	__u32 fault_hwpt_id;
	struct mock_dev fault_dev;
	__u32 access_fd;
	__u32 ids[2];
	int fd;
	__u64 iova;
	int memory_fd;
	char *shown;
};

/**
 * struct state - what can be seen of all that
 * @pinned_kb: VmPin
 * @peeks: What the devices read where memory is mapped, and elsewhere
 * @ranges: Usable IOVAs of each IOAS
 * @num_ranges: How many these are
 * @alignments: Of each IOAS
 * @vfio_id: The compatibility IOAS
 * @info: What a container is told
 * @faults: There are faults to be read
 * @option: Whether each IOAS uses large pages
 */
struct state {
	__u64 pinned_kb;
	__u64 peeks[10];
	struct iommu_iova_range ranges[3][4];
	__u32 num_ranges[3];
	__u64 alignments[3];
	__u32 vfio_id;
	struct vfio_iommu_type1_info info;
	__u64 faults;
	__u64 option[3];
};

static void look(const struct world *w, struct state *state)
{
	const __u32 devs[] = {
		w->rig.dev.stdev_id, w->spare.stdev_id, w->pair[0].stdev_id,
		w->pair[1].stdev_id, w->fault_dev.stdev_id,
	};
	const __u32 ioas[] = { w->rig.ioas_id, w->other_id, w->vfio_id };
	struct pollfd poll_fd = { .fd = w->fault_fd, .events = POLLIN };
	int fd = w->rig.fd;
	unsigned int i;

	memset(state, 0, sizeof(*state));
	state->pinned_kb = pinned_kb();
	for (i = 0; i < ARRAY_SIZE(devs); i++) {
		state->peeks[2 * i] = dma_peek(fd, devs[i], THERE);
		state->peeks[2 * i + 1] = dma_peek(fd, devs[i], ELSEWHERE);
	}
	for (i = 0; i < ARRAY_SIZE(ioas); i++) {
		state->num_ranges[i] = 4;
		ioas_iova_ranges(fd, ioas[i], state->ranges[i],
				 &state->num_ranges[i], &state->alignments[i]);
		option_get(fd, IOMMU_OPTION_HUGE_PAGES, ioas[i],
			   &state->option[i]);
	}
	vfio_ioas_get(fd, &state->vfio_id);
	state->info.argsz = sizeof(state->info);
	vfio_get_info(fd, &state->info);
	state->faults = poll(&poll_fd, 1, 0) == 1 && poll_fd.revents & POLLIN;
}

/* ---- Ops: objects ---- */

static int ioas_alloc_op(struct world *w)
{
	return ioas_alloc(w->rig.fd, &w->ids[0]);
}

static int destroy_op(struct world *w)
{
	return object_destroy(w->rig.fd, w->ids[0]);
}

static int open_op(struct world *w)
{
	w->fd = iommufd_open();
	return w->fd < 0 ? w->fd : 0;
}

static int close_op(struct world *w)
{
	return close(w->fd) ? -errno : 0;
}

/* ---- Ops: IOAS ---- */

static int map_pages(struct world *w, __u32 ioas_id, __u32 flags)
{
	return ioas_map_fixed(w->rig.fd, ioas_id, w->mem, PAGES * w->page,
			      ELSEWHERE, flags);
}

static int map_op(struct world *w)
{
	return map_pages(w, w->rig.ioas_id, IOAS_MAP_RW);
}

static int map_read_only_op(struct world *w)
{
	return map_pages(w, w->rig.ioas_id, IOAS_MAP_RO);
}

static int unmap_op(struct world *w)
{
	return ioas_unmap(w->rig.fd, w->rig.ioas_id, ELSEWHERE, PAGES * w->page,
			  NULL);
}

static int map_anywhere_op(struct world *w)
{
	return ioas_map(w->rig.fd, w->rig.ioas_id, w->mem + w->page,
			3 * w->page, IOAS_MAP_RW, &w->iova);
}

static int unmap_anywhere_op(struct world *w)
{
	return ioas_unmap(w->rig.fd, w->rig.ioas_id, w->iova, 3 * w->page, NULL);
}

/* Memory that nothing has pinned or touched yet */
static int map_new_memory_op(struct world *w)
{
	return ioas_map_fixed(w->rig.fd, w->rig.ioas_id,
			      w->mem + 2 * PAGES * w->page, PAGES * w->page,
			      ELSEWHERE, IOAS_MAP_RW);
}

static int untouch_op(struct world *w)
{
	int rc = unmap_op(w);

	madvise(w->mem + 2 * PAGES * w->page, PAGES * w->page, MADV_REMOVE);
	return rc;
}

/* Three areas side by side, of which parts are copied */
static int map_three_op(struct world *w)
{
	unsigned int i;
	int rc = 0;

	for (i = 0; i < 3 && !rc; i++)
		rc = ioas_map_fixed(w->rig.fd, w->rig.ioas_id,
				    w->mem + 7 * i * w->page, 4 * w->page,
				    ELSEWHERE + SZ_2M + 4 * i * w->page,
				    IOAS_MAP_RW);
	return rc;
}

static int copy_three_op(struct world *w)
{
	return ioas_copy_fixed(w->rig.fd, w->other_id, w->rig.ioas_id,
			       10 * w->page, ELSEWHERE,
			       ELSEWHERE + SZ_2M + w->page, IOAS_MAP_RW);
}

static int unmap_three_op(struct world *w)
{
	return ioas_unmap(w->rig.fd, w->rig.ioas_id, ELSEWHERE + SZ_2M,
			  12 * w->page, NULL) ?:
	       ioas_unmap(w->rig.fd, w->other_id, ELSEWHERE, 10 * w->page,
			  NULL);
}

static int copy_anywhere_op(struct world *w)
{
	return ioas_copy(w->rig.fd, w->rig.ioas_id, w->rig.ioas_id, 3 * w->page,
			 THERE, IOAS_MAP_RW, &w->iova);
}

static int ranges_op(struct world *w)
{
	struct iommu_iova_range ranges[4];
	__u32 num = ARRAY_SIZE(ranges);

	return ioas_iova_ranges(w->rig.fd, w->other_id, ranges, &num, NULL);
}

static int allow_op(struct world *w)
{
	const struct iommu_iova_range ranges[] = {
		{ THERE, THERE + SZ_1G - 1 },
		{ THERE + SZ_1G, THERE + SZ_1G + SZ_2M - 1 },
	};

	return ioas_allow_iovas(w->rig.fd, w->other_id, ranges, 2);
}

static int allow_all_op(struct world *w)
{
	return ioas_allow_iovas(w->rig.fd, w->other_id, NULL, 0);
}

static int get_option_op(struct world *w)
{
	__u64 value;

	return option_get(w->rig.fd, IOMMU_OPTION_HUGE_PAGES, w->other_id,
			  &value) ?:
	       option_get(w->rig.fd, IOMMU_OPTION_RLIMIT_MODE, 0, &value);
}

static int small_pages_op(struct world *w)
{
	return option_set(w->rig.fd, IOMMU_OPTION_HUGE_PAGES, w->ids[0], 0);
}

/* Nothing takes a reservation back */
static int reserve_op(struct world *w)
{
	return mock_add_reserved(w->rig.fd, w->ids[0], SZ_1G, SZ_2M);
}

/* ---- Ops: HWPTs ---- */

static int hwpt_op(struct world *w)
{
	return hwpt_alloc(w->rig.fd, w->spare.idev_id, w->rig.ioas_id, 0,
			  &w->ids[0]);
}

/* Of an IOAS that has no domain yet, so that all is pinned */
static int lone_ioas_op(struct world *w)
{
	return ioas_alloc(w->rig.fd, &w->ids[1]) ?:
	       map_pages(w, w->ids[1], IOAS_MAP_RW) ?:
	       ioas_map_fixed(w->rig.fd, w->ids[1], w->mem, w->page, THERE,
			      IOAS_MAP_RO);
}

static int lone_hwpt_op(struct world *w)
{
	return hwpt_alloc(w->rig.fd, w->spare.idev_id, w->ids[1],
			  IOMMU_HWPT_ALLOC_NEST_PARENT |
			  IOMMU_HWPT_ALLOC_DIRTY_TRACKING, &w->ids[0]);
}

static int lone_ioas_gone_op(struct world *w)
{
	return object_destroy(w->rig.fd, w->ids[1]);
}

static int lone_hwpt_gone_op(struct world *w)
{
	return destroy_op(w) ?: lone_ioas_gone_op(w);
}

static int nested(struct world *w, __u32 flags, __u32 *hwpt_id)
{
	struct iommu_hwpt_selftest_v2 data = {};
	struct iommu_hwpt_alloc cmd = {
		.size = sizeof(cmd),
		.flags = flags,
		.dev_id = w->rig.dev.idev_id,
		.pt_id = w->rig.parent_id,
		.data_type = IOMMU_HWPT_DATA_SELFTEST,
		.data_len = sizeof(data),
		.data_uptr = (uintptr_t)&data,
		.fault_id = w->fault_id,
	};
	int rc = iommufd_ioctl(w->rig.fd, IOMMU_HWPT_ALLOC, &cmd);

	if (!rc)
		*hwpt_id = cmd.out_hwpt_id;
	return rc;
}

static int nested_op(struct world *w)
{
	return nested(w, 0, &w->ids[0]);
}

static int nested_with_fault_op(struct world *w)
{
	return nested(w, IOMMU_HWPT_FAULT_ID_VALID, &w->ids[0]);
}

static int invalidate_op(struct world *w)
{
	struct iommu_hwpt_invalidate_selftest_v2 requests[40] = {};
	__u32 num = ARRAY_SIZE(requests);

	return hwpt_invalidate(w->rig.fd, w->rig.nested_id,
			       IOMMU_HWPT_INVALIDATE_DATA_SELFTEST, requests,
			       sizeof(requests[0]), &num);
}

static int hw_info_op(struct world *w)
{
	struct iommu_test_hw_info data;
	struct iommu_hw_info info;

	return hw_info(w->rig.fd, w->spare.idev_id, &data, sizeof(data), &info);
}

static int track_op(struct world *w)
{
	return hwpt_set_dirty_tracking(w->rig.fd, w->dirty_id, true);
}

static int track_not_op(struct world *w)
{
	return hwpt_set_dirty_tracking(w->rig.fd, w->dirty_id, false);
}

static int make_dirty_op(struct world *w)
{
	return dma_poke(w->rig.fd, w->dirty_dev.stdev_id, THERE, MARK) ? -EIO :
									  0;
}

static int get_dirty(struct world *w, __u32 flags)
{
	__u64 bits = 0;
	int rc = hwpt_get_dirty_bitmap(w->rig.fd, w->dirty_id, flags, THERE,
				       PAGES * w->page, w->page, &bits);

	return rc ?: bits == 1 ? 0 : -EILSEQ;
}

static int dirty_op(struct world *w)
{
	return get_dirty(w, 0);
}

static int dirty_no_clear_op(struct world *w)
{
	return get_dirty(w, IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR);
}

/* ---- Ops: faults ---- */

static int queue_op(struct world *w)
{
	return fault_queue_alloc(w->rig.fd, &w->ids[0], &w->fd);
}

static int queue_gone_op(struct world *w)
{
	return close_op(w) ?: destroy_op(w);
}

static int fault_op(struct world *w)
{
	return mock_trigger_iopf(w->rig.fd, w->fault_dev.idev_id, NO_PASID, 5,
				 IOMMU_PGFAULT_PERM_READ, THERE);
}

static int read_fault_op(struct world *w)
{
	struct iommu_hwpt_pgfault fault;
	ssize_t got = read(w->fault_fd, &fault, sizeof(fault));

	if (got < 0)
		return -errno;
	w->ids[0] = fault.cookie;
	return got == sizeof(fault) && fault.grpid == 5 ? 0 : -EIO;
}

static int answer_fault_op(struct world *w)
{
	struct iommu_hwpt_page_response response = { .cookie = w->ids[0] };

	if (write(w->fault_fd, &response, sizeof(response)) < 0)
		return -errno;
	return 0;
}

static int fault_and_read_op(struct world *w)
{
	return fault_op(w) ?: read_fault_op(w);
}

static int read_and_answer_op(struct world *w)
{
	return read_fault_op(w) ?: answer_fault_op(w);
}

/* ---- Ops: devices ---- */

static int device(struct world *w, __u32 group_of, __u32 pt_id)
{
	struct mock_dev dev;
	int rc = mock_device_create(w->rig.fd, MOCK_IOMMU_FULL, group_of, pt_id,
				    0, &dev);

	if (!rc)
		w->ids[0] = dev.stdev_id;
	return rc;
}

static int device_op(struct world *w)
{
	return device(w, 0, 0);
}

/* Which has a property, by way of a software node */
static int device_with_pasid_op(struct world *w)
{
	struct mock_dev dev = {};
	int rc = mock_device_create(w->rig.fd, MOCK_IOMMU_FULL, 0, 0,
				    MOCK_FLAGS_DEVICE_PASID, &dev);

	w->ids[0] = dev.stdev_id;
	return rc;
}

static int device_on_ioas_op(struct world *w)
{
	return device(w, 0, w->rig.ioas_id);
}

static int device_on_nested_op(struct world *w)
{
	return device(w, 0, w->rig.nested_id);
}

static int device_with_fault_op(struct world *w)
{
	return device(w, 0, w->fault_hwpt_id);
}

static int device_of_group_op(struct world *w)
{
	return device(w, w->pair[0].stdev_id, w->other_id);
}

static int attach(struct world *w, __u32 pt_id)
{
	return mock_attach(w->rig.fd, w->spare.stdev_id, pt_id, NULL);
}

static int attach_to_ioas_op(struct world *w)
{
	return attach(w, w->rig.ioas_id);
}

static int attach_to_lone_ioas_op(struct world *w)
{
	return attach(w, w->ids[1]);
}

static int attach_to_hwpt_op(struct world *w)
{
	return attach(w, w->hwpt_id);
}

static int attach_to_nested_op(struct world *w)
{
	return attach(w, w->rig.nested_id);
}

static int attach_with_fault_op(struct world *w)
{
	return attach(w, w->fault_hwpt_id);
}

static int detach_op(struct world *w)
{
	return mock_detach(w->rig.fd, w->spare.stdev_id);
}

static int detach_from_lone_ioas_op(struct world *w)
{
	return detach_op(w) ?: lone_ioas_gone_op(w);
}

/* The group of two, from one IOAS to wherever */
static int replace(struct world *w, __u32 pt_id)
{
	return mock_replace(w->rig.fd, w->pair[0].stdev_id, pt_id, NULL);
}

static int replace_by_ioas_op(struct world *w)
{
	return replace(w, w->rig.ioas_id);
}

static int replace_by_lone_ioas_op(struct world *w)
{
	return replace(w, w->ids[1]);
}

static int replace_by_nested_op(struct world *w)
{
	return replace(w, w->rig.nested_id);
}

static int replace_with_fault_op(struct world *w)
{
	return replace(w, w->fault_hwpt_id);
}

static int replace_back_op(struct world *w)
{
	return replace(w, w->other_id);
}

static int replace_back_from_lone_ioas_op(struct world *w)
{
	return replace_back_op(w) ?: lone_ioas_gone_op(w);
}

static int dma(struct world *w, __u32 flags)
{
	__u64 value = MARK;
	struct mock_dma dma = {};

	return mock_dma(w->rig.fd, w->rig.dev.stdev_id, flags, THERE, &value,
			sizeof(value), &dma) ?: dma.reason ? -EIO : 0;
}

static int dma_read_op(struct world *w)
{
	return dma(w, 0);
}

static int dma_write_op(struct world *w)
{
	return dma(w, MOCK_DMA_WRITE);
}

static int check_map_op(struct world *w)
{
	return mock_check_map(w->rig.fd, w->rig.parent_id, THERE,
			      PAGES * w->page, w->mem);
}

static int check_refs_op(struct world *w)
{
	return mock_check_refs(w->rig.fd, w->mem, PAGES * w->page, 1);
}

static int mark_dirty_op(struct world *w)
{
	__u64 bit = 1;

	return mock_dirty(w->rig.fd, w->dirty_id, THERE, w->page, w->page, &bit,
			  NULL);
}

/* ---- Ops: accesses ---- */

static int access_op(struct world *w)
{
	__u32 fd = 0;
	int rc = mock_access_create(w->rig.fd, w->rig.ioas_id, ACCESS_PINS, &fd);

	w->fd = fd;
	return rc;
}

static int pin_op(struct world *w)
{
	return mock_access_pin(w->rig.fd, w->access_fd, MOCK_FLAGS_ACCESS_WRITE,
			       THERE + w->page, 20 * w->page, w->mem + w->page,
			       &w->ids[0]);
}

static int unpin_op(struct world *w)
{
	return mock_access_unpin(w->rig.fd, w->access_fd, w->ids[0]);
}

/* Also one whose ID got lost: they are counted up */
static int unpin_lost_op(struct world *w)
{
	__u32 id = w->ids[0] + 4;

	while (id-- > w->ids[0])
		mock_access_unpin(w->rig.fd, w->access_fd, id);
	return 0;
}

/* By an access on an IOAS without a domain: all has to be pinned */
static int lone_access_op(struct world *w)
{
	__u32 fd = 0;
	int rc = lone_ioas_op(w) ?:
		 mock_access_create(w->rig.fd, w->ids[1], ACCESS_PINS, &fd);

	w->fd = fd;
	return rc;
}

static int lone_pin_op(struct world *w)
{
	return mock_access_pin(w->rig.fd, w->fd, MOCK_FLAGS_ACCESS_WRITE,
			       ELSEWHERE, PAGES * w->page, w->mem, &w->ids[0]);
}

static int lone_access_gone_op(struct world *w)
{
	return close_op(w) ?: lone_ioas_gone_op(w);
}

static int access_rw(struct world *w, __u32 flags)
{
	char buf[64] = {};

	return mock_access_rw(w->rig.fd, w->access_fd, flags,
			      THERE + 2 * w->page - 32, buf, sizeof(buf));
}

static int access_read_op(struct world *w)
{
	return access_rw(w, 0);
}

static int access_write_op(struct world *w)
{
	return access_rw(w, MOCK_ACCESS_RW_WRITE);
}

static int lone_read_op(struct world *w)
{
	char buf[64] = {};

	return mock_access_rw(w->rig.fd, w->fd, MOCK_ACCESS_RW_SLOW_PATH,
			      ELSEWHERE + 2 * w->page - 32, buf, sizeof(buf));
}

static int access_move_op(struct world *w)
{
	return mock_access_replace(w->rig.fd, w->access_fd, w->other_id);
}

static int access_move_back_op(struct world *w)
{
	return mock_access_replace(w->rig.fd, w->access_fd, w->rig.ioas_id);
}

/* ---- Ops: a VFIO container ---- */

static int vfio_get_op(struct world *w)
{
	__u32 id;

	return vfio_ioas_get(w->rig.fd, &id);
}

static int vfio_set_op(struct world *w)
{
	return vfio_ioas_set(w->rig.fd, w->other_id);
}

static int vfio_set_back_op(struct world *w)
{
	return vfio_ioas_set(w->rig.fd, w->vfio_id);
}

static int vfio_clear_op(struct world *w)
{
	return vfio_ioas_clear(w->rig.fd);
}

static int vfio_type_op(struct world *w)
{
	return vfio_set_iommu(w->rig.fd, VFIO_TYPE1_IOMMU);
}

static int vfio_extension_op(struct world *w)
{
	return vfio_check_extension(w->rig.fd, VFIO_TYPE1_IOMMU) == 1 ?
		       0 : -EIO;
}

static int vfio_info_op(struct world *w)
{
	struct {
		struct vfio_iommu_type1_info info;
		char caps[256];
	} room = { .info.argsz = sizeof(room) };

	return vfio_get_info(w->rig.fd, &room.info);
}

static int vfio_map_op(struct world *w)
{
	return vfio_map_dma(w->rig.fd, VFIO_MAP_RW, w->mem, PAGES * w->page,
			    ELSEWHERE);
}

static int vfio_unmap_op(struct world *w)
{
	return vfio_unmap_dma(w->rig.fd, 0, ELSEWHERE, PAGES * w->page, NULL);
}

/* Cuts one area into three */
static int vfio_cut_op(struct world *w)
{
	return vfio_unmap_dma(w->rig.fd, 0, ELSEWHERE + 9 * w->page,
			      5 * w->page, NULL);
}

/* ---- Ops: memory of a device ---- */

static int device_with_memory_op(struct world *w)
{
	return mock_memory(w->rig.fd, w->ids[0], w->page, &w->fd);
}

static int device_with_memory_gone_op(struct world *w)
{
	return close_op(w) ?: destroy_op(w);
}

static int map_memory_op(struct world *w)
{
	return ioas_map_fixed(w->rig.fd, w->rig.ioas_id, w->shown,
			      SHOWN_PAGES * w->page, ELSEWHERE, IOAS_MAP_RW);
}

static int unmap_memory_op(struct world *w)
{
	return ioas_unmap(w->rig.fd, w->rig.ioas_id, ELSEWHERE,
			  SHOWN_PAGES * w->page, NULL);
}

static int lone_ioas_with_memory_op(struct world *w)
{
	return ioas_alloc(w->rig.fd, &w->ids[1]) ?:
	       ioas_map_fixed(w->rig.fd, w->ids[1], w->shown, w->page,
			      ELSEWHERE, IOAS_MAP_RW) ?:
	       ioas_map_fixed(w->rig.fd, w->ids[1], w->shown, w->page, THERE,
			      IOAS_MAP_RW);
}

static int revoke_op(struct world *w)
{
	return mock_decode(w->rig.fd, w->spare.stdev_id, false);
}

static int restore_op(struct world *w)
{
	return mock_decode(w->rig.fd, w->spare.stdev_id, true);
}

static int map_memory_and_revoke_op(struct world *w)
{
	return map_memory_op(w) ?: revoke_op(w);
}

/* What did not succeed is made good by the second time, before it is unmapped */
static int restore_and_unmap_memory_op(struct world *w)
{
	__u64 seen;

	if (restore_op(w))
		return -EIO;
	seen = dma_peek(w->rig.fd, w->rig.dev.stdev_id, ELSEWHERE);
	return unmap_memory_op(w) ?: seen == MARK ? 0 : -EIO;
}

static int vfio_map_memory_op(struct world *w)
{
	return vfio_map_dma(w->rig.fd, VFIO_MAP_RW, w->shown,
			    SHOWN_PAGES * w->page, ELSEWHERE);
}

static int vfio_cut_memory_op(struct world *w)
{
	return vfio_unmap_dma(w->rig.fd, 0, ELSEWHERE + 2 * w->page,
			      3 * w->page, NULL);
}

static int vfio_unmap_memory_op(struct world *w)
{
	return vfio_unmap_dma(w->rig.fd, 0, ELSEWHERE, SHOWN_PAGES * w->page,
			      NULL);
}

#endif
