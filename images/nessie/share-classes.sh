#!/bin/sh
# Part of the build: starts Nessie, and archives the classes that it has loaded once it is ready. A
# JVM with the archive finds them there as they were, and neither reads nor verifies them again.
set -eu

log=$(mktemp)
java -XX:ArchiveClassesAtExit=/opt/nessie/classes.jsa -Xlog:cds=error -Xlog:cds+dynamic=error \
  -Dnessie.version.store.type=IN_MEMORY -jar /opt/nessie/nessie-quarkus-runner.jar >"$log" 2>&1 &
nessie=$!
until grep -q 'Listening on' "$log"; do
  kill -0 "$nessie" || { cat "$log"; exit 1; }
  sleep 0.2
done
kill "$nessie"
wait "$nessie" || true
# Ends the build if the archive is not there or not right.
java -Xshare:on -XX:SharedArchiveFile=/opt/nessie/classes.jsa \
  -cp /opt/nessie/nessie-quarkus-runner.jar -version
rm "$log"
