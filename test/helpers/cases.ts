import { join } from 'node:path';
import { root } from './ddr.ts';

/**
 * What is right for a file of test/fixtures/cases: an API server accepts its runs; or refuses one; or it accepts the run,
 * whose pod template it does not look at, and refuses the Job that would follow from it.
 */
export interface Case {
  file: string;
  right: 'accepted' | 'refused' | 'refused as a Job';
  /** What the refusal, or the answer, has to say. */
  says: RegExp;
}

const accepted = (file: string, says: RegExp = /tiny is valid/): Case => ({ file, right: 'accepted', says });
const refused = (file: string, says: RegExp): Case => ({ file, right: 'refused', says });
const refusedAsJob = (file: string, says: RegExp): Case => ({ file, right: 'refused as a Job', says });

/** Inputs from public bug reports of peers (C…, O…), and some of the same kinds. */
export const cases: Case[] = [
  accepted('C12-creationTimestamp-null.yaml'),
  accepted('C13-null-optional.yaml'),
  accepted('C14-yes.yaml'),
  accepted('O01-float.yaml'),
  accepted('O01-quantity-00.yaml'),
  accepted('O01-quantity-01.yaml'),
  accepted('O01-quantity-02.yaml'),
  accepted('O01-quantity-05.yaml'),
  refusedAsJob('O02-gpu-request-only.yaml', /requests\.nvidia\.com\/gpu: needs a limit/),
  refusedAsJob('O02-requests-over-limits.yaml', /requests\.memory: must not exceed its limit of 2Gi/),
  refused('O03-generateName-long.yaml', /metadata\.generateName: .*at most 40 characters/),
  accepted('O03-generateName.yaml', /sweep-[0-9a-f]{5} is valid/),
  refusedAsJob('O04-wrong-level.yaml', /podTemplate\.nodeSelector: unknown field.*spec\.nodeSelector/),
  refusedAsJob('O05-env-true.yaml', /env\[0\]\.value: must be text, not true/),
  accepted('O06-probe-exec.yaml'),
  accepted('O07-env-valueFrom.yaml'),
  accepted('O10-kueue-priority.yaml'),
  accepted('empty-maps.yaml'),
  accepted('job-template.yaml'),
  refused('job-template-own-label.yaml', /jobTemplate\.metadata\.labels: .*set by the operator/),
  accepted('list.yaml', /other is valid/),
  accepted('list-of-runs.yaml'),
  refused('metadata-number.yaml', /metadata\.labels\.a: .*string/),
  refused('metadata-unknown.yaml', /metadata\.lables: unknown field.*did you mean labels/),
  accepted('namespace-empty.yaml'),
  refused('no-kind.yaml', /document 2, line \d+, column 1\): kind: is required/),
  refused('null-in-list.yaml', /spec\.overrides\[0\]/),
  refused('null-required.yaml', /spec\.schedule\.states: is required/),
  refused('null-unknown.yaml', /spec: .*"suspnd"/),
  refused('quantity-endless.yaml', /limits\.memory: must be a Kubernetes quantity/),
  refused('quantity-half-exponent.yaml', /limits\.memory: must be a Kubernetes quantity/),
  refused('quantity-negative.yaml', /limits\.memory: must be a Kubernetes quantity/),
  accepted('repeated-key.yaml'),
  accepted('several.json', /other is valid/),
  accepted('utf16.yaml'),
  accepted('windows.yaml'),
  accepted('yaml-date-as-text.yaml'),
  accepted('yaml-foreign-tag.yaml'),
  accepted('yaml-merge-key.yaml'),
  refused('yaml-octal-for-text.yaml', /dataset\.revision: .*written in quotes/),
  accepted('yaml-octal.yaml'),
  refused('yaml-on-for-text.yaml', /claimName: .*written in quotes/),
  refused('yaml-separator.yaml', /line 4, column 1\): is not YAML/),
  accepted('yaml-underscores.yaml'),
];

export const casePath = ({ file }: Case): string => join(root, 'test/fixtures/cases', file);
