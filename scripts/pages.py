"""Make the documentation site from docs/: `nox -s site`.

    python3 scripts/pages.py FOLDER [--versions]

Sphinx and its theme have an environment of their own, `.venv-docs`, made when missing.

With --versions also a folder for each release tag that has a site. Links that leave the
pages lead to the repository; one that leads nowhere fails the build.
"""

import argparse
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from dev import load_launcher

ROOT = Path(__file__).resolve().parent.parent
_LINK = re.compile(r"(\]\()([^)\s#:]+)((?:#[^)]*)?\))")
_ORDER = {
    "Learn": ["tutorial"],
    "Do": [
        "how-to/adopt",
        "how-to/connect-to-github",
        "how-to/release",
        "how-to/hotfix",
        "how-to/promote",
        "how-to/deployers",
        "how-to/incident",
        "how-to/upgrade",
        "how-to/leave",
        "how-to/sandbox",
        "how-to/develop",
        "operations",
    ],
    "Look up": ["reference/*"],
    "Understand": ["architecture", "decisions/index", "threats", "unconfirmed"],
    "The project": ["readme", "questions", "changelog", "contributing", "security"],
}
# Pages that stand elsewhere, and their names in the site.
_MORE = {
    "template/docs/OPERATIONS.md": "operations.md",
    "README.md": "readme.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
}


def repository(root: Path) -> str:
    """Return the address of the repository, as pyproject.toml names it."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    return str(project["project"]["urls"]["Repository"])


def prepare(root: Path, pages: Path) -> None:
    """Put the pages of the checkout *root* into *pages*, ready for Sphinx."""
    shutil.copytree(root / "docs", pages)
    for found, name in _MORE.items():
        shutil.copyfile(root / found, pages / name)
    places = {root / found: pages / name for found, name in _MORE.items()}
    places |= {
        p: pages / p.relative_to(root / "docs") for p in (root / "docs").rglob("*")
    }
    for source, page in places.items():
        if source.suffix == ".md":
            text = page.read_text(encoding="utf-8")
            page.write_text(_linked(text, source, page, (root, places)), "utf-8")
    listed = sorted(path.stem for path in (pages / "decisions").glob("0*.md"))
    rows = "\n".join(listed)
    index = f"# Decisions\n\n```{{toctree}}\n:maxdepth: 1\n\n{rows}\n```\n"
    (pages / "decisions/index.md").write_text(index, encoding="utf-8")
    with (pages / "index.md").open("a", encoding="utf-8") as file:
        for caption, names in _ORDER.items():
            file.write(
                f"\n```{{toctree}}\n:caption: {caption}\n:maxdepth: 1\n:hidden:\n"
                f"{':glob:' if '*' in names[0] else ''}\n\n"
                + "\n".join(names)
                + "\n```\n"
            )


def _linked(
    text: str, source: Path, page: Path, where: tuple[Path, dict[Path, Path]]
) -> str:
    root, places = where

    def lead(match: re.Match[str]) -> str:
        goal = (source.parent / match[2]).resolve()
        if goal in places and goal.suffix:
            inside = os.path.relpath(places[goal], page.parent)
            return f"{match[1]}{inside}{match[3]}"
        if goal == root / "docs/decisions" or goal == root / "docs/decisions/index.md":
            inside = os.path.relpath(places[root / "docs/decisions"], page.parent)
            return f"{match[1]}{inside}/index.md{match[3]}"
        if goal.exists():
            kind = "tree" if goal.is_dir() else "blob"
            path = goal.relative_to(root).as_posix()
            return f"{match[1]}{repository(root)}/{kind}/main/{path}{match[3]}"
        return match[0]  # Sphinx says that it leads nowhere

    return _LINK.sub(lead, text)


def build(root: Path, folder: Path, version: str) -> None:
    """Build the site of the checkout *root* into *folder*; warnings are errors."""
    with tempfile.TemporaryDirectory() as name:
        pages = Path(name) / "pages"
        prepare(root, pages)
        sphinx = [sys.executable, "-m", "sphinx", "-q", "-n", "-W", "--keep-going"]
        subprocess.run(
            [*sphinx, "-b", "html", str(pages), str(folder)],
            check=True,
            env={**os.environ, "SITE_VERSION": version},
        )


def build_versions(folder: Path) -> None:
    """Build each release tag that has a site into a folder of its name."""
    listed = subprocess.run(
        ["git", "tag", "--list", "v*"],  # noqa: S607
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    for tag in listed.stdout.split():
        with tempfile.TemporaryDirectory() as name:
            tree = Path(name) / "tree"
            add = ["git", "worktree", "add", "-q", "--detach", str(tree), tag]
            subprocess.run(add, cwd=ROOT, check=True)
            try:
                if (tree / "docs/conf.py").is_file():
                    build(tree, folder / tag, tag.removeprefix("v"))
            finally:
                remove = ["git", "worktree", "remove", "--force", str(tree)]
                subprocess.run(remove, cwd=ROOT, check=True)


def main() -> None:
    """Build what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--versions", action="store_true")
    chosen = parser.parse_args()
    if importlib.util.find_spec("sphinx") is None:
        home = ROOT / ".venv-docs"
        load_launcher().make_current(str(home), str(ROOT / "requirements-docs.txt"))
        python = str(home / "bin/python")
        os.execv(python, [python, *sys.argv])  # noqa: S606 - no shell
    version = (ROOT / "TEMPLATE_VERSION").read_text(encoding="utf-8").strip()
    folder = chosen.folder.absolute()
    build(ROOT, folder, version)
    if chosen.versions:
        build_versions(folder)
    (folder / ".nojekyll").touch()


if __name__ == "__main__":
    main()
