import { createHash } from 'node:crypto';
import type { S3Client } from '../../src/trainer/s3/client.ts';
import type { S3Object } from '../../src/trainer/s3/read.ts';

/** Objects in memory as a place in S3, with what tests look at and into. */
export interface MemoryS3 extends S3Client {
  objects: Map<string, Uint8Array>;
  /** What was asked for, in its order: `put a/x`. */
  asked: string[];
  /** Called before anything is done; may throw, or change what is there. */
  before: (asked: string) => void;
  /** Whether conditions of writes are kept. */
  conditional: boolean;
}

const etagOf = (bytes: Uint8Array): string => `"${createHash('md5').update(bytes).digest('hex')}"`;

export function memoryS3(): MemoryS3 {
  const objects = new Map<string, Uint8Array>();
  const objectOf = (key: string): S3Object | undefined => {
    const bytes = objects.get(key);
    return bytes && { key, size: bytes.length, etag: etagOf(bytes) };
  };
  const starting = (prefix: string) => [...objects.keys()].filter((key) => key.startsWith(prefix)).sort();
  async function ask(what: string) {
    client.asked.push(what);
    client.before(what);
  }
  const client: MemoryS3 = {
    objects,
    asked: [],
    before: () => {},
    conditional: true,
    describe: (key = '') => `s3://memory/${key}`,
    async head(key) {
      await ask(`head ${key}`);
      return objectOf(key);
    },
    async get(key) {
      await ask(`get ${key}`);
      const [bytes, object] = [objects.get(key), objectOf(key)];
      return bytes && object && { bytes, size: object.size, etag: object.etag };
    },
    async range(key, { offset, length, etag }) {
      await ask(`range ${key}`);
      const [bytes, object] = [objects.get(key), objectOf(key)];
      if (bytes === undefined || object === undefined) return 'Missing';
      if (etag !== undefined && etag !== object.etag) return 'Changed';
      return { bytes: bytes.subarray(offset, offset + length), size: object.size, etag: object.etag };
    },
    async list(prefix, delimiter) {
      await ask(`list ${prefix}`);
      const beyond = (key: string) => (delimiter === undefined ? -1 : key.indexOf(delimiter, prefix.length));
      const keys = starting(prefix);
      return {
        objects: keys.filter((key) => beyond(key) < 0).map((key) => objectOf(key) as S3Object),
        folders: [...new Set(keys.filter((key) => beyond(key) >= 0).map((key) => key.slice(0, beyond(key) + 1)))],
      };
    },
    any: async (prefix) => starting(prefix).length > 0,
    async put(key, bytes, condition) {
      await ask(`put ${key}`);
      const there = objectOf(key)?.etag;
      const holds =
        condition === undefined || ('ifMatch' in condition ? condition.ifMatch === there : there === undefined);
      if (client.conditional && !holds) return undefined;
      objects.set(key, Uint8Array.from(bytes));
      return etagOf(bytes);
    },
    async upload(key, pieces) {
      const all: Uint8Array[] = [];
      for await (const piece of pieces) all.push(Uint8Array.from(piece));
      await client.put(key, Buffer.concat(all));
    },
    async copy({ key }, to) {
      await ask(`copy ${key}`);
      const bytes = objects.get(key);
      if (bytes !== undefined) objects.set(to, bytes);
      return bytes !== undefined;
    },
    async remove(keys) {
      for (const key of keys) {
        await ask(`remove ${key}`);
        objects.delete(key);
      }
    },
    abandonUploads: (prefix) => ask(`abandon ${prefix}`),
    hurried: () => client,
  };
  return client;
}
