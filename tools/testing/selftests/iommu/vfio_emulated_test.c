// SPDX-License-Identifier: GPL-2.0-only
/*
 * An emulated device, drivers/vfio/vfio_test.c: its driver reads, writes and pins what
 * is mapped, whichever way the device was opened.
 */
#include "common.h"
#include "pci.h"
#include "vfio_dev_ioctls.h"

#include "../../../../drivers/vfio/vfio_test.h"

#define DEVICE	"/sys/devices/platform/vfio-test"
#define IOVA	0x10000000ULL
#define PAGES	4
#define WRITE	VFIO_TEST_PIN_WRITE

enum way {
	TYPE1,		/* its group in a container */
	GROUP,		/* its group, with an iommufd for a container */
	NODE,		/* its own node, bound to an iommufd */
};

/**
 * struct device - the device, and where memory is mapped for it
 * @way: How it was opened
 * @container: Of VFIO or an iommufd
 * @group: -1 if it was opened by its node
 * @fd: The device
 * @id: Of the device, for a node
 * @ioas: Where it is attached, for a node
 */
struct device {
	enum way way;
	int container;
	int group;
	int fd;
	__u32 id;
	__u32 ioas;
};

static void need_driver(struct __test_metadata *_metadata)
{
	if (access(DEVICE, F_OK))
		SKIP(_exit(EXIT_SKIPPED), "no driver vfio_test");
}

static int open_device_group(void)
{
	char number[16], path[64];
	int fd;

	sysfs_link(DEVICE "/iommu_group", number, sizeof(number));
	snprintf(path, sizeof(path), "/dev/vfio/%s", number);
	fd = open(path, O_RDWR | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static void open_by_group(struct __test_metadata *_metadata, struct device *dev)
{
	dev->group = open_device_group();
	ASSERT_LE(0, dev->group);
	ASSERT_EQ(0, vfio_group_set_container(dev->group, dev->container));
	ASSERT_EQ(0, vfio_set_iommu(dev->container, VFIO_TYPE1v2_IOMMU));
	dev->fd = vfio_group_device(dev->group, "vfio-test");
	ASSERT_LE(0, dev->fd);
}

static void open_by_node(struct __test_metadata *_metadata, struct device *dev)
{
	__u32 id = 0;

	dev->fd = vfio_open_cdev(DEVICE);
	ASSERT_LE(0, dev->fd);
	ASSERT_EQ(0, vfio_bind(dev->fd, dev->container, &dev->id));
	ASSERT_EQ(0, ioas_alloc(dev->container, &dev->ioas));
	ASSERT_EQ(0, vfio_attach(dev->fd, dev->ioas, &id));
	ASSERT_EQ(dev->ioas, id);
}

static int map(const struct device *dev, const void *mem, __u64 iova, bool write)
{
	size_t length = PAGES * page_size();

	if (dev->way == NODE)
		return ioas_map_fixed(dev->container, dev->ioas, mem, length,
				      iova,
				      write ? IOAS_MAP_RW : IOMMU_IOAS_MAP_READABLE);
	return vfio_map_dma(dev->container, write ? VFIO_MAP_RW : VFIO_MAP_RO,
			    mem, length, iova);
}

static int unmap(const struct device *dev, __u64 iova)
{
	size_t length = PAGES * page_size();

	if (dev->way == NODE)
		return ioas_unmap(dev->container, dev->ioas, iova, length, NULL);
	return vfio_unmap_dma(dev->container, 0, iova, length, NULL);
}

static int device_pin(const struct device *dev, __u64 iova, __u32 npage,
		      __u32 flags, __u64 *first)
{
	struct vfio_test_pin arg = {
		.iova = iova, .npage = npage, .flags = flags,
	};
	int rc = vfio_ioctl(dev->fd, VFIO_TEST_PIN, &arg);

	if (!rc && first)
		*first = arg.first;
	return rc;
}

static int device_unpin(const struct device *dev, __u64 iova)
{
	struct vfio_test_pin arg = { .iova = iova };

	return vfio_ioctl(dev->fd, VFIO_TEST_UNPIN, &arg);
}

static struct vfio_test_state device_state(const struct device *dev)
{
	struct vfio_test_state state = { .pins = ~0U };

	vfio_ioctl(dev->fd, VFIO_TEST_STATE, &state);
	return state;
}

static __u64 device_read(const struct device *dev, __u64 iova)
{
	__u64 value = 0;
	ssize_t got = pread(dev->fd, &value, sizeof(value), iova);

	return got == sizeof(value) ? value : (__u64)(got < 0 ? -errno : -EIO);
}

static int device_write(const struct device *dev, __u64 iova, __u64 value)
{
	ssize_t got = pwrite(dev->fd, &value, sizeof(value), iova);

	return got == sizeof(value) ? 0 : got < 0 ? -errno : -EIO;
}

FIXTURE(emulated)
{
	struct device dev;
	char *mem;
};

FIXTURE_VARIANT(emulated)
{
	enum way way;
};

FIXTURE_VARIANT_ADD(emulated, type1) { .way = TYPE1 };
FIXTURE_VARIANT_ADD(emulated, group) { .way = GROUP };
FIXTURE_VARIANT_ADD(emulated, node) { .way = NODE };

FIXTURE_SETUP(emulated)
{
	struct device *dev = &self->dev;
	unsigned int i;

	need_driver(_metadata);
	self->mem = get_memory(_metadata, PAGES * page_size());
	for (i = 0; i < PAGES; i++)
		set_u64(self->mem + i * page_size(), 0xe000 + i);

	*dev = (struct device){ .way = variant->way, .group = -1, .fd = -1 };
	dev->container = open(dev->way == TYPE1 ? "/dev/vfio/vfio" : "/dev/iommu",
			      O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, dev->container);
	if (dev->way == NODE)
		open_by_node(_metadata, dev);
	else
		open_by_group(_metadata, dev);
}

FIXTURE_TEARDOWN(emulated)
{
	close(self->dev.fd);
	if (self->dev.group >= 0)
		close(self->dev.group);
	close(self->dev.container);
	munmap(self->mem, PAGES * page_size());
}

TEST_F(emulated, reads_and_writes_what_is_mapped)
{
	__u64 page = page_size();

	ASSERT_EQ(0, map(&self->dev, self->mem, IOVA, true));
	EXPECT_EQ(0xe001, device_read(&self->dev, IOVA + page));
	EXPECT_EQ(0, device_write(&self->dev, IOVA + page, 77));
	EXPECT_EQ(77, get_u64(self->mem + page));
	/* across two pages */
	EXPECT_EQ(0, device_write(&self->dev, IOVA + 2 * page - 4,
				  0x1111111122222222ULL));
	EXPECT_EQ(0x1111111122222222ULL, get_u64(self->mem + 2 * page - 4));

	ASSERT_EQ(0, unmap(&self->dev, IOVA));
	EXPECT_GT(0, (int)device_read(&self->dev, IOVA + page));
	EXPECT_GT(0, device_write(&self->dev, IOVA + page, 78));
	EXPECT_EQ(77, get_u64(self->mem + page));
}

TEST_F(emulated, what_is_read_only_is_not_written)
{
	ASSERT_EQ(0, map(&self->dev, self->mem, IOVA, false));
	EXPECT_EQ(0xe000, device_read(&self->dev, IOVA));
	EXPECT_EQ(-EPERM, device_write(&self->dev, IOVA, 1));
	EXPECT_GT(0, device_pin(&self->dev, IOVA, 1, WRITE, NULL));
	EXPECT_EQ(0xe000, get_u64(self->mem));
	EXPECT_EQ(0, device_pin(&self->dev, IOVA, 1, 0, NULL));
}

TEST_F(emulated, pins_by_pages)
{
	__u64 page = page_size(), first = 0;

	ASSERT_EQ(0, map(&self->dev, self->mem, IOVA, true));
	/* what is not the first byte of a page means the page */
	EXPECT_EQ(0, device_pin(&self->dev, IOVA + page + 8, 2, WRITE, &first));
	EXPECT_EQ(0xe001, first);
	EXPECT_EQ(0, device_pin(&self->dev, IOVA, 1, 0, &first));
	EXPECT_EQ(0xe000, first);
	EXPECT_EQ(2, device_state(&self->dev).pins);
	EXPECT_EQ(0, device_unpin(&self->dev, IOVA + page));
	EXPECT_EQ(1, device_state(&self->dev).pins);

	EXPECT_GT(0, device_pin(&self->dev, IOVA + PAGES * page, 1, 0, NULL));
	EXPECT_GT(0, device_pin(&self->dev, IOVA, PAGES + 1, 0, NULL));
	EXPECT_EQ(1, device_state(&self->dev).pins);
}

/* Drivers count pages, not calls */
TEST_F(emulated, pins_one_by_one_and_unpins_at_once_or_the_other_way)
{
	__u64 page = page_size();
	int i;

	ASSERT_EQ(0, map(&self->dev, self->mem, IOVA, true));
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(0, device_pin(&self->dev, IOVA, PAGES,
					WRITE | VFIO_TEST_PIN_SINGLY, NULL));
		EXPECT_EQ(0, device_unpin(&self->dev, IOVA));
		EXPECT_EQ(0, device_pin(&self->dev, IOVA, PAGES, WRITE, NULL));
		EXPECT_EQ(0, device_unpin(&self->dev, IOVA));
	}
	/* a failure in the middle leaves nothing pinned */
	EXPECT_GT(0, device_pin(&self->dev, IOVA + page, PAGES, WRITE, NULL));
	EXPECT_GT(0, device_pin(&self->dev, IOVA + page, PAGES,
				WRITE | VFIO_TEST_PIN_SINGLY, NULL));
	EXPECT_EQ(0, unmap(&self->dev, IOVA));
}

TEST_F(emulated, unmap_takes_the_pins)
{
	struct vfio_test_state state;
	__u64 page = page_size();

	ASSERT_EQ(0, map(&self->dev, self->mem, IOVA, true));
	ASSERT_EQ(0, map(&self->dev, self->mem, 2 * IOVA, true));
	ASSERT_EQ(0, device_pin(&self->dev, IOVA + page, 2, WRITE, NULL));
	ASSERT_EQ(0, device_pin(&self->dev, 2 * IOVA, 1, WRITE, NULL));
	ASSERT_EQ(0, unmap(&self->dev, IOVA));
	state = device_state(&self->dev);
	EXPECT_EQ(1, state.pins);
	EXPECT_LE(1, state.unmaps);
	EXPECT_EQ(IOVA, state.last_iova);
	EXPECT_EQ(PAGES * page, state.last_length);
}

/* The pins are the driver's to drop, and it does when the device is closed */
TEST_F(emulated, close_with_pins)
{
	ASSERT_EQ(0, map(&self->dev, self->mem, IOVA, true));
	ASSERT_EQ(0, device_pin(&self->dev, IOVA, PAGES, WRITE, NULL));
}

/* ---- Only by its own node ---- */

FIXTURE(emulated_node)
{
	struct device dev;
	char *mem;
};

FIXTURE_SETUP(emulated_node)
{
	struct device *dev = &self->dev;

	need_driver(_metadata);
	self->mem = get_memory(_metadata, 2 * PAGES * page_size());
	set_u64(self->mem, 0xa);
	set_u64(self->mem + PAGES * page_size(), 0xb);
	*dev = (struct device){ .way = NODE, .group = -1, .fd = -1 };
	dev->container = iommufd_open();
	ASSERT_LE(0, dev->container);
	open_by_node(_metadata, dev);
	ASSERT_EQ(0, map(dev, self->mem, IOVA, true));
}

FIXTURE_TEARDOWN(emulated_node)
{
	close(self->dev.fd);
	close(self->dev.container);
	munmap(self->mem, 2 * PAGES * page_size());
}

TEST_F(emulated_node, detach_takes_the_pins_where_they_are)
{
	struct device *dev = &self->dev;
	struct vfio_test_state state;

	ASSERT_EQ(0, map(dev, self->mem, 2 * IOVA, true));
	ASSERT_EQ(0, device_pin(dev, 2 * IOVA, 1, WRITE, NULL));
	ASSERT_EQ(0, vfio_detach(dev->fd));
	state = device_state(dev);
	EXPECT_EQ(0, state.pins);
	/* and not by the page over the whole of the space */
	EXPECT_EQ(1, state.unmaps);
	EXPECT_EQ(2 * IOVA, state.last_iova);
	EXPECT_EQ(PAGES * page_size(), state.last_length);

	EXPECT_EQ(-ENOENT, device_write(dev, IOVA, 1));
	EXPECT_EQ(-ENOENT, device_pin(dev, IOVA, 1, WRITE, NULL));
	EXPECT_EQ(0, vfio_detach(dev->fd));
	EXPECT_EQ(0, vfio_attach(dev->fd, dev->ioas, NULL));
	EXPECT_EQ(0xa, device_read(dev, IOVA));
}

TEST_F(emulated_node, attach_again_moves_it)
{
	struct device *dev = &self->dev;
	__u32 other;

	ASSERT_EQ(0, ioas_alloc(dev->container, &other));
	ASSERT_EQ(0, ioas_map_fixed(dev->container, other,
				    self->mem + PAGES * page_size(),
				    page_size(), IOVA, IOAS_MAP_RW));
	ASSERT_EQ(0, device_pin(dev, IOVA, 1, WRITE, NULL));
	EXPECT_EQ(0, vfio_attach(dev->fd, other, NULL));
	EXPECT_EQ(0, device_state(dev).pins);
	EXPECT_EQ(0xb, device_read(dev, IOVA));

	/* one that fails leaves it where it is */
	EXPECT_EQ(-ENOENT, vfio_attach(dev->fd, 0xfffe, NULL));
	EXPECT_EQ(-ENOENT, vfio_attach(dev->fd, dev->id, NULL));
	EXPECT_EQ(0xb, device_read(dev, IOVA));
	EXPECT_EQ(-EBUSY, object_destroy(dev->container, other));
}

TEST_F(emulated_node, its_id_is_no_devices)
{
	__u32 hwpt_id;

	EXPECT_EQ(-ENOENT, hwpt_alloc(self->dev.container, self->dev.id,
				      self->dev.ioas, 0, &hwpt_id));
	EXPECT_EQ(-EBUSY, object_destroy(self->dev.container, self->dev.id));
}

TEST_HARNESS_MAIN
