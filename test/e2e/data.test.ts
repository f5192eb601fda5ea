import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import sharp from 'sharp';
import { mnistDigits } from '../../scripts/mnist.ts';
import { temporaryFolder } from '../helpers/folder.ts';
import {
  apply,
  children,
  dump,
  getRun,
  installChart,
  kubectl,
  modelDigests,
  onClaim,
  prepareNamespace,
  skip,
  skipUnlessFull,
  smallRun,
  until,
  untilPhase,
} from './cluster.ts';

const namespace = 'ddr-e2e-data';
const pixels = 28 * 28;
/** The pod that has the data's claim mounted. */
const dataPod = 'mnist-data';

/** Digits [from, from + count) as PNG files of a folder; the one called `broken` ends in its middle. */
async function writeDigits(folder: string, from: number, count: number, broken?: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const { images } = mnistDigits();
  for (let i = 0; i < count; i++) {
    const raw = images.subarray((from + i) * pixels, (from + i + 1) * pixels);
    const png = await sharp(raw, { raw: { width: 28, height: 28, channels: 1 } })
      .png()
      .toBuffer();
    const name = `${String(i).padStart(4, '0')}.png`;
    writeFileSync(join(folder, name), name === broken ? png.subarray(0, png.length / 2) : png);
  }
}

/** Puts a folder of this machine on the claim, in place of what was there. */
async function placeOnClaim(folder: string, path: string): Promise<void> {
  await kubectl('exec', '-n', namespace, dataPod, '--', 'rm', '-rf', `/data/${path}`);
  await kubectl('cp', '-n', namespace, folder, `${dataPod}:/data/${path}`);
}

const folderRun = (name: string, path: string, dataset: object = {}, spec: Record<string, unknown> = {}) =>
  smallRun(name, {
    schedule: { states: 2 },
    dataset: {
      source: { volume: { claimName: 'mnist-data', path } },
      format: 'ImageFolder',
      image: { size: 28, channels: 1 },
      ...dataset,
    },
    training: { images: 320, batchSize: 32, threads: 1, seed: 3 },
    evaluation: { extractor: { name: 'mnist-classifier' } },
    ...spec,
  });

const componentsOf = async (kind: 'jobs' | 'pods', run: string) =>
  (await children(namespace, run, kind)).map(({ metadata }) => metadata.labels?.['tspace.dev/component'] ?? '');

interface Report {
  dataset: { count: number; sha256: string };
}

async function reportOf(run: string): Promise<{ text: string; report: Report }> {
  const { status } = await getRun(namespace, run);
  const text = await onClaim(namespace, `${run}-checkpoints`, `cat /run-volume/${status?.results?.path}/report.json`);
  return { text, report: JSON.parse(text) as Report };
}

test('data are prepared once, and known by what they hold', { skip }, async (t) => {
  before(async () => {
    await installChart();
    await prepareNamespace(namespace);
  });
  after(async () => {
    await kubectl('delete', 'namespace', namespace, '--wait=false');
  });
  const step = (name: string, body: () => Promise<void>, skipped: string | false = false) =>
    t.test(name, { skip: skipped }, async () => {
      try {
        await body();
      } catch (error) {
        await dump(namespace, name);
        throw error;
      }
    });

  await step('one broken image among 1,000 fails the run before any GPU pod exists, and is named', async () => {
    const folder = join(temporaryFolder(t), 'images');
    await writeDigits(folder, 0, 1000, '0417.png');
    await placeOnClaim(folder, 'broken');
    await apply(namespace, folderRun('broken', 'broken'));
    const { status } = await untilPhase(namespace, 'broken', 'Failed', 120);
    assert.match(JSON.stringify(status?.failures), /InputTruncated.*0417\.png/);
    assert.deepEqual([...new Set(await componentsOf('pods', 'broken'))], ['prepare']);
    assert.deepEqual(await componentsOf('jobs', 'broken'), ['prepare']);
  });

  await step('with maxBroken: 1 the same run completes, and says so in status and report', async () => {
    await apply(namespace, folderRun('broken', 'broken', { maxBroken: 1 }));
    const { status } = await untilPhase(namespace, 'broken', 'Complete', 240);
    assert.equal(status?.dataset?.count, 999);
    assert.equal(status?.dataset?.broken, 1);
    const { text, report } = await reportOf('broken');
    assert.equal(report.dataset.count, 999);
    assert.match(text, /0417\.png/);
  });

  await step('files that are replaced after a run change nothing until a revision asks for them', async () => {
    const [first, second] = [join(temporaryFolder(t), 'images'), join(temporaryFolder(t), 'images')];
    await writeDigits(first, 0, 200);
    await writeDigits(second, 500, 200);
    await placeOnClaim(first, 'changing');
    await apply(namespace, folderRun('changing', 'changing'));
    const before = await untilPhase(namespace, 'changing', 'Complete', 240);
    const digests = await modelDigests(namespace, 'changing');
    const distance = before.status?.results?.frechetDistance;

    await placeOnClaim(second, 'changing');
    await apply(namespace, folderRun('changing', 'changing', {}, { sampling: { count: 20, batchSize: 20, seed: 9 } }));
    const resampled = await untilPhase(namespace, 'changing', 'Complete', 240);
    assert.equal(resampled.status?.dataset?.digest, before.status?.dataset?.digest);
    assert.deepEqual(await modelDigests(namespace, 'changing'), digests);
    assert.notEqual(resampled.status?.results?.frechetDistance, distance);
    const { report } = await reportOf('changing');
    assert.equal(report.dataset.sha256, before.status?.dataset?.digest, 'judged by what was learned from');

    await apply(namespace, folderRun('changing', 'changing', { revision: 'second' }));
    const after = await untilPhase(namespace, 'changing', 'Complete', 240);
    assert.notEqual(after.status?.dataset?.digest, before.status?.dataset?.digest);
    assert.notDeepEqual(await modelDigests(namespace, 'changing'), digests);
    assert.match(await kubectl('describe', 'ddr', 'changing', '-n', namespace), /DatasetChanged/);
  });

  await step(
    'a run that is suspended while its files are replaced goes on with those it began with',
    async () => {
      const [first, second] = [join(temporaryFolder(t), 'images'), join(temporaryFolder(t), 'images')];
      await writeDigits(first, 0, 200);
      await writeDigits(second, 500, 200);
      await placeOnClaim(first, 'suspended');
      const training = { images: 3200, batchSize: 32, threads: 1, seed: 3 };
      const spec = { training, schedule: { states: 1 }, evaluation: undefined };
      await apply(namespace, folderRun('undisturbed', 'suspended', {}, spec));
      await untilPhase(namespace, 'undisturbed', 'Complete', 300);

      await apply(namespace, folderRun('suspended', 'suspended', {}, spec));
      await until('suspended is in mid-training', 120, async () => {
        const { status } = await getRun(namespace, 'suspended');
        return (status?.progress?.images ?? 0) > 0;
      });
      await kubectl('patch', 'ddr', 'suspended', '-n', namespace, '--type=merge', '-p', '{"spec":{"suspend":true}}');
      await untilPhase(namespace, 'suspended', 'Suspended', 90);
      await placeOnClaim(second, 'suspended');
      await kubectl('patch', 'ddr', 'suspended', '-n', namespace, '--type=merge', '-p', '{"spec":{"suspend":false}}');
      await untilPhase(namespace, 'suspended', 'Complete', 300);
      assert.deepEqual(await modelDigests(namespace, 'suspended'), await modelDigests(namespace, 'undisturbed'));
    },
    skipUnlessFull,
  );
});
