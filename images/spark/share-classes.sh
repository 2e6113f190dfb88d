#!/bin/bash
# Part of the build: archives the classes that Spark's JVMs load. A JVM with the archive finds them
# there as they were, and neither reads nor verifies them again.
set -eu

# An archive belongs to one class path, in whose order a wildcard cannot be trusted. Spark always says
# `jars/*`: the one jar that it finds there names the others.
python3 - <<'EOF'
import zipfile
from pathlib import Path

jars = Path("/opt/spark/jars")
names = " ".join(f"lib/{jar.name}" for jar in sorted((jars / "lib").glob("*.jar")))
line = f"Class-Path: {names}"
# Lines of a manifest have 72 bytes at most, and those that go on begin with a space.
parts = [line[:72], *(f" {line[at : at + 71]}" for at in range(72, len(line), 71))]
with zipfile.ZipFile(jars / "class-path.jar", "w") as jar:
    jar.writestr("META-INF/MANIFEST.MF", "\r\n".join(["Manifest-Version: 1.0", *parts, "", ""]))
EOF

# Where the program leaves what it writes.
cd "$(mktemp -d)"
SPARK_HOME=/opt/spark PYTHONPATH=/opt/spark/python \
  SPARK_SUBMIT_OPTS="-XX:ArchiveClassesAtExit=/opt/spark/classes.jsa -Xlog:cds=error -Xlog:cds+dynamic=error" \
  /opt/spark/bin/spark-submit /tmp/share_classes.py >log 2>&1 || { cat log; exit 1; }
# Ends the build if the archive is not there or not right.
java -Xshare:on -XX:SharedArchiveFile=/opt/spark/classes.jsa -cp '/opt/spark/jars/*' -version
rm -r "$PWD"
