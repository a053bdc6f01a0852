/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the mock IOMMU hooks in: IOMMU_TEST_CMD. Without CONFIG_IOMMUFD_TEST
 * none of this exists.
 */
#ifndef __IOMMUFD_TEST_H
#define __IOMMUFD_TEST_H

#include "iommufd_test.h"

struct iommufd_ucmd;
struct module;

/**
 * struct iommufd_test_ops - who answers IOMMU_TEST_CMD
 * @owner: Its module
 * @execute: Called with struct iommu_test_cmd
 */
struct iommufd_test_ops {
	struct module *owner;
	int (*execute)(struct iommufd_ucmd *ucmd);
};

int iommufd_test(struct iommufd_ucmd *ucmd);
void iommufd_test_register(const struct iommufd_test_ops *ops);
void iommufd_test_unregister(void);

#endif
