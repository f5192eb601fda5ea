import type { TensorInfo, TFEOpAttr } from './backend.ts';
import { attributes, type GraphBuilder } from './graph.ts';

/** Matrix products and convolutions, by which of their inputs are numbers; the others are shapes. */
const products: Readonly<Record<string, readonly [number, number]>> = {
  BatchMatMulV2: [0, 1],
  Conv2D: [0, 1],
  Conv2DBackpropFilter: [0, 2],
  Conv2DBackpropInput: [1, 2],
};

/** A product with a single row is a sum, such as those of GroupNorm, and is kept exact. */
const isSum = (op: string, tensors: readonly TensorInfo[]) =>
  op === 'BatchMatMulV2' && tensors.some(({ shape }) => shape.at(-2) === 1);

/**
 * Adds ops to a graph such that matrix products and convolutions, those of gradients among them, compute with bfloat16 numbers
 * and add up in float32, as mixed precision does it (Micikevicius et al. 2018; Kalamkar et al. 2019): all that lies between,
 * weights, norms, softmax and loss, stays float32. Bfloat16 has the range of float32, so that the loss needs no scaling.
 * @returns adds an op as it was executed, and gives its node
 */
export function createBrainFloatAdder(graph: GraphBuilder) {
  const halves = new Map<string, string>();
  const cast = (node: string, after: readonly string[], from: 'float32' | 'bfloat16', to: 'float32' | 'bfloat16') =>
    graph.add('Cast', [node, ...after], { SrcT: attributes.type(from), DstT: attributes.type(to) });
  /** One cast of a value, however many products take it. */
  const halfOf = (node: string, after: readonly string[]) => {
    const half = halves.get(node) ?? cast(node, after, 'float32', 'bfloat16');
    halves.set(node, half);
    return half;
  };
  return (
    op: string,
    inputs: readonly string[],
    values: readonly TFEOpAttr[],
    tensors: readonly TensorInfo[],
    after: readonly string[],
  ): string => {
    const numbers = products[op];
    if (numbers === undefined || isSum(op, tensors)) return graph.addExecuted(op, [...inputs, ...after], values);
    const halved = inputs.map((input, i) => (numbers.includes(i) ? halfOf(input, after) : input));
    const product = graph.addExecuted(op, [...halved, ...after], values, { T: attributes.type('bfloat16') });
    return cast(product, after, 'bfloat16', 'float32');
  };
}
