import pytest

from stalstm import evaluation, files, input_pipeline, training
from stalstm.accuracy_curve import AccuracyCurve
from stalstm.recipes import sbu
from tests.fake_clips import DATA, fake_clips

# With an average of the weights, which is what is evaluated.
RECIPE = sbu.RECIPE.override(
    [
        "spatial_attention=false",
        "main_layers=2",
        "units=4",
        "batch_size=4",
        "pretrain_iterations=2",
        "n1=4",
        "n2=6",
        "weight_average=0.8",
    ]
)


def test_records_the_accuracy_of_the_averaged_weights_and_changes_nothing(
    tmp_path,
):
    batches = input_pipeline.evaluation_batches(fake_clips(), 64)

    def train(name, curve=None):
        return training.train(
            RECIPE, DATA, fake_clips(), tmp_path / name, seed=1, curve=curve
        )

    def curve():
        folder = tmp_path / "with"
        return AccuracyCurve(folder, batches, DATA.classes, every=2)

    without = train("without")
    (tmp_path / "with").mkdir()
    model = train("with", curve())
    for weight, expected in zip(model.weights, without.weights, strict=True):
        assert (weight.numpy() == expected.numpy()).all(), weight.path
    # Step 2 has a smaller network.
    points = files.read_json(tmp_path / "with/curve.json")
    assert [(x["stage"], x["iteration"]) for x in points] == [
        *(("step_3", x) for x in (2, 4)),
        *(("step_4", x) for x in (2, 4, 6)),
    ]
    last = evaluation.evaluate(model, batches, DATA.classes)
    assert points[-1]["accuracy"] == pytest.approx(last["accuracy"])

    # A stage that is trained again from its checkpoint has each point once.
    (tmp_path / "with/checkpoints/step_4.keras").unlink()
    train("with", curve())
    assert files.read_json(tmp_path / "with/curve.json") == points
