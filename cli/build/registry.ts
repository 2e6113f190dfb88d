/** Docker Hub answers an anonymous request with 401 and a challenge; a filter in between does not. */
const probe = "https://registry-1.docker.io/v2/";
const probeTimeout = 4_000;

let answer: Promise<boolean> | undefined;

/**
 * Whether images can be pulled from Docker Hub, asked once a process. A wrong "no" only costs time:
 * the image is then built from packages.
 */
export function registryReachable(): Promise<boolean> {
  answer ??= fetch(probe, { signal: AbortSignal.timeout(probeTimeout) }).then(
    (response) => response.status === 200 || response.status === 401,
    () => false,
  );
  return answer;
}
