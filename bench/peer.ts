/**
 * A PyTorch process that measures one thing at a time when asked (peers/serve.py), so that its runs can alternate with
 * the product's. The Python that has PyTorch is named by MONOSEMANTIC_BENCH_PYTHON (setup-peers.sh makes one).
 */

import { type ChildProcess, spawn } from "node:child_process";
import { createInterface, type Interface } from "node:readline";
import { fileURLToPath } from "node:url";

export interface PeerRequest {
  readonly case: string;
  readonly dtype: "float32" | "bfloat16";
  readonly threads: number;
  readonly runs: number;
}

export interface PeerInfo {
  readonly torch: string;
  readonly threads: number;
  readonly blas: string;
}

export class Peer {
  readonly info: PeerInfo;
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  private constructor(child: ChildProcess, lines: AsyncIterator<string>, info: PeerInfo) {
    this.#process = child;
    this.#lines = lines;
    this.info = info;
  }

  /** Starts bench/peers/`script`; undefined, and a line on stderr, when no Python was named: the peer is left out. */
  static async start(script: string): Promise<Peer | undefined> {
    const python = process.env["MONOSEMANTIC_BENCH_PYTHON"];
    if (!python) {
      console.error(
        `SKIPPED: no PyTorch beside the product. Make one with "sh bench/setup-peers.sh DIR", then set MONOSEMANTIC_BENCH_PYTHON.`,
      );
      return undefined;
    }
    // Set for another machine's sake, this variable halves OpenBLAS on a processor with AVX-512.
    const { OPENBLAS_CORETYPE: _, ...env } = process.env;
    const child = spawn(python, [fileURLToPath(new URL(`./peers/${script}`, import.meta.url))], {
      stdio: ["pipe", "pipe", "inherit"],
      env: { ...env, PYTHONDONTWRITEBYTECODE: "1" },
    });
    const ended = new Promise<never>((_resolve, reject) => {
      child.on("error", (error) => reject(new Error(`cannot start ${python}: ${error.message}`)));
      child.on("exit", (code) => reject(new Error(`${script} ended with code ${code}`)));
    });
    ended.catch(() => {});
    const reader: Interface = createInterface({ input: child.stdout! });
    const lines = reader[Symbol.asyncIterator]();
    const first = await Promise.race([lines.next(), ended]);
    if (first.done) return ended;
    return new Peer(child, lines, JSON.parse(first.value) as PeerInfo);
  }

  /** Seconds of each run, after whatever warming up the peer has had. */
  async measure(request: PeerRequest): Promise<number[]> {
    this.#process.stdin!.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error("the peer ended before it answered");
    const answer = JSON.parse(value) as { seconds?: number[]; error?: string };
    if (!answer.seconds) throw new Error(`the peer failed: ${answer.error}`);
    return answer.seconds;
  }

  close(): void {
    this.#process.stdin!.end();
  }
}
