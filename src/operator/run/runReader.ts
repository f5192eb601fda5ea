import { parseRun, type Run } from '../../api/run.ts';
import type { RunStatus } from '../../api/status.ts';
import { type KubeObject, keyOf } from '../kube/client.ts';

/**
 * Reads runs as the cluster has them. The spec of a generation is one object however often its run is read, so that what
 * follows from it is computed once, and forgotten with it.
 */
export class RunReader {
  readonly #specs = new Map<string, { uid: string | undefined; generation: number; spec: Run['spec'] }>();

  /** @throws DdrError InvalidSpec */
  read(object: KubeObject, status: RunStatus | undefined): Run {
    const key = keyOf(object);
    const { uid, generation } = object.metadata;
    const run = parseRun({ ...object, status });
    if (generation === undefined) return run;
    const known = this.#specs.get(key);
    if (known !== undefined && known.uid === uid && known.generation === generation)
      return { ...run, spec: known.spec };
    this.#specs.set(key, { uid, generation, spec: run.spec });
    return run;
  }

  /** A run that is not there any more. */
  forget(key: string): void {
    this.#specs.delete(key);
  }
}
