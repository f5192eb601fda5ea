import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { KubeConfig } from '@kubernetes/client-node';
import { Agent, EnvHttpProxyAgent, ProxyAgent } from 'undici';
import { z } from 'zod';
import { ApiClient } from '../../../../src/operator/kube/apiClient.ts';
import { systemClock } from '../../../../src/operator/kube/clock.ts';
import { dispatcherFor, type ProxyVariables, proxyVariables } from '../../../../src/operator/kube/proxy.ts';
import { types } from '../../../../src/operator/types.ts';
import { temporaryFolder } from '../../../helpers/folder.ts';
import { listen, startProxy } from '../../../helpers/proxy.ts';

const pod = JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' } });

/** Asks an API server for a pod. */
async function ask(t: TestContext, client: object, proxies: ProxyVariables): Promise<string | undefined> {
  const config = new KubeConfig();
  config.loadFromClusterAndUser(
    { name: 'test', server: 'http://api.test', skipTLSVerify: true, ...client },
    { name: 'test' },
  );
  const api = new ApiClient(config, systemClock, { proxies });
  t.after(() => api.close());
  return (await api.get(types.pod, 'n', 'a'))?.metadata.name;
}

test('an API server is asked through HTTP_PROXY, or through the proxy that its kubeconfig names', async (t) => {
  const { url, asked } = await startProxy(
    t,
    await listen(
      t,
      createServer((_, response) => response.end(pod)),
    ),
  );
  const expected = ['GET http://api.test/api/v1/namespaces/n/pods/a'];
  assert.equal(await ask(t, {}, { HTTP_PROXY: url }), 'a');
  assert.deepEqual(asked.splice(0), expected);
  assert.equal(await ask(t, { proxyUrl: url }, { NO_PROXY: '*' }), 'a');
  assert.deepEqual(asked.splice(0), expected);
});

const withoutOpenssl = spawnSync('openssl', ['version']).status === 0 ? false : 'no openssl to make a certificate with';

test('through HTTPS_PROXY its certificate is checked as without one', { skip: withoutOpenssl }, async (t) => {
  const folder = temporaryFolder(t);
  const [key, cert] = [join(folder, 'key'), join(folder, 'cert')];
  const name = ['-subj', '/CN=api.test', '-addext', 'subjectAltName=DNS:api.test'];
  const made = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-keyout', key, '-out', cert, ...name];
  execFileSync('openssl', made, { stdio: 'ignore' });
  const files = { key: readFileSync(key), cert: readFileSync(cert) };
  const server = createTlsServer(files, (_, response) => response.end(pod));
  const { url, asked } = await startProxy(t, await listen(t, server));
  const client = { server: 'https://api.test:6443', skipTLSVerify: false, caFile: cert };
  assert.equal(await ask(t, client, { HTTPS_PROXY: url, HTTP_PROXY: 'http://127.0.0.1:1' }), 'a');
  assert.deepEqual(asked, ['CONNECT api.test:6443']);
  const stranger = { ...client, server: 'https://other.test:6443' };
  await assert.rejects(ask(t, stranger, { HTTPS_PROXY: url }), /other\.test/);
});

const kindOf = (server: string, variables: ProxyVariables) =>
  dispatcherFor({ server: new URL(server), proxy: undefined, variables }, {}).constructor;

test('no proxy is asked for this machine itself, nor for the networks of NO_PROXY', () => {
  const all = {
    HTTPS_PROXY: 'http://proxy',
    HTTP_PROXY: 'http://proxy',
    NO_PROXY: 'a.b, 10.0.0.0/8,fd00::/8 300.1.1.1/8',
  };
  for (const server of [
    'https://127.0.0.1:6443',
    'https://127.8.0.1',
    'https://localhost:6443',
    'http://kind.localhost',
    'https://[::1]:6443',
    'https://10.96.0.1',
    'https://[fd00::1]:443',
  ])
    assert.equal(kindOf(server, all), Agent, server);
  for (const server of ['https://11.0.0.1', 'https://[fe00::1]', 'https://localhost.com'])
    assert.equal(kindOf(server, all), EnvHttpProxyAgent, server);
});

test('names and ports of NO_PROXY are honoured, and * is all', async (t) => {
  const { url, asked } = await startProxy(
    t,
    await listen(
      t,
      createServer((_, response) => response.end(pod)),
    ),
  );
  const tries: [noProxy: string, proxied: boolean][] = [
    ['other.test,.another', true],
    ['api.test:81', true],
    ['x, api.invalid', false],
    ['.invalid', false],
    ['api.invalid:80', false],
    ['*', false],
  ];
  for (const [NO_PROXY, proxied] of tries) {
    const dispatcher = dispatcherFor(
      { server: new URL('http://api.invalid'), proxy: undefined, variables: { HTTP_PROXY: url, NO_PROXY } },
      {},
    );
    const answer = dispatcher.request({ origin: 'http://api.invalid', path: '/', method: 'GET' });
    // Nobody but the proxy knows the name.
    if (proxied) await (await answer).body.dump();
    else await assert.rejects(answer, { code: /ENOTFOUND|EAI_AGAIN/ }, NO_PROXY);
    await dispatcher.close();
  }
  assert.equal(asked.length, 2);
});

test('each protocol has its variable, the one in lower case first; the kubeconfig counts before both', () => {
  assert.equal(kindOf('https://api.test', { HTTP_PROXY: 'http://proxy' }), Agent);
  assert.equal(kindOf('http://api.test', { HTTPS_PROXY: 'http://proxy' }), Agent);
  assert.equal(
    kindOf('https://api.test', { https_proxy: 'http://proxy', no_proxy: '', NO_PROXY: '*' }),
    EnvHttpProxyAgent,
  );
  const route = { server: new URL('https://127.0.0.1'), proxy: 'http://proxy', variables: { NO_PROXY: '*' } };
  assert.equal(dispatcherFor(route, {}).constructor, ProxyAgent);
});

test('a proxy may be named without its scheme; what is none is refused', () => {
  const schema = z.object(proxyVariables);
  assert.equal(schema.parse({ HTTPS_PROXY: 'proxy.corp:3128' }).HTTPS_PROXY, 'http://proxy.corp:3128');
  assert.equal(schema.parse({ HTTPS_PROXY: 'http://me:secret@proxy' }).HTTPS_PROXY, 'http://me:secret@proxy');
  for (const wrong of ['ftp://proxy', 'http://', 'pro xy'])
    assert.match(schema.safeParse({ HTTP_PROXY: wrong }).error?.message ?? '', /URL of a proxy/, wrong);
});
