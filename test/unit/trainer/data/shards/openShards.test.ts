import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DdrError } from '../../../../../src/api/errors.ts';
import type { Dataset } from '../../../../../src/api/spec/dataset.ts';
import { noFindings } from '../../../../../src/trainer/data/findings.ts';
import { decodeShardImage, openShards } from '../../../../../src/trainer/data/shards/openShards.ts';
import { parquet } from '../../../../../src/trainer/data/shards/parquet.ts';
import type { ShardFormat } from '../../../../../src/trainer/data/shards/shard.ts';
import { webDataset } from '../../../../../src/trainer/data/shards/webDataset.ts';
import { datasetOf, readImages, volumeOf } from '../../../../helpers/data.ts';
import { allOf, memoryFiles, shardFixture } from '../../../../helpers/sourceFiles.ts';

const shards = ['digits-000000.tar', 'digits-000001.tar'];
const tars = Object.fromEntries(shards.map((name) => [name, shardFixture(name)]));
/** The six images of the fixtures. */
const pixels = Uint8Array.from({ length: 96 }, (_, i) => 20 * Math.floor(i / 16) + (i % 16));

async function read(format: ShardFormat, files: Record<string, Uint8Array>, dataset: Dataset) {
  const findings = noFindings();
  const memory = memoryFiles(files);
  const source = await openShards(format, memory, dataset, findings, async () => {});
  const images = await allOf(source.images(async () => {}));
  return { source, images, findings, asked: memory.asked };
}

test('images of several shards come in the order of the shards, from a volume too', async (t) => {
  const root = volumeOf(t, {
    'd/digits-000001.tar': tars['digits-000001.tar'] as Uint8Array,
    'd/digits-000000.tar': tars['digits-000000.tar'] as Uint8Array,
    'd/README.md': '# Digits',
    'p/a.parquet': shardFixture('snappy.parquet'),
  });
  for (const [format, path] of [
    ['WebDataset', 'd'],
    ['Parquet', 'p'],
    ['Parquet', 'p/a.parquet'],
  ] as const) {
    const images = await readImages(datasetOf(format, path), root);
    assert.deepEqual(images.pixels, pixels, path);
    assert.deepEqual(images.findings.leftOut.examples, path === 'd' ? ['README.md'] : []);
  }
});

test('a limit takes the first images, and labels are of all that are there', async () => {
  const dataset = datasetOf('WebDataset', '', { limit: 4, labels: { classes: 3, from: 'Cls' } });
  const { source, images } = await read(webDataset, tars, dataset);
  assert.deepEqual([source.total, source.entries, source.labels?.values], [4, 6, [0, 1, 2, 0, 1, 2]]);
  assert.deepEqual(
    images.map(({ position, pixels }) => [position, pixels[0]]),
    [0, 1, 2, 3].map((i) => [i, 20 * i]),
  );
});

test('broken images are left out where they may be, and their positions with them', async () => {
  const files = { 'gone.parquet': shardFixture('gone.parquet') };
  await assert.rejects(read(parquet, files, datasetOf('Parquet', '')), {
    code: 'InputForeign',
    message: /has no image in this row.*2 of 3 images cannot be read/,
  });
  const { images, findings } = await read(parquet, files, datasetOf('Parquet', '', { maxBroken: 2 }));
  assert.deepEqual(
    images.map(({ position }) => position),
    [0],
  );
  assert.deepEqual(
    findings.broken.examples.map(({ name }) => name),
    ['memory: gone.parquet: row 1', 'memory: gone.parquet: row 2'],
  );
});

test('where no file is a shard there are no images, and what is there is told of', async () => {
  const { source, findings } = await read(webDataset, { 'a.parquet': new Uint8Array(9) }, datasetOf('WebDataset', ''));
  assert.deepEqual([source.total, findings.leftOut.examples], [0, ['a.parquet']]);
});

test('shards that name their classes differently are refused', async () => {
  const files = { 'a.parquet': shardFixture('snappy.parquet'), 'b.parquet': shardFixture('plain.parquet') };
  const named = datasetOf('Parquet', '', { labels: { classes: 3, from: 'Column' } });
  await assert.rejects(read(parquet, files, named), { code: 'InputForeign', where: 'memory: b.parquet' });
  const other = shardFixture('none.parquet');
  const at = Buffer.from(other).indexOf('"ant"');
  other.set(Buffer.from('"cow"'), at);
  await assert.rejects(read(parquet, { 'a.parquet': shardFixture('none.parquet'), 'b.parquet': other }, named), {
    code: 'InputMismatch',
    where: 'memory: b.parquet',
  });
});

test('shards are read in few requests', async () => {
  const { asked } = await read(webDataset, tars, datasetOf('WebDataset', ''));
  assert.equal(asked.length, 4, 'each once to look through, and once to read');
});

test('an array is an image of bytes in any order of its axes, and nothing else', async () => {
  const dataset = datasetOf('WebDataset', '', { image: { size: 5, channels: 3 } });
  const array = (shape: number[], data: Uint8Array | Float32Array) =>
    decodeShardImage({ kind: 'array', array: { shape, data } }, dataset, 'a');
  const planes = Uint8Array.from({ length: 75 }, (_, i) => i);
  const { pixels: first } = await array([3, 5, 5], planes);
  assert.deepEqual([...first.slice(0, 6)], [0, 25, 50, 1, 26, 51]);
  assert.deepEqual((await array([5, 5, 3], planes)).pixels, planes);
  assert.deepEqual([...(await array([5, 5], planes.subarray(0, 25))).pixels.slice(0, 6)], [0, 0, 0, 1, 1, 1]);
  await assert.rejects(array([5, 5], new Float32Array(25)), { code: 'InputForeign', hint: /uint8/ });
  await assert.rejects(array([25], planes.subarray(0, 25)), { code: 'InputForeign' });
});

test('whatever a shard holds, it is read or refused', async () => {
  const samples: [ShardFormat, string, Dataset][] = [
    [webDataset, 'digits-000001.tar', datasetOf('WebDataset', '', { labels: { classes: 3, from: 'Json' } })],
    [webDataset, 'pax.tar', datasetOf('WebDataset', '')],
    ...['pages', 'snappy', 'gzip', 'zstd', 'none'].map((name): [ShardFormat, string, Dataset] => [
      parquet,
      `${name}.parquet`,
      datasetOf('Parquet', '', { labels: { classes: 3, from: 'Column' } }),
    ]),
  ];
  const change = fc.tuple(
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.oneof(fc.nat(255), fc.constantFrom(0, 127, 255)),
  );
  const damage = fc.record({
    sample: fc.nat(samples.length - 1),
    changes: fc.array(change, { maxLength: 4 }),
    keep: fc.oneof({ weight: 4, arbitrary: fc.constant(1) }, fc.double({ min: 0, max: 1, noNaN: true })),
  });
  await fc.assert(
    fc.asyncProperty(damage, async ({ sample, changes, keep }) => {
      const [format, name, dataset] = samples[sample] as (typeof samples)[number];
      const bytes = shardFixture(name);
      for (const [at, value] of changes) bytes[Math.floor(at * (bytes.length - 1))] = value;
      try {
        await read(format, { [name]: bytes.subarray(0, Math.floor(keep * bytes.length)) }, dataset);
      } catch (error) {
        assert.ok(error instanceof DdrError && error.code.startsWith('Input'), String((error as Error).stack));
      }
    }),
    { numRuns: 300 },
  );
});
