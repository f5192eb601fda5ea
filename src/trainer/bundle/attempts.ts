import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DdrError, toDdrError } from '../../api/errors.ts';
import { namesIn } from './commit.ts';

/** A process's turn at training a model. */
export interface Attempt {
  number: number;
  /**
   * Call before every commit.
   * @throws DdrError Fenced where a newer process has taken its turn
   */
  assertNewest(): Promise<void>;
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
    return {
      number,
      async assertNewest() {
        const newest = await highest(folder);
        if (newest > number) {
          throw new DdrError('Fenced', `attempt ${number} stops: attempt ${newest} trains this model now`, {
            where: folder,
          });
        }
      },
    };
  }
}
