import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DdrError, toDdrError } from '../../../src/api/errors.ts';
import { canonicalJson, contentHash } from '../../../src/api/hash.ts';
import { parseTask } from '../../../src/api/task.ts';
import {
  parseTermination,
  renderTermination,
  type Termination,
  terminationMessageBytes,
} from '../../../src/api/termination.ts';

test('a last word always fits, and keeps its code', () => {
  const text = fc.oneof(
    fc.string({ maxLength: 3000, unit: 'grapheme' }),
    fc.nat(5000).map((length) => '\u0001'.repeat(length)), // six bytes each in JSON
  );
  const failed = fc.record({
    outcome: fc.constant('Failed' as const),
    code: fc.constant('InputTruncated' as const),
    message: text,
    where: text,
    hint: text,
    log: fc.array(fc.string({ maxLength: 400, unit: 'grapheme' }), { maxLength: 20 }),
  });
  fc.assert(
    fc.property(failed, (termination) => {
      const text = renderTermination(termination);
      assert.ok(Buffer.byteLength(text) <= terminationMessageBytes);
      const parsed = parseTermination(text);
      assert.equal(parsed?.outcome === 'Failed' ? parsed.code : undefined, 'InputTruncated');
    }),
  );
});

test('a short last word survives as it is', () => {
  const termination: Termination = {
    outcome: 'Succeeded',
    result: { kind: 'train', digest: 'd', images: 10, loss: 0.5 },
  };
  assert.deepEqual(parseTermination(renderTermination(termination)), termination);
});

test('the tail of a log is no last word', () => {
  assert.equal(parseTermination('Segmentation fault'), undefined);
  assert.equal(parseTermination('{"outcome":"Maybe"}'), undefined);
  assert.equal(parseTermination(''), undefined);
});

test('a hash does not depend on the order of keys or on undefined', () => {
  assert.equal(contentHash({ a: 1, b: { c: 2, d: undefined } }), contentHash({ b: { c: 2 }, a: 1 }));
  assert.notEqual(contentHash([1, 2]), contentHash([2, 1]));
  assert.match(contentHash({}), /^[0-9a-f]{16}$/);
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      assert.deepEqual(JSON.parse(canonicalJson(value)), JSON.parse(JSON.stringify(value)));
    }),
  );
});

test('a missing or malformed task is named', () => {
  assert.throws(() => parseTask(undefined), { code: 'InvalidTask', where: 'environment variable DDR_TASK' });
  assert.throws(() => parseTask('{'), { code: 'InvalidTask', message: 'the task is not JSON' });
  assert.throws(() => parseTask('{"kind":"dance"}'), { code: 'InvalidTask' });
});

test('errors of the system get a code and say what to do', () => {
  const full = toDdrError(Object.assign(new Error('no space left'), { code: 'ENOSPC', syscall: 'write' }));
  assert.equal(full.code, 'DiskFull');
  assert.equal(full.exitCode, 74);
  assert.match(full.describe(), /^DiskFull: no space left\. Make the volume larger/);
  const known = new DdrError('InputMissing', 'gone', { where: 'a/b' });
  assert.equal(toDdrError(known), known);
  assert.equal(known.describe(), 'InputMissing (a/b): gone');
  assert.equal(toDdrError('odd').code, 'Unexpected');
});
