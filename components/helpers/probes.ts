import type { types } from "@pulumi/kubernetes";

type Container = types.input.core.v1.Container;

/** How to see that a server works: over HTTP if a path is given, else by connecting. */
export interface ServerProbe {
  readonly port: number;
  /** Answers 200 when requests can be served. */
  readonly ready?: string;
  /** Answers 200 unless only a restart can help. @default the same as `ready` */
  readonly live?: string;
  /** Time until it must be ready for the first time. @default 180 */
  readonly startSeconds?: number;
}

/** How to see that a program works to which nobody can connect. */
export interface CommandProbe {
  /** Ends with 0 while it works. Each look is a process, so it is not looked often. */
  readonly command: readonly string[];
}

export type Probe = ServerProbe | CommandProbe;

/** The probes of a container. */
export function probes(probe: Probe): Partial<Container> {
  return "port" in probe ? serverProbes(probe) : commandProbes(probe);
}

/** Looked at every second while it starts, so that what waits for it goes on at once. */
function serverProbes({
  port,
  ready,
  live = ready,
  startSeconds = 180,
}: ServerProbe): Partial<Container> {
  const action = (path: string | undefined) =>
    path === undefined ? { tcpSocket: { port } } : { httpGet: { path, port } };
  return {
    startupProbe: {
      ...action(ready),
      periodSeconds: 1,
      timeoutSeconds: 2,
      failureThreshold: startSeconds,
    },
    readinessProbe: { ...action(ready), periodSeconds: 5, timeoutSeconds: 3, failureThreshold: 3 },
    // Patient: on a machine under full load a slow answer is no reason to lose the work under way.
    livenessProbe: { ...action(live), periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 },
  };
}

function commandProbes({ command }: CommandProbe): Partial<Container> {
  const look = { exec: { command: [...command] }, timeoutSeconds: 15 };
  return {
    startupProbe: { ...look, periodSeconds: 10, failureThreshold: 30 },
    readinessProbe: { ...look, periodSeconds: 60, failureThreshold: 2 },
    livenessProbe: { ...look, periodSeconds: 60, failureThreshold: 5 },
  };
}
