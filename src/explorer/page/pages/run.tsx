/** Run. */

import type { PageProps } from "../page.ts";
import { Nothing } from "../states.tsx";

export function RunPage({ run }: PageProps) {
  return <Nothing title={`Run of ${run.name}`} />;
}
