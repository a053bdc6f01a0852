// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device opened by its file, and the end of each thing it needs: of the files in
 * any order, of the process, of the driver. And its interrupts.
 */
#include "edu.h"
#include <signal.h>

#define IOVA 0x100000ULL

FIXTURE(life)
{
	struct rig rig;
	struct vfio_dev dev;
	char *mem;
};

FIXTURE_SETUP(life)
{
	rig_open(_metadata, &self->rig);
	vfio_dev_take_edu(_metadata, &self->dev, EDU_ALONE, 0);
	self->rig.ioas_id = rig_ioas(_metadata, &self->rig);
	self->mem = get_memory(_metadata, SZ_4K);
}

FIXTURE_TEARDOWN(life)
{
	vfio_dev_give_back(_metadata, &self->dev);
	rig_close(_metadata, &self->rig);
}

/* Everything a VMM does until its device does DMA */
static void start(struct __test_metadata *_metadata,
		  struct _test_data_life *self)
{
	vfio_dev_open_bound(_metadata, &self->dev, self->rig.fd);
	vfio_dev_start(_metadata, &self->dev);
	rig_map(_metadata, &self->rig, self->mem, SZ_4K, IOVA, IOAS_MAP_RW);
	ASSERT_EQ(0, vfio_attach(self->dev.fd, self->rig.ioas_id, NULL));
	expect_dma_at(_metadata, &self->dev, IOVA, self->mem);
}

static void unmap_bar(struct vfio_dev *dev)
{
	munmap(dev->bar, dev->bar_size);
	dev->bar = NULL;
}

/* ---- Files ---- */

TEST_F(life, closed_while_attached)
{
	__u32 id;

	start(_metadata, self);
	id = self->dev.id;
	vfio_dev_close(&self->dev);
	EXPECT_EQ(-ENOENT, object_destroy(self->rig.fd, id));
	rig_unmap(_metadata, &self->rig, IOVA, SZ_4K);
	rig_destroy(_metadata, &self->rig, self->rig.ioas_id);
}

/* After a cdev, the group works as if there were no cdev */
TEST_F(life, group_after_the_device_file)
{
	int container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);

	ASSERT_LE(0, container);
	start(_metadata, self);
	vfio_dev_close(&self->dev);
	vfio_dev_open_group(_metadata, &self->dev);
	ASSERT_EQ(0, vfio_group_set_container(self->dev.group, container));
	ASSERT_EQ(0, vfio_set_iommu(container, VFIO_TYPE1v2_IOMMU));
	vfio_dev_open_in_group(_metadata, &self->dev, self->dev.group);
	vfio_dev_start(_metadata, &self->dev);
	ASSERT_EQ(0, vfio_map_dma(container, VFIO_MAP_RW, self->mem, SZ_4K,
				  IOVA));
	expect_dma_at(_metadata, &self->dev, IOVA, self->mem);
	vfio_dev_close(&self->dev);
	close(container);
	vfio_dev_open_bound(_metadata, &self->dev, self->rig.fd);
}

/* The iommufd, the device and its registers; what is not closed goes on */
TEST_F(life, closing_in_any_order)
{
	static const char orders[][4] = {
		"idb", "ibd", "dib", "dbi", "bid", "bdi",
	};
	struct vfio_dev *dev = &self->dev;
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(orders); i++) {
		start(_metadata, self);
		for (j = 0; j < 3; j++) {
			if (orders[i][j] == 'i')
				close_fd(&self->rig.fd);
			else if (orders[i][j] == 'd')
				close_fd(&dev->fd);
			else
				unmap_bar(dev);
			if (dev->bar)
				expect_dma_at(_metadata, dev, IOVA, self->mem);
			if (dev->bar || dev->fd >= 0)
				EXPECT_EQ(-EBUSY, pci_open_group(&dev->pci));
		}
		EXPECT_EQ(self->rig.pinned_kb, pinned_kb()) {
			TH_LOG("order %s", orders[i]);
		}
		/* All is free again */
		rig_open(_metadata, &self->rig);
		self->rig.ioas_id = rig_ioas(_metadata, &self->rig);
	}
}

/* A child has the same files; they are closed when both have */
TEST_F(life, child_that_outlives_its_parents_files)
{
	int hold[2], status = 0;
	struct vfio_dev second;
	pid_t child;
	char byte;

	start(_metadata, self);
	second = self->dev;
	ASSERT_EQ(0, pipe(hold));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		close(hold[1]);
		if (read(hold[0], &byte, 1) == 1)
			expect_dma_at(_metadata, &self->dev, IOVA, self->mem);
		_exit(!_metadata->passed);
	}
	close(hold[0]);
	unmap_bar(&self->dev);
	close_fd(&self->dev.fd);
	second.fd = pci_open_cdev(&second.pci);
	ASSERT_LE(0, second.fd);
	EXPECT_EQ(-EINVAL, vfio_bind(second.fd, self->rig.fd, NULL));
	ASSERT_EQ(1, write(hold[1], "", 1));
	close(hold[1]);
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(0, vfio_bind(second.fd, self->rig.fd, NULL));
	close(second.fd);
}

/* What a process leaves when it is killed is nothing */
TEST_F(life, killed_process)
{
	struct vfio_dev *dev = &self->dev;
	int ready[2], fd;
	pid_t child;
	char byte;

	ASSERT_EQ(0, pipe(ready));
	child = fork();
	ASSERT_LE(0, child);
	if (!child) {
		fd = iommufd_open();
		vfio_dev_open_bound(_metadata, dev, fd);
		vfio_dev_start(_metadata, dev);
		if (!ioas_alloc(fd, &self->rig.ioas_id) &&
		    !ioas_map_fixed(fd, self->rig.ioas_id, self->mem, SZ_4K,
				    IOVA, IOAS_MAP_RW) &&
		    !vfio_attach(dev->fd, self->rig.ioas_id, NULL) &&
		    write(ready[1], "", 1) == 1)
			pause();
		_exit(1);
	}
	close(ready[1]);
	ASSERT_EQ(1, read(ready[0], &byte, 1));
	close(ready[0]);
	EXPECT_EQ(-EBUSY, pci_open_group(&dev->pci));
	ASSERT_EQ(0, kill(child, SIGKILL));
	ASSERT_EQ(child, waitpid(child, NULL, 0));
	start(_metadata, self);
}

/* ---- The driver ---- */

/* Nobody has access yet, so nobody is to be waited for */
TEST_F(life, driver_leaves_a_file_that_is_not_bound)
{
	int fd;

	vfio_dev_open_cdev(_metadata, &self->dev);
	ASSERT_EQ(0, pci_unbind(&self->dev.pci));
	EXPECT_EQ(-ENODEV, vfio_bind(self->dev.fd, self->rig.fd, NULL));
	EXPECT_EQ(-ENOENT, pci_open_cdev(&self->dev.pci));

	/* Not even if there is a device again: this is another one */
	ASSERT_EQ(0, pci_bind(&self->dev.pci, PCI_DRIVER_VFIO));
	EXPECT_EQ(-ENODEV, vfio_bind(self->dev.fd, self->rig.fd, NULL));
	fd = pci_open_cdev(&self->dev.pci);
	ASSERT_LE(0, fd);
	EXPECT_EQ(0, vfio_bind(fd, self->rig.fd, NULL));
	close(fd);
}

/* A child that takes the driver away; it ends with 0 once that has worked */
static pid_t start_unbind(struct __test_metadata *_metadata,
			  const struct vfio_dev *dev, int close_me)
{
	pid_t child = fork();

	ASSERT_LE(0, child);
	if (!child) {
		/* Neither the device, nor the memory of its registers */
		close(dev->fd);
		munmap(dev->bar, dev->bar_size);
		close(close_me);
		_exit(!!pci_unbind(&dev->pci));
	}
	return child;
}

TEST_F(life, driver_waits_for_the_device_and_asks_for_it)
{
	int asked = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), status = -1;
	struct vfio_irq_info info;
	pid_t child;

	ASSERT_LE(0, asked);
	start(_metadata, self);
	ASSERT_EQ(0, vfio_irq_info(self->dev.fd, VFIO_PCI_REQ_IRQ_INDEX,
				   &info));
	ASSERT_EQ(1U, info.count);
	ASSERT_EQ(0, vfio_set_irq(self->dev.fd, VFIO_PCI_REQ_IRQ_INDEX, asked));
	EXPECT_EQ(0ULL, eventfd_wait(asked, 0));
	child = start_unbind(_metadata, &self->dev, self->rig.fd);
	EXPECT_LT(0ULL, eventfd_wait(asked, 5000));
	EXPECT_EQ(0, waitpid(child, &status, WNOHANG));
	expect_dma_at(_metadata, &self->dev, IOVA, self->mem);
	EXPECT_EQ(0, waitpid(child, &status, WNOHANG));

	vfio_dev_close(&self->dev);
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_TRUE(pci_is_bound(&self->dev.pci, ""));
	EXPECT_EQ(-ENOENT, pci_open_cdev(&self->dev.pci));
	EXPECT_EQ(-ENOENT, pci_open_group(&self->dev.pci));
	close(asked);

	/* And it comes back */
	rig_unmap(_metadata, &self->rig, IOVA, SZ_4K);
	ASSERT_EQ(0, pci_bind(&self->dev.pci, PCI_DRIVER_VFIO));
	start(_metadata, self);
}

TEST_F(life, driver_comes_and_goes)
{
	int i;

	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, pci_unbind(&self->dev.pci));
		ASSERT_EQ(0, pci_bind(&self->dev.pci, PCI_DRIVER_VFIO));
		vfio_dev_open_bound(_metadata, &self->dev, self->rig.fd);
		vfio_dev_close(&self->dev);
	}
	start(_metadata, self);
}

/* ---- Registers and interrupts ---- */

TEST_F(life, registers_read_and_written_without_a_mapping)
{
	struct vfio_region_info info;
	__u32 value = 0x5a5a1234, back = 0;

	start(_metadata, self);
	ASSERT_EQ(0, vfio_region_info(self->dev.fd, 0, &info));
	EXPECT_EQ(4, pwrite(self->dev.fd, &value, 4, info.offset + EDU_LIVENESS));
	EXPECT_EQ(4, pread(self->dev.fd, &back, 4, info.offset + EDU_LIVENESS));
	EXPECT_EQ(~value, back);
	EXPECT_EQ(back, edu_get(&self->dev, EDU_LIVENESS));
}

TEST_F(life, registers_come_back_after_a_reset)
{
	start(_metadata, self);
	ASSERT_EQ(0, vfio_reset(self->dev.fd));
	vfio_dev_enable(_metadata, &self->dev);
	EXPECT_TRUE(edu_is_alive(&self->dev));
	expect_dma_at(_metadata, &self->dev, IOVA, self->mem);
}

/* Each time the device says so, and no more once that is switched off */
static void expect_interrupts(struct __test_metadata *_metadata,
			      const struct vfio_dev *dev, __u32 index)
{
	int eventfd_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int i;

	ASSERT_LE(0, eventfd_);
	ASSERT_EQ(0, vfio_set_irq(dev->fd, index, eventfd_));
	EXPECT_EQ(0ULL, eventfd_wait(eventfd_, 0));
	for (i = 0; i < 3; i++) {
		edu_set(dev, EDU_IRQ_RAISE, 0x80);
		EXPECT_EQ(1ULL, eventfd_wait(eventfd_, 2000));
		edu_set(dev, EDU_IRQ_ACK, 0x80);
	}
	ASSERT_EQ(0, vfio_disable_irq(dev->fd, index));
	edu_set(dev, EDU_IRQ_RAISE, 0x80);
	EXPECT_EQ(0ULL, eventfd_wait(eventfd_, 200));
	edu_set(dev, EDU_IRQ_ACK, 0x80);
	close(eventfd_);
}

TEST_F(life, message_signalled_interrupts)
{
	start(_metadata, self);
	expect_interrupts(_metadata, &self->dev, VFIO_PCI_MSI_IRQ_INDEX);
	expect_interrupts(_metadata, &self->dev, VFIO_PCI_MSI_IRQ_INDEX);
}

/* Masked each time, until user space has seen to the device */
TEST_F(life, interrupt_line)
{
	int raised = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	const __u32 index = VFIO_PCI_INTX_IRQ_INDEX;
	struct vfio_irq_info info;
	int i;

	ASSERT_LE(0, raised);
	start(_metadata, self);
	ASSERT_EQ(0, vfio_irq_info(self->dev.fd, index, &info));
	if (!info.count)
		SKIP(return, "no interrupt line");
	EXPECT_TRUE(info.flags & VFIO_IRQ_INFO_AUTOMASKED);
	ASSERT_EQ(0, vfio_set_irq(self->dev.fd, index, raised));
	for (i = 0; i < 3; i++) {
		edu_set(&self->dev, EDU_IRQ_RAISE, 1);
		EXPECT_EQ(1ULL, eventfd_wait(raised, 2000));
		EXPECT_EQ(0ULL, eventfd_wait(raised, 50));
		edu_set(&self->dev, EDU_IRQ_ACK, 1);
		ASSERT_EQ(0, vfio_unmask_irq(self->dev.fd, index));
	}
	ASSERT_EQ(0, vfio_disable_irq(self->dev.fd, index));
	close(raised);
}

/* An MSI is a write that no table of user space translates */
TEST_F(life, interrupts_while_not_attached)
{
	start(_metadata, self);
	ASSERT_EQ(0, vfio_detach(self->dev.fd));
	expect_interrupts(_metadata, &self->dev, VFIO_PCI_MSI_IRQ_INDEX);
}

TEST_F(life, interrupt_of_a_transfer)
{
	int done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	ASSERT_LE(0, done);
	start(_metadata, self);
	ASSERT_EQ(0, vfio_set_irq(self->dev.fd, VFIO_PCI_MSI_IRQ_INDEX, done));
	EXPECT_EQ(0, edu_dma(&self->dev, IOVA, EDU_BUFFER, 8, EDU_DMA_IRQ));
	EXPECT_EQ(1ULL, eventfd_wait(done, 2000));
	edu_set(&self->dev, EDU_IRQ_ACK, edu_get(&self->dev, EDU_IRQ_STATUS));
	close(done);
}

TEST_HARNESS_MAIN
