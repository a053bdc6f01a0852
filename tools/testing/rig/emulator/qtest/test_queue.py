# SPDX-License-Identifier: GPL-2.0-only
"""The invalidation queue: descriptors, waits, errors and time-outs (chapter 6.5)."""
import vtd
from rig import rig, same
from test_cache import elsewhere, nest_of
from test_walk import IOVA
from vtd import BASE, FSTS, FSTS_ITE, FSTS_IQE


@rig()
def test_wait_writes_its_status_last(v, d):
    nest = nest_of(v, d)
    elsewhere(v, nest)
    v.post(6 | 2 << 4 | 1 << 16)
    same(v.m.read(v.status, 4), 0)
    assert v.wait()
    same(d.read(IOVA), 0x99)


@rig()
def test_counters(v, d):
    before = v.m.get("x-inv-count"), v.m.get("x-wait-count")
    v.inv_iotlb()
    v.inv_iotlb(1)
    v.inv_piotlb(1, 0)
    v.inv_pasid()
    v.inv_context()
    v.inv_device(d.sid, 0)
    v.inv_device_pasid(d.sid, 1, 0)
    same(v.m.get("x-inv-count") - before[0], 14)
    same(v.m.get("x-wait-count") - before[1], 7)
    same([v.m.get(f"x-{kind}-count") for kind in (
        "iotlb", "piotlb", "pasid-cache", "context-cache", "dev-iotlb", "pdev-iotlb")],
        [2, 1, 1, 1, 1, 1])


@rig()
def test_reserved_bits_are_errors(v, d):
    for wrong in ((2 | 1 << 4 | 1 << 12,),                      # IOTLB
                  (2 | 3 << 4 | 1 << 16, 1 << 7),
                  (2 | 1 << 4, 0, 1), (2 | 1 << 4, 0, 0, 1),
                  (6 | 2 << 4 | 1 << 6,), (6 | 2 << 4 | 1 << 63,),
                  (6 | 3 << 4 | 1 << 16, 1 << 7), (6 | 2 << 4, 0, 1),
                  (7 | 3 << 4 | 1 << 6,), (7 | 3 << 4 | 1 << 63,), (7 | 3 << 4, 1),
                  (1 | 1 << 4 | 1 << 63,), (1 | 1 << 4, 1),
                  (3 | d.sid << 32, 2), (3 | d.sid << 32 | 1 << 48,),
                  (8 | d.sid << 16, 2), (8 | d.sid << 16 | 1 << 12,),
                  (5 | 1 << 5 | 1 << 7, v.status)):
        assert v.rejects(*wrong), [hex(part) for part in wrong]
        v.inv_iotlb()


@rig()
def test_granularities_that_do_not_exist_are_errors(v, d):
    for wrong in ((2,), (6,), (6 | 1 << 4,), (7 | 2 << 4,), (1,), (0,), (15,), (5,)):
        assert v.rejects(*wrong), hex(wrong[0])
        v.inv_iotlb()


@rig()
def test_address_mask_beyond_mamv_is_an_error(v, d):
    mamv = v.cap >> 48 & 63
    same(mamv, 18)
    assert not v.rejects(2 | 3 << 4 | 1 << 16, mamv)
    assert v.rejects(2 | 3 << 4 | 1 << 16, mamv + 1)
    # which is about the second stage: with a PASID any mask is good
    assert not v.rejects(6 | 3 << 4 | 1 << 16, mamv + 1)
    assert not v.rejects(6 | 3 << 4 | 1 << 16, 63)


@rig()
def test_queue_stands_still_until_the_error_is_cleared(v, d):
    nest = nest_of(v, d)
    elsewhere(v, nest)
    v.post(2 | 1 << 4 | 1 << 12)
    v.post(6 | 2 << 4 | 1 << 16)
    assert not v.wait()
    assert v.m.read(BASE + FSTS, 4) & FSTS_IQE
    same(d.read(IOVA), 0x1122334455667788)
    head = v.m.read(BASE + vtd.IQH) >> 5
    v.m.write(v.queue + 32 * head, 2 | 1 << 4)
    v.m.write(BASE + FSTS, FSTS_IQE, 4)
    same(v.m.read(v.status, 4), v.waits)
    same(d.read(IOVA), 0x99)


@rig()
def test_device_that_does_not_answer(v, d):
    """The wait is aborted, and nothing is fetched until ITE is cleared."""
    v.m.set("x-inv-timeouts", 1)
    v.post(3 | d.sid << 32)
    assert not v.wait()
    assert v.m.read(BASE + FSTS, 4) & FSTS_ITE
    assert not v.wait()
    v.m.write(BASE + FSTS, FSTS_ITE, 4)
    same(v.m.read(v.status, 4), v.waits)
    same(v.m.get("x-inv-timeouts"), 0)
    v.inv_device(d.sid, 0)
    same(d.get("INVALIDATIONS"), 1)


@rig()
def test_queue_wraps(v, d):
    for _ in range(v.QUEUE):
        v.inv_iotlb()
    nest = nest_of(v, d)
    elsewhere(v, nest)
    v.inv_iotlb(1)
    same(d.read(IOVA), 0x99)


@rig()
def test_unknown_device_is_no_error(v, d):
    v.inv_device(0x1234, 0)
    v.inv_device_pasid(0x1234, 1, 0)
