"""No file that somebody sends can run code."""

import ast
import pathlib

import pytest

ROOT = pathlib.Path(__file__).parents[1]
SOURCES = [
    *ROOT.glob("*.py"),
    *(ROOT / "stalstm").rglob("*.py"),
    *(ROOT / "datasets").rglob("*.py"),
]
# Between a process and its own children, over pipes.
ALLOWED = {"datasets/parts.py": {"import pickle"}}
MODULES = {"pickle", "dill", "cloudpickle", "shelve", "marshal", "joblib"}
CALLS = {"eval", "exec", "compile", "yaml.load", "__import__"}
# Keywords of calls, and the value that is unsafe.
KEYWORDS = {"allow_pickle": True, "safe_mode": False, "shell": True}
NAMES = {"enable_unsafe_deserialization", "Unpickler"}


def unsafe(tree: ast.AST) -> set[str]:
    """What could run code that is in a file."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = {x.name.partition(".")[0] for x in node.names}
            found |= {f"import {x}" for x in names & MODULES}
        elif isinstance(node, ast.ImportFrom):
            module = (node.module or "").partition(".")[0]
            found |= {f"import {x}" for x in {module} & MODULES}
        elif isinstance(node, ast.Call):
            # A method of another object may have such a name.
            name = ast.unparse(node.func)
            found |= {name} & CALLS
            for keyword in node.keywords:
                value = getattr(keyword.value, "value", None)
                if keyword.arg in KEYWORDS and value is KEYWORDS[keyword.arg]:
                    found.add(f"{keyword.arg}={value}")
        elif isinstance(node, ast.Attribute | ast.Name):
            name = node.attr if isinstance(node, ast.Attribute) else node.id
            found |= {name} & NAMES
    return found


def test_nothing_runs_what_a_file_says():
    found = {
        path.relative_to(ROOT).as_posix(): unsafe(ast.parse(path.read_bytes()))
        for path in SOURCES
    }
    assert len(found) > 100
    assert {name: what for name, what in found.items() if what} == ALLOWED


@pytest.mark.parametrize(
    "code",
    [
        "import pickle",
        "from dill import loads",
        "eval(x)",
        "yaml.load(x)",
        "np.load(x, allow_pickle=True)",
        "keras.saving.load_model(x, safe_mode=False)",
        "keras.config.enable_unsafe_deserialization()",
        "subprocess.run(x, shell=True)",
    ],
)
def test_what_is_unsafe_is_found(code):
    assert unsafe(ast.parse(code))
