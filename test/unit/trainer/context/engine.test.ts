import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { startEngine } from '../../../../src/trainer/context/engine.ts';
import { backendOf } from '../../../../src/trainer/engine/backend.ts';

test('the device is said, and a GPU that was given but is not used is warned of', async () => {
  const lines: string[] = [];
  const logger = pino({ base: null }, { write: (line: string) => lines.push(line) });
  const tf = await startEngine(1, { logger, gpuGiven: false });
  const device = backendOf(tf).isUsingGpuDevice ? 'GPU' : 'CPU';
  assert.match(lines.splice(0).join(), new RegExp(`"device":"${device}","name":".+","threads":1,"xla":false`));
  await startEngine(1, { logger, gpuGiven: true });
  assert.equal(lines.length, device === 'CPU' ? 2 : 1);
});
