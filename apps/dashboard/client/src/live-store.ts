import type { Board, Details, Pipeline } from "../../api.ts";

/** Everything that a stream can bring. */
export interface Sections extends Board, Details {
  readonly pipeline: Pipeline | null;
}

/** What the page knows: the sections that have come so far, and whether more are coming. */
export interface LiveState {
  readonly sections: Partial<Sections>;
  /** `lost`: the server does not answer; the browser keeps trying. */
  readonly connection: "connecting" | "open" | "lost";
}

/** After a refusal the browser gives up by itself; this tries again, in ms. */
const retryAfter = 5_000;

const names = [
  ...["status", "kpis", "series", "orders", "alerts", "errors"],
  ...["users", "buyers", "top", "detailStatus", "pipeline"],
] as (keyof Sections)[];

/**
 * The server's events as a store for React. Nothing is asked of the server while the page is in
 * the background: with no viewer left, it stops asking the tables.
 */
export class LiveStore {
  readonly #url: string;
  #state: LiveState = { sections: {}, connection: "connecting" };
  readonly #listeners = new Set<() => void>();
  #source: EventSource | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;

  /** @param url of the stream */
  constructor(url: string) {
    this.#url = url;
  }

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

  readonly state = (): LiveState => this.#state;

  readonly #followVisibility = (): void => {
    this.#close();
    if (!document.hidden) this.#open();
  };

  #open(): void {
    const source = new EventSource(this.#url);
    this.#source = source;
    source.onopen = () => {
      this.#update({ connection: "open" });
    };
    source.onerror = () => {
      this.#update({ connection: "lost" });
      if (source.readyState !== EventSource.CLOSED) return;
      this.#retry = setTimeout(this.#followVisibility, retryAfter);
      void signInIfAsked();
    };
    for (const name of names) {
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

  #receive(name: keyof Sections, json: string): void {
    const section: unknown = JSON.parse(json);
    this.#update({ sections: { ...this.#state.sections, [name]: section } });
  }

  #update(change: Partial<LiveState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }
}

/** An event source does not tell why it was refused; a session that has ended is one reason. */
async function signInIfAsked(): Promise<void> {
  const answer = await fetch("/api/status").catch(() => undefined);
  if (answer?.status !== 401) return;
  const next = encodeURIComponent(`${location.pathname}${location.search}`);
  location.assign(`/login?next=${next}`);
}
