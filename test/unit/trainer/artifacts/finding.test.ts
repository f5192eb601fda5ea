import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findingSchema } from '../../../../src/trainer/artifacts/finding.ts';
import { washedOut } from '../../../helpers/findings.ts';

test('a finding is read back as it was written, and one of an unknown signature is none', () => {
  assert.deepEqual(findingSchema.parse(JSON.parse(JSON.stringify(washedOut))), washedOut);
  assert.ok(!findingSchema.safeParse({ ...washedOut, signature: 'Other' }).success);
});
