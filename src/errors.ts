/**
 * The two ways a run ends early on purpose. Both carry one sentence for the person at the terminal: what was found,
 * what was expected, what to do. Anything else that is thrown is a bug and keeps its stack.
 */

/** The work could not be done: a bad file, a full disk, a diverged run. Exit code 1. */
export class Failure extends Error {
  readonly exitCode: number = 1;
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** The request itself makes no sense: an unknown flag, hook or preset. Exit code 2. */
export class UsageError extends Failure {
  override readonly exitCode: number = 2;
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The candidates closest to `wanted` by edit distance, nearest first: for "did you mean" sentences. */
export function nearest(wanted: string, candidates: Iterable<string>, count = 3): string[] {
  return [...candidates]
    .map((name) => ({ name, distance: editDistance(wanted, name) }))
    .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .slice(0, count)
    .map(({ name }) => name);
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(substitution, previous[j]! + 1, row[j - 1]! + 1));
    }
    previous = row;
  }
  return previous[b.length]!;
}
