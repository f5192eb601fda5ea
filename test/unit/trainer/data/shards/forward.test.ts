import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { forward } from '../../../../../src/trainer/data/shards/forward.ts';
import { fileOf, memoryFiles } from '../../../../helpers/sourceFiles.ts';

const content = Uint8Array.from({ length: 3 * 2 ** 20 + 77 }, (_, i) => (i * 7 + (i >> 8)) % 251);

test('any steps give the bytes that are there, fewer at the end', async () => {
  const files = memoryFiles({ a: content });
  const file = await fileOf(files, 'a');
  const step = fc.tuple(fc.nat(content.length + 10), fc.nat(2000));
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 10 }), async (steps) => {
      const read = forward(files, file);
      for (const [offset, length] of steps)
        assert.deepEqual(
          Buffer.from(await read(offset, length)),
          Buffer.from(content.subarray(offset, offset + length)),
        );
    }),
    { numRuns: 30 },
  );
});

test('small steps need few requests, and large gaps are jumped over', async () => {
  const files = memoryFiles({ a: content });
  const read = forward(files, await fileOf(files, 'a'));
  for (let at = 0; at < 2 ** 20; at += 512) await read(at, 512);
  assert.equal(files.asked.length, 1);
  await read(3 * 2 ** 20, 10);
  assert.deepEqual(files.asked.at(-1), { name: 'a', offset: 3 * 2 ** 20, length: 77 });
});
