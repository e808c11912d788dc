import os

from stalstm import machine


def test_processors_of_other_vectors_have_other_names(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "CPU_INFO", tmp_path / "cpuinfo")
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    names = []
    for flags in ("sse2 avx avx2", "sse2 avx avx2 avx512f", "sse2"):
        core = f"model name\t: Some CPU\nflags\t\t: {flags}\n\n"
        machine.CPU_INFO.write_text(core * 2)
        names.append(machine.processor())
    assert names == [
        "Some CPU, AVX2, 2 cores",
        "Some CPU, AVX-512, 2 cores",
        "Some CPU, 2 cores",
    ]


def test_a_machine_without_information_still_has_a_name(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "CPU_INFO", tmp_path / "nothing")
    assert machine.processor().endswith(f", {os.cpu_count()} cores")
