// One logger, handed down by the door. Messages are constant and lower case; what varies goes into fields.
//
// debug  what a loop decided, key by key          info   something an operator would like to know happened
// warn   it will be tried again, or degraded      error  a person has to look

export type LogFields = Record<string, unknown>

export interface Logger {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
  /** A logger that adds `fields` to each line. */
  with(fields: LogFields): Logger
}

const LEVELS = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof LEVELS)[number]

export function createLogger(options: { level: LogLevel; write: (line: string) => void; fields?: LogFields }): Logger {
  const threshold = LEVELS.indexOf(options.level)
  const log = (level: LogLevel) => (message: string, fields?: LogFields) => {
    if (LEVELS.indexOf(level) < threshold) return
    const parts = { ...options.fields, ...fields }
    options.write(`${new Date().toISOString()} ${level.padEnd(5)} ${message}${formatFields(parts)}\n`)
  }
  return {
    debug: log('debug'),
    info: log('info'),
    warn: log('warn'),
    error: log('error'),
    with: (fields) => createLogger({ ...options, fields: { ...options.fields, ...fields } }),
  }
}

function formatFields(fields: LogFields): string {
  return Object.entries(fields)
    .map(([key, value]) => ` ${key}=${formatValue(value)}`)
    .join('')
}

function formatValue(value: unknown): string {
  if (value instanceof Error) return JSON.stringify(value.stack ?? value.message)
  if (typeof value === 'string') return /^[\w./:@-]*$/.test(value) ? value : JSON.stringify(value)
  return JSON.stringify(value) ?? 'undefined'
}

const silent = () => undefined
export const noLogger: Logger = { debug: silent, info: silent, warn: silent, error: silent, with: () => noLogger }
