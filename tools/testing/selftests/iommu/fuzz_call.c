// SPDX-License-Identifier: GPL-2.0-only
/*
 * A call: its argument is made from the description, mostly as the interface wants
 * it, and at times with a single thing wrong.
 *
 * A valid argument ends where memory ends, so that a kernel that reads more of it
 * than its size says fails the call. Pointers follow the second invariant of fuzz.h
 * also when they are wrong.
 */
#include <sys/uio.h>
#include <unistd.h>

#include "fuzz.h"

/* ---- Values ---- */

/* Numbers near which something ends */
__u64 fuzz_odd_number(struct dice *dice)
{
	static const __u64 numbers[] = {
		0, 1, 2, 3, 7, 8, 64, 512, 2048, 4095, 4096, 4097, 8192,
		MOCK_APERTURE_START - 1, MOCK_APERTURE_START,
		MOCK_APERTURE_LAST, MOCK_APERTURE_LAST + 1ULL,
		1 << 19, (1 << 19) + 1, 1 << 20, 1 << 21, 1 << 22, 1 << 30,
		0x7fffffff, 0x80000000, 0xffffffff, 0x100000000,
		1ULL << 40, 1ULL << 48, 1ULL << 52, 1ULL << 57, 1ULL << 62,
		INT64_MAX, 1ULL << 63, -4096ULL, -4097ULL, -2ULL, -1ULL,
	};
	__u64 number = numbers[dice_below(dice, ARRAY_SIZE(numbers))];

	switch (dice_below(dice, 6)) {
	case 0:
		return number + 1 - dice_below(dice, 3);
	case 1:
		return 1ULL << dice_below(dice, 64);
	case 2:
		return dice_roll(dice) >> dice_below(dice, 64);
	default:
		return number;
	}
}

/* Whole pages, mostly few */
__u64 fuzz_pick_length(struct dice *dice)
{
	if (dice_once_in(dice, 12))
		return 2 << 20;
	if (dice_once_in(dice, 12))
		return 1 + dice_below(dice, 3 * FUZZ_PAGE);
	return (1 + dice_below(dice, 16)) * FUZZ_PAGE;
}

/* Somewhere in what is mapped, or where it could be */
static __u64 pick_iova(struct fuzz_call *call)
{
	struct dice *dice = &call->dice;
	__u64 pages;

	switch (dice_below(dice, 10)) {
	case 0:
		return MOCK_APERTURE_START +
		       dice_below(dice, 4096) * FUZZ_PAGE;
	case 1:
		return MOCK_APERTURE_LAST + 1ULL -
		       (1 + dice_below(dice, 64)) * FUZZ_PAGE;
	case 2:
		return MOCK_RESERVED_WINDOW +
		       dice_below(dice, 4) * MOCK_RESERVED_WINDOW / 2;
	case 3:
	case 4:
		pages = call->range.length / FUZZ_PAGE;
		return call->range.iova +
		       (pages ? dice_below(dice, pages) * FUZZ_PAGE : 0);
	case 5:
		return call->range.iova + dice_below(dice, 64);
	default:
		return call->range.iova;
	}
}

static __u64 pick_iova_length(struct fuzz_call *call)
{
	return dice_percent(&call->dice, 60) ? call->range.length :
					       fuzz_pick_length(&call->dice);
}

/* Mostly where the range is mapped that was picked */
static __u32 pick_id(struct fuzz_call *call, unsigned int kinds)
{
	if (kinds == 1 << KIND_IOAS && call->range.ioas_id &&
	    dice_percent(&call->dice, 70))
		return call->range.ioas_id;
	return pool_pick(call->file, kinds, &call->dice);
}

static __u64 pick_value(struct fuzz_call *call, const struct fuzz_field *field)
{
	struct dice *dice = &call->dice;

	switch (field->type) {
	case F_CONST:
	case F_OP:
		return field->arg;
	case F_ID_OR_0:
		if (dice_percent(dice, 50))
			return 0;
		return pool_pick(call->file, field->arg, dice);
	case F_ID:
		return pick_id(call, field->arg);
	case F_FD:
		return pool_pick_fd(call->file, field->arg, dice);
	case F_IOVA:
	case F_NEW_IOVA:
		return pick_iova(call);
	case F_LENGTH:
		return pick_iova_length(call);
	case F_VA:
		call->va = fuzz_memory_pick(dice, &call->va_length);
		return call->va;
	case F_VA_LENGTH:
		return call->va_length;
	case F_FLAGS:
		return dice_roll(dice) & field->arg;
	case F_FLAGS_ANY:
		return dice_percent(dice, 70) ? field->arg :
						dice_roll(dice) & field->arg;
	case F_BELOW:
		return dice_below(dice, field->arg);
	case F_IN:
		return (uintptr_t)call->worker->in;
	case F_OUT:
		return (uintptr_t)call->worker->out;
	default:
		return 0;
	}
}

static void set_field(struct fuzz_call *call, const struct fuzz_field *field,
		      __u64 value)
{
	memcpy(call->arg + field->offset, &value, field->size);
}

static __u64 get_field(const struct fuzz_call *call,
		       const struct fuzz_field *field)
{
	__u64 value = 0;

	memcpy(&value, call->arg + field->offset, field->size);
	return value;
}

/* ---- Mutations ---- */

static bool is_pointer(const struct fuzz_field *field)
{
	return field->type == F_VA || field->type == F_IN ||
	       field->type == F_OUT;
}

/* The last bytes of what may be read or written, or none */
static __u64 bad_pointer(struct fuzz_call *call, const struct fuzz_field *field)
{
	struct dice *dice = &call->dice;
	char *own = field->type == F_IN ? call->worker->in : call->worker->out;

	if (field->type != F_VA) {
		if (dice_once_in(dice, 6))
			return 0;
		if (dice_once_in(dice, 2))
			return (uintptr_t)own + FUZZ_SCRATCH -
			       dice_below(dice, 64);
	}
	return fuzz_memory_bad(dice);
}

static void mutate_field(struct fuzz_call *call, const struct fuzz_field *field)
{
	struct dice *dice = &call->dice;
	__u64 value = get_field(call, field);

	if (is_pointer(field)) {
		value = bad_pointer(call, field);
	} else if (field->type == F_OP) {
		value = dice_once_in(dice, 4) ? 0 : 256 + dice_below(dice, 1 << 20);
	} else if (dice_once_in(dice, 3)) {
		value ^= 1ULL << dice_below(dice, field->size * 8);
	} else if (field->size == 4 && dice_once_in(dice, 2)) {
		/* Another object's ID, of this file or of another one */
		value = pool_pick(&fuzz_files[dice_below(dice, FUZZ_FILES)],
				  KINDS_ALL, dice);
	} else {
		value = fuzz_odd_number(dice);
	}
	set_field(call, field, value);
}

/* Is a byte of what only mutate_field() knows how to make wrong? */
static bool is_delicate(const struct fuzz_op *op, unsigned int at)
{
	const struct fuzz_field *field;

	for (field = op->fields; field < op->fields + op->num_fields; field++)
		if ((is_pointer(field) || field->type == F_OP) &&
		    at >= field->offset && at < field->offset + field->size)
			return true;
	return false;
}

/* A member that is not described, such as a reserved one, or any other */
static void mutate_bytes(struct fuzz_call *call)
{
	unsigned int at = 4 + dice_below(&call->dice, call->op->size - 4);

	if (!is_delicate(call->op, at))
		call->arg[at] ^= 1 << dice_below(&call->dice, 8);
}

static __u32 odd_size(struct fuzz_call *call)
{
	const struct fuzz_op *op = call->op;
	struct dice *dice = &call->dice;
	const __u32 sizes[] = {
		0, 3, 4, op->min_size - 1, op->min_size, op->size - 1,
		op->size + 1, op->size + 8, 4096, 4097, 1 << 20, UINT32_MAX,
	};

	return sizes[dice_below(dice, ARRAY_SIZE(sizes))];
}

/* ---- The argument in memory ---- */

/* Where it ends with its page, or with what it is said to be long */
static void place_at_end(struct fuzz_call *call)
{
	call->uarg = call->worker->arg + FUZZ_PAGE - call->op->size;
	memcpy(call->uarg, call->arg, call->op->size);
}

/* Where more follows, which is zero or is not */
static void place_with_tail(struct fuzz_call *call)
{
	call->uarg = call->worker->arg + dice_below(&call->dice, 64);
	memset(call->uarg, 0, FUZZ_PAGE - 64);
	memcpy(call->uarg, call->arg, call->op->size);
	if (dice_percent(&call->dice, 40))
		((char *)call->uarg)[call->op->size +
				     dice_below(&call->dice, 64)] = 1;
}

/* In memory that devices and other threads write to meanwhile */
static void place_shared(struct fuzz_call *call)
{
	struct iovec from = { call->arg, call->op->size };
	struct iovec to = { NULL, call->op->size };
	__u64 length;

	call->shared = true;
	call->uarg = (void *)fuzz_memory_pick(&call->dice, &length);
	to.iov_base = call->uarg;
	process_vm_writev(getpid(), &from, 1, &to, 1, 0);
}

/*
 * Does it matter what exactly was passed? A descriptor that nobody knows of nobody
 * closes, and it keeps its file; an ID that was destroyed is another's soon.
 */
static bool must_be_known(const struct fuzz_op *op)
{
	unsigned int i;

	if (op->destroys)
		return true;
	for (i = 0; i < op->num_fields; i++)
		if (op->fields[i].type == F_NEW_FD)
			return true;
	return false;
}

static void mutate_whole(struct fuzz_call *call)
{
	__u32 size;

	switch (must_be_known(call->op) ? 3 : dice_below(&call->dice, 4)) {
	case 0:
		call->uarg = (void *)fuzz_memory_bad(&call->dice);
		call->shared = true;
		break;
	case 1:
		place_shared(call);
		break;
	case 2:
		/* It reaches into memory that is not there */
		place_at_end(call);
		call->uarg += 1 + dice_below(&call->dice, 16);
		call->shared = true;
		break;
	default:
		size = odd_size(call);
		memcpy(call->arg, &size, sizeof(size));
		place_with_tail(call);
		break;
	}
}

static void mutate(struct fuzz_call *call)
{
	const struct fuzz_op *op = call->op;

	call->mutated = true;
	switch (dice_below(&call->dice, 8)) {
	case 0:
		mutate_whole(call);
		return;
	case 1:
		mutate_bytes(call);
		break;
	default:
		if (op->num_fields)
			mutate_field(call, &op->fields[dice_below(&call->dice,
								  op->num_fields)]);
		break;
	}
	place_at_end(call);
}

/* Make the argument, if the operation has one */
void fuzz_call_make(struct fuzz_call *call, bool valid)
{
	const struct fuzz_op *op = call->op;
	__u32 size = op->size;
	unsigned int i;

	call->range = pool_pick_range(call->file, &call->dice);
	memset(call->arg, 0, sizeof(call->arg));
	memcpy(call->arg, &size, sizeof(size));
	for (i = 0; i < op->num_fields; i++)
		set_field(call, &op->fields[i],
			  pick_value(call, &op->fields[i]));
	if (op->fill)
		op->fill(call);
	if (!size)
		return;
	if (!valid && dice_percent(&call->dice, 20))
		mutate(call);
	else
		place_at_end(call);
}

/* ---- What came back ---- */

/* The IOAS of the call, 0 if it has none; that to which it copies comes first */
static __u32 ioas_of(const struct fuzz_call *call)
{
	const struct fuzz_op *op = call->op;
	unsigned int i;

	for (i = 0; i < op->num_fields; i++)
		if (op->fields[i].type == F_ID &&
		    op->fields[i].arg == 1 << KIND_IOAS)
			return get_field(call, &op->fields[i]);
	return 0;
}

static void note_field(struct fuzz_call *call, const struct fuzz_field *field)
{
	__u64 value = get_field(call, field);

	switch (field->type) {
	case F_NEW_ID:
		pool_add(call->file, field->arg, value, &call->dice);
		/* It goes with the last device on it, and may be there before */
		if (field->arg != KIND_AUTO)
			pool_born(call->file, value);
		break;
	case F_NEW_IDEV:
		pool_add(call->file, KIND_IDEV, value, &call->dice);
		break;
	case F_NEW_FD:
		pool_add_fd(call->file, field->arg, value);
		break;
	case F_NEW_IOVA:
		pool_add_range(call->file,
			       (struct fuzz_range){value, call->va_length,
						   call->va, ioas_of(call)},
			       &call->dice);
		break;
	default:
		break;
	}
}

/* The call has succeeded: what has it made? */
void fuzz_call_done(struct fuzz_call *call)
{
	const struct fuzz_op *op = call->op;
	unsigned int i;

	/* What others may have written by now says nothing */
	if (call->shared)
		return;
	if (op->size)
		memcpy(call->arg, call->uarg, op->size);
	for (i = 0; i < op->num_fields; i++)
		note_field(call, &op->fields[i]);
	if (op->done)
		op->done(call);
}
