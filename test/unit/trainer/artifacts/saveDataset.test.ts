import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { contentAddress, openDataset } from '../../../../src/trainer/artifacts/dataset.ts';
import { type DatasetContent, saveDataset } from '../../../../src/trainer/artifacts/saveDataset.ts';
import type { LatentsDescription } from '../../../../src/trainer/data/latents.ts';
import { blobs, memorySource, preparedDataset, temporaryStore } from '../../../helpers/trainer.ts';

const shape = { size: 4, channels: 3 } as const;
const source = memorySource(blobs(600, shape), shape);

test('equal data have one address and are there once', async (t) => {
  const { store } = temporaryStore(t);
  const addresses = [await preparedDataset(store, source), await preparedDataset(store, source)];
  assert.deepEqual(addresses, Array(2).fill(contentAddress(source.digest)));
  assert.deepEqual(await store.list('datasets'), [addresses[0]]);
});

test('other than the promised images are refused, and nothing is left', async (t) => {
  const { root, store } = temporaryStore(t);
  const content = (count: number, pixels: AsyncIterable<Uint8Array>) => ({
    count,
    shape,
    pixels,
    moments: () => ({ mean: new Float32Array(48), deviation: new Float32Array(48) }),
  });
  async function* twoImages(end: () => void = () => {}): AsyncGenerator<Uint8Array> {
    yield await source.batch(0, 2);
    end();
  }
  for (const count of [1, 3])
    await assert.rejects(saveDataset(store, content(count, twoImages()), 'test'), { code: 'DataChanged' });
  const stop = () => {
    throw new Error('stopped');
  };
  await assert.rejects(saveDataset(store, content(2, twoImages(stop)), 'test'), /stopped/);
  assert.deepEqual(readdirSync(join(root, 'datasets')), []);
});

const description: LatentsDescription = {
  ...{ size: 2, channels: 2, scalingFactor: 0.5, shiftFactor: 0 },
  ...{ values: 'Mean', type: 'float32' },
};

async function* bytesOf(values: Uint8Array | Float32Array): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** Three latents, images, labels and contexts of which any part may be left out, or be another. */
const parts = {
  pixels: () => ({ pixels: bytesOf(new Uint8Array(3 * 48).fill(7)) }),
  latents: () => ({ latents: { description, bytes: bytesOf(Float32Array.from({ length: 24 }, (_, i) => i)) } }),
  labels: () => ({ labels: () => ({ classes: 2, values: Int32Array.of(0, 1, 1) }) }),
  contexts: () => ({
    contexts: {
      count: 3,
      tokens: 1,
      width: 2,
      type: 'float32' as const,
      pieces: bytesOf(new Float32Array(6).fill(0.5)),
    },
  }),
};

test('images, latents, labels and contexts lie side by side, and each is in the digest', async (t) => {
  const { store } = temporaryStore(t);
  const save = async (names: readonly (keyof typeof parts)[], other: Partial<DatasetContent> = {}) => {
    const values = names.includes('latents') ? 8 : 48;
    const moments = () => ({ mean: new Float32Array(values), deviation: new Float32Array(values) });
    const content = Object.assign({}, ...names.map((name) => parts[name]()));
    const saved = await saveDataset(store, { count: 3, shape, moments, ...content, ...other }, 'test');
    return { ...saved, opened: await openDataset(store, saved.address) };
  };
  const names = Object.keys(parts) as (keyof typeof parts)[];
  const subsets = Array.from({ length: 16 }, (_, bits) => names.filter((_, i) => bits & (1 << i))).filter(
    (some) => some.includes('pixels') || some.includes('latents'),
  );
  const digests = new Set<string>();
  for (const some of subsets) {
    const { sha256, opened } = await save(some);
    digests.add(sha256);
    const { record, condition } = opened;
    const there = { pixels: record.images, latents: record.latents, labels: record.labels, contexts: record.contexts };
    for (const name of names) assert.equal(there[name] !== undefined, some.includes(name), `${some} ${name}`);
    const expected = {
      ...(some.includes('labels') && { label: 1 }),
      ...(some.includes('contexts') && { context: Float32Array.of(0.5, 0.5) }),
    };
    assert.deepEqual((await condition?.(2)) ?? {}, expected);
  }
  assert.equal(digests.size, subsets.length);
  const { sha256 } = await save(names);
  const others: Partial<DatasetContent>[] = [
    { labels: () => ({ classes: 3, values: Int32Array.of(0, 1, 1) }) },
    { latents: { description: { ...description, scalingFactor: 1 }, bytes: parts.latents().latents.bytes } },
  ];
  for (const other of others) assert.notEqual((await save(names, other)).sha256, sha256);
});

test('a dataset of images alone has the digest of shape and pixels', async (t) => {
  const { store } = temporaryStore(t);
  const address = await preparedDataset(store, source);
  const { digest } = await openDataset(store, address);
  const hash = createHash('sha256')
    .update('600×4×4×3\n')
    .update(await source.batch(0, 600));
  assert.equal(digest, hash.digest('hex'));
});
