import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wholeTemplateProblems } from '../../../../src/api/spec/podWhole.ts';

const problems = (spec: object) =>
  wholeTemplateProblems({ spec }).map(({ path, message }) => `${path.join('.')}: ${message}`);
const trainer = { name: 'trainer', image: 'x' };
const withTrainer = (fields: object) => problems({ containers: [{ ...trainer, ...fields }] });

test('what is missing is named where it is missing', () => {
  assert.deepEqual(problems({ containers: [{ name: 'trainer' }] }), ['spec.containers.0: needs image']);
  assert.deepEqual(
    withTrainer({ volumeMounts: [{ name: 'x', mountPath: '' }] })[0],
    'spec.containers.0.volumeMounts.0: needs mountPath',
  );
  assert.match(withTrainer({ env: [{ name: 'A', valueFrom: {} }] }).join(), /valueFrom: needs one of configMapKeyRef/);
});

test('fields that do not go together are named', () => {
  const tolerations = (toleration: object) => problems({ containers: [trainer], tolerations: [toleration] });
  assert.match(tolerations({ effect: 'NoSchedule' })[0] ?? '', /needs operator: Exists/);
  assert.match(tolerations({ key: 'a', operator: 'Exists', value: 'b' })[0] ?? '', /takes no value/);
  assert.deepEqual(tolerations({ key: 'a', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 5 }), []);
  const reads = (fieldPath: string) => withTrainer({ env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath } } }] });
  assert.deepEqual([reads('status.podIP'), reads('status.phase').length], [[], 1]);
});

test('a pod that has what it needs has no problems', () => {
  assert.deepEqual(withTrainer({ ports: [{ containerPort: 80 }], env: [{ name: 'A', value: 'b' }] }), []);
  assert.deepEqual(wholeTemplateProblems(undefined), []);
});
