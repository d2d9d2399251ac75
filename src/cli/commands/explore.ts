/** `monosemantic explore`: the page on which a person finds out what features mean and do, and what came of a study. */

import { z } from "zod";
import { defineCommand } from "../command.ts";
import { DEFAULT_PORT, MACHINE } from "../sections.ts";

export const exploreCommand = defineCommand({
  name: "explore",
  summary: "look at runs and their features in the browser, and experiment with them",
  description:
    `Opens a page on one or several run directories: training curves (live while a run trains), densities, and after
    "monosemantic features RUN" every feature with its contexts, logit weights and neighbours; ablation, steering and the
    analysis of any text are computed with the model itself. Of a study (monosemantic sweep) it shows how it stands, its trials,
    their outcomes beside each other and what each factor does to them, and opens the dictionaries of each trial. Works offline, for this machine alone: the server listens on
    127.0.0.1 and answers no other page. Ends with Ctrl-C.`.replaceAll(/\n +/g, " "),
  examples: [
    { what: "one run", command: "monosemantic explore runs/one-layer-8x" },
    { what: "every run below a folder, compared", command: "monosemantic explore runs" },
    { what: "a study, done or going on", command: "monosemantic explore studies/width" },
    {
      what: "a run that was made elsewhere",
      command: "monosemantic explore copied/run --model models/one-layer",
    },
  ],
  positional: "runs",
  sections: {
    input: {
      title: "Input",
      schema: z.object({
        runs: z
          .array(z.string().min(1))
          .min(1)
          .describe("run directories and studies, or folders that hold several")
          .meta({ placeholder: "FOLDER,…" }),
        model: z
          .string()
          .min(1)
          .optional()
          .describe("the model, when it is no longer where the run found it: its weights have to be the same")
          .meta({ placeholder: "FOLDER|ID" }),
      }),
    },
    server: {
      title: "Server",
      schema: z.object({
        port: z
          .int()
          .min(0)
          .max(65_535)
          .default(DEFAULT_PORT)
          .describe("port on 127.0.0.1; the next free one when it is in use, 0: any"),
        open: z.boolean().default(true).describe("open the page in the browser, where there is a display"),
      }),
    },
    machine: MACHINE,
  },
  async run({ input, server, machine }, { announce, progress, signal }) {
    const { explore } = await import("../../explorer/explore.ts");
    await explore(
      { ...input, ...server, ...machine },
      {
        signal,
        onNote: (line) => progress.say(line),
        onReady: (address, runs, studies) =>
          announce({
            text: `the explorer is at ${address} (Ctrl-C ends it)`,
            json: { address, runs, studies },
          }),
      },
    );
    return undefined;
  },
});
