// Gives @tensorflow/tfjs-node-gpu its native parts: libtensorflow from PyPI's wheel, and the package's own addon sources
// compiled against it. See docs/adr/0003. Both are cached, so a second run only checks.
//   TENSORFLOW_PACKAGE  tensorflow-cpu (default), or tensorflow, which also drives GPUs with CUDA 12
//   DDR_CACHE           where the library is kept; .cache by default
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const tensorflowVersion = '2.21.0';
const root = join(import.meta.dirname, '..');
const wheel = process.env.TENSORFLOW_PACKAGE ?? 'tensorflow-cpu';
const cache = resolve(process.env.DDR_CACHE ?? join(root, '.cache'));
const library = join(cache, `${wheel}-${tensorflowVersion}-${process.arch}`);
const tfjs = join(root, 'node_modules/@tensorflow/tfjs-node-gpu');
const headers = join(root, 'node_modules/node-api-headers/include');
const addon = join(tfjs, 'lib/napi-v8/tfjs_binding.node');

function run(command: string, args: string[]): void {
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) {
    console.error(`setup: ${command} failed${error === undefined ? '' : `: ${error.message}`}; its output is above`);
    process.exit(1);
  }
}

/** Fills a folder beside `target` and renames it into place, so that a killed set-up leaves nothing half done. */
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

/** Only what the addon needs of the 1 GB that the wheel unpacks to. */
const unpack = `
import sys, zipfile
wheel, folder = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    wanted = [n for n in archive.namelist() if n.startswith(('tensorflow/libtensorflow_cc.so', 'tensorflow/libtensorflow_framework.so', 'tensorflow/include/tensorflow/', 'tensorflow/include/xla/', 'tensorflow/include/tsl/', 'tensorflow/include/external/'))]
    archive.extractall(folder, wanted)
`;

function fetchLibrary(): void {
  console.log(`setup: downloading libtensorflow ${tensorflowVersion} (${wheel} from PyPI)`);
  makeFolder(library, (folder) => {
    run('python3', [
      '-m',
      'pip',
      'download',
      '--quiet',
      '--disable-pip-version-check',
      '--no-deps',
      '--dest',
      folder,
      `${wheel}==${tensorflowVersion}`,
    ]);
    const [file] = globSync('*.whl', { cwd: folder });
    if (file === undefined) throw new Error(`pip downloaded no wheel of ${wheel}`);
    run('python3', ['-c', unpack, join(folder, file), folder]);
    rmSync(join(folder, file));
    mkdirSync(join(folder, 'lib'));
    for (const name of ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2']) {
      renameSync(join(folder, 'tensorflow', name), join(folder, 'lib', name));
    }
    renameSync(join(folder, 'tensorflow/include'), join(folder, 'include'));
    rmSync(join(folder, 'tensorflow'), { recursive: true });
    // The names that the linker looks for.
    symlinkSync('libtensorflow_cc.so.2', join(folder, 'lib/libtensorflow.so'));
    symlinkSync('libtensorflow_framework.so.2', join(folder, 'lib/libtensorflow_framework.so'));
  });
}

function compileAddon(): void {
  console.log('setup: compiling the TensorFlow addon (about 30 s)');
  const built = join(library, 'tfjs_binding.node');
  if (!existsSync(built)) {
    const partial = `${built}.${process.pid}`;
    run('g++', [
      ...['-shared', '-fPIC', '-O2', '-std=c++17', '-w', '-DNAPI_VERSION=8', '-DNODE_GYP_MODULE_NAME=tfjs_binding'],
      ...[`-I${join(library, 'include')}`, `-I${headers}`, `-I${tfjs}`],
      ...['tfjs_backend.cc', 'tfjs_binding.cc'].map((file) => join(tfjs, 'binding', file)),
      ...[`-L${join(library, 'lib')}`, '-ltensorflow', '-ltensorflow_framework', '-Wl,-rpath,$ORIGIN/../../deps/lib'],
      ...['-o', partial],
    ]);
    renameSync(partial, built);
  }
  mkdirSync(dirname(addon), { recursive: true });
  cpSync(built, `${addon}.${process.pid}`);
  renameSync(`${addon}.${process.pid}`, addon);
}

/** The package looks for the library in its own `deps/lib`. */
function linkLibrary(): void {
  const link = join(tfjs, 'deps');
  rmSync(link, { recursive: true, force: true });
  symlinkSync(relative(tfjs, library), link);
}

if (!existsSync(join(library, 'lib/libtensorflow_cc.so.2'))) fetchLibrary();
linkLibrary();
if (!existsSync(addon)) compileAddon();
