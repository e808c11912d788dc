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


@pytest.mark.parametrize("name", ["sbu", "ntu", "clip.csv", "clip.jsonl"])
@pytest.mark.parametrize(
    "field", [b"9", b"0.", b".9", b"1e9", b"1.#INF0", b"-", b" ", b"["]
)
def test_a_field_of_a_hundred_thousand_digits_is_no_hang(name, field):
    target = TARGETS[name]
    long = field + 100_000 * field[-1:] + b"x"
    for separator in (b" ", b",", b":"):
        parts = target.seeds[0].split(separator)
        for at in range(min(len(parts), 24)):
            changed = [*parts[:at], long, *parts[at + 1 :]]
            fuzz.one(target, separator.join(changed))


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
