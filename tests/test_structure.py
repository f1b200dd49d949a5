"""Rules of the code that no linter has: sizes, names, and a fast start."""

import ast
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

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
MOST_NAMES = 25
VAGUE = {"utils", "helpers", "common", "models"}


def module_length(text: str) -> int:
    return len(text.splitlines())


def imported_names(text: str) -> int:
    """Count the names that a module imports at its top; a task imports late."""
    return len(
        {
            alias.asname or alias.name
            for node in ast.parse(text).body
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }
    )


def function_lengths(text: str) -> Iterator[tuple[str, int]]:
    """Yield name and lines of each function, its docstring left out."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            docstring = ast.get_docstring(node, clean=False) or ""
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            yield node.name, lines - len(docstring.splitlines())


def too_big(sizes: dict[str, int], limit: int) -> dict[str, int]:
    return {name: size for name, size in sizes.items() if size > limit}


def test_every_size_is_below_its_limit(capsys: pytest.CaptureFixture[str]) -> None:
    texts = {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for path in FILES
    }
    modules = {path: module_length(text) for path, text in texts.items()}
    names = {
        path.removeprefix("src/monokeel/"): imported_names(text)
        for path, text in texts.items()
        if path.startswith("src/")
    }
    functions = {
        f"{path}::{name}": lines
        for path, text in texts.items()
        for name, lines in function_lengths(text)
    }
    with capsys.disabled():
        for what, sizes in (("module", modules), ("function", functions)):
            ours = [size for path, size in sizes.items() if path.startswith("src/")]
            sys.stdout.write(f"\nmedian {what} of src: {median(ours):g} lines")
        sys.stdout.write("\n")

    assert too_big(modules, LONGEST_MODULE) == {}
    assert too_big(functions, LONGEST_FUNCTION) == {}
    assert too_big(names, MOST_NAMES) == {}
    assert [path for path in texts if Path(path).stem in VAGUE] == []


@pytest.mark.parametrize(
    ("count", "text", "size"),
    [
        (module_length, "a = 1\n" * 401, 401),
        (imported_names, "import a\nfrom b import c, d as e\nimport a\n", 3),
        (imported_names, "def f():\n    from x import y\n", 0),
        (function_lengths, "def f():\n" + "    pass\n" * 40, ("f", 41)),
        (function_lengths, 'def f():\n    """A.\n\n    B."""\n    pass\n', ("f", 2)),
    ],
)
def test_what_is_too_big_is_noticed(
    count: Callable[[str], object], text: str, size: object
) -> None:
    found = count(text)

    assert (next(found) if isinstance(found, Iterator) else found) == size


def test_listing_the_tasks_imports_no_library_but_invoke() -> None:
    code = (
        "import invoke, pathlib, sys; own = set(sys.modules);"  # invoke takes yaml
        "import monokeel.tasks.program as program;"
        "program.collection(pathlib.Path()).to_contexts();"
        "late = {'requests', 'semver', 'rich', 'yaml', 'copier'};"
        "late.add('monokeel.ground.report');"  # 6 ms, and nothing to report yet
        "print(sorted(late & (set(sys.modules) - own)))"
    )

    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "[]\n"


# Text from outside has one reader for each form, which never ends in a bug.
READERS = {
    "ground/parsers.py": {"loads", "load", "fromisoformat", "parsedate_to_datetime"},
    "adapters/addresses.py": {"urlsplit", "urlparse", "urljoin"},
}


def calls_of(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call):
            function = node.func
            name = getattr(function, "attr", getattr(function, "id", ""))
            module = getattr(getattr(function, "value", None), "id", "")
            if module != "tomllib":
                yield name


def test_text_from_outside_has_one_reader_for_each_form() -> None:
    package = ROOT / "src/monokeel"
    own = {name for names in READERS.values() for name in names}
    found = []
    for path in sorted(package.rglob("*.py")):
        place = str(path.relative_to(package))
        allowed = READERS.get(place, set())
        called = set(calls_of(path.read_text(encoding="utf-8")))
        found += [f"{place}: {name}" for name in sorted(called & own - allowed)]

    assert found == []


def test_a_second_reader_is_noticed() -> None:
    assert list(calls_of("import json\njson.loads('1')")) == ["loads"]


@pytest.mark.parametrize(
    ("path", "line", "says"),
    [
        ("ground/words.py", "", ""),
        (
            "policy/plan.py",
            "def f():\n    from monokeel.adapters import git",
            "monokeel.policy is not allowed to import monokeel.adapters",
        ),
        ("release/plan.py", "import time", "is not allowed to import time"),
        (
            "release/plan.py",
            "import monokeel.promotion",
            "monokeel.release is not allowed to import monokeel.promotion",
        ),
        ("release/plan.py", "import monokeel.policy", "import monokeel.policy"),
        ("adapters/git.py", "import requests", "is not allowed to import requests"),
        ("stray.py", "", "not listed as layers:\n\n- monokeel.stray"),
    ],
    ids=["nothing", "adapter", "time", "up", "beside", "door", "stray"],
)
def test_an_import_that_no_contract_allows_fails(
    tmp_path: Path, path: str, line: str, says: str
) -> None:
    """Our contracts on empty rooms, with one line that is wrong."""
    (tmp_path / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    package = tmp_path / "monokeel"
    for room in (ROOT / "src/monokeel").iterdir():
        if (room / "__init__.py").exists():
            (package / room.name).mkdir(parents=True)
            (package / room.name / "__init__.py").touch()
    for name in ("__init__.py", "__main__.py", "adapters/git.py", "promotion/move.py"):
        (package / name).touch()
    (package / path).write_text(line)

    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "PATH": ""},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )

    assert (done.returncode, says in done.stdout) == (bool(says), True), done.stdout
