/** What errors of drivers and of Node may have; nothing of it is certain. */
export interface ErrorParts {
  name?: string;
  code?: unknown;
  message?: string;
  cause?: unknown;
  response?: { status?: number; statusCode?: number; data?: unknown };
}

export function partsOf(error: unknown): ErrorParts {
  return typeof error === 'object' && error !== null ? error : {};
}

export function messageOf(error: unknown): string {
  return partsOf(error).message ?? String(error);
}
