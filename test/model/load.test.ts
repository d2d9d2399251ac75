import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { parseConfig } from "../../src/model/config.ts";
import { loadModel } from "../../src/model/load.ts";
import { parameterShapes, saveModel } from "../../src/model/weights.ts";
import { HubServer, sha256 } from "./hub-server.ts";

const root = mkdtempSync(join(tmpdir(), "load-"));
afterAll(() => rmSync(root, { recursive: true }));

const folder = join(root, "tiny");
const fields = { n_layer: 1, n_head: 2, n_embd: 4, vocab_size: 5, n_positions: 3 };
const config = parseConfig(fields, "config.json");
const weights = Object.fromEntries(
  [...parameterShapes(config)].map(([name, dims], i) => [
    name,
    new Float32Array(dims.reduce((size, dim) => size * dim, 1)).fill(i),
  ]),
);
saveModel(folder, config, weights);
const read = (name: string) => readFileSync(join(folder, name));

/** A byte-level tokenizer of so many ids, the first of them its separator. */
function tokenizer(ids: number): string {
  const vocab = Object.fromEntries(
    ["<|endoftext|>", "a", "b", "c", "d", "e", "f"].slice(0, ids).map((t, i) => [t, i]),
  );
  return JSON.stringify({
    added_tokens: [{ id: 0, content: "<|endoftext|>", special: true }],
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, use_regex: true },
    decoder: { type: "ByteLevel" },
    model: { type: "BPE", vocab, merges: [] },
  });
}

describe("a folder", () => {
  it("without a tokenizer is loaded, with origin and hash", async () => {
    const model = await loadModel(folder);
    expect(model).toMatchObject({ name: "tiny", origin: { folder }, config, tokenizer: undefined });
    expect(model.weightsSha256).toBe(sha256(read("model.safetensors")));
    expect(model.weights["h.0.mlp.c_fc.bias"]).toEqual(weights["h.0.mlp.c_fc.bias"]);
  });

  it("with a tokenizer has it, and is refused when it does not fit the vocabulary", async () => {
    const other = join(root, "tokenized");
    cpSync(folder, other, { recursive: true });
    writeFileSync(join(other, "tokenizer.json"), tokenizer(5));
    expect((await loadModel(other)).tokenizer?.bosId).toBe(0);
    writeFileSync(join(other, "tokenizer.json"), tokenizer(6));
    await expect(loadModel(other)).rejects.toThrow(/tokenizer.json has ids up to 5, but the model has 5/);
  });

  it("that does not exist, or is a file, is named", async () => {
    await expect(loadModel(join(root, "nowhere"))).rejects.toThrow(/no folder .*nowhere/);
    await expect(loadModel("./nowhere")).rejects.toThrow(/no folder .\/nowhere/);
    await expect(loadModel(join(folder, "config.json"))).rejects.toThrow(/is a file, expected the folder/);
  });

  it("with nothing in it is named", async () => {
    await expect(loadModel(root)).rejects.toThrow(/config.json: there is no such file/);
  });
});

describe("a model of the hub", () => {
  let server: HubServer;
  const serve = async (files: Record<string, Buffer>) => {
    server = new HubServer("owner/gpt", files);
    await server.start();
    return { endpoint: server.endpoint, cacheFolder: mkdtempSync(join(root, "cache-")), pause: 5 };
  };
  afterEach(() => server.stop());

  it("is fetched from one commit, and then loaded offline and without a request when pinned", async () => {
    const files = { "tokenizer.json": Buffer.from(tokenizer(5)), "README.md": Buffer.from("not needed") };
    const options = await serve({
      ...files,
      "config.json": read("config.json"),
      "model.safetensors": read("model.safetensors"),
    });
    const model = await loadModel("owner/gpt", options);
    expect(model).toMatchObject({
      name: "owner/gpt",
      origin: { hub: "owner/gpt", revision: server.commit },
      config,
    });
    expect(model.tokenizer?.vocabSize).toBe(5);
    expect(model.weightsSha256).toBe(sha256(read("model.safetensors")));
    expect(server.requests.some(({ url }) => url.includes("README"))).toBe(false);

    server.requests = [];
    for (const more of [{ offline: true }, { revision: server.commit }]) {
      expect((await loadModel("owner/gpt", { ...options, ...more })).weights).toEqual(model.weights);
    }
    expect(server.requests).toEqual([]);
  });

  it("in shards is fetched whole", async () => {
    const index = { weight_map: { "transformer.wte.weight": "model-00001-of-00001.safetensors" } };
    const options = await serve({
      "config.json": read("config.json"),
      "model.safetensors.index.json": Buffer.from(JSON.stringify(index)),
      "model-00001-of-00001.safetensors": read("model.safetensors"),
    });
    expect((await loadModel("owner/gpt", options)).weights).toEqual((await loadModel(folder)).weights);
  });

  it("of another family is refused before its weights are fetched", async () => {
    const options = await serve({
      "config.json": Buffer.from('{"model_type": "llama"}'),
      "model.safetensors": read("model.safetensors"),
    });
    await expect(loadModel("owner/gpt", options)).rejects.toThrow(/model_type "llama"/);
    expect(server.requests.some(({ url }) => url.includes("safetensors"))).toBe(false);
  });

  it("that does not exist, or has no safetensors, is named", async () => {
    const options = await serve({ "config.json": read("config.json"), "pytorch_model.bin": Buffer.from("") });
    await expect(loadModel("owner/typo", options)).rejects.toThrow(/no folder owner\/typo here, .*404/);
    await expect(loadModel("owner/gpt", options)).rejects.toThrow(/owner\/gpt has no model.safetensors/);
    const offline = { ...options, offline: true };
    await expect(loadModel("gpt-typo", offline)).rejects.toThrow(/no folder gpt-typo here.*not in the cache/);
  });
});

const shared = ["models/gpt2-16m", "oracles/gpt-nano-sort"].map((name) =>
  join(import.meta.dirname, "../../../shared", name),
);
describe.skipIf(!existsSync(shared[0]!))("trained models", () => {
  it.each(shared)("%s", async (trained) => {
    const model = await loadModel(trained);
    expect(model.name).toBe(basename(trained));
    expect(model.tokenizer !== undefined).toBe(readdirSync(trained).includes("tokenizer.json"));
  });
});
