import assert from 'node:assert/strict';
import { test } from 'node:test';
import { labels } from '../../../../src/api/names.ts';
import { s3PlaceSchema } from '../../../../src/api/spec/s3.ts';
import { secretsOf } from '../../../../src/operator/plan/buckets.ts';
import { buildClaim } from '../../../../src/operator/plan/claim.ts';
import { jobsOf } from '../../../helpers/jobs.ts';
import { runOf } from '../../../helpers/simulation.ts';

const image = { size: 28, channels: 1 };
const inBuckets = {
  schedule: { states: 1 },
  dataset: { source: { s3: { bucket: 'data', secretName: 'reader' } }, format: 'Npy', image },
  checkpoints: { objectStore: { bucket: 'models', prefix: 'a$(HOME)$$', secretName: 'writer' } },
};

interface Variable {
  name: string;
  value?: string;
  valueFrom?: object;
}

/** What pods are told beside what every pod is, by step. */
function told(spec: Record<string, unknown>): Record<string, Variable[]> {
  return Object.fromEntries(
    jobsOf(spec).map(({ metadata, spec: { template } }) => {
      const env: Variable[] = template.spec.containers[0]?.env ?? [];
      return [metadata.labels[labels.component], env.filter(({ name }) => /^DDR_(STORE|DATA|RUN)/.test(name))];
    }),
  );
}

const fromSecret = (name: string, secretKeyRef: object) => ({ name, valueFrom: { secretKeyRef } });
const credentials = (purpose: string, name: string) => [
  fromSecret(`${purpose}_AWS_ACCESS_KEY_ID`, { name, key: 'AWS_ACCESS_KEY_ID' }),
  fromSecret(`${purpose}_AWS_SECRET_ACCESS_KEY`, { name, key: 'AWS_SECRET_ACCESS_KEY' }),
  fromSecret(`${purpose}_AWS_SESSION_TOKEN`, { name, key: 'AWS_SESSION_TOKEN', optional: true }),
];

test('all pods are told of the store, and only those that read data get the credentials of the data', () => {
  const { prepare = [], ...others } = told(inBuckets);
  assert.deepEqual(prepare.slice(1), [...credentials('DDR_STORE', 'writer'), ...credentials('DDR_DATA', 'reader')]);
  for (const env of Object.values(others)) assert.deepEqual(env.slice(1), credentials('DDR_STORE', 'writer'));
  const [store] = prepare;
  assert.equal(store?.name, 'DDR_STORE');
  assert.ok(!store.value?.includes('$'), 'Kubernetes would replace it');
  assert.equal(s3PlaceSchema.parse(JSON.parse(store.value ?? '')).prefix, 'a$(HOME)$$');
});

test('a run of buckets alone has no claim, and mounts nothing but room for what is fetched and for temporary files', () => {
  assert.equal(buildClaim(runOf(inBuckets)), undefined);
  for (const { metadata, spec } of jobsOf(inBuckets))
    assert.deepEqual(
      spec.template.spec.volumes.map(({ name }) => name),
      metadata.labels[labels.component] === 'prepare' ? ['cache', 'tmp'] : ['tmp'],
    );
});

test('the room for what is fetched is what the spec says, or 8 GiB', () => {
  const limitOf = (fields: object) => {
    const [prepare] = jobsOf({ ...inBuckets, dataset: { ...inBuckets.dataset, ...fields } });
    const volumes = prepare?.spec.template.spec.volumes as { name: string; emptyDir?: { sizeLimit?: string } }[];
    return volumes.find(({ name }) => name === 'cache')?.emptyDir?.sizeLimit;
  };
  assert.deepEqual([limitOf({}), limitOf({ cache: { size: '50Gi' } })], ['8Gi', '50Gi']);
});

test('without a Secret the pods have what identity they have', () => {
  const { prepare } = told({
    ...inBuckets,
    dataset: { source: { s3: { bucket: 'data' } }, format: 'Npy', image },
    checkpoints: { objectStore: { bucket: 'models' } },
  });
  assert.deepEqual(
    prepare?.map(({ name }) => name),
    ['DDR_STORE'],
  );
});

test('a run on volumes is told of no bucket', () => {
  assert.deepEqual(
    told({ schedule: { states: 1 } }).prepare?.map(({ name }) => name),
    ['DDR_RUN_DIR', 'DDR_DATA_DIR'],
  );
});

test('Secrets are named with their fields', () => {
  assert.deepEqual(secretsOf(runOf(inBuckets)), [
    { name: 'reader', path: 'spec.dataset.source.s3.secretName', purpose: 'DDR_DATA' },
    { name: 'writer', path: 'spec.checkpoints.objectStore.secretName', purpose: 'DDR_STORE' },
  ]);
  assert.deepEqual(secretsOf(runOf({})), []);
});
