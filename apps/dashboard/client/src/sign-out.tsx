import { type ReactNode, useEffect, useState } from "react";

/** The button that ends the session; none where the dashboard needs no password. */
export function SignOut(): ReactNode {
  const [hasSession, setHasSession] = useState(false);
  useEffect(() => {
    void fetch("/api/session").then(
      ({ ok }) => {
        setHasSession(ok);
      },
      () => undefined,
    );
  }, []);
  return (
    hasSession && (
      <form method="post" action="/logout">
        <button>Sign out</button>
      </form>
    )
  );
}
