/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The PCI devices of the machine, through sysfs: which there are, their groups,
 * their drivers.
 *
 * Functions that return an int return 0 or a negative errno unless said otherwise.
 */
#ifndef __SELFTEST_IOMMU_PCI_H
#define __SELFTEST_IOMMU_PCI_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PCI_SYSFS	"/sys/bus/pci"
#define PCI_MAX		64

/* Vendor << 16 | device */
#define PCI_ID_EDU	0x123411e8U
#define PCI_ID_MEMORY	0x1af41110U
#define PCI_ID_NVME	0x1b360010U

/**
 * struct pci_dev - a PCI device
 * @name: As in sysfs, 0000:01:02.3
 * @id: One of PCI_ID_*, or another
 * @group: Number of its IOMMU group; -1: it has none
 */
struct pci_dev {
	char name[16];
	unsigned int id;
	int group;
};

/* ---- Files of sysfs ---- */

static inline int sysfs_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), rc = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		rc = -errno;
	close(fd);
	return rc;
}

/* The first line, without its end; returns its length or a negative errno */
static inline int sysfs_read(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len;

	if (fd < 0)
		return -errno;
	len = read(fd, text, size - 1);
	if (len < 0)
		len = -errno;
	close(fd);
	text[len < 0 ? 0 : len] = 0;
	text[strcspn(text, "\n")] = 0;
	return len < 0 ? len : (int)strlen(text);
}

/* A name that has more bytes than fit is none of those looked for */
static inline void copy_name(char *to, size_t size, const char *name)
{
	size_t len = strnlen(name, size - 1);

	memcpy(to, name, len);
	to[len] = 0;
}

/* The last part of what a link points to, empty if there is no link */
static inline void sysfs_link(const char *path, char *text, size_t size)
{
	char target[PATH_MAX];
	ssize_t len = readlink(path, target, sizeof(target) - 1);
	const char *last;

	target[len < 0 ? 0 : len] = 0;
	last = strrchr(target, '/');
	copy_name(text, size, last ? last + 1 : target);
}

static inline void pci_path(const struct pci_dev *dev, const char *file,
			    char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, PCI_SYSFS "/devices/%s/%s", dev->name, file);
}

static inline int pci_write(const struct pci_dev *dev, const char *file,
			    const char *text)
{
	char path[PATH_MAX];

	pci_path(dev, file, path);
	return sysfs_write(path, text);
}

static inline unsigned int pci_read_hex(const struct pci_dev *dev,
					const char *file)
{
	char path[PATH_MAX], text[32];

	pci_path(dev, file, path);
	if (sysfs_read(path, text, sizeof(text)) < 0)
		return 0;
	return strtoul(text, NULL, 16);
}

/* ---- Finding devices ---- */

/* The device of that name, if there is one */
static inline bool pci_get(const char *name, struct pci_dev *dev)
{
	char path[PATH_MAX], group[16];

	copy_name(dev->name, sizeof(dev->name), name);
	dev->id = pci_read_hex(dev, "vendor") << 16 | pci_read_hex(dev, "device");
	pci_path(dev, "iommu_group", path);
	sysfs_link(path, group, sizeof(group));
	dev->group = group[0] ? atoi(group) : -1;
	return dev->id;
}

/* Those of an ID, or all if it is 0, by address; returns how many there are */
static inline unsigned int pci_list(unsigned int id, struct pci_dev *devs,
				    unsigned int max)
{
	struct dirent **names;
	unsigned int n = 0;
	int i, count;

	count = scandir(PCI_SYSFS "/devices", &names, NULL, alphasort);
	for (i = 0; i < count; i++) {
		if (names[i]->d_name[0] != '.' && n < max &&
		    pci_get(names[i]->d_name, &devs[n]) &&
		    (!id || devs[n].id == id))
			n++;
		free(names[i]);
	}
	if (count >= 0)
		free(names);
	return n;
}

/* Where an edu is; see tools/testing/rig/machine */
enum edu_place {
	EDU_ALONE,	/* in a group of its own */
	EDU_BRIDGE,	/* behind a PCI bridge, one table for all there */
	EDU_PAIR,	/* a function of several, a table for each */
};

static inline enum edu_place edu_place(const struct pci_dev *devs,
				       unsigned int n, const struct pci_dev *dev)
{
	const size_t slot = strlen("0000:01:02");
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (&devs[i] == dev || devs[i].group != dev->group)
			continue;
		return strncmp(devs[i].name, dev->name, slot) ? EDU_BRIDGE :
								EDU_PAIR;
	}
	return EDU_ALONE;
}

/* Number nr of those there */
static inline bool edu_find(enum edu_place place, unsigned int nr,
			    struct pci_dev *dev)
{
	struct pci_dev devs[PCI_MAX];
	unsigned int i, n = pci_list(PCI_ID_EDU, devs, PCI_MAX);

	for (i = 0; i < n; i++) {
		if (devs[i].group < 0 ||
		    edu_place(devs, n, &devs[i]) != place || nr--)
			continue;
		*dev = devs[i];
		return true;
	}
	return false;
}

/* ---- Drivers ---- */

#define PCI_DRIVER_VFIO "vfio-pci"
/* Does nothing, but the kernel may do DMA to what it has */
#define PCI_DRIVER_STUB "pci-pf-stub"

/* Empty if it has none */
static inline void pci_driver(const struct pci_dev *dev, char name[32])
{
	char path[PATH_MAX];

	pci_path(dev, "driver", path);
	sysfs_link(path, name, 32);
}

static inline bool pci_is_bound(const struct pci_dev *dev, const char *driver)
{
	char now[32];

	pci_driver(dev, now);
	return !strcmp(now, driver);
}

/* Waits until nobody has the device open */
static inline int pci_unbind(const struct pci_dev *dev)
{
	int rc;

	pci_write(dev, "driver_override", "\n");
	if (pci_is_bound(dev, ""))
		return 0;
	rc = pci_write(dev, "driver/unbind", dev->name);
	/* somebody was faster */
	return rc == -ENOENT ? 0 : rc;
}

static inline int pci_bind(const struct pci_dev *dev, const char *driver)
{
	int rc;

	if (pci_is_bound(dev, driver))
		return 0;
	rc = pci_unbind(dev);
	if (!rc)
		rc = pci_write(dev, "driver_override", driver);
	if (!rc)
		rc = sysfs_write(PCI_SYSFS "/drivers_probe", dev->name);
	if (!rc && !pci_is_bound(dev, driver))
		rc = -ENODEV;
	return rc;
}

/* ---- Its files for VFIO ---- */

/* A file descriptor or a negative errno */
static inline int pci_open_group(const struct pci_dev *dev)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "/dev/vfio/%d", dev->group);
	fd = open(path, O_RDWR | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* The only entry of the directory vfio-dev below a device of any bus */
static inline int vfio_cdev_name(const char *device, char *name, size_t size)
{
	char path[PATH_MAX + 16];
	struct dirent *entry;
	int rc = -ENOENT;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/vfio-dev", device);
	dir = opendir(path);
	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		if (strncmp(entry->d_name, "vfio", 4))
			continue;
		copy_name(name, size, entry->d_name);
		rc = 0;
	}
	closedir(dir);
	return rc;
}

static inline int vfio_open_cdev(const char *device)
{
	char name[32], path[PATH_MAX];
	int rc = vfio_cdev_name(device, name, sizeof(name));
	int fd;

	if (rc)
		return rc;
	snprintf(path, sizeof(path), "/dev/vfio/devices/%s", name);
	fd = open(path, O_RDWR | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static inline int pci_open_cdev(const struct pci_dev *dev)
{
	char path[PATH_MAX];

	pci_path(dev, "", path);
	return vfio_open_cdev(path);
}

#endif
