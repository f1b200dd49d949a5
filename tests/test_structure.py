"""Rules of the code that no linter has: length, names, and a fast start."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("src", "sandbox", "tests", "scripts", "bench")
FILES = sorted(
    path
    for folder in FOLDERS
    for path in (ROOT / folder).rglob("*.py")
    if not any(part.startswith(".venv") for part in path.parts)
)
LONGEST_MODULE = 400
LONGEST_FUNCTION = 40
VAGUE = {"utils", "helpers", "common", "models"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_is_short_and_named_for_what_it_knows(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert path.stem not in VAGUE
    assert len(text.splitlines()) <= LONGEST_MODULE
    assert [f"{name}: {lines} lines" for name, lines in long_functions(text)] == []


def long_functions(text: str) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > LONGEST_FUNCTION + docstring_lines(node):
                yield node.name, lines


def docstring_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    docstring = ast.get_docstring(node, clean=False)
    return len(docstring.splitlines()) if docstring else 0


def test_a_long_function_is_noticed() -> None:
    body = "\n".join("    pass" for _ in range(LONGEST_FUNCTION))

    assert list(long_functions(f"def f():\n{body}\n")) == [("f", 41)]


def test_listing_the_tasks_imports_no_library_but_invoke() -> None:
    code = (
        "import invoke, pathlib, sys; own = set(sys.modules);"  # invoke takes yaml
        "import monokeel.tasks.program as program;"
        "program.collection(pathlib.Path()).to_contexts();"
        "late = {'requests', 'semver', 'rich', 'yaml', 'copier'};"
        "print(sorted(late & (set(sys.modules) - own)))"
    )

    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "[]\n"
