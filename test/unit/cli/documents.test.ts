import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { readRun, readRuns } from '../../../src/cli/documents.ts';
import { temporaryFolder } from '../../helpers/folder.ts';
import { minimalRun, withSpec } from '../../helpers/runs.ts';

function write(t: TestContext, text: string): string {
  const path = join(temporaryFolder(t), 'runs.yaml');
  writeFileSync(path, text);
  return path;
}

const good = JSON.stringify(minimalRun());

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
  const path = write(t, `${good}\n---\n${bad}\n---\napiVersion: v1\nkind: ConfigMap\n---\n${good}`);
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

test('what has no end is read no further than a file may be long', () => {
  assert.throws(() => readRuns('/dev/zero'), { code: 'InputUnsafe', message: /larger than/ });
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

test('a document that does not say what it is is named beside the runs of its file, for kubectl refuses the file', (t) => {
  for (const [other, says] of [
    ['apiVersion: v1', /kind: is required/],
    ['kind: ConfigMap', /apiVersion: is required/],
    ['[]', /is no object/],
    ['text', /is no object/],
  ] as const) {
    const { runs, problems } = readRuns(write(t, `${good}\n---\n${other}\n---\n# nothing\n`));
    assert.equal(runs.length, 1);
    assert.deepEqual(
      problems.map(({ where }) => /document 2, line 3/.test(where ?? '')),
      [true],
    );
    assert.match(problems[0]?.message ?? '', says);
  }
});

test('the runs of lists are read, with their place', (t) => {
  const { apiVersion, kind, ...bare } = minimalRun('bare');
  const wrong = { ...minimalRun('wrong'), spec: {} };
  const ofRuns = { apiVersion, kind: `${kind}List`, items: [bare] };
  const anyList = {
    apiVersion: 'v1',
    kind: 'List',
    items: [minimalRun('one'), { apiVersion: 'v1', kind: 'ConfigMap' }, wrong],
  };
  const path = write(t, `${JSON.stringify(ofRuns)}\n${JSON.stringify(anyList)}`);
  const { runs, problems } = readRuns(path);
  assert.deepEqual(
    runs.map(({ metadata }) => metadata.name),
    ['bare', 'one'],
  );
  assert.ok(problems.length > 0);
  for (const { where } of problems) assert.match(where ?? '', /document 2, item 3, line 2, column \d+$/);
});

test('a byte order mark and Windows line ends do not matter; what is not UTF-8 is refused', (t) => {
  const text = JSON.stringify(minimalRun(), null, 2).replaceAll('\n', '\r\n');
  assert.equal(readRun(write(t, `\ufeff${text}`)).metadata.name, 'digits');
  const path = write(t, '');
  const utf16 = Buffer.from(`\ufeff${text}`, 'utf16le');
  for (const bytes of [utf16, Buffer.from(utf16).swap16()]) {
    writeFileSync(path, bytes);
    assert.equal(readRun(path).metadata.name, 'digits', 'as PowerShell writes it');
  }
  writeFileSync(path, Buffer.from([0x61, 0xff, 0xfe]));
  assert.throws(() => readRuns(path), { code: 'InputForeign', message: /UTF-8/ });
});

test('what kubectl get shows can be read back: status and fields of the server are left alone', (t) => {
  const run = minimalRun();
  const metadata = { ...run.metadata, uid: 'u', managedFields: [{ manager: 'kubectl', operation: 'Apply' }] };
  assert.equal(readRun(write(t, JSON.stringify({ ...run, metadata, status: { phase: 1 } }))).status, undefined);
});

test('an unknown field of metadata, and a label that is no text, are named once', (t) => {
  const run = minimalRun();
  const { problems } = readRuns(
    write(t, JSON.stringify({ ...run, metadata: { ...run.metadata, lables: {}, labels: { a: 1 } } })),
  );
  assert.deepEqual(
    problems.map(({ message }) => message.split(':')[0]),
    ['metadata.lables', 'metadata.labels.a'],
  );
});

test('a generated name follows from what the run says', (t) => {
  const generated = (fields: object = {}) => {
    const { metadata: _, ...rest } = minimalRun();
    return write(t, JSON.stringify({ ...rest, metadata: { generateName: 'sweep-', ...fields } }));
  };
  const { metadata } = readRun(generated());
  assert.match(metadata.name, /^sweep-[0-9a-f]{5}$/);
  assert.equal(readRun(generated()).metadata.name, metadata.name);
  assert.equal(readRun(generated({ name: 'named' })).metadata.name, 'named');
  assert.throws(() => readRun(generated({ name: true })), { message: /metadata\.name: .*string/ });
  assert.throws(() => readRun(generated({ generateName: `${'g'.repeat(38)}-` })), {
    code: 'InvalidSpec',
    message: /metadata\.generateName: with the 5 characters that are added, the name must be at most 40/,
  });
});

test('a key that is written twice counts as for kubectl, and is told', (t) => {
  const { runs, warnings } = readRuns(
    write(t, `${JSON.stringify(withSpec({ suspend: true })).slice(0, -2)},"suspend":false}}`),
  );
  assert.equal(runs[0]?.spec.suspend, false);
  assert.match(warnings[0] ?? '', /line 1, column \d+: suspend is written twice; the last one counts/);
});
