// Runs all tests that this machine can run; what cannot run says why. `node scripts/test.ts SUITE...` runs some of them.
//   KUBEBUILDER_ASSETS  folder with etcd and kube-apiserver: enables the tests against a real API server
//   KUBECONFIG          a cluster with the images loaded: enables the end-to-end tests
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

interface Suite {
  name: string;
  command: string[];
}

/**
 * One suite of node:test files; `concurrency` files at once, since TensorFlow and API servers are heavy. A test that takes
 * longer than its minutes fails, and a file whose tests have ended ends, whatever one that failed has left open.
 */
function tests(name: string, pattern: string, concurrency: number, minutes: number): Suite {
  const files = globSync(pattern, { cwd: root }).sort();
  return {
    name,
    command: [
      'node',
      '--test',
      '--test-reporter=spec',
      `--test-concurrency=${concurrency}`,
      `--test-timeout=${minutes * 60_000}`,
      '--test-force-exit',
      ...files,
    ],
  };
}

const suites: Suite[] = [
  { name: 'format and lint', command: ['biome', 'check', '.'] },
  { name: 'types', command: ['tsc', '--noEmit'] },
  tests('unit', 'test/unit/**/*.test.ts', 2, 2),
  tests('apiserver', 'test/apiserver/**/*.test.ts', 1, 5),
  tests('fault', 'test/fault/**/*.test.ts', 1, 10),
  tests('e2e', 'test/e2e/**/*.test.ts', 1, 30),
];

const wanted = process.argv.slice(2);
const failed: string[] = [];
for (const { name, command } of suites) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  console.log(`\n── ${name}`);
  const started = performance.now();
  const [program = '', ...args] = command;
  const { status } = spawnSync(program, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, PATH: `${join(root, 'node_modules/.bin')}:${process.env.PATH}` },
  });
  console.log(
    `── ${name}: ${status === 0 ? 'passed' : 'FAILED'} in ${Math.round((performance.now() - started) / 1000)} s`,
  );
  if (status !== 0) failed.push(name);
}
console.log(failed.length === 0 ? '\nAll suites passed.' : `\nFailed: ${failed.join(', ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;
