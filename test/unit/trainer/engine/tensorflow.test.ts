import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { loadTensorFlow } from '../../../../src/trainer/engine/tensorflow.ts';

test('TensorFlow is loaded once, with one thread count', async () => {
  const tf = await loadTensorFlow(1);
  assert.equal(await loadTensorFlow(1), tf);
  assert.equal(process.env.TF_NUM_INTRAOP_THREADS, '1');
  assert.equal(process.env.TF_XLA_FLAGS, undefined);
  await assert.rejects(loadTensorFlow(2), { code: 'EngineUnavailable', message: /1 threads, not 2/ });
  await assert.rejects(loadTensorFlow(1, true), {
    code: 'EngineUnavailable',
    message: /1 threads, not 1 threads and XLA/,
  });
});

const script = join(import.meta.dirname, '../../../helpers/xlaProcess.ts');

/** Output and log of a process that computes with XLA or without. */
async function compute(mode: 'xla' | 'plain') {
  const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: '0', NODE_TEST_CONTEXT: undefined };
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [script, mode], { env });
  return { ...(JSON.parse(stdout) as { y: number[]; growth: string }), compiled: stderr.includes('Compiled cluster') };
}

test('with XLA a program is compiled and gives the same but for rounding; without, nothing is compiled', async () => {
  const [compiled, plain] = [await compute('xla'), await compute('plain')];
  assert.deepEqual([compiled.compiled, plain.compiled], [true, false]);
  assert.equal(plain.growth, 'true', 'memory of a GPU is taken as it is needed');
  for (const [i, value] of plain.y.entries())
    assert.ok(Math.abs((compiled.y[i] as number) - value) < 1e-4 * (1 + value));
});
