import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { LogFn } from 'pino';
import { takeAttempt } from '../../../../src/trainer/artifacts/attempts.ts';
import { loadNewestCheckpoint, saveCheckpoint } from '../../../../src/trainer/artifacts/checkpoint.ts';
import {
  commitFolder,
  loadOrSetAside,
  namesIn,
  readRecorded,
  recordOf,
  removePartial,
} from '../../../../src/trainer/artifacts/commit.ts';
import { temporaryFolder } from '../../../helpers/trainer.ts';

test('a folder is there as a whole or not at all', async (t) => {
  const root = temporaryFolder(t);
  await commitFolder(join(root, 'a'), { 'x.txt': 'one', 'y.bin': Uint8Array.of(1, 2) });
  assert.equal(readFileSync(join(root, 'a/x.txt'), 'utf8'), 'one');
  await assert.rejects(commitFolder(join(root, 'b'), { good: 'one', bad: { copyOf: join(root, 'not-there') } }), {
    code: 'FileAccess',
  });
  assert.deepEqual(readdirSync(root), ['a'], 'nothing half written is left');
});

test('of two commits of one folder the first stays', async (t) => {
  const root = temporaryFolder(t);
  await Promise.all([1, 2, 3].map(() => commitFolder(join(root, 'a'), { 'x.txt': 'same' })));
  assert.deepEqual(readdirSync(root), ['a']);
});

test('what a killed writer left is passed over and removed', async (t) => {
  const root = temporaryFolder(t);
  mkdirSync(join(root, '.partial-a-1'));
  writeFileSync(join(root, '.partial-a-1/x'), 'half');
  assert.deepEqual(await namesIn(root), []);
  await removePartial(root);
  assert.deepEqual(readdirSync(root), []);
});

test('a changed file is told from what was recorded', async (t) => {
  const root = temporaryFolder(t);
  const bytes = Uint8Array.of(1, 2, 3);
  writeFileSync(join(root, 'f'), bytes);
  assert.deepEqual(new Uint8Array(await readRecorded(join(root, 'f'), recordOf(bytes))), bytes);
  writeFileSync(join(root, 'f'), Uint8Array.of(1, 2, 4));
  await assert.rejects(readRecorded(join(root, 'f'), recordOf(bytes)), { code: 'DigestMismatch' });
});

test('a folder that has lost its record is set aside, since nothing could be committed in its place', async (t) => {
  const target = join(temporaryFolder(t), 'a');
  mkdirSync(target);
  writeFileSync(join(target, 'x.txt'), 'left over');
  const warnings: unknown[] = [];
  const load = async () => (existsSync(join(target, 'record.json')) ? 'loaded' : undefined);
  const logger = { warn: (...args: unknown[]) => void warnings.push(args) } as unknown as { warn: LogFn };
  assert.equal(await loadOrSetAside(target, load, logger), undefined);
  await commitFolder(target, { 'record.json': '{}' });
  assert.equal(await loadOrSetAside(target, load, logger), 'loaded');
  assert.equal(warnings.length, 1);
  assert.equal(await loadOrSetAside(`${target}-not-there`, async () => undefined, logger), undefined);
});

test('a newer attempt fences out the older one', async (t) => {
  const folder = join(temporaryFolder(t), 'attempts');
  const first = await takeAttempt(folder);
  const committed = async () => 'committed';
  assert.equal(await first.commit(committed), 'committed');
  const second = await takeAttempt(folder);
  assert.deepEqual([first.number, second.number], [1, 2]);
  assert.equal(await second.commit(committed), 'committed');
  await assert.rejects(first.commit(committed), { code: 'Fenced' });
});

test('an attempt whose half-written files a newer one has cleared away is fenced, not failed', async (t) => {
  const folder = join(temporaryFolder(t), 'attempts');
  const gone = () => Promise.reject(new Error('the file is gone'));
  const first = await takeAttempt(folder);
  await assert.rejects(first.commit(gone), /gone/);
  const overtaken = async () => {
    await takeAttempt(folder);
    await gone();
  };
  await assert.rejects(first.commit(overtaken), { code: 'Fenced' });
});

test('attempts that start at once get different numbers', async (t) => {
  const folder = join(temporaryFolder(t), 'attempts');
  const numbers = await Promise.all(Array.from({ length: 8 }, async () => (await takeAttempt(folder)).number));
  assert.equal(new Set(numbers).size, 8);
});

const checkpoint = (images: number) => ({
  hash: '0123456789abcdef',
  images,
  seconds: 1,
  losses: [{ images, loss: 0.5 }],
  pending: { sum: 0.25, count: 1 },
  state: { weights: Float32Array.of(images, 1.5), average: Float32Array.of(0, -images) },
});

test('a checkpoint is read back as it was, and only the newest are kept', async (t) => {
  const folder = temporaryFolder(t);
  for (const images of [100, 200, 1000]) await saveCheckpoint(folder, checkpoint(images), 2);
  assert.deepEqual(await namesIn(folder), ['000000000200', '000000001000']);
  const { state, ...rest } =
    (await loadNewestCheckpoint(folder, '0123456789abcdef', () => assert.fail())) ?? assert.fail();
  const { state: expected, ...expectedRest } = checkpoint(1000);
  assert.deepEqual(state, expected);
  assert.deepEqual({ ...rest }, expectedRest);
});

test('a damaged checkpoint is set aside and the one before it taken', async (t) => {
  const folder = temporaryFolder(t);
  for (const images of [100, 200, 300]) await saveCheckpoint(folder, checkpoint(images), 3);
  const damaged: string[] = [];
  writeFileSync(join(folder, '000000000300/state.safetensors'), 'zeros after a power cut');
  writeFileSync(join(folder, '000000000200/checkpoint.json'), '{');
  const found = await loadNewestCheckpoint(folder, '0123456789abcdef', (path) => damaged.push(path));
  assert.equal(found?.images, 100);
  assert.equal(damaged.length, 2);
  assert.ok(!existsSync(join(folder, '000000000300')));
  assert.equal((await namesIn(folder)).filter((name) => name.startsWith('damaged-')).length, 2);
});

test('a volume that does not answer is neither empty nor damaged: nothing is set aside, nothing begins anew', async (t) => {
  const folder = temporaryFolder(t);
  for (const images of [100, 200]) await saveCheckpoint(folder, checkpoint(images), 3);
  // A circle of links stands for a file or folder that cannot be read.
  const file = join(folder, '000000000200/state.safetensors');
  rmSync(file);
  symlinkSync(file, file);
  const load = loadNewestCheckpoint(folder, '0123456789abcdef', () => assert.fail('it is not damaged'));
  await assert.rejects(load, { code: 'FileAccess' });
  assert.deepEqual(await namesIn(folder), ['000000000100', '000000000200']);
  const circle = join(folder, 'circle');
  symlinkSync(circle, circle);
  await assert.rejects(namesIn(circle), { code: 'FileAccess' });
  await assert.rejects(takeAttempt(circle), { code: 'FileAccess' });
});

test('a file or a folder in the place of the other is damage', async (t) => {
  const folder = temporaryFolder(t);
  for (const images of [100, 200]) await saveCheckpoint(folder, checkpoint(images), 3);
  writeFileSync(join(folder, '000000000400'), 'a file');
  mkdirSync(join(folder, '000000000300/checkpoint.json'), { recursive: true });
  const damaged: string[] = [];
  const found = await loadNewestCheckpoint(folder, '0123456789abcdef', (path) => damaged.push(path));
  assert.deepEqual([found?.images, damaged.length], [200, 2]);
});

test('the checkpoint of another model is not taken up', async (t) => {
  const folder = temporaryFolder(t);
  await saveCheckpoint(folder, checkpoint(100), 2);
  assert.equal(await loadNewestCheckpoint(folder, 'fedcba9876543210', () => {}), undefined);
});
