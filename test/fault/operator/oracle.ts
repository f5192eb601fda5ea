import { setTimeout as wait } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { apiVersion, kind, labels } from '../../../src/api/names.ts';
import type { RunStatus } from '../../../src/api/status.ts';
import type { ApiClient } from '../../../src/operator/kube/apiClient.ts';
import type { KubeObject } from '../../../src/operator/kube/client.ts';
import { types } from '../../../src/operator/types.ts';
import { endOf, PlayedCluster } from './playedCluster.ts';
import { type Story, verdictOf } from './stories.ts';

const namespaceType = { group: '', version: 'v1', kind: 'Namespace', plural: 'namespaces' };

/** What a run has come to, without times and uids. */
export interface End {
  phase: string | undefined;
  models: RunStatus['models'];
  dataset: RunStatus['dataset'];
  bundle: RunStatus['bundle'];
  results: RunStatus['results'];
  failures: string[];
  conditions: string[];
  children: string[];
}

export type Ends = Record<string, End>;

function endOfRun({ status }: KubeObject, children: string[]): End {
  const { phase, models, dataset, bundle, results, failures = [], conditions = [] } = (status ?? {}) as RunStatus;
  return {
    phase,
    models,
    dataset,
    bundle,
    results,
    failures: failures.map(({ job, reason, message }) => `${job} ${reason} ${message}`),
    conditions: conditions.map(({ type, status, reason }) => `${type} ${status} ${reason}`).sort(),
    children: children.sort(),
  };
}

/** Stories as they happen in a namespace of their own. */
export class Theatre {
  readonly #client: ApiClient;
  readonly #stories: readonly Story[];
  readonly cluster: PlayedCluster;
  readonly namespace: string;
  readonly #edited = new Map<string, number>();

  constructor(client: ApiClient, namespace: string, stories: readonly Story[]) {
    this.#client = client;
    this.#stories = stories;
    this.namespace = namespace;
    this.cluster = new PlayedCluster(client, (job) => {
      const name = job.metadata.labels?.[labels.run];
      const story = stories.find(({ run }) => run.metadata.name === name);
      const isHere = story !== undefined && job.metadata.namespace === namespace;
      return isHere ? verdictOf(story, job, this.#edited.get(story.run.metadata.name) ?? 0) : 'held';
    });
  }

  /** Begins all runs at once. */
  async begin(): Promise<void> {
    const { namespace } = this;
    await this.#client.create(namespaceType, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    await this.cluster.start();
    for (const { run } of this.#stories)
      await this.#client.create(types.run, { ...run, metadata: { ...run.metadata, namespace } });
  }

  /** Makes the changes whose time has come. @returns what the runs have come to */
  async look(): Promise<Ends> {
    const { items } = await this.#client.list(types.run, { namespace: this.namespace });
    const claims = await this.#client.list(types.claim, { namespace: this.namespace });
    const jobs = this.cluster.jobsOf(this.namespace);
    const ends: Ends = {};
    for (const run of items) {
      await this.#edit(run);
      const own = [...jobs, ...claims.items].filter(
        ({ metadata }) => metadata.labels?.[labels.run] === run.metadata.name,
      );
      ends[run.metadata.name] = endOfRun(
        run,
        own.map((child) => `${child.kind} ${child.metadata.name} ${endOf(child) ?? ''}`.trim()),
      );
    }
    return ends;
  }

  /** Whether all changes are made and all runs have ended as they should. */
  isOver(ends: Ends): boolean {
    return this.#stories.every(({ run: { metadata }, edits, ends: phase }) => {
      const end = ends[metadata.name];
      return (
        (this.#edited.get(metadata.name) ?? 0) === edits.length &&
        end?.phase === phase &&
        end.children.every((child) => /^Persistent|Complete$|Failed$/.test(child))
      );
    });
  }

  /** Lets it go on until it is over, has come to what is expected, and stays so. @returns the last look */
  async play(expected: Ends | undefined, limitSeconds: number): Promise<Ends> {
    const limit = performance.now() + limitSeconds * 1000;
    let ends: Ends = {};
    for (let quiet = 0; quiet < 8 && performance.now() < limit; ) {
      await wait(250);
      const next = await this.look();
      const isThere = expected === undefined ? this.isOver(next) : isDeepStrictEqual(next, expected);
      quiet = isThere && isDeepStrictEqual(next, ends) ? quiet + 1 : 0;
      ends = next;
    }
    return ends;
  }

  /** How often each child was made, by its name. */
  creations(): Record<string, number> {
    const own = [...this.cluster.created].filter(([key]) => key.startsWith(`${this.namespace}/`));
    return Object.fromEntries(own.map(([key, { size }]) => [key.slice(key.indexOf('/') + 1), size]));
  }

  async #edit(run: KubeObject): Promise<void> {
    const { name } = run.metadata;
    const story = this.#stories.find((each) => each.run.metadata.name === name);
    const edited = this.#edited.get(name) ?? 0;
    const edit = story?.edits[edited];
    if (edit === undefined || !edit.when((run.status ?? {}) as RunStatus)) return;
    const { spec, annotations } = edit.change;
    const metadata = { name, namespace: this.namespace, ...(annotations === undefined ? {} : { annotations }) };
    const body = { apiVersion, kind, metadata, ...(spec === undefined ? {} : { spec }) };
    await this.#client.apply(types.run, body, { fieldManager: `person-${edited}` });
    this.#edited.set(name, edited + 1);
  }
}
