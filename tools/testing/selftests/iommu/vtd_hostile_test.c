// SPDX-License-Identifier: GPL-2.0-only
/*
 * VT-d: guests that write what they like into their stage-1 tables, and stage 2 that
 * goes while a device is at it. A DMA reaches what both stages map or is blocked; what
 * is unmapped stays as it is.
 */
#include <sched.h>

#include "race.h"
#include "vtd.h"

#define POISON 0xbadbadbadbad0000ULL
#define CALM   0xca1ca1ca1ca10000ULL

/* RAM, a window of no memory, RAM */
#define RAM_LOW	 (GUEST_NOTHING + SZ_4K)
#define WINDOW	 (RAM_LOW + SZ_4K)
#define RAM_HIGH (WINDOW + 2 * SZ_4K)

/**
 * struct race - what the threads share
 * @vtd: The guest
 * @mem: A page at GUEST_NOTHING, at times
 * @leaf: Entry of the page that devices read
 */
struct race {
	struct vtd *vtd;
	char *mem;
	__u64 *leaf;
};

FIXTURE(hostile)
{
	struct vtd vtd;
	struct race race;
};

FIXTURE_VARIANT(hostile)
{
	__u32 ats;
};

FIXTURE_VARIANT_ADD(hostile, untranslated)
{
	.ats = 0,
};

FIXTURE_VARIANT_ADD(hostile, ats)
{
	.ats = DMA_TEST_BY_ATS,
};

FIXTURE_SETUP(hostile)
{
	self->vtd.ats = variant->ats;
	vtd_start(_metadata, &self->vtd);
	self->race.vtd = &self->vtd;
}

FIXTURE_TEARDOWN(hostile)
{
	vtd_stop(_metadata, &self->vtd);
}

static void expect_blocked(struct __test_metadata *_metadata,
			   const struct vtd *vtd, __u64 iova)
{
	EXPECT_EQ(DMA_DEV_BLOCKED, vtd_peek(vtd, iova)) {
		TH_LOG("IOVA %#llx", iova);
	}
	EXPECT_EQ(DMA_DEV_BLOCKED, vtd_poke(vtd, iova, POISON)) {
		TH_LOG("IOVA %#llx", iova);
	}
}

/* ---- Tables ---- */

TEST_F(hostile, root_that_is_its_own_table_and_page)
{
	static const unsigned int indices[] = {0, 1, 255};
	struct vtd *vtd = &self->vtd;
	struct guest *guest = &vtd->guest;
	unsigned int i, level;
	__u64 iova, *entry;

	for (i = 0; i < ARRAY_SIZE(indices); i++) {
		iova = indices[i] * 8;
		for (level = 1; level <= 4; level++)
			iova |= (__u64)indices[i] << (12 + 9 * (level - 1));
		entry = (__u64 *)guest->tables + indices[i];
		set_u64(entry, guest->root | PTE_RW);
		EXPECT_EQ(guest->root | PTE_RW | PTE_A,
			  vtd_peek(vtd, iova) & ~PTE_D);
		EXPECT_EQ(0ULL, vtd_poke(vtd, iova, 0));
		EXPECT_EQ(0ULL, get_u64(entry));
		EXPECT_EQ(0, vtd_invalidate_all(vtd));
		expect_blocked(_metadata, vtd, iova);
	}
}

TEST_F(hostile, entries_of_each_level_that_lead_nowhere)
{
	static const __u64 nowhere[] = {
		0,
		APERTURE_FIRST - SZ_4K,
		GUEST_NOTHING,
		0xfee00000,
		APERTURE_LAST + 1,
		1ULL << 32 | GUEST_DATA,
		1ULL << 46 | GUEST_DATA,
		1ULL << 47 | GUEST_DATA,
		1ULL << 48 | GUEST_DATA,
		1ULL << 51 | GUEST_DATA,
		PTE_ADDR,
	};
	struct vtd *vtd = &self->vtd;
	unsigned int level, i;
	__u64 *entry, before;

	guest_map(_metadata, &vtd->guest, IOVA_4LEVEL, guest_data_gpa(0));
	for (level = 4; level > 0; level--) {
		entry = guest_entry(_metadata, &vtd->guest, IOVA_4LEVEL, level);
		before = get_u64(entry);
		for (i = 0; i < ARRAY_SIZE(nowhere); i++) {
			set_u64(entry, nowhere[i] | PTE_RW);
			EXPECT_EQ(0, vtd_invalidate_all(vtd));
			expect_blocked(_metadata, vtd, IOVA_4LEVEL);
		}
		set_u64(entry, before);
		EXPECT_EQ(0, vtd_invalidate_all(vtd));
	}
	EXPECT_EQ(MARK(0), vtd_peek(vtd, IOVA_4LEVEL));
}

TEST_F(hostile, roots_that_lead_nowhere)
{
	static const __u64 roots[] = {0, GUEST_NOTHING, APERTURE_LAST + 1};
	struct vtd *vtd = &self->vtd;
	unsigned int i;
	__u32 hwpt;

	for (i = 0; i < ARRAY_SIZE(roots); i++) {
		hwpt = vtd_hwpt(_metadata, vtd, vtd->dev.id, roots[i]);
		ASSERT_EQ(0, vfio_attach(vtd->dev.fd, hwpt, NULL));
		expect_blocked(_metadata, vtd, IOVA_4LEVEL);
		expect_blocked(_metadata, vtd, 0);
	}
	ASSERT_EQ(0, vfio_attach(vtd->dev.fd, vtd->guest.hwpt, NULL));
}

TEST_F(hostile, bits_that_must_not_be_set)
{
	static const struct {
		unsigned int level;
		unsigned int first_bit, last_bit;
	} cases[] = { { 2, 13, 20 }, { 3, 13, 29 }, { 4, 7, 7 } };
	struct vtd *vtd = &self->vtd;
	unsigned int i, bit;
	__u64 *entry;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		entry = guest_entry(_metadata, &vtd->guest, IOVA_4LEVEL,
				    cases[i].level);
		for (bit = cases[i].first_bit; bit <= cases[i].last_bit;
		     bit++) {
			set_u64(entry,
				GUEST_HUGE | PTE_RW | PTE_PS | 1ULL << bit);
			EXPECT_EQ(0, vtd_invalidate_all(vtd));
			expect_blocked(_metadata, vtd, IOVA_4LEVEL);
		}
		set_u64(entry, 0);
	}
}

TEST_F(hostile, large_page_over_a_window_of_no_memory)
{
	struct vtd *vtd = &self->vtd;
	__u64 iova = IOVA_4LEVEL & ~(SZ_2M - 1);
	char *ram = get_memory(_metadata, 2 * SZ_4K);

	rig_map(_metadata, &vtd->guest.rig, ram, SZ_4K, RAM_LOW, IOAS_MAP_RW);
	rig_map(_metadata, &vtd->guest.rig, ram + SZ_4K, SZ_4K, RAM_HIGH,
		IOAS_MAP_RW);
	guest_map_at(_metadata, &vtd->guest, iova, GUEST_NOTHING, 2, PTE_RW);
	EXPECT_EQ(0ULL, vtd_poke(vtd, iova + (RAM_LOW - GUEST_NOTHING), 1));
	EXPECT_EQ(0ULL, vtd_poke(vtd, iova + (RAM_HIGH - GUEST_NOTHING), 2));
	EXPECT_EQ(1ULL, get_u64(ram));
	EXPECT_EQ(2ULL, get_u64(ram + SZ_4K));
	expect_blocked(_metadata, vtd, iova);
	expect_blocked(_metadata, vtd, iova + (WINDOW - GUEST_NOTHING));
	expect_blocked(_metadata, vtd, iova + (RAM_HIGH - 8 - GUEST_NOTHING));
	expect_blocked(_metadata, vtd,
		       iova + (RAM_HIGH + SZ_4K - GUEST_NOTHING));
	/* What is in the gap reaches neither of the two pages */
	EXPECT_EQ(0ULL, get_u64(ram + SZ_4K - 8));
}

/* ---- Under the walk ---- */

static int step_fleeting_memory(struct runner *runner)
{
	const struct rig *rig = &runner->race->vtd->guest.rig;
	char *mem = runner->race->mem;
	unsigned int i, tries;
	int rc;

	rc = ioas_map_fixed(rig->fd, rig->ioas_id, mem, SZ_4K, GUEST_NOTHING,
			    IOAS_MAP_RW);
	if (rc)
		return rc;
	sched_yield();
	rc = ioas_unmap(rig->fd, rig->ioas_id, GUEST_NOTHING, SZ_4K, NULL);
	for (i = 0; !rc && i < SZ_4K; i += 8)
		set_u64(mem + i, CALM);
	for (tries = 0; !rc && tries < 20; tries++)
		for (i = 0; !rc && i < SZ_4K; i += 8)
			rc = get_u64(mem + i) == CALM ? 0 : -EFAULT;
	return rc;
}

/* A page full, wherever the IOVA leads */
static int step_write(struct runner *runner)
{
	const struct vtd *vtd = runner->race->vtd;
	__u32 status = dma_dev_run(&vtd->dev, DMA_TEST_WRITE | vtd->ats,
				   IOVA_4LEVEL, SZ_4K);

	return status == DMA_TEST_DONE || status == DMA_TEST_REFUSED ? 0 : -EIO;
}

TEST_F(hostile, page_is_unmapped_under_the_dma)
{
	struct runner runners[] = {
		{.step = step_fleeting_memory},
		{.step = step_write},
	};
	struct vtd *vtd = &self->vtd;

	self->race.mem = get_memory(_metadata, SZ_4K);
	guest_map(_metadata, &vtd->guest, IOVA_4LEVEL, GUEST_NOTHING);
	dma_dev_set64(&vtd->dev, DMA_TEST_BUFFER, POISON);
	run_all(_metadata, &self->race, runners, ARRAY_SIZE(runners));
	expect_blocked(_metadata, vtd, IOVA_4LEVEL);
}

static int step_change_leaf(struct runner *runner)
{
	const struct vtd *vtd = runner->race->vtd;
	unsigned int page = 1 + runner->steps % 2;
	int rc;

	set_u64(runner->race->leaf, guest_data_gpa(page) | PTE_RW);
	rc = vtd_invalidate(vtd, IOVA_4LEVEL, 1);
	if (rc)
		return rc;
	/* The only one that changes it looks at once */
	return vtd_peek(vtd, IOVA_4LEVEL) == MARK(page) ? 0 : -ESTALE;
}

static int step_invalidate(struct runner *runner)
{
	return vtd_invalidate_all(runner->race->vtd);
}

/* Others map, unmap and invalidate beside what a guest does */
TEST_F(hostile, leaf_changes_beside_stage_2)
{
	struct runner runners[] = {
		{.step = step_change_leaf},
		{.step = step_fleeting_memory},
		{.step = step_invalidate},
	};
	struct vtd *vtd = &self->vtd;

	self->race.mem = get_memory(_metadata, SZ_4K);
	self->race.leaf = guest_map(_metadata, &vtd->guest, IOVA_4LEVEL,
				    guest_data_gpa(1));
	run_all(_metadata, &self->race, runners, ARRAY_SIZE(runners));
}

TEST_HARNESS_MAIN
