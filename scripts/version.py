"""Prepare the pull request that releases the template.

    python scripts/version.py 1.1.0

Writes the version, the wheel with its hash, the manifest, and a section of the
changelog with what was merged since the last release. What repositories must do stands
in the footer ``Repositories-Must:`` of the commits; add to the section by hand. Once it
is merged the workflow Release makes the tag.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NOTED = re.compile(
    r"(?:feat|fix|perf|revert)(?:\([^)]*\))?!?: |[a-z]+(?:\([^)]*\))?!: "
)
HEADING = "### What repositories must do"


def git(*args: str) -> str:
    """Return what git prints for *args*, "" where it fails."""
    command = ["git", "-C", str(ROOT), *args]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else ""


def section(version: str) -> str:
    """Return the section of the changelog for *version*."""
    last = git("describe", "--tags", "--abbrev=0", "--match", "v[0-9]*")
    since = f"{last}..HEAD" if last else "HEAD"
    asked = ("log", "--no-merges", "--reverse", since)
    subjects = [x for x in git(*asked, "--format=%s").splitlines() if NOTED.match(x)]
    footer = "--format=%(trailers:key=Repositories-Must,valueonly)"
    must = [x for x in git(*asked, footer).splitlines() if x]
    told = "\n".join(f"- {each}" for each in must) or "Nothing."
    listed = "\n".join(f"- {each}" for each in subjects)
    return f"## {version}\n\n{listed}\n\n{HEADING}\n\n{told}\n\n"


def main(version: str) -> None:
    """Write *version* everywhere."""
    if re.fullmatch(r"\d+\.\d+\.\d+", version) is None:
        raise SystemExit(f"{version!r} is no version; write it as 1.1.0")
    changelog = ROOT / "CHANGELOG.md"
    text = changelog.read_text(encoding="utf-8")
    if f"\n## {version}\n" in text:
        raise SystemExit(f"CHANGELOG.md has a section {version} already")
    start, newest, rest = text.partition("\n## ")
    text = f"{start}\n{section(version)}{newest.lstrip()}{rest}"
    changelog.write_text(text, encoding="utf-8")
    (ROOT / "TEMPLATE_VERSION").write_text(f"{version}\n", encoding="utf-8")
    subprocess.run([sys.executable, str(ROOT / "scripts/regen.py")], check=True)
    print(f"Commit this as: chore: version {version}")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
