"""Everything that a training run needs to know, as data."""

import dataclasses
from collections.abc import Iterable
from typing import Any


def _paper(default=dataclasses.MISSING, **allowed):
    """A field whose value the paper gives."""
    return dataclasses.field(
        default=default, metadata={"source": "paper", **allowed}
    )


def _ours(default=dataclasses.MISSING, **allowed):
    """A field about which the paper is silent, or leaves room."""
    return dataclasses.field(
        default=default, metadata={"source": "ours", **allowed}
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Recipe:
    """Everything that a training run needs to know.

    Each field is marked `paper` or `ours`; where the paper leaves room, its
    literal reading is among the choices. Sections and equations are those of
    Song et al. (AAAI 2017).

    Raises:
        ValueError: a value that is not among a field's choices, or below the
            least that makes sense.
    """

    # Skeletons, and what is done to them before the network (section 5.1).
    skeleton: str = _paper(choices=("nite", "kinect2"))
    bodies: int = _paper(2, at_least=1)
    smoothing: bool = _paper(True)
    # Whose left-first order makes two recordings of one thing look alike.
    body_order: str = _ours("left_first", choices=("left_first", "recorded"))
    # Where zero is: at the torsos in each frame, or in the clip's first one;
    # at the mean of all performers' torsos, or at the main performer's.
    origin: str = _ours("frame", choices=("frame", "clip", "camera"))
    origin_of: str = _ours("all", choices=("all", "main"))
    # Axes along the main performer's shoulders and spine, scale by the spine.
    axes: str = _ours("camera", choices=("frame", "clip", "camera"))
    scale: str = _ours("metres", choices=("frame", "clip", "metres"))

    # The network (sections 4.1 to 4.3, 5.1). Both attentions: STA-LSTM; the
    # other configurations of Figure 7 have one or none.
    spatial_attention: bool = _paper(True)
    temporal_attention: bool = _paper(True)
    main_layers: int = _paper(3, at_least=1)
    units: int = _paper(100, at_least=1)
    dropout: float = _ours(0.5, at_least=0, below=1)
    # "joints" makes alpha's mean one; "softmax" is equation (3) as written.
    alpha_scale: str = _ours("joints", choices=("joints", "softmax"))
    beta_bias: float = _ours(1.0)
    pooling: str = _paper("sum", choices=("sum", "mean"))
    kernel_stddev: float = _ours(0.1, at_least=0)

    # The loss (equation 7).
    lambda1: float = _paper(at_least=0)
    lambda2: float = _paper(at_least=0)
    lambda3: float = _paper(at_least=0)
    beta_norm: str = _paper("l2", choices=("l2", "square"))
    l1_matrices: str = _ours("all", choices=("all", "inputs", "main"))

    # Algorithm 1.
    batch_size: int = _paper(at_least=1)
    # Clips of about one length share a batch, padded to a multiple of this.
    pad_to_multiple_of: int = _ours(8, at_least=1)
    pretrain_iterations: int = _ours(1000, at_least=1)  # steps 2 and 5
    n1: int = _paper(1000, at_least=1)
    n2: int = _paper(500, at_least=1)
    # What the grown network of steps 3 and 6 keeps of steps 2 and 5.
    growing: str = _ours("keep_first", choices=("keep_first", "fresh"))
    # Where the main LSTM network of step 8 comes from.
    main_from: str = _ours("step_7", choices=("step_7", "step_4", "fresh"))

    # Adam, new in each stage.
    learning_rate: float = _ours(1e-3, at_least=0)
    # "cosine" decays to zero within each stage, after a linear warm-up.
    schedule: str = _ours("cosine", choices=("cosine", "constant"))
    warmup_iterations: int = _ours(100, at_least=0)
    # Of the computation; weights, metres and what is saved stay float32.
    precision: str = _ours(
        "float32", choices=("float32", "mixed_bfloat16", "mixed_float16")
    )

    def __post_init__(self):
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            allowed = dict(field.metadata)
            if "choices" in allowed and value not in allowed["choices"]:
                expected = f"one of {', '.join(allowed['choices'])}"
            elif "at_least" in allowed and not value >= allowed["at_least"]:
                expected = f"at least {allowed['at_least']}"
            elif "below" in allowed and not value < allowed["below"]:
                expected = f"below {allowed['below']}"
            else:
                continue
            raise ValueError(
                f"`{field.name}` must be {expected}. "
                f"Received: {field.name}={value}"
            )

    def override(self, assignments: Iterable[str]) -> "Recipe":
        """This recipe with other values for some fields.

        Args:
            assignments: strings `name=value`.

        Raises:
            ValueError: not of that form, an unknown field, a value of another
                type, or one that the field does not allow.
        """
        fields = {x.name: x for x in dataclasses.fields(self)}
        changes = {}
        for assignment in assignments:
            name, equals, text = assignment.partition("=")
            if not equals or name not in fields:
                raise ValueError(
                    f"expected name=value with one of the recipe's fields: "
                    f"{', '.join(fields)}. Received: {assignment}"
                )
            changes[name] = _parse(name, fields[name].type, text)
        return dataclasses.replace(self, **changes)

    def to_dict(self, base: "Recipe") -> dict[str, dict[str, Any]]:
        """For JSON: `{name: {value, source}}`.

        Args:
            base: the recipe before `override`: what differs from it has the
                source `"set"`. What a data set's recipe has chosen against the
                default has the source `"ours"`.
        """
        record = {}
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if value != getattr(base, field.name):
                source = "set"
            elif field.default in (value, dataclasses.MISSING):
                source = field.metadata["source"]
            else:
                source = "ours"
            record[field.name] = {"value": value, "source": source}
        return record

    @classmethod
    def from_dict(cls, record: dict[str, dict[str, Any]]) -> "Recipe":
        """The recipe that `to_dict` wrote."""
        return cls(**{name: x["value"] for name, x in record.items()})


def _parse(name, kind, text):
    try:
        if kind is bool:
            return {"true": True, "false": False}[text.lower()]
        return kind(text)
    except (KeyError, ValueError):
        expected = {bool: "true or false", int: "a whole number"}
        raise ValueError(
            f"`{name}` must be {expected.get(kind, 'a number')}. "
            f"Received: {name}={text}"
        ) from None
