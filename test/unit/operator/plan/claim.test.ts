import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRun } from '../../../../src/api/run.ts';
import { describeValid } from '../../../../src/cli/validate.ts';
import { buildClaim, claimNotice } from '../../../../src/operator/plan/claim.ts';
import { transitionEvents } from '../../../../src/operator/plan/transitions.ts';
import { withSpec } from '../../../helpers/runs.ts';

function claimOf(shared: object) {
  const run = parseRun(withSpec({ checkpoints: { volume: { shared } } }));
  return buildClaim({ ...run, metadata: { ...run.metadata, uid: 'run-uid' } });
}

test('the claim of a run is ReadWriteMany, of the default class, and owned by the run', () => {
  const claim = claimOf({ size: '1Gi' });
  assert.equal(claim?.metadata.name, 'digits-checkpoints');
  assert.equal(claim.metadata.ownerReferences?.[0]?.uid, 'run-uid');
  assert.deepEqual(claim.spec, { accessModes: ['ReadWriteMany'], resources: { requests: { storage: '1Gi' } } });
  assert.equal(claimNotice(claim), undefined);
});

test('a run that uses a claim that is there owns none', () => {
  assert.equal(claimOf({ claimName: 'mine' }), undefined);
});

test('an empty storage class is written: without it the claim would get the default class', () => {
  for (const storageClassName of ['', 'nfs']) {
    const claim = claimOf({ size: '1Gi', storageClassName });
    assert.equal((claim?.spec as { storageClassName?: string } | undefined)?.storageClassName, storageClassName);
  }
});

test('a claim of one node says that all pods have to share it', () => {
  const claim = claimOf({ size: '1Gi', accessModes: ['ReadWriteOnce'] });
  assert.ok(claim !== undefined);
  assert.deepEqual((claim.spec as { accessModes: string[] }).accessModes, ['ReadWriteOnce']);
  assert.match(claimNotice(claim) ?? '', /digits-checkpoints is ReadWriteOnce.*share one node.*nodeSelector/);
  const both = claimOf({ size: '1Gi', accessModes: ['ReadWriteMany', 'ReadWriteOnce'] });
  assert.equal(both && claimNotice(both), undefined);
});

test('the notice is in the events of the run and in what ddr validate says', () => {
  const run = parseRun(
    withSpec({ checkpoints: { volume: { shared: { size: '1Gi', accessModes: ['ReadWriteOnce'] } } } }),
  );
  const claim = buildClaim({ ...run, metadata: { ...run.metadata, uid: 'run-uid' } });
  assert.ok(claim !== undefined);
  const changes = { create: [claim], suspend: [], remove: [], former: [] };
  const reasons = transitionEvents(undefined, {}, changes).map(({ type, reason }) => `${type} ${reason}`);
  assert.deepEqual(reasons.slice(0, 2), ['Normal Created', 'Normal ClaimOnOneNode']);
  assert.match(describeValid('run.yaml', run), /^run\.yaml: notice: Claim digits-checkpoints is ReadWriteOnce/m);
  assert.doesNotMatch(describeValid('run.yaml', parseRun(withSpec({}))), /notice/);
});
