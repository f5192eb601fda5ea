import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RunReader } from '../../../../src/operator/run/runReader.ts';
import { withSpec } from '../../../helpers/runs.ts';

const object = (generation: number | undefined, uid = 'u', states = 2) => {
  const { metadata, ...run } = withSpec({ schedule: { states } });
  return { ...run, metadata: { ...metadata, namespace: 'n', uid, generation } };
};

test('the spec of a generation is one object, until there is another generation or another run of that name', () => {
  const reader = new RunReader();
  const first = reader.read(object(1), undefined);
  const again = reader.read(object(1), { phase: 'Training' });
  assert.equal(again.spec, first.spec);
  assert.equal(again.status?.phase, 'Training', 'all else is read anew');
  const changed = reader.read(object(2, 'u', 3), undefined);
  assert.equal(changed.spec.schedule.states, 3);
  assert.equal(reader.read(object(2, 'other', 4), undefined).spec.schedule.states, 4);
});

test('nothing is held of a run that has gone, or has no generation to tell its specs apart by', () => {
  const reader = new RunReader();
  const first = reader.read(object(1), undefined);
  reader.forget('n/digits');
  assert.notEqual(reader.read(object(1), undefined).spec, first.spec);
  const bare = reader.read(object(undefined), undefined);
  assert.notEqual(reader.read(object(undefined), undefined).spec, bare.spec);
});
