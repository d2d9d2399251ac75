/** Compare. */

import type { PageProps } from "../page.ts";
import { Nothing } from "../states.tsx";

export function ComparePage({ run }: PageProps) {
  return <Nothing title={`Compare of ${run.name}`} />;
}
