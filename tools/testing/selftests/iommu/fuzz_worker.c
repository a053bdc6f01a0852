// SPDX-License-Identifier: GPL-2.0-only
/*
 * A thread of the fuzzer: it makes sequences of steps, new ones or mutations of some
 * that have reached new code, and judges what each step comes to.
 *
 * An errno is allowed if the operation lists it. Besides, any call may run out of
 * memory; one that has something wrong on purpose may fail as the uAPI header says for
 * all ioctls; one in which a copy is made to fail, with EFAULT; and one on a file that
 * is closed meanwhile, with ENOTTY. EINTR is for those who are being killed, which
 * nobody is here.
 */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#if __has_include("sys/rseq.h")
#include <sys/rseq.h>
#define HAVE_RSEQ
#endif

#include "fuzz.h"

/* A file lives for about as many steps */
#define FILE_STEPS 3000

#define GUARD (1ULL << 30)

atomic_bool fuzz_stop;
struct fuzz_worker fuzz_workers[FUZZ_THREADS];

static const struct fuzz_ops *const all_ops[] = {
	&fuzz_core_ops,
	&fuzz_mock_ops,
	&fuzz_extra_ops,
};

/* What makes a new file worth working on, in this order */
static const char *const first_ops[] = {
	"IOAS_ALLOC",
	"DEV_CREATE full",
	"MAP fixed",
	"MAP fixed",
	"MAP fixed",
	"MAP",
	"HWPT_ALLOC parent",
	"HWPT_ALLOC nested",
	"memory tables",
	"memory tables",
	"DEV_ATTACH",
	"FAULT_QUEUE",
	"HWPT_ALLOC fault",
	"DEV_REPLACE fault",
	"TRIGGER_IOPF",
	"fault read",
	"fault write",
	"IOAS_ALLOC",
	"DEV_CREATE full",
	"HWPT_ALLOC",
	"HWPT_ALLOC parent",
	"COPY",
	"CREATE_ACCESS",
	"HWPT_ALLOC nested",
	"HWPT_ALLOC nested",
	"DEV_ATTACH",
	"CREATE_ACCESS",
	"VFIO_IOAS",
	"MAP",
	"MAP fixed",
};

#define FIRST_OPS ARRAY_SIZE(first_ops)

/* ---- What went wrong ---- */

static char failure[256];
static pthread_mutex_t failure_lock = PTHREAD_MUTEX_INITIALIZER;

void fuzz_fail(const char *format, ...)
{
	va_list args;

	pthread_mutex_lock(&failure_lock);
	if (!failure[0]) {
		va_start(args, format);
		vsnprintf(failure, sizeof(failure), format, args);
		va_end(args);
	}
	pthread_mutex_unlock(&failure_lock);
	atomic_store(&fuzz_stop, true);
}

/* NULL as long as nothing did */
const char *fuzz_failure(void)
{
	const char *text;

	pthread_mutex_lock(&failure_lock);
	text = failure[0] ? failure : NULL;
	pthread_mutex_unlock(&failure_lock);
	return text;
}

/* ---- Operations ---- */

const struct fuzz_op *fuzz_op_get(unsigned int index)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(all_ops); i++) {
		if (index < all_ops[i]->num)
			return &all_ops[i]->ops[index];
		index -= all_ops[i]->num;
	}
	return NULL;
}

unsigned int fuzz_num_ops(void)
{
	unsigned int i, num = 0;

	for (i = 0; i < ARRAY_SIZE(all_ops); i++)
		num += all_ops[i]->num;
	return num;
}

static unsigned int find_op(const char *name)
{
	unsigned int i, num = fuzz_num_ops();

	for (i = 0; i < num && strcmp(fuzz_op_get(i)->name, name); i++)
		;
	return i;
}

static __u32 pick_op(struct dice *dice)
{
	unsigned int i, num = fuzz_num_ops(), sum = 0, at;

	for (i = 0; i < num; i++)
		sum += fuzz_op_get(i)->weight;
	at = dice_below(dice, sum);
	for (i = 0; i < num; i++) {
		if (at < fuzz_op_get(i)->weight)
			break;
		at -= fuzz_op_get(i)->weight;
	}
	return i;
}

/* ---- Errors on demand ---- */

/* A signal must not come then: its frame would be what cannot be copied */
static void block_signals(bool block)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(block ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

/*
 * Nor may the kernel tell this thread on which CPU it is, when it comes back from a
 * call: after a fork that copies a page, and who cannot be told is killed.
 */
static void forget_rseq(void)
{
#ifdef HAVE_RSEQ
	syscall(__NR_rseq, (char *)__builtin_thread_pointer() + __rseq_offset,
		sizeof(struct rseq), RSEQ_FLAG_UNREGISTER, RSEQ_SIG);
#endif
}

static bool wants_failure(struct fuzz_call *call)
{
	return call->worker->fail_nth >= 0 && dice_once_in(&call->dice, 20);
}

static void inject(struct fuzz_call *call)
{
	char text[16];
	int len;

	block_signals(true);
	len = snprintf(text, sizeof(text), "%u",
		       1 + (unsigned int)dice_below(&call->dice, 40));
	if (pwrite(call->worker->fail_nth, text, len, 0) != len)
		fuzz_fail("no failure can be asked for: %s", strerror(errno));
}

static void inject_end(struct fuzz_call *call)
{
	/* The copy of this may be the one that fails */
	while (pwrite(call->worker->fail_nth, "0", 1, 0) < 0 && errno == EFAULT)
		;
	block_signals(false);
}

/* ---- A call ---- */

static bool is_listed(const struct fuzz_op *op, int error)
{
	unsigned int i;

	for (i = 0; i < FUZZ_ERRNOS && op->errnos[i]; i++)
		if (op->errnos[i] == error)
			return true;
	return false;
}

/* What is mapped at the end of the space is so for those who come later */
static bool has_iova(const struct fuzz_op *op)
{
	unsigned int i;

	for (i = 0; i < op->num_fields; i++)
		if (op->fields[i].type == F_IOVA ||
		    op->fields[i].type == F_NEW_IOVA)
			return true;
	return false;
}

static bool is_allowed(const struct fuzz_call *call, int error)
{
	if (error == ENOMEM || is_listed(call->op, error))
		return true;
	if (error == EOVERFLOW && has_iova(call->op))
		return true;
	/* The kernel has no room for as many descriptors as this asks for */
	if (error == EMFILE || error == ENFILE)
		return true;
	if (call->injected && (error == EFAULT || error == EAGAIN))
		return true;
	if (atomic_load(&call->file->dead) &&
	    (error == ENOTTY || error == EINVAL || error == EBADFD))
		return true;
	if (!call->mutated)
		return false;
	/* With another op, another flag: whatever the interface has */
	switch (error) {
	case E2BIG:
	case EOPNOTSUPP:
	case EINVAL:
	case ENOENT:
	case EBUSY:
	case EFAULT:
	case EOVERFLOW:
	case EMSGSIZE:
	case EADDRINUSE:
	case EEXIST:
	case ENOSPC:
	case EPERM:
	case ENODEV:
	case EBADF:
	case EBADFD:
	case EBADE:
	case EIO:
	case ENOTTY:
		return true;
	default:
		return false;
	}
}

static int execute(struct fuzz_call *call)
{
	if (call->op->run)
		return call->op->run(call);
	return iommufd_ioctl(call->file->fd, call->op->request, call->uarg);
}

static void judge(struct fuzz_call *call, int rc)
{
	if (rc > 0)
		fuzz_fail("%s returned %d", call->op->name, rc);
	else if (rc && !is_allowed(call, -rc))
		fuzz_fail("%s returned %s, as the interface does not%s%s",
			  call->op->name, strerror(-rc),
			  call->mutated ? ", mutated" : "",
			  call->injected ? ", with a failure injected" : "");
}

static __u32 id_to_destroy(const struct fuzz_call *call)
{
	const struct iommu_destroy *arg = (const void *)call->arg;

	return call->op->destroys && !call->shared ? arg->id : 0;
}

static unsigned long now_usec(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000UL + time.tv_nsec / 1000;
}

static void call_make(struct fuzz_call *call, bool valid, unsigned int op)
{
	struct fuzz_worker *worker = call->worker;
	unsigned long start;
	__u32 id;
	int rc;

	fuzz_call_make(call, valid);
	id = id_to_destroy(call);
	pool_dying(call->file, id, -1);
	call->injected = !valid && wants_failure(call);
	fuzz_log_begin(call);
	start = now_usec();
	atomic_store(&worker->since, start / 1000000 + 1);
	if (call->injected)
		inject(call);
	rc = execute(call);
	if (call->injected)
		inject_end(call);
	atomic_store(&worker->since, 0);
	fuzz_log_end(call, rc);
	if (rc == FUZZ_NOTHING)
		return;

	fuzz_tally(op, rc, now_usec() - start);
	judge(call, rc);
	if (id && !rc)
		pool_forget(call->file, id);
	else if (rc)
		pool_dying(call->file, id, 1);
	if (!rc)
		fuzz_call_done(call);
}

/* ---- A step ---- */

static struct fuzz_file *pick_file(const struct fuzz_worker *worker,
				   struct dice *dice)
{
	if (dice_percent(dice, 60))
		return &fuzz_files[worker->index % FUZZ_FILES];
	return &fuzz_files[dice_below(dice, FUZZ_FILES)];
}

/* The step, unless the file is so new that it needs something else */
static void step_on_file(struct fuzz_call *call, unsigned int op)
{
	unsigned int nr = atomic_fetch_add(&call->file->steps, 1);

	if (nr < FIRST_OPS)
		op = find_op(first_ops[nr]);
	call->op = fuzz_op_get(op);
	atomic_fetch_add(&call->worker->calls, 1);
	call_make(call, nr < FIRST_OPS, op);
}

static void make_step(struct fuzz_worker *worker, const struct fuzz_step *step)
{
	struct fuzz_call call = {
		.worker = worker,
		.dice = {step->seed},
	};
	struct fuzz_file *file = pick_file(worker, &call.dice);

	call.file = file;
	pthread_rwlock_rdlock(&file->lock);
	if (!atomic_load(&file->dead))
		step_on_file(&call, step->op);
	pthread_rwlock_unlock(&file->lock);
	if (atomic_load(&file->dead) || dice_once_in(&call.dice, FILE_STEPS))
		fuzz_file_end(file, &call.dice);
}

/* ---- Sequences ---- */

static struct fuzz_step new_step(struct dice *dice)
{
	return (struct fuzz_step){
		.op = pick_op(dice),
		.seed = dice_roll(dice),
	};
}

static void new_sequence(struct fuzz_sequence *sequence, struct dice *dice)
{
	unsigned int i;

	sequence->num = 1 + dice_below(dice, FUZZ_STEPS);
	for (i = 0; i < sequence->num; i++)
		sequence->steps[i] = new_step(dice);
}

static void mutate_sequence(struct fuzz_sequence *sequence, struct dice *dice)
{
	unsigned int at = dice_below(dice, sequence->num);
	unsigned int i;

	switch (dice_below(dice, 5)) {
	case 0:
		sequence->steps[at].seed = dice_roll(dice);
		break;
	case 1:
		sequence->steps[at] = new_step(dice);
		break;
	case 2:
		if (sequence->num < FUZZ_STEPS)
			sequence->steps[sequence->num++] = new_step(dice);
		break;
	case 3:
		/* Once more, after what follows */
		if (sequence->num < FUZZ_STEPS)
			sequence->steps[sequence->num++] = sequence->steps[at];
		break;
	default:
		if (sequence->num == 1)
			break;
		for (i = at; i + 1 < sequence->num; i++)
			sequence->steps[i] = sequence->steps[i + 1];
		sequence->num--;
		break;
	}
}

static void *worker_main(void *arg)
{
	struct fuzz_worker *worker = arg;
	struct fuzz_sequence sequence;
	unsigned int i;

	worker->fail_nth =
		open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	forget_rseq();
	fuzz_cover_open(worker);
	while (!atomic_load(&fuzz_stop)) {
		if (dice_percent(&worker->dice, 50) &&
		    fuzz_corpus_pick(&sequence, &worker->dice))
			mutate_sequence(&sequence, &worker->dice);
		else
			new_sequence(&sequence, &worker->dice);
		fuzz_cover_begin(worker);
		for (i = 0; i < sequence.num && !atomic_load(&fuzz_stop); i++)
			make_step(worker, &sequence.steps[i]);
		if (fuzz_cover_end(worker))
			fuzz_corpus_add(&sequence);
	}
	if (worker->fail_nth >= 0)
		close(worker->fail_nth);
	return NULL;
}

/* ---- For fuzz_test.c ---- */

/* room bytes, and more than an answer is long that cannot be touched */
static char *guarded(size_t room)
{
	char *mem = mmap(NULL, room + GUARD, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (mem == MAP_FAILED || mprotect(mem, room, PROT_READ | PROT_WRITE))
		return NULL;
	return mem;
}

static void ignore_signal(int signal)
{
}

/* Somebody has written where nobody was to */
static void crash(int signal, siginfo_t *info, void *context)
{
	const ucontext_t *user = context;

	printf("# signal %d, code %d, at %p, instruction at %#llx\n", signal,
	       info->si_code, info->si_addr, user->uc_mcontext.gregs[REG_RIP]);
	fuzz_log_dump();
	_exit(1);
}

int fuzz_workers_prepare(__u64 seed)
{
	struct sigaction action = {.sa_handler = ignore_signal};
	struct fuzz_worker *worker;
	unsigned int i;

	if (!fuzz_tally_fits())
		return -ENOSPC;
	for (i = 0; i < FIRST_OPS; i++)
		if (find_op(first_ops[i]) == fuzz_num_ops())
			return -ENOENT;
	sigaction(SIGUSR1, &action, NULL);
	action = (struct sigaction){ .sa_sigaction = crash, .sa_flags = SA_SIGINFO };
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	for (i = 0; i < FUZZ_THREADS; i++) {
		worker = &fuzz_workers[i];
		worker->index = i;
		worker->dice.state = seed + i * 0x1234567ULL;
		worker->arg = guarded(FUZZ_PAGE);
		worker->in = guarded(FUZZ_SCRATCH);
		worker->out = guarded(FUZZ_SCRATCH);
		if (!worker->arg || !worker->in || !worker->out)
			return -ENOMEM;
	}
	return 0;
}

void fuzz_worker_start(struct fuzz_worker *worker)
{
	if (pthread_create(&worker->thread, NULL, worker_main, worker))
		abort();
}
