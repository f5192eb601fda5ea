import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modelSchema } from '../../../../src/api/spec/model.ts';
import { blockSpecs } from '../../../../src/trainer/model/blockParameters.ts';
import { conditioningOf, unconditioned } from '../../../../src/trainer/model/conditioning.ts';
import type { Residual } from '../../../../src/trainer/model/structure.ts';

const config = { ...modelSchema.parse({ baseChannels: 8 }), imageSize: 8, imageChannels: 1 };
const block: Residual = {
  kind: 'residual',
  name: 'x',
  from: 8,
  to: 8,
  attention: { kind: 'transformer', heads: 1, depth: 1 },
};
const transformer = (changes: object, conditioning = unconditioned) =>
  blockSpecs({ ...config, ...changes }, conditioning, block)
    .filter(({ name }) => name.includes('.transformer.'))
    .map(({ name, shape, initial }) => `${name.slice('x.transformer.'.length)} ${shape} ${initial.kind}`);

test('a transformer without a context has no cross-attention', () => {
  assert.deepEqual(transformer({}), [
    'norm.g 8 ones',
    'norm.s 8 zeros',
    'in.w 1,1,8,8 normal',
    'in.b 8 zeros',
    '0.self.norm.g 8 ones',
    '0.self.norm.s 8 zeros',
    '0.self.qkv.w 8,24 normal',
    '0.self.out.w 8,8 normal',
    '0.self.out.b 8 zeros',
    '0.feed.norm.g 8 ones',
    '0.feed.norm.s 8 zeros',
    '0.feed.in.w 8,64 normal',
    '0.feed.in.b 64 zeros',
    '0.feed.out.w 32,8 normal',
    '0.feed.out.b 8 zeros',
    'out.w 1,1,8,8 zeros',
    'out.b 8 zeros',
  ]);
});

test('with a context it looks at it, as wide as it is; projections may be matrices', () => {
  const told = conditioningOf(1, config, { context: { tokens: 2, width: 5 } });
  const specs = transformer({ projections: 'Linear' }, told);
  assert.ok(specs.includes('0.cross.kv.w 5,16 normal') && specs.includes('0.cross.q.w 8,8 normal'));
  assert.ok(specs.includes('in.w 8,8 normal') && specs.includes('out.w 8,8 zeros'));
});
