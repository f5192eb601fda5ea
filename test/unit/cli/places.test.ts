import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { placeToWrite, splitPrefix, withBundle } from '../../../src/cli/places.ts';
import { temporaryFolder } from '../../helpers/folder.ts';

test('a folder of a run’s store is read through that store, any other through the folder that it is in', () => {
  const split = (prefix: string) => splitPrefix({ prefix }, 's3://b');
  assert.deepEqual(split('a/b/c'), { prefix: 'a/b', key: 'c' });
  assert.deepEqual(split('c'), { prefix: '', key: 'c' });
  assert.deepEqual(split('team/runs/x/bundles/0a'), { prefix: 'team', key: 'runs/x/bundles/0a' });
  assert.deepEqual(split('runs/x/bundles/0a'), { prefix: '', key: 'runs/x/bundles/0a' });
  assert.deepEqual(split('runs/x/other/0a'), { prefix: 'runs/x/other', key: '0a' });
  assert.throws(() => split(''), { code: 'InvalidSpec', where: 's3://b' });
});

test('a folder is a place of the folder that it is in', async (t) => {
  const folder = temporaryFolder(t);
  const { store, key } = await placeToWrite(join(folder, 'bundle/'));
  await store.commit(key, { f: 'x' });
  const options = { namespace: undefined, signal: new AbortController().signal, reporter: undefined as never };
  const read = await withBundle(join(folder, 'bundle'), options, ({ store: there, key: same }) =>
    there.read(`${same}/f`),
  );
  assert.equal(Buffer.from(read ?? '').toString(), 'x');
});

test('nobody writes to the claim of a run, nor to a bucket without a folder', async () => {
  await assert.rejects(placeToWrite('run://digits'), { code: 'InvalidSpec', hint: /folder/ });
  await assert.rejects(placeToWrite('s3://bucket'), { code: 'InvalidSpec' });
});
