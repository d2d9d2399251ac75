/** metrics.jsonl: means over windows of steps for each dictionary, and the events between them. */

import { join } from "node:path";
import { appendLine, keepLines } from "../files/lines.ts";
import type { EvaluationResult } from "../evaluation/result.ts";
import type { StepReport } from "../sae/trainer.ts";

/** Sums over the steps since the last line. Part of a checkpoint, so that a resumed run writes the same lines. */
export interface Window {
  readonly steps: number;
  readonly loss: number;
  readonly mse: number;
  readonly l1: number;
  readonly l0: number;
  readonly variance: number;
}

export const EMPTY_WINDOW: Window = { steps: 0, loss: 0, mse: 0, l1: 0, l0: 0, variance: 0 };

export function widen(window: Window, { loss, mse, l1, l0, variance }: StepReport): Window {
  return {
    steps: window.steps + 1,
    loss: window.loss + loss,
    mse: window.mse + mse,
    l1: window.l1 + l1,
    l0: window.l0 + l0,
    variance: window.variance + variance,
  };
}

export class Metrics {
  readonly #path: string;

  constructor(folder: string) {
    this.#path = join(folder, "metrics.jsonl");
  }

  /** Drops lines of steps after `step`: they were lost with the part of the run that wrote them, and will be written again. */
  dropAfter(step: number): void {
    keepLines(this.#path, (line) => Number(line["step"]) <= step);
  }

  train(
    sae: string,
    { steps, ...sums }: Window,
    report: StepReport,
    alive: number,
    tokensPerSecond: number,
  ): void {
    appendLine(this.#path, {
      kind: "train",
      sae,
      step: report.step,
      tokens: report.tokens,
      loss: sums.loss / steps,
      mse: sums.mse / steps,
      l1: sums.l1 / steps,
      l0: sums.l0 / steps,
      explained_variance: 1 - sums.mse / sums.variance,
      lambda: report.Lambda,
      lr: report.lr,
      alive,
      tokens_per_second: tokensPerSecond,
    });
  }

  /** The main numbers of an evaluation on the way, on held-out text. */
  evaluation(sae: string, step: number, tokens: number, result: EvaluationResult): void {
    const { loss_recovered_zero, loss_recovered_zero_ci, loss_recovered_mean, ce_sae, ce_clean } = result;
    const { explained_variance, mse, l0, dead_fraction, ultralow_fraction } = result;
    appendLine(this.#path, {
      kind: "evaluation",
      sae,
      step,
      tokens,
      evaluation_tokens: result.tokens,
      loss_recovered_zero,
      loss_recovered_zero_ci,
      loss_recovered_mean,
      ce_sae,
      ce_clean,
      explained_variance,
      mse,
      l0,
      dead_fraction,
      ultralow_fraction,
    });
  }

  event(sae: string, event: { readonly event: string; readonly step: number }): void {
    appendLine(this.#path, { kind: "event", sae, ...event });
  }
}
