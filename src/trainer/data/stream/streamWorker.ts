import { openSync, readSync, unlinkSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { billionthsOf } from '../../../api/quantity.ts';
import { cacheSize } from '../../../api/spec/dataset.ts';
import { openSourceFiles } from '../openSourceFiles.ts';
import { shardFormatOf } from '../shards/shardFormats.ts';
import { createImageReader } from './imageReader.ts';
import { entryBytes, readEntry } from './indexEntry.ts';
import { limited } from './limited.ts';
import { RangeCache } from './rangeCache.ts';
import { fromError, type Request, type StreamPlan } from './streamPlan.ts';

/** Images that are fetched or decoded at once. */
const width = 32;

/** What of a disk's limit is used: file systems need some of it for themselves. */
const usable = 0.95;

async function openCache({ dataset, cacheFolder, index }: StreamPlan): Promise<RangeCache | undefined> {
  const size = cacheSize(dataset);
  if (size === undefined || cacheFolder === undefined) return undefined;
  const bytes = (Number(billionthsOf(size)) / 1e9) * usable - index.count * entryBytes; // the index lies there too
  return RangeCache.open(cacheFolder, Math.max(0, Math.floor(bytes)));
}

async function open(plan: StreamPlan): Promise<(index: number) => Promise<Uint8Array>> {
  const { dataset, index } = plan;
  const file = openSync(index.path, 'r');
  unlinkSync(index.path); // it stays for as long as it is open, and goes however this process ends
  const bytes = new Uint8Array(entryBytes);
  const entryAt = (image: number) => {
    readSync(file, bytes, 0, entryBytes, index.offset + image * entryBytes);
    return readEntry(bytes);
  };
  const files = await openSourceFiles(dataset.source, plan.access);
  const cache = await openCache(plan);
  const { shards, count } = index;
  return createImageReader({ dataset, format: shardFormatOf(dataset), files, shards, count, entryAt, cache });
}

const inTurn = limited(width);
const reader = open(workerData as StreamPlan);
reader.catch(() => {}); // whoever asks for an image is told

/** Answers a request. Never rejects. */
async function answer({ id, image }: Request): Promise<void> {
  try {
    const read = await reader;
    const pixels = await inTurn(() => read(image));
    const own = new Uint8Array(pixels); // the decoder's memory cannot be handed over
    parentPort?.postMessage({ id, pixels: own }, [own.buffer]);
  } catch (error) {
    parentPort?.postMessage({ id, error: fromError(error) });
  }
}

parentPort?.on('message', (request: Request) => {
  void answer(request);
});
