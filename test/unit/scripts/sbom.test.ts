import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { z } from 'zod';
import { lockPackages, lockSchema } from '../../../scripts/lockPackages.ts';
import { baseImage, debianComponents, images, sbom } from '../../../scripts/sbom.ts';
import { root } from '../../helpers/ddr.ts';

const lock = lockSchema.parse(JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')));
const options = { cpu: 'x64', tensorflow: 'tensorflow-cpu', dpkg: undefined };
const boms = Object.fromEntries(images.map((image) => [image, sbom(image, lock, options)] as const));
const namesOf = (image: string) => boms[image]?.components.map(({ name }) => name) ?? [];

/** What CycloneDX 1.5 requires of the fields that are written. */
const component = z.strictObject({
  'bom-ref': z.string().min(1),
  type: z.enum(['application', 'library', 'container']),
  name: z.string().min(1),
  version: z.string().min(1),
  purl: z
    .string()
    .regex(/^pkg:(npm|pypi|docker|deb)\/[^\s@]+@[^\s@]+$/)
    .optional(),
  hashes: z
    .array(z.strictObject({ alg: z.literal('SHA-512'), content: z.string().regex(/^[0-9a-f]{128}$/) }))
    .optional(),
  licenses: z
    .array(
      z.union([
        z.strictObject({ license: z.strictObject({ id: z.string().regex(/^[\w.-]+$/) }) }),
        z.strictObject({ expression: z.string() }),
      ]),
    )
    .max(1)
    .optional(),
});
const document = z.strictObject({
  bomFormat: z.literal('CycloneDX'),
  specVersion: z.literal('1.5'),
  version: z.int().min(1),
  metadata: z.strictObject({ component }),
  components: z.array(component),
  dependencies: z.array(z.strictObject({ ref: z.string(), dependsOn: z.array(z.string()) })),
});

for (const image of images) {
  test(`the bill of materials of the ${image} is CycloneDX 1.5, and refers to what it names only`, () => {
    const { components, dependencies, metadata } = document.parse(boms[image]);
    const refs = [metadata.component, ...components].map((each) => each['bom-ref']);
    assert.equal(new Set(refs).size, refs.length);
    for (const { ref, dependsOn } of dependencies)
      for (const each of [ref, ...dependsOn]) assert.ok(refs.includes(each), each);
  });
}

test('every package that runs is named, and none that only builds or tests', () => {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<
    'dependencies' | 'devDependencies',
    Record<string, string>
  >;
  const [operator, trainer] = [namesOf('operator'), namesOf('trainer')];
  for (const name of Object.keys(dependencies)) assert.ok([...operator, ...trainer].includes(name), name);
  for (const name of Object.keys(devDependencies).filter((name) => name !== '@types/node'))
    assert.ok(![...operator, ...trainer].includes(name), name);
  for (const name of ['@kubernetes/client-node', 'undici', 'zod', 'node']) assert.ok(operator.includes(name), name);
  for (const name of ['@tensorflow/tfjs-node-gpu', 'sharp', 'tensorflow-cpu', 'zod', 'node'])
    assert.ok(trainer.includes(name), name);
  assert.ok(!operator.some((name) => name.includes('tensorflow') || name === 'sharp'));
  assert.ok(!trainer.includes('@kubernetes/client-node'));
});

test('every package that the code in an image imports is named', () => {
  for (const image of images) {
    const files = globSync(`{api,diffusion,${image}}/**/*.ts`, { cwd: join(root, 'src') });
    const imports = files.flatMap((file) => {
      const code = stripTypeScriptTypes(readFileSync(join(root, 'src', file), 'utf8'));
      return [...code.matchAll(/(?<![.\w])(?:from|import|require)[ (]'([^.'][^']*)'/g)].map(([, name = '']) => name);
    });
    const names = new Set(imports.flatMap((name) => /^(@[^/]+\/)?[^/]+/.exec(name)?.[0] ?? []));
    assert.ok(names.has('zod') && names.has('pino'));
    const foreign = [...names].filter((name) => !name.startsWith('node:'));
    assert.deepEqual(
      foreign.filter((name) => !namesOf(image).includes(name)),
      [],
    );
  }
});

test('of packages for several platforms those of the image are named', () => {
  assert.ok(namesOf('trainer').includes('@img/sharp-linux-x64'));
  assert.ok(!namesOf('trainer').some((name) => /sharp-(darwin|win32|linuxmusl|linux-arm)/.test(name)));
  const arm = sbom('trainer', lock, { ...options, cpu: 'arm64' }).components.map(({ name }) => name);
  assert.ok(arm.includes('@img/sharp-linux-arm64') && !arm.includes('@img/sharp-linux-x64'));
});

test('a package finds another as Node does: its own, or that of the closest folder above', () => {
  const entry = (version: string, ...names: string[]) => ({
    version,
    dependencies: Object.fromEntries(names.map((name) => [name, '*'])),
    optionalDependencies: {},
  });
  const packages = {
    '': entry('0', 'a', 'gone'),
    'node_modules/a': entry('1', 'b', '@c/d'),
    'node_modules/a/node_modules/b': entry('2', '@c/d'),
    'node_modules/b': entry('1'),
    'node_modules/@c/d': entry('1', 'a'),
    'node_modules/gone': entry('1'),
  };
  const found = lockPackages({ packages }, ['gone'], { os: 'linux', cpu: 'x64', libc: 'glibc' });
  assert.deepEqual([...found.keys()].sort(), [
    '',
    'node_modules/@c/d',
    'node_modules/a',
    'node_modules/a/node_modules/b',
  ]);
});

test('packages of Debian are read from dpkg’s list, those that are installed', () => {
  const paragraph = (name: string, status: string) =>
    `Package: ${name}\nStatus: ${status}\nArchitecture: amd64\nVersion: 2:1.0+b1\nDescription: a\n b\n`;
  const status = [paragraph('libc6', 'install ok installed'), paragraph('old', 'deinstall ok config-files')].join('\n');
  assert.deepEqual(
    debianComponents(status).map(({ purl }) => purl),
    ['pkg:deb/debian/libc6@2%3A1.0%2Bb1?arch=amd64'],
  );
  const dpkg = sbom('operator', lock, { ...options, dpkg: status });
  assert.ok(document.parse(dpkg).components.some(({ name }) => name === 'libc6'));
});

test('the base image is that of the last stage', () => {
  assert.equal(baseImage('FROM a:1 AS build\nRUN x\nFROM b:2\n'), 'b:2');
  assert.throws(() => baseImage(''));
});
