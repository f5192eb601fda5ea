import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modelSchema } from '../../../../src/api/spec/model.ts';
import { unetConfig } from '../../../../src/trainer/model/parameters.ts';
import { type Network, requireFit, requireTensors, toldOf } from '../../../../src/trainer/warmStart/fit.ts';

const network = (model: object = {}, fields: Partial<Network> = {}, image = { size: 32, channels: 1 }): Network => ({
  config: unetConfig(modelSchema.parse({ attentionResolutions: [8], ...model }), image),
  prediction: 'V',
  told: { timestep: false, classes: 0 },
  ...fields,
});
const here = network();
const told = (timestep: boolean, classes = 0) => ({ told: { timestep, classes } });

const others: [title: string, there: Network, says: RegExp, here?: Network][] = [
  ['of other channels', network({ baseChannels: 64 }), /model\.baseChannels is 32.*Set model\.baseChannels to 64/s],
  ['of other levels', network({ channelMultipliers: [1, 2] }), /model\.channelMultipliers to \[1,2\]/],
  ['with more blocks', network({ residualBlocks: 2 }), /model\.residualBlocks to 2/],
  ['with other heads', network({ headChannels: 16 }), /model\.headChannels to 16/],
  ['with attention elsewhere', network({ attentionResolutions: [16] }), /model\.attentionResolutions to \[16\]/],
  ['with other groups', network({ normGroups: 16 }), /model\.normGroups to 16/],
  ['with another epsilon', network({ normEpsilon: 1e-6 }), /model\.normEpsilon to 0\.000001/],
  ['that pads otherwise', network({ downsamplePadding: 'Both' }), /model\.downsamplePadding to "Both"/],
  ['that predicts something else', network({}, { prediction: 'Epsilon' }), /training\.prediction to Epsilon/],
  ['of colour', network({}, {}, { size: 32, channels: 3 }), /sees 3 channels, and this run's see 1/],
  ['that is told the timestep', network({}, told(true)), /model\.timeEmbedding to Always/],
  ['that is not told it', here, /schedule\.statesPerModel to 1/, network({}, told(true))],
  ['that is told classes', network({}, told(false, 4)), /told 3 classes.*dataset\.labels with 3 classes/s],
  ['that is not told them', here, /model\.classEmbedding to None/, network({}, told(false, 4))],
  [
    'that is told it otherwise',
    network({ timeOrder: 'SineFirst' }, told(true)),
    /model\.timeOrder to "SineFirst"/,
    network({}, told(true)),
  ],
];

for (const [title, there, says, beginner = here] of others) {
  test(`weights of a network ${title} are refused with the field and what to set`, () => {
    assert.throws(
      () => requireFit(there, beginner, 'm'),
      (error: Error & { code?: string; hint?: string }) => {
        assert.equal(error.code, 'InputMismatch');
        assert.match(`${error.message}\n${error.hint}`, says);
        return true;
      },
    );
  });
}

test('weights of the same network fit, though it has dropout, other images, or says less', () => {
  const same = [
    here,
    network({ dropout: 0.3, classTokenWidth: 9 }),
    network({ attentionResolutions: [4] }, {}, { size: 16, channels: 1 }),
    network({ timeOrder: 'SineFirst' }),
    network({ transformerDepths: [0, 0] }),
    network({}, { prediction: undefined }),
  ];
  for (const there of same) requireFit(there, here, 'm');
});

test('what a network is told is read from its parameters', () => {
  assert.deepEqual(toldOf([]), { timestep: false, classes: 0 });
  const shapes = [
    { name: 'time.0.w', shape: [8, 32] },
    { name: 'class.w', shape: [4, 32] },
  ];
  assert.deepEqual(toldOf(shapes), { timestep: true, classes: 4 });
});

test('a file has just the tensors that are wanted, but for those that are spared', () => {
  const wanted = new Map([['a', { shape: [2, 3] }]]);
  const has = (name: string, shape: number[]): [string, { shape: number[] }] => [name, { shape }];
  requireTensors(new Map([has('a', [2, 3]), has('b', [])]), wanted, 'm', new Set(['b']));
  for (const [there, says] of [
    [[], /has no tensor a, and the network one of shape \[2, 3\]/],
    [[has('a', [3, 2])], /has a of shape \[3, 2\]/],
    [[has('a', [2, 3]), has('c', [])], /has a tensor c/],
  ] as const)
    assert.throws(() => requireTensors(new Map(there), wanted, 'm'), { code: 'InputMismatch', message: says });
});
