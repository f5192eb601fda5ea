import assert from 'node:assert/strict';
import { test } from 'node:test';
import { conditionReasons, eventReasons } from '../../../src/api/reasons.ts';
import { signatureNames } from '../../../src/api/signatures.ts';

test('every signature is a reason of a condition and of an event', () => {
  for (const name of signatureNames) assert.ok(name in conditionReasons && name in eventReasons, name);
});
