/** Whatever somebody writes as a path or a value stays that. */
export const quote = (text: string) => `"${text.replace(/[\\"]/g, '\\$&')}"`

/** The same where nginx would take what follows a `$` for a variable (it has no way to write that sign), with `variables` behind it. */
export const literal = (text: string, variables = '') =>
  `${quote(text).slice(0, -1).replaceAll('$', `\${dollar}`)}${variables}"`

/** For the top of the file. */
export const DOLLAR = '    geo $dollar { default "$"; }'

/** In a pattern, this text and nothing else. */
export const escaped = (text: string) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')

/** Exactly this text; nginx's maps compare texts without regard to case, and patterns with. */
export const exactly = (text: string) => quote(`~^${escaped(text)}$`)

export const block = (head: string, lines: readonly string[]) => [
  `${head} {`,
  ...lines.map((line) => `    ${line}`),
  '}',
]

/** Of the file's top, where a line ends with a semicolon that is not written. */
export const table = (head: string, lines: readonly string[]) =>
  [`    ${head} {`, ...lines.map((line) => `        ${line};`), '    }'].join('\n')
