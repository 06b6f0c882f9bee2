import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { valueInFile } from './env-file.ts'

it.each([
  ['blanks before a name', "   A='1'\n\t\tB='2'\n", '2'],
  ['comments and empty lines', "# first\n\nA='1'\n   # second\n\nB='2' # third\n", '2'],
  ['a file without an end of line', "B='2'", '2'],
  ['everything in quotes as it stands', `B='  $A \${A} "b" # \\n = '\n`, `  $A \${A} "b" # \\n = `],
  ['several lines', "B='{\n  \"a\": 1\n\n}'\nA='1'\n", '{\n  "a": 1\n\n}'],
  ['an empty value', "B=''\n", ''],
  ['nothing of a name that is not there', "A='1'\n", ''],
])('reads %s as a shell does', (_what, text, value) => {
  expect(valueInFile(text, 'B')).toBe(value)
  expect(execFileSync('sh', ['-c', `${text}\nprintf %s "$B"`], { encoding: 'utf8' })).toBe(value)
})

it('takes the first of two, does not look behind it, and finds nothing after a blank', () => {
  expect(valueInFile("B='1'\nB='2'\nno sense", 'B')).toBe('1')
  expect(valueInFile("B= '1'\nB='2'\n", 'B')).toBe('')
  expect(valueInFile("A='1'\r\nB='2'\r\n", 'B')).toBe('2')
})

it.each([
  ["A='1'\nB\n", "invalid environment variable format at line 2: missing '='"],
  ["='1'\n", 'invalid environment variable format at line 1: empty variable name'],
  ["B ='1'\n", "invalid environment variable format at line 1: whitespace before '=' is not allowed"],
  ['B=1\n', 'invalid environment variable format at line 1: value must be enclosed in single quotes'],
  ['B="1"\n', 'invalid environment variable format at line 1: value must be enclosed in single quotes'],
  ["B='1''2'\n", 'invalid environment variable format at line 1: unexpected content after closing quote'],
  ["A='1\nB='2'\n", 'invalid environment variable format at line 2: unexpected content after closing quote'],
  ["A='1'\nB='2\n3\n", 'invalid environment variable format starting at line 2: unclosed single quote'],
])('refuses %j', (text, message) => {
  expect(() => valueInFile(text, 'B')).toThrow(message)
})

it('looks through each line once', () => {
  const before = process.cpuUsage()
  expect(() => valueInFile(`A='${'\n'.repeat(1_000_000)}`, 'B')).toThrow('unclosed single quote')
  // A few tenths of a second; the square of the lines took minutes.
  expect(process.cpuUsage(before).user).toBeLessThan(10_000_000)
})
