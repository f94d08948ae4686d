#!/bin/sh
# Run by the image when it has made the cluster, and never again: for each service a database, and a role that owns it and can
# do nothing else.
set -eu

sql() {
    psql --quiet --no-psqlrc --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres "$@"
}

for service in customer products shopping payment; do
    # psql reads the password by itself, so that it is in no list of processes.
    sql --set service="$service" --set file="/run/secrets/${service}_password" <<'SQL'
\set password `cat :'file'`
CREATE ROLE :"service" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD :'password';
CREATE DATABASE :"service" OWNER :"service";
REVOKE ALL ON DATABASE :"service" FROM PUBLIC;
SQL
done
sql --command 'REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC'
