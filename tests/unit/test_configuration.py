"""`accounts.toml`: read whole or refused whole, every fault named, no secret told."""

import os
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pipelines.commands.check import check_settings, check_starts
from resources.account import Account, Distrust
from resources.configuration.accounts import read_accounts
from resources.configuration.home import CHECKOUT, Home
from resources.errors import ConfigurationError
from tests.unit.helpers import account

SECRET = "hunter2-hunter2"
Read = Callable[..., dict[str, Account]]
Faults = Callable[..., list[str]]


def entry(name: str = "acme", vendor: str = "wolkvox", **changes: str | None) -> str:
    """An account as written; a key that is changed to None is left out."""
    keys = {
        "vendor": f'"{vendor}"',
        "base_url": '"https://vendor.example"',
        "start_date": "2026-01-01",
        "credentials": '{ token = { env = "A_TOKEN" } }',
    } | changes
    lines = [f"{key} = {value}" for key, value in keys.items() if value is not None]
    return "\n".join([f"[accounts.{name}]", *lines, ""])


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Read:
    monkeypatch.setenv("A_TOKEN", SECRET)

    def from_text(*entries: str) -> dict[str, Account]:
        file = tmp_path / "accounts.toml"
        file.write_text("\n".join(entries), encoding="utf-8")
        return read_accounts(file)

    return from_text


@pytest.fixture
def faults(read: Read) -> Faults:
    """What is said of a wrong file; whatever it is, it never tells a secret."""

    def of(*entries: str) -> list[str]:
        with pytest.raises(ConfigurationError) as caught:
            read(*entries)
        assert SECRET not in str(caught.value)
        assert SECRET not in repr(caught.value)
        return caught.value.faults

    return of


def test_the_vendor_fills_in_what_is_left_out(read: Read) -> None:
    account = read(entry())["acme"]
    assert account.timezone == ZoneInfo("America/Bogota")
    assert account.country == "CO"
    assert account.streams == ("agent_usage", "calls", "unconnected_calls")
    assert account.poll_every == timedelta(minutes=5)
    assert account.limits.min_interval_s == 300
    assert account.operation == "acme"
    assert account.start_date == date(2026, 1, 1)
    assert account.secret("token") == SECRET
    assert SECRET not in repr(account)


def test_what_an_account_says_counts(read: Read) -> None:
    changes = {
        "timezone": '"America/Lima"',
        "country": '"PE"',
        "currency": '"PEN"',
        "streams": '["calls"]',
        "licenses": "25",
        "operation": '"acme-group"',
        "poll_every_s": "600",
        "limits": "{ concurrency = 2, reserve = 0.5 }",
        "base_url": '"https://vendor.example/with/a/path/"',
    }
    account = read(entry(**changes))["acme"]
    assert account.timezone.key == "America/Lima"
    assert (account.country, account.currency, account.streams) == ("PE", "PEN", ("calls",))
    assert account.limits.daily_requests == 25_000
    assert (account.limits.concurrency, account.limits.reserve) == (2, 0.5)
    assert account.poll_every == timedelta(minutes=10)
    assert account.operation != "acme"
    assert account.base_url == "https://vendor.example/with/a/path"


def test_a_secret_may_stand_in_a_file(read: Read, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(f"{SECRET}\n")
    account = read(entry(credentials=f'{{ token = {{ file = "{secret}" }} }}'))["acme"]
    assert account.secret("token") == SECRET


def test_every_fault_is_named_at_once(faults: Faults) -> None:
    told = faults(
        entry("one", base_url='"http://vendor.example"', timezone='"Nowhere/Land"'),
        entry("two", vendor="nobody"),
        entry("three", streams='["calls", "gossip"]', credentials="{}"),
        entry("Four"),
        '[somewhere]\nelse = "x"\n',
    )
    text = "\n".join(told)
    assert "accounts.one.base_url: must be https" in text
    assert "accounts.one.timezone: no such time zone; expected a name like" in text
    assert "accounts.two.vendor: no vendor 'nobody'; expected one of clickfono, " in text
    assert "accounts.three.streams: no stream 'gossip'; wolkvox has agent_usage, calls" in text
    assert "accounts.three.credentials.token: missing; expected" in text
    assert "accounts.Four: the name may have a-z, 0-9 and '-' only" in text
    assert "somewhere: unknown; expected [accounts.<name>]" in text


def test_a_wrong_value_hides_no_other_fault_of_its_account(faults: Faults) -> None:
    told = faults(
        entry(
            start_date=None,
            licenses='"25"',
            flavour='"vanilla"',
            streams='["gossip"]',
            limits="{ reserve = 1.5, speed = 3 }",
            options="{ project_ids = [1] }",
            credentials='{ token = { env = "UNSET" } }',
        ),
        entry("second", vendor="nobody", currency='"pesos"', credentials='{ token = "x" }'),
        "[accounts.third]\nlimits = 3\n",
    )
    assert [fault.partition(";")[0] for fault in told] == [
        "accounts.acme.start_date: missing",
        "accounts.acme.licenses: expected a whole number",
        "accounts.acme.flavour: unknown",
        "accounts.acme.credentials.token: the environment variable UNSET isn't set",
        "accounts.acme.limits.reserve: expected less than 1",
        "accounts.acme.limits.speed: unknown",
        "accounts.acme.streams: no stream 'gossip'",
        "accounts.acme.options.project_ids: unknown",
        "accounts.second.currency: expected a currency of three capital letters like COP",
        "accounts.second.vendor: no vendor 'nobody'",
        "accounts.second.credentials.token: a literal secret is refused",
        "accounts.third.vendor: missing",
        "accounts.third.base_url: missing",
        "accounts.third.start_date: missing",
        "accounts.third.limits: expected a table like { key = value }",
    ]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"credentials": f'{{ token = "{SECRET}" }}'}, "a literal secret is refused"),
        ({"credentials": '{ token = { env = "UNSET" } }'}, "variable UNSET isn't set"),
        ({"credentials": '{ token = { file = "/nowhere" } }'}, "/nowhere: No such file"),
        (
            {"credentials": '{ token = { env = "A_TOKEN", file = "/x" } }'},
            'expected either { env = "NAME" } or { file = "/path" }',
        ),
        (
            {"credentials": f'{{ token = {{ env = "A_TOKEN" }}, pin = "{SECRET}" }}'},
            "credentials.pin: unknown; expected token",
        ),
        ({"flavour": '"vanilla"'}, "flavour: unknown; expected one of base_url, country"),
        ({"start_date": None}, "start_date: missing; every account needs it"),
        ({"start_date": '"soon"'}, "accounts.acme.start_date: "),
        ({"country": '"XX"'}, "country: expected a two-letter country code like CO"),
        ({"currency": '"pesos"'}, "accounts.acme.currency: "),
        *(
            ({"timezone": f'"{name}"'}, "timezone: no such time zone; expected a name like")
            for name in (
                "Mars/Olympus",
                "localtime",
                "posixrules",
                "Factory",
                "posix/America/Bogota",
                "right/America/Bogota",
            )
        ),
        ({"timezone": '"CET"'}, "timezone: an abbreviation, which has no summer time; write Eur"),
        ({"timezone": '"EET"'}, "write Europe/Athens"),
        ({"timezone": '"MET"'}, "write Europe/Berlin"),
        ({"timezone": '"WET"'}, "write Europe/Lisbon"),
        ({"streams": "[]"}, "streams: empty; wolkvox has"),
        ({"limits": "{ speed = 3 }"}, "limits.speed: "),
        ({"limits": "{ reserve = 1.5 }"}, "limits.reserve: "),
        ({"limits": "{ sources = {} }"}, "limits.sources: unknown"),
        ({"options": "{ project_ids = [1] }"}, "options.project_ids: "),
        (
            {"poll_every_s": "60"},
            "poll_every_s: 60 is more often than the vendor allows (limits.min_interval_s = 300)",
        ),
        ({"base_url": '"ftp://vendor.example"'}, "expected an address like https://"),
        ({"base_url": '"https://me@vendor.example"'}, "must not carry a query"),
        ({"base_url": '"https://vendor.example/?a=1"'}, "must not carry a query"),
    ],
)
def test_a_wrong_value_is_named(faults: Faults, changes: dict[str, str], told: str) -> None:
    said = faults(entry(**changes))
    assert len(said) == 1
    assert told in said[0]


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost", "[::1]:8000"])
def test_plain_http_is_for_this_machine_only(read: Read, host: str) -> None:
    assert read(entry(base_url=f'"http://{host}/path"'))["acme"].base_url.startswith("http://")


def test_licenses_are_for_vendors_with_such_a_quota(faults: Faults) -> None:
    assert faults(entry(vendor="conpeek", licenses="3")) == [
        "accounts.acme.licenses: conpeek has no quota by licences; remove it"
    ]


def test_details_need_what_they_are_details_of(faults: Faults) -> None:
    assert faults(entry(vendor="evolux", streams='["call_details"]')) == [
        "accounts.acme.streams: 'call_details' needs 'calls', whose details it loads"
    ]


def test_accounts_that_share_a_quota_agree_on_it(read: Read, faults: Faults) -> None:
    def sharing(name: str, licenses: int) -> str:
        return entry(name, operation='"group"', licenses=str(licenses))

    told = faults(sharing("one", 5), sharing("two", 6))
    (fault,) = told
    assert fault.startswith("accounts.two.operation: shares its daily quota with one, but their")
    accounts = read(sharing("one", 5), sharing("two", 5))
    assert accounts["one"].operation == accounts["two"].operation


def test_accounts_with_the_same_credentials_share_a_quota_even_if_nobody_says_so(
    read: Read, faults: Faults, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANOTHER_TOKEN", f"{SECRET}2")
    another = {"credentials": '{ token = { env = "ANOTHER_TOKEN" } }'}
    accounts = read(
        entry("one", licenses="5"),
        entry("two", licenses="5"),
        entry("three", licenses="5", **another),
        entry("four", "clickfono"),
    )
    operations = {name: account.operation for name, account in accounts.items()}
    assert operations == {"one": "one", "two": "one", "three": "three", "four": "four"}
    accounts = read(entry("one", licenses="5"), entry("two", licenses="5", operation='"group"'))
    assert {account.operation for account in accounts.values()} == {"wolkvox group"}
    accounts = read(entry("one"), entry("two", timezone='"America/Lima"'))
    assert [account.operation for account in accounts.values()] == ["one", "two"]
    (fault,) = faults(entry("one", licenses="5"), entry("two"))
    assert fault.startswith("accounts.two.operation: shares its daily quota with one, but their")
    assert faults(
        entry("one", licenses="5", operation='"group"'),
        entry("two", licenses="5", operation='"another"'),
    ) == [
        "accounts.two.operation: has the same credentials as one, which is of another operation",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no account; expected at least one [accounts.<name>]"),
        ("accounts = 3", "no account"),
        ("[accounts.x\n", "not valid TOML"),
        ("[accounts]\nx = 3", "accounts.x"),
    ],
)
def test_a_file_without_accounts_is_refused(faults: Faults, text: str, told: str) -> None:
    assert told in "\n".join(faults(text))


def test_a_file_that_isnt_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"accounts\.toml: No such file"):
        read_accounts(tmp_path / "accounts.toml")


def test_the_example_works_when_it_is_uncommented(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (CHECKOUT / "accounts.example.toml").read_text(encoding="utf-8")
    assert not [line for line in text.splitlines() if line and not line.startswith("#")]
    text = re.sub(r"^# (?=\[accounts\.|\w+ *= )", "", text, flags=re.MULTILINE)
    for name in re.findall(r'env = "(\w+)"', text):
        monkeypatch.setenv(name, SECRET)
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    text = re.sub(r'file = "/run/[^"]+"', f'file = "{secret}"', text)
    file = tmp_path / "accounts.toml"
    file.write_text(text, encoding="utf-8")
    accounts = read_accounts(file)
    assert sorted(account.vendor for account in accounts.values()) == [
        "clickfono", "conpeek", "evolux", "vono", "wolkvox",
    ]  # fmt: skip
    assert accounts["acme-bogota"].limits.daily_requests == 25_000


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"base_url": '"https://me:pass@vendor.example"'}, "base_url: must not carry"),
        ({"base_url": '"https://:pass@vendor.example"'}, "base_url: must not carry"),
        ({"base_url": '"https://@vendor.example"'}, "base_url: must not carry"),
        ({"base_url": '"https://vendor.example/#"'}, "base_url: must not carry"),
        ({"base_url": '"https://vendor.example?"'}, "base_url: must not carry"),
        ({"base_url": '"https://vendor.example:99999"'}, "base_url: expected a port"),
        ({"base_url": '"https://vendor.example:0"'}, "base_url: expected a port"),
        ({"base_url": '"https://vendor.example:port"'}, "base_url: expected a port"),
        ({"base_url": '"https://vendor.example:"'}, "base_url: expected a port"),
        ({"base_url": '"https://[::1"'}, "base_url: expected a port"),
        ({"base_url": '"https://ven dor.example"'}, "base_url: has a character"),
        ({"base_url": '"https://vendor.example/\\u001b[2J"'}, "base_url: has a character"),
        ({"base_url": '"https://vendor.example\\\\@evil.example"'}, "base_url: has a character"),
        ({"base_url": '"https://véndor.example"'}, "base_url: has a character"),
        ({"base_url": '"https://.vendor..example"'}, "is no host's name"),
        ({"base_url": '"https://10.0.0.300"'}, "is no host's name"),
        ({"base_url": f'"https://{"a" * 64}.example"'}, "is no host's name"),
        ({"base_url": '"vendor.example"'}, "expected an address like https://"),
        ({"base_url": "7"}, "accounts.acme.base_url: "),
        ({"poll_every_s": "inf"}, "accounts.acme.poll_every_s: "),
        ({"poll_every_s": "nan"}, "accounts.acme.poll_every_s: "),
        ({"poll_every_s": "1e300"}, "accounts.acme.poll_every_s: "),
        ({"poll_every_s": "true"}, "accounts.acme.poll_every_s: "),
        ({"licenses": "99999999999999999999"}, "accounts.acme.licenses: "),
        ({"licenses": '"25"'}, "accounts.acme.licenses: "),
        ({"limits": "{ timeout_s = inf }"}, "accounts.acme.limits.timeout_s: "),
        ({"limits": "{ min_interval_s = nan }"}, "accounts.acme.limits.min_interval_s: "),
        ({"limits": "{ concurrency = 1000000000 }"}, "accounts.acme.limits.concurrency: "),
        ({"limits": "{ max_bytes = 1e30 }"}, "accounts.acme.limits.max_bytes: "),
        ({"limits": "{ requests_per_s = [[1]] }"}, "accounts.acme.limits.requests_per_s: "),
        ({"limits": '"none"'}, "accounts.acme.limits: "),
        ({"start_date": "0001-01-01"}, "accounts.acme.start_date: "),
        ({"start_date": "9999-12-31"}, "start_date: is more than a year ahead"),
        ({"start_date": "20260101"}, "accounts.acme.start_date: "),
        ({"start_date": "2026-01-01T10:00:00"}, "start_date: expected a day like 2026-01-31"),
        ({"operation": f'"{"x" * 500}"'}, "accounts.acme.operation: "),
        ({"timezone": '"../../etc/passwd"'}, "no such time zone"),
        ({"timezone": '""'}, "no such time zone"),
        ({"streams": '"calls"'}, "accounts.acme.streams: "),
        ({"streams": "[[]]"}, "accounts.acme.streams.0: "),
        ({"credentials": '["A_TOKEN"]'}, "accounts.acme.credentials: "),
        ({"credentials": "{ token = { env = 5 } }"}, "accounts.acme.credentials.token.env: "),
        ({"credentials": '{ token = { env = ["A", "B"] } }'}, "credentials.token.env: "),
    ],
)
def test_nonsense_is_named(faults: Faults, changes: dict[str, str], told: str) -> None:
    (said,) = faults(entry(**changes))
    assert told in said
    assert said.isprintable()
    assert len(said) < 400


def test_options_must_be_finite(faults: Faults) -> None:
    told = faults(entry(vendor="conpeek", options="{ min_talking_time_s = inf }"))
    assert told[0].startswith("accounts.acme.options.min_talking_time_s: ")


@pytest.mark.parametrize("name", ['"\\u001b]0;x\\u0007"', '""', f'"{"a" * 500}"', '"a/b"', '"Ä"'])
def test_a_name_that_isnt_one_is_shown_harmlessly(faults: Faults, name: str) -> None:
    (said,) = faults(entry(name))
    assert said.isprintable()
    assert "the name may have a-z" in said
    assert len(said) < 300


def test_a_key_that_isnt_one_is_shown_harmlessly(faults: Faults) -> None:
    said = faults(entry(), '"\\u001b[2J" = 1\n', '["\\u001b[3J"]\n')
    assert len(said) == 2
    assert all(fault.isprintable() for fault in said)


def _folder(path: Path) -> None:
    path.mkdir()


def _unreadable(path: Path) -> None:
    path.write_bytes(b"\xff\xfe\x00x")


NO_SECRETS: dict[str, tuple[Callable[[Path], object], str]] = {
    "a folder": (_folder, "expected a file, it is a folder"),
    "a pipe": (os.mkfifo, "expected a file, it is a pipe"),
    "a device": (lambda path: path.symlink_to("/dev/zero"), "expected a file, it is a device"),
    "huge": (lambda path: path.write_text("x" * 10_000_000), "is larger than"),
    "lines": (lambda path: path.write_text(f"{SECRET}\n{SECRET}\n"), "has more than one line"),
    "empty": (lambda path: path.write_text("\n \n"), "is empty"),
    "bytes": (_unreadable, "isn't text in UTF-8"),
    "control": (lambda path: path.write_text(f"{SECRET}\x07x"), "can't be printed"),
    "nowhere": (lambda path: path.symlink_to(path), "ymbolic link"),
}


@pytest.mark.parametrize("kind", NO_SECRETS)
@pytest.mark.timeout(10)
def test_a_file_that_holds_no_secret_is_named(faults: Faults, tmp_path: Path, kind: str) -> None:
    make, told = NO_SECRETS[kind]
    path = tmp_path / "secret"
    make(path)
    (said,) = faults(entry(credentials=f'{{ token = {{ file = "{path}" }} }}'))
    assert said.startswith(f"accounts.acme.credentials.token: {path}")
    assert told in said


@pytest.mark.parametrize("value", ["\ufeff{}", "{}\n", "  {}\r\n", "\ufeff{}\r\n"])
def test_what_editors_leave_around_a_secret_is_stripped(
    read: Read, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    file = tmp_path / "secret"
    file.write_bytes(value.format(SECRET).encode())
    monkeypatch.setenv("B_TOKEN", value.format(SECRET))
    for where in (f'file = "{file}"', 'env = "B_TOKEN"'):
        account = read(entry(credentials=f"{{ token = {{ {where} }} }}"))["acme"]
        assert account.secret("token") == SECRET


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (_folder, "it is a folder"),
        (os.mkfifo, "it is a pipe"),
        (lambda path: path.write_text("x = " + "[" * 100_000), "accounts.toml: n"),
        (_unreadable, "isn't text in UTF-8"),
    ],
)
@pytest.mark.timeout(10)
def test_an_accounts_file_that_isnt_one_is_named(
    tmp_path: Path, make: Callable[[Path], object], told: str
) -> None:
    path = tmp_path / "accounts.toml"
    make(path)
    with pytest.raises(ConfigurationError) as caught:
        read_accounts(path)
    assert told in caught.value.faults[0]


def test_an_account_says_what_it_distrusts(read: Read, faults: Faults) -> None:
    told = read(entry(), entry("other", distrust="{ below_share = 0.8 }"))
    assert told["acme"].distrust == Distrust(below_share=0.5, from_records=20)
    assert told["other"].distrust == Distrust(below_share=0.8, from_records=20)
    assert faults(entry(distrust='{ below_share = 2, from_records = 0, share = "1" }')) == [
        "accounts.acme.distrust.below_share: expected at most 1.0",
        "accounts.acme.distrust.from_records: expected at least 1",
        (
            "accounts.acme.distrust.share: unknown; expected one of again_after_h, below_share, "
            "empty_again_after_h, from_records, recent_days"
        ),
    ]


def test_check_names_an_account_that_loads_what_another_one_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_TOKEN", SECRET)
    monkeypatch.setenv("ANOTHER_TOKEN", f"{SECRET}2")
    another = {"credentials": '{ token = { env = "ANOTHER_TOKEN" } }'}
    file = tmp_path / "accounts.toml"
    monkeypatch.setenv("CALLHOUSE_ACCOUNTS", str(file))
    usage = {"streams": '["agent_usage"]'}
    others = [entry("three", **another), entry("four", base_url='"https://other.example"')]
    file.write_text("\n".join([entry("one"), entry("two", **usage), *others]), encoding="utf-8")
    accounts, (_, found) = check_settings(Home.from_environment())
    assert accounts.keys() == {"one", "two", "three", "four"}
    assert (found.what, found.well) == ("accounts.toml", False)
    assert found.message == (
        "accounts.two: loads agent_usage a second time, so that every record counts twice: "
        "one has the same base_url, credentials and options"
    )
    parted = [entry("one", streams='["calls"]'), entry("two", **usage)]
    narrowed = [entry(f"part-{n}", "conpeek", options=f"{{ project_ids = [{n}] }}") for n in (1, 2)]
    file.write_text("\n".join([*parted, *narrowed]), encoding="utf-8")
    assert [f.well for f in check_settings(Home.from_environment())[1]] == [True]


def test_an_account_that_starts_tomorrow_is_named() -> None:
    today = datetime.now(UTC).date()
    later = account("conpeek", name="later", start_date=today + timedelta(days=2))
    (told,) = check_starts({"now": account("conpeek", start_date=today), "later": later})
    assert told.well is None
    assert told.message == (
        f"accounts.later.start_date: {later.start_date} is in the future: nothing is loaded before"
    )
