import { openSync, readSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { billionthsOf } from '../../../api/quantity.ts';
import { cacheSize } from '../../../api/spec/dataset.ts';
import { createImageReader } from './imageReader.ts';
import { entryBytes, readEntry } from './indexEntry.ts';
import { limited } from './limited.ts';
import { openRangeCache, type RangeCache } from './rangeCache.ts';
import { fromError, type Request, type StreamPlan } from './streamPlan.ts';

/** Images that are fetched or decoded at once. */
const width = 32;

/** What of a disk's limit is used: file systems need some of it for themselves. */
const usable = 0.95;

async function openCache({ dataset, cacheFolder }: StreamPlan): Promise<RangeCache | undefined> {
  const size = cacheSize(dataset);
  if (size === undefined || cacheFolder === undefined) return undefined;
  return openRangeCache(cacheFolder, Math.floor((Number(billionthsOf(size)) / 1e9) * usable));
}

async function open(plan: StreamPlan): Promise<(index: number) => Promise<Uint8Array>> {
  const { dataset, index } = plan;
  const file = openSync(index.path, 'r');
  const bytes = new Uint8Array(entryBytes);
  const entryAt = (image: number) => {
    readSync(file, bytes, 0, entryBytes, index.offset + image * entryBytes);
    return readEntry(bytes);
  };
  const files = await openFiles(dataset, plan);
  const format = shardFormatOf(dataset.format);
  return createImageReader({ dataset, format, files, shards: index.shards, count: index.count, entryAt, cache: await openCache(plan) });
}

const inTurn = limited(width);
const reader = open(workerData as StreamPlan);
reader.catch(() => {}); // whoever asks for an image is told

/** Answers a request. Never rejects. */
async function answer({ id, image }: Request): Promise<void> {
  try {
    const read = await reader;
    const pixels = await inTurn(() => read(image));
    const whole = pixels.byteLength === pixels.buffer.byteLength ? pixels : pixels.slice(); // a part cannot be handed over
    parentPort?.postMessage({ id, pixels: whole }, [whole.buffer as ArrayBuffer]);
  } catch (error) {
    parentPort?.postMessage({ id, error: fromError(error) });
  }
}

parentPort?.on('message', (request: Request) => {
  void answer(request);
});
