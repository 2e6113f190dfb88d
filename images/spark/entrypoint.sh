#!/bin/bash
# Entry point of Spark's pods. `driver` and `executor` are what Spark on Kubernetes asks for, by the
# environment that it sets; any other command is run as it is. tini reaps the Python workers.
set -eu

# Spark numbers its JVM options: SPARK_JAVA_OPT_0, SPARK_JAVA_OPT_1, ... Each is one word.
java_options=()
number=0
while option=SPARK_JAVA_OPT_$number && [ -n "${!option+set}" ]; do
  java_options+=("${!option}")
  number=$((number + 1))
done

case "${1:-}" in
  driver)
    shift
    # The folder with the settings, which are given by --properties-file, would be on the class path.
    export SPARK_CONF_DIR=/opt/spark/conf-of-the-image
    exec tini -s -- spark-submit \
      --conf "spark.driver.bindAddress=$SPARK_DRIVER_BIND_ADDRESS" \
      --conf "spark.executorEnv.SPARK_DRIVER_POD_IP=$SPARK_DRIVER_BIND_ADDRESS" \
      --deploy-mode client "$@"
    ;;
  executor)
    # The options of the image are a list of words.
    # shellcheck disable=SC2086
    exec tini -s -- java $SPARK_SUBMIT_OPTS "${java_options[@]}" \
      "-Xms$SPARK_EXECUTOR_MEMORY" "-Xmx$SPARK_EXECUTOR_MEMORY" \
      -cp "$SPARK_HOME/jars/*${SPARK_CLASSPATH:+:$SPARK_CLASSPATH}" \
      org.apache.spark.scheduler.cluster.k8s.KubernetesExecutorBackend \
      --driver-url "$SPARK_DRIVER_URL" \
      --executor-id "$SPARK_EXECUTOR_ID" \
      --cores "$SPARK_EXECUTOR_CORES" \
      --app-id "$SPARK_APPLICATION_ID" \
      --hostname "$SPARK_EXECUTOR_POD_IP" \
      --resourceProfileId "$SPARK_RESOURCE_PROFILE_ID" \
      --podName "$SPARK_EXECUTOR_POD_NAME"
    ;;
  *)
    exec tini -s -- "$@"
    ;;
esac
