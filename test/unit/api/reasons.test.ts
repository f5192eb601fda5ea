import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorCodes } from '../../../src/api/errors.ts';
import { conditionReasons, eventReasons } from '../../../src/api/reasons.ts';
import { phases } from '../../../src/api/status.ts';

test('a reason is one word in CamelCase, as Kubernetes takes it', () => {
  for (const reason of [...Object.keys(conditionReasons), ...Object.keys(eventReasons)])
    assert.match(reason, /^[A-Z][A-Za-z]{1,127}$/);
});

test('no reason of ours is also a phase, and none of an event an error code', () => {
  for (const phase of phases) assert.ok(!(phase in conditionReasons) && !(phase in eventReasons), phase);
  for (const code of Object.keys(errorCodes)) assert.ok(!(code in eventReasons), code);
});
