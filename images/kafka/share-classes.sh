#!/bin/sh
# Part of the build: lets the JVMs of a node share an archive of their classes.
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
/tmp/archive-classes.sh /opt/kafka/classes.jsa 'Kafka Server started' \
  @/opt/kafka/java.options kafka.Kafka "$folder/server.properties"
echo -XX:SharedArchiveFile=/opt/kafka/classes.jsa >>/opt/kafka/java.options
rm -r "$folder"
