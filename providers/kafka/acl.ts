import kafkajs from "kafkajs";
import type { AclEntry, AclFilter } from "kafkajs";
import { z } from "zod";
import { waitFor } from "../bridged/wait.ts";
import { diffBridged } from "../bridged/diff.ts";
import { InvalidInputs, resourceType } from "../runtime/provider.ts";
import { isUnknown } from "../runtime/values.ts";
import type { KafkaConnection } from "./connection.ts";

// The official plugin's words for the protocol's numbers. `Unknown` and `Any` fit filters only.
const RESOURCE_TYPES = {
  Topic: kafkajs.AclResourceTypes.TOPIC,
  Group: kafkajs.AclResourceTypes.GROUP,
  Cluster: kafkajs.AclResourceTypes.CLUSTER,
  TransactionalID: kafkajs.AclResourceTypes.TRANSACTIONAL_ID,
  DelegationToken: kafkajs.AclResourceTypes.DELEGATION_TOKEN,
} as const;
const OPERATIONS = {
  All: kafkajs.AclOperationTypes.ALL,
  Read: kafkajs.AclOperationTypes.READ,
  Write: kafkajs.AclOperationTypes.WRITE,
  Create: kafkajs.AclOperationTypes.CREATE,
  Delete: kafkajs.AclOperationTypes.DELETE,
  Alter: kafkajs.AclOperationTypes.ALTER,
  Describe: kafkajs.AclOperationTypes.DESCRIBE,
  ClusterAction: kafkajs.AclOperationTypes.CLUSTER_ACTION,
  DescribeConfigs: kafkajs.AclOperationTypes.DESCRIBE_CONFIGS,
  AlterConfigs: kafkajs.AclOperationTypes.ALTER_CONFIGS,
  IdempotentWrite: kafkajs.AclOperationTypes.IDEMPOTENT_WRITE,
} as const;
const PERMISSIONS = {
  Allow: kafkajs.AclPermissionTypes.ALLOW,
  Deny: kafkajs.AclPermissionTypes.DENY,
} as const;
const PATTERNS = {
  Literal: kafkajs.ResourcePatternTypes.LITERAL,
  Prefixed: kafkajs.ResourcePatternTypes.PREFIXED,
} as const;

const aclInputs = z.object({
  aclPrincipal: z.string().regex(/^[^:|]+:.+$/, "must be TYPE:NAME, such as User:alice"),
  aclHost: z.string().min(1, "must be an address, or * for all"),
  aclOperation: oneOf(OPERATIONS),
  aclPermissionType: oneOf(PERMISSIONS),
  aclResourceType: oneOf(RESOURCE_TYPES),
  aclResourceName: z.string().min(1, "must not be empty"),
  resourcePatternTypeFilter: oneOf(PATTERNS).default("Literal"),
});
type AclInputs = z.infer<typeof aclInputs>;

/** The order of an id's parts. */
const ID_PARTS = [
  "aclPrincipal",
  "aclHost",
  "aclOperation",
  "aclPermissionType",
  "aclResourceType",
  "aclResourceName",
  "resourcePatternTypeFilter",
] as const satisfies readonly (keyof AclInputs)[];

/** Version of the official plugin's state; without it that plugin would migrate ours. */
const STATE_VERSION = { __meta: JSON.stringify({ schema_version: "1" }) };

/** One ACL. Any change makes a new one. Making one that exists changes nothing. */
export const acl = resourceType<typeof aclInputs, KafkaConnection>({
  inputs: aclInputs,

  check(inputs) {
    if (inputs.aclResourceType !== "Cluster" || isUnknown(inputs.aclResourceName)) return inputs;
    if (inputs.aclResourceName === "kafka-cluster") return inputs;
    throw new InvalidInputs([
      { property: "aclResourceName", reason: 'must be "kafka-cluster" where the type is Cluster' },
    ]);
  },

  diff: (_id, old, inputs, { ignoreChanges }) =>
    diffBridged(old, inputs, ignoreChanges, { replaceOn: ID_PARTS }),

  async create(inputs, operation) {
    const { context: kafka } = operation;
    await kafka.use((admin) => admin.createAcls({ acl: [toEntry(inputs)] }));
    const id = aclId(inputs);
    // The broker answers before all of its threads see the new ACL.
    await waitFor(`ACL ${id} to be visible`, operation, () => exists(kafka, inputs));
    return { id, outputs: { ...inputs, ...STATE_VERSION } };
  },

  async read(id, old, { context: kafka }) {
    const inputs = old?.inputs ?? parseAclId(id);
    if ((await exists(kafka, inputs)) === undefined) return undefined;
    return { inputs, outputs: { ...inputs, ...STATE_VERSION } };
  },

  async delete(_id, old, operation) {
    const { context: kafka } = operation;
    const { inputs } = old;
    await kafka.use((admin) => admin.deleteAcls({ filters: [toFilter(inputs)] }));
    await waitFor(`ACL ${aclId(inputs)} to be gone`, operation, async () =>
      (await exists(kafka, inputs)) === undefined ? true : undefined,
    );
  },
});

/** `User:alice|*|Read|Allow|Topic|orders|Literal`, as `pulumi import` takes it. */
export function aclId(inputs: AclInputs): string {
  return ID_PARTS.map((part) => inputs[part]).join("|");
}

/** The reverse of `aclId`. */
export function parseAclId(id: string): AclInputs {
  const values = id.split("|");
  const parts = Object.fromEntries(ID_PARTS.map((part, index) => [part, values[index]]));
  const parsed = aclInputs.safeParse(parts);
  if (values.length === ID_PARTS.length && parsed.success) return parsed.data;
  throw new Error(
    `"${id}" is no ACL id: it must be ` +
      "PRINCIPAL|HOST|OPERATION|PERMISSION|RESOURCE_TYPE|RESOURCE_NAME|PATTERN_TYPE, " +
      "such as User:alice|*|Read|Allow|Topic|orders|Literal",
  );
}

async function exists(kafka: KafkaConnection, inputs: AclInputs): Promise<true | undefined> {
  const { resources } = await kafka.use((admin) => admin.describeAcls(toFilter(inputs)));
  return resources.some(({ acls }) => acls.length > 0) ? true : undefined;
}

function toEntry(inputs: AclInputs): AclEntry {
  return {
    principal: inputs.aclPrincipal,
    host: inputs.aclHost,
    operation: OPERATIONS[inputs.aclOperation],
    permissionType: PERMISSIONS[inputs.aclPermissionType],
    resourceType: RESOURCE_TYPES[inputs.aclResourceType],
    resourceName: inputs.aclResourceName,
    resourcePatternType: PATTERNS[inputs.resourcePatternTypeFilter],
  };
}

// A filter that names everything matches this one ACL alone.
const toFilter: (inputs: AclInputs) => AclFilter = toEntry;

function oneOf<const Words extends Record<string, number>>(words: Words) {
  const names = Object.keys(words) as [keyof Words & string, ...(keyof Words & string)[]];
  return z.enum(names, `must be one of ${names.join(", ")}`);
}
