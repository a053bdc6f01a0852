/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The fuzzer of /dev/iommu: what its parts share.
 *
 *  fuzz_test.c	   the run: settings, threads, who watches them, the end
 *  fuzz_worker.c  a thread: sequences of steps, and what a step may come to
 *  fuzz_call.c	   a call: its argument made from a description, mutated, placed
 *  fuzz_core.c    descriptions of the ioctls of /dev/iommu
 *  fuzz_mock.c    descriptions of the ops of the mock IOMMU
 *  fuzz_extra.c   everything that is no ioctl of these
 *  fuzz_pool.c    files, and what is known to live in each
 *  fuzz_memory.c  memory for devices, which comes and goes
 *  fuzz_tally.c   what became of the calls, by operation
 *  fuzz_cover.c   coverage by KCOV, and the sequences that reached new code
 *  fuzz_log.c     the last calls of each thread
 *
 * Invariants of all of it:
 *  - A step is an operation and a seed. All it does follows from these and from what
 *    is in the pools, so that a thread's steps follow from the seed of the run.
 *  - The kernel writes to memory of the arena and of fuzz_worker::out and ::arg,
 *    whatever a step passes. All else is this program's own.
 *  - A descriptor that others may use is closed by who took it out of its pool. The
 *    number of a file's descriptor is another file's only under its fuzz_file::lock.
 *
 * Locks: fuzz_file::lock, then fork_lock, then one of fuzz_file::pool_lock and the
 * mutexes inside fuzz_memory.c and fuzz_cover.c.
 */
#ifndef __SELFTEST_IOMMU_FUZZ_H
#define __SELFTEST_IOMMU_FUZZ_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "../kselftest.h"
#include "fuzz_dice.h"
#include "ioctls.h"

#define FUZZ_THREADS	4
#define FUZZ_FILES	3
#define FUZZ_PAGE	4096ULL

/* What this process may lock, without the capability to lock more */
#define FUZZ_MEMLOCK	(24ULL << 20)

/* ---- Files: fuzz_pool.c ---- */

enum fuzz_kind {
	KIND_IOAS,
	KIND_PAGING,	/* HWPTs, parents among them */
	KIND_PARENT,
	KIND_NESTED,
	KIND_FAULTING,	/* nested ones with a queue */
	KIND_FAULT,
	KIND_STDEV,	/* mock devices, */
	KIND_IDEV,	/* and what binding them made */
	KIND_AUTO,	/* HWPTs that a device was given */
	KIND_NUM,
};

#define KINDS_PT	(1 << KIND_IOAS | 1 << KIND_PAGING | 1 << KIND_PARENT | \
			 1 << KIND_NESTED | 1 << KIND_FAULTING | 1 << KIND_AUTO)
#define KINDS_ALL	((1 << KIND_NUM) - 1)

/* Descriptors that an ioctl has made */
enum fuzz_fd_kind {
	FD_ACCESS,
	FD_FAULT,
	FD_MEMORY,
	FD_VFIO,
	FD_KINDS,
};

#define POOL_SIZE	24
/* IDs above that are not watched */
#define POOL_IDS	4096

/* Where memory was mapped, at va if that is known, in an IOAS, ditto */
struct fuzz_range {
	__u64 iova;
	__u64 length;
	__u64 va;
	__u32 ioas_id;
};

/**
 * struct fuzz_file - an open /dev/iommu
 * @lock: Held for reading by every step on the file, for writing while it is ended
 * @fd: Its descriptor, of /dev/null once @dead
 * @dead: Closed in the middle of everything
 * @steps: How many were made on it
 * @pool_lock: Protects what follows, except @alive
 * @ids: Objects that are thought to live, by kind
 * @num_ids: How many of each
 * @fds: Descriptors
 * @num_fds: How many of each
 * @ranges: Where something was mapped
 * @num_ranges: How many
 * @highest: Highest ID ever told
 * @goes_with: By ID of a mock device, the ID that goes when it is destroyed
 * @alive: By ID, how often it was told less how often its removal was asked for; more
 *         than 1 is an ID that two objects have
 */
struct fuzz_file {
	pthread_rwlock_t lock;
	int fd;
	atomic_bool dead;
	atomic_uint steps;
	pthread_mutex_t pool_lock;
	__u32 ids[KIND_NUM][POOL_SIZE];
	unsigned int num_ids[KIND_NUM];
	int fds[FD_KINDS][POOL_SIZE];
	unsigned int num_fds[FD_KINDS];
	struct fuzz_range ranges[POOL_SIZE];
	unsigned int num_ranges;
	__u32 highest;
	__u32 goes_with[POOL_IDS];
	atomic_int alive[POOL_IDS];
};

extern struct fuzz_file fuzz_files[FUZZ_FILES];
extern pthread_rwlock_t fuzz_fork_lock;

int fuzz_files_open(void);
void fuzz_files_close(void);
void fuzz_file_end(struct fuzz_file *file, struct dice *dice);
void fuzz_file_kill(struct fuzz_file *file);
void pool_add(struct fuzz_file *file, enum fuzz_kind kind, __u32 id,
	      struct dice *dice);
__u32 pool_pick(struct fuzz_file *file, unsigned int kinds, struct dice *dice);
void pool_pair(struct fuzz_file *file, __u32 id, __u32 goes_with);
void pool_forget(struct fuzz_file *file, __u32 id);
void pool_born(struct fuzz_file *file, __u32 id);
void pool_dying(struct fuzz_file *file, __u32 id, int change);
void pool_add_fd(struct fuzz_file *file, enum fuzz_fd_kind kind, int fd);
int pool_pick_fd(struct fuzz_file *file, enum fuzz_fd_kind kind,
		 struct dice *dice);
int pool_take_fd(struct fuzz_file *file, enum fuzz_fd_kind kind,
		 struct dice *dice);
void pool_add_range(struct fuzz_file *file, struct fuzz_range range,
		    struct dice *dice);
void pool_forget_ranges(struct fuzz_file *file, __u32 ioas_id, __u64 iova,
			__u64 length);
struct fuzz_range pool_pick_range(struct fuzz_file *file, struct dice *dice);

/* ---- Memory: fuzz_memory.c ---- */

int fuzz_memory_open(void);
void fuzz_memory_close(void);
__u64 fuzz_memory_pick(struct dice *dice, __u64 *length);
__u64 fuzz_memory_bad(struct dice *dice);
void fuzz_memory_change(struct dice *dice, int device_fd);
void fuzz_memory_touch(struct dice *dice, const __u64 *words);

/* ---- Descriptions: fuzz_core.c, fuzz_mock.c, fuzz_extra.c ---- */

enum fuzz_type {
	F_CONST,	/* .arg */
	F_OP,		/* .arg; if it is wrong it is nobody's */
	F_ID,		/* an object of the kinds in .arg */
	F_ID_OR_0,
	F_FD,		/* a descriptor of kind .arg */
	F_IOVA,		/* where something may be mapped */
	F_LENGTH,	/* and how much */
	F_VA,		/* memory for devices */
	F_VA_LENGTH,	/* as long as the F_VA before it */
	F_FLAGS,	/* some of the bits in .arg */
	F_FLAGS_ANY,	/* at least one of them */
	F_BELOW,	/* a number below .arg */
	F_IN,		/* pointer to what the fill function has put into ::in */
	F_OUT,		/* pointer to ::out */
	F_NEW_ID,	/* out: an object of kind .arg */
	F_NEW_IDEV,	/* out: what goes when another object goes */
	F_NEW_FD,	/* out: a descriptor of kind .arg */
	F_NEW_IOVA,	/* in and out: where it was mapped */
};

struct fuzz_field {
	__u16 offset;
	__u8 size;
	__u8 type;
	__u64 arg;
};

struct fuzz_call;

#define FUZZ_ERRNOS 12

/* There was nothing to call: it counts as no call */
#define FUZZ_NOTHING 1

/**
 * struct fuzz_op - something a step can do
 * @name: For the log
 * @weight: How often, beside the others
 * @request: The ioctl
 * @size: Of its argument, 0 for what is no ioctl with one
 * @min_size: What it had to have in the first version
 * @fields: Its members but the first, which is @size
 * @num_fields: How many
 * @destroys: It is IOMMU_DESTROY
 * @errnos: What it may return, beside those that any ioctl may: see fuzz_worker.c
 * @fill: Called after the members are set; prepares ::in
 * @run: Instead of an ioctl; returns 0, a negative errno, or FUZZ_NOTHING
 * @done: Called after success
 */
struct fuzz_op {
	const char *name;
	unsigned int weight;
	unsigned long request;
	__u16 size;
	__u16 min_size;
	const struct fuzz_field *fields;
	unsigned int num_fields;
	bool destroys;
	__u8 errnos[FUZZ_ERRNOS];
	void (*fill)(struct fuzz_call *call);
	int (*run)(struct fuzz_call *call);
	void (*done)(struct fuzz_call *call);
};

#define FUZZ_FIELD(_struct, _member, _type, _arg) {			\
	.offset = offsetof(struct _struct, _member),			\
	.size = sizeof(((struct _struct *)0)->_member),			\
	.type = _type,							\
	.arg = _arg,							\
}

#define FUZZ_FIELDS(_fields)						\
	.fields = _fields, .num_fields = ARRAY_SIZE(_fields)

struct fuzz_ops {
	const struct fuzz_op *ops;
	unsigned int num;
};

extern const struct fuzz_ops fuzz_core_ops, fuzz_mock_ops, fuzz_extra_ops;

/* ---- Calls: fuzz_call.c ---- */

#define FUZZ_ARG_SIZE	256
#define FUZZ_SCRATCH	(64ULL << 10)

struct fuzz_worker;

/**
 * struct fuzz_call - one call
 * @worker: Who makes it
 * @file: On which file
 * @op: What
 * @dice: All that is chosen is chosen by these
 * @arg: The argument as it was made, and as it came back
 * @uarg: Where it is passed
 * @va: The memory that was picked last
 * @va_length: Its length
 * @range: Where something is mapped, picked for this call
 * @mutated: It has something that is wrong on purpose
 * @shared: Others may write to @uarg
 * @injected: An allocation or a copy may have been made to fail
 */
struct fuzz_call {
	struct fuzz_worker *worker;
	struct fuzz_file *file;
	const struct fuzz_op *op;
	struct dice dice;
	char arg[FUZZ_ARG_SIZE];
	void *uarg;
	__u64 va;
	__u64 va_length;
	struct fuzz_range range;
	bool mutated;
	bool shared;
	bool injected;
};

void fuzz_call_make(struct fuzz_call *call, bool valid);
void fuzz_call_done(struct fuzz_call *call);
__u64 fuzz_odd_number(struct dice *dice);
__u64 fuzz_pick_length(struct dice *dice);

/* ---- Threads: fuzz_worker.c ---- */

#define FUZZ_STEPS	20

struct fuzz_step {
	__u32 op;
	__u64 seed;
};

struct fuzz_sequence {
	unsigned int num;
	struct fuzz_step steps[FUZZ_STEPS];
};

/**
 * struct fuzz_worker - a thread
 * @index: Which
 * @thread: The thread
 * @dice: Its own
 * @arg: Two pages for arguments; the one behind cannot be touched
 * @in: FUZZ_SCRATCH bytes to be read, and behind them more that nobody can touch
 * @out: FUZZ_SCRATCH bytes to be written, ditto
 * @fail_nth: /proc/thread-self/fail-nth, -1 without
 * @calls: How many it made
 * @since: Second since which it has been in a call, 0 if in none
 * @cookie: Of the page request that it read last
 * @cookie_fd: Where that was
 * @pinned_by: Descriptor of the access that has pinned pages last
 * @pages_id: And by which ID it unpins them
 * @cover: Its KCOV buffer, NULL without
 */
struct fuzz_worker {
	unsigned int index;
	pthread_t thread;
	struct dice dice;
	char *arg;
	char *in;
	char *out;
	int fail_nth;
	atomic_ulong calls;
	atomic_long since;
	__u32 cookie;
	int cookie_fd;
	__u32 pinned_by;
	__u32 pages_id;
	unsigned long *cover;
};

extern atomic_bool fuzz_stop;
extern struct fuzz_worker fuzz_workers[FUZZ_THREADS];

int fuzz_workers_prepare(__u64 seed);
void fuzz_worker_start(struct fuzz_worker *worker);
const struct fuzz_op *fuzz_op_get(unsigned int index);
unsigned int fuzz_num_ops(void);

/* What is wrong; the first that calls it is heard */
void fuzz_fail(const char *format, ...);
const char *fuzz_failure(void);

/* ---- Tallies: fuzz_tally.c ---- */

bool fuzz_tally_fits(void);
void fuzz_tally(unsigned int op, int rc, unsigned long usec);
void fuzz_tally_print(void);
unsigned long fuzz_tally_sum(bool good);
const char *fuzz_tally_unused(unsigned long min_calls);

/* ---- Coverage: fuzz_cover.c ---- */

bool fuzz_cover_open(struct fuzz_worker *worker);
void fuzz_cover_begin(struct fuzz_worker *worker);
unsigned int fuzz_cover_end(struct fuzz_worker *worker);
unsigned int fuzz_cover_pcs(void);
void fuzz_corpus_add(const struct fuzz_sequence *sequence);
bool fuzz_corpus_pick(struct fuzz_sequence *sequence, struct dice *dice);
unsigned int fuzz_corpus_size(void);

/* ---- The log: fuzz_log.c ---- */

int fuzz_log_open(void);
void fuzz_log_begin(const struct fuzz_call *call);
void fuzz_log_end(const struct fuzz_call *call, int rc);
void fuzz_log_dump(void);

#endif
