import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { podSecurityProblems } from '../../src/operator/plan/podSecurity.ts';
import { types } from '../../src/operator/types.ts';
import { securePods } from '../helpers/securePods.ts';
import { type Environment, skip, startEnvironment } from './envtest.ts';
import { dryRun } from './kubectl.ts';

const levels = ['privileged', 'baseline', 'restricted'] as const;

test('Pod Security: the verdicts of a real API server', { skip }, async (t) => {
  let environment: Environment;
  before(async () => {
    environment = await startEnvironment();
    const client = environment.connect();
    for (const level of levels) {
      const labels = { 'pod-security.kubernetes.io/enforce': level };
      await client.create(types.namespace, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: level, labels } });
    }
    await client.close();
  });
  after(() => environment.stop());

  /** What the server says of each pod in a namespace: undefined of those that satisfy its level, whatever else is wrong with them. */
  function violationsIn(namespace: string): (string | undefined)[] {
    const pods = Object.values(securePods).map(({ metadata, spec }, i) =>
      JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, name: `n${i}` }, spec }),
    );
    const { text } = dryRun(environment.kubeconfig, '-', pods.join('\n'), namespace);
    return pods.map((_, i) => new RegExp(`"n${i}" is forbidden: (violates PodSecurity.*)`).exec(text)?.[1]);
  }

  for (const level of levels) {
    await t.test(level, () => {
      const theirs = violationsIn(level);
      const differ = Object.entries(securePods).flatMap(([title, template], i) => {
        const ours = podSecurityProblems(template, { level, version: undefined });
        return ours.length > 0 === (theirs[i] !== undefined) ? [] : [{ title, ours, theirs: theirs[i] }];
      });
      assert.deepEqual(differ, []);
    });
  }
});
