import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { chance, type FaultPlan } from './faultPlan.ts';

interface Line {
  type: string;
  object: { metadata?: { name?: string; resourceVersion?: string } };
}

/** Longest delay of an event, in milliseconds. */
const longestDelay = 1500;

async function* linesOf(events: Readable): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of events.setEncoding('utf8')) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    yield* lines.filter((line) => line !== '');
  }
}

const expired = JSON.stringify({
  type: 'ERROR',
  object: { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'Expired', code: 410, message: 'injected' },
});

/** The events of a watch on their way, of which the plan changes some. */
export class FaultyWatch {
  readonly #plan: FaultPlan;
  /** Resource that is watched. */
  readonly #what: string;
  readonly #response: ServerResponse;
  /** The last event of each object, over all watches of the resource. */
  readonly #last: Map<string, string>;

  constructor(plan: FaultPlan, what: string, response: ServerResponse, last: Map<string, string>) {
    this.#plan = plan;
    this.#what = what;
    this.#response = response;
    this.#last = last;
  }

  /** Passes events on until the server, the client or the plan ends the watch. */
  async pass(events: Readable): Promise<void> {
    for await (const line of linesOf(events)) {
      const goesOn = await this.#one(line);
      if (!goesOn || this.#response.destroyed) return;
    }
    this.#response.end();
  }

  async #one(line: string): Promise<boolean> {
    const { type, object } = JSON.parse(line) as Line;
    const what = `${this.#what}/${object.metadata?.name ?? ''}`;
    if (type === 'ERROR') return this.#tell(line);
    const fault = this.#plan.decide(type === 'BOOKMARK' ? 'bookmark' : 'event', what);
    const note = () => {
      if (fault !== undefined) this.#plan.note(fault, `${type} ${what} ${object.metadata?.resourceVersion}`);
    };
    if (type === 'BOOKMARK') {
      note();
      return fault === undefined ? this.#tell(line) : true;
    }
    const before = this.#last.get(what);
    this.#last.set(what, line);
    if (fault !== 'event stale' || before !== undefined) note();
    switch (fault) {
      case 'event dropped':
        return true;
      case 'event duplicated':
        return this.#tell(line) && this.#tell(line);
      case 'event stale':
        return this.#tell(line) && (before === undefined || this.#tell(before));
      case 'event delayed':
        await wait(longestDelay * chance(this.#plan.seed, 'delay', what, this.#plan.total));
        return this.#tell(line);
      case 'watch cut':
        this.#response.destroy();
        return false;
      case 'watch 410':
        this.#response.end(`${expired}\n`);
        return false;
      default:
        return this.#tell(line);
    }
  }

  #tell(line: string): boolean {
    this.#response.write(`${line}\n`);
    return true;
  }
}
