// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every ioctl with every allocation, and every copy to or from user space, made
 * to fail in turn, by way of /proc/thread-self/fail-nth.
 *
 * A table says how to do each of them and how to undo it. Whatever fails must
 * leave all as it was, must then succeed as if nothing had happened, and must
 * not leak; the latter the end of each test and kmemleak see to.
 */
#include "fail_nth_ops.h"

/* ---- Injection ---- */

static bool write_to(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 && write(fd, text, strlen(text)) > 0;

	if (fd >= 0)
		close(fd);
	return done;
}

/* By default what may sleep does not fail, nor single pages; and all is told */
static bool injection_set_up(void)
{
	write_to("/sys/kernel/debug/failslab/verbose", "0");
	write_to("/sys/kernel/debug/fail_page_alloc/verbose", "0");
	write_to("/sys/kernel/debug/fail_usercopy/verbose", "0");
	return write_to("/sys/kernel/debug/failslab/ignore-gfp-wait", "N") &&
	       write_to("/sys/kernel/debug/fail_page_alloc/ignore-gfp-wait", "N") &&
	       write_to("/sys/kernel/debug/fail_page_alloc/ignore-gfp-highmem", "N") &&
	       write_to("/sys/kernel/debug/fail_page_alloc/min-order", "0");
}

static bool injection_arm(int fd, unsigned int n)
{
	char text[16];

	return pwrite(fd, text, snprintf(text, sizeof(text), "%u", n), 0) > 0;
}

/* True if it struck. To ask whether it did takes copies that may be struck */
static bool injection_disarm(int fd)
{
	char text[16] = {};
	bool struck = pread(fd, text, sizeof(text) - 1, 0) > 0 &&
		      strtoul(text, NULL, 10) == 0;

	while (pwrite(fd, "0", 1, 0) < 0 && errno == EFAULT)
		;
	return struck;
}

/* ---- The table ---- */

FIXTURE(fail_nth)
{
	struct world world;
	int inject_fd;
};

/**
 * struct _fixture_variant_fail_nth - an op
 * @before: What it needs, if anything
 * @op: The op
 * @after: Undo both
 * @how: HOW_LATE: It answers at last, so that it is done also with EFAULT.
 *       HOW_SURE: Nothing in it can fail
 */
FIXTURE_VARIANT(fail_nth)
{
	int (*before)(struct world *w);
	int (*op)(struct world *w);
	int (*after)(struct world *w);
	enum { HOW_PLAIN, HOW_LATE, HOW_SURE } how;
};

FIXTURE_VARIANT_ADD(fail_nth, open)
{
	.op = open_op,
	.after = close_op,
};

FIXTURE_VARIANT_ADD(fail_nth, ioas_alloc)
{
	.op = ioas_alloc_op,
	.after = destroy_op,
};

FIXTURE_VARIANT_ADD(fail_nth, destroy)
{
	.before = ioas_alloc_op,
	.op = destroy_op,
};

FIXTURE_VARIANT_ADD(fail_nth, map)
{
	.op = map_op,
	.after = unmap_op,
};

FIXTURE_VARIANT_ADD(fail_nth, map_read_only)
{
	.op = map_read_only_op,
	.after = unmap_op,
};

FIXTURE_VARIANT_ADD(fail_nth, map_anywhere)
{
	.op = map_anywhere_op,
	.after = unmap_anywhere_op,
};

FIXTURE_VARIANT_ADD(fail_nth, map_new_memory)
{
	.op = map_new_memory_op,
	.after = untouch_op,
};

FIXTURE_VARIANT_ADD(fail_nth, unmap)
{
	.before = map_op,
	.op = unmap_op,
};

FIXTURE_VARIANT_ADD(fail_nth, copy_of_three)
{
	.before = map_three_op,
	.op = copy_three_op,
	.after = unmap_three_op,
};

FIXTURE_VARIANT_ADD(fail_nth, copy_anywhere)
{
	.op = copy_anywhere_op,
	.after = unmap_anywhere_op,
};

FIXTURE_VARIANT_ADD(fail_nth, iova_ranges)
{
	.op = ranges_op,
};

FIXTURE_VARIANT_ADD(fail_nth, allow_iovas)
{
	.op = allow_op,
	.after = allow_all_op,
};

FIXTURE_VARIANT_ADD(fail_nth, allow_all_iovas)
{
	.before = allow_op,
	.op = allow_all_op,
};

FIXTURE_VARIANT_ADD(fail_nth, option_get)
{
	.op = get_option_op,
};

FIXTURE_VARIANT_ADD(fail_nth, option_set)
{
	.before = ioas_alloc_op,
	.op = small_pages_op,
	.after = destroy_op,
};

FIXTURE_VARIANT_ADD(fail_nth, add_reserved)
{
	.before = ioas_alloc_op,
	.op = reserve_op,
	.after = destroy_op,
};

FIXTURE_VARIANT_ADD(fail_nth, hwpt_alloc)
{
	.op = hwpt_op,
	.after = destroy_op,
};

FIXTURE_VARIANT_ADD(fail_nth, hwpt_alloc_that_pins)
{
	.before = lone_ioas_op,
	.op = lone_hwpt_op,
	.after = lone_hwpt_gone_op,
};

FIXTURE_VARIANT_ADD(fail_nth, hwpt_destroy)
{
	.before = hwpt_op,
	.op = destroy_op,
};

FIXTURE_VARIANT_ADD(fail_nth, hwpt_alloc_nested)
{
	.op = nested_op,
	.after = destroy_op,
};

FIXTURE_VARIANT_ADD(fail_nth, hwpt_alloc_nested_with_fault)
{
	.op = nested_with_fault_op,
	.after = destroy_op,
};

FIXTURE_VARIANT_ADD(fail_nth, invalidate)
{
	.op = invalidate_op,
};

FIXTURE_VARIANT_ADD(fail_nth, hw_info)
{
	.op = hw_info_op,
};

FIXTURE_VARIANT_ADD(fail_nth, set_dirty_tracking)
{
	.op = track_op,
};

FIXTURE_VARIANT_ADD(fail_nth, clear_dirty_tracking)
{
	.op = track_not_op,
	.after = track_op,
};

/* The bitmap is probed before: this is its memory that went away afterwards */
FIXTURE_VARIANT_ADD(fail_nth, get_dirty_bitmap)
{
	.before = make_dirty_op,
	.op = dirty_op,
	.how = HOW_LATE,
};

FIXTURE_VARIANT_ADD(fail_nth, get_dirty_bitmap_no_clear)
{
	.before = make_dirty_op,
	.op = dirty_no_clear_op,
};

FIXTURE_VARIANT_ADD(fail_nth, fault_queue_alloc)
{
	.op = queue_op,
	.after = queue_gone_op,
};

FIXTURE_VARIANT_ADD(fail_nth, fault)
{
	.op = fault_op,
	.after = read_and_answer_op,
};

FIXTURE_VARIANT_ADD(fail_nth, fault_read)
{
	.before = fault_op,
	.op = read_fault_op,
	.after = answer_fault_op,
};

FIXTURE_VARIANT_ADD(fail_nth, fault_answer)
{
	.before = fault_and_read_op,
	.op = answer_fault_op,
};

FIXTURE_VARIANT_ADD(fail_nth, device)
{
	.op = device_op,
	.after = destroy_op,
};

FIXTURE_VARIANT_ADD(fail_nth, device_with_pasid)
{
	.op = device_with_pasid_op,
	.after = destroy_op,
};

FIXTURE_VARIANT_ADD(fail_nth, device_on_ioas)
{
	.op = device_on_ioas_op,
	.after = destroy_op,
};

FIXTURE_VARIANT_ADD(fail_nth, device_on_nested)
{
	.op = device_on_nested_op,
	.after = destroy_op,
};

FIXTURE_VARIANT_ADD(fail_nth, device_with_fault)
{
	.op = device_with_fault_op,
	.after = destroy_op,
};

FIXTURE_VARIANT_ADD(fail_nth, device_of_group)
{
	.op = device_of_group_op,
	.after = destroy_op,
};

FIXTURE_VARIANT_ADD(fail_nth, device_destroy)
{
	.before = device_on_ioas_op,
	.op = destroy_op,
};

FIXTURE_VARIANT_ADD(fail_nth, attach_to_ioas)
{
	.op = attach_to_ioas_op,
	.after = detach_op,
	.how = HOW_LATE,
};

FIXTURE_VARIANT_ADD(fail_nth, attach_to_lone_ioas)
{
	.before = lone_ioas_op,
	.op = attach_to_lone_ioas_op,
	.after = detach_from_lone_ioas_op,
	.how = HOW_LATE,
};

FIXTURE_VARIANT_ADD(fail_nth, attach_to_hwpt)
{
	.op = attach_to_hwpt_op,
	.after = detach_op,
	.how = HOW_LATE,
};

FIXTURE_VARIANT_ADD(fail_nth, attach_to_nested)
{
	.op = attach_to_nested_op,
	.after = detach_op,
	.how = HOW_LATE,
};

FIXTURE_VARIANT_ADD(fail_nth, attach_with_fault)
{
	.op = attach_with_fault_op,
	.after = detach_op,
	.how = HOW_LATE,
};

FIXTURE_VARIANT_ADD(fail_nth, detach)
{
	.before = attach_to_ioas_op,
	.op = detach_op,
};

FIXTURE_VARIANT_ADD(fail_nth, detach_with_fault)
{
	.before = attach_with_fault_op,
	.op = detach_op,
};

FIXTURE_VARIANT_ADD(fail_nth, replace_by_ioas)
{
	.op = replace_by_ioas_op,
	.after = replace_back_op,
	.how = HOW_LATE,
};

FIXTURE_VARIANT_ADD(fail_nth, replace_by_lone_ioas)
{
	.before = lone_ioas_op,
	.op = replace_by_lone_ioas_op,
	.after = replace_back_from_lone_ioas_op,
	.how = HOW_LATE,
};

FIXTURE_VARIANT_ADD(fail_nth, replace_by_nested)
{
	.op = replace_by_nested_op,
	.after = replace_back_op,
	.how = HOW_LATE,
};

FIXTURE_VARIANT_ADD(fail_nth, replace_with_fault)
{
	.op = replace_with_fault_op,
	.after = replace_back_op,
	.how = HOW_LATE,
};

FIXTURE_VARIANT_ADD(fail_nth, replace_back_with_fault)
{
	.before = replace_with_fault_op,
	.op = replace_back_op,
	.how = HOW_LATE,
};

FIXTURE_VARIANT_ADD(fail_nth, dma_read)
{
	.op = dma_read_op,
};

FIXTURE_VARIANT_ADD(fail_nth, dma_write)
{
	.op = dma_write_op,
};

FIXTURE_VARIANT_ADD(fail_nth, check_map)
{
	.op = check_map_op,
};

FIXTURE_VARIANT_ADD(fail_nth, check_refs)
{
	.op = check_refs_op,
};

FIXTURE_VARIANT_ADD(fail_nth, mark_dirty)
{
	.op = mark_dirty_op,
};

FIXTURE_VARIANT_ADD(fail_nth, access_create)
{
	.op = access_op,
	.after = close_op,
};

FIXTURE_VARIANT_ADD(fail_nth, access_pin)
{
	.op = pin_op,
	.after = unpin_lost_op,
	.how = HOW_LATE,
};

FIXTURE_VARIANT_ADD(fail_nth, access_pin_that_pins)
{
	.before = lone_access_op,
	.op = lone_pin_op,
	.after = lone_access_gone_op,
	.how = HOW_LATE,
};

FIXTURE_VARIANT_ADD(fail_nth, access_unpin)
{
	.before = pin_op,
	.op = unpin_op,
};

FIXTURE_VARIANT_ADD(fail_nth, access_read)
{
	.op = access_read_op,
};

FIXTURE_VARIANT_ADD(fail_nth, access_write)
{
	.op = access_write_op,
};

FIXTURE_VARIANT_ADD(fail_nth, access_read_of_unpinned)
{
	.before = lone_access_op,
	.op = lone_read_op,
	.after = lone_access_gone_op,
};

FIXTURE_VARIANT_ADD(fail_nth, access_move)
{
	.op = access_move_op,
	.after = access_move_back_op,
};

FIXTURE_VARIANT_ADD(fail_nth, vfio_ioas_get)
{
	.op = vfio_get_op,
};

FIXTURE_VARIANT_ADD(fail_nth, vfio_ioas_set)
{
	.op = vfio_set_op,
	.after = vfio_set_back_op,
};

FIXTURE_VARIANT_ADD(fail_nth, vfio_ioas_clear)
{
	.op = vfio_clear_op,
	.after = vfio_set_back_op,
};

FIXTURE_VARIANT_ADD(fail_nth, vfio_check_extension)
{
	.op = vfio_extension_op,
	.how = HOW_SURE,
};

FIXTURE_VARIANT_ADD(fail_nth, vfio_set_iommu)
{
	.op = vfio_type_op,
	.how = HOW_SURE,
};

FIXTURE_VARIANT_ADD(fail_nth, vfio_get_info)
{
	.op = vfio_info_op,
};

FIXTURE_VARIANT_ADD(fail_nth, vfio_map)
{
	.op = vfio_map_op,
	.after = vfio_unmap_op,
};

FIXTURE_VARIANT_ADD(fail_nth, vfio_unmap)
{
	.before = vfio_map_op,
	.op = vfio_unmap_op,
};

FIXTURE_VARIANT_ADD(fail_nth, vfio_unmap_that_cuts)
{
	.before = vfio_map_op,
	.op = vfio_cut_op,
	.after = vfio_unmap_op,
};

FIXTURE_VARIANT_ADD(fail_nth, device_memory)
{
	.before = device_op,
	.op = device_with_memory_op,
	.after = device_with_memory_gone_op,
};

FIXTURE_VARIANT_ADD(fail_nth, map_device_memory)
{
	.op = map_memory_op,
	.after = unmap_memory_op,
};

FIXTURE_VARIANT_ADD(fail_nth, unmap_device_memory)
{
	.before = map_memory_op,
	.op = unmap_memory_op,
};

FIXTURE_VARIANT_ADD(fail_nth, hwpt_alloc_that_maps_device_memory)
{
	.before = lone_ioas_with_memory_op,
	.op = lone_hwpt_op,
	.after = lone_hwpt_gone_op,
};

FIXTURE_VARIANT_ADD(fail_nth, revoke)
{
	.before = map_memory_op,
	.op = revoke_op,
	.after = restore_and_unmap_memory_op,
};

/* Only the copy of the ioctl's structure fails visibly */
FIXTURE_VARIANT_ADD(fail_nth, restore)
{
	.before = map_memory_and_revoke_op,
	.op = restore_op,
	.after = restore_and_unmap_memory_op,
};

FIXTURE_VARIANT_ADD(fail_nth, vfio_unmap_that_cuts_device_memory)
{
	.before = vfio_map_memory_op,
	.op = vfio_cut_memory_op,
	.after = vfio_unmap_memory_op,
};

static void world_fill(struct __test_metadata *_metadata, struct world *w)
{
	struct rig *rig = &w->rig;
	unsigned int i;

	/* From the last on, so that they are not one run of memory */
	w->mem = get_memory(_metadata, 3 * PAGES * w->page);
	for (i = PAGES; i-- > 0;)
		set_u64(w->mem + i * w->page, MARK);
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, ioas_map_fixed(rig->fd,
					    i == 0 ? rig->ioas_id :
					    i == 1 ? w->other_id : w->vfio_id,
					    w->mem, PAGES * w->page, THERE,
					    IOAS_MAP_RW));
	rig->mapped = PAGES * w->page;
}

static void world_show_memory(struct __test_metadata *_metadata,
			      struct world *w)
{
	__u64 length = SHOWN_PAGES * w->page;

	ASSERT_EQ(0, mock_memory(w->rig.fd, w->spare.stdev_id, length,
				 &w->memory_fd));
	w->shown = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED,
			w->memory_fd, 0);
	ASSERT_NE(MAP_FAILED, (void *)w->shown);
	set_u64(w->shown, MARK);
	ASSERT_EQ(0, mock_decode(w->rig.fd, w->spare.stdev_id, true));
}

FIXTURE_SETUP(fail_nth)
{
	struct world *w = &self->world;
	struct rig *rig = &w->rig;

	self->inject_fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (self->inject_fd < 0)
		SKIP(_exit(EXIT_SKIPPED), "no fault injection in this kernel");
	ASSERT_TRUE(injection_set_up());

	w->page = page_size();
	rig_open_nested(_metadata, rig);
	w->other_id = rig_ioas(_metadata, rig);
	w->vfio_id = rig_ioas(_metadata, rig);
	ASSERT_EQ(0, vfio_ioas_set(rig->fd, w->vfio_id));
	ASSERT_EQ(0, vfio_set_iommu(rig->fd, VFIO_TYPE1_IOMMU));
	world_fill(_metadata, w);

	w->spare = rig_device_on(_metadata, rig, MOCK_IOMMU_FULL, 0, 0);
	world_show_memory(_metadata, w);
	w->pair[0] = rig_device_on(_metadata, rig, MOCK_IOMMU_FULL, 0,
				   w->other_id);
	w->pair[1] = rig_device_on(_metadata, rig, MOCK_IOMMU_FULL,
				   w->pair[0].stdev_id, w->other_id);
	w->hwpt_id = rig_hwpt(_metadata, rig, w->spare.idev_id, w->other_id, 0);
	rig_hwpt(_metadata, rig, w->spare.idev_id, w->vfio_id, 0);

	w->dirty_id = rig_hwpt(_metadata, rig, w->spare.idev_id, rig->ioas_id,
			       IOMMU_HWPT_ALLOC_DIRTY_TRACKING);
	w->dirty_dev = rig_device_on(_metadata, rig, MOCK_IOMMU_FULL, 0,
				     w->dirty_id);
	ASSERT_EQ(0, hwpt_set_dirty_tracking(rig->fd, w->dirty_id, true));

	ASSERT_EQ(0, fault_queue_alloc(rig->fd, &w->fault_id, &w->fault_fd));
	rig_keep(_metadata, rig, w->fault_id);
	ASSERT_EQ(0, nested(w, IOMMU_HWPT_FAULT_ID_VALID, &w->fault_hwpt_id));
	rig_keep(_metadata, rig, w->fault_hwpt_id);
	w->fault_dev = rig_device_on(_metadata, rig, MOCK_IOMMU_FULL, 0,
				     w->fault_hwpt_id);
	ASSERT_EQ(0, mock_access_create(rig->fd, rig->ioas_id, ACCESS_PINS,
					&w->access_fd));
}

FIXTURE_TEARDOWN(fail_nth)
{
	struct world *w = &self->world;

	if (w->access_fd)
		close(w->access_fd);
	if (w->fault_fd)
		close(w->fault_fd);
	if (w->memory_fd)
		close(w->memory_fd);
	if (w->rig.fd > 0)
		vfio_ioas_clear(w->rig.fd);
	rig_close(_metadata, &w->rig);
}

static int do_op(int (*op)(struct world *w), struct world *w)
{
	return op ? op(w) : 0;
}

/* A place where there was no memory, or a pointer that could not be followed */
static bool is_injected_error(int rc)
{
	return rc == -ENOMEM || rc == -EFAULT;
}

TEST_F(fail_nth, every_failure_leaves_all_as_it_was)
{
	unsigned int n, failures = 0, absorbed = 0;
	struct state first, before, now;
	struct world *w = &self->world;
	bool struck = true;
	int rc;

	look(w, &first);
	for (n = 1; struck && n < MAX_STEPS; n++) {
		ASSERT_EQ(0, do_op(variant->before, w));
		look(w, &before);

		ASSERT_TRUE(injection_arm(self->inject_fd, n));
		rc = variant->op(w);
		struck = injection_disarm(self->inject_fd);

		if (!struck) {
			ASSERT_EQ(0, rc);
		} else if (rc) {
			failures++;
			EXPECT_TRUE(is_injected_error(rc)) {
				TH_LOG("step %u: %s", n, strerror(-rc));
			}
			if (variant->how == HOW_LATE && rc == -EFAULT) {
				variant->op(w);
			} else {
				look(w, &now);
				ASSERT_EQ(0, memcmp(&before, &now, sizeof(now))) {
					TH_LOG("step %u changed something", n);
				}
				ASSERT_EQ(0, variant->op(w)) {
					TH_LOG("again after step %u", n);
				}
			}
		} else {
			absorbed++;
		}
		ASSERT_EQ(0, do_op(variant->after, w)) {
			TH_LOG("undo after step %u", n);
		}
		look(w, &now);
		ASSERT_EQ(0, memcmp(&first, &now, sizeof(now))) {
			TH_LOG("step %u left something behind", n);
		}
	}
	EXPECT_FALSE(struck);
	EXPECT_EQ(variant->how != HOW_SURE, failures > 0);
	TH_LOG("%u failures, %u without effect", failures, absorbed);
}

TEST_HARNESS_MAIN
