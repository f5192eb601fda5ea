// Gives @tensorflow/tfjs-node-gpu its native parts: libtensorflow from PyPI's wheel, and the package's own addon sources
// compiled against it. See docs/adr/0003. Both are cached, so a second run only checks.
//   TENSORFLOW_PACKAGE  tensorflow-cpu (default), or tensorflow, which also drives GPUs with CUDA 12
//   DDR_CACHE           where the library is kept; .cache by default
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  globSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

const tensorflowVersion = '2.21.0';
const libraries = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'];
const root = join(import.meta.dirname, '..');
const wheel = process.env.TENSORFLOW_PACKAGE || 'tensorflow-cpu';
const build = `${wheel}-${tensorflowVersion}-${process.arch}`;
const library = join(resolve(process.env.DDR_CACHE || join(root, '.cache')), build);
const tfjs = join(root, 'node_modules/@tensorflow/tfjs-node-gpu');
const headers = join(root, 'node_modules/node-api-headers/include');
const addon = join(tfjs, 'lib/napi-v8/tfjs_binding.node');
/** Where the addon finds the library. Real files, so that a copied node_modules (an image's) is whole. */
const deps = join(tfjs, 'deps');
/** Names what was installed; there only when all of it is. */
const stamp = join(deps, 'installed');

/** Only what the addon needs of the 1 GB that the wheel unpacks to. */
const unpack = `
import sys, zipfile
wheel, folder = sys.argv[1:]
wanted = ('libtensorflow_cc.so', 'libtensorflow_framework.so', *('include/%s/' % name for name in ('tensorflow', 'xla', 'tsl', 'external')))
with zipfile.ZipFile(wheel) as archive:
    prefixes = tuple('tensorflow/' + name for name in wanted)
    archive.extractall(folder, [name for name in archive.namelist() if name.startswith(prefixes)])
`;

/** What a person reads when the set-up ends early. Thrown, so that nothing half done is left behind. */
class SetupError extends Error {}

/** @param hint what to look at when it fails */
function run(command: string, args: string[], hint: string): void {
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  if (status === 0) return;
  throw new SetupError(`${command} failed${error === undefined ? '' : `: ${error.message}`}; ${hint}`);
}

/** Fills a folder beside `target` and renames it into place: a killed set-up leaves nothing half done, two do not meet. */
function makeFolder(target: string, fill: (folder: string) => void): void {
  mkdirSync(dirname(target), { recursive: true });
  const folder = mkdtempSync(`${target}.`);
  try {
    fill(folder);
    chmodSync(folder, 0o755);
    if (!existsSync(target)) renameSync(folder, target);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function fetchLibrary(): void {
  console.log(`setup: downloading libtensorflow ${tensorflowVersion} (${wheel} from PyPI, 250 MB or more)`);
  makeFolder(library, (folder) => {
    // The library inside is the same for every Python: naming one makes any python3 with pip do.
    const choice = ['--no-deps', '--only-binary=:all:', '--python-version=3.12', '--dest', folder];
    run(
      'python3',
      ['-m', 'pip', 'download', '-q', '--disable-pip-version-check', ...choice, `${wheel}==${tensorflowVersion}`],
      'pip could not download the wheel: is PyPI to be reached, and pip 20.3 or newer (python3 -m pip --version)?',
    );
    const [file] = globSync('*.whl', { cwd: folder });
    if (file === undefined) throw new SetupError(`pip downloaded no wheel of ${wheel}`);
    console.log('setup: unpacking');
    run(
      'python3',
      ['-c', unpack, join(folder, file), folder],
      `the wheel could not be unpacked: is there room for it in ${dirname(library)}?`,
    );
    rmSync(join(folder, file));
    mkdirSync(join(folder, 'lib'));
    for (const name of libraries) {
      renameSync(join(folder, 'tensorflow', name), join(folder, 'lib', name));
      symlinkSync(name, join(folder, 'lib', name.replace(/(_cc)?\.so\.2$/, '.so'))); // the names that the linker looks for
    }
    renameSync(join(folder, 'tensorflow/include'), join(folder, 'include'));
    rmSync(join(folder, 'tensorflow'), { recursive: true });
  });
}

/** Compiles the addon without node-gyp: it uses N-API alone, so it loads into every Node from 12 on. */
function compileAddon(target: string): void {
  console.log('setup: compiling the TensorFlow addon (about 30 s)');
  const partial = `${target}.${process.pid}`;
  const args = [
    ...['-shared', '-fPIC', '-O2', '-std=c++17', '-w', '-DNAPI_VERSION=8', '-DNODE_GYP_MODULE_NAME=tfjs_binding'],
    ...[`-I${join(library, 'include')}`, `-I${headers}`, `-I${tfjs}`],
    ...['tfjs_backend.cc', 'tfjs_binding.cc'].map((file) => join(tfjs, 'binding', file)),
    ...[`-L${join(library, 'lib')}`, '-ltensorflow', '-ltensorflow_framework', '-Wl,-rpath,$ORIGIN/../../deps/lib'],
    ...['-o', partial],
  ];
  run('g++', args, 'the addon could not be compiled; it takes a compiler for C++17');
  renameSync(partial, target);
}

/** A second name for a file, or a copy where the cache is on another file system. */
function place(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to);
  }
}

const isInstalled = () => existsSync(addon) && existsSync(stamp) && readFileSync(stamp, 'utf8') === build;

function install(compiled: string): void {
  mkdirSync(dirname(addon), { recursive: true });
  const partial = `${addon}.${process.pid}`;
  copyFileSync(compiled, partial);
  renameSync(partial, addon);
  if (isInstalled()) return; // by a set-up that ran beside this one
  rmSync(deps, { recursive: true, force: true });
  makeFolder(deps, (folder) => {
    mkdirSync(join(folder, 'lib'));
    for (const name of libraries) place(join(library, 'lib', name), join(folder, 'lib', name));
    writeFileSync(join(folder, basename(stamp)), build);
  });
}

function setUp(): void {
  if (isInstalled()) return;
  if (process.platform !== 'linux') {
    throw new SetupError(
      `TensorFlow is set up on Linux only, not on ${process.platform}; a Linux container or virtual machine will do`,
    );
  }
  if (!existsSync(join(library, 'lib'))) fetchLibrary();
  const compiled = join(library, 'tfjs_binding.node');
  if (!existsSync(compiled)) compileAddon(compiled);
  install(compiled);
  console.log(`setup: ${build} is ready`);
}

// Ctrl-C is for pip and the compiler, which end by it; this one then removes what they have left.
process.on('SIGINT', () => {});
try {
  setUp();
} catch (error) {
  const known = error instanceof SetupError || (error instanceof Error && 'syscall' in error); // disk full, no permission
  if (!known) throw error;
  console.error(`setup: ${error.message}`);
  process.exitCode = 1;
}
