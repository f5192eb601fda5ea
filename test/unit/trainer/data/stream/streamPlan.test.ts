import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DdrError } from '../../../../../src/api/errors.ts';
import { fromError, toError } from '../../../../../src/trainer/data/stream/streamPlan.ts';

test('an error keeps its code, place and advice on its way between threads, so that the exit code is its own', () => {
  const error = new DdrError('SourceUnavailable', 'does not answer', { where: 's3://data', hint: 'Look.' });
  const { code, message, where, hint, exitCode } = toError(structuredClone(fromError(error)));
  assert.deepEqual(
    [code, message, where, hint, exitCode],
    ['SourceUnavailable', 'does not answer', 's3://data', 'Look.', 74],
  );
  assert.equal(toError(structuredClone(fromError('odd'))).code, 'Unexpected');
});
