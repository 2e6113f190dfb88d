/**
 * Where a long step says what it is doing right now: one short line, replaced by the next.
 * The command line shows it beside the step's elapsed time.
 */
export type Progress = (line: string) => void;
