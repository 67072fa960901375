import { gunzipSync } from 'node:zlib';
import { toBuffer } from '../portal/bytes.js';

/** What goes back to the client. */
export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  /** How `body` is compressed already. */
  readonly encoding?: 'gzip';
  /** Told what has gone on the wire, so that it can be kept. */
  readonly keep?: (body: Buffer, encoding: 'gzip' | undefined) => void;
}

const JSON_TYPE = 'application/json;charset=utf-8';

export function json(value: unknown, status = 200, headers?: Readonly<Record<string, string>>): Answer {
  const body = Buffer.from(JSON.stringify(value));
  return { status, contentType: JSON_TYPE, body, ...(headers !== undefined && { headers }) };
}

/** The same from JSON that is text already, its bytes as Latin-1 characters (`ByteText`). */
export function jsonBytes(text: string, status = 200): Answer {
  return { status, contentType: JSON_TYPE, body: toBuffer(text) };
}

/** A page as the proxy in front of HubSpot writes it, where clients expect JSON. */
export function html(status: number, title: string): Answer {
  const text = `<html>\r\n<head><title>${status} ${title}</title></head>\r\n<body>\r\n<center><h1>${status} ${title}</h1></center>\r\n<hr><center>cloudflare</center>\r\n</body>\r\n</html>\r\n`;
  return { status, contentType: 'text/html', body: Buffer.from(text) };
}

/** The answer with its body as it was before any compression, and nothing that keeps it. */
export function uncompressed({ encoding, keep: _, ...answer }: Answer): Answer {
  return encoding === undefined ? answer : { ...answer, body: gunzipSync(answer.body) };
}
