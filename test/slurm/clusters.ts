/** Clusters on this machine for the tests: started by scripts/slurm, each in a folder and at ports of its own. */

import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { HOME } from "../architecture/imports.ts";
import { LAUNCHER, start, type Finished } from "../cli/processes.ts";

const SCRIPTS = join(HOME, "scripts", "slurm");

/** Why no test can run here; undefined where they can. */
export function missing(): string | undefined {
  if (process.getuid?.() !== 0) return "Slurm's daemons want root";
  for (const program of ["slurmctld", "slurmd", "sbatch", "munge"]) {
    if (spawnSync("sh", ["-c", `command -v ${program}`]).status !== 0) return `no ${program} on this machine`;
  }
  return undefined;
}

/** Whether network namespaces can be made. */
export function mayCutNetworks(): boolean {
  const name = `probe-${process.pid}`;
  const made = spawnSync("ip", ["netns", "add", name]).status === 0;
  if (made) spawnSync("ip", ["netns", "del", name]);
  return made;
}

export class Cluster {
  readonly folder: string;
  readonly #inside: readonly string[];

  constructor(folder: string, inside: readonly string[] = []) {
    this.folder = folder;
    this.#inside = inside;
  }

  /** @param nodes in pairs, each with a partition of its own, from `pair1` on */
  static async start(folder: string, nodes: number): Promise<Cluster> {
    const cluster = new Cluster(folder);
    cluster.#up("up.sh", folder, String(nodes), String(await freePorts(nodes + 1)));
    return cluster;
  }

  /** Nodes that can be cut off. */
  static startApart(folder: string, name: string): Cluster {
    const cluster = new Cluster(folder, [join(SCRIPTS, "netns.sh"), "exec", folder]);
    cluster.#up("netns.sh", "up", folder, "2", name);
    return cluster;
  }

  /** Leaves no daemon behind when it fails. */
  #up(name: string, ...args: string[]): void {
    try {
      script(name, ...args);
    } catch (error) {
      this.stop();
      throw error;
    }
  }

  stop(): void {
    script("down.sh", this.folder);
  }

  /** A program as a user of the cluster starts it. */
  run(program: string, ...args: string[]): Promise<Finished> {
    const [first, ...rest] = [...this.#inside, program, ...args] as [string, ...string[]];
    return start(first, rest, this.environment).finished;
  }

  monosemantic(...args: string[]): Promise<Finished> {
    return this.run(process.execPath, LAUNCHER, ...args);
  }

  /** @throws when it fails, with what it said */
  async output(program: string, ...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(program, ...args);
    if (code !== 0) throw new Error(`${program} ${args.join(" ")}: ${stderr}`);
    return stdout.trim();
  }

  get environment(): Record<string, string> {
    return { SLURM_CONF: join(this.folder, "slurm.conf") };
  }

  killNode(node: string): void {
    script("kill-node.sh", this.folder, node);
  }

  /** Its daemon alone: jobs go on. */
  killDaemon(node: string): void {
    script("kill-node.sh", this.folder, node, "daemon");
  }

  killController(): void {
    process.kill(Number(readFileSync(join(this.folder, "state", "slurmctld.pid"), "utf8")), "SIGKILL");
  }

  startController(): void {
    execFileSync("slurmctld", { env: { ...process.env, ...this.environment }, stdio: "ignore" });
  }

  cut(node: string): void {
    script("netns.sh", "cut", this.folder, node);
  }

  mend(node: string): void {
    script("netns.sh", "mend", this.folder, node);
  }
}

/** The first of so many ports in a row on which nobody listens. */
async function freePorts(count: number): Promise<number> {
  for (let first = 17000 + 50 * (process.pid % 200); ; first += count) {
    const ports = Array.from({ length: count }, (_, i) => first + i);
    const free = await Promise.all(ports.map(isFree));
    if (free.every(Boolean)) return first;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, () => server.close(() => resolve(true)));
  });
}

function script(name: string, ...args: string[]): void {
  execFileSync(join(SCRIPTS, name), args, { stdio: ["ignore", "ignore", "inherit"] });
}
