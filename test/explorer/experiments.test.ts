/** What is computed for the page: with a real model, by real forward passes, kept where it should be, refused where it cannot be. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Hono } from "hono";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type {
  Ablation,
  Attribution,
  Explanation,
  GenerationEvent,
  RunSummary,
  TextAnalysis,
  UnitList,
  UnitPage,
} from "../../src/explorer/api.ts";
import { streamLines } from "../../src/explorer/server/event-stream.ts";
import { Kept } from "../../src/explorer/server/kept.ts";
import { RunView } from "../../src/explorer/server/run-view.ts";
import { type SaeBench, Workbench } from "../../src/explorer/server/workbench.ts";
import { Failure, UsageError } from "../../src/errors.ts";
import { listen } from "../../src/explorer/server/listen.ts";
import { Queue } from "../../src/explorer/server/queue.ts";
import { D_SAE, exploredRun, MODEL } from "./explored-run.ts";
import { ask, serve, type Served } from "./served.ts";

const folder = mkdtempSync(join(tmpdir(), "monosemantic-experiments-"));
let served: Served;
const api = "/api/runs/run/a";

beforeAll(() => {
  served = serve([exploredRun(join(folder, "run"))]);
});
afterAll(async () => {
  expect(served.bugs).toEqual([]);
  await served.close();
  rmSync(folder, { recursive: true });
});

async function answer<T>(path: string, body: unknown, by = served): Promise<T> {
  const response = await by.post(path, body);
  expect(response.status, await response.clone().text()).toBe(200);
  return (await response.json()) as T;
}

async function refused(path: string, body: unknown, by = served) {
  const response = await by.post(path, body);
  return { status: response.status, ...((await response.json()) as { error: string }) };
}

const TEXT = "The <b>cat</b> sat.";
const GENERATION = { prompt: "The", interventions: [], tokens: 5, temperature: 1, topP: 1, seed: 3 };

async function events(response: Response): Promise<GenerationEvent[]> {
  expect(response.headers.get("content-type")).toMatch(/ndjson/);
  const lines = (await response.text()).trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line) as GenerationEvent);
}

describe("a text", () => {
  test("has features, words on them and three losses for each token", async () => {
    const found = await answer<TextAnalysis>(`${api}/text`, { text: TEXT });
    expect(found.tokens.slice(1).join("")).toBe(TEXT);
    expect(found.features).toHaveLength(found.tokens.length);
    expect(found.cut).toBe(false);
    for (const own of found.features) {
      expect(own.length).toBeGreaterThan(0);
      expect(own.map(([, value]) => value)).toEqual(own.map(([, value]) => value).toSorted((a, b) => b - a));
      for (const [index] of own) expect(found.words[index]).toBeTypeOf("string");
    }
    for (const losses of [found.clean, found.reconstructed, found.ablated]) {
      expect(losses).toHaveLength(found.tokens.length);
      expect(losses[0]).toBeNull();
      for (const loss of losses.slice(1)) expect(loss).toBeGreaterThan(0);
    }
    expect(found.clean).not.toEqual(found.reconstructed);
  });

  test("may be empty, or longer than the model has positions", async () => {
    const nothing = await answer<TextAnalysis>(`${api}/text`, { text: "" });
    expect(nothing.tokens).toHaveLength(1);
    const long = await answer<TextAnalysis>(`${api}/text`, { text: "word ".repeat(5000) });
    expect(long.tokens).toHaveLength(24);
    expect(long.cut).toBe(true);
  });

  test("without a unit: what is not active changes nothing", async () => {
    const found = await answer<TextAnalysis>(`${api}/text`, { text: TEXT });
    const t = 3;
    const [[index, value]] = found.features[t] as unknown as [[number, number]];
    const ablation = await answer<Ablation>(`${api}/ablate`, { text: TEXT, kind: "feature", index });
    expect(ablation.activations[t]).toBeCloseTo(value, 4);
    expect(ablation.lossChange).toHaveLength(found.tokens.length);
    expect(ablation.lossChange.some((change) => Math.abs(change) > 1e-6)).toBe(true);
    ablation.activations.forEach((activation, i) => {
      if (activation > 0 || i + 1 >= found.tokens.length) return;
      expect([i, ablation.lowered[i], ablation.lossChange[i + 1]]).toEqual([i, [], 0]);
    });
    for (const { token, before, after } of ablation.lowered.flat()) {
      expect(token).toBeTypeOf("string");
      expect(after).toBeLessThanOrEqual(before);
    }
    const neuron = await answer<Ablation>(`${api}/ablate`, { text: TEXT, kind: "neuron", index: 5 });
    expect(neuron.activations).toHaveLength(found.tokens.length);
    expect((await refused(`${api}/ablate`, { text: TEXT, kind: "feature", index: D_SAE })).status).toBe(404);
  });

  test("a prediction is attributed to the features at its position", async () => {
    const text = await answer<TextAnalysis>(`${api}/text`, { text: TEXT });
    const found = await answer<Attribution[]>(`${api}/attribution`, { text: TEXT, position: 2 });
    const active = text.features[2]!.map(([index]) => index);
    for (const { feature } of found) expect(active).toContain(feature);
    expect(found.some(({ ablated }) => ablated !== null)).toBe(true);
    const sizes = found.map(({ direct }) => Math.abs(direct));
    expect(sizes).toEqual(sizes.toSorted((a, b) => b - a));
    const { status, error } = await refused(`${api}/attribution`, { text: TEXT, position: 99 });
    expect(status).toBe(400);
    expect(error).toMatch(/position 99/);
  });
});

describe("generation", () => {
  test("begins with the prompt, goes on in pairs, and is the same for the same seed", async () => {
    const run = async (request: object) =>
      events(await served.post(`${api}/generate`, { ...GENERATION, ...request }));
    const first = await run({});
    expect(first[0]).toMatchObject({ type: "prompt" });
    expect(first.at(-1)).toMatchObject({ type: "done", tokensPerSecond: expect.any(Number) });
    const tokens = (which: string, list: GenerationEvent[]) =>
      list.flatMap((event) => (event.type === "token" && event.which === which ? [event.token] : []));
    expect(tokens("plain", first)).toHaveLength(5);
    expect(tokens("steered", first)).toEqual(tokens("plain", first));
    expect(tokens("plain", await run({}))).toEqual(tokens("plain", first));
    const steering = [
      { kind: "feature", index: 3, mode: "clamp", value: 500 },
      { kind: "neuron", index: 2, mode: "add", value: -500 },
    ];
    const steered = await run({ interventions: steering });
    expect(tokens("plain", steered)).toEqual(tokens("plain", first));
    expect(tokens("steered", steered)).not.toEqual(tokens("plain", first));
  });

  test.each([
    [{ tokens: 0 }, 400],
    [{ temperature: -1 }, 400],
    [{ topP: 0 }, 400],
    [{ seed: 1.5 }, 400],
    [{ interventions: [{ kind: "feature", index: D_SAE, mode: "add", value: 1 }] }, 400],
    [{ interventions: [{ kind: "feature", index: 1, mode: "grow", value: 1 }] }, 400],
    [{ prompt: "word ".repeat(100) }, 400],
  ])("%j is refused before anything is sent", async (change, expected) => {
    const { status, error } = await refused(`${api}/generate`, { ...GENERATION, ...change });
    expect(status).toBe(expected);
    expect(error).toBeTruthy();
  });

  test("stops when the reader has gone away, and the next one is served", async () => {
    const server = await served.listening();
    const gone = new AbortController();
    const headers = { "content-type": "application/json" };
    const url = `http://127.0.0.1:${server.port}${api}/generate`;
    const response = await fetch(url, {
      method: "POST",
      headers,
      body: JSON.stringify({ ...GENERATION, tokens: 20 }),
      signal: gone.signal,
    });
    await response.body!.getReader().read();
    gone.abort();
    const after = await ask(server.port, `${api}/text`, {
      method: "POST",
      headers: { ...headers, host: `127.0.0.1:${server.port}` },
      body: JSON.stringify({ text: "a" }),
    });
    expect(after.status).toBe(200);
  });
});

describe("what is kept", () => {
  test("ablations of shown contexts are computed once", async () => {
    const place = `${api}/units/feature/5`;
    const contexts = [
      { split: "heldout", context: 2 },
      { split: "heldout", context: 0 },
    ];
    const computed = await answer<Ablation[]>(`${place}/ablation`, { contexts });
    expect(computed.map(({ context }) => context).sort()).toEqual([0, 2]);
    const page = (await (await served.get(place)).json()) as UnitPage;
    expect(page.ablations.map(({ context }) => context)).toEqual([0, 2]);
    const again = await answer<Ablation[]>(`${place}/ablation`, {
      contexts: [...contexts, { split: "heldout", context: 1 }],
    });
    expect(again.map(({ context }) => context)).toEqual([0, 2, 1]);
    const byContext = (list: readonly Ablation[]) => list.find(({ context }) => context === 2)!;
    byContext(again).lossChange.forEach((change, t) =>
      expect(change).toBeCloseTo(byContext(computed).lossChange[t]!, 4),
    );
    await answer(`${api}/units/neuron/5/ablation`, { contexts });
    const { status, error } = await refused(`${place}/ablation`, {
      contexts: [{ split: "train", context: 7 }],
    });
    expect(status).toBe(404);
    expect(error).toMatch(/context 7 of train/);
    expect((await refused(`${place}/ablation`, { contexts: [] })).status).toBe(400);
  });

  test("a person's words are kept, searched and shown as they are", async () => {
    const place = `${api}/units/feature/9`;
    const text = "fires on <b>zebras</b> & \u202equaggas";
    const label = await answer<Explanation>(`${place}/labels`, { text: `  ${text} ` });
    expect(label).toMatchObject({ text, author: "person", score: null });
    const page = (await (await served.get(place)).json()) as UnitPage;
    expect(page.explanations.map((explanation) => explanation.text)).toEqual([text]);
    const found = (await (await served.get(`${api}/units?q=zebras`)).json()) as UnitList;
    expect(found.rows.map(({ index }) => index)).toEqual([9]);
    expect((await refused(`${place}/labels`, { text: "   " })).status).toBe(400);
    expect((await refused(`${api}/units/feature/${D_SAE}/labels`, { text: "a" })).status).toBe(404);
  });
});

describe("when it cannot be", () => {
  const other = async (name: string, options: Parameters<typeof exploredRun>[1], model?: string) => {
    const by = serve([exploredRun(join(folder, name), options)], { model });
    const [run] = (await (await by.get("/api/runs")).json()) as RunSummary[];
    const text = await refused(`/api/runs/${name}/a/text`, { text: "a" }, by);
    return { by, run: run!, text };
  };

  test("the model has moved: said beforehand and when asked, and --model helps", async () => {
    const moved = { run: { model: { name: "gone", folder: "/nowhere/gone" } } };
    const { by, run, text } = await other("moved", moved);
    expect(run.live.possible).toBe(false);
    expect(run.live.reason).toMatch(/no longer in \/nowhere\/gone.*--model/);
    expect(text).toEqual({ status: 503, error: run.live.reason });
    expect((await by.get("/api/runs/moved/a/units/feature/3")).status).toBe(200);
    await by.close();
    const again = serve([join(folder, "moved")], { model: MODEL });
    await answer("/api/runs/moved/a/text", { text: "a" }, again);
    await again.close();
  });

  test("another model is in its place", async () => {
    const { by, text } = await other("swapped", {
      run: { model: { name: "text", folder: MODEL, weights_sha256: "0".repeat(64) } },
    });
    expect(text.status).toBe(503);
    expect(text.error).toMatch(/its weights are others/);
    await by.close();
  });

  test("the dictionary is not finished", async () => {
    const { by, run, text } = await other("young", { finished: false, analysed: false });
    expect(run.live.possible).toBe(false);
    expect(text.status).toBe(409);
    await by.close();
  });

  test("the model's folder is damaged", async () => {
    const { by, text } = await other("damaged", {}, join(MODEL, ".."));
    expect(text.status).toBe(503);
    expect(text.error).toMatch(/config\.json/);
    await by.close();
  });
});

describe("the parts", () => {
  test("a bench is kept from one experiment to the next, and opened anew after a failure of the machine", async () => {
    const workbench = new Workbench({ threads: 1 });
    const run = new RunView("run", join(folder, "run"));
    const [sae] = run.saes();
    const lent = (work: (bench: SaeBench) => Promise<unknown> = async () => {}) =>
      workbench.withSae(run, sae!, async (bench) => {
        await work(bench);
        // Whatever was lent works.
        await bench.units.encode(new Float32Array(bench.live.dIn));
        return bench.forward;
      });
    const first = await lent();
    expect(await lent()).toBe(first);
    const refusing = lent(async () => Promise.reject(new UsageError("no such unit")));
    await expect(refusing).rejects.toMatchObject({ status: 400 });
    expect(await lent()).toBe(first);
    const dying = lent(async () => Promise.reject(new Failure("a dictionary thread died (exit code 1)")));
    await expect(dying).rejects.toMatchObject({ status: 503 });
    const second = await lent();
    expect(second).not.toBe(first);
    expect(await lent()).toBe(second);
    await workbench.close();
    await expect(lent()).rejects.toMatchObject({ status: 503, message: expect.stringMatching(/stopped/) });
  });

  test("two runs on one model generate at once, each with a text of its own", async () => {
    const workbench = new Workbench({ threads: 1 });
    const both = Promise.withResolvers<void>();
    let inside = 0;
    const read = ["one", "two"].map((name) => {
      const run = new RunView(name, join(folder, "run"));
      return workbench.withSae(run, run.saes()[0]!, (bench) =>
        bench.stepper(1, async (stepper) => {
          await stepper.step(Int32Array.of(1));
          if (++inside === 2) both.resolve();
          await both.promise;
          return stepper.position;
        }),
      );
    });
    expect(await Promise.all(read)).toEqual([1, 1]);
    await workbench.close();
  });

  test("a queue does one thing at a time, refuses too many, and passes over who gave up", async () => {
    const queue = new Queue(3);
    const order: string[] = [];
    const gate = Promise.withResolvers<void>();
    const gone = new AbortController();
    const first = queue.run(async () => {
      await gate.promise;
      order.push("first");
    });
    const second = queue.run(async () => void order.push("second"), gone.signal);
    const third = queue.run(async () => void order.push("third"));
    expect(() => queue.run(async () => {})).toThrow(/3 experiments/);
    gone.abort();
    gate.resolve();
    await expect(second).rejects.toThrow(/abort/);
    await Promise.all([first, third]);
    expect(order).toEqual(["first", "third"]);
    await expect(queue.run(async () => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
    await queue.run(async () => {});
  });

  test("what is kept is opened once, the least recent closed, never while it is used, and a failure not kept", async () => {
    const closed: string[] = [];
    const kept = new Kept<string>(1, async (value) => void closed.push(value));
    let opened = 0;
    const open = (value: string) => async () => (opened++, value);
    const gate = Promise.withResolvers<void>();
    const long = kept.use("a", open("a"), () => gate.promise);
    await kept.use("a", open("a"), async () => {});
    await kept.use("b", open("b"), async () => {});
    await kept.use("c", open("c"), async () => {});
    expect([opened, closed]).toEqual([3, ["b"]]);
    gate.resolve();
    await long;
    expect(closed).toEqual(["b", "a"]);
    await expect(
      kept.use(
        "d",
        async () => Promise.reject(new Error("no")),
        async () => {},
      ),
    ).rejects.toThrow("no");
    await kept.use("d", open("d"), async () => {});
    await kept.close();
    expect(closed.toSorted()).toEqual(["a", "b", "c", "d"]);
  });

  test("a stream that fails on the way ends with the failure, one that fails at once is refused", async () => {
    const never = new AbortController().signal;
    const late = await streamLines<object>(
      async (tell) => {
        tell({ line: 1 });
        await sleep(1);
        throw new Error("late");
      },
      (error) => ({ error: String(error) }),
      never,
    );
    expect(await late.text()).toBe('{"line":1}\n{"error":"Error: late"}\n');
    const early = streamLines(
      async () => Promise.reject(new Error("early")),
      () => ({}),
      never,
    );
    await expect(early).rejects.toThrow("early");
  });

  test("who closes the connection is known to have gone, before the answer and in the middle of it", async () => {
    const told = { whole: Promise.withResolvers<void>(), stream: Promise.withResolvers<void>() };
    const app = new Hono();
    app.get("/whole", async (c) => {
      c.req.raw.signal.addEventListener("abort", () => told.whole.resolve());
      await told.whole.promise;
      return c.text("nobody reads this");
    });
    app.get("/stream", (c) =>
      streamLines<object>(
        async (tell, signal) => {
          tell({});
          signal.addEventListener("abort", () => told.stream.resolve());
          await told.stream.promise;
        },
        () => ({}),
        c.req.raw.signal,
      ),
    );
    const server = await listen(() => app, 0);
    const gone = new AbortController();
    const { signal } = gone;
    const whole = fetch(`${server.address}/whole`, { signal });
    const stream = await fetch(`${server.address}/stream`, { signal });
    await stream.body!.getReader().read();
    gone.abort();
    await expect(whole).rejects.toThrow(/abort/);
    await Promise.all([told.whole.promise, told.stream.promise]);
    await server.close();
  });

  test("a stream's work is told when nobody reads", async () => {
    const told = Promise.withResolvers<void>();
    const response = await streamLines<object>(
      async (tell, signal) => {
        tell({});
        signal.addEventListener("abort", () => told.resolve());
        await told.promise;
        tell({});
      },
      () => ({}),
      new AbortController().signal,
    );
    await response.body!.cancel();
    await told.promise;
  });
});
