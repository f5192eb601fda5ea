import assert from 'node:assert/strict';
import { test } from 'node:test';
import { controllerOf, type KubeObject, keyOf } from '../../../../src/operator/kube/client.ts';
import { versionOf } from '../../../../src/operator/kube/store.ts';
import { observeClaim } from '../../../../src/operator/plan/claim.ts';
import { keepOfClaim, keepOfJob, keepOfPod } from '../../../../src/operator/plan/kept.ts';
import { observeJob, observePod } from '../../../../src/operator/plan/observed.ts';
import { job } from '../../../helpers/storedJob.ts';

test('of an object in the cache is kept what is read, and how stores tell it apart', () => {
  const kept = keepOfJob(job);
  assert.deepEqual(observeJob(kept), observeJob(job));
  assert.deepEqual([keyOf(kept), versionOf(kept), controllerOf(kept)?.uid], ['n/j', 7n, 'r']);
  assert.ok(JSON.stringify(kept).length < 500);
  const pod: KubeObject = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', labels: {} },
    status: { phase: 'Running', podIP: '10.0.0.1', hostIP: 'x'.repeat(5000) },
    spec: {
      volumes: [{ name: 'x'.repeat(5000) }],
      containers: [{ name: 'trainer', image: 'x'.repeat(5000), ports: [{ name: 'http', containerPort: 80 }] }],
    },
  };
  assert.deepEqual(observePod(keepOfPod(pod)), observePod(pod));
  assert.equal(observePod(keepOfPod(pod)).port, 80);
  assert.ok(JSON.stringify(keepOfPod(pod)).length < 500);
});

test('a time that is not set is no field, though the server writes null for it', () => {
  const conditions = [{ type: 'Complete', status: 'True', lastTransitionTime: null }];
  const kept = keepOfJob({ ...job, status: { active: null, conditions } });
  assert.deepEqual(kept.status, { conditions: [{ type: 'Complete', status: 'True' }] });
});

test('of a claim is kept whose it is', () => {
  const claim = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'c', namespace: 'n', uid: 'u', resourceVersion: '3', labels: { 'tspace.dev/model': '1' } },
    spec: { resources: { requests: { storage: '1Gi' } } },
  };
  assert.deepEqual(observeClaim(keepOfClaim(claim)), observeClaim(claim));
  assert.deepEqual(keepOfClaim(claim).spec, {});
});
