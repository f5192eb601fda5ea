import assert from 'node:assert/strict';
import { test } from 'node:test';
import { labels, managedBy } from '../../../../src/api/names.ts';
import { buildModelClaim } from '../../../../src/operator/plan/claim.ts';
import { unreadData } from '../../../../src/operator/plan/identity.ts';
import { allChildren } from '../../../../src/operator/plan/render.ts';
import { claimsOf, isJob, isOurs, withoutTemplate } from '../../../../src/operator/run/childObjects.ts';
import { runOf, settings } from '../../../helpers/simulation.ts';

const perModel = { schedule: { states: 2 }, checkpoints: { volume: { perModel: { size: '1Gi' } } } };

test('the claims that a Job mounts are found in its template', () => {
  const jobs = allChildren(runOf(perModel), unreadData, settings).filter(isJob);
  const mounted = jobs.map((job) => claimsOf(job).map((name) => name.replace(/-[0-9a-f]{8}$/, '')));
  const [run, first, second] = ['digits-checkpoints', 'digits-checkpoints-m0', 'digits-checkpoints-m1'];
  assert.deepEqual(mounted, [
    [run, 'data'],
    [first, 'data'],
    [second, 'data'],
    [run, first, second],
    [run],
    [run],
    [run],
  ]);
  assert.deepEqual(claimsOf({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'bare' } }), []);
});

test('a Job is said to be made without its template', () => {
  const [job] = allChildren(runOf(), unreadData, settings).filter(isJob);
  assert.ok(job);
  const { apiVersion, kind, metadata } = job;
  assert.deepEqual(withoutTemplate(job), { apiVersion, kind, metadata });
});

test('a claim of a model is its run’s by its labels, like the claim of the run', () => {
  const wanted = buildModelClaim(runOf(perModel), { index: 1, hash: 'a'.repeat(16) });
  assert.ok(wanted);
  assert.equal(isOurs(wanted, wanted), true);
  const other = {
    ...wanted,
    metadata: { ...wanted.metadata, labels: { [labels.run]: 'other', [labels.managedBy]: managedBy } },
  };
  assert.equal(isOurs(other, wanted), false);
});
