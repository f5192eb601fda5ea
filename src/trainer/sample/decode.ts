import type { Codec } from '../model/codec.ts';
import { batchesOf } from './batches.ts';

/**
 * Pictures of a shard's samples. Those that a network makes are made in batches such that a sample has the same place in its
 * batch whatever the shard.
 * @param samples values of all of them, as networks see them
 * @param shard its first sample, and how many there are
 * @param onBatch told after every batch; may throw to stop
 */
export async function decodeSamples(
  codec: Codec,
  samples: Float32Array,
  { first, count }: { first: number; count: number },
  onBatch: () => Promise<void>,
): Promise<Uint8Array> {
  if (codec.batchSize === undefined) return codec.decode(samples);
  const size = samples.length / count;
  const pictures: Uint8Array[] = [];
  for (const { place, from, to } of batchesOf(first, count, codec.batchSize)) {
    const values = new Float32Array((place + to - from) * size); // zeros in the places of other shards' samples
    values.set(samples.subarray(from * size, to * size), place * size);
    const decoded = codec.decode(values);
    pictures.push(decoded.subarray((place * decoded.length) / (place + to - from)));
    await onBatch();
  }
  return new Uint8Array(Buffer.concat(pictures));
}
