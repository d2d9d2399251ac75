/**
 * Where graphs run: the CPU, or a GPU through one of ONNX Runtime's other execution providers.
 *
 *   cuda     NVIDIA, Linux x64; the provider is too large for the npm package, which downloads it in an install script
 *   webgpu   any GPU with a Vulkan, Metal or Direct3D 12 driver; the provider is in the npm package
 *
 * A graph does not change with the device. Operations that a provider lacks run on the CPU, and their operands travel.
 */

import { createRequire } from "node:module";
import { Failure, messageOf } from "../errors.ts";
import type { Device } from "./devices.ts";
import { Engine } from "./engine.ts";
import { Graph } from "./graph.ts";
import { relu } from "./operations/activation.ts";
import { sharedFloats } from "./tensor.ts";

/**
 * Runs one number through the device.
 * @throws Failure when its provider is not installed or finds no hardware, with what to do about it
 */
export async function requireDevice(device: Device): Promise<void> {
  if (device === "cpu") return;
  const engine = await Engine.start({ device });
  try {
    const graph = new Graph("probe");
    graph.output("y", relu(graph.input("x", [1])));
    const program = await engine.load(graph);
    const x = sharedFloats(1).fill(2);
    const { y } = await program.run({ x });
    if (y![0] !== 2) throw new Error(`relu(2) is ${y![0]} there`);
    await program.release();
  } catch (error) {
    throw new Failure(deviceProblem(device, messageOf(error)), { cause: error });
  } finally {
    await engine.close();
  }
}

/** What ONNX Runtime's words mean for the one who asked for `device`. */
export function deviceProblem(device: Exclude<Device, "cpu">, words: string): string {
  const reason = words
    .trim()
    .split("\n")[0]!
    .replace(/^\/\S+\.cc:\d+ .*? was false\. /, "");
  if (device === "cuda" && /load shared library|libonnxruntime_providers/.test(words)) {
    const script = createRequire(import.meta.url).resolve("onnxruntime-node/script/install.js");
    return (
      `--device cuda: ONNX Runtime's CUDA provider is not installed (${reason}); on Linux x64 with an NVIDIA GPU, CUDA 12 ` +
      `and cuDNN 9, download it with: ONNXRUNTIME_NODE_INSTALL=cuda12 node ${script}; or use --device webgpu or cpu`
    );
  }
  if (device === "webgpu" && words.includes("adapter")) {
    return (
      `--device webgpu: no GPU was found (${reason}); it needs one with a Vulkan, Metal or Direct3D 12 driver (on Linux ` +
      `also the Vulkan loader, libvulkan.so.1), or use --device cpu`
    );
  }
  return `--device ${device}: ONNX Runtime could not use it (${reason}); check its driver, or use --device cpu`;
}
