import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { backendOf, type NodeJSKernelBackend } from './backend.ts';
import { createBrainFloatAdder } from './brainFloat.ts';
import { attributes, GraphBuilder } from './graph.ts';
import {
  downloadAll,
  type Precision,
  type Program,
  type ProgramSpec,
  type Routine,
  scoped,
  type Tensors,
  uploadInputs,
  uploadState,
} from './program.ts';
import { createHollowTensors, type Recording, record } from './recording.ts';
import type { Tensor, TensorFlow } from './tensorflow.ts';

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

/** Placeholders of a state's new value, and of a routine's input. */
const writeName = (name: string) => `write_${name}`;
const inputName = (routine: string, name: string) => `input_${routine}_${name}`;

/** A state's variable in the graph, and the nodes that write and read it. */
function addVariable(graph: GraphBuilder, name: string, shape: number[]) {
  const handle = graph.add('VarHandleOp', [], {
    dtype: float,
    shape: attributes.shape(shape),
    shared_name: attributes.text(name),
    container: attributes.text(''),
  });
  const source = graph.placeholder(writeName(name), 'float32', shape);
  return {
    name,
    shape,
    write: graph.add('AssignVariableOp', [handle, source], { dtype: float }),
    handle,
    value: graph.add('ReadVariableOp', [handle], { dtype: float }),
  };
}
type Variable = ReturnType<typeof addVariable>;

/** A routine in the graph: what fetches its outputs, and what its end, once all of its state has been written. */
interface RecordedRoutine {
  specs: Routine['inputs'];
  outputs: readonly (readonly [name: string, node: string])[];
  done: string;
}

/** Records what a routine does. */
function addRoutine(
  tf: typeof TensorFlow,
  graph: GraphBuilder,
  variables: readonly Variable[],
  routine: string,
  { inputs: specs, update }: Routine,
  precision: Precision,
): RecordedRoutine {
  const backend = backendOf(tf);
  const hollow = createHollowTensors(backend);
  const names = new Map<object, string>();
  const named = (tensor: Tensor, node: string): Tensor => {
    names.set(tensor.dataId, node);
    return tensor;
  };
  const state: Tensors = Object.fromEntries(
    variables.map(({ name, shape, value }) => [name, named(hollow.make(shape), value)]),
  );
  const inputs: Tensors = Object.fromEntries(
    Object.entries(specs).map(([name, { shape, dtype }]) => [
      name,
      named(
        dtype === 'float32' ? hollow.make(shape) : tf.zeros(shape, dtype),
        graph.placeholder(inputName(routine, name), dtype, shape),
      ),
    ]),
  );
  const addHalved = createBrainFloatAdder(graph);
  const recording: Recording = {
    graph,
    names,
    after: [],
    add: (op, nodes, values, tensors) =>
      precision === 'BFloat16'
        ? addHalved(op, nodes, values, tensors, recording.after)
        : graph.addExecuted(op, [...nodes, ...recording.after], values),
  };
  const nodeOf = (tensor: Tensor) => names.get(tensor.dataId) as string;
  return record(backend, hollow, recording, () => {
    const { outputs, stages } = update(state, inputs);
    for (const stage of stages) {
      const next = stage();
      const assigns = variables
        .filter(({ name }) => next[name] !== undefined)
        .map(({ name, handle }) =>
          graph.add('AssignVariableOp', [handle, nodeOf(next[name] as Tensor)], { dtype: float }),
        );
      recording.after = [`^${graph.add('NoOp', [...assigns.map((name) => `^${name}`), ...recording.after], {})}`];
    }
    const one = graph.constant('float32', [], Float32Array.of(1));
    return {
      specs,
      done: graph.add('Identity', [one, ...recording.after], { T: float }),
      outputs: Object.entries(outputs).map(
        ([name, tensor]) => [name, graph.add('Identity', [nodeOf(tensor), ...recording.after], { T: float })] as const,
      ),
    };
  });
}

/**
 * Records every routine once and replays it as one graph with variables: one call instead of thousands.
 * Numerically it is the eager program, up to what TensorFlow's graph optimizer rewrites; sums keep their order.
 */
export function createRecordedProgram(tf: typeof TensorFlow, spec: ProgramSpec): Program {
  const backend = backendOf(tf);
  const graph = new GraphBuilder(backend);
  const variables = Object.entries(spec.state).map(([name, shape]) => addVariable(graph, name, shape));
  const byName = new Map(variables.map((variable) => [variable.name, variable]));
  const routines = new Map(
    Object.entries(spec.routines).map(([name, routine]) => [
      name,
      scoped(tf, () => addRoutine(tf, graph, variables, name, routine, spec.precision ?? 'Float32')),
    ]),
  );
  const one = graph.constant('float32', [], Float32Array.of(1));
  const written = graph.add('Identity', [one, ...variables.map(({ write }) => `^${write}`)], { T: float });

  const session = loadSession(backend, graph);
  const call = (inputs: readonly (readonly [string, Tensor])[], outputs: readonly string[]): Tensor[] =>
    backend.runSavedModel(
      session,
      inputs.map(([, tensor]) => tensor),
      inputs.map(([name, { dtype }]) => ({ name: `${name}:0`, dtype, shape: undefined, tfDtype: undefined })) as never,
      outputs.map((name) => `${name}:0`),
    ) as unknown as Tensor[];

  return {
    async write(parts) {
      const uploaded = await uploadState(tf, spec.state, parts);
      const feeds = Object.entries(uploaded).map(([name, tensor]) => [writeName(name), tensor] as const);
      try {
        tf.dispose(call(feeds, [written]));
      } finally {
        tf.dispose(uploaded);
      }
    },
    *read(names) {
      const values = names.map((name) => (byName.get(name) as Variable).value);
      const tensors = call([], values); // they share their memory with the variables
      try {
        for (const [i, name] of names.entries()) yield [name, (tensors[i] as Tensor).dataSync<'float32'>()];
      } finally {
        tf.dispose(tensors);
      }
    },
    run: (name, inputs) =>
      scoped(tf, () => {
        const { specs, outputs, done } = routines.get(name) as RecordedRoutine;
        const uploaded = Object.entries(uploadInputs(tf, specs, inputs));
        const results = call(
          uploaded.map(([input, tensor]) => [inputName(name, input), tensor] as const),
          outputs.length === 0 ? [done] : outputs.map(([, node]) => node),
        );
        return downloadAll(Object.fromEntries(outputs.map(([output], i) => [output, results[i] as Tensor])));
      }),
    dispose: () => backend.binding.deleteSavedModel(session),
  };
}
