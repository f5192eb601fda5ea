import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Run } from '../../../../src/api/run.ts';
import { type Data, unreadData } from '../../../../src/operator/plan/identity.ts';
import { allChildren } from '../../../../src/operator/plan/render.ts';
import { finish, runOf, Simulation, settings } from '../../../helpers/simulation.ts';

const namesOf = (run: Run, data: Data) => allChildren(run, data, settings).map(({ metadata }) => metadata.name);

test('what is shown is what a run creates in its life', () => {
  const simulation = new Simulation(runOf({ schedule: { states: 3 }, sampling: { count: 4, shards: 2 } }));
  const { run, digest } = simulation;
  finish(simulation);
  assert.deepEqual(namesOf(run, { digest }).toSorted(), simulation.created.toSorted());
});

test('a claim of one’s own is no child, and all that follows from unread data is named after none', () => {
  const run = runOf({ checkpoints: { volume: { shared: { claimName: 'mine' } } } });
  assert.ok(allChildren(run, unreadData, settings).every(({ kind }) => kind === 'Job'));
  const [prepare, ...rest] = namesOf(run, unreadData);
  const [samePrepare, ...others] = namesOf(run, { digest: 'a'.repeat(64) });
  assert.equal(prepare, samePrepare);
  assert.ok(rest.every((name) => !others.includes(name)));
});
