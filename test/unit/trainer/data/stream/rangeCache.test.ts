import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import fc from 'fast-check';
import { type FileRange, RangeCache } from '../../../../../src/trainer/data/stream/rangeCache.ts';

const block = 4096;
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ddr-cache-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const range = (number: number, length: number, version = '1'): FileRange => ({
  file: { name: `${number}.tar`, size: 2 ** 20, version },
  offset: 0,
  length,
});
const content = (number: number, length: number) => new Uint8Array(length).fill(number + 1);
const unwanted = (): Promise<Uint8Array> => assert.fail('it is there already');
const fetched = (number: number, length: number) => async () => content(number, length);
const filesOf = (name: string) => readdirSync(name).sort();

test('what was asked for is fetched once, and parts of it are read from the disk', async () => {
  const cache = await RangeCache.open(folder, 10 * block);
  const asked = range(3, 1000);
  const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i);
  assert.deepEqual(await cache.read(asked, async () => bytes, { from: 10, length: 5 }), bytes.subarray(10, 15));
  assert.deepEqual(await cache.read(asked, unwanted), bytes);
  assert.deepEqual(await cache.read(asked, unwanted, { from: 990, length: 10 }), bytes.subarray(990));
  assert.equal(cache.used, block);
});

test('two that ask for one range at once wait for one fetch', async () => {
  const cache = await RangeCache.open(folder, 10 * block);
  let fetched = 0;
  const fetch = async () => {
    fetched++;
    return content(1, 8);
  };
  const asked = range(1, 8);
  await Promise.all([1, 2, 3].map(() => cache.read(asked, fetch)));
  assert.equal(fetched, 1);
});

test('a fetch that fails is told, and tried again by the next', async () => {
  const cache = await RangeCache.open(folder, 10 * block);
  const asked = range(1, 8);
  const fails = () => Promise.reject(new Error('no answer'));
  await assert.rejects(cache.read(asked, fails), /no answer/);
  assert.deepEqual(await cache.read(asked, fetched(1, 8)), content(1, 8));
});

test('what was asked for longest ago goes first', async () => {
  const cache = await RangeCache.open(folder, 2 * block);
  const get = (number: number, fetch: () => Promise<Uint8Array> = fetched(number, 8)) =>
    cache.read(range(number, 8), fetch);
  await get(1);
  await get(2);
  await get(1, unwanted);
  await get(3);
  await get(1, unwanted);
  await assert.rejects(
    get(2, () => Promise.reject(new Error('gone'))),
    /gone/,
  );
});

test('another version of a file, and another image of a range, are kept by themselves', async () => {
  const cache = await RangeCache.open(folder, 10 * block);
  const asked = [range(1, 8, 'a'), range(1, 8, 'b'), { ...range(1, 8, 'b'), row: 0 }, { ...range(1, 8, 'b'), row: 1 }];
  for (const [i, each] of asked.entries())
    assert.deepEqual(await cache.read(each, fetched(i, 8 + i)), content(i, 8 + i));
  for (const [i, each] of asked.entries()) assert.deepEqual(await cache.read(each, unwanted), content(i, 8 + i));
});

test('the disk never holds more than the limit, whatever is asked for in whatever order, also at once', async () => {
  const asks = fc.array(
    fc.array(fc.record({ number: fc.nat(9), length: fc.integer({ min: 1, max: 4 * block }) }), { maxLength: 6 }),
    { maxLength: 12 },
  );
  await fc.assert(
    fc.asyncProperty(asks, fc.integer({ min: 0, max: 8 }), async (groups, blocks) => {
      const own = mkdtempSync(join(folder, 'property-'));
      const limit = blocks * block;
      const onDisk = () =>
        filesOf(own).reduce((sum, name) => sum + Math.ceil(statSync(join(own, name)).size / block) * block, 0);
      let cache = await RangeCache.open(own, limit);
      for (const [i, group] of groups.entries()) {
        if (i % 5 === 4) cache = await RangeCache.open(own, limit); // as another process that comes after it
        const read = group.map(async ({ number, length }) => {
          const got = await cache.read(range(number, length), fetched(number, length));
          assert.deepEqual(got, content(number, length));
          assert.ok(cache.used <= limit);
        });
        await Promise.all(read);
        assert.ok(onDisk() <= limit, `${onDisk()} of ${limit}`);
        assert.equal(cache.used, onDisk());
      }
    }),
    { numRuns: 40 },
  );
});

test('a later process uses what is whole, and nothing that was half-written, cut off or changed by a crash', async () => {
  const [good, cut, zeros, flipped] = [1, 2, 3, 4].map((number) => range(number, 100));
  const first = await RangeCache.open(folder, 10 * block);
  const nameOf = new Map<FileRange | undefined, string>();
  for (const [i, each] of [good, cut, zeros, flipped].entries()) {
    const before = new Set(filesOf(folder));
    await first.read(each as FileRange, fetched(i + 1, 100));
    nameOf.set(each, join(folder, filesOf(folder).find((name) => !before.has(name)) ?? ''));
  }
  const fileOf = (of: FileRange | undefined) => nameOf.get(of) ?? '';
  truncateSync(fileOf(cut), 50);
  writeFileSync(fileOf(zeros), new Uint8Array(statSync(fileOf(zeros)).size));
  const bytes = readFileSync(fileOf(flipped));
  bytes.writeUInt8((bytes[60] as number) ^ 1, 60);
  writeFileSync(fileOf(flipped), bytes);
  writeFileSync(join(folder, '.writing-left-by-a-kill'), 'half');
  writeFileSync(join(folder, 'of-somebody-else'), 'stays');

  const second = await RangeCache.open(folder, 10 * block);
  assert.equal(filesOf(folder).includes('.writing-left-by-a-kill'), false);
  assert.ok(filesOf(folder).includes('of-somebody-else'));
  const get = (of: FileRange | undefined, fetch: () => Promise<Uint8Array>) =>
    second.read(of as FileRange, fetch, { from: 40, length: 40 });
  assert.deepEqual(await get(good, unwanted), content(1, 40));
  for (const [i, each] of [cut, zeros, flipped].entries())
    assert.deepEqual(await get(each, fetched(i + 20, 100)), content(i + 20, 40));
});

test('without room, or without a folder that can be written, everything is fetched and nothing fails', async () => {
  const none = await RangeCache.open(folder, 0);
  assert.deepEqual(await none.read(range(1, 8), fetched(1, 8)), content(1, 8));
  assert.equal(none.used, 0);
  const gone = await RangeCache.open(join(folder, 'gone'), 10 * block);
  rmSync(join(folder, 'gone'), { recursive: true });
  assert.deepEqual(await gone.read(range(1, 8), fetched(1, 8)), content(1, 8));
  assert.equal(gone.used, 0);
});
