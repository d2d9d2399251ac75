import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Failure } from "../../src/errors.ts";
import { downloadHubFile, listHubFiles, openHubFile, resolveRevision } from "../../src/model/hub.ts";
import type { RevisionOptions } from "../../src/model/hub-lookup.ts";
import { Random } from "../../src/random.ts";
import { type Fault, HubServer, sha256 } from "./hub-server.ts";

const small = Buffer.from('{"model_type": "gpt2"}');
const large = Buffer.from(
  Array.from(
    { length: 300_000 },
    (
      (r) => () =>
        r.integer(256)
    )(Random.of(3, "bytes")),
  ),
);
const repo = { type: "model", name: "owner/gpt" } as const;
let server: HubServer;
let cacheFolder: string;
let options: RevisionOptions;

beforeEach(async () => {
  server = new HubServer(repo.name, {
    "config.json": small,
    "model.safetensors": large,
    "sub/notes.txt": small,
  });
  await server.start();
  cacheFolder = mkdtempSync(join(tmpdir(), "hub-"));
  options = { endpoint: server.endpoint, cacheFolder, pause: 5 };
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await server.stop();
  rmSync(cacheFolder, { recursive: true });
});

const blobs = () => join(cacheFolder, "models--owner--gpt", "blobs");
const download = (path = "model.safetensors", more: RevisionOptions = {}) =>
  downloadHubFile(repo, path, { ...options, ...more });
const partials = () => readdirSync(blobs()).filter((name) => name.endsWith(".partial"));
/** A connection to the storage that breaks after `bytes`, when the partial file has `total`. */
const breakAt = (bytes: number, total = bytes): Fault => ({
  on: /^GET storage/,
  breakAfter: bytes,
  breakWhen: () => partials().some((name) => statSync(join(blobs(), name)).size === total),
});
const storageRanges = () => server.requests.filter((r) => r.server === "storage").map((r) => r.range);

describe("downloading", () => {
  it("puts files where huggingface_hub looks for them, and says which commit they are of", async () => {
    const { path, commit } = await download();
    expect(commit).toBe(server.commit);
    expect(path).toBe(join(cacheFolder, "models--owner--gpt", "snapshots", commit, "model.safetensors"));
    expect(readFileSync(path).equals(large)).toBe(true);
    expect(realpathSync(path)).toBe(realpathSync(join(blobs(), sha256(large))));
    expect(readFileSync(join(cacheFolder, "models--owner--gpt", "refs", "main"), "utf8")).toBe(commit);
    const nested = await download("sub/notes.txt");
    expect(readFileSync(nested.path).equals(small)).toBe(true);
    expect(readdirSync(blobs())).toHaveLength(2);
  });

  it("of a pinned commit asks nothing when it is there, of a branch asks once for its commit", async () => {
    await download();
    server.requests = [];
    await download("model.safetensors", { revision: server.commit });
    expect(server.requests).toEqual([]);
    await download();
    expect(server.requests.map(({ method }) => method)).toEqual(["HEAD"]);
  });

  it("follows a branch that moves on, and keeps giving the old commit to who pinned it", async () => {
    const first = await download("config.json");
    server.commit = "b".repeat(40);
    server.files["config.json"] = Buffer.from("{}");
    const second = await download("config.json");
    expect(second.commit).toBe(server.commit);
    expect(readFileSync(second.path, "utf8")).toBe("{}");
    const pinned = await download("config.json", { revision: first.commit });
    expect(readFileSync(pinned.path).equals(small)).toBe(true);
  });

  it("takes up a broken transfer where it broke, and again", async () => {
    server.faults = [breakAt(100_000), breakAt(50_000, 150_000)];
    const seen: number[] = [];
    const { path } = await download("model.safetensors", {
      onProgress: ({ received }) => seen.push(received),
    });
    expect(readFileSync(path).equals(large)).toBe(true);
    expect(storageRanges()).toEqual([undefined, "bytes=100000-299999", "bytes=150000-299999"]);
    expect(seen.at(-1)).toBe(large.length);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  });

  it("goes on with what an earlier call had received", async () => {
    server.faults = [
      breakAt(70_000),
      ...Array.from({ length: 6 }, () => ({ on: /^GET hub .*bytes=70000/, status: 500 })),
    ];
    await expect(download()).rejects.toThrow(/has failed \(500\) 6 times/);
    server.requests = [];
    const { path } = await download();
    expect(readFileSync(path).equals(large)).toBe(true);
    expect(storageRanges()).toEqual(["bytes=70000-299999"]);
    expect(readdirSync(blobs())).toEqual([sha256(large)]);
  });

  it("goes on with what a process had received when it was killed, beside one that lives", async () => {
    const stall = { on: /^GET storage/, stallAfter: 120_000 };
    server.faults = [stall];
    const script = `
      import { downloadHubFile } from ${JSON.stringify(join(import.meta.dirname, "../../src/model/hub.ts"))};
      await downloadHubFile(${JSON.stringify(repo)}, "model.safetensors", ${JSON.stringify(options)});`;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", script], { stdio: "inherit" });
    await vi.waitFor(() => expect(statSync(join(blobs(), partials()[0]!)).size).toBe(120_000), 40_000);

    server.requests = [];
    expect(readFileSync((await download()).path).equals(large)).toBe(true);
    expect(storageRanges()).toEqual([undefined]);
    rmSync(join(blobs(), sha256(large)));
    rmSync(join(cacheFolder, "models--owner--gpt", "snapshots"), { recursive: true });

    child.kill("SIGKILL");
    await once(child, "exit");
    server.requests = [];
    expect(readFileSync((await download()).path).equals(large)).toBe(true);
    expect(storageRanges()).toEqual(["bytes=120000-299999"]);
    expect(readdirSync(blobs())).toEqual([sha256(large)]);
  });

  it("gets the right bytes from a server that ignores ranges", async () => {
    server.faults = [breakAt(100_000), { on: /^GET storage/, ignoreRange: true }];
    expect(readFileSync((await download()).path).equals(large)).toBe(true);
    expect(storageRanges()).toEqual([undefined, "bytes=100000-299999"]);
  });

  it("fetches damaged content once more, then refuses it and leaves nothing behind", async () => {
    const damaged = Buffer.from(large);
    damaged[150_000]! ^= 1;
    server.faults = [{ on: /^GET storage/, content: damaged }];
    expect(readFileSync((await download()).path).equals(large)).toBe(true);

    rmSync(cacheFolder, { recursive: true });
    const fault = { on: /^GET storage/, content: damaged };
    server.faults = [fault, fault];
    await expect(download()).rejects.toThrow(/twice does not have the hash/);
    expect(readdirSync(blobs())).toEqual([]);
  });

  it("verifies small files by git's hash", async () => {
    const fault = { on: /^GET hub .*config/, content: Buffer.from('{"model_type": "gpt3"}') };
    server.faults = [fault, fault];
    await expect(download("config.json")).rejects.toThrow(/does not have the hash/);
  });

  it("refuses a file of another size than announced", async () => {
    server.faults = [{ on: /^GET storage/, content: large.subarray(1) }];
    await expect(download()).rejects.toThrow(/it has 299999 bytes, the hub announced 300000/);
    server.faults = [
      { on: /^GET storage/, breakAfter: 1000 },
      { on: /^GET storage/, content: Buffer.alloc(400_000) },
    ];
    await expect(download()).rejects.toThrow(/it has 400000 bytes/);
  });

  it("by several at once gives each the right file and leaves no remains", async () => {
    server.faults = [{ on: /^GET storage/, breakAfter: 10_000 }];
    const all = await Promise.all(Array.from({ length: 4 }, () => download()));
    for (const { path } of all) expect(readFileSync(path).equals(large)).toBe(true);
    expect(readdirSync(blobs())).toEqual([sha256(large)]);
  });

  it("gives up with one sentence when nothing comes any more", async () => {
    server.faults = Array.from({ length: 20 }, () => ({ on: /^GET storage/, breakAfter: 0 }));
    await expect(download()).rejects.toThrow(/again and again after 0 of 300000 bytes/);
  });
});

describe("refusals", () => {
  const refusal = async (path = "config.json", more: RevisionOptions = {}) => {
    const error: unknown = await download(path, more).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Failure);
    expect((error as Failure).message).not.toContain("\n");
    return (error as Failure).message;
  };

  it("401 without a token asks for one, with a wrong one says so without showing it", async () => {
    server.token = "hf_right";
    expect(await refusal()).toMatch(/config.json of model owner\/gpt.*401.*set HF_TOKEN/);
    const wrong = await refusal("config.json", { token: "hf_wrong" });
    expect(wrong).toMatch(/does not know the token.*401/);
    expect(wrong).not.toContain("hf_wrong");
  });

  it("403 points to the conditions of the repository", async () => {
    server.faults = [{ on: /config/, status: 403 }];
    expect(await refusal()).toMatch(/403.*conditions/);
  });

  it("404 tells file, revision and repository apart", async () => {
    expect(await refusal("nowhere.json")).toMatch(/no such file \(404\)/);
    expect(await refusal("config.json", { revision: "nowhere" })).toMatch(/no such revision/);
    const other = downloadHubFile({ type: "model", name: "owner/other" }, "config.json", options);
    await expect(other).rejects.toThrow(/no such repository \(404\)/);
  });

  it("404 of a file of a pinned commit is remembered", async () => {
    await refusal("nowhere.json", { revision: server.commit });
    server.requests = [];
    expect(await refusal("nowhere.json", { revision: server.commit })).toMatch(/no file nowhere.json/);
    expect(server.requests).toEqual([]);
  });

  it("429 waits as long as Retry-After says, and gives up when that is too long", async () => {
    server.faults = [{ on: /config/, status: 429, headers: { "retry-after": "1" } }];
    const begin = performance.now();
    await download("config.json");
    expect(performance.now() - begin).toBeGreaterThan(950);
    server.faults = [{ on: /notes/, status: 429, headers: { "retry-after": "7200" } }];
    expect(await refusal("sub/notes.txt")).toMatch(/429.*asks to wait 120 minutes/);
  });

  it("503 and reset connections are tried again", async () => {
    server.faults = [
      { on: /HEAD hub/, status: 503 },
      { on: /GET hub/, breakAfter: 0 },
    ];
    await download("config.json");
    server.faults = Array.from({ length: 6 }, () => ({ on: /notes/, status: 503 }));
    expect(await refusal("sub/notes.txt")).toMatch(/failed \(503\) 6 times/);
  });

  it("a hub that cannot be reached is said at once, unless the cache can stand in", async () => {
    const { path } = await download("config.json");
    const closed = new HubServer("nobody", {});
    await closed.start();
    const nobody = { endpoint: closed.endpoint, pause: 60_000 };
    await closed.stop();
    expect((await download("config.json", nobody)).path).toBe(path);
    expect(await refusal("sub/notes.txt", nobody)).toMatch(
      /127.0.0.1:\d+ cannot be reached \(ECONNREFUSED\)/,
    );
  });

  it.each(["../config.json", "/etc/passwd", "a//b", "a\\b", ".."])(
    "the path %j goes nowhere",
    async (path) => {
      expect(await refusal(path)).toMatch(/not a path in owner\/gpt/);
      expect(server.requests).toEqual([]);
    },
  );

  it("names that leave the address are refused", async () => {
    for (const name of ["a/b/c", "../x", "a/..", "a b/c", "a/b?x", ""]) {
      await expect(downloadHubFile({ type: "model", name }, "x", options)).rejects.toThrow(
        /expected owner\/name/,
      );
    }
    expect(await refusal("config.json", { revision: "../../x" })).toMatch(/not a revision/);
  });

  it("an unusable endpoint or token is refused without being repeated", async () => {
    expect(await refusal("config.json", { endpoint: "ftp://x" })).toMatch(/HF_ENDPOINT is not an http/);
    expect(await refusal("config.json", { endpoint: "https://me:secret@host" })).not.toContain("secret");
    expect(await refusal("config.json", { token: "hf_se\ncret" })).not.toContain("cret");
  });

  it("a cache that cannot be written is named", async () => {
    writeFileSync(join(cacheFolder, "file"), "");
    const inFile = { cacheFolder: join(cacheFolder, "file"), revision: server.commit };
    expect(await refusal("config.json", inFile)).toMatch(/cannot write .*file/);
  });
});

describe("the environment", () => {
  it("gives token, endpoint, cache and offline mode; the token goes to the hub only", async () => {
    server.token = "hf_secret";
    vi.stubEnv("HF_TOKEN", "hf_secret\n");
    vi.stubEnv("HF_ENDPOINT", `${server.endpoint}/`);
    vi.stubEnv("HF_HUB_CACHE", cacheFolder);
    // A mirror that says nothing about the file itself: its redirection has to be followed to learn the size.
    server.faults = [
      { on: /^HEAD hub/, status: 302, headers: { location: `${server.storage}/storage/model.safetensors` } },
    ];
    const { path } = await downloadHubFile(repo, "model.safetensors", { pause: 5 });
    expect(server.requests.map((r) => `${r.method} ${r.server}`)).toContain("HEAD storage");
    expect(path.startsWith(cacheFolder)).toBe(true);
    for (const { server: to, authorization } of server.requests) {
      expect(authorization).toBe(to === "hub" ? "Bearer hf_secret" : undefined);
    }
    expect(new Set(server.requests.map((r) => r.server))).toEqual(new Set(["hub", "storage"]));
    vi.stubEnv("HF_HUB_OFFLINE", "1");
    server.requests = [];
    expect((await downloadHubFile(repo, "model.safetensors")).path).toBe(path);
    await expect(downloadHubFile(repo, "config.json")).rejects.toThrow(/not in the cache .* HF_HUB_OFFLINE/);
    expect(server.requests).toEqual([]);
  });
});

describe("offline", () => {
  it("uses the cache for what it has and asks for nothing", async () => {
    const offline = { ...options, offline: true };
    await expect(resolveRevision(repo, offline)).rejects.toThrow(/not in the cache/);
    await expect(listHubFiles(repo, offline)).rejects.toThrow(/not in the cache/);
    await download("config.json");
    await download("sub/notes.txt");
    server.requests = [];
    expect(await resolveRevision(repo, offline)).toBe(server.commit);
    expect((await listHubFiles(repo, offline)).files).toEqual([
      { path: "config.json", size: small.length },
      { path: "sub/notes.txt", size: small.length },
    ]);
    const blob = await openHubFile(repo, "config.json", offline);
    expect(Buffer.from(await blob.slice(2, 7)).equals(small.subarray(2, 7))).toBe(true);
    await expect(openHubFile(repo, "model.safetensors", offline)).rejects.toThrow(
      /model.safetensors.*not in the cache/,
    );
    expect(server.requests).toEqual([]);
  });
});

describe("datasets", () => {
  const name = "owner/pile";
  let data: HubServer;
  const dataset = { type: "dataset", name } as const;
  let at: RevisionOptions;
  beforeEach(async () => {
    data = new HubServer(
      name,
      {
        "README.md": small,
        "data/0.parquet": large,
        "data/1.jsonl": large.subarray(0, 100),
        "z.txt": small,
        e: Buffer.alloc(0),
      },
      "dataset",
    );
    await data.start();
    at = { ...options, endpoint: data.endpoint };
  });
  afterEach(() => data.stop());

  it("are listed over several pages, from one commit", async () => {
    data.token = "hf_t";
    expect(await listHubFiles(dataset, { ...at, token: "hf_t" })).toEqual({
      commit: data.commit,
      files: [
        { path: "README.md", size: small.length },
        { path: "data/0.parquet", size: large.length },
        { path: "data/1.jsonl", size: 100 },
        { path: "e", size: 0 },
        { path: "z.txt", size: small.length },
      ],
    });
    const pages = data.requests.filter(({ url }) => url.includes("/tree/"));
    expect(pages).toHaveLength(3);
    for (const { url } of pages) expect(url).toContain(data.commit);
    await expect(listHubFiles(dataset, at)).rejects.toThrow(/owner\/pile.*401/);
  });

  it("are listed although a connection breaks, and not from a login page", async () => {
    data.faults = [
      { on: /\/revision\//, breakAfter: 20 },
      { on: /\/tree\//, breakAfter: 20 },
    ];
    expect((await listHubFiles(dataset, at)).files).toHaveLength(5);
    expect(data.faults).toEqual([]);
    data.faults = [{ on: /\/tree\//, status: 200 }];
    await expect(listHubFiles(dataset, at)).rejects.toThrow(/list of files of dataset .* not one of a hub/);
    data.faults = [{ on: /\/revision\//, status: 200 }];
    await expect(resolveRevision(dataset, at)).rejects.toThrow(
      /revision main of dataset .* not one of a hub/,
    );
  });

  it("are read in place, in ranges, across broken connections", async () => {
    const blob = await openHubFile(dataset, "data/0.parquet", at);
    expect(blob).toMatchObject({ byteLength: large.length, commit: data.commit });
    data.faults = [{ on: /^GET storage/, breakAfter: 400 }];
    data.requests = [];
    const slice = Buffer.from(await blob.slice(1000, 2000));
    expect(slice.equals(large.subarray(1000, 2000))).toBe(true);
    const [asked, resumed] = data.requests.filter((r) => r.server === "storage").map((r) => r.range);
    expect(asked).toBe("bytes=1000-1999");
    expect(resumed).toMatch(/^bytes=1[0-4]00-1999$/);
    expect(Buffer.from(await blob.slice(large.length - 8)).equals(large.subarray(-8))).toBe(true);
    expect(existsSync(join(cacheFolder, "datasets--owner--pile", "snapshots"))).toBe(false);
  });

  it("are streamed across broken connections, from any byte, and only as far as they are read", async () => {
    const blob = await openHubFile(dataset, "data/0.parquet", at);
    data.faults = [{ on: /^GET storage/, breakAfter: 90_000 }];
    const whole = Buffer.concat(await Array.fromAsync(blob.stream()));
    expect(whole.equals(large)).toBe(true);
    const rest = Buffer.concat(await Array.fromAsync(blob.stream(200_001)));
    expect(rest.equals(large.subarray(200_001))).toBe(true);
    let first = 0;
    for await (const piece of blob.stream()) {
      first = piece.length;
      break;
    }
    expect(first).toBeLessThan(large.length);
    expect(first).toBeGreaterThan(0);
  });

  it("are read from the cache when they are there", async () => {
    await downloadHubFile(dataset, "data/0.parquet", at);
    await downloadHubFile(dataset, "e", at);
    data.requests = [];
    const pinned = { ...at, revision: data.commit };
    const blob = await openHubFile(dataset, "data/0.parquet", pinned);
    expect(Buffer.concat(await Array.fromAsync(blob.stream(5))).equals(large.subarray(5))).toBe(true);
    expect((await openHubFile(dataset, "e", pinned)).byteLength).toBe(0);
    expect(data.requests).toEqual([]);
  });
});
