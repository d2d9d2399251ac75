/**
 * A graph as an ONNX model file: the few protobuf messages that ONNX Runtime reads, written by hand because the one
 * maintained writer on npm pins an outdated protobuf runtime. Field numbers are those of onnx.proto (ONNX 1.17, IR 10).
 *
 * Large constants are not copied into the file: they are declared as external data, and ONNX Runtime is handed the arrays.
 */

import type { Attribute, DType, Graph, Node, Value } from "./graph.ts";
import type { Dims } from "./tensor.ts";

const IR_VERSION = 10;
const OPSET = 20;
const DTYPES: Record<DType, number> = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7, bool: 9 };

/** Above this many bytes a constant travels beside the model, not in it. */
const EXTERNAL_BYTES = 4096;

export interface ExternalData {
  path: string;
  data: Uint8Array;
}

export interface OnnxModel {
  readonly bytes: Uint8Array;
  readonly externalData: ExternalData[];
}

/**
 * @param fixed inputs of the graph that become constants of this model, by name
 */
export function serialise(graph: Graph, fixed: Readonly<Record<string, Float32Array>> = {}): OnnxModel {
  const externalData: ExternalData[] = [];
  const initializers: Uint8Array[] = [];
  const nodes: Uint8Array[] = [];

  const initializer = (name: string, dtype: DType, dims: Dims, data: ArrayBufferView): void => {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const header = [...dims.map((dim) => varint(1, dim)), varint(2, DTYPES[dtype]), text(8, name)];
    if (bytes.byteLength <= EXTERNAL_BYTES) {
      initializers.push(message(5, ...header, field(9, bytes)));
      return;
    }
    externalData.push({ path: name, data: bytes });
    const entries = Object.entries({ location: name, offset: "0", length: String(bytes.byteLength) });
    const external = entries.map(([key, value]) => message(13, text(1, key), text(2, value)));
    initializers.push(message(5, ...header, ...external, varint(14, 1)));
  };

  for (const { name, dtype, dims, constant } of graph.constants) initializer(name, dtype, dims, constant!);

  const inputs = graph.inputs.filter(({ name }) => !(name in fixed));
  for (const [name, data] of Object.entries(fixed)) {
    const input = graph.inputs.find((value) => value.name === name);
    if (!input) throw new Error(`graph ${graph.name} has no input "${name}" to fix`);
    initializer(name, input.dtype, input.dims, data);
  }

  const needed = reachable(graph);
  graph.nodes
    .filter((node) => needed.has(node))
    .forEach((node, index) => {
      const written = node.operation.onnx?.(node.attributes) ?? { attributes: node.attributes };
      const extra = (written.inputs ?? []).map((values, i) => {
        const name = `shape_${index}_${i}`;
        initializer(name, "int64", [values.length], BigInt64Array.from(values, BigInt));
        return name;
      });
      nodes.push(
        message(
          1,
          ...[...inputNames(node), ...extra].map((name) => text(1, name)),
          ...node.outputs.map(({ name }) => text(2, name)),
          text(4, node.operation.type),
          ...(node.operation.domain ? [text(7, node.operation.domain)] : []),
          ...Object.entries(written.attributes ?? {}).map(([name, value]) => attribute(name, value)),
        ),
      );
    });
  for (const [name, value] of graph.outputs) {
    nodes.push(message(1, text(1, value.name), text(2, name), text(4, "Identity")));
  }

  const outputs = [...graph.outputs].map(([name, value]) => ({ ...value, name }));
  const body = message(
    7,
    ...nodes,
    text(2, graph.name),
    ...initializers,
    ...inputs.map((value) => valueInfo(11, value)),
    ...outputs.map((value) => valueInfo(12, value)),
  );
  const domains = new Set([...needed].flatMap(({ operation }) => operation.domain ?? []));
  const bytes = join([
    varint(1, IR_VERSION),
    text(2, "monosemantic"),
    body,
    message(8, text(1, ""), varint(2, OPSET)),
    ...[...domains].map((domain) => message(8, text(1, domain), varint(2, 1))),
  ]);
  return { bytes, externalData };
}

/**
 * The nodes that some output depends on. Gradient rules also make the gradients of inputs that nobody asked for, and ONNX
 * Runtime would compute them all.
 */
function reachable(graph: Graph): Set<Node> {
  const needed = new Set<Node>();
  const open = [...graph.outputs.values()];
  for (let value = open.pop(); value; value = open.pop()) {
    const { producer } = value;
    if (!producer || needed.has(producer)) continue;
    needed.add(producer);
    open.push(...producer.inputs);
  }
  return needed;
}

/** Names in the order of the ONNX operator; the empty name stands for an input that is left out. */
function inputNames({ operation: { positions }, inputs }: Node): string[] {
  if (!positions) return inputs.map(({ name }) => name);
  const names = Array.from({ length: positions[inputs.length - 1]! + 1 }, () => "");
  inputs.forEach(({ name }, i) => (names[positions[i]!] = name));
  return names;
}

function valueInfo(
  number: number,
  { name, dtype, dims }: Pick<Value, "name" | "dtype" | "dims">,
): Uint8Array {
  const shape = message(2, ...dims.map((dim) => message(1, varint(1, dim))));
  return message(number, text(1, name), message(2, message(1, varint(1, DTYPES[dtype]), shape)));
}

function attribute(name: string, value: Attribute): Uint8Array {
  const [FLOAT, INT, STRING, INTS] = [1, 2, 3, 7];
  if (typeof value === "string") return message(5, text(1, name), text(4, value), varint(20, STRING));
  if (typeof value !== "number") {
    return message(5, text(1, name), ...value.map((v) => varint(8, v)), varint(20, INTS));
  }
  // Every integer attribute of the operations in use is an ONNX int; epsilon is the only float, and never integral.
  if (Number.isInteger(value)) return message(5, text(1, name), varint(3, value), varint(20, INT));
  const bytes = new Uint8Array(5);
  bytes[0] = (2 << 3) | 5;
  new DataView(bytes.buffer).setFloat32(1, value, true);
  return message(5, text(1, name), bytes, varint(20, FLOAT));
}

function varintBytes(value: number): number[] {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  return [...bytes, Number(rest)];
}

function varint(number: number, value: number): Uint8Array {
  return Uint8Array.from([...varintBytes(number << 3), ...varintBytes(value)]);
}

function field(number: number, bytes: Uint8Array): Uint8Array {
  return join([Uint8Array.from([...varintBytes((number << 3) | 2), ...varintBytes(bytes.length)]), bytes]);
}

function text(number: number, value: string): Uint8Array {
  return field(number, Buffer.from(value));
}

function message(number: number, ...parts: Uint8Array[]): Uint8Array {
  return field(number, join(parts));
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}
