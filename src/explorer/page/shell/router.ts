/**
 * Where the page is. Served, addresses are paths (History API); opened as a file or exported, they stand behind a #, since a folder
 * has no server that would answer every path with the same page.
 */

import { signal } from "@preact/signals";
import { exported } from "../data/data.ts";
import { formatRoute, parseRoute, withQuery, type Route } from "./route.ts";

const hashed = exported || location.protocol === "file:";

export const route = signal<Route>(read());

function read(): Route {
  if (!hashed) return parseRoute(location.pathname, location.search);
  const [path = "", search = ""] = location.hash.slice(1).split(/\?(.*)/s);
  return parseRoute(path, search);
}

/** What an `<a href>` to this route has to say. */
export function href(to: Route): string {
  return hashed ? `#${formatRoute(to)}` : formatRoute(to);
}

/** Another page of the same run and dictionary, without what the query says here. */
export function there(change: Partial<Route>): Route {
  const { run, sae } = route.value;
  return { page: "features", run, sae, study: null, unit: null, query: {}, ...change };
}

/** A study's page. */
export function studyRoute(study: string | null, query: Route["query"] = {}): Route {
  return { page: "study", run: null, sae: null, study, unit: null, query };
}

/** Goes to a route. `replace` leaves no step for Back: for states on the way, such as every letter of a search. */
export function go(to: Route, { replace = false }: { replace?: boolean } = {}): void {
  const address = href(to);
  if (replace) history.replaceState(null, "", address);
  else history.pushState(null, "", address);
  const before = route.value;
  route.value = to;
  if (!replace && (before.page !== to.page || before.unit?.index !== to.unit?.index)) scrollTo(0, 0);
}

/** Changes parameters of the present address. Null takes one out. */
export function setQuery(changes: Readonly<Record<string, string | null>>, replace = true): void {
  const to = withQuery(route.value, changes);
  if (formatRoute(to) !== formatRoute(route.value)) go(to, { replace });
}

/** Follows Back, Forward and links from here on. */
export function startRouter(): void {
  const follow = () => {
    route.value = read();
  };
  addEventListener("popstate", follow);
  addEventListener("hashchange", follow);
  if (!hashed) document.addEventListener("click", followLink);
}

/** A plain click on a link of our own changes the state; any other click is the browser's. */
function followLink(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  if (link === null || link.target !== "" || link.hasAttribute("download")) return;
  const url = new URL(link.href, location.href);
  if (url.origin !== location.origin || url.hash !== "" || url.pathname.startsWith("/api/")) return;
  event.preventDefault();
  go(parseRoute(url.pathname, url.search));
}
