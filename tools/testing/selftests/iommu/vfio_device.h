/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A PCI device in the hands of a test: its driver, its file descriptors, its
 * registers. It is given back to nobody when the test ends, which waits until all
 * of it is closed.
 */
#ifndef __SELFTEST_IOMMU_VFIO_DEVICE_H
#define __SELFTEST_IOMMU_VFIO_DEVICE_H

#include <linux/pci_regs.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>

#include "common.h"
#include "pci.h"
#include "vfio_dev_ioctls.h"

/**
 * struct vfio_dev - a device
 * @pci: Which one; bound to vfio-pci
 * @group: File descriptor of its group, -1 if it was not opened
 * @fd: Of the device, -1 if it was not opened
 * @id: Of the device in its iommufd, 0 before it is bound
 * @bar: BAR 0, or the one the test asked for; NULL before
 * @bar_size: Its length
 * @config: Offset of the configuration space in @fd
 */
struct vfio_dev {
	struct pci_dev pci;
	int group;
	int fd;
	__u32 id;
	char *bar;
	__u64 bar_size;
	__u64 config;
};

/* A fixture's struct is zeros before its set-up, which may end anywhere */
static inline bool vfio_dev_is_taken(const struct vfio_dev *dev)
{
	return dev->pci.name[0];
}

/* ---- To have and to give back ---- */

static inline void vfio_dev_take(struct __test_metadata *_metadata,
				 struct vfio_dev *dev, const struct pci_dev *pci)
{
	*dev = (struct vfio_dev){ .pci = *pci, .group = -1, .fd = -1 };
	ASSERT_EQ(0, pci_bind(pci, PCI_DRIVER_VFIO)) {
		TH_LOG("%s does not bind to " PCI_DRIVER_VFIO, pci->name);
	}
}

/* The test is over in a machine without such a device, also in its set-up */
static inline void vfio_dev_take_edu(struct __test_metadata *_metadata,
				     struct vfio_dev *dev, enum edu_place place,
				     unsigned int nr)
{
	struct pci_dev pci;

	if (!edu_find(place, nr, &pci))
		SKIP(_exit(EXIT_SKIPPED), "no edu in such a place");
	vfio_dev_take(_metadata, dev, &pci);
}

static inline void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Of all that was open nothing is any more */
static inline void vfio_dev_close(struct vfio_dev *dev)
{
	if (!vfio_dev_is_taken(dev))
		return;
	if (dev->bar)
		munmap(dev->bar, dev->bar_size);
	dev->bar = NULL;
	close_fd(&dev->fd);
	close_fd(&dev->group);
	dev->id = 0;
}

static inline void vfio_dev_give_back(struct __test_metadata *_metadata,
				      struct vfio_dev *dev)
{
	if (!vfio_dev_is_taken(dev))
		return;
	vfio_dev_close(dev);
	EXPECT_EQ(0, pci_unbind(&dev->pci));
}

/* ---- Opening, in the two ways ---- */

/* The group only */
static inline void vfio_dev_open_group(struct __test_metadata *_metadata,
				       struct vfio_dev *dev)
{
	dev->group = pci_open_group(&dev->pci);
	ASSERT_LE(0, dev->group);
}

/* The device of a group that is in a container with an IOMMU */
static inline void vfio_dev_open_in_group(struct __test_metadata *_metadata,
					  struct vfio_dev *dev, int group)
{
	dev->fd = vfio_group_device(group, dev->pci.name);
	ASSERT_LE(0, dev->fd);
}

/* As long as nobody binds it, the descriptor is good for nothing */
static inline void vfio_dev_open_cdev(struct __test_metadata *_metadata,
				      struct vfio_dev *dev)
{
	dev->fd = pci_open_cdev(&dev->pci);
	ASSERT_LE(0, dev->fd) {
		TH_LOG("%s has no device file: %s", dev->pci.name,
		       strerror(-dev->fd));
	}
}

static inline void vfio_dev_open_bound(struct __test_metadata *_metadata,
				       struct vfio_dev *dev, int iommufd)
{
	vfio_dev_open_cdev(_metadata, dev);
	ASSERT_EQ(0, vfio_bind(dev->fd, iommufd, &dev->id));
	ASSERT_NE(0U, dev->id);
}

/* ---- Registers ---- */

static inline void vfio_dev_map_bar(struct __test_metadata *_metadata,
				    struct vfio_dev *dev, unsigned int bar)
{
	struct vfio_region_info info;
	void *mem;

	ASSERT_EQ(0, vfio_region_info(dev->fd, VFIO_PCI_BAR0_REGION_INDEX + bar,
				      &info));
	ASSERT_TRUE(info.flags & VFIO_REGION_INFO_FLAG_MMAP);
	mem = mmap(NULL, info.size, PROT_READ | PROT_WRITE, MAP_SHARED, dev->fd,
		   info.offset);
	ASSERT_NE(MAP_FAILED, mem);
	dev->bar = mem;
	dev->bar_size = info.size;
}

static inline void vfio_dev_find_config(struct __test_metadata *_metadata,
					struct vfio_dev *dev)
{
	struct vfio_region_info info;

	ASSERT_EQ(0, vfio_region_info(dev->fd, VFIO_PCI_CONFIG_REGION_INDEX,
				      &info));
	dev->config = info.offset;
}

static inline __u16 vfio_dev_read_config(struct __test_metadata *_metadata,
					 const struct vfio_dev *dev,
					 unsigned int offset)
{
	__u16 value = 0;

	EXPECT_EQ((ssize_t)sizeof(value), pread(dev->fd, &value, sizeof(value),
						dev->config + offset));
	return value;
}

static inline void vfio_dev_write_config(struct __test_metadata *_metadata,
					 const struct vfio_dev *dev,
					 unsigned int offset, __u16 value)
{
	EXPECT_EQ((ssize_t)sizeof(value), pwrite(dev->fd, &value, sizeof(value),
						 dev->config + offset));
}

/* Let it answer at its BARs and do DMA */
static inline void vfio_dev_enable(struct __test_metadata *_metadata,
				   const struct vfio_dev *dev)
{
	__u16 command = vfio_dev_read_config(_metadata, dev, PCI_COMMAND);

	vfio_dev_write_config(_metadata, dev, PCI_COMMAND,
			      command | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

/* Everything a driver in user space does first */
static inline void vfio_dev_start(struct __test_metadata *_metadata,
				  struct vfio_dev *dev)
{
	vfio_dev_find_config(_metadata, dev);
	vfio_dev_map_bar(_metadata, dev, 0);
	vfio_dev_enable(_metadata, dev);
}

/* ---- Interrupts ---- */

/* How often it was signalled since the last time, 0 if not within so long */
static inline __u64 eventfd_wait(int eventfd, int msec)
{
	struct pollfd poll_fd = { .fd = eventfd, .events = POLLIN };
	__u64 count = 0;

	if (poll(&poll_fd, 1, msec) == 1 &&
	    read(eventfd, &count, sizeof(count)) != sizeof(count))
		return 0;
	return count;
}

#endif
