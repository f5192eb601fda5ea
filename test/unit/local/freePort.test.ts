import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { freePort } from '../../../src/local/freePort.ts';

test('nobody listens on the port, and one can', async (t) => {
  const port = await freePort();
  assert.ok(port > 0);
  const server = createServer().listen(port, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
});
