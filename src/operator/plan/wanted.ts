import { components } from '../../api/names.ts';
import type { Run } from '../../api/run.ts';
import type { WantedJob } from './child.ts';
import { type Addresses, addressesOf, type Data, type ModelPlan, modelPlans } from './identity.ts';
import { once } from './once.ts';
import { steps } from './steps.ts';

/** What follows from a run's spec and its data alone, whatever there is. */
export interface Wanted {
  addresses: Addresses;
  /** The K models, those of other clusters among them. */
  plans: readonly ModelPlan[];
  /** Every Job of its life, in the order of the steps. */
  jobs: readonly WantedJob[];
}

const plansOf = once(modelPlans);

function compute(run: Run, data: Data, holes: readonly number[]): Wanted {
  const plans = plansOf(run.spec);
  const addresses = addressesOf(run.spec, plans, data, holes);
  return { addresses, plans, jobs: components.flatMap((step) => steps[step].jobs(run, plans, addresses, holes)) };
}

interface Known {
  of: string;
  wanted: Wanted | undefined;
}

const unknown = (): Known => ({ of: '', wanted: undefined });

/** By spec: what was wanted last of a whole bundle and of one with holes, and of which run and data. */
const last = once((_spec: Run['spec']) => ({ whole: unknown(), withHoles: unknown() }));

/**
 * The same for every look at a run until its spec or its data change, so that it is computed once for them: a thousand
 * addresses are a thousand hashes. Specs are told apart by identity; see {@link RunReader}.
 * @param holes models, counted among the K, that the run goes on without
 */
export function wantedOf(run: Run, data: Data, holes: readonly number[] = []): Wanted {
  const { name, namespace } = run.metadata;
  const of = JSON.stringify([
    namespace,
    name,
    data.digest,
    data.referenceDigest,
    data.weightsDigest,
    data.promptsDigest,
    data.codecDigest,
    data.warmStartDigest,
    holes,
  ]);
  const known = last(run.spec)[holes.length === 0 ? 'whole' : 'withHoles'];
  if (known.wanted === undefined || known.of !== of) Object.assign(known, { of, wanted: compute(run, data, holes) });
  return known.wanted as Wanted;
}
