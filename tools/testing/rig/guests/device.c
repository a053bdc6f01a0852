// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "device.h"
#include "guest_table.h"
#include "say.h"

static const char *reason_text(unsigned int reason)
{
	static const char *const texts[] = {
		[MOCK_DMA_FAULT_NONE] = "nothing blocked it",
		[MOCK_DMA_FAULT_BLOCKED] = "device detached",
		[MOCK_DMA_FAULT_ADDRESS] = "address too wide",
		[MOCK_DMA_FAULT_NOT_PRESENT] = "not present",
		[MOCK_DMA_FAULT_PERMISSION] = "no permission",
		[MOCK_DMA_FAULT_RESERVED] = "reserved bit set",
	};

	if (reason <= MOCK_DMA_FAULT_RESERVED)
		return texts[reason];
	return "unknown reason";
}

static void describe(const struct mock_dma *dma, char *text, size_t length)
{
	char where[32];

	if (dma->reason == MOCK_DMA_FAULT_NONE) {
		snprintf(text, length, "no fault, %llu bytes transferred",
			 dma->length);
		return;
	}
	if (!dma->stage) {
		snprintf(text, length, "blocked: %s", reason_text(dma->reason));
		return;
	}
	snprintf(where, sizeof(where), "in the level-%u table", dma->level);
	snprintf(text, length, "blocked by stage %u: %s, at %s %s, %s",
		 dma->stage, reason_text(dma->reason),
		 dma->stage == 1 ? "IOVA" : "GPA",
		 dma->stage == 1 ? iova_text(dma->addr) : gpa_text(dma->addr),
		 dma->level ? where : "the page itself");
}

static struct mock_dma dma(const struct device *device, bool write, __u64 iova,
			   char *text)
{
	struct mock_dma result = { 0 };

	asked("IOMMU_TEST_OP_DEV_DMA", "%s %d bytes at IOVA %s",
	      write ? "write" : "read", GUEST_TEXT_LENGTH, iova_text(iova));
	expect_errno(0, mock_dma(device->fd, device->ids.stdev_id,
				 write ? MOCK_DMA_WRITE : 0, iova, text,
				 GUEST_TEXT_LENGTH, &result));
	return result;
}

static void expect_through(const struct mock_dma *result)
{
	char text[160];

	if (result->reason == MOCK_DMA_FAULT_NONE &&
	    result->length == GUEST_TEXT_LENGTH)
		return;
	describe(result, text, sizeof(text));
	step_failed("DMA: expected all %d bytes to pass, got %s",
		    GUEST_TEXT_LENGTH, text);
}

void device_sees(const struct device *device, __u64 iova, const char *want)
{
	char text[GUEST_TEXT_LENGTH + 1] = "";
	struct mock_dma result = dma(device, false, iova, text);
	char *byte;

	expect_through(&result);
	/* A wrong page may hold anything; the terminal should not have to obey */
	for (byte = text; *byte; byte++)
		if (!isprint((unsigned char)*byte))
			*byte = '?';
	saw("the device reads %s", painted(PAINT_TEXT, "\"%s\"", text));
	expect_text("text the device reads", want, text);
}

void device_writes(const struct device *device, __u64 iova, const char *text)
{
	char buffer[GUEST_TEXT_LENGTH] = "";
	struct mock_dma result;

	snprintf(buffer, sizeof(buffer), "%s", text);
	result = dma(device, true, iova, buffer);
	expect_through(&result);
	saw("the device wrote %s", painted(PAINT_TEXT, "\"%s\"", buffer));
}

struct mock_dma device_is_blocked(const struct device *device, bool write,
				  __u64 iova, unsigned int stage,
				  enum mock_dma_fault reason)
{
	char buffer[GUEST_TEXT_LENGTH + 1] = "text that must not pass";
	struct mock_dma result = dma(device, write, iova, buffer);
	char text[160];

	describe(&result, text, sizeof(text));
	if (result.reason != reason || result.stage != stage)
		step_failed("DMA: expected stage %u to block it: %s; got %s",
			    stage, reason_text(reason), text);
	saw("%s", text);
	expect_number("bytes that passed", 0, result.length);
	return result;
}
