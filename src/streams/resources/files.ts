import { paths } from '../../hubspot/client/paths.js';
import type { JsonObject } from '../../protocol/messages.js';
import type { StreamDeclaration } from '../core/stream.js';
import { BOOLEAN, INSTANT, INTEGER, STRING } from '../layouts/property-schema.js';
import { MILLISECONDS } from '../strategies/resource.js';
import { whole } from '../strategies/whole/whole.js';
import { collection } from './collection.js';

/** What the file manager shows. HubSpot never lists what was deleted or hidden, so that only a whole reading shows what is gone. */
function ofManager(kind: 'files' | 'folders', schema: JsonObject): StreamDeclaration {
  return whole({
    name: kind,
    group: 'content',
    scopes: [['files', 'files.ui_hidden.read']],
    subject: 'files',
    endpoint: collection('files', kind, paths.files(kind), { olderPath: `/files/v3/${kind}/search`, paging: 'id' }),
    key: 'id',
    cursor: 'updatedAt',
    schema: {
      id: STRING,
      name: STRING,
      path: STRING,
      parentFolderId: STRING,
      ...schema,
      createdAt: INSTANT,
      updatedAt: INSTANT,
    },
  });
}

const files = ofManager('files', {
  type: STRING,
  extension: STRING,
  encoding: STRING,
  size: INTEGER,
  width: INTEGER,
  height: INTEGER,
  url: STRING,
  defaultHostingUrl: STRING,
  access: STRING,
  sourceGroup: STRING,
  isUsableInContent: BOOLEAN,
  fileMd5: STRING,
  expiresAt: MILLISECONDS,
});

const folders = ofManager('folders', {});

export const fileManager: readonly StreamDeclaration[] = [files, folders];
