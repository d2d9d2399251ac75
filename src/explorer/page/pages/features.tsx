/** Features. */

import type { PageProps } from "../page.ts";
import { Nothing } from "../states.tsx";

export function FeaturesPage({ run }: PageProps) {
  return <Nothing title={`Features of ${run.name}`} />;
}
