import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { z } from 'zod';
import { asSet, integer, objectName, relativePath, withRules } from '../../../src/api/rules.ts';

const pair = withRules(z.strictObject({ least: integer(0), most: integer(0) }).describe('A range.'), [
  {
    cel: 'self.least <= self.most',
    message: 'least must not exceed most',
    path: ['least'],
    check: ({ least, most }) => least <= most,
  },
  { cel: 'self.most == oldSelf.most', message: 'most cannot change' },
]);

test('a rule is a refinement here and CEL in the CRD, with the same message and field', () => {
  const { error } = pair.safeParse({ least: 2, most: 1 });
  assert.deepEqual(
    error?.issues.map(({ path, message }) => [path, message]),
    [[['least'], 'least must not exceed most']],
  );
  assert.deepEqual(pair.meta(), {
    description: 'A range.',
    'x-kubernetes-validations': [
      { rule: 'self.least <= self.most', message: 'least must not exceed most', fieldPath: '.least' },
      { rule: 'self.most == oldSelf.most', message: 'most cannot change' },
    ],
  });
});

test('a rule over time needs the old object, and is the API server’s alone', () => {
  assert.ok(pair.safeParse({ least: 1, most: 1 }).success);
});

test('a path cannot leave its volume', () => {
  for (const path of ['', 'a', 'a/b', 'a..b', '...', '.']) assert.ok(relativePath.safeParse(path).success, path);
  for (const path of ['/', '/a', '..', 'a/..', '../a', 'a/../b', 'a\0b'])
    assert.ok(!relativePath.safeParse(path).success, path);
  fc.assert(
    fc.property(fc.array(fc.constantFrom('a', '..', '.', ''), { maxLength: 5 }), (parts) => {
      const path = parts.join('/');
      const inside = !path.startsWith('/') && !parts.includes('..');
      assert.equal(relativePath.safeParse(path).success, inside, path);
    }),
  );
});

test('names are those of Kubernetes objects, and a set lists nothing twice', () => {
  for (const name of ['a', 'a-b.c', '1']) assert.ok(objectName.safeParse(name).success, name);
  for (const name of ['', 'A', 'a_b', '-a', 'a.', 'x'.repeat(254)])
    assert.ok(!objectName.safeParse(name).success, name);
  const set = asSet(z.array(z.string()));
  assert.ok(set.safeParse(['a', 'b']).success && !set.safeParse(['a', 'a']).success);
});
