/**
 * Lines of JSON that are sent while the work goes on. The answer begins with the first line: whatever fails before it is
 * still an ordinary error with its status, whatever fails later is the last line. When the reader goes away, the work is told.
 */

const ENCODER = new TextEncoder();

/**
 * @param work is given the function that sends a line, and a signal that is aborted when nobody reads any more
 * @param asError the line for an error after the first line
 * @param gone aborted when the connection is closed
 */
export async function streamLines<T>(
  work: (tell: (line: T) => void, signal: AbortSignal) => Promise<void>,
  asError: (error: unknown) => T,
  gone: AbortSignal,
): Promise<Response> {
  const cancelled = new AbortController();
  const signal = AbortSignal.any([gone, cancelled.signal]);
  const { promise: begun, resolve: begin, reject } = Promise.withResolvers<void>();
  let isOver = false;
  let hasBegun = false;
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  const body = new ReadableStream<Uint8Array>({
    start: (own) => {
      controller = own;
    },
    cancel: () => {
      isOver = true;
      cancelled.abort();
    },
  });
  const tell = (line: T) => {
    if (isOver) return;
    hasBegun = true;
    begin();
    controller.enqueue(ENCODER.encode(`${JSON.stringify(line)}\n`));
  };
  const end = () => {
    if (!isOver) controller.close();
    isOver = true;
    begin();
  };
  work(tell, signal).then(end, (error: unknown) => {
    if (!hasBegun) return reject(error);
    tell(asError(error));
    end();
  });
  await begun;
  return new Response(body, { headers: { "Content-Type": "application/x-ndjson; charset=utf-8" } });
}
