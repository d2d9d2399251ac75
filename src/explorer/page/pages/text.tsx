/** Text. */

import type { PageProps } from "../page.ts";
import { Nothing } from "../states.tsx";

export function TextPage({ run }: PageProps) {
  return <Nothing title={`Text of ${run.name}`} />;
}
