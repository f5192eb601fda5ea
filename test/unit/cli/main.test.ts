import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadAll } from 'js-yaml';
import { root } from '../../helpers/ddr.ts';
import { temporaryFolder } from '../../helpers/folder.ts';
import { minimalRun, withSpec } from '../../helpers/runs.ts';

function ddr(...args: string[]) {
  return ddrWith({}, ...args);
}

function ddrWith(environment: NodeJS.ProcessEnv, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'src/cli/main.ts'), ...args], {
    encoding: 'utf8',
    cwd: root,
    env: { ...process.env, ...environment },
  });
  return { status, stdout, stderr };
}

test('validate says what is wrong in which document, and goes on with the next file', (t) => {
  const folder = temporaryFolder(t);
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const good = file('good.yaml', `apiVersion: v1\nkind: ConfigMap\n---\n${JSON.stringify(minimalRun())}`);
  const bad = file('bad.yaml', JSON.stringify(withSpec({ schedule: { states: 10, statesPerModel: 3 } })));
  const broken = file('broken.yaml', 'a: [1, 2');
  const other = file('other.yaml', 'apiVersion: v1\nkind: ConfigMap');
  const { status, stdout, stderr } = ddr('validate', bad, good, broken, other, join(folder, 'gone.yaml'));
  assert.equal(status, 1);
  assert.match(stdout, /good\.yaml: digits is valid: 10 states, 10 models/);
  assert.match(
    stderr,
    /InvalidSpec \(.*bad\.yaml, document 1, line 1, column \d+\): spec\.schedule\.statesPerModel: .*must divide/,
  );
  assert.match(stderr, /InputForeign \(.*broken\.yaml, line 1, column \d+\): is not YAML/);
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
  assert.doesNotMatch(stdout, /uid: ''/, 'an API server refuses an owner without a uid');
  assert.deepEqual(kinds, ['PersistentVolumeClaim', ...Array(6).fill('Job')]);
  assert.match(stdout, /^# Nobody has read the data yet\./);
});

test('report says when there is none; wrong usage has an exit code of its own', (t) => {
  const { status, stderr } = ddr('report', temporaryFolder(t));
  assert.equal(status, 1);
  assert.match(stderr, /InputMissing .*there is no report/);
  assert.equal(ddr('dance').status, 2);
  assert.equal(ddr('--help').status, 0);
});

test('a wrong variable is one line before anything else happens', () => {
  for (const command of [
    ['run', 'gone.yaml'],
    ['validate', 'gone.yaml'],
    ['render', 'gone.yaml'],
  ]) {
    const { status, stderr } = ddrWith({ DDR_LOG_LEVEL: 'verbose' }, ...command);
    assert.equal(status, 1);
    assert.match(stderr, /^InvalidSpec \(environment\): DDR_LOG_LEVEL: [^\n]*\n$/);
  }
});

test('retry says what is wrong with the proxy, the file or the run', (t) => {
  const { status, stderr } = ddrWith({ HTTPS_PROXY: 'ftp://proxy' }, 'retry', 'digits');
  assert.equal(status, 1);
  assert.match(stderr, /^InvalidSpec \(environment\): HTTPS_PROXY: [^\n]*\n$/);
  assert.match(ddr('retry', join(temporaryFolder(t), 'gone.yaml')).stderr, /^InputMissing/);
});

test('output that a full disk does not take is told of', {
  skip: existsSync('/dev/full') ? false : 'no /dev/full',
}, (t) => {
  const file = join(temporaryFolder(t), 'run.yaml');
  writeFileSync(file, JSON.stringify(minimalRun()));
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'src/cli/main.ts'), 'render', file], {
    encoding: 'utf8',
    stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'],
  });
  assert.equal(status, 1);
  assert.match(stderr, /^DiskFull: /);
});
