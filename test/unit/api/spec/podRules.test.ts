import assert from 'node:assert/strict';
import { test } from 'node:test';
import { podFields } from '../../../../src/api/spec/podFields.ts';
import { entryProblem, fieldProblem, fieldRules } from '../../../../src/api/spec/podRules.ts';

test('every rule is for a field that pods have', () => {
  for (const name of Object.keys(fieldRules)) {
    const [type = '', field] = name.split('.');
    const fields = (podFields[type] ?? '').split(' ').map((entry) => entry.split(':')[0]);
    assert.ok(fields.includes(field), name);
  }
});

test('a value that has the right type may still be wrong', () => {
  assert.equal(fieldProblem('ContainerPort', 'containerPort', 80), undefined);
  assert.equal(fieldProblem('ContainerPort', 'containerPort', 0), 'must be from 1 to 65535');
  assert.match(fieldProblem('SecretVolumeSource', 'defaultMode', 644) ?? '', /octal/);
  assert.match(fieldProblem('TCPSocketAction', 'port', '80') ?? '', /without quotes/);
  assert.equal(
    fieldProblem('ContainerPort', 'containerPort', '80'),
    fieldProblem('ContainerPort', 'containerPort', 80),
  );
});

test('a number is one of 32 bits, but where Kubernetes keeps 64', () => {
  assert.equal(fieldProblem('Container', 'other', 2 ** 31), 'must be at most 2147483647');
  assert.equal(fieldProblem('PodSpec', 'terminationGracePeriodSeconds', 2 ** 31), undefined);
});

test('keys and values of labels are those that Kubernetes takes; annotations may have any value', () => {
  assert.equal(entryProblem('ObjectMeta', 'labels', 'example.com/team', 'a'), undefined);
  assert.match(entryProblem('ObjectMeta', 'labels', 'a b', 'a') ?? '', /is no key/);
  assert.match(entryProblem('PodSpec', 'nodeSelector', 'team', 'a b') ?? '', /at most 63/);
  assert.equal(entryProblem('ObjectMeta', 'annotations', 'Team', 'any text at all'), undefined);
  assert.equal(entryProblem('ConfigMap', 'data', 'a b', 'a'), undefined);
});
