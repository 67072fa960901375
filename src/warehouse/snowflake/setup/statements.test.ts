import { script, setPublicKey, setupStatements } from './statements.js';

test('names and keys are text and nothing else', () => {
  const evil = `A"; DROP TABLE T; --`;
  const names = { role: evil, user: evil, warehouse: evil, database: evil, schema: 'small letters' };
  const sql = script([...setupStatements(names, "key'; DROP TABLE T; --"), setPublicKey(evil, 'k')]);
  // Each is in quotes, in which its own are doubled.
  expect(sql).not.toMatch(/A"; DROP/);
  expect(sql.replaceAll('"A""; DROP TABLE T; --"', 'NAME')).not.toMatch(/A"/);
  expect(sql).toContain("RSA_PUBLIC_KEY = 'key''; DROP TABLE T; --'");
  expect(sql).toContain('."small letters" TO ROLE');
});

test('a user who logs in by something else gets no key', () => {
  const names = { role: 'R', user: 'U', warehouse: 'W', database: 'D', schema: 'S' };
  expect(setupStatements(names, null)).toContain('CREATE USER IF NOT EXISTS U TYPE = SERVICE DEFAULT_ROLE = R');
});
