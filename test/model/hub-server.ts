/**
 * A server on this machine that speaks the hub's protocol as far as it is used, and misbehaves on request.
 *
 * Files of up to 64 bytes are served by the hub itself, named by git's hash; larger ones are redirected to storage on
 * another port, named by their SHA-256, as the real hub does.
 */

import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Request {
  readonly server: "hub" | "storage";
  readonly method: string;
  readonly url: string;
  readonly range: string | undefined;
  readonly authorization: string | undefined;
}

/** What goes wrong with the next request that `on` matches; taken off the list when it has happened. */
export interface Fault {
  readonly on: RegExp;
  readonly status?: number;
  readonly headers?: Record<string, string>;
  /** Break the connection after this many bytes of the body. */
  readonly breakAfter?: number;
  /** Break it no sooner than this holds; otherwise at once, and the client may not have read all that was sent. */
  readonly breakWhen?: () => boolean;
  /** Send so many bytes of the body and then nothing, without an end. */
  readonly stallAfter?: number;
  /** Send these bytes in place of the file's. */
  readonly content?: Buffer;
  /** Send everything whatever range was asked for. */
  readonly ignoreRange?: boolean;
}

const SMALL = 64;
const PAGE = 2;

export class HubServer {
  /** Contents by path, of the one repository `repo`, at its one commit. */
  readonly files: Record<string, Buffer>;
  readonly repo: string;
  readonly type: "model" | "dataset";
  commit: string;
  /** The token without which nothing is given out. */
  token: string | undefined;
  requests: Request[] = [];
  faults: Fault[] = [];
  #hub: Server | undefined;
  #storage: Server | undefined;

  constructor(repo: string, files: Record<string, Buffer>, type: "model" | "dataset" = "model") {
    this.repo = repo;
    this.files = files;
    this.type = type;
    this.commit = createHash("sha1").update(repo).digest("hex");
  }

  get endpoint(): string {
    return addressOf(this.#hub!);
  }

  get storage(): string {
    return addressOf(this.#storage!);
  }

  async start(): Promise<void> {
    this.#hub = await listen((request, response) => this.#answer("hub", request, response));
    this.#storage = await listen((request, response) => this.#answer("storage", request, response));
  }

  async stop(): Promise<void> {
    for (const server of [this.#hub!, this.#storage!]) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  #answer(server: "hub" | "storage", request: IncomingMessage, response: ServerResponse): void {
    const { method = "", url = "" } = request;
    const { range, authorization } = request.headers;
    this.requests.push({ server, method, url, range, authorization });
    const index = this.faults.findIndex(({ on }) => on.test(`${method} ${server} ${url} ${range}`));
    const fault = index < 0 ? undefined : this.faults.splice(index, 1)[0];
    if (fault?.status !== undefined) {
      response.writeHead(fault.status, fault.headers).end();
      return;
    }
    if (server === "storage")
      this.#sendFile(request, response, url.slice("/storage/".length).split("?")[0]!, fault);
    else this.#answerAsHub(request, response, new URL(url, this.endpoint), fault);
  }

  #answerAsHub(request: IncomingMessage, response: ServerResponse, url: URL, fault: Fault | undefined): void {
    const isAllowed = this.token === undefined || request.headers.authorization === `Bearer ${this.token}`;
    const prefix = this.type === "model" ? "" : "datasets/";
    const [, revision, path] =
      matchPath(url, `/${prefix}${this.repo}/resolve/`) ??
      matchPath(url, `/api/${this.type}s/${this.repo}/revision/`) ??
      matchPath(url, `/api/${this.type}s/${this.repo}/tree/`) ??
      [];
    if (revision === undefined || !isAllowed) {
      response.writeHead(this.token === undefined ? 404 : 401, { "x-error-code": "RepoNotFound" }).end();
    } else if (revision !== "main" && revision !== this.commit) {
      response.writeHead(404, { "x-error-code": "RevisionNotFound" }).end();
    } else if (url.pathname.includes("/revision/")) {
      sendJson(response, { _id: "1", id: this.repo, sha: this.commit, lastModified: 0 });
    } else if (url.pathname.includes("/tree/")) {
      this.#sendPage(response, url);
    } else if (!Object.hasOwn(this.files, path!)) {
      response.writeHead(404, { "x-error-code": "EntryNotFound", "x-repo-commit": this.commit }).end();
    } else if (this.files[path!]!.length <= SMALL) {
      this.#sendFile(request, response, path!, fault);
    } else {
      response.writeHead(302, {
        location: `${this.storage}/storage/${path}?signature=secret`,
        "x-repo-commit": this.commit,
        "x-linked-size": this.files[path!]!.length,
        "x-linked-etag": `"${sha256(this.files[path!]!)}"`,
      });
      response.end();
    }
  }

  #sendFile(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
    fault: Fault | undefined,
  ): void {
    const whole = fault?.content ?? this.files[path]!;
    const range =
      fault?.ignoreRange === true ? null : /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "");
    const begin = Number(range?.[1] ?? 0);
    const end = Math.min(range?.[2] ? Number(range[2]) + 1 : whole.length, whole.length);
    const etag = createHash("sha1").update(`blob ${whole.length}\0`).update(whole).digest("hex");
    response.writeHead(range ? 206 : 200, {
      "content-length": end - begin,
      "x-repo-commit": this.commit,
      etag: `"${etag}"`,
      ...(range && { "content-range": `bytes ${begin}-${end - 1}/${whole.length}` }),
    });
    if (request.method === "HEAD") response.end();
    else if (fault?.stallAfter !== undefined) response.write(whole.subarray(begin, begin + fault.stallAfter));
    else if (fault?.breakAfter === undefined) response.end(whole.subarray(begin, end));
    else {
      response.write(whole.subarray(begin, begin + fault.breakAfter));
      const poll = setInterval(() => {
        if (fault.breakWhen?.() === false) return;
        clearInterval(poll);
        response.destroy();
      }, 10);
    }
  }

  #sendPage(response: ServerResponse, url: URL): void {
    const first = Number(url.searchParams.get("cursor") ?? 0);
    const entries = Object.entries(this.files).map(([path, { length }]) => {
      const lfs =
        length > SMALL ? { lfs: { oid: sha256(this.files[path]!), size: length, pointerSize: 100 } } : {};
      return { type: "file", path, size: length, oid: "0", ...lfs };
    });
    const next = new URL(url);
    next.searchParams.set("cursor", String(first + PAGE));
    if (first + PAGE < entries.length) response.setHeader("link", `<${next.href}>; rel="next"`);
    sendJson(response, [{ type: "directory", path: "sub", size: 0 }, ...entries.slice(first, first + PAGE)]);
  }
}

export function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Address, revision and path of a URL below `prefix`. */
function matchPath(url: URL, prefix: string): string[] | undefined {
  if (!url.pathname.startsWith(prefix)) return undefined;
  const [revision, ...path] = url.pathname.slice(prefix.length).split("/").map(decodeURIComponent);
  return [prefix, revision!, path.join("/")];
}

function sendJson(response: ServerResponse, value: unknown): void {
  response.setHeader("content-type", "application/json").end(JSON.stringify(value));
}

function addressOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function listen(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<Server> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}
