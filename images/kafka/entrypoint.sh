#!/bin/sh
# Starts one node of a KRaft cluster. Its number is the ordinal of its StatefulSet pod, so all nodes
# share one static configuration (/etc/kafka/server.properties) and one environment:
#   KAFKA_CLUSTER_ID          identity of the cluster, 22 characters of base64url
#   KAFKA_HEADLESS_SERVICE    Service that gives each pod its name
#   KAFKA_REPLICAS            number of nodes, all of them voters
#   KAFKA_EXTERNAL_HOST       host under which clients outside of the cluster reach every node
#   KAFKA_EXTERNAL_PORT_BASE  port of node 0 there; node n has this plus n
#   KAFKA_HEAP_OPTS           heap options of the JVM (optional)
set -eu

pod=$(hostname)
ordinal=${pod##*-}
stateful_set=${pod%-*}
case $ordinal in
  '' | *[!0-9]*)
    echo "The host name '$pod' has no ordinal: run this image as a pod of a StatefulSet." >&2
    exit 64
    ;;
esac

voters=
node=0
while [ "$node" -lt "$KAFKA_REPLICAS" ]; do
  voters="${voters:+$voters,}$node@$stateful_set-$node.$KAFKA_HEADLESS_SERVICE:9093"
  node=$((node + 1))
done

internal="INTERNAL://$pod.$KAFKA_HEADLESS_SERVICE:9092"
external="EXTERNAL://$KAFKA_EXTERNAL_HOST:$((KAFKA_EXTERNAL_PORT_BASE + ordinal))"
# Not the root of the volume: a file system's lost+found there would be taken for a partition.
log_dir=/var/lib/kafka/data/logs
properties=/tmp/server.properties

{
  cat /etc/kafka/server.properties
  cat <<EOF

node.id=$ordinal
controller.quorum.voters=$voters
listeners=INTERNAL://:9092,CONTROLLER://:9093,EXTERNAL://:9094
advertised.listeners=$internal,$external
log.dirs=$log_dir
EOF
} >"$properties"

# The image's own class path and archive of classes; the upstream image has none.
java_options=/opt/kafka/java.options
if [ ! -f "$java_options" ]; then
  java_options=/tmp/java.options
  echo "-cp /opt/kafka/libs/*" >"$java_options"
fi

kafka() {
  # Heap options are a list of words.
  # shellcheck disable=SC2086
  exec java ${KAFKA_HEAP_OPTS:--Xms256m -Xmx512m} \
    -XX:+ExitOnOutOfMemoryError \
    -Djava.awt.headless=true \
    -Dlog4j2.configurationFile=/opt/kafka/config/log4j2.properties \
    "@$java_options" "$@"
}

if [ ! -f "$log_dir/meta.properties" ]; then
  # A format that was cut short leaves files behind, which are not worth an error.
  (kafka kafka.tools.StorageTool format --ignore-formatted \
    --cluster-id "$KAFKA_CLUSTER_ID" --config "$properties")
fi

kafka kafka.Kafka "$properties"
