import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  parseTermination,
  renderTermination,
  type Termination,
  terminationMessageBytes,
} from '../../../src/api/termination.ts';

const failed = { outcome: 'Failed', code: 'InputForeign', message: 'is no PNG', log: [] as string[] } as const;

test('a termination message that is too long loses its oldest log lines first', () => {
  const log = ['old', 'newer', 'newest'].map((name) => name + '-'.repeat(1500));
  const word = parseTermination(renderTermination({ ...failed, log }));
  assert.deepEqual(word, { ...failed, log: log.slice(1) });
});

test('whatever is said, of any length and in any script, the message is whole JSON that Kubernetes keeps', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 6000 }),
    fc.constantFrom('a', 'ü', '数', '🙂', '\u0000', '"', '\ud83d').map((character) => character.repeat(5000)),
  );
  const parts = fc.record({
    message: text,
    where: fc.option(text, { nil: undefined }),
    hint: fc.option(text, { nil: undefined }),
    log: fc.array(text, { maxLength: 3 }),
  });
  fc.assert(
    fc.property(parts, (given) => {
      const rendered = renderTermination({ ...failed, ...given });
      assert.ok(Buffer.byteLength(rendered) <= terminationMessageBytes, `${Buffer.byteLength(rendered)} bytes`);
      const word = parseTermination(rendered);
      assert.ok(word?.outcome === 'Failed' && word.code === failed.code);
      assert.equal(word.message.slice(0, 50), given.message.slice(0, 50));
    }),
    { numRuns: 300 },
  );
});

test('a short message survives as it is', () => {
  const termination: Termination = {
    outcome: 'Succeeded',
    result: { kind: 'train', digest: 'd', images: 10, loss: 0.5 },
  };
  assert.deepEqual(parseTermination(renderTermination(termination)), termination);
});

test('the tail of a log is no termination message', () => {
  assert.equal(parseTermination('Segmentation fault'), undefined);
  assert.equal(parseTermination('{"outcome":"Maybe"}'), undefined);
  assert.equal(parseTermination(''), undefined);
});
