import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generatedFiles, staleFiles } from '../../../scripts/generate.ts';

test('generated files are what the schema says', () => {
  assert.deepEqual(staleFiles(), [], 'run npm run generate');
});

test('the CRD leaves room below the limit of client-side apply', () => {
  for (const content of Object.values(generatedFiles())) assert.ok(Buffer.byteLength(content) < 200_000);
});
