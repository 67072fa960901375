import type { Clock } from '../portal/clock.js';
import { ApiError, expiredAuthentication, invalidAuthentication, missingScopes } from './errors.js';

/** What a private app's token and an OAuth token differ in: their limits, and that the latter expires. */
type TokenKind = 'private' | 'oauth';

export interface Principal {
  readonly token: string;
  readonly kind: TokenKind;
}

export interface AccessOptions {
  /** The static token. */
  readonly token: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly refreshToken: string;
  /** How long an OAuth access token lives; HubSpot: 30 minutes. */
  readonly expiresInSeconds: number;
  /** Whether each refresh makes a new refresh token and ends the old one. */
  readonly rotateRefreshToken: boolean;
  /** Scopes that are granted; all by default. */
  readonly scopes: readonly string[] | 'all';
  /** What a token that cannot be one is answered with; the proxy in front of HubSpot has been seen to say 530. */
  readonly malformedTokenStatus: 401 | 530;
}

const TOKEN_SHAPE = /^[A-Za-z0-9._~+/=-]+$/;

/** Who may call, and what. */
export class Access {
  readonly #issued = new Map<string, number>();
  #refreshToken: string;
  #scopes: ReadonlySet<string> | 'all';
  #count = 0;
  #generation = 0;

  constructor(
    readonly options: AccessOptions,
    readonly clock: Clock,
  ) {
    this.#refreshToken = options.refreshToken;
    this.#scopes = options.scopes === 'all' ? 'all' : new Set(options.scopes);
  }

  /** Grows when scopes are granted or taken. */
  get generation(): number {
    return this.#generation;
  }

  get refreshToken(): string {
    return this.#refreshToken;
  }

  /** @throws ApiError 401 (530 for malformed tokens, if so set). */
  authenticate(authorization: string | undefined): Principal {
    const token = authorization?.match(/^Bearer (.*)$/i)?.[1];
    if (token === undefined || token === '') throw invalidAuthentication();
    if (!TOKEN_SHAPE.test(token) && this.options.malformedTokenStatus === 530) {
      throw new ApiError(530, { message: 'error code: 1016' });
    }
    if (token === this.options.token) return { token, kind: 'private' };
    const expiresAt = this.#issued.get(token);
    if (expiresAt === undefined) throw invalidAuthentication();
    const left = expiresAt - this.clock.now();
    if (left <= 0) throw expiredAuthentication(Math.floor(-left / 1_000));
    return { token, kind: 'oauth' };
  }

  /** Makes an OAuth access token, and a new refresh token where they rotate. */
  issue(): { accessToken: string; refreshToken: string; expiresIn: number } {
    const accessToken = `sandbox-access-${++this.#count}`;
    const expiresIn = this.options.expiresInSeconds;
    this.#issued.set(accessToken, this.clock.now() + expiresIn * 1_000);
    if (this.options.rotateRefreshToken) this.#refreshToken = `${this.options.refreshToken}-${this.#count}`;
    return { accessToken, refreshToken: this.#refreshToken, expiresIn };
  }

  /** Ends all OAuth access tokens now, as if their time had come. */
  expireTokens(): void {
    for (const token of this.#issued.keys()) this.#issued.set(token, this.clock.now());
  }

  setScopes(scopes: readonly string[] | 'all'): void {
    this.#generation++;
    this.#scopes = scopes === 'all' ? 'all' : new Set(scopes);
  }

  get scopes(): readonly string[] | 'all' {
    return this.#scopes === 'all' ? 'all' : [...this.#scopes];
  }

  /** How long an OAuth access token still lives, in whole seconds; 0 for one that is none, or no longer. */
  secondsLeft(accessToken: string): number {
    const expiresAt = this.#issued.get(accessToken) ?? 0;
    return Math.max(0, Math.ceil((expiresAt - this.clock.now()) / 1_000));
  }

  grants(scope: string): boolean {
    return this.#scopes === 'all' || this.#scopes.has(scope);
  }

  /** @throws ApiError 403 naming the first group of scopes of which none is granted. */
  require(groups: readonly (readonly string[])[]): void {
    for (const group of groups) {
      if (!group.some((scope) => this.grants(scope))) throw missingScopes(group);
    }
  }
}
