// SPDX-License-Identifier: GPL-2.0-only
/*
 * The fuzzer's files, and what is known to live in each.
 *
 * A pool knows objects by what ioctls have told, and forgets those whose removal
 * succeeded; what goes on its own is noticed by nobody. It is full after POOL_SIZE of
 * a kind: one that comes then takes the place of another, which goes with its file.
 *
 * No ID is given to two objects. Since it is told after it was given, and taken after
 * a thread has asked for that, its count in fuzz_file::alive goes up late and down
 * early: it is never higher than the number of objects that have the ID.
 *
 * A file that is ended in order, with nobody working on it, holds nothing that cannot
 * be destroyed.
 */
#include <stdio.h>
#include <unistd.h>

#include "fuzz.h"

struct fuzz_file fuzz_files[FUZZ_FILES];
pthread_rwlock_t fuzz_fork_lock = PTHREAD_RWLOCK_INITIALIZER;

/* ---- Objects ---- */

void pool_add(struct fuzz_file *file, enum fuzz_kind kind, __u32 id,
	      struct dice *dice)
{
	unsigned int at;

	if (!id)
		return;
	pthread_mutex_lock(&file->pool_lock);
	if (file->num_ids[kind] < POOL_SIZE)
		at = file->num_ids[kind]++;
	else
		at = dice_below(dice, POOL_SIZE);
	file->ids[kind][at] = id;
	if (id > file->highest)
		file->highest = id;
	pthread_mutex_unlock(&file->pool_lock);
}

/*
 * Mostly any of them, often the first, so that calls come to work on the same objects;
 * but that is not the one to be destroyed.
 */
static unsigned int pool_at(unsigned int num, unsigned int kinds,
			    struct dice *dice)
{
	if (!num || (kinds != KINDS_ALL && dice_percent(dice, 40)))
		return 0;
	return dice_below(dice, num);
}

/* One of some kinds, 0 if there is none */
__u32 pool_pick(struct fuzz_file *file, unsigned int kinds, struct dice *dice)
{
	unsigned int kind, num = 0, at;
	__u32 id = 0;

	pthread_mutex_lock(&file->pool_lock);
	for (kind = 0; kind < KIND_NUM; kind++)
		if (kinds & 1 << kind)
			num += file->num_ids[kind];
	at = pool_at(num, kinds, dice);
	for (kind = 0; num && kind < KIND_NUM; kind++) {
		if (!(kinds & 1 << kind))
			continue;
		if (at < file->num_ids[kind]) {
			id = file->ids[kind][at];
			break;
		}
		at -= file->num_ids[kind];
	}
	pthread_mutex_unlock(&file->pool_lock);
	return id;
}

static void pool_forget_one(struct fuzz_file *file, __u32 id)
{
	unsigned int kind, i;

	for (kind = 0; kind < KIND_NUM; kind++)
		for (i = 0; i < file->num_ids[kind]; i++)
			if (file->ids[kind][i] == id)
				file->ids[kind][i] =
					file->ids[kind][--file->num_ids[kind]];
}

/* A device, and what binding it has made */
void pool_pair(struct fuzz_file *file, __u32 id, __u32 goes_with)
{
	pthread_mutex_lock(&file->pool_lock);
	if (id < POOL_IDS)
		file->goes_with[id] = goes_with;
	pthread_mutex_unlock(&file->pool_lock);
}

void pool_forget(struct fuzz_file *file, __u32 id)
{
	pthread_mutex_lock(&file->pool_lock);
	pool_forget_one(file, id);
	if (id < POOL_IDS && file->goes_with[id]) {
		pool_forget_one(file, file->goes_with[id]);
		file->goes_with[id] = 0;
	}
	pthread_mutex_unlock(&file->pool_lock);
}

/* An object that goes by IOMMU_DESTROY only has been told */
void pool_born(struct fuzz_file *file, __u32 id)
{
	int alive;

	if (!id) {
		fuzz_fail("an object has ID 0");
		return;
	}
	if (id >= POOL_IDS)
		return;
	alive = atomic_fetch_add(&file->alive[id], 1) + 1;
	if (alive > 1)
		fuzz_fail("ID %u was given to %d objects", id, alive);
}

/* change: -1 before an ID is asked to be removed, 1 after it was not */
void pool_dying(struct fuzz_file *file, __u32 id, int change)
{
	if (id && id < POOL_IDS)
		atomic_fetch_add(&file->alive[id], change);
}

/* ---- Descriptors ---- */

void pool_add_fd(struct fuzz_file *file, enum fuzz_fd_kind kind, int fd)
{
	pthread_mutex_lock(&file->pool_lock);
	if (file->num_fds[kind] < POOL_SIZE) {
		file->fds[kind][file->num_fds[kind]++] = fd;
		fd = -1;
	}
	pthread_mutex_unlock(&file->pool_lock);
	if (fd >= 0)
		close(fd);
}

static int pool_get_fd(struct fuzz_file *file, enum fuzz_fd_kind kind,
		       struct dice *dice, bool take)
{
	unsigned int at;
	int fd = -1;

	pthread_mutex_lock(&file->pool_lock);
	if (file->num_fds[kind]) {
		at = pool_at(file->num_fds[kind], take ? KINDS_ALL : 0, dice);
		fd = file->fds[kind][at];
		if (take)
			file->fds[kind][at] =
				file->fds[kind][--file->num_fds[kind]];
	}
	pthread_mutex_unlock(&file->pool_lock);
	return fd;
}

/* It stays in the pool; -1 if there is none */
int pool_pick_fd(struct fuzz_file *file, enum fuzz_fd_kind kind,
		 struct dice *dice)
{
	return pool_get_fd(file, kind, dice, false);
}

/* It is the caller's */
int pool_take_fd(struct fuzz_file *file, enum fuzz_fd_kind kind,
		 struct dice *dice)
{
	return pool_get_fd(file, kind, dice, true);
}

/* ---- Mappings ---- */

void pool_add_range(struct fuzz_file *file, struct fuzz_range range,
		    struct dice *dice)
{
	unsigned int at;

	pthread_mutex_lock(&file->pool_lock);
	if (file->num_ranges < POOL_SIZE)
		at = file->num_ranges++;
	else
		at = dice_below(dice, POOL_SIZE);
	file->ranges[at] = range;
	pthread_mutex_unlock(&file->pool_lock);
}

/* What is in these of an IOAS is gone, or with it */
void pool_forget_ranges(struct fuzz_file *file, __u32 ioas_id, __u64 iova,
			__u64 length)
{
	unsigned int i = 0;

	pthread_mutex_lock(&file->pool_lock);
	while (i < file->num_ranges)
		if (file->ranges[i].ioas_id == ioas_id &&
		    file->ranges[i].iova - iova < length)
			file->ranges[i] = file->ranges[--file->num_ranges];
		else
			i++;
	pthread_mutex_unlock(&file->pool_lock);
}

struct fuzz_range pool_pick_range(struct fuzz_file *file, struct dice *dice)
{
	struct fuzz_range range = {MOCK_APERTURE_START, FUZZ_PAGE, 0, 0};

	pthread_mutex_lock(&file->pool_lock);
	if (file->num_ranges)
		range = file->ranges[dice_below(dice, file->num_ranges)];
	pthread_mutex_unlock(&file->pool_lock);
	return range;
}

/* ---- Files ---- */

static int file_open(struct fuzz_file *file)
{
	unsigned int i;

	memset(file->num_ids, 0, sizeof(file->num_ids));
	memset(file->num_fds, 0, sizeof(file->num_fds));
	memset(file->goes_with, 0, sizeof(file->goes_with));
	file->num_ranges = 0;
	file->highest = 0;
	atomic_store(&file->steps, 0);
	for (i = 0; i < POOL_IDS; i++)
		atomic_store(&file->alive[i], 0);
	file->fd = iommufd_open();
	atomic_store(&file->dead, false);
	return file->fd < 0 ? file->fd : 0;
}

static void file_close_fds(struct fuzz_file *file)
{
	unsigned int kind, i;

	for (kind = 0; kind < FD_KINDS; kind++) {
		for (i = 0; i < file->num_fds[kind]; i++)
			close(file->fds[kind][i]);
		file->num_fds[kind] = 0;
	}
}

/*
 * The lowest ID that is left after all were destroyed, or 0. Not all are known, but as
 * a new one is the lowest that is free, none is far above those that are.
 */
static __u32 file_destroy_all(struct fuzz_file *file)
{
	__u32 id, left;
	bool again;
	int rc;

	do {
		left = 0;
		again = false;
		for (id = file->highest + 256; id; id--) {
			rc = object_destroy(file->fd, id);
			if (!rc)
				again = true;
			else if (rc == -EBUSY)
				left = id;
		}
	} while (left && again);
	return left;
}

/* Nobody works on it, and no child has its descriptors */
static void file_end_in_order(struct fuzz_file *file)
{
	__u32 left;
	int tries;

	file_close_fds(file);
	vfio_ioas_clear(file->fd);
	/* Who was told a number that was an access's may still hold that */
	for (tries = 0; tries < 40; tries++) {
		left = file_destroy_all(file);
		if (!left)
			return;
		usleep(50000);
	}
	fuzz_fail("object %u cannot be destroyed although nothing uses it",
		  left);
}

/*
 * End the file and open another, unless somebody is at work on it: in order, or by
 * closing what there is in any order.
 */
void fuzz_file_end(struct fuzz_file *file, struct dice *dice)
{
	if (pthread_rwlock_trywrlock(&file->lock))
		return;
	if (!file->dead && dice_percent(dice, 60) &&
	    !pthread_rwlock_trywrlock(&fuzz_fork_lock)) {
		file_end_in_order(file);
		pthread_rwlock_unlock(&fuzz_fork_lock);
	}
	if (dice_percent(dice, 50))
		file_close_fds(file);
	close(file->fd);
	file_close_fds(file);
	if (file_open(file))
		fuzz_fail("/dev/iommu does not open: %s", strerror(-file->fd));
	pthread_rwlock_unlock(&file->lock);
}

/* Close it for all who work on it; the number is not free for others yet */
void fuzz_file_kill(struct fuzz_file *file)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return;
	atomic_store(&file->dead, true);
	dup3(null, file->fd, O_CLOEXEC);
	close(null);
}

int fuzz_files_open(void)
{
	unsigned int i;
	int rc = 0;

	for (i = 0; !rc && i < FUZZ_FILES; i++) {
		pthread_rwlock_init(&fuzz_files[i].lock, NULL);
		pthread_mutex_init(&fuzz_files[i].pool_lock, NULL);
		rc = file_open(&fuzz_files[i]);
	}
	return rc;
}

void fuzz_files_close(void)
{
	unsigned int i;

	for (i = 0; i < FUZZ_FILES; i++) {
		if (!fuzz_files[i].dead)
			file_end_in_order(&fuzz_files[i]);
		file_close_fds(&fuzz_files[i]);
		close(fuzz_files[i].fd);
	}
}
