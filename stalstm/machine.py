"""The machine that a program runs on."""

import os
import pathlib
import platform


def processor() -> str:
    """Name of this machine's processor, and its number of cores."""
    name = platform.machine()
    info = pathlib.Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                name = line.partition(":")[2].strip()
    return f"{name}, {os.cpu_count()} cores"
