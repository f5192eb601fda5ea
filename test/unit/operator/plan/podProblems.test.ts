import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRun } from '../../../../src/api/run.ts';
import { podProblems } from '../../../../src/operator/plan/podProblems.ts';
import { minimalRun, withSpec } from '../../../helpers/runs.ts';
import { wrongWholes } from '../../../helpers/templateValues.ts';

const problemsOf = (spec: Record<string, unknown>) => podProblems(parseRun(withSpec(spec)));
const texts = (spec: Record<string, unknown>) =>
  problemsOf(spec).map(({ path, message }) => `${path.join('.')}: ${message}`);
const side = (fields: object) => ({ spec: { containers: [{ name: 'side', ...fields }] } });

for (const { title, template, field, says } of wrongWholes) {
  test(`refused: ${title}`, () => {
    const [problem, ...others] = problemsOf({ execution: { podTemplate: template } });
    assert.equal(problem?.path.join('.'), `spec.execution.podTemplate.${field}`);
    assert.match(problem?.message ?? '', says);
    assert.deepEqual(others, []);
  });
}

test('a run without templates has no problems, whatever its steps', () => {
  assert.deepEqual(podProblems(parseRun(minimalRun())), []);
  assert.deepEqual(texts({ execution: { podTemplate: {} } }), []);
});

test('what one template leaves out another may say', () => {
  const execution = { podTemplate: side({ image: 'x', livenessProbe: { httpGet: { port: 80 } } }) };
  const podTemplate = side({ livenessProbe: { httpGet: { path: '/x' } } });
  assert.deepEqual(texts({ execution, overrides: [{ states: '8', podTemplate }] }), []);
});

test('what is wrong with both is said once, and where it is written', () => {
  const execution = { podTemplate: side({}) };
  assert.deepEqual(texts({ execution, overrides: [{ states: '8', podTemplate: { metadata: {} } }] }), [
    'spec.execution.podTemplate.spec.containers.0: needs image',
  ]);
  assert.deepEqual(texts({ overrides: [{ states: '8', podTemplate: side({}) }] }), [
    'spec.overrides.0.podTemplate.spec.containers.0: needs image',
  ]);
});

test('what is wrong with the template of a step is said where it is written, and of its own pods', () => {
  const podTemplate = side({});
  assert.deepEqual(texts({ execution: { steps: { sample: { podTemplate } } } }), [
    'spec.execution.steps.sample.podTemplate.spec.containers.0: needs image',
  ]);
  const execution = { podTemplate: side({ image: 'x' }), steps: { evaluate: { podTemplate } } };
  assert.deepEqual(texts({ execution }), [], 'the rest is said for all pods');
});

test('what an override’s template names, that of training may have', () => {
  const podTemplate = {
    spec: { containers: [{ name: 'trainer', volumeMounts: [{ name: 'more', mountPath: '/more' }] }] },
  };
  const train = { podTemplate: { spec: { volumes: [{ name: 'more', emptyDir: {} }] } } };
  const overrides = [{ states: '8', podTemplate }];
  assert.deepEqual(texts({ execution: { steps: { train } }, overrides }), []);
  assert.match(
    texts({ execution: { steps: { sample: train } }, overrides }).join(),
    /overrides.0.podTemplate.*no volume more/,
  );
});

test('resources of a template are judged with those of the run', () => {
  const podTemplate = { spec: { containers: [{ name: 'trainer', resources: { requests: { memory: '16Gi' } } }] } };
  assert.deepEqual(texts({ execution: { resources: { limits: { memory: '8Gi' } }, podTemplate } }), [
    'spec.execution.podTemplate.spec.containers.0.resources.requests.memory: must not exceed its limit of 8Gi',
  ]);
});
