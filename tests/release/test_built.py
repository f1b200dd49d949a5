"""What ./inv build printed is handed on from job to job."""

import pytest

from monokeel.ground.errors import UsageError
from monokeel.release.build import digests_of
from tests.release.test_build import COMMIT, ONE, OTHER, SETTINGS, TWO


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "no report of a build"),
        ('{"service": "api"}', "no report of a build"),
        # A tag is no digest: the record of a release would hold it and be none.
        (f'{{"service": "api", "digest": "v1", "commit": "{COMMIT}"}}', "no report"),
        (
            f'{{"service": "api", "digest": "{ONE}", "commit": "{OTHER}"}}',
            f"built from {OTHER}",
        ),
        (
            f'{{"service": "apo", "digest": "{ONE}", "commit": "{COMMIT}"}}',
            "no service 'apo'",
        ),
    ],
)
def test_a_report_of_something_else_is_wrong_use(text: str, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        digests_of([text], SETTINGS, commit=COMMIT)


def test_two_reports_of_one_service_must_agree() -> None:
    report = '{{"service": "api", "digest": "{}", "commit": "{}"}}'
    one, two = (report.format(digest, COMMIT) for digest in (ONE, TWO))

    assert digests_of([one, one], SETTINGS, commit=COMMIT) == {"api": ONE}
    with pytest.raises(UsageError, match=f"api was built twice: {ONE} and {TWO}"):
        digests_of([one, two], SETTINGS, commit=COMMIT)
