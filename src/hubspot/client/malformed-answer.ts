/** Thrown by a decoder for a successful response with an invalid body; the call is retried. */
export class MalformedAnswer extends Error {}
