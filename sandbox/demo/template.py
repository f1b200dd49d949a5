"""Two versions of this template, as an author would have released them."""

import json
import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ADDRESS = "https://github.com/monokeel/monokeel.git"
# What Copier and the tasks read of a template's repository: a tenth of its files.
READ = ("copier.yml", "questions", "template", "TEMPLATE_VERSION", "CHANGELOG.md")


# Nothing of the user's own settings: no name, no signing, no hooks.
_IDENTITY = ("user.name=Template Author", "user.email=author@example.com")
_SETTINGS = (*_IDENTITY, "commit.gpgsign=false", "tag.gpgsign=false")


def git(folder: Path, *args: str) -> str:
    """Run git in *folder*, as nobody in particular, and return what it prints."""
    settings = [word for each in _SETTINGS for word in ("-c", each)]
    done = subprocess.run(
        ["git", *settings, "-c", "core.hooksPath=/dev/null", *args],  # noqa: S607
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def release_template(folder: Path, *paths: str) -> str:
    """Make a repository at *folder* from this working tree, tagged, and return its tag.

    Tracked and new files are taken, ignored ones are not; of *paths* alone, if any.
    """
    folder.mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main")
    listed = git(ROOT, "ls-files", "-co", "--exclude-standard", "-z", "--", *paths)
    for name in filter(None, listed.split("\0")):
        if os.path.lexists(ROOT / name):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name, follow_symlinks=False)
    version = (folder / "TEMPLATE_VERSION").read_text(encoding="utf-8").strip()
    return _release(folder, version)


def release_next_template(folder: Path) -> str:
    """Change one managed file and release the next minor version; return its tag."""
    major, minor, _ = (folder / "TEMPLATE_VERSION").read_text().strip().split(".")
    guide = folder / "template/docs/OPERATIONS.md"
    text = guide.read_text(encoding="utf-8")
    text += "\n## Questions\n\nAsk the platform team.\n"
    guide.write_text(text, encoding="utf-8")
    manifest = folder / "template/ops/manifest.json"
    known = json.loads(manifest.read_text(encoding="utf-8"))
    blob = git(folder, "hash-object", "--no-filters", "template/docs/OPERATIONS.md")
    known["files"]["docs/OPERATIONS.md"] = f"100644 {blob}"
    manifest.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
    return _release(folder, f"{major}.{int(minor) + 1}.0")


def _release(folder: Path, version: str) -> str:
    (folder / "TEMPLATE_VERSION").write_text(f"{version}\n", encoding="utf-8")
    git(folder, "add", "-A", "-f")
    git(folder, "commit", "-q", "--no-verify", "-m", f"chore: release {version}")
    git(folder, "tag", f"v{version}")
    return f"v{version}"
