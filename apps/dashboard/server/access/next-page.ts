/** The pages that one may want to go to after signing in; anything else could lead elsewhere. */
const ownPage = /^\/(?:pipeline)?(?:\?[\w=&:%.+-]*)?$/;

/** Where to go after signing in: the page that was asked for if it is one of ours, else the first. */
export function nextPage(path: string | null | undefined): string {
  return path != null && ownPage.test(path) ? path : "/";
}
