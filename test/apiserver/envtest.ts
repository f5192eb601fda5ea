import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { KubeConfig } from '@kubernetes/client-node';
import { z } from 'zod';
import { freePort } from '../../src/local/freePort.ts';
import { ApiClient } from '../../src/operator/kube/apiClient.ts';
import { systemClock } from '../../src/operator/kube/clock.ts';

/** Tests against a real API server need the folder with etcd and kube-apiserver that envtest also uses. */
export const skip =
  process.env.KUBEBUILDER_ASSETS === undefined
    ? 'KUBEBUILDER_ASSETS names no folder with etcd and kube-apiserver'
    : false;

export interface EnvironmentOptions {
  /** A user whose requests are noted. */
  audited?: string;
  /** Admission plugins besides those that are on by default. */
  admission?: string[];
}

export interface Environment {
  /** A new connection to the API server. */
  connect(): ApiClient;
  kubeconfig: string;
  server: string;
  /** What a user has asked the API server for, and whether it was allowed; nothing is noted of anybody but `audited`. */
  requests(): AuditedRequest[];
  /** Kills and starts kube-apiserver again; etcd goes on. @param options.compact forgets what was before, meanwhile */
  restartApiServer(options?: { compact?: boolean }): Promise<void>;
  stop(): Promise<void>;
}

const auditSchema = z.object({
  stage: z.string(),
  verb: z.string(),
  requestURI: z.string(),
  objectRef: z
    .object({
      apiGroup: z.string().default(''),
      resource: z.string(),
      subresource: z.string().optional(),
      namespace: z.string().optional(),
      name: z.string().optional(),
    })
    .optional(),
  responseStatus: z.object({ code: z.int() }).optional(),
});
export type AuditedRequest = z.output<typeof auditSchema>;

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise((resolve) => child.once('exit', resolve));
}

/** Arguments with which kube-apiserver notes what one user asks for. */
function auditTo(file: string, user: string): string[] {
  const rules = [{ level: 'Metadata', users: [user] }, { level: 'None' }];
  const policy = { apiVersion: 'audit.k8s.io/v1', kind: 'Policy', omitStages: ['RequestReceived'], rules };
  writeFileSync(`${file}.policy`, JSON.stringify(policy));
  return [`--audit-policy-file=${file}.policy`, `--audit-log-path=${file}`];
}

/** Forgets all versions but the last, so that watches cannot go on from where they were. */
async function compactEtcd(url: string): Promise<void> {
  const post = async (path: string, body: object): Promise<unknown> => {
    const answer = await fetch(`${url}/v3/kv/${path}`, { method: 'POST', body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`etcd: ${await answer.text()}`);
    return answer.json();
  };
  const { header } = (await post('range', { key: 'AA==' })) as { header: { revision: string } };
  await post('compaction', { revision: header.revision, physical: true });
}

/** Starts etcd and kube-apiserver on free ports of this machine, with a folder of their own. */
export async function startEnvironment({ audited, admission = [] }: EnvironmentOptions = {}): Promise<Environment> {
  const assets = process.env.KUBEBUILDER_ASSETS ?? '';
  const folder = mkdtempSync(join(tmpdir(), 'ddr-envtest-'));
  const [etcdPort, peerPort, apiPort] = [await freePort(), await freePort(), await freePort()];
  const token = randomBytes(16).toString('hex');
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  writeFileSync(join(folder, 'sa.key'), privateKey);
  writeFileSync(join(folder, 'tokens.csv'), `${token},admin,admin,system:masters\n`);

  const audit = join(folder, 'audit.jsonl');
  const start = (name: string, args: string[]) => {
    const log = openSync(join(folder, `${name}.log`), 'a');
    return spawn(join(assets, name), args, { stdio: ['ignore', log, log] });
  };
  const etcdUrl = `http://127.0.0.1:${etcdPort}`;
  const peerUrl = `http://127.0.0.1:${peerPort}`;
  const etcd = start('etcd', [
    ...['--data-dir', join(folder, 'etcd'), '--unsafe-no-fsync'],
    ...['--listen-client-urls', etcdUrl, '--advertise-client-urls', etcdUrl],
    ...[
      '--listen-peer-urls',
      peerUrl,
      '--initial-advertise-peer-urls',
      peerUrl,
      '--initial-cluster',
      `default=${peerUrl}`,
    ],
  ]);
  const startApiServer = () =>
    start('kube-apiserver', [
      `--etcd-servers=${etcdUrl}`,
      ...['--bind-address=127.0.0.1', `--secure-port=${apiPort}`, `--cert-dir=${join(folder, 'certificates')}`],
      ...[
        `--service-account-key-file=${join(folder, 'sa.key')}`,
        `--service-account-signing-key-file=${join(folder, 'sa.key')}`,
      ],
      ...['--service-account-issuer=https://kubernetes.default.svc', `--token-auth-file=${join(folder, 'tokens.csv')}`],
      ...['--authorization-mode=RBAC', '--disable-admission-plugins=ServiceAccount', '--allow-privileged'],
      ...(admission.length === 0 ? [] : [`--enable-admission-plugins=${admission.join(',')}`]),
      ...(audited === undefined ? [] : auditTo(audit, audited)),
    ]);
  const server = `https://127.0.0.1:${apiPort}`;
  const config = new KubeConfig();
  config.loadFromClusterAndUser({ name: 'envtest', server, skipTLSVerify: true }, { name: 'admin', token });
  const kubeconfig = join(folder, 'kubeconfig');
  writeFileSync(kubeconfig, config.exportConfig());

  const connect = () => new ApiClient(config, systemClock);
  const ready = async () => {
    const client = connect();
    for (let i = 0; i < 300; i++) {
      try {
        await client
          .get({ group: '', version: 'v1', kind: 'Namespace', plural: 'namespaces' }, '', 'default')
          .then((found) => {
            if (found === undefined) throw new Error('no default namespace yet');
          });
        await client.close();
        return;
      } catch {
        await wait(200);
      }
    }
    throw new Error(`kube-apiserver did not come up; see ${folder}`);
  };
  let apiServer = startApiServer();
  await ready();
  return {
    connect,
    kubeconfig,
    server,
    requests: () =>
      readFileSync(audit, 'utf8')
        .split('\n')
        .flatMap((line) => (line === '' ? [] : [auditSchema.parse(JSON.parse(line))])),
    async restartApiServer({ compact = false } = {}) {
      apiServer.kill('SIGKILL');
      await ended(apiServer);
      if (compact) await compactEtcd(etcdUrl);
      apiServer = startApiServer();
      await ready();
    },
    async stop() {
      for (const child of [apiServer, etcd]) {
        child.kill('SIGKILL');
        await ended(child);
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
