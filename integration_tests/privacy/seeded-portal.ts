import { createHash } from 'node:crypto';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.js';

/** The values that a contact has of properties that are to be hashed, by name. */
type Values = Readonly<Record<string, string>>;

const NUMBERS = [0, 1, 2, 3, 4, 5, 6, 7];
/** Of each type of HubSpot's, unmistakable, and with what is escaped in JSON and in URLs. */
const valuesOf = (number: number, age: string): Values => ({
  email: `clear-${age}-${number}@seeded.example`,
  nickname: `"Zzyzx" ${age} ${number}/ß\\`,
  salary: `91827364${number}${age.length}`,
  birthday: `187${number}-03-0${age.length}`,
  met_at: `187${number}-04-0${age.length}T01:02:03.456Z`,
  interests: `quirky-${age}-${number};odd-${age}-${number}`,
  passport: `PPX-${age}-${number}`,
  not_a_number: `unparsable-${age}-${number}`,
});

/** The properties of contacts that hold them; `passport` is sensitive. */
export const SECRET_PROPERTIES = Object.keys(valuesOf(0, 'first'));
export const SENSITIVE = 'passport';

/** A portal whose contacts have, had, or lost values that nothing else has. */
export class SeededPortal {
  /** Every value that a contact has or had. */
  readonly secrets = new Set<string>();
  ahead = 0;

  private constructor(
    readonly sandbox: Sandbox,
    readonly ids: readonly string[],
  ) {}

  static async start(): Promise<SeededPortal> {
    let portal: SeededPortal | null = null;
    const sandbox = await startSandbox({
      counts: { '*': 0 },
      limits: 'off',
      clock: () => Date.now() + (portal?.ahead ?? 0),
    });
    const { portal: records } = sandbox;
    const typed = { salary: 'number', not_a_number: 'number', birthday: 'date', met_at: 'datetime' } as const;
    for (const name of SECRET_PROPERTIES.filter((each) => each !== 'email')) {
      const type = Object.entries(typed).find(([each]) => each === name)?.[1] ?? 'string';
      const dataSensitivity = name === SENSITIVE ? 'sensitive' : 'non_sensitive';
      records.addProperty('contacts', { name, type: name === 'interests' ? 'enumeration' : type, dataSensitivity });
    }
    records.addProperty('tickets', { name: 'reporter', type: 'string' });
    const ids = NUMBERS.map((number) => records.create('contacts', valuesOf(number, 'first')));
    portal = new SeededPortal(sandbox, ids);
    for (const number of NUMBERS) portal.#note(valuesOf(number, 'first'));
    records.create('tickets', { subject: 'a ticket', reporter: portal.emailOf(0, 'first') });
    return portal;
  }

  emailOf(number: number, age: string): string {
    return valuesOf(number, age).email ?? '';
  }

  /** Contacts are changed, one is archived, and two are merged. */
  change(age: string): void {
    const { portal } = this.sandbox;
    const [first = '', second = '', third = '', fourth = '', fifth = ''] = this.ids;
    for (const [number, id] of [first, second, third].entries()) {
      const values = valuesOf(number, age);
      this.#note(values);
      portal.edit('contacts', id, values);
    }
    portal.archive('contacts', fifth);
    portal.merge('contacts', third, fourth);
  }

  wait(minutes: number): void {
    this.ahead += minutes * 60_000;
  }

  #note(values: Values): void {
    for (const value of Object.values(values)) this.secrets.add(value);
    // A part of several is as telling as the whole.
    for (const part of values.interests?.split(';') ?? []) this.secrets.add(part);
  }

  /** The values that a text has, in any of the forms in which something could have written them. */
  found(text: string): string[] {
    return [...this.secrets].filter((secret) => formsOf(secret).some((form) => text.includes(form)));
  }
}

/** As it is, escaped, encoded, and hashed so that anyone could find out by trying. */
function formsOf(secret: string): string[] {
  const escaped = JSON.stringify(secret).slice(1, -1);
  const ascii = escaped.replace(/[\u0080-\uffff]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
  const hashes = [secret, JSON.stringify(secret)].flatMap((text) => {
    const hash = createHash('sha256').update(text);
    const bytes = hash.digest();
    // States have eight characters of a hash.
    return [bytes.toString('hex'), bytes.toString('base64url').slice(0, 8)];
  });
  const encoded = [encodeURIComponent(secret), Buffer.from(secret).toString('base64').replace(/=+$/, '')];
  return [secret, escaped, JSON.stringify(escaped).slice(1, -1), ascii, ...encoded, ...hashes];
}
