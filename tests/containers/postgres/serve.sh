#!/usr/bin/env bash
# Makes the cluster and the database on the first start, then serves in the foreground.
set -euo pipefail
bin=$(dirname "$(ls /usr/lib/postgresql/*/bin/postgres | tail -n 1)")
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  "$bin/initdb" --username="$POSTGRES_USER" --pwfile=<(printf '%s' "$POSTGRES_PASSWORD") --auth-host=scram-sha-256 --auth-local=trust --encoding=UTF8 --locale=C.UTF-8 >/dev/null
  echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"
  "$bin/pg_ctl" -s -w -o "-c listen_addresses=" start
  [ "$POSTGRES_DB" = postgres ] || "$bin/createdb" -h /var/run/postgresql -U "$POSTGRES_USER" "$POSTGRES_DB"
  "$bin/pg_ctl" -s -w -m fast stop
fi
exec "$bin/postgres" -c listen_addresses='*'
