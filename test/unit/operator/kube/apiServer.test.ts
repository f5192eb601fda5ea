import assert from 'node:assert/strict';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { KubeConfig } from '@kubernetes/client-node';
import { ApiServer } from '../../../../src/operator/kube/apiServer.ts';
import { types } from '../../../../src/operator/types.ts';
import { ManualClock } from '../../../helpers/manualClock.ts';

/** A server that gives these answers one after the other. */
async function serve(t: TestContext, answers: ((response: ServerResponse) => void)[]) {
  let asked = 0;
  const server = createServer((_request, response) => answers[asked++]?.(response)).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const config = new KubeConfig();
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  config.loadFromClusterAndUser({ name: 'test', server: url, skipTLSVerify: true }, { name: 'test' });
  const clock = new ManualClock();
  const cluster = new ApiServer(config, clock, { random: () => 0 });
  t.after(async () => {
    server.closeAllConnections();
    server.close();
    await cluster.close();
  });
  return { clock, cluster, asked: () => asked };
}

const pod = JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' } });

for (const retryAfter of ['3600', 'Wed, 21 Oct 2099 07:28:00 GMT', '1']) {
  test(`a server that asks to be asked again after ${retryAfter} is asked within half a minute`, async (t) => {
    const { clock, cluster, asked } = await serve(t, [
      (response) => response.writeHead(503, { 'retry-after': retryAfter }).end('overloaded'),
      (response) => response.end(pod),
    ]);
    const answer = cluster.get(types.pod, 'n', 'a');
    for (let i = 0; asked() < 2 && i < 100; i++) {
      await wait(10);
      if (asked() === 1) await clock.advance(310);
    }
    assert.equal((await answer)?.metadata.name, 'a');
  });
}

test('what is refused is not tried again', async (t) => {
  const { cluster, asked } = await serve(t, [
    (response) => response.writeHead(403).end(JSON.stringify({ reason: 'Forbidden', message: 'no', code: 403 })),
  ]);
  await assert.rejects(cluster.get(types.pod, 'n', 'a'), { status: 403, reason: 'Forbidden' });
  assert.equal(asked(), 1);
});
