/** Whom the server answers: this machine's own page, and no other; and what it lets its own page do. */

import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BODY_LIMIT } from "../../src/explorer/server/guard.ts";
import type { Listening } from "../../src/explorer/server/listen.ts";
import { exploredRun } from "./explored-run.ts";
import { ask, PAGE, rawRequest, serve, type Served } from "./served.ts";

const folder = mkdtempSync(join(tmpdir(), "monosemantic-guard-"));
let served: Served;
let server: Listening;
const own = () => `127.0.0.1:${server.port}`;

beforeAll(async () => {
  served = serve([exploredRun(join(folder, "run"))]);
  server = await served.listening();
});
afterAll(async () => {
  await served.close();
  rmSync(folder, { recursive: true });
});

const refusal = (text: string) => (JSON.parse(text) as { error: string }).error;

describe("Host", () => {
  test.each(["127.0.0.1", "localhost", "[::1]", "LOCALHOST"])(
    "%s with the port is answered",
    async (name) => {
      const { status } = await ask(server.port, "/api/runs", { headers: { host: `${name}:${server.port}` } });
      expect(status).toBe(200);
    },
  );

  test.each([
    ["another site, as after DNS rebinding", () => `evil.example:${server.port}`],
    ["another port", () => `127.0.0.1:${server.port + 1}`],
    ["no port", () => "localhost"],
    ["a name that begins like ours", () => `localhost.evil.example:${server.port}`],
    ["an address of the network", () => `0.0.0.0:${server.port}`],
  ])("%s is refused", async (_, host) => {
    for (const path of ["/api/runs", "/", `/assets/${PAGE.hash}/explorer.js`]) {
      const { status, text } = await ask(server.port, path, { headers: { host: host() } });
      expect([path, status]).toEqual([path, 403]);
      expect(refusal(text)).toMatch(/another name or port/);
    }
  });

  test("none at all, an empty one, one that is no name, and an absolute address in the request, are refused", async () => {
    for (const host of ["", `evil@${own()}`, `${own()}/`, `${own()}, evil.example`]) {
      const text = `GET /api/runs HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
      expect(await rawRequest(server.port, text)).toMatch(/^HTTP\/1\.1 (400|403)/);
    }
    expect(await rawRequest(server.port, "GET /api/runs HTTP/1.0\r\n\r\n")).toMatch(/^HTTP\/1\.1 (400|403)/);
    const absolute = `GET http://evil.example/api/runs HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n`;
    expect(await rawRequest(server.port, absolute)).toMatch(/^HTTP\/1\.1 (400|403)/);
    const mixed = `GET http://evil.example/api/runs HTTP/1.1\r\nHost: ${own()}\r\nConnection: close\r\n\r\n`;
    expect(await rawRequest(server.port, mixed)).not.toMatch(/access-control-allow/i);
  });
});

describe("Origin and Sec-Fetch-Site", () => {
  test("our own are answered", async () => {
    for (const origin of [`http://localhost:${server.port}`, `http://127.0.0.1:${server.port}`]) {
      const headers = { host: own(), origin, "sec-fetch-site": "same-origin" };
      expect((await ask(server.port, "/api/runs", { headers })).status).toBe(200);
    }
  });

  test.each([
    ["https://evil.example", undefined],
    ["null", undefined],
    ["http://localhost:1", undefined],
    ["https://localhost:0", undefined],
    [undefined, "cross-site"],
    [undefined, "same-site"],
  ])("origin %s, site %s: refused, also for the page's files", async (origin, site) => {
    const headers = { host: own(), ...(origin && { origin }), ...(site && { "sec-fetch-site": site }) };
    for (const path of ["/api/runs", "/", `/assets/${PAGE.hash}/explorer.js`]) {
      const { status, text, headers: answered } = await ask(server.port, path, { headers });
      expect([path, status]).toEqual([path, 403]);
      expect(refusal(text)).toMatch(/another site/);
      expect(Object.keys(answered).filter((name) => name.startsWith("access-control"))).toEqual([]);
    }
  });

  test("a link from elsewhere opens the page, but no answer of the API", async () => {
    const headers = {
      host: own(),
      "sec-fetch-site": "cross-site",
      "sec-fetch-mode": "navigate",
      "sec-fetch-dest": "document",
    };
    expect((await ask(server.port, "/run/a/features", { headers })).status).toBe(200);
    expect((await ask(server.port, "/api/runs", { headers })).status).toBe(403);
    const framed = { ...headers, "sec-fetch-dest": "iframe" };
    expect((await ask(server.port, "/", { headers: framed })).status).toBe(403);
    const form = { ...headers, "content-type": "application/json" };
    expect((await ask(server.port, "/", { method: "POST", headers: form, body: "{}" })).status).toBe(403);
  });

  test("a browser that asks whether it may, may not", async () => {
    const headers = {
      host: own(),
      origin: "https://evil.example",
      "access-control-request-method": "POST",
      "access-control-request-private-network": "true",
    };
    const answer = await ask(server.port, "/api/runs/run/a/text", { method: "OPTIONS", headers });
    expect(answer.status).toBe(403);
    expect(Object.keys(answer.headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
  });
});

describe("methods and bodies", () => {
  const post = (path: string, headers: Record<string, string>, body: string | readonly string[]) =>
    ask(server.port, path, { method: "POST", headers: { host: own(), ...headers }, body });

  test.each(["PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"])("%s is refused", async (method) => {
    expect((await ask(server.port, "/api/runs", { method, headers: { host: own() } })).status).toBe(405);
  });

  test.each([
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "text/plain; application/json",
    "",
  ])("a body of type %j is refused", async (type) => {
    const { status, text } = await post(
      "/api/runs/run/a/text",
      type ? { "content-type": type } : {},
      '{"text":""}',
    );
    expect(status).toBe(415);
    expect(refusal(text)).toMatch(/application\/json/);
  });

  test("bodies beyond the limit are refused, with and without a length", async () => {
    const json = { "content-type": "application/json" };
    const large = JSON.stringify({ text: "x".repeat(BODY_LIMIT) });
    expect(
      (await post("/api/runs/run/a/text", { ...json, "content-length": String(large.length) }, large)).status,
    ).toBe(413);
    const parts = Array.from({ length: 5 }, () => "x".repeat(BODY_LIMIT / 4));
    expect((await post("/api/runs/run/a/text", json, parts)).status).toBe(413);
  });

  test.each([["{"], ["[]"], ["null"], ['{"text":1}'], ['{"text":"a","text2":'], ['"text"']])(
    "%s is no request",
    async (body) => {
      const { status, text } = await post(
        "/api/runs/run/a/text",
        { "content-type": "application/json" },
        body,
      );
      expect(status).toBe(400);
      expect(refusal(text)).toBeTruthy();
    },
  );

  test("the page takes no POST", async () => {
    expect((await post("/", { "content-type": "application/json" }, "{}")).status).toBe(405);
  });
});

describe("answers", () => {
  test.each([
    ["/", 200],
    ["/run/a/feature/3", 200],
    [`/assets/${PAGE.hash}/explorer.js`, 200],
    ["/api/runs", 200],
    ["/api/nothing", 404],
    ["/api", 404],
    ["/assets/other.js", 404],
  ])("%s carries the policy", async (path, status) => {
    const { status: found, headers } = await ask(server.port, path, { headers: { host: own() } });
    expect(found).toBe(status);
    expect(headers).toMatchObject({
      "content-security-policy": expect.stringMatching(/default-src 'self';.*frame-ancestors 'none'/),
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cross-origin-resource-policy": "same-origin",
    });
    expect(headers["content-security-policy"]).not.toMatch(/unsafe|\*/);
    const kept = path.startsWith("/assets/") && status === 200 ? /immutable/ : /no-(store|cache)/;
    expect(headers["cache-control"]).toMatch(kept);
  });

  test("the page has nothing inline", async () => {
    const { text } = await ask(server.port, "/", { headers: { host: own() } });
    expect(text).not.toMatch(/<script[^>]*>[^<]|<style|\son\w+=|style=/);
  });

  test.each([
    "/../../../../etc/passwd",
    "/assets/../../package.json",
    "/assets/%2e%2e/%2e%2e/package.json",
    "/assets/..%2f..%2fpackage.json",
    "/assets/..\\..\\package.json",
    "/api/runs/..%2f..%2f..%2fetc/curves",
    "/api/runs/run/..%2f..%2frun.json/units",
    "/api/runs/run/%2e%2e/map",
    "/api/runs/%00/curves",
    "/api/runs/run/a/units/feature/..%2f1",
    "/api/runs/run/a/units/__proto__/1",
    "/api/runs/__proto__/curves",
    "/%c0%ae%c0%ae/package.json",
    "//evil.example/package.json",
    "/%",
  ])("%s leads nowhere", async (path) => {
    const answer = await rawRequest(
      server.port,
      `GET ${path} HTTP/1.1\r\nHost: ${own()}\r\nConnection: close\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 (200|400|404)/);
    expect(answer).not.toMatch(/"(dependencies|phases|command)"|root:/);
    if (answer.startsWith("HTTP/1.1 200")) expect(answer).toContain('<div id="app">');
    expect(served.bugs).toEqual([]);
  });
});

describe("listening", () => {
  test("other machines cannot connect", async () => {
    const outer = Object.values(networkInterfaces())
      .flatMap((list) => list ?? [])
      .find(({ family, internal }) => family === "IPv4" && !internal);
    const target = outer?.address ?? "127.0.0.2";
    const outcome = await new Promise((resolve) => {
      const socket = connect(server.port, target, () => resolve("connected"));
      socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code));
    });
    expect(outcome).not.toBe("connected");
  });

  test("the next free port is taken when one is in use, and answers only by its own name", async () => {
    const second = await served.listening(server.port);
    expect(second.port).toBeGreaterThan(server.port);
    expect((await ask(second.port, "/api/runs", { headers: { host: own() } })).status).toBe(403);
    expect(
      (await ask(second.port, "/api/runs", { headers: { host: `localhost:${second.port}` } })).status,
    ).toBe(200);
  });
});
