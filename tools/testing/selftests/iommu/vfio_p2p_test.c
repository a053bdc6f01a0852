// SPDX-License-Identifier: GPL-2.0-only
/*
 * Peer to peer for real: an edu does DMA to the BAR of an ivshmem, whose BAR 2 is plain
 * memory, through an IOAS. The CPU sees by its own mmap() what has arrived.
 */
#include "edu.h"

#define MEM_IOVA	0x100000ULL
#define BAR_IOVA	0x200000ULL
#define MEMORY_BAR	2

/**
 * FIXTURE - a device that does DMA, and one that has memory
 * @rig: The iommufd, with an IOAS
 * @edu: Attached to the IOAS
 * @memory: Bound to the same iommufd; its BAR 2 is mmap()ed
 * @mem: A page at MEM_IOVA
 */
FIXTURE(p2p)
{
	struct rig rig;
	struct vfio_dev edu;
	struct vfio_dev memory;
	char *mem;
};

static void take_memory(struct __test_metadata *_metadata, struct vfio_dev *dev)
{
	struct pci_dev pci;

	if (pci_list(PCI_ID_MEMORY, &pci, 1) != 1)
		SKIP(_exit(EXIT_SKIPPED), "no ivshmem");
	vfio_dev_take(_metadata, dev, &pci);
}

/* Open the device with memory and have it answer */
static void start_memory(struct __test_metadata *_metadata,
			 struct vfio_dev *dev, int iommufd)
{
	vfio_dev_open_bound(_metadata, dev, iommufd);
	vfio_dev_find_config(_metadata, dev);
	vfio_dev_map_bar(_metadata, dev, MEMORY_BAR);
	vfio_dev_enable(_metadata, dev);
}

FIXTURE_SETUP(p2p)
{
	struct rig *rig = &self->rig;

	rig_open(_metadata, rig);
	rig->ioas_id = rig_ioas(_metadata, rig);
	vfio_dev_take_edu(_metadata, &self->edu, EDU_ALONE, 0);
	take_memory(_metadata, &self->memory);
	vfio_dev_open_bound(_metadata, &self->edu, rig->fd);
	vfio_dev_start(_metadata, &self->edu);
	ASSERT_EQ(0, vfio_attach(self->edu.fd, rig->ioas_id, NULL));
	self->mem = get_memory(_metadata, SZ_4K);
	rig_map(_metadata, rig, self->mem, SZ_4K, MEM_IOVA, IOAS_MAP_RW);
}

FIXTURE_TEARDOWN(p2p)
{
	vfio_dev_give_back(_metadata, &self->edu);
	vfio_dev_give_back(_metadata, &self->memory);
	rig_close(_metadata, &self->rig);
}

static int map_bar(struct _test_data_p2p *self, __u32 flags)
{
	int rc = ioas_map_fixed(self->rig.fd, self->rig.ioas_id,
				(void *)self->memory.bar, SZ_4K, BAR_IOVA, flags);

	if (!rc)
		self->rig.mapped += SZ_4K;
	return rc;
}

static __u64 bar_word(const struct _test_data_p2p *self)
{
	return *(volatile __u64 *)self->memory.bar;
}

/* From memory into the BAR, or not */
static void device_stores(struct __test_metadata *_metadata,
			  const struct _test_data_p2p *self, __u64 value)
{
	set_u64(self->mem, value);
	EXPECT_EQ(0, edu_load(&self->edu, MEM_IOVA, sizeof(value)));
	EXPECT_EQ(0, edu_store(&self->edu, BAR_IOVA, sizeof(value)));
}

static void reaches(struct __test_metadata *_metadata,
		    const struct _test_data_p2p *self, __u64 value)
{
	device_stores(_metadata, self, value);
	EXPECT_EQ(value, bar_word(self));
}

/* Its DMA ends in a fault of the IOMMU, not at a device that happens not to answer */
static void is_blocked(struct __test_metadata *_metadata,
		       const struct _test_data_p2p *self)
{
	int log = fault_log_ready(_metadata);

	device_stores(_metadata, self, NOT_WRITTEN);
	EXPECT_TRUE(fault_logged(log, "DMA Write", BAR_IOVA));
}

static void set_decode(struct __test_metadata *_metadata,
		       const struct vfio_dev *dev, bool on)
{
	__u16 command = vfio_dev_read_config(_metadata, dev, PCI_COMMAND);

	vfio_dev_write_config(_metadata, dev, PCI_COMMAND,
			      on ? command | PCI_COMMAND_MEMORY :
				   command & ~PCI_COMMAND_MEMORY);
}

TEST_F(p2p, one_device_writes_into_anothers_BAR_until_that_is_disabled)
{
	start_memory(_metadata, &self->memory, self->rig.fd);
	ASSERT_EQ(0, map_bar(self, IOAS_MAP_RW));
	reaches(_metadata, self, 0xba51);

	set_decode(_metadata, &self->memory, false);
	is_blocked(_metadata, self);
	set_decode(_metadata, &self->memory, true);
	EXPECT_EQ(0xba51, bar_word(self));
	reaches(_metadata, self, 0xba52);

	/* and reads from it */
	*(volatile __u64 *)self->memory.bar = 0xba53;
	EXPECT_EQ(0, edu_load(&self->edu, BAR_IOVA, sizeof(__u64)));
	EXPECT_EQ(0, edu_store(&self->edu, MEM_IOVA + 64, sizeof(__u64)));
	EXPECT_EQ(0xba53, get_u64(self->mem + 64));
}

TEST_F(p2p, mapped_while_disabled_it_comes_with_the_BAR)
{
	start_memory(_metadata, &self->memory, self->rig.fd);
	set_decode(_metadata, &self->memory, false);
	ASSERT_EQ(0, map_bar(self, IOAS_MAP_RW));
	is_blocked(_metadata, self);
	set_decode(_metadata, &self->memory, true);
	reaches(_metadata, self, 0xba54);
}

TEST_F(p2p, survives_the_munmap_and_goes_with_the_unmap)
{
	start_memory(_metadata, &self->memory, self->rig.fd);
	ASSERT_EQ(0, map_bar(self, IOAS_MAP_RW));
	munmap((void *)self->memory.bar, self->memory.bar_size);
	vfio_dev_map_bar(_metadata, &self->memory, MEMORY_BAR);
	reaches(_metadata, self, 0xba55);
	rig_unmap(_metadata, &self->rig, BAR_IOVA, SZ_4K);
	is_blocked(_metadata, self);
	EXPECT_EQ(0xba55, bar_word(self));
}

TEST_F(p2p, read_only_is_not_written)
{
	start_memory(_metadata, &self->memory, self->rig.fd);
	*(volatile __u64 *)self->memory.bar = 0xba56;
	ASSERT_EQ(0, map_bar(self, IOMMU_IOAS_MAP_READABLE));
	is_blocked(_metadata, self);
	EXPECT_EQ(0xba56, bar_word(self));
}

/* A reset takes it away, and gives it back if the BAR answers after it */
TEST_F(p2p, hot_reset_of_the_device_takes_it_away)
{
	start_memory(_metadata, &self->memory, self->rig.fd);
	ASSERT_EQ(0, map_bar(self, IOAS_MAP_RW));
	reaches(_metadata, self, 0xba57);
	ASSERT_EQ(0, vfio_hot_reset(self->memory.fd, NULL, 0));
	vfio_dev_enable(_metadata, &self->memory);
	reaches(_metadata, self, 0xba58);
}

/* A transfer takes 100 ms, in which there is room for many resets: it meets one */
TEST_F(p2p, transfer_during_a_hot_reset_is_blocked)
{
	bool blocked = false;
	int i, log;

	start_memory(_metadata, &self->memory, self->rig.fd);
	ASSERT_EQ(0, map_bar(self, IOAS_MAP_RW));
	reaches(_metadata, self, 0xba5c);
	for (i = 0; i < 10 && !blocked; i++) {
		log = fault_log_ready(_metadata);
		edu_start(&self->edu, EDU_BUFFER, BAR_IOVA, sizeof(__u64),
			  EDU_DMA_TO_MEMORY);
		while (edu_is_busy(&self->edu))
			ASSERT_EQ(0, vfio_hot_reset(self->memory.fd, NULL, 0));
		blocked = fault_logged(log, "DMA Write", BAR_IOVA);
	}
	EXPECT_TRUE(blocked);
}

TEST_F(p2p, close_of_the_device_takes_it_away_for_good)
{
	start_memory(_metadata, &self->memory, self->rig.fd);
	ASSERT_EQ(0, map_bar(self, IOAS_MAP_RW));
	reaches(_metadata, self, 0xba59);

	vfio_dev_close(&self->memory);
	is_blocked(_metadata, self);
	/* also when it is bound again */
	start_memory(_metadata, &self->memory, self->rig.fd);
	is_blocked(_metadata, self);
	rig_unmap(_metadata, &self->rig, BAR_IOVA, SZ_4K);
	ASSERT_EQ(0, map_bar(self, IOAS_MAP_RW));
	reaches(_metadata, self, 0xba5a);
}

TEST_F(p2p, of_a_device_in_other_hands_is_EFAULT)
{
	int other = iommufd_open();

	ASSERT_LE(0, other);
	start_memory(_metadata, &self->memory, other);
	EXPECT_EQ(-EFAULT, map_bar(self, IOAS_MAP_RW));
	vfio_dev_close(&self->memory);
	close(other);
}

/* As a program does that knows only VFIO's container */
TEST_F(p2p, mapped_by_MAP_DMA)
{
	start_memory(_metadata, &self->memory, self->rig.fd);
	ASSERT_EQ(0, vfio_ioas_set(self->rig.fd, self->rig.ioas_id));
	ASSERT_EQ(0, vfio_map_dma(self->rig.fd, VFIO_MAP_RW,
				  (void *)self->memory.bar, SZ_4K, BAR_IOVA));
	reaches(_metadata, self, 0xba5b);
	set_decode(_metadata, &self->memory, false);
	is_blocked(_metadata, self);
	ASSERT_EQ(0, vfio_unmap_dma(self->rig.fd, 0, BAR_IOVA, SZ_4K, NULL));
	EXPECT_EQ(0, vfio_ioas_clear(self->rig.fd));
}

TEST_HARNESS_MAIN
