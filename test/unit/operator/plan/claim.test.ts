import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRun } from '../../../../src/api/run.ts';
import { describeValid } from '../../../../src/cli/validate.ts';
import { noChanges } from '../../../../src/operator/plan/changes.ts';
import { buildClaim, buildModelClaim, claimNotice, isClaimOf } from '../../../../src/operator/plan/claim.ts';
import { transitionEvents } from '../../../../src/operator/plan/transitions.ts';
import { withSpec } from '../../../helpers/runs.ts';
import { runOf, Simulation } from '../../../helpers/simulation.ts';

function claimOf(shared: object) {
  const run = parseRun(withSpec({ checkpoints: { volume: { shared } } }));
  return buildClaim({ ...run, metadata: { ...run.metadata, uid: 'run-uid' } });
}

test('the claim of a run is ReadWriteMany, of the default class, and owned by nobody, so that it stays', () => {
  const claim = claimOf({ size: '1Gi' });
  assert.equal(claim?.metadata.name, 'digits-checkpoints');
  assert.equal(claim.metadata.ownerReferences, undefined);
  assert.deepEqual(claimOf({ size: '1Gi', whenDeleted: 'Retain' }), claim);
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
  const changes = { ...noChanges, create: [claim] };
  const reasons = transitionEvents(undefined, {}, changes).map(({ type, reason }) => `${type} ${reason}`);
  assert.deepEqual(reasons.slice(0, 2), ['Normal Created', 'Normal ClaimOnOneNode']);
  assert.match(describeValid('run.yaml', run), /^run\.yaml: notice: Claim digits-checkpoints is ReadWriteOnce/m);
  assert.doesNotMatch(describeValid('run.yaml', parseRun(withSpec({}))), /notice/);
});

test('a claim that is to go with its run is owned by it', () => {
  const claim = claimOf({ size: '1Gi', whenDeleted: 'Delete' });
  assert.equal(claim?.metadata.ownerReferences?.[0]?.uid, 'run-uid');
});

test('whose a claim is, its owner says, and where it has none its labels', () => {
  const retained = claimOf({ size: '1Gi' });
  const owned = claimOf({ size: '1Gi', whenDeleted: 'Delete' });
  assert.ok(retained && owned);
  assert.deepEqual(
    [
      isClaimOf(retained, 'digits', 'run-uid'),
      isClaimOf(retained, 'digits', 'a later run'),
      isClaimOf(owned, 'digits', 'run-uid'),
      isClaimOf(owned, 'digits', 'a later run'),
      isClaimOf(retained, 'other', 'run-uid'),
      isClaimOf({ ...retained, metadata: { name: 'digits-checkpoints' } }, 'digits', 'run-uid'),
    ],
    [true, true, true, false, false, false],
  );
});

const shared = (fields: object) => ({ checkpoints: { volume: { shared: { size: '1Gi', ...fields } } } });

test('a claim follows what the spec says, and one that an older version made for its run to take along is let stay', () => {
  const simulation = new Simulation(runOf(shared({})));
  simulation.step();
  const kept = simulation.claims.map((claim) => ({ ...claim, owned: true }));
  simulation.claims = kept;
  const owners = () => simulation.step().reown.map((change) => change.owners.map(({ uid }) => uid));
  assert.deepEqual(owners(), [[]]);
  assert.deepEqual(owners(), [], 'once');
  simulation.run = {
    ...runOf(shared({ whenDeleted: 'Delete' })),
    ...(simulation.run.status && { status: simulation.run.status }),
  };
  assert.deepEqual(owners(), [['run-uid']]);
  assert.deepEqual(owners(), []);
  simulation.claims = kept.map((claim) => ({ ...claim, owned: false, deleting: true }));
  assert.deepEqual(owners(), [], 'it goes anyway');
});

test('a new run of the same name takes the claim up, and says so once', () => {
  const before = new Simulation(runOf(shared({})));
  before.step();
  const after = new Simulation(runOf(shared({})));
  after.claims = before.claims;
  const planned = after.step();
  assert.deepEqual(
    planned.create.map(({ kind }) => kind),
    ['Job'],
  );
  const events = transitionEvents(undefined, planned.status, planned);
  assert.equal(events[0]?.reason, 'ClaimTakenUp');
  assert.equal(after.step().takenUp, undefined);
  const late = new Simulation(runOf(shared({})));
  late.claims = before.claims.map((claim) => ({ ...claim, deleting: true }));
  assert.equal(late.step().takenUp, undefined, 'it is on its way out');
});

const perModel = (fields: object = {}) =>
  runOf({ checkpoints: { volume: { perModel: { size: '1Gi', storageClassName: 'fast', ...fields } } } });

test('a model’s claim is ReadWriteOnce, of the run’s class, and says whose model it is', () => {
  const claim = buildModelClaim(perModel(), { index: 3, hash: 'a'.repeat(16) });
  assert.equal(claim?.metadata.name, 'digits-checkpoints-m3-aaaaaaaa');
  assert.equal(claim.metadata.labels?.['tspace.dev/model'], '3');
  assert.equal(claim.metadata.ownerReferences, undefined);
  assert.deepEqual(claim.spec, {
    accessModes: ['ReadWriteOnce'],
    resources: { requests: { storage: '1Gi' } },
    storageClassName: 'fast',
  });
  assert.equal(buildModelClaim(runOf(shared({})), { index: 3, hash: 'a'.repeat(16) }), undefined);
});

test('the run’s claim beside them has its own size, and nothing is said of one node: its pods come one after the other', () => {
  const [sized, unsized] = [buildClaim(perModel({ bundle: { size: '5Gi' } })), buildClaim(perModel())];
  assert.ok(sized && unsized);
  const sizes = [sized, unsized].map(({ spec }) => (spec as { resources: object }).resources);
  assert.deepEqual(sizes, [{ requests: { storage: '5Gi' } }, { requests: { storage: '1Gi' } }]);
  assert.equal(claimNotice(sized), undefined);
});

test('claims of models go with their run where it says so', () => {
  const claim = buildModelClaim(perModel({ whenDeleted: 'Delete' }), { index: 0, hash: 'a'.repeat(16) });
  assert.equal(claim?.metadata.ownerReferences?.[0]?.uid, 'run-uid');
});
