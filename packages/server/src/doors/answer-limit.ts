/** How many bytes of answers may wait for a client that asks but does not read, before it is cut off. */
export const MAX_ANSWER_BYTES = 4 * 1024 * 1024;
