import {
  DeleteBucketPolicyCommand,
  GetBucketNotificationConfigurationCommand,
  GetBucketVersioningCommand,
  ListBucketsCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { MinioConnection } from "../../providers/minio/connection.ts";
import { minioProvider } from "../../providers/minio/provider.ts";
import { endpointFrom, ProviderHarness, uniqueName } from "./provider-harness.ts";

const BUCKET = "minio:index/s3Bucket:S3Bucket";
const NOTIFICATION = "minio:index/s3BucketNotification:S3BucketNotification";
const BUCKET_POLICY = "minio:index/s3BucketPolicy:S3BucketPolicy";
const VERSIONING = "minio:index/s3BucketVersioning:S3BucketVersioning";
const USER = "minio:index/iamUser:IamUser";
const POLICY = "minio:index/iamPolicy:IamPolicy";
const ATTACHMENT = "minio:index/iamUserPolicyAttachment:IamUserPolicyAttachment";
const SERVICE_ACCOUNT = "minio:index/iamServiceAccount:IamServiceAccount";

/**
 * `notificationArn` is the ARN of a target that the server was started with; the rest configures the
 * provider.
 */
const { notificationArn, ...endpoint } = endpointFrom("LAKEHOUSE_TEST_MINIO");
let minio: ProviderHarness<typeof minioProvider.config, MinioConnection>;

beforeAll(async () => {
  minio = await ProviderHarness.start(minioProvider, endpoint);
});

afterAll(() => {
  minio.context.close();
});

describe("minio.S3Bucket", () => {
  it("is made, read back, changed in place and removed", async () => {
    const bucket = uniqueName("bucket");
    const made = await minio.create(BUCKET, { bucket });
    expect(made.id).toBe(bucket);
    expect(made.outputs).toEqual({
      bucket,
      acl: "private",
      forceDestroy: false,
      objectLocking: false,
      arn: `arn:aws:s3:::${bucket}`,
      bucketDomainName: `${minio.context.endpoint}/minio/${bucket}`,
    });
    expect(await made.refresh()).toBe(true);
    expect(await made.diff({ bucket })).toEqual([]);
    expect(await made.diff({ bucket: `${bucket}-2` })).toEqual(["bucket!"]);

    const wanted = { bucket, acl: "public-read", quota: 1_000_000 };
    expect(await made.diff(wanted)).toEqual(["acl", "quota"]);
    await made.update(wanted);
    expect((await minio.import(BUCKET, bucket))?.inputs).toEqual({
      ...wanted,
      forceDestroy: false,
      objectLocking: false,
    });
    await made.update({ bucket });
    await made.refresh();
    expect(await made.diff({ bucket })).toEqual([]);

    await made.delete();
    expect(await made.refresh()).toBe(false);
    await made.delete();
  });

  it.each(["public-read", "public-write", "public-read-write", "public"])(
    "has the ACL %s, and tells when someone takes it away",
    async (acl) => {
      const inputs = { bucket: uniqueName("bucket"), acl };
      const bucket = await minio.create(BUCKET, inputs);
      await bucket.refresh();
      expect(await bucket.diff(inputs)).toEqual([]);

      await minio.context.s3((s3) => s3.send(new DeleteBucketPolicyCommand({ Bucket: bucket.id })));
      await bucket.refresh();
      expect(await bucket.diff(inputs)).toEqual(["acl"]);
      await bucket.delete();
    },
  );

  it("gets a name from its prefix", async () => {
    const bucket = await minio.create(BUCKET, { bucketPrefix: "logs-" });
    expect(bucket.id).toMatch(/^logs-[0-9a-f]{26}$/);
    expect(bucket.outputs["bucket"]).toBe(bucket.id);
    await bucket.refresh();
    expect(await bucket.diff({ bucketPrefix: "logs-" })).toEqual([]);
    await bucket.delete();
  });

  it("keeps objects unless forceDestroy is set, and then deletes all versions", async () => {
    const inputs = { bucket: uniqueName("bucket") };
    const bucket = await minio.create(BUCKET, inputs);
    const versioning = await minio.create(VERSIONING, {
      ...inputs,
      versioningConfiguration: { status: "Enabled" },
    });
    for (const body of ["one", "two"]) await putObject(bucket.id, "a/b.txt", body);

    await expect(bucket.delete()).rejects.toThrow(
      `Bucket ${bucket.id} holds objects, so it is kept. Set forceDestroy: true`,
    );
    expect(await bucket.refresh()).toBe(true);
    await versioning.delete();
    await bucket.update({ ...inputs, forceDestroy: true });
    await bucket.delete();
    expect(await bucket.refresh()).toBe(false);
  });

  it("is taken over while empty: an update made it and was interrupted; else it is refused", async () => {
    const inputs = { bucket: uniqueName("bucket"), forceDestroy: true };
    await minio.create(BUCKET, inputs);
    const again = await minio.create(BUCKET, inputs);
    await expect(minio.create(BUCKET, { ...inputs, objectLocking: true })).rejects.toThrow(
      `Bucket ${inputs.bucket} exists already with another objectLocking`,
    );
    await putObject(inputs.bucket, "a.txt", "hello");
    await expect(minio.create(BUCKET, inputs)).rejects.toThrow(
      `Bucket ${inputs.bucket} exists already and holds objects`,
    );
    await again.delete();
  });

  it("can lock objects only from its first day", async () => {
    const inputs = { bucket: uniqueName("bucket"), objectLocking: true };
    const bucket = await minio.create(BUCKET, inputs);
    await bucket.refresh();
    expect(await bucket.diff(inputs)).toEqual([]);
    await expect(bucket.diff({ ...inputs, objectLocking: false })).rejects.toThrow(
      "objectLocking: can only be chosen when a bucket is made",
    );
    await bucket.delete();
  });
});

describe("what a bucket has", () => {
  it("S3BucketNotification: refused with the cure where the server has no such target", async () => {
    const bucket = await minio.create(BUCKET, { bucket: uniqueName("bucket") });
    const queues = [{ queueArn: "arn:minio:sqs::NOBODY:kafka", events: ["s3:ObjectCreated:*"] }];
    await expect(minio.create(NOTIFICATION, { bucket: bucket.id, queues })).rejects.toThrow(
      `Bucket ${bucket.id} cannot notify arn:minio:sqs::NOBODY:kafka: MinIO has no such target`,
    );
    expect(await readNotification(bucket.id)).toEqual([]);
    await bucket.delete();
  });

  it("S3BucketNotification: the whole configuration of a bucket", async () => {
    const bucket = await minio.create(BUCKET, { bucket: uniqueName("bucket") });
    const inputs = {
      bucket: bucket.id,
      queues: [
        {
          id: "training",
          queueArn: notificationArn,
          events: ["s3:ObjectCreated:*"],
          filterPrefix: "training_data/",
          filterSuffix: ".csv",
        },
        {
          queueArn: notificationArn,
          events: ["s3:ObjectRemoved:Delete", "s3:ObjectCreated:Put"],
          filterPrefix: "testing_data/",
        },
      ],
    };
    const notification = await minio.create(NOTIFICATION, inputs);
    expect(notification.id).toBe(bucket.id);
    expect(notification.outputs["queues"]).toMatchObject([
      { id: "training" },
      { id: expect.stringMatching(/^tf-s3-queue-/) as string },
    ]);
    await notification.refresh();
    expect(notification.inputs).toEqual(inputs);
    expect(await notification.diff(inputs)).toEqual([]);

    const fewer = { ...inputs, queues: inputs.queues.slice(1) };
    await notification.update(fewer);
    await notification.refresh();
    expect(await notification.diff(fewer)).toEqual([]);
    expect((await readNotification(bucket.id)).length).toBe(1);

    await notification.delete();
    expect(await readNotification(bucket.id)).toEqual([]);
    await bucket.delete();
    expect(await notification.refresh()).toBe(false);
    await notification.delete();
  });

  it("S3BucketPolicy: the same whatever the server's way to write it", async () => {
    const bucket = await minio.create(BUCKET, { bucket: uniqueName("bucket") });
    const inputs = { bucket: bucket.id, policy: bucketPolicy(bucket.id, "s3:GetObject") };
    const policy = await minio.create(BUCKET_POLICY, inputs);
    await policy.refresh();
    expect(await policy.diff(inputs)).toEqual([]);

    const changed = { ...inputs, policy: bucketPolicy(bucket.id, "s3:PutObject") };
    expect(await policy.diff(changed)).toEqual(["policy"]);
    await policy.update(changed);
    await policy.refresh();
    expect(await policy.diff(changed)).toEqual([]);

    const foreign = { ...inputs, policy: bucketPolicy("another-bucket", "s3:GetObject") };
    await expect(policy.update(foreign)).rejects.toThrow(
      `The policy of bucket ${bucket.id} does not work`,
    );

    await policy.delete();
    expect(await policy.refresh()).toBe(false);
    await policy.delete();
    await bucket.delete();
  });

  it("S3BucketVersioning: switched on, and suspended when it is removed", async () => {
    const bucket = await minio.create(BUCKET, { bucket: uniqueName("bucket") });
    const inputs = { bucket: bucket.id, versioningConfiguration: { status: "Enabled" } };
    const versioning = await minio.create(VERSIONING, inputs);
    await versioning.refresh();
    expect(await versioning.diff(inputs)).toEqual([]);
    await versioning.delete();
    const { Status } = await minio.context.s3((s3) =>
      s3.send(new GetBucketVersioningCommand({ Bucket: bucket.id })),
    );
    expect(Status).toBe("Suspended");
    await bucket.delete();
    expect(await versioning.refresh()).toBe(false);
  });
});

describe("users and their rights", () => {
  it("a user with a policy may do what it says, and nothing once it is detached", async () => {
    const bucket = await minio.create(BUCKET, { bucket: uniqueName("bucket"), forceDestroy: true });
    const secret = uniqueName("secret-key");
    const user = await minio.create(USER, { name: uniqueName("user"), secret });
    expect(user.outputs).toMatchObject({ secret, status: "enabled" });
    expect(await user.refresh()).toBe(true);

    const policyInputs = { name: uniqueName("policy"), policy: iamPolicy(bucket.id) };
    const policy = await minio.create(POLICY, policyInputs);
    expect(policy.id).toBe(policyInputs.name);
    await policy.refresh();
    expect(await policy.diff(policyInputs)).toEqual([]);

    const attached = { userName: user.id, policyName: policy.id };
    const attachment = await minio.create(ATTACHMENT, attached);
    expect(attachment.id).toMatch(new RegExp(`^${user.id}-[0-9a-f]{26}$`));
    expect(await attachment.refresh()).toBe(true);
    expect((await minio.create(ATTACHMENT, attached)).inputs).toEqual(attached);
    expect((await minio.import(ATTACHMENT, `${user.id}/${policy.id}`))?.inputs).toEqual(attached);

    await expect(putObject(bucket.id, "a.txt", "hello", user.id, secret)).resolves.toBeUndefined();
    await expect(listBuckets(user.id, secret)).resolves.toEqual([bucket.id]);
    await expect(policy.delete()).rejects.toThrow(`Policy ${policy.id} is in use, so it is kept`);

    await attachment.delete();
    expect(await attachment.refresh()).toBe(false);
    await attachment.delete();
    await expect(putObject(bucket.id, "a.txt", "hello", user.id, secret)).rejects.toThrow(
      "Access Denied",
    );

    await policy.delete();
    expect(await policy.refresh()).toBe(false);
    await user.delete();
    expect(await user.refresh()).toBe(false);
    await user.delete();
    await bucket.delete();
  });

  it("a user's secret is made up if none is given, can be changed, and the user disabled", async () => {
    const name = uniqueName("user");
    const user = await minio.create(USER, { name });
    const first = String(user.outputs["secret"]);
    expect(first).toMatch(/^[\w-]{40}$/);
    expect(await tryLogin(name, first)).toBe("AccessDenied");

    await user.update({ name, updateSecret: true });
    const second = String(user.outputs["secret"]);
    expect(second).not.toBe(first);
    expect(await tryLogin(name, first)).toBe("SignatureDoesNotMatch");
    expect(await tryLogin(name, second)).toBe("AccessDenied");

    await user.update({ name, disableUser: true });
    expect(user.outputs).toMatchObject({ secret: second, status: "disabled" });
    expect(await tryLogin(name, second)).toBe("InvalidAccessKeyId");
    await user.refresh();
    expect(await user.diff({ name })).toEqual(["disableUser"]);
    await user.delete();
  });

  it("a service account has the user's rights, or fewer by its own policy", async () => {
    const bucket = await minio.create(BUCKET, { bucket: uniqueName("bucket"), forceDestroy: true });
    const user = await minio.create(USER, { name: uniqueName("user") });
    const policy = await minio.create(POLICY, {
      name: uniqueName("policy"),
      policy: iamPolicy(bucket.id),
    });
    const attachment = await minio.create(ATTACHMENT, { userName: user.id, policyName: policy.id });

    const inputs = { targetUser: user.id };
    const account = await minio.create(SERVICE_ACCOUNT, inputs);
    const secretKey = String(account.outputs["secretKey"]);
    expect(account.outputs).toMatchObject({ accessKey: account.id, status: "on" });
    await account.refresh();
    expect(await account.diff(inputs)).toEqual([]);
    expect(account.outputs["secretKey"]).toBe(secretKey);
    await putObject(bucket.id, "a.txt", "hello", account.id, secretKey);

    const restricted = { ...inputs, policy: iamPolicy(bucket.id, "s3:GetObject") };
    expect(await account.diff(restricted)).toEqual(["policy"]);
    await account.update(restricted);
    await account.refresh();
    expect(await account.diff(restricted)).toEqual([]);
    await expect(putObject(bucket.id, "b.txt", "hello", account.id, secretKey)).rejects.toThrow(
      "Access Denied",
    );

    await account.update(inputs);
    await account.refresh();
    expect(await account.diff(inputs)).toEqual([]);
    await putObject(bucket.id, "b.txt", "hello", account.id, secretKey);

    await account.update({ ...inputs, disableUser: true });
    await expect(putObject(bucket.id, "c.txt", "hello", account.id, secretKey)).rejects.toThrow();

    await account.delete();
    expect(await account.refresh()).toBe(false);
    await account.delete();
    await attachment.delete();
    for (const resource of [policy, user, bucket]) await resource.delete();
  });

  it("refuses a policy that the server cannot read", async () => {
    const wrong = {
      name: uniqueName("policy"),
      policy: JSON.stringify({ Statement: [{ Effect: "Maybe" }] }),
    };
    await expect(minio.create(POLICY, wrong)).rejects.toThrow(/refuses add-canned-policy: /);
  });
});

describe("a server that cannot be used", () => {
  it("is named where it cannot be reached", async () => {
    const lost = await ProviderHarness.start(minioProvider, {
      ...endpoint,
      minioServer: "localhost:1",
    });
    const reason = /^MinIO does not answer at http:\/\/localhost:1: .*ECONNREFUSED.*Start it/;
    await expect(lost.import(BUCKET, "warehouse")).rejects.toThrow(reason);
    await expect(lost.import(USER, "somebody")).rejects.toThrow(reason);
  });

  it("says which part of the login is wrong, and never the password", async () => {
    const minioPassword = "not-the-password";
    const wrong = await ProviderHarness.start(minioProvider, { ...endpoint, minioPassword });
    for (const attempt of [
      wrong.create(BUCKET, { bucket: uniqueName("bucket") }),
      wrong.create(USER, { name: uniqueName("user") }),
    ]) {
      const error = await attempt.then(
        () => undefined,
        (reason: unknown) => reason as Error,
      );
      expect(error?.message).toMatch(
        /\(SignatureDoesNotMatch\)\. Check minioPassword of the provider\.$/,
      );
      expect(error?.message).not.toContain(minioPassword);
    }
  });
});

function bucketPolicy(bucket: string, action: string): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      { Effect: "Allow", Principal: "*", Action: action, Resource: `arn:aws:s3:::${bucket}/*` },
    ],
  });
}

function iamPolicy(bucket: string, objectAction = "s3:*Object"): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      { Effect: "Allow", Action: ["s3:ListBucket"], Resource: `arn:aws:s3:::${bucket}` },
      { Effect: "Allow", Action: objectAction, Resource: [`arn:aws:s3:::${bucket}/*`] },
    ],
  });
}

function clientOf(accessKeyId: string, secretAccessKey: string): S3Client {
  return new S3Client({
    endpoint: minio.context.endpoint,
    region: minio.context.region,
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
  });
}

async function putObject(
  bucket: string,
  key: string,
  body: string,
  accessKey?: string,
  secretKey = "",
): Promise<void> {
  const command = new PutObjectCommand({ Bucket: bucket, Key: key, Body: body });
  if (accessKey === undefined) await minio.context.s3((s3) => s3.send(command));
  else await clientOf(accessKey, secretKey).send(command);
}

async function listBuckets(accessKey: string, secretKey: string): Promise<string[]> {
  const { Buckets = [] } = await clientOf(accessKey, secretKey).send(new ListBucketsCommand({}));
  return Buckets.map(({ Name }) => Name ?? "");
}

/** The server's answer to a user without rights: `AccessDenied` if the login itself is right. */
async function tryLogin(accessKey: string, secretKey: string): Promise<string> {
  return listBuckets(accessKey, secretKey).then(
    () => "allowed",
    (error: unknown) => (error as Error).name,
  );
}

async function readNotification(bucket: string): Promise<unknown[]> {
  const { QueueConfigurations = [] } = await minio.context.s3((s3) =>
    s3.send(new GetBucketNotificationConfigurationCommand({ Bucket: bucket })),
  );
  return QueueConfigurations;
}
