import random

import pytest

from benchmarks.reliability import faults, soak
from stalstm import manifest
from stalstm.runtime.litert import ModelError


def test_damage_that_nobody_notices_is_found(tmp_path):
    for name in ("listed.txt", "careless.txt"):
        (tmp_path / name).write_text("some content")
    manifest.add(tmp_path, [tmp_path / "listed.txt"])

    def load(folder):
        for name, *_ in manifest.damaged(folder):
            raise ModelError(name)

    result = faults.damage(tmp_path, load, ModelError, random.Random(0), 5)
    # Five bits, half of it, nothing and more: of the list, too.
    assert result == {"named": 2 * 8, "unnoticed": {"careless.txt": 8}}


def test_hostile_servers_are_errors_in_time():
    result = faults.ask(25, seed=1)
    assert sum(result["outcomes"].values()) == 25
    assert not result["findings"]


@pytest.mark.long(seconds=10)
def test_a_long_stream_does_not_drift():
    result = soak.frames(20_000)
    assert result["frames"] >= 20_000 - 100
    assert result["relative_drift"] < 1e-6
    assert result["a_fresh_stream_equals_another"]
