/** Learning rate and sparsity coefficient over a run of known length. */

/** A length in steps, or below 1 a share of the run's steps. */
export function inSteps(length: number, steps: number): number {
  return length < 1 ? Math.round(length * steps) : Math.round(length);
}

export interface Schedule {
  /** Steps of the whole run. */
  readonly steps: number;
  /** Peak learning rate, its linear rise from 0 and its linear fall to 0 at the end. */
  readonly lr: number;
  readonly lr_warmup: number;
  readonly lr_decay: number;
  /** Λ and its linear rise from 0. */
  readonly Lambda: number;
  readonly lambda_warmup: number;
}

/** The learning rate of step `step` (the first is 1). Never 0 within the run. */
export function learningRate({ steps, lr, lr_warmup, lr_decay }: Schedule, step: number): number {
  const warmup = inSteps(lr_warmup, steps);
  const decay = inSteps(lr_decay, steps);
  const rise = step < warmup ? step / warmup : 1;
  const fall = decay > 0 ? Math.min(1, Math.max(1, steps - step + 1) / decay) : 1;
  return lr * Math.min(rise, fall);
}

/** Λ at step `step` (the first is 1). */
export function sparsityCoefficient({ steps, Lambda, lambda_warmup }: Schedule, step: number): number {
  const warmup = inSteps(lambda_warmup, steps);
  return step < warmup ? (Lambda * step) / warmup : Lambda;
}

/** The share of its final value that Λ, or what an objective has in its place, has risen to at step `step`. */
export function sparsityRise(schedule: Omit<Schedule, "Lambda">, step: number): number {
  return sparsityCoefficient({ ...schedule, Lambda: 1 }, step);
}

/** The step before which a feature must have fired last to be dead at step `step`, with `dead_after` in steps or share. */
export function deadBefore(dead_after: number, steps: number, step: number): number {
  return Math.max(0, step - Math.max(1, inSteps(dead_after, steps)));
}

/** λ_s of jumprelu in the units of the loss, once its share `rise` of it is reached. */
export function l0Penalty(
  { sparsity_penalty }: { sparsity_penalty: number },
  d_in: number,
  rise: number,
): number {
  return rise * sparsity_penalty * d_in;
}
