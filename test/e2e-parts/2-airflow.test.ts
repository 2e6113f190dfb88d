import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { beforeAll, describe, expect, it } from "vitest";

import { inspectBehaviourCsv } from "../../apps/producer/behaviour-csv.ts";
import { flows } from "../../k8s-jobs/replay/flow.ts";
import { S3Store } from "../../k8s-jobs/replay/s3-store.ts";
import { loadFile } from "../../k8s-jobs/storage-loader/load.ts";
import { Airflow } from "../support/airflow.ts";
import { madeBehaviourFile } from "../support/behaviour.ts";
import { eventually, lakehouse } from "../support/lakehouse.ts";

/** A time that no other test has rows of. */
const start = "2021-03-01T00:00:00Z";
const prefixes = { training: "training_data/2021-03-01T", testing: "testing_data/20210301T" };

let airflow: Airflow;
let store: S3Store;

/** MinIO as its administrator. */
function objectStore(): S3Store {
  const { minioServer, minioUser, minioPassword } = JSON.parse(
    process.env["LAKEHOUSE_TEST_MINIO"] ?? "{}",
  ) as Record<string, string>;
  const access = {
    endpoint: `http://${minioServer ?? ""}`,
    accessKey: minioUser ?? "",
    secretKey: minioPassword ?? "",
  };
  return new S3Store(access, 8);
}

async function list(bucket: string, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const key of store.list(bucket, prefix)) keys.push(key);
  return keys;
}

describe("Airflow", () => {
  beforeAll(async () => {
    store = objectStore();
    airflow = await eventually(
      "Airflow",
      () => Airflow.signIn(),
      () => true,
      300,
    );
    await eventually(
      "the DAGs",
      () => airflow.get<{ total_entries: number }>("/dags"),
      ({ total_entries: dags }) => dags === flows.length,
    );
  });

  it("has read its DAGs without an error", async () => {
    expect(await airflow.get("/importErrors")).toMatchObject({ import_errors: [] });
  });

  it("tells strangers nothing", async () => {
    expect(await airflow.statusForStrangers("/dags")).toBe(401);
  });

  it("says where it is and who signs in, but not the password", async () => {
    const { exitCode, stdout, stderr } = await lakehouse("open", "airflow");
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toMatch(/^http:\/\/localhost:\d+\n {2}user {6}lakehouse\n/);
    expect(stdout).toContain("get secret airflow-user");
  });

  describe.each(flows)("the DAG of the flow %s", (flow) => {
    const dag = `replay_${flow}`;

    it("runs by the schedule, one run at a time and none for the past, without being switched on", async () => {
      expect(await airflow.get(`/dags/${dag}/details`)).toMatchObject({
        timetable_summary: "*/5 * * * *",
        is_paused: false,
        catchup: false,
        max_active_runs: 1,
      });
    });

    it("is one pod, started anew when it fails", async () => {
      const { tasks } = await airflow.get<{ tasks: Record<string, unknown>[] }>(
        `/dags/${dag}/tasks`,
      );
      expect(tasks).toHaveLength(1);
      expect(tasks[0]).toMatchObject({
        task_id: "copy",
        operator_name: "KubernetesPodOperator",
        retries: 3,
      });
    });

    it("copies what is in `storage` to `bronze`, and keeps the pod's log in MinIO", async () => {
      const folder = await mkdtemp(join(tmpdir(), "lakehouse-"));
      const file = await madeBehaviourFile(join(folder, "behaviour.csv"), 40, start);
      await loadFile(await inspectBehaviourCsv(file), store);
      await rm(folder, { recursive: true });

      const { id, state } = await airflow.run(dag);

      const stored = await list("storage", prefixes[flow]);
      expect(stored.length).toBeGreaterThan(0);
      expect(await list("bronze", prefixes[flow])).toEqual(stored);
      expect(state).toBe("success");
      // Airflow takes it there after it has told of the end.
      await eventually(
        "the log of an attempt",
        () => list("airflow", `logs/dag_id=${dag}/run_id=${id}/`),
        (logs) => logs.length > 0,
      );
    });
  });
});
