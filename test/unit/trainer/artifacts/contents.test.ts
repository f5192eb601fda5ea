import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  bundleContents,
  type Contents,
  reportContents,
  shardContents,
} from '../../../../src/trainer/artifacts/contents.ts';
import { toJson, verifyRecorded } from '../../../../src/trainer/artifacts/records.ts';
import { completedRun } from '../../../helpers/completedRun.ts';
import { exampleReport } from '../../../helpers/reports.ts';

const shard = 'runs/test/samples/00000000000000c8/shard-0000';

test('records tell of every file that lies beside them, with digests that hold', async (t) => {
  const { root, store, bundle, results } = await completedRun(t);
  const found: [string, Contents][] = [
    [bundle.path, await bundleContents({ store, key: bundle.path }, bundle.digest)],
    [results.path, await reportContents({ store, key: results.path }, results.digest)],
    [shard, await shardContents({ store, key: shard })],
  ];
  for (const [key, { files, record }] of found) {
    assert.deepEqual([...files.map(({ name }) => name), record.name].sort(), readdirSync(join(root, key)).sort());
    for (const { name, ...file } of files) await verifyRecorded(store, `${key}/${name}`, file);
  }
});

test('a record that is another, or is not there, is told of', async (t) => {
  const { store, bundle, results } = await completedRun(t);
  const digest = '0'.repeat(64);
  await assert.rejects(bundleContents({ store, key: bundle.path }, digest), { code: 'DigestMismatch' });
  await assert.rejects(reportContents({ store, key: results.path }, digest), { code: 'DigestMismatch' });
  await assert.rejects(bundleContents({ store, key: 'none' }), { code: 'InputMissing' });
  await assert.rejects(reportContents({ store, key: 'none' }), { code: 'InputMissing' });
  await assert.rejects(shardContents({ store, key: 'none' }), { code: 'InputMissing' });
});

test('a report that tells no digests is told of, and a name in it leads nowhere else', async (t) => {
  const { root, store, results } = await completedRun(t);
  const path = join(root, results.path, 'report.json');
  writeFileSync(path, toJson(exampleReport()));
  await assert.rejects(reportContents({ store, key: results.path }), { code: 'InputForeign', message: /older/ });
  writeFileSync(path, toJson(exampleReport({ files: { '../x.png': { sha256: '0'.repeat(64), bytes: 1 } } })));
  await assert.rejects(reportContents({ store, key: results.path }), { code: 'DigestMismatch' });
});
