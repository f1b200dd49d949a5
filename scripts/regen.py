"""Make the generated copies again; `nox -s regen` runs this, a test compares them."""

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "template" / "ops")]


def golden() -> None:
    """Write tests/template/golden: what Jinja makes of each answer set."""
    from tests.template import renders  # noqa: PLC0415 - needs the path above

    renders.GOLDEN.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as base:
        source = renders.copy_source(Path(base, "monokeel"))
        for name, answers in renders.ANSWER_SETS.items():
            tree = renders.render(source, Path(base, name), answers)
            text = "".join(f"{line}\n" for line in renders.golden_lines(tree))
            (renders.GOLDEN / f"{name}.txt").write_text(text, encoding="utf-8")


def manifest() -> None:
    """Write template/ops/manifest.json: the hash of every managed file."""
    from tests.template import managed  # noqa: PLC0415 - needs the path above

    managed.MANIFEST.write_text(managed.manifest_text(), encoding="utf-8")


def main() -> None:
    """Make everything again."""
    manifest()  # first: the golden files are made from a render that holds it
    golden()


if __name__ == "__main__":
    main()
