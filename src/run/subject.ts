/** A finished or running run as the subject of further work: its model, its text and its dictionaries, found through run.json. */

import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { Failure, UsageError } from "../errors.ts";
import type { RevisionOptions } from "../model/hub-lookup.ts";
import { readRunRecord, type RunRecord } from "../report/run-folder.ts";
import type { Sae } from "../sae/dictionary.ts";
import { readSae } from "../sae/saelens.ts";
import { openShards, type TokenShards } from "../text/shards.ts";
import { dictionaryFolders } from "./dictionaries.ts";
import { modelPlace, otherModel } from "./model-place.ts";
import { openSource, type Source, tokensFolder } from "./source.ts";

export interface NamedSae {
  readonly name: string;
  readonly folder: string;
  readonly sae: Sae;
}

export interface RunSubject {
  readonly run: string;
  readonly record: RunRecord;
  readonly source: Source;
  readonly shards: TokenShards;
  readonly saes: readonly NamedSae[];
}

export interface SubjectRequest {
  readonly run: string;
  /** Where the model is now, when it is not where run.json says. */
  readonly model?: string | undefined;
  readonly hub?: RevisionOptions;
  /** Names of dictionaries; all of them unless given. */
  readonly saes?: readonly string[] | undefined;
}

/** @throws Failure when the folder is no run, or its model, tokens or dictionaries are not there or have changed */
export async function openSubject(request: SubjectRequest): Promise<RunSubject> {
  const { run } = request;
  const record = readRunRecord(run);
  if (!existsSync(tokensFolder(run))) {
    throw new Failure(
      `${run} has no tokens folder, so there is no text to read: copy it from where the run was made, or run it again`,
    );
  }
  const source = await openRunModel(request, record);
  const saes = dictionariesIn(run, request.saes);
  return { run, record, source, shards: openShards(tokensFolder(run)), saes };
}

/** The model of a run, at its hook point and context length. */
export async function openRunModel(
  { run, model, hub }: Pick<SubjectRequest, "run" | "model" | "hub">,
  record: RunRecord,
): Promise<Source> {
  const { config = {}, hook } = record;
  const place = modelPlace(record, model);
  if (typeof place === "string") throw new Failure(`${run}: ${place}`);
  const context = typeof config["context"] === "number" ? config["context"] : undefined;
  const source = await openSource({
    model: place.where,
    hub: { ...place.hub, ...hub },
    shuffleWeights: place.shuffleWeights,
    ...(hook !== undefined && { hook }),
    context: context ?? recordedContext(run),
  });
  const other = otherModel(record, source.model.weightsSha256, place.where);
  if (other !== undefined) throw new Failure(other);
  return source;
}

/** The contexts that the run's text was cut in. */
function recordedContext(run: string): number | undefined {
  const folder = tokensFolder(run);
  return existsSync(join(folder, "manifest.json")) ? openShards(folder).manifest.request.context : undefined;
}

function dictionariesIn(run: string, wanted: readonly string[] | undefined): NamedSae[] {
  const folders = dictionaryFolders(run);
  const names = folders.map((folder) => basename(folder));
  const unknown = wanted?.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new UsageError(`${run} has no dictionary "${unknown}": it has ${names.join(", ")}`);
  }
  return folders
    .filter((folder) => wanted === undefined || wanted.includes(basename(folder)))
    .map((folder) => ({ name: basename(folder), folder, sae: readSae(folder) }));
}
