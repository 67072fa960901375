import fc from 'fast-check';
import { byteText, plainText } from './byte-text.js';
import { escapeBreaks, escapeBreaksInBytes } from './line-breaks.js';

const texts = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(fc.constantFrom('a', '\u0085', '\u2028', '\u2029', '\u2027', 'Â', '…', 'é')).map((parts) => parts.join('')),
);

test('the three are escaped, and what JSON says stays the same, as text and as bytes', () => {
  fc.assert(
    fc.property(texts, (text) => {
      const json = JSON.stringify(text.toWellFormed());
      const escaped = escapeBreaks(json);
      expect(JSON.parse(escaped)).toBe(JSON.parse(json));
      expect(escaped).not.toMatch(/[\u0085\u2028\u2029]/);
      expect(plainText(escapeBreaksInBytes(byteText(json)))).toBe(escaped);
    }),
  );
});
