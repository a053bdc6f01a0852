/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RIG_PCI_STORY_H
#define RIG_PCI_STORY_H

/*
 * The steps with real PCI devices: one that does DMA through an IOAS, also into the
 * BAR of another one. A machine without them is told so in a step that holds.
 */
void pci_story(void);

#endif
