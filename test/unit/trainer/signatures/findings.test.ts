import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addImage, emptyMoments } from '../../../../src/trainer/data/moments.ts';
import { findSignatures } from '../../../../src/trainer/signatures/findings.ts';
import { digits, goodModels, withHardlyTrained, withLosses } from '../../../helpers/findings.ts';
import { lossCurve } from '../../../helpers/lossCurves.ts';

const recorded = (models = goodModels()) => ({
  schedule: { family: 'Linear', alphas: 'Mapped', timesteps: 1000 } as const,
  eta: 0,
  models,
  data: {
    mean: Float32Array.from(digits, ({ mean }) => mean),
    deviation: Float32Array.from(digits, ({ deviation }) => deviation),
  },
  samples: emptyMoments(digits.length),
  trajectory: undefined,
});

test('a run that was trained alike has none', () => {
  assert.deepEqual(findSignatures(recorded()), []);
});

test('several are found at once, the most telling first', () => {
  const models = withHardlyTrained();
  models[1] = withLosses(
    models[1] ?? assert.fail(),
    lossCurve((part) => 0.1 + Math.max(0, part - 0.5) / 10),
  );
  assert.deepEqual(
    findSignatures(recorded(models)).map(({ signature, states }) => [signature, states]),
    [
      ['LossRising', '1'],
      ['StateBehind', '4'],
    ],
  );
});

test('where networks see latents, pictures tell nothing of them, and losses do', () => {
  const black = emptyMoments(digits.length);
  for (let i = 0; i < 40; i++) addImage(black, new Uint8Array(digits.length));
  const signatures = (run: Parameters<typeof findSignatures>[0]) => findSignatures(run).map((each) => each.signature);
  const models = withHardlyTrained();
  assert.deepEqual(signatures({ ...recorded(models), samples: black }), ['StateBehind', 'WashedOut']);
  assert.deepEqual(signatures({ ...recorded(models), samples: undefined }), ['StateBehind']);
});
