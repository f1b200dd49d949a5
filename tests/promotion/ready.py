"""A promotion that every gate lets pass, for the tests to break."""

from datetime import UTC, datetime, timedelta

from monokeel.ground.answers import Found
from monokeel.ground.settings import Environment, Settings
from monokeel.promotion.facts import MoveFacts
from monokeel.promotion.reading import Place
from monokeel.promotion.records import TrackRecord
from monokeel.release.artifact import Artifact, TaggedImage
from monokeel.release.record import ReleasedImage, ReleaseRecord

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
COMMIT, OLD = "a" * 40, "b" * 40
DIGEST = "sha256:" + "1" * 64
OTHER = "sha256:" + "2" * 64
DAY = timedelta(days=1)
STAGING = Environment(
    name="staging", soak=timedelta(), prerelease=False, reviewers=False
)
PROD = Environment(name="prod", soak=DAY, prerelease=False, reviewers=True)
RELEASE = ReleaseRecord(
    version="1.4.0",
    commit=COMMIT,
    images=(
        ReleasedImage(service="api", image="ghcr.io/acme/shop/api", digest=DIGEST),
    ),
)
IMAGE = TaggedImage(
    service="api",
    image="acme/shop/api",
    tag="1.4.0",
    released=DIGEST,
    answer=Found(digest=DIGEST),
)
READY = MoveFacts(
    settings=Settings(owner="acme", name="shop"),
    place=Place(environment=PROD, commit=OLD, version="1.3.2", last=None, owed=()),
    version="1.4.0",
    commit=COMMIT,
    now=NOW,
    on_line=True,
    direction="forward",
    previous="staging",
    before=TrackRecord(outcome="good", live_for=2 * DAY, live=True),
    release=Artifact(record=RELEASE, images=(IMAGE,)),
    here=TrackRecord(outcome="never"),
    protection=True,
)
FREEZE = (NOW + DAY, "holidays")
