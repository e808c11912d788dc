"""The machine that a program runs on."""

import os
import pathlib
import platform

CPU_INFO = pathlib.Path("/proc/cpuinfo")
# The flags of an x86 processor by their usual names, the widest first.
VECTORS = {"avx512f": "AVX-512", "avx2": "AVX2", "avx": "AVX"}


def processor() -> str:
    """Name of this machine's processor, its vectors and number of cores.

    With other vectors sums have another order. A training with the same seed
    then ends at other weights.
    """
    name, flags = platform.machine(), []
    if CPU_INFO.exists():
        for line in CPU_INFO.read_text().splitlines():
            what, _, value = (x.strip() for x in line.partition(":"))
            if what == "model name":
                name = value
            elif what == "flags":
                flags = value.split()
    vectors = [usual for flag, usual in VECTORS.items() if flag in flags][:1]
    return ", ".join([name, *vectors, f"{os.cpu_count()} cores"])
