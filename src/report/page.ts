/** The page: everything the report says, in the order a reader asks for it. */

import { median } from "../statistics/quantiles.ts";
import { cautionsOf } from "./cautions.ts";
import { commandLine, factTable, phaseTable } from "./facts.ts";
import type { Figure } from "./figure.ts";
import { formatCount, formatTokens, prose } from "./format.ts";
import { sentence, subtitle, tiles } from "./headline.ts";
import { interpretabilityText } from "./interpretability.ts";
import { cautionSection, figureGrid, section, unbroken } from "./layout.ts";
import { type Content, html, type Markup } from "./markup.ts";
import { comparisonTable, definitionList, numbersTable } from "./numbers-table.ts";
import { seriesColour } from "./palette.ts";
import { eventNote } from "./plots/training-curves.ts";
import type { ReportedSae, RunFolder } from "./run-folder.ts";
import { STYLE } from "./style.ts";

export interface ReportFigures {
  readonly losses: Figure | null;
  readonly frontier: Figure | null;
  readonly training: readonly Figure[];
  /** By position of the SAE. */
  readonly features: readonly (readonly Figure[])[];
  readonly scores: readonly (Figure | null)[];
}

export function page(folder: RunFolder, figures: ReportFigures): string {
  const { saes } = folder;
  const alone = saes.length === 1 ? saes[0]! : null;
  const body = html` ${header(folder)}
    <main>
      ${alone?.evaluation && tiles(alone.evaluation)}
      ${saes.length > 1 && section("Dictionaries", comparison(saes, figures))} ${cautions(folder)}
      ${alone?.evaluation && section("Numbers", numbersTable(alone.evaluation), evaluatedOn(alone))}
      ${figures.losses && section("Losses", figureGrid([figures.losses], "one"))} ${training(saes, figures)}
      ${alone && figures.features[0]!.length > 0 && section("Features", featureFigures(figures.features[0]!))}
      ${alone && interpretability(alone, figures.scores[0]!)}
      ${saes.length > 1 && saes.map((sae, index) => saeSections(sae, index, figures))} ${provenance(folder)}
      ${saes.some(({ evaluation }) => evaluation) && section("Definitions", definitionList())}
    </main>
    <footer>
      Written by monosemantic${folder.run.version && ` ${folder.run.version}`}. The plots are also in plots/
      as SVG files.
    </footer>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
${html`<title>${folder.name}: ${sentence(folder)}</title>`.text}
<style>${STYLE}</style>
</head>
<body>${body.text}
</body>
</html>
`;
}

function header(folder: RunFolder): Markup {
  const status = folder.run.status ?? "unknown";
  return html`<header>
    <p class="eyebrow">
      <b>monosemantic</b> run report ·
      ${folder.name}${
        status !== "complete" &&
        html`<span class="status ${status}">${status === "running" ? "still running" : status}</span>`
      }
    </p>
    <h1>${unbroken(sentence(folder))}.</h1>
    <p class="subtitle">${subtitle(folder).map((part) => html`<span>${part}</span>`)}</p>
  </header>`;
}

function comparison(saes: readonly ReportedSae[], { frontier }: ReportFigures): Content {
  return [
    comparisonTable(saes),
    frontier &&
      html`<h3></h3>
        ${figureGrid([frontier], "one")}`,
  ];
}

function cautions(folder: RunFolder): Markup {
  const found = cautionsOf(folder);
  const several = folder.saes.length > 1;
  const titles = [...new Set(found.map(({ title }) => title))];
  const texts = (title: string) =>
    found
      .filter((caution) => caution.title === title)
      .map(({ sae, text }) => html`<p>${several && sae !== null && html`<b>${sae}</b> `}${prose(text)}</p>`);
  return cautionSection(
    "run",
    titles.map((title) => ({ title, texts: texts(title) })),
  );
}

function evaluatedOn({ evaluation }: ReportedSae): string {
  const { tokens, contexts, context } = evaluation!;
  return `${formatTokens(tokens)} held-out tokens, ${formatCount(contexts)} sequences of ${formatCount(context)}`;
}

function training(saes: readonly ReportedSae[], figures: ReportFigures): Content {
  if (figures.training.length === 0) return null;
  const note = eventNote(saes);
  return section("Training", [
    saes.length > 1 && legend(saes),
    figureGrid(figures.training, "three"),
    note && html`<p class="note">${note}</p>`,
  ]);
}

function legend(saes: readonly ReportedSae[]): Markup {
  return html`<ul class="legend">
    ${saes.map(
      ({ name }, index) =>
        html`<li><i class="swatch" style="background:${seriesColour(index)}"></i>${name}</li>`,
    )}
  </ul>`;
}

function saeSections(sae: ReportedSae, index: number, figures: ReportFigures): Content {
  if (sae.evaluation === null && sae.interpretation === null) return null;
  return html`<h2 class="sae"><i class="swatch" style="background:${seriesColour(index)}"></i>${sae.name}</h2>
    ${sae.evaluation && section("Numbers", numbersTable(sae.evaluation), evaluatedOn(sae))}
    ${figures.features[index]!.length > 0 && section("Features", featureFigures(figures.features[index]!))}
    ${interpretability(sae, figures.scores[index]!)}`;
}

function interpretability({ interpretation }: ReportedSae, figure: Figure | null): Content {
  if (interpretation === null) return null;
  const { name, endpoint } = interpretation;
  return section(
    "Interpretability",
    [interpretabilityText(interpretation), figure && figureGrid([figure], "one")],
    `${name}, ${endpoint === null ? "without a language model" : endpoint.model}`,
  );
}

/** The density histogram over the whole width, the rest two by two. */
function featureFigures([density, ...rest]: readonly Figure[]): Content {
  return [figureGrid([density!], "one"), figureGrid(rest)];
}

/** The usual speed of training: the median over the lines of the log. */
function throughput(saes: readonly ReportedSae[]): string | null {
  const rates = saes.flatMap(({ train }) => train.flatMap((line) => line.tokens_per_second ?? []));
  const usual = median(rates);
  return usual === null ? null : `trained at ${formatCount(usual)} tokens a second`;
}

function provenance({ run, saes }: RunFolder): Content {
  const command = commandLine(run);
  const [model, text, machine, memory, config] = [
    run.model,
    run.text,
    run.machine,
    run.memory,
    run.config,
  ].map(factTable);
  const phases = phaseTable(run);
  return [
    (model || text) &&
      section(
        "Model and text",
        html`<div class="pair">
          <div>
            ${
              model &&
              html`<h3>Model</h3>
                ${model}`
            }
          </div>
          <div>
            ${
              text &&
              html`<h3>Text</h3>
                ${text}`
            }
          </div>
        </div>`,
      ),
    phases && section("Time", phases, throughput(saes)),
    (command || config || machine) &&
      section("Reproduce", [
        command && html`<pre><code>${command}</code></pre>`,
        machine &&
          html`<h3>Machine</h3>
            ${machine}`,
        memory &&
          html`<h3>Memory held</h3>
            ${memory}`,
        config &&
          html`<details>
            <summary>Configuration in full</summary>
            ${config}
          </details>`,
      ]),
  ];
}
