import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { KubeConfig } from '@kubernetes/client-node';
import { ApiClient } from '../../src/operator/kube/apiClient.ts';
import type { ConnectionOptions } from '../../src/operator/kube/apiConnection.ts';
import { ManualClock } from './manualClock.ts';

/** An API server that gives these answers one after the other, and a client of it. */
export async function answering(
  t: TestContext,
  answers: ((response: ServerResponse, request: IncomingMessage) => void)[],
  options: ConnectionOptions = {},
) {
  let asked = 0;
  const server = createServer((request, response) => answers[asked++]?.(response, request)).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const config = new KubeConfig();
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  config.loadFromClusterAndUser({ name: 'test', server: url, skipTLSVerify: true }, { name: 'test' });
  const clock = new ManualClock();
  const client = new ApiClient(config, clock, { random: () => 0, ...options });
  t.after(async () => {
    server.closeAllConnections();
    server.close();
    await client.close();
  });
  return { clock, client, asked: () => asked };
}
