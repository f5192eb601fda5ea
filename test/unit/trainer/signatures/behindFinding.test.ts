import assert from 'node:assert/strict';
import { test } from 'node:test';
import { behindFinding } from '../../../../src/trainer/signatures/behindFinding.ts';
import { goodModels, withHardlyTrained } from '../../../helpers/findings.ts';

/** x̂0 of eight states, the noisiest first; frame 3 is that of state 4. */
function trajectory(levels: number[]) {
  const frames = {
    shape: [levels.length, 1, 4, 4, 1],
    data: new Uint8Array(levels.flatMap((level) => Array.from({ length: 16 }, () => level))),
  };
  return { x: frames, predicted: frames };
}

test('eight states that were trained alike are not behind, nor are they with a steady trajectory', () => {
  assert.equal(behindFinding(goodModels(), undefined, 0.5), undefined);
  assert.equal(behindFinding(goodModels(), trajectory([80, 90, 105, 120, 130, 135, 138, 139]), 0.5), undefined);
});

test('one that was stopped after a fiftieth is, and an override is named that trains it as long as the others', () => {
  const found = behindFinding(withHardlyTrained(), undefined, 0.5) ?? assert.fail();
  assert.equal(found.states, '4');
  assert.match(
    found.message,
    /^State 4 is behind the neighbours: final loss 6\.\d times what the others' curve says\.$/,
  );
  assert.equal(found.yaml, 'overrides:\n  - { states: "4", training: { images: 4800 } }');
  assert.deepEqual(Object.keys(found.evidence[0]?.numbers ?? {}), ['images', 'last loss', 'expected loss']);
});

test('one whose image leaves the way is, whatever its loss', () => {
  const found = behindFinding(goodModels(), trajectory([80, 90, 105, 220, 120, 125, 128, 129]), 0.5) ?? assert.fail();
  assert.equal(found.states, '4');
  assert.match(
    found.message,
    /^State 4 is behind the neighbours: x̂0 away from the next one's, a detour \d+ times as long\.$/,
  );
  assert.equal(found.evidence[0]?.numbers.images, 4800);
  assert.match(found.yaml, /images: 9600/, 'twice of what was not enough');
});

test('models without a recorded loss are passed over', () => {
  const models = goodModels().map((model) => ({ ...model, losses: [] }));
  assert.equal(behindFinding(models, undefined, 0.5), undefined);
});
