import { DdrError } from '../../api/errors.ts';
import type { Executed } from '../../operator/kube/exec.ts';
import { checkedKey } from '../../trainer/artifacts/keys.ts';
import type { StoreReader } from '../../trainer/artifacts/store.ts';

/** Runs a command where the claim is mounted. @param most bytes that it may write */
export type RunThere = (command: readonly string[], most: number) => Promise<Executed>;

/** Bytes that one command gives at most: so much is held, and so much is read anew where a connection is lost. */
const pieceBytes = 2 ** 24;

/** Of the JSON of names in a folder. */
const longestList = 2 ** 24;

/**
 * Writes names in a folder, or bytes of a file from the first to the last: as many as there are. It says how many on its
 * standard error, since a connection may lose the end of what was written.
 */
const script = `const fs = require('node:fs');
const [path, first, last] = process.argv.slice(1);
const say = (text) => process.stderr.write(String(text));
const fail = (error) => { say(error.code ?? error.message); process.exitCode = 1; };
const write = (stream) => { let bytes = 0; stream.on('error', fail).on('data', (part) => { bytes += part.length; }).on('end', () => say(bytes)).pipe(process.stdout); };
if (first === undefined) fs.readdir(path, (error, names) => error ? fail(error) : write(require('node:stream').Readable.from([Buffer.from(JSON.stringify(names))])));
else write(fs.createReadStream(path, { start: Number(first), end: Number(last) }));`;

/** How the system names a fault of a file. */
const fault = /^E[A-Z0-9]+$/;

/** @throws Error where the script did not come to its end, or not all of its output came: it may be run again */
export function requireWhole({ stdout, stderr, succeeded, message }: Executed): void {
  if (succeeded && stderr !== String(stdout.length))
    throw new Error(`${stdout.length} bytes came of the ${stderr} that were written`);
  if (!succeeded && !fault.test(stderr)) throw new Error(stderr || message || 'the command failed');
}

/** What there is on a claim, read by commands in a pod that has it mounted. @param name of the claim, for people */
export function createClaimStore(run: RunThere, root: string, name: string): StoreReader {
  const describe = (key: string) => `${name}:${key}`;

  /** Output of the script; undefined where there is no such file or folder. */
  async function ask(key: string, most: number, ...range: number[]): Promise<Uint8Array | undefined> {
    const { stdout, stderr, succeeded } = await run(
      ['node', '-e', script, `${root}/${checkedKey(key)}`, ...range.map(String)],
      most,
    );
    if (succeeded) return stdout;
    if (stderr === 'ENOENT' || stderr === 'ENOTDIR') return undefined;
    if (stderr === 'EISDIR') throw new DdrError('InputForeign', 'is a folder, not a file', { where: describe(key) });
    throw new DdrError('FileAccess', `cannot be read: ${stderr}`, { where: describe(key) });
  }

  const range = (key: string, first: number, length: number) => ask(key, length, first, first + length - 1);

  return {
    describe,
    exists: async (key) => (await range(key, 0, 1).catch(isFolder)) !== undefined,
    async read(key) {
      const pieces: Uint8Array[] = [];
      for (let at = 0; ; at += pieceBytes) {
        const piece = await range(key, at, pieceBytes);
        if (piece === undefined) return undefined;
        pieces.push(piece);
        if (piece.length < pieceBytes) return Buffer.concat(pieces);
      }
    },
    async readRange(key, offset, length) {
      const pieces: Uint8Array[] = [];
      for (let at = 0; at < length; at += pieceBytes) {
        const wanted = Math.min(pieceBytes, length - at);
        const piece = await range(key, offset + at, wanted);
        if (piece === undefined) throw new DdrError('InputMissing', 'is not there', { where: describe(key) });
        if (piece.length < wanted)
          throw new DdrError('InputTruncated', `ends before byte ${offset + length}`, { where: describe(key) });
        pieces.push(piece);
      }
      return pieces.length === 1 ? (pieces[0] as Uint8Array) : Buffer.concat(pieces);
    },
    async list(key) {
      const names = await ask(key, longestList);
      if (names === undefined) return [];
      return (JSON.parse(Buffer.from(names).toString()) as string[]).filter((each) => !each.startsWith('.')).sort();
    },
  };
}

/** A folder is there too. */
function isFolder(error: unknown): Uint8Array {
  if (error instanceof DdrError && error.code === 'InputForeign') return new Uint8Array();
  throw error;
}
