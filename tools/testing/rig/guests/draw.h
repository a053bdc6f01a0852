/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RIG_DRAW_H
#define RIG_DRAW_H

#include <linux/types.h>

#include "guest_table.h"

/*
 * Draw the walk from @iova to memory, from the table of level @first (4 to 1,
 * 0 for the page alone) on: at the left stage 1's tables with the entries
 * @iova selects, at the right where stage 2 finds each of them. Ends early at
 * what either stage does not map.
 *
 * The picture shows what lies in memory; what the device made of it has to be
 * asked of the device.
 */
void draw_walk(const struct guest_table *table, __u64 iova, int first);

#endif
