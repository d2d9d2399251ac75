/** Map. */

import type { PageProps } from "../page.ts";
import { Nothing } from "../states.tsx";

export function MapPage({ run }: PageProps) {
  return <Nothing title={`Map of ${run.name}`} />;
}
