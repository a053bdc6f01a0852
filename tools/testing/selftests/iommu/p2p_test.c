// SPDX-License-Identifier: GPL-2.0-only
/*
 * Peer to peer: memory of one device, mapped for others to reach, for as long as
 * its driver says that it can be.
 *
 *   self->peer  the device with the memory; self->mem shows that
 *   rig.dev     one that reaches it, from APERTURE_FIRST on
 */
#include "guest.h"
#include "vfio_ioctls.h"

/* As large as a huge IO page of the mock, and another one */
#define MEMORY_SIZE	SZ_2M
#define THERE		APERTURE_FIRST
#define ELSEWHERE	(APERTURE_FIRST + 2 * SZ_2M)
#define IO_PAGE		(SZ_4K / 2)

FIXTURE(p2p)
{
	struct rig rig;
	__u64 page;
	struct mock_dev peer;
	int memory_fd;
	char *mem;
	__u32 access_fd;
};

/**
 * struct _fixture_variant_p2p - through what the memory is reached
 * @flags: Of the device that reaches it
 * @nested: That is on a nested HWPT
 */
FIXTURE_VARIANT(p2p)
{
	__u32 flags;
	bool nested;
};

FIXTURE_VARIANT_ADD(p2p, small_io_pages)
{
};

FIXTURE_VARIANT_ADD(p2p, huge_io_pages)
{
	.flags = MOCK_FLAGS_DEVICE_HUGE_IOVA,
};

FIXTURE_VARIANT_ADD(p2p, below_nested)
{
	.nested = true,
};

static char *show(int memory_fd, __u64 offset, __u64 length, int prot)
{
	return mmap(NULL, length, prot, MAP_SHARED, memory_fd, offset);
}

FIXTURE_SETUP(p2p)
{
	struct rig *rig = &self->rig;

	self->page = page_size();
	self->memory_fd = -1;
	rig_open(_metadata, rig);
	rig->ioas_id = rig_ioas(_metadata, rig);
	ASSERT_EQ(0, mock_device_flags(rig->fd, rig->ioas_id, variant->flags,
				       &rig->dev));
	rig_keep(_metadata, rig, rig->dev.stdev_id);
	if (variant->nested) {
		rig->parent_id = rig_hwpt(_metadata, rig, rig->dev.idev_id,
					  rig->ioas_id,
					  IOMMU_HWPT_ALLOC_NEST_PARENT);
		rig->nested_id = rig_nested(_metadata, rig, rig->dev.idev_id,
					    rig->parent_id, 0, 0);
		ASSERT_EQ(0, mock_replace(rig->fd, rig->dev.stdev_id,
					  rig->nested_id, NULL));
	}
	self->peer = rig_device_on(_metadata, rig, MOCK_IOMMU_FULL, 0, 0);
	ASSERT_EQ(0, mock_memory(rig->fd, self->peer.stdev_id, MEMORY_SIZE,
				 &self->memory_fd));
	ASSERT_EQ(0, mock_decode(rig->fd, self->peer.stdev_id, true));
	self->mem = show(self->memory_fd, 0, MEMORY_SIZE,
			 PROT_READ | PROT_WRITE);
	ASSERT_NE(MAP_FAILED, (void *)self->mem);
}

FIXTURE_TEARDOWN(p2p)
{
	if (self->access_fd)
		close(self->access_fd);
	rig_close(_metadata, &self->rig);
	if (self->memory_fd >= 0)
		close(self->memory_fd);
}

/* ---- Helpers ---- */

#define MARKED(where) (0x9eee000000000000ULL + (where))

static int map_at(const struct _test_data_p2p *self, const char *va,
		  __u64 length, __u64 iova)
{
	return ioas_map_fixed(self->rig.fd, self->rig.ioas_id, va, length, iova,
			      IOAS_MAP_RW);
}

static void map_all(struct __test_metadata *_metadata,
		    struct _test_data_p2p *self)
{
	rig_map(_metadata, &self->rig, self->mem, MEMORY_SIZE, THERE,
		IOAS_MAP_RW);
}

static int decode(const struct _test_data_p2p *self, bool enable)
{
	return mock_decode(self->rig.fd, self->peer.stdev_id, enable);
}

static __u64 peek(const struct _test_data_p2p *self, __u64 iova)
{
	return dma_peek(self->rig.fd, self->rig.dev.stdev_id, iova);
}

/* A device reaches self->mem + from at the IOVA, to read and to write; or not */
static void expect_reach(struct __test_metadata *_metadata,
			 struct _test_data_p2p *self, __u32 stdev_id,
			 __u64 iova, __u64 from, bool reaches)
{
	__u64 *where = (__u64 *)(self->mem + from);

	set_u64(where, MARKED(from));
	EXPECT_EQ(reaches ? MARKED(from) : DMA_UNMAPPED,
		  dma_peek(self->rig.fd, stdev_id, iova)) {
		TH_LOG("%llx at %llx", from, iova);
	}
	EXPECT_EQ(reaches ? 0 : DMA_UNMAPPED,
		  dma_poke(self->rig.fd, stdev_id, iova, ~MARKED(from)));
	EXPECT_EQ(reaches ? ~MARKED(from) : MARKED(from), get_u64(where));
}

/* The same for the rig's device and all of the memory, in steps */
static void expect_all(struct __test_metadata *_metadata,
		       struct _test_data_p2p *self, bool reached)
{
	__u64 at;

	for (at = 0; at < MEMORY_SIZE; at += 37 * self->page)
		expect_reach(_metadata, self, self->rig.dev.stdev_id,
			     THERE + at, at, reached);
	expect_reach(_metadata, self, self->rig.dev.stdev_id,
		     THERE + MEMORY_SIZE - 8, MEMORY_SIZE - 8, reached);
}

/* A further device on a HWPT of its own, of the rig's IOAS */
static struct mock_dev on_new_hwpt(struct __test_metadata *_metadata,
				   struct _test_data_p2p *self)
{
	__u32 hwpt_id = rig_hwpt(_metadata, &self->rig, self->rig.dev.idev_id,
				 self->rig.ioas_id, 0);

	return rig_device(_metadata, &self->rig, hwpt_id);
}

/* ---- Map ---- */

TEST_F(p2p, device_reaches_the_memory_of_another)
{
	map_all(_metadata, self);
	expect_all(_metadata, self, true);
	/* Beyond it there is nothing */
	EXPECT_EQ(DMA_UNMAPPED, peek(self, THERE + MEMORY_SIZE));
}

TEST_F(p2p, device_reaches_its_own_memory)
{
	map_all(_metadata, self);
	ASSERT_EQ(0, mock_attach(self->rig.fd, self->peer.stdev_id,
				 self->rig.ioas_id, NULL));
	expect_reach(_metadata, self, self->peer.stdev_id, THERE + self->page,
		     self->page, true);
}

TEST_F(p2p, part_of_the_memory_and_of_an_io_page)
{
	const __u64 from = 5 * self->page + IO_PAGE;

	rig_map(_metadata, &self->rig, self->mem + from, 3 * IO_PAGE,
		THERE + IO_PAGE, IOAS_MAP_RW);
	EXPECT_EQ(DMA_UNMAPPED, peek(self, THERE));
	expect_reach(_metadata, self, self->rig.dev.stdev_id, THERE + IO_PAGE,
		     from, true);
	expect_reach(_metadata, self, self->rig.dev.stdev_id,
		     THERE + 4 * IO_PAGE - 8, from + 3 * IO_PAGE - 8, true);
	EXPECT_EQ(DMA_UNMAPPED, peek(self, THERE + 4 * IO_PAGE));
}

TEST_F(p2p, kernel_chooses_the_iova)
{
	__u64 iova = 0;

	ASSERT_EQ(0, ioas_map(self->rig.fd, self->rig.ioas_id, self->mem,
			      MEMORY_SIZE, IOAS_MAP_RW, &iova));
	self->rig.mapped = MEMORY_SIZE;
	expect_reach(_metadata, self, self->rig.dev.stdev_id,
		     iova + self->page, self->page, true);
}

TEST_F(p2p, vma_that_shows_a_part)
{
	const __u64 from = 7 * self->page;
	char *part = show(self->memory_fd, from, 4 * self->page,
			  PROT_READ | PROT_WRITE);

	ASSERT_NE(MAP_FAILED, (void *)part);
	rig_map(_metadata, &self->rig, part, 4 * self->page, THERE,
		IOAS_MAP_RW);
	expect_reach(_metadata, self, self->rig.dev.stdev_id, THERE, from,
		     true);
	/* Of which the first page goes */
	ASSERT_EQ(0, munmap(part, self->page));
	EXPECT_EQ(-EFAULT, map_at(self, part, 4 * self->page, ELSEWHERE));
	rig_map(_metadata, &self->rig, part + self->page, 3 * self->page,
		ELSEWHERE, IOAS_MAP_RW);
	expect_reach(_metadata, self, self->rig.dev.stdev_id, ELSEWHERE,
		     from + self->page, true);
}

TEST_F(p2p, rights_bind_the_device)
{
	static const __u32 rights[] = { IOAS_MAP_RO, IOAS_MAP_WO, IOAS_MAP_RW };
	const struct rig *rig = &self->rig;
	__u64 iova = THERE;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rights); i++, iova += self->page) {
		rig_map(_metadata, &self->rig, self->mem, self->page, iova,
			rights[i]);
		set_u64(self->mem, 5);
		EXPECT_EQ(rights[i] & IOAS_MAP_RO ? 5 : DMA_FORBIDDEN,
			  dma_peek(rig->fd, rig->dev.stdev_id, iova));
		EXPECT_EQ(rights[i] & IOAS_MAP_WO ? 0 : DMA_FORBIDDEN,
			  dma_poke(rig->fd, rig->dev.stdev_id, iova, 6));
	}
}

TEST_F(p2p, rights_that_the_vma_does_not_have_are_EFAULT)
{
	const struct rig *rig = &self->rig;
	const int prots[] = { PROT_NONE, PROT_READ, PROT_WRITE,
			      PROT_READ | PROT_WRITE };
	static const __u32 rights[] = { IOAS_MAP_RO, IOAS_MAP_WO, IOAS_MAP_RW };
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(prots); i++) {
		char *mem = show(self->memory_fd, 0, self->page, prots[i]);

		ASSERT_NE(MAP_FAILED, (void *)mem);
		for (j = 0; j < ARRAY_SIZE(rights); j++) {
			bool fine = (prots[i] & PROT_READ ||
				     !(rights[j] & IOAS_MAP_RO)) &&
				    (prots[i] & PROT_WRITE ||
				     !(rights[j] & IOAS_MAP_WO));
			__u64 iova = THERE + (i * 4 + j) * self->page;

			EXPECT_EQ(fine ? 0 : -EFAULT,
				  ioas_map_fixed(rig->fd, rig->ioas_id, mem,
						 self->page, iova, rights[j])) {
				TH_LOG("case %u %u", i, j);
			}
			self->rig.mapped += fine ? self->page : 0;
		}
	}
}

TEST_F(p2p, range_beyond_one_vma_is_EFAULT)
{
	const __u64 page = self->page;
	char *room = get_memory(_metadata, 4 * page);

	/* Ordinary memory, two pages that show the device's, and such again */
	ASSERT_EQ((void *)(room + page),
		  mmap(room + page, 2 * page, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_FIXED, self->memory_fd, 0));
	EXPECT_EQ(-EFAULT, map_at(self, room, 2 * page, THERE));
	EXPECT_EQ(-EFAULT, map_at(self, room + page, 3 * page, THERE));
	EXPECT_EQ(-EFAULT, map_at(self, room + page, 2 * page + IO_PAGE, THERE));
	EXPECT_EQ(-EFAULT, map_at(self, room, 4 * page, THERE));
	ASSERT_EQ(0, map_at(self, room + page, 2 * page, THERE));
	self->rig.mapped = 2 * page;

	/* Two VMAs side by side, even if their memory is too */
	ASSERT_EQ((void *)(room + 2 * page),
		  mmap(room + 2 * page, page, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_FIXED, self->memory_fd, 3 * page));
	EXPECT_EQ(-EFAULT, map_at(self, room + page, 2 * page, ELSEWHERE));
	ASSERT_EQ(0, mprotect(self->mem + page, page, PROT_READ));
	EXPECT_EQ(-EFAULT, ioas_map_fixed(self->rig.fd, self->rig.ioas_id,
					  self->mem, 2 * page, ELSEWHERE,
					  IOAS_MAP_RO));
	EXPECT_EQ(DMA_UNMAPPED, peek(self, ELSEWHERE));
}

TEST_F(p2p, memory_of_a_device_of_another_iommufd_is_EFAULT)
{
	int memory_fd = -1;
	struct rig other;

	/* That has memory of its own to look at, too */
	rig_open_device(_metadata, &other);
	ASSERT_EQ(0, mock_memory(other.fd, other.dev.stdev_id, self->page,
				 &memory_fd));
	EXPECT_EQ(0, close(memory_fd));
	EXPECT_EQ(-EFAULT, ioas_map_fixed(other.fd, other.ioas_id, self->mem,
					  self->page, THERE, IOAS_MAP_RW));
	EXPECT_EQ(DMA_UNMAPPED,
		  dma_peek(other.fd, other.dev.stdev_id, THERE));
	rig_close(_metadata, &other);
}

TEST_F(p2p, memory_of_an_unbound_device_is_EFAULT)
{
	struct rig *rig = &self->rig;
	__u32 ioas_id = rig_ioas(_metadata, rig);
	__u32 hwpt_id;

	rig_destroy(_metadata, rig, self->peer.stdev_id);
	EXPECT_EQ(-EFAULT, map_at(self, self->mem, self->page, THERE));
	/* Nobody looks at memory before there is a domain */
	EXPECT_EQ(0, ioas_map_fixed(rig->fd, ioas_id, self->mem, self->page,
				    THERE, IOAS_MAP_RW));
	EXPECT_EQ(-EFAULT, hwpt_alloc(rig->fd, rig->dev.idev_id, ioas_id, 0,
				      &hwpt_id));
}

TEST_F(p2p, ordinary_memory_beside_it_is_pinned_as_ever)
{
	char *mem = get_memory(_metadata, self->page);

	map_all(_metadata, self);
	rig_map(_metadata, &self->rig, mem, self->page, ELSEWHERE, IOAS_MAP_RW);
	set_u64(mem, 9);
	EXPECT_EQ(9, peek(self, ELSEWHERE));
	EXPECT_EQ(0, mock_check_refs(self->rig.fd, mem, self->page, 1));
}

TEST_F(p2p, a_device_has_memory_once)
{
	int fd = -1;

	EXPECT_EQ(-EEXIST, mock_memory(self->rig.fd, self->peer.stdev_id,
				       self->page, &fd));
	EXPECT_EQ(-EINVAL, mock_decode(self->rig.fd, self->rig.dev.stdev_id,
				       true));
	map_all(_metadata, self);
	expect_all(_metadata, self, true);
}

TEST_F(p2p, nothing_is_charged)
{
	unsigned long before = pinned_kb();

	limit_memlock(_metadata, 0);
	EXPECT_EQ(-ENOMEM, map_at(self, get_memory(_metadata, self->page),
				  self->page, ELSEWHERE));
	map_all(_metadata, self);
	expect_all(_metadata, self, true);
	EXPECT_EQ(before, pinned_kb());
}

/* ---- Revoke and restore ---- */

TEST_F(p2p, revoked_memory_is_not_reached_until_restored)
{
	unsigned int i;

	map_all(_metadata, self);
	for (i = 0; i < 3; i++) {
		expect_all(_metadata, self, true);
		ASSERT_EQ(0, decode(self, false));
		expect_all(_metadata, self, false);
		ASSERT_EQ(0, decode(self, true));
	}
	expect_all(_metadata, self, true);
}

TEST_F(p2p, revoke_and_restore_twice_is_as_once)
{
	map_all(_metadata, self);
	ASSERT_EQ(0, decode(self, true));
	expect_all(_metadata, self, true);
	ASSERT_EQ(0, decode(self, false));
	ASSERT_EQ(0, decode(self, false));
	expect_all(_metadata, self, false);
	ASSERT_EQ(0, decode(self, true));
	ASSERT_EQ(0, decode(self, true));
	expect_all(_metadata, self, true);
}

TEST_F(p2p, offered_memory_is_not_reached_before_it_is_restored)
{
	struct rig *rig = &self->rig;
	struct mock_dev dev = rig_device_on(_metadata, rig, MOCK_IOMMU_FULL, 0,
					    0);
	int fd = -1;
	char *mem;

	ASSERT_EQ(0, mock_memory(rig->fd, dev.stdev_id, self->page, &fd));
	mem = show(fd, 0, self->page, PROT_READ | PROT_WRITE);
	ASSERT_NE(MAP_FAILED, (void *)mem);
	set_u64(mem, 12);
	rig_map(_metadata, rig, mem, self->page, THERE, IOAS_MAP_RW);
	EXPECT_EQ(DMA_UNMAPPED, peek(self, THERE));
	ASSERT_EQ(0, mock_decode(rig->fd, dev.stdev_id, true));
	EXPECT_EQ(12, peek(self, THERE));
	close(fd);
}

TEST_F(p2p, revoke_reaches_all_domains)
{
	struct rig *rig = &self->rig;
	__u32 ioas_id = rig_ioas(_metadata, rig);
	struct mock_dev devs[4];
	unsigned int i, on;

	map_all(_metadata, self);
	devs[0] = rig->dev;
	devs[1] = on_new_hwpt(_metadata, self);
	devs[2] = on_new_hwpt(_metadata, self);
	devs[3] = rig_device(_metadata, rig, ioas_id);
	ASSERT_EQ(0, ioas_copy_fixed(rig->fd, ioas_id, rig->ioas_id,
				     MEMORY_SIZE, THERE, THERE, IOAS_MAP_RW));

	for (on = 0; on < 2; on++) {
		ASSERT_EQ(0, decode(self, on));
		for (i = 0; i < ARRAY_SIZE(devs); i++)
			expect_reach(_metadata, self, devs[i].stdev_id,
				     THERE + 3 * self->page, 3 * self->page,
				     on);
	}
	/* Of the copy nothing depends on the first */
	rig_unmap(_metadata, rig, THERE, MEMORY_SIZE);
	expect_reach(_metadata, self, devs[3].stdev_id, THERE, 0, true);
	ASSERT_EQ(0, decode(self, false));
	expect_reach(_metadata, self, devs[3].stdev_id, THERE, 0, false);
}

TEST_F(p2p, revoke_is_of_one_device_only)
{
	struct rig *rig = &self->rig;
	struct mock_dev dev = rig_device_on(_metadata, rig, MOCK_IOMMU_FULL, 0,
					    0);
	int fd = -1;
	char *mem;

	ASSERT_EQ(0, mock_memory(rig->fd, dev.stdev_id, self->page, &fd));
	ASSERT_EQ(0, mock_decode(rig->fd, dev.stdev_id, true));
	mem = show(fd, 0, self->page, PROT_READ | PROT_WRITE);
	ASSERT_NE(MAP_FAILED, (void *)mem);
	set_u64(mem, 12);
	map_all(_metadata, self);
	rig_map(_metadata, rig, mem, self->page, ELSEWHERE, IOAS_MAP_RW);

	ASSERT_EQ(0, decode(self, false));
	EXPECT_EQ(12, peek(self, ELSEWHERE));
	ASSERT_EQ(0, decode(self, true));
	ASSERT_EQ(0, mock_decode(rig->fd, dev.stdev_id, false));
	EXPECT_EQ(DMA_UNMAPPED, peek(self, ELSEWHERE));
	expect_all(_metadata, self, true);
	close(fd);
}

TEST_F(p2p, map_while_revoked)
{
	ASSERT_EQ(0, decode(self, false));
	map_all(_metadata, self);
	expect_all(_metadata, self, false);
	EXPECT_EQ(-EEXIST, map_at(self, self->mem, self->page, THERE));
	ASSERT_EQ(0, decode(self, true));
	expect_all(_metadata, self, true);
}

TEST_F(p2p, unmap_while_revoked)
{
	struct rig *rig = &self->rig;

	map_all(_metadata, self);
	ASSERT_EQ(0, decode(self, false));
	rig_unmap(_metadata, rig, THERE, MEMORY_SIZE);
	/* The IOVAs are free again, and what is there now stays */
	rig_map(_metadata, rig, get_memory(_metadata, MEMORY_SIZE),
		MEMORY_SIZE, THERE, IOAS_MAP_RW);
	ASSERT_EQ(0, decode(self, true));
	ASSERT_EQ(0, decode(self, false));
	EXPECT_EQ(0, peek(self, THERE + self->page));
}

TEST_F(p2p, unmap_while_reachable)
{
	struct rig *rig = &self->rig;

	map_all(_metadata, self);
	expect_all(_metadata, self, true);
	rig_unmap(_metadata, rig, THERE, MEMORY_SIZE);
	expect_all(_metadata, self, false);
	ASSERT_EQ(0, decode(self, false));
	ASSERT_EQ(0, decode(self, true));
	expect_all(_metadata, self, false);
}

TEST_F(p2p, new_domain_while_revoked)
{
	struct mock_dev dev;

	map_all(_metadata, self);
	ASSERT_EQ(0, decode(self, false));
	dev = on_new_hwpt(_metadata, self);
	expect_reach(_metadata, self, dev.stdev_id, THERE, 0, false);
	ASSERT_EQ(0, decode(self, true));
	expect_reach(_metadata, self, dev.stdev_id, THERE, 0, true);
	expect_all(_metadata, self, true);
}

TEST_F(p2p, new_domain_while_reachable)
{
	struct mock_dev dev;

	map_all(_metadata, self);
	dev = on_new_hwpt(_metadata, self);
	expect_reach(_metadata, self, dev.stdev_id, THERE, 0, true);
	ASSERT_EQ(0, decode(self, false));
	expect_reach(_metadata, self, dev.stdev_id, THERE, 0, false);
}

TEST_F(p2p, domain_goes_while_revoked_or_reachable)
{
	struct rig *rig = &self->rig;
	__u32 hwpt_id;
	bool on;

	map_all(_metadata, self);
	for (on = false;; on = true) {
		ASSERT_EQ(0, hwpt_alloc(rig->fd, rig->dev.idev_id,
					rig->ioas_id, 0, &hwpt_id));
		ASSERT_EQ(0, decode(self, on));
		ASSERT_EQ(0, object_destroy(rig->fd, hwpt_id));
		ASSERT_EQ(0, decode(self, !on));
		ASSERT_EQ(0, decode(self, on));
		expect_all(_metadata, self, on);
		if (on)
			break;
	}
}

TEST_F(p2p, first_domain_of_an_ioas)
{
	struct rig *rig = &self->rig;
	__u32 ioas_id = rig_ioas(_metadata, rig);
	bool on;

	ASSERT_EQ(0, ioas_map_fixed(rig->fd, ioas_id, self->mem, MEMORY_SIZE,
				    THERE, IOAS_MAP_RW));
	for (on = false;; on = true) {
		struct mock_dev dev;

		ASSERT_EQ(0, decode(self, on));
		dev = rig_device(_metadata, rig, ioas_id);
		expect_reach(_metadata, self, dev.stdev_id, THERE, 0, on);
		rig_destroy(_metadata, rig, dev.stdev_id);
		if (on)
			break;
	}
}

/* ---- Copies, cuts, sizes of pages ---- */

TEST_F(p2p, part_is_copied)
{
	struct rig *rig = &self->rig;

	map_all(_metadata, self);
	ASSERT_EQ(0, decode(self, false));
	ASSERT_EQ(0, ioas_copy_fixed(rig->fd, rig->ioas_id, rig->ioas_id,
				     3 * self->page, ELSEWHERE,
				     THERE + 5 * self->page, IOAS_MAP_RW));
	rig->mapped += 3 * self->page;
	EXPECT_EQ(DMA_UNMAPPED, peek(self, ELSEWHERE));
	ASSERT_EQ(0, decode(self, true));
	expect_reach(_metadata, self, rig->dev.stdev_id,
		     ELSEWHERE + self->page, 6 * self->page, true);
	EXPECT_EQ(DMA_UNMAPPED, peek(self, ELSEWHERE + 3 * self->page));
}

TEST_F(p2p, copy_gets_no_rights_that_the_first_has_not)
{
	struct rig *rig = &self->rig;
	char *mem = show(self->memory_fd, 0, self->page, PROT_WRITE);

	ASSERT_NE(MAP_FAILED, (void *)mem);
	rig_map(_metadata, rig, self->mem, self->page, THERE, IOAS_MAP_RO);
	EXPECT_EQ(-EPERM, ioas_copy_fixed(rig->fd, rig->ioas_id, rig->ioas_id,
					  self->page, ELSEWHERE, THERE,
					  IOAS_MAP_WO));
	rig_map(_metadata, rig, mem, self->page, THERE + self->page,
		IOAS_MAP_WO);
	EXPECT_EQ(-EPERM, ioas_copy_fixed(rig->fd, rig->ioas_id, rig->ioas_id,
					  self->page, ELSEWHERE,
					  THERE + self->page, IOAS_MAP_RW));
	EXPECT_EQ(DMA_UNMAPPED, peek(self, ELSEWHERE));
}

TEST_F(p2p, small_pages_are_asked_for_and_not_any_more)
{
	struct rig *rig = &self->rig;
	bool small;

	for (small = true;; small = false) {
		ASSERT_EQ(0, option_set(rig->fd, IOMMU_OPTION_HUGE_PAGES,
					rig->ioas_id, !small));
		map_all(_metadata, self);
		expect_all(_metadata, self, true);
		ASSERT_EQ(0, option_set(rig->fd, IOMMU_OPTION_HUGE_PAGES,
					rig->ioas_id, 1));
		ASSERT_EQ(0, decode(self, false));
		/* Not with something mapped, if only in name */
		EXPECT_EQ(-EINVAL, option_set(rig->fd, IOMMU_OPTION_HUGE_PAGES,
					      rig->ioas_id, 0));
		ASSERT_EQ(0, decode(self, true));
		expect_all(_metadata, self, true);
		rig_unmap(_metadata, rig, THERE, MEMORY_SIZE);
		if (!small)
			break;
	}
}

/* What type1 of the first version does: unmap pages [first, last) of the memory */
static void cut(struct __test_metadata *_metadata, struct _test_data_p2p *self,
		unsigned int first, unsigned int last)
{
	__u64 unmapped = 0;

	ASSERT_EQ(0, vfio_unmap_dma(self->rig.fd, 0, THERE + first * self->page,
				    (last - first) * self->page, &unmapped));
	EXPECT_EQ((last - first) * self->page, unmapped);
	self->rig.mapped -= unmapped;
}

TEST_F(p2p, container_cuts)
{
	struct rig *rig = &self->rig;
	unsigned int pages = MEMORY_SIZE / self->page;
	struct mock_dev dev = on_new_hwpt(_metadata, self);
	unsigned int on, i;

	ASSERT_EQ(0, vfio_ioas_set(rig->fd, rig->ioas_id));
	ASSERT_EQ(0, vfio_set_iommu(rig->fd, VFIO_TYPE1_IOMMU));
	ASSERT_EQ(0, vfio_map_dma(rig->fd, VFIO_MAP_RW, self->mem, MEMORY_SIZE,
				  THERE));
	rig->mapped = MEMORY_SIZE;
	cut(_metadata, self, 3, 6);
	ASSERT_EQ(0, decode(self, false));
	cut(_metadata, self, 10, 11);
	cut(_metadata, self, 0, 1);

	for (on = 0; on < 3; on++) {
		ASSERT_EQ(0, decode(self, on & 1));
		for (i = 0; i < 20; i++) {
			bool gone = i == 0 || i == 10 || (i >= 3 && i < 6);

			expect_reach(_metadata, self, rig->dev.stdev_id,
				     THERE + i * self->page, i * self->page,
				     (on & 1) && !gone);
			expect_reach(_metadata, self, dev.stdev_id,
				     THERE + i * self->page, i * self->page,
				     (on & 1) && !gone);
		}
	}
	cut(_metadata, self, 11, pages);
	ASSERT_EQ(0, decode(self, true));
	cut(_metadata, self, 6, 10);
	ASSERT_EQ(0, vfio_ioas_clear(rig->fd));
}

TEST_F(p2p, container_maps)
{
	struct rig *rig = &self->rig;
	__u64 unmapped = 0;

	ASSERT_EQ(0, vfio_ioas_set(rig->fd, rig->ioas_id));
	ASSERT_EQ(0, vfio_set_iommu(rig->fd, VFIO_TYPE1v2_IOMMU));
	EXPECT_EQ(-EFAULT, vfio_map_dma(rig->fd, VFIO_MAP_RW,
					self->mem + self->page, MEMORY_SIZE,
					THERE));
	ASSERT_EQ(0, vfio_map_dma(rig->fd, VFIO_MAP_RW, self->mem, MEMORY_SIZE,
				  THERE));
	expect_all(_metadata, self, true);
	ASSERT_EQ(0, decode(self, false));
	expect_all(_metadata, self, false);
	EXPECT_EQ(0, vfio_unmap_all(rig->fd, &unmapped));
	EXPECT_EQ(MEMORY_SIZE, unmapped);
	ASSERT_EQ(0, vfio_ioas_clear(rig->fd));
}

/* ---- Others that look at what is mapped ---- */

TEST_F(p2p, access_to_it_is_EFAULT)
{
	struct rig *rig = &self->rig;
	__u64 value = 0;
	__u32 i;

	map_all(_metadata, self);
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, mock_access_create(rig->fd, rig->ioas_id,
						i ? ACCESS_PINS : 0,
						&self->access_fd));
		if (i)
			EXPECT_EQ(-EFAULT,
				  mock_access_pin(rig->fd, self->access_fd, 0,
						  THERE, self->page, self->mem,
						  NULL));
		EXPECT_EQ(-EFAULT, mock_access_rw(rig->fd, self->access_fd, 0,
						  THERE, &value, 8));
		EXPECT_EQ(-EFAULT, mock_access_rw(rig->fd, self->access_fd,
						  MOCK_ACCESS_RW_WRITE |
						  MOCK_ACCESS_RW_SLOW_PATH,
						  THERE, &value, 8));
		close(self->access_fd);
	}
	self->access_fd = 0;
	rig_unmap(_metadata, rig, THERE, MEMORY_SIZE);
}

TEST_F(p2p, dirty_tracking_covers_it)
{
	struct rig *rig = &self->rig;
	__u64 bits[8] = {};
	struct mock_dev dev;
	__u32 hwpt_id;

	map_all(_metadata, self);
	hwpt_id = rig_hwpt(_metadata, rig, rig->dev.idev_id, rig->ioas_id,
			   IOMMU_HWPT_ALLOC_DIRTY_TRACKING);
	dev = rig_device(_metadata, rig, hwpt_id);
	ASSERT_EQ(0, hwpt_set_dirty_tracking(rig->fd, hwpt_id, true));
	EXPECT_EQ(0, dma_poke(rig->fd, dev.stdev_id, THERE + 5 * self->page, 1));
	ASSERT_EQ(0, hwpt_get_dirty_bitmap(rig->fd, hwpt_id, 0, THERE,
					   MEMORY_SIZE, self->page, bits));
	EXPECT_NE(0, bits[0] & 1 << 5);

	/* Gone is clean */
	EXPECT_EQ(0, dma_poke(rig->fd, dev.stdev_id, THERE + 5 * self->page, 1));
	ASSERT_EQ(0, decode(self, false));
	memset(bits, 0, sizeof(bits));
	ASSERT_EQ(0, hwpt_get_dirty_bitmap(rig->fd, hwpt_id, 0, THERE,
					   MEMORY_SIZE, self->page, bits));
	EXPECT_EQ(0, bits[0]);
}

/* ---- What goes first ---- */

TEST_F(p2p, device_is_unbound_while_mapped)
{
	struct rig *rig = &self->rig;

	map_all(_metadata, self);
	expect_all(_metadata, self, true);
	rig_destroy(_metadata, rig, self->peer.stdev_id);
	expect_all(_metadata, self, false);
	/* Not for a domain that comes, nor by a copy */
	expect_reach(_metadata, self, on_new_hwpt(_metadata, self).stdev_id,
		     THERE, 0, false);
	ASSERT_EQ(0, ioas_copy_fixed(rig->fd, rig->ioas_id, rig->ioas_id,
				     self->page, ELSEWHERE, THERE,
				     IOAS_MAP_RW));
	rig->mapped += self->page;
	EXPECT_EQ(DMA_UNMAPPED, peek(self, ELSEWHERE));
	/* The IOVAs are taken until they are given back */
	EXPECT_EQ(-EEXIST, map_at(self, get_memory(_metadata, self->page),
				  self->page, THERE));
	rig_unmap(_metadata, rig, THERE, MEMORY_SIZE);
}

/* The pages may be anybody's by then */
TEST_F(p2p, memory_is_gone_while_mapped)
{
	struct rig *rig = &self->rig;

	map_all(_metadata, self);
	EXPECT_EQ(0, peek(self, THERE));
	rig_destroy(_metadata, rig, self->peer.stdev_id);
	ASSERT_EQ(0, munmap(self->mem, MEMORY_SIZE));
	ASSERT_EQ(0, close(self->memory_fd));
	self->memory_fd = -1;
	EXPECT_EQ(DMA_UNMAPPED, peek(self, THERE));
}

TEST_F(p2p, neither_vma_nor_file_is_needed_once_mapped)
{
	map_all(_metadata, self);
	set_u64(self->mem + self->page, 77);
	ASSERT_EQ(0, munmap(self->mem, MEMORY_SIZE));
	ASSERT_EQ(0, close(self->memory_fd));
	self->memory_fd = -1;
	EXPECT_EQ(77, peek(self, THERE + self->page));
	ASSERT_EQ(0, decode(self, false));
	EXPECT_EQ(DMA_UNMAPPED, peek(self, THERE + self->page));
	ASSERT_EQ(0, decode(self, true));
	EXPECT_EQ(77, peek(self, THERE + self->page));
	on_new_hwpt(_metadata, self);
}

TEST_F(p2p, process_that_mapped_it_is_gone)
{
	int status = -1;
	pid_t pid = fork();

	ASSERT_LE(0, pid);
	if (!pid)
		_exit(!!map_at(self, self->mem, MEMORY_SIZE, THERE));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
	self->rig.mapped = MEMORY_SIZE;
	expect_all(_metadata, self, true);
	ASSERT_EQ(0, decode(self, false));
	expect_all(_metadata, self, false);
	ASSERT_EQ(0, decode(self, true));
	expect_reach(_metadata, self, on_new_hwpt(_metadata, self).stdev_id,
		     THERE, 0, true);
}

TEST_F(p2p, ioas_goes_first)
{
	struct rig *rig = &self->rig;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		__u32 ioas_id = 0;
		struct mock_dev dev = {};

		ASSERT_EQ(0, decode(self, i & 1));
		ASSERT_EQ(0, ioas_alloc(rig->fd, &ioas_id));
		ASSERT_EQ(0, ioas_map_fixed(rig->fd, ioas_id, self->mem,
					    MEMORY_SIZE, THERE, IOAS_MAP_RW));
		if (i)
			ASSERT_EQ(0, mock_device(rig->fd, ioas_id, &dev));
		if (i)
			EXPECT_EQ(0, object_destroy(rig->fd, dev.stdev_id));
		EXPECT_EQ(0, object_destroy(rig->fd, ioas_id));
		ASSERT_EQ(0, decode(self, false));
		ASSERT_EQ(0, decode(self, true));
	}
}

/* The close of /dev/iommu, with all as it is, before or after the memory's */
TEST_F(p2p, files_are_closed_in_any_order)
{
	struct rig *rig = &self->rig;
	unsigned int i;

	for (i = 0; i < 4; i++) {
		struct mock_dev peer, dev;
		int fd = iommufd_open(), memory_fd = -1;
		__u32 ioas_id = 0;
		char *mem;

		ASSERT_LE(0, fd);
		ASSERT_EQ(0, ioas_alloc(fd, &ioas_id));
		ASSERT_EQ(0, mock_device_create(fd, MOCK_IOMMU_FULL, 0, 0, 0,
						&peer));
		ASSERT_EQ(0, mock_memory(fd, peer.stdev_id, self->page,
					 &memory_fd));
		ASSERT_EQ(0, mock_decode(fd, peer.stdev_id, i & 1));
		ASSERT_EQ(0, mock_device(fd, ioas_id, &dev));
		mem = show(memory_fd, 0, self->page, PROT_READ | PROT_WRITE);
		ASSERT_NE(MAP_FAILED, (void *)mem);
		ASSERT_EQ(0, ioas_map_fixed(fd, ioas_id, mem, self->page, THERE,
					    IOAS_MAP_RW));
		if (i & 2) {
			EXPECT_EQ(0, close(fd));
			set_u64(mem, i);
		}
		EXPECT_EQ(0, munmap(mem, self->page));
		EXPECT_EQ(0, close(memory_fd));
		if (!(i & 2))
			EXPECT_EQ(0, close(fd));
	}
	/* And this fixture's, with the device's memory mapped */
	map_all(_metadata, self);
	EXPECT_EQ(0, close(rig->fd));
	rig->fd = -1;
	set_u64(self->mem, 1);
}

TEST_HARNESS_MAIN
