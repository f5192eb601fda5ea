import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadTensorFlow } from '../../../../../src/trainer/engine/tensorflow.ts';
import { writeSafetensors } from '../../../../../src/trainer/formats/safetensors.ts';
import { createExtractor } from '../../../../../src/trainer/metrics/extractors/extractor.ts';
import { classifierShapes } from '../../../../../src/trainer/metrics/extractors/greyClassifier.ts';
import { sizeOf } from '../../../../../src/trainer/model/parameters.ts';
import { temporaryFolder } from '../../../../helpers/folder.ts';
import { memorySource } from '../../../../helpers/trainer.ts';

test('weights that give features that are not finite are refused by name', async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'w.safetensors');
  const tensors = new Map(
    Object.entries(classifierShapes).map(([name, shape]) => [
      name,
      { shape, values: new Float32Array(sizeOf(shape)).fill(name === 'dense1.b' ? Number.POSITIVE_INFINITY : 0) },
    ]),
  );
  writeFileSync(path, writeSafetensors({ tensors, metadata: {} }));
  const weights = { volume: { claimName: 'weights', path: 'w.safetensors' } };
  const extractor = await createExtractor(await loadTensorFlow(1), { name: 'mnist-classifier', weights }, folder);
  const images = memorySource(new Uint8Array(2 * 28 * 28), { size: 28, channels: 1 });
  await assert.rejects(
    extractor.sums(images, async () => {}),
    { code: 'InputForeign', where: path },
  );
});

test('images are read batch by batch, and the last batch is what is left', async () => {
  const shape = { size: 28, channels: 1 } as const;
  const read: [number, number][] = [];
  const extractor = await createExtractor(await loadTensorFlow(1), { name: 'mnist-classifier' }, undefined);
  const batch = async (first: number, size: number) => {
    read.push([first, size]);
    return new Uint8Array(size * 28 * 28);
  };
  const sums = await extractor.sums({ count: 260, shape, batch }, async () => {});
  assert.equal(sums.count, 260);
  assert.deepEqual(read, [
    [0, 250],
    [250, 10],
  ]);
});
