import { isDeepStrictEqual } from 'node:util';
import { apiVersion, kind, managedBy } from '../../api/names.ts';
import { isTerminal, type RunStatus } from '../../api/status.ts';
import { type Client, type KubeObject, keyOf } from '../kube/client.ts';
import type { Clock } from '../kube/clock.ts';
import { types } from '../types.ts';

/** Milliseconds between two writes of a run's status at least, and of those that differ in progress only. */
const everyMs = 1000;
const progressEveryMs = 10_000;

const withoutProgress = (status: RunStatus): RunStatus => ({ ...status, progress: undefined });

const isStalled = (status: RunStatus | undefined): boolean =>
  status?.conditions?.some((condition) => condition.type === 'Stalled' && condition.status === 'True') === true;

/** Whether somebody may wait for this change: the run is over, or cannot go on. */
const isUrgent = (before: RunStatus | undefined, after: RunStatus): boolean =>
  (after.phase !== before?.phase && isTerminal(after.phase ?? 'Pending')) || (isStalled(after) && !isStalled(before));

/** Writes statuses of runs where they have changed; those that change often, together. */
export class StatusWriter {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #written: (run: KubeObject) => void;
  /** When the status of a run was written last, by its key. */
  readonly #times = new Map<string, number>();

  /** @param written is told of each run as the cluster has it now */
  constructor(client: Client, clock: Clock, written: (run: KubeObject) => void) {
    this.#client = client;
    this.#clock = clock;
    this.#written = written;
  }

  /** @returns milliseconds after which it may be written, where it was written too short a time ago; 0 where it is up to date */
  async write(run: KubeObject, before: RunStatus | undefined, after: RunStatus): Promise<number> {
    if (isDeepStrictEqual(before, after)) return 0;
    const key = keyOf(run);
    const now = this.#clock.elapsed();
    const onlyProgress = before !== undefined && isDeepStrictEqual(withoutProgress(before), withoutProgress(after));
    const rest = (this.#times.get(key) ?? Number.NEGATIVE_INFINITY) + (onlyProgress ? progressEveryMs : everyMs) - now;
    if (rest > 0 && !isUrgent(before, after)) return rest;
    this.#times.set(key, now);
    const { name, namespace, uid } = run.metadata;
    const body: KubeObject = { apiVersion, kind, metadata: { name, namespace, uid }, status: after };
    this.#written(await this.#client.apply(types.run, body, { fieldManager: managedBy, subresource: 'status' }));
    return 0;
  }

  /** A run that is not there any more. */
  forget(key: string): void {
    this.#times.delete(key);
  }
}
