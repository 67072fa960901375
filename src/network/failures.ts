import { codeOf, memberOf, stringAt } from '../json.js';
import { nameOf } from './proxy.js';
import { ProxyError } from './tunnel.js';

/**
 * Error codes of network failures: Node's and the system's, undici's for connections, timeouts and truncated bodies, TLS failures
 * other than certificates, and responses that are not HTTP (HPE_) or cannot be decompressed (Z_).
 */
const NETWORK =
  /^(ECONN\w+|ENOTFOUND|EAI_\w+|E?SOCKETTIMEDOUT|ETIMEDOUT|EPIPE|EPROTO|EHOSTUNREACH|EHOSTDOWN|ENETUNREACH|ENETDOWN|ENETRESET|EADDRNOTAVAIL|ERR_SOCKET_CONNECTION_TIMEOUT|ERR_STREAM_PREMATURE_CLOSE|ERR_SSL_\w+|HPE_\w+|Z_\w+_ERROR|UND_ERR_(CONNECT_TIMEOUT|HEADERS_TIMEOUT|BODY_TIMEOUT|SOCKET|ABORTED|INFO|RES_CONTENT_LENGTH_MISMATCH|HEADERS_OVERFLOW|PRX_TLS))$/;

/** What is wrong with a certificate, by error code. Node takes most of these codes from OpenSSL. */
const CERTIFICATES: Record<string, string> = {
  SELF_SIGNED_CERT_IN_CHAIN: 'its chain ends in a CA that is not known here',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'it is signed by itself',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the CA that issued it is not known here',
  UNABLE_TO_GET_ISSUER_CERT: 'the CA that issued it is not known here',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the CA that issued it is not known here',
  CERT_HAS_EXPIRED: "it has expired, or this machine's clock is wrong",
  CERT_NOT_YET_VALID: "it is not valid yet, or this machine's clock is wrong",
  ERR_TLS_CERT_ALTNAME_INVALID: 'it was issued for another host',
  HOSTNAME_MISMATCH: 'it was issued for another host',
  CERT_SIGNATURE_FAILURE: 'its signature is wrong',
  CERT_UNTRUSTED: 'its CA is not trusted',
  CERT_REJECTED: 'its CA is not trusted',
  CERT_REVOKED: 'it was revoked',
  INVALID_CA: 'its CA is not trusted',
  INVALID_PURPOSE: 'it is not one for servers',
  CERT_CHAIN_TOO_LONG: 'its chain is too long',
};

/** The chain of an error's causes, the error itself first. */
export function causesOf(error: unknown): unknown[] {
  const found: unknown[] = [];
  for (let each = error; each !== undefined && each !== null && found.length < 20; ) {
    found.push(each);
    each = memberOf(each, 'cause');
  }
  return found;
}

function codesOf(error: unknown): string[] {
  return causesOf(error).flatMap((each) => codeOf(each) ?? []);
}

/** The code of a network failure in the chain of causes; null if there is none. */
export function networkCode(error: unknown): string | null {
  return codesOf(error).findLast((code) => NETWORK.test(code)) ?? null;
}

/** The code of a certificate failure in the chain of causes; null if there is none. */
export function certificateCode(error: unknown): string | null {
  return codesOf(error).find((code) => Object.hasOwn(CERTIFICATES, code)) ?? null;
}

/** A failure in words, and whether the user must fix it, as opposed to waiting. */
export interface Explanation {
  message: string;
  isMendable: boolean;
}

/**
 * Explains a failure of a proxy or of a certificate; null for anything else.
 *
 * @param url what was to be reached, without credentials
 */
export function explainConnection(error: unknown, url: string): Explanation | null {
  const refused = causesOf(error).find((each) => each instanceof ProxyError);
  if (refused) return explainProxy(refused);
  const code = certificateCode(error);
  return code === null ? null : { message: untrusted(new URL(url).origin, code), isMendable: true };
}

function explainProxy({ proxy, status, target, cause }: ProxyError): Explanation {
  const { variable, url } = proxy;
  const name = capitalised(nameOf(proxy));
  if (status === 407) {
    const message =
      proxy.username === '' && proxy.password === ''
        ? `${name} wants credentials (407). Put them into ${variable}: ${url.replace('://', '://user:password@')}, with special characters percent-encoded (%40 for @).`
        : `${name} does not accept the credentials in ${variable} (407). Check user and password; special characters are percent-encoded (%40 for @).`;
    return { message, isMendable: true };
  }
  if (status !== null && status >= 400 && status < 500 && status !== 408 && status !== 429) {
    const message = `${name} refuses to connect to ${target} (${status}). Have it allow this host, or list the host in NO_PROXY if it can be reached without a proxy.`;
    return { message, isMendable: true };
  }
  if (status !== null) return { message: `${name} cannot connect to ${target} (${status})`, isMendable: false };
  const code = certificateCode(cause);
  if (code !== null) return { message: untrusted(nameOf(proxy), code), isMendable: true };
  if (proxy.isTls && /^(EPROTO|ERR_SSL_WRONG_VERSION_NUMBER)$/.test(networkCode(cause) ?? '')) {
    const message = `${name} does not speak TLS. Write http:// in ${variable}: what goes through it is encrypted all the same.`;
    return { message, isMendable: true };
  }
  const why = networkCode(cause) ?? stringAt(cause, 'message') ?? 'no answer';
  return { message: `${name} cannot be reached (${why})`, isMendable: false };
}

function untrusted(whose: string, code: string): string {
  return `The certificate of ${whose} is not trusted: ${CERTIFICATES[code]} (${code}). A proxy that inspects TLS is usually why: set NODE_EXTRA_CA_CERTS=/path/to/ca.pem to a file with its CA's certificate.`;
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
