import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseRun } from '../../../src/api/run.ts';
import { requireRunnable } from '../../../src/cli/preflight.ts';
import { parseVolumes, withSettings } from '../../../src/cli/settings.ts';
import { minimalRun, withSpec } from '../../helpers/runs.ts';
import { temporaryFolder } from '../../helpers/folder.ts';

const run = parseRun(minimalRun());

test('--set replaces fields, also of blocks that were left out, and the result is checked', () => {
  const changed = withSettings(run, [
    'spec.training.images=100',
    'spec.evaluation.extractor.name=mnist-classifier',
    'spec.suspend=true',
  ]);
  assert.equal(changed.spec.training.images, 100);
  assert.equal(changed.spec.evaluation?.extractor.name, 'mnist-classifier');
  assert.equal(changed.spec.suspend, true);
  assert.equal(run.spec.suspend, false);
  for (const wrong of [
    'spec.training.images=-1',
    'spec.trainning.images=1',
    'spec',
    'spec.suspend.x=1',
    'spec.suspend=[',
    'training.images=1',
    '__proto__.x=1',
    'spec.__proto__=1',
  ]) {
    assert.throws(() => withSettings(run, [wrong]), { code: 'InvalidSpec' }, wrong);
  }
  assert.equal(({} as { x?: unknown }).x, undefined, 'no other object has it');
});

test('--volume names a claim and a folder that is there', (t) => {
  const folder = temporaryFolder(t);
  assert.deepEqual([...parseVolumes([`data=${folder}`])], [['data', folder]]);
  assert.throws(() => parseVolumes(['data']), { code: 'InvalidSpec' });
  assert.throws(() => parseVolumes([`data=${folder}/gone`]), { code: 'InputMissing' });
  writeFileSync(join(folder, 'file=1'), '');
  assert.throws(() => parseVolumes([`data=${folder}/file=1`]), { code: 'InputForeign', message: 'is not a folder' });
  assert.throws(() => parseVolumes([`data=${folder}`, `data=${folder}`]), { code: 'InvalidSpec' });
});

test('a run whose data is not there, or whose pods need a cluster, is refused before it starts', (t) => {
  const home = temporaryFolder(t);
  assert.throws(() => requireRunnable(run, new Map(), home, 'i'), {
    code: 'InputMissing',
    where: join(home, 'volumes/data/mnist'),
    hint: /--volume data=FOLDER/,
  });
  mkdirSync(join(home, 'volumes/data'), { recursive: true });
  writeFileSync(join(home, 'volumes/data/mnist'), '');
  requireRunnable(run, new Map(), home, 'i');
  const env = [{ name: 'SECRET', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }];
  const podTemplate = { spec: { containers: [{ name: 'trainer', env }] } };
  const needsSecret = parseRun(withSpec({ execution: { podTemplate } }));
  assert.throws(() => requireRunnable(needsSecret, new Map(), home, 'i'), {
    code: 'InvalidSpec',
    message: /env\[\d+\]\.valueFrom: a variable from another object is not to be had on this machine/,
  });
  const containers = [{ name: 'trainer', volumeMounts: [{ name: 'cache', mountPath: '/cache' }] }];
  const mountsNothing = parseRun(withSpec({ execution: { podTemplate: { spec: { containers } } } }));
  assert.throws(() => requireRunnable(mountsNothing, new Map(), home, 'i'), {
    code: 'InvalidSpec',
    message: 'there is no volume cache',
  });
});
