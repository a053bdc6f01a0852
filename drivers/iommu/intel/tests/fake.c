// SPDX-License-Identifier: GPL-2.0-only
/*
 * The IOMMUs of the KUnit suites: registers, the invalidation queue, and the log of
 * what happens. See fake.h.
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/hw_breakpoint.h>
#include <linux/io.h>
#include <linux/kthread.h>
#include <linux/mman.h>
#include <linux/perf_event.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>

#include "fake.h"

/* ---- The log ---- */

/* From breakpoints, too: takes no lock */
static void log_event(struct fake_hw *hw, enum fake_kind kind,
		      unsigned int iommu, const struct qi_desc *desc)
{
	struct fake_event *event;

	if (hw->num_events == FAKE_EVENTS) {
		hw->overflow = true;
		return;
	}
	event = &hw->events[hw->num_events++];
	*event = (struct fake_event){ .kind = kind, .iommu = iommu };
	if (desc)
		event->desc = *desc;
	if (hw->watched)
		event->entry = *hw->watched;
}

void fake_clear(struct kunit *test)
{
	struct fake_hw *hw = test->priv;

	hw->num_events = 0;
}

void fake_note(struct fake_hw *hw)
{
	log_event(hw, FAKE_NOTE, 0, NULL);
}

struct fake_event *fake_event(struct kunit *test, unsigned int index)
{
	struct fake_hw *hw = test->priv;

	KUNIT_ASSERT_FALSE(test, hw->overflow);
	KUNIT_ASSERT_LT(test, index, hw->num_events);
	return &hw->events[index];
}

/* With a status to write: what qi_submit_sync() ends a submission with */
bool fake_is_wait(const struct fake_event *event)
{
	return event->kind == FAKE_DESC &&
	       (event->desc.qw0 & 0xf) == QI_IWD_TYPE &&
	       event->desc.qw0 & QI_IWD_STATUS_WRITE;
}

unsigned int fake_count_waits(struct kunit *test)
{
	struct fake_hw *hw = test->priv;
	unsigned int i, num = 0;

	for (i = 0; i < hw->num_events; i++)
		num += fake_is_wait(&hw->events[i]);
	return num;
}

void fake_expect(struct kunit *test, unsigned int at, unsigned int iommu,
		 struct qi_desc desc)
{
	struct fake_event *event = fake_event(test, at);

	/* One is enough: the rest of the log would be out of step */
	KUNIT_ASSERT_TRUE_MSG(test,
			      event->kind == FAKE_DESC && event->iommu == iommu &&
			      !memcmp(&event->desc, &desc, sizeof(desc)),
			      "event %u: kind %u, IOMMU %u, %llx %llx %llx %llx, not IOMMU %u, %llx %llx %llx %llx",
			      at, event->kind, event->iommu, event->desc.qw0,
			      event->desc.qw1, event->desc.qw2, event->desc.qw3,
			      iommu, desc.qw0, desc.qw1, desc.qw2, desc.qw3);
}

static void skip_waits(struct fake_hw *hw, unsigned int *at)
{
	while (*at < hw->num_events && fake_is_wait(&hw->events[*at]))
		++*at;
}

void fake_expect_next(struct kunit *test, unsigned int *at, unsigned int iommu,
		      struct qi_desc desc)
{
	skip_waits(test->priv, at);
	fake_expect(test, (*at)++, iommu, desc);
}

/* Nothing but waits from @at on */
void fake_expect_end(struct kunit *test, unsigned int at)
{
	struct fake_hw *hw = test->priv;

	skip_waits(hw, &at);
	KUNIT_ASSERT_EQ(test, at, hw->num_events);
	KUNIT_ASSERT_FALSE(test, hw->overflow);
}

/* ---- Registers and queue ---- */

static u32 *reg32(struct fake_iommu *fake, unsigned int offset)
{
	return (__force void *)fake->iommu.reg + offset;
}

static void raise_fault(struct fake_iommu *fake, u32 bit)
{
	fake->fsts |= bit;
	WRITE_ONCE(*reg32(fake, DMAR_FSTS_REG), fake->fsts);
}

/* Carry out a wait; false if it is aborted */
static void do_wait(struct fake_iommu *fake, const struct qi_desc *desc)
{
	if (fake->timing_out) {
		fake->timing_out = false;
		raise_fault(fake, DMA_FSTS_ITE);
		return;
	}
	if (desc->qw0 & QI_IWD_PRQ_DRAIN && fake->prq_overflow) {
		fake->prq_overflow = false;
		WRITE_ONCE(*reg32(fake, DMAR_PRS_REG), DMA_PRS_PRO);
	}
	if (desc->qw0 & QI_IWD_STATUS_WRITE)
		WRITE_ONCE(*(u32 *)phys_to_virt(desc->qw1), desc->qw0 >> 32);
}

/* Returns false if the queue halts at the descriptor */
static bool do_desc(struct fake_iommu *fake, const struct qi_desc *desc)
{
	unsigned int type = desc->qw0 & 0xf;

	if (!type || type > QI_PSTRM_RESP_TYPE ||
	    (fake->refuse && type != QI_IWD_TYPE && !--fake->refuse)) {
		raise_fault(fake, DMA_FSTS_IQE);
		return false;
	}
	log_event(fake->hw, FAKE_DESC, fake->index, desc);
	if (type == QI_DIOTLB_TYPE && fake->timeouts) {
		fake->timeouts--;
		fake->timing_out = true;
	}
	if (type == QI_IWD_TYPE)
		do_wait(fake, desc);
	return true;
}

static void run_queue(struct fake_iommu *fake)
{
	unsigned int shift = fake->iommu.ecap & FAKE_ECAP_SMTS ? 5 : 4;
	u32 mask = (QI_LENGTH << shift) - 1;
	u32 head = *reg32(fake, DMAR_IQH_REG);

	while (!fake->fsts && head != (*reg32(fake, DMAR_IQT_REG) & mask)) {
		struct qi_desc desc = {};

		memcpy(&desc, fake->qi.desc + head, 1 << shift);
		if (!do_desc(fake, &desc))
			break;
		head = (head + (1 << shift)) & mask;
		WRITE_ONCE(*reg32(fake, DMAR_IQH_REG), head);
	}
}

static void on_tail(struct perf_event *bp, struct perf_sample_data *data,
		    struct pt_regs *regs)
{
	run_queue(bp->overflow_handler_context);
}

/* Ones clear */
static void on_fault_status(struct perf_event *bp, struct perf_sample_data *data,
			    struct pt_regs *regs)
{
	struct fake_iommu *fake = bp->overflow_handler_context;

	fake->fsts &= ~*reg32(fake, DMAR_FSTS_REG);
	WRITE_ONCE(*reg32(fake, DMAR_FSTS_REG), fake->fsts);
	run_queue(fake);
}

static void on_entry(struct perf_event *bp, struct perf_sample_data *data,
		     struct pt_regs *regs)
{
	log_event(bp->overflow_handler_context, FAKE_ENTRY, 0, NULL);
}

static void watch(struct kunit *test, void *addr, unsigned int len,
		  perf_overflow_handler_t handler, void *context)
{
	struct fake_hw *hw = test->priv;
	struct perf_event * __percpu *bp;
	struct perf_event_attr attr;
	unsigned int i = 0;

	while (i < FAKE_WATCHES && hw->watches[i])
		i++;
	KUNIT_ASSERT_LT(test, i, FAKE_WATCHES);
	hw_breakpoint_init(&attr);
	attr.bp_addr = (unsigned long)addr;
	attr.bp_len = len;
	attr.bp_type = HW_BREAKPOINT_W;
	bp = register_wide_hw_breakpoint(&attr, handler, context);
	KUNIT_ASSERT_FALSE(test, IS_ERR((__force void *)bp));
	hw->watches[i] = bp;
}

void fake_watch_entry(struct kunit *test, struct fake_device *fdev)
{
	struct fake_hw *hw = test->priv;

	hw->watched = fake_entry(fdev);
	KUNIT_ASSERT_NOT_NULL(test, hw->watched);
	watch(test, hw->watched, HW_BREAKPOINT_LEN_8, on_entry, hw);
}

/* ---- An IOMMU ---- */

static void *page_of(struct kunit *test, unsigned int num)
{
	void *page = kunit_kzalloc(test, num * PAGE_SIZE, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, page);
	/* kunit_kzalloc() does not promise it, a slab of this size does it */
	KUNIT_ASSERT_TRUE(test, PAGE_ALIGNED(page));
	return page;
}

static void init_queue(struct kunit *test, struct fake_iommu *fake)
{
	struct q_inval *qi = &fake->qi;

	raw_spin_lock_init(&qi->q_lock);
	qi->desc = page_of(test, 2);
	qi->desc_status = kunit_kcalloc(test, QI_LENGTH,
					sizeof(*qi->desc_status), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, qi->desc_status);
	qi->free_cnt = QI_LENGTH;
	fake->iommu.qi = qi;
}

/* On IOMMU @index, domains get IDs from 10 + 20 * @index on */
static void init_domain_ids(struct kunit *test, struct fake_iommu *fake)
{
	unsigned long num = cap_ndoms(fake->iommu.cap);

	fake->iommu.domain_ids = kunit_kcalloc(test, BITS_TO_LONGS(num),
					       sizeof(long), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, fake->iommu.domain_ids);
	bitmap_set(fake->iommu.domain_ids, 0, 10 + 20 * fake->index);
}

static void init_unit(struct fake_iommu *fake)
{
	struct dmar_drhd_unit *drhd = &fake->drhd;

	drhd->devices = fake->scope;
	drhd->devices_cnt = FAKE_DEVICES;
	drhd->segment = fake->hw->sysdata.domain;
	drhd->iommu = &fake->iommu;
	fake->iommu.drhd = drhd;
	down_write(&dmar_global_lock);
	list_add_rcu(&drhd->list, &dmar_drhd_units);
	up_write(&dmar_global_lock);
}

struct fake_iommu *fake_iommu(struct kunit *test, unsigned int index, u64 cap,
			      u64 ecap)
{
	struct fake_iommu *fake = kunit_kzalloc(test, sizeof(*fake), GFP_KERNEL);
	struct fake_hw *hw = test->priv;
	struct intel_iommu *iommu;

	KUNIT_ASSERT_NOT_NULL(test, fake);
	fake->hw = hw;
	fake->index = index;
	iommu = &fake->iommu;
	iommu->cap = cap;
	iommu->ecap = ecap;
	iommu->reg = (__force void __iomem *)page_of(test, 1);
	iommu->root_entry = page_of(test, 1);
	iommu->prq = page_of(test, 1);
	init_completion(&iommu->prq_complete);
	iommu->gcmd = DMA_GCMD_TE;
	iommu->node = NUMA_NO_NODE;
	iommu->segment = hw->sysdata.domain;
	/* Out of the range of real ones */
	iommu->seq_id = DMAR_UNITS_SUPPORTED + index;
	spin_lock_init(&iommu->lock);
	raw_spin_lock_init(&iommu->register_lock);
	scnprintf(iommu->name, sizeof(iommu->name), "fake%u", index);
	iommu->agaw = iommu_calculate_agaw(iommu);
	iommu->msagaw = iommu_calculate_max_sagaw(iommu);
	iommu->flush.flush_context = qi_flush_context;
	iommu->flush.flush_iotlb = qi_flush_iotlb;
	init_queue(test, fake);
	init_domain_ids(test, fake);
	watch(test, reg32(fake, DMAR_IQT_REG), HW_BREAKPOINT_LEN_4, on_tail, fake);
	if (!index)
		watch(test, reg32(fake, DMAR_FSTS_REG), HW_BREAKPOINT_LEN_4,
		      on_fault_status, fake);
	init_unit(fake);
	hw->iommus[index] = fake;
	return fake;
}

static void fake_iommu_exit(struct fake_iommu *fake)
{
	struct root_entry *root = fake->iommu.root_entry;
	unsigned int i;

	down_write(&dmar_global_lock);
	list_del_rcu(&fake->drhd.list);
	up_write(&dmar_global_lock);
	synchronize_rcu();
	for (i = 0; i < PAGE_SIZE / sizeof(*root); i++) {
		if (root[i].lo & 1)
			free_pgtable_page(phys_to_virt(root[i].lo & VTD_PAGE_MASK));
		if (root[i].hi & 1)
			free_pgtable_page(phys_to_virt(root[i].hi & VTD_PAGE_MASK));
	}
}

/* ---- User memory ---- */

static vm_fault_t late_fault(struct vm_fault *vmf)
{
	struct kunit *test = vmf->vma->vm_private_data;
	struct fake_hw *hw = test->priv;

	hw->meanwhile(test);
	get_page(hw->late);
	vmf->page = hw->late;
	return 0;
}

static const struct vm_operations_struct late_vm_ops = {
	.fault = late_fault,
};

static int late_mmap(struct file *file, struct vm_area_struct *vma)
{
	vma->vm_ops = &late_vm_ops;
	vma->vm_private_data = file->private_data;
	return 0;
}

static const struct file_operations late_fops = {
	.mmap = late_mmap,
};

unsigned long fake_late_user(struct kunit *test, const void *from, size_t len,
			     void (*meanwhile)(struct kunit *test))
{
	struct fake_hw *hw = test->priv;
	struct file *file;
	unsigned long start;

	KUNIT_ASSERT_LE(test, len, PAGE_SIZE);
	KUNIT_ASSERT_NULL(test, hw->late);
	hw->late = alloc_page(GFP_KERNEL | __GFP_ZERO);
	KUNIT_ASSERT_NOT_NULL(test, hw->late);
	memcpy(page_address(hw->late), from, len);
	hw->meanwhile = meanwhile;
	file = anon_inode_getfile("late", &late_fops, test, O_RDWR);
	KUNIT_ASSERT_FALSE(test, IS_ERR(file));
	start = vm_mmap(file, 0, PAGE_SIZE, PROT_READ, MAP_SHARED, 0);
	fput(file);
	KUNIT_ASSERT_FALSE(test, IS_ERR_VALUE(start));
	return start;
}

/* ---- Suites ---- */

/* A KUnit case runs in a kernel thread, which has no user memory */
static int init_user(struct fake_hw *hw)
{
	unsigned long start;

	hw->mm = mm_alloc();
	if (!hw->mm)
		return -ENOMEM;
	hw->mm->task_size = TASK_SIZE;
	arch_pick_mmap_layout(hw->mm, &current->signal->rlim[RLIMIT_STACK]);
	kthread_use_mm(hw->mm);
	start = vm_mmap(NULL, 0, FAKE_USER_LEN + PAGE_SIZE,
			PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, 0);
	if (IS_ERR_VALUE(start))
		return start;
	hw->user = start;
	return vm_munmap(start + FAKE_USER_LEN, PAGE_SIZE);
}

static void exit_user(struct fake_hw *hw)
{
	if (!hw->mm)
		return;
	if (current->mm == hw->mm) {
		kthread_unuse_mm(hw->mm);
		mmput(hw->mm);
	} else {
		/*
		 * An assertion ended the thread that used the mm, and this is
		 * another. The end of a thread puts its mm as that of a user
		 * process; left is the reference of kthread_use_mm().
		 */
		mmdrop(hw->mm);
	}
}

int fake_init(struct kunit *test)
{
	struct fake_hw *hw = kunit_kzalloc(test, sizeof(*hw), GFP_KERNEL);

	if (!hw)
		return -ENOMEM;
	hw->saved_sm = intel_iommu_sm;
	hw->events = kvcalloc(FAKE_EVENTS, sizeof(*hw->events), GFP_KERNEL);
	if (!hw->events)
		return -ENOMEM;
	hw->sysdata.domain = 0x7ade;
	hw->sysdata.node = NUMA_NO_NODE;
	test->priv = hw;
	intel_iommu_sm = 1;
	return init_user(hw);
}

void fake_exit(struct kunit *test)
{
	struct fake_hw *hw = test->priv;
	unsigned int i;

	if (!hw)
		return;
	hw->watched = NULL;
	/* The queues still run */
	fake_devices_exit(hw);
	for (i = 0; i < FAKE_WATCHES; i++)
		if (hw->watches[i])
			unregister_wide_hw_breakpoint(hw->watches[i]);
	for (i = 0; i < FAKE_IOMMUS; i++)
		if (hw->iommus[i])
			fake_iommu_exit(hw->iommus[i]);
	intel_iommu_sm = hw->saved_sm;
	kvfree(hw->events);
	if (hw->late)
		put_page(hw->late);
	exit_user(hw);
}
