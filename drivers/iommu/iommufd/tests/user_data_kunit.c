// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit suite of the typed user data helpers in linux/iommu.h.
 *
 * A KUnit case runs in a kernel thread, which has no user memory. Each case
 * gets an mm of its own with MAP_PAGES of it, the page after them unmapped.
 * Making an mm needs functions that are not exported: built in only.
 */
#include <kunit/test.h>
#include <linux/err.h>
#include <linux/iommu.h>
#include <linux/kthread.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/prandom.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

enum {
	DATA_SAMPLE = 0x5a01,
	DATA_OTHER = 0x5a02,
};

/* Version 1 ended with @b */
struct sample {
	u32 a;
	u32 b;
	u64 c;
	u64 d;
};

#define MIN_LEN		offsetofend(struct sample, b)
#define LEN		sizeof(struct sample)

#define MAP_PAGES	16
#define MAP_LEN		(MAP_PAGES * PAGE_SIZE)

/* Entries in an array that a case copies from, unless it says otherwise */
#define NUM		3

/* Room for what is copied, with a sample on both sides that must not change */
#define OUT_MAX		1024
#define UNTOUCHED	0xa5

struct user_memory {
	struct mm_struct *mm;
	unsigned long start;
	unsigned long end;
	struct sample *out;
};

static void __user *user_ptr(unsigned long addr)
{
	return (void __user *)addr;
}

/* Byte @i of entry @index: never 0, and other than in the entries beside it */
static u8 pattern(unsigned int index, size_t i)
{
	return 1 + (index * 97 + i * 7) % 255;
}

/* What a copy of entry @index, @len bytes long in user space, has to give */
static struct sample expected(unsigned int index, size_t len)
{
	struct sample sample = {};
	size_t i;

	for (i = 0; i < min(len, LEN); i++)
		((u8 *)&sample)[i] = pattern(index, i);
	return sample;
}

static void user_write(struct kunit *test, unsigned long addr, const void *from,
		       size_t len)
{
	KUNIT_ASSERT_EQ(test, copy_to_user(user_ptr(addr), from, len), 0);
}

/*
 * Make entry @index of @len bytes at @addr: the pattern as far as the kernel
 * knows the struct, then zeroes, but for the byte at @dirty if that is not 0
 */
static void user_entry(struct kunit *test, unsigned long addr,
		       unsigned int index, size_t len, size_t dirty)
{
	struct sample head = expected(index, len);
	const u8 one = 1;

	user_write(test, addr, &head, min(len, LEN));
	if (len > LEN)
		KUNIT_ASSERT_EQ(test, clear_user(user_ptr(addr + LEN),
						 len - LEN), 0);
	if (dirty)
		user_write(test, addr + dirty, &one, 1);
}

static void user_entries(struct kunit *test,
			 const struct iommu_user_data_array *array,
			 size_t dirty)
{
	unsigned long addr = (unsigned long)array->uptr;
	unsigned int i;

	for (i = 0; i < array->entry_num; i++)
		user_entry(test, addr + i * array->entry_len, i,
			   array->entry_len, dirty);
}

static struct sample *fresh_out(struct kunit *test)
{
	struct user_memory *user = test->priv;

	memset(user->out, UNTOUCHED, (OUT_MAX + 2) * sizeof(*user->out));
	return user->out + 1;
}

/* The last fresh_out() is as it was but for its first @count samples */
static void expect_bounds(struct kunit *test, unsigned int count)
{
	struct user_memory *user = test->priv;

	KUNIT_EXPECT_PTR_EQ(test, memchr_inv(user->out, UNTOUCHED,
					     sizeof(*user->out)), NULL);
	KUNIT_EXPECT_PTR_EQ(test,
			    memchr_inv(user->out + 1 + count, UNTOUCHED,
				       (OUT_MAX + 1 - count) *
				       sizeof(*user->out)), NULL);
}

static void expect_sample(struct kunit *test, const struct sample *out,
			  unsigned int index, size_t len)
{
	struct sample want = expected(index, len);

	KUNIT_EXPECT_EQ_MSG(test, memcmp(out, &want, sizeof(want)), 0,
			    "entry %u, len %zu", index, len);
}

static struct iommu_user_data_array user_array(unsigned long addr, size_t len,
					       u32 num)
{
	return (struct iommu_user_data_array) {
		.type = DATA_SAMPLE,
		.uptr = user_ptr(addr),
		.entry_len = len,
		.entry_num = num,
	};
}

/* Copy the first entry of @array as user data that is no array */
static int copy_one(struct kunit *test,
		    const struct iommu_user_data_array *array)
{
	struct iommu_user_data data = {
		.type = array->type,
		.uptr = array->uptr,
		.len = array->entry_len,
	};
	struct sample *out = fresh_out(test);
	int ret;

	ret = iommu_copy_struct_from_user(out, &data, DATA_SAMPLE, b);
	expect_bounds(test, 1);
	return ret;
}

static int copy_index(struct kunit *test,
		      const struct iommu_user_data_array *array,
		      unsigned int index)
{
	struct sample *out = fresh_out(test);
	int ret;

	ret = iommu_copy_struct_from_user_array(out, array, DATA_SAMPLE, index,
						b);
	expect_bounds(test, 1);
	return ret;
}

static int copy_bulk(struct kunit *test,
		     const struct iommu_user_data_array *array,
		     unsigned int first, unsigned int count)
{
	struct sample *out = fresh_out(test);
	int ret;

	ret = iommu_copy_structs_from_user_array(out, array, DATA_SAMPLE, first,
						 count, b);
	expect_bounds(test, min_t(unsigned int, count, OUT_MAX));
	return ret;
}

/* The outcome of the last copy_*() */
static struct sample *copied(struct kunit *test)
{
	struct user_memory *user = test->priv;

	return user->out + 1;
}

struct length {
	const char *name;
	size_t len;
	size_t dirty;	/* offset of the non-zero byte in the tail, or 0 */
	int ret;
};

static const struct length lengths[] = {
	{ "0", 0, 0, -EINVAL },
	{ "1", 1, 0, -EINVAL },
	{ "minimum - 1", MIN_LEN - 1, 0, -EINVAL },
	{ "minimum", MIN_LEN, 0, 0 },
	{ "minimum + 1", MIN_LEN + 1, 0, 0 },
	{ "between", offsetofend(struct sample, c), 0, 0 },
	{ "exact - 1", LEN - 1, 0, 0 },
	{ "exact", LEN, 0, 0 },
	{ "one more, zero", LEN + 1, 0, 0 },
	{ "one more, non-zero", LEN + 1, LEN, -E2BIG },
	{ "longer, zero", LEN + 21, 0, 0 },
	{ "longer, first non-zero", LEN + 21, LEN, -E2BIG },
	{ "longer, middle non-zero", LEN + 21, LEN + 10, -E2BIG },
	{ "longer, last non-zero", LEN + 21, LEN + 20, -E2BIG },
	{ "page, zero", PAGE_SIZE, 0, 0 },
	{ "page, last non-zero", PAGE_SIZE, PAGE_SIZE - 1, -E2BIG },
	{ "page, first non-zero", PAGE_SIZE, LEN, -E2BIG },
	{ "page + 1, zero", PAGE_SIZE + 1, 0, -E2BIG },
	{ "huge, zero", 3 * PAGE_SIZE + 5, 0, -E2BIG },
	{ "huge, last non-zero", 3 * PAGE_SIZE + 5, 3 * PAGE_SIZE + 4, -E2BIG },
};

static void length_name(const struct length *length, char *desc)
{
	strscpy(desc, length->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(length, lengths, length_name);

/* No helper takes another type, whatever else is right or wrong */
static void expect_types_refused(struct kunit *test,
				 struct iommu_user_data_array array,
				 unsigned int first, unsigned int count)
{
	static const unsigned int types[] = {
		0, DATA_OTHER, DATA_SAMPLE | 1U << 31, UINT_MAX,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		array.type = types[i];
		KUNIT_EXPECT_EQ(test, copy_one(test, &array), -EINVAL);
		KUNIT_EXPECT_EQ(test, copy_index(test, &array, first), -EINVAL);
		KUNIT_EXPECT_EQ(test, copy_bulk(test, &array, first, count),
				-EINVAL);
	}
}

static void user_data_length(struct kunit *test)
{
	const struct length *length = test->param_value;
	struct user_memory *user = test->priv;
	struct iommu_user_data_array array;

	array = user_array(user->start, length->len, 1);
	user_entries(test, &array, length->dirty);
	KUNIT_EXPECT_EQ(test, copy_one(test, &array), length->ret);
	if (!length->ret)
		expect_sample(test, copied(test), 0, length->len);
	expect_types_refused(test, array, 0, 1);
}

static void user_data_array_length(struct kunit *test)
{
	static const unsigned int outside[] = { NUM, NUM + 1, UINT_MAX };
	const struct length *length = test->param_value;
	struct user_memory *user = test->priv;
	struct iommu_user_data_array array;
	unsigned int index, i;

	array = user_array(user->start, length->len, NUM + 1);
	user_entries(test, &array, length->dirty);
	array.entry_num = NUM;
	for (index = 0; index < NUM; index++) {
		KUNIT_EXPECT_EQ(test, copy_index(test, &array, index),
				length->ret);
		if (!length->ret)
			expect_sample(test, copied(test), index, length->len);
		expect_types_refused(test, array, index, 1);
	}
	for (i = 0; i < ARRAY_SIZE(outside); i++)
		KUNIT_EXPECT_EQ(test, copy_index(test, &array, outside[i]),
				-EINVAL);
	array.entry_num = 0;
	KUNIT_EXPECT_EQ(test, copy_index(test, &array, 0), -EINVAL);
}

static void user_data_bulk_length(struct kunit *test)
{
	const struct length *length = test->param_value;
	struct user_memory *user = test->priv;
	struct iommu_user_data_array array;
	unsigned int first, count, i;

	array = user_array(user->start, length->len, NUM);
	user_entries(test, &array, length->dirty);
	for (first = 0; first < NUM; first++) {
		for (count = 1; first + count <= NUM; count++) {
			KUNIT_EXPECT_EQ(test,
					copy_bulk(test, &array, first, count),
					length->ret);
			for (i = 0; !length->ret && i < count; i++)
				expect_sample(test, copied(test) + i, first + i,
					      length->len);
		}
	}
}

struct slice {
	const char *name;
	unsigned int first;
	unsigned int count;
	int ret;
};

/* In an array of NUM */
static const struct slice slices[] = {
	{ "none of it", 0, 0, 0 },
	{ "none at its end", NUM, 0, 0 },
	{ "none past its end", NUM + 1, 0, -EINVAL },
	{ "none at the last", UINT_MAX, 0, -EINVAL },
	{ "all", 0, NUM, 0 },
	{ "the last", NUM - 1, 1, 0 },
	{ "one too many", 0, NUM + 1, -EINVAL },
	{ "one past the last", 1, NUM, -EINVAL },
	{ "behind it", NUM, 1, -EINVAL },
	{ "last index there is", UINT_MAX, 1, -EINVAL },
	{ "as many as there are", 0, UINT_MAX, -EINVAL },
	{ "sum wraps to 0", 1, UINT_MAX, -EINVAL },
	{ "sum wraps to the number", NUM + 1, UINT_MAX, -EINVAL },
	{ "both the last", UINT_MAX, UINT_MAX, -EINVAL },
};

static void slice_name(const struct slice *slice, char *desc)
{
	strscpy(desc, slice->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(slice, slices, slice_name);

static void user_data_bulk_slice(struct kunit *test)
{
	const struct slice *slice = test->param_value;
	struct user_memory *user = test->priv;
	struct iommu_user_data_array array;
	unsigned int i;

	array = user_array(user->start, LEN, NUM + 2);
	user_entries(test, &array, 0);
	array.entry_num = NUM;
	KUNIT_EXPECT_EQ(test, copy_bulk(test, &array, slice->first,
					slice->count), slice->ret);
	for (i = 0; !slice->ret && i < slice->count; i++)
		expect_sample(test, copied(test) + i, slice->first + i, LEN);
	expect_types_refused(test, array, slice->first, slice->count);
}

/* An array of nothing: how user space asks whether a type is known */
static void user_data_bulk_probe(struct kunit *test)
{
	struct iommu_user_data_array array = user_array(0, MIN_LEN, 0);

	KUNIT_EXPECT_EQ(test, copy_bulk(test, &array, 0, 0), 0);
	KUNIT_EXPECT_EQ(test, copy_bulk(test, &array, 0, 1), -EINVAL);
	expect_types_refused(test, array, 0, 0);

	array.entry_len = LEN;
	KUNIT_EXPECT_EQ(test, copy_bulk(test, &array, 0, 0), 0);
	array.entry_len = MIN_LEN - 1;
	KUNIT_EXPECT_EQ(test, copy_bulk(test, &array, 0, 0), -EINVAL);
}

/* A tail that is not asked for may hold anything */
static void user_data_other_tails(struct kunit *test)
{
	struct user_memory *user = test->priv;
	struct iommu_user_data_array array;
	const size_t len = LEN + 8;
	unsigned int bad;

	array = user_array(user->start, len, NUM);
	for (bad = 0; bad < NUM; bad++) {
		user_entries(test, &array, 0);
		user_entry(test, user->start + bad * len, bad, len, len - 1);

		KUNIT_EXPECT_EQ(test, copy_bulk(test, &array, 0, bad), 0);
		KUNIT_EXPECT_EQ(test, copy_bulk(test, &array, 0, bad + 1),
				-E2BIG);
		KUNIT_EXPECT_EQ(test, copy_bulk(test, &array, 0, NUM), -E2BIG);
		KUNIT_EXPECT_EQ(test, copy_bulk(test, &array, bad + 1,
						NUM - bad - 1), 0);
		KUNIT_EXPECT_EQ(test, copy_index(test, &array, bad), -E2BIG);
		KUNIT_EXPECT_EQ(test, copy_index(test, &array, (bad + 1) % NUM),
				0);
	}
}

enum place {
	IS_NULL,
	IS_NEAR_NULL,
	IS_UNMAPPED,
	IS_KERNEL,
	IS_LAST,
	CROSSING_BY_1,
	CROSSING_BY_ALL_BUT_1,
};

struct pointer {
	const char *name;
	enum place place;
};

static const struct pointer pointers[] = {
	{ "NULL", IS_NULL },
	{ "near NULL", IS_NEAR_NULL },
	{ "unmapped", IS_UNMAPPED },
	{ "kernel address", IS_KERNEL },
	{ "last address there is", IS_LAST },
	{ "all but one byte mapped", CROSSING_BY_1 },
	{ "one byte mapped", CROSSING_BY_ALL_BUT_1 },
};

static void pointer_name(const struct pointer *pointer, char *desc)
{
	strscpy(desc, pointer->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(pointer, pointers, pointer_name);

static const struct sample kernel_samples[2] = {};

/* An address at which @len bytes cannot be read */
static unsigned long bad_address(const struct user_memory *user,
				 enum place place, size_t len)
{
	switch (place) {
	case IS_NULL:
		return 0;
	case IS_NEAR_NULL:
		return 8;
	case IS_UNMAPPED:
		return user->end;
	case IS_KERNEL:
		return (unsigned long)kernel_samples;
	case IS_LAST:
		return ULONG_MAX;
	case CROSSING_BY_1:
		return user->end - len + 1;
	case CROSSING_BY_ALL_BUT_1:
		return user->end - 1;
	}
	return 0;
}

static const size_t pointer_lens[] = {
	MIN_LEN, LEN - 1, LEN, LEN + 1, LEN + 16, PAGE_SIZE,
};

static void user_data_bad_pointer(struct kunit *test)
{
	const struct pointer *pointer = test->param_value;
	struct user_memory *user = test->priv;
	struct iommu_user_data_array array;
	unsigned int i;
	size_t len;

	for (i = 0; i < ARRAY_SIZE(pointer_lens); i++) {
		len = pointer_lens[i];
		array = user_array(bad_address(user, pointer->place, len), len,
				   NUM);
		KUNIT_EXPECT_EQ(test, copy_one(test, &array), -EFAULT);
		KUNIT_EXPECT_EQ(test, copy_index(test, &array, 0), -EFAULT);
		KUNIT_EXPECT_EQ(test, copy_bulk(test, &array, 0, 1), -EFAULT);
		KUNIT_EXPECT_EQ(test, copy_bulk(test, &array, 0, NUM), -EFAULT);

		/* Nothing is read before type, length and index are right */
		expect_types_refused(test, array, 0, NUM);
		KUNIT_EXPECT_EQ(test, copy_index(test, &array, NUM), -EINVAL);
		KUNIT_EXPECT_EQ(test, copy_bulk(test, &array, 1, NUM), -EINVAL);
		KUNIT_EXPECT_EQ(test, copy_bulk(test, &array, NUM, 0), 0);
		array.entry_len = MIN_LEN - 1;
		KUNIT_EXPECT_EQ(test, copy_one(test, &array), -EINVAL);
		KUNIT_EXPECT_EQ(test, copy_index(test, &array, 0), -EINVAL);
		KUNIT_EXPECT_EQ(test, copy_bulk(test, &array, 0, 1), -EINVAL);
		array.entry_len = SIZE_MAX;
		KUNIT_EXPECT_EQ(test, copy_one(test, &array), -E2BIG);
		KUNIT_EXPECT_EQ(test, copy_index(test, &array, 0), -E2BIG);
		KUNIT_EXPECT_EQ(test, copy_bulk(test, &array, 0, 1), -E2BIG);
	}
}

/* The array ends with the last byte that is mapped, then one byte later */
static void user_data_last_byte(struct kunit *test)
{
	struct user_memory *user = test->priv;
	struct iommu_user_data_array array;
	unsigned int i;
	size_t len;

	for (i = 0; i < ARRAY_SIZE(pointer_lens); i++) {
		len = pointer_lens[i];
		array = user_array(user->end - NUM * len, len, NUM);
		user_entries(test, &array, 0);
		KUNIT_EXPECT_EQ(test, copy_index(test, &array, NUM - 1), 0);
		expect_sample(test, copied(test), NUM - 1, len);
		KUNIT_EXPECT_EQ(test, copy_bulk(test, &array, 0, NUM), 0);
		expect_sample(test, copied(test) + NUM - 1, NUM - 1, len);

		array = user_array(user->end - NUM * len + 1, len, NUM - 1);
		user_entries(test, &array, 0);
		array.entry_num = NUM;
		KUNIT_EXPECT_EQ(test, copy_index(test, &array, NUM - 1),
				-EFAULT);
		KUNIT_EXPECT_EQ(test, copy_index(test, &array, NUM - 2), 0);
		KUNIT_EXPECT_EQ(test, copy_bulk(test, &array, 0, NUM), -EFAULT);
		KUNIT_EXPECT_EQ(test, copy_bulk(test, &array, 0, NUM - 1), 0);
	}
}

static void user_data_null_arguments(struct kunit *test)
{
	struct user_memory *user = test->priv;
	struct iommu_user_data data = {
		.type = DATA_SAMPLE,
		.uptr = user_ptr(user->start),
		.len = LEN,
	};
	struct iommu_user_data_array array = user_array(user->start, LEN, NUM);
	struct iommu_user_data_array *no_array = NULL;
	struct iommu_user_data *no_data = NULL;
	struct sample *no_out = NULL;
	struct sample *out = fresh_out(test);
	int ret;

	/* The compiler is not to know that they are NULL */
	OPTIMIZER_HIDE_VAR(no_array);
	OPTIMIZER_HIDE_VAR(no_data);
	OPTIMIZER_HIDE_VAR(no_out);

	ret = iommu_copy_struct_from_user(out, no_data, DATA_SAMPLE, b);
	KUNIT_EXPECT_EQ(test, ret, -EINVAL);
	ret = iommu_copy_struct_from_user(no_out, &data, DATA_SAMPLE, b);
	KUNIT_EXPECT_EQ(test, ret, -EINVAL);
	ret = iommu_copy_struct_from_user_array(out, no_array, DATA_SAMPLE, 0,
						b);
	KUNIT_EXPECT_EQ(test, ret, -EINVAL);
	ret = iommu_copy_struct_from_user_array(no_out, &array, DATA_SAMPLE, 0,
						b);
	KUNIT_EXPECT_EQ(test, ret, -EINVAL);
	ret = iommu_copy_structs_from_user_array(out, no_array, DATA_SAMPLE, 0,
						 1, b);
	KUNIT_EXPECT_EQ(test, ret, -EINVAL);
	ret = iommu_copy_structs_from_user_array(no_out, &array, DATA_SAMPLE, 0,
						 1, b);
	KUNIT_EXPECT_EQ(test, ret, -EINVAL);
	expect_bounds(test, 0);
}

/* A struct that is still at version 1: its minimum is all of it */
static void user_data_first_version(struct kunit *test)
{
	struct user_memory *user = test->priv;
	struct iommu_user_data_array array;
	struct iommu_user_data data;
	struct sample out;
	size_t len;
	int ret;

	for (len = LEN - 1; len <= LEN; len++) {
		int want = len == LEN ? 0 : -EINVAL;

		array = user_array(user->start, len, 1);
		user_entries(test, &array, 0);
		data.type = DATA_SAMPLE;
		data.uptr = array.uptr;
		data.len = len;

		ret = iommu_copy_struct_from_user(&out, &data, DATA_SAMPLE, d);
		KUNIT_EXPECT_EQ(test, ret, want);
		ret = iommu_copy_struct_from_user_array(&out, &array,
							DATA_SAMPLE, 0, d);
		KUNIT_EXPECT_EQ(test, ret, want);
		ret = iommu_copy_structs_from_user_array(&out, &array,
							 DATA_SAMPLE, 0, 1, d);
		KUNIT_EXPECT_EQ(test, ret, want);
	}
}

struct stride {
	const char *name;
	size_t len;
	unsigned int index;
};

/* Entries that no user memory can hold, some of which wrap back to their start */
static const struct stride strides[] = {
	{ "32 bits wrap to the start", LEN, 1U << 29 },
	{ "32 bits wrap to entry 1", LEN, (1U << 29) + 1 },
	{ "last index there is", LEN, UINT_MAX - 2 },
	{ "half of all wraps", SIZE_MAX / 2 + 1, 2 },
	{ "a quarter of all wraps", SIZE_MAX / 4 + 1, 4 },
	{ "one less than all", SIZE_MAX, 1 },
	{ "back by one entry", -LEN, 1 },
	{ "back to the minimum", -MIN_LEN, 1 },
};

static void stride_name(const struct stride *stride, char *desc)
{
	strscpy(desc, stride->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(stride, strides, stride_name);

static void user_data_stride(struct kunit *test)
{
	const struct stride *stride = test->param_value;
	unsigned int index = stride->index;
	struct user_memory *user = test->priv;
	struct iommu_user_data_array array;

	/* All of the memory would do as entries; which error is not said */
	KUNIT_ASSERT_EQ(test, clear_user(user_ptr(user->start), MAP_LEN), 0);
	array = user_array(user->start + MAP_LEN / 2, stride->len, index + 2);
	KUNIT_EXPECT_LT(test, copy_index(test, &array, index), 0);
	KUNIT_EXPECT_LT(test, copy_bulk(test, &array, index, 1), 0);
	KUNIT_EXPECT_LT(test, copy_bulk(test, &array, index, 2), 0);
	/* Room was made for no more than this */
	if (index < OUT_MAX)
		KUNIT_EXPECT_LT(test, copy_bulk(test, &array, 0, index + 1), 0);
}

/* No multiple of the entry length leads a bulk copy into kernel memory */
static void user_data_stride_to_kernel(struct kunit *test)
{
	unsigned long kernel = (unsigned long)kernel_samples;
	struct user_memory *user = test->priv;
	struct iommu_user_data_array array;

	KUNIT_ASSERT_EQ(test, clear_user(user_ptr(user->start), MAP_LEN), 0);
	array = user_array(user->start, kernel - user->start, 2);
	KUNIT_EXPECT_LT(test, copy_index(test, &array, 1), 0);
	KUNIT_EXPECT_LT(test, copy_bulk(test, &array, 0, 2), 0);
	KUNIT_EXPECT_LT(test, copy_bulk(test, &array, 1, 1), 0);
}

/* More entries than a page holds, at an address that is aligned to nothing */
static void user_data_bulk_pages(struct kunit *test)
{
	static const size_t lens[] = { MIN_LEN, MIN_LEN + 3, LEN, LEN + 7 };
	struct user_memory *user = test->priv;
	struct iommu_user_data_array array;
	unsigned int i, index;
	size_t len;

	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		len = lens[i];
		array = user_array(user->end - OUT_MAX * len - 3, len, OUT_MAX);
		user_entries(test, &array, 0);
		KUNIT_EXPECT_EQ(test, copy_bulk(test, &array, 0, OUT_MAX), 0);
		for (index = 0; index < OUT_MAX; index++)
			expect_sample(test, copied(test) + index, index, len);

		/* One entry more, of which only three bytes are mapped */
		array.entry_num++;
		KUNIT_EXPECT_EQ(test, copy_bulk(test, &array, 1, OUT_MAX),
				-EFAULT);
	}
}

/* A random array: most tails are zero, and some of it may not be mapped */
static void random_array(struct kunit *test, struct rnd_state *rnd,
			 struct iommu_user_data_array *array)
{
	struct user_memory *user = test->priv;
	unsigned long addr, last;
	unsigned int i;

	array->type = prandom_u32_state(rnd) % 16 ? DATA_SAMPLE : DATA_OTHER;
	array->entry_len = prandom_u32_state(rnd) % (LEN + 24);
	array->entry_num = prandom_u32_state(rnd) % 12;

	last = user->end - array->entry_len * array->entry_num;
	addr = last - prandom_u32_state(rnd) % PAGE_SIZE;
	for (i = 0; i < array->entry_num; i++)
		user_entry(test, addr + i * array->entry_len,
			   prandom_u32_state(rnd), array->entry_len,
			   array->entry_len > LEN &&
			   prandom_u32_state(rnd) % 16 == 0 ? LEN : 0);
	if (prandom_u32_state(rnd) % 4 == 0)
		addr = last + prandom_u32_state(rnd) % 64;
	array->uptr = user_ptr(addr);
}

/* A bulk copy gives what as many single ones would */
static void user_data_bulk_equals_singles(struct kunit *test)
{
	unsigned int trial, first, count, i, good = 0, bad = 0;
	struct iommu_user_data_array array;
	struct sample singles[16];
	struct rnd_state rnd;

	prandom_seed_state(&rnd, 0x5eed);
	for (trial = 0; trial < 5000; trial++) {
		struct sample *out = fresh_out(test);
		unsigned int failed = 0;
		bool same_error = false;
		int ret, single;

		random_array(test, &rnd, &array);
		first = prandom_u32_state(&rnd) % (array.entry_num + 1);
		count = 1 + prandom_u32_state(&rnd) %
				(array.entry_num - first + 1);
		ret = iommu_copy_structs_from_user_array(out, &array,
							 DATA_SAMPLE, first,
							 count, b);
		expect_bounds(test, count);

		for (i = 0; i < count; i++) {
			single = iommu_copy_struct_from_user_array(&singles[i],
								   &array,
								   DATA_SAMPLE,
								   first + i,
								   b);
			if (single)
				failed++;
			if (single && single == ret)
				same_error = true;
		}
		if (failed) {
			KUNIT_EXPECT_TRUE_MSG(test, same_error,
					      "trial %u: bulk %d", trial, ret);
			bad++;
			continue;
		}
		KUNIT_EXPECT_EQ_MSG(test, ret, 0, "trial %u", trial);
		KUNIT_EXPECT_EQ_MSG(test,
				    memcmp(out, singles, count * sizeof(*out)),
				    0, "trial %u", trial);
		good++;
	}
	/* Neither outcome is rare */
	KUNIT_EXPECT_GT(test, good, 1000);
	KUNIT_EXPECT_GT(test, bad, 1000);
}

static int user_data_init(struct kunit *test)
{
	struct user_memory *user;
	unsigned long start;

	user = kunit_kzalloc(test, sizeof(*user), GFP_KERNEL);
	if (!user)
		return -ENOMEM;
	user->out = kunit_kmalloc_array(test, OUT_MAX + 2, sizeof(*user->out),
					GFP_KERNEL);
	if (!user->out)
		return -ENOMEM;
	test->priv = user;

	user->mm = mm_alloc();
	if (!user->mm)
		return -ENOMEM;
	user->mm->task_size = TASK_SIZE;
	arch_pick_mmap_layout(user->mm, &current->signal->rlim[RLIMIT_STACK]);
	kthread_use_mm(user->mm);

	start = vm_mmap(NULL, 0, MAP_LEN + PAGE_SIZE, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, 0);
	if (IS_ERR_VALUE(start))
		return start;
	user->start = start;
	user->end = start + MAP_LEN;
	return vm_munmap(user->end, PAGE_SIZE);
}

static void user_data_exit(struct kunit *test)
{
	struct user_memory *user = test->priv;

	if (!user || !user->mm)
		return;
	if (current->mm == user->mm) {
		kthread_unuse_mm(user->mm);
		mmput(user->mm);
	} else {
		/*
		 * An assertion ended the thread that used the mm, and this is
		 * another. The end of a thread puts its mm as that of a user
		 * process; left is the reference of kthread_use_mm().
		 */
		mmdrop(user->mm);
	}
}

static struct kunit_case user_data_cases[] = {
	KUNIT_CASE_PARAM(user_data_length, length_gen_params),
	KUNIT_CASE_PARAM(user_data_array_length, length_gen_params),
	KUNIT_CASE_PARAM(user_data_bulk_length, length_gen_params),
	KUNIT_CASE_PARAM(user_data_bulk_slice, slice_gen_params),
	KUNIT_CASE(user_data_bulk_probe),
	KUNIT_CASE(user_data_other_tails),
	KUNIT_CASE_PARAM(user_data_bad_pointer, pointer_gen_params),
	KUNIT_CASE(user_data_last_byte),
	KUNIT_CASE(user_data_null_arguments),
	KUNIT_CASE(user_data_first_version),
	KUNIT_CASE_PARAM(user_data_stride, stride_gen_params),
	KUNIT_CASE(user_data_stride_to_kernel),
	KUNIT_CASE(user_data_bulk_pages),
	KUNIT_CASE(user_data_bulk_equals_singles),
	{}
};

static struct kunit_suite user_data_suite = {
	.name = "iommu_user_data",
	.init = user_data_init,
	.exit = user_data_exit,
	.test_cases = user_data_cases,
};

kunit_test_suite(user_data_suite);

MODULE_LICENSE("GPL");
