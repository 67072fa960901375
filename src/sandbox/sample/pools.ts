import type { Faker } from '@faker-js/faker';
import { faker as german } from '@faker-js/faker/locale/de';
import { faker as plain } from '@faker-js/faker/locale/en';
import { faker as french } from '@faker-js/faker/locale/fr';
import { faker as japanese } from '@faker-js/faker/locale/ja';
import { faker as polish } from '@faker-js/faker/locale/pl';

/** Lists of plausible values that records draw from; a record's value is its index in a pool, so pools cost little. */
export interface Pools {
  readonly firstNames: readonly string[];
  readonly lastNames: readonly string[];
  readonly jobTitles: readonly string[];
  readonly companies: readonly string[];
  readonly domains: readonly string[];
  readonly cities: readonly string[];
  readonly countries: readonly string[];
  readonly streets: readonly string[];
  readonly industries: readonly string[];
  readonly products: readonly string[];
  readonly phrases: readonly string[];
  readonly sentences: readonly string[];
  readonly paragraphs: readonly string[];
  readonly phones: readonly string[];
  readonly skus: readonly string[];
  readonly urls: readonly string[];
  readonly coordinates: readonly string[];
  readonly json: readonly string[];
  readonly vins: readonly string[];
}

/** Texts that have broken a loader somewhere: quotes, line breaks, separators, other scripts, numbers that are not. */
const AWKWARD = [
  'He said "call back at 5", then hung up.',
  'First line\nSecond line\r\nThird, after a CRLF',
  'tab\there, backslash \\ there, slash / too',
  'Müller & Söhne – «Größe XL» ✓',
  'コールバック希望(担当:佐藤)',
  'مكالمة متابعة',
  '👩‍💻 demo went well 🎉',
  'a;b;c,d|e',
  '<p>Rich <b>text</b> &amp; entities</p>',
  '0012345',
  'null',
  ' leading and trailing blanks ',
  "'; DROP TABLE contacts; --",
  '',
];

let last: { seed: number; pools: Pools } | undefined;

/** Pools for one seed. The same seed gives the same pools on every machine; tests start many portals of one seed. */
export function poolsFor(seed: number): Pools {
  if (last?.seed !== seed) last = { seed, pools: makePools(seed) };
  return last.pools;
}

function makePools(seed: number): Pools {
  const foreign = [german, french, polish, japanese];
  for (const faker of [plain, ...foreign]) faker.seed(seed);
  // One name in eight comes from another language.
  const mixed = (count: number, draw: (faker: Faker) => string) =>
    times(count, (index) => draw(index % 8 === 7 ? (foreign[(index >> 3) % foreign.length] as Faker) : plain));
  return {
    firstNames: mixed(400, (faker) => faker.person.firstName()),
    lastNames: mixed(600, (faker) => faker.person.lastName()),
    jobTitles: times(150, () => plain.person.jobTitle()),
    companies: mixed(500, (faker) => faker.company.name()),
    domains: times(500, () => plain.internet.domainName()),
    cities: mixed(200, (faker) => faker.location.city()),
    countries: times(60, () => plain.location.country()),
    streets: mixed(300, (faker) => faker.location.streetAddress()),
    industries: ['COMPUTER_SOFTWARE', 'HOSPITAL_HEALTH_CARE', 'MACHINERY', 'RETAIL', 'BANKING', 'FOOD_PRODUCTION'],
    products: times(120, () => plain.commerce.productName()),
    phrases: times(300, () => plain.company.catchPhrase()),
    sentences: [...times(400, () => plain.lorem.sentence()), ...AWKWARD],
    paragraphs: [...times(100, () => plain.lorem.paragraphs(2, '\n')), ...AWKWARD, ...AWKWARD],
    phones: times(300, () => plain.phone.number({ style: 'international' })),
    skus: times(120, () => plain.string.alphanumeric({ length: 10, casing: 'upper' })),
    urls: times(150, () => plain.internet.url({ appendSlash: false })),
    coordinates: times(80, () => `{"x":${plain.number.int(4_000)},"y":${plain.number.int(4_000)}}`),
    json: times(60, () =>
      JSON.stringify({
        source: plain.hacker.noun(),
        score: plain.number.int(100),
        tags: plain.lorem.words(2).split(' '),
      }),
    ),
    vins: times(200, () => plain.vehicle.vin()),
  };
}

function times<T>(count: number, draw: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => draw(index));
}
