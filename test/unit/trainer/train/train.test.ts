import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parseRun } from '../../../../src/api/run.ts';
import { modelPlans } from '../../../../src/operator/plan/identity.ts';
import { trainTask } from '../../../../src/operator/plan/tasks.ts';
import { writeIdx } from '../../../../src/trainer/data/idx.ts';
import { runTrain } from '../../../../src/trainer/train/train.ts';
import { withSpec } from '../../../helpers/runs.ts';
import { temporaryFolder, trainerContext } from '../../../helpers/trainer.ts';

/** The task of a small model, and volumes with its images. */
function setUp(t: TestContext, fields: Record<string, unknown> = {}) {
  const root = temporaryFolder(t);
  const volumes = { run: join(root, 'run'), data: join(root, 'data') };
  for (const folder of Object.values(volumes)) mkdirSync(folder);
  writeFileSync(join(volumes.data, 'images'), writeIdx({ shape: [1000, 4, 4], data: new Uint8Array(16_000) }));
  const run = parseRun(
    withSpec({
      dataset: {
        source: { volume: { claimName: 'data', path: 'images' } },
        format: 'Idx',
        image: { size: 8, channels: 1 },
      },
      model: { baseChannels: 8, channelMultipliers: [1, 2] },
      ...fields,
    }),
  );
  return { volumes, task: trainTask(run, modelPlans(run.spec)[0] ?? assert.fail()) };
}

test('a signal ends training while the data are still being read', async (t) => {
  const { volumes, task } = setUp(t);
  const controller = new AbortController();
  let words = 0;
  const context = trainerContext(volumes, {
    signal: controller.signal,
    progress: ({ phase }) => {
      assert.equal(phase, 'Starting');
      if (++words === 3) controller.abort();
    },
  });
  await assert.rejects(runTrain(task, context), { code: 'Interrupted', message: 'stopped before the work began' });
  assert.equal(words, 3);
});

test('a signal that comes while the state is being saved ends training with that state, without another', async (t) => {
  const { volumes, task } = setUp(t, {
    training: { images: 400, batchSize: 4, threads: 1 },
    checkpoints: { volume: { shared: { size: '1Gi' } }, everyImages: 12 },
  });
  const controller = new AbortController();
  const saved: number[] = [];
  const context = trainerContext(volumes, {
    signal: controller.signal,
    progress: ({ phase, done }) => {
      if (phase !== 'Saving') return;
      saved.push(done);
      controller.abort();
    },
  });
  await assert.rejects(runTrain(task, context), { code: 'Interrupted', message: /after 12 images/ });
  assert.deepEqual(saved, [12]);
});
