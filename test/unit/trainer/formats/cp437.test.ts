import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeCp437 } from '../../../../src/trainer/formats/cp437.ts';

test('every byte stands for a character of its own; ASCII stands for itself', () => {
  const all = decodeCp437(Uint8Array.from({ length: 256 }, (_, byte) => byte));
  assert.equal(new Set(all).size, 256);
  assert.equal(all.slice(0, 128), String.fromCharCode(...Array.from({ length: 128 }, (_, byte) => byte)));
  assert.equal(decodeCp437(Uint8Array.of(0x64, 0x82, 0xe1, 0xff)), 'déß\u00a0');
});
