import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Dataset, Latents } from '../../../../src/api/spec/dataset.ts';
import { noFindings } from '../../../../src/trainer/data/findings.ts';
import { openLatents, spreadPath } from '../../../../src/trainer/data/latentArrays.ts';
import { resolveInVolume } from '../../../../src/trainer/data/volume.ts';
import { writeNpz } from '../../../../src/trainer/formats/npz.ts';
import { writeSafetensors } from '../../../../src/trainer/formats/safetensors.ts';
import { datasetOf, volumeOf } from '../../../helpers/data.ts';
import { latentFloats, latentsNpy, latentValue } from '../../../helpers/latents.ts';

const shape = { size: 2, channels: 3 };

/** All latents of a file. */
async function read(
  t: TestContext,
  files: Record<string, Uint8Array>,
  format: 'Npy' | 'Npz' | 'Safetensors',
  latents: object,
  fields: object = {},
) {
  const root = volumeOf(t, files);
  const path = (Object.keys(files)[0] as string).split('/')[0] as string;
  const dataset = datasetOf(format, path, { latents, ...fields }) as Dataset & { latents: Latents };
  const paths = {
    path: await resolveInVolume(root, path, 'dataset'),
    root,
    spreadFile: await spreadPath(dataset, root),
  };
  const source = await openLatents(dataset, paths, shape, noFindings());
  const all: Float32Array[] = [];
  for await (const latent of source.latents(async () => {})) all.push(latent);
  assert.equal(all.length, source.total);
  return { type: source.type, all };
}

test('channels come last, whichever way the array has them', async (t) => {
  const first = await read(t, { 'a.npy': latentsNpy([2, 3, 2, 2], 'float16') }, 'Npy', {});
  assert.equal(first.type, 'float16');
  const pixel = (latent: number, at: number) => [0, 1, 2].map((c) => latentValue(latent * 12 + c * 4 + at));
  assert.deepEqual(
    [...(first.all[1] as Float32Array)],
    [0, 1, 2, 3].flatMap((at) => pixel(1, at)),
  );
  const last = await read(t, { 'a.npy': latentsNpy([2, 2, 2, 3], 'float32') }, 'Npy', { order: 'ChannelsLast' });
  assert.deepEqual([last.type, last.all[1]], ['float32', latentFloats(24).subarray(12)]);
});

test('a spread is in the same array, in another file, or in another array of the archive', async (t) => {
  const values = 'MeanAndLogVariance';
  const [means, spread] = [latentFloats(24), latentFloats(24).map((value) => -value)];
  const both = Float32Array.from([0, 12].flatMap((at) => [...means.slice(at, at + 12), ...spread.slice(at, at + 12)]));
  const one = await read(t, { 'a.npy': latentsNpy([2, 6, 2, 2], 'float32', both) }, 'Npy', { values });
  const files = {
    'a.npy': latentsNpy([2, 3, 2, 2], 'float32', means),
    'b.npy': latentsNpy([2, 3, 2, 2], 'float16', spread),
  };
  assert.deepEqual(await read(t, files, 'Npy', { values, spread: 'b.npy' }), one);
  const array = (data: Float32Array) => ({ shape: [2, 3, 2, 2], data });
  const archive = { 'a.npz': writeNpz({ mean: array(means), logvar: array(spread) }) };
  assert.deepEqual(await read(t, archive, 'Npz', { values, spread: 'logvar' }, { array: 'mean' }), one);
});

test('the only array of four dimensions of an archive is taken, and a limit is kept', async (t) => {
  const latents = { shape: [4, 3, 2, 2], data: latentFloats(48) };
  const labels = { shape: [4], data: BigInt64Array.of(1n, 2n, 3n, 4n) };
  const { all } = await read(t, { 'a.npz': writeNpz({ labels, latents }) }, 'Npz', {}, { limit: 3 });
  assert.equal(all.length, 3);
});

test('what are no latents of the spec is refused by name', async (t) => {
  const npy = (shape: number[]) => ({ 'a.npy': latentsNpy(shape, 'float32') });
  await assert.rejects(read(t, npy([2, 4, 2, 2]), 'Npy', {}), {
    code: 'InputMismatch',
    message: /shape \[2, 4, 2, 2\].*\[2, 3, 2, 2\] \(ChannelsFirst\)/,
    hint: /codec\.channels/,
  });
  await assert.rejects(read(t, npy([2, 3, 2, 2]), 'Npy', { values: 'MeanAndDeviation' }), { code: 'InputMismatch' });
  await assert.rejects(read(t, npy([2, 6, 2, 2]), 'Npy', { values: 'MeanAndDeviation' }), {
    code: 'InputForeign',
    message: /deviation below 0, first in latent 0/,
    hint: /MeanAndLogVariance/,
  });
  const infinite = latentFloats(24).fill(Number.POSITIVE_INFINITY, 13);
  await assert.rejects(read(t, { 'a.npy': latentsNpy([2, 3, 2, 2], 'float32', infinite) }, 'Npy', {}), {
    message: /not finite numbers, first in latent 1/,
  });
  const doubles = writeNpz({ a: { shape: [2, 3, 2, 2], data: new Float64Array(24) } });
  await assert.rejects(read(t, { 'a.npz': doubles }, 'Npz', {}), { message: /float64; latents are/ });
});

test('latents and their spread may lie in several files', async (t) => {
  const values = 'MeanAndLogVariance';
  const [means, spread] = [latentFloats(24), latentFloats(24).map((value) => -value)];
  const whole = {
    'a.npy': latentsNpy([2, 3, 2, 2], 'float32', means),
    'b.npy': latentsNpy([2, 3, 2, 2], 'float32', spread),
  };
  const wanted = await read(t, whole, 'Npy', { values, spread: 'b.npy' });
  const one = (data: Float32Array, at: number) => data.slice(at * 12, at * 12 + 12);
  const npy = (data: Float32Array) => latentsNpy([1, 3, 2, 2], 'float32', data);
  const folders = {
    'means/0.npy': npy(one(means, 0)),
    'means/1.npy': npy(one(means, 1)),
    'spread/0.npy': npy(one(spread, 0)),
    'spread/1.npy': npy(one(spread, 1)),
  };
  assert.deepEqual(await read(t, folders, 'Npy', { values, spread: 'spread' }), wanted);
  const tensors = (at: number) =>
    writeSafetensors({
      tensors: new Map([
        ['mean', { shape: [1, 3, 2, 2], values: one(means, at) }],
        ['logvar', { shape: [1, 3, 2, 2], values: one(spread, at) }],
      ]),
      metadata: {},
    });
  const files = { 'd/0.safetensors': tensors(0), 'd/1.safetensors': tensors(1) };
  assert.deepEqual(await read(t, files, 'Safetensors', { values, spread: 'logvar' }, { array: 'mean' }), wanted);
});
