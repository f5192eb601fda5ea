import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';

const script = join(import.meta.dirname, '../../../helpers/stepProcess.ts');
const folder = await mkdtemp(join(tmpdir(), 'ddr-steps-'));
after(() => rm(folder, { recursive: true }));

/** The state after steps `from` to `to`, in a process of its own. */
async function train(name: string, from: number, to: number, threads: number, start = '-'): Promise<Buffer> {
  const output = join(folder, name);
  await promisify(execFile)(process.execPath, [script, `${from}`, `${to}`, start, output, `${threads}`]);
  return readFile(output);
}

for (const threads of [1, 2]) {
  test(`with ${threads} threads, processes agree bit for bit, resumed or not`, async () => {
    const [once, again] = await Promise.all([train('once', 0, 8, threads), train('again', 0, 8, threads)]);
    assert.deepEqual(again, once);
    await train('half', 0, 3, threads);
    assert.deepEqual(await train('resumed', 3, 8, threads, join(folder, 'half')), once);
  });
}
