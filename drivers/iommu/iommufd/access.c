// SPDX-License-Identifier: GPL-2.0-only
/*
 * Access: how a driver of the kernel, say of an emulated device, reaches what an
 * IOAS maps, instead of a device behind an IOMMU.
 *
 * What an access has pinned is its own until it unpins it. When that is to be
 * unmapped the driver is asked to, by its unmap op, from under domains_sem; so
 * pinning, unpinning, reading and writing do not take that.
 *
 * Locks, in the order they are taken:
 *  iommufd_access::lock	Attaching and detaching, one at a time
 *  iommufd_ioas::domains_sem
 *  iommufd_access::ioas_sem	Read: to work on the IOAS. Write: to change which that
 *				is. Not held while the driver is asked to unpin
 *  the other locks of ioas.h
 */
#include <linux/iommu.h>
#include <linux/iommufd.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "ioas.h"

/* How long a driver may take to unpin before it is asked again, and how often */
#define UNPIN_TIMEOUT	msecs_to_jiffies(10)
#define UNPIN_PATIENCE	1000

/**
 * struct access_link - an access on an IOAS
 * @item: In iommufd_ioas::accesses
 * @access: The access
 */
struct access_link {
	struct list_head item;
	struct iommufd_access *access;
};

/**
 * struct iommufd_access - an access
 * @obj: The object
 * @ictx: The iommufd
 * @lock: See above
 * @ioas_sem: See above
 * @ioas: What may be pinned, read and written; NULL for nothing
 * @unpin_ioas: What may be unpinned, longer than @ioas while detaching
 * @links: Two, so that one IOAS is joined before the other is left
 * @link: Which of them is on @ioas
 * @ops: The driver
 * @data: Its own
 * @pins: Calls of iommufd_access_pin_pages() that have not been undone
 * @unpinned: Woken when @pins becomes 0
 * @idle: No ioctl works on the access any more, and none will
 */
struct iommufd_access {
	struct iommufd_object obj;
	struct iommufd_ctx *ictx;
	struct mutex lock;
	struct rw_semaphore ioas_sem;
	struct iommufd_ioas *ioas;
	struct iommufd_ioas *unpin_ioas;
	struct access_link links[2];
	unsigned int link;
	const struct iommufd_access_ops *ops;
	void *data;
	atomic_t pins;
	wait_queue_head_t unpinned;
	struct completion idle;
};

/* ---- For ioas.h ---- */

/**
 * iommufd_accesses_notify() - ask all accesses to let go of a range
 * @ioas: The IOAS, domains_sem held
 * @first: First IOVA
 * @last: Last IOVA
 */
void iommufd_accesses_notify(struct iommufd_ioas *ioas, unsigned long first,
			     unsigned long last)
{
	unsigned long length = last - first + 1;
	struct access_link *link;

	lockdep_assert_held(&ioas->domains_sem);

	list_for_each_entry(link, &ioas->accesses, item)
		if (link->access->ops->unmap)
			link->access->ops->unmap(link->access->data, first,
						 length);
}

/**
 * iommufd_accesses_alignment() - what accesses ask of all that is mapped
 * @ioas: The IOAS, domains_sem held
 *
 * Return: an alignment for iommufd_ioas::alignment.
 */
unsigned long iommufd_accesses_alignment(struct iommufd_ioas *ioas)
{
	struct access_link *link;

	list_for_each_entry(link, &ioas->accesses, item)
		if (link->access->ops->needs_pin_pages)
			return PAGE_SIZE;
	return 1;
}

/* ---- Create, attach ---- */

static void access_release(struct iommufd_object *obj)
{
	complete(&container_of(obj, struct iommufd_access, obj)->idle);
}

static const struct iommufd_object_ops access_object_ops = {
	.type = IOMMUFD_OBJ_ACCESS,
	.release = access_release,
};

/**
 * iommufd_access_create() - let a driver reach what user space maps
 * @ictx: The iommufd; the caller holds it until iommufd_access_destroy()
 * @ops: The driver
 * @data: For its ops
 * @id: Set to the ID by which user space names the access
 *
 * Return: the access, attached to nothing; ERR_PTR(-EINVAL) for a driver that pins
 * and has no unmap op; or ERR_PTR(-ENOMEM).
 */
struct iommufd_access *
iommufd_access_create(struct iommufd_ctx *ictx,
		      const struct iommufd_access_ops *ops, void *data, u32 *id)
{
	struct iommufd_access *access;
	int rc;

	if (WARN_ON(ops->needs_pin_pages && !ops->unmap))
		return ERR_PTR(-EINVAL);
	access = kzalloc(sizeof(*access), GFP_KERNEL_ACCOUNT);
	if (!access)
		return ERR_PTR(-ENOMEM);
	iommufd_object_init(&access->obj, &access_object_ops);
	access->ictx = ictx;
	mutex_init(&access->lock);
	init_rwsem(&access->ioas_sem);
	access->links[0].access = access;
	access->links[1].access = access;
	access->ops = ops;
	access->data = data;
	init_waitqueue_head(&access->unpinned);
	init_completion(&access->idle);

	rc = iommufd_object_reserve(ictx, &access->obj);
	if (rc) {
		kfree(access);
		return ERR_PTR(rc);
	}
	/* The driver is a user, so that no ioctl destroys the access */
	refcount_inc(&access->obj.users);
	iommufd_object_publish(ictx, &access->obj);
	*id = access->obj.id;
	return access;
}
EXPORT_SYMBOL_NS_GPL(iommufd_access_create, IOMMUFD);

/* The next area from *@first on that accesses have pinned a part of */
static bool ioas_next_pinned(struct iommufd_ioas *ioas, unsigned long *first,
			     unsigned long *last)
{
	struct iova_area *range;

	mutex_lock(&ioas->space_lock);
	for_each_area(ioas, range, *first, ULONG_MAX) {
		if (to_area(range)->access_pins)
			break;
		cond_resched();
	}
	if (range) {
		*first = range->first;
		*last = range->last;
	}
	mutex_unlock(&ioas->space_lock);
	return range;
}

/*
 * Ask the driver to unpin everything. Some go through what they are asked for page
 * by page, so ask only where something is pinned.
 */
static void access_ask(struct iommufd_access *access, struct iommufd_ioas *ioas)
{
	unsigned long first = 0, last;

	if (!atomic_read(&access->pins))
		return;
	while (ioas_next_pinned(ioas, &first, &last)) {
		access->ops->unmap(access->data, first, last - first + 1);
		if (check_add_overflow(last, 1UL, &first))
			return;
	}
}

/* Work on nothing from now on, and have the driver unpin what it has pinned */
static void access_leave(struct iommufd_access *access)
{
	struct iommufd_ioas *ioas = access->ioas;
	unsigned int asked = 0;

	lockdep_assert_held(&access->lock);

	if (!ioas)
		return;
	down_write(&access->ioas_sem);
	access->ioas = NULL;
	up_write(&access->ioas_sem);

	/* What was pinned a moment ago the driver may not know yet */
	do {
		if (++asked == UNPIN_PATIENCE)
			pr_warn("iommufd: %ps() does not unpin what it is asked to\n",
				access->ops->unmap);
		access_ask(access, ioas);
		wait_event_timeout(access->unpinned,
				   !atomic_read(&access->pins),
				   UNPIN_TIMEOUT);
	} while (atomic_read(&access->pins));

	down_write(&access->ioas_sem);
	access->unpin_ioas = NULL;
	up_write(&access->ioas_sem);
	ioas_remove_access(ioas, &access->links[access->link].item);
	iommufd_object_unuse(&ioas->obj);
}

static int access_join(struct iommufd_access *access, struct iommufd_ioas *ioas)
{
	unsigned int link = !access->link;
	int rc;

	lockdep_assert_held(&access->lock);

	rc = iommufd_object_use(&ioas->obj);
	if (rc)
		return rc;
	rc = ioas_add_access(ioas, &access->links[link].item,
			     access->ops->needs_pin_pages);
	if (rc) {
		iommufd_object_unuse(&ioas->obj);
		return rc;
	}

	access_leave(access);
	down_write(&access->ioas_sem);
	access->ioas = ioas;
	access->unpin_ioas = ioas;
	access->link = link;
	up_write(&access->ioas_sem);
	return 0;
}

static int access_change(struct iommufd_access *access, u32 ioas_id,
			 bool attached)
{
	struct iommufd_ioas *ioas;
	int rc = 0;

	ioas = ioas_get(access->ictx, ioas_id);
	if (IS_ERR(ioas))
		return PTR_ERR(ioas);
	mutex_lock(&access->lock);
	if (attached != !!access->ioas)
		rc = attached ? -ENOENT : -EINVAL;
	else if (ioas != access->ioas)
		rc = access_join(access, ioas);
	mutex_unlock(&access->lock);
	iommufd_object_put(&ioas->obj);
	return rc;
}

/**
 * iommufd_access_attach() - connect an access to an IOAS
 * @access: The access, attached to nothing
 * @ioas_id: ID of the IOAS
 *
 * Return: 0; -ENOENT for no such IOAS; -EINVAL if the access is attached;
 * -EADDRINUSE if something is mapped that it could not pin.
 */
int iommufd_access_attach(struct iommufd_access *access, u32 ioas_id)
{
	return access_change(access, ioas_id, false);
}
EXPORT_SYMBOL_NS_GPL(iommufd_access_attach, IOMMUFD);

/**
 * iommufd_access_replace() - connect an attached access to another IOAS
 * @access: The access, attached
 * @ioas_id: ID of the IOAS
 *
 * The driver's unmap op is called, in between, wherever something is pinned.
 *
 * Return: As iommufd_access_attach(), with all as before; -ENOENT also if the
 * access is not attached.
 */
int iommufd_access_replace(struct iommufd_access *access, u32 ioas_id)
{
	return access_change(access, ioas_id, true);
}
EXPORT_SYMBOL_NS_GPL(iommufd_access_replace, IOMMUFD);

/**
 * iommufd_access_detach() - undo iommufd_access_attach()
 * @access: The access
 *
 * The driver's unmap op is called wherever something is pinned, and has to unpin
 * everything.
 *
 * Context: May sleep; not from the unmap op.
 */
void iommufd_access_detach(struct iommufd_access *access)
{
	mutex_lock(&access->lock);
	access_leave(access);
	mutex_unlock(&access->lock);
}
EXPORT_SYMBOL_NS_GPL(iommufd_access_detach, IOMMUFD);

/**
 * iommufd_access_destroy() - undo iommufd_access_create()
 * @access: The access; gone when this returns
 *
 * Context: As iommufd_access_detach().
 */
void iommufd_access_destroy(struct iommufd_access *access)
{
	iommufd_access_detach(access);
	iommufd_object_withdraw(access->ictx, &access->obj);
	wait_for_completion(&access->idle);
	kfree(access);
}
EXPORT_SYMBOL_NS_GPL(iommufd_access_destroy, IOMMUFD);

/* ---- Work on the IOAS ---- */

/**
 * struct access_span - a range of IOVAs, area by area
 * @ioas: The IOAS
 * @next: Next IOVA
 * @last: Last IOVA
 */
struct access_span {
	struct iommufd_ioas *ioas;
	unsigned long next;
	unsigned long last;
};

static int access_span_init(struct access_span *span, struct iommufd_ioas *ioas,
			    unsigned long iova, unsigned long length)
{
	if (!ioas)
		return -ENOENT;
	if (!length)
		return -EINVAL;
	if (check_add_overflow(iova, length - 1, &span->last))
		return -EOVERFLOW;
	span->ioas = ioas;
	span->next = iova;
	return 0;
}

/* The area at span->next, which may be busy waiting for us */
static struct iommufd_area *access_span_area(const struct access_span *span)
{
	struct iova_area *range;

	lockdep_assert_held(&span->ioas->space_lock);

	range = iova_space_first(&span->ioas->space, span->next, span->next);
	return range ? to_area(range) : NULL;
}

/* The last IOVA of the span in @area */
static unsigned long access_span_end(const struct access_span *span,
				     const struct iommufd_area *area)
{
	return min(span->last, area->range.last);
}

/* Go on behind @last. False at the end of the span */
static bool access_span_step(struct access_span *span, unsigned long last)
{
	if (last == span->last)
		return false;
	span->next = last + 1;
	return true;
}

/* Count one pin more of the area at span->next, which then cannot be unmapped */
static struct iommufd_area *access_hold_area(struct access_span *span, bool write)
{
	int prot = write ? IOMMU_WRITE : IOMMU_READ;
	struct iommufd_area *area;

	mutex_lock(&span->ioas->space_lock);
	area = access_span_area(span);
	if (!area || area->state != AREA_THERE)
		area = ERR_PTR(-ENOENT);
	else if (!(area->prot & prot))
		area = ERR_PTR(-EPERM);
	else if (area->pages->mmio)
		/* It has no struct page, and goes without asking */
		area = ERR_PTR(-EFAULT);
	else
		WRITE_ONCE(area->access_pins, area->access_pins + 1);
	mutex_unlock(&span->ioas->space_lock);
	return area;
}

/* Count one pin less */
static void access_drop_area(struct access_span *span, struct iommufd_area *area)
{
	struct iommufd_ioas *ioas = span->ioas;

	mutex_lock(&ioas->space_lock);
	WRITE_ONCE(area->access_pins, area->access_pins - 1);
	if (!area->access_pins && wq_has_sleeper(&ioas->wait))
		wake_up_all(&ioas->wait);
	mutex_unlock(&ioas->space_lock);
}

/* Unpin what of the span lies in @area */
static bool access_unpin_area(struct access_span *span,
			      struct iommufd_area *area)
{
	unsigned long last = access_span_end(span, area);

	if (!pages_unpin_range(area->pages,
			       area_byte(area, span->next) >> PAGE_SHIFT,
			       area_byte(area, last) >> PAGE_SHIFT))
		return false;
	access_drop_area(span, area);
	return true;
}

static bool access_unpin_span(struct access_span *span)
{
	unsigned long last;

	do {
		struct iommufd_area *area;

		mutex_lock(&span->ioas->space_lock);
		area = access_span_area(span);
		last = area ? access_span_end(span, area) : 0;
		mutex_unlock(&span->ioas->space_lock);

		/* A driver that unpins what it has not pinned is broken */
		if (WARN_ON(!area || !access_unpin_area(span, area)))
			return false;
	} while (access_span_step(span, last));
	return true;
}

/* Pin what of the span lies in the next area, and list it at *@out */
static int access_pin_area(struct access_span *span, struct iommufd_area *area,
			   unsigned long last, struct page ***out)
{
	unsigned long first_page = area_byte(area, span->next) >> PAGE_SHIFT;
	unsigned long last_page = area_byte(area, last) >> PAGE_SHIFT;
	int rc;

	/* That needs_pin_pages has all areas aligned to pages */
	rc = pages_pin_list(area->pages, first_page, last_page, *out);
	if (!rc)
		*out += last_page - first_page + 1;
	return rc;
}

static int access_pin_span(struct access_span *span, struct page **out,
			   bool write)
{
	struct access_span done = *span;
	unsigned long last;
	int rc;

	do {
		struct iommufd_area *area = access_hold_area(span, write);

		if (IS_ERR(area)) {
			rc = PTR_ERR(area);
			goto err_unpin;
		}
		last = access_span_end(span, area);
		rc = access_pin_area(span, area, last, &out);
		if (rc) {
			access_drop_area(span, area);
			goto err_unpin;
		}
	} while (access_span_step(span, last));
	return 0;

err_unpin:
	if (span->next != done.next) {
		done.last = span->next - 1;
		access_unpin_span(&done);
	}
	return rc;
}

/**
 * iommufd_access_pin_pages() - pin what is mapped in a range
 * @access: The access, with needs_pin_pages in its ops
 * @iova: First IOVA
 * @length: Number of IOVAs, not 0
 * @out_pages: Array of as many pages as the range touches
 * @flags: IOMMUFD_ACCESS_RW_WRITE, or 0 for reading
 *
 * The pages stay pinned until iommufd_access_unpin_pages() for the same range,
 * which the driver is asked for by its unmap op when the range is unmapped.
 *
 * Context: May sleep and fault.
 * Return: 0; -ENOENT if not all of it is mapped, or the access is not attached;
 * -EPERM for writing to what is mapped for reading only, or reading what is for
 * writing only; -EINVAL, -EOVERFLOW;
 * -EFAULT, -ENOMEM, -EINTR if it cannot be pinned, as memory of a device never can.
 */
int iommufd_access_pin_pages(struct iommufd_access *access, unsigned long iova,
			     unsigned long length, struct page **out_pages,
			     unsigned int flags)
{
	struct access_span span;
	int rc;

	if (flags & ~IOMMUFD_ACCESS_RW_WRITE || !access->ops->needs_pin_pages)
		return -EINVAL;

	down_read(&access->ioas_sem);
	rc = access_span_init(&span, access->ioas, iova, length);
	if (!rc)
		rc = access_pin_span(&span, out_pages,
				     flags & IOMMUFD_ACCESS_RW_WRITE);
	if (!rc)
		atomic_inc(&access->pins);
	up_read(&access->ioas_sem);
	return rc;
}
EXPORT_SYMBOL_NS_GPL(iommufd_access_pin_pages, IOMMUFD);

/**
 * iommufd_access_unpin_pages() - undo iommufd_access_pin_pages()
 * @access: The access
 * @iova: First IOVA
 * @length: Number of IOVAs
 *
 * Context: May sleep; also from the unmap op.
 */
void iommufd_access_unpin_pages(struct iommufd_access *access,
				unsigned long iova, unsigned long length)
{
	struct access_span span;

	down_read(&access->ioas_sem);
	if (!WARN_ON(access_span_init(&span, access->unpin_ioas, iova,
				      length)) &&
	    access_unpin_span(&span) && atomic_dec_and_test(&access->pins))
		wake_up_all(&access->unpinned);
	up_read(&access->ioas_sem);
}
EXPORT_SYMBOL_NS_GPL(iommufd_access_unpin_pages, IOMMUFD);

static int access_rw_span(struct access_span *span, void *data,
			  unsigned int flags)
{
	unsigned long last;
	int rc;

	do {
		struct iommufd_area *area =
			access_hold_area(span, flags & IOMMUFD_ACCESS_RW_WRITE);
		unsigned long length;

		if (IS_ERR(area))
			return PTR_ERR(area);
		last = access_span_end(span, area);
		length = last - span->next + 1;
		rc = pages_rw(area->pages, area_byte(area, span->next), data,
			      length, flags);
		access_drop_area(span, area);
		if (rc)
			return rc;
		data += length;
	} while (access_span_step(span, last));
	return 0;
}

/**
 * iommufd_access_rw() - read or write what is mapped in a range
 * @access: The access
 * @iova: First IOVA
 * @data: The caller's buffer
 * @length: Number of bytes, not 0
 * @flags: IOMMUFD_ACCESS_RW_*
 *
 * Context: May sleep and fault.
 * Return: 0, or as iommufd_access_pin_pages(), with a part of it done.
 */
int iommufd_access_rw(struct iommufd_access *access, unsigned long iova,
		      void *data, size_t length, unsigned int flags)
{
	struct access_span span;
	int rc;

	if (flags & ~(IOMMUFD_ACCESS_RW_WRITE | IOMMUFD_ACCESS_RW_KTHREAD |
		      __IOMMUFD_ACCESS_RW_SLOW_PATH))
		return -EINVAL;

	down_read(&access->ioas_sem);
	rc = access_span_init(&span, access->ioas, iova, length);
	if (!rc)
		rc = access_rw_span(&span, data, flags);
	up_read(&access->ioas_sem);
	return rc;
}
EXPORT_SYMBOL_NS_GPL(iommufd_access_rw, IOMMUFD);
