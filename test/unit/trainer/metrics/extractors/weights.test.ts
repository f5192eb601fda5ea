import assert from 'node:assert/strict';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Extractor } from '../../../../../src/api/task.ts';
import { sha256 } from '../../../../../src/trainer/formats/digest.ts';
import { writeSafetensors } from '../../../../../src/trainer/formats/safetensors.ts';
import { classifierPath, classifierShapes } from '../../../../../src/trainer/metrics/extractors/greyClassifier.ts';
import { inceptionShapes } from '../../../../../src/trainer/metrics/extractors/inceptionStructure.ts';
import { checkExtractor } from '../../../../../src/trainer/metrics/extractors/weights.ts';
import { sizeOf } from '../../../../../src/trainer/model/parameters.ts';
import { temporaryFolder } from '../../../../helpers/folder.ts';

const file = (shapes: Record<string, number[]>) =>
  writeSafetensors({
    tensors: new Map(
      Object.entries(shapes).map(([name, shape]) => [name, { shape, values: new Float32Array(sizeOf(shape)) }]),
    ),
    metadata: {},
  });
const extractor = (name: Extractor['name'], path: string): Extractor => ({
  name,
  weights: { volume: { claimName: 'weights', path } },
});

test('weights that come with the trainer are checked as any others', async () => {
  const found = await checkExtractor({ name: 'mnist-classifier' }, undefined);
  assert.deepEqual(found, { dimensions: 64, digest: sha256(readFileSync(classifierPath('mnist-classifier'))) });
});

test('weights of one’s own are found on their volume, and every tensor of the network has to be there', async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'whole.safetensors'), file(classifierShapes));
  const { dimensions } = await checkExtractor(extractor('mnist-classifier', 'whole.safetensors'), folder);
  assert.equal(dimensions, 64);
  const { 'dense2.b': _, ...rest } = classifierShapes;
  writeFileSync(join(folder, 'part.safetensors'), file(rest));
  await assert.rejects(checkExtractor(extractor('mnist-classifier', 'part.safetensors'), folder), {
    code: 'InputForeign',
    message: /dense2\.b/,
  });
});

test("weights are pytorch-fid's by name; a missing or misshapen one is named", async (t) => {
  const folder = temporaryFolder(t);
  const check = (path: string) => checkExtractor(extractor('inception-v3-fid', path), folder);
  const [first = assert.fail()] = Object.keys(inceptionShapes());
  writeFileSync(join(folder, 'none.safetensors'), file({ 'fc.weight': [10, 10] }));
  await assert.rejects(check('none.safetensors'), {
    code: 'InputForeign',
    message: `has no tensor ${first} of floats`,
    hint: /pytorch-fid/,
  });
  writeFileSync(join(folder, 'wrong.safetensors'), file({ [first]: [64] }));
  await assert.rejects(check('wrong.safetensors'), {
    code: 'InputMismatch',
    message: /is \[64\], not \[32, 3, 3, 3\]/,
  });
});

test('what is not there, leads out of its volume, or has no volume is refused', async (t) => {
  const folder = temporaryFolder(t);
  symlinkSync('/etc/hostname', join(folder, 'link.safetensors'));
  const check = (path: string) => checkExtractor(extractor('inception-v3-fid', path), folder);
  await assert.rejects(check('link.safetensors'), { code: 'InputUnsafe' });
  await assert.rejects(check('absent.safetensors'), { code: 'InputMissing' });
  await assert.rejects(checkExtractor({ name: 'inception-v3-fid' }, undefined), {
    code: 'InvalidTask',
    message: /inception-v3-fid needs weights/,
  });
});
