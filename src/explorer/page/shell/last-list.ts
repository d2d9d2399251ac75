/** The list as it was left, so that the way back leads to the same search, order and row. */

import type { UnitKind } from "../../../features/units.ts";
import { href, route, there } from "./router.ts";
import type { Route } from "./route.ts";

let last: Route | null = null;

/** Called by the list whenever its address is another. */
export function rememberList(): void {
  last = route.value;
}

/** Address of that list, or of the whole one where there was none for this dictionary and kind. */
export function lastList(kind: UnitKind): string {
  const { run, sae } = route.value;
  const fresh = there({ page: "features", query: kind === "neuron" ? { kind } : {} });
  const isSame =
    last !== null && last.run === run && last.sae === sae && (last.query["kind"] ?? "feature") === kind;
  return href(isSame ? last! : fresh);
}
