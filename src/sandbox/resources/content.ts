import { iso } from '../portal/clock.js';
import type { CollectionItem, CollectionOptions } from '../portal/collection.js';
import { numbered } from './sample.js';

/** What a portal's CMS has. */
export function contentResources(): CollectionOptions[] {
  return [
    {
      path: '/cms/blogs/:date/posts',
      olderPath: '/cms/v3/blogs/posts',
      scopes: [['content']],
      shape: postShape,
      items: numbered(6, 3001, (n) => ({
        ...page(n, 'Post'),
        blogAuthorId: '3101',
        contentGroupId: '77',
        tagIds: [3201, 3208],
        postBody: `<p>Text of post ${n}</p>`,
      })),
    },
    {
      path: '/cms/blogs/:date/authors',
      olderPath: '/cms/v3/blogs/authors',
      scopes: [['content']],
      shape: taggedShape,
      items: numbered(2, 3101, (n) => ({
        name: `Author ${n}`,
        slug: `author-${n}`,
        language: 'en',
        email: `a${n}@sandbox.example`,
      })),
    },
    {
      path: '/cms/blogs/:date/tags',
      olderPath: '/cms/v3/blogs/tags',
      scopes: [['content']],
      shape: taggedShape,
      items: numbered(3, 3201, (n) => ({ name: `Tag ${n}`, slug: `tag-${n}`, language: 'en' })),
    },
    ...['site-pages', 'landing-pages'].map((kind, index) => ({
      path: `/cms/pages/:date/${kind}`,
      olderPath: `/cms/v3/pages/${kind}`,
      scopes: [['content', `content.${kind.replace('-', '_')}.read`]],
      pages: [100, 100] as const,
      shape: cmsShape,
      items: numbered(4, 3301 + 100 * index, (n) => page(n, 'Page')),
    })),
    {
      path: '/cms/url-redirects/:date',
      olderPath: '/cms/v3/url-redirects',
      scopes: [['content']],
      shape: cmsShape,
      items: numbered(3, 3501, (n) => ({
        routePrefix: `/old-${n}`,
        destination: `/new-${n}`,
        redirectStyle: 301,
        precedence: 10_000 + n,
        isPattern: n === 3,
      })),
    },
    {
      path: '/cms/domains/:date',
      olderPath: '/cms/v3/domains',
      scopes: [['cms.domains.read', 'content']],
      shape: cmsShape,
      items: numbered(2, 3601, (n) => ({
        domain: `www${n}.sandbox.example`,
        isResolving: true,
        isSslEnabled: n === 1,
        isUsedForBlogPost: n === 1,
        isUsedForEmail: false,
        isUsedForLandingPage: n === 2,
        isUsedForSitePage: true,
        secondaryToDomain: null,
      })),
    },
    {
      path: '/cms/hubdb/:date/tables',
      olderPath: '/cms/v3/hubdb/tables',
      scopes: [['hubdb', 'hubdb.tables.read']],
      pages: [100, 1000],
      shape: tableShape,
      items: numbered(3, 3701, (n) => ({
        name: `table_${n}`,
        label: `Table ${n}`,
        columns: [{ id: '1', name: 'title', label: 'Title', type: 'TEXT' }],
        rowCount: 3,
        published: true,
      })),
    },
    {
      path: '/cms/hubdb/:date/tables/:table/rows',
      olderPath: '/cms/v3/hubdb/tables/:table/rows',
      scopes: [
        ['hubdb', 'hubdb.tables.read'],
        ['hubdb', 'hubdb.rows.read'],
      ],
      pages: [1000, 1000],
      within: { of: '/cms/hubdb/:date/tables', id: 'table', by: { table: 'table' } },
      shape: rowShape,
      items: numbered(9, 3801, (n) => ({
        table: String(3701 + 7 * (n % 3)),
        values: { title: `Row ${n}`, price: n / 4 },
        path: null,
        name: null,
        childTableId: '0',
      })),
    },
    ...['files', 'folders'].map(
      (kind, index): CollectionOptions => ({
        path: `/files/:date/${kind}/search`,
        olderPath: `/files/v3/${kind}/search`,
        scopes: [['files', 'files.ui_hidden.read']],
        paging: 'search',
        pages: [10, 100],
        items: index === 0 ? numbered(7, 140_001, fileOf) : numbered(3, 130_001, (n) => folderOf(n)),
      }),
    ),
  ];
}

/** Below the folders of the file manager. */
function fileOf(n: number): object {
  return {
    ...folderOf(n),
    parentFolderId: String(130_001 + 7 * (n % 3)),
    path: `/folder-${1 + (n % 3)}/picture-${n}.png`,
    name: `picture-${n}`,
    type: 'IMG',
    extension: 'png',
    encoding: 'png',
    size: 1000 * n,
    width: 10 * n,
    height: 20 * n,
    url: `https://files.sandbox.example/picture-${n}.png`,
    defaultHostingUrl: `https://files.sandbox.example/picture-${n}.png`,
    access: n === 1 ? 'PRIVATE' : 'PUBLIC_INDEXABLE',
    sourceGroup: 'CONTENT',
    isUsableInContent: true,
    fileMd5: String(n).padStart(32, '0'),
    expiresAt: Date.UTC(2030, 0, n),
  };
}

function folderOf(n: number): object {
  return { name: `folder-${n}`, path: `/folder-${n}`, parentFolderId: null };
}

function page(n: number, what: string): object {
  return {
    slug: `${what.toLowerCase()}-${n}`,
    name: `${what} ${n}`,
    htmlTitle: `${what} ${n} | Sandbox`,
    state: n === 1 ? 'DRAFT' : 'PUBLISHED',
    currentState: n === 1 ? 'DRAFT' : 'PUBLISHED',
    campaign: '',
    publishDate: iso(Date.UTC(2026, 0, n)),
    language: 'en',
    domain: 'www1.sandbox.example',
    url: `https://www1.sandbox.example/${what.toLowerCase()}-${n}`,
  };
}

/** The CMS calls the times of an item `created` and `updated`; what was never deleted has the epoch. */
function cmsShape({ id, members, createdAt, updatedAt, archivedAt = 0 }: CollectionItem): object {
  return { ...members, id, created: iso(createdAt), updated: iso(updatedAt), archivedAt: iso(archivedAt) };
}

/** Of posts, the time of deletion is a number. */
function postShape(item: CollectionItem): object {
  return { ...cmsShape(item), archivedAt: item.archivedAt ?? 0 };
}

function taggedShape(item: CollectionItem): object {
  return { ...cmsShape(item), archivedAt: undefined, deletedAt: iso(item.archivedAt ?? 0) };
}

function rowShape({ id, members, createdAt, updatedAt }: CollectionItem): object {
  const { table: _, ...rest } = members as { table: string };
  return { ...rest, id, createdAt: iso(createdAt), updatedAt: iso(updatedAt), publishedAt: iso(updatedAt) };
}

function tableShape({ id, members, createdAt, updatedAt, archivedAt }: CollectionItem): object {
  const times = { createdAt: iso(createdAt), updatedAt: iso(updatedAt), publishedAt: iso(updatedAt) };
  const gone = archivedAt === undefined ? { deleted: false } : { deleted: true, deletedAt: iso(archivedAt) };
  return { ...members, id, ...times, ...gone };
}
