import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toDdrError } from '../../../src/api/errors.ts';
import { ExitCode } from '../../../src/api/exitCodes.ts';

test('what the system says of a file becomes a code: a full volume or quota, another fault, a defect of ours', () => {
  const codeOf = (fields: object) => toDdrError(Object.assign(new Error('write failed'), fields)).code;
  for (const code of ['ENOSPC', 'EDQUOT']) assert.equal(codeOf({ code, syscall: 'write' }), 'DiskFull');
  assert.equal(codeOf({ code: 'EIO', syscall: 'write' }), 'FileAccess');
  assert.equal(codeOf({}), 'Unexpected');
  assert.equal(toDdrError('thrown text').exitCode, ExitCode.Unexpected);
});
