import { escaped, page } from "../page.ts";

export interface Message {
  readonly title: string;
  readonly text: string;
  /** Where one can go from here: texts and addresses. */
  readonly links: Readonly<Record<string, string>>;
}

/** A page that tells what became of a sign-in. */
export function messagePage({ title, text, links }: Message): string {
  const list = Object.entries(links)
    .map(([label, href]) => `<p><a href="${escaped(href)}">${escaped(label)}</a></p>`)
    .join("\n      ");
  return page(
    title,
    `<h2>${escaped(title)}</h2>
      <p>${escaped(text)}</p>
      ${list}`,
  );
}
