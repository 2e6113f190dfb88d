import { readFileSync } from "node:fs";

/** Linux capabilities by their number, as in linux/capability.h. */
const names = [
  "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE",
  "NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO",
  "SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME",
  "SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG",
  "WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE",
]
  .join(" ")
  .split(" ")
  .map((name) => `CAP_${name}`);

/**
 * The capabilities that no process here can have, because the machine's bounding set lacks them.
 * @param status - text of /proc/PID/status, by default that of this process
 * @param last - number of the last capability that the kernel knows
 */
export function missingCapabilities(
  status = readFileSync("/proc/self/status", "utf8"),
  last = Number(readFileSync("/proc/sys/kernel/cap_last_cap", "utf8")),
): string[] {
  const match = /^CapBnd:\s*([0-9a-f]+)$/m.exec(status);
  if (match?.[1] === undefined) return [];
  const bounding = BigInt(`0x${match[1]}`);
  const isMissing = (number: number): boolean => (bounding & (1n << BigInt(number))) === 0n;
  return names.filter((_name, number) => number <= last && isMissing(number));
}

/**
 * An OCI runtime for a machine whose bounding set lacks some capabilities. `docker run --privileged`,
 * which kind uses, asks for all of them and runc then fails with "unable to apply caps". This script
 * takes the missing ones out of the container's configuration (and of the process of an `exec`) and
 * hands over to runc, so neither kind nor Docker has to change.
 */
export function runtimeWrapper(missing: readonly string[]): string {
  return `#!/bin/sh
# Written by realtime-lakehouse: runc without the capabilities that this machine withholds.
missing='${JSON.stringify(missing)}'
config=
previous=
for argument in "$@"; do
  case "$previous" in
    --bundle | -b) config="$argument/config.json" ;;
    --process | -p) config="$argument" ;;
  esac
  case "$argument" in
    --bundle=*) config="\${argument#*=}/config.json" ;;
    --process=*) config="\${argument#*=}" ;;
  esac
  previous="$argument"
done
if [ -f "$config" ]; then
  edited=$(mktemp "$config.XXXXXX") &&
    jq --argjson missing "$missing" '
      def strip: if .capabilities then .capabilities |= map_values((. // []) - $missing) else . end;
      if .process then .process |= strip else strip end' "$config" >"$edited" &&
    cat "$edited" >"$config"
  rm -f "$edited"
fi
exec runc "$@"
`;
}
