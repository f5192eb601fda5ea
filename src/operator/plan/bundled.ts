import { runDirectory, runLayout } from '../../api/layout.ts';
import type { Run } from '../../api/run.ts';
import type { RunStatus } from '../../api/status.ts';
import type { Addresses } from './identity.ts';

/** Whether the bundle that is wanted is published: all that is needed of models' own claims, the run's claim has then too. */
export const isBundled = (
  { metadata }: Pick<Run, 'metadata'>,
  bundle: RunStatus['bundle'],
  { bundle: address }: Addresses,
): boolean => bundle?.path === runLayout(runDirectory(metadata.name)).bundle(address);
