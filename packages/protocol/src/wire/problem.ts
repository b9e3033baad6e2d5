import { errorTable, type ErrorObject } from '../errors.js';

/** The media type of an error at the HTTP transport (RFC 9457). */
export const PROBLEM_TYPE = 'application/problem+json';

/** An error in the form of the HTTP transport: RFC 9457's members, then the error object's own. */
export interface Problem extends ErrorObject {
  type: string;
  title: string;
  status: number;
  detail: string;
}

/** Makes the problem document of an error. */
export function toProblem(error: ErrorObject): Problem {
  const row = errorTable[error.code];
  return {
    type: `urn:madang:error:${error.code}`,
    title: row.title.en,
    status: row.http,
    detail: error.message,
    ...error,
  };
}
