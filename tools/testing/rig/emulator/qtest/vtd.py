# SPDX-License-Identifier: GPL-2.0-only
"""The tables, the invalidation queue and the fault registers of VT-d in scalable
mode, as the specification has them."""
from machine import PAGE

BASE = 0xfed90000
CAP, ECAP, GCMD, GSTS, RTADDR = 0x08, 0x10, 0x18, 0x1c, 0x20
FSTS, IQH, IQT, IQA = 0x34, 0x80, 0x88, 0x90
FRCD = 0x220

TE, SRTP, QIE = 1 << 31, 1 << 30, 1 << 26
FSTS_IQE, FSTS_ITE = 1 << 4, 1 << 6

# ECAP
NEST, SRS, EAFS, PASID, SMTS = 1 << 26, 1 << 31, 1 << 34, 1 << 40, 1 << 43
SSADS, SSTS, FSTS_CAP, SMPWC = 1 << 45, 1 << 46, 1 << 47, 1 << 48

# PASID entry: PGTT
FIRST, SECOND, NESTED, PASS = 1, 2, 3, 4

# first-stage entries
P, RW, US, ACCESSED, DIRTY, PS, EA = 1, 2, 4, 1 << 5, 1 << 6, 1 << 7, 1 << 10
# second-stage entries
R, W, SS_PS, SS_A, SS_D = 1, 2, 1 << 7, 1 << 8, 1 << 9

ADDR = 0x000ffffffffff000

# Where the guest of the second stage sees memory: other than where it is, so that
# an address that was not translated leads nowhere.
GPA = 0x40_0000_0000


class Table:
    """Page tables of one stage. Where they are and where they say they are may
    differ: that is @shift, the GPA of a table less its place in memory."""

    def __init__(self, machine, levels=4, shift=0, link=RW | US | P, on_page=None):
        self.m = machine
        self.levels = levels
        self.shift = shift
        self.link = link
        self.on_page = on_page or (lambda addr: None)
        self.root = self.new_page()

    def new_page(self):
        addr = self.m.page()
        self.on_page(addr)
        return addr

    def slot(self, addr, level=1):
        """Where the entry for an address is, with the tables on the way to it."""
        table = self.root
        for at in range(self.levels, 0, -1):
            slot = table + 8 * (addr >> (12 + 9 * (at - 1)) & 511)
            if at == level:
                return slot
            entry = self.m.read(slot)
            if not entry:
                entry = self.new_page() + self.shift | self.link
                self.m.write(slot, entry)
            table = (entry & ADDR) - self.shift
        raise AssertionError

    def set(self, addr, entry, level=1):
        slot = self.slot(addr, level)
        self.m.write(slot, entry)
        return slot

    def get(self, addr, level=1):
        return self.m.read(self.slot(addr, level))


class Vtd:
    """The IOMMU, set up to translate in scalable mode."""

    QUEUE = 128                 # descriptors of 256 bits in a page

    def __init__(self, machine, scalable=True):
        self.m = machine
        self.tail = 0
        self.waits = 0
        self.cap = machine.read(BASE + CAP)
        self.ecap = machine.read(BASE + ECAP)
        self.root = machine.page()
        self.queue = machine.page()
        self.status = machine.page()
        self.directories = {}
        machine.write(BASE + IQA, self.queue | 0x800)
        machine.write(BASE + IQT, 0)
        self.command(QIE)
        machine.write(BASE + RTADDR, self.root | (0x400 if scalable else 0))
        self.command(QIE | SRTP)
        self.command(QIE | TE)

    def command(self, bits):
        self.m.write(BASE + GCMD, bits, 4)

    # ---- tables

    def context_slot(self, sid):
        root = self.root + 16 * (sid >> 8) + (8 if sid & 0x80 else 0)
        if not self.m.read(root):
            self.m.write(root, self.m.page() | 1)
        return (self.m.read(root) & ADDR) + 32 * (sid & 0x7f)

    def context(self, sid, flags=0xd, pdts=0, rid_pasid=0):
        """A context entry: present, DTE and PASIDE unless the flags say otherwise."""
        directory = self.directories.setdefault(sid, self.m.page())
        slot = self.context_slot(sid)
        self.m.write(slot + 8, rid_pasid)
        self.m.write(slot, directory | pdts << 9 | flags)
        return slot

    def pasid_slot(self, sid, pasid):
        if sid not in self.directories:
            self.context(sid)
        link = self.directories[sid] + 8 * (pasid >> 6)
        if not self.m.read(link):
            self.m.write(link, self.m.page() | 1)
        return (self.m.read(link) & ADDR) + 64 * (pasid & 63)

    def pasid(self, sid, pasid, pgtt, did, first=None, second=None, width=None,
              ssade=False, sre=False, wpe=False, eafe=False, levels=4, flags=1, extra=()):
        """Write a PASID entry; where it is."""
        slot = self.pasid_slot(sid, pasid)
        val = [0] * 8
        val[0] = pgtt << 6 | flags | ssade << 9
        if second is not None:
            val[0] |= second.root | (second.levels - 2 if width is None else width) << 2
        val[1] = did
        val[2] = sre | wpe << 4 | eafe << 7 | (levels - 4) << 2
        if first is not None:
            val[2] |= first.root + first.shift
        for index, bits in extra:
            val[index] |= bits
        for index in range(7, -1, -1):
            self.m.write(slot + 8 * index, val[index])
        return slot

    # ---- invalidation queue

    def post(self, *qwords):
        """Put a descriptor into the queue, without telling."""
        for index in range(4):
            self.m.write(self.queue + 32 * self.tail + 8 * index,
                         qwords[index] if index < len(qwords) else 0)
        self.tail = (self.tail + 1) % self.QUEUE

    def kick(self):
        self.m.write(BASE + IQT, self.tail << 5)

    def wait(self):
        """Post a wait and tell; whether it was completed."""
        self.waits += 1
        self.post(5 | 1 << 5 | self.waits << 32, self.status)
        self.kick()
        return self.m.read(self.status, 4) == self.waits

    def send(self, *qwords):
        self.post(*qwords)
        assert self.wait(), "the queue stopped: FSTS %#x" % self.m.read(BASE + FSTS, 4)

    def rejects(self, *qwords):
        """Is this descriptor an error? The queue goes on behind it afterwards."""
        self.post(*qwords)
        self.kick()
        error = bool(self.m.read(BASE + FSTS, 4) & FSTS_IQE)
        if error:
            # as a driver does it: make it a harmless one, then clear the error
            at = self.m.read(BASE + IQH) >> 5
            for index, value in enumerate((5 | 1 << 5, self.status + 8, 0, 0)):
                self.m.write(self.queue + 32 * at + 8 * index, value)
            self.m.write(BASE + FSTS, FSTS_IQE, 4)
        return error

    def inv_context(self, sid=None):
        self.send(1 | (1 << 4 if sid is None else 3 << 4 | sid << 32))

    def inv_pasid(self, did=None, pasid=None):
        if did is None:
            self.send(7 | 3 << 4)
        elif pasid is None:
            self.send(7 | 0 << 4 | did << 16)
        else:
            self.send(7 | 1 << 4 | did << 16 | pasid << 32)

    def inv_iotlb(self, did=None, addr=None, am=0, ih=0):
        if did is None:
            self.send(2 | 1 << 4)
        elif addr is None:
            self.send(2 | 2 << 4 | did << 16)
        else:
            self.send(2 | 3 << 4 | did << 16, addr & -PAGE | ih << 6 | am)

    def inv_piotlb(self, did, pasid, addr=None, am=0, ih=0):
        if addr is None:
            self.send(6 | 2 << 4 | did << 16 | pasid << 32)
        else:
            self.send(6 | 3 << 4 | did << 16 | pasid << 32, addr & -PAGE | ih << 6 | am)

    @staticmethod
    def ats_range(addr, order, size_bit):
        """Address and S bit of 2^order pages."""
        if not order:
            return addr & -PAGE
        ones = (1 << (order - 1)) - 1
        return (addr >> 12 & ~((ones << 1) | 1) | ones) << 12 & (1 << 64) - 1 | size_bit

    def inv_device(self, sid, addr, order=0):
        self.send(3 | sid << 32, self.ats_range(addr, order, 1))

    def inv_device_pasid(self, sid, pasid, addr, order=0, everyone=False):
        self.send(8 | pasid << 32 | sid << 16,
                  self.ats_range(addr, order, 1 << 11) | everyone)

    # ---- faults

    def fault(self):
        """The fault that is recorded, which makes room for the next: reason, address,
        and what else is said of the request; None if there is none."""
        low, high = self.m.read(BASE + FRCD), self.m.read(BASE + FRCD + 8)
        if not high >> 63:
            return None
        self.m.write(BASE + FRCD + 8, 1 << 63)
        self.m.write(BASE + FSTS, 1, 4)
        return {"reason": high >> 32 & 0xff, "addr": low & -PAGE, "sid": high & 0xffff,
                "pasid": high >> 40 & 0xfffff if high >> 31 & 1 else None,
                "write": not high >> 62 & 1, "type": high >> 60 & 3,
                "privileged": bool(high >> 29 & 1)}

    def reason(self):
        fault = self.fault()
        return fault["reason"] if fault else None


class Nest:
    """A guest behind a second stage: pages that it knows by GPA, and first-stage
    tables in such pages."""

    def __init__(self, vtd, did, levels=4, second_levels=4, link=RW | US | P):
        self.vtd = vtd
        self.m = vtd.m
        self.did = did
        self.second = Table(vtd.m, second_levels, 0, R | W)
        self.first = Table(vtd.m, levels, GPA, link, self.give)
        self.pages = 0

    def give(self, addr, rights=R | W):
        """Let the guest have a page at its GPA."""
        self.second.set(addr + GPA, addr | rights)

    def gpa(self, addr):
        return addr + GPA

    def page(self, rights=R | W):
        addr = self.m.page()
        self.give(addr, rights)
        return addr

    def map(self, iova, addr, bits=P | RW | US, level=1):
        """First stage: have an IOVA lead to memory at @addr."""
        return self.first.set(iova, addr + GPA | bits | (PS if level > 1 else 0), level)

    def attach(self, sid, pasid=0, **more):
        return self.vtd.pasid(sid, pasid, NESTED, self.did, self.first, self.second, **more)
