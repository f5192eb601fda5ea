import { parseRun, type Run } from '../../api/run.ts';
import type { RunStatus } from '../../api/status.ts';
import { type KubeObject, keyOf } from '../kube/client.ts';

/**
 * Reads runs as the cluster has them. The spec of a generation is parsed once and is one object however often its run is read,
 * so that what follows from it is computed once, and forgotten with it.
 */
export class RunReader {
  readonly #runs = new Map<string, Run>();

  /** @throws DdrError InvalidSpec */
  read(object: KubeObject, status: RunStatus | undefined): Run {
    const key = keyOf(object);
    const { uid, generation, namespace = 'default' } = object.metadata;
    const known = this.#runs.get(key);
    if (known !== undefined && known.metadata.uid === uid && known.metadata.generation === generation)
      return { ...known, metadata: { ...object.metadata, namespace }, status };
    const run = parseRun({ ...object, status });
    if (generation !== undefined) this.#runs.set(key, run);
    return run;
  }

  /** A run that is not there any more. */
  forget(key: string): void {
    this.#runs.delete(key);
  }
}
