import { type SectionName, sectionNames, type Sections } from "../../api.ts";

/** What the page knows: the sections that have come so far, and whether more are coming. */
export interface BoardState {
  readonly sections: Partial<Sections>;
  /** `lost`: the server does not answer; the browser keeps trying. */
  readonly connection: "connecting" | "open" | "lost";
}

/** After a refusal the browser gives up by itself; this tries again, in ms. */
const retryAfter = 5_000;

/**
 * The server's events as a store for React. Nothing is asked of the server while the page is in
 * the background: with no viewer left, it stops asking the tables.
 */
export class LiveBoard {
  #state: BoardState = { sections: {}, connection: "connecting" };
  readonly #listeners = new Set<() => void>();
  #source: EventSource | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) {
      document.addEventListener("visibilitychange", this.#followVisibility);
      this.#followVisibility();
    }
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      document.removeEventListener("visibilitychange", this.#followVisibility);
      this.#close();
    };
  };

  readonly state = (): BoardState => this.#state;

  readonly #followVisibility = (): void => {
    this.#close();
    if (!document.hidden) this.#open();
  };

  #open(): void {
    const source = new EventSource("/api/stream");
    this.#source = source;
    source.onopen = () => {
      this.#update({ connection: "open" });
    };
    source.onerror = () => {
      this.#update({ connection: "lost" });
      if (source.readyState === EventSource.CLOSED) {
        this.#retry = setTimeout(this.#followVisibility, retryAfter);
      }
    };
    for (const name of sectionNames) {
      source.addEventListener(name, (event: MessageEvent<string>) => {
        this.#receive(name, event.data);
      });
    }
  }

  #close(): void {
    clearTimeout(this.#retry);
    this.#source?.close();
    this.#source = undefined;
  }

  #receive(name: SectionName, json: string): void {
    const section: unknown = JSON.parse(json);
    this.#update({ sections: { ...this.#state.sections, [name]: section } });
  }

  #update(change: Partial<BoardState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }
}
