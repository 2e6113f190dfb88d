#!/bin/sh
# Part of the build: archive-classes.sh ARCHIVE LINE JAVA-ARGUMENTS...
# Runs a server until its log has the line, and archives the classes that it has loaded by then. A JVM
# with the archive finds them there as they were, and neither reads nor verifies them again.
set -eu

archive=$1 line=$2
shift 2

log=$(mktemp)
timeout 300 java "-XX:ArchiveClassesAtExit=$archive" -Xlog:cds=error -Xlog:cds+dynamic=error \
  "$@" >"$log" 2>&1 &
server=$!
until grep -q "$line" "$log"; do
  kill -0 "$server" || { cat "$log"; exit 1; }
  sleep 0.2
done
kill "$server"
wait "$server" || true
rm "$log"
# Ends the build if the archive is not there or not right.
java -Xshare:on "-XX:SharedArchiveFile=$archive" --dry-run "$@"
