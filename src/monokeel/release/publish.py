"""Publish one version: images, tag and release, as one unit."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from monokeel.ground.answers import Unknown
from monokeel.ground.errors import MonokeelError, RefusedError, ServiceError
from monokeel.ground.report import Report, Section, Table
from monokeel.ground.settings import Settings
from monokeel.release.ports import ImageTags
from monokeel.release.reading import Reading
from monokeel.release.record import ReleaseRecord
from monokeel.release.steps import DONE, STEPS, OvertakenError, State, Step

_ROUNDS = 3
_WAITS_S = (0.5, 1.0, 2.0, 4.0, 8.0)
_LONGEST_WAIT_S = 60.0
_VISIBILITY = (
    "Who pulls without a login gets 401; who may is said in Package settings of each:"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """A complete release: *written* names the steps in which this run wrote.

    It is empty when the release was complete before. *page* is its address on GitHub.
    *warnings* name what others have put beside it.
    """

    record: ReleaseRecord
    tag: str
    page: str
    written: tuple[str, ...]
    warnings: tuple[str, ...] = ()


def publish(first: Reading, tell: Callable[[str], None]) -> Publication:
    """Publish the candidate of *first* and return it once all of it can be seen.

    *first* is the reading that the plan was judged on. *tell* is given a line after
    each step that wrote. Raises RefusedError with every conflict that is seen before
    the first write, or the first one afterwards (OvertakenError when another commit
    has the version); and ServiceError when something cannot be read or does not
    appear. The same call again finishes what is missing; on a complete release it
    writes nothing.
    """
    now, written = first, list[str]()
    for _ in range(_ROUNDS):
        states = [step.state(now) for step in STEPS]
        _refuse(states, now)
        if all(state == DONE for state in states):
            return _publication(now, written)
        for step in STEPS:
            before = now
            now = _converge(step, now)
            if now is not before:
                written.append(step.name)
                tell(f"{now.candidate.tag}: {step.name}: done")
    raise ServiceError(
        f"{now.candidate.tag} is still not complete: somebody else is changing it",
        fix="Run the same command again.",
    )


def _converge(step: Step, now: Reading) -> Reading:
    """Do *step* until a look says that it is done; return what is so then.

    Where a look finds it done the write happened, whatever its answer was. Trouble that
    passes (429, 5xx) is waited for, and so is our own accepted write until it can be
    seen; any other failure ends the run.
    """
    waits, state = iter(_WAITS_S), _seen(step, now)
    while state.missing:
        failure: MonokeelError | None = None
        try:
            now = step.act(now)
        except MonokeelError as error:
            failure, now = error, now.without("refs", "releases", "images")
        after = _seen(step, now)
        stuck = failure is not None or len(after.missing) >= len(state.missing)
        if after.missing and stuck:
            now = _wait(now, failure or _without_effect(step, after), next(waits, None))
            after = _seen(step, now)
        state = after
    return now


def _seen(step: Step, now: Reading) -> State:
    state = step.state(now)
    _refuse([state], now)
    return state


def _wait(now: Reading, failure: MonokeelError, wait_s: float | None) -> Reading:
    """Let *wait_s* pass and look again; raise *failure* where that cannot help."""
    again_s = failure.again_s if isinstance(failure, ServiceError) else None
    if wait_s is None or again_s is None or again_s > _LONGEST_WAIT_S:
        raise failure
    now.outside.wait(max(wait_s, again_s))
    return now.without("refs", "releases", "images")


def _refuse(states: list[State], now: Reading) -> None:
    unique = {each.problem: each.fix for at in states for each in at.refusals}
    if unique:
        others = {at.commit for at in (now.tagged, now.claimed) if at}
        is_overtaken = bool(others - {now.candidate.commit})
        kind = OvertakenError if is_overtaken else RefusedError
        raise kind("; ".join(unique), fix=" ".join(dict.fromkeys(unique.values())))
    for unclear in filter(None, (state.unclear for state in states)):
        raise ServiceError(unclear, fix="Run the same command again once it answers.")


def _without_effect(step: Step, state: State) -> ServiceError:
    return ServiceError(
        f"step {step.name!r} was accepted and is not shown yet:"
        f" {', '.join(state.missing)}",
        fix="Run the same command again in a minute.",
        again_s=0.0,
    )


def _publication(now: Reading, written: list[str]) -> Publication:
    release = now.published
    if now.record is None or release is None:
        raise AssertionError(now.candidate)  # look_at_release said Done
    foreign = [x for x in release.foreign_assets if x not in now.candidate.assets]
    beside = (f"files that no run of ours attached: {', '.join(foreign)}",)
    return Publication(
        record=now.record,
        tag=now.candidate.tag,
        page=release.page,
        written=tuple(dict.fromkeys(written)),
        warnings=beside if foreign else (),
    )


def hidden_images(
    record: ReleaseRecord, nobody: ImageTags, settings: Settings
) -> tuple[str, ...]:
    """Return the images of *record* that *nobody*, a reader without a login, sees not.

    A new package on GHCR is private whatever its repository is (GitHub's packages
    documentation): a cluster that pulls without a login gets 401. Other registries are
    private on purpose, and are not asked.
    """
    if settings.registry_host != "ghcr.io":
        return ()
    names = [(settings.image(each.service), record.version) for each in record.images]
    answers = zip(names, nobody.look_up_all(names), strict=True)
    return tuple(
        image
        for (image, _), said in answers
        if isinstance(said, Unknown) and said.hidden
    )


def publication_report(done: Publication, hidden: Sequence[str] = ()) -> Report:
    """Return what is out now: version, commit, images, and what this run wrote.

    *hidden* are images that nobody in particular may pull.
    """
    record = done.record
    word = "is published" if done.written else "was complete already"
    lines = [f"commit  {record.commit}", f"page    {done.page}"]
    if done.written:
        lines.append(f"wrote   {', '.join(done.written)}")
    rows = tuple((each.service, each.reference) for each in record.images)
    packages = f"{done.page.partition('/releases/')[0]}/pkgs/container/"
    pages = (packages + x.partition("/")[2].replace("/", "%2F") for x in hidden)
    return Report(
        headline=f"{done.tag} {word}",
        sections=(
            Section("Release", tuple(lines)),
            Section("Images", table=Table(("service", "image"), rows)),
            Section("Not public", (_VISIBILITY, *pages) if hidden else ()),
            Section("Warnings", done.warnings),
        ),
        data={
            "released": True,
            "version": record.version,
            "tag": done.tag,
            "commit": record.commit,
            "page": done.page,
            "services": [
                {"name": each.service, "image": each.image, "digest": each.digest}
                for each in record.images
            ],
            "written": list(done.written),
        },
        problems=done.warnings,
    )
