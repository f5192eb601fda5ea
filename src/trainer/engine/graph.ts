/// <reference path="./protobuf.d.ts" />
import proto from '@tensorflow/tfjs-node-gpu/dist/proto/api_pb.js';
import type { NodeJSKernelBackend, TFEOpAttr } from './backend.ts';

type AttrValue = InstanceType<typeof proto.AttrValue>;

/** TensorFlow's numbers of the types that a graph uses. */
const dataTypes = { float32: 1, int32: 3, bool: 10, bfloat16: 14 } as const;
export type DataType = keyof typeof dataTypes;

function shapeProto(shape: readonly number[]) {
  const message = new proto.TensorShape();
  for (const size of shape) {
    const dim = new proto.TensorShape.Dim();
    dim.setSize(size);
    message.addDim(dim);
  }
  return message;
}

function attribute(fill: (value: AttrValue) => void): AttrValue {
  const value = new proto.AttrValue();
  fill(value);
  return value;
}

export const attributes = {
  type: (type: DataType) => attribute((value) => value.setType(dataTypes[type])),
  shape: (shape: readonly number[]) => attribute((value) => value.setShape(shapeProto(shape))),
  flag: (flag: boolean) => attribute((value) => value.setB(flag)),
  text: (text: string) => attribute((value) => value.setS(Buffer.from(text))),
};

/** An attribute of an eager op as an attribute of a graph node. */
function convertAttribute({ binding }: NodeJSKernelBackend, { name, type, value }: TFEOpAttr): AttrValue {
  switch (type) {
    case binding.TF_ATTR_TYPE:
      return attribute((result) => result.setType(value as number));
    case binding.TF_ATTR_BOOL:
      return attribute((result) => result.setB(value as boolean));
    case binding.TF_ATTR_FLOAT:
      return attribute((result) => result.setF(value as number));
    case binding.TF_ATTR_STRING:
      return attribute((result) => result.setS(Buffer.from(value as string)));
    case binding.TF_ATTR_SHAPE:
      return attribute((result) => result.setShape(shapeProto(value as number[])));
    case binding.TF_ATTR_INT:
      return attribute((result) => {
        if (!Array.isArray(value)) return result.setI(value as number);
        const list = new proto.AttrValue.ListValue();
        list.setIList(value as number[]);
        result.setList(list);
      });
    default:
      throw new Error(`attribute ${name} has type ${type}, which a graph cannot hold`);
  }
}

/**
 * TensorFlow's graph optimizer makes one AddN of a tree of sums, and AddN begins with whichever summand's memory is free first:
 * the last bits then differ from run to run. It leaves alone what has the mark of having been looked at. Another version of
 * TensorFlow may name it otherwise: a test of this file tells.
 */
const inThisOrder = { _grappler_ArithmeticOptimizer_AddOpsRewriteStage: attributes.flag(true) };

/** A TensorFlow graph under construction. Nodes are named by their number; inputs are `node` or `node:output`. */
export class GraphBuilder {
  readonly #nodes: InstanceType<typeof proto.NodeDef>[] = [];
  readonly #backend: NodeJSKernelBackend;

  constructor(backend: NodeJSKernelBackend) {
    this.#backend = backend;
  }

  get size(): number {
    return this.#nodes.length;
  }

  /** Adds a node and returns its name. An input `^name` is a control dependency. */
  add(
    op: string,
    inputs: readonly string[],
    values: Record<string, AttrValue>,
    name = `n${this.#nodes.length}`,
  ): string {
    const node = new proto.NodeDef();
    node.setName(name);
    node.setOp(op);
    for (const input of inputs) node.addInput(input);
    for (const [key, value] of Object.entries({ ...values, ...(op === 'Add' && inThisOrder) }))
      node.getAttrMap().set(key, value);
    this.#nodes.push(node);
    return name;
  }

  /** Adds an op as it was executed eagerly. @param others attributes in place of those that it had */
  addExecuted(
    op: string,
    inputs: readonly string[],
    values: readonly TFEOpAttr[],
    others: Record<string, AttrValue> = {},
  ): string {
    const own = Object.fromEntries(values.map((value) => [value.name, convertAttribute(this.#backend, value)]));
    return this.add(op, inputs, { ...own, ...others });
  }

  placeholder(name: string, type: DataType, shape: readonly number[]): string {
    return this.add('Placeholder', [], { dtype: attributes.type(type), shape: attributes.shape(shape) }, name);
  }

  constant(type: DataType, shape: readonly number[], values: Float32Array | Int32Array | Uint8Array): string {
    const tensor = new proto.Tensor();
    tensor.setDtype(dataTypes[type]);
    tensor.setTensorShape(shapeProto(shape));
    tensor.setTensorContent(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    return this.add('Const', [], {
      dtype: attributes.type(type),
      value: attribute((result) => result.setTensor(tensor)),
    });
  }

  /** The graph as the bytes of a SavedModel with one meta graph, tagged `serve`. */
  toSavedModel(): Uint8Array {
    const versions = new proto.VersionDef();
    versions.setProducer(1395); // of TensorFlow 2.x: ops below keep their meaning from it on
    const graph = new proto.GraphDef();
    graph.setNodeList(this.#nodes);
    graph.setVersions(versions);
    const info = new proto.MetaGraphDef.MetaInfoDef();
    info.addTags('serve');
    const metaGraph = new proto.MetaGraphDef();
    metaGraph.setGraphDef(graph);
    metaGraph.setMetaInfoDef(info);
    const model = new proto.SavedModel();
    model.setSavedModelSchemaVersion(1);
    model.addMetaGraphs(metaGraph);
    return model.serializeBinary();
  }
}
