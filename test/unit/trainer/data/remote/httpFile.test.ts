import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { openHttpRemote } from '../../../../../src/trainer/data/remote/httpRemote.ts';
import type { SourceFile } from '../../../../../src/trainer/data/sourceFiles.ts';
import { bytesOf } from '../../../../helpers/data.ts';
import { cut, cutAfter, type Fault, faults, fileServer, silent, status } from '../../../../helpers/httpFiles.ts';

/** Little patience: tests wait for what does not pass. */
const impatient = { budget: 600, idle: 150, random: () => 0.05 };
/** So much that a fault that is one is passed over, however slow the machine. */
const patient = { budget: 20_000, idle: 400, random: () => 0.05 };
const large = randomBytes(3 * 2 ** 20 + 17);

test('a server that knows neither HEAD nor ranges nor etags will do for files that are read whole', async (t) => {
  const server = await fileServer(t, { 'a.npy': large });
  server.can = { head: false, ranges: false, etags: false };
  const remote = openHttpRemote([`${server.url}/a.npy`], patient);
  const [file] = (await remote.find('')) as [SourceFile];
  assert.equal(file.size, large.length);
  server.fault = faults(cutAfter(2 ** 21, false));
  assert.ok(large.equals(await bytesOf(remote.stream(file))), 'what was read before the cut is passed over');
  await assert.rejects(remote.range(file, 5, 5), { code: 'InputForeign', message: /does not give parts/ });
});

test('faults that pass are passed over, and no byte is lost, doubled or mixed', async (t) => {
  const server = await fileServer(t, { 'a.tar': large });
  const remote = openHttpRemote([`${server.url}/a.tar`], patient);
  server.fault = faults(status(503), cut, status(429), status(500));
  const [file] = (await remote.find('')) as [SourceFile];
  const list: Fault[] = [cut, cutAfter(0), cutAfter(1_500_000), status(503), cutAfter(1), silent, cutAfter(100_000)];
  server.fault = faults(...list);
  assert.ok(large.equals(await bytesOf(remote.stream(file))));
  server.fault = faults(...list);
  const part = await remote.range(file, 1000, 2_000_000);
  assert.ok(large.subarray(1000, 2_001_000).equals(part));
  assert.ok(
    server.asked.some((request) => /^GET \/a\.tar bytes=1\d{6}-/.test(request)),
    'it goes on where it was cut',
  );
});

test('a server that does not answer is given up after a while, with the code that is tried again', async (t) => {
  const server = await fileServer(t, { 'a.tar': 'abc' });
  const remote = openHttpRemote([`${server.url}/a.tar`], impatient);
  const [file] = (await remote.find('')) as [SourceFile];
  for (const fault of [status(503), cut, silent]) {
    server.fault = fault;
    const said = { code: 'SourceUnavailable', exitCode: 74, where: `${server.url}/a.tar` };
    await assert.rejects(remote.find(''), said);
    await assert.rejects(remote.range(file, 0, 1), said);
    await assert.rejects(bytesOf(remote.stream(file)), said);
  }
  const nobody = openHttpRemote(['http://127.0.0.1:1/a'], impatient);
  await assert.rejects(nobody.find(''), { code: 'SourceUnavailable' });
});

test('a file that vanished, shrank or is another one since it was listed is not read', async (t) => {
  const changes: Record<string, Buffer | undefined> = {
    vanished: undefined,
    shorter: Buffer.from('abc'),
    longer: Buffer.from('abcdefg'),
    other: Buffer.from('ABCDEF'),
  };
  for (const etags of [true, false]) {
    const server = await fileServer(t, {});
    server.can.etags = etags;
    const remote = openHttpRemote([`${server.url}/a.tar`], impatient);
    for (const [how, bytes] of Object.entries(changes)) {
      if (how === 'other' && !etags) continue; // nothing of the answer tells
      server.files.set('/a.tar', Buffer.from('abcdef'));
      const [file] = (await remote.find('')) as [SourceFile];
      if (bytes === undefined) server.files.delete('/a.tar');
      else server.files.set('/a.tar', bytes);
      await assert.rejects(remote.range(file, 0, 2), { code: 'DataChanged' }, how);
      await assert.rejects(bytesOf(remote.stream(file)), { code: 'DataChanged' }, how);
    }
  }
});

test('a file that becomes another one while it is read is found out about', async (t) => {
  const server = await fileServer(t, { 'a.tar': large });
  const remote = openHttpRemote([`${server.url}/a.tar`], patient);
  const [file] = (await remote.find('')) as [SourceFile];
  server.fault = faults((...call) => {
    server.files.set('/a.tar', Buffer.alloc(large.length));
    return cutAfter(2 ** 20)(...call);
  });
  await assert.rejects(bytesOf(remote.stream(file)), { code: 'DataChanged' });
});

test('what is not there, may not be read or is packed is told at once', async (t) => {
  const server = await fileServer(t, { 'a.tar': 'abc' });
  const remote = openHttpRemote([`${server.url}/a.tar`], impatient);
  server.fault = status(404);
  await assert.rejects(remote.find(''), { code: 'InputMissing', where: `${server.url}/a.tar` });
  server.fault = status(403);
  await assert.rejects(remote.find(''), { code: 'FileAccess', hint: /without credentials/ });
  server.fault = status(200, { 'content-encoding': 'gzip', 'content-length': '3' });
  await assert.rejects(remote.find(''), { code: 'InputForeign', message: /packs the file with gzip/ });
  assert.equal(server.asked.length, 4, 'a 403 may be about HEAD alone; nothing else is asked twice');
});
