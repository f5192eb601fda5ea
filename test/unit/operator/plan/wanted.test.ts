import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unreadData } from '../../../../src/operator/plan/identity.ts';
import { wantedOf } from '../../../../src/operator/plan/wanted.ts';
import { runOf } from '../../../helpers/simulation.ts';

test('what follows from a spec is computed once, however often its run is looked at', () => {
  const run = runOf();
  const first = wantedOf(run, unreadData);
  assert.equal(wantedOf({ ...run, status: { phase: 'Training' } }, { ...unreadData }), first);
});

test('other data, another spec or another run want something else', () => {
  const run = runOf();
  const names = (wanted: ReturnType<typeof wantedOf>) => wanted.jobs.map(({ name }) => name);
  const before = names(wantedOf(run, unreadData));
  const data = { digest: 'd'.repeat(64) };
  const others = names(wantedOf(run, data));
  assert.notDeepEqual(others, before);
  assert.notDeepEqual(names(wantedOf(run, { ...data, warmStartDigest: 'e'.repeat(64) })), others);
  assert.notDeepEqual(names(wantedOf(runOf({ schedule: { states: 5 } }), unreadData)), before);
  const other = { ...run, metadata: { ...run.metadata, name: 'other' } };
  assert.ok(names(wantedOf(other, unreadData)).every((name) => name.startsWith('other-')));
  assert.deepEqual(names(wantedOf(run, unreadData)), before, 'and the first is found again');
});

test('what a run with holes wants is computed once too, though each look asks for the whole first', () => {
  const run = runOf();
  const [whole, partial] = [wantedOf(run, unreadData), wantedOf(run, unreadData, [3])];
  for (let look = 0; look < 2; look++) {
    assert.equal(wantedOf(run, unreadData), whole);
    assert.equal(wantedOf(run, unreadData, [3]), partial);
  }
  const modelsOf = ({ jobs }: typeof whole) => jobs.filter(({ step }) => step === 'train').map(({ name }) => name);
  assert.deepEqual(modelsOf(partial), modelsOf(whole), 'a retry still wants the model');
  assert.notEqual(partial.addresses.bundle, wantedOf(run, unreadData, [4]).addresses.bundle);
});
