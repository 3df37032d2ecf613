"""Records that are kept without the person: what would bring the person back isn't asked for."""

from datetime import date

from sqlalchemy.engine import Connection

from assets.loading.account_stream import AccountStream
from assets.loading.caller_secret import read_hasher
from resources.postgres.warehouse import execute
from resources.vendor_api.vendor import DetailStream, Stream
from sql.table import Kind


def kept_keys(
    connection: Connection, source: AccountStream[DetailStream], parent: Stream, day: date
) -> list[str]:
    """Of the day's records those, by key, of which no detail is asked for: it would only add to
    them what goes with the person, such as a voice.
    """
    if source.stream.target.kind is not Kind.ENRICHMENT:
        return []
    account = source.account.name
    where = {"account": account, "parent": parent.name, "day": day}
    hashes = {row.record_hash for row in execute(connection, "plan/kept_records", **where)}
    if not hashes:
        return []
    hasher = read_hasher(connection)
    rows = execute(connection, "load/parents", parent.target, keys=None, **where)
    keys = (row.record_key for row in rows)
    return [key for key in keys if hasher.record(account, parent.name, key) in hashes]
