/**
 * The tables of docs/findings/model-or-data.md, as Markdown, and its figures, from a study that measured the effects of dictionaries of a model
 * and of the same model with shuffled weights:
 *
 *     node scripts/findings/model-or-data.ts STUDY [FOLDER FOR FIGURES]
 */

import { existsSync } from "node:fs";
import { join } from "node:path";
import type { EffectSubject } from "../../src/experiments/effects/result.ts";
import { readJson } from "../../src/files/read.ts";
import type { StudyOutcomes } from "../../src/study/outcomes/outcome.ts";
import { fixed, say, table } from "./markdown.ts";
import { studyArguments, writeFigures } from "./study-arguments.ts";
import {
  CEILING,
  type Dictionary,
  effectRow,
  openDictionaries,
  type Row,
} from "./model-or-data/dictionaries.ts";
import { difference, matchedMeans, meanOver, type Split } from "./model-or-data/estimates.ts";
import { ablationFigure, measuresFigure } from "./model-or-data/figures.ts";

const score = (title: string, kind: "bricken-2023" | "logits", explainer: string): Row => ({
  title,
  nothing: kind === "logits" ? 0.5 : 0,
  source: { kind, explainer },
});

const ACTIVATION = score("activation score", "bricken-2023", "chosen");
const LOGITS = score("logit test", "logits", "chosen");
const NEXT = score("logit test, next-token explainer", "logits", "next-token");
const AUC = effectRow("logit_auc", "next token promoted, AUC");
const SAME_TOKEN = effectRow("logit_auc_same_token", "next token promoted, same token, AUC");
const WEIGHTS = effectRow("agreement_weights", "agreement with the data, logit weights");
const EFFECT = effectRow("agreement_effect", "agreement with the data, measured effect");
const GAIN = effectRow("ablation_gain", "ablation: ln(KL / KL of a random direction)");
const PINNED = effectRow("pinned_active_gain", "pinned: more active in the text");
const PROMOTED = effectRow("pinned_promoted_gain", "pinned: more of the promoted tokens");

const ROWS: readonly Row[] = [
  ACTIVATION,
  LOGITS,
  NEXT,
  AUC,
  SAME_TOKEN,
  WEIGHTS,
  EFFECT,
  effectRow("agreement_reliability", "– reliability of the counts"),
  CEILING,
  effectRow("logit_kurtosis"),
  effectRow("ablation_kl", "ablation: KL, nats"),
  effectRow("ablation_kl_random", "– of a random direction, nats"),
  effectRow("ablation_loss_absolute", "ablation: size of the change of loss, nats"),
  GAIN,
  effectRow("ablation_contrast", "– here less elsewhere"),
  effectRow("ablation_benefit", "ablation: benefit"),
  effectRow("ablation_specificity", "ablation: specificity"),
  PINNED,
  effectRow("pinned_active_own", "pinned: more active than in another’s text"),
  effectRow("pinned_tokens_gain", "pinned: more of its top tokens"),
  PROMOTED,
];

const [study, figures] = studyArguments("model-or-data.ts");
const dictionaries = openDictionaries(study);
const trained = dictionaries.filter(({ shuffled }) => shuffled === null);
const shuffled = dictionaries.filter((one) => one.shuffled !== null);
if (trained.length === 0 || shuffled.length === 0) {
  console.error(
    `${study} has effects of ${trained.length} trained and ${shuffled.length} shuffled dictionaries`,
  );
  process.exit(1);
}
const rows = ROWS.filter((row) => meanOver(trained, row, "features") !== null);

say(`${names(trained)}; shuffled: ${names(shuffled)}\n`);
sizes(join(study, "trials.json"));
means();
differences();
splits();
matches();
if (figures !== undefined) {
  const both = [trained, shuffled] as const;
  const drawn = [
    measuresFigure(both, [ACTIVATION, LOGITS, NEXT, AUC, SAME_TOKEN, WEIGHTS, EFFECT]),
    ablationFigure(both, GAIN),
  ];
  writeFigures(figures, drawn);
}

/** What kind of dictionaries these are, where the study has its report. */
function sizes(path: string): void {
  if (!existsSync(path)) return;
  const { trials } = readJson(path, "a study's outcomes") as StudyOutcomes;
  const columns = ["l0", "explained_variance", "loss_recovered_zero", "density_median", "single_token_share"];
  table(
    ["", "L0", "explained variance", "loss recovered", "median density", "single-token"],
    trials
      .filter(({ name }) => dictionaries.some((one) => one.name === name))
      .map(({ name, outcomes }) => [
        name,
        ...columns.map((column) => {
          const value = outcomes.find((one) => one.name === column)?.value;
          return value === undefined || value === null ? "" : fixed(value);
        }),
      ]),
  );
}

/** Neurons do not depend on the dictionary: once a model. Random directions are as rare as its features are: once a model and block. */
function onceAModel(all: readonly Dictionary[], blocks: boolean): Dictionary[] {
  return all.filter(
    (one) =>
      all.find((other) => other.shuffled === one.shuffled && (!blocks || other.block === one.block)) === one,
  );
}

function means(): void {
  say("Means, ± half the 95 % interval over units.\n");
  const columns: [string, readonly Dictionary[], EffectSubject][] = [
    ["features, trained", trained, "features"],
    ["features, shuffled", shuffled, "features"],
    ["neurons, trained", onceAModel(trained, false), "neurons"],
    ["neurons, shuffled", onceAModel(shuffled, false), "neurons"],
    ["random directions, trained", onceAModel(trained, true), "random-directions"],
    ["random directions, shuffled", onceAModel(shuffled, true), "random-directions"],
  ];
  table(
    ["", "nothing", ...columns.map(([title]) => title)],
    rows.map((row) => [
      row.title,
      row.nothing === null ? "" : String(row.nothing),
      ...columns.map(([, of, subject]) => {
        const found = meanOver(of, row, subject);
        if (found === null) return "";
        return `${fixed(found.value)} ± ${((found.interval[1] - found.interval[0]) / 2).toFixed(3)}`;
      }),
    ]),
  );
}

function differences(): void {
  const free = difference([trained, shuffled], AUC)?.degreesOfFreedom;
  say(`Trained less shuffled; the last interval is t with ${free} degrees of freedom.\n`);
  table(
    ["", "trained", "shuffled", "difference", "95 % over features", "95 % over dictionaries"],
    rows.map((row) => {
      const found = difference([trained, shuffled], row);
      if (found === null) return [row.title, "", "", "", "", ""];
      const { value, overUnits, overDictionaries } = found;
      return [
        row.title,
        found.trained.map(fixed).join(", "),
        found.shuffled.map(fixed).join(", "),
        fixed(value),
        interval(overUnits),
        overDictionaries === null ? "" : interval(overDictionaries),
      ];
    }),
  );
}

function splits(): void {
  const parts: Split[] = ["single-token", "other"];
  const counted = (row: Row) =>
    [trained, shuffled]
      .map((of) => {
        const [single, other] = parts.map((split) => meanOver(of, row, "features", split)?.units ?? 0);
        return `${single} of ${single! + other!}`;
      })
      .join(" and ");
  say(
    `Single-token features, of the trained and the shuffled: ${counted(AUC)} with effects, ${counted(ACTIVATION)} with scores.\n`,
  );
  table(
    [
      "",
      ...["single-token", "others"].flatMap((of) => [
        `${of}: trained`,
        "shuffled",
        "difference, 95 % over features",
      ]),
    ],
    rows.map((row) => [
      row.title,
      ...parts.flatMap((split) => {
        const found = difference([trained, shuffled], row, split);
        const [a, b] = [trained, shuffled].map((of) => meanOver(of, row, "features", split));
        if (!found || !a || !b) return ["", "", ""];
        return [fixed(a.value), fixed(b.value), `${fixed(a.value - b.value)} (${interval(found.overUnits)})`];
      }),
    ]),
  );
}

function matches(): void {
  say("Features matched by density and single-tokenness.\n");
  table(
    [
      "",
      "pairs",
      "trained",
      "shuffled",
      "difference, 95 % over features",
      "of each pair of dictionaries",
      "single-token",
      "others",
    ],
    rows.flatMap((row) => {
      const [all, single, others] = (["all", "single-token", "other"] as const).map((split) =>
        matchedMeans([trained, shuffled], row, split),
      );
      if (!all) return [];
      return [
        [
          row.title,
          String(all.pairs),
          fixed(all.trained),
          fixed(all.shuffled),
          `${fixed(all.value)} (${interval(all.interval)})`,
          `${fixed(Math.min(...all.each))} – ${fixed(Math.max(...all.each))}`,
          ...[single, others].map((found) =>
            found ? `${fixed(found.value)} (${interval(found.interval)})` : "",
          ),
        ],
      ];
    }),
  );
}

function names(all: readonly Dictionary[]): string {
  return all.map(({ name }) => name).join(", ");
}

function interval([low, high]: readonly [number, number]): string {
  return `${fixed(low)} – ${fixed(high)}`;
}
