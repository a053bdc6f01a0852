// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which kernel code the calls of a thread reach, by KCOV, and the sequences of steps
 * that have reached code no other had. Without KCOV nothing is new, and the corpus
 * stays empty.
 *
 * A PC is in the table from when it was reached first until the end. The table is
 * shared and takes no lock; it is large enough for the code that is instrumented.
 */
#include <linux/kcov.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"

#define COVER_WORDS (64 << 10)
#define TABLE_SIZE  (1 << 16)
#define CORPUS_SIZE 1024

static atomic_uint table[TABLE_SIZE];
static atomic_uint num_pcs;

static struct fuzz_sequence corpus[CORPUS_SIZE];
static unsigned int corpus_num;
static pthread_mutex_t corpus_lock = PTHREAD_MUTEX_INITIALIZER;

/* For the calling thread; false without KCOV */
bool fuzz_cover_open(struct fuzz_worker *worker)
{
	int fd = open("/sys/kernel/debug/kcov", O_RDWR | O_CLOEXEC);
	unsigned long *cover;

	if (fd < 0)
		return false;
	if (ioctl(fd, KCOV_INIT_TRACE, COVER_WORDS))
		return false;
	cover = mmap(NULL, COVER_WORDS * sizeof(*cover), PROT_READ | PROT_WRITE,
		     MAP_SHARED, fd, 0);
	if (cover == MAP_FAILED || ioctl(fd, KCOV_ENABLE, KCOV_TRACE_PC))
		return false;
	/* The descriptor stays open, as the thread is traced as long as it is */
	worker->cover = cover;
	return true;
}

void fuzz_cover_begin(struct fuzz_worker *worker)
{
	if (worker->cover)
		__atomic_store_n(&worker->cover[0], 0, __ATOMIC_RELAXED);
}

/* The upper half of all PCs is the same */
static bool is_new(__u32 pc)
{
	unsigned int at = pc * 2654435761U >> 16;
	unsigned int seen = 0;

	while (!atomic_compare_exchange_strong(&table[at], &seen, pc)) {
		if (seen == pc)
			return false;
		seen = 0;
		at = (at + 1) % TABLE_SIZE;
	}
	atomic_fetch_add(&num_pcs, 1);
	return true;
}

/* How many PCs were reached for the first time since fuzz_cover_begin() */
unsigned int fuzz_cover_end(struct fuzz_worker *worker)
{
	unsigned long i, num;
	unsigned int fresh = 0;

	if (!worker->cover)
		return 0;
	num = __atomic_load_n(&worker->cover[0], __ATOMIC_RELAXED);
	for (i = 1; i <= num && i < COVER_WORDS; i++)
		if (fuzz_cover_pcs() < TABLE_SIZE / 2 &&
		    is_new(worker->cover[i]))
			fresh++;
	return fresh;
}

unsigned int fuzz_cover_pcs(void)
{
	return atomic_load(&num_pcs);
}

/* Once it is full, what comes first goes first */
void fuzz_corpus_add(const struct fuzz_sequence *sequence)
{
	pthread_mutex_lock(&corpus_lock);
	corpus[corpus_num++ % CORPUS_SIZE] = *sequence;
	pthread_mutex_unlock(&corpus_lock);
}

/* False if there is none */
bool fuzz_corpus_pick(struct fuzz_sequence *sequence, struct dice *dice)
{
	unsigned int num;

	pthread_mutex_lock(&corpus_lock);
	num = corpus_num < CORPUS_SIZE ? corpus_num : CORPUS_SIZE;
	if (num)
		*sequence = corpus[dice_below(dice, num)];
	pthread_mutex_unlock(&corpus_lock);
	return num;
}

unsigned int fuzz_corpus_size(void)
{
	return corpus_num < CORPUS_SIZE ? corpus_num : CORPUS_SIZE;
}
