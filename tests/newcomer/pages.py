"""Code blocks of the README and of the tutorials.

A block that cannot run in a test comes after a line

    <!-- not run: REASON -->
"""

import dataclasses
import pathlib
import re

_LINK = re.compile(r"\]\((docs/[\w/.-]+\.md)")
_NOT_RUN = re.compile(r"<!-- not run: (.+) -->")
_FENCE = re.compile(r"( *)```(\w*)$")


@dataclasses.dataclass(frozen=True)
class Block:
    """A fenced block of code.

    Attributes:
        place: The page and the line where the block begins.
        language: Its language, such as `"shell"`; may be empty.
        text: What is between the fences.
        not_run: Why it cannot run in a test; empty if it can.
    """

    place: str
    language: str
    text: str
    not_run: str

    def commands(self) -> list[str]:
        """The commands of a shell block: no comments, each on one line."""
        lines = self.text.replace("\\\n", "").splitlines()
        commands = [re.sub(r"(^|\s)#.*", "", line).strip() for line in lines]
        return list(filter(None, commands))


def pages(root: pathlib.Path) -> list[pathlib.Path]:
    """The README and the pages in `docs/`, those that it links to first."""
    readme = root / "README.md"
    linked = [root / x for x in _LINK.findall(readme.read_text())]
    others = sorted((root / "docs").rglob("*.md"))
    return list(dict.fromkeys([readme, *linked, *others]))


def blocks(root: pathlib.Path) -> list[Block]:
    """The blocks of all pages, in order."""
    found = []
    for page in pages(root):
        lines = iter(enumerate(page.read_text().splitlines(), start=1))
        not_run = ""
        for number, line in lines:
            if match := _NOT_RUN.match(line.strip()):
                not_run = match[1]
            elif match := _FENCE.match(line):
                indent, language = match.groups()
                text = []
                for _, inside in lines:
                    if inside == f"{indent}```":
                        break
                    text.append(f"{inside.removeprefix(indent)}\n")
                place = f"{page.relative_to(root)}, line {number}"
                found.append(Block(place, language, "".join(text), not_run))
                not_run = ""
            elif line.strip():
                not_run = ""
    return found
