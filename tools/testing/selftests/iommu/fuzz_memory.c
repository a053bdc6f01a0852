// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory for devices: windows of the arena, in each of which something is mapped at
 * times, of some kind, with some protection.
 *
 * The arena is where nothing else of this process is or comes to be, with room behind
 * it that is longer than any mapping reaches. A step may have all of it read and
 * written, at any time, by any thread, by devices and by the kernel: this program
 * touches it by process_vm_writev() only, which faults without a signal.
 *
 * window_lock protects the table of the windows, not what is in them.
 */
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "fuzz.h"

#define ARENA_BASE  (1ULL << 44)
#define ARENA_ROOM  (64ULL << 30)
#define WINDOWS	    24
#define WINDOW_SIZE (4ULL << 20)

struct window {
	__u64 length;
};

static struct window windows[WINDOWS];
static pthread_mutex_t window_lock = PTHREAD_MUTEX_INITIALIZER;

static __u64 window_start(unsigned int index)
{
	return ARENA_BASE + index * WINDOW_SIZE;
}

static void *window_map(unsigned int index, __u64 length, int prot, int flags,
			int fd, __u64 offset)
{
	return mmap((void *)window_start(index), length, prot,
		    MAP_FIXED | flags, fd, offset);
}

static void window_clear(unsigned int index)
{
	window_map(index, WINDOW_SIZE, PROT_NONE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

static int pick_prot(struct dice *dice)
{
	switch (dice_below(dice, 12)) {
	case 0:
		return PROT_NONE;
	case 1:
	case 2:
		return PROT_READ;
	case 3:
		return PROT_WRITE;
	default:
		return PROT_READ | PROT_WRITE;
	}
}

static void map_memfd(unsigned int index, __u64 length, struct dice *dice)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0)
		return;
	/* At times less than is mapped */
	ftruncate(fd, length - (dice_once_in(dice, 6) ? FUZZ_PAGE : 0));
	window_map(index, length, pick_prot(dice),
		   dice_percent(dice, 60) ? MAP_SHARED : MAP_PRIVATE, fd, 0);
	close(fd);
}

/* Something else in a window */
static void window_replace(unsigned int index, struct dice *dice, int device_fd)
{
	__u64 length = (1 + dice_below(dice, 48)) * FUZZ_PAGE;

	window_clear(index);
	switch (dice_below(dice, 10)) {
	case 0:
	case 1:
	case 2:
		window_map(index, length, pick_prot(dice),
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		break;
	case 3:
	case 4:
		window_map(index, length, pick_prot(dice),
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		break;
	case 5:
	case 6:
		map_memfd(index, length, dice);
		break;
	case 7:
		length = WINDOW_SIZE >> dice_below(dice, 2);
		window_map(index, length, PROT_READ | PROT_WRITE,
			   (dice_percent(dice, 50) ? MAP_SHARED : MAP_PRIVATE) |
				   MAP_ANONYMOUS | MAP_HUGETLB | MAP_NORESERVE,
			   -1, 0);
		break;
	case 8:
		length = WINDOW_SIZE;
		window_map(index, length, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		madvise((void *)window_start(index), length, MADV_HUGEPAGE);
		break;
	default:
		length = FUZZ_PAGE << dice_below(dice, 3);
		if (device_fd >= 0)
			window_map(index, length, PROT_READ | PROT_WRITE,
				   MAP_SHARED, device_fd, 0);
		break;
	}
	pthread_mutex_lock(&window_lock);
	windows[index].length = length;
	pthread_mutex_unlock(&window_lock);
}

static __u64 window_length(unsigned int index)
{
	__u64 length;

	pthread_mutex_lock(&window_lock);
	length = windows[index].length;
	pthread_mutex_unlock(&window_lock);
	return length;
}

/* Some whole pages of a window; *length: how many bytes */
static __u64 pick_pages(struct dice *dice, __u64 *length)
{
	unsigned int index = dice_below(dice, WINDOWS);
	__u64 pages = window_length(index) / FUZZ_PAGE;
	__u64 first = 0, num = pages;

	if (dice_percent(dice, 50)) {
		first = dice_below(dice, pages);
		num = 1 + dice_below(dice, pages - first);
	}
	*length = num * FUZZ_PAGE;
	return window_start(index) + first * FUZZ_PAGE;
}

/* Memory to be mapped for devices */
__u64 fuzz_memory_pick(struct dice *dice, __u64 *length)
{
	__u64 va = pick_pages(dice, length);

	/* It is no multiple of pages for everybody */
	if (dice_once_in(dice, 8)) {
		va += dice_below(dice, FUZZ_PAGE);
		*length = 1 + dice_below(dice, *length);
	}
	return va;
}

/* An address that is somebody else's business, or nobody's */
__u64 fuzz_memory_bad(struct dice *dice)
{
	__u64 length;

	switch (dice_below(dice, 8)) {
	case 0:
		return (1ULL << 47) - FUZZ_PAGE;
	case 1:
		return 1ULL << 47;
	case 2:
		return 0xffff888000000000ULL + dice_below(dice, 1ULL << 30);
	case 3:
		return -FUZZ_PAGE;
	case 4:
		return -1 - dice_below(dice, 16);
	case 5:
		return ARENA_BASE - FUZZ_PAGE;
	default:
		return fuzz_memory_pick(dice, &length) +
		       dice_below(dice, 2 * FUZZ_PAGE);
	}
}

/* What programs do with memory beside the devices that use it */
void fuzz_memory_change(struct dice *dice, int device_fd)
{
	__u64 length;
	void *mem = (void *)pick_pages(dice, &length);

	switch (dice_below(dice, 8)) {
	case 0:
		mprotect(mem, length, pick_prot(dice));
		break;
	case 1:
		madvise(mem, length, MADV_DONTNEED);
		break;
	case 2:
		madvise(mem, length,
			dice_percent(dice, 50) ? MADV_HUGEPAGE
					       : MADV_NOHUGEPAGE);
		break;
	case 3:
		/* A hole in which nothing else is put */
		mmap(mem, length, PROT_NONE,
		     MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		     -1, 0);
		break;
	default:
		window_replace(dice_below(dice, WINDOWS), dice, device_fd);
		break;
	}
}

/* Put 512 words into some page, such as the entries of a table */
void fuzz_memory_touch(struct dice *dice, const __u64 *words)
{
	struct iovec from = {(void *)words, FUZZ_PAGE};
	struct iovec to = {NULL, FUZZ_PAGE};
	__u64 length;

	to.iov_base = (void *)pick_pages(dice, &length);
	process_vm_writev(getpid(), &from, 1, &to, 1, 0);
}

int fuzz_memory_open(void)
{
	struct dice dice = {1};
	unsigned int i;
	void *mem;

	mem = mmap((void *)(ARENA_BASE - FUZZ_PAGE), ARENA_ROOM, PROT_NONE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE |
			   MAP_FIXED_NOREPLACE,
		   -1, 0);
	if (mem == MAP_FAILED)
		return -errno;
	for (i = 0; i < WINDOWS; i++)
		window_replace(i, &dice, -1);
	return 0;
}

void fuzz_memory_close(void)
{
	munmap((void *)(ARENA_BASE - FUZZ_PAGE), ARENA_ROOM);
}
