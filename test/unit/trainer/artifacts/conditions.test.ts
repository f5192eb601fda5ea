import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { datasetKey } from '../../../../src/api/layout.ts';
import { conditionsOf, conditionsRecordOf, contextsFile } from '../../../../src/trainer/artifacts/conditions.ts';
import { openDataset } from '../../../../src/trainer/artifacts/dataset.ts';
import type { Labels } from '../../../../src/trainer/data/labels.ts';
import { changeLastByte } from '../../../helpers/damage.ts';
import { bytesOf } from '../../../helpers/data.ts';
import {
  blobs,
  contextsContent,
  memorySource,
  preparedDataset,
  type TestConditions,
  temporaryStore,
} from '../../../helpers/trainer.ts';

const shape = { size: 4, channels: 1 } as const;
const source = memorySource(blobs(4, shape), shape);
const labels: Labels = { classes: 3, names: ['ant', 'bee', 'cat'], values: Int32Array.of(2, 0, 2, 1) };
const contexts = { tokens: 2, width: 3, values: Float32Array.from({ length: 24 }, (_, i) => i / 4) };

test('each image has its label and context again, and the record says what there is', async (t) => {
  const { store } = temporaryStore(t);
  const { condition, record } = await openDataset(store, await preparedDataset(store, source, { labels, contexts }));
  for (const index of [3, 0, 1])
    assert.deepEqual(await condition?.(index), {
      label: labels.values[index],
      context: contexts.values.slice(index * 6, index * 6 + 6),
    });
  assert.deepEqual(conditionsRecordOf(record), {
    labels: { classes: 3, counts: [1, 1, 2], names: ['ant', 'bee', 'cat'] },
    contexts: { tokens: 2, width: 3 },
  });
  assert.deepEqual(conditionsOf(record), { classes: 3, context: { tokens: 2, width: 3 } });
});

test('without conditions a dataset has the digest of its pixels, with them one that covers all of them', async (t) => {
  const { store } = temporaryStore(t);
  const digestOf = async (conditions: TestConditions) =>
    (await openDataset(store, await preparedDataset(store, source, conditions))).digest;
  const plain = await openDataset(store, await preparedDataset(store, source));
  assert.equal(plain.digest, source.digest);
  assert.deepEqual(
    [plain.condition, conditionsRecordOf(plain.record), conditionsOf(plain.record)],
    [undefined, undefined, {}],
  );
  const digests = [
    plain.digest,
    await digestOf({ labels }),
    await digestOf({ labels: { ...labels, values: Int32Array.of(2, 0, 1, 2) } }),
    await digestOf({ labels: { ...labels, names: ['ant', 'bee', 'dog'] } }),
    await digestOf({ labels: { ...labels, classes: 4 } }),
    await digestOf({ contexts }),
    await digestOf({ contexts: { ...contexts, values: contexts.values.toReversed() } }),
    await digestOf({ contexts: { ...contexts, tokens: 3, width: 2 } }),
    await digestOf({ labels, contexts }),
  ];
  assert.equal(new Set(digests).size, digests.length);
});

test('damaged labels and missing contexts are told, with what to do', async (t) => {
  const { root, store } = temporaryStore(t);
  const address = await preparedDataset(store, source, { labels, contexts });
  rmSync(join(root, datasetKey(address), 'contexts.npy'));
  await assert.rejects(openDataset(store, address), { code: 'DataChanged', hint: /dataset\.revision/ });
  changeLastByte(join(root, datasetKey(address), 'labels.npy'));
  await assert.rejects(openDataset(store, address), { code: 'DataChanged', where: /labels\.npy/ });
});

test('contexts that end too early are not kept', async () => {
  const short = { ...contextsContent(contexts), count: 5 };
  await assert.rejects(bytesOf(contextsFile(short, () => assert.fail())), { code: 'DataChanged' });
});
