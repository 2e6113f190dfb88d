import { type MouseEvent, type ReactNode, useMemo, useSyncExternalStore } from "react";

import { rangeParameters } from "../../range.ts";
import { LiveStore } from "./live-store.ts";
import { addressOf, goTo, type Page, type Place, usePlace } from "./location.ts";
import { OverviewPage } from "./overview-page.tsx";
import { PipelinePage } from "./pipeline-page.tsx";
import { SignOut } from "./sign-out.tsx";
import { PipelineStatusLine, StatusLine } from "./status-line.tsx";
import { ThemeSwitch, useTheme } from "./theme.tsx";

const pages: readonly (readonly [Page, string])[] = [
  ["overview", "Shop"],
  ["pipeline", "Pipeline"],
];

export function App(): ReactNode {
  const place = usePlace();
  const { page, range } = place;
  const url = streamUrl(place);
  const store = useMemo(() => new LiveStore(url), [url]);
  const live = useSyncExternalStore(store.subscribe, store.state);
  const theme = useTheme();
  return (
    <>
      <a className="skip" href="#content">
        Skip to the numbers
      </a>
      <header>
        <h1>
          <img src="/icon.svg" alt="" width="26" height="26" />
          Lakehouse live
        </h1>
        <Tabs place={place} />
        {page === "overview" ? (
          <StatusLine status={live.sections.status} connection={live.connection} />
        ) : (
          <PipelineStatusLine
            readAt={live.sections.pipeline?.readAt ?? null}
            connection={live.connection}
          />
        )}
        <ThemeSwitch theme={theme} />
        <SignOut />
      </header>
      <main id="content" tabIndex={-1}>
        {page === "overview" ? (
          <OverviewPage live={live} range={range} isDark={theme.isDark} />
        ) : (
          <PipelinePage pipeline={live.sections.pipeline ?? null} connection={live.connection} />
        )}
      </main>
      <footer>All times are UTC; those of the shop are the times of its events.</footer>
    </>
  );
}

function streamUrl({ page, range }: Place): string {
  const parameters =
    page === "pipeline" ? new URLSearchParams({ view: "pipeline" }) : rangeParameters(range);
  return `/api/stream?${String(parameters)}`;
}

function Tabs({ place }: { readonly place: Place }): ReactNode {
  const follow = (event: MouseEvent, target: Place): void => {
    // With a key held the link opens elsewhere, as any link does.
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    goTo(target);
  };
  return (
    <nav aria-label="Pages">
      {pages.map(([page, title]) => {
        const target = { ...place, page };
        return (
          <a
            key={page}
            href={addressOf(target)}
            aria-current={place.page === page ? "page" : undefined}
            onClick={(event) => {
              follow(event, target);
            }}
          >
            {title}
          </a>
        );
      })}
    </nav>
  );
}
