/** Real features of GPT-2 small, as SAEDashboard exports them, on the way from explanation to score: with rules, and over HTTP. */

import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { endpointOptions } from "../../src/interpretation/endpoint/options.ts";
import { PROTOCOL_NAMES } from "../../src/interpretation/protocols/task.ts";
import { interpretDashboard, isDashboard } from "../../src/run/interpret-dashboard.ts";
import type { InterpretationRequest } from "../../src/run/interpretation-request.ts";
import type { ScoredExplanation } from "../../src/store/store.ts";
import { HOME } from "../architecture/imports.ts";
import type { Brain } from "../interpretation/stand-in/brain.ts";
import { oracle, sentenceOf } from "../interpretation/stand-in/oracle.ts";
import { StandIn } from "../interpretation/stand-in/server.ts";
import { CHAT } from "../interpretation/stand-in/settings.ts";

const ORACLE = join(HOME, "..", "shared", "oracles", "saedashboard-gpt2s-res-jb-batch-0.json");

let folder: string;
let batch: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "dashboard-"));
  batch = join(folder, "batch-0.json");
});
afterAll(() => rmSync(folder, { recursive: true }));

function request(more: Partial<InterpretationRequest> = {}): InterpretationRequest {
  return {
    run: batch,
    options: { explainTokens: 1e6, controlUnits: 8 },
    protocols: PROTOCOL_NAMES,
    sampling: "all",
    seed: 0,
    checkpointMinutes: 5,
    threads: 2,
    ...more,
  };
}

interface Line {
  readonly unit: number;
  readonly explanations: readonly ScoredExplanation[];
}

function unitsOf(name: string): Line[] {
  const path = join(folder, "batch-0.interpretation", `${name}.units.jsonl.zst`);
  return zstdDecompressSync(readFileSync(path))
    .toString()
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
}

const scoreOf = (one: ScoredExplanation, kind: string) =>
  one.scores.find((score) => score.kind === kind)!.value;

describe.runIf(existsSync(ORACLE))("two features of GPT-2 small, of which one is dead", () => {
  beforeAll(() => cpSync(ORACLE, batch));

  test("rules find what the live one fires on, and predict it on other prompts", async () => {
    expect(isDashboard(batch)).toBe(true);
    const { interpretations } = await interpretDashboard(request());
    const [{ interpretation }] = interpretations as [(typeof interpretations)[number]];
    expect(interpretation.subjects[0]).toMatchObject({ count: 2, alive: 1, units: [0], tooRare: 0 });
    expect(interpretation.notes[0]).toMatch(/contexts of a dashboard/);
    // "offline" alone is that of every feature under the usual protocol.
    expect(interpretation.name).toBe(`offline.${PROTOCOL_NAMES.join("+")}`);
    const [{ explanations }] = unitsOf(interpretation.name) as [Line];
    const chosen = explanations.find((one) => one.chosen)!;
    expect(chosen.text).toContain("“ brigade”");
    expect(scoreOf(chosen, "bills-2023")).toBeGreaterThan(0.9);
    for (const kind of ["detection", "fuzzing", "intruder"])
      expect(scoreOf(chosen, kind)).toBeGreaterThan(0.8);
    const simulation = chosen.scores[0]!.answers!;
    expect(simulation.tokens.every((tokens) => tokens.length === 9)).toBe(true);
  });

  test("so does a language model over HTTP, which then replays without the server", async () => {
    // As a model would that knows what the tokens of its examples have in common.
    const said = sentenceOf(
      new Map([" brigade", " Brigade", " Infantry", " battalion"].map((token) => [token, 9])),
    );
    const brain = oracle();
    const answer: Brain["answer"] = (asked) =>
      asked.text.includes("What is the unit active on?") && !asked.text.includes("Explanation: ")
        ? said
        : brain.answer(asked);
    const server = await StandIn.start({ brain: { ...brain, answer }, settings: CHAT });
    const { url } = server;
    const withModel = (more: object = {}) =>
      request({
        protocols: ["bricken-2023", "bills-2023"],
        endpoint: endpointOptions.parse({ model: server.settings.model, baseUrl: url, ...more }),
        name: "model",
      });
    const { interpretations } = await interpretDashboard(withModel());
    const [{ interpretation }] = interpretations as [(typeof interpretations)[number]];
    expect(interpretation).toMatchObject({ failed: 0, stopped: null, endpoint: { mode: "expected-values" } });
    const [{ explanations }] = unitsOf("model") as [Line];
    expect(explanations.map(({ author }) => author)).toEqual([
      "stand-in (bricken-2023)",
      "stand-in (bills-2023)",
    ]);
    expect(scoreOf(explanations[1]!, "bills-2023")).toBeGreaterThan(0.5);
    await server.stop();
    const replayed = await interpretDashboard(withModel({ offline: true }));
    expect(replayed.interpretations[0]!.interpretation.subjects).toEqual(interpretation.subjects);
  });
});

test("what is no batch ends in one sentence", async () => {
  writeFileSync(
    batch,
    JSON.stringify({ model_id: "m", layer: 0, sae_set: "s", features: [{ feature_index: "x" }] }),
  );
  await expect(interpretDashboard(request())).rejects.toThrow(/no batch file of SAEDashboard: .*features/);
});
