// SPDX-License-Identifier: GPL-2.0-only
/*
 * The last calls of each thread, as lines of text of fixed length: what was called,
 * before it is, and what it came to, after.
 *
 * A thread has a ring of lines of its own, so there is no lock. The lines are in the
 * memory of a PCI device if FUZZ_LOG names its file: that is outside the machine, and
 * outlives a kernel that panics.
 */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"

#define LINE  256
#define LINES 256

struct ring {
	char lines[LINES][LINE];
};

static struct ring *rings;
static unsigned int next[FUZZ_THREADS];

int fuzz_log_open(void)
{
	size_t size = FUZZ_THREADS * sizeof(*rings);
	const char *path = getenv("FUZZ_LOG");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;

	rings = mmap(NULL, size, PROT_READ | PROT_WRITE,
		     MAP_SHARED | (fd < 0 ? MAP_ANONYMOUS : 0), fd, 0);
	if (fd >= 0)
		close(fd);
	return rings == MAP_FAILED ? -errno : 0;
}

static char *put_text(char *to, const char *text)
{
	while (*text)
		*to++ = *text++;
	return to;
}

static char *put_number(char *to, __u64 number, unsigned int base)
{
	char digits[20];
	int num = 0;

	do {
		digits[num++] = "0123456789abcdef"[number % base];
		number /= base;
	} while (number);
	while (num)
		*to++ = digits[--num];
	return to;
}

/* The ring's line for the call; the one behind it is empty, as the end */
static char *line_of(const struct fuzz_call *call)
{
	unsigned int index = call->worker->index;

	return rings[index].lines[next[index] % LINES];
}

void fuzz_log_begin(const struct fuzz_call *call)
{
	const __u32 *words = (const void *)call->arg;
	char line[LINE] = {}, *at = line;
	unsigned int i;

	at = put_number(at, atomic_load(&call->worker->calls), 10);
	at = put_text(at, " file ");
	at = put_number(at, call->file - fuzz_files, 10);
	*at++ = ' ';
	at = put_text(at, call->op->name);
	if (call->mutated)
		at = put_text(at, call->shared ? " (shared)" : " (mutated)");
	if (call->injected)
		at = put_text(at, " (injected)");
	*at++ = ':';
	for (i = 1; i < call->op->size / 4 && at < line + LINE - 48; i++) {
		*at++ = ' ';
		at = put_number(at, words[i], 16);
	}
	memcpy(line_of(call), line, LINE);
}

void fuzz_log_end(const struct fuzz_call *call, int rc)
{
	char *line = line_of(call), *at = line + strlen(line);

	at = put_text(at, " = ");
	at = put_text(at, rc < 0 ? "-" : "");
	put_number(at, rc < 0 ? -rc : rc, 10);
	next[call->worker->index]++;
}

/* Of each thread, oldest first; one that has no result was not over */
void fuzz_log_dump(void)
{
	unsigned int i, j, begin;

	for (i = 0; i < FUZZ_THREADS; i++) {
		printf("# the last calls of thread %u, arguments in hexadecimal words:\n",
		       i);
		begin = next[i] < LINES ? 0 : next[i] + 1 - LINES;
		if (next[i] > begin + 40)
			begin = next[i] - 40;
		for (j = begin; j <= next[i]; j++)
			if (rings[i].lines[j % LINES][0])
				printf("#   %s\n", rings[i].lines[j % LINES]);
	}
	fflush(stdout);
}
