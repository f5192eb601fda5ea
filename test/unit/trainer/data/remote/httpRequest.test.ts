import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openHttpRemote } from '../../../../../src/trainer/data/remote/httpRemote.ts';
import type { SourceFile } from '../../../../../src/trainer/data/sourceFiles.ts';
import { type Fault, fileServer, status } from '../../../../helpers/httpFiles.ts';

/** Little patience: tests wait for what does not pass. */
const impatient = { budget: 600, idle: 150, random: () => 0.05 };
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

test('a server may send on to another, a few times, and neither to this machine nor to what is no URL', async (t) => {
  const server = await fileServer(t, { 'a.tar': 'abcdef' });
  const { url } = server;
  const remote = openHttpRemote([`${url}/latest`], impatient);
  const to = (location: string): Fault => status(302, { location });
  const always =
    (fault: Fault): Fault =>
    (request, ...rest) =>
      request.url === '/latest' && fault(request, ...rest);
  server.fault = always(to('/a.tar'));
  const [file] = (await remote.find('')) as [SourceFile];
  assert.deepEqual([file.size, text(await remote.range(file, 1, 2))], [6, 'bc']);
  server.fault = to('/again');
  await assert.rejects(remote.find(''), { code: 'InputForeign', message: /more than 5 times/ });
  for (const location of [
    'file:///etc/passwd',
    'http://169.254.169.254/latest/',
    'http://127.0.0.1:1/a',
    'http://[::1]/',
  ]) {
    server.fault = always(to(location));
    await assert.rejects(remote.find(''), { code: 'InputUnsafe' }, location);
  }
});

test('a link-local address is not asked, though a user names it', async () => {
  const remote = openHttpRemote(['http://169.254.169.254/latest/meta-data'], impatient);
  await assert.rejects(remote.find(''), { code: 'InputUnsafe', message: /169\.254\.169\.254/ });
});
