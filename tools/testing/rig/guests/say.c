// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "say.h"

#define PAINTED_STRINGS 16
#define PAINTED_LENGTH 256

static bool colour;
static bool line_open;
static const char *last_asked = "";
static int step;

static const char *const paints[PAINT_NUM] = {
	[PAINT_NONE] = "",
	[PAINT_TITLE] = "\033[1m",
	[PAINT_QUIET] = "\033[2m",
	[PAINT_GOOD] = "\033[1;32m",
	[PAINT_BAD] = "\033[1;31m",
	[PAINT_IOVA] = "\033[35m",
	[PAINT_GPA] = "\033[36m",
	[PAINT_VA] = "\033[33m",
	[PAINT_TEXT] = "\033[1m",
};

void say_init(void)
{
	const char *wish = getenv("DEMO_COLOR");

	colour = wish && *wish ? strcmp(wish, "0") != 0 : isatty(STDOUT_FILENO);
}

const char *painted(enum paint paint, const char *format, ...)
{
	static char strings[PAINTED_STRINGS][PAINTED_LENGTH];
	static unsigned int next;
	char *string = strings[next++ % PAINTED_STRINGS];
	char plain[PAINTED_LENGTH - 16];
	va_list args;

	va_start(args, format);
	vsnprintf(plain, sizeof(plain), format, args);
	va_end(args);
	if (colour && paint != PAINT_NONE)
		snprintf(string, PAINTED_LENGTH, "%s%s\033[0m", paints[paint],
			 plain);
	else
		snprintf(string, PAINTED_LENGTH, "%s", plain);
	return string;
}

const char *iova_text(__u64 iova)
{
	return painted(PAINT_IOVA, "0x%010llx", iova);
}

const char *gpa_text(__u64 gpa)
{
	return painted(PAINT_GPA, "0x%08llx", gpa);
}

const char *va_text(const void *va)
{
	return painted(PAINT_VA, "0x%012llx", (__u64)(uintptr_t)va);
}

static void close_line(void)
{
	if (line_open)
		putchar('\n');
	line_open = false;
}

static void say(const char *before, const char *format, va_list args)
{
	fputs(before, stdout);
	vprintf(format, args);
	/* A hang must show how far the story got */
	fflush(stdout);
}

void step_begin(const char *title)
{
	step++;
	printf("\n%s\n", painted(PAINT_TITLE, " %d  %s", step, title));
}

void asked(const char *ioctl, const char *format, ...)
{
	char before[96];
	va_list args;

	snprintf(before, sizeof(before), "    %s  %s  ",
		 painted(PAINT_QUIET, "asked"),
		 painted(PAINT_TITLE, "%-24s", ioctl));
	va_start(args, format);
	say(before, format, args);
	va_end(args);
	last_asked = ioctl;
	line_open = true;
}

void answered(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(" → ", format, args);
	va_end(args);
	close_line();
}

void saw(const char *format, ...)
{
	char before[32];
	va_list args;

	close_line();
	snprintf(before, sizeof(before), "    %s    ",
		 painted(PAINT_QUIET, "saw"));
	va_start(args, format);
	say(before, format, args);
	va_end(args);
	putchar('\n');
}

void note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say("    ", format, args);
	va_end(args);
	putchar('\n');
}

void step_held(const char *format, ...)
{
	char before[32];
	va_list args;

	snprintf(before, sizeof(before), "    %s ", painted(PAINT_GOOD, "✓"));
	va_start(args, format);
	say(before, format, args);
	va_end(args);
	putchar('\n');
}

void step_failed(const char *format, ...)
{
	char reason[512];
	va_list args;

	va_start(args, format);
	vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	close_line();
	printf("    %s %s\n", painted(PAINT_BAD, "✗"), reason);
	printf("\ndemo: step %d failed: %s\n", step, reason);
	fflush(stdout);
	exit(EXIT_FAILURE);
}

static const char *outcome(int error, char *text, size_t length)
{
	if (error)
		snprintf(text, length, "errno %d (%s)", error, strerror(error));
	else
		snprintf(text, length, "success");
	return text;
}

void expect_errno(int want, int rc)
{
	char wanted[96], got[96];

	if (want != -rc)
		step_failed("%s: expected %s, got %s", last_asked,
			    outcome(want, wanted, sizeof(wanted)),
			    outcome(-rc, got, sizeof(got)));
}

void expect_number(const char *what, __u64 want, __u64 got)
{
	if (want != got)
		step_failed("%s: expected %#llx, got %#llx", what, want, got);
}

void expect_text(const char *what, const char *want, const char *got)
{
	if (strcmp(want, got))
		step_failed("%s: expected \"%s\", got \"%s\"", what, want, got);
}

int story_end(void)
{
	printf("\ndemo: all %d steps held\n", step);
	/* A story that could not be told in full did not succeed */
	return fflush(stdout) || ferror(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}
