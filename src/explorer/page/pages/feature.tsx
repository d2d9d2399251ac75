/** Feature. */

import type { PageProps } from "../page.ts";
import { Nothing } from "../states.tsx";

export function FeaturePage({ run }: PageProps) {
  return <Nothing title={`Feature of ${run.name}`} />;
}
