/** How things are displayed stays from unit to unit; which token was selected does not. */

import { route } from "./router.ts";

const KEPT = ["width", "breaks", "counts", "view"];

export function keptDisplay(): Record<string, string> {
  return Object.fromEntries(Object.entries(route.value.query).filter(([name]) => KEPT.includes(name)));
}
