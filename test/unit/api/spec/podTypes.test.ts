import assert from 'node:assert/strict';
import { test } from 'node:test';
import { podTemplateProblems } from '../../../../src/api/spec/podTypes.ts';

const problems = (template: unknown) =>
  podTemplateProblems(template).map(({ path, message }) => `${path.join('.')}: ${message}`);

test('a field that a type has not is named, with where it belongs or what is meant', () => {
  assert.match(problems({ nodeSelector: {} })[0] ?? '', /^nodeSelector: unknown field.*spec\.nodeSelector/);
  assert.match(problems({ spec: { nodeSelecter: {} } })[0] ?? '', /^spec\.nodeSelecter: .*did you mean nodeSelector/);
});

test('a value of another type is named with what it would have to be', () => {
  const value = (fields: object) => problems({ spec: { containers: [{ name: 'trainer', ...fields }] } })[0] ?? '';
  assert.match(
    value({ env: [{ name: 'A', value: 1 }] }),
    /env\.0\.value: must be text, not 1; write it in quotes: "1"/,
  );
  assert.match(value({ tty: 'yes' }), /tty: must be true or false, not "yes"/);
  assert.match(value({ ports: [{ containerPort: '80' }] }), /containerPort: must be a whole number, not "80"/);
  assert.match(value({ imagePullPolicy: 'Sometimes' }), /imagePullPolicy: .*Always.*IfNotPresent.*Never/);
});

test('null removes a field, and is right wherever a merge may remove one', () => {
  assert.deepEqual(problems({ spec: { nodeSelector: null, tolerations: null } }), []);
});
