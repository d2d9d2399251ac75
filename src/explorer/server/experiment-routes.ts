/** Everything that computes or keeps something: POSTs with a JSON body. */

import { type Context, Hono } from "hono";
import { Failure } from "../../errors.ts";
import type { UnitKind } from "../../features/units.ts";
import type { ContextPlace } from "../../features/records.ts";
import { shownAblation, shownExplanation } from "../answers.ts";
import type { GenerationEvent } from "../api.ts";
import { described } from "./described.ts";
import { streamLines } from "./event-stream.ts";
import {
  ablateContexts,
  ablateText,
  analyseText,
  attributeText,
  generateTexts,
  isNeurons,
  type Words,
} from "./experiments.ts";
import type { Explored } from "./explored.ts";
import { HttpFailure } from "./http-failure.ts";
import { unitOf } from "./read-routes.ts";
import {
  ablateRequest,
  ablationRequest,
  attributionRequest,
  bodyOf,
  generationRequest,
  labelRequest,
  textRequest,
} from "./requests.ts";
import type { RunView, SaeFolder } from "./run-view.ts";
import type { Bench, Workbench } from "./workbench.ts";

export function experimentRoutes(explored: Explored, workbench: Workbench): Hono {
  const routes = new Hono();
  const saeOf = (c: Context) => explored.sae(c.req.param("run")!, c.req.param("sae")!);

  /** The features of the dictionary, or the neurons that were analysed beside them. */
  const withUnits = <T>(
    run: RunView,
    sae: SaeFolder,
    kind: UnitKind,
    work: (bench: Bench) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> => {
    if (kind === "feature") return workbench.withSae(run, sae, work, signal);
    const analysed = explored.store(run).readIfThere()?.analysis(sae.name, "neuron")?.record.hook;
    const hook = analysed ?? sae.hook ?? run.record().hook;
    if (hook === undefined || !isNeurons(hook)) {
      throw new HttpFailure(409, `the rows that ${sae.name} reads are no neurons, and none were analysed`);
    }
    return workbench.withNeurons(run, hook, work, signal);
  };

  const wordsOf =
    (run: RunView, sae: SaeFolder): Words =>
    (indices) =>
      explored.store(run).readIfThere()?.words(sae.name, "feature", indices) ?? [];

  routes.post("/runs/:run/:sae/text", async (c) => {
    const { run, sae } = saeOf(c);
    const { text } = await bodyOf(c, textRequest);
    const words = wordsOf(run, sae);
    const signal = c.req.raw.signal;
    return c.json(await workbench.withSae(run, sae, (bench) => analyseText(bench, text, words), signal));
  });

  routes.post("/runs/:run/:sae/ablate", async (c) => {
    const { run, sae } = saeOf(c);
    const { text, kind, index } = await bodyOf(c, ablateRequest);
    const work = (bench: Bench) => ablateText(bench, text, index);
    return c.json(await withUnits(run, sae, kind, work, c.req.raw.signal));
  });

  routes.post("/runs/:run/:sae/attribution", async (c) => {
    const { run, sae } = saeOf(c);
    const { text, position } = await bodyOf(c, attributionRequest);
    const words = wordsOf(run, sae);
    const signal = c.req.raw.signal;
    return c.json(
      await workbench.withSae(run, sae, (bench) => attributeText(bench, text, position, words), signal),
    );
  });

  routes.post("/runs/:run/:sae/generate", async (c) => {
    const { run, sae } = saeOf(c);
    const request = await bodyOf(c, generationRequest);
    return streamLines<GenerationEvent>(
      (tell, signal) =>
        workbench.withSae(run, sae, (bench) => generateTexts(bench, request, tell, signal), signal),
      (error) => ({ type: "error", error: described(error).sentence }),
      c.req.raw.signal,
    );
  });

  routes.post("/runs/:run/:sae/units/:kind/:index/ablation", async (c) => {
    const { run, sae } = saeOf(c);
    const { kind, index } = unitOf(c.req.param("kind"), c.req.param("index"));
    const { contexts } = await bodyOf(c, ablationRequest);
    const { store } = explored.analysed(run.id, sae.name);
    explored.requireKind(run.id, sae.name, kind);
    const asked = new Set(contexts.map(placeKey));
    const stored = store.ablations(sae.name, kind, index).filter((place) => asked.has(placeKey(place)));
    const storedKeys = new Set(stored.map(placeKey));
    const missing = contexts.filter((place) => !storedKeys.has(placeKey(place)));
    const found = store.contexts(sae.name, kind, missing);
    const unknown = missing.find((place) => !found.some((one) => placeKey(one) === placeKey(place)));
    if (unknown !== undefined) {
      throw new HttpFailure(404, `context ${unknown.context} of ${unknown.split} is none of the shown ones`);
    }
    const shown = stored.map((ablation) => shownAblation(ablation, (id) => store.tokenText(id)));
    if (found.length === 0) return c.json(shown);
    const { signal } = c.req.raw;
    const computed = await withUnits(
      run,
      sae,
      kind,
      async (bench) => {
        const { tokenizer } = bench.source.model;
        const text = (id: number) => tokenizer.tokenText(id);
        const ablations = await ablateContexts(bench, found, index, signal);
        keep(() => explored.store(run).write().putAblations(sae.name, kind, index, ablations, text));
        return ablations.map((ablation) => shownAblation(ablation, text));
      },
      signal,
    );
    return c.json([...shown, ...computed]);
  });

  routes.post("/runs/:run/:sae/units/:kind/:index/labels", async (c) => {
    const { run, sae } = saeOf(c);
    const { kind, index } = unitOf(c.req.param("kind"), c.req.param("index"));
    const { text } = await bodyOf(c, labelRequest);
    explored.requireKind(run.id, sae.name, kind);
    const store = explored.store(run).write();
    if (store.unit(sae.name, kind, index) === undefined) {
      throw new HttpFailure(404, `there is no ${kind} ${index} in ${sae.name}`);
    }
    return c.json(shownExplanation(store.addExplanation(sae.name, kind, index, { text, author: "person" })));
  });

  return routes;
}

function placeKey({ split, context }: ContextPlace): string {
  return `${split} ${context}`;
}

/** A result that cannot be kept, on a disk that is full or not ours, is a result all the same. */
function keep(write: () => void): void {
  try {
    write();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
  }
}
