import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Client, KubeObject, ResourceType, WatchEvent } from '../../src/operator/kube/client.ts';
import { types } from '../../src/operator/types.ts';
import { minimalRun } from './runs.ts';

const configMap: ResourceType = { group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps' };
const deployment: ResourceType = { group: 'apps', version: 'v1', kind: 'Deployment', plural: 'deployments' };
const namespace = 'default';

let count = 0;
/** A name that no other test uses. */
const fresh = () => `behaviour-${++count}`;

const config = (name: string, data: Record<string, string>, metadata: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace, ...metadata },
  data,
});

const deploymentOf = (name: string, containers: object[]): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace },
  spec: {
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers } },
  },
});

const containersOf = (object: KubeObject) =>
  (object.spec as { template: { spec: { containers: { name: string; args?: string[]; env?: { name: string }[] }[] } } })
    .template.spec.containers;

/** Events of a watch until there are `wanted`. */
async function collect(events: AsyncIterable<WatchEvent>, wanted: number): Promise<string[]> {
  const seen: string[] = [];
  for await (const event of events) {
    if (event.type === 'BOOKMARK') continue;
    seen.push(`${event.type} ${event.object.metadata.name}`);
    if (seen.length === wanted) break;
  }
  return seen;
}

/**
 * What controllers rely on in a cluster, as tests: run against the one in memory and against a real API server, so that
 * the first behaves as the second does.
 */
export function testClient(connect: () => Client, skip: string | false = false): void {
  const behaves = (title: string, body: (client: Client) => Promise<void>) =>
    test(title, { skip }, () => body(connect()));

  behaves('text of any characters can be applied', async (client) => {
    const name = fresh();
    const text = 'a\u0000\u001b[1m\u007f\u0085\u009b\u2028 \ufeff\uffff\\u0041 ᾱ😀"\n';
    const applied = await client.apply(configMap, config(name, { text }), { fieldManager: 'test' });
    assert.deepEqual(applied.data, { text });
    await client.apply(configMap, config(name, { text: '😀'.slice(0, 1) }), { fieldManager: 'test' });
  });

  behaves('a created object has a uid and a version; its name is taken', async (client) => {
    const name = fresh();
    const created = await client.create(configMap, config(name, { a: '1' }));
    assert.ok(created.metadata.uid && created.metadata.resourceVersion && created.metadata.creationTimestamp);
    await assert.rejects(client.create(configMap, config(name, {})), { status: 409, reason: 'AlreadyExists' });
    assert.deepEqual((await client.get(configMap, namespace, name))?.data, { a: '1' });
    assert.equal(await client.get(configMap, namespace, fresh()), undefined);
  });

  behaves('replacing takes the version that was read', async (client) => {
    const first = await client.create(configMap, config(fresh(), { a: '1' }));
    const second = await client.replace(configMap, { ...first, data: { b: '2' } });
    assert.deepEqual(second.data, { b: '2' });
    await assert.rejects(client.replace(configMap, { ...first, data: {} }), { status: 409, reason: 'Conflict' });
    await assert.rejects(client.replace(configMap, config(fresh(), {})), { status: 404 });
  });

  behaves('a status has a way of its own; the generation counts changes of the spec', async (client) => {
    const name = fresh();
    const run = minimalRun(name);
    const body = { ...run, metadata: { name, namespace } };
    const created = await client.create(types.run, { ...body, status: { phase: 'Complete' } });
    assert.deepEqual([created.metadata.generation, created.status], [1, undefined]);
    const options = { fieldManager: 'me', subresource: 'status' } as const;
    const identity = { apiVersion: body.apiVersion, kind: body.kind, metadata: { name, namespace } };
    const training = { ...identity, status: { phase: 'Training', startedAt: '2026-01-01T00:00:00Z' } };
    const reported = await client.apply(types.run, { ...training, spec: { suspend: true } }, options);
    assert.deepEqual(reported.status, training.status);
    assert.deepEqual(
      [reported.metadata.generation, (reported.spec as { suspend?: boolean }).suspend ?? false],
      [1, false],
    );
    const shorter = await client.apply(types.run, { ...identity, status: { phase: 'Complete' } }, options);
    assert.deepEqual(shorter.status, { phase: 'Complete' }, 'what is not applied any more is gone');
    const suspended = { ...(shorter.spec as object), suspend: true };
    const replaced = await client.replace(types.run, { ...shorter, spec: suspended, status: { phase: 'Failed' } });
    assert.deepEqual([replaced.metadata.generation, replaced.status], [2, { phase: 'Complete' }]);
  });

  behaves('applying creates, merges maps, and takes back what is not applied any more', async (client) => {
    const name = fresh();
    const apply = (fieldManager: string, data: Record<string, string>) =>
      client.apply(configMap, config(name, data), { fieldManager });
    assert.deepEqual((await apply('one', { a: '1', b: '1', c: '1' })).data, { a: '1', b: '1', c: '1' });
    assert.deepEqual((await apply('two', { c: '1', d: '2' })).data, { a: '1', b: '1', c: '1', d: '2' });
    assert.deepEqual((await apply('one', { a: '1' })).data, { a: '1', c: '1', d: '2' }, 'c is applied by two as well');
    assert.deepEqual((await apply('two', { d: '2' })).data, { a: '1', d: '2' });
    assert.deepEqual((await apply('two', { a: '2' })).data, { a: '2' }, 'two takes a over');
    assert.deepEqual((await apply('one', {})).data, { a: '2' }, 'so that one cannot take it back');
  });

  behaves('a field that was there before with the same value stays when it is not applied any more', async (client) => {
    const name = fresh();
    await client.create(configMap, config(name, { a: '1', b: '1' }));
    const apply = (data: Record<string, string>) => client.apply(configMap, config(name, data), { fieldManager: 'me' });
    assert.deepEqual((await apply({ a: '1', b: '2', c: '3' })).data, { a: '1', b: '2', c: '3' });
    assert.deepEqual((await apply({ c: '3' })).data, { a: '1', c: '3' });
  });

  behaves('entries of lists with a key are told apart by it; other lists are one value', async (client) => {
    const name = fresh();
    const apply = (fieldManager: string, containers: object[]) =>
      client.apply(deployment, deploymentOf(name, containers), { fieldManager });
    const main = { name: 'main', image: 'i' };
    const env = [{ name: 'A', value: '1' }];
    await apply('one', [
      { ...main, args: ['x', 'y'], env },
      { name: 'side', image: 'i' },
    ]);
    const both = containersOf(await apply('two', [{ ...main, env: [{ name: 'B', value: '2' }] }]));
    assert.deepEqual(
      both.map(({ name: own, args, env: variables }) => [own, args, variables?.map((variable) => variable.name)]),
      [
        ['main', ['x', 'y'], ['A', 'B']],
        ['side', undefined, undefined],
      ],
    );
    const [first, second] = containersOf(await apply('one', [{ ...main, args: ['z'] }]));
    assert.deepEqual([first?.args, first?.env?.map((variable) => variable.name), second], [['z'], ['B'], undefined]);
  });

  behaves('applying what is there changes no version', async (client) => {
    const body = config(fresh(), { a: '1' });
    const first = await client.apply(configMap, body, { fieldManager: 'me' });
    const again = await client.apply(configMap, body, { fieldManager: 'me' });
    assert.equal(again.metadata.resourceVersion, first.metadata.resourceVersion);
  });

  behaves('applying to a uid that has gone creates nothing', async (client) => {
    const name = fresh();
    const uid = '00000000-0000-0000-0000-000000000000';
    const gone = config(name, {}, { uid });
    await assert.rejects(client.apply(configMap, gone, { fieldManager: 'me' }), { status: 409 });
    assert.equal(await client.get(configMap, namespace, name), undefined);
    await client.create(configMap, config(name, {}));
    await assert.rejects(client.apply(configMap, gone, { fieldManager: 'me' }), { status: 422 });
    const status = { ...minimalRun(fresh()), status: {} };
    const options = { fieldManager: 'me', subresource: 'status' } as const;
    await assert.rejects(client.apply(types.run, { ...status, metadata: { ...status.metadata, namespace } }, options), {
      status: 404,
    });
  });

  behaves('a list has what its namespace and selector pick', async (client) => {
    const [name, label] = [fresh(), fresh()];
    await client.create(configMap, config(name, {}, { labels: { of: label, x: 'y' } }));
    await client.create(configMap, config(fresh(), {}, { labels: { of: 'nobody' } }));
    const names = async (options: { namespace?: string; labelSelector: string }) =>
      (await client.list(configMap, options)).items.map(({ metadata }) => metadata.name);
    assert.deepEqual(await names({ labelSelector: `of=${label},x=y` }), [name]);
    assert.deepEqual(await names({ labelSelector: `of=${label},x=z` }), []);
    assert.deepEqual(await names({ namespace: 'elsewhere', labelSelector: `of=${label}` }), []);
  });

  behaves('a watch goes on from a version, and tells of what comes to match and ceases to', async (client) => {
    const [name, label] = [fresh(), fresh()];
    const { resourceVersion } = await client.list(configMap, { namespace });
    const first = await client.create(configMap, config(name, {}));
    const labelled = { ...first, metadata: { ...first.metadata, labels: { of: label } } };
    const second = await client.replace(configMap, labelled);
    const third = await client.replace(configMap, { ...second, data: { a: '1' } });
    await client.replace(configMap, { ...third, metadata: { ...third.metadata, labels: {} } });
    const watch = { namespace, labelSelector: `of=${label}`, resourceVersion, timeoutSeconds: 60 };
    assert.deepEqual(await collect(client.watch(configMap, watch), 3), [
      `ADDED ${name}`,
      `MODIFIED ${name}`,
      `DELETED ${name}`,
    ]);
  });

  behaves('a watch tells of what happens while it lasts, and ends when it is aborted', async (client) => {
    const name = fresh();
    const { resourceVersion } = await client.list(configMap, { namespace });
    const stop = new AbortController();
    const options = { namespace, resourceVersion, timeoutSeconds: 60, signal: stop.signal };
    const seen = collect(client.watch(configMap, options), 1);
    await client.create(configMap, config(name, {}));
    assert.deepEqual(await seen, [`ADDED ${name}`]);
    const rest = collect(client.watch(configMap, { ...options, resourceVersion: '999999999' }), 1).catch(() => []);
    stop.abort();
    assert.deepEqual(await rest, []);
  });

  behaves('only an object of the given uid is deleted', async (client) => {
    const { name, uid } = (await client.create(configMap, config(fresh(), {}))).metadata;
    assert.equal(await client.delete(configMap, namespace, name, '00000000-0000-0000-0000-000000000000'), false);
    assert.ok(await client.get(configMap, namespace, name));
    assert.equal(await client.delete(configMap, namespace, name, uid), true);
    assert.equal(await client.delete(configMap, namespace, fresh()), false);
  });
}
