"""Who pushes what the rules protect: the deploy key, and the secrets that hold it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from monokeel.ground.answers import Unknown
from monokeel.ground.errors import RefusedError
from monokeel.ground.settings import Settings
from monokeel.ground.words import stamp
from monokeel.setup.permissions import PUSH
from monokeel.setup.ports import DeployKey, KeyPair, Outside, fingerprint
from monokeel.setup.rows import INIT, Answer, AsWanted, Expectation, Otherwise, Wanted

KEY_TITLE = "monokeel"
WRITER = "writer"
# Writer → the secret that proves it, in the Environments whose jobs push.
SECRETS = {"deploy-key": "MONOKEEL_DEPLOY_KEY", "app": "MONOKEEL_WRITER_KEY"}
_UNUSED = timedelta(days=300)
_OPEN = "a workflow of any branch can read it"


def our_keys(
    settings: Settings, keys: Sequence[DeployKey], here: str = ""
) -> list[DeployKey]:
    """Return those of *keys* that are our writer's.

    With a fingerprint in the file it decides, then the public key *here*; the title is
    only a name, which anybody with administration can give to another key.
    """
    if settings.writer == "app":
        return []
    known = settings.writer_key or fingerprint(here)
    if known:
        return [each for each in keys if each.fingerprint == known]
    return [each for each in keys if each.title == KEY_TITLE]


def writer_row(wanted: Wanted, outside: Outside) -> Expectation:
    """Expect the App, or one deploy key of ours that is enabled and may write."""
    settings, pair = wanted.settings, outside.keys
    if settings.writer == "app":
        return _app_row(settings, outside)

    def ask() -> Answer:
        keys = outside.repository.deploy_keys()
        if isinstance(keys, Unknown):
            return keys
        here = (pair.public_key() or "") if pair else ""
        ours = our_keys(settings, keys, here)
        usable = [each for each in ours if each.writes and each.enabled]
        if usable:
            return _in_use(usable[0], outside.repository.now())
        return _unusable(settings, ours, keys) or Otherwise(
            detail=f"no writable, enabled deploy key called {KEY_TITLE}",
            remedy=_by_hand(settings, here) if here and not wanted.register else INIT,
        )

    def make(pair: KeyPair) -> None:
        name = f"{KEY_TITLE} {settings.repository}"
        public = pair.public_key() or pair.create(name)
        keys = outside.repository.deploy_keys()
        taken = isinstance(keys, Unknown) or _unusable(settings, [], keys)
        if wanted.register and not taken:
            outside.repository.create_deploy_key(KEY_TITLE, public)

    return Expectation(
        name=WRITER,
        item="deploy_keys",
        reads=("GET /keys",),
        writes=("POST /keys",),
        lost="nothing can be released or promoted",
        ask=ask,
        make=(lambda: make(pair)) if pair else None,
    )


def _app_row(settings: Settings, outside: Outside) -> Expectation:
    """Expect an App that may push; only who holds its key can ask."""
    name = f"GitHub App {settings.app_id}"

    def ask() -> Answer:
        if outside.mint is None:
            reason = f"set {SECRETS['app']} to the private key of {name}: nobody else"
            return Unknown(reason=f"{reason} can ask what it may", hidden=True)
        try:
            outside.mint()
        except RefusedError as error:
            return Otherwise(detail=error.problem, remedy=error.fix)
        return AsWanted(detail=f"{name} may push")

    return Expectation(
        name=WRITER,
        item="writer_app",
        reads=(PUSH,),
        lost="nothing can be released or promoted",
        ask=ask,
        watched="note" if outside.mint is None else "drift",
    )


def _in_use(key: DeployKey, now: datetime) -> Answer:
    """Judge a key that works: GitHub removes one that was not used for a year."""
    used = key.last_used or key.created_at
    if now - used <= _UNUSED:
        return AsWanted(detail=f"{key.title}, {key.fingerprint}")
    return Otherwise(
        detail=f"the deploy key {key.title} was not used since {used:%Y-%m-%d}: GitHub"
        " removes it after a year",
        remedy="use it: export it as MONOKEEL_DEPLOY_KEY, then ./inv status without"
        " GITHUB_TOKEN",
    )


def _by_hand(settings: Settings, public: str) -> str:
    return (
        f"open https://github.com/{settings.repository}/settings/keys/new, title"
        f' "{KEY_TITLE}", key "{public}", tick "Allow write access"; then {INIT} again'
    )


def _unusable(
    settings: Settings, ours: Sequence[DeployKey], keys: Sequence[DeployKey]
) -> Otherwise | None:
    """Say why a key that is there cannot be used: disabled, read-only, exchanged."""
    page = f"https://github.com/{settings.repository}/settings/keys"
    for each in ours:
        if not each.enabled:
            return Otherwise(
                detail=f"the deploy key {each.title} is disabled by the organization",
                remedy="an owner allows deploy keys at https://github.com/organizations"
                f"/{settings.owner}/settings/deploy_keys",
            )
        return Otherwise(
            detail=f"the deploy key {each.title} may not write",
            remedy=f"delete it at {page}, then {INIT}",
        )
    for each in keys:
        if each.title == KEY_TITLE:
            known = each.fingerprint or "no fingerprint"
            return Otherwise(
                detail=f"the deploy key {KEY_TITLE} is another one ({known})",
                remedy=f"delete it at {page} if nobody uses it, then {INIT}",
            )
    return None


def foreign_keys_row(wanted: Wanted, outside: Outside) -> Expectation:
    """Expect no other deploy key that may write: the rules let each of them pass."""

    def ask() -> Answer:
        keys = outside.repository.deploy_keys()
        if isinstance(keys, Unknown):
            return keys
        ours = our_keys(wanted.settings, keys)
        # A title is only a name: of two that have ours, one is somebody else's.
        twice = ours if len(ours) > 1 else []
        foreign = [k for k in keys if k.writes and (k in twice or k not in ours)]
        if foreign:
            shown = ", ".join(sorted(map(_described, foreign)))
            return Otherwise(
                detail=f"deploy keys that may write beside ours: {shown}",
                remedy="each can move env/* and create release tags: delete it, make it"
                " read-only, or name ours in [repository] writer_key (SHA256:…)",
            )
        return AsWanted(detail="none")

    return Expectation(
        name="other write keys",
        item="deploy_keys",
        reads=("GET /keys",),
        lost="somebody else can move env/* and create release tags",
        ask=ask,
    )


def _described(key: DeployKey) -> str:
    by = f" by {key.added_by}" if key.added_by else ""
    return f"{key.title} (id {key.id}, added{by} at {stamp(key.created_at)})"


def secret_row(wanted: Wanted, outside: Outside, environment: str) -> Expectation:
    """Expect the private key in *environment*, set after its key was registered."""
    secret = SECRETS[wanted.settings.writer]

    def make() -> None:
        if outside.repository.environment(environment) is None:
            raise RefusedError(f"Environment {environment} is not there")
        if outside.store is not None:
            outside.store.set_secret(secret, environment)

    return Expectation(
        name=f"secret in {environment}",
        item="secrets",
        reads=(
            *("GET /environments/{name}/secrets", "GET /actions/secrets"),
            "GET /keys",
        ),
        writes=("PUT /environments/{name}/secrets/{secret}",),
        lost=f"jobs of {environment} cannot push",
        ask=partial(_see_secret, wanted, outside, environment),
        make=make if outside.store else None,
        after=(WRITER,),
    )


def _see_secret(wanted: Wanted, outside: Outside, environment: str) -> Answer:
    secret = SECRETS[wanted.settings.writer]
    found = outside.repository.secrets(environment)
    if isinstance(found, Unknown):
        return _without_environment(wanted, outside, environment) or found
    command = _command(wanted.settings, outside.keys, environment)
    changed = found.get(secret)
    if changed is None:
        return Otherwise(detail="not set", remedy=command)
    made = _newest(wanted.settings, outside)
    if isinstance(made, Unknown):
        return made
    if made is not None and changed < made:
        return Otherwise(
            detail=f"{secret} ({stamp(changed)}) is older than its key ({stamp(made)})",
            remedy=f"set it again: {command}",
        )
    return AsWanted(detail=secret)


def _newest(settings: Settings, outside: Outside) -> datetime | Unknown | None:
    """Return when our newest deploy key was made; of an App's key nobody can say it."""
    if settings.writer == "app":
        return None
    keys = outside.repository.deploy_keys()
    if isinstance(keys, Unknown):
        return keys
    return max((each.created_at for each in our_keys(settings, keys)), default=None)


def _without_environment(
    wanted: Wanted, outside: Outside, environment: str
) -> Answer | None:
    """Judge a secret whose Environment is not there; ``None`` where it may be.

    Where the plan has no branch policies a secret of the repository serves as well: the
    workflows' ``secrets.…`` falls back to it.
    """
    repository = outside.repository
    if repository.environment(environment) is not None:
        return None
    found, secret = repository.secrets(""), SECRETS[wanted.settings.writer]
    if not isinstance(found, Unknown) and secret in found:
        return AsWanted(detail=f"{secret} of the repository: {_OPEN}")
    remedy = INIT
    if repository.get_repository().get("private") is True:
        command = _command(wanted.settings, outside.keys, "")
        remedy = f"{INIT}; where the plan refuses Environments: {command} ({_OPEN})"
    return Otherwise(detail="its Environment is not there", remedy=remedy)


def _command(settings: Settings, pair: KeyPair | None, environment: str) -> str:
    """Return the command that sets the secret from the key on this machine."""
    where = f"--env {environment} " if environment else ""
    secret = SECRETS[settings.writer]
    command = f"gh secret set {secret} {where}--repo {settings.repository}"
    if pair and pair.public_key():
        return f"{command} < {pair.file}"
    return f"{command} < FILE (that of the private key)"
