import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describePath } from '../../../../src/api/run.ts';
import { unreadData } from '../../../../src/operator/plan/identity.ts';
import { podSecurityOf, podSecurityProblems } from '../../../../src/operator/plan/podSecurity.ts';
import { allChildren } from '../../../../src/operator/plan/render.ts';
import { securePods } from '../../../helpers/securePods.ts';
import { runOf, settings } from '../../../helpers/simulation.ts';

const fieldsOf = (title: string, level: 'baseline' | 'restricted', version?: number) =>
  podSecurityProblems(securePods[title], { level, version }).map(({ path }) => describePath(path));

test('our own pods satisfy every level', () => {
  const evaluation = { extractor: { name: 'mnist-classifier' } };
  for (const { kind, spec } of allChildren(runOf({ evaluation }), unreadData, settings)) {
    if (kind !== 'Job') continue;
    const { template } = spec as { template: unknown };
    assert.deepEqual(podSecurityProblems(template, { level: 'restricted', version: undefined }), []);
  }
});

test('a violation is named by its field, once', () => {
  assert.deepEqual(fieldsOf('host network', 'baseline'), ['spec.hostNetwork']);
  assert.deepEqual(fieldsOf('a path of the node', 'baseline'), ['spec.volumes[0].hostPath']);
  assert.deepEqual(fieldsOf('seccomp unconfined', 'restricted'), [
    'spec.securityContext.seccompProfile.type',
    'spec.containers[0].securityContext.seccompProfile.type',
  ]);
  assert.deepEqual(fieldsOf('adds SYS_ADMIN', 'restricted'), [
    'spec.containers[0].securityContext.capabilities.add[0]',
  ]);
  assert.deepEqual(fieldsOf('root perhaps', 'restricted'), ['spec.containers[0].securityContext.runAsNonRoot']);
  assert.deepEqual(fieldsOf('an init container without a context', 'restricted'), [
    'spec.initContainers[0].securityContext.allowPrivilegeEscalation',
    'spec.initContainers[0].securityContext.capabilities.drop',
  ]);
});

test('privileged forbids nothing, and baseline less than restricted', () => {
  for (const [title, template] of Object.entries(securePods)) {
    assert.deepEqual(podSecurityProblems(template, { level: 'privileged', version: undefined }), [], title);
    const [baseline, restricted] = [fieldsOf(title, 'baseline'), fieldsOf(title, 'restricted')];
    assert.deepEqual(
      baseline.filter((field) => !restricted.some((other) => field.startsWith(other))),
      [],
      title,
    );
  }
});

test('a control that came later does not hold for a namespace of an older version', () => {
  assert.notDeepEqual(fieldsOf('a probe elsewhere', 'baseline', 34), []);
  assert.deepEqual(fieldsOf('a probe elsewhere', 'baseline', 33), []);
});

test('pods with a runtime class may be exempt, and nothing is said of them', () => {
  const { spec } = securePods['host network'] ?? {};
  const template = { spec: { ...spec, runtimeClassName: 'kata' } };
  assert.deepEqual(podSecurityProblems(template, { level: 'restricted', version: undefined }), []);
});

test('the level is that of the namespace’s labels; one without, or with another word, demands nothing', () => {
  const of = (level?: string, version?: string) =>
    podSecurityOf({
      ...(level && { 'pod-security.kubernetes.io/enforce': level }),
      ...(version && { 'pod-security.kubernetes.io/enforce-version': version }),
    });
  assert.deepEqual(of('restricted'), { level: 'restricted', version: undefined });
  assert.deepEqual(of('baseline', 'v1.30'), { level: 'baseline', version: 30 });
  assert.deepEqual(of('baseline', 'latest'), { level: 'baseline', version: undefined });
  for (const level of [undefined, 'privileged', 'strict']) assert.equal(of(level).level, 'privileged');
  assert.equal(podSecurityOf(undefined).level, 'privileged');
});
