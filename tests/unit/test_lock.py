"""The lock file installs the same set everywhere, from whatever index a machine uses."""

import re
import tomllib

from packaging.requirements import Requirement

from resources.configuration.home import CHECKOUT

LOCK = (CHECKOUT / "requirements.lock").read_text(encoding="utf-8")
PINS = dict(re.findall(r"^([a-z0-9._-]+)==([^ ;\\]+)", LOCK, re.MULTILINE))


def _wanted() -> list[Requirement]:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
    written = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    return [Requirement(line) for line in written]


def test_it_names_no_host_and_no_place() -> None:
    assert not re.search(r"://|--(extra-)?index-url|--find-links| @ |/home/|/root/", LOCK)


def test_it_pins_every_requirement_within_its_bounds() -> None:
    for requirement in _wanted():
        name = re.sub(r"[-_.]+", "-", requirement.name).lower()
        assert name in PINS, f"{requirement} isn't locked: run make lock"
        assert requirement.specifier.contains(PINS[name], prereleases=True), (
            f"{requirement} doesn't take {PINS[name]}: run make lock"
        )


def test_it_holds_nothing_without_a_hash() -> None:
    pins = re.findall(r"^[a-z0-9._-]+==.*$", LOCK, re.MULTILINE)
    unhashed = [line for line in pins if not line.endswith("\\")]
    assert not unhashed
    assert LOCK.count("--hash=sha256:") >= len(pins)
