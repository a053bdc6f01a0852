/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Registers of the DMA test device of our emulator (-device dma-test): a PCI
 * Express endpoint with PASID and ATS that does what a command says before the
 * write of the command returns.
 *
 * All are little endian, in BAR 0, to be accessed 4 or (the 64-bit ones) 8 bytes
 * at a time. DMA needs bus mastering.
 */
#ifndef DMA_TEST_H
#define DMA_TEST_H

#define DMA_TEST_VENDOR		0x1234
#define DMA_TEST_DEVICE		0x11ea
#define DMA_TEST_BAR_SIZE	0x2000

#define DMA_TEST_MAGIC		0x00	/* u32, read only */
#define  DMA_TEST_MAGIC_VALUE	0x544d4144

#define DMA_TEST_STATUS		0x04	/* u32, read only: of the last command */
#define  DMA_TEST_DONE		0
#define  DMA_TEST_REFUSED	1	/* by the IOMMU; some of it may be done */
#define  DMA_TEST_BAD		2	/* no such command, or not enabled */

#define DMA_TEST_ADDR		0x08	/* u64 */

#define DMA_TEST_PASID		0x10	/* u32 */
#define  DMA_TEST_PASID_MASK	0xfffff
#define  DMA_TEST_PRIVILEGED	0x40000000	/* with a PASID only */
#define  DMA_TEST_TAGGED	0x80000000	/* send with the PASID */

#define DMA_TEST_LEN		0x14	/* u32, 1 to 4096 bytes */

#define DMA_TEST_CMD		0x18	/* u32: a write runs it */
#define  DMA_TEST_READ		1	/* memory to buffer */
#define  DMA_TEST_WRITE		2	/* buffer to memory */
#define  DMA_TEST_TRANSLATE	3	/* ask for a translation, and keep it */
#define  DMA_TEST_FORGET	4	/* drop all that was kept */
#define  DMA_TEST_BY_ATS	0x100	/* READ and WRITE by the device TLB */

#define DMA_TEST_TLB_ENTRIES	0x1c	/* u32, read only */
#define DMA_TEST_TRANSLATED	0x20	/* u64, read only: last translation */
#define DMA_TEST_PERM		0x28	/* u32, read only: its rights and size */
#define  DMA_TEST_PERM_READ	1
#define  DMA_TEST_PERM_WRITE	2
#define  DMA_TEST_PERM_SHIFT	8	/* log2 of the bytes it is valid for */
#define DMA_TEST_INVALIDATIONS	0x2c	/* u32, read only: since reset */

#define DMA_TEST_BUFFER		0x1000
#define DMA_TEST_BUFFER_SIZE	0x1000

#endif
