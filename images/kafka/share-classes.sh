#!/bin/sh
# Part of the build: starts a node, and archives the classes that it has loaded once it is ready. A
# JVM with the archive finds them there as they were, and neither reads nor verifies them again.
set -eu

folder=$(mktemp -d)
cat >"$folder/server.properties" <<EOF
process.roles=broker,controller
node.id=0
controller.quorum.voters=0@localhost:9093
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093
log.dirs=$folder/data
EOF

# An archive belongs to one class path, in whose order a wildcard cannot be trusted.
class_path=$(find /opt/kafka/libs -name '*.jar' | LC_ALL=C sort | paste -sd :)
echo "-cp $class_path" >/opt/kafka/java.options

export JAVA_TOOL_OPTIONS=-Dlog4j2.configurationFile=/opt/kafka/config/log4j2.properties
java @/opt/kafka/java.options kafka.tools.StorageTool format \
  --cluster-id 4L6g3nShT-eMCtK--X86sw --config "$folder/server.properties"
java -XX:ArchiveClassesAtExit=/opt/kafka/classes.jsa -Xlog:cds=error -Xlog:cds+dynamic=error \
  @/opt/kafka/java.options kafka.Kafka "$folder/server.properties" >"$folder/log" 2>&1 &
node=$!
until grep -q 'Kafka Server started' "$folder/log"; do
  kill -0 "$node" || { cat "$folder/log"; exit 1; }
  sleep 0.2
done
kill "$node"
wait "$node" || true
echo -XX:SharedArchiveFile=/opt/kafka/classes.jsa >>/opt/kafka/java.options
# Ends the build if the archive is not there or not right.
java -Xshare:on @/opt/kafka/java.options kafka.tools.StorageTool random-uuid
rm -r "$folder"
