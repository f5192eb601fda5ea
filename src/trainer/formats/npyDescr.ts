import { DdrError } from '../../api/errors.ts';
import type { ElementType } from './elements.ts';
import type { PythonLiteral } from './pythonLiteral.ts';

/** Types of numbers that an .npy file may hold. */
export type NpyType = Exclude<ElementType, 'bfloat16'>;

/**
 * How NumPy spells each type: codes that may follow a byte order, and names that stand alone. C's long has 64 bits, as
 * on every 64-bit Unix.
 */
const spellings: Record<NpyType, { codes: string; names: string }> = {
  bool: { codes: 'b1 ?', names: 'bool bool_' },
  int8: { codes: 'i1 b', names: 'int8 byte' },
  uint8: { codes: 'u1 B', names: 'uint8 ubyte' },
  int16: { codes: 'i2 h', names: 'int16 short' },
  uint16: { codes: 'u2 H', names: 'uint16 ushort' },
  int32: { codes: 'i4 i', names: 'int32 intc' },
  uint32: { codes: 'u4 I', names: 'uint32 uintc' },
  int64: { codes: 'i8 l q p n', names: 'int64 int int_ intp long longlong' },
  uint64: { codes: 'u8 L Q P N', names: 'uint64 uint uintp ulong ulonglong' },
  float16: { codes: 'f2 e', names: 'float16 half' },
  float32: { codes: 'f4 f', names: 'float32 single' },
  float64: { codes: 'f8 d', names: 'float64 float double' },
};

const typesBy = (part: 'codes' | 'names'): ReadonlyMap<string, NpyType> =>
  new Map(
    (Object.keys(spellings) as NpyType[]).flatMap((type) =>
      spellings[type][part].split(' ').map((spelling): [string, NpyType] => [spelling, type]),
    ),
  );
const [byCode, byName] = [typesBy('codes'), typesBy('names')];

const asNumbers = 'Save it as plain numbers, such as numpy.save(path, array.astype("float32")).';

/** What NumPy can save beside plain numbers, with what to do about it. */
const foreignKinds: [pattern: RegExp, kind: string, hint: string][] = [
  [
    /^(O|object)/,
    'Python objects',
    'They are pickled, and loading a pickle may run anything. Save an array of numbers.',
  ],
  [/[,(:]/, 'records', 'Save each field as an array of its own, such as numpy.savez(path, **{name: array[name]}).'],
  [/^([SUaT]\d*|str_?|bytes_?)$/, 'strings', asNumbers],
  [/^(c\d+|[FDG]|c?(single|double|longdouble)|complex.*)$/, 'complex numbers', 'Save array.real and array.imag.'],
  [/^([mM]|datetime|timedelta)/, 'dates or durations', asNumbers],
  [/^(V|void)/, 'raw bytes', 'Save array.view("uint8").'],
  [/^(f1[026]|g|float(80|96|128)|longdouble)$/, 'extended floats', 'Save array.astype("float64").'],
];

/** The text within reason: a header may be thousands of characters long. */
const shown = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}…` : text).toWellFormed();

/**
 * The numbers that a header's `descr` stands for.
 * @throws DdrError InputForeign that names what it is instead, and the remedy
 */
export function typeOfDescr(descr: PythonLiteral, where: string): { type: NpyType; bigEndian: boolean } {
  if (descr !== null && typeof descr === 'object') throw foreign('with fields', 'a,', where);
  if (typeof descr !== 'string')
    throw new DdrError('InputForeign', `has a descr that is no type: ${descr}`, { where, hint: asNumbers });
  const [, order = '', code = ''] = /^([<>=|]?)(.*)$/s.exec(descr) ?? [];
  const type = byCode.get(code) ?? (order === '' ? byName.get(code) : undefined);
  if (type === undefined) throw foreign(descr, code, where);
  return { type, bigEndian: order === '>' };
}

function foreign(descr: string, code: string, where: string): DdrError {
  const [, kind, hint] = foreignKinds.find(([pattern]) => pattern.test(code)) ?? [];
  return kind === undefined
    ? new DdrError('InputForeign', `has elements of type ${shown(descr)}, which NumPy does not know`, { where })
    : new DdrError('InputForeign', `has elements of type ${shown(descr)}: ${kind}, not plain numbers`, {
        where,
        ...(hint === undefined ? {} : { hint }),
      });
}
