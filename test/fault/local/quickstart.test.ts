import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { root } from '../../helpers/ddr.ts';
import { temporaryFolder } from '../../helpers/folder.ts';

test('Ctrl-C at the quickstart gives the terminal back when its models have saved, not before', async (t) => {
  const home = temporaryFolder(t);
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts: { quickstart: string };
  };
  const command = scripts.quickstart.replace('sh scripts/setup.sh && ', ''); // these tests run after it
  const child = spawn('sh', ['-c', `${command} --home '${home}'`], {
    cwd: root,
    env: { ...process.env, PATH: `${dirname(process.execPath)}:${process.env.PATH}` },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true, // a group of its own, all of which a terminal tells of Ctrl-C
  });
  let [output, asked] = ['', false];
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
    if (asked || !/"images":[1-9]/.test(output)) return;
    asked = process.kill(-(child.pid as number), 'SIGINT');
  });
  let locked: boolean | undefined;
  child.once('exit', () => {
    locked = existsSync(join(home, 'quickstart.lock'));
  });
  await new Promise((resolve) => child.once('close', resolve));
  assert.equal(locked, false, 'ddr goes on in the background');
  assert.match(output, /Suspended\. The same command goes on/);
});
