/** What a run is asked for, resolved from flags and config file: plain data that run.json records. */

import type { RowDtype } from "../activations/row-format.ts";
import type { Device } from "../engine/devices.ts";
import type { RevisionOptions } from "../model/hub-lookup.ts";
import type { SaeRequest } from "../sae/options.ts";
import type { DocumentReading } from "../text/open-documents.ts";

export interface RunRequest {
  /** Folder in Hugging Face layout, or a hub id. */
  readonly model: string;
  readonly hub?: RevisionOptions;
  /** Seed: the entries of the model's weight matrices are permuted first (the control of a randomised transformer). */
  readonly shuffleWeights?: number | undefined;
  /** Default: the last layer's mlp.hook_post. */
  readonly hook?: string | undefined;
  /** Tokens in a context. Default: 128, or the model's positions if these are fewer. */
  readonly context?: number | undefined;
  readonly data: readonly string[];
  /** Folder of finished token shards of this text: they are taken as they are, and `data` is not read. */
  readonly tokensFrom?: string | undefined;
  /** How records are read, and how hub datasets are reached. */
  readonly reading?: DocumentReading;
  readonly heldoutShare: number;
  readonly bufferMb: number;
  /** Folder in which activations are kept on disk, for this run and others on the same model, hook and text. */
  readonly cache?: string | undefined;
  readonly cacheDtype?: RowDtype | undefined;
  readonly whenTextEnds: "epoch" | "stop" | "same-buffer";
  /** Train on at most this much text, however many tokens are asked for. */
  readonly textTokens?: number | undefined;
  /** What becomes of the run when one of several dictionaries diverges: it fails, unless the others are to go on alone. */
  readonly whenDiverged?: "fail" | "go-on" | undefined;
  /** One request a dictionary; they share batch size and tokens, and one stream of activations. */
  readonly dictionaries: readonly SaeRequest[];
  /** Shuffles the text and draws for the evaluation. Default: the first dictionary's seed. */
  readonly streamSeed?: number | undefined;
  /** Their names. Default: what they differ in. */
  readonly names?: readonly string[] | undefined;
  readonly evaluationTokens: number;
  /** Numbers of training tokens after which the dictionaries are evaluated on the way. */
  readonly evaluateAt: readonly number[];
  readonly out: string;
  readonly resume: boolean;
  readonly checkpointMinutes: number;
  readonly threads: number;
  /** Where the model runs and dictionaries are trained. Default: the CPU. */
  readonly device?: Device;
  /** Every option as a config file would give it, for run.json. */
  readonly config: Readonly<Record<string, unknown>>;
  /** The command line that was typed. */
  readonly command: readonly string[];
}

export interface RunHooks {
  /** A new phase begins; `total` in `unit` where the amount of work is known. */
  readonly onPhase?: (name: string, total?: number, unit?: string) => void;
  readonly onProgress?: (done: number, note?: string) => void;
  /** One line worth reading now: a conversion, a switch, a resampling. */
  readonly onNote?: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
}
