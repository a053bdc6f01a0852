# SPDX-License-Identifier: GPL-2.0-only
"""Where requests come out: each translation type, each stage's permissions, A/D
bits, and the reason of each fault (VT-d chapters 3, 7 and 9)."""
import vtd
from rig import rig, same
from vtd import (DIRTY, ACCESSED, EA, FIRST, GPA, NESTED, P, PASS, R, RW, SECOND, SS_A, SS_D,
                 SS_PS, US, W, Nest, Table)

IOVA = 0x12_3456_7000
VALUE = 0x1122334455667788


# In these the domain-id is 1 + the PASID: tables of different content must not
# have the same one.

def put(v, value=VALUE):
    """A page with a value in it."""
    addr = v.m.page()
    v.m.write(addr, value)
    return addr


def second_only(v, d, pasid=0, rights=R | W, **more):
    table = Table(v.m, 4, 0, R | W)
    addr = put(v)
    table.set(IOVA, addr | rights)
    v.pasid(d.sid, pasid, SECOND, 1 + pasid, None, table, **more)
    return table, addr


def first_only(v, d, pasid=0, bits=P | RW | US, **more):
    table = Table(v.m)
    addr = put(v)
    table.set(IOVA, addr | bits)
    v.pasid(d.sid, pasid, FIRST, 1 + pasid, table, **more)
    return table, addr


def nested(v, d, pasid=0, bits=P | RW | US, rights=R | W, **more):
    nest = Nest(v, 1 + pasid)
    addr = put(v)
    nest.give(addr, rights)
    nest.map(IOVA, addr, bits)
    nest.attach(d.sid, pasid, **more)
    return nest, addr


# ---- capabilities

@rig()
def test_nesting_reports_both_stages(v, d):
    for bit in (vtd.NEST, vtd.SMTS, vtd.SSTS, vtd.FSTS_CAP, vtd.SSADS, vtd.SMPWC, vtd.EAFS,
                vtd.SRS, vtd.PASID):
        assert v.ecap & bit, hex(bit)
    same(v.ecap >> 35 & 31, 19)


@rig(x_nesting=None, x_eafs=None, x_ssads=None)
def test_without_nesting_it_is_refused(v, d):
    assert not v.ecap & (vtd.NEST | vtd.FSTS_CAP | vtd.SSADS | vtd.EAFS)
    assert v.ecap & vtd.SSTS
    second_only(v, d)
    same(d.read(IOVA), VALUE)
    nested(v, d, 5)
    same(d.read(IOVA, 5), None)
    same(v.reason(), 0x5b)


@rig(x_nesting=None, x_flts="on")
def test_first_stage_alone_as_before(v, d):
    assert v.ecap & vtd.FSTS_CAP and not v.ecap & (vtd.NEST | vtd.SSTS)
    first_only(v, d)
    same(d.read(IOVA), VALUE)
    second_only(v, d, 5)
    same(d.read(IOVA, 5), None)
    same(v.reason(), 0x5b)


# ---- translation types

@rig()
def test_second_stage(v, d):
    _, addr = second_only(v, d)
    same(d.read(IOVA), VALUE)
    assert d.write(IOVA + 8, 7)
    same(v.m.read(addr + 8), 7)


@rig()
def test_first_stage(v, d):
    _, addr = first_only(v, d)
    same(d.read(IOVA), VALUE)
    assert d.write(IOVA + 8, 7)
    same(v.m.read(addr + 8), 7)


@rig()
def test_nested(v, d):
    _, addr = nested(v, d)
    same(d.read(IOVA), VALUE)
    assert d.write(IOVA + 8, 7)
    same(v.m.read(addr + 8), 7)


@rig()
def test_pass_through(v, d):
    addr = put(v)
    v.pasid(d.sid, 0, PASS, 1, second=Table(v.m))
    same(d.read(addr), VALUE)
    assert d.write(addr + 8, 7)
    same(v.m.read(addr + 8), 7)


@rig()
def test_all_types_at_once_by_pasid(v, d):
    second, _ = second_only(v, d)
    first_only(v, d, 1)
    nested(v, d, 2)
    v.pasid(d.sid, 3, PASS, 9, second=Table(v.m))
    addr = put(v, 99)
    same([d.read(IOVA), d.read(IOVA, 1), d.read(IOVA, 2), d.read(addr, 3)],
         [VALUE, VALUE, VALUE, 99])
    same(d.read(addr), None)


@rig()
def test_requests_without_pasid_use_rid_pasid(v, d):
    v.context(d.sid, rid_pasid=77)
    nested(v, d, 77)
    same(d.read(IOVA), VALUE)


@rig()
def test_pasid_of_twenty_bits(v, d):
    v.directories[d.sid] = v.m.page(32)
    v.context(d.sid, pdts=7)
    nested(v, d, 0xfffff)
    same(d.read(IOVA, 0xfffff), VALUE)


@rig(devices=("", ""))
def test_devices_have_tables_of_their_own(v, d, e):
    nested(v, d)
    same(d.read(IOVA), VALUE)
    same(e.read(IOVA), None)
    same(v.fault()["sid"], e.sid)


# ---- sizes of pages

@rig()
def test_large_pages_of_each_stage(v, d):
    for level, size in ((2, 1 << 21), (3, 1 << 30)):
        nest = Nest(v, 10 + level)
        for at in range(0, 512 << 20, size):
            nest.second.set(GPA + at, at | R | W | SS_PS, level)
        # all of memory is given to the guest: no need to give it each table
        nest.first = Table(v.m, 4, GPA)
        addr = put(v)
        nest.map(IOVA, addr)
        large = 0x40000000000
        nest.map(large, addr & -size, level=level)
        nest.attach(d.sid, level)
        same(d.read(large + (addr & size - 1), level), VALUE)
        same(d.read(IOVA, level), VALUE)


@rig()
def test_large_first_stage_page_on_small_second_stage_pages(v, d):
    nest = Nest(v, 1)
    base = v.m.aligned(1 << 21)
    for n in (0, 5, 511):
        nest.give(base + n * 4096)
        v.m.write(base + n * 4096, n)
    nest.map(0x200000, base, level=2)
    nest.attach(d.sid)
    same([d.read(0x200000 + n * 4096) for n in (0, 5, 511)], [0, 5, 511])
    same(d.read(0x200000 + 4096), None)
    same(v.reason(), 0x79)


@rig()
def test_second_stage_of_39_bits(v, d):
    nest = Nest(v, 1, second_levels=3)
    addr = put(v)
    nest.give(addr)
    nest.map(IOVA, addr)
    nest.map(IOVA + 4096, 1 << 39)
    nest.attach(d.sid)
    same(d.read(IOVA), VALUE)
    same(d.read(IOVA + 4096), None)
    same(v.reason(), 0x74)
    # a table out of its width, which must not be taken for the one 2^39 below
    slot = nest.first.slot(IOVA + 8192, 3)
    v.m.write(slot, v.m.read(slot) | 1 << 39)
    same(d.read(IOVA + 8192), None)
    same(v.reason(), 0x74)


@rig(x_fl5lp="on")
def test_first_stage_of_five_levels(v, d):
    nest = Nest(v, 1, levels=5)
    addr = put(v)
    nest.give(addr)
    far = 0x00ab_cdef_0123_4000
    nest.map(far, addr)
    nest.attach(d.sid, 3, levels=5)
    same(d.read(far, 3), VALUE)
    same(d.read(0x0100_0000_0000_0000, 3), None)
    same(v.reason(), 0x80)


@rig()
def test_five_levels_need_the_capability(v, d):
    nested(v, d, levels=5)
    same(d.read(IOVA), None)
    same(v.reason(), 0x5b)


@rig(fs1gp="off")
def test_1G_pages_need_the_capability(v, d):
    nest = Nest(v, 1)
    nest.map(0, 0, level=3)
    nest.attach(d.sid)
    same(d.read(0x1000), None)
    same(v.reason(), 0x72)


@rig()
def test_upper_half_addresses(v, d):
    nest = Nest(v, 1)
    addr = put(v)
    nest.give(addr)
    high = 0xffff_ff00_0000_1000
    nest.map(high, addr)
    nest.attach(d.sid, 3)
    same(d.read(high, 3), VALUE)
    nest.map(high, nest.page())
    v.inv_piotlb(1, 3, high)
    same(d.read(high, 3), 0)


@rig()
def test_dma_across_pages(v, d):
    nest = Nest(v, 1)
    one, two = nest.page(), nest.page()
    nest.map(IOVA, two)
    nest.map(IOVA + 4096, one)
    nest.attach(d.sid, 3)
    assert d.write(IOVA + 4092, 0xaaaaaaaabbbbbbbb, 3)
    same(v.m.read(two + 4092, 4), 0xbbbbbbbb)
    same(v.m.read(one, 4), 0xaaaaaaaa)


# ---- permissions and faults: the second stage

@rig()
def test_second_stage_permissions(v, d):
    second_only(v, d, 1, R)
    second_only(v, d, 2, W)
    same(d.read(IOVA, 1), VALUE)
    same(d.write(IOVA, 1, 1), False)
    same(v.reason(), 0x79)
    same(d.write(IOVA, 1, 2), True)
    same(d.read(IOVA, 2), None)
    same(v.reason(), 0x79)


@rig()
def test_second_stage_not_present(v, d):
    second_only(v, d)
    same(d.read(IOVA + 4096), None)
    fault = v.fault()
    same((fault["reason"], fault["addr"], fault["pasid"], fault["write"]),
         (0x79, IOVA + 4096, None, False))


@rig()
def test_second_stage_permission_of_upper_levels(v, d):
    table, _ = second_only(v, d)
    slot = table.slot(IOVA, 2)
    v.m.write(slot, v.m.read(slot) & ~W)
    same(d.write(IOVA, 1), False)
    same(v.reason(), 0x79)
    # nor after a read that left the page in the IOTLB
    same(d.read(IOVA), VALUE)
    same(d.write(IOVA, 1), False)
    same(v.reason(), 0x79)


@rig()
def test_first_stage_permission_of_upper_levels(v, d):
    table, _ = first_only(v, d)
    slot = table.slot(IOVA, 2)
    v.m.write(slot, v.m.read(slot) & ~RW)
    same(d.read(IOVA), VALUE)
    same(d.write(IOVA, 1), False)
    same(v.reason(), 0x85)
    v.m.write(slot, v.m.read(slot) & ~US)
    v.inv_iotlb()
    same(d.read(IOVA), None)
    same(v.reason(), 0x81)


@rig()
def test_second_stage_reserved_bits(v, d):
    table, addr = second_only(v, d)
    table.set(IOVA, addr | R | W | 1 << 51)
    same(d.read(IOVA), None)
    same(v.reason(), 0x7a)


@rig()
def test_second_stage_tables_out_of_memory(v, d):
    table, addr = second_only(v, d)
    v.m.write(table.slot(IOVA, 3), 0x80_0000_0000 | R | W)
    same(d.read(IOVA), None)
    same(v.reason(), 0x78)
    table.root = 0x80_0000_0000
    v.pasid(d.sid, 1, SECOND, 2, None, table)
    same(d.read(IOVA, 1), None)
    same(v.reason(), 0x7b)


@rig()
def test_address_beyond_the_second_stage(v, d):
    table = Table(v.m, 3, 0, R | W)
    v.pasid(d.sid, 0, SECOND, 1, None, table)
    same(d.read(1 << 39), None)
    same(v.reason(), 0x84)
    same(d.read(1 << 48), None)
    same(v.reason(), 0x83)


# ---- permissions and faults: the first stage

@rig()
def test_first_stage_not_present(v, d):
    for pasid, setup in ((1, first_only), (2, nested)):
        setup(v, d, pasid)
        same(d.read(IOVA + 4096, pasid), None)
        fault = v.fault()
        same((fault["reason"], fault["addr"], fault["pasid"]), (0x71, IOVA + 4096, pasid))


@rig()
def test_first_stage_read_only(v, d):
    for pasid, setup in ((1, first_only), (2, nested)):
        setup(v, d, pasid, P | US)
        same(d.read(IOVA, pasid), VALUE)
        same(d.write(IOVA, 1, pasid), False)
        same(v.reason(), 0x85)


@rig()
def test_first_stage_supervisor_page(v, d):
    for pasid, setup in ((1, first_only), (2, nested)):
        setup(v, d, pasid, P | RW)
        same(d.read(IOVA, pasid), None)
        same(v.reason(), 0x81)


@rig()
def test_privileged_requests_need_sre(v, d):
    first_only(v, d, 1, P | RW)
    same(d.read(IOVA, 1, privileged=True), None)
    fault = v.fault()
    same((fault["reason"], fault["privileged"]), (0x5d, True))
    first_only(v, d, 2, P | RW, sre=True)
    same(d.read(IOVA, 2, privileged=True), VALUE)
    # and what they were granted is not for others
    same(d.read(IOVA, 2), None)
    same(v.reason(), 0x81)


@rig()
def test_write_protection_of_privileged_requests(v, d):
    first_only(v, d, 1, P | US, sre=True)
    same(d.write(IOVA, 1, 1, privileged=True), True)
    first_only(v, d, 2, P | US, sre=True, wpe=True)
    same(d.write(IOVA, 1, 2, privileged=True), False)
    same(v.reason(), 0x85)


@rig()
def test_first_stage_reserved_bits(v, d):
    table, addr = first_only(v, d)
    table.set(IOVA, addr | P | RW | US | 1 << 51)
    same(d.read(IOVA), None)
    same(v.reason(), 0x72)


@rig()
def test_first_stage_tables_out_of_memory(v, d):
    table, _ = first_only(v, d)
    v.m.write(table.slot(IOVA, 3), 0x80_0000_0000 | P | RW | US)
    same(d.read(IOVA), None)
    same(v.reason(), 0x70)
    table.root = 0x80_0000_0000
    v.pasid(d.sid, 1, FIRST, 2, table)
    same(d.read(IOVA, 1), None)
    same(v.reason(), 0x73)


@rig()
def test_not_canonical(v, d):
    nested(v, d)
    same(d.read(1 << 47), None)
    same(v.reason(), 0x80)


# ---- nested: what the second stage says of the first one's tables

@rig()
def test_nested_page_not_in_the_second_stage(v, d):
    nest, addr = nested(v, d)
    nest.second.set(addr + GPA, 0)
    same(d.read(IOVA), None)
    same(v.reason(), 0x79)


@rig()
def test_nested_page_read_only_in_the_second_stage(v, d):
    nested(v, d, rights=R)
    same(d.read(IOVA), VALUE)
    same(d.write(IOVA, 1), False)
    same(v.reason(), 0x79)


@rig()
def test_nested_top_table_not_in_the_second_stage(v, d):
    nest, _ = nested(v, d)
    nest.second.set(nest.first.root + GPA, 0)
    same(d.read(IOVA), None)
    same(v.reason(), 0x75)


@rig()
def test_nested_table_not_in_the_second_stage(v, d):
    nest, _ = nested(v, d)
    nest.second.set((nest.first.slot(IOVA, 1) & -4096) + GPA, 0)
    same(d.read(IOVA), None)
    same(v.reason(), 0x76)


@rig()
def test_nested_table_must_be_writable_for_its_bits(v, d):
    nest, _ = nested(v, d)
    table = nest.first.slot(IOVA, 1) & -4096
    nest.give(table, R)
    same(d.read(IOVA), None)
    same(v.reason(), 0x77)
    # not if there is nothing to set
    nest.first.set(IOVA, nest.first.get(IOVA) | ACCESSED)
    same(d.read(IOVA), VALUE)


@rig()
def test_nested_tables_are_at_gpas(v, d):
    # the same tables without the second stage lead nowhere
    nest, _ = nested(v, d)
    v.pasid(d.sid, 4, FIRST, 4, nest.first)
    same(d.read(IOVA, 4), None)
    assert v.reason() in (0x70, 0x73)


# ---- A/D bits

@rig()
def test_accessed_and_dirty_of_the_first_stage(v, d):
    for pasid, setup in ((1, first_only), (2, nested)):
        table = setup(v, d, pasid)[0]
        table = getattr(table, "first", table)
        same(d.read(IOVA, pasid), VALUE)
        same([table.get(IOVA, level) & (ACCESSED | DIRTY) for level in (1, 2, 3, 4)],
             [ACCESSED] * 4)
        assert d.write(IOVA + 8, 1, pasid)
        same([table.get(IOVA, level) & (ACCESSED | DIRTY) for level in (1, 2, 3, 4)],
             [ACCESSED | DIRTY] + [ACCESSED] * 3)


@rig()
def test_refused_write_leaves_no_dirty_bit(v, d):
    nest, _ = nested(v, d, 1, rights=R)
    same(d.write(IOVA, 1, 1), False)
    same(nest.first.get(IOVA) & DIRTY, 0)
    nest, _ = nested(v, d, 2, P | US)
    same(d.write(IOVA, 1, 2), False)
    same(nest.first.get(IOVA) & DIRTY, 0)


@rig()
def test_extended_accessed_bit(v, d):
    nest, _ = nested(v, d, 1, eafe=True)
    same(d.read(IOVA, 1), VALUE)
    same([bool(nest.first.get(IOVA, level) & EA) for level in (1, 2, 3, 4)], [True] * 4)
    nest, _ = nested(v, d, 2)
    same(d.read(IOVA, 2), VALUE)
    same(nest.first.get(IOVA) & EA, 0)


@rig()
def test_second_stage_bits_only_with_ssade(v, d):
    table, _ = second_only(v, d)
    assert d.write(IOVA, 1)
    same(table.get(IOVA) & (SS_A | SS_D), 0)


@rig()
def test_second_stage_accessed_and_dirty(v, d):
    table, _ = second_only(v, d, ssade=True)
    same(d.read(IOVA), VALUE)
    same([table.get(IOVA, level) & (SS_A | SS_D) for level in (1, 2, 3, 4)], [SS_A] * 4)
    # the entry in the IOTLB knows that it is not dirty yet
    assert d.write(IOVA, 1)
    same(table.get(IOVA) & (SS_A | SS_D), SS_A | SS_D)


@rig()
def test_dirty_large_page(v, d):
    table = Table(v.m, 4, 0, R | W)
    base = v.m.aligned(1 << 21)
    table.set(1 << 30, base | R | W | SS_PS, 2)
    v.pasid(d.sid, 0, SECOND, 1, None, table, ssade=True)
    same(d.read((1 << 30) + 0x3000), 0)
    same(table.get(1 << 30, 2) & (SS_A | SS_D), SS_A)
    assert d.write((1 << 30) + 0x3000, 1)
    same(table.get(1 << 30, 2) & (SS_A | SS_D), SS_A | SS_D)


@rig()
def test_dirty_through_a_nested_walk(v, d):
    nest, addr = nested(v, d, ssade=True)
    page, table = addr + GPA, (nest.first.slot(IOVA, 1) & -4096) + GPA
    same(d.read(IOVA), VALUE)
    same(nest.second.get(page) & (SS_A | SS_D), SS_A)
    # the accessed bit was written to the table
    same(nest.second.get(table) & (SS_A | SS_D), SS_A | SS_D)
    assert d.write(IOVA, 1)
    same(nest.second.get(page) & (SS_A | SS_D), SS_A | SS_D)


@rig()
def test_dirty_again_after_clear_and_flush(v, d):
    nest, addr = nested(v, d, ssade=True)
    assert d.write(IOVA, 1)
    nest.give(addr)
    v.inv_iotlb(1, addr + GPA)
    assert d.write(IOVA, 2)
    assert nest.second.get(addr + GPA) & SS_D


@rig()
def test_dirty_again_needs_the_flush(v, d):
    nest, addr = nested(v, d, ssade=True)
    assert d.write(IOVA, 1)
    nest.give(addr)
    assert d.write(IOVA, 2)
    assert not nest.second.get(addr + GPA) & SS_D


@rig(x_ssads=None)
def test_ssade_needs_the_capability(v, d):
    second_only(v, d, ssade=True)
    same(d.read(IOVA), None)
    same(v.reason(), 0x5a)


@rig(x_eafs=None)
def test_eafe_needs_the_capability(v, d):
    nested(v, d, eafe=True)
    same(d.read(IOVA), None)
    same(v.reason(), 0x5a)


# ---- entries on the way

@rig()
def test_faults_of_the_entries_on_the_way(v, d):
    same(d.read(IOVA), None)
    same(v.reason(), 0x39)
    slot = v.context(d.sid, flags=0)
    same(d.read(IOVA), None)
    same(v.reason(), 0x41)
    v.m.write(slot + 16, 1)
    v.context(d.sid)
    same(d.read(IOVA), None)
    same(v.reason(), 0x42)
    v.m.write(slot + 16, 0)
    same(d.read(IOVA), None)
    same(v.reason(), 0x51)
    entry = v.pasid(d.sid, 0, NESTED, 1, flags=0)
    same(d.read(IOVA), None)
    same(v.reason(), 0x59)
    v.m.write(entry, 1 | 7 << 6)
    same(d.read(IOVA), None)
    same(v.reason(), 0x5b)
    v.m.write(entry + 32, 1)
    same(d.read(IOVA), None)
    same(v.reason(), 0x5a)


@rig()
def test_pasid_beyond_the_directory(v, d):
    v.context(d.sid, pdts=0)
    same(d.read(IOVA, 1 << 13), None)
    same(v.reason(), 0x46)
    v.inv_context()
    v.context(d.sid, rid_pasid=1 << 13)
    same(d.read(IOVA), None)
    same(v.reason(), 0x48)


@rig()
def test_pasids_need_paside(v, d):
    v.context(d.sid, flags=5)
    nested(v, d, 2)
    same(d.read(IOVA, 2), None)
    fault = v.fault()
    same((fault["reason"], fault["pasid"]), (0x45, 2))


@rig(scalable=False)
def test_pasids_need_scalable_mode(v, d):
    same(d.read(IOVA, 2), None)
    same(v.reason(), 0x31)


@rig()
def test_address_width_must_be_supported(v, d):
    nest = Nest(v, 1)
    for width in (0, 3, 7):
        nest.attach(d.sid, 10 + width, width=width)
        same(d.read(IOVA, 10 + width), None)
        same(v.reason(), 0x5b)


@rig()
def test_fault_processing_disable(v, d):
    nested(v, d, 1, flags=3)
    same(d.read(IOVA + 4096, 1), None)
    same(v.reason(), None)
    v.pasid(d.sid, 2, NESTED, 1, flags=2)
    same(d.read(IOVA, 2), None)
    same(v.reason(), None)


@rig()
def test_interrupt_range_is_no_target(v, d):
    table, _ = second_only(v, d)
    table.set(IOVA, 0xfee01000 | R | W)
    same(d.write(IOVA, 1), False)
    same(v.reason(), 0x87)
    # a large page of which it is a part is fine elsewhere
    table.set(2 << 30, 3 << 30 | R | W | SS_PS, 3)
    same(d.write((2 << 30) + 0x3ee01000, 1), False)
    same(v.reason(), 0x87)


@rig()
def test_fault_tells_a_write(v, d):
    nested(v, d, 3)
    same(d.write(IOVA + 4096, 1, 3), False)
    same(v.fault()["write"], True)


# ---- legacy mode, as it was

@rig(scalable=False)
def test_legacy_mode(v, d):
    table = Table(v.m, 4, 0, R | W)
    addr = put(v)
    table.set(IOVA, addr | R)
    context = v.m.page()
    v.m.write(v.root, context | 1)
    v.m.write(context + 16 * d.sid + 8, 2 | 1 << 8)
    v.m.write(context + 16 * d.sid, table.root | 1)
    same(d.write(IOVA, 1), False)
    same(v.reason(), 5)
    same(d.read(IOVA), VALUE)
    table.set(IOVA, 0)
    same(d.read(IOVA), VALUE)
    v.inv_iotlb(1, IOVA)
    same(d.read(IOVA), None)
    same(v.reason(), 6)
