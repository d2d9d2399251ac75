/** Steer. */

import type { PageProps } from "../page.ts";
import { Nothing } from "../states.tsx";

export function SteerPage({ run }: PageProps) {
  return <Nothing title={`Steer of ${run.name}`} />;
}
