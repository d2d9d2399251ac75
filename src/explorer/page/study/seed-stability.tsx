/** What another seed changes: the spread of outcomes beside that of settings, and which features another seed finds again. */

import { outcomeOf, type StudyOutcomes } from "../../../study/outcomes/outcome.ts";
import { valueText } from "../../../study/report/words.ts";
import type { StudySummary, VariationAnswer } from "../../study-api.ts";
import { explainedBy } from "../run/evaluation-table.tsx";
import { Problem, Waiting } from "../shell/states.tsx";
import { useOfStudy } from "./use-study.ts";

export interface SeedStabilityProps {
  readonly study: StudySummary;
  readonly outcomes: StudyOutcomes;
  readonly results: string;
}

export function SeedStability({ study, outcomes, results }: SeedStabilityProps) {
  const isAny = outcomes.primary.length > 0;
  const { data, error, again } = useOfStudy<VariationAnswer>(study.id, isAny ? "variation" : null, results);
  if (!isAny) return null;
  const found = data?.populations.filter(({ rows }) => rows.length > 0) ?? [];
  return (
    <section class="part">
      <header>
        <h2>Stability across seeds</h2>
      </header>
      {data === undefined &&
        (error === null ? (
          <Waiting what="Telling seeds from settings" />
        ) : (
          <Problem error={error} again={again} />
        ))}
      {data !== undefined && found.length === 0 && (
        <p class="quiet">No two trials with outcomes differ in their seed alone.</p>
      )}
      {found.map((population) => (
        <Variations key={String(population.shuffled)} population={population} outcomes={outcomes} />
      ))}
      <Pairs outcomes={outcomes} />
    </section>
  );
}

function Variations({
  population: { shuffled, rows },
  outcomes,
}: {
  population: VariationAnswer["populations"][number];
  outcomes: StudyOutcomes;
}) {
  return (
    <>
      {shuffled && <h3>Models with shuffled weights</h3>}
      <div class="scroll">
        <table class="numbers">
          <thead>
            <tr>
              {["Outcome", "Settings", "Seeds", "Measurement", "measured over"].map((words, at) => (
                <th key={words} scope="col" class={at === 0 || at === 4 ? undefined : "n"}>
                  {words}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(({ outcome, configurations, seeds, measurement, measuredOver }) => {
              const definition = outcomes.definitions.find(({ name }) => name === outcome);
              return (
                <tr key={outcome}>
                  <th scope="row">
                    <dfn tabIndex={0} {...explainedBy(definition?.definition ?? "")}>
                      {definition?.label ?? outcome}
                    </dfn>
                  </th>
                  <td class="n">{configurations}</td>
                  <td class="n">{seeds}</td>
                  <td class="n">{measurement}</td>
                  <td>{measuredOver}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      <p class="note">
        Standard deviations with 95 % intervals. Measurement: standard error of one trial's number; what all
        trials were measured on is the same, and its luck is no part of the spread between seeds.
      </p>
    </>
  );
}

/** Pairs that were compared feature by feature. */
function Pairs({ outcomes }: { outcomes: StudyOutcomes }) {
  const { comparisons, definitions } = outcomes;
  const columns = definitions.filter(
    ({ group, name }) =>
      group === "stability" && comparisons.some((one) => outcomeOf(one, name) !== undefined),
  );
  if (comparisons.length === 0) return null;
  return (
    <details open={comparisons.length <= 12}>
      <summary>Pairs of dictionaries: what another seed finds again</summary>
      <div class="scroll">
        <table class="numbers pairs">
          <thead>
            <tr>
              <th scope="col">Dictionary</th>
              <th scope="col">and</th>
              {columns.map(({ name, label, definition }) => (
                <th key={name} scope="col" class="n">
                  <dfn tabIndex={0} {...explainedBy(definition)}>
                    {label}
                  </dfn>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {comparisons.map((pair) => (
              <tr key={pair.name}>
                <th scope="row">
                  <bdi>{pair.a}</bdi>
                </th>
                <td>
                  <bdi>{pair.b}</bdi>
                </td>
                {columns.map((definition) => (
                  <td key={definition.name} class="n">
                    {valueText(definition, outcomeOf(pair, definition.name)?.value)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}
