import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { KubeConfig } from '@kubernetes/client-node';
import { ApiServer } from '../../src/operator/kube/apiServer.ts';
import { ManualClock } from './manualClock.ts';

/** An API server that gives these answers one after the other, and a client of it. */
export async function answering(
  t: TestContext,
  answers: ((response: ServerResponse, request: IncomingMessage) => void)[],
) {
  let asked = 0;
  const server = createServer((request, response) => answers[asked++]?.(response, request)).listen(0, '127.0.0.1');
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
