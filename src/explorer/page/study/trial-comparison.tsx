/** Some trials side by side: what they differ in, every outcome, their evaluations on the way and training curves, their densities. */

import { useEffect, useState } from "preact/hooks";
import {
  OUTCOME_GROUPS,
  outcomeOf,
  type StudyOutcomes,
  type TrialOutcomes,
} from "../../../study/outcomes/outcome.ts";
import { levelText } from "../../../study/report/words.ts";
import type { StudySummary } from "../../study-api.ts";
import { seriesColour } from "../charts/colours.ts";
import { DensityOverlay } from "../compare/density-overlay.tsx";
import { evaluationOf } from "../run/evaluation-numbers.ts";
import { explainedBy } from "../run/evaluation-table.tsx";
import { go, href, route, setQuery } from "../shell/router.ts";
import { withQuery } from "../shell/route.ts";
import { opened, openedRun, openRun } from "../shell/runs.ts";
import type { ComparedTrial } from "./compared-trial.ts";
import { listText, valueKey } from "./selection.ts";
import { OutcomeCell } from "./outcome-cell.tsx";
import { TrialCurves } from "./trial-curves.tsx";
import { TrialLinks } from "./trial-links.tsx";

export interface TrialComparisonProps {
  readonly study: StudySummary;
  readonly outcomes: StudyOutcomes;
  readonly trials: readonly TrialOutcomes[];
  readonly results: string;
}

export function TrialComparison({ study, outcomes, trials, results }: TrialComparisonProps) {
  const compared = trials.map((trial, at): ComparedTrial => {
    const run = study.groups.find(({ name }) => name === trial.group)?.run ?? null;
    const isThere = trial.stage !== null && trial.leftOut === null;
    return { trial, colour: seriesColour(at), run: isThere ? run : null };
  });
  const back = withQuery(route.value, { view: null });
  return (
    <div class="side-by-side">
      <p>
        <a href={href(back)}>← All trials</a>
      </p>
      <h2>{trials.length} trials side by side</h2>
      <SideBySide study={study} outcomes={outcomes} compared={compared} />
      <TrialCurves compared={compared} definitions={outcomes.definitions} />
      <Densities compared={compared} results={results} />
    </div>
  );
}

interface SideBySideProps {
  readonly study: StudySummary;
  readonly outcomes: StudyOutcomes;
  readonly compared: readonly ComparedTrial[];
}

function SideBySide({ study, outcomes, compared }: SideBySideProps) {
  const factors = Object.keys(outcomes.factors).filter(
    (name) => new Set(compared.map(({ trial }) => valueKey(trial.factors[name] ?? null))).size > 1,
  );
  const drop = (name: string) => {
    const rest = compared.flatMap(({ trial }) => (trial.name === name ? [] : [trial.name]));
    if (rest.length > 1) setQuery({ pick: listText(rest) });
    else go(withQuery(route.value, { pick: listText(rest), view: null }));
  };
  return (
    <section class="part">
      <div class="scroll">
        <table class="numbers">
          <thead>
            <tr>
              <th scope="col">Outcome</th>
              {compared.map(({ trial, colour }) => (
                <th key={trial.name} scope="col" class="n trial-head">
                  <i class="swatch" style={{ background: colour }} />
                  <bdi>{trial.name}</bdi>
                  <button
                    type="button"
                    class="quiet-button"
                    aria-label={`${trial.name} out of the comparison`}
                    onClick={() => drop(trial.name)}
                  >
                    ×
                  </button>
                  <TrialLinks study={study} trial={trial} />
                </th>
              ))}
            </tr>
          </thead>
          {factors.length > 0 && (
            <tbody>
              <GroupHead words="what they differ in" columns={compared.length} />
              {factors.map((name) => (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  {compared.map(({ trial }) => (
                    <td key={trial.name} class="n">
                      <bdi>{levelText(trial.factors[name] ?? null)}</bdi>
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          )}
          {OUTCOME_GROUPS.map((group) => {
            const rows = outcomes.definitions.filter(
              (one) =>
                one.group === group && compared.some(({ trial }) => outcomeOf(trial, one.name) !== undefined),
            );
            if (rows.length === 0) return null;
            return (
              <tbody key={group}>
                <GroupHead words={group} columns={compared.length} />
                {rows.map((definition) => (
                  <tr key={definition.name}>
                    <th scope="row">
                      <dfn tabIndex={0} {...explainedBy(definition.definition)}>
                        {definition.label}
                      </dfn>
                    </th>
                    {compared.map(({ trial }) => (
                      <OutcomeCell key={trial.name} trial={trial} definition={definition} />
                    ))}
                  </tr>
                ))}
              </tbody>
            );
          })}
        </table>
      </div>
    </section>
  );
}

function GroupHead({ words, columns }: { words: string; columns: number }) {
  return (
    <tr class="group">
      <th scope="rowgroup" colSpan={columns + 1}>
        {words.charAt(0).toUpperCase() + words.slice(1)}
      </th>
    </tr>
  );
}

function Densities({ compared, results }: { compared: readonly ComparedTrial[]; results: string }) {
  const [strong, emphasise] = useState<string | null>(null);
  const ids = [...new Set(compared.flatMap(({ run }) => run ?? []))];
  useEffect(() => {
    for (const id of ids) if (!opened.peek().has(id)) void openRun(id);
  }, [ids.join(" "), results, opened.value]);
  const shown = compared.flatMap(({ trial, colour, run }) => {
    const sae = run === null ? undefined : openedRun(run)?.saes.find(({ name }) => name === trial.name);
    const evaluation = sae === undefined ? null : evaluationOf(sae);
    return evaluation === null ? [] : [{ id: trial.name, colour, evaluation }];
  });
  const without = compared.filter(({ trial }) => !shown.some(({ id }) => id === trial.name));
  const waits = ids.some((id) => !opened.value.has(id));
  return (
    <section class="part">
      <header>
        <h2>Densities</h2>
      </header>
      {shown.length > 0 && (
        <>
          <ul class="legend" aria-label="Trials">
            {shown.map(({ id, colour }) => (
              <li key={id} onMouseEnter={() => emphasise(id)} onMouseLeave={() => emphasise(null)}>
                <i style={{ background: colour }} />
                <bdi>{id}</bdi>
              </li>
            ))}
          </ul>
          <DensityOverlay shown={shown} strong={strong} />
        </>
      )}
      {!waits && without.length > 0 && (
        <p class="quiet">
          Not evaluated yet: <bdi>{without.map(({ trial }) => trial.name).join(", ")}</bdi>
        </p>
      )}
    </section>
  );
}
