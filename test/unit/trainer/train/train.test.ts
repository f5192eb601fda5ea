import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseRun } from '../../../../src/api/run.ts';
import { modelPlans } from '../../../../src/operator/plan/identity.ts';
import { trainTask } from '../../../../src/operator/plan/tasks.ts';
import { writeIdx } from '../../../../src/trainer/data/idx.ts';
import { runTrain } from '../../../../src/trainer/train/train.ts';
import { withSpec } from '../../../helpers/runs.ts';
import { temporaryFolder, trainerContext } from '../../../helpers/trainer.ts';

test('a signal ends training while the data are still being read', async (t) => {
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
    }),
  );
  const task = trainTask(run, modelPlans(run.spec)[0] ?? assert.fail());
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
