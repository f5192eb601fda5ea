import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '../..');
const pages = [...globSync('*.md', { cwd: root }), ...globSync('docs/**/*.md', { cwd: root })];

test('every link of a page to a file leads to one', () => {
  const broken = pages.flatMap((page) =>
    [...readFileSync(join(root, page), 'utf8').matchAll(/\]\((?![a-z]+:|#)([^)#]+)/g)]
      .map((match) => match[1] as string)
      .filter((link) => !existsSync(join(root, dirname(page), link)))
      .map((link) => `${page}: ${link}`),
  );
  assert.deepEqual(broken, []);
});

/** kubectl's client-side apply keeps the whole object in an annotation, of which Kubernetes takes 262,144 bytes. */
test('the CRD is small enough for every way of applying it', () => {
  for (const file of globSync('crds/*.yaml', { cwd: root })) assert.ok(statSync(join(root, file)).size < 200_000, file);
});
