import assert from 'node:assert/strict';
import { test } from 'node:test';
import { messageOf } from '../../../../src/operator/kube/logger.ts';

test('whatever is thrown has a message', () => {
  assert.deepEqual([new Error('a'), 'b', undefined, 3].map(messageOf), ['a', 'b', 'undefined', '3']);
});
