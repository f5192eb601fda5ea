import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { resultsOnCluster } from '../../../../src/cli/fetch/cluster.ts';
import { fetchResults, kinds } from '../../../../src/cli/fetch/fetch.ts';
import { jsonReporter } from '../../../../src/cli/fetch/reporter.ts';
import { sha256 } from '../../../../src/trainer/formats/digest.ts';
import { completedRun, objectsOf } from '../../../helpers/completedRun.ts';
import { FakeCluster, type FakeClusterOptions } from '../../../helpers/fakeCluster.ts';
import { temporaryFolder } from '../../../helpers/folder.ts';

const options = {
  name: 'test',
  namespace: 'n',
  image: undefined,
  signal: new AbortController().signal,
  note: () => {},
};

async function started(t: TestContext, fields: Partial<FakeClusterOptions> = {}, status: object = {}) {
  const run = await completedRun(t);
  const objects = objectsOf(run, status);
  const cluster = new FakeCluster({ folder: run.root, mount: '/volumes/run', objects, ...fields });
  return { run, cluster, client: await cluster.start(t) };
}

test('results come off a claim through the API server, though some connections are cut', async (t) => {
  const { run, cluster, client } = await started(t, { fault: (n) => (n % 9 === 4 ? 'cut' : 'none') });
  const results = await resultsOnCluster(client, options);
  const to = temporaryFolder(t);
  await fetchResults(
    results,
    kinds,
    to,
    jsonReporter(
      () => {},
      () => 0,
    ),
  );
  await results.close();
  assert.equal(sha256(readFileSync(join(to, 'report/report.json'))), run.results.digest);
  assert.equal(sha256(readFileSync(join(to, 'bundle/manifest.json'))), run.bundle.digest);
  const [pod] = cluster.made as unknown as { spec: { containers: { image: string }[] } }[];
  assert.equal(pod?.spec.containers[0]?.image, 'registry/trainer:1');
  assert.deepEqual([cluster.made.length, cluster.pods()], [1, []]);
});

test('nothing is made where rights, the run or the claim are missing', async (t) => {
  const { cluster, client } = await started(t, {
    allows: (verb, resource) => resource !== 'pods' || verb !== 'create',
  });
  await assert.rejects(resultsOnCluster(client, options), {
    code: 'AccessDenied',
    hint: /resources: \[pods\], verbs: \[create\]/,
  });
  await assert.rejects(resultsOnCluster(client, { ...options, name: 'none' }), {
    code: 'InputMissing',
    where: 'n/none',
  });
  assert.deepEqual(cluster.made, []);
  const blind = await started(t, { allows: (_, resource) => resource !== 'disentangleddiffusionruns' });
  await assert.rejects(resultsOnCluster(blind.client, options), { code: 'AccessDenied', message: /cannot get/ });
});

test('a claim that is gone, or is being deleted, is told of', async (t) => {
  const run = await completedRun(t);
  const objects = objectsOf(run);
  const claim = objects.find(({ kind }) => kind === 'PersistentVolumeClaim') ?? assert.fail();
  const without = objects.filter((object) => object !== claim);
  const deleting = { ...claim, metadata: { ...claim.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } };
  for (const some of [without, [...without, deleting]]) {
    const client = await new FakeCluster({ folder: run.root, mount: '/volumes/run', objects: some }).start(t);
    await assert.rejects(resultsOnCluster(client, options), {
      code: 'ClaimMissing',
      where: 'claim n/test-checkpoints',
    });
  }
});

test('how far a run is that has nothing yet is told, and no pod is made for it', async (t) => {
  const { cluster, client } = await started(t, {}, { phase: 'Training', bundle: undefined, results: undefined });
  const results = await resultsOnCluster(client, options);
  const fetched = fetchResults(
    results,
    ['report'],
    temporaryFolder(t),
    jsonReporter(
      () => {},
      () => 0,
    ),
  );
  await assert.rejects(fetched, { code: 'NotComplete', message: /it is Training/ });
  await results.close();
  assert.deepEqual(cluster.made, []);
});
