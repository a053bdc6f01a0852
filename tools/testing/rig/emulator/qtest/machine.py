# SPDX-License-Identifier: GPL-2.0-only
"""QEMU without a guest: memory, I/O ports and PCI devices by the qtest protocol."""
import json
import os
import re
import socket
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
HEADER = os.path.join(HERE, "../../../selftests/iommu/dma_test.h")
PAGE = 4096

ECAM = 0xb0000000               # where the tests put PCI's configuration space
BARS = 0xe0000000               # and the devices' BARs
RAM_FROM = 16 << 20             # below are the firmware's places
RAM = 512 << 20

PCI_COMMAND, PCI_BAR0 = 0x04, 0x10
CAP_ATS, CAP_PASID = 0x0f, 0x1b


def constants(path):
    """The numbers that a C header defines."""
    with open(path) as f:
        found = re.findall(r"^#\s*define\s+(\w+)\s+(0x[0-9a-fA-F]+|\d+)\b", f.read(), re.M)
    return {name: int(value, 0) for name, value in found}


REG = constants(HEADER)


class Machine:
    """A QEMU with an IOMMU and some devices."""

    def __init__(self, qemu, iommu, devices):
        self.dir = tempfile.TemporaryDirectory(prefix="qtest-")
        listen = {}
        for name in ("qtest", "qmp"):
            listen[name] = socket.socket(socket.AF_UNIX)
            listen[name].bind(os.path.join(self.dir.name, name))
            listen[name].listen(1)
            listen[name].settimeout(20)
        args = [qemu, "-machine", "q35,kernel-irqchip=split", "-accel", "qtest",
                "-m", "%dM" % (RAM >> 20), "-nodefaults", "-no-user-config",
                "-display", "none", "-qtest-log", "none",
                "-qtest", "unix:" + os.path.join(self.dir.name, "qtest"),
                "-qmp", "unix:" + os.path.join(self.dir.name, "qmp"),
                "-device", "intel-iommu,id=iommu," + iommu]
        for n, props in enumerate(devices):
            args += ["-device", "dma-test,id=dev%d,bus=pcie.0,addr=%d%s" %
                     (n, 3 + n, "," + props if props else "")]
        self.errors = open(os.path.join(self.dir.name, "stderr"), "w+")
        self.process = subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=self.errors,
                                        stderr=self.errors)
        try:
            self.qtest, self.monitor = (self.stream(listen[name]) for name in ("qtest", "qmp"))
        except socket.timeout:
            raise RuntimeError("QEMU does not start: " + self.said()) from None
        self.events = []
        self.monitor.readline()
        self.qmp("qmp_capabilities")
        self.next_page = RAM_FROM
        self.enable_ecam()

    @staticmethod
    def stream(listener):
        connection = listener.accept()[0]
        connection.settimeout(20)
        return connection.makefile("rw")

    def said(self):
        self.errors.flush()
        with open(self.errors.name) as f:
            return f.read()

    def close(self):
        self.process.kill()
        self.process.wait()
        self.errors.close()
        self.dir.cleanup()

    # ---- qtest

    def command(self, text):
        self.qtest.write(text + "\n")
        self.qtest.flush()
        while True:
            line = self.qtest.readline()
            if not line:
                raise RuntimeError("QEMU is gone: " + self.said())
            if line.startswith("IRQ"):
                continue
            if not line.startswith("OK"):
                raise RuntimeError(f"{text}: {line}")
            return line.split()[1:]

    def port_write(self, port, value):
        self.command(f"outl {port:#x} {value:#x}")

    def enable_ecam(self):
        self.port_write(0xcf8, 0x80000060)
        self.port_write(0xcfc, ECAM | 1)

    def reset(self):
        self.events.clear()
        self.qmp("system_reset")
        while "RESET" not in self.events:
            self.qmp("query-status")
        self.enable_ecam()

    def write(self, addr, value, size=8):
        self.command("write%s %#x %#x" % ({2: "w", 4: "l", 8: "q"}[size], addr, value))

    def read(self, addr, size=8):
        return int(self.command("read%s %#x" % ({2: "w", 4: "l", 8: "q"}[size], addr))[0], 16)

    def page(self, count=1):
        """Zeroed memory."""
        addr = self.next_page
        self.next_page += count * PAGE
        assert self.next_page < RAM
        return addr

    def aligned(self, size):
        """Memory of a large page."""
        self.next_page = (self.next_page + size - 1) & -size
        return self.page(size // PAGE)

    # ---- QMP

    def qmp(self, name, **arguments):
        self.monitor.write(json.dumps({"execute": name, "arguments": arguments}) + "\n")
        self.monitor.flush()
        while True:
            line = self.monitor.readline()
            if not line:
                raise RuntimeError("QEMU is gone: " + self.said())
            answer = json.loads(line)
            if "return" in answer:
                return answer["return"]
            if "event" in answer:
                self.events.append(answer["event"])
            if "error" in answer:
                raise RuntimeError(answer["error"]["desc"])

    def get(self, name):
        return self.qmp("qom-get", path="/machine/peripheral/iommu", property=name)

    def set(self, name, value):
        self.qmp("qom-set", path="/machine/peripheral/iommu", property=name, value=value)


class Device:
    """One dma-test, with its capabilities on."""

    def __init__(self, machine, number):
        self.m = machine
        self.sid = (3 + number) << 3
        self.config = ECAM + (self.sid << 12)
        self.bar = BARS + number * 0x10000
        machine.write(self.config + PCI_BAR0, self.bar, 4)
        machine.write(self.config + PCI_BAR0 + 4, 0, 4)
        self.master(True)
        self.ats(True)
        self.enable_pasid(True)

    def capability(self, wanted):
        """Offset of an extended capability, 0 if there is none."""
        at = 0x100
        while at:
            head = self.m.read(self.config + at, 4)
            if head & 0xffff == wanted:
                return at
            at = head >> 20
        return 0

    def master(self, on):
        self.m.write(self.config + PCI_COMMAND, 6 if on else 2, 2)

    def ats(self, on):
        at = self.capability(CAP_ATS)
        if at:
            self.m.write(self.config + at + 6, 0x8000 if on else 0, 2)

    def enable_pasid(self, on, privileged=True):
        at = self.capability(CAP_PASID)
        if at:
            self.m.write(self.config + at + 6, (5 if privileged else 1) if on else 0, 2)

    def get(self, name, size=4):
        return self.m.read(self.bar + REG["DMA_TEST_" + name], size)

    def set(self, name, value, size=4):
        self.m.write(self.bar + REG["DMA_TEST_" + name], value, size)

    def run(self, command, addr, pasid=None, length=8, privileged=False):
        """Run a command; the status."""
        tag = 0
        if pasid is not None:
            tag = pasid | REG["DMA_TEST_TAGGED"]
        if privileged:
            tag |= REG["DMA_TEST_PRIVILEGED"]
        self.set("PASID", tag)
        self.set("ADDR", addr, 8)
        self.set("LEN", length)
        self.set("CMD", command)
        return self.get("STATUS")

    def buffer(self, value=None):
        if value is None:
            return self.m.read(self.bar + REG["DMA_TEST_BUFFER"])
        self.m.write(self.bar + REG["DMA_TEST_BUFFER"], value)
        return value

    def read(self, addr, pasid=None, ats=False, **more):
        """The qword at an address, or None if that is refused."""
        self.buffer(0xdeadbeef)
        status = self.run(REG["DMA_TEST_READ"] | (REG["DMA_TEST_BY_ATS"] if ats else 0),
                          addr, pasid, **more)
        assert status in (0, 1), "bad command"
        return self.buffer() if status == 0 else None

    def write(self, addr, value, pasid=None, ats=False, **more):
        """Write a qword: True, or False if that is refused."""
        self.buffer(value)
        status = self.run(REG["DMA_TEST_WRITE"] | (REG["DMA_TEST_BY_ATS"] if ats else 0),
                          addr, pasid, **more)
        assert status in (0, 1), "bad command"
        return status == 0

    def translate(self, addr, pasid=None, **more):
        """Ask by ATS: (address, permissions as "rw", log2 of the size), None if refused."""
        status = self.run(REG["DMA_TEST_TRANSLATE"], addr, pasid, **more)
        assert status in (0, 1), "bad command"
        if status:
            return None
        perm = self.get("PERM")
        return (self.get("TRANSLATED", 8),
                ("r" if perm & 1 else "") + ("w" if perm & 2 else ""), perm >> 8)
