import { runIn, type Victim } from "./faults.ts";

/**
 * The archives of classes that a pod's JVM has mapped. One that cannot use its archive says nothing
 * and starts slowly.
 */
export async function mappedArchives(pod: Victim): Promise<string> {
  const command = "cat /proc/[0-9]*/maps 2>/dev/null | grep -o '/opt/.*jsa' | sort -u";
  return (await runIn(pod, ["sh", "-c", command])).trim();
}
