#!/bin/sh
# Runs the server with the mounted configuration plus the password, which is handed over on standard
# input: it is then neither in a file nor on a command line. Arguments are passed to the server.
#   REDIS_PASSWORD_FILE  file with the password of the default user
set -eu

configuration=$(cat /etc/valkey/valkey.conf)
password=$(cat "$REDIS_PASSWORD_FILE")

exec valkey-server - "$@" <<EOF
dir /data
$configuration
requirepass "$password"
EOF
