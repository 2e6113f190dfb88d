/** The two ways of a row: in bulk to train models, and one by one to serve them. */
export const flows = ["training", "testing"] as const;
export type Flow = (typeof flows)[number];

/** Where rows are kept until they are replayed, and where replayed ones are noticed. */
export const buckets = { storage: "storage", bronze: "bronze" } as const;

/** The folder of a flow, the same in both buckets. */
export function folderOf(flow: Flow): string {
  return `${flow}_data/`;
}
