import type { ZodError } from 'zod';

/**
 * Every error that a client can see. `http` is the status at the HTTP transport; `jsonRpc` the number at `/ws` (-32602
 * and -32603 are the standard's own, the others are in its range for servers); `retry` whether the same call may
 * succeed later without change; `title` its meaning.
 */
export const errorTable = {
  invalid_input: {
    http: 400,
    jsonRpc: -32602,
    retry: false,
    title: { en: 'The input is not valid', ko: '입력이 올바르지 않습니다' },
  },
  unauthenticated: {
    http: 401,
    jsonRpc: -32001,
    retry: false,
    title: { en: 'The caller is not authenticated', ko: '누구의 요청인지 확인되지 않았습니다' },
  },
  forbidden: {
    http: 403,
    jsonRpc: -32003,
    retry: false,
    title: { en: 'You may not do that', ko: '권한이 없습니다' },
  },
  not_found: {
    http: 404,
    jsonRpc: -32004,
    retry: false,
    title: { en: 'Not found', ko: '찾을 수 없습니다' },
  },
  conflict: {
    http: 409,
    jsonRpc: -32009,
    retry: false,
    title: { en: 'It conflicts with existing data', ko: '이미 있는 것과 충돌합니다' },
  },
  too_large: {
    http: 413,
    jsonRpc: -32013,
    retry: false,
    title: { en: 'The input is too large', ko: '너무 큽니다' },
  },
  rate_limited: {
    http: 429,
    jsonRpc: -32029,
    retry: true,
    title: { en: 'Too many calls; wait a moment', ko: '요청이 너무 많습니다. 잠시 기다려 주세요' },
  },
  unavailable: {
    http: 503,
    jsonRpc: -32050,
    retry: true,
    title: { en: 'The server cannot store anything right now', ko: '지금은 서버가 저장할 수 없습니다' },
  },
  internal: {
    http: 500,
    jsonRpc: -32603,
    retry: true,
    title: { en: 'Something went wrong in the server', ko: '서버에 문제가 생겼습니다' },
  },
} as const satisfies Record<
  string,
  { http: number; jsonRpc: number; retry: boolean; title: { en: string; ko: string } }
>;

/** A stable error code; see {@link errorTable}. */
export type ErrorCode = keyof typeof errorTable;

/** One problem with an input: `path` is the field's, separated by dots (`cursors.lobby`), empty for the whole input. */
export interface InputIssue {
  path: string;
  message: string;
}

/** An error as every transport shows it. `retryAfter` is in seconds and comes with `rate_limited`. */
export interface ErrorObject {
  code: ErrorCode;
  message: string;
  details?: { issues?: InputIssue[]; [key: string]: unknown };
  retryAfter?: number;
}

/** A refusal whose words the client sees. It never contains a secret or a message's text. */
export class MadangError extends Error {
  override readonly name = 'MadangError';
  readonly code: ErrorCode;
  readonly details: ErrorObject['details'];
  readonly retryAfter: number | undefined;

  constructor(error: ErrorObject, options?: ErrorOptions) {
    super(error.message, options);
    this.code = error.code;
    this.details = error.details;
    this.retryAfter = error.retryAfter;
  }

  toJSON(): ErrorObject {
    return {
      code: this.code,
      message: this.message,
      ...(this.details && { details: this.details }),
      ...(this.retryAfter !== undefined && { retryAfter: this.retryAfter }),
    };
  }
}

/** Refuses: throws a {@link MadangError}. */
export function fail(code: ErrorCode, message: string, details?: ErrorObject['details']): never {
  throw new MadangError({ code, message, ...(details && { details }) });
}

/** The most problems with an input that an error lists. */
export const MAX_ISSUES = 20;

/** The `invalid_input` error for an input that failed its schema, in the same words at every transport. */
export function invalidInput(error: ZodError, input: unknown): MadangError {
  const issues = error.issues.slice(0, MAX_ISSUES).flatMap((issue) => explainIssue(issue, input));
  return invalidInputOf(issues.slice(0, MAX_ISSUES));
}

/** An `invalid_input` error from issues found without a schema. */
export function invalidInputOf(issues: InputIssue[]): MadangError {
  const message = issues.map(({ path, message: words }) => (path ? `${path}: ${words}` : words)).join('; ');
  return new MadangError({ code: 'invalid_input', message, details: { issues } });
}

type Issue = ZodError['issues'][number];

function explainIssue(issue: Issue, input: unknown): InputIssue[] {
  const path = issue.path.map(String).join('.').slice(0, 200);
  if (issue.code === 'unrecognized_keys') {
    const at = path ? `${path}.` : '';
    return issue.keys.map((key) => ({ path: at + key.slice(0, 100), message: 'is not a known field' }));
  }
  if (issue.code === 'invalid_key') return [{ path, message: issue.issues[0]?.message ?? 'is not a valid key' }];
  return [{ path, message: issueWords(issue, valueAt(input, issue.path)) }];
}

function issueWords(issue: Issue, value: unknown): string {
  switch (issue.code) {
    case 'invalid_type':
      if (value === undefined) return 'is required';
      return `must be ${article(issue.expected)}, got ${typeName(value)}`;
    case 'too_big':
      return `must be at most ${issue.maximum}${unit(issue.origin)}`;
    case 'too_small':
      return issue.origin === 'string' && issue.minimum === 1
        ? 'must not be empty'
        : `must be at least ${issue.minimum}${unit(issue.origin)}`;
    case 'invalid_value':
      if (value === undefined) return 'is required';
      return `must be one of ${issue.values.map((each) => JSON.stringify(each)).join(', ')}`;
    default:
      return issue.message;
  }
}

function unit(origin: string): string {
  if (origin === 'string') return ' characters';
  if (origin === 'array' || origin === 'object' || origin === 'record') return ' entries';
  return '';
}

function article(noun: string): string {
  if (noun === 'int') return 'a whole number';
  if (noun === 'record') return 'an object';
  return /^[aeiou]/.test(noun) ? `an ${noun}` : `a ${noun}`;
}

function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (Number.isNaN(value)) return 'not a number';
  return article(typeof value);
}

function valueAt(input: unknown, path: PropertyKey[]): unknown {
  let value = input;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}
