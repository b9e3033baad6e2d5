import { pino, type Logger as PinoLogger } from 'pino';

/** Structured logs. Nothing logs a message's text, a token or a cookie; the redaction is a second lock on that door. */
export type Logger = PinoLogger;

/** How much is logged. */
export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'silent'] as const;

/** Makes the logger: JSON lines on stdout, or readable lines when `pretty`. */
export function createLogger(options: { level: (typeof logLevels)[number]; pretty?: boolean }): Logger {
  return pino({
    level: options.level,
    base: null,
    redact: {
      paths: ['token', 'text', '*.token', '*.text', 'req.headers.cookie', 'req.headers.authorization'],
      censor: '[redacted]',
    },
    ...(options.pretty && {
      transport: { target: 'pino-pretty', options: { ignore: 'pid,hostname', translateTime: 'HH:MM:ss' } },
    }),
  });
}
