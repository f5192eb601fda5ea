import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadTensorFlow } from '../../../../src/trainer/engine/tensorflow.ts';

test('TensorFlow is loaded once, with one thread count', async () => {
  const tf = await loadTensorFlow(1);
  assert.equal(await loadTensorFlow(1), tf);
  assert.equal(process.env.TF_NUM_INTRAOP_THREADS, '1');
  await assert.rejects(loadTensorFlow(2), { code: 'EngineUnavailable', message: /1 threads, not 2/ });
});
