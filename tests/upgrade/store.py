"""`python -m tests.upgrade.store 0.1.0`: what a release leaves in a warehouse, for the tests of all
later ones. Once a release, and never again: a stored dump stays as it is.
"""

import gzip
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from resources.configuration.home import Home
from resources.embedded.local_postgres import LocalPostgres
from resources.embedded.server_user import programs
from resources.postgres.migration import migrate
from tests.upgrade.world import open_world

STORED = Path(__file__).with_name("stored")


def dump_of_now(url: str, home: Path) -> str:
    """A small warehouse, made and filled by this version in the empty database, as SQL."""
    migrate(url)
    with open_world(url, home) as world:
        world.load()
        world.age()
    command = [str(programs() / "pg_dump"), "--no-owner", "--no-privileges", url]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


def restore(url: str, text: str) -> None:
    """Runs what was stored in an empty database."""
    command = [str(programs() / "psql"), "--quiet", "--set=ON_ERROR_STOP=1", url]
    subprocess.run(command, input=text, stdout=subprocess.DEVNULL, text=True, check=True)


def main(release: str) -> None:
    """Stores the dump of a release."""
    STORED.mkdir(exist_ok=True)
    file = STORED / f"{release}.sql.gz"
    if file.exists():
        raise SystemExit(f"{file} is stored already")
    with tempfile.TemporaryDirectory() as name:
        home = Home(Path(name) / "home")
        os.environ["CALLHOUSE_HOME"] = str(home.root)
        server = LocalPostgres(home)
        text = dump_of_now(server.start(), home.root).replace(str(home.root), "/callhouse")
        server.stop()
    file.write_bytes(gzip.compress(text.encode(), mtime=0))


if __name__ == "__main__":
    main(sys.argv[1])
