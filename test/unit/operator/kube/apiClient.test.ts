import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { test } from 'node:test';
import type { WatchEvent } from '../../../../src/operator/kube/client.ts';
import { types } from '../../../../src/operator/types.ts';
import { answering } from '../../../helpers/apiAnswers.ts';

const pod = (name: string) => ({ metadata: { name, namespace: 'n', managedFields: [{ manager: 'kubelet' }] } });
const page = (items: object[], rest = '') =>
  JSON.stringify({ metadata: { resourceVersion: '7', continue: rest }, items });

test('a list is read page by page, and its objects are as a watch has them', async (t) => {
  const asked: (string | undefined)[] = [];
  const { client } = await answering(t, [
    (response, { url }) => response.end(page([pod('a')], 'more'), () => asked.push(url)),
    (response, { url }) => response.end(page([pod('b')]), () => asked.push(url)),
  ]);
  const { items, resourceVersion } = await client.list(types.pod, { namespace: 'n', labelSelector: 'a=b' });
  assert.deepEqual(items, [
    { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', namespace: 'n' } },
    { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'b', namespace: 'n' } },
  ]);
  assert.equal(resourceVersion, '7');
  assert.match(asked[0] ?? '', /^\/api\/v1\/namespaces\/n\/pods\?labelSelector=a%3Db&limit=500$/);
  assert.match(asked[1] ?? '', /&continue=more$/);
});

test('a watch gives events as they come, however they are cut, and ends with the server’s refusal', async (t) => {
  const object = { apiVersion: 'v1', kind: 'Pod', ...pod('画') };
  const text = [
    { type: 'ADDED', object },
    { type: 'BOOKMARK', object: { metadata: { resourceVersion: '9' } } },
    { type: 'ERROR', object: { code: 410, reason: 'Expired', message: 'too old' } },
  ].map((event) => `${JSON.stringify(event)}\n`);
  const bytes = Buffer.from(text.join(''));
  const { client } = await answering(t, [
    (response) => {
      const cut = bytes.indexOf('画') + 1; // within the character
      response.write(bytes.subarray(0, cut), () => response.end(bytes.subarray(cut)));
    },
  ]);
  const seen: WatchEvent[] = [];
  await assert.rejects(
    async () => {
      for await (const event of client.watch(types.pod, { resourceVersion: '1', timeoutSeconds: 60 })) seen.push(event);
    },
    { status: 410, reason: 'Expired' },
  );
  assert.deepEqual(seen, [
    { type: 'ADDED', object: { apiVersion: 'v1', kind: 'Pod', metadata: { name: '画', namespace: 'n' } } },
    { type: 'BOOKMARK', resourceVersion: '9' },
  ]);
});

const conflict = (response: ServerResponse) =>
  void response.writeHead(409).end(JSON.stringify({ code: 409, reason: 'Conflict', message: 'conflict' }));
const podOf = (uid: string) => JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', uid } });

test('what is not there is undefined to get and false to delete', async (t) => {
  const missing = JSON.stringify({ code: 404, reason: 'NotFound', message: 'no' });
  const { client } = await answering(t, [
    (response) => response.writeHead(404).end(missing),
    (response) => response.writeHead(404).end(missing),
    conflict,
    (response) => response.end(podOf('other')),
    conflict,
    (response) => response.end(podOf('uid')),
  ]);
  assert.equal(await client.get(types.pod, 'n', 'a'), undefined);
  assert.equal(await client.delete(types.pod, 'n', 'a'), false);
  assert.equal(await client.delete(types.pod, 'n', 'a', 'uid'), false);
  await assert.rejects(client.delete(types.pod, 'n', 'a', 'uid'), { status: 409 }, 'it conflicts, and is still there');
});
