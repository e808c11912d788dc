"""Everything that a training run needs to know and the data does not say."""

import dataclasses
from collections.abc import Iterable, Iterator
from typing import Any

from stalstm.augmentation import Augmentation
from stalstm.description import Description
from stalstm.fields import Fields, ours, paper, parse
from stalstm.models import MODELS
from stalstm.models.classifier import Classifier
from stalstm.preprocessing import FIELDS, FrameLayer, FrameLayerFields


@dataclasses.dataclass(frozen=True, kw_only=True)
class Training(Fields):
    """How to train.

    Sections and equations are those of Song et al. (AAAI 2017).
    """

    # Which table of stages: "algorithm_1", or "joint", one stage in which
    # everything trains.
    stages: str = paper("algorithm_1", choices=("algorithm_1", "joint"))
    batch_size: int = paper(8, at_least=1, per_data_set=True)
    # Clips of about one length share a batch, padded to a multiple of this.
    pad_to_multiple_of: int = ours(8, at_least=1)

    # Iterations of Algorithm 1: steps 2 and 5, and N1 and N2 of the others.
    pretrain_iterations: int = ours(1000, at_least=1)
    n1: int = paper(1000, at_least=1)
    n2: int = paper(500, at_least=1)
    # What the grown network of steps 3 and 6 keeps of steps 2 and 5.
    growing: str = ours("keep_first", choices=("keep_first", "fresh"))
    # Where the main LSTM network of step 8 comes from.
    main_from: str = ours("step_7", choices=("step_7", "step_4", "fresh"))
    # Iterations of a joint training.
    iterations: int = ours(2500, at_least=1)

    # Adam, new in each stage.
    learning_rate: float = ours(1e-3, at_least=0)
    # "cosine" decays to zero within each stage, after a linear warm-up.
    schedule: str = ours("cosine", choices=("cosine", "constant"))
    # At most half of a stage.
    warmup_iterations: int = ours(100, at_least=0)
    # Part of the answer that is taken from the true class for all classes.
    label_smoothing: float = ours(0.0, at_least=0, below=1)
    # Largest norm of all gradients together; 0 clips nothing.
    clip_norm: float = ours(0.0, at_least=0)
    # Momentum of a running average of the weights, which the stage ends with;
    # 0 ends with the last weights themselves.
    weight_average: float = ours(0.0, at_least=0, below=1)
    # Precision of the computation; weights, metres and files stay float32.
    precision: str = ours(
        "float32", choices=("float32", "mixed_bfloat16", "mixed_float16")
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Recipe:
    """Everything that a training run needs to know and the data does not say.

    Every field has one name, whichever section it is in: `replace(n1=500,
    units=64, smoothing=False, model="deep_lstm")`.

    Attributes:
        preprocessing: Fields of the frame layers, in the order of the layers.
        model: Name of the model, one of `stalstm.models.MODELS`.
        arguments: The model's arguments.
        augmentation: How the training clips are changed at random.
        training: How to train.
    """

    preprocessing: tuple[FrameLayerFields, ...] = dataclasses.field(
        default_factory=lambda: tuple(fields() for fields in FIELDS)
    )
    model: str = "sta_lstm"
    arguments: Any = dataclasses.field(
        default_factory=MODELS["sta_lstm"].Arguments
    )
    augmentation: Augmentation = dataclasses.field(default_factory=Augmentation)
    training: Training = dataclasses.field(default_factory=Training)

    def replace(self, **values: Any) -> "Recipe":
        """This recipe with other values for some fields.

        Another `model` begins with its own arguments; those of the same name
        keep their values.

        Raises:
            ValueError: An unknown field, or a value that a field forbids.
        """
        recipe = self
        if "model" in values:
            recipe = recipe._with_model(values.pop("model"))
        if unknown := sorted(set(values) - set(recipe._fields())):
            raise ValueError(recipe._unknown(unknown[0]))

        def replaced(section):
            names = {x.name for x in dataclasses.fields(section)}
            mine = {name: x for name, x in values.items() if name in names}
            return dataclasses.replace(section, **mine)

        return dataclasses.replace(
            recipe,
            preprocessing=tuple(map(replaced, recipe.preprocessing)),
            arguments=replaced(recipe.arguments),
            augmentation=replaced(recipe.augmentation),
            training=replaced(recipe.training),
        )

    def override(self, assignments: Iterable[str]) -> "Recipe":
        """This recipe with other values for some fields, from text.

        Args:
            assignments: Strings `name=value`.

        Raises:
            ValueError: An assignment of another form, an unknown field, or a
                value that a field forbids.
        """
        texts = {}
        for assignment in assignments:
            name, equals, text = assignment.partition("=")
            if not equals:
                raise ValueError(f"expected name=value. Received: {assignment}")
            texts[name] = text
        recipe = self
        if "model" in texts:
            recipe = recipe.replace(model=texts.pop("model"))
        fields = recipe._fields()
        for name, text in texts.items():
            if name not in fields:
                raise ValueError(recipe._unknown(f"{name}={text}"))
        return recipe.replace(
            **{name: parse(fields[name], text) for name, text in texts.items()}
        )

    def check(self, data: Description) -> None:
        """Checks that the data has what the recipe needs.

        Raises:
            ValueError: It does not. The message names both.
        """
        self.layers(data)
        self.augmentation.check(data)

    def layers(self, data: Description) -> list[FrameLayer]:
        """The frame layers, in their order.

        Raises:
            ValueError: A field needs something that the data does not have. The
                message names both.
        """
        layers = (fields.layer(data) for fields in self.preprocessing)
        return [layer for layer in layers if layer is not None]

    def build(self, data: Description, **arguments: Any) -> Classifier:
        """The model, with its initial weights.

        Args:
            data: The data set that it is for.
            **arguments: Arguments of the model that replace the recipe's.

        Raises:
            ValueError: A field needs something that the data does not have. The
                message names both.
        """
        model = MODELS[self.model](
            classes=data.classes,
            skeleton=data.skeleton,
            bodies=data.bodies,
            preprocessing=self.layers(data),
            dtype=self.training.precision,
            **{**dataclasses.asdict(self.arguments), **arguments},
        )
        model.build()
        return model

    def to_dict(self, base: "Recipe") -> dict[str, Any]:
        """JSON values: `{name: {value, source}}`, the model's in `model`.

        Args:
            base: The recipe before `override`, see `Fields.to_dict`.
        """
        record: dict[str, Any] = {}
        for section, of_base in zip(
            self.preprocessing, base.preprocessing, strict=True
        ):
            record |= section.to_dict(of_base)
        source = "paper" if self.model == Recipe.model else "ours"
        if self.model != base.model:
            source = "set"
        record["model"] = {
            "name": {"value": self.model, "source": source},
            **self.arguments.to_dict(base.arguments),
        }
        record |= self.augmentation.to_dict(base.augmentation)
        return record | self.training.to_dict(base.training)

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> "Recipe":
        """The recipe that `to_dict` wrote.

        A field that is missing is newer than the record. It gets its default
        value, with which it changes nothing.

        Raises:
            ValueError: A field is unknown: another version wrote it.
        """
        try:
            flat = {**record, **record["model"]}
            flat["model"] = flat.pop("name")
            values = {name: x["value"] for name, x in flat.items()}
        except (KeyError, TypeError):
            raise ValueError("expected a recipe of this version") from None
        return cls().replace(**values)

    def _with_model(self, model: str) -> "Recipe":
        if model not in tuple(MODELS):  # a list has no hash
            raise ValueError(
                f"`model` must be one of {', '.join(MODELS)}. "
                f"Received: model={model}"
            )
        kind = MODELS[model].Arguments
        shared = {
            field.name: getattr(self.arguments, field.name)
            for field in dataclasses.fields(kind)
            if hasattr(self.arguments, field.name)
        }
        return dataclasses.replace(self, model=model, arguments=kind(**shared))

    def _sections(self) -> Iterator[Fields]:
        yield from self.preprocessing
        yield from (self.arguments, self.augmentation, self.training)

    def _fields(self) -> dict[str, dataclasses.Field]:
        return {
            field.name: field
            for section in self._sections()
            for field in dataclasses.fields(section)
        }

    def _unknown(self, received: str) -> str:
        return (
            f"expected name=value with one of the recipe's fields: "
            f"model, {', '.join(self._fields())}. Received: {received}"
        )
