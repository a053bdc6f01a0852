/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * FIXTURE(mates): two devices on a bus and in a group, below a bridge or as functions
 * of one device. Both are given to VFIO, and neither is open.
 */
#ifndef __SELFTEST_IOMMU_VFIO_MATES_H
#define __SELFTEST_IOMMU_VFIO_MATES_H

#include "edu.h"

FIXTURE(mates)
{
	struct rig rig;
	struct vfio_dev dev[2];
};

FIXTURE_VARIANT(mates)
{
	enum edu_place place;
};

FIXTURE_VARIANT_ADD(mates, bridge)
{
	.place = EDU_BRIDGE,
};

FIXTURE_VARIANT_ADD(mates, functions)
{
	.place = EDU_PAIR,
};

FIXTURE_SETUP(mates)
{
	rig_open(_metadata, &self->rig);
	vfio_dev_take_edu(_metadata, &self->dev[0], variant->place, 0);
	vfio_dev_take_edu(_metadata, &self->dev[1], variant->place, 1);
}

FIXTURE_TEARDOWN(mates)
{
	vfio_dev_give_back(_metadata, &self->dev[0]);
	vfio_dev_give_back(_metadata, &self->dev[1]);
	rig_close(_metadata, &self->rig);
}

#endif
