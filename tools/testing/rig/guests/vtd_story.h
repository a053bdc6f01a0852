/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RIG_VTD_STORY_H
#define RIG_VTD_STORY_H

/*
 * The steps in which VT-d hardware, as QEMU emulates it, walks a guest's table. A
 * machine whose IOMMU does not nest is told so in a step that holds.
 */
void vtd_story(void);

#endif
