import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DdrError, toDdrError } from '../../api/errors.ts';
import { namesIn } from './commit.ts';

/** A process's turn at training a model. */
export interface Attempt {
  number: number;
  /**
   * Commits, unless a newer process has taken its turn. That one clears away what this one is writing; what then fails
   * here is no fault of the volume.
   * @throws DdrError Fenced, and what `write` throws
   */
  commit<T>(write: () => Promise<T>): Promise<T>;
}

const highest = async (folder: string) => Math.max(0, ...(await namesIn(folder)).map(Number).filter(Number.isInteger));

/**
 * Takes the next number by creating its file exclusively. A pod whose node was cut off may go on after its successor has
 * started; it must not write over it.
 */
export async function takeAttempt(folder: string): Promise<Attempt> {
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw toDdrError(error);
  });
  for (;;) {
    const number = (await highest(folder)) + 1;
    try {
      await writeFile(join(folder, String(number)), '', { flag: 'wx' });
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EEXIST') continue;
      throw toDdrError(error);
    }
    const assertNewest = async () => {
      const newest = await highest(folder);
      if (newest > number) {
        throw new DdrError('Fenced', `attempt ${number} stops: attempt ${newest} trains this model now`, {
          where: folder,
        });
      }
    };
    return {
      number,
      async commit(write) {
        await assertNewest();
        try {
          return await write();
        } catch (error) {
          await assertNewest();
          throw error;
        }
      },
    };
  }
}
