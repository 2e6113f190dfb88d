/**
 * A page outside of the dashboard proper, in the form of the one that asks for the password. It
 * works without scripts.
 * @param body HTML; texts that come from elsewhere are to be `escaped`
 */
export function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>${escaped(title)} · Lakehouse live</title>
    <link rel="icon" href="/icon.svg" />
    <link rel="stylesheet" href="/login.css" />
  </head>
  <body>
    <main>
      <h1><img src="/icon.svg" alt="" width="28" height="28" />Lakehouse live</h1>
      ${body}
    </main>
  </body>
</html>
`;
}

export function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
