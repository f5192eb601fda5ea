// Puts Fashion-MNIST's images and labels into a folder, from Debian's package of it. `node scripts/fashion-mnist.ts FOLDER`
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, globSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const debian = 'dataset-fashion-mnist';
/** Where the package puts them. */
const installed = 'usr/share/datasets/fashion-mnist';
/** The images last: where they are, all is there. */
const files = ['train-labels-idx1-ubyte.gz', 'train-images-idx3-ubyte.gz'];

const arePresent = (folder: string) => files.every((file) => existsSync(join(folder, file)));

function run(command: string, args: string[], cwd: string): void {
  const { status, error } = spawnSync(command, args, { cwd, stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed${error ? `: ${error.message}` : ''}`);
}

/** Each file is renamed into place: one that is there is whole, whenever this was interrupted. */
function copyInto(folder: string, from: string): void {
  for (const file of files) {
    const partial = join(folder, `${file}.${process.pid}`);
    copyFileSync(join(from, file), partial);
    renameSync(partial, join(folder, file));
  }
}

/** Downloads and unpacks the package; it need not be installed, which would take rights. */
function downloadInto(folder: string): void {
  const temporary = mkdtempSync(join(tmpdir(), `${debian}-`));
  try {
    run('apt-get', ['download', debian], temporary);
    const [archive] = globSync('*.deb', { cwd: temporary });
    if (archive === undefined) throw new Error('apt-get has downloaded no package');
    run('dpkg-deb', ['--extract', archive, '.'], temporary);
    copyInto(folder, join(temporary, installed));
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

const folder = process.argv[2];
if (folder === undefined) {
  console.error('usage: node scripts/fashion-mnist.ts FOLDER');
  process.exit(2);
}
mkdirSync(folder, { recursive: true });
if (!arePresent(folder)) {
  try {
    if (arePresent(join('/', installed))) copyInto(folder, join('/', installed));
    else downloadInto(folder);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    console.error(
      `${reason}\nThis needs Debian or Ubuntu. Elsewhere put ${files.join(' and ')} of Fashion-MNIST into ${folder}.`,
    );
    process.exit(1);
  }
  console.log(`Fashion-MNIST is in ${folder}`);
}
