import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { dump } from 'js-yaml';
import { apiVersion, kind, labels } from '../../src/api/names.ts';
import { freePort } from '../../src/local/freePort.ts';
import { types } from '../../src/operator/types.ts';
import { everything } from '../helpers/everything.ts';
import { minimalRun } from '../helpers/runs.ts';
import { installCrd } from './crd.ts';
import { skip, startEnvironment } from './envtest.ts';
import { startOperator } from './programs.ts';

const namespace = 'default';

/** What Flux and Argo CD put on the objects that they apply. */
const ofTools = {
  'kustomize.toolkit.fluxcd.io/name': 'runs',
  'kustomize.toolkit.fluxcd.io/namespace': 'flux-system',
  'argocd.argoproj.io/instance': 'runs',
};

const minimal = minimalRun().spec;
const resources = { limits: { 'nvidia.com/gpu': 1, memory: '1024Mi', cpu: '0.50' } };

/** Runs as they are written in Git, each with its way of being applied. */
const files = [
  { name: 'server-side', spec: minimal, how: ['--server-side', '--field-manager=kustomize-controller'] },
  { name: 'client-side', spec: minimal, how: [] },
  {
    name: 'everything',
    spec: { ...everything, cancel: false },
    how: ['--server-side', '--field-manager=argocd-controller'],
  },
  { name: 'quantities', spec: { ...minimal, execution: { resources } }, how: ['--server-side'] },
];

test('a run at rest is as Git has it', { skip }, async (t) => {
  const environment = await startEnvironment();
  t.after(() => environment.stop());
  const client = environment.connect();
  t.after(() => client.close());
  await installCrd(client);
  startOperator(t, environment.kubeconfig, { DDR_HTTP_PORT: String(await freePort()) });

  function kubectl(verb: string, how: string[], file: string): string {
    const program = join(process.env.KUBEBUILDER_ASSETS ?? '', 'kubectl');
    const { status, stdout, stderr } = spawnSync(program, [verb, ...how, '-n', namespace, '-f', '-'], {
      input: file,
      encoding: 'utf8',
      env: { ...process.env, KUBECONFIG: environment.kubeconfig },
    });
    assert.equal(status, 0, `kubectl ${verb}: ${stdout}${stderr}`); // 1 where diff finds a difference
    return stdout;
  }

  /** The run, once the operator has looked at it. */
  async function seen(name: string) {
    for (let i = 0; i < 300; i++) {
      const run = await client.get(types.run, namespace, name);
      if ((run?.status as { phase?: string } | undefined)?.phase !== undefined) return run;
      await wait(200);
    }
    return assert.fail(`the operator has not looked at ${name}`);
  }

  for (const { name, spec, how } of files) {
    await t.test(`${name}: no difference, and applied again it is the same object`, async () => {
      const file = dump({ apiVersion, kind, metadata: { name, labels: ofTools }, spec });
      kubectl('apply', how, file);
      const before = await seen(name);
      assert.equal(kubectl('diff', how, file), '');
      kubectl('apply', how, file);
      const after = await client.get(types.run, namespace, name);
      assert.equal(after?.metadata.generation, before?.metadata.generation);
      assert.deepEqual(after?.metadata.labels, ofTools);
    });
  }

  await t.test(
    'children carry no labels of the tools, which would take them for objects of their own to prune',
    async () => {
      const { items } = await client.list(types.job, { namespace, labelSelector: labels.run });
      const { items: claims } = await client.list(types.claim, { namespace, labelSelector: labels.run });
      assert.ok(items.length >= 3 && claims.length >= 3);
      for (const { metadata } of [...items, ...claims])
        assert.deepEqual(
          Object.keys({ ...metadata.labels, ...metadata.annotations }).filter((key) => key in ofTools),
          [],
        );
    },
  );
});
