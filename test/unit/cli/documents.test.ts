import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { readRun, readRuns } from '../../../src/cli/documents.ts';
import { type Positions, positionsOf } from '../../../src/cli/positions.ts';
import { minimalRun } from '../../helpers/runs.ts';
import { temporaryFolder } from '../../helpers/folder.ts';

function write(t: TestContext, text: string): string {
  const path = join(temporaryFolder(t), 'runs.yaml');
  writeFileSync(path, text);
  return path;
}

const placeOf = (positions: Positions | undefined, path: (string | number)[]): string => {
  const { line, column } = positions?.placeOf(path) ?? {};
  return `${line}:${column}`;
};

const good = JSON.stringify(minimalRun());

test('every field of every document has its place', () => {
  const [first, second] = positionsOf('a:\n  - b: 1\n    c: {d: 2,\n      e: 3}\n---\n# none\n"x": &k y\nz: *k\n');
  assert.deepEqual(
    [['a'], ['a', 0, 'b'], ['a', 0, 'c', 'd'], ['a', 0, 'c', 'e'], ['a', 1, 'b'], ['q']].map((path) =>
      placeOf(first, path),
    ),
    ['1:1', '2:5', '3:9', '4:7', '1:1', '1:1'],
  );
  assert.deepEqual([placeOf(second, ['x']), placeOf(second, ['z'])], ['7:2', '8:1']);
});

test('every wrong field of every document is named, with its place', (t) => {
  const bad = [
    'apiVersion: tspace.dev/v1alpha1',
    'kind: DisentangledDiffusionRun',
    'metadata: {name: x}',
    'spec:',
    '  schedule:',
    '    states: 10',
    '    statesPerModel: 3',
    '  trainning: 1',
  ].join('\n');
  const path = write(t, `${good}\n---\n${bad}\n---\nkind: ConfigMap\n---\n${good}`);
  const { runs, problems } = readRuns(path);
  assert.equal(runs.length, 2);
  const places = problems.map(
    ({ code, where, message }) => `${code} ${where?.replace(path, 'F')} ${message.split(':')[0]}`,
  );
  assert.ok(
    places.includes('InvalidSpec F, document 2, line 9, column 5 spec.schedule.statesPerModel'),
    places.join('\n'),
  );
  assert.ok(places.includes('InvalidSpec F, document 2, line 10, column 3 spec'), places.join('\n'));
  assert.ok(places.includes('InvalidSpec F, document 2, line 6, column 1 spec.dataset'), places.join('\n'));
});

test('anchors and merge keys are read as kubectl reads them', (t) => {
  const text = [
    'apiVersion: tspace.dev/v1alpha1',
    'kind: DisentangledDiffusionRun',
    'metadata: {name: x}',
    'spec:',
    '  schedule: {states: 10}',
    '  dataset: {source: {volume: &data {claimName: data}}, format: Idx, image: {size: 28, channels: 1}}',
    '  evaluation: {extractor: {name: mnist-classifier}, reference: {file: {volume: {<<: *data, path: r.npz}}}}',
    '  checkpoints: {volume: {shared: {size: 1Gi}}}',
  ].join('\n');
  const { evaluation } = readRun(write(t, text)).spec;
  assert.deepEqual(evaluation?.reference.file?.volume, { claimName: 'data', path: 'r.npz' });
});

test('of ours is what names our kind or our group; the other of the two is then named where it is wrong', (t) => {
  const { apiVersion, kind, ...rest } = minimalRun();
  for (const [head, field] of [
    [{ apiVersion }, 'kind'],
    [{ apiVersion, kind: `${kind}s` }, 'kind'],
    [{ kind }, 'apiVersion'],
    [{ apiVersion: 'tspace.dev/v2', kind }, 'apiVersion'],
  ] as const) {
    const { problems } = readRuns(write(t, JSON.stringify({ ...head, ...rest })));
    assert.deepEqual(
      problems.map(({ message }) => message.split(':')[0]),
      [field],
    );
  }
});

test('a template that was not filled in is named where it stands', (t) => {
  const path = write(t, 'kind: DisentangledDiffusionRun\nspec:\n  schedule: {states: {{ .Values.states }}}\n');
  assert.throws(() => readRuns(path), {
    code: 'InputForeign',
    message: /a key must be text/,
    where: /line 3, column 23/,
  });
});

test('a file that cannot be read says why', (t) => {
  const folder = temporaryFolder(t);
  assert.throws(() => readRuns(folder), { code: 'InputMissing', message: /is a directory|illegal operation/ });
  assert.throws(() => readRuns(join(folder, 'x')), { code: 'InputMissing', message: /no such file or directory/ });
});

test('an alias bomb, a cycle and what is not one run are refused', (t) => {
  const bomb = ['a0: &a0 [x,x,x,x,x,x,x,x,x,x]'];
  for (let i = 1; i < 9; i++)
    bomb.push(
      `a${i}: &a${i} [${Array(10)
        .fill(`*a${i - 1}`)
        .join(',')}]`,
    );
  assert.throws(() => readRuns(write(t, `kind: DisentangledDiffusionRun\n${bomb.join('\n')}`)), {
    code: 'InputUnsafe',
  });
  assert.throws(() => readRuns(write(t, 'kind: DisentangledDiffusionRun\na: &a [*a]')), { code: 'InputUnsafe' });
  assert.throws(() => readRuns(write(t, 'x'.repeat(5 * 2 ** 20))), { code: 'InputUnsafe' });
  const long = `${good}\n---\na: [${'1,'.repeat(500_000)}]`;
  assert.throws(() => readRuns(write(t, long)), { code: 'InputUnsafe' }, 'many values without an alias');
  assert.throws(() => readRuns(write(t, '')), { code: 'InputForeign' });
  assert.throws(() => readRun(write(t, `${good}\n---\n${good}`)), { code: 'InputForeign', message: /holds 2 runs/ });
  assert.throws(() => readRuns(write(t, 'a: 1\n b: 2')), { code: 'InputForeign', where: /line 2, column \d+$/ });
});
