import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { kubectl, root, skip } from './cluster.ts';

/** The kit that starts Kueue and Flux on the cluster that it has started itself, and lets its components fail. */
export const kit = join(root, '../shared/kube/cluster');

const answerOf = (program: string, args: string[]): string | undefined => {
  try {
    return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return undefined;
  }
};

const isServed = (crd: string): boolean => answerOf('kubectl', ['get', 'crd', crd]) !== undefined;

/** Whether KUBECONFIG names the kit's cluster. */
const isKits = (): boolean =>
  existsSync(kit) && (answerOf(kit, ['env'])?.includes(process.env.KUBECONFIG ?? '-') ?? false);

export const skipWithoutKit: string | false = !skip && isKits() ? false : 'needs the cluster of ../shared/kube';

/**
 * Why tests of a platform part are skipped; false where the cluster has it. The kit's own cluster is given it, and what the
 * kit says then, such as addresses, is in `said`.
 */
function requirePart(name: 'kueue' | 'flux', crd: string): { skip: string | false; said: string } {
  if (skip) return { skip, said: '' };
  if (isKits()) {
    const said = answerOf(kit, [name]);
    return said === undefined ? { skip: `${name} did not start on this cluster`, said: '' } : { skip: false, said };
  }
  return { skip: isServed(crd) ? false : `the cluster has no ${name} (${crd})`, said: '' };
}

export const requireKueue = (): string | false => requirePart('kueue', 'clusterqueues.kueue.x-k8s.io').skip;

/**
 * Takes Kueue out of the way of the tests that come next, on the kit's cluster only. Its webhooks fail closed, so that a
 * moment in which its pod does not answer would refuse what has nothing to do with it.
 */
export async function endKueue(): Promise<void> {
  if (!isKits()) return;
  for (const kind of ['mutating', 'validating'])
    await kubectl('delete', `${kind}webhookconfiguration`, `kueue-${kind}-webhook-configuration`);
  await kubectl('scale', 'deployment', '-n', 'kueue-system', 'kueue-controller-manager', '--replicas=0');
}

/** An S3 server that this machine and the cluster's pods reach by one address; the variables are those of the SDK. */
export interface S3Bucket {
  endpoint: string;
  bucket: string;
  region: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
}

/** AWS_ENDPOINT_URL_S3, S3_BUCKET and AWS_* name an S3 server; the kit has one of its own. */
export function requireS3(): { skip: string | false; server: S3Bucket } {
  const said = !skip && isKits() ? (answerOf(kit, ['s3']) ?? '') : '';
  const of = (name: string) => process.env[name] ?? new RegExp(`${name}=(\\S+)`).exec(said)?.[1] ?? '';
  const server = {
    endpoint: of('AWS_ENDPOINT_URL_S3'),
    bucket: of('S3_BUCKET'),
    region: of('AWS_REGION'),
    credentials: { accessKeyId: of('AWS_ACCESS_KEY_ID'), secretAccessKey: of('AWS_SECRET_ACCESS_KEY') },
  };
  if (skip) return { skip, server };
  return { skip: server.endpoint === '' ? 'AWS_ENDPOINT_URL_S3 names no S3 server for the cluster' : false, server };
}

/**
 * DDR_E2E_GIT_URL names an empty git repository that this machine can push to and the cluster's Flux can read; the kit has
 * one of its own.
 */
export function requireFlux(): { skip: string | false; repository: string } {
  const { skip: reason, said } = requirePart('flux', 'kustomizations.kustomize.toolkit.fluxcd.io');
  const repository = process.env.DDR_E2E_GIT_URL ?? /GIT_URL=(\S+)/.exec(said)?.[1] ?? '';
  if (reason === false && repository === '')
    return { skip: 'DDR_E2E_GIT_URL names no git repository for Flux', repository };
  return { skip: reason, repository };
}
