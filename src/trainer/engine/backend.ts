import type { NodeJSKernelBackend } from '@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend.js';
import type { TensorMetadata, TFEOpAttr } from '@tensorflow/tfjs-node-gpu/dist/tfjs_binding.js';
import type { Tensor, TensorFlow } from './tensorflow.ts';

export type { NodeJSKernelBackend, TensorMetadata, TFEOpAttr };
export type TensorInfo = Parameters<NodeJSKernelBackend['executeSingleOutput']>[2][number];

/** The backend under tfjs, through which any TensorFlow op can be called by name. */
export const backendOf = (tf: typeof TensorFlow): NodeJSKernelBackend => tf.backend() as unknown as NodeJSKernelBackend;

/** Attribute that holds a type, such as T. */
export const typeAttribute = (backend: NodeJSKernelBackend, name: string, value: number): TFEOpAttr => ({
  name,
  type: backend.binding.TF_ATTR_TYPE,
  value,
});

/** What is private to the backend by its types only. */
interface Inside {
  createOutputTensor(metadata: TensorMetadata): Tensor;
  getInputTensorIds(inputs: TensorInfo[]): number[];
}
const insideOf = (backend: NodeJSKernelBackend) => backend as unknown as Inside;

/** TensorFlow's tensor as one of tfjs'. Its id may be −1: it then stands for one that is not there. */
export const adopt = (backend: NodeJSKernelBackend, metadata: TensorMetadata): Tensor =>
  insideOf(backend).createOutputTensor(metadata);

/** TensorFlow's id of a tensor of tfjs', which stays tfjs'. */
export const idOf = (backend: NodeJSKernelBackend, tensor: TensorInfo): number =>
  insideOf(backend).getInputTensorIds([tensor])[0] as number;

/** Calls an op that tfjs has no function for. No gradient flows through it. */
function callOp(tf: typeof TensorFlow, name: string, attributes: TFEOpAttr[], inputs: TensorInfo[]): Tensor {
  return backendOf(tf).executeSingleOutput(name, attributes, inputs) as unknown as Tensor;
}

/**
 * A tensor that TensorFlow alone owns. tfjs' own keeps the values in JavaScript until an op takes them, and TensorFlow then may
 * go on using their memory, which it must not where a variable is to hold them: its threads cannot give it back.
 */
export function uploadFloats(tf: typeof TensorFlow, shape: number[], values: Float32Array): Tensor {
  const backend = backendOf(tf);
  const { binding } = backend;
  const id = binding.createTensor(shape, binding.TF_FLOAT, values);
  try {
    const [copy] = binding.executeOp('DeepCopy', [typeAttribute(backend, 'T', binding.TF_FLOAT)], [id], 1);
    return adopt(backend, copy as TensorMetadata);
  } finally {
    binding.deleteTensor(id);
  }
}

/** An op of TensorFlow's that makes random numbers from a seed pair. */
function callStateless(tf: typeof TensorFlow, name: string, shape: number[], seed: Tensor): Tensor {
  const backend = backendOf(tf);
  const { TF_FLOAT, TF_INT32 } = backend.binding;
  const attributes = [
    typeAttribute(backend, 'dtype', TF_FLOAT),
    typeAttribute(backend, 'T', TF_INT32),
    typeAttribute(backend, 'Tseed', TF_INT32),
  ];
  return callOp(tf, name, attributes, [tf.tensor1d(shape, 'int32'), seed]);
}

/**
 * Standard normal numbers that are a function of the seed pair alone (TensorFlow's counter-based Philox).
 * @param seed int32[2]
 */
export const statelessNormal = (tf: typeof TensorFlow, shape: number[], seed: Tensor): Tensor =>
  callStateless(tf, 'StatelessRandomNormal', shape, seed);

/** Numbers from [0, 1) that are a function of the seed pair alone. @param seed int32[2] */
export const statelessUniform = (tf: typeof TensorFlow, shape: number[], seed: Tensor): Tensor =>
  callStateless(tf, 'StatelessRandomUniform', shape, seed);

/** Rows of x along its first axis. tfjs' own looks at the indices, which a recorded program is told later. @param rows int32 */
export function gatherRows(tf: typeof TensorFlow, x: Tensor, rows: Tensor): Tensor {
  const backend = backendOf(tf);
  const { TF_FLOAT, TF_INT32, TF_ATTR_INT } = backend.binding;
  const attributes = [
    { name: 'batch_dims', type: TF_ATTR_INT, value: 0 },
    typeAttribute(backend, 'Tparams', TF_FLOAT),
    typeAttribute(backend, 'Tindices', TF_INT32),
    typeAttribute(backend, 'Taxis', TF_INT32),
  ];
  return callOp(tf, 'GatherV2', attributes, [x, rows, tf.scalar(0, 'int32')]);
}

/** x + bias along the last axis, with the gradient as one reduction instead of tfjs' chain of them. */
export function addBias(tf: typeof TensorFlow, x: Tensor, bias: Tensor): Tensor {
  const backend = backendOf(tf);
  const type = typeAttribute(backend, 'T', backend.binding.TF_FLOAT);
  return tf.customGrad((a, b) => ({
    value: callOp(tf, 'BiasAdd', [type], [a as Tensor, b as Tensor]),
    gradFunc: (dy) => [dy as Tensor, callOp(tf, 'BiasAddGrad', [type], [dy as Tensor])],
  }))(x, bias);
}
