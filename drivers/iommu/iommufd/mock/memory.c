// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of a mock device, which stands for a BAR: a file shows it to mmap(), and
 * other devices reach it through an IOAS while it is decoded.
 *
 * The file keeps the memory, and may outlive the device.
 *
 * mock_memory::lock is as the lock of a PCI device's driver: page faults take it,
 * so it comes after mmap_lock and all that is held while user memory is touched,
 * and it is held while the device's memory comes and goes.
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/iommufd.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "mock.h"

/**
 * struct mock_memory - memory of a device
 * @refs: Of the device, and of the file
 * @lock: See above
 * @idev: The device; NULL before it is offered
 * @start: Where it is
 * @length: In bytes, whole pages
 */
struct mock_memory {
	refcount_t refs;
	struct rw_semaphore lock;
	struct iommufd_device *idev;
	void *start;
	size_t length;
};

static vm_fault_t mock_memory_fault(struct vm_fault *vmf)
{
	struct mock_memory *memory = vmf->vma->vm_file->private_data;
	unsigned long pfn = PHYS_PFN(virt_to_phys(memory->start)) + vmf->pgoff;
	vm_fault_t ret;

	down_read(&memory->lock);
	ret = vmf_insert_pfn(vmf->vma, vmf->address, pfn);
	up_read(&memory->lock);
	return ret;
}

static const struct vm_operations_struct mock_memory_vm_ops = {
	.fault = mock_memory_fault,
};

static int mock_memory_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct mock_memory *memory = file->private_data;
	unsigned long pages = memory->length >> PAGE_SHIFT;

	if (!(vma->vm_flags & VM_SHARED) || vma->vm_pgoff >= pages ||
	    vma_pages(vma) > pages - vma->vm_pgoff)
		return -EINVAL;
	vma->vm_flags |= VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP;
	vma->vm_ops = &mock_memory_vm_ops;
	return 0;
}

static int mock_memory_fop_release(struct inode *inode, struct file *file)
{
	mock_memory_put(file->private_data);
	return 0;
}

static const struct file_operations mock_memory_fops = {
	.owner = THIS_MODULE,
	.mmap = mock_memory_mmap,
	.release = mock_memory_fop_release,
};

static bool mock_memory_find(void *data, struct vm_area_struct *vma,
			     phys_addr_t *start)
{
	struct mock_memory *memory = data;

	if (vma->vm_ops != &mock_memory_vm_ops ||
	    vma->vm_file->private_data != memory)
		return false;
	*start = virt_to_phys(memory->start) + (vma->vm_pgoff << PAGE_SHIFT);
	return true;
}

static const struct iommufd_mmio_ops mock_mmio_ops = {
	.find = mock_memory_find,
};

/**
 * mock_memory_alloc() - make memory for a device
 * @length: In bytes, whole pages
 *
 * Return: the memory, with one reference, or NULL.
 */
struct mock_memory *mock_memory_alloc(size_t length)
{
	struct mock_memory *memory;

	memory = kzalloc(sizeof(*memory), GFP_KERNEL_ACCOUNT);
	if (!memory)
		return NULL;
	refcount_set(&memory->refs, 1);
	init_rwsem(&memory->lock);
	memory->length = length;
	memory->start = alloc_pages_exact(length, GFP_KERNEL_ACCOUNT |
						  __GFP_ZERO | __GFP_NOWARN);
	if (!memory->start) {
		kfree(memory);
		return NULL;
	}
	return memory;
}

/**
 * mock_memory_put() - drop a reference
 * @memory: The memory
 */
void mock_memory_put(struct mock_memory *memory)
{
	if (!refcount_dec_and_test(&memory->refs))
		return;
	free_pages_exact(memory->start, memory->length);
	kfree(memory);
}

/**
 * mock_memory_file() - have memory shown by a file
 * @memory: The memory
 *
 * Return: the file, or an ERR_PTR.
 */
struct file *mock_memory_file(struct mock_memory *memory)
{
	struct file *file;

	file = anon_inode_getfile("[iommufd_mock_memory]", &mock_memory_fops,
				  memory, O_RDWR);
	if (!IS_ERR(file))
		refcount_inc(&memory->refs);
	return file;
}

/**
 * mock_memory_offer() - let user space map the memory of a device
 * @memory: The memory
 * @idev: The device, bound for as long as the memory is decoded
 */
void mock_memory_offer(struct mock_memory *memory, struct iommufd_device *idev)
{
	memory->idev = idev;
	iommufd_device_offer_mmio(idev, &mock_mmio_ops, memory);
}

/**
 * mock_memory_decode() - let other devices reach the memory, or not
 * @memory: The memory, offered, of a device that stays bound meanwhile
 * @enable: They do
 */
void mock_memory_decode(struct mock_memory *memory, bool enable)
{
	down_write(&memory->lock);
	if (enable)
		iommufd_device_restore_mmio(memory->idev);
	else
		iommufd_device_revoke_mmio(memory->idev);
	up_write(&memory->lock);
}
