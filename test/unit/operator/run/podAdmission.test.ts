import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError, type Client, type KubeObject } from '../../../../src/operator/kube/client.ts';
import { PodsForbidden } from '../../../../src/operator/run/cause.ts';
import { PodAdmission } from '../../../../src/operator/run/podAdmission.ts';
import { ManualClock, silent } from '../../../helpers/manualClock.ts';
import { securePods } from '../../../helpers/securePods.ts';

const job = (template: unknown): KubeObject => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { namespace: 'team-a', name: 'job' },
  spec: { template },
});
const [good, bad] = [job(securePods['like ours']), job(securePods['host network'])];

/** Answers with the level that `levels` says next. */
function admissionOf(clock: ManualClock, levels: (string | Error | undefined)[]) {
  const get = async (): Promise<KubeObject | undefined> => {
    const level = levels.shift();
    if (level instanceof Error) throw level;
    const labels = level === undefined ? {} : { 'pod-security.kubernetes.io/enforce': level };
    return { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team-a', labels } };
  };
  return new PodAdmission({ get } as unknown as Client, clock, silent);
}

test('a Job whose pods the namespace forbids is refused with level and field', async () => {
  const admission = admissionOf(new ManualClock(), ['restricted']);
  await admission.admit(good);
  await assert.rejects(admission.admit(bad), (error) => {
    assert.ok(error instanceof PodsForbidden);
    assert.match(error.message, /namespace team-a.*level restricted.*spec\.hostNetwork must not be true/);
    return true;
  });
});

test('a namespace is asked once for many Jobs, and again a little later', async () => {
  const clock = new ManualClock();
  const levels = [undefined, 'baseline'];
  const admission = admissionOf(clock, levels);
  await Promise.all([admission.admit(bad), admission.admit(bad)]);
  assert.equal(levels.length, 1);
  await clock.advance(6_000);
  await assert.rejects(admission.admit(bad));
});

test('without the right to ask, or an answer, nothing is forbidden', async () => {
  for (const error of [new ApiError(403, 'Forbidden', 'no'), new ApiError(503, 'Unavailable', 'later')])
    await admissionOf(new ManualClock(), [error]).admit(bad);
});
