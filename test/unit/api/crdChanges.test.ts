import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { load } from 'js-yaml';
import { customResourceDefinition } from '../../../src/api/crd.ts';
import { networkSizeCel } from '../../../src/api/spec/codec.ts';
import { conditionRules } from '../../../src/api/spec/conditionRules.ts';
import { modelRules } from '../../../src/api/spec/modelRules.ts';
import { partRules } from '../../../src/api/spec/partRules.ts';
import { type Crd, crdBreaks, schemaBreaks } from '../../helpers/crdChanges.ts';

/** The CRD of the last release: version 0.1.0, commit 61abc65. */
const released = 'test/fixtures/crd-0.1.0.yaml';

const quantity = 'takes all that it took, and more: numbers, exponents, a sign';
const quantityChanges = ['pattern', 'not', 'minItems', 'minProperties', 'maxItems', 'maxProperties'];
const shared = 'spec.checkpoints.volume.shared';
const newField = 'is about a field that was not there';

const rulesOfLabels = [
  "!has(self.labels) || !(self.labels.from in ['ClassFolders', 'DatasetJson']) || self.format in ['ImageFolder', 'ImageZip']",
  "!has(self.labels) || !(self.labels.from in ['Idx', 'Npz', 'Safetensors']) || has(self.labels.path) || self.labels.from == self.format",
  "!has(self.labels) || ((!(self.labels.from in ['Cls', 'Json']) || self.format == 'WebDataset') && (self.labels.from != 'Column' || self.format == 'Parquet'))",
];
const rulesOfShards = [
  "!has(self.field) || self.format in ['WebDataset', 'Parquet']",
  "self.prepare == 'Copy' || self.format in ['WebDataset', 'Parquet']",
  "!has(self.cache) || self.prepare == 'Index' || !has(self.source.volume)",
];
const rangeRule = "int(self.split('-')[0]) <= int(self.split('-')[self.split('-').size() - 1])";

/** Rules about the size of what networks see: for the codec Pixels, which is the default, that of images as before. */
const rulesOfSize = [
  `${networkSizeCel} % [1,2,4,8,16,32,64,128][self.model.channelMultipliers.size() - 1] == 0`,
  `self.model.attentionResolutions.all(r, [1,2,4,8,16,32,64,128].exists(f, f * r == ${networkSizeCel}))`,
  `self.overrides.all(o, !has(o.model) || !has(o.model.channelMultipliers) || ${networkSizeCel} % [1,2,4,8,16,32,64,128][o.model.channelMultipliers.size() - 1] == 0)`,
  `self.overrides.all(o, !has(o.model) || !has(o.model.attentionResolutions) || o.model.attentionResolutions.all(r, [1,2,4,8,16,32,64,128].exists(f, f * r == ${networkSizeCel})))`,
];
const rulesOfLatents = [
  "self.codec.name == 'Pixels' || self.dataset.image.size % self.codec.downsampling == 0",
  "!has(self.dataset.latents) || self.codec.name != 'Pixels'",
  "self.codec.name == 'Pixels' || !self.sampling.clip",
  "self.dataset.prepare == 'Copy' || self.codec.name == 'Pixels'",
  "self.codec.name == 'Pixels' || (!self.training.horizontalFlips && self.overrides.all(o, !has(o.training) || !has(o.training.horizontalFlips) || !o.training.horizontalFlips))",
  '!has(self.dataset.latents) || !has(self.evaluation) || has(self.evaluation.reference.file)',
];

const formatRule = "!has(self.latents) || self.format in ['Npy', 'Npz', 'Safetensors']";
const extractorRule =
  "!has(self.evaluation) || self.evaluation.extractor.name == 'inception-v3-fid' || self.dataset.image.channels == 1";

/** Changes since then that were looked at, each with the reason why it is taken. */
const reviewed: Record<string, string> = {
  ...Object.fromEntries(
    ['limits', 'requests'].flatMap((list) =>
      [...quantityChanges, 'x-kubernetes-int-or-string', 'x-kubernetes-preserve-unknown-fields'].map((what) => [
        `spec.execution.resources.${list}{}: ${what}`,
        quantity,
      ]),
    ),
  ),
  ...Object.fromEntries(
    ['type', 'pattern', 'x-kubernetes-int-or-string', 'minimum', 'maximum'].map((what) => [
      `${shared}.size: ${what}`,
      quantity,
    ]),
  ),
  ...Object.fromEntries(
    [
      'spec: rule "!has(self.checkpoints.volume) || !has(self.checkpoints.volume.perModel) || self.codec.name == \'Pixels\' || has(self.dataset.latents)"',
      'spec.checkpoints.volume: rule "has(self.shared) != has(self.perModel)"',
      'spec.checkpoints.volume: rule "has(self.perModel) == has(oldSelf.perModel)"',
    ].map((rule) => [rule, newField]),
  ),
  [`${shared}.storageClassName: pattern`]: 'takes empty text besides: no class',
  [`${shared}: rule "!has(self.accessModes) || has(self.size)"`]: newField,
  [`${shared}: rule "!has(self.whenDeleted) || has(self.size)"`]: newField,
  [`${shared}: rule "(has(self.accessModes) ? self.accessModes : ['ReadWriteMany']) == (has(oldSelf.accessModes) ? oldSelf.accessModes : ['ReadWriteMany'])"`]:
    newField,
  'spec: rule "self.training.microBatchSize == 0 || self.training.batchSize % self.training.microBatchSize == 0"':
    newField,
  'spec: rule "self.overrides.all(o, !has(o.training) || (has(o.training.microBatchSize) ? o.training.microBatchSize : self.training.microBatchSize) == 0 || (has(o.training.batchSize) ? o.training.batchSize : self.training.batchSize) % (has(o.training.microBatchSize) ? o.training.microBatchSize : self.training.microBatchSize) == 0)"':
    newField,
  'spec: rule "self.sampling.ema <= self.training.ema.further.size() && self.overrides.all(o, !has(o.training) || !has(o.training.ema) || !has(o.training.ema.further) || self.sampling.ema <= o.training.ema.further.size())"':
    newField,
  ...Object.fromEntries(
    [...modelRules, ...conditionRules, ...partRules].map(({ cel }) => [`spec: rule "${cel}"`, newField]),
  ),
  'spec.sampling: rule "!has(self.requiredStates) || has(self.minStates)"': newField,
  ...Object.fromEntries(rulesOfSize.map((rule) => [`spec: rule "${rule}"`, 'the same for pixels'])),
  ...Object.fromEntries(rulesOfLatents.map((rule) => [`spec: rule "${rule}"`, newField])),
  [`spec: rule "${extractorRule}"`]: 'the same for the extractors that there were',
  ...Object.fromEntries(
    [...rulesOfLabels, ...rulesOfShards, formatRule].map((rule) => [`spec.dataset: rule "${rule}"`, newField]),
  ),
  'spec.dataset.source: rule "[has(self.volume), has(self.s3), has(self.http)].filter(there, there).size() == 1"':
    'volume was required, and still is where there is no other',
  'spec.checkpoints: rule "has(self.volume) != has(self.objectStore)"':
    'volume was required, and still is where there is no other',
  'spec.checkpoints: rule "has(self.volume) == has(oldSelf.volume)"': newField,
  ...Object.fromEntries(
    [rangeRule].map((rule) => [`spec.overrides[].states: rule "${rule}"`, 'stood at the override']),
  ),
};

/** A change without its values. */
const withoutValues = (line: string): string => line.replace(/ \S+ → .*$/, '');

test('the CRD takes all that the last release took, but for what was reviewed', () => {
  const before = load(readFileSync(join(import.meta.dirname, '../../..', released), 'utf8')) as Crd;
  const breaks = crdBreaks(before, customResourceDefinition() as unknown as Crd).map(withoutValues);
  assert.deepEqual(
    breaks.filter((line) => !(line in reviewed)),
    [],
    'runs that are stored, or lie in Git, would be refused or read otherwise: take it back, or review it here and in CHANGELOG.md',
  );
  assert.deepEqual(
    Object.keys(reviewed).filter((line) => !breaks.includes(line)),
    [],
    'reviewed, and no change',
  );
});

const object = (properties: object, more: object = {}) => ({ type: 'object', properties, ...more });
const text = { type: 'string' };

for (const [title, before, after, says] of [
  ['a field that is gone', object({ a: text }), object({}), 'a: is gone'],
  ['another type', object({ a: text }), object({ a: { type: 'integer' } }), 'a: type "string" → "integer"'],
  ['a word less', { enum: ['A', 'B'] }, { enum: ['A'] }, ': enum lost "B"'],
  ['words where all were taken', text, { ...text, enum: ['A'] }, ': enum is new'],
  ['a lower maximum', { maximum: 9 }, { maximum: 8 }, ': maximum 9 → 8'],
  ['a new minimum', {}, { minimum: 1 }, ': minimum nothing → 1'],
  ['a shorter text', { maxLength: 9 }, { maxLength: 8 }, ': maxLength 9 → 8'],
  ['another pattern', { pattern: 'a' }, { pattern: 'b' }, ': pattern "a" → "b"'],
  ['another default', { default: 1 }, { default: 2 }, ': default 1 → 2'],
  ['another default inside', { default: { a: 1 } }, { default: { a: 2 } }, ': default {"a":1} → {"a":2}'],
  ['a field that is required now', object({ a: text }), object({ a: text }, { required: ['a'] }), ': requires "a"'],
  ['a new rule', {}, { 'x-kubernetes-validations': [{ rule: 'self.a', message: 'm' }] }, ': rule "self.a"'],
  ['entries of a list', { items: object({ a: text }) }, { items: object({}) }, '[].a: is gone'],
  ['values of a map', { additionalProperties: text }, {}, '{}: is gone'],
  [
    'a closed field',
    { 'x-kubernetes-preserve-unknown-fields': true },
    {},
    ': x-kubernetes-preserve-unknown-fields true → nothing',
  ],
] as const)
  test(`breaking: ${title}`, () => assert.deepEqual(schemaBreaks(before, after), [says]));

for (const [title, before, after] of [
  ['a new field', object({}), object({ a: text })],
  ['a new field that is required and filled in', object({}), object({ a: { default: 1 } }, { required: ['a'] })],
  ['a default of a new field', { default: { a: {} } }, { default: { a: { b: 1 }, c: 2 } }],
  ['a word more', { enum: ['A'] }, { enum: ['A', 'B'] }],
  ['any word', { enum: ['A'] }, {}],
  ['wider bounds', { minimum: 2, maxItems: 3 }, { minimum: 1, maxItems: 4 }],
  ['a bound less', { maximum: 3 }, {}],
  ['a rule less', { 'x-kubernetes-validations': [{ rule: 'self.a' }] }, {}],
  ['another description', { description: 'a' }, { description: 'b' }],
] as const)
  test(`not breaking: ${title}`, () => assert.deepEqual(schemaBreaks(before, after), []));
