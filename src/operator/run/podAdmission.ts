import { describePath } from '../../api/run.ts';
import { type Client, isApiError, type KubeObject } from '../kube/client.ts';
import type { Clock } from '../kube/clock.ts';
import type { Logger } from '../kube/logger.ts';
import { type PodSecurity, podSecurityOf, podSecurityProblems } from '../plan/podSecurity.ts';
import { types } from '../types.ts';
import { PodsForbidden } from './cause.ts';

/** Milliseconds for which the level of a namespace is taken for what it was: a run makes many Jobs at once. */
const knownFor = 5_000;

/** Fields that a refusal names at most. */
const most = 8;

const privileged: PodSecurity = { level: 'privileged', version: undefined };

/**
 * Looks at Jobs before they are made: one whose pods the namespace's Pod Security level forbids would be taken by the API
 * server, and never get a pod.
 */
export class PodAdmission {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #levels = new Map<string, { until: number; level: Promise<PodSecurity> }>();
  #told = false;

  constructor(client: Client, clock: Clock, logger: Logger) {
    this.#client = client;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** @throws PodsForbidden naming the level, and each field that it forbids */
  async admit(job: KubeObject): Promise<void> {
    const { namespace = '' } = job.metadata;
    const security = await this.#levelOf(namespace);
    const { template } = job.spec as { template: unknown };
    const problems = podSecurityProblems(template, security);
    if (problems.length === 0) return;
    const named = problems.slice(0, most).map(({ path, message }) => `${describePath(path)} ${message}`);
    const more = problems.length > most ? `; and ${problems.length - most} more` : '';
    throw new PodsForbidden(
      `namespace ${namespace} enforces the Pod Security level ${security.level}, under which the pod template's ${named.join('; ')}${more}`,
    );
  }

  #levelOf(namespace: string): Promise<PodSecurity> {
    const now = this.#clock.elapsed();
    const known = this.#levels.get(namespace);
    if (known !== undefined && known.until > now) return known.level;
    for (const [name, { until }] of this.#levels) if (until <= now) this.#levels.delete(name);
    const level = this.#ask(namespace);
    this.#levels.set(namespace, { until: now + knownFor, level });
    return level;
  }

  /** Without an answer nothing is forbidden here: what is forbidden all the same is seen when a Job gets no pods. */
  async #ask(namespace: string): Promise<PodSecurity> {
    try {
      return podSecurityOf((await this.#client.get(types.namespace, '', namespace))?.metadata.labels);
    } catch (error) {
      if (!isApiError(error, 403)) this.#logger.error({ namespace, error }, 'its Pod Security level is not known');
      else if (!this.#told) {
        this.#told = true;
        this.#logger.info({ namespace }, 'may not get namespaces: pods are not held against their Pod Security level');
      }
      return privileged;
    }
  }
}
