import pytest

from benchmarks.reliability import fuzz, targets

TARGETS = targets.targets()
INPUTS = 150


@pytest.mark.parametrize("name", TARGETS)
def test_damaged_inputs_are_documented_errors(name):
    target = TARGETS[name]
    for seed in target.seeds:
        assert name == "config.json" or fuzz.one(target, seed) == "taken"
    result = fuzz.attack(target, seed=1, seconds=60, most=INPUTS)
    assert result["inputs"] == INPUTS


def test_what_is_not_documented_is_found():
    def read(data):
        return data.decode("ascii")

    target = targets.Target((b"seed",), read, (KeyError,))
    with pytest.raises(fuzz.FindingError, match="UnicodeDecodeError") as caught:
        fuzz.attack(target, seed=0, seconds=60)
    with pytest.raises(UnicodeDecodeError):
        read(caught.value.args[1])


def test_what_takes_too_long_is_found(monkeypatch):
    monkeypatch.setattr(fuzz, "SLOWEST", 0.05)

    def read(data):
        while True:
            pass

    with pytest.raises(fuzz.FindingError, match=r"more than 0\.05 s"):
        fuzz.one(targets.Target((b"",), read, ()), b"")
