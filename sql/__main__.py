"""`python -m sql load/merge calls`: prints a statement as it is run, here for the table `calls`."""

import sys
from collections.abc import Sequence

import sql
from sql import facts


def main(arguments: Sequence[str]) -> None:
    """Prints the statement of the first argument, for the table of the second one if it is there.

    Raises FileNotFoundError for no statement, KeyError for no table.
    """
    name, *targets = arguments
    print(sql.read(name, *map(facts.target, targets)))


if __name__ == "__main__":
    main(sys.argv[1:])
