import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorCodes } from '../../../src/api/errors.ts';
import { conditionReasons, eventReasons } from '../../../src/api/reasons.ts';
import { referencePage } from '../../../src/api/reference.ts';
import { specSchema } from '../../../src/api/spec/spec.ts';
import { statusSchema } from '../../../src/api/status.ts';

const page = referencePage();

test('every field of spec and status has its line', () => {
  for (const field of [...Object.keys(specSchema.shape), ...Object.keys(statusSchema.shape)])
    assert.ok(page.includes(`\n| \`${field}\` |`), field);
  assert.match(page, /\| `dataset\.image\.fit` \| CenterCrop, Stretch, Pad \| `"CenterCrop"` \|/);
});

test('every error code and every reason is listed', () => {
  for (const word of [...Object.keys(errorCodes), ...Object.keys(conditionReasons), ...Object.keys(eventReasons)])
    assert.ok(page.includes(`\`${word}\``), word);
});

test('what is refused is said in words', () => {
  assert.match(page, /- `spec\.schedule\.states`: states \(S\) must not exceed timesteps/);
});
