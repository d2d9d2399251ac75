/**
 * What a run will need before it begins: the memory of every dictionary under training, the shuffle buffer and the source
 * model's weights. A run that cannot fit is refused at once, not after an hour of tokenising.
 */

import { OutOfMemory } from "../errors.ts";
import { expansionOf, largestWidth, trainingBytesOf, trainingShape } from "../sae/layout.ts";
import { GIB, machineBytes } from "../sae/memory.ts";
import type { Dictionary } from "./grid.ts";
import type { RunRequest } from "./request.ts";

/** The program itself, its threads, and arrays of passes through the model. */
const REST = 0.6 * GIB;

export interface MemoryForecast {
  /** Bytes of each dictionary, in order. */
  readonly dictionaries: readonly number[];
  readonly buffer: number;
  readonly model: number;
  readonly total: number;
}

/** The shuffle buffer never holds more than the whole run. */
export function bufferBytes(
  { bufferMb }: Pick<RunRequest, "bufferMb">,
  { tokens }: { readonly tokens: number },
  dIn: number,
): number {
  return Math.min(bufferMb * 1e6, 4 * tokens * dIn);
}

/**
 * What the run takes, whether it is there or not.
 * @throws Failure when one dictionary alone cannot be held by any machine
 */
export function memoryOf(
  dictionaries: readonly Pick<Dictionary, "options">[],
  dIn: number,
  threads: number,
  { buffer, model }: { buffer: number; model: number },
): MemoryForecast {
  const each = dictionaries.map(({ options }) => trainingBytesOf(options, dIn, threads));
  const total = each.reduce((sum, bytes) => sum + bytes, buffer + model + REST);
  return { dictionaries: each, buffer, model, total };
}

/**
 * @throws Failure when it is more than the machine has, saying what takes how much; or when one dictionary alone cannot be held
 */
export function forecastMemory(
  dictionaries: readonly Dictionary[],
  dIn: number,
  threads: number,
  rest: { buffer: number; model: number },
  available = machineBytes(),
): MemoryForecast {
  const forecast = memoryOf(dictionaries, dIn, threads, rest);
  const { dictionaries: each, total } = forecast;
  if (total <= available) return forecast;
  // What the widest one could have if everything else stays.
  const widest = each.indexOf(Math.max(...each));
  const { name, options } = dictionaries[widest]!;
  const left = available - (total - each[widest]!);
  const width = largestWidth(trainingShape(options, dIn, threads), left);
  throw new OutOfMemory(
    `the run needs about ${describeForecast(forecast)} and this machine has ${gib(available)}: give ${name} at most ` +
      `${width} features (--expansion ${expansionOf(width, dIn)}), train fewer dictionaries at once, ` +
      `or lower --batch or --buffer-mb`,
  );
}

/** "3.1 GiB of memory (dictionaries 1.9, shuffle buffer 0.5, model 0.1)" */
export function describeForecast({ dictionaries, buffer, model, total }: MemoryForecast): string {
  const all = dictionaries.reduce((sum, bytes) => sum + bytes, 0);
  return `${gib(total)} of memory (dictionaries ${number(all)}, shuffle buffer ${number(buffer)}, model ${number(model)})`;
}

function gib(bytes: number): string {
  return `${number(bytes)} GiB`;
}

function number(bytes: number): string {
  return (bytes / GIB).toFixed(1);
}
