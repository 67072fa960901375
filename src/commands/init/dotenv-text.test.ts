import { parseEnv } from 'node:util';
import fc from 'fast-check';
import { conflicts, withVariables } from './dotenv-text.js';

const variables = (values: Record<string, string>) => new Map(Object.entries(values));

test('what is there stays as it is, with its comments; a line that sets a variable otherwise is replaced', () => {
  const before = '# mine\nOTHER = 1 # one\nexport TOKEN="old"\n\nTOKEN_2=x\n';
  expect(withVariables(before, variables({ TOKEN: 'new' }))).toBe(
    "# mine\nOTHER = 1 # one\n\nTOKEN_2=x\nTOKEN='new'\n",
  );
  expect(conflicts(before, variables({ TOKEN: 'new', TOKEN_2: 'x', MORE: 'm' }))).toEqual(['TOKEN']);
  expect(withVariables(before, variables({ TOKEN: 'old' }))).toBe(before);
  expect(withVariables('', variables({ TOKEN: 'new' }))).toBe("TOKEN='new'\n");
});

test('a line within another value that looks like an assignment is left', () => {
  const before = 'CERTIFICATE="one\nTOKEN=two\n"\nTOKEN=old\n';
  const after = withVariables(before, variables({ TOKEN: 'new' }));
  expect(parseEnv(after)).toEqual({ CERTIFICATE: 'one\nTOKEN=two\n', TOKEN: 'new' });
});

test('Node reads every value as it was, whatever characters it has', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }), fc.string(), (value, other) => {
      // No quotes hold all three kinds of quotes; and a carriage return does not survive in any.
      fc.pre(!/['`"].*['`"]/s.test(value) && !value.includes('\r'));
      const before = `KEPT='${other.replace(/['\r]/g, '')}'\nTOKEN=old\n`;
      const text = withVariables(before, variables({ TOKEN: value }));
      expect(parseEnv(text)).toEqual({ KEPT: parseEnv(before).KEPT, TOKEN: value });
    }),
  );
});

test('a value with quotes of all kinds is refused in a sentence', () => {
  expect(() => withVariables('', variables({ PASSWORD: `a'b"c\`d` }))).toThrow(
    'PASSWORD has quotes of all kinds, which .env cannot hold.',
  );
});

test('where a quote is open, a new variable would be part of another one: that is said', () => {
  expect(() => withVariables("OTHER='abc\n", variables({ TOKEN: 'new' }))).toThrow('has a quote that is not closed');
});
