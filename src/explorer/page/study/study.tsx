/**
 * A study: how it stands, its trials and what came of them, what each factor does, what seeds change, and what it cost. While it runs
 * the page follows it.
 */

import { useEffect } from "preact/hooks";
import type { StudyOutcomes } from "../../../study/outcomes/outcome.ts";
import { counted } from "../../../study/report/words.ts";
import type { StudyStanding, StudySummary } from "../../study-api.ts";
import { go, route, setQuery } from "../shell/router.ts";
import { withQuery } from "../shell/route.ts";
import { loadRuns } from "../shell/runs.ts";
import { Nothing, Problem, Waiting } from "../shell/states.tsx";
import { rememberStudy } from "../shell/studies.ts";
import { Cost } from "./cost.tsx";
import { Effects } from "./effects.tsx";
import { picked } from "./selection.ts";
import { SeedStability } from "./seed-stability.tsx";
import { Standing } from "./standing.tsx";
import { TrialComparison } from "./trial-comparison.tsx";
import { Trials } from "./trials.tsx";
import { useResults, useStanding } from "./use-study.ts";
import "../charts/charts.css";
import "../compare/compare.css";
import "./study.css";

export function StudyPage({ study }: { study: StudySummary }) {
  return study.error === null ? (
    <OpenStudy study={study} />
  ) : (
    <Problem error={study.error} again={() => void loadRuns()} />
  );
}

function OpenStudy({ study }: { study: StudySummary }) {
  const { standing, error, again } = useStanding(study.id);
  const { data, error: unread, again: readAgain } = useResults(study.id, standing);
  const here = route.value;
  useEffect(rememberStudy, [here]);
  if (standing === null)
    return error === null ? (
      <Waiting what="Looking how the study stands" />
    ) : (
      <Problem error={error} again={again} />
    );
  return (
    <div class="page study">
      <Head study={study} standing={standing} outcomes={data?.outcomes ?? null} error={error} />
      {here.query["view"] !== "compare" && <Standing standing={standing} />}
      {data !== undefined ? (
        <Body study={study} outcomes={data.outcomes} results={standing.results} standing={standing} />
      ) : unread !== null ? (
        <Problem error={unread} again={readAgain} />
      ) : (
        <Waiting what="Collecting what came of the trials" />
      )}
    </div>
  );
}

interface HeadProps {
  readonly study: StudySummary;
  readonly standing: StudyStanding;
  readonly outcomes: StudyOutcomes | null;
  readonly error: string | null;
}

function Head({ study, standing, outcomes, error }: HeadProps) {
  const running = standing.parts.some(({ status }) => status === "running" || status === "queued");
  const status = standing.complete
    ? "complete"
    : standing.cancelled
      ? "cancelled"
      : running
        ? "running"
        : standing.failed > 0
          ? "failed"
          : "standing still";
  return (
    <header class="page-head">
      <h1>
        <bdi>{study.title}</bdi>
        <span class={`status ${status.replace(" ", "-")}`}>{status}</span>
      </h1>
      {outcomes !== null && (
        <p class="page-sub">
          {outcomes.question !== null && <span class="question">{outcomes.question}</span>}
          <span>{reached(outcomes)}</span>
        </p>
      )}
      {error !== null && <p class="failed">{error}</p>}
    </header>
  );
}

/** "50 trials: 36 measured, 14 not trained" */
function reached({ trials }: StudyOutcomes): string {
  const counts = Map.groupBy(trials, ({ stage, leftOut }) => (leftOut !== null ? "left out" : stage));
  const words = [
    ["explain", "explained"],
    ["measure", "measured"],
    ["train", "trained"],
    ["left out", "left out"],
    [null, "not trained"],
  ] as const;
  const said = words.flatMap(([stage, what]) => {
    const count = counts.get(stage)?.length ?? 0;
    return count === 0 ? [] : [count === trials.length ? `all ${what}` : `${count} ${what}`];
  });
  return `${counted(trials.length, "trial")}: ${said.join(", ")}`;
}

interface BodyProps {
  readonly study: StudySummary;
  readonly outcomes: StudyOutcomes;
  readonly results: string;
  readonly standing: StudyStanding;
}

function Body({ study, outcomes, results, standing }: BodyProps) {
  const { query } = route.value;
  const chosen = picked(query, outcomes.trials);
  if (query["view"] === "compare" && chosen.length > 1)
    return <TrialComparison study={study} outcomes={outcomes} trials={chosen} results={results} />;
  if (outcomes.trials.length === 0) return <Nothing title="The study has no trials" />;
  return (
    <>
      <Trials study={study} outcomes={outcomes} standing={standing} />
      <Effects study={study} outcomes={outcomes} results={results} />
      <SeedStability study={study} outcomes={outcomes} results={results} />
      <Cost outcomes={outcomes} />
      {chosen.length > 0 && (
        <div class="picked" role="region" aria-label="Chosen trials">
          <span>{counted(chosen.length, "trial")} chosen</span>
          <button
            type="button"
            disabled={chosen.length < 2}
            title={chosen.length < 2 ? "Choose another one" : undefined}
            onClick={() => {
              go(withQuery(route.value, { view: "compare" }));
              scrollTo(0, 0);
            }}
          >
            Compare
          </button>
          <button type="button" class="quiet-button" onClick={() => setQuery({ pick: null })}>
            None
          </button>
        </div>
      )}
    </>
  );
}
