/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IOMMUs and PCI devices in memory, for the KUnit suites of this directory.
 *
 * The registers are a page of memory. Hardware breakpoints on the tail register of
 * the invalidation queue and on the fault status register play the hardware: what
 * the driver writes there has its effect before the next instruction, on whichever
 * CPU, with interrupts off or on. One more breakpoint may watch a PASID entry.
 *
 * All that happens goes into one log in its order: descriptors as they are carried
 * out, and what the watched entry was then and after each write to its first word,
 * which has the Present bit.
 */
#ifndef __INTEL_IOMMU_TESTS_FAKE_H
#define __INTEL_IOMMU_TESTS_FAKE_H

#include <kunit/test.h>
#include <linux/dmar.h>
#include <linux/iommu.h>
#include <linux/pci.h>
#include <uapi/linux/iommufd.h>

#include "../iommu.h"
#include "../iommufd.h"
#include "../pasid.h"

#define FAKE_IOMMUS	3
#define FAKE_DEVICES	6
#define FAKE_DOMAINS	8
#define FAKE_WATCHES	4
#define FAKE_EVENTS	12000
#define FAKE_USER_PAGES	32
#define FAKE_USER_LEN	(FAKE_USER_PAGES * PAGE_SIZE)

/* A descriptor of a type that there is not */
#define FAKE_BAD_DESC	0xf

/* 57 bits, 4 and 5 levels, 2M and 1G, AM up to 18, 64K domains, coherent */
#define FAKE_CAP	(6ULL | 0xcULL << 8 | 56ULL << 16 | 3ULL << 34 |	\
			 BIT_ULL(39) | 18ULL << 48 | BIT_ULL(56) | BIT_ULL(60))
#define FAKE_CAP_CACHING	BIT_ULL(7)
#define FAKE_CAP_5LEVEL		BIT_ULL(60)

#define FAKE_ECAP_COHERENT	BIT_ULL(0)
#define FAKE_ECAP_SC		BIT_ULL(7)
#define FAKE_ECAP_NEST		BIT_ULL(26)
#define FAKE_ECAP_SRS		BIT_ULL(31)
#define FAKE_ECAP_EAFS		BIT_ULL(34)
#define FAKE_ECAP_DIT		BIT_ULL(41)
#define FAKE_ECAP_SMTS		BIT_ULL(43)
#define FAKE_ECAP_SLADS		BIT_ULL(45)
#define FAKE_ECAP_SLTS		BIT_ULL(46)
#define FAKE_ECAP_FLTS		BIT_ULL(47)
#define FAKE_ECAP_SMPWC		BIT_ULL(48)
#define FAKE_ECAP	(FAKE_ECAP_COHERENT | BIT_ULL(1) | FAKE_ECAP_SC |	\
			 FAKE_ECAP_NEST | FAKE_ECAP_SRS | FAKE_ECAP_EAFS |	\
			 FAKE_ECAP_DIT | FAKE_ECAP_SMTS | FAKE_ECAP_SLADS | FAKE_ECAP_SLTS |	\
			 FAKE_ECAP_FLTS | FAKE_ECAP_SMPWC)

enum fake_kind {
	FAKE_DESC,	/* a descriptor, waits included */
	FAKE_ENTRY,	/* a write to the watched entry */
	FAKE_NOTE,	/* something of the test's own */
};

struct fake_event {
	enum fake_kind kind;
	unsigned int iommu;
	struct qi_desc desc;
	struct pasid_entry entry;
};

struct fake_hw;

struct fake_iommu {
	struct fake_hw *hw;
	unsigned int index;
	struct intel_iommu iommu;
	struct dmar_drhd_unit drhd;
	struct dmar_dev_scope scope[FAKE_DEVICES];
	struct q_inval qi;
	u32 fsts;		/* as the hardware has it */
	unsigned int timeouts;	/* so many submissions are to time out */
	bool timing_out;
	unsigned int refuse;	/* the how-manieth from now on, but for waits */
	bool prq_overflow;	/* at the next wait with a drain */
};

struct fake_device {
	struct pci_dev pdev;
	struct dev_iommu dev_iommu;
	struct device_domain_info info;
	u8 config[0x200];
};

struct fake_hw {
	struct fake_event *events;
	unsigned int num_events;
	bool overflow;
	struct fake_iommu *iommus[FAKE_IOMMUS];
	struct fake_device *devices[FAKE_DEVICES];
	struct iommu_domain *domains[FAKE_DOMAINS];
	unsigned int num_domains;
	struct pci_bus *bus;
	struct pci_sysdata sysdata;
	struct perf_event * __percpu *watches[FAKE_WATCHES];
	struct pasid_entry *watched;
	int saved_sm;
	struct mm_struct *mm;
	unsigned long user;
	struct page *late;	/* what user memory there has when it is read */
	void (*meanwhile)(struct kunit *test);
};

/* Suite init and exit: test->priv is the struct fake_hw */
int fake_init(struct kunit *test);
void fake_exit(struct kunit *test);

struct fake_iommu *fake_iommu(struct kunit *test, unsigned int index, u64 cap,
			      u64 ecap);
struct fake_device *fake_device(struct kunit *test, unsigned int index,
				struct fake_iommu *fake);
void fake_iommu_add_device(struct fake_iommu *fake, struct fake_device *fdev,
			   unsigned int index);
void fake_devices_exit(struct fake_hw *hw);
void fake_device_ats(struct fake_device *fdev);
void fake_device_pri(struct fake_device *fdev);

/* Domains, freed at exit, the youngest first */
struct dmar_domain *fake_paging(struct kunit *test, struct fake_device *fdev,
				u32 flags);
struct dmar_domain *fake_nested(struct kunit *test, struct fake_device *fdev,
				struct dmar_domain *parent,
				const struct iommu_hwpt_vtd_s1 *s1);
struct iommu_domain *fake_keep(struct kunit *test, struct iommu_domain *domain);
void fake_attach(struct kunit *test, struct dmar_domain *domain,
		 struct fake_device *fdev);
void fake_force_snooping(struct kunit *test, struct dmar_domain *domain);
u16 fake_did(struct dmar_domain *domain, struct fake_iommu *fake);

/* The PASID entry of requests without PASID; it has to be there to be watched */
struct pasid_entry *fake_entry(struct fake_device *fdev);
void fake_watch_entry(struct kunit *test, struct fake_device *fdev);

/*
 * The address of a page of user memory that begins with @from. @meanwhile() is called
 * when it is read for the first time, by who reads it, with the mm's mmap_lock held: an
 * assertion that fails in there would not let go of it.
 */
unsigned long fake_late_user(struct kunit *test, const void *from, size_t len,
			     void (*meanwhile)(struct kunit *test));

/* The log */
void fake_clear(struct kunit *test);
void fake_note(struct fake_hw *hw);
struct fake_event *fake_event(struct kunit *test, unsigned int index);
bool fake_is_wait(const struct fake_event *event);
unsigned int fake_count_waits(struct kunit *test);
void fake_expect(struct kunit *test, unsigned int at, unsigned int iommu,
		 struct qi_desc desc);
/* The next one, from *@at on, that is no wait for completion */
void fake_expect_next(struct kunit *test, unsigned int *at, unsigned int iommu,
		      struct qi_desc desc);
void fake_expect_end(struct kunit *test, unsigned int at);

static inline struct device *fake_dev(struct fake_device *fdev)
{
	return &fdev->pdev.dev;
}

static inline u16 fake_sid(struct fake_device *fdev)
{
	return PCI_DEVID(fdev->info.bus, fdev->info.devfn);
}

/* What descriptors are to look like, in the spec's own numbers */
static inline struct qi_desc want_pasid_cache(u16 did, u32 pasid)
{
	return (struct qi_desc){ .qw0 = 7 | 1 << 4 | (u64)did << 16 |
					(u64)pasid << 32 };
}

static inline struct qi_desc want_pasid_cache_domain(u16 did)
{
	return (struct qi_desc){ .qw0 = 7 | (u64)did << 16 };
}

static inline struct qi_desc want_iotlb_domain(u16 did)
{
	return (struct qi_desc){ .qw0 = 2 | 2 << 4 | (u64)did << 16 };
}

static inline struct qi_desc want_iotlb_pages(u16 did, u64 addr,
					      unsigned int am)
{
	return (struct qi_desc){ .qw0 = 2 | 3 << 4 | (u64)did << 16,
				 .qw1 = addr | am };
}

static inline struct qi_desc want_piotlb_all(u16 did)
{
	return (struct qi_desc){ .qw0 = 6 | 2 << 4 | (u64)did << 16 };
}

static inline struct qi_desc want_piotlb(u16 did, u64 addr, unsigned int am,
					 bool leaf)
{
	return (struct qi_desc){ .qw0 = 6 | 3 << 4 | (u64)did << 16,
				 .qw1 = addr | (leaf ? BIT(6) : 0) | am };
}

/* @order: log2 of the number of pages */
static inline struct qi_desc want_dev_iotlb(struct fake_device *fdev, u64 addr,
					    unsigned int order)
{
	struct qi_desc desc = {
		.qw0 = 3 | (u64)(fdev->info.ats_qdep & 0x1f) << 16 |
		       (u64)fake_sid(fdev) << 32 |
		       (u64)(fdev->info.pfsid & 0xf) << 12 |
		       (u64)(fdev->info.pfsid >> 4) << 52,
		.qw1 = addr,
	};

	if (order)
		desc.qw1 |= 1 | (GENMASK_ULL(order + 11, 12) &
				 ~BIT_ULL(order + 11));
	return desc;
}

/* All that its TLB has */
static inline struct qi_desc want_dev_iotlb_all(struct fake_device *fdev)
{
	return want_dev_iotlb(fdev, 0, 52);
}

#endif
