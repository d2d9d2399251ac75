/** The analysed dictionaries of a run in Neuronpedia's layout, under names that follow from the run's own. */

import type { RunHooks } from "../run/request.ts";
import { UsageError } from "../errors.ts";
import { readSae } from "../sae/saelens.ts";
import { exportNeuronpedia, type NeuronpediaExport } from "../store/neuronpedia.ts";
import { Explored } from "./server/explored.ts";
import { notAnalysed } from "./server/run-store.ts";
import { RunCatalogue } from "./server/run-catalogue.ts";
import type { RunView, SaeFolder } from "./server/run-view.ts";

export interface NeuronpediaFolderRequest {
  readonly run: string;
  readonly folder: string;
  /** Names of dictionaries; all that were analysed unless given. */
  readonly saes?: readonly string[] | undefined;
  /** Neuronpedia's name of the model. Default: that of the run's model. */
  readonly modelId?: string | undefined;
  /** Its name of the set of dictionaries. Default: the run's. */
  readonly setName?: string | undefined;
  readonly creator: string;
}

/** @throws UsageError for names that are not there or not allowed, Failure when nothing was analysed or cannot be written */
export async function exportNeuronpediaFolder(
  request: NeuronpediaFolderRequest,
  hooks: RunHooks = {},
): Promise<NeuronpediaExport[]> {
  const catalogue = new RunCatalogue([request.run]);
  const [run, another] = catalogue.runs();
  if (run === undefined || another !== undefined) {
    throw new UsageError(`${request.run} holds several runs: export one of them at a time`);
  }
  const explored = new Explored(catalogue, () => ({ possible: false, reason: null }));
  try {
    const store = explored.store(run).readIfThere();
    const analysed = (store?.analyses() ?? []).filter(({ record }) => record.kind === "feature");
    if (store === undefined || analysed.length === 0) throw notAnalysed(run);
    const names = analysed.map(({ sae }) => sae);
    const unknown = request.saes?.find((name) => !names.includes(name));
    if (unknown !== undefined) {
      throw new UsageError(`${request.run} has no analysis of "${unknown}": it has ${names.join(", ")}`);
    }
    const results: NeuronpediaExport[] = [];
    for (const sae of run.saes().filter(({ name }) => (request.saes ?? names).includes(name))) {
      hooks.onPhase?.(`exporting ${sae.name}`, sae.dSae ?? undefined, "features");
      const exported = await exportNeuronpedia(store, {
        ...describe(run, sae, request),
        folder: request.folder,
        onProgress: (done) => hooks.onProgress?.(done),
        ...(hooks.signal && { signal: hooks.signal }),
      });
      results.push(exported);
    }
    return results;
  } finally {
    explored.close();
  }
}

function describe(run: RunView, sae: SaeFolder, { modelId, setName, creator }: NeuronpediaFolderRequest) {
  const record = run.record();
  const { name, n_layer, d_mlp, d_model } = record.model ?? {};
  const model = typeof name === "string" ? name : "model";
  const count = (value: unknown) => (typeof value === "number" ? value : undefined);
  const [layers, neuronsPerLayer, dimension] = [count(n_layer), count(d_mlp), count(d_model)];
  const { source } = record.text ?? {};
  return {
    sae: sae.name,
    modelId: modelId ?? allowed(model.split("/").at(-1)!),
    setName: setName ?? allowed(run.name),
    suffix: allowed(sae.name),
    dataset: typeof source === "string" ? source : "",
    release: {
      name: setName ?? allowed(run.name),
      description: `Dictionaries of the run ${run.name}, trained with monosemantic on ${model} at ${sae.hook ?? record.hook}.`,
      creatorName: creator,
    },
    model: {
      displayName: model,
      ...(layers !== undefined && { layers }),
      ...(neuronsPerLayer !== undefined && { neuronsPerLayer }),
      ...(dimension !== undefined && { dimension }),
    },
    ...(sae.finished && sae.folder !== null && { vector: directions(sae.folder) }),
  };
}

/** d_i of the dictionary in `folder`. */
function directions(folder: string): (index: number) => Float32Array {
  const { W_dec, d_in } = readSae(folder);
  return (index) => W_dec.subarray(index * d_in, (index + 1) * d_in);
}

/** The name with what Neuronpedia does not take replaced. */
function allowed(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9._-]+/g, "-").replace(/^[.]+/, "") || "run";
}
