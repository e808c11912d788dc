import ast
import pathlib
import pkgutil
import subprocess
import sys

import stalstm.runtime.litert

BLOCKED = ("tensorflow", "keras", "tensorflow_serving", "tensorflow_datasets")


def test_the_runtime_needs_neither_tensorflow_nor_the_rest():
    modules = [
        module.name
        for module in pkgutil.iter_modules(
            stalstm.runtime.__path__, "stalstm.runtime."
        )
    ]
    assert len(modules) == 7
    code = (
        f"import sys\nfor x in {BLOCKED}: sys.modules[x] = None\n"
        f"import {', '.join(modules)}\n"
        "stalstm.runtime.client.connect('localhost:1', 'x')\n"
        "stalstm.runtime.client.connect('http://localhost:1', 'x')\n"
        "print(*(x for x in sys.modules if x.startswith('stalstm')))\n"
    )
    output = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout
    assert set(output.split()) == {"stalstm", "stalstm.runtime", *modules}


def test_the_module_that_travels_imports_nothing_of_ours():
    source = pathlib.Path(stalstm.runtime.litert.__file__).read_text()
    imported: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            imported.update(x.name.partition(".")[0] for x in node.names)
        elif isinstance(node, ast.ImportFrom):
            imported.add(str(node.module).partition(".")[0])
    others = imported - set(sys.stdlib_module_names)
    assert others == {"numpy", "ai_edge_litert"}
