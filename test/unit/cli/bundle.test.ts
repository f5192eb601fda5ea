import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { runLayout } from '../../../src/api/layout.ts';
import { checkBundle, exportBundle, type Format, importBundle } from '../../../src/cli/bundle.ts';
import { jsonReporter } from '../../../src/cli/fetch/reporter.ts';
import { withBundle } from '../../../src/cli/places.ts';
import { sha256 } from '../../../src/trainer/formats/digest.ts';
import { changeLastByte } from '../../helpers/damage.ts';
import { aggregatedRun } from '../../helpers/trainer.ts';

async function setUp(t: TestContext) {
  const run = await aggregatedRun(t);
  const { directory, hash } = run.aggregateTask;
  const lines: string[] = [];
  const reporter = jsonReporter(
    (line) => lines.push(line),
    () => 0,
  );
  const where = { namespace: undefined, signal: new AbortController().signal, reporter };
  const read = <T>(text: string, use: Parameters<typeof withBundle<T>>[2]) => withBundle(text, where, use);
  const options = (from: string, to: string, format: Format) => ({ from, to, format, reporter, read });
  const at = (name: string) => join(run.root, name);
  const digest = sha256((await run.store.read(`${runLayout(directory).bundle(hash)}/manifest.json`)) ?? '');
  const last = () => JSON.parse(lines.at(-1) ?? '') as Record<string, unknown>;
  return { bundle: at(runLayout(directory).bundle(hash)), digest, at, options, last };
}

test('a bundle goes into a folder of diffusers’ layout and comes back', async (t) => {
  const { bundle, at, options, last } = await setUp(t);
  await exportBundle(options(bundle, at('out'), 'diffusers'));
  assert.equal(last().models, 3);
  assert.ok(existsSync(at('out/model-0002/diffusion_pytorch_model.safetensors')));
  await importBundle(options(at('out'), at('back'), 'diffusers'));
  assert.ok(existsSync(at('back/manifest.json')));
});

test('a bundle that goes out and comes in as it is, is the same', async (t) => {
  const { bundle, digest, at, options, last } = await setUp(t);
  await exportBundle(options(bundle, at('out'), 'ddr'));
  assert.deepEqual([last().event, last().files, last().digest], ['end', 4, digest]);
  await importBundle(options(at('out'), at('back'), 'ddr'));
  assert.equal(last().digest, digest);
  await assert.rejects(importBundle(options(at('out'), at('back'), 'ddr')), { code: 'FileAccess' });
});

test('a bundle is checked, against a digest too', async (t) => {
  const { bundle, digest, options, last } = await setUp(t);
  const from = options(bundle, '', 'ddr');
  await checkBundle(from, undefined);
  await checkBundle(from, digest);
  assert.equal(last().digest, digest);
  await assert.rejects(checkBundle(from, '0'.repeat(64)), { code: 'DigestMismatch' });
  await assert.rejects(checkBundle(from, 'abc'), { code: 'InvalidSpec', where: '--digest' });
  changeLastByte(join(bundle, 'model-0001.safetensors'));
  await assert.rejects(checkBundle(from, digest), { code: 'DigestMismatch', where: /model-0001/ });
});
