#!/bin/sh
# A setting may come from a file, as a secret should: NAME_FILE says which. Then the command.
set -eu
for name in $(env | sed -n 's/^\(CALLHOUSE_[A-Z_]*\)_FILE=.*/\1/p'); do
    eval "file=\$${name}_FILE"
    value=$(cat "$file")
    export "$name=$value"
done
# Dagster's own tables are in the warehouse's database, unless they are put elsewhere.
export CALLHOUSE_DAGSTER_DATABASE_URL="${CALLHOUSE_DAGSTER_DATABASE_URL:-${CALLHOUSE_DATABASE_URL:-}}"
exec "$@"
