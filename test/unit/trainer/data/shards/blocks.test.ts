import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { inBlocks } from '../../../../../src/trainer/data/shards/blocks.ts';
import { fileOf, memoryFiles } from '../../../../helpers/sourceFiles.ts';

const mebi = 2 ** 20;
const content = Uint8Array.from({ length: 26 * mebi + 5 }, (_, i) => (i >> 10) % 251);

test('ranges are what the file has, wherever blocks end', async () => {
  const files = memoryFiles({ a: content });
  const file = await fileOf(files, 'a');
  const blocks = inBlocks(files);
  const near = fc.tuple(fc.nat(6), fc.integer({ min: -20, max: 20 }), fc.nat(40));
  await fc.assert(
    fc.asyncProperty(near, async ([block, shift, length]) => {
      const offset = Math.max(0, Math.min(block * 4 * mebi + shift, content.length - length));
      const range = await blocks.range(file, offset, length);
      assert.deepEqual(Buffer.from(range), Buffer.from(content.subarray(offset, offset + length)));
    }),
    { numRuns: 100 },
  );
});

test('each block is read once where ranges come in order, and large ranges pass by', async () => {
  const files = memoryFiles({ a: content, b: content });
  const [a, b] = [await fileOf(files, 'a'), await fileOf(files, 'b')];
  const blocks = inBlocks(files);
  await Promise.all(Array.from({ length: 100 }, (_, i) => blocks.range(a, i * 150_000, 150_000)));
  assert.deepEqual(
    files.asked.map(({ offset }) => offset / mebi),
    [0, 4, 8, 12],
  );
  await blocks.range(a, 1, 5 * mebi);
  assert.deepEqual(files.asked.at(-1), { name: 'a', offset: 1, length: 5 * mebi });
  await blocks.range(b, 0, 10);
  assert.equal(files.asked.at(-1)?.name, 'b', 'files are told apart');
});
