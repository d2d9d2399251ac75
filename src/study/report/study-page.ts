/** The page of a study: everything its report says, in the order a reader asks for it. */

import { formatCount, prose } from "../../report/format.ts";
import { cautionSection, figureGrid, section, unbroken } from "../../report/layout.ts";
import { type Content, html, type Markup, trusted } from "../../report/markup.ts";
import type { OutcomeDefinition, StudyOutcomes } from "../outcomes/outcome.ts";
import type { PopulationAnalysis, StudyAnalysis } from "./analysis.ts";
import { studyCautions } from "./cautions.ts";
import { allFigures, type PopulationFigures, type StudyFigures } from "./figures.ts";
import { factorsTable, openParts, studySentence, studyTiles } from "./headline.ts";
import { SORT_SCRIPT, SORT_SCRIPT_SOURCE } from "./sort-script.ts";
import { STUDY_STYLE } from "./study-style.ts";
import {
  controlsTable,
  correlationTable,
  costTable,
  effectsTable,
  lawsTable,
  stabilityTable,
  trialsTable,
  variationTable,
} from "./tables.ts";
import { counted } from "./words.ts";

/** More panels than this stand behind a fold. */
const MOST_PANELS = 18;
/** A page stays light enough to be sent around: larger data is in trials.json alone. */
const LARGEST_EMBEDDED = 2 ** 20;

export function studyPage(analysis: StudyAnalysis, figures: StudyFigures): string {
  const { study, populations } = analysis;
  const several = populations.length > 1;
  const body = html`${header(analysis)}
    <main>
      ${studyTiles(analysis)} ${aboutStudy(study)}
      ${cautionSection(
        "study",
        studyCautions(analysis).map(({ title, texts }) => ({
          title,
          texts: texts.map((text) => html`<p>${prose(text)}</p>`),
        })),
      )}
      ${study.trials.length > 0 && section("Trials", trialsTable(analysis), prose("95 % intervals over text or features; a press on a heading sorts"))}
      ${populations.map((one, i) => {
        const sections = populationSections(one, analysis, figures.populations[i]!);
        const heading = one.population.shuffled ? "Models with shuffled weights" : "Models as they are";
        // Before anything is trained there is nothing below it.
        return [several && sections.some(Boolean) && html`<h2 class="sae">${heading}</h2>`, sections];
      })}
      ${several && html`<h2 class="sae">All trials</h2>`} ${controls(analysis)} ${stability(analysis)}
      ${cost(study, figures)} ${files(study)} ${definitionSection(study.definitions)}
    </main>
    <footer>
      Written by monosemantic ${study.version}.
      ${allFigures(figures).length > 0 && "The plots are also in plots/ as SVG files."}
    </footer>
    ${data(study)}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src ${SORT_SCRIPT_SOURCE}">
${html`<title>${study.title}: ${studySentence(analysis)}</title>`.text}
<style>${STUDY_STYLE}</style>
</head>
<body>${body.text}
<script>${SORT_SCRIPT}</script>
</body>
</html>
`;
}

function header(analysis: StudyAnalysis): Markup {
  const { study } = analysis;
  return html`<header>
    <p class="eyebrow">
      <b>monosemantic</b> study report ·
      ${study.title}${!study.complete && html`<span class="status">not complete</span>`}
    </p>
    <h1>${unbroken(studySentence(analysis))}.</h1>
    ${study.question !== null && html`<p class="question">${study.question}</p>`}
  </header>`;
}

function aboutStudy(study: StudyOutcomes): Markup {
  const work = study.parts.filter(({ stage }) => stage !== "report");
  const done = work.filter(({ condition }) => condition === "done").length;
  return section(
    "Study",
    [factorsTable(study), openParts(study)],
    `${counted(study.trials.length, "trial")}, ${formatCount(done)} of ${counted(work.length, "part")} done`,
  );
}

function populationSections(
  { population, effects, variations, scalings, correlations }: PopulationAnalysis,
  { study, definitions }: StudyAnalysis,
  figures: PopulationFigures,
): readonly Content[] {
  const isPrimary = isPrimaryIn(study);
  const others = effects.filter((one) => !isPrimary(one));
  const { dependences, shares, frontiers, dead, onTheWay } = figures;
  return [
    effects.some(({ contrasts }) => contrasts.length > 0) &&
      section(
        "Effects",
        [
          effectsTable(effects.filter(isPrimary), definitions),
          html`<p class="note">
            ${prose(
              effectsNote(
                effects.some(({ variance }) => variance !== null),
                population.seeds,
              ),
            )}
          </p>`,
          dependences.length > 0 && figureGrid(dependences.slice(0, MOST_PANELS), "three"),
          dependences.length > MOST_PANELS &&
            html`<details>
              <summary>${counted(dependences.length - MOST_PANELS, "more panel")}</summary>
              ${figureGrid(dependences.slice(MOST_PANELS), "three")}
            </details>`,
          others.length > 0 &&
            html`<details>
              <summary>Effects on ${counted(others.length, "other outcome")}</summary>
              ${effectsTable(others, definitions)}
            </details>`,
        ],
        prose("of each hyperparameter on each outcome, with 95 % intervals"),
      ),
    (variations.length > 0 || shares !== null) &&
      section(
        "Variation",
        [
          shares !== null && figureGrid([shares], "one"),
          variations.length > 0 && variationTable(variations, definitions),
          variations.length > 0 &&
            html`<p class="note">
              ${prose("Standard deviations, with 95 % intervals. Measurement: standard error of one trial’s number. All trials are measured on the same held-out text, whose luck is the same for all and is no part of the spread between seeds.")}
            </p>`,
        ],
        "hyperparameters, seeds, and what was measured on",
      ),
    frontiers.length > 0 &&
      section("Fronts", figureGrid(frontiers, "one"), "sparsity against what one wants for it"),
    dead !== null && section("Dead features", figureGrid([dead], "one")),
    scalings.length > 0 &&
      section(
        "Scaling",
        [
          figureGrid(figures.scalings),
          lawsTable(scalings),
          html`<p class="note">
            ${prose("a + b · N^(−c) by least squares, at whatever L0 each trial came out with; intervals by a wild bootstrap over trials. Change: from the smallest N to the largest. A law with doubts describes these points and foretells nothing.")}
          </p>`,
        ],
        "fitted laws, where there are four sizes or more",
      ),
    onTheWay.length > 0 &&
      section("On the way", figureGrid(onTheWay), "held-out evaluations during training"),
    correlations !== null &&
      figures.correlations !== null &&
      section(
        "Which outcomes go together",
        [
          figureGrid([figures.correlations], "one"),
          html`<details>
            <summary>With intervals</summary>
            ${correlationTable(correlations, definitions)}
          </details>`,
        ],
        "rank correlations over the trials",
      ),
  ];
}

function isPrimaryIn({ primary }: StudyOutcomes): (of: { readonly name: string }) => boolean {
  return ({ name }) => primary.includes(name);
}

function effectsNote(mixed: boolean, seeds: number): string {
  const error = mixed
    ? "A mixed model: what combinations of settings do beyond the sum of their effects, and what another seed changes, are error, each at its own level."
    : seeds > 1
      ? "Least squares: what another seed changes is the error."
      : "Least squares: there are no repeats, so that what combinations of settings do and what another seed changes are one error.";
  return `${error} pts: percentage points; ×: what is compared by ratios. Faint: the interval holds no effect. Curves: means over the levels of all other factors, dots are trials.`;
}

function controls({ study, controls: all, definitions }: StudyAnalysis): Content {
  if (all.length === 0) return null;
  const isPrimary = isPrimaryIn(study);
  const others = all.filter((one) => !isPrimary(one));
  return section(
    "Trained against shuffled",
    [
      controlsTable(all.filter(isPrimary), definitions),
      others.length > 0 &&
        html`<details>
          <summary>${counted(others.length, "other outcome")}</summary>
          ${controlsTable(others, definitions)}
        </details>`,
      html`<p class="note">${prose(controlsNote(study, all))}</p>`,
    ],
    "which outcomes tell a model from noise",
  );
}

function controlsNote({ factors }: StudyOutcomes, all: StudyAnalysis["controls"]): string {
  const shuffles = (factors["shuffleWeights"] ?? []).filter((value) => value !== null).length;
  return [
    "Configurations that models as they are and models with shuffled weights both have; each side is a mean over seeds and shuffles.",
    all.every(({ pairs }) => pairs < 2)
      ? "Intervals are over seeds and shuffles of the one configuration."
      : "Intervals are over configurations, with few of which they are wide.",
    "Faint: the interval holds no difference, or there is none.",
    shuffles < 2 && "All controls share one shuffle: what another would change is in no interval.",
    "An outcome that does not differ tells about the text and the method, not about what a model has learnt. Shares of a shuffled model’s loss say nothing. At the same settings the two seldom have the same L0.",
  ]
    .filter(Boolean)
    .join(" ");
}

function stability({ study, definitions, populations }: StudyAnalysis): Content {
  if (study.comparisons.length === 0) return null;
  const neurons = definitions.has("match_correlation_neurons");
  return section(
    "Stability",
    [
      stabilityTable(study, definitions),
      html`<p class="note">
        ${prose(
          `Means of both ways. ${
            neurons
              ? "What neurons have in common is what two models share without a dictionary."
              : "Both dictionaries of a pair read one model, whose neurons are the same: their correlation with themselves is 1."
          }${populations.some(({ population }) => population.shuffled) ? " Controls are among them." : ""}`,
        )}
      </p>`,
    ],
    "what another seed finds again",
  );
}

function cost(study: StudyOutcomes, figures: StudyFigures): Content {
  if (study.parts.every(({ seconds, memoryBytes }) => seconds === null && memoryBytes === null)) return null;
  return section(
    "Time and memory",
    [costTable(study), figures.cost.length > 0 && figureGrid(figures.cost)],
    "beside what was expected; of parts that are done",
  );
}

function files({ trials }: StudyOutcomes): Markup {
  const all = [
    ["trials.json", "trials, factors, outcomes with intervals, definitions, parts"],
    ["trials.csv", "a row a trial; NAME_low and NAME_high are the ends of NAME’s interval"],
    ["trials.parquet", "the same columns"],
  ];
  return section(
    "Data",
    html`<ul class="files">
      ${all.map(([name, what]) => html`<li><a href="${name!}">${name}</a>: ${what}</li>`)}
    </ul>`,
    counted(trials.length, "trial"),
  );
}

function definitionSection(definitions: readonly OutcomeDefinition[]): Content {
  if (definitions.length === 0) return null;
  return section(
    "Definitions",
    html`<dl class="definitions">
      ${definitions.map(
        ({ name, label, definition }) =>
          html`<div>
            <dt>${label} <small>${name}</small></dt>
            <dd>${prose(definition)}</dd>
          </div>`,
      )}
    </dl>`,
  );
}

/** The data of the page within it, for programs; browsers do nothing with it. */
function data(study: StudyOutcomes): Content {
  const text = JSON.stringify(study).replaceAll("<", "\\u003c");
  return text.length > LARGEST_EMBEDDED
    ? null
    : trusted(`<script type="application/json" id="study">${text}</script>`);
}
