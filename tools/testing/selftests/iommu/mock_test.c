// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mock's own ioctl: the other tests rest on what it says.
 */
#include "common.h"

FIXTURE(mock)
{
	struct rig rig;
	__u64 page;
	char *mem;
};

FIXTURE_SETUP(mock)
{
	rig_open_nested(_metadata, &self->rig);
	self->page = page_size();
	self->mem = get_memory(_metadata, 4 * self->page);
	rig_map(_metadata, &self->rig, self->mem, 4 * self->page,
		APERTURE_FIRST, IOAS_MAP_RW);
}

FIXTURE_TEARDOWN(mock)
{
	rig_close(_metadata, &self->rig);
}

/* ---- The command ---- */

static int try_op(int fd, __u32 op)
{
	struct iommu_test_cmd cmd = { .op = op };

	return mock_cmd(fd, &cmd);
}

TEST_F(mock, size_below_the_struct_is_EINVAL)
{
	struct iommu_test_cmd cmd = { .op = IOMMU_TEST_OP_MOCK_DOMAIN,
				      .id = self->rig.ioas_id };
	const __u32 sizes[] = { 0, 4, 16,
				offsetof(struct iommu_test_cmd, last) + 3 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		cmd.size = sizes[i];
		EXPECT_EQ(-EINVAL, iommufd_ioctl(self->rig.fd, IOMMU_TEST_CMD,
						 &cmd)) {
			TH_LOG("size %u", sizes[i]);
		}
	}
}

TEST_F(mock, longer_struct_is_taken_with_a_zero_tail_only)
{
	struct {
		struct iommu_test_cmd cmd;
		__u64 more;
	} arg = {
		.cmd = {
			.size = sizeof(arg),
			.op = IOMMU_TEST_OP_MD_CHECK_REFS,
			.check_refs = {
				.uptr = (uintptr_t)self->mem,
				.length = self->page,
				.refs = 1,
			},
		},
	};

	EXPECT_EQ(0, iommufd_ioctl(self->rig.fd, IOMMU_TEST_CMD, &arg));
	arg.more = 1;
	EXPECT_EQ(-E2BIG, iommufd_ioctl(self->rig.fd, IOMMU_TEST_CMD, &arg));
}

TEST_F(mock, bad_pointer_is_EFAULT)
{
	EXPECT_EQ(-EFAULT, iommufd_ioctl(self->rig.fd, IOMMU_TEST_CMD, NULL));
	EXPECT_EQ(-EFAULT, iommufd_ioctl(self->rig.fd, IOMMU_TEST_CMD,
					 get_hole(_metadata, self->page)));
}

TEST_F(mock, read_only_struct_is_EFAULT_and_nothing_is_made)
{
	static const __u32 ops[] = { IOMMU_TEST_OP_MOCK_DOMAIN,
				     IOMMU_TEST_OP_MOCK_DOMAIN_FLAGS,
				     IOMMU_TEST_OP_DEV_CREATE };
	struct iommu_test_cmd *cmd = get_memory(_metadata, self->page);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		cmd->size = sizeof(*cmd);
		cmd->op = ops[i];
		cmd->id = self->rig.ioas_id;
		ASSERT_EQ(0, mprotect(cmd, self->page, PROT_READ));
		EXPECT_EQ(-EFAULT, iommufd_ioctl(self->rig.fd, IOMMU_TEST_CMD,
						 cmd));
		ASSERT_EQ(0, mprotect(cmd, self->page, PROT_READ | PROT_WRITE));
	}
}

TEST_F(mock, unknown_op_is_EOPNOTSUPP)
{
	static const __u32 ops[] = {
		0, IOMMU_TEST_OP_TRIGGER_IOPF + 1, 0x1000,
		IOMMU_TEST_OP_OWN_FIRST - 1, IOMMU_TEST_OP_DEV_DECODE + 1,
		UINT32_MAX,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		EXPECT_EQ(-EOPNOTSUPP, try_op(self->rig.fd, ops[i])) {
			TH_LOG("op %#x", ops[i]);
		}
	}
}

TEST_F(mock, check_map_tells_right_from_wrong)
{
	const struct rig *rig = &self->rig;
	__u32 hwpt = rig->dev.hwpt_id;
	__u64 page = self->page;

	EXPECT_EQ(0, mock_check_map(rig->fd, hwpt, APERTURE_FIRST, 4 * page,
				    self->mem));
	EXPECT_EQ(0, mock_check_map(rig->fd, hwpt, APERTURE_FIRST + page, page,
				    self->mem + page));
	/* another page, one too many, none */
	EXPECT_NE(0, mock_check_map(rig->fd, hwpt, APERTURE_FIRST, page,
				    self->mem + page));
	EXPECT_NE(0, mock_check_map(rig->fd, hwpt, APERTURE_FIRST + 3 * page,
				    2 * page, self->mem + 3 * page));
	EXPECT_NE(0, mock_check_map(rig->fd, hwpt, APERTURE_FIRST + 8 * page,
				    page, self->mem));
	EXPECT_NE(0, mock_check_map(rig->fd, NO_SUCH_ID, APERTURE_FIRST, page,
				    self->mem));
}

TEST_F(mock, check_refs_tells_right_from_wrong)
{
	const struct rig *rig = &self->rig;
	void *other = get_memory(_metadata, self->page);

	EXPECT_EQ(0, mock_check_refs(rig->fd, self->mem, 4 * self->page, 1));
	EXPECT_NE(0, mock_check_refs(rig->fd, self->mem, 4 * self->page, 0));
	EXPECT_NE(0, mock_check_refs(rig->fd, self->mem, 4 * self->page, 2));
	EXPECT_EQ(0, mock_check_refs(rig->fd, other, self->page, 0));
	EXPECT_NE(0, mock_check_refs(rig->fd, other, self->page, 1));
}

TEST_F(mock, check_iotlb_tells_right_from_wrong)
{
	const struct rig *rig = &self->rig;
	__u32 slot;

	for (slot = 0; slot < MOCK_NESTED_DOMAIN_IOTLB_NUM; slot++) {
		EXPECT_EQ(0, mock_check_iotlb(rig->fd, rig->nested_id, slot,
					      IOMMU_TEST_IOTLB_DEFAULT));
		EXPECT_NE(0, mock_check_iotlb(rig->fd, rig->nested_id, slot,
					      0));
	}
	EXPECT_NE(0, mock_check_iotlb(rig->fd, rig->nested_id, slot,
				      IOMMU_TEST_IOTLB_DEFAULT));
	EXPECT_NE(0, mock_check_iotlb(rig->fd, NO_SUCH_ID, 0,
				      IOMMU_TEST_IOTLB_DEFAULT));
}

/* ---- Device DMA ---- */

TEST_F(mock, dma_of_every_kind_of_length)
{
	static const __u64 lengths[] = { 1, 2, 7, 8, 4095, 4096, 4097, 10000 };
	struct rig *rig = &self->rig;
	struct mock_dma dma;
	char buf[10000];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		memset(self->mem, 'm', 4 * self->page);
		memset(buf, 'b', sizeof(buf));
		ASSERT_EQ(0, mock_dma_read(rig->fd, rig->dev.stdev_id,
					   APERTURE_FIRST + 3, buf, lengths[i],
					   &dma));
		EXPECT_EQ(lengths[i], dma.length);
		EXPECT_EQ(MOCK_DMA_FAULT_NONE, dma.reason);
		EXPECT_EQ('m', buf[lengths[i] - 1]);
		if (lengths[i] < sizeof(buf)) {
			EXPECT_EQ('b', buf[lengths[i]]);
		}
		memset(buf, 'w', sizeof(buf));
		ASSERT_EQ(0, mock_dma_write(rig->fd, rig->dev.stdev_id,
					    APERTURE_FIRST + 3, buf, lengths[i],
					    &dma));
		EXPECT_EQ(lengths[i], dma.length);
		EXPECT_EQ('m', self->mem[2]);
		EXPECT_EQ('w', self->mem[3]);
		EXPECT_EQ('w', self->mem[3 + lengths[i] - 1]);
		EXPECT_EQ('m', self->mem[3 + lengths[i]]);
	}
}

TEST_F(mock, dma_of_the_largest_length)
{
	struct rig *rig = &self->rig;
	const __u64 iova = APERTURE_FIRST + SZ_2M;
	char *mem = get_memory(_metadata, MOCK_DMA_MAX_LENGTH);
	char *buf = get_memory(_metadata, MOCK_DMA_MAX_LENGTH);
	struct mock_dma dma;

	rig_map(_metadata, rig, mem, MOCK_DMA_MAX_LENGTH, iova, IOAS_MAP_RW);
	memset(mem, 'm', MOCK_DMA_MAX_LENGTH);
	ASSERT_EQ(0, mock_dma_read(rig->fd, rig->dev.stdev_id, iova, buf,
				   MOCK_DMA_MAX_LENGTH, &dma));
	EXPECT_EQ((__u64)MOCK_DMA_MAX_LENGTH, dma.length);
	EXPECT_EQ(0, memcmp(mem, buf, MOCK_DMA_MAX_LENGTH));
}

TEST_F(mock, dma_of_a_wrong_length_is_EINVAL)
{
	static const __u64 lengths[] = { 0, MOCK_DMA_MAX_LENGTH + 1,
					 UINT64_MAX };
	struct rig *rig = &self->rig;
	struct mock_dma dma;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		EXPECT_EQ(-EINVAL, mock_dma_read(rig->fd, rig->dev.stdev_id,
						 APERTURE_FIRST, self->mem,
						 lengths[i], &dma)) {
			TH_LOG("length %llu", lengths[i]);
		}
	}
}

TEST_F(mock, dma_with_an_unknown_flag_is_EOPNOTSUPP)
{
	struct rig *rig = &self->rig;
	struct mock_dma dma;
	unsigned int bit;
	__u64 value = 0;

	for (bit = 1; bit < 32; bit++) {
		EXPECT_EQ(-EOPNOTSUPP, mock_dma(rig->fd, rig->dev.stdev_id,
						1U << bit, APERTURE_FIRST,
						&value, sizeof(value), &dma));
	}
}

TEST_F(mock, dma_with_a_bad_buffer_is_EFAULT_and_not_done)
{
	struct rig *rig = &self->rig;
	char *edge = get_memory_at_edge(_metadata, 8);
	void *hole = get_hole(_metadata, self->page);
	struct mock_dma dma;

	memset(self->mem, 'm', self->page);
	memset(edge, 'e', 8);
	EXPECT_EQ(-EFAULT, mock_dma_read(rig->fd, rig->dev.stdev_id,
					 APERTURE_FIRST, hole, 8, &dma));
	EXPECT_EQ(-EFAULT, mock_dma_write(rig->fd, rig->dev.stdev_id,
					  APERTURE_FIRST, hole, 8, &dma));
	EXPECT_EQ(-EFAULT, mock_dma_write(rig->fd, rig->dev.stdev_id,
					  APERTURE_FIRST, edge, 16, &dma));
	EXPECT_EQ('m', self->mem[0]);
	EXPECT_EQ('m', self->mem[8]);
}

TEST_F(mock, dma_of_what_is_no_device_is_ENOENT)
{
	struct rig *rig = &self->rig;
	const __u32 ids[] = { 0, NO_SUCH_ID, rig->ioas_id, rig->parent_id,
			      rig->dev.idev_id };
	struct mock_dma dma;
	unsigned int i;
	__u64 value;

	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		EXPECT_EQ(-ENOENT, mock_dma_read(rig->fd, ids[i],
						 APERTURE_FIRST, &value,
						 sizeof(value), &dma)) {
			TH_LOG("case %u", i);
		}
	}
}

TEST_F(mock, dma_blocked_by_a_plain_hwpt_is_told_as_stage_2)
{
	struct rig *rig = &self->rig;
	const __u64 end = APERTURE_FIRST + 4 * self->page;
	struct mock_dma dma;
	char buf[64];

	ASSERT_EQ(0, mock_dma_read(rig->fd, rig->dev.stdev_id, end - 16, buf,
				   sizeof(buf), &dma));
	EXPECT_EQ(16ULL, dma.length);
	EXPECT_EQ(MOCK_DMA_FAULT_NOT_PRESENT, dma.reason);
	EXPECT_EQ(2, dma.stage);
	EXPECT_EQ(0, dma.level);
	EXPECT_EQ(end, dma.addr);
	ASSERT_EQ(0, mock_detach(rig->fd, rig->dev.stdev_id));
	ASSERT_EQ(0, mock_dma_read(rig->fd, rig->dev.stdev_id, APERTURE_FIRST,
				   buf, sizeof(buf), &dma));
	EXPECT_EQ(0ULL, dma.length);
	EXPECT_EQ(MOCK_DMA_FAULT_BLOCKED, dma.reason);
	EXPECT_EQ(0, dma.stage);
}

/* ---- Devices ---- */

TEST_F(mock, device_behind_no_iommu_is_refused)
{
	static const __u32 iommus[] = { MOCK_IOMMU_NUM, 1000, UINT32_MAX };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(iommus); i++) {
		EXPECT_GT(0, mock_device_create(self->rig.fd, iommus[i], 0, 0,
						0, NULL));
	}
}

TEST_F(mock, device_with_an_unknown_flag_is_refused)
{
	EXPECT_GT(0, mock_device_flags(self->rig.fd, self->rig.ioas_id,
				       1U << 31, NULL));
	EXPECT_GT(0, mock_device_create(self->rig.fd, MOCK_IOMMU_FULL, 0, 0,
					1U << 31, NULL));
}

TEST_F(mock, many_devices)
{
	unsigned int i;

	for (i = 0; i < 32; i++)
		rig_device(_metadata, &self->rig, self->rig.ioas_id);
	EXPECT_EQ(0, mock_check_refs(self->rig.fd, self->mem, 4 * self->page,
				     1));
}

TEST_HARNESS_MAIN
