"""Fields of a recipe: value, origin and allowed values."""

import dataclasses
import math
from typing import Any

# What the values of a type are called.
EXPECTED: dict[Any, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a word",
}


def paper(default: Any, **allowed: Any) -> Any:
    """A field whose value the paper gives.

    Args:
        default: Its value.
        **allowed: `choices`, a tuple of values; `at_least` and `below`, bounds;
            `per_data_set=True` where the paper gives each data set its own.
    """
    return dataclasses.field(
        default=default, metadata={"source": "paper", **allowed}
    )


def ours(default: Any, **allowed: Any) -> Any:
    """A field that the paper leaves open; arguments as those of `paper`."""
    return dataclasses.field(
        default=default, metadata={"source": "ours", **allowed}
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class Fields:
    """A part of a recipe; its values are checked when it is made.

    Raises:
        ValueError: A value is of another type, not finite, not among a field's
            choices, or out of bounds.
    """

    def __post_init__(self):
        for field in dataclasses.fields(self):
            value, allowed = getattr(self, field.name), field.metadata
            if not _is(field.type, value):
                expected = EXPECTED[field.type]
            elif isinstance(value, float) and not math.isfinite(value):
                expected = "a finite number"
            elif "choices" in allowed and value not in allowed["choices"]:
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

    def to_dict(self, base: "Fields") -> dict[str, dict[str, Any]]:
        """JSON values: `{name: {value, source}}`.

        Args:
            base: The fields before they were set by hand. What differs from it
                has the source `"set"`; what a data set's recipe has chosen
                against the default has the source `"ours"`.
        """
        record = {}
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            source = field.metadata["source"]
            if value != getattr(base, field.name, field.default):
                source = "set"
            elif value != field.default and not field.metadata.get(
                "per_data_set"
            ):
                source = "ours"
            record[field.name] = {"value": value, "source": source}
        return record


def _is(kind: Any, value: Any) -> bool:
    """Whether a value is of a type; a whole number is a number too."""
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return type(value) is kind


def parse(field: dataclasses.Field, text: str) -> Any:
    """The value of a field, from the command line.

    Raises:
        ValueError: The text is not of the field's type.
    """
    kind: Any = field.type
    try:
        if kind is bool:
            return {"true": True, "false": False}[text.lower()]
        return kind(text)
    except (KeyError, ValueError):
        raise ValueError(
            f"`{field.name}` must be {EXPECTED[kind]}. "
            f"Received: {field.name}={text}"
        ) from None
