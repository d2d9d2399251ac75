/** From a trial to the pages on its dictionary, which its group's newest result holds. */

import type { TrialOutcomes } from "../../../study/outcomes/outcome.ts";
import type { StudySummary } from "../../study-api.ts";
import { href, there } from "../shell/router.ts";
import type { PageName } from "../shell/route.ts";

/** What is there from which stage on. */
const PAGES: readonly {
  readonly page: PageName;
  readonly words: string;
  readonly from: readonly string[];
}[] = [
  { page: "features", words: "features", from: ["measure", "explain"] },
  { page: "text", words: "text", from: ["train", "measure", "explain"] },
  { page: "steer", words: "steer", from: ["train", "measure", "explain"] },
  { page: "meaning", words: "meaning", from: ["explain"] },
  { page: "run", words: "run", from: ["train", "measure", "explain"] },
];

export interface TrialLinksProps {
  readonly study: StudySummary;
  readonly trial: Pick<TrialOutcomes, "name" | "group" | "stage" | "leftOut">;
}

export function TrialLinks({ study, trial: { name, group, stage, leftOut } }: TrialLinksProps) {
  const run = study.groups.find((one) => one.name === group)?.run;
  if (run === undefined || stage === null || leftOut !== null) return null;
  return (
    <span class="trial-links">
      {PAGES.filter(({ from }) => from.includes(stage)).map(({ page, words }) => (
        <a key={page} href={href(there({ page, run, sae: name }))} aria-label={`${name}: ${words}`}>
          {words}
        </a>
      ))}
    </span>
  );
}
