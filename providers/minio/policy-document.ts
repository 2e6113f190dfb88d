import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { isProperties } from "../runtime/values.ts";

/** The text of a policy. Its statements are judged by the server. */
export const policyText = z
  .string()
  .refine(
    (text) => isProperties(parsePolicy(text)),
    "must be a policy as JSON text: { Version, Statement: [...] }",
  );

/**
 * True if two policies say the same. The server rewrites a policy: order of lists, a list of one item
 * for a single value, `{"AWS": ["*"]}` for the principal `*`.
 */
export function isSamePolicy(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (typeof left !== "string" || typeof right !== "string") return false;
  const [one, other] = [parsePolicy(left), parsePolicy(right)];
  if (!isProperties(one) || !isProperties(other)) return false;
  return isDeepStrictEqual(normalize(one), normalize(other));
}

function parsePolicy(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function normalize(policy: Record<string, unknown>): unknown {
  const { Statement, ...rest } = policy;
  return {
    ...withoutEmpty(rest),
    Statement: asList(Statement)
      .map((statement) => (isProperties(statement) ? normalizeStatement(statement) : statement))
      .sort(byText),
  };
}

function normalizeStatement(statement: Record<string, unknown>): unknown {
  const principal = statement["Principal"];
  return withoutEmpty({
    ...Object.fromEntries(
      Object.entries(statement).map(([key, value]) => [
        key,
        ["Action", "NotAction", "Resource", "NotResource"].includes(key) ? asSet(value) : value,
      ]),
    ),
    Principal: principal === "*" ? { AWS: ["*"] } : mapValues(principal, asSet),
    Condition: mapValues(statement["Condition"], (keys) => mapValues(keys, asSet)),
  });
}

function withoutEmpty(properties: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(properties)
      .filter(([, value]) => value !== undefined && value !== "" && value !== null)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

function mapValues(value: unknown, change: (value: unknown) => unknown): unknown {
  if (!isProperties(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, item]) => [key, change(item)] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

function asSet(value: unknown): unknown[] {
  return [...new Set(asList(value).map(String))].sort();
}

function asList(value: unknown): unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

function byText(a: unknown, b: unknown): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}
