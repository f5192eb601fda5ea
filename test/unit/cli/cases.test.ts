import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { type Case, casePath, cases } from '../../helpers/cases.ts';
import { root } from '../../helpers/ddr.ts';

function validate(args: string[], input = '') {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'src/cli/main.ts'), 'validate', ...args], {
    encoding: 'utf8',
    input,
  });
  return { status, lines: `${stdout}${stderr}`.split('\n') };
}

const answersOf = (lines: readonly string[], one: Case): string =>
  lines.filter((line) => line.includes(casePath(one))).join('\n');

test('every case has its right answer', () => {
  const first = cases[0] as Case;
  // Folders beside them hold the cases of data.
  const entries = readdirSync(dirname(casePath(first)), { withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  assert.deepEqual(cases.map(({ file }) => file).sort(), files.sort());
});

for (const right of [true, false]) {
  test(`ddr validate ${right ? 'accepts what an API server accepts' : 'refuses what it, or a Job, would be refused for'}`, () => {
    const some = cases.filter((one) => (one.right === 'accepted') === right);
    const { status, lines } = validate(some.map(casePath));
    assert.equal(status, right ? 0 : 1, lines.join('\n'));
    for (const one of some) assert.match(answersOf(lines, one), one.says, one.file);
  });
}

test('a file on standard input is read as any other', () => {
  const [one] = cases as [Case];
  const { status, lines } = validate(['-'], readFileSync(casePath(one), 'utf8'));
  assert.equal(status, 0);
  assert.match(lines.join('\n'), /tiny is valid/);
  assert.match(validate(['-'], 'kind: ConfigMap').lines.join('\n'), /InputForeign \(standard input\)/);
});
