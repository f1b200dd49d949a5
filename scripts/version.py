"""Prepare the pull request that releases the template.

    python scripts/version.py 1.1.0
    python scripts/version.py changelog

The first writes the version, the wheel with its hash, the manifest, and a section of
the changelog; the second writes the section of this version anew. git-cliff lists what
was merged since the last release; what repositories must do stands in the footer
``Repositories-Must:`` of the commits. What people wrote stays: the two to five
sentences below the heading, and what they added to what repositories must do. Once the
pull request is merged the workflow Release makes the tag.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MUST = "### What repositories must do"
TOP = "TODO: say in two to five sentences what this version is for."
NOTHING = "Nothing."


def git(*args: str) -> str:
    """Return what git prints for *args*, "" where it fails."""
    command = ["git", "-C", str(ROOT), *args]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else ""


def listed() -> str:
    """Return what git-cliff lists of the commits since the last release, by kind."""
    cliff = str(Path(sys.executable).with_name("git-cliff"))
    config = str(ROOT / "pyproject.toml")
    command = [cliff, "--config", config, "--unreleased", "--strip", "all"]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def told() -> list[str]:
    """Return what the commits since the last release say that repositories must do."""
    last = git("describe", "--tags", "--abbrev=0", "--match", "v[0-9]*")
    since = f"{last}..HEAD" if last else "HEAD"
    footer = "--format=%(trailers:key=Repositories-Must,valueonly)"
    said = git("log", "--no-merges", "--reverse", since, footer).splitlines()
    return [f"- {each}" for each in said if each]


def section(version: str, before: str = "") -> str:
    """Return the section of *version*; what people wrote into *before* stays."""
    top = before.partition("\n### ")[0].strip() or TOP
    kept = before.partition(f"{MUST}\n")[2].strip().removeprefix(NOTHING).strip()
    new = [each for each in told() if each not in kept.splitlines()]
    must = "\n".join([*filter(None, [kept]), *new]) or NOTHING
    return "\n\n".join([f"## {version}", top, *filter(None, [listed()]), MUST, must])


def written(text: str, version: str) -> str:
    """Return the changelog *text* with the section of *version*, made anew."""
    start, *parts = re.split(r"^## (?=\d)", text, flags=re.MULTILINE)
    others = [each.strip() for each in parts if not each.startswith(f"{version}\n")]
    [before] = [x for x in parts if x.startswith(f"{version}\n")] or [""]
    made = section(version, before.removeprefix(version))
    blocks = [start.strip(), made, *(f"## {each}" for each in others)]
    return "\n\n".join(blocks) + "\n"


def main(asked: str) -> None:
    """Write the version *asked* for everywhere, or the changelog alone."""
    path, changelog = ROOT / "TEMPLATE_VERSION", ROOT / "CHANGELOG.md"
    again, now = asked == "changelog", path.read_text(encoding="utf-8").strip()
    version = now if again else asked
    if re.fullmatch(r"(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*)){2}", version) is None:
        raise SystemExit(f"{version!r} is no version; write it as 1.1.0")
    if [*map(int, version.split("."))] < [*map(int, now.split("."))]:
        raise SystemExit(f"{version} is below {now}, which TEMPLATE_VERSION has")
    text = changelog.read_text(encoding="utf-8")
    if not again and f"\n## {version}\n" in text:
        raise SystemExit(f"CHANGELOG.md has a section {version} already")
    changelog.write_text(written(text, version), encoding="utf-8")
    if again:
        return
    path.write_text(f"{version}\n", encoding="utf-8")
    subprocess.run([sys.executable, str(ROOT / "scripts/regen.py")], check=True)
    print(f"Commit this as: chore: version {version}")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
