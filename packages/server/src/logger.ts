import { pino, type Logger as PinoLogger } from 'pino';

/** Structured logs. Nothing logs a message's text, a token or a cookie; redaction makes doubly sure. */
export type Logger = PinoLogger;

/** The log levels. */
export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'silent'] as const;

/** A function that returns true at most once in `ms`: for log lines that would repeat. */
export function atMostEvery(ms: number): () => boolean {
  let last = -Infinity;
  return () => {
    const now = performance.now();
    if (now - last < ms) return false;
    last = now;
    return true;
  };
}

/** Where a command other than the server logs. */
const STDERR = 2;

/** Makes the logger: JSON lines on stdout, or readable lines if `pretty`; readable lines on stderr if `isForPeople`. */
export function createLogger(options: {
  level: (typeof logLevels)[number];
  pretty?: boolean;
  isForPeople?: boolean;
}): Logger {
  return pino({
    level: options.level,
    base: null,
    redact: {
      paths: ['token', 'text', '*.token', '*.text', 'req.headers.cookie', 'req.headers.authorization'],
      censor: '[redacted]',
    },
    ...((options.pretty || options.isForPeople) && {
      transport: {
        target: 'pino-pretty',
        options: {
          ignore: 'pid,hostname',
          translateTime: 'HH:MM:ss',
          ...(options.isForPeople && { destination: STDERR, sync: true }),
        },
      },
    }),
  });
}
