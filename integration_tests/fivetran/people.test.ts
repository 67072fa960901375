import type { JsonObject } from '../../src/protocol/messages.js';
import { type Played, startPlayed } from '../strategies/play.js';
import { readTogether } from './reading.js';
import { answerOf, plain, Rows } from './rows.js';

/** Owners, users, roles and teams. */

let played: Played;
beforeEach(async () => {
  played = await startPlayed({});
});
afterEach(() => played.sandbox.close());

const collectionAt = (path: string) => played.sandbox.portal.collectionAt(path);
const ownersAt = (archived: boolean) => answerOf(played.sandbox, `/crm/owners/2026-09?limit=100&archived=${archived}`);
const [USERS, ROLES, TEAMS] = ['', '/roles', '/teams'].map((end) => `/settings/users/:date${end}`) as [
  string,
  string,
  string,
];

function byKey(rows: readonly JsonObject[], ...key: string[]): Record<string, JsonObject> {
  return Object.fromEntries(rows.map((row) => [key.map((field) => row[field]).join(' '), row]));
}

test('owners are all there, those who were removed as well, whose user is none any more', async () => {
  const owners = new Rows(played.sandbox, 'owner');
  await owners.sync();
  const truth = (await Promise.all([false, true].map(ownersAt))).flatMap((all, index) =>
    all.map(({ id, email, firstName, lastName, userId, type, createdAt, updatedAt }) => ({
      owner_id: Number(id),
      email: email ?? null,
      first_name: firstName ?? null,
      last_name: lastName ?? null,
      active_user_id: index === 0 ? (userId ?? null) : null,
      type,
      portal_id: played.sandbox.portal.account.portalId,
      is_active: index === 0,
      created_at: plain(createdAt),
      updated_at: plain(updatedAt),
    })),
  );
  expect(owners.all).toEqual(byKey(truth as JsonObject[], 'owner_id'));
  expect(truth.filter((each) => !each.is_active)).toHaveLength(2);
  expect(await owners.sync()).toEqual([]);
  // One who is removed goes to the other list.
  const { owners: all } = played.sandbox.portal;
  const [first] = all;
  played.wait(5);
  if (first) all[0] = { ...first, archived: true };
  expect(await owners.sync()).toHaveLength(1);
  expect(owners.at(Number(first?.id))).toMatchObject({ is_active: false, active_user_id: null, email: first?.email });
  // One of whom HubSpot says nothing any more stays as he was.
  all.shift();
  played.wait(5);
  expect(await owners.sync()).toEqual([]);
});

test('the teams of owners, and that one was left', async () => {
  const teams = new Rows(played.sandbox, 'owner_team');
  await teams.sync();
  const truth = (await ownersAt(false)).flatMap(({ id, teams: own }) =>
    ((own as JsonObject[] | undefined) ?? []).map((team) => ({
      owner_id: Number(id),
      team_id: Number(team.id),
      is_team_primary: team.primary,
      _fivetran_deleted: false,
    })),
  );
  expect(teams.all).toEqual(byKey(truth as JsonObject[], 'owner_id', 'team_id'));
  const { owners } = played.sandbox.portal;
  const index = owners.findIndex(({ teams: own }) => own.length === 2);
  const owner = owners[index] as (typeof owners)[number];
  played.wait(5);
  owners[index] = { ...owner, teams: owner.teams.slice(0, 1) };
  await teams.sync();
  const left = teams.at(Number(owner.id), Number(owner.teams[1]?.id));
  expect(left).toMatchObject({ is_team_primary: false, _fivetran_deleted: true });
  expect(Object.values(teams.all).filter((row) => row._fivetran_deleted)).toHaveLength(1);
});

test('users, roles and teams are those of the settings, with ids as numbers', async () => {
  const tables = ['users', 'role', 'team', 'team_user'].map((name) => new Rows(played.sandbox, name));
  const [users, roles, teams, members] = tables as [Rows, Rows, Rows, Rows];
  for (const table of tables) await table.sync();
  const mark = { _fivetran_deleted: false };
  const there = (path: string) => [...collectionAt(path).truth().values()];
  const of = there(USERS).map(({ id, email, firstName, lastName, roleId, primaryTeamId }) => ({
    ...{ id: Number(id), email: email ?? null, first_name: firstName ?? null, last_name: lastName ?? null },
    role_id: roleId === undefined ? null : Number(roleId),
    primary_team_id: primaryTeamId === undefined ? null : Number(primaryTeamId),
    ...mark,
  }));
  expect(users.all).toEqual(byKey(of as JsonObject[], 'id'));
  const named = there(ROLES).map(({ id, name, requiresBillingWrite }) => ({
    ...{ id: Number(id), name, requires_billing_write: requiresBillingWrite },
    ...mark,
  }));
  expect(roles.all).toEqual(byKey(named as JsonObject[], 'id'));
  expect(teams.all).toEqual(
    byKey(there(TEAMS).map(({ id, name }) => ({ id: Number(id), name, ...mark })) as JsonObject[], 'id'),
  );
  const within = there(TEAMS).flatMap(({ id, userIds, secondaryUserIds }) =>
    [userIds, secondaryUserIds].flatMap((ids, index) =>
      (ids as string[]).map((user) => ({
        ...{ team_id: Number(id), user_id: Number(user), is_secondary_user: index === 1 },
        ...mark,
      })),
    ),
  );
  expect(members.all).toEqual(byKey(within as JsonObject[], 'team_id', 'user_id'));
  expect(within.length).toBeGreaterThan(3);
  for (const table of tables) expect(await table.sync()).toEqual([]);
});

test('who is gone stays, and is marked', async () => {
  const tables = ['users', 'role', 'team', 'team_user'].map((name) => new Rows(played.sandbox, name));
  for (const table of tables) await table.sync();
  const before = tables.map(({ all }) => all);
  played.wait(10);
  const gone = [USERS, ROLES, TEAMS].map((path) => {
    const [id = ''] = collectionAt(path).truth().keys();
    collectionAt(path).erase(id);
    return id;
  });
  for (const [index, table] of tables.slice(0, 3).entries()) {
    expect(await table.sync()).toEqual([
      {
        id: Number(gone[index]),
        _fivetran_deleted: true,
        _fivetran_synced: expect.stringMatching(/^2026-03-01T00:10:\d\d\.\d{3}$/),
      },
    ]);
    expect(table.at(Number(gone[index]))).toEqual({ ...before[index]?.[gone[index] ?? ''], _fivetran_deleted: true });
  }
  await tables[3]?.sync();
  const marked = Object.values(tables[3]?.all ?? {}).filter((row) => row._fivetran_deleted === true);
  expect(marked.length).toBeGreaterThan(0);
  expect(marked.every((row) => row.team_id === Number(gone[2]))).toBe(true);
});

test('with cdc, it says when it is gone as well', async () => {
  const users = new Rows(played.sandbox, 'users', { deletes: 'cdc' });
  await users.sync();
  const [id = ''] = collectionAt(USERS).truth().keys();
  expect(users.at(Number(id))).toMatchObject({ _fivetran_deleted: false, _ab_cdc_deleted_at: null });
  collectionAt(USERS).erase(id);
  played.wait(10);
  await users.sync();
  const at = expect.stringMatching(/^2026-03-01T00:10:\d\d\.\d{3}Z$/);
  expect(users.at(Number(id))).toMatchObject({ _fivetran_deleted: true, _ab_cdc_deleted_at: at });
});

test('with deletions off, nothing is marked', async () => {
  const users = new Rows(played.sandbox, 'users', { deletes: 'off' });
  await users.sync();
  const [id = ''] = collectionAt(USERS).truth().keys();
  collectionAt(USERS).erase(id);
  expect(await users.sync()).toEqual([]);
  expect(users.at(Number(id))).toMatchObject({ _fivetran_deleted: false });
});

test('lists that several tables are of are asked once', async () => {
  played.sandbox.calls.reset();
  await readTogether(played.sandbox, ['owner', 'owner_team', 'team', 'team_user']);
  const { byKind } = played.sandbox.calls.counts();
  // Owners live and removed; the teams.
  expect([byKind.owners, byKind.collection]).toEqual([2, 1]);
});

test('an id with more digits than a float has is no id of another', async () => {
  collectionAt(USERS).put('9007199254740993', { email: 'far@sandbox.example', roleId: '9007199254740993' });
  collectionAt(USERS).put('9007199254740991', { email: 'last@sandbox.example', roleId: '9007199254740995' });
  const users = new Rows(played.sandbox, 'users');
  await users.sync();
  expect(Object.values(users.all).some(({ email }) => email === 'far@sandbox.example')).toBe(false);
  expect(users.all['9007199254740991']).toMatchObject({ email: 'last@sandbox.example', role_id: null });
});
