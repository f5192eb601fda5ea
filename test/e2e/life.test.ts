import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { temporaryFolder } from '../helpers/folder.ts';
import {
  children,
  dump,
  installChart,
  kubectl,
  kubectlJson,
  onClaim,
  prepareNamespace,
  root,
  run,
  skip,
  until,
  untilPhase,
} from './cluster.ts';

const namespace = 'ddr-e2e-life';

/** Pods through which results are read. */
const readers = async () =>
  (await kubectlJson<{ items: object[] }>('get', 'pods', '-n', namespace, '-l', 'tspace.dev/reader=mnist')).items;

test('one resource in; models, bundle, samples and report out', { skip }, async (t) => {
  before(async () => {
    await installChart();
    await prepareNamespace(namespace);
  });
  after(async () => {
    await kubectl('delete', 'namespace', namespace, '--wait=false');
  });

  await t.test('the example completes', async () => {
    // How long it trains makes no difference to what is looked at here.
    const example = readFileSync(join(root, 'examples/mnist-cluster.yaml'), 'utf8');
    await run('kubectl', ['apply', '-n', namespace, '-f', '-'], {
      input: example.replace('images: 9600', 'images: 2400'),
    });
    try {
      await untilPhase(namespace, 'mnist', 'Complete', 600);
    } catch (error) {
      await dump(namespace, 'the example completes');
      throw error;
    }
  });

  await t.test('every training pod held a GPU of its own', async () => {
    const pods = (await children(namespace, 'mnist', 'pods')).filter(
      ({ metadata }) => metadata.labels?.['tspace.dev/component'] === 'train',
    );
    assert.equal(pods.length, 4);
    for (const pod of pods as unknown as {
      spec: { containers: { resources: { limits: Record<string, string> } }[] };
    }[]) {
      assert.equal(pod.spec.containers[0]?.resources.limits['nvidia.com/gpu'], '1');
    }
  });

  await t.test('kubectl get shows phase, models, Fréchet distance and age', async () => {
    const [header = '', line = ''] = (await kubectl('get', 'ddr', '-n', namespace)).split('\n');
    assert.match(header, /NAME\s+PHASE\s+MODELS\s+FRECHET\s+REASON\s+AGE/);
    assert.match(line, /mnist\s+Complete\s+4\/4\s+[0-9.]+\s+\d+[smh]/);
  });

  await t.test('kubectl describe tells the story', async () => {
    const text = await kubectl('describe', 'ddr', 'mnist', '-n', namespace);
    for (const reason of [
      'Created',
      'Preparing',
      'Training',
      'ModelTrained',
      'Aggregating',
      'Sampling',
      'Evaluating',
      'Complete',
    ]) {
      assert.match(text, new RegExp(`Normal\\s+${reason}\\s`), `${reason} is missing in:\n${text}`);
    }
    assert.match(text, /4\/4 models are trained/);
  });

  await t.test('bundle and report are on the volume, with the digests of the status', async () => {
    const { status } = await untilPhase(namespace, 'mnist', 'Complete', 1);
    assert.ok(status?.bundle !== undefined && status.results !== undefined);
    const { bundle, results } = status;
    const sums = await onClaim(
      namespace,
      'mnist-checkpoints',
      `cd /run-volume && sha256sum ${bundle.path}/manifest.json ${results.path}/report.json && ls ${results.path}`,
    );
    assert.match(sums, new RegExp(`^${bundle.digest} `, 'm'));
    assert.match(sums, new RegExp(`^${results.digest} `, 'm'));
    for (const file of ['report.html', 'samples.png', 'trajectory.png'])
      assert.match(sums, new RegExp(`^${file}$`, 'm'));
    assert.equal(results.sampleCount, 400);
    assert.equal(results.extractor, 'mnist-classifier');
    assert.ok((results.frechetDistance ?? 0) > 0);
  });

  await t.test('ddr fetch brings all of it here, with the digests of the status, and leaves no pod', async (t) => {
    const { status } = await untilPhase(namespace, 'mnist', 'Complete', 1);
    const to = temporaryFolder(t);
    const ddr = (...args: string[]) => run(process.execPath, [join(root, 'src/cli/main.ts'), ...args]);
    const fetchAll = () => ddr('fetch', 'mnist', 'report', 'samples', 'bundle', '-n', namespace, '--to', to);
    await fetchAll();
    const digestOf = (file: string) =>
      createHash('sha256')
        .update(readFileSync(join(to, file)))
        .digest('hex');
    assert.equal(digestOf('report/report.json'), status?.results?.digest);
    assert.equal(digestOf('bundle/manifest.json'), status?.bundle?.digest);
    await ddr('bundle', 'verify', join(to, 'bundle'), '--digest', status?.bundle?.digest ?? '');
    // What was cut off goes on, and what is there is not fetched again.
    const weights = join(to, 'bundle/model-0000.safetensors');
    const whole = readFileSync(weights);
    const digest = digestOf('bundle/model-0000.safetensors');
    rmSync(weights);
    writeFileSync(join(to, `bundle/.model-0000.safetensors-${digest.slice(0, 16)}.part`), whole.subarray(0, 1000));
    await fetchAll();
    assert.deepEqual(readFileSync(weights), whole);
    await until('the readers are gone', 30, async () => (await readers()).length === 0);
  });

  await t.test('ddr fetch that is stopped takes its pod away', async (t) => {
    const child = spawn(
      process.execPath,
      [join(root, 'src/cli/main.ts'), 'fetch', 'mnist', 'bundle', '-n', namespace, '--to', temporaryFolder(t)],
      { stdio: 'ignore' },
    );
    const ended = new Promise((resolve) => child.once('exit', resolve));
    await until('there is a reader', 30, async () => (await readers()).length > 0);
    child.kill('SIGINT');
    assert.equal(await ended, 130);
    await until('it is gone', 30, async () => (await readers()).length === 0);
  });

  await t.test('the report holds no secret, and pods held no token', async () => {
    const pods = (await children(namespace, 'mnist', 'pods')) as unknown as {
      spec: { automountServiceAccountToken: boolean; volumes: { name: string }[] };
    }[];
    for (const { spec } of pods) {
      assert.equal(spec.automountServiceAccountToken, false);
      assert.ok(!spec.volumes.some(({ name }) => name.startsWith('kube-api-access')));
    }
  });
});
