import pytest

from stalstm import evaluation, files, input_pipeline, training
from stalstm.accuracy_curve import AccuracyCurve
from stalstm.models.sta_lstm import STALSTM
from stalstm.recipes import sbu
from tests.fake_clips import DATA, fake_clips

# With an average of the weights, which is what is evaluated.
RECIPE = sbu.RECIPE.override(
    [
        "stages=joint",
        "iterations=6",
        "main_layers=1",
        "units=4",
        "batch_size=4",
        "weight_average=0.8",
    ]
)


def train(folder, recipe=RECIPE, curve=None):
    clips = fake_clips(longest=8)
    return training.train(recipe, DATA, clips, folder, seed=1, curve=curve)


@pytest.fixture
def batches():
    return input_pipeline.evaluation_batches(fake_clips(longest=8), 64)


@pytest.mark.usefixtures("eager")
def test_records_the_accuracy_of_the_averaged_weights_and_changes_nothing(
    batches, tmp_path
):
    folder = tmp_path / "with"

    def curve():
        return AccuracyCurve(folder, batches, DATA.classes, every=2)

    without = train(tmp_path / "without")
    folder.mkdir()
    model = train(folder, curve=curve())
    for weight, expected in zip(model.weights, without.weights, strict=True):
        assert (weight.numpy() == expected.numpy()).all(), weight.path
    points = files.read_json(folder / "curve.json")
    assert [(x["stage"], x["iteration"]) for x in points] == [
        ("joint", x) for x in (2, 4, 6)
    ]
    last = evaluation.evaluate(model, batches, DATA.classes)
    assert points[-1]["accuracy"] == pytest.approx(last["accuracy"])

    # A stage that is trained again from its checkpoint has each point once.
    (folder / "checkpoints/joint.keras").unlink()
    train(folder, curve=curve())
    assert files.read_json(folder / "curve.json") == points


def test_only_stages_with_all_networks_of_the_last_one_are_evaluated(
    batches, tmp_path, monkeypatch
):
    """Step 2 has a smaller network than steps 3 and 4."""
    evaluated = []

    def fit(model, *args, callbacks, **kwargs):
        if any(isinstance(x, AccuracyCurve) for x in callbacks):
            evaluated.append(callbacks[0].name)

    monkeypatch.setattr(STALSTM, "fit", fit)
    recipe = RECIPE.override(
        ["stages=algorithm_1", "spatial_attention=false", "main_layers=2"]
    )
    curve = AccuracyCurve(tmp_path, batches, DATA.classes, every=2)
    train(tmp_path, recipe, curve)
    assert evaluated == ["step_3", "step_4"]
