import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { dump } from 'js-yaml';
import { chart, noHelm, parentChart, type Rendering, renderText, twiceInOne, valueSets } from '../helpers/chart.ts';
import { type Environment, skip, startEnvironment } from './envtest.ts';

const execute = promisify(execFile);
const crd = 'disentangleddiffusionruns.tspace.dev';

/** Releases are installed for real; no controller is there, so that no pod starts and no image is needed. */
test('the chart on a real API server', { skip: skip || noHelm }, async (t) => {
  let environment: Environment;
  before(async () => {
    environment = await startEnvironment();
    for (const namespace of ['system', 'elsewhere', 'team-a', 'team-b'])
      await kubectl(['create', 'namespace', namespace]);
  });
  after(() => environment.stop());

  async function run(program: string, args: string[], input = ''): Promise<string> {
    const pending = execute(program, args, { env: { ...process.env, KUBECONFIG: environment.kubeconfig } });
    pending.child.stdin?.end(input);
    return (await pending).stdout;
  }
  const kubectl = (args: string[], input?: string) => run('kubectl', args, input);
  const install = (release: string, namespace: string, values: object = {}, folder = chart) =>
    run('helm', ['upgrade', '--install', release, folder, '--namespace', namespace, '--values', '-'], dump(values));
  const uninstall = (release: string, namespace: string) =>
    run('helm', ['uninstall', release, '--namespace', namespace]);
  const crdOwner = () =>
    kubectl(['get', 'crd', crd, '-o', 'jsonpath={.metadata.annotations.meta\\.helm\\.sh/release-name}']);

  const renderings: Record<string, Rendering> = {
    ...valueSets,
    'twice in a parent chart': { folder: parentChart('first', 'second'), values: twiceInOne },
  };
  for (const [title, rendering] of Object.entries(renderings)) {
    await t.test(`knows every field: ${title}`, async () => {
      // Unknown fields and names that come twice are errors here.
      const args = ['apply', '--server-side', '--dry-run=server', '--validate=strict', '-f', '-'];
      await kubectl(args, renderText(rendering));
    });
  }

  await t.test('two releases in two namespaces; the CRD belongs to the first, and the second says so', async () => {
    const values = { watchNamespace: '{{ .Release.Namespace }}' };
    await install('ddr', 'team-a', values);
    const notes = await install('ddr', 'team-b', values);
    assert.match(notes, /The CRD belongs to release team-a\/ddr and was left as it is\./);
    assert.doesNotMatch(notes, /NOT THE ONE/);
    await install('ddr', 'team-a', values);
    await install('ddr', 'team-b', values);
    for (const namespace of ['team-a', 'team-b'])
      assert.match(await kubectl(['get', 'deployments', '-n', namespace, '-o', 'name']), /ddr-operator/);
  });

  await t.test('another release in the same namespace', async () => {
    await install('other', 'team-a', { watchNamespace: 'elsewhere' });
    const names = await kubectl(['get', 'deployments', '-n', 'team-a', '-o', 'name']);
    assert.deepEqual(names.trim().split('\n'), ['deployment.apps/ddr-operator', 'deployment.apps/other-operator']);
  });

  await t.test('a release that goes leaves the CRD and the other releases', async () => {
    await uninstall('ddr', 'team-a');
    assert.equal(await crdOwner(), 'ddr');
    const roles = await kubectl(['get', 'clusterroles', '-o', 'name']);
    assert.match(roles, /team-b:ddr-operator-runs-edit/);
    assert.doesNotMatch(roles, /team-a:ddr-operator/);
  });

  await t.test('a CRD of another version is pointed out, and may be taken over', async () => {
    await kubectl(['annotate', 'crd', crd, '--overwrite', 'tspace.dev/schema=old']);
    const notes = await install('other', 'team-a', { watchNamespace: 'elsewhere' });
    const [, command = ''] = /(annotate crd [\s\S]*?)\n(?:\n|$)/.exec(notes) ?? [];
    assert.match(notes, /NOT THE ONE OF THIS CHART/);
    await kubectl(command.replaceAll('\\\n', ' ').trim().split(/\s+/));
    await install('other', 'team-a', { watchNamespace: 'elsewhere' });
    assert.equal(await crdOwner(), 'other');
    const annotation = await kubectl(['get', 'crd', crd, '-o', 'jsonpath={.metadata.annotations.tspace\\.dev/schema}']);
    assert.match(annotation, /^[0-9a-f]{16}$/);
  });

  await t.test('twice in a parent chart', async () => {
    await install('all', 'system', twiceInOne, parentChart('first', 'second'));
    const names = await kubectl(['get', 'deployments', '-n', 'system', '-o', 'name']);
    assert.deepEqual(names.trim().split('\n'), ['deployment.apps/all-first', 'deployment.apps/all-second']);
  });
});
