import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { backendOf, type NodeJSKernelBackend, type TensorInfo } from './backend.ts';
import { attributes, type DataType, GraphBuilder } from './graph.ts';
import {
  downloadAll,
  type Program,
  type ProgramSpec,
  scoped,
  type Tensors,
  uploadInputs,
  uploadState,
} from './program.ts';
import type { Tensor, TensorFlow } from './tensorflow.ts';

/** Calls `body` while every op that tfjs executes is also added to `graph`. `names` maps a tensor's data to its node. */
function record<T>(backend: NodeJSKernelBackend, graph: GraphBuilder, names: Map<object, string>, body: () => T): T {
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
  const { executeSingleOutput, executeMultipleOutputs, readSync } = backend;
  backend.readSync = () => {
    throw new Error('a recorded program looks at a value: it would stay what it was while recording');
  };
  backend.executeSingleOutput = (op, opAttributes, inputs) => {
    const output = executeSingleOutput.call(backend, op, opAttributes, inputs);
    names.set(output.dataId, graph.addExecuted(op, inputs.map(nameOf), opAttributes));
    return output;
  };
  backend.executeMultipleOutputs = (op, opAttributes, inputs, count) => {
    const outputs = executeMultipleOutputs.call(backend, op, opAttributes, inputs, count);
    const node = graph.addExecuted(op, inputs.map(nameOf), opAttributes);
    outputs.forEach((output, i) => {
      names.set(output.dataId, i === 0 ? node : `${node}:${i}`);
    });
    return outputs;
  };
  try {
    return body();
  } finally {
    backend.executeSingleOutput = executeSingleOutput;
    backend.executeMultipleOutputs = executeMultipleOutputs;
    backend.readSync = readSync;
  }
}

/** Loads a graph as a TensorFlow session. The session reads the file once, so that it can go at once. */
function loadSession(backend: NodeJSKernelBackend, graph: GraphBuilder): number {
  const folder = mkdtempSync(join(tmpdir(), 'ddr-graph-'));
  try {
    mkdirSync(join(folder, 'variables'));
    writeFileSync(join(folder, 'saved_model.pb'), graph.toSavedModel());
    return backend.binding.loadSavedModel(folder, 'serve');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const float = attributes.type('float32');

/** A state's variable in the graph, and the nodes that write and read it. */
function addVariable(graph: GraphBuilder, name: string, shape: number[]) {
  const handle = graph.add('VarHandleOp', [], {
    dtype: float,
    shape: attributes.shape(shape),
    shared_name: attributes.text(name),
    container: attributes.text(''),
  });
  const source = graph.placeholder(`write_${name}`, 'float32', shape);
  return {
    name,
    shape,
    write: graph.add('AssignVariableOp', [handle, source], { dtype: float }),
    handle,
    value: graph.add('ReadVariableOp', [handle], { dtype: float }),
  };
}
type Variable = ReturnType<typeof addVariable>;

/** Adds what the update does on zeros, and what fetches its outputs once all of its state has been written. */
function addUpdate(tf: typeof TensorFlow, graph: GraphBuilder, variables: readonly Variable[], spec: ProgramSpec) {
  const names = new Map<object, string>();
  const zeros = (shape: number[], dtype: 'float32' | 'int32'): Tensor => tf.zeros(shape, dtype);
  const state: Tensors = Object.fromEntries(variables.map(({ name, shape }) => [name, zeros(shape, 'float32')]));
  const inputs: Tensors = Object.fromEntries(
    Object.entries(spec.inputs).map(([name, { shape, dtype }]) => [name, zeros(shape, dtype)]),
  );
  for (const { name, value } of variables) names.set((state[name] as Tensor).dataId, value);
  for (const [name, { shape, dtype }] of Object.entries(spec.inputs)) {
    names.set((inputs[name] as Tensor).dataId, graph.placeholder(`input_${name}`, dtype, shape));
  }
  const result = record(backendOf(tf), graph, names, () => spec.update(state, inputs));
  const nodeOf = (tensor: Tensor) => names.get(tensor.dataId) as string;
  const assigns = variables
    .filter(({ name }) => result.state[name] !== undefined)
    .map(({ name, handle }) =>
      graph.add('AssignVariableOp', [handle, nodeOf(result.state[name] as Tensor)], { dtype: float }),
    );
  const after = assigns.map((name) => `^${name}`);
  const outputNames = Object.entries(result.outputs).map(
    ([name, tensor]) => [name, graph.add('Identity', [nodeOf(tensor), ...after], { T: float })] as const,
  );
  const one = graph.constant('float32', [], Float32Array.of(1));
  const done = graph.add('Identity', [one, ...variables.map(({ write }) => `^${write}`)], { T: float });
  return { outputNames, done };
}

/**
 * Records the update once, on zeros, and replays it as one graph with variables: one call instead of thousands.
 * Numerically it is the eager program, up to the order of sums that TensorFlow's graph optimizer may change.
 */
export function createRecordedProgram(tf: typeof TensorFlow, spec: ProgramSpec): Program {
  const backend = backendOf(tf);
  const graph = new GraphBuilder(backend);
  const variables = Object.entries(spec.state).map(([name, shape]) => addVariable(graph, name, shape));
  const { outputNames, done } = scoped(tf, () => addUpdate(tf, graph, variables, spec));

  const session = loadSession(backend, graph);
  const call = (inputs: readonly (readonly [string, Tensor])[], outputs: readonly string[]): Tensor[] =>
    backend.runSavedModel(
      session,
      inputs.map(([, tensor]) => tensor),
      inputs.map(([name, { dtype }]) => ({ name: `${name}:0`, dtype, shape: undefined, tfDtype: undefined })) as never,
      outputs.map((name) => `${name}:0`),
    ) as unknown as Tensor[];

  return {
    write: (state) =>
      scoped(tf, () => {
        const uploaded = Object.entries(uploadState(tf, spec.state, state));
        call(
          uploaded.map(([name, tensor]) => [`write_${name}`, tensor] as const),
          [done],
        );
      }),
    read: () =>
      scoped(tf, () => {
        const tensors = call(
          [],
          variables.map(({ value }) => value),
        );
        return downloadAll(Object.fromEntries(variables.map(({ name }, i) => [name, tensors[i] as Tensor])));
      }),
    run: (inputs) =>
      scoped(tf, () => {
        const uploaded = Object.entries(uploadInputs(tf, spec.inputs, inputs));
        const results = call(
          uploaded.map(([name, tensor]) => [`input_${name}`, tensor] as const),
          outputNames.map(([, node]) => node),
        );
        return downloadAll(Object.fromEntries(outputNames.map(([name], i) => [name, results[i] as Tensor])));
      }),
    dispose: () => backend.binding.deleteSavedModel(session),
  };
}
