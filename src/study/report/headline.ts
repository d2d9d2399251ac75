/** The study in one sentence, what it varies, and the few numbers one would say aloud. */

import { formatCount, prose } from "../../report/format.ts";
import { html, type Markup } from "../../report/markup.ts";
import { outcomeOf, type StudyOutcomes } from "../outcomes/outcome.ts";
import type { StudyAnalysis } from "./analysis.ts";
import { strongestFactor } from "./plots/colours.ts";
import { defined } from "./tables.ts";
import { counted, levelsText, listed, rangeText, valueText } from "./words.ts";

const MOST_TILES = 4;
/** p below which a factor is named as what moves an outcome. */
const SURE = 0.05;
const TILES = ["loss_recovered_zero", "l0", "explained_variance", "dead_fraction"];

/** "24 dictionaries that differ in expansion and lambda, each trained with 2 seeds" */
export function studySentence({ study, populations }: StudyAnalysis): string {
  const { trials, factors } = study;
  if (trials.length === 0) return "A study without trials";
  if (trials.length === 1) return `One dictionary, ${trials[0]!.name}`;
  const names = Object.keys(factors).filter((name) => name !== "seed");
  const seeds = Math.max(...populations.map(({ population }) => population.seeds));
  const differ = names.length === 0 ? "" : ` that differ in ${listed(names)}`;
  const repeated =
    seeds < 2
      ? ""
      : names.length === 0
        ? " that differ in their seed alone"
        : `, each with up to ${formatCount(seeds)} seeds`;
  return `${counted(trials.length, "dictionary", "dictionaries")}${differ}${repeated}`;
}

/** Where most of a primary outcome's values lie, and what moves it most. */
export function studyTiles({ definitions, populations, primary }: StudyAnalysis): Markup | null {
  const [main] = populations;
  if (main === undefined) return null;
  const score = primary.filter(({ group }) => group === "interpretability").map(({ name }) => name);
  const names = [...TILES.slice(0, 2), ...score, ...TILES.slice(2)].filter((name) => definitions.has(name));
  const tiles = names.slice(0, MOST_TILES).flatMap((name) => {
    const definition = definitions.get(name)!;
    const values = main.population.trials.flatMap((trial) => outcomeOf(trial, name)?.value ?? []);
    if (values.length === 0) return [];
    const [least, most] = [Math.min(...values), Math.max(...values)];
    const strongest = strongestFactor(main.effects, name);
    const found = main.effects
      .find((one) => one.name === name)
      ?.shares.find(({ factor }) => factor === strongest);
    const isSure = found?.p !== null && found?.p !== undefined && found.p < SURE;
    const share = isSure ? found.share : null;
    return [
      html`<div class="tile">
        <div class="label">${defined(definition)}</div>
        <div class="value ${least === most ? "" : "range"}">
          ${least === most ? valueText(definition, most) : rangeText(definition, least, most)}
        </div>
        <div class="below">
          ${
            strongest === null || share === null
              ? counted(values.length, "trial")
              : `moved most by ${strongest}: ${Math.round(100 * share)} % of its variation`
          }
        </div>
      </div>`,
    ];
  });
  return tiles.length === 0 ? null : html`<div class="tiles">${tiles}</div>`;
}

/** What was varied, and over which values. */
export function factorsTable({ factors }: StudyOutcomes): Markup | null {
  const rows = Object.entries(factors);
  if (rows.length === 0) return null;
  return html`<table class="facts">
    <tbody>
      ${rows.map(
        ([name, levels]) =>
          html`<tr>
            <th scope="row">${name}</th>
            <td>${levelsText(levels)}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}

const MOST_PARTS = 20;

/** What is missing or failed, and why. */
export function openParts({ parts }: StudyOutcomes): Markup | null {
  const open = parts.filter(({ condition, stage }) => condition !== "done" && stage !== "report");
  if (open.length === 0) return null;
  const order = ["failed", "cancelled", "interrupted", "running", "waiting"];
  const sorted = [...open].sort((a, b) => order.indexOf(a.condition) - order.indexOf(b.condition));
  return html`<h3>Not done</h3>
    <table class="facts open">
      <tbody>
        ${sorted.slice(0, MOST_PARTS).map(
          ({ part, condition, sentence, attempts }) =>
            html`<tr class="${condition}">
              <th scope="row">${part}</th>
              <td>
                ${condition}${attempts > 1 && `, ${counted(attempts, "attempt")}`}${
                  sentence !== null && html`: ${prose(sentence)}`
                }
              </td>
            </tr>`,
        )}
      </tbody>
    </table>
    ${open.length > MOST_PARTS && html`<p class="note">And ${counted(open.length - MOST_PARTS, "more part")}.</p>`}`;
}
