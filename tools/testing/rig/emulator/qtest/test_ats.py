# SPDX-License-Identifier: GPL-2.0-only
"""The DMA test device, ATS and its device TLB (PCI Express, chapter 10; VT-d,
chapters 4 and 6.5)."""
import machine
from machine import REG
from rig import rig, same
from test_cache import OTHER, elsewhere, nest_of, put_given
from test_walk import IOVA, VALUE, put
from vtd import DIRTY, GPA, P, R, RW, SECOND, SS_D, SS_PS, US, W, Nest, Table


# ---- the device itself

@rig()
def test_device_registers(v, d):
    same(v.m.read(d.config, 4), REG["DMA_TEST_DEVICE"] << 16 | REG["DMA_TEST_VENDOR"])
    same(v.m.read(d.config + 8, 4) >> 16, 0x00ff)
    same(d.get("MAGIC"), REG["DMA_TEST_MAGIC_VALUE"])
    d.set("ADDR", 0x123456789abcdef0, 8)
    same(d.get("ADDR", 8), 0x123456789abcdef0)
    same(d.get("ADDR"), 0x9abcdef0)
    d.set("MAGIC", 1)
    same(d.get("MAGIC"), REG["DMA_TEST_MAGIC_VALUE"])
    same(v.m.read(d.config + d.capability(machine.CAP_PASID) + 4, 2), 20 << 8 | 4)


@rig(devices=("ats=off", "pasid=off"))
def test_device_without_a_capability(v, d, e):
    nest_of(v, d)
    same((d.capability(machine.CAP_ATS), e.capability(machine.CAP_PASID)), (0, 0))
    same(d.run(REG["DMA_TEST_TRANSLATE"], IOVA), REG["DMA_TEST_BAD"])
    same(e.run(REG["DMA_TEST_READ"], IOVA, 1), REG["DMA_TEST_BAD"])


@rig()
def test_device_bad_commands(v, d):
    bad = REG["DMA_TEST_BAD"]
    for command in (0, 5, 0x103, 0x104, 0x201, 0x10001):
        same(d.run(command, 0), bad)
    same(d.run(REG["DMA_TEST_READ"], 0, length=0), bad)
    same(d.run(REG["DMA_TEST_READ"], 0, length=4097), bad)
    same(d.run(REG["DMA_TEST_READ"], (1 << 64) - 4, length=8), bad)
    same(d.run(REG["DMA_TEST_READ"], 0, privileged=True), bad)
    d.enable_pasid(True, privileged=False)
    same(d.run(REG["DMA_TEST_READ"], 0, 1, privileged=True), bad)
    d.enable_pasid(False)
    same(d.run(REG["DMA_TEST_READ"], 0, 1), bad)
    d.ats(False)
    same(d.run(REG["DMA_TEST_READ"] | REG["DMA_TEST_BY_ATS"], 0), bad)


@rig()
def test_device_needs_bus_mastering(v, d):
    nest_of(v, d, 1, 1)
    nest_of(v, d)
    d.master(False)
    same((d.read(IOVA), d.read(IOVA, 1), d.translate(IOVA)), (None, None, None))


@rig()
def test_device_moves_whole_pages(v, d):
    nest = Nest(v, 1)
    page = nest.page()
    nest.map(IOVA, page)
    nest.attach(d.sid)
    for at in range(0, 4096, 8):
        v.m.write(page + at, at * 0x10001)
    same(d.run(REG["DMA_TEST_READ"], IOVA, length=4096), 0)
    same(v.m.read(d.bar + REG["DMA_TEST_BUFFER"] + 4088), 4088 * 0x10001)
    v.m.write(page + 4088, 0)
    same(d.run(REG["DMA_TEST_WRITE"], IOVA, length=4096), 0)
    same(v.m.read(page + 4088), 4088 * 0x10001)


@rig()
def test_device_function_level_reset(v, d):
    nest_of(v, d)
    d.translate(IOVA)
    same(d.get("TLB_ENTRIES"), 1)
    at = 0x40
    v.m.write(d.config + at + 8, 0x8000, 2)
    same((d.get("TLB_ENTRIES"), d.get("ADDR", 8)), (0, 0))
    same(v.m.read(d.config + d.capability(machine.CAP_ATS) + 6, 2), 0)


@rig()
def test_device_system_reset(v, d):
    nest_of(v, d)
    d.translate(IOVA)
    v.m.reset()
    d = machine.Device(v.m, 0)
    same((d.get("TLB_ENTRIES"), d.get("ADDR", 8)), (0, 0))


# ---- translation requests

@rig()
def test_ats_translation(v, d):
    nest = Nest(v, 1)
    addr = put_given(v, nest)
    nest.map(IOVA, addr)
    nest.attach(d.sid)
    same(d.translate(IOVA + 0x123), (addr + 0x123, "rw", 12))
    same(d.get("TLB_ENTRIES"), 1)
    same(v.reason(), None)


@rig()
def test_ats_permissions_of_both_stages(v, d):
    nest = Nest(v, 1)
    for n, (bits, rights, want) in enumerate((
            (P | RW | US, R | W, "rw"), (P | US, R | W, "r"), (P | RW | US, R, "r"),
            (P | RW | US, W, "w"))):
        addr = put(v)
        nest.give(addr, rights)
        nest.map(IOVA + n * 4096, addr, bits)
    nest.attach(d.sid)
    same([d.translate(IOVA + n * 4096)[1] for n in range(4)], ["rw", "r", "r", "w"])


@rig()
def test_ats_miss_is_no_fault(v, d):
    nest = nest_of(v, d)
    nest.map(IOVA + 4096, v.m.page())
    same((d.translate(IOVA + 4096), d.translate(IOVA + 8192)), (None, None))
    same(d.get("TLB_ENTRIES"), 0)
    same(v.reason(), None)


@rig()
def test_ats_size_is_the_smaller_of_both_stages(v, d):
    nest = Nest(v, 1)
    base = v.m.aligned(1 << 21)
    nest.second.set(base + GPA, base | R | W | SS_PS, 2)
    nest.map(1 << 30, base, level=2)
    nest.map(IOVA, base + 4096)
    nest.attach(d.sid)
    same(d.translate((1 << 30) + 0x5678), (base + 0x5678, "rw", 21))
    same(d.translate(IOVA), (base + 4096, "rw", 12))


@rig()
def test_ats_dirties_what_it_permits_to_write(v, d):
    nest = nest_of(v, d, ssade=True)
    d.translate(IOVA)
    assert nest.first.get(IOVA) & DIRTY
    gpa = nest.first.get(IOVA) & 0x000ffffffffff000
    assert nest.second.get(gpa) & SS_D


@rig()
def test_ats_leaves_clean_what_it_does_not_permit_to_write(v, d):
    nest = Nest(v, 1)
    for n, (bits, rights) in enumerate(((P | US, R | W), (P | RW | US, R))):
        addr = put(v)
        nest.give(addr, rights)
        nest.map(IOVA + n * 4096, addr, bits)
        nest.attach(d.sid, ssade=True)
        same(d.translate(IOVA + n * 4096)[1], "r")
        same(nest.first.get(IOVA + n * 4096) & DIRTY, 0)
        same(nest.second.get(addr + GPA) & SS_D, 0)


@rig()
def test_ats_needs_dte(v, d):
    v.context(d.sid, flags=9)
    nest_of(v, d)
    same(d.translate(IOVA), None)
    fault = v.fault()
    same((fault["reason"], fault["type"]), (0x44, 1))
    v.context(d.sid)
    v.inv_context()
    assert d.translate(IOVA)
    v.context(d.sid, flags=9)
    v.inv_context()
    same(d.read(IOVA, ats=True), None)
    fault = v.fault()
    same((fault["reason"], fault["type"]), (0x44, 2))


@rig()
def test_ats_by_pasid(v, d):
    nest = nest_of(v, d, 2, 7)
    addr = (nest.first.get(IOVA) & 0x000ffffffffff000) - GPA
    same(d.translate(IOVA, 7), (addr, "rw", 12))
    same(d.read(IOVA, 7, ats=True), VALUE)
    same(d.read(IOVA, ats=True), None)


# ---- the device TLB

@rig()
def test_device_tlb_keeps(v, d):
    nest = nest_of(v, d)
    same(d.read(IOVA, ats=True), VALUE)
    elsewhere(v, nest)
    v.inv_iotlb()
    v.inv_pasid()
    v.inv_context()
    same((d.read(IOVA), d.read(IOVA, ats=True)), (OTHER, VALUE))
    v.inv_device(d.sid, IOVA)
    same(d.read(IOVA, ats=True), OTHER)
    same(d.get("INVALIDATIONS"), 1)


@rig()
def test_device_tlb_writes(v, d):
    nest = nest_of(v, d)
    old = (nest.first.get(IOVA) & 0x000ffffffffff000) - GPA
    assert d.write(IOVA, 5, ats=True)
    new = elsewhere(v, nest)
    v.inv_iotlb()
    assert d.write(IOVA, 6, ats=True)
    same((v.m.read(old), v.m.read(new)), (6, OTHER))


@rig()
def test_device_tlb_asks_again_for_more_rights(v, d):
    nest = nest_of(v, d)
    nest.map(IOVA + 4096, put_given(v, nest), P | US)
    same(d.read(IOVA + 4096, ats=True), VALUE)
    same(d.write(IOVA + 4096, 1, ats=True), False)
    nest.map(IOVA + 4096, put_given(v, nest))
    v.inv_iotlb()
    same(d.write(IOVA + 4096, 1, ats=True), True)
    same(d.get("TLB_ENTRIES"), 1)


def fill(v, d, base, count, pasid=None):
    nest = Nest(v, 1 if pasid is None else 2 + pasid)
    for n in range(count):
        nest.map(base + n * 4096, put_given(v, nest))
    nest.attach(d.sid, pasid or 0)
    for n in range(count):
        d.translate(base + n * 4096, pasid)
    return nest


@rig()
def test_device_tlb_invalidation_scope(v, d):
    base = 0x7000_0000
    for order, at, left in ((0, 3, 15), (1, 5, 14), (2, 9, 12), (3, 0, 8), (4, 1, 0)):
        fill(v, d, base, 16)
        same(d.get("TLB_ENTRIES"), 16)
        v.inv_device(d.sid, base + at * 4096, order)
        same(d.get("TLB_ENTRIES"), left)
        d.run(REG["DMA_TEST_FORGET"], 0)
        v.inv_pasid()
        v.inv_iotlb()


@rig()
def test_device_tlb_invalidation_of_everything(v, d):
    fill(v, d, 0x7000_0000, 2)
    fill(v, d, 0xffff_ff00_0000_0000, 2, 1)
    for order in (32, 40, 51, 52):
        v.inv_device(d.sid, 0, order)
        v.inv_device_pasid(d.sid, 1, 0, order)
        fills = d.get("TLB_ENTRIES")
        same(fills, 0 if order == 52 else 2)
        d.translate(0x7000_0000)
        d.translate(0x7000_1000)


@rig()
def test_device_tlb_is_tagged_by_pasid(v, d):
    base = 0x7000_0000
    for pasid in (None, 1, 2):
        fill(v, d, base, 2, pasid)
    same(d.get("TLB_ENTRIES"), 6)
    v.inv_device_pasid(d.sid, 1, base)
    same(d.get("TLB_ENTRIES"), 5)
    v.inv_device(d.sid, base)
    same(d.get("TLB_ENTRIES"), 4)
    v.inv_device_pasid(d.sid, 3, base, 52)
    same(d.get("TLB_ENTRIES"), 4)
    v.inv_device_pasid(d.sid, 0, base, 1, everyone=True)
    same(d.get("TLB_ENTRIES"), 1)


@rig(devices=("", ""))
def test_device_tlb_invalidation_is_for_one_device(v, d, e):
    fill(v, d, 0x7000_0000, 1)
    fill(v, e, 0x7000_0000, 1)
    v.inv_device(d.sid, 0x7000_0000)
    same((d.get("TLB_ENTRIES"), e.get("TLB_ENTRIES")), (0, 1))


@rig()
def test_device_tlb_large_page_by_any_of_its_addresses(v, d):
    nest = Nest(v, 1)
    base = v.m.aligned(1 << 21)
    nest.second.set(base + GPA, base | R | W | SS_PS, 2)
    nest.map(1 << 30, base, level=2)
    nest.attach(d.sid)
    d.translate(1 << 30)
    v.inv_device(d.sid, (1 << 30) + 0x123000)
    same(d.get("TLB_ENTRIES"), 0)


@rig()
def test_device_tlb_ends(v, d):
    fill(v, d, 0x7000_0000, 2)
    d.run(REG["DMA_TEST_FORGET"], 0)
    same(d.get("TLB_ENTRIES"), 0)
    d.translate(0x7000_0000)
    same(d.get("TLB_ENTRIES"), 1)
    d.ats(False)
    same(d.get("TLB_ENTRIES"), 0)


@rig()
def test_ignored_device_tlb_invalidations(v, d):
    fill(v, d, 0x7000_0000, 1)
    fill(v, d, 0x7000_0000, 1, 1)
    v.m.set("x-ignore-inv", "dev-iotlb")
    v.inv_device(d.sid, 0x7000_0000)
    same(d.get("TLB_ENTRIES"), 2)
    v.m.set("x-ignore-inv", "pdev-iotlb")
    v.inv_device_pasid(d.sid, 1, 0x7000_0000)
    same(d.get("TLB_ENTRIES"), 2)
    same(d.get("INVALIDATIONS"), 0)
    v.m.set("x-ignore-inv", "")
    v.inv_device(d.sid, 0x7000_0000)
    v.inv_device_pasid(d.sid, 1, 0x7000_0000)
    same(d.get("TLB_ENTRIES"), 0)


@rig(scalable=False)
def test_ats_in_legacy_mode(v, d):
    table = Table(v.m, 4, 0, R | W)
    addr = put(v)
    table.set(IOVA, addr | R | W)
    context = v.m.page()
    v.m.write(v.root, context | 1)
    v.m.write(context + 16 * d.sid + 8, 2 | 1 << 8)
    v.m.write(context + 16 * d.sid, table.root | 1 << 2 | 1)
    same(d.translate(IOVA), (addr, "rw", 12))
    same(d.read(IOVA, ats=True), VALUE)


@rig(x_pasid_mode=None, device_iotlb=None)
def test_second_stage_without_ats_or_pasid(v, d):
    table = Table(v.m, 4, 0, R | W)
    table.set(IOVA, put(v) | R | W)
    v.pasid(d.sid, 0, SECOND, 1, None, table)
    same(d.read(IOVA), VALUE)
