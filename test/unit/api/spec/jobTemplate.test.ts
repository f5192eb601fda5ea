import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jobTemplateSchema } from '../../../../src/api/spec/jobTemplate.ts';

const accepts = (metadata: object) => jobTemplateSchema.safeParse({ metadata }).success;

test('labels and annotations are those that Kubernetes takes', () => {
  assert.ok(accepts({ labels: { team: 'a', 'kueue.x-k8s.io/priority-class': 'high', empty: '' } }));
  assert.ok(accepts({ annotations: { 'example.com/note': 'any text: "at all"' } }));
  assert.ok(accepts({}));
  for (const key of ['a b', '-a', 'a/', '/a', 'A.b/c', 'a/b/c', 'x'.repeat(64)])
    assert.ok(!accepts({ labels: { [key]: 'x' } }) && !accepts({ annotations: { [key]: 'x' } }), key);
  for (const value of ['a b', '-a', 'a-', 'x'.repeat(64)]) assert.ok(!accepts({ labels: { team: value } }), value);
});

test('what the operator sets itself is refused', () => {
  for (const key of ['tspace.dev/run', 'tspace.dev/anything', 'app.kubernetes.io/managed-by'])
    assert.ok(!accepts({ labels: { [key]: 'x' } }) && !accepts({ annotations: { [key]: 'x' } }), key);
});
