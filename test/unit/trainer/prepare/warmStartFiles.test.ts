import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { modelSchema } from '../../../../src/api/spec/model.ts';
import { scheduleSchema } from '../../../../src/api/spec/schedule.ts';
import type { PrepareTask, WarmStartTask } from '../../../../src/api/task.ts';
import { writeNpy } from '../../../../src/trainer/formats/npy.ts';
import { readSafetensors, writeSafetensors } from '../../../../src/trainer/formats/safetensors.ts';
import { runPrepare } from '../../../../src/trainer/prepare/prepare.ts';
import { checkWarmStart, warmStartPaths } from '../../../../src/trainer/prepare/warmStartFiles.ts';
import { openWarmStart } from '../../../../src/trainer/warmStart/open.ts';
import { datasetOf, volumeOf } from '../../../helpers/data.ts';
import { aggregatedRun, temporaryStore, trainerContext } from '../../../helpers/trainer.ts';
import { bundlePath, exportedPath, startAt } from '../../../helpers/warmStart.ts';

const npy = writeNpy({ shape: [3, 8, 8], data: new Uint8Array(192) });

/** A task of two states whose models begin from a folder. */
const taskOf = (path: string, model: object = {}, fields: Partial<WarmStartTask> = {}): PrepareTask => ({
  kind: 'prepare',
  directory: 'runs/test',
  hash: '0123456789abcdef',
  dataset: { ...datasetOf('Npy', 'a.npy'), image: { size: 8, channels: 1, fit: 'CenterCrop' } },
  warmStart: {
    ...startAt(path),
    schedule: scheduleSchema.parse({ states: 2 }),
    networks: [
      {
        model: modelSchema.parse({ baseChannels: 8, channelMultipliers: [1, 2], ...model }),
        prediction: 'V',
        models: [0, 1],
      },
    ],
    ...fields,
  },
});
const nothing = async () => {};

test('the weights are checked when the data are prepared, and their digest is told', async (t) => {
  const run = await aggregatedRun(t);
  const { store } = temporaryStore(t);
  const volumes = { data: volumeOf(t, { 'a.npy': npy }), warmStart: run.root };
  const task = taskOf(bundlePath(run));
  const prepare = async () => {
    const result = await runPrepare(task, trainerContext(store, { volumes }));
    assert.ok(result.kind === 'prepare');
    return result;
  };
  const { warmStart } = await prepare();
  assert.equal(warmStart, (await openWarmStart(startAt(bundlePath(run)), run.root)).digest);
  assert.equal((await prepare()).warmStart, warmStart, 'also where nothing is read again');
  writeFileSync(join(run.root, bundlePath(run), 'model-0000.safetensors'), 'x');
  await assert.rejects(prepare(), { code: 'InputForeign', message: /damaged/ });
});

test('a run that begins anew reads none', async () => {
  const { warmStart: _, ...task } = taskOf('any');
  assert.deepEqual(await warmStartPaths(task, {}), []);
  assert.equal(await checkWarmStart(task, {}, nothing), undefined);
});

test('every network of the run is held against what its models begin from, each once', async (t) => {
  const run = await aggregatedRun(t);
  const volumes = { warmStart: run.root };
  const count = async (task: PrepareTask) => {
    let parameters = 0;
    await checkWarmStart(task, volumes, async () => {
      parameters++;
    });
    return parameters;
  };
  const own = taskOf(bundlePath(run));
  const once = await count(taskOf(await exportedPath(run)));
  assert.equal(await count(own), 2 * once, 'two states take two models');
  assert.equal(await count(taskOf('exported/model-0002')), once, 'and both begin from one');
  for (const path of [bundlePath(run), 'exported/model-0000']) {
    const check = (model: object, fields = {}) => checkWarmStart(taskOf(path, model, fields), volumes, nothing);
    const refused = { code: 'InputMismatch', message: /model\.baseChannels is 16/, hint: /model\.baseChannels to 8/ };
    await assert.rejects(check({ baseChannels: 16 }), refused);
    await assert.rejects(check({}, { schedule: scheduleSchema.parse({ states: 2, statesPerModel: 2 }) }), {
      code: 'InputMismatch',
      hint: /schedule\.statesPerModel to 1/,
    });
    const [network] = own.warmStart?.networks ?? [];
    const wide = { ...network, model: modelSchema.parse({ baseChannels: 16 }), models: [1] };
    await assert.rejects(check({}, { networks: [{ ...network, models: [0] }, wide] }), refused, 'of an override');
  }
});

test('numbers that are not finite are refused', async (t) => {
  const run = await aggregatedRun(t);
  const path = await exportedPath(run);
  const file = join(path, 'diffusion_pytorch_model.safetensors');
  const whole = readSafetensors((await run.store.read(file)) ?? assert.fail(), file);
  whole.tensors.get('conv_in.bias')?.values.fill(Number.NaN);
  writeFileSync(join(run.root, file), writeSafetensors(whole));
  await assert.rejects(checkWarmStart(taskOf(path), { warmStart: run.root }, nothing), {
    code: 'InputForeign',
    message: /not finite numbers, in in\.b/,
  });
});
