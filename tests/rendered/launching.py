"""The launcher with a small package in the place of ours: no network is asked."""

import base64
import hashlib
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
LAUNCHER = ROOT / "inv"
MAIN = """\
import json, os, sys
def main():
    seen = {"cwd": os.getcwd(), "arguments": sys.argv[1:], "prefix": sys.prefix}
    print(json.dumps(seen))
if __name__ == "__main__":
    main()
"""
_METADATA = "Metadata-Version: 2.1\nName: monokeel\n"
_WHEEL = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
_SCRIPTS = "[console_scripts]\nmonokeel = monokeel.__main__:main\n"


def make_shop(base: Path) -> Path:
    """Make a repository with the launcher, what it needs, and no environment yet."""
    shop, wheels = base / "shop", make_wheels(base)
    (shop / "ops").mkdir(parents=True)
    shutil.copy2(LAUNCHER, shop / "inv")
    require(shop, wheels, "requirements.txt", "1.0")
    require(shop, wheels, "requirements-template.txt", "2.0")
    return shop


def make_wheels(base: Path) -> Path:
    """Make a folder with two versions of a package called monokeel."""
    folder = base / "wheels"
    folder.mkdir()
    for version in ("1.0", "2.0"):
        make_wheel(folder, version)
    return folder


def make_wheel(folder: Path, version: str) -> None:
    info = f"monokeel-{version}.dist-info"
    files = {
        "monokeel/__init__.py": "",
        "monokeel/__main__.py": MAIN,
        f"{info}/METADATA": f"{_METADATA}Version: {version}\n",
        f"{info}/WHEEL": _WHEEL,
        f"{info}/entry_points.txt": _SCRIPTS,
    }
    record = [f"{info}/RECORD,,"]
    with zipfile.ZipFile(folder / f"monokeel-{version}-py3-none-any.whl", "w") as wheel:
        for name, text in files.items():
            digest = hashlib.sha256(text.encode()).digest()
            hashed = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            record.append(f"{name},sha256={hashed},{len(text)}")
            wheel.writestr(name, text)
        wheel.writestr(f"{info}/RECORD", "\n".join(record) + "\n")


def require(shop: Path, wheels: Path, name: str, version: str) -> None:
    wheel = wheels / f"monokeel-{version}-py3-none-any.whl"
    shutil.copy2(wheel, shop / "ops")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    (shop / "ops" / name).write_text(f"./{wheel.name} --hash=sha256:{digest}\n")


def environment(shop: Path, *, uv: bool = True) -> dict[str, str]:
    """Return variables for the launcher: an empty HOME, and uv unless refused."""
    programs = shop.parent / "programs"
    home = shop.parent / "home"
    for folder in (programs, home):
        folder.mkdir(exist_ok=True)
    wanted = {"python3": sys.executable}
    if uv:
        wanted["uv"] = str(Path(sys.executable).with_name("uv"))
    for name, target in wanted.items():
        (programs / name).unlink(missing_ok=True)
        (programs / name).write_text(f'#!/bin/sh\nexec "{target}" "$@"\n')
        (programs / name).chmod(0o755)
    return {
        "PATH": f"{programs}:/usr/bin:/bin",
        "HOME": str(home),
        "PIP_NO_INDEX": "1",
        "UV_OFFLINE": "1",
    }


def launch(
    shop: Path, env: dict[str, str], *arguments: str, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [shop / "inv", *arguments],
        cwd=cwd or shop,
        env=env,
        check=False,
        capture_output=True,
        encoding="utf-8",
    )
