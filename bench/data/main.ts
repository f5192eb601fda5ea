// Images per second from shards, of a volume and of a bucket, beside webdataset with PyTorch's DataLoader in the same run; how long
// a step waits for its data; memory over ten epochs. Prints a table and JSON.
//   DDR_PYTHON=<a Python with torch, webdataset, pyarrow> KUBEBUILDER_ASSETS=<a folder with versitygw> npm run bench:data
//   … npm run bench:data -- --images 20000 --pixels 256 --size 64 --workers 4 --json FILE
// The S3 server is that of AWS_ENDPOINT_URL_S3 and S3_BUCKET where these are set. Exit code 1 where a goal is not met, 69 where
// there is no such Python or no S3 server: then one line says so.
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { z } from 'zod';
import { type Dataset, datasetSchema } from '../../src/api/spec/dataset.ts';
import { openDataset } from '../../src/trainer/artifacts/dataset.ts';
import { createPosixStore } from '../../src/trainer/artifacts/posixStore.ts';
import type { ImageSource } from '../../src/trainer/data/imageSource.ts';
import type { SourceAccess } from '../../src/trainer/data/openSourceFiles.ts';
import { createS3Client } from '../../src/trainer/s3/client.ts';
import { type S3Server, skipS3, startS3Server } from '../../test/helpers/s3Server.ts';
import { prepared } from '../../test/helpers/shards.ts';
import { type Measurement, report } from '../operator/goals.ts';
import { indexShards, readEpoch, streamed, timed } from './reading.ts';
import { shareOfWaiting } from './training.ts';

const { values } = parseArgs({
  options: {
    images: { type: 'string', default: '4000' },
    pixels: { type: 'string', default: '128' },
    size: { type: 'string', default: '32' },
    workers: { type: 'string', default: String(availableParallelism()) },
    json: { type: 'string' },
  },
});
const [images, size] = [Number(values.images), Number(values.size)];
const python = process.env.DDR_PYTHON;
const script = join(import.meta.dirname, 'reference.py');
const mebibyte = 2 ** 20;
/** Of the training whose waiting is measured: with them all, some steps wait for a cold cache and most for a warm one. */
const trainedImages = 1280;

/** Says what has been measured, while the rest still is. */
const told = <T extends object>(found: T): T => {
  console.error(JSON.stringify(found));
  return found;
};

const passSchema = z.object({ images: z.int(), seconds: z.number() });

async function runPython(args: string[], environment: Record<string, string> = {}): Promise<string> {
  const env = { ...process.env, ...environment };
  const { stdout } = await promisify(execFile)(python ?? '', [script, ...args], { env, maxBuffer: 2 ** 24 });
  return stdout;
}

/** Images a second of webdataset and a DataLoader. */
async function reference(urls: string[], { credentials }: S3Server): Promise<number> {
  const { accessKeyId, secretAccessKey } = credentials;
  const keys = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
  const pass = passSchema.parse(JSON.parse(await runPython(['read', String(size), values.workers, ...urls], keys)));
  return told(pass).images / pass.seconds;
}

const datasetOf = (format: Dataset['format'], source: object, fields: object = {}): Dataset =>
  datasetSchema.parse({ source, format, image: { size, channels: 3 }, ...fields });
const volume = (path: string) => ({ volume: { claimName: 'data', path } });

type Speeds = { scenario: string; prepare: number; first: number; second: number };

const rowsOf = ({ scenario, prepare, first, second }: Speeds, beside: number): Measurement[] => [
  { scenario, what: 'prepare', value: prepare, unit: 'images/s' },
  { scenario, what: 'first epoch', value: first, unit: 'images/s' },
  { scenario, what: 'second epoch', value: second, unit: 'images/s' },
  {
    scenario,
    what: 'slower epoch, of webdataset',
    value: Math.min(first, second) / beside,
    unit: '×',
    goal: { atLeast: 1 },
  },
];

async function epochs(scenario: string, prepare: number, source: ImageSource): Promise<Speeds> {
  return told({ scenario, prepare, first: await readEpoch(source, 0), second: await readEpoch(source, 1) });
}

/** Shards that stay where they are. */
async function indexed(root: string, scenario: string, dataset: Dataset, access: SourceAccess) {
  const store = createPosixStore(mkdtempSync(join(root, 'store-')));
  const { seconds, value: address } = await timed(() => indexShards(store, dataset, access));
  const cache = mkdtempSync(join(root, 'cache-'));
  const speeds = await epochs(scenario, images / seconds, await streamed(store, address, dataset, access, cache));
  return { store, address, speeds };
}

/** What is copied. */
async function copied(root: string, data: string, format: 'ImageZip' | 'Npy', file: string): Promise<Speeds> {
  const store = createPosixStore(mkdtempSync(join(root, 'store-')));
  const { seconds, value } = await timed(() => prepared(store, datasetOf(format, volume(file)), data));
  return epochs(`${file}, copied`, images / seconds, await openDataset(store, value.dataset.address));
}

/** Memory after each of ten epochs, with a cache that holds a part of the data. @returns MiB */
async function memoryOf(source: ImageSource): Promise<number[]> {
  const resident: number[] = [];
  for (let epoch = 0; epoch < 10; epoch++) {
    await readEpoch(source, epoch);
    resident.push(process.memoryUsage().rss / mebibyte);
    told({ epoch, resident: resident.at(-1) });
  }
  return resident;
}

/** Puts the shards into the server's bucket. */
async function uploaded(data: string, { place, credentials }: S3Server) {
  const bucket = place();
  const client = createS3Client(bucket, credentials);
  for (const folder of ['tar', 'parquet'])
    for (const name of readdirSync(join(data, folder)))
      await client.put(`${folder}/${name}`, readFileSync(join(data, folder, name)));
  return bucket;
}

async function measure(root: string, server: S3Server): Promise<Measurement[]> {
  const data = join(root, 'data');
  await runPython(['make', data, values.images, values.pixels]);
  const bucket = await uploaded(data, server);
  const names = readdirSync(join(data, 'tar'));
  // The shell that webdataset asks fills the credentials in: no list of processes shows them.
  const curl =
    'curl -sf --aws-sigv4 aws:amz:us-east-1:s3 -H x-amz-content-sha256:UNSIGNED-PAYLOAD --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"';
  const remote = (name: string) => `pipe:${curl} ${server.endpoint}/${bucket.bucket}/${bucket.prefix}/tar/${name}`;

  const [access, keys] = [{ volume: data }, { credentials: server.credentials }];
  const index = (cache?: string) => ({ prepare: 'Index', ...(cache !== undefined && { cache: { size: cache } }) });
  const inBucket = (path: string) => ({ s3: { ...bucket, path } });
  const local = await reference(
    names.map((name) => join(data, 'tar', name)),
    server,
  );
  const overNetwork = await reference(names.map(remote), server);
  const measured = [
    { scenario: 'webdataset, local', what: 'one pass', value: local, unit: 'images/s' },
    { scenario: 'webdataset, S3', what: 'one pass', value: overNetwork, unit: 'images/s' },
    ...rowsOf(
      (await indexed(root, 'tar, local', datasetOf('WebDataset', volume('tar'), index()), access)).speeds,
      local,
    ),
    ...rowsOf(
      (await indexed(root, 'Parquet, local', datasetOf('Parquet', volume('parquet'), index()), access)).speeds,
      local,
    ),
    ...rowsOf(await copied(root, data, 'ImageZip', 'images.zip'), local),
    ...rowsOf(await copied(root, data, 'Npy', 'images.npy'), local),
    ...rowsOf(
      (await indexed(root, 'Parquet, S3', datasetOf('Parquet', inBucket('parquet'), index()), keys)).speeds,
      overNetwork,
    ),
  ];
  const dataset = datasetOf('WebDataset', inBucket('tar'), index());
  const { store, address, speeds } = await indexed(root, 'tar, S3', dataset, keys);
  const context = { store, volumes: {}, dataCredentials: server.credentials, cache: mkdtempSync(join(root, 'cache-')) };
  const waited = await shareOfWaiting({ dataset: address, stream: dataset }, context, trainedImages);
  told({ waited });
  const small = datasetOf('WebDataset', inBucket('tar'), index('4Mi'));
  const resident = await memoryOf(await streamed(store, address, small, keys, mkdtempSync(join(root, 'cache-'))));
  return [
    ...measured,
    ...rowsOf(speeds, overNetwork),
    { scenario: 'a step, tar on S3', what: 'waits for data', value: 100 * waited, unit: '%', goal: { atMost: 2 } },
    { scenario: 'ten epochs', what: 'resident after the second', value: resident[1] as number, unit: 'MiB' },
    {
      scenario: 'ten epochs',
      what: 'resident after the last, of that',
      value: (resident[9] as number) / (resident[1] as number),
      unit: '×',
      goal: { atMost: 1.1 },
    },
  ];
}

if (python === undefined || skipS3 !== false) {
  console.error(skipS3 || 'DDR_PYTHON names no Python with torch, webdataset and pyarrow');
  process.exit(69);
}
const root = mkdtempSync(join(tmpdir(), 'ddr-bench-data-'));
const { server, stop } = await startS3Server();
try {
  report(await measure(root, server), values.json);
} finally {
  await stop();
  rmSync(root, { recursive: true, force: true });
}
