/** `monosemantic effects`: what features do to their model, beside neurons, random directions, and features of another model. */

import { basename } from "node:path";
import { z } from "zod";
import { UsageError } from "../../errors.ts";
import { compareMatched } from "../../experiments/effects/matching.ts";
import { effectsOptions } from "../../experiments/effects/options.ts";
import { readEffects } from "../../experiments/effects/result.ts";
import { effectsTable, matchedTable } from "../../experiments/effects/table.ts";
import { defineCommand } from "../command.ts";
import { runHooks } from "../run-progress.ts";
import { MACHINE, OF_SAES_AND_MODEL } from "../sections.ts";

export const effectsCommand = defineCommand({
  name: "effects",
  summary: "measure what features do to their model, beside neurons and random directions",
  description:
    `For a sample of the features of each dictionary, and as many neurons and random directions: what taking them away does to
    predictions where they are active and elsewhere, whether their logit weights and their measured effect agree with what follows in the
    text, and whether text sampled with them pinned makes them active. Of a run on shuffled weights (run --shuffle-weights, or the control
    that "explain" trains) it is measured in the shuffled model; --against compares the two, features matched by density and by whether
    they are about one token. Writes RUN/effects/SAE.json.`.replaceAll(/\n +/g, " "),
  examples: [
    { what: "all dictionaries of a run", command: "monosemantic effects runs/one-layer-8x" },
    {
      what: "beside its control on shuffled weights, measured before",
      command:
        "monosemantic effects runs/one-layer-8x --against runs/one-layer-8x/controls/shuffled-weights/x8",
    },
  ],
  positional: "run",
  sections: {
    input: {
      title: "Input",
      schema: OF_SAES_AND_MODEL.extend({
        against: z
          .string()
          .min(1)
          .optional()
          .describe("run to compare with, whose dictionaries of the same names were measured before")
          .meta({ placeholder: "FOLDER" }),
      }),
    },
    effects: { title: "Effects", schema: effectsOptions },
    machine: MACHINE,
  },
  async run({ input, effects, machine }, context) {
    const { measureEffects } = await import("../../run/effects.ts");
    const { run, sae, model, against } = input;
    const { dictionaryFolders } = await import("../../run/dictionaries.ts");
    const names = sae ?? dictionaryFolders(run).map((folder) => basename(folder));
    const others = new Map(
      against === undefined ? [] : names.map((name) => [name, otherEffects(against, name)]),
    );
    const hooks = runHooks(context);
    const summary = await measureEffects({ run, saes: sae, model, ...effects, ...machine }, hooks);
    hooks.endPhase();
    const found = summary.effects.map(({ sae: name, file, result }) => {
      const other = others.get(name);
      return { file, result, comparison: other ? compareMatched(result, other) : null };
    });
    return {
      text: found
        .flatMap(({ file, result, comparison }) => [
          effectsTable(result),
          "",
          ...(comparison ? [matchedTable(comparison, ["here", "there"]), ""] : []),
          file,
        ])
        .join("\n"),
      json: { run: summary.run, effects: found },
    };
  },
});

/** Looked for before anything is measured. */
function otherEffects(run: string, sae: string) {
  const found = readEffects(run, sae);
  if (found !== null) return found;
  throw new UsageError(
    `${run} has no measured effects of ${sae}: measure them first, with "monosemantic effects ${run}"`,
  );
}
