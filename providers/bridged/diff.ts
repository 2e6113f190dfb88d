import { diffInputs } from "../runtime/diff.ts";
import type { Difference, State } from "../runtime/provider.ts";
import { isProperties } from "../runtime/values.ts";
import type { Properties } from "../runtime/values.ts";
import { DEFAULTS, isNameGenerated } from "./names.ts";

/** How inputs of a bridged resource are compared. All names are those of top-level inputs. */
export interface DiffRules {
  /** Inputs, as paths, whose change needs a new resource. */
  readonly replaceOn: readonly string[];
  /** Lists whose order means nothing. */
  readonly sets?: readonly string[];
  /**
   * Inputs that the server chooses where the program gives none: the program may stop giving one, or
   * give the one that is real already.
   */
  readonly kept?: readonly string[];
  /** Inputs with different texts for the same thing. */
  readonly same?: Readonly<Record<string, (old: unknown, current: unknown) => boolean>>;
}

/**
 * Compares recorded inputs with new ones as a bridged provider does. Recorded ones may come from the
 * official plugin, which leaves its marks (`__defaults`) among them.
 */
export function diffBridged(
  old: State<Properties>,
  inputs: Properties,
  ignoreChanges: readonly string[],
  rules: DiffRules,
): Difference {
  const before = comparable(old.inputs, rules);
  const after = comparable(inputs, rules);
  const real = comparable(old.outputs, rules);
  for (const name of rules.kept ?? []) {
    if (after[name] === undefined) Reflect.deleteProperty(before, name);
    else before[name] ??= real[name];
  }
  for (const [name, isSame] of Object.entries(rules.same ?? {})) {
    if (isSame(before[name], after[name])) before[name] = after[name];
  }
  return {
    changes: diffInputs(before, after, rules.replaceOn, ignoreChanges),
    // The old resource holds the name until it is gone.
    deleteBeforeReplace:
      "name" in after && before["name"] === after["name"] && !isNameGenerated(inputs),
  };
}

function comparable(inputs: Properties, { sets = [] }: DiffRules): Properties {
  const plain = withoutMarks(inputs);
  for (const name of sets) {
    const list = plain[name];
    if (Array.isArray(list) && list.every((item) => typeof item === "string")) {
      plain[name] = [...new Set(list)].sort();
    }
  }
  return plain;
}

function withoutMarks(properties: Properties): Properties {
  return Object.fromEntries(
    Object.entries(properties)
      .filter(([key]) => key !== DEFAULTS)
      .map(([key, value]) => [key, withoutMarksInside(value)]),
  );
}

function withoutMarksInside(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutMarksInside);
  return isProperties(value) ? withoutMarks(value) : value;
}
