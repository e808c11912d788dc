"""What can be compared: the rows of the paper's tables, and others."""

import dataclasses
import hashlib
import pathlib
from collections.abc import Mapping, Sequence

# Of a folder; file systems allow some more.
LONGEST_NAME = 200

NO_TEXT = (
    "not rebuilt: neither text nor code is public; its body parts, the words "
    "for poses, the measure of contrast, the number of pairs and the settings "
    "of its classifier would be guesses"
)
SONG = "Song et al., AAAI 2017"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Row:
    """A row of a table: a method, and how it is trained.

    Attributes:
        name: What the table calls it.
        source: Where the method is published.
        baseline: One of `stalstm.baselines.BASELINES`; `None` trains a model.
        recipe: Name of the recipe that trains the model; `None` is that of the
            data set.
        settings: `name=value` for fields of the recipe.
        published: Published accuracies in percent, by data set if its
            protocols are folds, else by data set and protocol.
        missing: Why the method cannot be rebuilt; it is then not run.
        once: Run with the first seed only: all that it draws is the order in
            which a linear SVM takes the clips. Another seed changed no answer
            on SBU.
    """

    name: str
    source: str = ""
    baseline: str | None = None
    recipe: str | None = None
    settings: tuple[str, ...] = ()
    published: Mapping[str, float] = dataclasses.field(default_factory=dict)
    missing: str = ""
    once: bool = False

    @property
    def folder(self) -> pathlib.Path:
        """Folder of its trainings; the same for equal trainings."""
        method = self.baseline or self.recipe or "default"
        name = "+".join([method, *self.settings])
        if len(name) > LONGEST_NAME:
            name = f"{method}+{hashlib.sha256(name.encode()).hexdigest()}"
        return pathlib.Path(name)


def of(
    models: Sequence[str], recipes: Sequence[str], settings: Sequence[str]
) -> tuple[Row, ...]:
    """A row for each model with each recipe.

    Args:
        models: Names of models; empty takes that of the recipe.
        recipes: Names of recipes; empty takes that of the data set.
        settings: `name=value` for fields of all recipes.
    """
    own: list[str | None] = [None]  # that of the data set, or of the recipe
    return tuple(
        Row(
            name=", ".join(x for x in (model, recipe) if x) or "default",
            recipe=recipe,
            settings=(*((f"model={model}",) if model else ()), *settings),
        )
        for recipe in list(recipes) or own
        for model in list(models) or own
    )


STA_LSTM = Row(
    name="STA-LSTM",
    source=SONG,
    published={
        "sbu": 91.51,
        "ntu cross_subject": 73.4,
        "ntu cross_view": 81.2,
    },
)
NO_SPATIAL, NO_TEMPORAL = "spatial_attention=false", "temporal_attention=false"

# The published numbers are in a picture, without labels.
FIGURE_7 = (
    Row(name="LSTM", source=SONG, settings=(NO_SPATIAL, NO_TEMPORAL)),
    Row(
        name="SA-LSTM without regularisation",
        source=SONG,
        settings=(NO_TEMPORAL, "lambda1=0"),
    ),
    Row(name="SA-LSTM", source=SONG, settings=(NO_TEMPORAL,)),
    Row(
        name="TA-LSTM without regularisation",
        source=SONG,
        settings=(NO_SPATIAL, "lambda2=0"),
    ),
    Row(name="TA-LSTM", source=SONG, settings=(NO_SPATIAL,)),
    STA_LSTM,
)

# What the paper leaves open. All rows train for as many iterations.
ALGORITHM_1 = (
    STA_LSTM,
    dataclasses.replace(
        STA_LSTM,
        name="step 8 starts from step 4",
        settings=("main_from=step_4",),
        published={},
    ),
    dataclasses.replace(
        STA_LSTM,
        name="step 8 starts anew",
        settings=("main_from=fresh",),
        published={},
    ),
    dataclasses.replace(
        STA_LSTM,
        name="everything jointly",
        settings=("stages=joint", "iterations=6500"),
        published={},
    ),
    # Figure 7's LSTM, which trains for as long as one attention, has 2,500.
    Row(
        name="LSTM for as many iterations",
        settings=(
            NO_SPATIAL,
            NO_TEMPORAL,
            "stages=joint",
            "iterations=6500",
        ),
    ),
)

JOINT = ("stages=joint",)
# The Gaussian is that of Song et al.
GLOROT = ("initializer=glorot",)
HBRNN = Row(
    name="Hierarchical RNN",
    source="Du, Wang and Wang, CVPR 2015",
    settings=("model=hierarchical_rnn", *JOINT),
    published={"sbu": 80.35, "ntu cross_subject": 59.1, "ntu cross_view": 64.0},
)
YUN = "Yun et al., CVPR Workshops 2012"
JI = "Ji, Ye and Cheng, ICME Workshops 2014"

TABLE_1 = (
    Row(
        name="Raw skeleton",
        source=YUN,
        baseline="yun_raw",
        once=True,
        published={"sbu": 49.7},
    ),
    Row(
        name="Joint features",
        source=YUN,
        baseline="yun_joint_features",
        once=True,
        published={"sbu": 80.3},
    ),
    Row(
        name="Plane features",
        source=YUN,
        baseline="yun_plane_features",
        once=True,
    ),
    Row(
        name="Velocity features",
        source=YUN,
        baseline="yun_velocity_features",
        once=True,
    ),
    Row(
        name="Raw skeleton with contrast mining",
        source=JI,
        published={"sbu": 79.4},
        missing=NO_TEXT,
    ),
    Row(
        name="Joint features with contrast mining",
        source=JI,
        published={"sbu": 86.9},
        missing=NO_TEXT,
    ),
    HBRNN,
    Row(
        name="Co-occurrence LSTM",
        source="Zhu et al., AAAI 2016",
        settings=("model=co_occurrence_lstm", *JOINT, "dropout=0.2"),
        published={"sbu": 90.41},
    ),
    STA_LSTM,
)

NTU = "Shahroudy et al., CVPR 2016"
TABLE_2 = (
    Row(
        name="Lie group",
        source="Vemulapalli, Arrate and Chellappa, CVPR 2014",
        baseline="lie_group",
        once=True,
        published={"ntu cross_subject": 50.1, "ntu cross_view": 52.8},
    ),
    Row(
        name="Skeletal quads",
        source="Evangelidis, Singh and Horaud, ICPR 2014",
        baseline="skeletal_quads",
        published={"ntu cross_subject": 38.6, "ntu cross_view": 41.4},
    ),
    Row(
        name="Dynamic skeletons",
        source="Hu et al., CVPR 2015",
        baseline="dynamic_skeletons",
        once=True,
        published={"ntu cross_subject": 60.2, "ntu cross_view": 65.2},
    ),
    HBRNN,
    Row(
        name="Deep LSTM",
        source=NTU,
        settings=("model=deep_lstm", *JOINT, *GLOROT),
        published={"ntu cross_subject": 60.7, "ntu cross_view": 67.3},
    ),
    Row(
        name="Part-aware LSTM",
        source=NTU,
        settings=("model=part_aware_lstm", *JOINT, *GLOROT, "main_layers=2"),
        published={"ntu cross_subject": 62.9, "ntu cross_view": 70.3},
    ),
    STA_LSTM,
)

STRONG = (
    Row(name="Strong STA-LSTM", recipe="sbu_strong"),
    Row(
        name="Strong LSTM",
        recipe="sbu_strong",
        settings=(NO_SPATIAL, NO_TEMPORAL),
    ),
    Row(
        name="Strong STA-LSTM by Algorithm 1",
        recipe="sbu_strong",
        # Its stages are too short for an average of a thousand iterations.
        settings=("stages=algorithm_1", "weight_average=0.99"),
    ),
)

PRECISION = (
    STA_LSTM,
    Row(
        name="STA-LSTM in mixed_bfloat16",
        source=SONG,
        settings=("precision=mixed_bfloat16",),
    ),
)

TABLES: dict[str, tuple[Row, ...]] = {
    "table_1": TABLE_1,
    "table_2": TABLE_2,
    "figure_7": FIGURE_7,
    "algorithm_1": ALGORITHM_1,
    "strong": STRONG,
    "precision": PRECISION,
}
