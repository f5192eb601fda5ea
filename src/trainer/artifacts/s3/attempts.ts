import { randomUUID } from 'node:crypto';
import type { S3Client } from '../../s3/client.ts';
import { type AssertNewest, highestOf, newestOr } from '../attempt.ts';
import { lastOf } from './folders.ts';

/** Takes the next number by writing its object where there is none: of two processes, one is given it. */
export async function takeNumber(
  client: S3Client,
  folder: string,
): Promise<{ number: number; assertNewest: AssertNewest }> {
  const highest = async () => highestOf((await client.list(`${folder}/`)).objects.map(({ key }) => lastOf(key)));
  const mine = Buffer.from(randomUUID()); // tells an own try whose answer was lost from another process's
  for (;;) {
    const number = (await highest()) + 1;
    if ((await client.put(`${folder}/${number}`, mine, { ifAbsent: true })) !== undefined)
      return { number, assertNewest: newestOr(number, client.describe(folder), highest) };
  }
}
