import fc from 'fast-check';
import { fitRecord } from './record-size.js';

const fitted = (record: object, most: number) => {
  const { data, changes } = fitRecord(Buffer.from(JSON.stringify(record)), most);
  return { data: JSON.parse(data.toString()) as unknown, bytes: data.length, changes };
};

test('a record that fits is not touched, nor read', () => {
  const data = Buffer.from('no json at all');
  expect(fitRecord(data, data.length).data).toBe(data);
});

test('the longest fields go first, each noted with what was too large: itself, or the record', () => {
  const record = { id: '1', a: 'x'.repeat(900), b: 'é'.repeat(2000), c: 'y'.repeat(1500), d: 'short' };
  expect(fitted(record, 2000)).toMatchObject({
    data: { ...record, b: null, c: null },
    changes: [
      { field: 'b', change: 'NULLED', reason: 'DESTINATION_FIELD_SIZE_LIMITATION' },
      { field: 'c', change: 'NULLED', reason: 'DESTINATION_RECORD_SIZE_LIMITATION' },
    ],
  });
});

test('whatever comes in, what is left fits with its notes, and says the same but for the fields noted', () => {
  const long = fc.nat(3000).chain((n) => fc.string({ unit: 'binary', minLength: n, maxLength: n }));
  fc.assert(
    fc.property(
      fc.dictionary(fc.string({ maxLength: 10 }), fc.oneof(fc.jsonValue(), long), { maxKeys: 8 }),
      (record) => {
        const most = 1500;
        const given = JSON.parse(JSON.stringify(record)) as Record<string, unknown>;
        fc.pre(Object.keys(given).every((key) => key !== '__proto__'));
        const { data, bytes, changes } = fitted(given, most);
        const gone = new Set(changes.map(({ field }) => field));
        expect(data).toEqual(Object.fromEntries(Object.entries(given).map(([k, v]) => [k, gone.has(k) ? null : v])));
        const notes = changes.reduce((sum, change) => sum + JSON.stringify(change).length + 1, 0);
        expect(bytes + notes).toBeLessThanOrEqual(most);
        if (Buffer.byteLength(JSON.stringify(given)) <= most) expect(changes).toEqual([]);
      },
    ),
    { numRuns: 300 },
  );
});
