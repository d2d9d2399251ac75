/**
 * Addresses of the explorer, read and written without a browser. Every state that a person may want to come back to or to send to
 * someone is in one:
 *
 *     /features/RUN/SAE?q=…&sort=…      the list
 *     /feature/RUN/SAE/123              a feature; /neuron/RUN/SAE/17 a neuron
 *     /study/STUDY?sort=…&pick=…        a study
 *     /text/RUN/SAE   /steer/RUN/SAE   /map/RUN/SAE   /meaning/RUN/SAE   /rate/RUN/SAE   /run/RUN/SAE   /compare/RUN/SAE
 */

import type { UnitKind } from "../../../features/units.ts";

const PLAIN = ["features", "text", "steer", "map", "meaning", "rate", "run", "compare"] as const;

export type PageName = (typeof PLAIN)[number] | "unit" | "study" | "unknown";

export interface Route {
  readonly page: PageName;
  /** Null where the address does not say: the first one is meant. */
  readonly run: string | null;
  readonly sae: string | null;
  /** Of page "study" only; null where the address does not say. */
  readonly study: string | null;
  /** Of page "unit" only. */
  readonly unit: { readonly kind: UnitKind; readonly index: number } | null;
  readonly query: Readonly<Record<string, string>>;
}

/** Reads a path and what stands behind its question mark ("" or "?a=b"). What no page has is page "unknown". */
export function parseRoute(path: string, search: string): Route {
  const query: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(search)) query[name] = value;
  const parts = path.split("/").filter((part) => part !== "");
  const [page = "features", run = null, sae = null, index] = parts.map(decode);
  if (page === "study") {
    const place = { run: null, sae: null, study: run, unit: null, query };
    return { page: parts.length <= 2 ? "study" : "unknown", ...place };
  }
  const place = { run, sae, study: null, unit: null, query };
  if (parts.length === 1 && page === "index.html") return { page: "features", ...place };
  if (page === "feature" || page === "neuron") {
    if (index === undefined || !/^\d{1,9}$/.test(index) || parts.length > 4)
      return { page: "unknown", ...place };
    return { page: "unit", ...place, unit: { kind: page, index: Number(index) } };
  }
  const known = PLAIN.find((name) => name === page);
  return { page: known !== undefined && parts.length <= 3 ? known : "unknown", ...place };
}

/** The address of a route; parameters that are empty are left out. */
export function formatRoute({ page, run, sae, study, unit, query }: Route): string {
  const parts: string[] = [unit === null ? page : unit.kind];
  if (study !== null) parts.push(study);
  if (run !== null) parts.push(run);
  if (run !== null && sae !== null) parts.push(sae);
  if (unit !== null) parts.push(String(unit.index));
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== "") search.set(name, value);
  const text = search.toString();
  return `/${parts.map(encodeURIComponent).join("/")}${text === "" ? "" : `?${text}`}`;
}

/** `query` with some parameters set, and those that are null taken out. */
export function withQuery(route: Route, changes: Readonly<Record<string, string | null>>): Route {
  const query: Record<string, string> = { ...route.query };
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === "") delete query[name];
    else query[name] = value;
  }
  return { ...route, query };
}

/** A % that starts no escape is an ordinary character. */
function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
