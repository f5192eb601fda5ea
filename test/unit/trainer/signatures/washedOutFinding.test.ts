import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from 'js-yaml';
import { scheduleSchema } from '../../../../src/api/spec/schedule.ts';
import { latentStates } from '../../../../src/diffusion/latentStates.ts';
import { normals, streams } from '../../../../src/diffusion/random.ts';
import { addImage, emptyMoments } from '../../../../src/trainer/data/moments.ts';
import { type Recorded, summarize } from '../../../../src/trainer/signatures/recorded.ts';
import { washedOutFinding } from '../../../../src/trainer/signatures/washedOutFinding.ts';
import { goodModels } from '../../../helpers/findings.ts';

const values = 16;
const data = { mean: new Float32Array(values).fill(-0.2), deviation: new Float32Array(values).fill(0.4) };

/** Sixty pictures with so much of the data's contrast. */
function samples(contrast: number) {
  const sums = emptyMoments(values);
  for (let i = 0; i < 60; i++) {
    const drawn = normals(1, streams.noise, i, values);
    addImage(
      sums,
      Uint8Array.from(drawn, (z) => Math.min(255, Math.max(0, Math.round(127.5 * (0.8 + 0.4 * contrast * z))))),
    );
  }
  return sums;
}

function recorded(contrast: number, alphas: 'Mapped' | 'Recomputed' = 'Mapped'): Recorded {
  const options = { family: 'Linear', timesteps: 1000, states: 8, spacing: 'Quadratic', alphas } as const;
  const [model = assert.fail()] = goodModels();
  const models = latentStates(options).map((state) => ({ ...model, index: state.index, states: [state] }));
  const schedule = { family: options.family, alphas, timesteps: options.timesteps };
  return { schedule, eta: 0, models, data, samples: samples(contrast), trajectory: undefined };
}

const findingOf = (run: Recorded) => washedOutFinding(run, summarize(run.data));

test('samples with the contrast that few states leave them are as they should be', () => {
  assert.equal(findingOf(recorded(0.8)), undefined);
});

test('of recomputed ᾱ the remedy is a schedule that can be pasted, with mapped ones that reach noise', () => {
  const found = findingOf(recorded(0.3, 'Recomputed')) ?? assert.fail();
  assert.match(found.message, /^Samples are washed out: 0\.\d+ of the data's contrast/);
  assert.match(found.remedy, /Recomputed ᾱ are known to do this.*noisiest ᾱ 0\.00004 instead of 0\.9\d/);
  const { schedule } = load(found.yaml) as { schedule: unknown };
  const parsed = scheduleSchema.parse(schedule);
  assert.deepEqual([parsed.alphas, parsed.states, parsed.statesPerModel], ['Mapped', 8, 1]);
});

test('where exact models would lose as much, more states or another spacing are named', () => {
  const run = recorded(0.3);
  const narrow = { ...run, data: { ...data, deviation: new Float32Array(values).fill(0.25) } };
  const found = findingOf(narrow) ?? assert.fail();
  assert.match(
    found.remedy,
    /^With \d+ \w+ states, spacing \w+ \(noisiest ᾱ .*\), exact models keep 0\.8\d of the contrast, now 0\.7/,
  );
});

test('where the schedule would keep it, the models are what is wrong', () => {
  const run = recorded(0.3);
  const wide = { ...run, data: { ...data, deviation: new Float32Array(values).fill(0.9) } };
  const found = findingOf(wide) ?? assert.fail();
  assert.match(found.remedy, /^The schedule is not what is wrong/);
  assert.equal(found.yaml, '');
});

test('where ε is predicted, what its errors do at the noisiest state is told', () => {
  const run = recorded(0.3);
  const models = run.models.map((model) => ({ ...model, prediction: 'Epsilon' as const }));
  const wide = { ...run, models, data: { ...data, deviation: new Float32Array(values).fill(0.9) } };
  const found = findingOf(wide) ?? assert.fail();
  assert.match(found.remedy, /An error in ε counts 160 times in x̂0 of the noisiest state: train with prediction V\.$/);
  assert.equal(found.yaml, 'training: { prediction: V }');
});
