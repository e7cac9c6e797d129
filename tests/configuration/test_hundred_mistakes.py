"""A hundred mistakes in one configuration, all reported in one run, each with its file and line or its variable.

The lines of `hundred/` that hold mistakes are marked with a cross for each.
"""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree

import pytest

from consumer.configuration.check import Findings, examine

HUNDRED = Path(__file__).with_name("hundred")
GOOD = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
VARIABLES = {
    "PROVISIONER_KAFKA_COMPRESSION_TYPE": "snappyy",
    "PROVISIONER_KAFKA_ACKS": "1",
    "PROVISIONER_HTTP_PORT": "9464",
    "PROVISIONER_LOG__FORMAT": "xml",
    "PROVISIONER_REGISTRY__CA_FILE": "/nowhere/ca.pem",
    "PROVISIONER_VAULT__1__KEY": "env:GOOD",
    "PROVISIONER_PROVISIONING__VERIFY_AFTER": "[900",
    "PROVISIONER_PROVISIONING__REPORT_ATTEMPTS": "few",
    "PROVISIONER_SHUTDOWN__SECONDS": "25",
}
WITHOUT_LINE = {
    "tenants/west.yml": 1,
    "templates/welcome/mt": 1,
    "templates/plain/en/subject.txt": 1,
    "templates/plain/en/body.txt": 1,
}
"""Mistakes of a whole file or folder."""
BOMB = ("tenants/bomb.yaml", 5)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("hundred") / "hundred"
    copytree(HUNDRED, root)
    return root


@pytest.fixture(scope="module")
def found(root: Path) -> Findings:
    directories = {"PROVISIONER_TENANTS_DIR": f"{root}/tenants", "PROVISIONER_TEMPLATES_DIR": f"{root}/templates"}
    return examine(root / "service.yaml", {**directories, **VARIABLES, "GOOD": GOOD, "SHORT": "c2hvcnQ="}, secrets=True)


def marked(root: Path) -> Iterator[tuple[str, int]]:
    for file in sorted(path for path in root.rglob("*") if path.is_file()):
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
            yield from [(str(file.relative_to(root)), number)] * len(re.findall("✗", line))


def test_every_mistake_is_reported_where_it_stands_and_nothing_else_is(root: Path, found: Findings) -> None:
    expected = Counter([*marked(root), BOMB, *((name, 0) for name in VARIABLES)]) + Counter(
        {(file, 0): count for file, count in WITHOUT_LINE.items()}
    )
    reported = Counter((mistake.file.removeprefix(f"{root}/"), mistake.line) for mistake in found.mistakes)
    assert expected.total() >= 100
    assert reported == expected


def test_every_mistake_says_what_is_wrong_and_what_would_be_right(found: Findings) -> None:
    for mistake in found.mistakes:
        assert mistake.wrong
        assert re.fullmatch(r"[A-Z].*[.?]", mistake.right), mistake


def test_no_secret_is_reported(found: Findings) -> None:
    text = "\n".join(str(mistake) for mistake in found.mistakes)
    for secret in (GOOD, "c2hvcnQ=", "hunter2", "key-3ax6"):
        assert secret not in text
