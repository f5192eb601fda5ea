import { DdrError } from '../../api/errors.ts';
import type { Attempt } from './store.ts';

/** The highest of names that are numbers; 0 where there is none. */
export const highestOf = (names: readonly string[]): number =>
  Math.max(0, ...names.map(Number).filter(Number.isInteger));

/** @throws DdrError Fenced */
export type AssertNewest = () => Promise<void>;

/** @param where the attempts are, and `highest` of them now */
export const newestOr =
  (number: number, where: string, highest: () => Promise<number>): AssertNewest =>
  async () => {
    const newest = await highest();
    if (newest > number)
      throw new DdrError('Fenced', `attempt ${number} stops: attempt ${newest} works on this now`, { where });
  };

/** What fails once a newer attempt has begun is its doing: it clears away what this one writes. */
export async function fenced<T>(assertNewest: AssertNewest, write: () => Promise<T>): Promise<T> {
  await assertNewest();
  try {
    return await write();
  } catch (error) {
    await assertNewest();
    throw error;
  }
}

export const attemptOf = (number: number, assertNewest: AssertNewest): Attempt => ({
  number,
  commit: (write) => fenced(assertNewest, write),
});
