import assert from 'node:assert/strict';
import { test } from 'node:test';
import { finish, runOf, Simulation } from '../../../helpers/simulation.ts';

test('the status is bounded for any S', () => {
  const states = 4096;
  const simulation = new Simulation(
    runOf({ schedule: { states, timesteps: 10_000 }, execution: { maxParallel: states, retries: { total: 100_000 } } }),
  );
  simulation.prepare();
  simulation.working().forEach(({ name }, i) => {
    if (i % 2 === 0) simulation.fail(name, 'x'.repeat(4000));
  });
  simulation.step();
  assert.ok(JSON.stringify(simulation.run.status).length < 100_000);
});

test('the first of the metrics is also the one that is shown', () => {
  const simulation = new Simulation(runOf({ schedule: { states: 1 }, sampling: { count: 5 } }));
  finish(simulation);
  const { results } = simulation.run.status ?? {};
  assert.deepEqual(results?.metrics, [{ name: 'Fréchet distance', value: 12.345678 }]);
  assert.deepEqual(
    [results?.metric, results?.frechetDistance, results?.display],
    ['Fréchet distance', 12.345678, '12.35'],
  );
  assert.equal(results?.caveats, undefined);
});
