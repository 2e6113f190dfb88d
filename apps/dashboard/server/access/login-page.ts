/**
 * The page that asks for the password. It works without scripts.
 * @param next where to go afterwards, a path of this server
 * @param problem why the last try did not succeed
 */
export function loginPage(next: string, problem?: string): string {
  const alert = problem === undefined ? "" : `<p role="alert">${escaped(problem)}</p>`;
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>Sign in · Lakehouse live</title>
    <link rel="icon" href="/icon.svg" />
    <link rel="stylesheet" href="/login.css" />
  </head>
  <body>
    <main>
      <h1><img src="/icon.svg" alt="" width="28" height="28" />Lakehouse live</h1>
      ${alert}
      <form method="post" action="/login">
        <input type="hidden" name="next" value="${escaped(next)}" />
        <label>User
          <input name="username" autocomplete="username" value="lakehouse" required />
        </label>
        <label>Password
          <input name="password" type="password" autocomplete="current-password" required autofocus />
        </label>
        <button>Sign in</button>
      </form>
      <p class="hint"><code>npm run open dashboard</code> tells where the password is.</p>
    </main>
  </body>
</html>
`;
}

function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
