/** What each factor does to one outcome: the effects of the report, and the outcome at each level. */

import type { StudyOutcomes } from "../../../study/outcomes/outcome.ts";
import { counted, listed } from "../../../study/report/words.ts";
import type { OutcomeEffectsAnswer, StudySummary } from "../../study-api.ts";
import { route, setQuery } from "../shell/router.ts";
import { Problem, Waiting } from "../shell/states.tsx";
import { LevelChart } from "./level-chart.tsx";
import { OutcomeSelect } from "./outcome-select.tsx";
import { useOfStudy } from "./use-study.ts";

export interface EffectsProps {
  readonly study: StudySummary;
  readonly outcomes: StudyOutcomes;
  readonly results: string;
}

export function Effects({ study, outcomes, results }: EffectsProps) {
  const { query } = route.value;
  const { definitions, primary } = outcomes;
  const wanted = [query["effects-on"], query["y"], primary[0], definitions[0]?.name];
  const definition = wanted.flatMap((name) => definitions.find((one) => one.name === name) ?? [])[0];
  const path = definition === undefined ? null : `effects?outcome=${encodeURIComponent(definition.name)}`;
  const { data, error, again, stale } = useOfStudy<OutcomeEffectsAnswer>(study.id, path, results);
  if (definition === undefined) return null;
  const answer = data?.outcome === definition.name ? data : undefined;
  return (
    <section class="part" aria-busy={stale}>
      <header>
        <h2>Effects</h2>
        <OutcomeSelect
          label="on"
          definitions={definitions}
          value={definition.name}
          onChange={(name) => setQuery({ "effects-on": name })}
        />
      </header>
      {answer === undefined ? (
        error === null ? (
          <Waiting what="Fitting the effects" />
        ) : (
          <Problem error={error} again={again} />
        )
      ) : (
        answer.populations.map((population) => (
          <PopulationEffects
            key={String(population.shuffled)}
            population={population}
            definition={definition}
            several={answer.populations.length > 1}
          />
        ))
      )}
    </section>
  );
}

interface PopulationEffectsProps {
  readonly population: OutcomeEffectsAnswer["populations"][number];
  readonly definition: StudyOutcomes["definitions"][number];
  readonly several: boolean;
}

function PopulationEffects({ population, definition, several }: PopulationEffectsProps) {
  const { shuffled, trials, seeds, effects, factors, aliased, log } = population;
  // Of some factors only one level may have come as far as this outcome.
  const shown = factors.filter((factor) => factor.levels.filter(({ trials: count }) => count > 0).length > 1);
  return (
    <>
      {several && <h3>{shuffled ? "Models with shuffled weights" : "Models as they are"}</h3>}
      {effects.length === 0 ? (
        <p class="quiet">
          {trials === 0
            ? "No trial has this outcome yet."
            : `${counted(trials, "trial")} with this outcome: too few, or too much alike, to tell what a factor does.`}
        </p>
      ) : (
        <>
          <div class="scroll">
            <table class="numbers effects">
              <thead>
                <tr>
                  <th scope="col">Factor</th>
                  <th scope="col" class="n">
                    Effect
                  </th>
                  <th scope="col" class="n">
                    Share of the variation
                  </th>
                  <th scope="col" class="n">
                    p
                  </th>
                </tr>
              </thead>
              <tbody>
                {effects.map(({ factor, words, effect, interval, sure }, at) => {
                  const own = factors.find(({ name }) => name === factor);
                  const first = effects.findIndex((one) => one.factor === factor) === at;
                  return (
                    <tr key={words} class={sure ? undefined : "unsure"}>
                      <th scope="row">{words}</th>
                      <td class="n">
                        {effect ?? "–"}
                        {interval !== "" && <small>{interval}</small>}
                      </td>
                      <td class="n">{first ? shareText(own?.share ?? null) : ""}</td>
                      <td class="n">{first ? pText(own?.p ?? null) : ""}</td>
                    </tr>
                  );
                })}
              </tbody>
            </table>
          </div>
          <p class="note">
            {seeds > 1
              ? "A mixed model: what combinations of settings do beyond the sum of their effects, and what another seed changes, are error, each at its own level. "
              : "Least squares: there are no repeats, so that what combinations of settings do and what another seed changes are one error. "}
            Of {counted(trials, "trial")}; 95 % intervals. pts: percentage points; ×: compared by ratios.
            Faint: the interval holds no effect. Share: ω², 0 on average where there is no effect. p: of any
            difference between a factor’s levels, whatever its shape, so that it may be small where a single
            effect per step is not told from none.
            {aliased.length > 0 && ` The trials cannot tell apart: ${listed(aliased)}.`}
          </p>
        </>
      )}
      {shown.length > 0 && (
        <div class="multiples levels">
          {shown.map((factor) => (
            <LevelChart key={factor.name} factor={factor} definition={definition} logarithmic={log} />
          ))}
        </div>
      )}
    </>
  );
}

function shareText(share: number | null): string {
  return share === null ? "–" : Math.max(0, share).toFixed(2);
}

function pText(p: number | null): string {
  if (p === null) return "–";
  return p < 0.001 ? "< 0.001" : p.toFixed(3);
}
