import type { Portal } from '../portal/portal.js';
import { valueAt } from '../portal/values.js';

/** The people of a portal, as its settings have them: those of the CRM's owners who can log in. */
export interface People {
  users: Record<string, object>;
  teams: Record<string, object>;
}

const ROLES = ['8101', '8102', '8103'];

/** Users are owners under another id; teams are those that owners are in. */
export function peopleOf({ owners }: Portal): People {
  const users: Record<string, object> = {};
  const teams = new Map<string, { name: string; userIds: string[]; secondaryUserIds: string[] }>();
  for (const [index, { userId, archived, email, firstName, lastName, teams: own }] of owners.entries()) {
    if (userId === undefined || archived) continue;
    const id = String(userId);
    const [main, ...others] = own;
    for (const each of own) {
      const team = teams.get(each.id) ?? { name: each.name, userIds: [], secondaryUserIds: [] };
      (each.primary ? team.userIds : team.secondaryUserIds).push(id);
      teams.set(each.id, team);
    }
    users[id] = {
      email,
      firstName,
      lastName,
      roleId: ROLES[index % ROLES.length],
      roleIds: [ROLES[index % ROLES.length]],
      primaryTeamId: main?.id,
      secondaryTeamIds: others.map((team) => team.id),
      superAdmin: index === 0,
      seatNames: index % 2 === 0 ? ['sales'] : [],
    };
  }
  return { users, teams: Object.fromEntries(teams) };
}

/** So many items, each with its number from 1. @param first the lowest id */
export function numbered(
  count: number,
  first: number,
  make: (n: number, id: string) => object,
): Record<string, object> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, index) => {
      const id = String(first + 7 * index);
      return [id, make(index + 1, id)];
    }),
  );
}

/** The ids of some contacts; of a portal without any, made-up ones. */
export function contactIdsOf(portal: Portal, most: number): string[] {
  const { records } = portal.store(portal.type('contacts'));
  const ids = records.slice(0, most).map(({ id }) => String(id));
  return ids.length > 0 ? ids : ['1'];
}

/** The e-mail addresses of some contacts; of a portal without any, made-up ones. */
export function emailsOf(portal: Portal, most: number): string[] {
  const emails = contactIdsOf(portal, most).flatMap((id) => emailOf(portal, id) ?? []);
  return emails.length > 0 ? emails : ['person1@sandbox.example'];
}

function emailOf(portal: Portal, id: string): string | null {
  const type = portal.type('contacts');
  const record = portal.store(type).records.find((each) => String(each.id) === id);
  return record ? valueAt(record, portal.properties(type).get('email'), record.change) : null;
}
