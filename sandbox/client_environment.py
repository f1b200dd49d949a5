"""The variables that point git, gh and the tasks at a sandbox."""

import shlex
import sys
from pathlib import Path

from sandbox.state import Identity

# gh takes the host of a remote for the one to ask, and leaves its port out.
GH_HOST = "127.0.0.1"
_SSH = Path(__file__).with_name("ssh.py")


def environment(
    where: Identity, token: str, *, registry: str, gh_config: Path
) -> dict[str, str]:
    """Return the variables for *token*; an empty one leaves the tokens out."""
    command = [sys.executable, "-I", "-S", str(_SSH), "--sandbox", where.base]
    pairs = _git_settings(where.base)
    variables = {
        "GITHUB_API_URL": where.base,
        "GITHUB_SERVER_URL": where.base,
        "GITHUB_REPOSITORY": where.full_name,
        "MONOKEEL_REGISTRY": registry,
        "GH_CONFIG_DIR": str(gh_config),
        "GH_HOST": GH_HOST,
        "GH_REPO": f"{GH_HOST}/{where.full_name}",
        "GIT_SSH_COMMAND": shlex.join(command),
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_CONFIG_COUNT": str(len(pairs)),
    }
    for place, (key, value) in enumerate(pairs):
        variables[f"GIT_CONFIG_KEY_{place}"] = key
        variables[f"GIT_CONFIG_VALUE_{place}"] = value
    if token:
        # gh sends GH_TOKEN to github.com and the third to every other host.
        names = ("GITHUB_TOKEN", "GH_TOKEN", "GH_ENTERPRISE_TOKEN")
        variables |= dict.fromkeys(names, token)
    return variables


def _git_settings(base: str) -> list[tuple[str, str]]:
    helper = (
        '!f() { test -z "$GITHUB_TOKEN" || '
        'printf "username=x-access-token\\npassword=%s\\n" "$GITHUB_TOKEN"; }; f'
    )
    return [
        (f"url.{base}/.insteadOf", "https://github.com/"),
        (f"url.{base}/.insteadOf", f"https://{GH_HOST}/"),  # gh repo clone
        (f"credential.{base}.helper", helper),
    ]
