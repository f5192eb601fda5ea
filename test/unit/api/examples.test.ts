import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadAll } from 'js-yaml';
import { kind } from '../../../src/api/names.ts';
import { parseRun } from '../../../src/api/run.ts';

const examples = join(import.meta.dirname, '../../../examples');
const files = globSync('*.yaml', { cwd: examples }).sort();

function runsIn(file: string) {
  const documents = loadAll(readFileSync(join(examples, file), 'utf8')) as { kind?: string }[];
  return documents.filter((document) => document?.kind === kind).map((document) => parseRun(document, file));
}

for (const file of files) {
  test(`examples/${file} satisfies the schema`, () => {
    runsIn(file);
  });
}

test("the paper's three points differ in states and statesPerModel only", () => {
  const specs = ['baseline', 'fewer-states', 'disentangled'].map((name) => {
    const [run] = runsIn(`paper-${name}.yaml`);
    assert.ok(run);
    return run.spec;
  });
  assert.deepEqual(
    specs.map(({ schedule }) => [schedule.timesteps, schedule.states, schedule.statesPerModel]),
    [
      [1000, 1000, 1000],
      [1000, 32, 32],
      [1000, 32, 1],
    ],
  );
  const [first, ...others] = specs.map((spec) => ({
    ...spec,
    schedule: { ...spec.schedule, states: 0, statesPerModel: 0 },
  }));
  for (const other of others) assert.deepEqual(other, first);
});
