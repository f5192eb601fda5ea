import { lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { DdrError } from '../../../api/errors.ts';

const list = (networks: [string, number, 'ipv4' | 'ipv6'][]): BlockList => {
  const blocked = new BlockList();
  for (const [network, prefix, family] of networks) blocked.addSubnet(network, prefix, family);
  return blocked;
};

/** Clouds give a machine's credentials out at such addresses; nobody keeps data there. */
const linkLocal = list([
  ['169.254.0.0', 16, 'ipv4'],
  ['fe80::', 10, 'ipv6'],
]);

const loopback = list([
  ['127.0.0.0', 8, 'ipv4'],
  ['::1', 128, 'ipv6'],
]);

const family = (address: string) => (isIP(address) === 6 ? 'ipv6' : 'ipv4');
const isIn = (networks: BlockList, address: string) => networks.check(address, family(address));

/** A host as it stands in a URL, without the brackets of IPv6. */
export const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[(.*)\]$/, '$1');

/**
 * Refuses addresses that no URL of data may lead to.
 * @param led whether another server has said to go there, rather than the user: then nor may it be this machine itself
 * @throws DdrError InputUnsafe
 */
export function requireAddress(address: string, host: string, led: boolean): void {
  if (isIP(address) === 0) return;
  if (!isIn(linkLocal, address) && !(led && isIn(loopback, address))) return;
  throw new DdrError('InputUnsafe', `the host ${host} is ${address}, an address that data are not read from`, {
    hint: 'Name the server itself in dataset.source.http.urls.',
  });
}

/** Finds addresses of hosts as usual, and refuses those. A host that is an address itself is not looked up. */
export const lookupOf =
  (led: boolean): LookupFunction =>
  (host, options, callback) => {
    lookup(host, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, '', 0);
      try {
        for (const { address } of addresses) requireAddress(address, host, led);
      } catch (refused) {
        return callback(refused as Error, '', 0);
      }
      const [first] = addresses;
      if (options.all === true || first === undefined) return callback(null, addresses);
      return callback(null, first.address, first.family);
    });
  };
