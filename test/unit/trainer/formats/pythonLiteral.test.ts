import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type PythonLiteral, parsePythonLiteral } from '../../../../src/trainer/formats/pythonLiteral.ts';

const parse = (text: string) => parsePythonLiteral(text, false);
const tuple = (...items: PythonLiteral[]) => ({ sequence: 'tuple', items });

test('integers are read in all of their spellings', () => {
  for (const [text, value] of [
    ['12', 12],
    ['+3', 3],
    ['-3', -3],
    ['- 3', -3],
    ['0x1F', 31],
    ['0o17', 15],
    ['0b101', 5],
    ['1_000', 1000],
    ['00', 0],
    ['-0', 0],
  ] as const)
    assert.equal(parse(text), value, text);
  for (const text of ['012', '1__0', '_1', '1.0', '1e3', '1j', '--1', '1L', '1l', '1if', '0x'])
    assert.throws(() => parse(text), SyntaxError, text);
});

test('the L of Python 2 is taken only where it is asked for', () => {
  assert.deepEqual(parsePythonLiteral('(20L, 0x2 L)', true), tuple(20, 2));
  for (const text of ['(20LL,)', '(L,)', '()L', "'a'L"])
    assert.throws(() => parsePythonLiteral(text, true), SyntaxError, text);
});

test('strings are read with either quote, prefixes, escapes and neighbours', () => {
  for (const [text, value] of [
    [`'a"b'`, 'a"b'],
    [`"a'b"`, "a'b"],
    [`u'a'`, 'a'],
    [`'''a\n'b'''`, "a\n'b"],
    [`'a' "b"\n'c'`, 'abc'],
    [`'\\x3cf8'`, '<f8'],
    [`'\\u00e9'`, 'é'],
    [`'it\\'s'`, "it's"],
    [`r'\\x3c'`, '\\x3c'],
    [`'a\\\nb'`, 'ab'],
    [`''`, ''],
  ] as const)
    assert.equal(parse(text), value, text);
  for (const text of [`'a`, `'a\nb'`, `'a\\'`, `b'a'`, `f'a'`, `'''a'`])
    assert.throws(() => parse(text), SyntaxError, text);
});

test('one value in brackets is that value; a comma makes it a tuple', () => {
  assert.equal(parse('((1))'), 1);
  assert.deepEqual(parse('(1,)'), tuple(1));
  assert.deepEqual(parse('( )'), tuple());
  assert.deepEqual(parse('[(1, 2,), None]'), { sequence: 'list', items: [tuple(1, 2), null] });
  for (const text of ['(,)', '(1,,)', '(1 2)', '(1', '[1)', '1,', '{1, 2}', '{1:}', '{**{}}', ''])
    assert.throws(() => parse(text), SyntaxError, text);
});

test('of two equal keys the last one counts; comments and lines do not', () => {
  assert.deepEqual(parse("{ # keys\n'a'\n: True,\\\n 'a': False }\n"), { entries: new Map([['a', false]]) });
});

test('names are only True, False and None: nothing is looked up', () => {
  for (const text of ['true', 'constructor', '__proto__', 'Truer']) assert.throws(() => parse(text), SyntaxError, text);
});

test('brackets within brackets end before the stack does', () => {
  assert.throws(() => parse('('.repeat(5000)), SyntaxError);
  assert.deepEqual(parse(`${'('.repeat(30)}1,${')'.repeat(30)}`), tuple(1));
});
