#!/bin/sh
# Runs the server with the mounted configuration plus the passwords, which are handed over on standard
# input: they are then neither in a file nor on a command line. Arguments are passed to the server.
#   REDIS_PASSWORD_FILE  file with the password of the default user
# Each line of /etc/valkey/users, if it is there, is a further user and its rights, as ACL SETUSER
# takes them; its password is in /run/secrets/users/<user>/password.
set -eu

configuration=$(cat /etc/valkey/valkey.conf)
password=$(cat "$REDIS_PASSWORD_FILE")
users=$(
  [ -e /etc/valkey/users ] || exit 0
  while read -r user rights; do
    user_password=$(cat "/run/secrets/users/$user/password")
    echo "user $user on >$user_password $rights"
  done </etc/valkey/users
)

exec valkey-server - "$@" <<EOF
dir /data
$configuration
requirepass "$password"
$users
EOF
