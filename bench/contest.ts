/**
 * Timing several contenders fairly: each first picks its best setting by itself, then their runs alternate, one each a
 * round, so that a slow minute of the machine, or a clock that drops, hits all of them alike.
 */

import { setTimeout as sleep } from "node:timers/promises";

/** One way to run a contender, such as a thread count. */
export interface Setting {
  readonly label: string;
  /** Runs once and gives the seconds it took. */
  run(): Promise<number>;
  /** Frees what the setting holds, when another was faster. Run again, it would have to prepare itself again. */
  drop?(): Promise<void>;
}

export interface Contender {
  readonly name: string;
  /** Tokens that one run handles. */
  readonly tokens: number;
  readonly settings: readonly Setting[];
}

export interface Result {
  readonly name: string;
  /** The setting that was fastest for this contender. */
  readonly setting: string;
  readonly tokens: number;
  readonly tokensPerSecond: number;
  readonly seconds: {
    readonly median: number;
    readonly least: number;
    readonly most: number;
    readonly all: number[];
  };
}

/** Threads that spin after a run must not take the cores of the one that follows. */
const SETTLE_MS = 50;

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** A setting whose first run takes this much longer than another's median is not run again. */
const HOPELESS = 1.5;

/** The setting with the least median of `runs`, after one run to warm up. */
async function fastest(settings: readonly Setting[], runs: number): Promise<Setting> {
  if (settings.length === 1) {
    await settings[0]!.run();
    return settings[0]!;
  }
  let best: { setting: Setting; seconds: number } | undefined;
  for (const setting of settings) {
    await setting.run();
    const seconds = [await setting.run()];
    const hopeless = best !== undefined && seconds[0]! > HOPELESS * best.seconds;
    while (!hopeless && seconds.length < runs) seconds.push(await setting.run());
    const candidate = { setting, seconds: median(seconds) };
    const loser = best && (hopeless || candidate.seconds >= best.seconds) ? candidate : best;
    if (loser !== candidate) best = candidate;
    await loser?.setting.drop?.();
  }
  // Settings may share what a loser has dropped.
  await best!.setting.run();
  return best!.setting;
}

/** Runs `rounds` rounds after tuning, and gives every contender's median. */
export async function contest(contenders: readonly Contender[], rounds: number): Promise<Result[]> {
  const tuned: { contender: Contender; setting: Setting; seconds: number[] }[] = [];
  for (const contender of contenders) {
    tuned.push({ contender, setting: await fastest(contender.settings, 3), seconds: [] });
    await sleep(SETTLE_MS);
  }
  for (let round = 0; round < rounds; round++) {
    for (const { setting, seconds } of tuned) {
      seconds.push(await setting.run());
      await sleep(SETTLE_MS);
    }
  }
  return tuned.map(({ contender, setting, seconds }) => ({
    name: contender.name,
    setting: setting.label,
    tokens: contender.tokens,
    tokensPerSecond: contender.tokens / median(seconds),
    seconds: {
      median: median(seconds),
      least: Math.min(...seconds),
      most: Math.max(...seconds),
      all: seconds,
    },
  }));
}
