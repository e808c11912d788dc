"""What can be compared: the rows of the paper's tables, and others."""

import dataclasses
import hashlib
import pathlib
from collections.abc import Mapping, Sequence

# Of a folder; file systems allow some more.
LONGEST_NAME = 200

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
    """

    name: str
    source: str = ""
    baseline: str | None = None
    recipe: str | None = None
    settings: tuple[str, ...] = ()
    published: Mapping[str, float] = dataclasses.field(default_factory=dict)
    missing: str = ""

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
    return tuple(
        Row(
            name=", ".join(x for x in (model, recipe) if x) or "default",
            recipe=recipe,
            settings=(*((f"model={model}",) if model else ()), *settings),
        )
        for recipe in recipes or [None]
        for model in models or [None]
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
)

TABLES: dict[str, tuple[Row, ...]] = {
    "figure_7": FIGURE_7,
    "algorithm_1": ALGORITHM_1,
}
