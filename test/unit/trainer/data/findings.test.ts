import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DdrError } from '../../../../src/api/errors.ts';
import {
  noFindings,
  note,
  noteBroken,
  noteLeftOut,
  noticesOf,
  tooManyBroken,
} from '../../../../src/trainer/data/findings.ts';
import { datasetOf } from '../../../helpers/data.ts';

const dataset = datasetOf('ImageFolder', '');

test('findings do not grow with what is found', () => {
  const findings = noFindings();
  for (let i = 0; i < 5000; i++) {
    noteLeftOut(findings, Buffer.from(`${'long/'.repeat(40)}${i}.s${i}`));
    noteBroken(findings, Buffer.from(`${i}.png`), new DdrError('InputForeign', `no ${'picture '.repeat(100)}`));
    note(findings.warned, `${'画'.repeat(400)}`);
  }
  assert.ok(JSON.stringify({ ...findings, bySuffix: [...findings.leftOut.bySuffix] }).length < 20_000);
  assert.deepEqual([findings.leftOut.count, findings.broken.count, findings.warned.count], [5000, 5000, 5000]);
  assert.equal(
    [...findings.leftOut.bySuffix.values()].reduce((sum, count) => sum + count),
    5000,
  );
  const notices = noticesOf(findings, dataset);
  assert.equal(notices.length, 3);
  for (const notice of notices) assert.ok(notice.length <= 300 && notice.isWellFormed());
});

test('frames that are not read are told of', () => {
  const findings = noFindings();
  note(findings.several, 'stack.tif');
  assert.match(noticesOf(findings, dataset).join(), /1 image has several frames or pages.*first stack\.tif/);
});

test('a remedy that the first broken image knows is told', () => {
  const findings = noFindings();
  const encrypted = new DdrError('InputForeign', 'is encrypted', { hint: 'Unpack it with its password.' });
  noteBroken(findings, Buffer.from('a.png'), encrypted);
  assert.match(tooManyBroken(findings, 1, 0).hint ?? '', /^Unpack it with its password\. Else .*maxBroken: 1\.$/);
});

test('nothing is said where nothing was found', () => {
  assert.deepEqual(noticesOf(noFindings(), dataset), []);
});

test('the error of too many broken images is the first one, and says how many there are', () => {
  const findings = noFindings();
  noteBroken(findings, Buffer.from('a.png'), new DdrError('InputTruncated', 'is empty', { where: '/data/a.png' }));
  const one = tooManyBroken(findings, 20, 0);
  assert.deepEqual([one.code, one.where], ['InputTruncated', '/data/a.png']);
  assert.equal(one.message, 'is empty; 1 of 20 images cannot be read');
  assert.match(one.hint ?? '', /Repair or remove it, or leave it out with dataset\.maxBroken: 1/);
  for (const name of 'bcdefgh') noteBroken(findings, Buffer.from(name), new DdrError('InputForeign', 'is no image'));
  assert.match(
    tooManyBroken(findings, 2000, 3).message,
    /^is empty; 8 of 2,000 images .*, and 3 may be left out: a\.png, b, c, d, e …$/,
  );
});
