import { BlockList, isIP } from 'node:net';
import { Agent, type buildConnector, type Dispatcher, EnvHttpProxyAgent, ProxyAgent } from 'undici';
import { z } from 'zod';

/** Connections to one server at once. */
const connections = 64;

const proxyUrl = z
  .string()
  .transform((text) => (text.includes('://') ? text : `http://${text}`))
  .pipe(z.url({ protocol: /^(https?|socks5?)$/, error: 'must be the URL of a proxy, such as http://proxy:3128' }))
  .optional();

/** Variables that every HTTP client knows; where both spellings are set, the one in lower case counts, as with curl and Go. */
export const proxyVariables = {
  HTTP_PROXY: proxyUrl,
  http_proxy: proxyUrl,
  HTTPS_PROXY: proxyUrl,
  https_proxy: proxyUrl,
  NO_PROXY: z.string().optional(),
  no_proxy: z.string().optional(),
};
export type ProxyVariables = { [name in keyof typeof proxyVariables]?: string | undefined };

const family = (address: string) => (isIP(address) === 6 ? 'ipv6' : 'ipv4');

/** Addresses that no proxy is asked for: this machine's own, and the networks of NO_PROXY, such as 10.0.0.0/8. */
function directNetworks(noProxy: string): BlockList {
  const networks = new BlockList();
  for (const entry of ['127.0.0.0/8', '::1/128', ...noProxy.split(/[,\s]+/)]) {
    const [network = '', prefix = ''] = entry.split('/');
    const longest = isIP(network) === 6 ? 128 : 32;
    if (isIP(network) > 0 && /^\d+$/.test(prefix) && Number(prefix) <= longest)
      networks.addSubnet(network, Number(prefix), family(network));
  }
  return networks;
}

/** Whether a server is reached without a proxy, by what undici does not look at: it knows the names and ports of NO_PROXY. */
function isDirect({ hostname }: URL, noProxy: string): boolean {
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  if (isIP(host) > 0) return directNetworks(noProxy).check(host, family(host));
  return host === 'localhost' || host.endsWith('.localhost');
}

export interface Route {
  server: URL;
  /** The proxy that a kubeconfig names for this server; it counts before all variables. */
  proxy: string | undefined;
  variables: ProxyVariables;
  /** Whether HTTP/2 may be spoken; true where left out. A WebSocket needs HTTP/1.1. */
  allowH2?: boolean;
}

/**
 * Connections to an API server, by the rules of kubectl: HTTPS_PROXY for https and HTTP_PROXY for http, none for this
 * machine itself and for what NO_PROXY names.
 * @param tls for the server, whether or not a proxy is between
 */
export function dispatcherFor(
  { server, proxy, variables, allowH2 = true }: Route,
  tls: buildConnector.BuildOptions,
): Dispatcher {
  if (proxy !== undefined) return new ProxyAgent({ uri: proxy, requestTls: tls, connections, allowH2 });
  const noProxy = variables.no_proxy ?? variables.NO_PROXY ?? '';
  const named =
    server.protocol === 'https:'
      ? (variables.https_proxy ?? variables.HTTPS_PROXY)
      : (variables.http_proxy ?? variables.HTTP_PROXY);
  if (named === undefined || isDirect(server, noProxy)) return new Agent({ connect: tls, connections, allowH2 });
  return new EnvHttpProxyAgent({
    httpProxy: named,
    httpsProxy: named,
    noProxy,
    connect: tls,
    requestTls: tls,
    connections,
    allowH2,
  });
}
