import numpy as np
import pytest

from stalstm.export import agreement
from stalstm.export.errors import ExportError
from tests.export import exported


def test_compares_every_file_with_the_labels(
    small, clips, export_dir, litert_folder
):
    best = [
        int(exported.expected(small, x)["probabilities"].argmax())
        for x in clips
    ]
    labels = [(best[0] + 1) % 3, *best[1:], None]
    too_long = exported.random_clips([exported.FRAMES + 1])[0]
    result = agreement.measure(
        small.model,
        export_dir / "small/1",
        litert_folder,
        list(zip([*clips, too_long], labels, strict=True)),
    )
    for name, x in result.items():
        # The clip files leave out the last one, whose label is not known.
        limited = name.startswith("clip_")
        assert x["clips"] == (6 if limited else 7)
        assert x["accuracy"] == (pytest.approx(5 / 6) if limited else None)
        assert x["keras_accuracy"] == x["accuracy"]
        if not name.endswith(("float16", "int8")):
            assert x["largest_difference"] < 1e-4
            assert x["same_class"] == 1
    assert "100.0%         -" in agreement.table(result)


@pytest.mark.parametrize("value", [0.5, np.nan])
def test_another_answer_is_an_error(
    value, small, clips, export_dir, litert_folder, monkeypatch
):
    monkeypatch.setattr(
        agreement,
        "_keras",
        lambda _, skeletons: np.full((len(skeletons), 3), value),
    )
    with pytest.raises(ExportError, match=r"clip: expected.*difference of"):
        agreement.measure(
            small.model,
            export_dir / "small/1",
            litert_folder,
            [(x, None) for x in clips],
        )
