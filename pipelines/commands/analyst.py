"""`callhouse analyst`: logins for analysts, made, listed and removed."""

from pipelines.commands import console
from resources.postgres import analysts
from resources.postgres.schema_version import require_head

ON_THIS_MACHINE = (
    "The embedded server is reached from this machine only, while Callhouse runs (callhouse up)."
)


def add(url: str, name: str, pii: bool, is_embedded: bool) -> bool:
    """Prints where to log in and how, once; returns whether the login works already."""
    analysts.require_name(name)
    require_head(url)
    login = analysts.add(url, name, pii)
    if login.left:
        console.say("This user may not do the following; an administrator has to run it:")
        for statement in login.left:
            console.say(f"  {statement};")
    reads = "with personal data" if pii else "numbers masked"
    console.say(f"{name} ({reads}); the password is shown this once:")
    for what in ("host", "port", "database", "username", "password"):
        if (value := getattr(login.url, what)) is not None:
            console.say(f"  {what:9}{value}")
    console.say(login.url.render_as_string(hide_password=False))
    if is_embedded:
        console.say(ON_THIS_MACHINE)
    if login.makes_temporary_tables:
        console.complain(
            "Everybody may make temporary tables in this database, and fill its disk: run "
            "`callhouse migrate`, which forbids it or prints what an administrator has to run."
        )
    if login.refusal:
        console.complain(f"It doesn't log in yet: {login.refusal}")
    return not login.refusal


def remove(url: str, name: str) -> None:
    """Ends a login and its connections, and says so."""
    left = analysts.remove(url, name)
    console.say(f"{name} is removed.")
    if left:
        console.say(f"{console.count(left, 'connection')} of theirs goes on until it is closed: "
                    "this user may not end it.")  # fmt: skip


def print_all(url: str, as_json: bool) -> None:
    """All of the server's, however they were made: one without limits stands out."""
    found = analysts.analysts(url)
    columns = ["name", "personal data", "connections", "at most", "statement timeout"]
    rows = [
        [
            one.name,
            one.sees_personal_data,
            one.connected,
            None if one.connections < 0 else one.connections,
            one.statement_timeout,
        ]
        for one in found
    ]
    if as_json:
        names = [name.replace(" ", "_") for name in columns]
        console.print_json([dict(zip(names, row, strict=True)) for row in rows])
    elif rows:
        console.table(columns, rows)
    else:
        console.say("There are no analysts yet: callhouse analyst add NAME")
