import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorCodes } from '../../../src/api/errors.ts';
import { ExitCode } from '../../../src/api/exitCodes.ts';

test('numbers never change: the podFailurePolicy of Jobs that are there reads them', () => {
  assert.deepEqual(ExitCode, {
    Success: 0,
    Unexpected: 1,
    BadInput: 65,
    InputOutput: 74,
    Interrupted: 75,
    Fenced: 76,
    BadConfiguration: 78,
  });
});

test('no error ends with success', () => {
  for (const [error, code] of Object.entries(errorCodes)) assert.notEqual(code, ExitCode.Success, error);
});
