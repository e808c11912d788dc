"""The file of a comparison's results: written, and known again."""

import dataclasses
import pathlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from stalstm import files, looks
from stalstm.comparison import summary
from stalstm.comparison.rows import Row
from stalstm.comparison.runs import Run
from stalstm.recipe import Recipe


def write(
    out: pathlib.Path,
    about: dict[str, Any],
    rows: Sequence[Row],
    runs: Sequence[Run],
) -> dict[str, Any]:
    """Writes the results so far, and their table next to them.

    Returns:
        All that was written as JSON.
    """
    of_rows = []
    for row in rows:
        mine = [run for run in runs if run.row is row and run.finished]
        here = [x for run in mine if (x := run.evaluation()) is not None]
        of_rows.append(
            {
                **dataclasses.asdict(row),
                "fields": mine[0].fields if mine else None,
                "attention": looks.mean(here),
                "runs": [run.result() for run in mine],
            }
        )
    result = {**about, "rows": of_rows}
    out.parent.mkdir(parents=True, exist_ok=True)
    files.write_json(out, result)
    lines = summary.table(result)
    files.write_text(out.with_suffix(".md"), "\n".join(lines) + "\n")
    return result


class Known:
    """The trainings of some results files, which need not be made again.

    Args:
        paths: Files that `stalstm.comparison` wrote.

    Attributes:
        left_out: File and name of each row by a recipe of another version,
            which has fields that are unknown here.

    Raises:
        ValueError: There is no such file, or it is none of results.
    """

    def __init__(self, paths: Iterable[pathlib.Path]):
        self._results: list[tuple[dict[str, Any], dict[str, Any]]] = []
        self.left_out: list[str] = []
        for path in paths:
            try:
                content = files.read_json(path)
                for row in content["rows"]:
                    self._add(row, content["dataset"], path)
            except (OSError, KeyError, TypeError, ValueError) as error:
                raise ValueError(
                    "expected files that stalstm.comparison wrote. "
                    f"Received: {path} ({error!r})"
                ) from None

    def _add(
        self, row: Mapping[str, Any], dataset: str, path: pathlib.Path
    ) -> None:
        method = {"baseline": row["baseline"]}
        if row["fields"]:
            try:
                method = {"recipe": Recipe.from_dict(row["fields"])}
            except ValueError:
                self.left_out.append(f"{path}: {row['name']}")
                return
        for run in row["runs"]:
            about = {
                **method,
                "dataset": dataset,
                "training_split": run["trained_on"],
                "test_split": run["evaluated_on"],
                "seed": run["seed"],
            }
            self._results.append((about, run))

    def find(self, about: Mapping[str, Any]) -> dict[str, Any] | None:
        """The result of a training.

        Args:
            about: Its `recipe` or `baseline`, and what a workdir says of it:
                `dataset`, `training_split`, `test_split`, `seed`.

        Returns:
            What `Run.result` gave; `None` if no file has it.
        """
        return next((run for x, run in self._results if x == about), None)
