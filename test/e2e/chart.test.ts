import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { parentChart, renderText, twiceInOne, valueSets } from '../helpers/chart.ts';
import { installChart, kubectl, leaseHolder, release, run, skip, systemNamespace, until } from './cluster.ts';

interface OpenApi {
  definitions: Record<
    string,
    { 'x-kubernetes-group-version-kind'?: { group: string; version: string; kind: string }[] }
  >;
}

/** JSON schemas of all kinds that the cluster knows, from its own OpenAPI, as kubeconform looks them up. */
async function writeSchemas(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'ddr-schemas-'));
  mkdirSync(folder, { recursive: true });
  // OpenAPI 2 has no way to say "a number or a string" but a format that JSON schema does not know.
  const numberOrString = /"type":"string","format":"int-or-string"|"format":"int-or-string","type":"string"/g;
  const openApi = (await kubectl('get', '--raw', '/openapi/v2')).replaceAll(
    numberOrString,
    '"type":["integer","string"]',
  );
  const { definitions } = JSON.parse(openApi) as OpenApi;
  for (const [name, definition] of Object.entries(definitions)) {
    for (const { group, version, kind } of definition['x-kubernetes-group-version-kind'] ?? []) {
      const suffix = [group.split('.')[0], version].filter((part) => part !== '').join('-');
      const file = join(folder, `${kind.toLowerCase()}-${suffix}.json`);
      writeFileSync(file, JSON.stringify({ $ref: `#/definitions/${name}`, definitions }));
    }
  }
  return folder;
}

test('the chart', { skip }, async (t) => {
  before(() => installChart());

  await t.test('kubeconform accepts all that it renders with many values, and what ddr renders', async () => {
    const schemas = await writeSchemas();
    const manifests = mkdtempSync(join(tmpdir(), 'ddr-manifests-'));
    const renderings = [
      ...Object.values(valueSets),
      { folder: parentChart('first', 'second'), values: twiceInOne },
      { folder: parentChart('disentangled-diffusion'), values: { 'disentangled-diffusion': { enabled: false } } },
    ];
    for (const [i, rendering] of renderings.entries())
      writeFileSync(join(manifests, `chart-${i}.yaml`), renderText(rendering));
    writeFileSync(
      join(manifests, 'run.yaml'),
      await run(process.execPath, ['src/cli/main.ts', 'render', 'examples/mnist-cluster.yaml']),
    );
    const location = `${schemas}/{{ .ResourceKind }}{{ .KindSuffix }}.json`;
    const summary = await run('kubeconform', ['-summary', '-output', 'json', '-schema-location', location, manifests]);
    const { valid, invalid, errors, skipped } = (JSON.parse(summary) as { summary: Record<string, number> }).summary;
    assert.deepEqual({ invalid, errors, skipped }, { invalid: 0, errors: 0, skipped: 0 }, summary);
    assert.ok((valid ?? 0) > 100);
  });

  await t.test('two replicas run, restricted, and one leads', async () => {
    await kubectl('rollout', 'status', '-n', systemNamespace, `deployment/${release}-operator`, '--timeout=120s');
    const operators = ['get', 'pods', '-n', systemNamespace, '-l', 'app.kubernetes.io/component=operator'];
    const pods = (await kubectl(...operators, '-o', 'jsonpath={.items[*].metadata.name}')).split(' ');
    assert.equal(pods.length, 2);
    await until('one of them leads', 60, async () => pods.includes(await leaseHolder()));
    await kubectl(
      'label',
      'namespace',
      systemNamespace,
      'pod-security.kubernetes.io/enforce=restricted',
      '--overwrite',
      '--dry-run=server',
    );
  });

  await t.test('helm test reaches the operator', async () => {
    const output = await run('helm', ['test', release, '-n', systemNamespace, '--timeout', '120s']);
    assert.match(output, /Phase:\s+Succeeded/);
  });

  await t.test('the operator may not read secrets, make pods or read logs', async () => {
    const as = `--as=system:serviceaccount:${systemNamespace}:${release}-operator`;
    const may = (...what: string[]) =>
      kubectl('auth', 'can-i', ...what, as, '-A').then(
        (text) => text.trim(),
        () => 'no',
      );
    assert.equal(await may('create', 'jobs.batch'), 'yes');
    const forbidden = [
      ['get', 'secrets'],
      ['create', 'pods'],
      ['get', 'pods', '--subresource=log'],
      ['delete', 'persistentvolumeclaims'],
    ];
    for (const what of forbidden) assert.equal(await may(...what), 'no', what.join(' '));
  });
});
