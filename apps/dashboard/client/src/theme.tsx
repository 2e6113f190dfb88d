import { type ReactNode, useEffect, useState, useSyncExternalStore } from "react";

const choices = ["auto", "light", "dark"] as const;
type Choice = (typeof choices)[number];

const storageKey = "theme";
const prefersDark = window.matchMedia("(prefers-color-scheme: dark)");

export interface Theme {
  readonly choice: Choice;
  readonly isDark: boolean;
  readonly choose: (choice: Choice) => void;
}

/** The viewer's choice of colours, kept in this browser; `auto` follows the system. */
export function useTheme(): Theme {
  const [choice, setChoice] = useState<Choice>(
    () => choices.find((each) => each === localStorage.getItem(storageKey)) ?? "auto",
  );
  const isSystemDark = useSyncExternalStore(
    (listener) => {
      prefersDark.addEventListener("change", listener);
      return () => {
        prefersDark.removeEventListener("change", listener);
      };
    },
    () => prefersDark.matches,
  );
  const isDark = choice === "auto" ? isSystemDark : choice === "dark";
  useEffect(() => {
    document.documentElement.dataset["theme"] = isDark ? "dark" : "light";
    localStorage.setItem(storageKey, choice);
  }, [choice, isDark]);
  return { choice, isDark, choose: setChoice };
}

export function ThemeSwitch({ theme }: { readonly theme: Theme }): ReactNode {
  return (
    <label className="theme">
      Colours{" "}
      <select
        value={theme.choice}
        onChange={({ target }) => {
          theme.choose(choices.find((each) => each === target.value) ?? "auto");
        }}
      >
        {choices.map((choice) => (
          <option key={choice}>{choice}</option>
        ))}
      </select>
    </label>
  );
}
