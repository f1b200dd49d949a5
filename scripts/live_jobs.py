"""What a live run tries of packages and of workflow runs; both may cost."""

import json
import os
import time
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus

from live_place import CREATED, OK, WORKFLOW, Live, Step, said

from monokeel.adapters.registry import Registry
from monokeel.adapters.registry_access import Login
from monokeel.adapters.session import Session
from monokeel.ground.answers import Absent, Found, Json, as_list, as_object
from sandbox.packer import Target, pack

_NO_PACKAGES = "not tried: give --packages, and a token that may write packages"
_NO_RUNS = "not tried: give --runs"
_LAG_S, _RUN_S = 15, 300
_TITLE = "what a job sees"
QUERY = "{viewer{login}}"
# The job writes down what it sees as an issue: that is one of the things to see.
TEXT = f"""\
name: Live
on: workflow_dispatch
permissions: {{contents: read, deployments: read, issues: write}}
jobs:
  live:
    runs-on: ubuntu-24.04
    environment: {{name: live-job, deployment: false}}
    steps:
      - env:
          GH_TOKEN: ${{{{ github.token }}}}
          HERE: ${{{{ github.repository }}}}
        run: |
          login=$(gh api graphql -f query='{QUERY}' -q .data.viewer.login)
          variable=$(gh api "repos/$HERE/actions/variables/LIVE" -q .value || true)
          listed=$(gh api "repos/$HERE/deployments" -q length || true)
          jq -n --arg login "$login" --arg variable "$variable" \\
            --arg listed "$listed" '$ARGS.named' > seen.json
          gh issue create -R "$HERE" -t '{_TITLE}' -F seen.json
"""


def _registry(live: Live) -> tuple[Registry, str, str]:
    """Return the registry, the name of an image there, and its host."""
    address = os.environ.get("MONOKEEL_REGISTRY", "https://ghcr.io")
    password = os.environ.get("MONOKEEL_REGISTRY_PASSWORD") or live.github.token
    login = Login(user="token", password=password)
    name = f"{live.github.repository}/live".lower()
    host = address.partition("//")[2]
    return Registry(live.session, address=address, login=login), name, host


def _push(live: Live, tag: str) -> str:
    """Push an image of one file as *tag* and return its digest."""
    _, name, host = _registry(live)
    context = live.folder / "image"
    context.mkdir(exist_ok=True)
    (context / "Dockerfile").write_text("FROM scratch\nCOPY . /\n", encoding="utf-8")
    (context / "tag").write_text(tag, encoding="utf-8")
    source = f"https://github.com/{live.github.repository}"
    label = {"org.opencontainers.image.source": source}
    image = pack(context, label, created=datetime.fromtimestamp(0, UTC))
    password = os.environ.get("MONOKEEL_REGISTRY_PASSWORD") or live.github.token or ""
    Target(f"{host}/{name}:{tag}", "token", password).push(image)
    return image.digest


def absent_package(live: Live) -> str:
    """Ask for a package that is not there, then for a tag of one that is."""
    if not live.packages:
        return _NO_PACKAGES
    registry, name, _ = _registry(live)
    before = registry.look_up(name, "1")
    _push(live, "1")
    after = registry.look_up(name, "2")
    if not isinstance(before, Absent):
        return f"an absent package: {before}"
    return "" if isinstance(after, Absent) else f"an absent tag: {after}"


def shown_soon(live: Live) -> str:
    """Push five tags and wait until each is shown."""
    if not live.packages:
        return _NO_PACKAGES
    registry, name, _ = _registry(live)
    slowest = 0.0
    for number in range(5):
        digest, began = _push(live, f"lag{number}"), time.monotonic()
        while (seen := registry.look_up(name, f"lag{number}")) != Found(digest=digest):
            if time.monotonic() > began + _LAG_S:
                return f"after {_LAG_S} s there was {seen}"
            time.sleep(0.2)
        slowest = max(slowest, time.monotonic() - began)
    return ""


def second_tag(live: Live) -> str:
    """Give the bytes of one tag another one."""
    if not live.packages:
        return _NO_PACKAGES
    registry, name, _ = _registry(live)
    digest = _push(live, "first")
    registry.give_tag(name, digest, "second")
    seen = registry.digest_at(name, "second")
    return "" if seen == digest else f"the second has {seen}"


def cancelled(live: Live) -> str:
    """Begin an upload and take it back; look at the words of the challenge."""
    if not live.packages:
        return _NO_PACKAGES
    registry, name, host = _registry(live)
    before = len(live.session.exchanges)
    may = registry.may_push_all([name])
    asked = [x for x in live.session.exchanges[before:] if x["method"] == "DELETE"]
    answers = [each["status"] for each in asked]
    if may != [True] or answers != [HTTPStatus.METHOD_NOT_ALLOWED]:
        return f"{may}, then {answers}"
    plain = Session().request("GET", f"{_address(host)}/v2/{name}/manifests/1")
    challenge = plain.headers.get("WWW-Authenticate", "")
    return "" if 'service="ghcr.io"' in challenge else f"it says {challenge!r}"


def _address(host: str) -> str:
    local = host.startswith("127.0.0.1")
    return f"{'http' if local else 'https'}://{host}"


def _seen(live: Live) -> dict[str, Json] | str:
    """Return what the job wrote down, and who opened its issue; a text if none did."""
    if not live.runs:
        return _NO_RUNS
    if live.job == {}:
        live.job = _run(live)
    return live.job


def _run(live: Live) -> dict[str, Json] | str:
    name = WORKFLOW.rpartition("/")[2]
    for path, body in (
        ("/actions/variables", {"name": "LIVE", "value": "x"}),
        (f"/actions/workflows/{name}/dispatches", {"ref": "main"}),
    ):
        answer = live.ask("POST", path, dict(body))
        if answer.status not in (OK, CREATED, HTTPStatus.NO_CONTENT):
            return said(answer)
    live.made.append(partial(live.ask, "DELETE", "/actions/variables/LIVE"))
    live.made.append(partial(live.ask, "DELETE", "/environments/live-job"))
    until = time.monotonic() + _RUN_S
    while time.monotonic() < until:
        listed = as_list(live.ask("GET", "/issues?creator=github-actions[bot]").json())
        for issue in map(as_object, listed):
            if issue.get("title") == _TITLE:
                seen = as_object(json.loads(str(issue["body"])))
                return {**seen, "author": as_object(issue["user"])["login"]}
        time.sleep(float(os.environ.get("LIVE_POLL_S", "5")))
    return f"no issue of the job within {_RUN_S} s"


def _of_job(live: Live, name: str, wanted: str) -> str:
    seen = _seen(live)
    if isinstance(seen, str):
        return seen
    return "" if seen.get(name) == wanted else f"{name} is {seen.get(name)!r}"


def job_environment(live: Live) -> str:
    """Look at the Environment that the job named and nobody made."""
    seen = _seen(live)
    if isinstance(seen, str):
        return seen
    answer = live.ask("GET", "/environments/live-job")
    if answer.status != OK:
        return said(answer)
    policy = as_object(answer.json()).get("deployment_branch_policy")
    return "" if policy is None else f"its branches are {policy}"


BOT = "github-actions[bot]"
STEPS = (
    Step(row="GHCR answers 404 `MANIFEST_UNKNOWN`", see=absent_package),
    Step(row="GHCR shows a tag within 15 seconds", see=shown_soon),
    Step(row="GHCR accepts a second PUT", see=second_tag),
    Step(row="GHCR answers DELETE of an upload", see=cancelled),
    Step(
        row="`GET /issues?creator=github-actions[bot]`",
        see=partial(_of_job, name="author", wanted=BOT),
    ),
    Step(
        row="`creator.login` of a bot has no suffix",
        see=partial(_of_job, name="login", wanted=BOT),
    ),
    Step(
        row="`GET actions/variables/PROMOTE_HOLD`",
        see=partial(_of_job, name="variable", wanted="x"),
    ),
    Step(row="GitHub makes an Environment that a job names", see=job_environment),
)
