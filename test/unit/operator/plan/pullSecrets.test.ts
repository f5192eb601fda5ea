import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { V1PodTemplateSpec } from '@kubernetes/client-node';
import { parseConfig } from '../../../../src/operator/config.ts';
import { mergePodTemplates } from '../../../../src/operator/plan/podTemplate.ts';
import { withPullSecrets } from '../../../../src/operator/plan/pullSecrets.ts';

const template: V1PodTemplateSpec = { spec: { containers: [{ name: 'trainer', image: 'trainer:1' }] } };

test('without pull secrets a template stays what it is', () => {
  assert.equal(withPullSecrets(template), template);
  assert.equal(withPullSecrets(template, []), template);
});

test('pods pull with the secrets that the operator is told, and with those that a run adds', () => {
  const { DDR_IMAGE_PULL_SECRETS: names } = parseConfig({
    DDR_TRAINER_IMAGE: 'trainer:1',
    DDR_IMAGE_PULL_SECRETS: 'a, b',
  });
  const defaults = withPullSecrets(template, names);
  assert.deepEqual(defaults.spec?.imagePullSecrets, [{ name: 'a' }, { name: 'b' }]);
  assert.equal(template.spec?.imagePullSecrets, undefined);
  const merged = mergePodTemplates(defaults, { spec: { imagePullSecrets: [{ name: 'b' }, { name: 'c' }] } });
  assert.deepEqual(merged.spec?.imagePullSecrets, [{ name: 'a' }, { name: 'b' }, { name: 'c' }]);
});

test('no secrets where the variable is missing or empty; a wrong name is named at the start', () => {
  const secrets = (text?: string) =>
    parseConfig({ DDR_TRAINER_IMAGE: 'trainer:1', DDR_IMAGE_PULL_SECRETS: text }).DDR_IMAGE_PULL_SECRETS;
  assert.deepEqual(secrets(), []);
  assert.deepEqual(secrets(''), []);
  assert.throws(() => secrets('a,B'), /DDR_IMAGE_PULL_SECRETS\[1\]: must be the name of a Kubernetes object/);
});
