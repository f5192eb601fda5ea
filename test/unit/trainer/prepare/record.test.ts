import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DdrError } from '../../../../src/api/errors.ts';
import { preparedRecordSchema } from '../../../../src/trainer/artifacts/prepared.ts';
import { noFindings, noteBroken, noteLeftOut } from '../../../../src/trainer/data/findings.ts';
import { recordOf, resultOf } from '../../../../src/trainer/prepare/record.ts';
import { datasetOf } from '../../../helpers/data.ts';

const sha256 = 'd'.repeat(64);
const dataset = { address: sha256.slice(0, 16), count: 3, sha256 };
const place = { where: 'data/f', path: '/volumes/data/f', root: '/volumes/data', others: [] };

function recordWith(findings = noFindings()) {
  return recordOf('0'.repeat(16), datasetOf('ImageFolder', 'f'), place, 'f'.repeat(64), { dataset, findings });
}

test('a record names the source as people wrote it, and what was left out of it', () => {
  const findings = noFindings();
  noteLeftOut(findings, Buffer.from('readme.txt'));
  noteBroken(findings, Buffer.from('b.png'), new DdrError('InputTruncated', 'is empty'));
  const record = preparedRecordSchema.parse(JSON.parse(JSON.stringify(recordWith(findings))));
  assert.equal(record.source.where, 'data/f');
  assert.deepEqual(record.leftOut, { count: 1, bySuffix: { '.txt': 1 }, examples: ['readme.txt'] });
  assert.deepEqual(record.broken, { count: 1, examples: [{ name: 'b.png', message: 'is empty' }] });
});

test('the termination message has the address, the counts and the first notices', () => {
  const notices = Array.from({ length: 9 }, (_, i) => `notice ${i}`);
  assert.deepEqual(resultOf({ ...recordWith(), notices }), {
    kind: 'prepare',
    dataset: `datasets/${dataset.address}`,
    sha256,
    count: 3,
    leftOut: 0,
    broken: 0,
    notices: notices.slice(0, 5),
  });
});
