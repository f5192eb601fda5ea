import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostOf, lookupOf, requireAddress } from '../../../../../src/trainer/data/remote/addresses.ts';

const refused = (address: string, led: boolean) =>
  assert.throws(() => requireAddress(address, 'host', led), { code: 'InputUnsafe' }, address);

test('link-local addresses, at which clouds give credentials out, are refused however they are written', () => {
  for (const address of ['169.254.169.254', '169.254.0.1', 'fe80::1', '::ffff:169.254.169.254'])
    for (const led of [false, true]) refused(address, led);
});

test('this machine is refused where another server leads to it, and not where the user names it', () => {
  for (const address of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1']) {
    refused(address, true);
    requireAddress(address, 'host', false);
  }
});

test('any other address is let be, private ones too: servers of a cluster have those', () => {
  for (const address of ['10.0.0.1', '192.168.1.1', '8.8.8.8', 'fd00::1', '2001:db8::1', 'data.example'])
    for (const led of [false, true]) requireAddress(address, 'host', led);
});

test('the host of a URL is without the brackets of IPv6', () => {
  assert.equal(hostOf(new URL('http://[::1]:80/a')), '::1');
  assert.equal(hostOf(new URL('http://a.example/a')), 'a.example');
});

/** What a lookup says, as the arguments of its callback. */
const looked = (led: boolean, host: string, options: object = {}) =>
  new Promise<unknown[]>((resolve) => lookupOf(led)(host, options, (...said) => resolve(said)));

test('hosts are looked up, and refused by their addresses', async () => {
  const [error, address] = await looked(false, 'localhost', { family: 4 });
  assert.deepEqual([error, address], [null, '127.0.0.1']);
  const [none, all] = await looked(false, 'localhost', { family: 4, all: true });
  assert.deepEqual([none, all], [null, [{ address: '127.0.0.1', family: 4 }]]);
  const [refusal] = await looked(true, 'localhost', { family: 4 });
  assert.equal((refusal as { code: string }).code, 'InputUnsafe');
  const [missing] = await looked(false, 'no-such-host.invalid');
  assert.match(String((missing as { code: string }).code), /ENOTFOUND|EAI_AGAIN/);
});
