/** A value of Python's literal syntax. */
export type PythonLiteral = string | number | boolean | null | PythonSequence | PythonDict;

export interface PythonSequence {
  sequence: 'tuple' | 'list';
  items: PythonLiteral[];
}

export interface PythonDict {
  entries: Map<PythonLiteral, PythonLiteral>;
}

/** Python itself refuses about twice as many brackets within brackets. */
const deepest = 100;

const blank = /(?:[ \t\f\r\n]|#[^\r\n]*|\\\r?\n(?!$))*/y;
const integer = /([+-]?)[ \t]*(0[xX](?:_?[\da-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|[1-9](?:_?\d)*|0(?:_?0)*)/y;
const long = /[ \t\f]*L/y;
const word = /[A-Za-z_]\w*/y;
const quote = /([uUrR]?)('''|"""|'|")/y;
const escaped = /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|(\r?\n)|([\\'"]))/g;
const constants = new Map([
  ['True', true],
  ['False', false],
  ['None', null],
]);

/**
 * Reads one literal: dicts, tuples, lists, strings, integers, True, False and None, as ast.literal_eval does. Nothing is
 * evaluated. What headers of arrays never have (floats, bytes, sets, named characters) is an error.
 * @param longs whether integers may end in L, as Python 2 wrote them
 * @throws SyntaxError
 */
export function parsePythonLiteral(text: string, longs: boolean): PythonLiteral {
  return new LiteralReader(text, longs).whole();
}

class LiteralReader {
  readonly #text: string;
  readonly #longs: boolean;
  #at = 0;

  constructor(text: string, longs: boolean) {
    this.#text = text;
    this.#longs = longs;
  }

  whole(): PythonLiteral {
    const value = this.#value(0);
    this.#match(blank);
    return this.#at < this.#text.length ? this.#fail() : value;
  }

  #fail(): never {
    const next = this.#text[this.#at];
    throw new SyntaxError(
      next === undefined ? 'it ends too early' : `unexpected ${JSON.stringify(next)} at ${this.#at}`,
    );
  }

  /** What comes next, where it is of the pattern; then it is read. */
  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found !== null) this.#at = pattern.lastIndex;
    return found ?? undefined;
  }

  #take(sign: string): boolean {
    this.#match(blank);
    if (this.#text[this.#at] !== sign) return false;
    this.#at++;
    return true;
  }

  #value(depth: number): PythonLiteral {
    if (depth > deepest) this.#fail();
    const inner = () => this.#value(depth + 1);
    if (this.#take('(')) {
      const { items, comma } = this.#items(')', inner);
      const [only] = items;
      return items.length === 1 && !comma && only !== undefined ? only : { sequence: 'tuple', items };
    }
    if (this.#take('[')) return { sequence: 'list', items: this.#items(']', inner).items };
    if (this.#take('{')) return { entries: new Map(this.#items('}', () => this.#pair(inner)).items) };
    const opened = this.#match(quote);
    if (opened !== undefined) return this.#string(opened);
    const digits = this.#match(integer);
    if (digits !== undefined) return this.#number(digits);
    const start = this.#at;
    const constant = constants.get(this.#match(word)?.[0] ?? '');
    if (constant !== undefined) return constant;
    this.#at = start;
    return this.#fail();
  }

  /** Items up to the closing bracket, with or without a comma after the last. */
  #items<T>(closing: string, item: () => T): { items: T[]; comma: boolean } {
    const items: T[] = [];
    let comma = true;
    while (!this.#take(closing)) {
      if (!comma) this.#fail();
      items.push(item());
      comma = this.#take(',');
    }
    return { items, comma };
  }

  #pair(inner: () => PythonLiteral): [PythonLiteral, PythonLiteral] {
    const key = inner();
    if (!this.#take(':')) this.#fail();
    return [key, inner()];
  }

  /** A string after its opening quote, and those that follow it: together they are one. */
  #string([, prefix = '', delimiter = '']: RegExpExecArray): string {
    const start = this.#at;
    for (; !this.#text.startsWith(delimiter, this.#at); this.#at++) {
      const sign = this.#text[this.#at];
      if (sign === undefined || (delimiter.length === 1 && (sign === '\r' || sign === '\n'))) this.#fail();
      if (sign === '\\') this.#at++;
    }
    const body = this.#text.slice(start, this.#at);
    this.#at += delimiter.length;
    this.#match(blank);
    const next = this.#match(quote);
    return (/r/i.test(prefix) ? body : unescaped(body)) + (next === undefined ? '' : this.#string(next));
  }

  #number([, sign, digits = '']: RegExpExecArray): number {
    if (this.#longs) this.#match(long);
    if (/[\w.]/.test(this.#text[this.#at] ?? '')) this.#fail(); // 1.0, 1e3, 1j, 010
    const size = Number(digits.replaceAll('_', ''));
    return sign === '-' && size !== 0 ? -size : size;
  }
}

const unescaped = (body: string): string =>
  body.replace(escaped, (_, hex?: string, unit?: string, line?: string, itself?: string) =>
    line !== undefined ? '' : (itself ?? String.fromCharCode(Number.parseInt(hex ?? unit ?? '', 16))),
  );
