import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { toDdrError } from '../../../api/errors.ts';
import type { ImageSource } from '../imageSource.ts';
import { type Answer, type StreamPlan, toError } from './streamPlan.ts';

interface Asked {
  resolve: (pixels: Uint8Array) => void;
  reject: (error: Error) => void;
}

/**
 * Streams images: a thread of their own fetches and decodes them, while this one trains. It keeps the process alive only for
 * as long as it is asked for something.
 * @returns pixels of images first … first + size − 1; it throws DdrError DataChanged, and what reading the source throws
 */
export function streamImages(plan: StreamPlan): ImageSource['batch'] {
  // The same extension as this file's: .ts from source, .js when compiled.
  const url = new URL(`./streamWorker${extname(import.meta.filename)}`, import.meta.url);
  const worker = new Worker(url, { workerData: plan });
  const asked = new Map<number, Asked>();
  let next = 0;
  let failure: Error | undefined;

  function settle(id: number): Asked | undefined {
    const found = asked.get(id);
    asked.delete(id);
    if (asked.size === 0) worker.unref();
    return found;
  }
  function fail(error: Error): void {
    failure ??= error;
    for (const id of [...asked.keys()]) settle(id)?.reject(failure);
  }

  worker.unref();
  worker.on('message', (answer: Answer) => {
    const found = settle(answer.id);
    if ('pixels' in answer) found?.resolve(answer.pixels);
    else found?.reject(toError(answer.error));
  });
  worker.on('error', (error: unknown) => fail(toDdrError(error)));
  worker.on('exit', () => fail(toDdrError(new Error('the thread that streams the data has ended'))));

  const image = (index: number) =>
    new Promise<Uint8Array>((resolve, reject) => {
      if (failure !== undefined) return reject(failure);
      if (asked.size === 0) worker.ref();
      asked.set(next, { resolve, reject });
      worker.postMessage({ id: next++, image: index });
    });

  return async (first, size) => {
    const images = await Promise.all(Array.from({ length: size }, (_, i) => image(first + i)));
    const [only] = images;
    return images.length === 1 && only !== undefined ? only : new Uint8Array(Buffer.concat(images));
  };
}
