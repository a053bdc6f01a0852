# SPDX-License-Identifier: GPL-2.0-only
"""What is cached, under which tags, and which invalidation drops it (chapter 6).

A driver may rely on nothing but the scope of its descriptors: each test shows the
old state before the invalidation, and the new one after."""
from rig import rig, same
from test_walk import IOVA, VALUE, put
from vtd import FIRST, GPA, NESTED, P, PASS, R, RW, SECOND, US, W, Nest, Table

OTHER = 0x99


def nest_of(v, d, did=1, pasid=0, iova=IOVA, **more):
    nest = Nest(v, did)
    addr = put(v)
    nest.give(addr)
    nest.map(iova, addr)
    nest.attach(d.sid, pasid, **more)
    same(d.read(iova, pasid or None), VALUE)
    return nest


def elsewhere(v, nest, iova=IOVA):
    """Have the first stage lead to another page."""
    addr = put(v, OTHER)
    nest.give(addr)
    nest.map(iova, addr)
    return addr


def second_of(v, d, did=1, pasid=0, iova=IOVA):
    table = Table(v.m, 4, 0, R | W)
    table.set(iova, put(v) | R | W)
    v.pasid(d.sid, pasid, SECOND, did, None, table)
    same(d.read(iova, pasid or None), VALUE)
    return table


def first_of(v, d, did=1, pasid=0, iova=IOVA):
    table = Table(v.m)
    table.set(iova, put(v) | P | RW | US)
    v.pasid(d.sid, pasid, FIRST, did, table)
    same(d.read(iova, pasid or None), VALUE)
    return table


# ---- nothing is forgotten by itself

@rig()
def test_stale_until_invalidated(v, d):
    nest = nest_of(v, d)
    elsewhere(v, nest)
    same(d.read(IOVA), VALUE)
    v.inv_iotlb()
    same(d.read(IOVA), OTHER)


@rig()
def test_not_present_is_not_cached(v, d):
    nest = nest_of(v, d)
    same(d.read(IOVA + 4096), None)
    elsewhere(v, nest, IOVA + 4096)
    same(d.read(IOVA + 4096), OTHER)


# ---- context cache and PASID cache

@rig()
def test_context_entry_is_cached(v, d):
    nest_of(v, d)
    v.context(d.sid, flags=0)
    same(d.read(IOVA), VALUE)
    v.inv_context(d.sid)
    same(d.read(IOVA), None)
    same(v.reason(), 0x41)


@rig(devices=("", ""))
def test_context_invalidation_of_a_device(v, d, e):
    nest_of(v, d)
    nest_of(v, e, 2)
    v.context(d.sid, flags=0)
    v.context(e.sid, flags=0)
    v.inv_context(d.sid)
    same((d.read(IOVA), e.read(IOVA)), (None, VALUE))
    v.inv_context()
    same(e.read(IOVA), None)


@rig()
def test_context_invalidation_leaves_the_pasid_cache(v, d):
    nest_of(v, d)
    v.m.write(v.pasid_slot(d.sid, 0), 0)
    v.inv_context()
    same(d.read(IOVA), VALUE)


@rig()
def test_pasid_entry_is_cached(v, d):
    nest_of(v, d)
    v.m.write(v.pasid_slot(d.sid, 0), 0)
    v.inv_iotlb()
    same(d.read(IOVA), VALUE)
    v.inv_pasid(1, 0)
    same(d.read(IOVA), None)
    same(v.reason(), 0x59)


@rig()
def test_not_present_pasid_entry_is_not_cached(v, d):
    v.context(d.sid)
    same(d.read(IOVA), None)
    nest_of(v, d)


@rig()
def test_pasid_cache_scopes(v, d):
    """Entries by (domain-id, PASID) that each granularity drops."""
    entries = {1: 1, 2: 1, 3: 2}
    for inv, gone in (((1, 1), {1}), ((1,), {1, 2}), ((), {1, 2, 3}), ((2, 1), set())):
        nests = {pasid: nest_of(v, d, did, pasid, IOVA + pasid * 4096)
                 for pasid, did in entries.items()}
        for pasid in nests:
            v.m.write(v.pasid_slot(d.sid, pasid), 0)
        v.inv_pasid(*inv)
        same({p for p in nests if d.read(IOVA + p * 4096, p) is None}, gone)
        v.fault()
        v.inv_pasid()
        v.inv_iotlb()


@rig()
def test_pasid_cache_invalidation_leaves_the_iotlb(v, d):
    nest = nest_of(v, d)
    elsewhere(v, nest)
    v.inv_pasid()
    same(d.read(IOVA), VALUE)


# ---- tags of the IOTLB

@rig(devices=("", ""))
def test_iotlb_is_tagged_by_domain_and_pasid_not_by_device(v, d, e):
    """Two devices on tables of their own need domain-ids of their own."""
    nest_of(v, d, 1)
    nest = Nest(v, 1)
    elsewhere(v, nest)
    nest.attach(e.sid)
    same(e.read(IOVA), VALUE)
    nest.did = 2
    nest.attach(e.sid)
    v.inv_pasid()
    same(e.read(IOVA), OTHER)


@rig()
def test_second_stage_is_tagged_by_domain_alone(v, d):
    second_of(v, d, 1, 1)
    table = Table(v.m, 4, 0, R | W)
    table.set(IOVA, put(v, OTHER) | R | W)
    v.pasid(d.sid, 2, SECOND, 1, None, table)
    same(d.read(IOVA, 2), VALUE)


@rig()
def test_first_stage_is_tagged_by_pasid(v, d):
    first_of(v, d, 1, 1)
    table = first_of(v, d, 1, 2)
    table.set(IOVA, put(v, OTHER) | P | RW | US)
    v.inv_piotlb(1, 1)
    same(d.read(IOVA, 2), VALUE)
    v.inv_piotlb(2, 2)
    same(d.read(IOVA, 2), VALUE)
    v.inv_piotlb(1, 2)
    same(d.read(IOVA, 2), OTHER)


# ---- PASID-based IOTLB invalidation

@rig()
def test_piotlb_page(v, d):
    nest = nest_of(v, d)
    nest.map(IOVA + 4096, put_given(v, nest))
    same(d.read(IOVA + 4096), VALUE)
    elsewhere(v, nest)
    elsewhere(v, nest, IOVA + 4096)
    v.inv_piotlb(1, 0, IOVA)
    same((d.read(IOVA), d.read(IOVA + 4096)), (OTHER, VALUE))


def put_given(v, nest):
    addr = put(v)
    nest.give(addr)
    return addr


@rig()
def test_piotlb_address_mask(v, d):
    nest = Nest(v, 1)
    nest.attach(d.sid)
    base = IOVA & -0x10000
    pages = range(16)
    for n in pages:
        nest.map(base + n * 4096, put_given(v, nest))
        same(d.read(base + n * 4096), VALUE)
    for n in pages:
        elsewhere(v, nest, base + n * 4096)
    v.inv_piotlb(1, 0, base + 5 * 4096, am=1)
    same([n for n in pages if d.read(base + n * 4096) == OTHER], [4, 5])
    v.inv_piotlb(1, 0, base + 8 * 4096, am=3)
    same([n for n in pages if d.read(base + n * 4096) == OTHER], [4, 5] + list(range(8, 16)))


@rig(x_mamv="52")
def test_address_masks_up_to_everything(v, d):
    nest = nest_of(v, d)
    for am in (31, 32, 35, 36, 47, 51, 52):
        addr = v.m.page()
        v.m.write(addr, am)
        nest.give(addr)
        nest.map(IOVA, addr)
        v.inv_piotlb(1, 0, IOVA, am=am)
        same(d.read(IOVA), am)
    second = second_of(v, d, 2, 2)
    for am in (31, 32, 35, 36, 47, 51, 52):
        addr = v.m.page()
        v.m.write(addr, am)
        second.set(IOVA, addr | R | W)
        v.inv_iotlb(2, IOVA, am=am)
        same(d.read(IOVA, 2), am)


@rig()
def test_piotlb_of_a_large_page_by_any_of_its_addresses(v, d):
    """The second stage has it in small pieces, of which software knows nothing."""
    nest = Nest(v, 1)
    one, two = v.m.aligned(1 << 21), v.m.aligned(1 << 21)
    for n in range(3):
        for base, value in ((one, VALUE), (two, OTHER)):
            nest.give(base + n * 4096)
            v.m.write(base + n * 4096, value)
    nest.map(0x200000, one, level=2)
    nest.attach(d.sid)
    same([d.read(0x200000 + n * 4096) for n in range(3)], [VALUE] * 3)
    nest.map(0x200000, two, level=2)
    v.inv_piotlb(1, 0, 0x200000)
    same([d.read(0x200000 + n * 4096) for n in range(3)], [OTHER] * 3)


@rig()
def test_piotlb_leaves_the_second_stage(v, d):
    """What was cached of the second stage is the domain's, not the PASID's."""
    nest = nest_of(v, d)
    gpa = nest.first.get(IOVA) & 0x000ffffffffff000
    nest.second.set(gpa, put(v, OTHER) | R | W)
    v.inv_piotlb(1, 0, IOVA)
    same(d.read(IOVA), VALUE)
    v.inv_piotlb(1, 0)
    same(d.read(IOVA), VALUE)
    v.inv_iotlb(1, gpa)
    same(d.read(IOVA), OTHER)
    second = second_of(v, d, 5, 5)
    second.set(IOVA, put(v, OTHER) | R | W)
    v.inv_piotlb(5, 5)
    v.inv_piotlb(5, 5, IOVA)
    same(d.read(IOVA, 5), VALUE)


# ---- IOTLB invalidation

@rig()
def test_iotlb_domain(v, d):
    one, two = nest_of(v, d, 1, 1), nest_of(v, d, 2, 2)
    elsewhere(v, one)
    elsewhere(v, two)
    v.inv_iotlb(2)
    same((d.read(IOVA, 1), d.read(IOVA, 2)), (VALUE, OTHER))


@rig()
def test_iotlb_page_of_the_second_stage(v, d):
    table = second_of(v, d)
    table.set(IOVA + 4096, put(v) | R | W)
    same(d.read(IOVA + 4096), VALUE)
    for at in (IOVA, IOVA + 4096):
        table.set(at, put(v, OTHER) | R | W)
    v.inv_iotlb(2, IOVA)
    v.inv_iotlb(1, IOVA - 4096)
    same((d.read(IOVA), d.read(IOVA + 4096)), (VALUE, VALUE))
    v.inv_iotlb(1, IOVA, ih=1)
    same((d.read(IOVA), d.read(IOVA + 4096)), (OTHER, VALUE))


@rig()
def test_iotlb_page_drops_first_stage_of_the_domain(v, d):
    """Its address is one of the second stage, so all that came of it goes."""
    nest = nest_of(v, d, 1, 1)
    table = first_of(v, d, 1, 2)
    elsewhere(v, nest)
    table.set(IOVA, put(v, OTHER) | P | RW | US)
    v.inv_iotlb(2, 0)
    same((d.read(IOVA, 1), d.read(IOVA, 2)), (VALUE, VALUE))
    v.inv_iotlb(1, 0)
    same((d.read(IOVA, 1), d.read(IOVA, 2)), (OTHER, OTHER))


@rig()
def test_second_stage_change_needs_its_own_address(v, d):
    """Dropping the nested entries is not enough: the GPA is cached as well."""
    nest = nest_of(v, d)
    gpa = nest.first.get(IOVA) & 0x000ffffffffff000
    nest.second.set(gpa, put(v, OTHER) | R | W)
    v.inv_iotlb(1, gpa + 4096)
    same(d.read(IOVA), VALUE)
    v.inv_iotlb(1, gpa)
    same(d.read(IOVA), OTHER)


@rig(devices=("", ""))
def test_each_nested_child_has_a_domain_to_flush(v, d, e):
    one = nest_of(v, d, 1)
    gpa = one.first.get(IOVA) & 0x000ffffffffff000
    v.pasid(e.sid, 0, NESTED, 2, one.first, one.second)
    same(e.read(IOVA), VALUE)
    one.second.set(gpa, put(v, OTHER) | R | W)
    v.inv_iotlb(1, gpa)
    same((d.read(IOVA), e.read(IOVA)), (OTHER, VALUE))
    v.inv_iotlb(2, gpa)
    same(e.read(IOVA), OTHER)


@rig()
def test_iotlb_address_mask(v, d):
    table = second_of(v, d)
    base = IOVA & -0x8000
    for n in range(8):
        table.set(base + n * 4096, put(v) | R | W)
    v.inv_iotlb()
    for n in range(8):
        same(d.read(base + n * 4096), VALUE)
        table.set(base + n * 4096, put(v, OTHER) | R | W)
    v.inv_iotlb(1, base + 2 * 4096, am=1)
    same([n for n in range(8) if d.read(base + n * 4096) == OTHER], [2, 3])


@rig()
def test_rights_given_need_no_invalidation(v, d):
    """An entry that does not permit it is looked up again before a fault."""
    table = second_of(v, d)
    addr = put(v)
    table.set(IOVA + 4096, addr | R)
    same(d.read(IOVA + 4096), VALUE)
    table.set(IOVA + 4096, addr | R | W)
    same(d.write(IOVA + 4096, 5), True)


@rig()
def test_rights_taken_do(v, d):
    table = second_of(v, d)
    addr = put(v)
    table.set(IOVA + 4096, addr | R | W)
    same(d.write(IOVA + 4096, 5), True)
    table.set(IOVA + 4096, addr | R)
    same(d.write(IOVA + 4096, 6), True)
    v.inv_iotlb(1, IOVA + 4096)
    same(d.write(IOVA + 4096, 7), False)


@rig()
def test_teardown_of_a_nested_entry(v, d):
    """PASID cache and PASID-IOTLB are not enough to give the domain-id to another."""
    nest = nest_of(v, d)
    gpa = nest.first.get(IOVA) & 0x000ffffffffff000
    v.m.write(v.pasid_slot(d.sid, 0), 0)
    v.inv_pasid(1, 0)
    v.inv_piotlb(1, 0)
    same(d.read(IOVA), None)
    table = Table(v.m, 4, 0, R | W)
    table.set(gpa, put(v, OTHER) | R | W)
    v.pasid(d.sid, 0, SECOND, 1, None, table)
    same(d.read(gpa), VALUE)
    v.inv_iotlb(1)
    same(d.read(gpa), OTHER)


@rig()
def test_pass_through_ends_with_the_pasid_cache(v, d):
    addr = put(v)
    v.pasid(d.sid, 0, PASS, 1, second=Table(v.m))
    same(d.read(addr), VALUE)
    v.m.write(v.pasid_slot(d.sid, 0), 0)
    same(d.read(addr), VALUE)
    v.inv_pasid(1, 0)
    same(d.read(addr), None)


# ---- a driver that forgets

@rig()
def test_ignored_invalidations(v, d):
    nest = nest_of(v, d)
    elsewhere(v, nest)
    v.m.set("x-ignore-inv", "iotlb,piotlb,pasid-cache,context-cache")
    v.inv_iotlb()
    v.inv_piotlb(1, 0)
    v.m.write(v.pasid_slot(d.sid, 0), 0)
    v.inv_pasid()
    v.inv_context()
    same(d.read(IOVA), VALUE)
    same(v.m.get("x-ignore-inv"), "context-cache,iotlb,piotlb,pasid-cache")
    v.m.set("x-ignore-inv", "iotlb")
    v.inv_piotlb(1, 0)
    same(d.read(IOVA), OTHER)
    v.m.set("x-ignore-inv", "")
    v.inv_pasid()
    same(d.read(IOVA), None)


@rig(x_ignore_inv="pasid-cache+dev-iotlb")
def test_ignored_from_the_start(v, d):
    same(v.m.get("x-ignore-inv"), "dev-iotlb,pasid-cache")
    nest_of(v, d)
    v.m.write(v.pasid_slot(d.sid, 0), 0)
    v.inv_pasid()
    same(d.read(IOVA), VALUE)


@rig(caching_mode="on")
def test_caching_mode(v, d):
    assert v.cap & 1 << 7
    nest = nest_of(v, d)
    elsewhere(v, nest)
    v.inv_piotlb(1, 0, IOVA)
    same(d.read(IOVA), OTHER)


# ---- caching mode: that something is absent may be cached

@rig(caching_mode="on", x_cache_absent="on")
def test_absent_second_stage_is_cached(v, d):
    table = second_of(v, d)
    same(d.read(IOVA + 4096), None)
    same(v.reason(), 0x79)
    table.set(IOVA + 4096, put(v) | R | W)
    same(d.read(IOVA + 4096), None)
    v.inv_iotlb(1, IOVA + 8192)
    same(d.read(IOVA + 4096), None)
    v.inv_iotlb(1, IOVA + 4096)
    same(d.read(IOVA + 4096), VALUE)


@rig(caching_mode="on", x_cache_absent="on")
def test_absent_below_a_nested_child_is_cached(v, d):
    nest = nest_of(v, d, 3)
    addr = put(v)
    nest.map(IOVA + 4096, addr)
    same(d.read(IOVA + 4096), None)
    same(v.reason(), 0x79)
    nest.give(addr)
    same(d.read(IOVA + 4096), None)
    v.inv_piotlb(3, 0)
    same(d.read(IOVA + 4096), None)
    v.inv_iotlb(3, addr + GPA)
    same(d.read(IOVA + 4096), VALUE)


@rig(caching_mode="on", x_cache_absent="on")
def test_absent_first_stage_is_not_cached(v, d):
    nest = nest_of(v, d)
    same(d.read(IOVA + 4096), None)
    same(v.reason(), 0x71)
    elsewhere(v, nest, IOVA + 4096)
    same(d.read(IOVA + 4096), OTHER)


@rig(caching_mode="on", x_cache_absent="on")
def test_absent_entries_are_cached(v, d):
    nest = Nest(v, 1)
    nest.map(IOVA, put_given(v, nest))
    slot = v.context(d.sid, flags=0)
    same(d.read(IOVA), None)
    v.context(d.sid)
    same(d.read(IOVA), None)
    same(v.reason(), 0x41)
    v.inv_context(d.sid)
    v.pasid_slot(d.sid, 0)
    same(d.read(IOVA), None)
    nest.attach(d.sid)
    v.fault()
    same(d.read(IOVA), None)
    same(v.reason(), 0x59)
    v.inv_pasid(1, 0)
    same(d.read(IOVA), VALUE)
    assert v.m.read(slot) & 1


@rig(x_cache_absent="on")
def test_absent_is_not_cached_without_caching_mode(v, d):
    table = second_of(v, d)
    same(d.read(IOVA + 4096), None)
    table.set(IOVA + 4096, put(v) | R | W)
    same(d.read(IOVA + 4096), VALUE)
