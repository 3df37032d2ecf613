#!/bin/sh
# A setting may come from a file, as a secret should: NAME_FILE says which. An empty one, or none, sets
# nothing. Then the command; called `callhouse`, it is that.
set -eu
names='CALLHOUSE_[A-Z_]*\|AWS_ACCESS_KEY_ID\|AWS_SECRET_ACCESS_KEY\|AWS_SESSION_TOKEN'
for name in $(env | sed -n "s/^\($names\)_FILE=.*/\1/p"); do
    eval "file=\${${name}_FILE:-}"
    [ -n "$file" ] || continue
    value=$(cat "$file")
    [ -z "$value" ] || export "$name=$value"
done
# Dagster's own tables are in the warehouse's database, unless they are put elsewhere.
export CALLHOUSE_DAGSTER_DATABASE_URL="${CALLHOUSE_DAGSTER_DATABASE_URL:-${CALLHOUSE_DATABASE_URL:-}}"
[ "${0##*/}" != callhouse ] || set -- /venv/bin/callhouse "$@"
exec "$@"
