/** ONNX Runtime's names for the execution providers that can be asked for (see require-device.ts). */

export const DEVICES = ["cpu", "cuda", "webgpu"] as const;
export type Device = (typeof DEVICES)[number];
