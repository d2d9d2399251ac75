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

/** There is not enough memory: more of it, or smaller work, would do. */
export class OutOfMemory extends Failure {}

/** Training has left the numbers: other options are needed. */
export class Diverged extends Failure {}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** How V8, WebAssembly, ONNX Runtime and C++ say that there is no memory left. */
const MEMORY =
  /allocation failed|could not allocate memory|failed to allocate memory|bad[_ ]alloc|reaching memory limit/i;

/** The sentence for an error that means there was no memory left; undefined for any other. */
export function outOfMemory(error: unknown): OutOfMemory | undefined {
  const message = messageOf(error);
  if (error instanceof Failure || !MEMORY.test(message)) return undefined;
  return new OutOfMemory(
    `out of memory (${message}): ask for fewer features, dictionaries or threads, or a smaller batch or buffer, or use a ` +
      `machine with more; what is on the disk is whole, and with more memory --resume goes on with a run`,
    { cause: error },
  );
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
