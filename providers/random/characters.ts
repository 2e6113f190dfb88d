import { randomInt } from "node:crypto";

/** Which characters a generated text is made of. */
export interface CharacterRules {
  /** Number of characters, at least 1. */
  readonly length: number;
  readonly lower: boolean;
  readonly upper: boolean;
  readonly numeric: boolean;
  readonly special: boolean;
  readonly minLower: number;
  readonly minUpper: number;
  readonly minNumeric: number;
  readonly minSpecial: number;
  /** Special characters to choose from, instead of the usual ones. */
  readonly overrideSpecial?: string | undefined;
}

const SPECIAL = "!@#$%&*()-_=+[]{}<>:?";

/** Draws characters from the system's secure source, by the rules. */
export function randomCharacters(rules: CharacterRules): string {
  const lower = "abcdefghijklmnopqrstuvwxyz";
  const upper = lower.toUpperCase();
  const numeric = "0123456789";
  const special = rules.overrideSpecial || SPECIAL; // An empty text means the usual ones, too.
  const all = [
    rules.lower ? lower : "",
    rules.upper ? upper : "",
    rules.numeric ? numeric : "",
    rules.special ? special : "",
  ].join("");

  const required = [
    ...draw(lower, rules.minLower),
    ...draw(upper, rules.minUpper),
    ...draw(numeric, rules.minNumeric),
    ...draw(special, rules.minSpecial),
  ];
  return shuffle([...required, ...draw(all, rules.length - required.length)]).join("");
}

function draw(alphabet: string, count: number): string[] {
  return Array.from({ length: count }, () => alphabet.charAt(randomInt(alphabet.length)));
}

/** Fisher and Yates: every order is equally likely. */
function shuffle<Item>(items: Item[]): Item[] {
  const shuffled = [...items];
  for (let last = shuffled.length - 1; last > 0; last--) {
    const other = randomInt(last + 1);
    [shuffled[last], shuffled[other]] = [shuffled[other] as Item, shuffled[last] as Item];
  }
  return shuffled;
}
