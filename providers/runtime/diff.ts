import { equals, isProperties, isUnknown, isWithin, parsePath } from "./values.ts";
import type { Path, Properties } from "./values.ts";

/** One property that differs. */
export interface Change {
  readonly path: Path;
  readonly kind: "add" | "update" | "delete";
  /** True if the resource must be replaced for it. */
  readonly replace: boolean;
}

/**
 * Every leaf where two trees differ. A list is compared item by item; `undefined` and absent are
 * the same.
 */
export function differences(old: unknown, current: unknown, path: Path = []): Change[] {
  if (equals(old, current)) return [];
  if (old === undefined) return [{ path, kind: "add", replace: false }];
  if (current === undefined) return [{ path, kind: "delete", replace: false }];
  if (isUnknown(old) || isUnknown(current)) return [{ path, kind: "update", replace: false }];

  if (Array.isArray(old) && Array.isArray(current)) {
    const length = Math.max(old.length, current.length);
    return Array.from({ length }, (_, index) => index).flatMap((index) =>
      differences(old[index], current[index], [...path, index]),
    );
  }
  if (isProperties(old) && isProperties(current)) {
    return [...new Set([...Object.keys(old), ...Object.keys(current)])]
      .sort()
      .flatMap((key) => differences(old[key], current[key], [...path, key]));
  }
  return [{ path, kind: "update", replace: false }];
}

/** Marks the changes at, below or above the paths as replacing; `*` stands for any key or index. */
export function withReplaceRules(
  changes: readonly Change[],
  replaceOn: readonly string[],
): Change[] {
  const rules = replaceOn.map(parsePath);
  return changes.map((change) => ({
    ...change,
    replace: rules.some((rule) => isWithin(change.path, rule) || isWithin(rule, change.path)),
  }));
}

/** The changes that count: those not at or below the paths. */
export function ignoring(changes: readonly Change[], ignoreChanges: readonly string[]): Change[] {
  const ignored = ignoreChanges.map(parsePath);
  return changes.filter(({ path }) => !ignored.some((ancestor) => isWithin(path, ancestor)));
}

/**
 * Compares recorded inputs with new ones.
 *
 * @param replaceOn Paths whose change replaces the resource; `*` stands for any key or index.
 * @param ignoreChanges Paths whose change does not count.
 */
export function diffInputs(
  old: Properties,
  current: Properties,
  replaceOn: readonly string[],
  ignoreChanges: readonly string[],
): Change[] {
  return withReplaceRules(ignoring(differences(old, current), ignoreChanges), replaceOn);
}
