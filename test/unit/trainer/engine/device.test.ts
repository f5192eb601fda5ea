import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { backendOf } from '../../../../src/trainer/engine/backend.ts';
import { deviceOf, gpuNames } from '../../../../src/trainer/engine/device.ts';
import { loadTensorFlow } from '../../../../src/trainer/engine/tensorflow.ts';
import { temporaryFolder } from '../../../helpers/folder.ts';

test('GPUs are named as the driver names them, each name once', (t) => {
  const folder = temporaryFolder(t);
  for (const [bus, name] of [
    ['0000:01:00.0', 'NVIDIA H100 80GB HBM3'],
    ['0000:02:00.0', 'NVIDIA H100 80GB HBM3'],
    ['0000:03:00.0', 'NVIDIA L4'],
  ] as const) {
    mkdirSync(join(folder, bus));
    writeFileSync(join(folder, bus, 'information'), `Model: \t\t ${name}\nIRQ:   \t\t 18\n`);
  }
  assert.deepEqual(gpuNames(folder), ['NVIDIA H100 80GB HBM3', 'NVIDIA L4']);
});

test('without a driver there is no name', (t) => {
  assert.deepEqual(gpuNames(join(temporaryFolder(t), 'missing')), []);
});

test('what is computed on is always said', async () => {
  const tf = await loadTensorFlow(1);
  if (backendOf(tf).isUsingGpuDevice) assert.notEqual(deviceOf(tf), 'CPU');
  else assert.equal(deviceOf(tf), 'CPU');
});
