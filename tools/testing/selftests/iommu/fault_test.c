// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fault queues: page requests of a mock device, read from a file descriptor,
 * answered there, and answered by the kernel when the device leaves.
 */
#include "guest.h"
#include <fcntl.h>
#include <poll.h>

#define NO_PASID UINT32_MAX

FIXTURE(fault)
{
	struct rig rig;
	__u32 fault_id;
	int fault_fd;
	__u32 hwpt_id;
};

static int alloc_nested(const struct rig *rig, __u32 fault_id, __u32 *hwpt_id)
{
	return mock_hwpt_alloc_fault(rig->fd, rig->dev.idev_id, rig->parent_id,
				     fault_id, hwpt_id);
}

FIXTURE_SETUP(fault)
{
	struct rig *rig = &self->rig;

	rig_open_nested(_metadata, rig);
	ASSERT_EQ(0, fault_queue_alloc(rig->fd, &self->fault_id,
				       &self->fault_fd));
	ASSERT_EQ(0, alloc_nested(rig, self->fault_id, &self->hwpt_id));
	rig_keep(_metadata, rig, self->fault_id);
	rig_keep(_metadata, rig, self->hwpt_id);
	ASSERT_EQ(0, mock_replace(rig->fd, rig->dev.stdev_id, self->hwpt_id,
				  NULL));
}

FIXTURE_TEARDOWN(fault)
{
	close(self->fault_fd);
	rig_close(_metadata, &self->rig);
}

static int trigger(const struct _test_data_fault *self, __u32 grpid)
{
	return mock_trigger_iopf(self->rig.fd, self->rig.dev.idev_id, 1, grpid,
				 IOMMU_PGFAULT_PERM_READ, 0x1000 * grpid);
}

static bool is_readable(const struct _test_data_fault *self)
{
	struct pollfd poll_fd = { .fd = self->fault_fd, .events = POLLIN };

	return poll(&poll_fd, 1, 0) == 1 && poll_fd.revents & POLLIN;
}

static ssize_t answer(const struct _test_data_fault *self, __u32 cookie,
		      __u32 code)
{
	struct iommu_hwpt_page_response response = {
		.cookie = cookie,
		.code = code,
	};
	ssize_t rc = write(self->fault_fd, &response, sizeof(response));

	return rc < 0 ? -errno : rc;
}

TEST_F(fault, request_is_read_and_answered)
{
	struct iommu_hwpt_pgfault fault = {};

	EXPECT_FALSE(is_readable(self));
	EXPECT_EQ(0, read(self->fault_fd, &fault, sizeof(fault)));
	ASSERT_EQ(0, trigger(self, 7));
	EXPECT_TRUE(is_readable(self));
	ASSERT_EQ((ssize_t)sizeof(fault),
		  read(self->fault_fd, &fault, sizeof(fault)));
	EXPECT_FALSE(is_readable(self));
	EXPECT_EQ(self->rig.dev.idev_id, fault.dev_id);
	EXPECT_EQ(1U, fault.pasid);
	EXPECT_EQ(7U, fault.grpid);
	EXPECT_EQ((__u32)IOMMU_PGFAULT_PERM_READ, fault.perm);
	EXPECT_EQ(0x7000ULL, fault.addr);
	EXPECT_EQ((__u32)(IOMMU_PGFAULT_FLAGS_PASID_VALID |
			  IOMMU_PGFAULT_FLAGS_LAST_PAGE), fault.flags);
	EXPECT_EQ((ssize_t)sizeof(struct iommu_hwpt_page_response),
		  answer(self, fault.cookie, IOMMUFD_PAGE_RESP_SUCCESS));
	/* Only once */
	EXPECT_EQ(-EINVAL, answer(self, fault.cookie,
				  IOMMUFD_PAGE_RESP_SUCCESS));
}

TEST_F(fault, request_without_pasid)
{
	struct iommu_hwpt_pgfault fault = {};

	ASSERT_EQ(0, mock_trigger_iopf(self->rig.fd, self->rig.dev.idev_id,
				       NO_PASID, 3, IOMMU_PGFAULT_PERM_WRITE,
				       0));
	ASSERT_EQ((ssize_t)sizeof(fault),
		  read(self->fault_fd, &fault, sizeof(fault)));
	EXPECT_EQ((__u32)IOMMU_PGFAULT_FLAGS_LAST_PAGE, fault.flags);
	EXPECT_EQ(0U, fault.pasid);
	EXPECT_LT(0, answer(self, fault.cookie, IOMMUFD_PAGE_RESP_INVALID));
}

TEST_F(fault, requests_come_in_order_and_many_at_a_time)
{
	struct iommu_hwpt_pgfault faults[4] = {};
	unsigned int i;

	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, trigger(self, i));
	ASSERT_EQ((ssize_t)sizeof(faults[0]),
		  read(self->fault_fd, faults, sizeof(faults[0])));
	ASSERT_EQ((ssize_t)(3 * sizeof(faults[0])),
		  read(self->fault_fd, &faults[1], 3 * sizeof(faults[0])));
	for (i = 0; i < 4; i++)
		EXPECT_EQ(i, faults[i].grpid);
	/* In any order */
	for (i = 4; i-- > 0;)
		EXPECT_LT(0, answer(self, faults[i].cookie,
				    IOMMUFD_PAGE_RESP_SUCCESS));
}

TEST_F(fault, unread_request_cannot_be_answered)
{
	__u32 cookie;

	ASSERT_EQ(0, trigger(self, 1));
	for (cookie = 0; cookie < 8; cookie++)
		EXPECT_EQ(-EINVAL, answer(self, cookie,
					  IOMMUFD_PAGE_RESP_SUCCESS));
	EXPECT_TRUE(is_readable(self));
}

TEST_F(fault, bad_answers)
{
	struct iommu_hwpt_pgfault fault = {};
	struct iommu_hwpt_page_response response = {};

	ASSERT_EQ(0, trigger(self, 1));
	ASSERT_LT(0, read(self->fault_fd, &fault, sizeof(fault)));
	EXPECT_EQ(-EINVAL, answer(self, fault.cookie, 2));
	EXPECT_EQ(-EINVAL, answer(self, fault.cookie + 1, 0));
	response.cookie = fault.cookie;
	EXPECT_EQ(-1, write(self->fault_fd, &response, sizeof(response) - 1));
	EXPECT_EQ(-1, write(self->fault_fd, get_hole(_metadata, page_size()),
			    sizeof(response)));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_LT(0, answer(self, fault.cookie, IOMMUFD_PAGE_RESP_SUCCESS));
}

TEST_F(fault, request_that_cannot_be_copied_out_is_read_again)
{
	struct iommu_hwpt_pgfault faults[2] = {};

	ASSERT_EQ(0, trigger(self, 1));
	ASSERT_EQ(0, trigger(self, 2));
	EXPECT_EQ(-1, read(self->fault_fd, get_hole(_metadata, page_size()),
			   sizeof(faults)));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, read(self->fault_fd, faults, sizeof(faults) - 1));
	EXPECT_TRUE(is_readable(self));
	ASSERT_EQ((ssize_t)sizeof(faults),
		  read(self->fault_fd, faults, sizeof(faults)));
	EXPECT_EQ(1U, faults[0].grpid);
	EXPECT_EQ(2U, faults[1].grpid);
}

/* What waits, read or not, is answered before the device is elsewhere */
TEST_F(fault, replace_answers_what_waits)
{
	const struct rig *rig = &self->rig;
	struct iommu_hwpt_pgfault fault = {};

	ASSERT_EQ(0, trigger(self, 1));
	ASSERT_LT(0, read(self->fault_fd, &fault, sizeof(fault)));
	ASSERT_EQ(0, trigger(self, 2));
	ASSERT_EQ(0, mock_replace(rig->fd, rig->dev.stdev_id, rig->parent_id,
				  NULL));
	EXPECT_FALSE(is_readable(self));
	EXPECT_EQ(-EINVAL, answer(self, fault.cookie,
				  IOMMUFD_PAGE_RESP_SUCCESS));
	/* Nobody handles it there */
	EXPECT_EQ(-EINVAL, trigger(self, 3));
}

TEST_F(fault, replace_moves_on_to_the_other_queue)
{
	struct rig *rig = &self->rig;
	struct iommu_hwpt_pgfault fault = {};
	__u32 fault_id = 0, hwpt_id = 0;
	int fault_fd = -1;

	ASSERT_EQ(0, fault_queue_alloc(rig->fd, &fault_id, &fault_fd));
	ASSERT_EQ(0, alloc_nested(rig, fault_id, &hwpt_id));
	rig_keep(_metadata, rig, fault_id);
	rig_keep(_metadata, rig, hwpt_id);
	ASSERT_EQ(0, trigger(self, 1));
	ASSERT_EQ(0, mock_replace(rig->fd, rig->dev.stdev_id, hwpt_id, NULL));
	EXPECT_FALSE(is_readable(self));
	ASSERT_EQ(0, trigger(self, 2));
	EXPECT_FALSE(is_readable(self));
	ASSERT_EQ((ssize_t)sizeof(fault), read(fault_fd, &fault, sizeof(fault)));
	EXPECT_EQ(2U, fault.grpid);
	close(fault_fd);
}

TEST_F(fault, failed_replace_leaves_what_waits)
{
	const struct rig *rig = &self->rig;

	ASSERT_EQ(0, trigger(self, 1));
	ASSERT_EQ(0, mock_fail_attach(rig->fd, rig->dev.stdev_id, ENOMEM));
	EXPECT_EQ(-ENOMEM, mock_replace(rig->fd, rig->dev.stdev_id,
					rig->parent_id, NULL));
	EXPECT_TRUE(is_readable(self));
	EXPECT_EQ(0, trigger(self, 2));
}

TEST_F(fault, detach_and_destroy_answer_what_waits)
{
	struct rig *rig = &self->rig;

	ASSERT_EQ(0, trigger(self, 1));
	ASSERT_EQ(0, mock_detach(rig->fd, rig->dev.stdev_id));
	EXPECT_FALSE(is_readable(self));
	ASSERT_EQ(0, mock_attach(rig->fd, rig->dev.stdev_id, self->hwpt_id,
				 NULL));
	ASSERT_EQ(0, trigger(self, 2));
	rig_destroy(_metadata, rig, rig->dev.stdev_id);
	EXPECT_FALSE(is_readable(self));
}

/* One group ID with a PASID and without is two groups, answered each by its own */
TEST_F(fault, answers_find_their_requests)
{
	const struct rig *rig = &self->rig;
	struct iommu_hwpt_pgfault faults[2] = {};

	ASSERT_EQ(0, mock_trigger_iopf(rig->fd, rig->dev.idev_id, NO_PASID, 1,
				       IOMMU_PGFAULT_PERM_READ, 0));
	ASSERT_EQ(0, trigger(self, 1));
	ASSERT_EQ((ssize_t)sizeof(faults),
		  read(self->fault_fd, faults, sizeof(faults)));
	EXPECT_LT(0, answer(self, faults[1].cookie, IOMMUFD_PAGE_RESP_SUCCESS));
	EXPECT_LT(0, answer(self, faults[0].cookie, IOMMUFD_PAGE_RESP_SUCCESS));
	/* Nothing is left that would keep the device from other handlers */
	ASSERT_EQ(0, mock_detach(rig->fd, rig->dev.stdev_id));
	ASSERT_EQ(0, mock_attach(rig->fd, rig->dev.stdev_id, self->hwpt_id,
				 NULL));
	EXPECT_EQ(0, trigger(self, 1));
}

TEST_F(fault, late_answer_meets_nobody)
{
	const struct rig *rig = &self->rig;
	struct iommu_hwpt_pgfault fault = {}, next = {};

	ASSERT_EQ(0, trigger(self, 1));
	ASSERT_LT(0, read(self->fault_fd, &fault, sizeof(fault)));
	ASSERT_EQ(0, mock_detach(rig->fd, rig->dev.stdev_id));
	ASSERT_EQ(0, mock_attach(rig->fd, rig->dev.stdev_id, self->hwpt_id,
				 NULL));
	ASSERT_EQ(0, trigger(self, 2));
	ASSERT_LT(0, read(self->fault_fd, &next, sizeof(next)));
	EXPECT_EQ(-EINVAL, answer(self, fault.cookie,
				  IOMMUFD_PAGE_RESP_SUCCESS));
	EXPECT_LT(0, answer(self, next.cookie, IOMMUFD_PAGE_RESP_SUCCESS));
}

TEST_F(fault, queue_is_in_use_by_its_file_and_its_hwpts)
{
	struct rig *rig = &self->rig;

	EXPECT_EQ(-EBUSY, object_destroy(rig->fd, self->fault_id));
	ASSERT_EQ(0, mock_replace(rig->fd, rig->dev.stdev_id, rig->parent_id,
				  NULL));
	rig_destroy(_metadata, rig, self->hwpt_id);
	EXPECT_EQ(-EBUSY, object_destroy(rig->fd, self->fault_id));
	close(self->fault_fd);
	rig_destroy(_metadata, rig, self->fault_id);
}

TEST_F(fault, close_with_everything_waiting)
{
	ASSERT_EQ(0, trigger(self, 1));
	ASSERT_EQ(0, trigger(self, 2));
}

TEST_F(fault, queue_of_another_kind_or_nowhere)
{
	const struct rig *rig = &self->rig;
	__u32 id = 0;

	EXPECT_EQ(-ENOENT, alloc_nested(rig, 0, &id));
	EXPECT_EQ(-ENOENT, alloc_nested(rig, UINT32_MAX, &id));
	EXPECT_EQ(-ENOENT, alloc_nested(rig, rig->ioas_id, &id));
	EXPECT_EQ(-EOPNOTSUPP, hwpt_alloc(rig->fd, rig->dev.idev_id,
					  rig->ioas_id,
					  IOMMU_HWPT_FAULT_ID_VALID, &id));
}

TEST_HARNESS_MAIN
