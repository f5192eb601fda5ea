import { randomUUID } from 'node:crypto';
import { DdrError } from '../../../api/errors.ts';
import type { S3Client } from '../../s3/client.ts';

/**
 * Whether a store keeps conditions of writes, tried on an object of its own. One that does not would let an old attempt write
 * over a newer one.
 * @throws DdrError StoreUnsuitable, and what the client throws
 */
export async function assertConditionalWrites(client: S3Client): Promise<void> {
  const key = `.probe/${randomUUID()}`;
  const [one, two] = [Buffer.from('1'), Buffer.from('2')];
  const unsuitable = (what: string, cause?: unknown) =>
    new DdrError('StoreUnsuitable', `the object store has no conditional writes: it ${what}`, {
      where: client.describe(),
      hint: 'Use a store with If-None-Match and If-Match on PUT, such as Amazon S3, Ceph or MinIO of 2024 on, or a volume.',
      cause,
    });
  const put = (condition: Parameters<S3Client['put']>[2]) =>
    client.put(key, two, condition).catch((error: unknown) => {
      throw isNotImplemented(error) ? unsuitable('refuses the header', error) : error;
    });
  try {
    await client.put(key, one);
    if ((await put({ ifAbsent: true })) !== undefined)
      throw unsuitable('writes over an object in spite of If-None-Match: *');
    if ((await put({ ifMatch: '"00000000000000000000000000000000"' })) !== undefined)
      throw unsuitable('writes over an object in spite of If-Match');
  } finally {
    await client
      .hurried()
      .remove([key])
      .catch(() => {}); // it is in nobody's way
  }
}

/** Whether the server says that it does not know what was asked for. */
function isNotImplemented(error: unknown): boolean {
  if (!(error instanceof DdrError) || !(error.cause instanceof Error)) return false;
  const { $metadata } = error.cause as { $metadata?: { httpStatusCode?: number } };
  return [400, 501].includes($metadata?.httpStatusCode ?? 0);
}
