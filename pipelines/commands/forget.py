"""`callhouse forget` and `export-person`: whose data it is about, and what was done."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass

from assets.loading.audio_files import KEPT_AUDIO, LOST_AUDIO
from assets.loading.personal.erase import Counts
from assets.privacy import forget
from assets.privacy.export import export_person
from assets.privacy.forget import Person, Site
from assets.privacy.places import Owner, owners
from assets.privacy.register import Register
from assets.privacy.texts import text_files
from pipelines.commands import console
from pipelines.commands.progress import StepsBar
from resources.account import Account
from resources.configuration.home import Home
from resources.configuration.settings import read_settings
from resources.errors import ConfigurationError
from resources.postgres.database import DAGSTER_URL
from resources.postgres.schema_version import require_head
from resources.postgres.warehouse import Warehouse
from resources.vendor_api import phones
from resources.vendors import discover


@dataclass(frozen=True)
class ForgetRequest:
    """What the command line asks for."""

    number: str | None = None
    key: str | None = None
    account: str | None = None
    stream: str | None = None
    dry_run: bool = False
    keep_calls: bool = False
    again: bool = False

    def require_sense(self) -> None:
        """Raises ConfigurationError for what doesn't go together."""
        by_key = (self.key, self.stream) != (None, None)
        ways = [self.number is not None, by_key or self.account is not None, self.again]
        if ways.count(True) != 1:
            raise ConfigurationError(
                ["whom: --number N, or --key K --account A --stream S, or --account A; or --again"]
            )
        if by_key and None in (self.key, self.account, self.stream):
            raise ConfigurationError(["a record is --key K --account A --stream S"])
        if self.number is None and (self.keep_calls or self.dry_run):
            raise ConfigurationError(["--dry-run and --keep-calls go with --number"])


def run(request: ForgetRequest, url: str) -> None:
    """Does what is asked for, and prints what was erased, or would be."""
    request.require_sense()
    require_head(url)
    with StepsBar() as bar, open_site(url, bar) as site:
        counts = _done(request, site)
    _print(counts, is_dry=request.dry_run)


def export(number: str, url: str) -> None:
    """Prints what is known of a number, as JSON."""
    require_head(url)
    with StepsBar() as bar, open_site(url, bar) as site:
        export = export_person(site, number_of(number, site.owners))
    console.print_json(export)


@contextmanager
def open_site(url: str, bar: StepsBar) -> Iterator[Site]:
    """All that may hold something of somebody, as the environment says."""
    home = Home.from_environment()
    with closing(Warehouse(url, pool_size=2)) as warehouse, _others() as others:
        yield Site(
            warehouse,
            owners(warehouse, _accounts(home), discover()),
            others,
            lambda: text_files(home),
            Register(home.root / "erasures.jsonl"),
            bar.step,
        )


def number_of(text: str, known: Mapping[str, Owner]) -> str:
    """What somebody typed, in E.164. A national number is one of a country that an account is of.

    Raises ConfigurationError where it is none, or of several countries.
    """
    countries = sorted({owner.country for owner in known.values()})
    found = {phones.e164(text, country) for country in countries or ["ZZ"]} - {None}
    if len(found) == 1:
        return str(found.pop())
    where = ", ".join(countries) or "any country"
    if found:
        raise ConfigurationError([f"--number: a number of several countries ({where}): write +…"])
    what = "write it with + and the country's code, or forget records by their keys"
    raise ConfigurationError([f"--number: no telephone number of {where}; {what}"])


def _done(request: ForgetRequest, site: Site) -> Counts:
    if request.number is not None:
        person = Person(number_of(request.number, site.owners), request.keep_calls)
        work = forget.look_for if request.dry_run else forget.forget_person
        return work(site, person)
    if request.again:
        return forget.forget_again(site)
    assert request.account is not None
    if request.key is not None and request.stream is not None:
        return forget.forget_record(site, request.account, request.stream, request.key)
    return forget.forget_account(site, request.account)


def _accounts(home: Home) -> Mapping[str, Account]:
    """The accounts as the file has them; where it is wrong, as they last were good, and it says so.
    Their countries and time zones are what counts: secrets aren't needed.
    """
    settings = read_settings(home, needs_secrets=False)
    if home.accounts.exists():
        for fault in settings.sentences():
            console.complain(fault)
    return settings.accounts


@contextmanager
def _others() -> Iterator[Sequence[Warehouse]]:
    """Dagster's database, if it isn't the warehouse."""
    url = os.environ.get(DAGSTER_URL)
    if not url:
        yield ()
        return
    with closing(Warehouse(url, pool_size=2)) as dagster:
        yield (dagster,)


def _print(counts: Counts, *, is_dry: bool) -> None:
    rows = [[place, count] for place, count in sorted(counts.items()) if count]
    if rows:
        console.table(["where", "found" if is_dry else "erased"], rows)
    if counts[LOST_AUDIO]:
        console.say("Some audio isn't where it was kept: if it is elsewhere, delete it there.")
    if counts[KEPT_AUDIO]:
        console.say(
            "The bucket of the audio keeps versions: what was deleted is still there as an older "
            "one. Delete it there, and let a lifecycle rule do so from now on."
        )
    if is_dry:
        console.say("Nothing was changed." if rows else "Nowhere.")
    else:
        console.say("Forgotten: ops.erasures has the proof." if rows else "Nothing was there.")
