import type { V1Secret, V1StatefulSet } from "@kubernetes/client-node";
import { beforeAll, describe, expect, it } from "vitest";

import { Minio, type MinioArgs, type ObjectStorageConnection } from "../../../components/minio.ts";
import { record, type Recording, waitsFor } from "../../support/mocks.ts";

interface Statement {
  Effect: string;
  Action: string[];
  Resource: string[];
}

const minioArgs: MinioArgs = {
  namespace: "lakehouse",
  image: "localhost/lakehouse/minio:1",
  nodePort: 30900,
  hostPort: 31000,
  storage: "20Gi",
  kafka: { address: "kafka:9092" },
  queryEngine: "light",
};

describe("MinIO", () => {
  let recording: Recording;
  const connections: Record<string, unknown> = {};
  const needed: Record<string, Promise<string[]>> = {};

  beforeAll(async () => {
    recording = await record(() => {
      const minio = new Minio("minio", minioArgs);
      const users: [string, ObjectStorageConnection][] = [
        ["spark", minio.spark],
        ["nessie", minio.nessie],
        ["query", minio.query],
        ["loader", minio.loader],
        ["copier", minio.copier],
      ];
      for (const [user, { endpoint, credentialsSecret }] of users) {
        needed[user] = waitsFor(endpoint);
        endpoint.apply((url) => {
          credentialsSecret.apply((secret) => (connections[user] = { url, secret }));
        });
      }
    });
  });

  /** What a user's policy allows: actions by resource. */
  const allowed = (user: string) => {
    const { inputs } = recording.find("minio:index/iamPolicy:IamPolicy", `minio-${user}`);
    const { Statement } = JSON.parse(inputs["policy"] as string) as { Statement: Statement[] };
    expect(Statement.map(({ Effect }) => Effect)).toEqual(Statement.map(() => "Allow"));
    return Object.fromEntries(
      Statement.map(({ Action, Resource }) => [Resource.join(" "), Action]),
    );
  };

  it("takes its administrator from files, never from the environment", () => {
    const { inputs } = recording.find("kubernetes:apps/v1:StatefulSet", "minio");
    const container = (inputs as unknown as V1StatefulSet).spec?.template.spec?.containers[0];
    expect(container?.env).toEqual(
      expect.arrayContaining([
        { name: "MINIO_ROOT_USER_FILE", value: "/run/secrets/root/user" },
        { name: "MINIO_ROOT_PASSWORD_FILE", value: "/run/secrets/root/password" },
        { name: "MINIO_BROWSER", value: "off" },
      ]),
    );
    const secret = recording.find("kubernetes:core/v1:Secret", "minio-root").inputs as V1Secret;
    expect(secret.stringData).toEqual({ user: "root", password: "secret of minio-root" });
    expect(recording.find("pulumi:providers:minio", "minio").inputs).toEqual({
      minioServer: "localhost:31000",
      minioUser: "root",
      minioPassword: "secret of minio-root",
    });
  });

  it("has the platform's buckets, closed to the public", () => {
    const buckets = recording.all("minio:index/s3Bucket:S3Bucket");
    expect(buckets.map(({ inputs }) => inputs)).toEqual(
      ["bronze", "checkpoints", "storage", "warehouse"].map((bucket) => ({
        bucket,
        acl: "private",
      })),
    );
  });

  it("tells Kafka of new objects in `bronze`, and forgets none while Kafka is away", () => {
    const { inputs } = recording.find("kubernetes:apps/v1:StatefulSet", "minio");
    const container = (inputs as unknown as V1StatefulSet).spec?.template.spec?.containers[0];
    for (const topic of ["training_data_streaming", "testing_data_streaming"]) {
      const settings = { ENABLE: "on", BROKERS: "kafka:9092", TOPIC: topic };
      const queue = { QUEUE_DIR: "/data/.kafka-events", QUEUE_LIMIT: "250000" };
      expect(container?.env).toEqual(
        expect.arrayContaining(
          Object.entries({ ...settings, ...queue }).map(([key, value]) => ({
            name: `MINIO_NOTIFY_KAFKA_${key}_${topic}`,
            value,
          })),
        ),
      );
    }
    expect(container?.env).toContainEqual({ name: "MINIO_API_SYNC_EVENTS", value: "on" });
    expect(
      recording.find("minio:index/s3BucketNotification:S3BucketNotification", "minio-bronze")
        .inputs,
    ).toEqual({
      bucket: "bronze",
      queues: [
        {
          id: "training_data_streaming",
          queueArn: "arn:minio:sqs::training_data_streaming:kafka",
          events: ["s3:ObjectCreated:*"],
          filterPrefix: "training_data/",
          filterSuffix: ".parquet",
        },
        {
          id: "testing_data_streaming",
          queueArn: "arn:minio:sqs::testing_data_streaming:kafka",
          events: ["s3:ObjectCreated:*"],
          filterPrefix: "testing_data/",
          filterSuffix: ".json",
        },
      ],
    });
  });

  it("lets the loader add to `storage`, and neither read nor delete there", () => {
    expect(allowed("loader")).toEqual({
      "arn:aws:s3:::storage": ["s3:GetBucketLocation", "s3:ListBucket"],
      "arn:aws:s3:::storage/*": ["s3:PutObject"],
    });
  });

  it("lets the copier read `storage` and add to `bronze`, and nothing else", () => {
    expect(allowed("copier")).toEqual({
      "arn:aws:s3:::storage": ["s3:GetBucketLocation", "s3:ListBucket"],
      "arn:aws:s3:::storage/*": ["s3:GetObject"],
      "arn:aws:s3:::bronze": ["s3:GetBucketLocation", "s3:ListBucket"],
      "arn:aws:s3:::bronze/*": ["s3:PutObject"],
    });
  });

  it("lets Spark write tables and checkpoints, read `bronze`, and nothing else", () => {
    expect(Object.keys(allowed("spark"))).toEqual([
      "arn:aws:s3:::warehouse",
      "arn:aws:s3:::warehouse/*",
      "arn:aws:s3:::checkpoints",
      "arn:aws:s3:::checkpoints/*",
      "arn:aws:s3:::bronze",
      "arn:aws:s3:::bronze/*",
    ]);
    expect(allowed("spark")["arn:aws:s3:::bronze/*"]).toEqual(["s3:GetObject"]);
    expect(allowed("spark")["arn:aws:s3:::warehouse/*"]).toEqual([
      "s3:AbortMultipartUpload",
      "s3:DeleteObject",
      "s3:GetObject",
      "s3:ListMultipartUploadParts",
      "s3:PutObject",
    ]);
  });

  it("lets Nessie write tables, and nothing else", () => {
    expect(Object.keys(allowed("nessie"))).toEqual([
      "arn:aws:s3:::warehouse",
      "arn:aws:s3:::warehouse/*",
    ]);
    expect(allowed("nessie")["arn:aws:s3:::warehouse/*"]).toContain("s3:PutObject");
  });

  it("lets the query engine read tables, and nothing else", () => {
    expect(allowed("query")).toEqual({
      "arn:aws:s3:::warehouse": ["s3:GetBucketLocation", "s3:ListBucket"],
      "arn:aws:s3:::warehouse/*": ["s3:GetObject"],
    });
  });

  it("lets the notebook read tables, and has no user for it unless there is one", async () => {
    expect(recording.all("minio:index/iamUser:IamUser").map(({ name }) => name)).toEqual([
      "minio-copier",
      "minio-loader",
      "minio-nessie",
      "minio-query",
      "minio-spark",
    ]);
    const withNotebook = await record(() => {
      new Minio("minio", {
        namespace: "lakehouse",
        image: "localhost/lakehouse/minio:1",
        nodePort: 30900,
        hostPort: 31000,
        storage: "20Gi",
        queryEngine: "light",
        kafka: { address: "kafka:9092" },
      }).notebook();
    });
    const policyOf = (one: Recording, user: string) =>
      one.find("minio:index/iamPolicy:IamPolicy", `minio-${user}`).inputs["policy"];
    expect(policyOf(withNotebook, "notebook")).toBe(policyOf(recording, "query"));
  });

  it("gives Dremio a bucket of its own, beside reading tables", async () => {
    const withDremio = await record(
      () =>
        new Minio("minio", {
          namespace: "lakehouse",
          image: "localhost/lakehouse/minio:1",
          nodePort: 30900,
          hostPort: 31000,
          storage: "20Gi",
          kafka: { address: "kafka:9092" },
          queryEngine: "dremio",
        }),
    );
    const buckets = withDremio.all("minio:index/s3Bucket:S3Bucket");
    expect(buckets.map(({ inputs }) => inputs["bucket"])).toContain("dremio");
    const { inputs } = withDremio.find("minio:index/iamPolicy:IamPolicy", "minio-query");
    const { Statement } = JSON.parse(inputs["policy"] as string) as { Statement: Statement[] };
    expect(Statement.map(({ Resource }) => Resource)).toEqual([
      ["arn:aws:s3:::warehouse"],
      ["arn:aws:s3:::warehouse/*"],
      ["arn:aws:s3:::dremio"],
      ["arn:aws:s3:::dremio/*"],
    ]);
    expect(Statement[1]?.Action).toEqual(["s3:GetObject"]);
    expect(Statement[3]?.Action).toContain("s3:PutObject");
  });

  it.each(["spark", "query", "loader"])(
    "is known to %s once it may use the buckets",
    async (user) => {
      expect(await needed[user]).toEqual(
        [
          "minio-bronze",
          "minio-checkpoints",
          `minio-${user}`,
          "minio-storage",
          "minio-warehouse",
        ].toSorted(),
      );
    },
  );

  it("is known to the copier once Kafka would be told of its copies, too", async () => {
    expect(await needed["copier"]).toEqual([
      "minio-bronze",
      "minio-bronze",
      "minio-checkpoints",
      "minio-copier",
      "minio-storage",
      "minio-warehouse",
    ]);
  });

  it("does not hold up Nessie, which starts without it", async () => {
    expect(await needed["nessie"]).toEqual([]);
  });

  it.each(["spark", "nessie", "query", "loader", "copier"])(
    "gives %s its own keys and policy",
    (user) => {
      const name = `minio-${user}`;
      expect(recording.find("minio:index/iamUser:IamUser", name).inputs).toEqual({
        name: user,
        secret: `secret of ${name}`,
      });
      expect(
        recording.find("minio:index/iamUserPolicyAttachment:IamUserPolicyAttachment", name).inputs,
      ).toEqual({ userName: user, policyName: user });
      const secret = recording.find("kubernetes:core/v1:Secret", name).inputs as V1Secret;
      expect(secret.stringData).toEqual({
        "access-key": user,
        "secret-key": `secret of ${name}`,
      });
      expect(connections[user]).toEqual({ url: "http://minio:9000", secret: name });
    },
  );

  it("has a bucket for Airflow's logs, which Airflow alone can write, only when it is asked for", async () => {
    expect(
      recording.all("minio:index/iamUser:IamUser").map(({ inputs }) => inputs["name"]),
    ).not.toContain("airflow");
    let waits: Promise<string[]> | undefined;
    const withAirflow = await record(() => {
      const minio = new Minio("minio", minioArgs);
      waits = waitsFor(minio.airflow().endpoint);
    });
    const { inputs } = withAirflow.find("minio:index/iamPolicy:IamPolicy", "minio-airflow");
    const { Statement } = JSON.parse(inputs["policy"] as string) as { Statement: Statement[] };
    expect(Statement.map(({ Resource }) => Resource)).toEqual([
      ["arn:aws:s3:::airflow"],
      ["arn:aws:s3:::airflow/*"],
    ]);
    expect(await waits).toContain("minio-airflow");
    expect(withAirflow.find("minio:index/s3Bucket:S3Bucket", "minio-airflow").inputs).toEqual({
      bucket: "airflow",
      acl: "private",
    });
  });
});
