/** Thrown by a decoder for an answer that says 200 but is not what it should be; the call is sent again. */
export class MalformedAnswer extends Error {}
