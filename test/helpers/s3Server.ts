import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { CreateBucketCommand, DeleteBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { compact } from '../../src/api/compact.ts';
import type { S3Place } from '../../src/api/spec/s3.ts';
import { freePort } from '../../src/local/freePort.ts';
import type { S3Credentials } from '../../src/trainer/s3/connection.ts';

const { AWS_ENDPOINT_URL_S3: given, S3_BUCKET, AWS_REGION: region = 'us-east-1', KUBEBUILDER_ASSETS } = process.env;
const program = join(KUBEBUILDER_ASSETS ?? '', 'versitygw');

/** Tests against a real S3 server need one that is there, or versitygw beside etcd and kube-apiserver. */
export const skipS3 =
  (given !== undefined && S3_BUCKET !== undefined) || (KUBEBUILDER_ASSETS !== undefined && existsSync(program))
    ? false
    : 'AWS_ENDPOINT_URL_S3 and S3_BUCKET name no S3 server, and KUBEBUILDER_ASSETS no folder with versitygw';

export interface S3Server {
  endpoint: string;
  credentials: S3Credentials;
  /** A place of its own for a test. @param fields such as another endpoint, bucket or prefix */
  place(fields?: Partial<S3Place>): S3Place;
  createBucket(bucket: string): Promise<void>;
  /** It must be empty. */
  deleteBucket(bucket: string): Promise<void>;
}

export interface Started {
  server: S3Server;
  stop(): Promise<void>;
}

function serverAt(endpoint: string, credentials: S3Credentials, bucket: string): S3Server {
  const sdk = () => new S3Client({ endpoint, region, forcePathStyle: true, credentials: compact(credentials) });
  return {
    endpoint,
    credentials,
    place: (fields = {}) => ({ endpoint, bucket, region, prefix: `test-${randomUUID()}`, ...fields }),
    createBucket: async (name) => void (await sdk().send(new CreateBucketCommand({ Bucket: name }))),
    deleteBucket: async (name) => void (await sdk().send(new DeleteBucketCommand({ Bucket: name }))),
  };
}

/** Waits until somebody listens there. */
async function answers(endpoint: string, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (child.exitCode !== null) throw new Error(`versitygw ended with ${child.exitCode}`);
    const up = await fetch(endpoint).then(
      () => true,
      () => false,
    );
    if (up) return;
    await pause(50);
  }
  throw new Error('versitygw does not answer');
}

async function startVersitygw(): Promise<Started> {
  const folder = mkdtempSync(join(tmpdir(), 'ddr-s3-'));
  const [data, metadata] = [join(folder, 'data'), join(folder, 'metadata')];
  for (const path of [data, metadata]) mkdirSync(path);
  const credentials = { accessKeyId: 'test', secretAccessKey: randomUUID() };
  const port = await freePort();
  const child = spawn(
    program,
    ['--quiet', '--keep-alive', '--port', `127.0.0.1:${port}`, 'posix', '--sidecar', metadata, data],
    {
      stdio: 'ignore',
      env: { ...process.env, ROOT_ACCESS_KEY: credentials.accessKeyId, ROOT_SECRET_KEY: credentials.secretAccessKey },
    },
  );
  const endpoint = `http://127.0.0.1:${port}`;
  await answers(endpoint, child);
  const server = serverAt(endpoint, credentials, 'ddr-test');
  await server.createBucket('ddr-test');
  return {
    server,
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill();
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The server that the environment names, or else one of its own. */
export async function startS3Server(): Promise<Started> {
  if (given === undefined || S3_BUCKET === undefined) return startVersitygw();
  const { AWS_ACCESS_KEY_ID: accessKeyId = '', AWS_SECRET_ACCESS_KEY: secretAccessKey = '' } = process.env;
  const server = serverAt(given, { accessKeyId, secretAccessKey }, S3_BUCKET);
  return { server, stop: async () => {} };
}

/** The S3 server of a file's tests, which runs while they do. Each of them says itself that it is skipped where there is none. */
export function s3ServerOfFile(): () => S3Server {
  let started: Started | undefined;
  before(async () => {
    if (skipS3 === false) started = await startS3Server();
  });
  after(() => started?.stop());
  return () => {
    if (started === undefined) throw new Error(String(skipS3));
    return started.server;
  };
}
