#!/bin/sh
# Stands in for the official image's entry point: makes a cluster on the first start, then becomes the server.
set -eu
bin=$POSTGRES_BIN
data=/var/lib/postgresql/data
user=${POSTGRES_USER:-postgres}
as_postgres='setpriv --reuid=postgres --regid=postgres --clear-groups'
install -d -o postgres -g postgres /var/run/postgresql
if [ ! -s "$data/PG_VERSION" ]; then
  install -d -o postgres -g postgres -m 700 "$data"
  cd /
  $as_postgres "$bin/initdb" -D "$data" -U "$user" --auth=trust -E UTF8 --locale=C.UTF-8 --no-sync >/dev/null
  $as_postgres "$bin/pg_ctl" -D "$data" -w start -o "-c listen_addresses='' -k /var/run/postgresql" >/dev/null
  "$bin/createdb" -h /var/run/postgresql -U "$user" "${POSTGRES_DB:-$user}"
  $as_postgres "$bin/pg_ctl" -D "$data" -w -m fast stop >/dev/null
fi
exec $as_postgres "$bin/postgres" -D "$data" -k /var/run/postgresql -c listen_addresses=127.0.0.1 -c fsync=off
