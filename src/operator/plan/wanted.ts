import { components } from '../../api/names.ts';
import type { Run } from '../../api/run.ts';
import type { WantedJob } from './child.ts';
import { type Addresses, addressesOf, type Data, modelPlans } from './identity.ts';
import { once } from './once.ts';
import { steps } from './steps.ts';

/** What follows from a run's spec and its data alone, whatever there is. */
export interface Wanted {
  addresses: Addresses;
  /** Every Job of its life, in the order of the steps. */
  jobs: readonly WantedJob[];
}

const plansOf = once(modelPlans);

function compute(run: Run, data: Data): Wanted {
  const plans = plansOf(run.spec);
  const addresses = addressesOf(run.spec, plans, data);
  return { addresses, jobs: components.flatMap((step) => steps[step].jobs(run, plans, addresses)) };
}

/** By spec: what was wanted last, and of which run and data. */
const last = once((_spec: Run['spec']): { of: string; wanted: Wanted | undefined } => ({ of: '', wanted: undefined }));

/**
 * The same for every look at a run until its spec or its data change, so that it is computed once for them: a thousand
 * addresses are a thousand hashes. Specs are told apart by identity; see {@link RunReader}.
 */
export function wantedOf(run: Run, data: Data): Wanted {
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
  ]);
  const known = last(run.spec);
  if (known.wanted === undefined || known.of !== of) Object.assign(known, { of, wanted: compute(run, data) });
  return known.wanted as Wanted;
}
