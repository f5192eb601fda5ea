import type { ImageShape } from '../../api/spec/dataset.ts';
import { type Trajectory, trajectorySamples } from '../artifacts/samples.ts';
import { bytesPerImage } from '../data/imageSource.ts';
import type { Codec } from '../model/codec.ts';

/** Bytes that a kept trajectory has at most: of many states or large images fewer samples are watched. */
const maximumBytes = 2 ** 26;

/** Pictures of a trajectory that a codec with a network makes at most: of very many states there is then none. */
const maximumDecoded = 1024;

/** Records how the first samples come about. */
export interface TrajectoryRecorder {
  /** How many samples are recorded; none but by the first shard. */
  watched: number;
  onStart: (x: Float32Array) => void;
  onStep: (x: Float32Array, predicted: Float32Array) => void;
  /**
   * What was recorded; undefined where nothing is watched.
   * @param onFrame told after every moment that a network had to decode; may throw to stop
   */
  finish: (onFrame: () => Promise<void>) => Promise<Trajectory | undefined>;
}

/** Pictures of a moment, or its values where a network makes pictures of them at the end. */
type Frame = Uint8Array | Float32Array;

/**
 * @param codec makes pictures of what the networks see
 * @param image shape of a picture
 * @param states how many steps there will be
 */
export function recordTrajectory(
  codec: Codec,
  image: ImageShape,
  shard: { index: number; count: number },
  states: number,
): TrajectoryRecorder {
  const affordable = Math.max(1, Math.floor(maximumBytes / (bytesPerImage(image) * (states + 1))));
  const decodable = codec.batchSize === undefined ? affordable : Math.floor(maximumDecoded / (2 * states + 1));
  const watched = shard.index === 0 ? Math.min(trajectorySamples, shard.count, affordable, decodable) : 0;
  const values = watched * bytesPerImage(codec.networkShape(image));
  const frames: { x: Frame[]; predicted: Frame[] } = { x: [], predicted: [] };
  const frameOf = (all: Float32Array): Frame => {
    const own = all.slice(0, values);
    return codec.batchSize === undefined ? codec.decode(own) : own;
  };
  const arrayOf = async (parts: readonly Frame[], onFrame: () => Promise<void>) => {
    const pictures: Uint8Array[] = [];
    for (const part of parts) {
      pictures.push(part instanceof Uint8Array ? part : codec.decode(part));
      if (!(part instanceof Uint8Array)) await onFrame();
    }
    return {
      shape: [parts.length, watched, image.size, image.size, image.channels],
      data: new Uint8Array(Buffer.concat(pictures)),
    };
  };
  return {
    watched,
    onStart(x) {
      frames.x.push(frameOf(x));
    },
    onStep(x, predicted) {
      frames.x.push(frameOf(x));
      frames.predicted.push(frameOf(predicted));
    },
    finish: async (onFrame) =>
      watched === 0
        ? undefined
        : { x: await arrayOf(frames.x, onFrame), predicted: await arrayOf(frames.predicted, onFrame) },
  };
}
