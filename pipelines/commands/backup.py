"""`callhouse backup` and `callhouse restore`: what was written, and what is left to be done."""

import os
from contextlib import closing
from pathlib import Path

from assets.privacy import forget
from pipelines.commands import console
from pipelines.commands.forget import open_site
from pipelines.commands.progress import StepsBar
from resources.audio import AudioStore
from resources.configuration.home import Home
from resources.configuration.settings import read_settings
from resources.embedded import dump
from resources.embedded.dump import DumpRequest, Manifest
from resources.errors import CallhouseError
from resources.postgres import migration
from resources.postgres.database import DAGSTER_URL
from resources.postgres.schema_version import require_head
from resources.postgres.warehouse import Warehouse


def _dagster(url: str) -> str | None:
    """Dagster's own database, where it isn't the warehouse."""
    found = os.environ.get(DAGSTER_URL)
    return found if found != url else None


def backup(url: str, folder: Path, request: DumpRequest) -> None:
    """Dumps everything, and says what. Raises CallhouseError for facts that are to be left out
    though no rebuild reaches them.
    """
    require_head(url)
    if not request.facts and (others := _others_with_facts(url)):
        raise CallhouseError(
            "--without-facts leaves out what can be rebuilt, and nothing is of accounts that "
            f"accounts.toml doesn't have: put {', '.join(others)} back, or leave "
            "--without-facts out"
        )
    with StepsBar() as bar:
        bar.step("Dumping", 0, 1)
        made = dump.backup(url, _dagster(url), folder.absolute(), request)
    rows = sum(count for days in made.tables.values() for count, _ in days.values())
    console.say(
        f"{folder}: {len(made.tables)} tables, {rows:,} rows, as of {made.made_at:%F %T} UTC."
    )
    if made.audio:
        console.say(f"{len(made.audio):,} audio files aren't in it: copy them, too. manifest.json "
                    "lists them.")  # fmt: skip


def restore(url: str, folder: Path) -> None:
    """Restores everything into an empty database, brings it up to date, and forgets again people
    who were forgotten since the dump.
    """
    with StepsBar() as bar:
        bar.step("Restoring", 0, 1)
        made = dump.restore(url, _dagster(url), folder.absolute())
        bar.step("Migrating", 0, 1)
        left = migration.migrate(url, restores=True) + dump.restore_analysts(url, made)
        with open_site(url, bar) as site:
            again = _forget_again(site)
        dump.end_restore(url, made)
    console.say(f"Restored as of {made.made_at:%F %T} UTC; every day's rows are what was dumped.")
    if again:
        console.say(f"Whoever was forgotten since then is so again ({again} erasures).")
    _say_what_is_left(url, made, left)


def _others_with_facts(url: str) -> list[str]:
    """Accounts of whose records facts are made, and which the accounts file doesn't have."""
    known = read_settings(Home.from_environment(), needs_secrets=False).accounts
    with closing(Warehouse(url, pool_size=1)) as warehouse:
        rows = warehouse.rows("dump/facts_of_others", accounts=list(known))
    return [row.account for row in rows]


def _forget_again(site: forget.Site) -> int:
    """How many erasures had not ended as the database knows them, or aren't known there; what came
    back of them is erased.
    """
    ended = {(row.hash, row.began_at) for row in site.warehouse.rows("erase/ended")}
    others = [e for e in site.register.erasures() if (e.hash, e.began_at) not in ended]
    if others:
        forget.forget_again(site)
    return len(others)


def _say_what_is_left(url: str, made: Manifest, left: list[str]) -> None:
    with closing(Warehouse(url, pool_size=1)) as warehouse:
        days = warehouse.rows("dump/days")[0]
        known = {row.audio_uri for row in warehouse.rows("dump/audio")}
    if not made.has_facts:
        console.say(f"The dump has no facts: run `callhouse rebuild --from {days.first} "
                    f"--to {days.last}`.")  # fmt: skip
        if others := _others_with_facts(url):
            console.say(f"It makes none of {', '.join(others)}, which accounts.toml doesn't have: "
                        "their days aren't trusted.")  # fmt: skip
    audio = [uri for uri, _ in made.audio if uri and (uri in known or not made.has_facts)]
    if missing := [uri for uri in audio if not AudioStore.exists(uri)]:
        console.say(f"{len(missing):,} of {len(audio):,} audio files aren't where they were, "
                    f"such as {missing[0]}: copy them back.")  # fmt: skip
    if left:
        console.say("An administrator still has to run:")
        for statement in left:
            console.say(f"  {statement}")
