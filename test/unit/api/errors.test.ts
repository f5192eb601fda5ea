import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DdrError, toDdrError } from '../../../src/api/errors.ts';
import { ExitCode } from '../../../src/api/exitCodes.ts';

test('what the system says of a file becomes a code: a full volume or quota, another fault, a defect of ours', () => {
  const codeOf = (fields: object) => toDdrError(Object.assign(new Error('write failed'), fields)).code;
  for (const code of ['ENOSPC', 'EDQUOT']) assert.equal(codeOf({ code, syscall: 'write' }), 'DiskFull');
  assert.equal(codeOf({ code: 'EIO', syscall: 'write' }), 'FileAccess');
  assert.equal(codeOf({}), 'Unexpected');
  assert.equal(toDdrError('thrown text').exitCode, ExitCode.Unexpected);
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
