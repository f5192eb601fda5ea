import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../../../helpers/ddr.ts';

const stopFile = join(root, 'src/trainer/process/stop.ts');

test('a signal handler is there before anything else is loaded, since the first process of a container has no other', () => {
  const [main, stop] = ['main.ts', 'process/stop.ts'].map((name) =>
    readFileSync(join(root, 'src/trainer', name), 'utf8'),
  );
  assert.deepEqual(main?.match(/^import .*$/gm), ["import './process/stop.ts';"]);
  assert.equal(stop?.match(/^import .*$/gm), null);
});

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  test(`${signal} aborts, and does not kill`, async () => {
    const script = `import { stopSignal } from ${JSON.stringify(stopFile)};
      stopSignal.addEventListener('abort', () => process.exit(3));
      setInterval(() => {}, 1000);
      console.log('ready');`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child.stdout.once('data', () => child.kill(signal));
    assert.equal(await new Promise((resolve) => child.on('exit', resolve)), 3);
  });
}
