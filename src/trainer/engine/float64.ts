import type { TFEOpAttr } from './backend.ts';
import { backendOf, typeAttribute } from './backend.ts';
import type { TensorFlow } from './tensorflow.ts';

/** TensorFlow's DT_DOUBLE, a type that tfjs does not know; its tensors live below tfjs, by their ids. */
const double = 2;

/** Eigenvalues, ascending, and eigenvectors as columns of a row-major n×n matrix. */
export interface Eigen {
  values: Float64Array;
  vectors: Float64Array;
}

/** Dense float64 linear algebra on row-major n×n matrices. */
export interface LinearAlgebra {
  symmetricEigen(matrix: Float64Array, n: number): Eigen;
  /** a·b, or aᵀ·b, or a·bᵀ. */
  multiply(a: Float64Array, b: Float64Array, n: number, transpose?: 'a' | 'b'): Float64Array;
}

/** Float64 by TensorFlow's own kernels: numbers cross as pairs of int32 and are bit-cast on the other side. */
export function createLinearAlgebra(tf: typeof TensorFlow): LinearAlgebra {
  const backend = backendOf(tf);
  const { binding } = backend;

  const bitcast = (id: number, from: number, to: number) => {
    const attributes = [typeAttribute(backend, 'T', from), typeAttribute(backend, 'type', to)];
    const [output] = binding.executeOp('Bitcast', attributes, [id], 1);
    binding.deleteTensor(id);
    return (output as { id: number }).id;
  };
  const upload = (matrix: Float64Array, n: number) =>
    bitcast(
      binding.createTensor(
        [n, n, 2],
        binding.TF_INT32,
        new Int32Array(matrix.buffer, matrix.byteOffset, matrix.length * 2),
      ),
      binding.TF_INT32,
      double,
    );
  const download = (id: number) => {
    const words = bitcast(id, double, binding.TF_INT32);
    const data = binding.tensorDataSync(words);
    binding.deleteTensor(words);
    return new Float64Array(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength));
  };
  const run = (op: string, attributes: TFEOpAttr[], inputs: number[], outputs: number) => {
    const results = binding.executeOp(op, [typeAttribute(backend, 'T', double), ...attributes], inputs, outputs);
    for (const id of inputs) binding.deleteTensor(id);
    return results.map(({ id }) => download(id));
  };
  const flag = (name: string, value: boolean): TFEOpAttr => ({ name, type: binding.TF_ATTR_BOOL, value });

  return {
    symmetricEigen(matrix, n) {
      const [values, vectors] = run('SelfAdjointEigV2', [flag('compute_v', true)], [upload(matrix, n)], 2);
      return { values: values as Float64Array, vectors: vectors as Float64Array };
    },
    multiply(a, b, n, transpose) {
      const attributes = [flag('transpose_a', transpose === 'a'), flag('transpose_b', transpose === 'b')];
      return run('MatMul', attributes, [upload(a, n), upload(b, n)], 1)[0] as Float64Array;
    },
  };
}
