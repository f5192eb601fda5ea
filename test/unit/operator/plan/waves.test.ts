import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseTask, renderTask } from '../../../../src/api/task.ts';
import { wavesOf } from '../../../../src/operator/plan/waves.ts';
import { runOf } from '../../../helpers/simulation.ts';

const hashes = (count: number) => Array.from({ length: count }, (_, i) => i.toString(16).padStart(16, '0'));
const perModel = { checkpoints: { volume: { perModel: { size: '1Gi' } } } };

test('models that share a claim are not collected', () => {
  assert.deepEqual(wavesOf(runOf(), hashes(10)), []);
});

test('each model is in one wave, in order, and no wave has more than a node can attach', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 40 }), (count, claimsPerWave) => {
      const waves = wavesOf(runOf({ ...perModel, execution: { aggregation: { claimsPerWave } } }), hashes(count));
      const tasks = waves.map(({ task }) => parseTask(renderTask(task)));
      const models = tasks.map((task) => (task.kind === 'collect' ? task.models : []));
      assert.ok(models.every(({ length }) => length > 0 && length <= claimsPerWave));
      assert.deepEqual(
        models.flat(),
        hashes(count).map((hash, index) => ({ index, hash, mounted: true })),
      );
      assert.equal(new Set(waves.map(({ name }) => name)).size, waves.length);
    }),
    { numRuns: 50 },
  );
});

test('a model with another address is collected by another Job, and the other waves stay', () => {
  const run = runOf({ ...perModel, execution: { aggregation: { claimsPerWave: 2 } } });
  const names = (models: string[]) => wavesOf(run, models).map(({ name }) => name);
  const before = names(hashes(4));
  const after = names(hashes(4).with(3, 'f'.repeat(16)));
  assert.equal(after[0], before[0]);
  assert.notEqual(after[1], before[1]);
});

test('a model that was given up is in no wave', () => {
  const run = runOf({ ...perModel, execution: { aggregation: { claimsPerWave: 2 } } });
  const collected = wavesOf(run, hashes(5), new Set([1, 4])).map(({ task }) =>
    task.kind === 'collect' ? task.models.map(({ index }) => index) : [],
  );
  assert.deepEqual(collected, [[0, 2], [3]]);
});
