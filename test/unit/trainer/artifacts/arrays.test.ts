import assert from 'node:assert/strict';
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { arrayFile, openArray } from '../../../../src/trainer/artifacts/arrays.ts';
import { recordOf } from '../../../../src/trainer/artifacts/records.ts';
import { temporaryStore } from '../../../helpers/trainer.ts';

const header = Uint8Array.of(9, 9, 9);

async function* pieces(...values: number[][]): AsyncGenerator<Uint8Array> {
  for (const value of values) yield Uint8Array.from(value);
}

test('a file is its header and all pieces, with the digest of both, and is read by position', async (t) => {
  const { store, root } = temporaryStore(t);
  const watched: number[] = [];
  const file = arrayFile(header, 6, pieces([1, 2], [3], [4, 5, 6]), (piece) => watched.push(...piece));
  await store.commit('folder', { array: file.pieces });
  assert.deepEqual(watched, [1, 2, 3, 4, 5, 6]);
  const { offset, ...record } = file.record();
  assert.deepEqual(record, recordOf(Uint8Array.of(9, 9, 9, 1, 2, 3, 4, 5, 6)));
  const place = { count: 3, bytes: 2, offset, header };
  const { batch } = await openArray(store, 'folder/array', place);
  assert.deepEqual(await batch(1, 2), Uint8Array.of(3, 4, 5, 6));
  await assert.rejects(openArray(store, 'folder/array', { ...place, header: Uint8Array.of(9, 9, 8) }), {
    code: 'DataChanged',
    message: /another header/,
  });
  truncateSync(join(root, 'folder/array'), 8);
  await assert.rejects(openArray(store, 'folder/array', place), { code: 'DataChanged', hint: /dataset\.revision/ });
  writeFileSync(join(root, 'folder/array'), '');
  await assert.rejects(openArray(store, 'folder/array', place), { code: 'DataChanged' });
});

test('more or fewer bytes than promised are refused', async () => {
  for (const promised of [5, 7]) {
    const file = arrayFile(header, promised, pieces([1, 2, 3, 4, 5, 6]), () => {});
    await assert.rejects(
      async () => {
        for await (const _ of file.pieces);
      },
      { code: 'DataChanged' },
    );
  }
});
