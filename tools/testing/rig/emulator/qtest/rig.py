# SPDX-License-Identifier: GPL-2.0-only
"""What a test's machine is like, and the list of tests."""

ALL = {"x-scalable-mode": "on", "x-nesting": "on", "x-pasid-mode": "on", "device-iotlb": "on",
       "x-ssads": "on", "x-smpwc": "on", "x-eafs": "on", "aw-bits": "48"}
tests = []


class Test:
    def __init__(self, function, iommu, devices, scalable):
        self.function = function
        self.name = function.__name__.removeprefix("test_")
        self.iommu = ",".join(f"{key}={value}" for key, value in iommu.items())
        self.devices = devices
        self.scalable = scalable


def rig(devices=("",), scalable=True, **properties):
    """A machine with everything on; properties differ, _ for -, None is left out."""
    def register(function):
        iommu = dict(ALL)
        for key, value in properties.items():
            key = key.replace("_", "-")
            if value is None:
                iommu.pop(key, None)
            else:
                iommu[key] = value
        tests.append(Test(function, iommu, devices, scalable))
        return function
    return register


def same(got, want):
    assert got == want, f"got {show(got)}, want {show(want)}"


def show(value):
    return hex(value) if isinstance(value, int) and not isinstance(value, bool) else repr(value)
