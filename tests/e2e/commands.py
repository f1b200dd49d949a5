"""Run ./inv on the sandbox as a user does, and read its JSON."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from sandbox.server import Sandbox


def inv(
    shop: Path,
    box: Sandbox,
    *arguments: str,
    token: str = "admin",
    more: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    home = shop.parent / "home"
    home.mkdir(exist_ok=True)
    return subprocess.run(
        ["./inv", *arguments],
        cwd=shop,
        env={
            **os.environ,
            **box.environ(token),
            "HOME": str(home),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            **(more or {}),
        },
        check=False,
        capture_output=True,
        encoding="utf-8",
    )


def answer(done: subprocess.CompletedProcess[str]) -> dict[str, object]:
    value = json.loads(done.stdout)
    assert isinstance(value, dict)
    assert value["schema"] == 1
    return value
