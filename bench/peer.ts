/**
 * A PyTorch process that measures one thing at a time when asked (peers/serve.py), so that its runs can alternate with
 * the product's. setup-peers.sh makes the Python environments, one for each peer, in build/peers or where
 * MONOSEMANTIC_PEERS says; MONOSEMANTIC_BENCH_PYTHON names another Python that has PyTorch.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { fileURLToPath } from "node:url";

export interface PeerRequest {
  readonly case: string;
  readonly dtype: "float32" | "bfloat16";
  readonly threads: number;
  readonly runs: number;
  /** A way of doing it that the peer knows under this name. */
  readonly variant?: string;
}

export interface PeerInfo {
  readonly torch: string;
  readonly threads: number;
  readonly blas: string;
  /** The package that is measured, where it is not PyTorch itself. */
  readonly package?: string;
}

/** Folders of setup-peers.sh. */
export type PeerEnvironment = "torch" | "sae_lens" | "dictionary_learning";

interface Answer {
  readonly seconds?: number[];
  /** What the first run returned. */
  readonly value?: number | null;
  readonly error?: string;
}

/**
 * Large arrays stay on the heap when they are freed, on huge pages where the kernel gives them, instead of being faulted in
 * page by page at each step: up to a third of a step with bfloat16 products.
 */
const TUNED = {
  MALLOC_MMAP_MAX_: "0",
  MALLOC_TRIM_THRESHOLD_: "1000000000000",
  THP_MEM_ALLOC_ENABLE: "1",
  PYTHONDONTWRITEBYTECODE: "1",
};

export class Peer {
  readonly info: PeerInfo;
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  private constructor(child: ChildProcess, lines: AsyncIterator<string>, info: PeerInfo) {
    this.#process = child;
    this.#lines = lines;
    this.info = info;
  }

  /** Starts bench/peers/`script`; undefined, and a line on stderr, when it has no Python or cannot start: it is left out. */
  static async start(script: string, environment: PeerEnvironment = "torch"): Promise<Peer | undefined> {
    const python = pythonOf(environment);
    if (!python) {
      console.error(`SKIPPED: no ${environment} beside the product. "sh bench/setup-peers.sh" makes one.`);
      return undefined;
    }
    // Set for another machine's sake, this variable halves OpenBLAS on a processor with AVX-512.
    const { OPENBLAS_CORETYPE: _, ...env } = process.env;
    const child = spawn(python, [fileURLToPath(new URL(`./peers/${script}`, import.meta.url))], {
      stdio: ["pipe", "pipe", "inherit"],
      env: { ...env, ...TUNED },
    });
    const ended = new Promise<never>((_resolve, reject) => {
      child.on("error", (error) => reject(new Error(`cannot start ${python}: ${error.message}`)));
      child.on("exit", (code) => reject(new Error(`${script} ended with code ${code}`)));
    });
    ended.catch(() => {});
    const reader: Interface = createInterface({ input: child.stdout! });
    const lines = reader[Symbol.asyncIterator]();
    try {
      const first = await Promise.race([lines.next(), ended]);
      if (first.done) await ended;
      return new Peer(child, lines, JSON.parse(first.value as string) as PeerInfo);
    } catch (error) {
      console.error(`SKIPPED: ${environment}: ${(error as Error).message}`);
      return undefined;
    }
  }

  /** Seconds of each run, after whatever warming up the peer has had. */
  async measure(request: PeerRequest): Promise<number[]> {
    return (await this.#ask(request)).seconds!;
  }

  /** What the first run of this case returned: a loss, before anything was updated. */
  async firstValue(request: Omit<PeerRequest, "runs">): Promise<number> {
    return (await this.#ask({ ...request, runs: 1 })).value ?? Number.NaN;
  }

  /** Drops what was prepared, of one variant or all, so that the next finds the memory free. */
  async release(request?: Omit<PeerRequest, "runs">): Promise<void> {
    await this.#ask({ ...request, release: true });
  }

  close(): void {
    this.#process.stdin!.end();
  }

  async #ask(request: object): Promise<Answer> {
    this.#process.stdin!.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error("the peer ended before it answered");
    const answer = JSON.parse(value) as Answer;
    if (!answer.seconds) throw new Error(`the peer failed: ${answer.error}`);
    return answer;
  }
}

function pythonOf(environment: PeerEnvironment): string | undefined {
  const given = process.env["MONOSEMANTIC_BENCH_PYTHON"];
  if (environment === "torch" && given) return given;
  const root = fileURLToPath(new URL("../build/peers", import.meta.url));
  const python = join(process.env["MONOSEMANTIC_PEERS"] ?? root, environment, "bin", "python");
  return existsSync(python) ? python : undefined;
}
