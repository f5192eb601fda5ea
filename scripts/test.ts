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
  /** Minutes after which it is ended and has failed: a test that failed may have left open what keeps its file for ever. */
  limit: number;
}

/**
 * One suite of node:test files; `concurrency` files at once, since TensorFlow and API servers are heavy. Not with Node's
 * --test-force-exit: it ends a file before all of its results are told, and those of the last tests are lost.
 */
function tests(name: string, pattern: string, concurrency: number, limit: number): Suite {
  const files = globSync(pattern, { cwd: root }).sort();
  return {
    name,
    limit,
    command: [
      'node',
      '--test',
      '--test-reporter=spec',
      `--test-concurrency=${concurrency}`,
      `--test-timeout=${(limit / 2) * 60_000}`,
      ...files,
    ],
  };
}

const suites: Suite[] = [
  { name: 'format and lint', command: ['biome', 'check', '.'], limit: 5 },
  { name: 'types', command: ['tsc', '--noEmit'], limit: 5 },
  tests('unit', 'test/unit/**/*.test.ts', 2, 30),
  tests('apiserver', 'test/apiserver/**/*.test.ts', 1, 20),
  tests('fault', 'test/fault/**/*.test.ts', 1, 30),
  tests('e2e', 'test/e2e/**/*.test.ts', 1, 75),
];

const wanted = process.argv.slice(2);
const failed: string[] = [];
for (const { name, command, limit } of suites) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  console.log(`\n── ${name}`);
  const started = performance.now();
  const [program = '', ...args] = command;
  const { status, error } = spawnSync(program, args, {
    cwd: root,
    stdio: 'inherit',
    timeout: limit * 60_000,
    env: { ...process.env, PATH: `${join(root, 'node_modules/.bin')}:${process.env.PATH}` },
  });
  if (error !== undefined) console.log(`── ${name}: ${error.message}; at most ${limit} minutes`);
  console.log(
    `── ${name}: ${status === 0 ? 'passed' : 'FAILED'} in ${Math.round((performance.now() - started) / 1000)} s`,
  );
  if (status !== 0) failed.push(name);
}
console.log(failed.length === 0 ? '\nAll suites passed.' : `\nFailed: ${failed.join(', ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;
