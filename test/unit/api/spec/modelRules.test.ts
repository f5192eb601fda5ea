import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRun } from '../../../../src/api/run.ts';
import { modelRules } from '../../../../src/api/spec/modelRules.ts';
import { withSpec } from '../../../helpers/runs.ts';

const override = (model: object) => ({ overrides: [{ states: '8-9', model }] });
const base = { schedule: { states: 10 } };

test('every rule is there for the run’s network and for that of an override', () => {
  const [own, overridden] = ['self.model.', 'self.overrides.all(o, '].map((beginning) =>
    modelRules.filter(({ cel }) => cel.startsWith(beginning)),
  );
  assert.equal(own?.length, modelRules.length / 2);
  assert.equal(overridden?.length, modelRules.length / 2);
});

test('an override is judged by the network that it leads to', () => {
  const parse = (spec: object) => parseRun(withSpec({ ...base, ...spec }));
  parse({ model: { normGroups: 16 }, ...override({ baseChannels: 64 }) });
  assert.throws(
    () => parse({ model: { normGroups: 16 }, ...override({ baseChannels: 24 }) }),
    /normGroups must divide/,
  );
  parse({ model: { headChannels: 32 }, ...override({ headChannels: 0, baseChannels: 24 }) });
  assert.throws(() => parse({ model: { headChannels: 32 }, ...override({ baseChannels: 24 }) }), /headChannels/);
  parse({ model: { transformerDepths: [1] }, ...override({ classEmbedding: 'Token' }) });
  assert.throws(() => parse(override({ classEmbedding: 'Token' })), /set transformerDepths/);
});
