import { isDeepStrictEqual } from 'node:util';
import { apiVersion, kind, managedBy } from '../../api/names.ts';
import type { RunStatus } from '../../api/status.ts';
import type { Clock } from '../kube/clock.ts';
import { type Cluster, type KubeObject, keyOf } from '../kube/cluster.ts';
import { types } from '../types.ts';

/** A status that differs in progress only is written this often at most. */
const progressEveryMs = 10_000;

const withoutProgress = (status: RunStatus): RunStatus => ({ ...status, progress: undefined });

/** Writes statuses of runs where they have changed. */
export class StatusWriter {
  readonly #cluster: Cluster;
  readonly #clock: Clock;
  readonly #written: (run: KubeObject) => void;
  /** When the status of a run was written last, by its key. */
  readonly #times = new Map<string, number>();

  /** @param written is told of each run as the cluster has it now */
  constructor(cluster: Cluster, clock: Clock, written: (run: KubeObject) => void) {
    this.#cluster = cluster;
    this.#clock = clock;
    this.#written = written;
  }

  async write(run: KubeObject, before: RunStatus | undefined, after: RunStatus): Promise<void> {
    if (isDeepStrictEqual(before, after)) return;
    const key = keyOf(run);
    const now = this.#clock.now();
    const onlyProgress = before !== undefined && isDeepStrictEqual(withoutProgress(before), withoutProgress(after));
    if (onlyProgress && now - (this.#times.get(key) ?? Number.NEGATIVE_INFINITY) < progressEveryMs) return;
    this.#times.set(key, now);
    const { name, namespace, uid } = run.metadata;
    const body: KubeObject = { apiVersion, kind, metadata: { name, namespace, uid }, status: after };
    this.#written(await this.#cluster.apply(types.run, body, { fieldManager: managedBy, subresource: 'status' }));
  }

  /** A run that is not there any more. */
  forget(key: string): void {
    this.#times.delete(key);
  }
}
