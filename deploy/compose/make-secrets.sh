#!/bin/sh
# Makes the secrets that compose.yaml mounts, where they aren't there yet: passwords nobody has to know.
# The folder is for its owner alone; in a container each service gets the files that it needs.
set -eu
cd "$(dirname "$0")"
umask 077
mkdir -p secrets
umask 022
mkdir -p secrets/vendors
random() { head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n'; }
make() { [ -e "secrets/$1" ] || printf '%s\n' "$2" > "secrets/$1"; }
make postgres-password "$(random)"
make redis.conf "requirepass $(random)"
make database-url "postgresql://callhouse:$(cat secrets/postgres-password)@postgres/callhouse"
make broker-url "redis://:$(sed 's/^requirepass //' secrets/redis.conf)@redis:6379/0"
make alert-webhook ""
# The key to an object store, if audio and the report are in one.
make aws-access-key-id ""
make aws-secret-access-key ""
