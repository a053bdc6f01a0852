/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The user interface of iommufd: names, numbers and layouts of Linux 6.12.
 */
#ifndef _UAPI_IOMMUFD_H
#define _UAPI_IOMMUFD_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define IOMMUFD_TYPE (';')

/**
 * DOC: How the ioctls of /dev/iommu work
 *
 * Opening /dev/iommu gives an empty space of objects. An ioctl makes an object
 * and returns its ID, a non-zero u32; other ioctls take that ID, and the space
 * ends, with all that is in it, when the last reference to the file goes.
 * An ID means nothing on another file.
 *
 * Every ioctl takes a pointer to a struct whose first member, size, is the
 * length of that struct in bytes. Structs only ever grow at their end:
 *
 * - A caller with a struct shorter than the kernel's gets the meaning the ioctl
 *   had when that shorter struct was current.
 * - A caller with a longer struct than the kernel's is served as long as
 *   every byte that the kernel does not know is zero, and the struct, or other
 *   data it points to, is not longer than a page.
 *
 * Members named out_* are written by the kernel; what they hold on entry does
 * not matter. The kernel writes members back when it succeeds and, where an
 * ioctl says so, also when it fails.
 *
 * Each errno has one meaning, whichever ioctl returns it:
 *
 * - ENOTTY: the kernel does not know this ioctl number.
 * - E2BIG: the struct is longer than the kernel's and its unknown part is not
 *   all zero, so that something would be ignored that the caller relies on; or
 *   it is longer than a page.
 * - EOPNOTSUPP: a reserved member is not zero, or a flag, type or operation is
 *   one that this kernel, or the IOMMU behind this device, does not have.
 * - EINVAL: a known member holds a value that makes no sense there, for example
 *   a struct shorter than its first version, or an IOVA that is not aligned.
 * - ENOENT: no object has this ID, or it is of another kind, or nothing is
 *   mapped at this IOVA.
 * - EFAULT: memory of the caller could not be read or written.
 * - EOVERFLOW: an address plus a length leaves the 64-bit address space, or is
 *   wider than the kernel's unsigned long.
 * - ENOMEM: out of memory, or the caller's RLIMIT_MEMLOCK would be exceeded.
 * - EBUSY: the object is still in use by another one.
 * - EINTR: the caller is being killed.
 * - ENOSPC: there is no ID left for another object.
 *
 * Errnos with a meaning of their own are listed with the ioctl that returns
 * them. An ioctl that fails has changed nothing unless it says otherwise.
 */

/* The ioctl numbers; below the base, ';' belongs to VFIO */
enum {
	IOMMUFD_CMD_BASE = 0x80,
	IOMMUFD_CMD_DESTROY = IOMMUFD_CMD_BASE,
	IOMMUFD_CMD_IOAS_ALLOC = 0x81,
	IOMMUFD_CMD_IOAS_ALLOW_IOVAS = 0x82,
	IOMMUFD_CMD_IOAS_COPY = 0x83,
	IOMMUFD_CMD_IOAS_IOVA_RANGES = 0x84,
	IOMMUFD_CMD_IOAS_MAP = 0x85,
	IOMMUFD_CMD_IOAS_UNMAP = 0x86,
	IOMMUFD_CMD_OPTION = 0x87,
	IOMMUFD_CMD_VFIO_IOAS = 0x88,
	IOMMUFD_CMD_HWPT_ALLOC = 0x89,
	IOMMUFD_CMD_GET_HW_INFO = 0x8a,
	IOMMUFD_CMD_HWPT_SET_DIRTY_TRACKING = 0x8b,
	IOMMUFD_CMD_HWPT_GET_DIRTY_BITMAP = 0x8c,
	IOMMUFD_CMD_HWPT_INVALIDATE = 0x8d,
	IOMMUFD_CMD_FAULT_QUEUE_ALLOC = 0x8e,
};

/**
 * struct iommu_destroy - argument of IOMMU_DESTROY
 * @size: sizeof(struct iommu_destroy), in bytes
 * @id: The object to remove, of any kind that user space can make
 *
 * Remove one object. Its ID may be given to a later object.
 *
 * Errors: ENOENT if there is no such object; EBUSY while another object uses
 * it (an IOAS with a HWPT, a HWPT with a device attached or with a nested HWPT
 * on it), for an IOAS that IOMMU_VFIO_IOAS_GET returns, for a fault queue whose
 * file is open, and for a bound device, which goes away only when its driver
 * unbinds it.
 */
struct iommu_destroy {
	__u32 size;
	__u32 id;
};

#define IOMMU_DESTROY _IO(IOMMUFD_TYPE, IOMMUFD_CMD_DESTROY)

/**
 * struct iommu_ioas_alloc - argument of IOMMU_IOAS_ALLOC
 * @size: sizeof(struct iommu_ioas_alloc), in bytes
 * @flags: None defined, 0
 * @out_ioas_id: ID of the new IOAS
 *
 * Make an IO address space (IOAS): a set of mappings from IO virtual addresses
 * (IOVA) to the caller's memory, empty at first.
 *
 * Errors: EOPNOTSUPP if @flags is not 0.
 */
struct iommu_ioas_alloc {
	__u32 size;
	__u32 flags;
	__u32 out_ioas_id;
};

#define IOMMU_IOAS_ALLOC _IO(IOMMUFD_TYPE, IOMMUFD_CMD_IOAS_ALLOC)

/**
 * struct iommu_iova_range - a range of IOVAs
 * @start: Lowest IOVA in the range
 * @last: Highest IOVA in the range, inclusive
 *
 * Element of the arrays of IOMMU_IOAS_IOVA_RANGES and
 * IOMMU_IOAS_ALLOW_IOVAS.
 */
struct iommu_iova_range {
	__aligned_u64 start;
	__aligned_u64 last;
};

/**
 * struct iommu_ioas_iova_ranges - argument of IOMMU_IOAS_IOVA_RANGES
 * @size: sizeof(struct iommu_ioas_iova_ranges), in bytes
 * @ioas_id: The IOAS to ask
 * @num_iovas: In: how many elements @allowed_iovas has room for. Out: how many
 *             ranges the IOAS has
 * @__reserved: 0
 * @allowed_iovas: Pointer to an array of struct iommu_iova_range that the
 *                 ranges are written to, in rising order
 * @out_iova_alignment: In bytes, a power of two from 1 to the page size: both
 *                      ends of a mapping must be multiples of it
 *
 * Where in the IOAS mappings may be placed. A new IOAS allows every IOVA
 * at any alignment. Each device attached takes away what its IOMMU cannot
 * translate and what the platform reserves (for instance the MSI window), and
 * may raise the alignment; detaching it gives both back. Ask again after each
 * attach and detach.
 *
 * Errors: ENOENT if @ioas_id is not an IOAS; EOPNOTSUPP if @__reserved is not
 * 0; EFAULT if the array cannot be written; EMSGSIZE if it is too short, in
 * which case @num_iovas says how long it must be and as many ranges as fit are
 * written. Callers commonly ask with @num_iovas = 0 first, then again.
 */
struct iommu_ioas_iova_ranges {
	__u32 size;
	__u32 ioas_id;
	__u32 num_iovas;
	__u32 __reserved;
	__aligned_u64 allowed_iovas;
	__aligned_u64 out_iova_alignment;
};

#define IOMMU_IOAS_IOVA_RANGES _IO(IOMMUFD_TYPE, IOMMUFD_CMD_IOAS_IOVA_RANGES)

/**
 * struct iommu_ioas_allow_iovas - argument of IOMMU_IOAS_ALLOW_IOVAS
 * @size: sizeof(struct iommu_ioas_allow_iovas), in bytes
 * @ioas_id: The IOAS to change
 * @num_iovas: Number of elements in @allowed_iovas; 0 withdraws an earlier list
 * @__reserved: 0
 * @allowed_iovas: Pointer to an array of struct iommu_iova_range
 *
 * Promise user space that the given ranges stay usable: attaching a device that
 * would take away a part of any of them fails from now on. While a list is set,
 * an automatic IOVA is chosen only from within it. The list replaces the one
 * before as a whole.
 *
 * Errors: ENOENT if @ioas_id is not an IOAS; EOPNOTSUPP if @__reserved is not
 * 0; EFAULT if the array cannot be read; EINVAL if a range ends before it
 * starts or two of them overlap; EADDRINUSE if a part of the ranges is not
 * usable already now.
 */
struct iommu_ioas_allow_iovas {
	__u32 size;
	__u32 ioas_id;
	__u32 num_iovas;
	__u32 __reserved;
	__aligned_u64 allowed_iovas;
};

#define IOMMU_IOAS_ALLOW_IOVAS _IO(IOMMUFD_TYPE, IOMMUFD_CMD_IOAS_ALLOW_IOVAS)

/**
 * enum iommufd_ioas_map_flags - how IOMMU_IOAS_MAP and IOMMU_IOAS_COPY map
 * @IOMMU_IOAS_MAP_FIXED_IOVA: The caller chooses the IOVA; without it the
 *                             kernel does, and returns it
 * @IOMMU_IOAS_MAP_WRITEABLE: Devices may write the memory
 * @IOMMU_IOAS_MAP_READABLE: Devices may read the memory
 */
enum iommufd_ioas_map_flags {
	IOMMU_IOAS_MAP_FIXED_IOVA = 1 << 0,
	IOMMU_IOAS_MAP_WRITEABLE = 1 << 1,
	IOMMU_IOAS_MAP_READABLE = 1 << 2,
};

/**
 * struct iommu_ioas_map - argument of IOMMU_IOAS_MAP
 * @size: sizeof(struct iommu_ioas_map), in bytes
 * @flags: enum iommufd_ioas_map_flags, ORed, with at least one of
 *         IOMMU_IOAS_MAP_WRITEABLE and IOMMU_IOAS_MAP_READABLE
 * @ioas_id: The IOAS to map in
 * @__reserved: 0
 * @user_va: First address of the caller's memory
 * @length: Number of bytes
 * @iova: First IOVA of the mapping: in with IOMMU_IOAS_MAP_FIXED_IOVA, else out
 *
 * Let devices reach @length bytes of the caller's memory at an IOVA. The
 * memory is pinned, and counted in RLIMIT_MEMLOCK, as long as a HWPT of the
 * IOAS uses it; while there is none it is not even looked at. Mappings
 * never overlap, and none is replaced.
 *
 * An automatic @iova is free, not reserved, and congruent to @user_va as far
 * as the size of the mapping makes that useful, so that huge pages stay huge.
 *
 * Memory of a device that is bound to the same file, a BAR that the caller has
 * mapped by mmap(), is neither pinned nor counted. Devices reach it exactly as
 * long as it is there: not while the device is reset, sleeps, or does not
 * decode it.
 *
 * Errors: ENOENT if @ioas_id is not an IOAS; EOPNOTSUPP for an unknown flag or
 * a non-zero @__reserved; EINVAL if @length is 0, if no access is allowed, if
 * @user_va, @length or a given @iova is not a multiple of out_iova_alignment of
 * IOMMU_IOAS_IOVA_RANGES, or if the range is not within the ranges that ioctl
 * tells; EOVERFLOW if @iova or @user_va plus @length overflows; EEXIST if a
 * part of the range is mapped; ENOSPC if no place for an automatic IOVA is
 * left; EFAULT if memory to be pinned is not there, not readable, or not writable
 * although devices shall write it; ENOMEM if pinning it exceeds RLIMIT_MEMLOCK.
 */
struct iommu_ioas_map {
	__u32 size;
	__u32 flags;
	__u32 ioas_id;
	__u32 __reserved;
	__aligned_u64 user_va;
	__aligned_u64 length;
	__aligned_u64 iova;
};

#define IOMMU_IOAS_MAP _IO(IOMMUFD_TYPE, IOMMUFD_CMD_IOAS_MAP)

/**
 * struct iommu_ioas_copy - argument of IOMMU_IOAS_COPY
 * @size: sizeof(struct iommu_ioas_copy), in bytes
 * @flags: enum iommufd_ioas_map_flags, ORed, as for IOMMU_IOAS_MAP
 * @dst_ioas_id: The IOAS to map in
 * @src_ioas_id: The IOAS that has the memory mapped already; may be the same
 * @length: Number of bytes
 * @dst_iova: First IOVA of the new mapping: in with IOMMU_IOAS_MAP_FIXED_IOVA,
 *            else out
 * @src_iova: First IOVA of the memory in @src_ioas_id
 *
 * Map memory by where it is mapped already instead of by its user address. Both
 * mappings then share one set of pinned pages, pinned and counted once, and
 * live independently of each other: removing one leaves the other.
 *
 * Errors: those of IOMMU_IOAS_MAP; ENOENT also if the source range is not
 * mapped; EPERM if devices shall write memory that was only to be read when
 * IOMMU_IOAS_MAP mapped it.
 */
struct iommu_ioas_copy {
	__u32 size;
	__u32 flags;
	__u32 dst_ioas_id;
	__u32 src_ioas_id;
	__aligned_u64 length;
	__aligned_u64 dst_iova;
	__aligned_u64 src_iova;
};

#define IOMMU_IOAS_COPY _IO(IOMMUFD_TYPE, IOMMUFD_CMD_IOAS_COPY)

/**
 * struct iommu_ioas_unmap - argument of IOMMU_IOAS_UNMAP
 * @size: sizeof(struct iommu_ioas_unmap), in bytes
 * @ioas_id: The IOAS to unmap from
 * @iova: First IOVA
 * @length: In: number of bytes. Out: number of bytes that were unmapped
 *
 * Remove every mapping within the range. When this returns no device reaches
 * the memory any more, also none behind a nested HWPT, and the memory is no
 * longer pinned. @iova = 0 with @length = U64_MAX removes all mappings and
 * succeeds also when there are none.
 *
 * Errors: ENOENT if @ioas_id is not an IOAS, if nothing is mapped in
 * the range, or if the range would cut a mapping, in which case nothing at all
 * is unmapped; EINVAL if @length is 0; EOVERFLOW if @iova plus @length
 * overflows.
 */
struct iommu_ioas_unmap {
	__u32 size;
	__u32 ioas_id;
	__aligned_u64 iova;
	__aligned_u64 length;
};

#define IOMMU_IOAS_UNMAP _IO(IOMMUFD_TYPE, IOMMUFD_CMD_IOAS_UNMAP)

/**
 * enum iommufd_option - what IOMMU_OPTION can set
 * @IOMMU_OPTION_RLIMIT_MODE: How pinned memory is counted in RLIMIT_MEMLOCK:
 *                            0 (at first) with that of all processes of the
 *                            user, 1 with that of the process alone. One value
 *                            for the whole file, with object_id 0. Setting it
 *                            takes privilege
 * @IOMMU_OPTION_HUGE_PAGES: 1 (at first) to let one IOMMU entry cover several
 *                           contiguous pages, 0 to make each entry one page,
 *                           for comparison. One value per IOAS, given in
 *                           object_id
 */
enum iommufd_option {
	IOMMU_OPTION_RLIMIT_MODE = 0,
	IOMMU_OPTION_HUGE_PAGES = 1,
};

/**
 * enum iommufd_option_ops - what IOMMU_OPTION does with an option
 * @IOMMU_OPTION_OP_SET: Take the value from val64
 * @IOMMU_OPTION_OP_GET: Return the value in val64
 */
enum iommufd_option_ops {
	IOMMU_OPTION_OP_SET = 0,
	IOMMU_OPTION_OP_GET = 1,
};

/**
 * struct iommu_option - argument of IOMMU_OPTION
 * @size: sizeof(struct iommu_option), in bytes
 * @option_id: One of enum iommufd_option
 * @op: One of enum iommufd_option_ops
 * @__reserved: 0
 * @object_id: The object the option belongs to, 0 if to none
 * @val64: The value, in or out by @op
 *
 * Read or change an option.
 *
 * Errors: EOPNOTSUPP for an unknown @option_id or @op, for a non-zero
 * @__reserved, or for an @object_id where none belongs; ENOENT if @object_id is
 * not of the kind the option takes; EINVAL for a value the option does not
 * have; EPERM without the privilege to set it; EBUSY if the file has objects
 * that depend on the old value.
 */
struct iommu_option {
	__u32 size;
	__u32 option_id;
	__u16 op;
	__u16 __reserved;
	__u32 object_id;
	__aligned_u64 val64;
};

#define IOMMU_OPTION _IO(IOMMUFD_TYPE, IOMMUFD_CMD_OPTION)

/**
 * enum iommufd_vfio_ioas_op - what IOMMU_VFIO_IOAS does
 * @IOMMU_VFIO_IOAS_GET: Return the compatibility IOAS
 * @IOMMU_VFIO_IOAS_SET: Use another IOAS from now on
 * @IOMMU_VFIO_IOAS_CLEAR: Use none; VFIO's own ioctls on the file end
 */
enum iommufd_vfio_ioas_op {
	IOMMU_VFIO_IOAS_GET = 0,
	IOMMU_VFIO_IOAS_SET = 1,
	IOMMU_VFIO_IOAS_CLEAR = 2,
};

/**
 * struct iommu_vfio_ioas - argument of IOMMU_VFIO_IOAS
 * @size: sizeof(struct iommu_vfio_ioas), in bytes
 * @ioas_id: The IOAS: in for IOMMU_VFIO_IOAS_SET, out for IOMMU_VFIO_IOAS_GET
 * @op: One of enum iommufd_vfio_ioas_op
 * @__reserved: 0
 *
 * The file can take the place of a VFIO container. The ioctls of a container
 * carry no ID, so that they all act on one IOAS, which this ioctl names. A file
 * without one gets a new one when VFIO_GROUP_SET_CONTAINER is called with it.
 * Neither changing nor clearing the choice destroys an IOAS or moves a device.
 *
 * Errors: EOPNOTSUPP for an unknown @op or a non-zero @__reserved; ENOENT if
 * @ioas_id is not an IOAS; ENODEV if there is none to return.
 */
struct iommu_vfio_ioas {
	__u32 size;
	__u32 ioas_id;
	__u16 op;
	__u16 __reserved;
};

#define IOMMU_VFIO_IOAS _IO(IOMMUFD_TYPE, IOMMUFD_CMD_VFIO_IOAS)

/**
 * enum iommufd_hwpt_alloc_flags - what a HWPT shall be able to do
 * @IOMMU_HWPT_ALLOC_NEST_PARENT: Be stage 2 under nested HWPTs
 * @IOMMU_HWPT_ALLOC_DIRTY_TRACKING: Track which pages devices write. Devices
 *                                   whose IOMMU cannot are refused at attach
 * @IOMMU_HWPT_FAULT_ID_VALID: Deliver page requests to the fault queue that
 *                             fault_id names
 */
enum iommufd_hwpt_alloc_flags {
	IOMMU_HWPT_ALLOC_NEST_PARENT = 1 << 0,
	IOMMU_HWPT_ALLOC_DIRTY_TRACKING = 1 << 1,
	IOMMU_HWPT_FAULT_ID_VALID = 1 << 2,
};

/**
 * enum iommu_hwpt_vtd_s1_flags - how VT-d reads a stage-1 table
 * @IOMMU_VTD_S1_SRE: Serve requests for supervisor privilege (SRE in the PASID
 *                    table entry, VT-d spec section 9.6)
 * @IOMMU_VTD_S1_EAFE: Set the extended-accessed bit of entries (EAFE, ditto)
 * @IOMMU_VTD_S1_WPE: Apply write protection to supervisor requests as well
 *                    (WPE, ditto)
 */
enum iommu_hwpt_vtd_s1_flags {
	IOMMU_VTD_S1_SRE = 1 << 0,
	IOMMU_VTD_S1_EAFE = 1 << 1,
	IOMMU_VTD_S1_WPE = 1 << 2,
};

/**
 * struct iommu_hwpt_vtd_s1 - a stage-1 table for Intel VT-d
 * @flags: enum iommu_hwpt_vtd_s1_flags, ORed
 * @pgtbl_addr: Guest-physical address of the top-level table, 4096-byte
 *              aligned
 * @addr_width: Bits of address that the table translates: 48 for 4 levels, 57
 *              for 5
 * @__reserved: 0
 *
 * The data of IOMMU_HWPT_ALLOC with IOMMU_HWPT_DATA_VTD_S1. The table has
 * the format of VT-d's first stage (VT-d spec section 3.6); all its addresses
 * are guest-physical and go through the parent HWPT.
 */
struct iommu_hwpt_vtd_s1 {
	__aligned_u64 flags;
	__aligned_u64 pgtbl_addr;
	__u32 addr_width;
	__u32 __reserved;
};

/**
 * enum iommu_hwpt_data_type - format of the data of IOMMU_HWPT_ALLOC
 * @IOMMU_HWPT_DATA_NONE: There is no data
 * @IOMMU_HWPT_DATA_VTD_S1: struct iommu_hwpt_vtd_s1
 */
enum iommu_hwpt_data_type {
	IOMMU_HWPT_DATA_NONE = 0,
	IOMMU_HWPT_DATA_VTD_S1 = 1,
};

/**
 * struct iommu_hwpt_alloc - argument of IOMMU_HWPT_ALLOC
 * @size: sizeof(struct iommu_hwpt_alloc), in bytes
 * @flags: enum iommufd_hwpt_alloc_flags, ORed
 * @dev_id: The bound device whose IOMMU makes the HWPT
 * @pt_id: What the HWPT is made from: an IOAS, or another HWPT
 * @out_hwpt_id: ID of the new HWPT
 * @__reserved: 0
 * @data_type: One of enum iommu_hwpt_data_type
 * @data_len: Length of the data in bytes, 0 with IOMMU_HWPT_DATA_NONE
 * @data_uptr: Pointer to the data, 0 with IOMMU_HWPT_DATA_NONE
 * @fault_id: The fault queue, with IOMMU_HWPT_FAULT_ID_VALID; else ignored
 * @__reserved2: 0
 *
 * Make a hardware page table (HWPT), which devices can be attached to.
 *
 * With an IOAS in @pt_id it is a paging HWPT. The kernel keeps its table equal
 * to the mappings of the IOAS, those of today and those to come.
 *
 * With a paging HWPT in @pt_id that was made with IOMMU_HWPT_ALLOC_NEST_PARENT
 * it is a nested HWPT: stage 1 is a table that user space keeps in memory and
 * describes in the data, stage 2 is the parent. After changing
 * entries of that table, user space calls IOMMU_HWPT_INVALIDATE.
 *
 * Nothing is attached by this call.
 *
 * Errors: ENOENT if @dev_id is not a bound device or @pt_id is unknown; EINVAL
 * if @pt_id is an object of another kind, a nested HWPT, or a HWPT made without
 * IOMMU_HWPT_ALLOC_NEST_PARENT or for the IOMMU of another driver; EOPNOTSUPP
 * for a flag or data type that the IOMMU does not know there, any
 * IOMMU_HWPT_ALLOC_* flag on a nested HWPT among them, or a non-zero reserved
 * member; EINVAL if @data_len or @data_uptr goes with IOMMU_HWPT_DATA_NONE, or
 * no @data_len with another type, or if the data is malformed; E2BIG if the
 * data is longer than the kernel knows and the rest is not zero; EFAULT if the
 * data cannot be read; EOPNOTSUPP if the IOMMU does not say what it can map
 * before a device is attached; EFAULT or ENOMEM if memory mapped in the IOAS
 * cannot be pinned; EADDRINUSE if something is mapped in the IOAS where the
 * IOMMU cannot map it.
 */
struct iommu_hwpt_alloc {
	__u32 size;
	__u32 flags;
	__u32 dev_id;
	__u32 pt_id;
	__u32 out_hwpt_id;
	__u32 __reserved;
	__u32 data_type;
	__u32 data_len;
	__aligned_u64 data_uptr;
	__u32 fault_id;
	__u32 __reserved2;
};

#define IOMMU_HWPT_ALLOC _IO(IOMMUFD_TYPE, IOMMUFD_CMD_HWPT_ALLOC)

/**
 * enum iommu_hw_info_vtd_flags - quirks of an Intel VT-d IOMMU
 * @IOMMU_HW_INFO_VTD_ERRATA_772415_SPR17: Stage 2 under a nested HWPT must hold
 *                                         no read-only mapping: the hardware
 *                                         may write through one (erratum SPR17
 *                                         of Intel's document 772415). It is
 *                                         refused with EINVAL
 */
enum iommu_hw_info_vtd_flags {
	IOMMU_HW_INFO_VTD_ERRATA_772415_SPR17 = 1 << 0,
};

/**
 * struct iommu_hw_info_vtd - what an Intel VT-d IOMMU can do
 * @flags: enum iommu_hw_info_vtd_flags, ORed
 * @__reserved: 0
 * @cap_reg: The Capability Register, as read from the hardware (VT-d spec
 *           section 11.4.2)
 * @ecap_reg: The Extended Capability Register, ditto (VT-d spec section 11.4.3)
 *
 * The data of IOMMU_GET_HW_INFO with IOMMU_HW_INFO_TYPE_INTEL_VTD.
 */
struct iommu_hw_info_vtd {
	__u32 flags;
	__u32 __reserved;
	__aligned_u64 cap_reg;
	__aligned_u64 ecap_reg;
};

/**
 * enum iommu_hw_info_type - format of the data of IOMMU_GET_HW_INFO
 * @IOMMU_HW_INFO_TYPE_NONE: The driver of this IOMMU tells nothing
 * @IOMMU_HW_INFO_TYPE_DEFAULT: As input: whatever the driver tells
 * @IOMMU_HW_INFO_TYPE_INTEL_VTD: struct iommu_hw_info_vtd
 */
enum iommu_hw_info_type {
	IOMMU_HW_INFO_TYPE_NONE = 0,
	IOMMU_HW_INFO_TYPE_DEFAULT = 0,
	IOMMU_HW_INFO_TYPE_INTEL_VTD = 1,
};

/**
 * enum iommufd_hw_capabilities - what any kind of IOMMU may be able to do
 * @IOMMU_HW_CAP_DIRTY_TRACKING: Track writes: IOMMU_HWPT_SET_DIRTY_TRACKING and
 *                               IOMMU_HWPT_GET_DIRTY_BITMAP work on HWPTs made
 *                               for this device
 * @IOMMU_HW_CAP_PCI_PASID_EXEC: The device may ask for execute permission in
 *                               requests with PASID. Means nothing if
 *                               out_max_pasid_log2 is 0
 * @IOMMU_HW_CAP_PCI_PASID_PRIV: The device may ask for privileged mode in
 *                               requests with PASID. Means nothing if
 *                               out_max_pasid_log2 is 0
 */
enum iommufd_hw_capabilities {
	IOMMU_HW_CAP_DIRTY_TRACKING = 1 << 0,
	IOMMU_HW_CAP_PCI_PASID_EXEC = 1 << 1,
	IOMMU_HW_CAP_PCI_PASID_PRIV = 1 << 2,
};

/**
 * enum iommu_hw_info_flags - flags of IOMMU_GET_HW_INFO
 * @IOMMU_HW_INFO_FLAG_INPUT_TYPE: in_data_type says which format is wanted
 *
 * Linux 6.12 itself has no such flag, but its kselftests use it.
 */
enum iommu_hw_info_flags {
	IOMMU_HW_INFO_FLAG_INPUT_TYPE = 1 << 0,
};

/**
 * struct iommu_hw_info - argument of IOMMU_GET_HW_INFO
 * @size: sizeof(struct iommu_hw_info), in bytes
 * @flags: enum iommu_hw_info_flags, ORed
 * @dev_id: The bound device whose IOMMU to ask
 * @data_len: In bytes. In: room at @data_uptr, may be 0. Out: length of what
 *            the kernel knows, whatever the room
 * @data_uptr: Pointer to where the data goes; ignored if @data_len is 0
 * @in_data_type: With IOMMU_HW_INFO_FLAG_INPUT_TYPE one of enum
 *                iommu_hw_info_type: the only format the caller takes
 * @out_data_type: One of enum iommu_hw_info_type: the format of the data
 * @out_max_pasid_log2: Bits of PASID that the device has, 0 without PASID
 * @__reserved: 0
 * @out_capabilities: enum iommufd_hw_capabilities, ORed
 *
 * What the IOMMU behind a device is and can do, so that a VMM can offer its
 * guest an IOMMU whose stage-1 tables this one accepts. If there is less room
 * than data, the data is cut; if more, the rest is set to zero.
 *
 * Errors: ENOENT if @dev_id is not a bound device; EOPNOTSUPP for an unknown
 * flag, if @__reserved is not 0, or if the IOMMU tells nothing in the wanted
 * format; EFAULT if the data cannot be written.
 */
struct iommu_hw_info {
	__u32 size;
	__u32 flags;
	__u32 dev_id;
	__u32 data_len;
	__aligned_u64 data_uptr;
	union {
		__u32 in_data_type;
		__u32 out_data_type;
	};
	__u8 out_max_pasid_log2;
	__u8 __reserved[3];
	__aligned_u64 out_capabilities;
};

#define IOMMU_GET_HW_INFO _IO(IOMMUFD_TYPE, IOMMUFD_CMD_GET_HW_INFO)

/**
 * enum iommufd_hwpt_set_dirty_tracking_flags - whether writes are tracked
 * @IOMMU_HWPT_DIRTY_TRACKING_ENABLE: They are; without it they are not
 */
enum iommufd_hwpt_set_dirty_tracking_flags {
	IOMMU_HWPT_DIRTY_TRACKING_ENABLE = 1,
};

/**
 * struct iommu_hwpt_set_dirty_tracking - argument of
 *                                        IOMMU_HWPT_SET_DIRTY_TRACKING
 * @size: sizeof(struct iommu_hwpt_set_dirty_tracking), in bytes
 * @flags: enum iommufd_hwpt_set_dirty_tracking_flags, ORed
 * @hwpt_id: The paging HWPT
 * @__reserved: 0
 *
 * Start or stop tracking which pages devices write through a HWPT, directly
 * or through the nested HWPTs on it. Starting clears what was tracked before.
 *
 * Errors: ENOENT if @hwpt_id is not a paging HWPT; EOPNOTSUPP for an unknown
 * flag, a non-zero @__reserved, or a HWPT that was made without
 * IOMMU_HWPT_ALLOC_DIRTY_TRACKING.
 */
struct iommu_hwpt_set_dirty_tracking {
	__u32 size;
	__u32 flags;
	__u32 hwpt_id;
	__u32 __reserved;
};

#define IOMMU_HWPT_SET_DIRTY_TRACKING _IO(IOMMUFD_TYPE, \
					  IOMMUFD_CMD_HWPT_SET_DIRTY_TRACKING)

/**
 * enum iommufd_hwpt_get_dirty_bitmap_flags - how to read dirty pages
 * @IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR: Leave the pages dirty, which is
 *                                        cheaper; for a range that is about to
 *                                        be unmapped
 */
enum iommufd_hwpt_get_dirty_bitmap_flags {
	IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR = 1,
};

/**
 * struct iommu_hwpt_get_dirty_bitmap - argument of IOMMU_HWPT_GET_DIRTY_BITMAP
 * @size: sizeof(struct iommu_hwpt_get_dirty_bitmap), in bytes
 * @hwpt_id: The paging HWPT
 * @flags: enum iommufd_hwpt_get_dirty_bitmap_flags, ORed
 * @__reserved: 0
 * @iova: First IOVA, a multiple of @page_size
 * @length: Number of bytes, a multiple of @page_size
 * @page_size: Bytes that one bit stands for, a power of two
 * @data: Pointer to the bitmap, an array of u64
 *
 * Report which pages in a range devices have written since tracking began or
 * since the last report without IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR, which
 * also marks them clean again. Bit n of the bitmap, that is bit n % 64 of
 * element n / 64, stands for the @page_size bytes from @iova + n * @page_size.
 * Bits of dirty pages are set, all others are left as they are.
 *
 * Errors: ENOENT if @hwpt_id is not a paging HWPT; EOPNOTSUPP for an unknown
 * flag, a non-zero @__reserved, or a HWPT that was made without
 * IOMMU_HWPT_ALLOC_DIRTY_TRACKING; EINVAL if the range or the page size is
 * malformed, not all of the range is mapped, or tracking is off; EOVERFLOW if
 * @iova plus @length overflows; EFAULT if the bitmap cannot be written.
 */
struct iommu_hwpt_get_dirty_bitmap {
	__u32 size;
	__u32 hwpt_id;
	__u32 flags;
	__u32 __reserved;
	__aligned_u64 iova;
	__aligned_u64 length;
	__aligned_u64 page_size;
	__aligned_u64 data;
};

#define IOMMU_HWPT_GET_DIRTY_BITMAP _IO(IOMMUFD_TYPE, \
					IOMMUFD_CMD_HWPT_GET_DIRTY_BITMAP)

/**
 * enum iommu_hwpt_invalidate_data_type - format of the requests of
 *                                        IOMMU_HWPT_INVALIDATE
 * @IOMMU_HWPT_INVALIDATE_DATA_VTD_S1: struct iommu_hwpt_vtd_s1_invalidate
 */
enum iommu_hwpt_invalidate_data_type {
	IOMMU_HWPT_INVALIDATE_DATA_VTD_S1 = 0,
};

/**
 * enum iommu_hwpt_vtd_s1_invalidate_flags - which VT-d caches to clear
 * @IOMMU_VTD_INV_FLAGS_LEAF: Only leaf entries changed, so that the caches of
 *                            upper-level entries may be kept
 */
enum iommu_hwpt_vtd_s1_invalidate_flags {
	IOMMU_VTD_INV_FLAGS_LEAF = 1 << 0,
};

/**
 * struct iommu_hwpt_vtd_s1_invalidate - an invalidation request for Intel VT-d
 * @addr: First IOVA, 4096-byte aligned
 * @npages: Number of pages of 4096 bytes; U64_MAX together with an @addr of 0
 *          for everything that is cached of the HWPT
 * @flags: enum iommu_hwpt_vtd_s1_invalidate_flags, ORed
 * @__reserved: 0
 *
 * One element of the array of IOMMU_HWPT_INVALIDATE with
 * IOMMU_HWPT_INVALIDATE_DATA_VTD_S1. It clears the IOTLB, the paging-structure
 * caches and, where a device has ATS on, the TLB of that device.
 */
struct iommu_hwpt_vtd_s1_invalidate {
	__aligned_u64 addr;
	__aligned_u64 npages;
	__u32 flags;
	__u32 __reserved;
};

/**
 * struct iommu_hwpt_invalidate - argument of IOMMU_HWPT_INVALIDATE
 * @size: sizeof(struct iommu_hwpt_invalidate), in bytes
 * @hwpt_id: The nested HWPT
 * @data_uptr: Pointer to an array of requests
 * @data_type: One of enum iommu_hwpt_invalidate_data_type: the format of every
 *             request in the array
 * @entry_len: Length of one request in bytes, at most the page size
 * @entry_num: In: number of requests, at most 1 << 19. Out, on failure too:
 *             number of requests carried out
 * @__reserved: 0
 *
 * Make the IOMMU forget what it has cached of a stage-1 table. User space
 * calls this after it has changed entries that may have been used. Requests
 * are carried out in order and end at the first that fails; those before it
 * stay carried out.
 *
 * @entry_num is written back whatever the outcome.
 *
 * With @entry_num = 0 nothing is invalidated, @data_uptr and @entry_len are
 * ignored, and success says that the HWPT knows @data_type.
 *
 * Errors: ENOENT if @hwpt_id is not a nested HWPT; EOPNOTSUPP for an unknown
 * flag in a request or a non-zero reserved member; EINVAL for a @data_type or
 * an @entry_len that the HWPT does not take, for counts or lengths
 * out of bounds (at most 2^19 requests, each at most a page long), and for a
 * malformed request; E2BIG if requests are longer than
 * the kernel knows and the rest is not zero; EOVERFLOW if the range of a
 * request overflows; EFAULT if a request cannot be read; EIO if the hardware
 * refuses one.
 */
struct iommu_hwpt_invalidate {
	__u32 size;
	__u32 hwpt_id;
	__aligned_u64 data_uptr;
	__u32 data_type;
	__u32 entry_len;
	__u32 entry_num;
	__u32 __reserved;
};

#define IOMMU_HWPT_INVALIDATE _IO(IOMMUFD_TYPE, IOMMUFD_CMD_HWPT_INVALIDATE)

/**
 * enum iommu_hwpt_pgfault_flags - what else a page request says
 * @IOMMU_PGFAULT_FLAGS_PASID_VALID: It is for the PASID in pasid; otherwise it
 *                                   came without PASID
 * @IOMMU_PGFAULT_FLAGS_LAST_PAGE: It is the last of its group; the group can be
 *                                 answered now
 */
enum iommu_hwpt_pgfault_flags {
	IOMMU_PGFAULT_FLAGS_PASID_VALID		= (1 << 0),
	IOMMU_PGFAULT_FLAGS_LAST_PAGE		= (1 << 1),
};

/**
 * enum iommu_hwpt_pgfault_perm - access that a page request asks for
 * @IOMMU_PGFAULT_PERM_READ: Read
 * @IOMMU_PGFAULT_PERM_WRITE: Write
 * @IOMMU_PGFAULT_PERM_EXEC: Execute: Execute Requested in the PASID TLP prefix
 *                           (PCIe spec section 10.4.1)
 * @IOMMU_PGFAULT_PERM_PRIV: In privileged mode: Privileged Mode Requested in
 *                           the PASID TLP prefix (PCIe spec section 10.4.1)
 */
enum iommu_hwpt_pgfault_perm {
	IOMMU_PGFAULT_PERM_READ			= (1 << 0),
	IOMMU_PGFAULT_PERM_WRITE		= (1 << 1),
	IOMMU_PGFAULT_PERM_EXEC			= (1 << 2),
	IOMMU_PGFAULT_PERM_PRIV			= (1 << 3),
};

/**
 * struct iommu_hwpt_pgfault - a page request, as read() from a fault queue
 * @flags: enum iommu_hwpt_pgfault_flags, ORed
 * @dev_id: The bound device that asks
 * @pasid: Its PASID, with IOMMU_PGFAULT_FLAGS_PASID_VALID
 * @grpid: Page request group index
 * @perm: enum iommu_hwpt_pgfault_perm, ORed
 * @__reserved: 0
 * @addr: Address that could not be translated
 * @length: Number of bytes from @addr that the device will want, if it has told
 *          so, for user space to prepare them all; else 0
 * @cookie: Names the group of requests in the answer
 */
struct iommu_hwpt_pgfault {
	__u32 flags;
	__u32 dev_id;
	__u32 pasid;
	__u32 grpid;
	__u32 perm;
	__u32 __reserved;
	__aligned_u64 addr;
	__u32 length;
	__u32 cookie;
};

/**
 * enum iommufd_page_response_code - outcome of a page request
 * @IOMMUFD_PAGE_RESP_SUCCESS: The stage-1 table has the page now and the device
 *                             should try again (Success, PCIe spec section
 *                             10.4.2.1)
 * @IOMMUFD_PAGE_RESP_INVALID: There will be no such page and the device should
 *                             give up (Invalid Request, same section)
 */
enum iommufd_page_response_code {
	IOMMUFD_PAGE_RESP_SUCCESS = 0,
	IOMMUFD_PAGE_RESP_INVALID = 1,
};

/**
 * struct iommu_hwpt_page_response - an answer, as write() to a fault queue
 * @cookie: The cookie of the group's last struct iommu_hwpt_pgfault
 * @code: One of enum iommufd_page_response_code
 */
struct iommu_hwpt_page_response {
	__u32 cookie;
	__u32 code;
};

/**
 * struct iommu_fault_alloc - argument of IOMMU_FAULT_QUEUE_ALLOC
 * @size: sizeof(struct iommu_fault_alloc), in bytes
 * @flags: None defined, 0
 * @out_fault_id: ID of the new fault queue, for IOMMU_HWPT_ALLOC
 * @out_fault_fd: A file descriptor to read page requests from and write answers
 *                to; it can be polled
 *
 * Make a queue for the page requests of devices on the HWPTs that name it.
 *
 * Errors: EOPNOTSUPP if @flags is not 0; EMFILE or ENFILE if no file can be
 * opened.
 */
struct iommu_fault_alloc {
	__u32 size;
	__u32 flags;
	__u32 out_fault_id;
	__u32 out_fault_fd;
};

#define IOMMU_FAULT_QUEUE_ALLOC _IO(IOMMUFD_TYPE, IOMMUFD_CMD_FAULT_QUEUE_ALLOC)

#endif
