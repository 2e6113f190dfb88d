import { escaped, page } from "./page.ts";

/**
 * The page that asks for the password. It works without scripts.
 * @param next where to go afterwards, a path of this server
 * @param problem why the last try did not succeed
 */
export function loginPage(next: string, problem?: string): string {
  const alert = problem === undefined ? "" : `<p role="alert">${escaped(problem)}</p>`;
  return page(
    "Sign in",
    `${alert}
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
      <p class="hint"><code>npm run open dashboard</code> tells where the password is.</p>`,
  );
}
