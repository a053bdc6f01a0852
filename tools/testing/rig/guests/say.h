/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How the story is told: numbered steps, what was asked and answered, and
 * expectations that end the program when they do not hold.
 *
 * A step starts with step_begin() and ends with step_held(), or with
 * step_failed(), which does not return: the exit status is then 1.
 */
#ifndef RIG_SAY_H
#define RIG_SAY_H

#include <linux/types.h>

/* Each kind of address keeps its colour throughout */
enum paint {
	PAINT_NONE,
	PAINT_TITLE,
	PAINT_QUIET,
	PAINT_GOOD,
	PAINT_BAD,
	PAINT_IOVA,
	PAINT_GPA,
	PAINT_VA,
	PAINT_TEXT,
	PAINT_NUM,
};

#define SAY_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* Colour is on if stdout is a terminal; DEMO_COLOR=1 or 0 overrules */
void say_init(void);

/*
 * A formatted, painted string. It lives until 15 more have been made, which is
 * enough for the arguments of a printf().
 */
const char *painted(enum paint paint, const char *format, ...) SAY_PRINTF(2, 3);

/* painted() addresses, each 0x and as many digits as its kind has here */
const char *iova_text(__u64 iova);
const char *gpa_text(__u64 gpa);
const char *va_text(const void *va);

void step_begin(const char *title);
void step_held(const char *format, ...) SAY_PRINTF(1, 2);
_Noreturn void step_failed(const char *format, ...) SAY_PRINTF(1, 2);

/*
 * The ioctl about to be issued and the fields that matter; then either what it
 * answered(), on the same line, or what the device saw(). The line stays open
 * until then, so that a hang shows what was asked.
 */
void asked(const char *ioctl, const char *format, ...) SAY_PRINTF(2, 3);
void answered(const char *format, ...) SAY_PRINTF(1, 2);
void saw(const char *format, ...) SAY_PRINTF(1, 2);
void note(const char *format, ...) SAY_PRINTF(1, 2);

/* The step fails unless what was asked last came to @want: 0, or an errno */
void expect_errno(int want, int rc);

/* The step fails, saying both values, unless they are equal */
void expect_number(const char *what, __u64 want, __u64 got);
void expect_text(const char *what, const char *want, const char *got);

/* The last line. Return: the exit status */
int story_end(void);

#endif
