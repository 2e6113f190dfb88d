#!/bin/sh
# Makes the database cluster at the first start, then runs the server; arguments are passed to it.
#   POSTGRES_PASSWORD_FILE  file with the superuser's password, used at the first start
#   POSTGRES_USER           name of the superuser, by default postgres
set -eu

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  # Renamed when it is complete, so that a start that was cut short is simply done again.
  fresh=$PGDATA.initdb
  rm -rf "$fresh"
  initdb --pgdata="$fresh" --username="${POSTGRES_USER:-postgres}" \
    --pwfile="$POSTGRES_PASSWORD_FILE" --auth=scram-sha-256 \
    --encoding=UTF8 --locale=C.UTF-8 --locale-provider=builtin --builtin-locale=C.UTF-8
  echo 'host all all all scram-sha-256' >>"$fresh/pg_hba.conf"
  mv "$fresh" "$PGDATA"
fi

exec postgres -D "$PGDATA" -c listen_addresses='*' -c unix_socket_directories=/tmp "$@"
