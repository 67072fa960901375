import { type Answer, json } from './answer.js';

/** The fields of HubSpot's error bodies besides `status` and `correlationId`. All of them are optional. */
export interface ErrorBody {
  readonly message: string;
  readonly category?: string;
  readonly subCategory?: string;
  readonly errorType?: string;
  readonly policyName?: string;
  readonly context?: Readonly<Record<string, readonly string[]>>;
  readonly errors?: readonly unknown[];
  readonly links?: Readonly<Record<string, string>>;
  /** Where an endpoint has another word than `error` there, as OAuth has. */
  readonly status?: string;
  readonly error?: string;
  readonly error_description?: string;
}

/** Thrown by whatever handles a call; becomes HubSpot's answer of that status. */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    readonly status: number,
    readonly body: ErrorBody,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(body.message);
  }
}

export function errorAnswer(error: ApiError, correlationId: string): Answer {
  const { message, ...rest } = error.body;
  const body = { status: 'error', message, correlationId, ...rest };
  return json(body, error.status, error.headers);
}

/** The shape of a correlation id, made from the call's number so that runs can be compared. */
export function correlationId(n: number): string {
  return `5a4db0c5-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
}

export function badRequest(message: string, errors?: readonly { message: string }[]): ApiError {
  return new ApiError(400, { message, category: 'VALIDATION_ERROR', ...(errors !== undefined && { errors }) });
}

/**
 * As HubSpot answers for object types it does not know, without a category: one text for names, another for what looks like a
 * type id (both seen live).
 */
export function unknownType(name: string): ApiError {
  const message = /^\d+-\d+$/.test(name)
    ? `Invalid object or event type id: ${name}`
    : `Unable to infer object type from: ${name}`;
  return new ApiError(400, { message });
}

export function notFound(message = 'resource not found'): ApiError {
  return new ApiError(404, { message, category: 'OBJECT_NOT_FOUND' });
}

/** HubSpot names the scopes of which any one would do in `errors[0].context.requiredGranularScopes`. */
export function missingScopes(scopes: readonly string[]): ApiError {
  return new ApiError(403, {
    message:
      "This app hasn't been granted all required scopes to make this call. Read more about required scopes here: https://developers.hubspot.com/scopes.",
    category: 'MISSING_SCOPES',
    errors: [
      { message: 'One or more of the following scopes are required.', context: { requiredGranularScopes: scopes } },
    ],
    links: { scopes: 'https://developers.hubspot.com/scopes' },
  });
}

export function invalidAuthentication(): ApiError {
  return new ApiError(401, {
    message: 'Authentication credentials not found. This API supports OAuth 2.0 authentication.',
    category: 'INVALID_AUTHENTICATION',
  });
}

export function expiredAuthentication(secondsAgo: number): ApiError {
  return new ApiError(401, {
    message: `The OAuth token used to make this call expired ${secondsAgo} second(s) ago.`,
    category: 'EXPIRED_AUTHENTICATION',
  });
}

export type RatePolicy = 'TEN_SECONDLY_ROLLING' | 'SECONDLY' | 'DAILY';

const POLICY_WORDS: Record<RatePolicy, string> = {
  TEN_SECONDLY_ROLLING: 'ten_secondly_rolling',
  SECONDLY: 'secondly',
  DAILY: 'daily',
};

/** HubSpot does not promise `Retry-After`; it is sent only when given. */
export function rateLimited(
  policy: RatePolicy,
  retryAfterSeconds?: number,
  headers: Readonly<Record<string, string>> = {},
): ApiError {
  return new ApiError(
    429,
    {
      message: `You have reached your ${POLICY_WORDS[policy]} limit.`,
      errorType: 'RATE_LIMIT',
      policyName: policy,
      category: 'RATE_LIMITS',
    },
    retryAfterSeconds === undefined ? headers : { ...headers, 'Retry-After': String(retryAfterSeconds) },
  );
}
