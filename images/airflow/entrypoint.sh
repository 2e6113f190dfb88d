#!/bin/sh
# Runs one of Airflow's programs; arguments are passed to it.
#   ADMIN_FOLDER  for the API server: folder with the files username and password, of the one who may sign
#                 in; /run/airflow must then be writable
set -eu

if [ -n "${ADMIN_FOLDER:-}" ]; then
  admin=$(cat "$ADMIN_FOLDER/username")
  export AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS="$admin:admin"
  # The server insists on a file that it can write.
  export AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE=/run/airflow/passwords.json
  (
    umask 077
    printf '{"%s": "%s"}\n' "$admin" "$(cat "$ADMIN_FOLDER/password")" >/run/airflow/passwords.json
  )
fi

exec tini -- python3 -m airflow "$@"
