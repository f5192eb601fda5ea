import {
  adopt,
  idOf,
  type NodeJSKernelBackend,
  type TensorInfo,
  type TensorMetadata,
  type TFEOpAttr,
  typeAttribute,
} from './backend.ts';
import type { DataType, GraphBuilder } from './graph.ts';
import type { Tensor } from './tensorflow.ts';

/** Where executed ops go: tensors' data by the node that they come from, and nodes to wait for. */
export interface Recording {
  graph: GraphBuilder;
  names: Map<object, string>;
  /** Control inputs of every op that is added. */
  after: readonly string[];
  /** Adds an op to the graph. @param tensors what its inputs look like */
  add(op: string, inputs: readonly string[], attributes: readonly TFEOpAttr[], tensors: readonly TensorInfo[]): string;
}

/**
 * Tensors of floats that have a shape and no values: recording has to know what follows on what, and a large network's
 * values would take more memory than the training. An op that takes them is given zeros.
 */
export function createHollowTensors(backend: NodeJSKernelBackend) {
  const { binding } = backend;
  const hollow = new WeakSet<object>();

  const make = (shape: number[]): Tensor => {
    const tensor = adopt(backend, { id: -1, shape, dtype: binding.TF_FLOAT });
    hollow.add(tensor.dataId);
    return tensor;
  };

  const zeros = (shape: number[]): number => {
    const attributes = [
      typeAttribute(backend, 'T', binding.TF_FLOAT),
      typeAttribute(backend, 'index_type', binding.TF_INT32),
    ];
    const inputs = [
      binding.createTensor([shape.length], binding.TF_INT32, Int32Array.from(shape)),
      binding.createTensor([], binding.TF_FLOAT, Float32Array.of(0)),
    ];
    const [filled] = binding.executeOp('Fill', attributes, inputs, 1);
    for (const id of inputs) binding.deleteTensor(id);
    return (filled as TensorMetadata).id;
  };

  return {
    make,
    /** Executes an op for the shapes of its outputs. */
    execute(op: string, attributes: TFEOpAttr[], inputs: TensorInfo[], count: number): Tensor[] {
      const lent: number[] = [];
      const ids = inputs.map((input) => {
        if (!hollow.has(input.dataId)) return idOf(backend, input);
        const id = zeros(input.shape);
        lent.push(id);
        return id;
      });
      const outputs = binding.executeOp(op, attributes, ids, count);
      for (const id of lent) binding.deleteTensor(id);
      return outputs.map((output) => {
        if (output.dtype !== binding.TF_FLOAT) return adopt(backend, output);
        binding.deleteTensor(output.id);
        return make(output.shape);
      });
    },
  };
}
export type HollowTensors = ReturnType<typeof createHollowTensors>;

/** Calls `body` while every op that tfjs executes is added to a recording, and only its shapes are computed. */
export function record<T>(
  backend: NodeJSKernelBackend,
  tensors: HollowTensors,
  recording: Recording,
  body: () => T,
): T {
  const { graph, names } = recording;
  const { executeSingleOutput, executeMultipleOutputs, readSync } = backend;
  const nameOf = (tensor: TensorInfo): string => {
    const known = names.get(tensor.dataId);
    if (known !== undefined) return known;
    // Not made by a recorded op, no input and no state: a constant of the program.
    const values = readSync.call(backend, tensor.dataId) as Float32Array | Int32Array | Uint8Array;
    const type = tensor.dtype as DataType;
    const name = graph.constant(type, tensor.shape, type === 'bool' ? Uint8Array.from(values) : values);
    names.set(tensor.dataId, name);
    return name;
  };
  const execute = (op: string, attributes: TFEOpAttr[], inputs: TensorInfo[], count: number): Tensor[] => {
    const outputs = tensors.execute(op, attributes, inputs, count);
    const node = recording.add(op, inputs.map(nameOf), attributes, inputs);
    outputs.forEach((output, i) => {
      names.set(output.dataId, i === 0 ? node : `${node}:${i}`);
    });
    return outputs;
  };
  backend.readSync = () => {
    throw new Error('a recorded program looks at a value: it would stay what it was while recording');
  };
  backend.executeSingleOutput = (op, attributes, inputs) => execute(op, attributes, inputs, 1)[0] as Tensor;
  backend.executeMultipleOutputs = execute as typeof executeMultipleOutputs;
  try {
    return body();
  } finally {
    backend.executeSingleOutput = executeSingleOutput;
    backend.executeMultipleOutputs = executeMultipleOutputs;
    backend.readSync = readSync;
  }
}
