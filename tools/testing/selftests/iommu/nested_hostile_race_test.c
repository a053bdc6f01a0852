// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guests that change their stage-1 tables, and VMMs that change stage 2, while devices
 * walk both. A DMA reaches what was mapped before or what is mapped after, or is
 * blocked: never anything else, and never what is unmapped once that is over.
 *
 * Page 0 of the guest's data and page DATA_PAGES - 1 are never mapped in stage 1, and
 * no device ever writes what the tests look for.
 */
#include "guest.h"
#include "race.h"
#include <sched.h>

/* What devices write; it stands nowhere else */
#define POISON 0xbadbadbadbad0000ULL
#define CALM   0xca1ca1ca1ca10000ULL

#define FLEETING       GUEST_NOTHING
#define FLEETING_PAGES 4

/**
 * struct race - what the threads share
 * @guest: The guest, with one device
 * @other: A second device on the same HWPT
 * @iova: Mapped by the table to page 1 or page 2, or not at all
 * @leaf: Its entry at level 1
 * @middle: Its entry at level 2
 * @tables: What that holds: the table of @leaf, and another that maps page 2
 * @mem: Memory at FLEETING, at times
 */
struct race {
	struct guest guest;
	struct mock_dev other;
	__u64 iova;
	__u64 *leaf;
	__u64 *middle;
	__u64 tables[2];
	char *mem;
};

FIXTURE(race)
{
	struct race race;
};

FIXTURE_SETUP(race)
{
	struct race *race = &self->race;
	struct guest *guest = &race->guest;
	__u64 table;

	guest_start(_metadata, guest, IOMMU_HWPT_SELFTEST_S1_4LEVEL);
	race->other = rig_device_on(_metadata, &guest->rig, MOCK_IOMMU_FULL, 0,
				    guest->hwpt);
	race->iova = IOVA_4LEVEL;
	race->leaf = guest_map(_metadata, guest, race->iova, guest_data_gpa(1));
	race->middle = guest_entry(_metadata, guest, race->iova, 2);
	race->tables[0] = get_u64(race->middle) & PTE_ADDR;
	table = guest_new_table(_metadata, guest);
	set_u64(guest_entry_in(guest, table, 1, race->iova),
		guest_data_gpa(2) | PTE_RW);
	race->tables[1] = table;
	race->mem = get_memory(_metadata, FLEETING_PAGES * SZ_4K);
}

FIXTURE_TEARDOWN(race)
{
	guest_stop(_metadata, &self->race.guest);
}

/* ---- Devices ---- */

static __u32 device_of(const struct runner *runner)
{
	const struct race *race = runner->race;

	return runner->index ? race->other.stdev_id : race->guest.dev.stdev_id;
}

static bool is_blocked(__u64 value)
{
	return value >> 32 == DMA_BLOCKED >> 32;
}

/* What is read is what is in page 1 or page 2, whole */
static int step_read(struct runner *runner)
{
	const struct race *race = runner->race;
	__u64 value =
		dma_peek(race->guest.rig.fd, device_of(runner), race->iova);

	if (value == MARK(1) || value == MARK(2) || is_blocked(value))
		return 0;
	return -ERANGE;
}

/* Behind the marks, which stay */
static int step_write(struct runner *runner)
{
	const struct race *race = runner->race;
	__u64 value = dma_poke(race->guest.rig.fd, device_of(runner),
			       race->iova + 64, POISON);

	return !value || is_blocked(value) ? 0 : -ERANGE;
}

/* Nothing but the words that step_write() may write is any different */
static void expect_rest_untouched(struct __test_metadata *_metadata,
				  const struct guest *guest)
{
	unsigned int page;
	__u64 i, value;

	for (page = 0; page < DATA_PAGES; page++) {
		EXPECT_EQ(MARK(page), get_u64(guest_data(guest, page)));
		for (i = 8; i < SZ_4K; i += 8) {
			value = get_u64(guest_data(guest, page) + i);
			if (value == POISON && i == 64 &&
			    (page == 1 || page == 2))
				continue;
			ASSERT_EQ(0ULL, value) {
				TH_LOG("page %u, byte %llu", page, i);
			}
		}
	}
}

/* ---- Guests ---- */

/* Put an entry, invalidate, and see that from then on there is nothing else */
static int set_and_look(struct runner *runner, __u64 *entry, __u64 value,
			__u64 expected)
{
	const struct guest *guest = &runner->race->guest;
	__u64 seen;
	int rc;

	set_u64(entry, value);
	rc = guest_invalidate(guest, runner->race->iova & -SZ_4K, 1);
	if (rc)
		return rc;
	seen = guest_peek(guest, runner->race->iova);
	return seen == expected ? 0 : -ESTALE;
}

/* One page, the other, none; the accessed bit is to be set anew each time */
static int step_change_leaf(struct runner *runner)
{
	__u64 *leaf = runner->race->leaf;
	int rc;

	rc = set_and_look(runner, leaf, guest_data_gpa(1) | PTE_RW, MARK(1));
	if (!rc)
		rc = set_and_look(runner, leaf, guest_data_gpa(2) | PTE_RO,
				  MARK(2));
	if (!rc)
		rc = set_and_look(runner, leaf, 0, DMA_UNMAPPED);
	return rc;
}

/* A table, another one, a large page that begins at page 0 of the data */
static int step_change_table(struct runner *runner)
{
	struct race *race = runner->race;
	__u64 *middle = race->middle;
	int rc;

	rc = set_and_look(runner, middle, race->tables[0] | PTE_RW, MARK(1));
	if (!rc)
		rc = set_and_look(runner, middle, race->tables[1] | PTE_RW,
				  MARK(2));
	if (!rc)
		rc = set_and_look(runner, middle,
				  GUEST_NOTHING | PTE_RW | PTE_PS,
				  DMA_UNMAPPED);
	return rc;
}

/*
 * As fast as a CPU can, and nobody is told. A walk that marks the entry as it was may
 * not undo that.
 */
static int step_flicker(struct runner *runner)
{
	__u64 *leaf = runner->race->leaf;
	unsigned int i, j;
	__u64 value;

	for (i = 0; i < 10000; i++) {
		value = guest_data_gpa(1 + i % 2) | PTE_RW;
		set_u64(leaf, value);
		for (j = 0; j < 16; j++)
			if ((get_u64(leaf) ^ value) & ~(PTE_A | PTE_D))
				return -ESTALE;
	}
	return 0;
}

static int step_forget(struct runner *runner)
{
	return guest_invalidate_all(&runner->race->guest);
}

TEST_F(race, leaf_changes_under_the_walk)
{
	struct runner runners[] = {
		{.step = step_change_leaf},
		{.step = step_read, .index = 0},
		{.step = step_read, .index = 1},
		{.step = step_write, .index = 1},
	};

	run_all(_metadata, &self->race, runners, ARRAY_SIZE(runners));
	expect_rest_untouched(_metadata, &self->race.guest);
}

TEST_F(race, table_changes_under_the_walk)
{
	struct runner runners[] = {
		{.step = step_change_table},
		{.step = step_read, .index = 0},
		{.step = step_read, .index = 1},
		{.step = step_write, .index = 1},
	};

	run_all(_metadata, &self->race, runners, ARRAY_SIZE(runners));
	expect_rest_untouched(_metadata, &self->race.guest);
}

TEST_F(race, leaf_that_never_rests)
{
	struct runner runners[] = {
		{.step = step_flicker},
		{.step = step_forget},
		{.step = step_read, .index = 0},
		{.step = step_write, .index = 1},
	};

	run_all(_metadata, &self->race, runners, ARRAY_SIZE(runners));
	expect_rest_untouched(_metadata, &self->race.guest);
}

/* ---- Stage 2 ---- */

/* What is there once it is unmapped stays, whatever devices are up to */
static int check_calm(const char *mem)
{
	unsigned int tries, i;

	for (tries = 0; tries < 20; tries++)
		for (i = 0; i < FLEETING_PAGES * SZ_4K; i += 8)
			if (get_u64(mem + i) != CALM)
				return -EFAULT;
	return 0;
}

static int step_fleeting_memory(struct runner *runner)
{
	const struct rig *rig = &runner->race->guest.rig;
	char *mem = runner->race->mem;
	unsigned int i;
	int rc;

	rc = ioas_map_fixed(rig->fd, rig->ioas_id, mem, FLEETING_PAGES * SZ_4K,
			    FLEETING, IOAS_MAP_RW);
	if (rc)
		return rc;
	/* Let somebody get there */
	sched_yield();
	rc = ioas_unmap(rig->fd, rig->ioas_id, FLEETING, FLEETING_PAGES * SZ_4K,
			NULL);
	if (rc)
		return rc;
	for (i = 0; i < FLEETING_PAGES * SZ_4K; i += 8)
		set_u64(mem + i, CALM);
	return check_calm(mem);
}

/* All of it at once, so that an unmap may meet the middle */
static int step_write_fleeting(struct runner *runner)
{
	static __u64 buf[FLEETING_PAGES * SZ_4K / 8] = {POISON, POISON};
	const struct race *race = runner->race;
	struct mock_dma dma = {};
	int rc;

	rc = mock_dma_write(race->guest.rig.fd, device_of(runner), race->iova,
			    buf, sizeof(buf), &dma);
	if (rc)
		return rc;
	if (dma.length == sizeof(buf))
		return 0;
	/* Blocked where it is not mapped, by stage 2, at a page or a table */
	return dma.reason == MOCK_DMA_FAULT_NOT_PRESENT && dma.stage == 2
		       ? 0
		       : -ERANGE;
}

TEST_F(race, page_is_unmapped_under_the_dma)
{
	struct runner runners[] = {
		{.step = step_fleeting_memory},
		{.step = step_write_fleeting, .index = 0},
		{.step = step_write_fleeting, .index = 1},
	};
	struct guest *guest = &self->race.guest;
	unsigned int i;

	for (i = 0; i < FLEETING_PAGES; i++)
		guest_map(_metadata, guest, self->race.iova + i * SZ_4K,
			  FLEETING + i * SZ_4K);
	run_all(_metadata, &self->race, runners, ARRAY_SIZE(runners));
	expect_rest_untouched(_metadata, guest);
}

/* The table of the last level itself goes: setting A and D writes to it */
TEST_F(race, table_is_unmapped_under_the_walk)
{
	struct runner runners[] = {
		{.step = step_fleeting_memory},
		{.step = step_read, .index = 0},
		{.step = step_write, .index = 1},
	};
	struct race *race = &self->race;

	/* What the fleeting memory holds is no entry, so that all is blocked */
	set_u64(race->middle, FLEETING | PTE_RW);
	run_all(_metadata, race, runners, ARRAY_SIZE(runners));
	expect_rest_untouched(_metadata, &race->guest);
}

/* It holds entries that are good, and none of it changes once it is gone */
static int step_fleeting_table(struct runner *runner)
{
	const struct rig *rig = &runner->race->guest.rig;
	__u64 entry = guest_data_gpa(1) | PTE_RW;
	char *mem = runner->race->mem;
	unsigned int i, tries;
	int rc;

	for (i = 0; i < SZ_4K; i += 8)
		set_u64(mem + i, entry);
	rc = ioas_map_fixed(rig->fd, rig->ioas_id, mem, SZ_4K, FLEETING,
			    IOAS_MAP_RW);
	if (rc)
		return rc;
	sched_yield();
	rc = ioas_unmap(rig->fd, rig->ioas_id, FLEETING, SZ_4K, NULL);
	for (i = 0; !rc && i < SZ_4K; i += 8)
		set_u64(mem + i, entry);
	for (tries = 0; !rc && tries < 20; tries++)
		for (i = 0; !rc && i < SZ_4K; i += 8)
			rc = get_u64(mem + i) == entry ? 0 : -EFAULT;
	return rc;
}

TEST_F(race, accessed_and_dirty_are_not_set_in_what_is_unmapped)
{
	struct runner runners[] = {
		{.step = step_fleeting_table},
		{.step = step_read, .index = 0},
		{.step = step_write, .index = 1},
	};

	set_u64(self->race.middle, FLEETING | PTE_RW);
	run_all(_metadata, &self->race, runners, ARRAY_SIZE(runners));
	expect_rest_untouched(_metadata, &self->race.guest);
}

TEST_HARNESS_MAIN
