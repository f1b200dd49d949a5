"""Make the generated copies again; `nox -s regen` runs this, tests compare them.

    python scripts/regen.py [owner] [reference] [permissions] [wheel]
        [manifest] [golden]

Without an argument all of them, in this order: each may be part of the next.
"""

import hashlib
import os
import re
import sys
import tempfile
import tomllib
from pathlib import Path

from hatchling.build import build_wheel

from monokeel.adapters.wheel import repack

ROOT = Path(__file__).resolve().parent.parent
OPS = ROOT / "template" / "ops"
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]


def wheel() -> None:
    """Write the package as one wheel into template/ops, and its hash beside it."""
    os.chdir(ROOT)
    with tempfile.TemporaryDirectory() as folder:
        name = build_wheel(folder)
        content = repack(Path(folder, name).read_bytes())
    for old in OPS.glob("monokeel-*.whl"):
        old.unlink()
    (OPS / name).write_bytes(content)
    line = f"./{name} --hash=sha256:{hashlib.sha256(content).hexdigest()}\n"
    for lock in ("requirements.txt", "requirements-template.txt"):
        text = (OPS / lock).read_text(encoding="utf-8")
        text = re.sub(r"\A\./monokeel-.*\n", "", text)
        (OPS / lock).write_text(line + text, encoding="utf-8")


def golden() -> None:
    """Write tests/rendered/golden: what Jinja makes of each answer set."""
    from tests.rendered import renders  # noqa: PLC0415 - needs the path above

    renders.GOLDEN.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as base:
        source = renders.copy_source(Path(base, "monokeel"))
        for name, answers in renders.ANSWER_SETS.items():
            tree = renders.render(source, Path(base, name), answers)
            text = "".join(f"{line}\n" for line in renders.golden_lines(tree))
            (renders.GOLDEN / f"{name}.txt").write_text(text, encoding="utf-8")


def manifest() -> None:
    """Write template/ops/manifest.json: the hash of every managed file."""
    from tests.rendered import managed  # noqa: PLC0415 - needs the path above

    managed.MANIFEST.write_text(managed.manifest_text(), encoding="utf-8")


def permissions() -> None:
    """Write the table of permissions into the page that asks for them."""
    from tests.setup import permission_page  # noqa: PLC0415 - needs the path above

    text = permission_page.PAGE.read_text(encoding="utf-8")
    permission_page.PAGE.write_text(permission_page.renewed(text), encoding="utf-8")


def reference() -> None:
    """Write what the code knows into the schema and the pages of the reference."""
    from reference import main  # noqa: PLC0415 - needs the path above

    main()


def owner() -> None:
    """Write who hosts the template, as pyproject.toml says, into every document."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    name = project["project"]["urls"]["Repository"].split("/")[-2]
    places = ("README.md", "copier.yml", "pyproject.toml")
    for path in [*map(ROOT.joinpath, places), *(ROOT / "docs").rglob("*.md")]:
        text = path.read_text(encoding="utf-8")
        new = re.sub(
            r"github\.com/[^/\s]+/monokeel", f"github.com/{name}/monokeel", text
        )
        new = re.sub(
            r"//[\w-]+\.github\.io/monokeel", f"//{name}.github.io/monokeel", new
        )
        if new != text:
            path.write_text(new, encoding="utf-8")


def main(names: list[str]) -> None:
    """Make what *names* say again, or everything."""
    for make in (owner, reference, permissions, wheel, manifest, golden):
        if not names or make.__name__ in names:
            make()


if __name__ == "__main__":
    main(sys.argv[1:])
