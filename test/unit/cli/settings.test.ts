import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseRun } from '../../../src/api/run.ts';
import { withGeneratedName } from '../../../src/cli/documents.ts';
import { parseVolumes, withSettings } from '../../../src/cli/settings.ts';
import { temporaryFolder } from '../../helpers/folder.ts';
import { minimalRun } from '../../helpers/runs.ts';

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

test('--set reaches entries of lists, and names with dots in them', () => {
  const changed = withSettings(run, [
    'spec.execution.resources.limits.nvidia\\.com/gpu=1',
    'spec.overrides[0].states="8"',
    'spec.overrides[0].model.baseChannels=16',
    'spec.overrides[1].states="9"',
    'spec.execution.podTemplate.spec.tolerations[0].key=gpu',
    'metadata.annotations.a\\[b\\]\\\\c=x',
  ]);
  assert.deepEqual(changed.spec.execution.resources.limits, { 'nvidia.com/gpu': '1' });
  assert.deepEqual(changed.spec.overrides, [{ states: '8', model: { baseChannels: 16 } }, { states: '9' }]);
  assert.deepEqual(changed.spec.execution.podTemplate, { spec: { tolerations: [{ key: 'gpu' }] } });
  assert.deepEqual(changed.metadata.annotations, { 'a[b]\\c': 'x' });
  assert.equal(withSettings(changed, ['spec.overrides[0].states="7"']).spec.overrides[0]?.states, '7');
});

test('--set says what is wrong with a path', () => {
  for (const [wrong, says] of [
    ['spec.overrides[1].states="8"', /the list has 0 entries; the next one is \[0\]/],
    ['spec.overrides.states="8"', /there can be no field states here/],
    ['spec.training[0]=1', /there can be no entry \[0\] here/],
    ['spec..suspend=true', /is not a path/],
    ['[0]=1', /is not a path/],
    ['spec.overrides[x]=1', /is not a path/],
    ['spec.execution.resources.limits.nvidia.com/gpu=1', /quantity/],
  ] as const)
    assert.throws(() => withSettings(run, [wrong]), { code: 'InvalidSpec', message: says }, wrong);
});

test('--set reads values as kubectl reads YAML, and null takes a block away', () => {
  const changed = withSettings(run, ['spec.suspend=yes', 'spec.training.images=100_000', 'spec.sampling.seed=010']);
  assert.equal(changed.spec.suspend, true);
  assert.equal(changed.spec.training.images, 100_000);
  assert.equal(changed.spec.sampling.seed, 8);
  const judged = withSettings(run, ['spec.evaluation.extractor.name=mnist-classifier']);
  assert.equal(withSettings(judged, ['spec.evaluation=null']).spec.evaluation, undefined);
});

test('--set gives another generated name to what is another run', () => {
  const generated = withGeneratedName({ ...run, metadata: { ...run.metadata, generateName: 'sweep-' } });
  const names = ['1', '2', '1'].map((seed) => withSettings(generated, [`spec.training.seed=${seed}`]).metadata.name);
  assert.equal(names[0], names[2]);
  assert.notEqual(names[0], names[1]);
  assert.equal(withSettings(generated, ['metadata.name=mine']).metadata.name, 'mine');
});

test('a value is one value: text with a line of --- in it is refused rather than cut off', () => {
  assert.throws(() => withSettings(parseRun(minimalRun()), ['spec.dataset.revision=a\n---\nb']), {
    code: 'InvalidSpec',
    message: /not YAML: holds several documents; text goes into quotes/,
  });
});
