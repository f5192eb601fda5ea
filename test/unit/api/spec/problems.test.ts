import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearest } from '../../../../src/api/spec/problems.ts';

test('a misspelt name finds the one that is meant, another none', () => {
  const names = ['nodeSelector', 'nodeName', 'env', 'envFrom'];
  assert.equal(nearest('nodeSelecter', names), 'nodeSelector');
  assert.equal(nearest('NodeSelector', names), 'nodeSelector');
  assert.equal(nearest('envs', names), 'env');
  assert.equal(nearest('xyz', names), undefined);
  assert.equal(nearest('', names), undefined);
});
