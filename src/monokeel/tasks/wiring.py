"""What every task shares: the environment and the adapters made from it.

Adapters are imported inside the functions, so that ``./inv --list`` stays fast.
"""

import os
import re
from collections.abc import Callable
from contextlib import suppress
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from monokeel.adapters.addresses import (
    check_address,
    may_hold_login,
    parts_of,
    shown_address,
)
from monokeel.ground.errors import NO_ANSWER, RefusedError, UsageError

if TYPE_CHECKING:
    from monokeel.adapters.credentials import Credentials
    from monokeel.adapters.git import Git
    from monokeel.adapters.github import GitHub
    from monokeel.adapters.registry import Registry
    from monokeel.adapters.registry_access import Login
    from monokeel.adapters.rulesets import Rulesets
    from monokeel.adapters.session import Session
    from monokeel.ground.settings import Settings
    from monokeel.policy.rulesets import Ruleset
    from monokeel.promotion.ports import Outside

POLICY = "infra/rulesets.json"
WRITER = ("MONOKEEL_DEPLOY_KEY", "MONOKEEL_WRITER_KEY")
LOGIN = ("MONOKEEL_REGISTRY_USER", "MONOKEEL_REGISTRY_PASSWORD")
WRITER_KEY = "MONOKEEL_WRITER_KEY"  # the private key of the App that writes
_PEM = re.compile(r"-----BEGIN ([A-Z ]*PRIVATE KEY-----)([\w+/=\s]*)-----END \1")
_PUBLIC_API = "https://api.github.com"
_QUICK_S, _REMOTE_S = 2.0, 120.0


@cache
def root() -> Path:
    """Return the repository's root: the nearest folder here or above with ``infra/``.

    The folder at hand if there is none: what is missing there is then said by name.
    """
    here = Path.cwd()
    above = (each for each in (here, *here.parents) if (each / "infra").is_dir())
    return next(above, here)


def variable(*names: str) -> str | None:
    """Return the first of the environment variables *names* that is not empty."""
    values = (os.environ.get(name, "").strip() for name in names)
    return next(filter(None, values), None)


def token() -> str | None:
    """Return the token for GitHub, if one is set."""
    found = variable("GITHUB_TOKEN", "GH_TOKEN")
    if found is not None and re.fullmatch("[A-Za-z0-9._~+/=-]+", found) is None:
        problem = "GITHUB_TOKEN holds a space, a quote or a letter that no token has"
        fix = "Copy the token again, without anything around it."
        raise UsageError(problem, fix=fix)
    return found


def require_token(needs: str) -> None:
    """Refuse (UsageError) without a token what GitHub lets nobody do without one."""
    if token() is None:
        fix = f"Set it to a token with {needs}."
        raise UsageError("GITHUB_TOKEN is not set", fix=fix)


def private_key(name: str) -> str | None:
    """Return the private key in the variable *name*; UsageError for a path of one.

    Pasted keys come with Windows' line ends, indented, quoted, or in one line; ssh and
    openssl read none of these ("error in libcrypto").
    """
    found = variable(name)
    if found is not None and (key := _PEM.search(found.replace(r"\n", "\n"))):
        kind, body = key.groups()
        return "\n".join([f"-----BEGIN {kind}", *body.split(), f"-----END {kind}"])
    if found is not None and "PRIVATE KEY-----" not in found:
        problem = f"{name} holds no private key: its text is wanted, and not its path"
        raise UsageError(problem, fix=f'Set it again: export {name}="$(cat FILE)"')
    return found


def _address(name: str, default: str) -> str:
    """Return the address in the variable *name*; UsageError if none can be asked."""
    address = (variable(name) or default).rstrip("/")
    if {"?", "#"} & {*address} or may_hold_login(address):  # they may be a secret
        fix = "Write https://HOST; ./inv doctor lists the variables for credentials."
        raise UsageError(f"{name} holds a query or credentials", fix=fix)
    try:
        check_address(address)
    except UsageError as error:
        raise UsageError(f"{name}: {error.problem}", fix=error.fix) from error
    return address


# Of GitHub's REST API, and of its pages; without a final slash, as each address here.
api_address = partial(_address, "GITHUB_API_URL", _PUBLIC_API)
server_address = partial(_address, "GITHUB_SERVER_URL", "https://github.com")


def run_address() -> str:
    """Return where the workflow run that we are in is shown, ``""`` elsewhere."""
    repository, run = variable("GITHUB_REPOSITORY"), variable("GITHUB_RUN_ID")
    page = f"{server_address()}/{repository}/actions/runs/{run}"
    return page if repository and run else ""


def read_settings() -> "Settings":
    """Return ``infra/platform.toml``, parsed; raise UsageError if it is broken."""
    from monokeel.ground.settings import parse_settings

    settings = parse_settings(read_text("infra/platform.toml"))
    for number, freeze in enumerate(settings.freezes, 1):
        if not isinstance(freeze.window, tuple):
            from monokeel.adapters.machine import time_zone
            from monokeel.ground.toml import fail

            try:
                time_zone(freeze.window.zone)
            except UsageError as error:
                where = f"[[freezes]] {number} zone"
                raise fail(f"{where}: {error.problem}", fix=error.fix) from error
    return settings


def names_of(kind: Literal["services", "environments"]) -> list[str]:
    """Return the names in those tables of ``infra/platform.toml``, for completion."""
    return [each.name for each in getattr(read_settings(), kind)]


def read_text(path: str) -> str:
    """Return the text of *path* under the root, without a BOM; UsageError if none."""
    fix = "Run this in a repository made from the template, or restore the file."
    try:
        content = (root() / path).read_bytes()
        fix = "Write it as UTF-8; in PowerShell: … | Out-File -Encoding utf8"
        return content.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise UsageError(f"{path} cannot be read: {reason}", fix=fix) from error


def read_workflows() -> dict[str, str]:
    """Return name → text of the files in ``.github/workflows``."""
    folder = root() / ".github/workflows"
    paths = sorted([*folder.glob("*.yml"), *folder.glob("*.yaml")])
    return {p.name: read_text(f".github/workflows/{p.name}") for p in paths}


def read_policy() -> "tuple[Ruleset, ...]":
    """Return ``infra/rulesets.json``, parsed; raise UsageError if it is broken."""
    from monokeel.policy.rulesets import parse_policy

    return parse_policy(read_text(POLICY))


@cache
def make_session(*, quick: bool = False) -> "Session":
    """Return our connection pool; *quick*, below too, asks once and waits 2 seconds."""
    from monokeel.adapters.session import Session

    return Session(tries=1, timeout_s=_QUICK_S) if quick else Session()


@cache
def make_github(*, quick: bool = False) -> "GitHub":
    """Return the repository on GitHub, with the token if one is set."""
    from monokeel.adapters.github import GitHub

    named = named_repository() or read_settings().repository
    session = make_session(quick=quick)
    return GitHub(session, api=api_address(), repository=named, token=token())


@cache
def make_git(*, quick: bool = False) -> "Git":
    """Return the clone at the root, with what it needs to push."""
    from monokeel.adapters.git import Git

    may, limit_s = make_credentials(), _QUICK_S if quick else _REMOTE_S
    return Git(root(), credentials=may, timeout_s=limit_s)


def named_repository() -> str | None:
    """Return ``GITHUB_REPOSITORY`` if it is set; UsageError if it names none."""
    name = variable("GITHUB_REPOSITORY")
    good = r"[A-Za-z0-9-]+/(?!\.{1,2}\Z)[A-Za-z0-9._-]+"
    if name is not None and re.fullmatch(good, name) is None:
        fix = "Write OWNER/NAME, or unset it: infra/platform.toml names one."
        shown = shown_address(name)  # an address, perhaps, with a token
        raise UsageError(f"GITHUB_REPOSITORY {shown!r} is no repository", fix=fix)
    return name


def require_this_repository(said: str = "") -> None:
    """Raise RefusedError unless file, clone and environment name one repository.

    Asked before anything is written to GitHub: the file is of this clone, and the
    rules, keys and Environments would be somebody else's. What the user *said*
    (``--repository``) settles it, where that is the one that would be written to.
    """
    from monokeel.ground.names import repository_of, require_one_repository

    written, named = read_settings().repository, named_repository()
    if said:
        file = "infra/platform.toml" if named is None else "GITHUB_REPOSITORY"
        shown = {"--repository": shown_address(said), file: named or written}
        require_one_repository(shown)
        return
    require_one_repository(
        {
            "infra/platform.toml": written,
            "origin": repository_of(make_git().written_address()),
            "GITHUB_REPOSITORY": named,
        }
    )


def make_credentials(*, template: bool = False) -> "Credentials":
    """Return what git may use: the token for GitHub, the writer's key for pushes.

    To read the *template* what is for that alone; never what writes here.
    """
    from monokeel.adapters.credentials import Credentials

    own = variable("MONOKEEL_TEMPLATE_TOKEN") if template else None
    key = "MONOKEEL_TEMPLATE_KEY" if template else "MONOKEEL_DEPLOY_KEY"
    return Credentials(
        token=own or token(),
        server=git_server(),
        deploy_key=private_key(key),
        host_keys=_host_keys,
        mint=None if template else minter(),
    )


def git_server() -> str:
    """Return the host whose git may get the token."""
    if api_address() == _PUBLIC_API:
        return "github.com"
    named = parts_of(server_address()).netloc
    # GITHUB_SERVER_URL is set in Actions; GHE.com puts api. before its name.
    api_host = parts_of(api_address()).netloc.removeprefix("api.")
    return named if variable("GITHUB_SERVER_URL") else api_host


def minter() -> Callable[[], str] | None:
    """Return what mints a token of the writer's App, ``None`` without its key."""
    return _mint if private_key(WRITER_KEY) else None


def _mint() -> str:
    from monokeel.adapters.app import mint_token

    number = read_settings().app_id
    if not number:
        problem = f'{WRITER_KEY} is set, but infra/platform.toml has no writer = "app"'
        fix = "Unset it, or name the App: writer and app_id in [repository]."
        raise UsageError(problem, fix=fix)
    pem = private_key(WRITER_KEY) or ""
    return mint_token(make_github(), number=number, pem=f"{pem}\n")


@cache
def make_registry(*, quick: bool = False, anonymous: bool = False) -> "Registry":
    """Return the registry of the images; *anonymous* signs in as nobody."""
    from monokeel.adapters.registry import Registry

    session, address = make_session(quick=quick), registry_address()
    login = None if anonymous else registry_login()
    timeout_s = _QUICK_S if quick else 30.0
    return Registry(session, address=address, login=login, timeout_s=timeout_s)


def make_rulesets() -> "Rulesets":
    """Return the rulesets on GitHub."""
    from monokeel.adapters.rulesets import Rulesets

    return Rulesets(make_github())


def require_writer() -> str:
    """Make sure that who pushes here may make releases; return who, "" for a person.

    Raises RefusedError where no key is set and GitHub's rules let the token make none;
    rules that nobody can read refuse nothing here: the push asks them.
    """
    from monokeel.policy.refs import shut_out
    from monokeel.setup.writer import SECRETS

    make_git().require_writer()
    named, settings = make_credentials().writer, read_settings()
    closed: tuple[str, ...] = ()
    with suppress(*NO_ANSWER):
        closed = () if named else shut_out(settings, make_rulesets().read_all()[0])
    if closed:
        raise RefusedError(
            f"no key of the writer is set here, and {', '.join(closed)} lets nobody"
            " else make the tags of a release, so nothing was begun",
            fix=f"Set {SECRETS[settings.writer]}; ./inv init puts it into the"
            " Environments of the jobs.",
        )
    return named


def make_promotion() -> "Outside":
    """Return all that promotion reads and writes."""
    from monokeel.adapters.deployments import Deployments
    from monokeel.adapters.machine import time_zone
    from monokeel.promotion.ports import Outside

    records, images = Deployments(make_github()), make_registry()
    return Outside(clone=make_git(), records=records, images=images, zones=time_zone)


def registry_login() -> "Login":
    """Return how to sign in to the registry.

    A token of GitHub's serves as password only for GitHub's own registry, or for one
    at the API's address: it must not travel to anybody else's. That of a job stands in
    for an App's, which reads no packages.
    """
    from monokeel.adapters.registry_access import Login

    user = variable("MONOKEEL_REGISTRY_USER")
    password = variable("MONOKEEL_REGISTRY_PASSWORD")
    host = parts_of(registry_address()).netloc
    borrowed = password is None and host in {"ghcr.io", parts_of(api_address()).netloc}
    if borrowed:
        user = user or variable("GITHUB_ACTOR") or "token"
        password = variable("MONOKEEL_PACKAGES_TOKEN") or token()
    realm = read_settings().token_realm
    return Login(user=user, password=password, realm=realm, borrowed=borrowed)


def registry_address() -> str:
    """Return the registry's address, such as ``https://ghcr.io``."""
    return _address("MONOKEEL_REGISTRY", f"https://{read_settings().registry_host}")


def _host_keys() -> tuple[str, ...]:
    """Return GitHub's public SSH keys (GET /meta), for known_hosts."""
    from monokeel.ground.answers import as_list, as_object, as_text

    keys = as_object(make_github().request("GET", "//meta").json()).get("ssh_keys")
    return tuple(as_text(key) for key in as_list(keys or []))
