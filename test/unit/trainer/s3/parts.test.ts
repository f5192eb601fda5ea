import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { partsOf } from '../../../../src/trainer/s3/parts.ts';
import { pieces } from '../../../helpers/storeGuarantees.ts';

test('parts are the same bytes, all but the last of one size, and no longer those that came', async () => {
  const piece = fc.uint8Array({ maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 12 }), fc.integer({ min: 1, max: 30 }), async (given, partBytes) => {
      async function* reused() {
        for (const each of given) {
          const bytes = each.slice();
          yield bytes;
          bytes.fill(0); // as a producer does that writes the next piece where the last was
        }
      }
      const parts: Uint8Array[] = [];
      for await (const part of partsOf(reused(), partBytes)) parts.push(part);
      assert.deepEqual(Buffer.concat(parts), Buffer.concat(given));
      assert.ok(parts.slice(0, -1).every(({ length }) => length === partBytes));
      const last = parts.at(-1)?.length ?? 0;
      assert.ok(last <= partBytes && (last > 0 || parts.length === 1));
    }),
  );
});

test('what fails while it comes fails the parts', async () => {
  const parts = partsOf(pieces('ab', new Error('the source ended')), 2);
  assert.equal(Buffer.from((await parts.next()).value ?? []).toString(), 'ab');
  await assert.rejects(parts.next(), /the source ended/);
});
