/** Waiting that ends at once when the work is stopped. */

/** Throws the signal's reason if it was given already. */
export function throwIfAborted(signal?: AbortSignal): void {
  if (signal?.aborted) throw signal.reason;
}

/**
 * Calls `stop` with the signal's reason once it comes, or at once if it has.
 * @returns takes the listener off again
 */
export function aborted(signal: AbortSignal | undefined, stop: (reason: unknown) => void): () => void {
  if (signal === undefined) return () => {};
  if (signal.aborted) {
    stop(signal.reason);
    return () => {};
  }
  const listener = () => stop(signal.reason);
  signal.addEventListener("abort", listener, { once: true });
  return () => signal.removeEventListener("abort", listener);
}

/** @throws the signal's reason as soon as it comes */
export async function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  throwIfAborted(signal);
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      off();
      resolve();
    }, milliseconds);
    const off = aborted(signal, (reason) => {
      clearTimeout(timer);
      reject(reason as Error);
    });
  });
}
