import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Dispatcher } from 'undici';
import {
  accepted,
  firstByteOf,
  isGone,
  isStrong,
  isUnwilling,
  sizeOf,
  validatorOf,
} from '../../../../../src/trainer/data/remote/httpAnswer.ts';
import { type HttpAnswer, PassingFailure } from '../../../../../src/trainer/data/remote/httpRequest.ts';

/** An answer whose body is empty. */
const answerOf = (status: number, headers: Record<string, string> = {}): HttpAnswer => ({
  status,
  header: (name) => headers[name],
  body: { dump: async () => {} } as Dispatcher.ResponseData['body'],
});

test('an answer has what was asked for, or may have it when it is asked again, or never will', async () => {
  for (const status of [200, 206]) await accepted(answerOf(status), 'u');
  for (const status of [408, 429, 500, 502, 503, 504]) {
    await assert.rejects(accepted(answerOf(status), 'u'), PassingFailure);
    assert.equal(isUnwilling(answerOf(status)), false);
  }
  for (const status of [304, 400, 401, 403, 405])
    await assert.rejects(accepted(answerOf(status), 'u'), { code: 'FileAccess', where: 'u' });
  assert.equal(isUnwilling(answerOf(405)), true);
  assert.deepEqual([isGone(answerOf(404)), isGone(answerOf(410)), isGone(answerOf(403))], [true, true, false]);
  await assert.rejects(accepted(answerOf(200, { 'content-encoding': 'br' }), 'u'), { code: 'InputForeign' });
  await accepted(answerOf(200, { 'content-encoding': 'identity' }), 'u');
});

test('the size of a file is that of the whole, also where a part was asked for', () => {
  assert.equal(sizeOf(answerOf(200, { 'content-length': '10' })), 10);
  assert.equal(sizeOf(answerOf(206, { 'content-length': '3', 'content-range': 'bytes 4-6/10' })), 10);
  assert.equal(sizeOf(answerOf(206, { 'content-length': '3', 'content-range': 'bytes 4-6/*' })), undefined);
  assert.equal(sizeOf(answerOf(200)), undefined);
});

test('a part says where it begins; a whole begins at its beginning', () => {
  assert.equal(firstByteOf(answerOf(206, { 'content-range': 'bytes 4-6/10' })), 4);
  assert.equal(firstByteOf(answerOf(200)), 0);
  assert.ok(Number.isNaN(firstByteOf(answerOf(206))));
});

test('versions are told apart by the etag, else by size and time', () => {
  assert.equal(validatorOf(answerOf(200, { etag: '"a"', 'last-modified': 'x' }), 5), '"a"');
  assert.equal(validatorOf(answerOf(200, { 'last-modified': 'x' }), 5), '5 x');
  assert.equal(validatorOf(answerOf(200), 5), '5');
  assert.deepEqual([isStrong('"a"'), isStrong('W/"a"'), isStrong('5 x')], [true, false, false]);
});
