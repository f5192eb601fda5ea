import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import {
  apply,
  children,
  dump,
  getRun,
  imageValues,
  installChart,
  kubectl,
  kubectlJson,
  onClaim,
  prepareNamespace,
  type RunObject,
  release as releaseOfOthers,
  root,
  run,
  scaleOperator,
  skip,
  smallRun,
  systemNamespace as systemOfOthers,
  until,
  untilPhase,
  valuesOf,
} from './cluster.ts';

/** The last release, 0.1.0. Its chart is taken from the history, its images from these variables. */
const released = '61abc65';
const { DDR_OLD_OPERATOR_IMAGE: operator, DDR_OLD_TRAINER_IMAGE: trainer } = process.env;

const isThere = () => spawnSync('git', ['cat-file', '-e', `${released}^{commit}`], { cwd: root }).status === 0;
const skipOld =
  operator === undefined || trainer === undefined
    ? 'DDR_OLD_OPERATOR_IMAGE and DDR_OLD_TRAINER_IMAGE name no images of the last release'
    : isThere()
      ? false
      : `the history has no commit ${released}: it is shallow`;

const release = 'upgrade';
const system = 'ddr-e2e-upgrade-system';
const chart = join(root, 'helm/disentangled-diffusion');
const crd = 'disentangleddiffusionruns.tspace.dev';

/** Training long enough to be met in the middle. */
const longer = { images: 4800, batchSize: 32, threads: 1, seed: 3 };
/** A folder that is not on the claim. */
const nowhere = {
  source: { volume: { claimName: 'mnist-data', path: 'nowhere' } },
  format: 'Idx',
  image: { size: 28, channels: 1 },
};

async function chartOfRelease(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'ddr-released-'));
  await run('sh', ['-c', `git archive ${released} helm | tar -x -C "$0"`, folder]);
  return join(folder, 'helm/disentangled-diffusion');
}

/** Installs or upgrades the release, and waits until its new pods are there and one leads. */
async function install(namespace: string, folder: string, values: string[]): Promise<void> {
  const common = ['-n', system, '--create-namespace', '--take-ownership', '--wait', '--timeout', '180s'];
  const watched = ['--set', `watchNamespace=${namespace}`, '--set', 'operator.replicas=1'];
  await run('helm', ['upgrade', '--install', release, folder, ...common, ...watched, ...values]);
  await until('an operator of this revision leads', 60, async () => {
    const pods = ['get', 'pods', '-n', system, '-l', 'app.kubernetes.io/component=operator'];
    const names = await kubectl(...pods, '-o', 'jsonpath={.items[*].metadata.name}');
    const lease = ['get', 'lease', '-n', system, `${release}-operator`, '-o', 'jsonpath={.spec.holderIdentity}'];
    const holder = await kubectl(...lease).catch(() => '');
    return holder !== '' && names === holder; // the only pod
  });
  await wait(5000); // it looks at all runs at once
}

/** The operator of the other tests steps aside, and gets its CRD back. */
async function makeRoom(namespace: string): Promise<void> {
  await installChart();
  await scaleOperator(systemOfOthers, releaseOfOthers, 0);
  await prepareNamespace(namespace);
}

async function clearUp(namespace: string): Promise<void> {
  await kubectl('delete', 'ddr', '--all', '-n', namespace).catch(() => {});
  await run('helm', ['uninstall', release, '-n', system, '--wait']).catch(() => {});
  const owner = [`release-name=${releaseOfOthers}`, `release-namespace=${systemOfOthers}`];
  await kubectl('annotate', 'crd', crd, '--overwrite', ...owner.map((each) => `meta.helm.sh/${each}`));
  await installChart();
  await kubectl('delete', 'namespace', namespace, system, '--wait=false');
}

const uidsOf = async (namespace: string, name: string, kind: 'jobs' | 'pvc') =>
  (await children(namespace, name, kind)).map(({ metadata }) => metadata.uid).sort();

const untilTraining = (namespace: string, name: string): Promise<RunObject> =>
  until(`${name} is in mid-training`, 180, async () => {
    const object = await getRun(namespace, name);
    if (object.status?.phase === 'Complete') throw new Error(`${name} ended before the upgrade`);
    return (object.status?.progress?.images ?? 0) > 0 && object;
  });

const setSuspend = (namespace: string, name: string, suspend: boolean) =>
  kubectl('patch', 'ddr', name, '-n', namespace, '--type=merge', '-p', JSON.stringify({ spec: { suspend } }));

async function reasonsOf(namespace: string, name: string): Promise<string[]> {
  const { items } = await kubectlJson<{ items: { reason: string; involvedObject: { name: string } }[] }>(
    ...['get', 'events', '-n', namespace],
  );
  return items.filter(({ involvedObject }) => involvedObject.name === name).map(({ reason }) => reason);
}

/** Runs in the phases that an upgrade may meet: complete, stopped in mid-training, failed, and in training. */
async function makeRuns(namespace: string): Promise<void> {
  await apply(namespace, smallRun('done'));
  await apply(namespace, smallRun('failed', { dataset: nowhere }));
  await untilPhase(namespace, 'done', 'Complete', 300);
  await untilPhase(namespace, 'failed', 'Failed', 180);
  await apply(namespace, smallRun('stopped', { training: longer }));
  await untilTraining(namespace, 'stopped');
  await setSuspend(namespace, 'stopped', true);
  await untilPhase(namespace, 'stopped', 'Suspended', 120);
  await apply(namespace, smallRun('training', { training: longer }));
  await untilTraining(namespace, 'training');
}

const names = ['done', 'failed', 'stopped', 'training'];

/** Each run's Jobs or claims, by their uids. */
async function snapshot(namespace: string, kind: 'jobs' | 'pvc'): Promise<Record<string, string[]>> {
  const entries = names.map(async (name) => [name, await uidsOf(namespace, name, kind)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

test('an upgrade from this version to itself', { skip }, async (t) => {
  const namespace = 'ddr-e2e-upgrade';
  let jobs: Record<string, string[]>;
  let claims: Record<string, string[]>;
  let bundle: string | undefined;
  before(async () => {
    await makeRoom(namespace);
    await install(namespace, chart, imageValues);
    await makeRuns(namespace);
    [jobs, claims] = [await snapshot(namespace, 'jobs'), await snapshot(namespace, 'pvc')];
    bundle = (await getRun(namespace, 'done')).status?.bundle?.digest;
  });
  after(() => clearUp(namespace));
  afterEach(async (context) => {
    if ('passed' in context && context.passed === false) await dump(namespace, context.name);
  });

  await t.test('with other settings of the operator leaves every Job and claim as it is', async () => {
    const values = ['--set', 'operator.logLevel=debug', '--set', 'operator.workers=3'];
    await install(namespace, chart, [...imageValues, ...values]);
    const { training, ...others } = await snapshot(namespace, 'jobs');
    const { training: before = [], ...rest } = jobs;
    assert.deepEqual(others, rest);
    assert.deepEqual(
      before.filter((uid) => !training?.includes(uid)),
      [],
      'training goes on with the Jobs that it had',
    );
    assert.deepEqual(await snapshot(namespace, 'pvc'), claims);
    assert.equal((await getRun(namespace, 'done')).status?.phase, 'Complete');
  });

  await t.test('with other pods of trainers makes anew what has failed, and lets work what works', async () => {
    const before = await snapshot(namespace, 'jobs');
    await install(namespace, chart, [...imageValues, '--set', 'trainer.imagePullSecrets={upgraded}']);
    await until('what has failed is made anew', 60, async () => {
      const now = await uidsOf(namespace, 'failed', 'jobs');
      return now.length > 0 && now.every((uid) => !before.failed?.includes(uid));
    });
    const now = await snapshot(namespace, 'jobs');
    assert.deepEqual([now.done, now.stopped], [before.done, before.stopped]);
    assert.deepEqual(
      before.training?.filter((uid) => !now.training?.includes(uid)),
      [],
    );
  });

  await t.test('what was in training ends with the Jobs that it began with, and what was stopped goes on', async () => {
    await setSuspend(namespace, 'stopped', false);
    for (const name of ['training', 'stopped']) {
      const { status } = await untilPhase(namespace, name, 'Complete', 300);
      assert.equal(status?.models?.retries, 0);
      const now = await uidsOf(namespace, name, 'jobs');
      assert.deepEqual(
        jobs[name]?.filter((uid) => !now.includes(uid)),
        [],
        name,
      );
    }
    const { status } = await getRun(namespace, 'done');
    assert.deepEqual([status?.phase, status?.bundle?.digest], ['Complete', bundle]);
    assert.deepEqual(await snapshot(namespace, 'pvc'), claims);
  });
});

test('an upgrade from the last release', { skip: skip || skipOld }, async (t) => {
  const namespace = 'ddr-e2e-upgrade-old';
  let claims: Record<string, string[]>;
  let kept: string[];
  let manifest: string;
  before(async () => {
    await makeRoom(namespace);
    const images = { operator: operator ?? '', trainer: trainer ?? '' };
    await install(namespace, await chartOfRelease(), valuesOf(images));
    await apply(namespace, smallRun('kept'));
    await makeRuns(namespace);
    await untilPhase(namespace, 'kept', 'Complete', 300);
    await setSuspend(namespace, 'kept', true);
    claims = await snapshot(namespace, 'pvc');
    kept = await uidsOf(namespace, 'kept', 'jobs');
    manifest = `${(await getRun(namespace, 'done')).status?.bundle?.path}/manifest.json`;
    await install(namespace, chart, imageValues);
  });
  after(() => clearUp(namespace));
  afterEach(async (context) => {
    if ('passed' in context && context.passed === false) await dump(namespace, context.name);
  });

  await t.test('takes the CRD along', async () => {
    const fields = await kubectl('get', 'crd', crd, '-o', 'json');
    assert.match(fields, /"whenDeleted"/);
  });

  await t.test('a run that was suspended before keeps its Jobs', async () => {
    await untilPhase(namespace, 'kept', 'Suspended', 60);
    assert.deepEqual(await uidsOf(namespace, 'kept', 'jobs'), kept);
  });

  await t.test('tells of models that are trained anew, and trains them to their end', async () => {
    for (const name of ['done', 'training']) {
      await until(`${name} is told of`, 60, async () =>
        (await reasonsOf(namespace, name)).includes('AddressesChanged'),
      );
      await untilPhase(namespace, name, 'Complete', 400);
    }
  });

  await t.test('deletes nothing on the volume, nor any claim', async () => {
    assert.equal(
      await onClaim(namespace, 'done-checkpoints', `test -s /run-volume/${manifest} && echo there`),
      'there\n',
    );
    assert.deepEqual(await snapshot(namespace, 'pvc'), claims);
  });

  await t.test('what was stopped stays so until it is told to go on; what had failed says why', async () => {
    assert.equal((await getRun(namespace, 'stopped')).status?.phase, 'Suspended');
    await setSuspend(namespace, 'stopped', false);
    await untilPhase(namespace, 'stopped', 'Complete', 400);
    const { status } = await untilPhase(namespace, 'failed', 'Failed', 120);
    assert.equal(status?.failures?.[0]?.reason, 'InputMissing');
  });
});
