import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { contentHash } from '../api/hash.ts';
import { productOf } from '../api/layout.ts';
import { parseTask, type Task, taskVariable } from '../api/task.ts';
import { type KubeObject, keyOf } from '../operator/kube/client.ts';
import { indexAnnotation } from './jobObjects.ts';
import { type PodSpec, parsePodSpec, pathMapping } from './podSpec.ts';

const recordSchema = z.object({
  /** Hash of the pod's spec. */
  spec: z.string(),
  /** Of the files that its task has committed. */
  product: z.string(),
  message: z.string(),
});

/** Names, sizes and times of a folder's files; undefined where it is not there. */
function fingerprint(folder: string): string | undefined {
  if (statSync(folder, { throwIfNoEntry: false }) === undefined) return undefined;
  const files = readdirSync(folder).sort();
  return contentHash(
    files.map((name) => {
      const { size, mtimeMs } = statSync(join(folder, name));
      return [name, size, mtimeMs];
    }),
  );
}

/**
 * Remembers across runs of this program which pods have succeeded and what they said, so that going on with a run does not
 * start a process per trained model only to hear that it is trained. A record holds as long as the pod would be the same
 * and the files that it committed are untouched.
 */
export class CompletedPods {
  readonly #folder: string;
  readonly #folderOf: (claimName: string) => string;

  constructor(folder: string, folderOf: (claimName: string) => string) {
    this.#folder = folder;
    this.#folderOf = folderOf;
  }

  /** What an equal pod said when it succeeded; undefined where there was none, or what it made has changed. */
  find(pod: KubeObject): string | undefined {
    const product = this.#product(pod);
    if (product === undefined) return undefined;
    let text: string;
    try {
      text = readFileSync(this.#pathOf(pod), 'utf8');
    } catch {
      return undefined;
    }
    const record = parseRecord(text);
    return record?.spec === contentHash(pod.spec) && record.product === product ? record.message : undefined;
  }

  /** @param pod as it was created, before it was given a port */
  save(pod: KubeObject, message: string): void {
    const product = this.#product(pod);
    if (product === undefined) return;
    const path = this.#pathOf(pod);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.partial`, `${JSON.stringify({ spec: contentHash(pod.spec), product, message })}\n`);
    renameSync(`${path}.partial`, path);
  }

  /** By the Job's name, which follows from what it makes; the pod's own differs each time. */
  #pathOf({ metadata }: KubeObject): string {
    const job = metadata.ownerReferences?.find(({ kind }) => kind === 'Job')?.name ?? metadata.name;
    return join(
      this.#folder,
      metadata.namespace ?? '',
      `${job}-${metadata.annotations?.[indexAnnotation] ?? '0'}.json`,
    );
  }

  #product(pod: KubeObject): string | undefined {
    const spec = parsePodSpec(pod.spec, keyOf(pod));
    const task = taskOf(spec);
    const local = pathMapping(spec, { claim: this.#folderOf, empty: (name) => name });
    const volume = spec.containers[0].env.find(({ name }) => name === 'DDR_RUN_DIR')?.value;
    // A prepare pod must run: it is the one that looks whether the data have changed. What is collected has many folders.
    if (task === undefined || task.kind === 'prepare' || task.kind === 'collect' || volume === undefined)
      return undefined;
    return fingerprint(join(local(volume), productOf(task, Number(pod.metadata.annotations?.[indexAnnotation] ?? 0))));
  }
}

/** The task of a trainer's pod; undefined for any other pod, or a task that the trainer will refuse. */
function taskOf({ containers: [container] }: PodSpec): Task | undefined {
  const text = container.env.find(({ name }) => name === taskVariable)?.value;
  if (text === undefined || container.command !== undefined) return undefined;
  try {
    return parseTask(text);
  } catch {
    return undefined;
  }
}

function parseRecord(text: string): z.output<typeof recordSchema> | undefined {
  try {
    return recordSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined; // half-written by a machine that lost power: the process will say it again
  }
}
