"""Every job with a token of its own, which has the rights of its ``permissions:``.

act has one token for all jobs and knows no permissions, so a right that a job lacks
would only be missed on GitHub. The copies are for local runs, never for a commit.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

import yaml

from monokeel.ground.answers import Json, as_object, as_text
from sandbox.actors import TOKENS
from sandbox.server import Sandbox

_JOB = re.compile(r"^(?=  [\w-]+:\n)", re.MULTILINE)
_TOKEN = re.compile(r"\bgithub\.token\b|\bsecrets\.GITHUB_TOKEN\b")


def give_tokens(text: str) -> str:
    """Return the workflow *text*; each job names its own token (see ``secrets``)."""
    head, line, jobs = text.partition("\njobs:\n")
    parts = [_TOKEN.sub(f"secrets.{_secret(part)}", part) for part in _JOB.split(jobs)]
    return head + line + "".join(parts)


def admit_jobs(box: Sandbox, text: str) -> dict[str, str]:
    """Let *box* know the token of each job of the workflow *text*; return the secrets.

    Like the token of a workflow they are GitHub Actions', for as long as *box* runs.
    """
    actions = box.state.people[TOKENS["actions"]]
    secrets = {}
    for part in filter(str.strip, _JOB.split(text.partition("\njobs:\n")[2])):
        token = f"sandbox-{_secret(part).lower()}-{len(box.state.people)}"
        box.state.people[token] = replace(actions, name=token, rights=_rights(part))
        secrets[_secret(part)] = token
    return secrets


def admit_app(box: Sandbox, text: str) -> str:
    """Let *box* know the token that the workflow *text* asks its App for; return it."""
    asked = re.findall(r"^ +permission-([a-z-]+): (read|write)\b", text, re.MULTILINE)
    rights = frozenset(f"{area.replace('-', '_')}:{level}" for area, level in asked)
    token = f"sandbox-app-{len(box.state.people)}"
    app = box.state.people[TOKENS["app"]]
    box.state.people[token] = replace(app, name=token, rights=rights)
    return token


def _rights(job: str) -> frozenset[str]:
    loaded: Json = yaml.safe_load(job)
    [body] = as_object(loaded).values()
    permissions: Mapping[str, Json] = as_object(as_object(body)["permissions"])
    return frozenset(
        f"{area.replace('-', '_')}:{as_text(level)}"
        for area, level in permissions.items()
    )


def _secret(job: str) -> str:
    name = job.strip().partition(":")[0]
    return f"TOKEN_OF_{name.replace('-', '_').upper()}"
