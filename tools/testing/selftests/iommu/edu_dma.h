/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * QEMU's edu device, by the BAR of its registers, and what the kernel says when its
 * DMA is blocked. Nothing here needs a test harness.
 */
#ifndef __SELFTEST_IOMMU_EDU_DMA_H
#define __SELFTEST_IOMMU_EDU_DMA_H

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <linux/types.h>

#define EDU_ID			0x00
#define EDU_LIVENESS		0x04
#define EDU_IRQ_STATUS		0x24
#define EDU_IRQ_RAISE		0x60
#define EDU_IRQ_ACK		0x64
#define EDU_DMA_SRC		0x80
#define EDU_DMA_DST		0x88
#define EDU_DMA_COUNT		0x90
#define EDU_DMA_CMD		0x98

#define EDU_DMA_START		1U
#define EDU_DMA_TO_MEMORY	2U
#define EDU_DMA_IRQ		4U

/* Its buffer, in the addresses of its DMA */
#define EDU_BUFFER		0x40000U

/* A transfer takes 100 ms */
#define EDU_DMA_MSEC		5000

/* ---- Registers ---- */

static inline __u32 edu_bar_get(volatile void *bar, unsigned int reg)
{
	return __atomic_load_n((__u32 *)(bar + reg), __ATOMIC_ACQUIRE);
}

static inline void edu_bar_set(volatile void *bar, unsigned int reg, __u32 value)
{
	__atomic_store_n((__u32 *)(bar + reg), value, __ATOMIC_RELEASE);
}

static inline void edu_bar_set64(volatile void *bar, unsigned int reg,
				 __u64 value)
{
	__atomic_store_n((__u64 *)(bar + reg), value, __ATOMIC_RELEASE);
}

/* ---- DMA ---- */

/* 0 once the transfer has ended, in whatever way, or -ETIMEDOUT */
static inline int edu_bar_wait(volatile void *bar)
{
	unsigned int msec;

	for (msec = 0; msec < EDU_DMA_MSEC; msec++) {
		if (!(edu_bar_get(bar, EDU_DMA_CMD) & EDU_DMA_START))
			return 0;
		usleep(1000);
	}
	return -ETIMEDOUT;
}

static inline void edu_bar_start(volatile void *bar, __u64 src, __u64 dst,
				 __u32 length, __u32 flags)
{
	edu_bar_set64(bar, EDU_DMA_SRC, src);
	edu_bar_set64(bar, EDU_DMA_DST, dst);
	edu_bar_set64(bar, EDU_DMA_COUNT, length);
	edu_bar_set64(bar, EDU_DMA_CMD, flags | EDU_DMA_START);
}

static inline int edu_bar_dma(volatile void *bar, __u64 src, __u64 dst,
			      __u32 length, __u32 flags)
{
	edu_bar_start(bar, src, dst, length, flags);
	return edu_bar_wait(bar);
}

/* The device reads memory into its buffer */
static inline int edu_bar_load(volatile void *bar, __u64 iova, __u32 length)
{
	return edu_bar_dma(bar, iova, EDU_BUFFER, length, 0);
}

/* The device writes its buffer to memory */
static inline int edu_bar_store(volatile void *bar, __u64 iova, __u32 length)
{
	return edu_bar_dma(bar, EDU_BUFFER, iova, length, EDU_DMA_TO_MEMORY);
}

/* ---- What the kernel says of a blocked DMA, in /dev/kmsg ---- */

/* One message and when it was printed; false if there is none */
static inline bool fault_log_read(int log, char *text, size_t size,
				  unsigned long long *usec)
{
	char record[2048], *message;
	ssize_t len;

	do {
		len = read(log, record, sizeof(record) - 1);
	} while (len < 0 && errno == EPIPE);
	if (len <= 0)
		return false;
	record[len] = 0;
	message = strchr(record, ';');
	if (!message || sscanf(record, "%*u,%*u,%llu,", usec) != 1)
		return false;
	snprintf(text, size, "%s", message + 1);
	return true;
}

/* Has the kernel printed that such a DMA was blocked? Closes the log. */
static inline bool fault_logged(int log, const char *access, __u64 iova)
{
	unsigned long long usec;
	unsigned int msec;
	char text[256], addr[64];
	bool found = false;

	snprintf(addr, sizeof(addr), "fault addr 0x%llx ",
		 iova & ~0xfffULL);
	for (msec = 0; !found && msec < 2000; msec += 10) {
		while (!found && fault_log_read(log, text, sizeof(text), &usec))
			found = strstr(text, access) && strstr(text, addr);
		if (!found)
			usleep(10000);
	}
	close(log);
	return found;
}

#endif
