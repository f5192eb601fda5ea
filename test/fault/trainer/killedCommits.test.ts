import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createPosixStore } from '../../../src/trainer/artifacts/posixStore.ts';
import { createS3Store } from '../../../src/trainer/artifacts/s3Store.ts';
import type { ArtifactStore } from '../../../src/trainer/artifacts/store.ts';
import { sha256 } from '../../../src/trainer/formats/digest.ts';
import { createS3Client } from '../../../src/trainer/s3/client.ts';
import { digestAfter, folders } from '../../helpers/checkpointProcess.ts';
import { temporaryFolder } from '../../helpers/folder.ts';
import { s3ServerOfFile, skipS3 } from '../../helpers/s3Server.ts';

const program = join(import.meta.dirname, '../../helpers/checkpointProcess.ts');
const server = s3ServerOfFile();
const kills = 20;
/** Steps of a life that is killed: more than it can make; and of the last one, after those that it finds. */
const [many, few] = [100_000, 5];

/** A life of the process. @param steps of the model @param after milliseconds from its first commit on until it is killed; not at all where left out */
function live(store: object, steps: number, after?: number): Promise<'killed' | 'ended'> {
  const child = spawn(process.execPath, [program, String(steps)], {
    env: { ...process.env, STORE: JSON.stringify(store) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let timer: NodeJS.Timeout | undefined;
  child.stdout.once('data', () => {
    if (after !== undefined) timer = setTimeout(() => child.kill('SIGKILL'), after);
  });
  return new Promise((resolve, reject) => {
    child.on('exit', (code, signal) => {
      clearTimeout(timer);
      if (code === 0) resolve('ended');
      else if (signal === 'SIGKILL') resolve('killed');
      else reject(new Error(`it ended with ${code ?? signal}`));
    });
  });
}

/** @param everything that lies there in the end */
async function killOften(t: TestContext, place: object, store: ArtifactStore, everything: () => Promise<string[]>) {
  for (let killed = 0; killed < kills; killed++) assert.equal(await live(place, many, randomInt(250)), 'killed');
  const steps = Number((await store.list(folders.checkpoints)).at(-1) ?? 0) + few;
  t.diagnostic(`killed ${kills} times before step ${steps}`);
  assert.equal(await live(place, steps), 'ended');
  const weights = (await store.read(`${folders.final}/weights`)) ?? assert.fail();
  assert.equal(sha256(weights), digestAfter(steps));
  assert.deepEqual(await store.list(folders.root), ['attempts', 'final']);
  const rest = (await everything()).filter(
    (key) => !/attempts\/\d+$/.test(key) && !/(weights|record|\.committed\.json)$/.test(key),
  );
  assert.deepEqual(rest, [], 'nothing is left lying about');
}

test('killed at twenty random moments between commits to a volume, a model ends with the digest of an undisturbed one', async (t) => {
  const root = temporaryFolder(t);
  const files = async () =>
    readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  await killOften(t, { root }, createPosixStore(root), files);
});

test('and so it does where the commits are to S3', { skip: skipS3 }, async (t) => {
  const { credentials, place: newPlace } = server();
  const place = newPlace();
  const client = createS3Client(place, credentials);
  const objects = async () => (await client.list('')).objects.map(({ key }) => key);
  await killOften(t, { place, credentials }, createS3Store(client), objects);
});
