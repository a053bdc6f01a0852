/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RIG_DEVICE_H
#define RIG_DEVICE_H

#include <stdbool.h>
#include <linux/types.h>

#include "../../selftests/iommu/ioctls.h"

/**
 * struct device - the mock device of the story
 * @fd: /dev/iommu
 * @ids: Its IDs there
 */
struct device {
	int fd;
	struct mock_dev ids;
};

/* Have the device read at @iova: it must get through and see @want */
void device_sees(const struct device *device, __u64 iova, const char *want);

/* Have the device write @text at @iova: it must get through */
void device_writes(const struct device *device, __u64 iova, const char *text);

/*
 * Have the device read (or write) at @iova: it must be blocked before the first
 * byte, by @stage and for @reason. Return: where, for the caller to judge.
 */
struct mock_dma device_is_blocked(const struct device *device, bool write,
				  __u64 iova, unsigned int stage,
				  enum mock_dma_fault reason);

#endif
