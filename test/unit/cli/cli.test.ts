import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadAll } from 'js-yaml';
import { formatTime, renderTable, Terminal } from '../../../src/cli/display.ts';
import { root } from '../../helpers/ddr.ts';
import { minimalRun, withSpec } from '../../helpers/runs.ts';
import { temporaryFolder } from '../../helpers/trainer.ts';

function ddr(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'src/cli/main.ts'), ...args], {
    encoding: 'utf8',
    cwd: root,
  });
  return { status, stdout, stderr };
}

test('validate says what is wrong in which document, and goes on with the next file', (t) => {
  const folder = temporaryFolder(t);
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const good = file('good.yaml', `kind: ConfigMap\n---\n${JSON.stringify(minimalRun())}`);
  const bad = file('bad.yaml', JSON.stringify(withSpec({ schedule: { states: 10, statesPerModel: 3 } })));
  const broken = file('broken.yaml', 'a: [1, 2');
  const other = file('other.yaml', 'kind: ConfigMap');
  const { status, stdout, stderr } = ddr('validate', bad, good, broken, other, join(folder, 'gone.yaml'));
  assert.equal(status, 1);
  assert.match(stdout, /good\.yaml: digits is valid: 10 states, 10 models/);
  assert.match(stderr, /InvalidSpec \(.*bad\.yaml, document 1\): spec\.schedule\.statesPerModel: .*must divide/);
  assert.match(stderr, /InputForeign \(.*broken\.yaml\): is not YAML/);
  assert.match(stderr, /InputForeign \(.*other\.yaml\): holds no DisentangledDiffusionRun/);
  assert.match(stderr, /InputMissing \(.*gone\.yaml\)/);
  assert.equal(ddr('validate', good).status, 0);
});

test('validate warns of a top state that is not noise, and accepts it', (t) => {
  const path = join(temporaryFolder(t), 'run.yaml');
  writeFileSync(path, JSON.stringify(withSpec({ schedule: { states: 2, spacing: 'Explicit', indices: [10, 500] } })));
  const { status, stdout } = ddr('validate', path);
  assert.equal(status, 0);
  assert.match(stdout, /warning: spec\.schedule leaves √ᾱ = 0\.279 at the noisiest state/);
});

test('render shows every child as YAML', () => {
  const { status, stdout } = ddr('render', 'examples/mnist-cluster.yaml', '--set', 'spec.schedule.states=2');
  assert.equal(status, 0);
  const kinds = (loadAll(stdout) as { kind: string }[]).map(({ kind }) => kind);
  assert.deepEqual(kinds, ['PersistentVolumeClaim', 'Job', 'Job', 'Job', 'Job', 'Job']);
});

test('report says when there is none; wrong usage has an exit code of its own', (t) => {
  const { status, stderr } = ddr('report', temporaryFolder(t));
  assert.equal(status, 1);
  assert.match(stderr, /InputMissing .*there is no report/);
  assert.equal(ddr('dance').status, 2);
  assert.equal(ddr('--help').status, 0);
});

test('the table has a line for the run, a strip of its models and a bar per model in training', () => {
  const lines = renderTable(
    {
      name: 'digits',
      phase: 'Training',
      status: {
        models: { total: 3, pending: 1, active: 1, done: 1, failed: 0, summary: '1/3', retries: 0, states: {} },
        progress: { images: 150, imagesTotal: 300, percent: 50, imagesPerSecond: 10, etaSeconds: 75 },
      },
      models: ['done', 'active', 'pending'],
      active: [{ states: '1', progress: { phase: 'Running', done: 50, total: 100, perSecond: 10.4, loss: 0.12345 } }],
      seconds: 3725,
    },
    false,
  );
  assert.deepEqual(lines, [
    'digits  Training  1/3 models  50%  1:02:05, about 1:15 left',
    '  ■▸·',
    '  state 1         ████████████░░░░░░░░░░░░  50%  10 images/s  loss 0.1235',
  ]);
});

test('the terminal is drawn over, and no line is wider than it', () => {
  let written = '';
  const terminal = new Terminal(
    (text) => {
      written += text;
    },
    () => 5,
  );
  terminal.draw(['\u001b[1mabcdefgh\u001b[0m', 'two']);
  assert.equal(written, '\u001b[2K\u001b[1mabcde\u001b[0m\n\u001b[2Ktwo\n\u001b[0J');
  terminal.draw(['x']);
  assert.ok(written.endsWith('\u001b[2A\u001b[2Kx\n\u001b[0J'));
});

test('times read as people write them', () => {
  assert.deepEqual([formatTime(5), formatTime(65), formatTime(3665)], ['0:05', '1:05', '1:01:05']);
});
