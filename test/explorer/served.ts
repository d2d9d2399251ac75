/** The explorer's server on runs, as a function of requests and on a real port. */

import { request as httpRequest, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import type { Hono } from "hono";
import type { PageAssets } from "../../src/explorer/page-build.ts";
import { explorerApp } from "../../src/explorer/server/app.ts";
import { Explored } from "../../src/explorer/server/explored.ts";
import { listen, type Listening } from "../../src/explorer/server/listen.ts";
import { RunCatalogue } from "../../src/explorer/server/run-catalogue.ts";
import { StudyCatalogue } from "../../src/explorer/server/study-catalogue.ts";
import { Workbench, type WorkbenchOptions } from "../../src/explorer/server/workbench.ts";

export const PAGE: PageAssets = { hash: "0123456789abcdef", script: "/* script */", style: "/* style */" };

export interface Served {
  readonly app: Hono;
  readonly bugs: unknown[];
  /** As the page asks: with the right host. */
  get(path: string): Promise<Response>;
  post(path: string, body: unknown, signal?: AbortSignal): Promise<Response>;
  listening(port?: number): Promise<Listening>;
  close(): Promise<void>;
}

const PORT = 7331;

export function serve(folders: readonly string[], options: WorkbenchOptions = {}): Served {
  const workbench = new Workbench({ threads: 1, ...options });
  const catalogue = new RunCatalogue(folders, new StudyCatalogue(folders));
  const explored = new Explored(catalogue, (run, saes) => workbench.liveness(run, saes));
  const bugs: unknown[] = [];
  const make = (port: () => number) =>
    explorerApp({ explored, workbench, page: PAGE, port, onBug: (error) => bugs.push(error) });
  const app = make(() => PORT);
  const open: Listening[] = [];
  const host = `127.0.0.1:${PORT}`;
  return {
    app,
    bugs,
    get: async (path) => app.request(path, { headers: { host } }),
    post: async (path, body, signal) =>
      app.request(path, {
        method: "POST",
        headers: { host, "content-type": "application/json" },
        body: typeof body === "string" ? body : JSON.stringify(body),
        ...(signal && { signal }),
      }),
    async listening(port = 0) {
      const server = await listen(make, port);
      open.push(server);
      return server;
    },
    async close() {
      await Promise.all(open.map((server) => server.close()));
      await workbench.close();
      explored.close();
    },
  };
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
}

/** A request with whatever headers, which `fetch` would not send. */
export function ask(
  port: number,
  path: string,
  {
    method = "GET",
    headers = {},
    body,
  }: { method?: string; headers?: Record<string, string>; body?: string | readonly string[] } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest({ host: "127.0.0.1", port, path, method, headers, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk) => (text += chunk));
      response.on("end", () => resolve({ status: response.statusCode!, headers: response.headers, text }));
    });
    sent.on("error", reject);
    // Several parts are sent in chunks, without a length that could be looked at.
    if (typeof body === "object") for (const part of body) sent.write(part);
    sent.end(typeof body === "string" ? body : undefined);
  });
}

/** Bytes as they are, for requests that no client would send. */
export function rawRequest(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.end(text));
    let answer = "";
    socket.setEncoding("utf8");
    socket.on("data", (chunk) => (answer += chunk));
    socket.on("close", () => resolve(answer));
    socket.on("error", reject);
  });
}
