import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Evaluation, evaluationSchema } from '../../../../src/api/spec/evaluation.ts';
import { sha256 } from '../../../../src/trainer/formats/digest.ts';
import { writeSafetensors } from '../../../../src/trainer/formats/safetensors.ts';
import { inceptionShapes } from '../../../../src/trainer/metrics/extractors/inceptionStructure.ts';
import { checkEvaluationFiles, evaluationPaths, leastImages } from '../../../../src/trainer/prepare/evaluationFiles.ts';
import { volumeOf } from '../../../helpers/data.ts';
import { writeStatistics } from '../../../helpers/features.ts';

const volume = (path: string) => ({ volume: { claimName: 'stats', path } });
const evaluation = (fields: object = {}): Evaluation =>
  evaluationSchema.parse({ extractor: { name: 'mnist-classifier' }, ...fields });
const statistics = (dimensions: number, diagonal = 1) => ({
  count: undefined,
  dimensions,
  mean: new Float64Array(dimensions),
  covariance: Float64Array.from({ length: dimensions ** 2 }, (_, i) => (i % (dimensions + 1) === 0 ? diagonal : 0)),
});

test('without files of its own an evaluation has none to check', async () => {
  assert.deepEqual(await checkEvaluationFiles(evaluation(), {}), {});
  assert.deepEqual(await evaluationPaths(evaluation(), {}), []);
  assert.deepEqual([leastImages(evaluation()), leastImages(undefined)], [2, 1]);
});

test('reference statistics are checked and known by their digest', async (t) => {
  const good = writeStatistics(statistics(64));
  const reference = volumeOf(t, {
    'good.npz': good,
    'other.npz': writeStatistics(statistics(10)),
    'none.npz': writeStatistics(statistics(64, -1)),
    'text.npz': 'no archive at all, of that we can be sure',
  });
  const check = (path: string) =>
    checkEvaluationFiles(evaluation({ reference: { file: volume(path) } }), { reference });
  assert.deepEqual(await check('good.npz'), { reference: sha256(good) });
  await assert.rejects(check('other.npz'), { code: 'InputMismatch', message: /10 values.*64 features/ });
  await assert.rejects(check('none.npz'), { code: 'InputForeign', message: /not a covariance/ });
  await assert.rejects(check('text.npz'), { code: 'InputForeign' });
  await assert.rejects(check('gone.npz'), { code: 'InputMissing' });
  const named = evaluation({ reference: { file: volume('good.npz') } });
  assert.deepEqual(await evaluationPaths(named, { reference }), [join(reference, 'good.npz')]);
  assert.equal(leastImages(named), 1);
});

test('weights of an extractor are all there, each of its shape', async (t) => {
  const shapes = Object.entries(inceptionShapes());
  assert.equal(shapes.length, 94 * 5);
  const file = (change: (name: string, shape: number[]) => number[] | undefined) =>
    writeSafetensors({
      tensors: new Map(
        shapes.flatMap(([name, whole]) => {
          const shape = change(name, whole);
          const size = shape?.reduce((product, part) => product * part, 1) ?? 0;
          return shape === undefined ? [] : [[name, { shape, values: new Float32Array(size) }] as const];
        }),
      ),
      metadata: {},
    });
  const good = file((_, shape) => shape);
  const lost = 'Mixed_7c.branch_pool.bn.bias';
  const weights = volumeOf(t, {
    'good.safetensors': good,
    'lost.safetensors': file((name, shape) => (name === lost ? undefined : shape)),
    'narrow.safetensors': file((name, shape) => (name === lost ? [7] : shape)),
  });
  const check = (path: string) =>
    checkEvaluationFiles(evaluation({ extractor: { name: 'inception-v3-fid', weights: volume(path) } }), { weights });
  assert.deepEqual(await check('good.safetensors'), { weights: sha256(good) });
  await assert.rejects(check('lost.safetensors'), { code: 'InputForeign', message: /Mixed_7c\.branch_pool\.bn\.bias/ });
  await assert.rejects(check('narrow.safetensors'), { code: 'InputMismatch', message: /\[7\], not \[192\]/ });
});
