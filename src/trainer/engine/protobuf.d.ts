// The classes of TensorFlow's protocol buffers that come with tfjs-node, which ships no types for them.
declare module '@tensorflow/tfjs-node-gpu/dist/proto/api_pb.js' {
  class TensorShape {
    addDim(dim: TensorShape.Dim): void;
  }
  namespace TensorShape {
    class Dim {
      setSize(size: number): void;
    }
  }
  class TensorProto {
    setDtype(type: number): void;
    setTensorShape(shape: TensorShape): void;
    setTensorContent(bytes: Uint8Array): void;
  }
  class AttrValue {
    setType(type: number): void;
    setB(value: boolean): void;
    setI(value: number): void;
    setF(value: number): void;
    setS(value: Uint8Array): void;
    setShape(value: TensorShape): void;
    setTensor(value: TensorProto): void;
    setList(value: AttrValue.ListValue): void;
  }
  namespace AttrValue {
    class ListValue {
      setIList(values: number[]): void;
    }
  }
  class NodeDef {
    setName(name: string): void;
    setOp(op: string): void;
    addInput(input: string): void;
    getAttrMap(): Map<string, AttrValue>;
  }
  class VersionDef {
    setProducer(version: number): void;
  }
  class GraphDef {
    setNodeList(nodes: NodeDef[]): void;
    setVersions(versions: VersionDef): void;
  }
  class MetaGraphDef {
    setGraphDef(graph: GraphDef): void;
    setMetaInfoDef(info: MetaGraphDef.MetaInfoDef): void;
  }
  namespace MetaGraphDef {
    class MetaInfoDef {
      addTags(tag: string): void;
    }
  }
  class SavedModel {
    setSavedModelSchemaVersion(version: number): void;
    addMetaGraphs(graph: MetaGraphDef): void;
    serializeBinary(): Uint8Array;
  }
  const messages: {
    TensorShape: typeof TensorShape;
    Tensor: typeof TensorProto;
    AttrValue: typeof AttrValue;
    NodeDef: typeof NodeDef;
    VersionDef: typeof VersionDef;
    GraphDef: typeof GraphDef;
    MetaGraphDef: typeof MetaGraphDef;
    SavedModel: typeof SavedModel;
  };
  export default messages;
}
