import { type ReactNode, type SyntheticEvent, useState } from "react";

import { parseRange, type Period, type Range, type RelativeRange } from "../../range.ts";

const choices: readonly (readonly [RelativeRange, string])[] = [
  ["15m", "15 min"],
  ["1h", "1 h"],
  ["24h", "24 h"],
  ["all", "All"],
];

interface RangePickerProps {
  readonly range: Range;
  /** What the form offers at first: the time that is shown. */
  readonly shown: Period | null;
  readonly choose: (range: Range) => void;
}

/** Chooses the time of which the page shows data. */
export function RangePicker({ range, shown, choose }: RangePickerProps): ReactNode {
  const [isOpen, setOpen] = useState(false);
  const isCustom = typeof range !== "string";
  return (
    <div className="ranges" role="group" aria-label="Time range">
      {choices.map(([name, label]) => (
        <button
          key={name}
          type="button"
          aria-pressed={range === name}
          onClick={() => {
            setOpen(false);
            choose(name);
          }}
        >
          {label}
        </button>
      ))}
      <button
        type="button"
        aria-pressed={isCustom}
        aria-expanded={isOpen}
        aria-controls="custom-range"
        onClick={() => {
          setOpen(!isOpen);
        }}
      >
        Custom
      </button>
      {isOpen && (
        <CustomRange
          shown={isCustom ? range : shown}
          choose={(period) => {
            setOpen(false);
            choose(period);
          }}
        />
      )}
    </div>
  );
}

interface CustomRangeProps {
  readonly shown: Period | null;
  readonly choose: (range: Range) => void;
}

function CustomRange({ shown, choose }: CustomRangeProps): ReactNode {
  const [problem, setProblem] = useState<string>();
  const submit = (event: SyntheticEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const entered = new URLSearchParams();
    for (const [name, value] of form) if (typeof value === "string") entered.set(name, value);
    try {
      choose(parseRange(entered));
    } catch {
      setProblem("“From” must be before “To”.");
    }
  };
  return (
    <form id="custom-range" className="custom-range" onSubmit={submit}>
      <label>
        From (UTC)
        <input
          type="datetime-local"
          name="from"
          required
          autoFocus
          defaultValue={shown === null ? "" : inputValue(shown.from)}
        />
      </label>
      <label>
        To (UTC)
        <input
          type="datetime-local"
          name="to"
          required
          defaultValue={shown === null ? "" : inputValue(shown.to)}
        />
      </label>
      <button className="primary">Show</button>
      {problem !== undefined && <p role="alert">{problem}</p>}
    </form>
  );
}

function inputValue(time: number): string {
  return new Date(time).toISOString().slice(0, 16);
}
