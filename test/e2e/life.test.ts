import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  children,
  dump,
  installChart,
  kubectl,
  onClaim,
  prepareNamespace,
  root,
  run,
  skip,
  untilPhase,
} from './cluster.ts';

const namespace = 'ddr-e2e-life';

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
      input: example.replace('images: 9600', 'images: 4800'),
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
