/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Letting others run. User space chooses how long the loops over its memory are, and
 * most often it is one turn: too short for the call that cond_resched() is.
 */
#ifndef __IOMMUFD_RELAX_H
#define __IOMMUFD_RELAX_H

#include <linux/sched.h>

static __always_inline void relax(void)
{
	if (need_resched())
		cond_resched();
}

#endif
