import type { Endpoint } from '../../hubspot/api/endpoint.js';
import { paths } from '../../hubspot/client/paths.js';
import type { JsonObject } from '../../protocol/messages.js';
import { epochMs, type Instant, instantOf } from '../../time.js';
import type { StreamDeclaration } from '../core/stream.js';
import { BOOLEAN, INSTANT, INTEGER, OBJECT, OBJECTS, STRING } from '../layouts/property-schema.js';
import { byCursor } from '../strategies/by-cursor/by-cursor.js';
import { ofEach } from '../strategies/parents.js';
import { whole } from '../strategies/whole/whole.js';
import { archivedOf, collection } from './collection.js';
import { TIERS } from './tiers.js';

/** What HubSpot's CMS has: each collection can be asked for what was updated since an instant, and for what was deleted. */
function cms(
  name: string,
  scopes: readonly string[],
  endpoint: Endpoint,
  schema: JsonObject,
  {
    cursor = 'updated',
    deleted = 'archivedAt',
    tier = TIERS.content,
  }: { cursor?: string; deleted?: string; tier?: string | null } = {},
): StreamDeclaration {
  return byCursor({
    name,
    group: 'content',
    scopes: [scopes],
    subject: 'content',
    ...(tier === null ? {} : { tier }),
    endpoint,
    since: (instant: Instant) => ({ updatedAfter: instant }),
    archived: { endpoint: archivedOf(endpoint), archivedAt: (item) => instantIn(item[deleted]) },
    key: 'id',
    cursor,
    schema,
  });
}

/** HubSpot has such times as text, and of blog posts as milliseconds; of what was never deleted the epoch. */
function instantIn(value: unknown): Instant | null {
  const time = typeof value === 'number' ? value : typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return time > 0 ? instantOf(epochMs(time)) : null;
}

const blogs = (kind: string, what: string) =>
  collection('cms', what, paths.blogs(kind), { olderPath: `/cms/v3/blogs/${kind}` });

/** What posts and pages have in common. */
const PAGE: JsonObject = {
  id: STRING,
  slug: STRING,
  name: STRING,
  htmlTitle: STRING,
  state: STRING,
  currentState: STRING,
  campaign: STRING,
  publishDate: INSTANT,
  created: INSTANT,
  updated: INSTANT,
  language: STRING,
  domain: STRING,
  url: STRING,
};

const blogPosts = cms('blog_posts', ['content'], blogs('posts', 'blog posts'), {
  ...PAGE,
  blogAuthorId: STRING,
  contentGroupId: STRING,
  tagIds: { type: ['null', 'array'], items: INTEGER },
  postBody: STRING,
});

const TAG: JsonObject = {
  id: STRING,
  name: STRING,
  slug: STRING,
  language: STRING,
  created: INSTANT,
  updated: INSTANT,
};

const blogAuthors = cms(
  'blog_authors',
  ['content'],
  blogs('authors', 'blog authors'),
  { ...TAG, email: STRING },
  {
    deleted: 'deletedAt',
  },
);

const blogTags = cms('blog_tags', ['content'], blogs('tags', 'blog tags'), TAG, { deleted: 'deletedAt' });

/** Site and landing pages are alike. */
function pages(kind: 'site-pages' | 'landing-pages'): StreamDeclaration {
  const name = kind.replace('-', '_');
  const endpoint = collection('cms', kind.replace('-', ' '), paths.pages(kind), { olderPath: `/cms/v3/pages/${kind}` });
  return cms(name, ['content', `content.${name}.read`], endpoint, PAGE);
}

const urlRedirects = cms(
  'url_redirects',
  ['content'],
  collection('cms', 'URL redirects', paths.urlRedirects(), { olderPath: '/cms/v3/url-redirects' }),
  {
    id: STRING,
    routePrefix: STRING,
    destination: STRING,
    redirectStyle: INTEGER,
    precedence: INTEGER,
    isPattern: BOOLEAN,
    created: INSTANT,
    updated: INSTANT,
  },
);

const domains = cms(
  'domains',
  ['cms.domains.read', 'content'],
  collection('cms', 'domains', paths.domains(), { olderPath: '/cms/v3/domains' }),
  {
    id: STRING,
    domain: STRING,
    isResolving: BOOLEAN,
    isSslEnabled: BOOLEAN,
    isUsedForBlogPost: BOOLEAN,
    isUsedForEmail: BOOLEAN,
    isUsedForLandingPage: BOOLEAN,
    isUsedForSitePage: BOOLEAN,
    secondaryToDomain: STRING,
    created: INSTANT,
    updated: INSTANT,
  },
  { tier: null },
);

const TABLES = collection('cms', 'HubDB tables', paths.hubdbTables(), { olderPath: '/cms/v3/hubdb/tables' });
const TABLE_SCOPES = ['hubdb', 'hubdb.tables.read'];

const hubdbTables = cms(
  'hubdb_tables',
  TABLE_SCOPES,
  TABLES,
  {
    id: STRING,
    name: STRING,
    label: STRING,
    columns: OBJECTS,
    rowCount: INTEGER,
    published: BOOLEAN,
    publishedAt: INSTANT,
    createdAt: INSTANT,
    updatedAt: INSTANT,
    createdBy: OBJECT,
    updatedBy: OBJECT,
  },
  { cursor: 'updatedAt', deleted: 'deletedAt', tier: TIERS.email },
);

const rowsOf = (table: string) =>
  collection('cms', 'HubDB rows', paths.hubdbRows(table), {
    what: `the rows of HubDB table ${table}`,
    olderPath: `/cms/v3/hubdb/tables/${table}/rows`,
    limit: 1000,
  });

/** The published rows of published tables, read again where the table was published or changed. */
const hubdbRows = whole({
  name: 'hubdb_rows',
  tier: TIERS.email,
  group: 'content',
  scopes: [TABLE_SCOPES, ['hubdb', 'hubdb.rows.read']],
  subject: 'hubdb',
  endpoint: rowsOf('0'),
  partitions: ofEach({
    endpoints: [TABLES],
    id: 'id',
    as: 'tableId',
    isWanted: ({ published }) => published !== false,
    collectionsOf: ({ id }) => [rowsOf(id)],
    fingerprint: ({ updatedAt, publishedAt, rowCount }) => `${updatedAt}|${publishedAt}|${rowCount}`,
  }),
  key: ['tableId', 'id'],
  cursor: 'updatedAt',
  schema: {
    tableId: STRING,
    id: STRING,
    values: OBJECT,
    path: STRING,
    name: STRING,
    childTableId: STRING,
    createdAt: INSTANT,
    updatedAt: INSTANT,
    publishedAt: INSTANT,
  },
});

export const content: readonly StreamDeclaration[] = [
  blogPosts,
  blogAuthors,
  blogTags,
  pages('site-pages'),
  pages('landing-pages'),
  urlRedirects,
  domains,
  hubdbTables,
  hubdbRows,
];
