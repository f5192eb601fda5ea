import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { anyQuantity, billionthsOf, isQuantity, wholeQuantity } from '../../../src/api/quantity.ts';
import { quantityTexts } from '../../helpers/quantityCases.ts';

test('quantities are read whole, as Kubernetes reads them', () => {
  for (const text of quantityTexts.right) assert.ok(isQuantity(text), text);
  for (const text of quantityTexts.wrong) assert.ok(!isQuantity(text), text);
});

test('an exponent that would keep an API server busy is refused', () => {
  assert.ok(!isQuantity('1e99999999999'));
});

test('numbers become text: fractions in lists of resources, whole numbers elsewhere', () => {
  assert.deepEqual(
    [0, 0.5, 1e21].map((number) => anyQuantity.parse(number)),
    ['0', '0.5', '1e+21'],
  );
  assert.equal(wholeQuantity.parse(1_500_000_000), '1500000000');
  for (const wrong of [-1, -0.5, Number.NaN, Number.POSITIVE_INFINITY, true, null, {}])
    assert.equal(anyQuantity.safeParse(wrong).success, false, String(wrong));
  assert.equal(wholeQuantity.safeParse(0.5).success, false);
});

test('what is parsed once is right when it is parsed again', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }), (number) => {
      const text = anyQuantity.parse(number);
      assert.equal(anyQuantity.parse(text), text);
    }),
  );
});

test('equal amounts are equal however they are written', () => {
  for (const [a, b] of [
    ['1', '1000m'],
    ['1Ki', '1024'],
    ['1.5Gi', '1536Mi'],
    ['12e6', '12M'],
    ['1E3', '1k'],
    ['.5', '500m'],
    ['5.', '+5'],
    ['1E', '1e18'],
    ['100u', '100000n'],
    ['1e-9', '1n'],
  ] as const)
    assert.equal(billionthsOf(a), billionthsOf(b), `${a} and ${b}`);
  assert.equal(billionthsOf('1e-12'), 1n, 'it rounds up');
  assert.ok(billionthsOf('2Gi') < billionthsOf('4Gi'));
});
