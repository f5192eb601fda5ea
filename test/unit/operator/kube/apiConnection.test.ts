import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { types } from '../../../../src/operator/types.ts';
import { answering } from '../../../helpers/apiAnswers.ts';

const pod = JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' } });

for (const retryAfter of ['3600', 'Wed, 21 Oct 2099 07:28:00 GMT', '1']) {
  test(`a server that asks to be asked again after ${retryAfter} is asked within half a minute`, async (t) => {
    const { clock, client, asked } = await answering(t, [
      (response) => response.writeHead(503, { 'retry-after': retryAfter }).end('overloaded'),
      (response) => response.end(pod),
    ]);
    const answer = client.get(types.pod, 'n', 'a');
    for (let i = 0; asked() < 2 && i < 100; i++) {
      await wait(10);
      if (asked() === 1) await clock.advance(310);
    }
    assert.equal((await answer)?.metadata.name, 'a');
  });
}

test('what is refused is not tried again', async (t) => {
  const { client, asked } = await answering(t, [
    (response) => response.writeHead(403).end(JSON.stringify({ reason: 'Forbidden', message: 'no', code: 403 })),
  ]);
  await assert.rejects(client.get(types.pod, 'n', 'a'), { status: 403, reason: 'Forbidden' });
  assert.equal(asked(), 1);
});

test('a process that may not write sends no change, not even as a second try; it may read', async (t) => {
  let leads = true;
  const { clock, client, asked } = await answering(
    t,
    [(response) => response.writeHead(503).end('away'), (response) => response.end(pod)],
    { mayWrite: () => leads },
  );
  const object = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', namespace: 'n' } };
  const refused = assert.rejects(client.create(types.pod, object), /does not lead/);
  while (asked() === 0) await wait(10);
  leads = false;
  for (let i = 0; i < 20; i++) {
    await wait(10);
    await clock.advance(100);
  }
  await refused;
  assert.equal(asked(), 1);
  assert.equal((await client.get(types.pod, 'n', 'a'))?.metadata.name, 'a');
});

test('a change that waited for its connection while the process might write is not sent when it may not any more', async (t) => {
  let leads = true;
  const { client, asked } = await answering(t, [(response) => response.end(pod)], { mayWrite: () => leads });
  const object = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', namespace: 'n' } };
  const refused = assert.rejects(client.create(types.pod, object), /does not lead/);
  process.nextTick(() => {
    leads = false; // all promises have settled, and no connection is there yet
  });
  await refused;
  assert.equal(asked(), 0);
});
