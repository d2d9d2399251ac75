/**
 * Work on several threads whose results are wanted in order: up to `ahead` pieces are under way, and piece n + ahead begins
 * when the consumer has finished with piece n. So `ahead` sets of buffers suffice, and what is done with the results does not depend
 * on which thread was faster.
 */

/** @param start begins piece n with the buffers numbered `slot`, below `ahead` */
export async function* inOrder<T>(
  count: number,
  ahead: number,
  start: (n: number, slot: number) => Promise<T>,
): AsyncGenerator<T> {
  const underWay: Promise<T>[] = [];
  const begin = (n: number) => {
    const piece = start(n, n % ahead);
    // Whoever waits for an earlier piece must not make a later one's failure an unhandled one.
    piece.catch(() => {});
    underWay.push(piece);
  };
  try {
    for (let n = 0; n < Math.min(ahead, count); n++) begin(n);
    for (let n = 0; n < count; n++) {
      yield await underWay.shift()!;
      if (n + ahead < count) begin(n + ahead);
    }
  } finally {
    await Promise.allSettled(underWay);
  }
}
