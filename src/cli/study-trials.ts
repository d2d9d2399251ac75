/**
 * A designed trial as a checked one: its options by the schemas of `run`, its model and hook point, its text. Models and texts are looked
 * at once each; weights are not read.
 */

import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { Failure, UsageError } from "../errors.ts";
import { findHook } from "../model/hooks.ts";
import { denseObjective } from "../sae/device-trainer.ts";
import type { SaeRequest } from "../sae/options.ts";
import { resolveOptions } from "../sae/presets.ts";
import type { DesignedTrial, Settings } from "../study/design.ts";
import { examineModel, type KnownModel } from "../study/source-model.ts";
import type { StreamRequest } from "../study/plan.ts";
import type { TrialRequest } from "../study/study-request.ts";
import { hubPrefix, pinnedHubName } from "../text/hub-source.ts";
import { openDocuments } from "../text/open-documents.ts";
import type { OptionsOf } from "./command.ts";
import { valuesIn } from "./config-file.ts";
import { optionsOf } from "./options.ts";
import { checkSections } from "./resolve.ts";
import { streamRequest } from "./run-request.ts";
import { TRIAL } from "./study-file-sections.ts";

const OPTIONS = optionsOf(TRIAL);

/** Tokens in a context when nothing is said. */
const CONTEXT = 128;

export class TrialReader {
  readonly #file: string;
  readonly #folder: string;
  readonly #models = new Map<string, Promise<KnownModel>>();
  readonly #texts = new Map<string, Promise<readonly string[]>>();

  /** @param file the study file, for messages @param folder that `./` begins at */
  constructor(file: string, folder: string) {
    this.#file = file;
    this.#folder = folder;
  }

  /**
   * @throws UsageError that names the trial, for an option that it cannot have, or a model, hook point or text that is not there
   */
  async read({ label, settings }: DesignedTrial): Promise<TrialRequest> {
    const where = `${this.#file}: ${label}`;
    refuseSeveral(settings, where);
    const values = valuesIn(settings, OPTIONS, this.#folder, where);
    const { sections, config } = checkSections(TRIAL, values, {
      name: ({ key }) => `${where}: "${key}"`,
      found: ({ key }) => JSON.stringify(settings[key]),
      required: ({ key }) => `${where}: "${key}"`,
      before: `${where}: `,
      after: "",
    });
    const { dictionary, evaluation, machine, ...rest } = sections as OptionsOf<typeof TRIAL>;
    const asked = streamRequest(rest, evaluation, machine.device);
    try {
      const model = await this.#model(asked.model, asked.hub);
      const data = await this.#text({ ...asked, data: asked.data.map(absoluteText) });
      const { name: hook, dIn } = findHook(
        model.config,
        asked.hook ?? `blocks.${model.config.nLayer - 1}.mlp.hook_post`,
      );
      const context = contextFor(asked.context, model);
      const options = resolveOptions(dictionary as SaeRequest, dIn);
      if (machine.device !== "cpu") denseObjective(options);
      const cache = asked.cache === undefined ? undefined : resolve(asked.cache);
      const places = { model: model.where, data, ...(cache !== undefined && { cache }), hook, context };
      return {
        label,
        dictionary: dictionary as SaeRequest,
        options,
        stream: { ...asked, ...places, hub: model.hub },
        config: {
          ...config,
          ...places,
          ...(model.hub.revision !== undefined && { revision: model.hub.revision }),
        },
        model: { bytes: model.bytes, tokenizer: model.tokenizer, dIn },
      };
    } catch (error) {
      if (error instanceof Failure) throw new UsageError(`${where}: ${error.message}`, { cause: error });
      throw error;
    }
  }

  #model(where: string, hub: Parameters<typeof examineModel>[1]): Promise<KnownModel> {
    return once(this.#models, JSON.stringify([where, hub]), () => examineModel(where, hub));
  }

  /** Names that mean the same text for as long as the study takes. */
  #text({ data, reading = {} }: Pick<StreamRequest, "data" | "reading">): Promise<readonly string[]> {
    return once(this.#texts, JSON.stringify([data, reading]), async () => {
      const hub = reading.hub ?? {};
      const names = await Promise.all(
        data.map((name) => (name.startsWith(hubPrefix) ? pinnedHubName(name, hub) : name)),
      );
      await (await openDocuments(names, reading)).close();
      return names;
    });
  }
}

function once<T>(known: Map<string, Promise<T>>, key: string, find: () => Promise<T>): Promise<T> {
  const found = known.get(key) ?? find();
  known.set(key, found);
  return found;
}

/** A list of numbers or words is a value for few options, and where it is none it belongs into a grid. */
function refuseSeveral(settings: Settings, where: string): void {
  const one = OPTIONS.find(({ key, kinds }) => !kinds.list && Array.isArray(settings[key]));
  if (one === undefined) return;
  throw new UsageError(
    `${where}: "${one.key}" names several values (${(settings[one.key] as unknown[]).join(", ")}) and a trial has one: ` +
      `put them into "grid"`,
  );
}

function contextFor(asked: number | undefined, { config, where }: KnownModel): number {
  const context = asked ?? Math.min(CONTEXT, config.context);
  if (context <= config.context) return context;
  throw new UsageError(
    `context ${context} is longer than the ${config.context} positions of ${where}: use at most that many`,
  );
}

/** Paths and globs from where we are: parts of the study may be started elsewhere. */
export function absoluteText(name: string): string {
  if (name === "default" || name === "node_modules" || name.startsWith(hubPrefix)) return name;
  return resolve(name);
}

/** A folder from where we are; a name on the hub as it is. */
export function absoluteModel(name: string): string {
  return existsSync(name) ? resolve(name) : name;
}
