import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { temporaryFolder } from '../helpers/folder.ts';
import {
  children,
  dump,
  getRun,
  installChart,
  kubectl,
  kubectlJson,
  prepareNamespace,
  run,
  smallRun,
  until,
  untilPhase,
} from './cluster.ts';
import { requireFlux } from './platform.ts';

const namespace = 'ddr-e2e-flux';
const name = 'ddr-e2e';
const { skip, repository } = requireFlux();

/** The repository holds one run in its folder, which Flux applies and waits for. */
const source = {
  apiVersion: 'source.toolkit.fluxcd.io/v1',
  kind: 'GitRepository',
  metadata: { name, namespace },
  spec: { url: repository, ref: { branch: 'main' }, interval: '5s' },
};
const kustomization = {
  apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
  kind: 'Kustomization',
  metadata: { name, namespace },
  spec: {
    sourceRef: { kind: 'GitRepository', name },
    path: './deploy',
    targetNamespace: namespace,
    interval: '10s',
    retryInterval: '5s',
    timeout: '60s',
    prune: true,
    wait: true,
  },
};

interface Kustomization {
  status?: {
    lastAttemptedRevision?: string;
    conditions?: { type: string; status: string; reason: string; message: string }[];
  };
}

test('runs that Flux applies from git', { skip }, async (t) => {
  const clone = join(temporaryFolder(t), 'clone');
  const git = (...args: string[]) =>
    run('git', ['-c', 'user.name=test', '-c', 'user.email=test@localhost', '-C', clone, ...args]);

  /** Commits what the folder shall hold, and gives the commit. */
  async function commit(message: string, object?: object): Promise<string> {
    const folder = join(clone, 'deploy');
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
    const resources = object === undefined ? [] : ['run.yaml'];
    writeFileSync(join(folder, 'kustomization.yaml'), JSON.stringify({ resources }));
    if (object !== undefined) writeFileSync(join(folder, 'run.yaml'), JSON.stringify(object));
    await git('add', '--all');
    await git('commit', '--quiet', '--allow-empty', '-m', message);
    await git('push', '--quiet', '--force', 'origin', 'HEAD:main');
    return (await git('rev-parse', 'HEAD')).trim();
  }

  /** Waits for what Flux finds about a commit. */
  const untilReady = (revision: string, status: 'True' | 'False', seconds: number) =>
    until(`${revision} is Ready=${status} to Flux`, seconds, async () => {
      const found = await kubectlJson<Kustomization>('get', 'kustomization', '-n', namespace, name);
      if (!found.status?.lastAttemptedRevision?.endsWith(revision)) return undefined;
      const ready = found.status.conditions?.find(({ type }) => type === 'Ready');
      return ready?.status === status && ready.reason !== 'Progressing' ? ready : undefined;
    });

  before(async () => {
    await installChart();
    await prepareNamespace(namespace);
    await run('git', ['clone', '--quiet', repository, clone]);
    await commit('Nothing yet');
    for (const object of [source, kustomization])
      await run('kubectl', ['apply', '-f', '-'], { input: JSON.stringify(object) });
  });
  after(async () => {
    await kubectl('delete', 'kustomization', '-n', namespace, name).catch(() => {});
    await kubectl('delete', 'gitrepository', '-n', namespace, name).catch(() => {});
    await kubectl('delete', 'namespace', namespace, '--wait=false');
  });
  afterEach(async (context) => {
    if ('passed' in context && context.passed === false) await dump(namespace, context.name);
  });

  const overridden = (images: number) => smallRun('tiny', { overrides: [{ states: '1', training: { images } }] });
  const jobs = async (component: string) =>
    (await children(namespace, 'tiny', 'jobs'))
      .filter(({ metadata }) => metadata.labels?.['tspace.dev/component'] === component)
      .map(({ metadata }) => ({ uid: metadata.uid, model: metadata.labels?.['tspace.dev/model'] }));

  await t.test('a run is applied, becomes ready and completes', async () => {
    const revision = await commit('A run', overridden(640));
    await untilReady(revision, 'True', 120);
    await untilPhase(namespace, 'tiny', 'Complete', 300);
  });

  await t.test('applying it again and again changes nothing of a run at rest', async () => {
    const { metadata } = await kubectlJson<{ metadata: { resourceVersion: string } }>(
      'get',
      'ddr',
      '-n',
      namespace,
      'tiny',
    );
    await kubectl(
      'annotate',
      'kustomization',
      '-n',
      namespace,
      name,
      'reconcile.fluxcd.io/requestedAt=now',
      '--overwrite',
    );
    const revision = await commit('Nothing new', overridden(640));
    await untilReady(revision, 'True', 60);
    const after = await kubectlJson<{ metadata: { resourceVersion: string } }>('get', 'ddr', '-n', namespace, 'tiny');
    assert.equal(after.metadata.resourceVersion, metadata.resourceVersion);
  });

  await t.test('a commit of one override trains that model anew and no other', async () => {
    const before = await jobs('train');
    await commit('More for one model', overridden(960));
    await until('the commit is there', 60, async () => (await getRun(namespace, 'tiny')).metadata.generation > 1);
    await untilPhase(namespace, 'tiny', 'Complete', 300);
    const kept = (await jobs('train')).filter(({ uid }) => before.some((job) => job.uid === uid));
    assert.deepEqual(kept.map(({ model }) => model).sort(), ['0', '2']);
  });

  await t.test('a wrong commit is refused with field and reason, and the run stands', async () => {
    const { metadata } = await getRun(namespace, 'tiny');
    const revision = await commit('Wrong', smallRun('tiny', { training: { images: -1 } }));
    const { message } = await untilReady(revision, 'False', 90);
    assert.match(message, /training\.images/);
    const { metadata: after, status } = await getRun(namespace, 'tiny');
    assert.deepEqual([after.uid, after.generation, status?.phase], [metadata.uid, metadata.generation, 'Complete']);
  });

  await t.test('a run of which no pod can start is not ready', async () => {
    const execution = { maxParallel: 2, resources: { limits: { 'nvidia.com/gpu': '999' } } };
    const revision = await commit('Too large', smallRun('tiny', { execution, training: { images: 320, seed: 4 } }));
    const { message } = await untilReady(revision, 'False', 240);
    assert.match(message, /tiny/);
    assert.equal((await getRun(namespace, 'tiny')).status?.phase, 'Blocked');
  });

  await t.test('a failing run fails the Kustomization', async () => {
    const source = { volume: { claimName: 'mnist-data', path: 'nothing-here' } };
    const dataset = { source, format: 'Idx', image: { size: 28, channels: 1 } };
    const revision = await commit('No such data', smallRun('tiny', { dataset }));
    await untilPhase(namespace, 'tiny', 'Failed', 120);
    const { message } = await untilReady(revision, 'False', 120);
    assert.match(message, /tiny.*Failed/s);
  });

  await t.test('a run that is no longer in git is pruned; its claim stays', async () => {
    await commit('No run');
    await until('the run goes', 120, async () => {
      const { items } = await kubectlJson<{ items: unknown[] }>('get', 'ddr', '-n', namespace);
      return items.length === 0;
    });
    const claims = await children(namespace, 'tiny', 'pvc');
    assert.equal(claims.length, 1);
  });
});
