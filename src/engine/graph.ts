/**
 * A computation as data: values with a type and static dimensions, joined by ONNX operations.
 *
 * A graph is built by calling operations (`operations/*.ts`) on values; each call infers the type and dimensions of its
 * result at once, so a wrong shape is an error at the line that made it. The same graph is differentiated
 * (`gradients.ts`), evaluated in plain float64 loops (`reference.ts`) and serialised for ONNX Runtime (`onnx.ts`).
 *
 * Nodes are stored in the order they were made; an operation can only use values that exist, so that order is topological.
 */

import { type Dims, sizeOf } from "./tensor.ts";

export type DType = "float32" | "int32" | "int64" | "bool" | "uint8" | "int8";

export interface ValueType {
  readonly dtype: DType;
  readonly dims: Dims;
}

/** One tensor in a graph: an input, a constant, or an output of a node. */
export interface Value extends ValueType {
  readonly graph: Graph;
  readonly name: string;
  /** The node that makes this value; undefined for inputs and constants. */
  readonly producer?: Node;
  /** Present on constants only. */
  readonly constant?: Float32Array | Int32Array | BigInt64Array;
}

export type Attribute = number | string | readonly number[];
export type Attributes = Readonly<Record<string, Attribute>>;

export interface Node {
  readonly operation: Operation;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly attributes: Attributes;
}

/** A dense array in double precision, for the plain-loop reference. */
export interface Array64 {
  readonly dims: Dims;
  readonly data: Float64Array;
}

/** Everything the engine knows about one operation, in one place. */
export interface Operation {
  /** The ONNX operator type. */
  readonly type: string;
  /** The operator set that the type belongs to, where it is not ONNX's own. */
  readonly domain?: "com.microsoft";
  /** Where each input stands among those of the ONNX operator, when some that are optional there are left out. */
  readonly positions?: readonly number[];
  /** Types of the outputs, or an error that names both shapes. */
  infer(inputs: readonly Value[], attributes: Attributes): ValueType[];
  /**
   * Vector–Jacobian product: from the gradients of the outputs (undefined where nothing depends on one) to the
   * gradients of the inputs, as more graph. Undefined for operations that no gradient flows through.
   */
  readonly gradient?: (node: Node, upstream: readonly (Value | undefined)[]) => (Value | undefined)[];
  /** The operation in plain loops. */
  evaluate(inputs: readonly Array64[], attributes: Attributes, outputs: readonly ValueType[]): Array64[];
  /** How the attributes are written in ONNX, where newer operator versions want them as int64 inputs. */
  readonly onnx?: (attributes: Attributes) => {
    attributes?: Attributes;
    inputs?: readonly (readonly number[])[];
  };
}

export class Graph {
  readonly inputs: Value[] = [];
  readonly constants: Value[] = [];
  readonly nodes: Node[] = [];
  readonly outputs = new Map<string, Value>();
  readonly name: string;
  #names = new Set<string>();
  #scalars = new Map<number, Value>();

  constructor(name: string) {
    this.name = name;
  }

  /** A value that is fed at each run, or fixed when the graph is loaded. */
  input(name: string, dims: Dims, dtype: DType = "float32"): Value {
    if (this.#names.has(name)) throw new Error(`graph ${this.name}: the name "${name}" is taken`);
    if (dims.some((dim) => !Number.isInteger(dim) || dim < 0)) {
      throw new Error(`graph ${this.name}: input "${name}" has dimensions [${dims.join(", ")}]`);
    }
    const value: Value = { graph: this, name, dtype, dims };
    this.#names.add(name);
    this.inputs.push(value);
    return value;
  }

  constant(dims: Dims, data: Float32Array | Int32Array | BigInt64Array): Value {
    if (data.length !== sizeOf(dims)) {
      throw new Error(
        `graph ${this.name}: a constant of [${dims.join(", ")}] cannot have ${data.length} values`,
      );
    }
    const dtype = data instanceof Float32Array ? "float32" : data instanceof Int32Array ? "int32" : "int64";
    const value: Value = { graph: this, name: this.#fresh("const"), dtype, dims, constant: data };
    this.constants.push(value);
    return value;
  }

  /** A float32 constant without dimensions; equal numbers share one constant. */
  scalar(x: number): Value {
    let value = this.#scalars.get(x);
    if (!value) {
      value = this.constant([], Float32Array.of(x));
      this.#scalars.set(x, value);
    }
    return value;
  }

  /** Appends one operation. Called by the functions in `operations/`, which give it its typed face. */
  apply(operation: Operation, inputs: readonly Value[], attributes: Attributes = {}): Value[] {
    for (const input of inputs) {
      if (input.graph !== this) {
        throw new Error(
          `${operation.type}: "${input.name}" belongs to graph ${input.graph.name}, not ${this.name}`,
        );
      }
    }
    const types = operation.infer(inputs, attributes);
    const outputs: Value[] = [];
    const node: Node = { operation, inputs, outputs, attributes };
    for (const type of types) {
      outputs.push({ graph: this, name: this.#fresh(operation.type), producer: node, ...type });
    }
    this.nodes.push(node);
    return outputs;
  }

  /** Gives a value a name under which runs return it. */
  output(name: string, value: Value): void {
    if (this.outputs.has(name) || this.#names.has(name)) {
      throw new Error(`graph ${this.name}: the name "${name}" is taken`);
    }
    if (value.graph !== this)
      throw new Error(`graph ${this.name}: output "${name}" belongs to another graph`);
    this.outputs.set(name, value);
  }

  #fresh(stem: string): string {
    const name = `${stem}_${this.#names.size}`;
    this.#names.add(name);
    return name;
  }
}

/** `[2, 3]` and `[3]` as an error message shows them. */
export function shapes(...values: readonly ValueType[]): string {
  return values.map((value) => `[${value.dims.join(", ")}]`).join(" and ");
}

export function float32(dims: Dims): ValueType {
  return { dtype: "float32", dims };
}
