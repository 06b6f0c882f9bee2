// A step as its author wrote it, taken apart: title, prose, and the fenced blocks that the page makes live.
//
//   # Title
//   Prose …
//   ```command          what to type; Run sends it to the terminal
//   ```file web.yaml    a file to look at or copy, with its name
//   ```predict          YAML: id, question, options, answer (from 1), explanation
//   ```quiz             the same, and may be tried again
//   ```answer           YAML: id, question, placeholder; the learner types, the check of the same id judges
//   ## Hint: A title    to the end or the next hint; opened one at a time
//
// Every other fence is ordinary Markdown. HTML in Markdown is escaped, so what comes out is safe to set.

import { load } from 'js-yaml'
import { micromark } from 'micromark'
import { z } from 'zod'
import type { StepBlock } from '../api/contract.ts'

const questionSchema = z
  .strictObject({
    id: z.string().regex(/^[a-z0-9-]+$/, 'lower case letters, digits and dashes'),
    question: z.string(),
    options: z.array(z.string()).min(2),
    answer: z.int().min(1),
    explanation: z.string(),
  })
  .refine(({ answer, options }) => answer <= options.length, { path: ['answer'], error: 'there is no such option' })

const answerSchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9-]+$/, 'lower case letters, digits and dashes'),
  question: z.string(),
  placeholder: z.string().default(''),
})

interface Question {
  readonly kind: 'predict' | 'quiz'
  readonly id: string
  readonly question: string
  readonly options: readonly string[]
  /** Which option is right, from 0. */
  readonly answer: number
  readonly explanation: string
}

interface Hint {
  readonly id: string
  readonly title: string
  readonly html: string
}

export interface StepText {
  readonly title: string
  readonly blocks: readonly StepBlock[]
  readonly questions: readonly Question[]
  readonly answers: readonly { readonly id: string }[]
  readonly hints: readonly Hint[]
}

const FENCE = /^(`{3,})(command|file|predict|quiz|answer)(?:\s+(.*))?$/
const ANY_FENCE = /^(`{3,})/
const HINT = /^## Hint: (.+)$/

/** `where` is said in errors: the file's path in the repository. */
export function parseStep(text: string, where: string): StepText {
  const lines = text.split(/\r?\n/)
  const heading = /^# (.+)$/.exec(lines[0] ?? '')
  if (!heading) throw new Error(`${where}:1: a step begins with its title: "# Title"`)
  const blocks: StepBlock[] = []
  const questions: Question[] = []
  const answers: { id: string }[] = []
  const hints: Hint[] = []
  let prose: string[] = []
  let hintTitle: string | undefined

  const endProse = () => {
    const html = renderMarkdown(prose.join('\n'))
    prose = []
    if (hintTitle !== undefined) hints.push({ id: `hint-${hints.length + 1}`, title: hintTitle, html })
    else if (html) blocks.push({ type: 'prose', html })
  }

  for (let at = 1; at < lines.length; at++) {
    const line = lines[at] ?? ''
    const hint = HINT.exec(line)
    if (hint) {
      endProse()
      hintTitle = hint[1] ?? ''
      continue
    }
    const fence = ANY_FENCE.exec(line)
    if (!fence) {
      prose.push(line)
      continue
    }
    const close = lines.findIndex((each, index) => index > at && each.trimEnd() === fence[1])
    if (close < 0) throw new Error(`${where}:${at + 1}: this block is never closed by ${fence[1]}`)
    const special = FENCE.exec(line)
    if (!special || hintTitle !== undefined) {
      prose.push(...lines.slice(at, close + 1))
    } else {
      endProse()
      const body = lines.slice(at + 1, close).join('\n')
      const { block, question } = liveBlock(special[2] ?? '', special[3] ?? '', body, `${where}:${at + 1}`)
      blocks.push(block)
      if (question) questions.push(question)
      if (block.type === 'answer') answers.push(block)
    }
    at = close
  }
  endProse()
  return { title: heading[1] ?? '', blocks, questions, answers, hints }
}

function liveBlock(kind: string, info: string, body: string, where: string): { block: StepBlock; question?: Question } {
  if (kind === 'command') return { block: { type: 'command', command: body.trim() } }
  if (kind === 'file') {
    if (!info) throw new Error(`${where}: a file block says the file's name: \`\`\`file web.yaml`)
    return { block: { type: 'file', name: info, language: languageOf(info), text: `${body}\n` } }
  }
  if (kind === 'answer') {
    const parsed = answerSchema.safeParse(loadYaml(body, where))
    if (!parsed.success) throw new Error(`${where}: ${z.prettifyError(parsed.error)}`)
    return { block: { type: 'answer', ...parsed.data } }
  }
  const parsed = questionSchema.safeParse(loadYaml(body, where))
  if (!parsed.success) throw new Error(`${where}: ${z.prettifyError(parsed.error)}`)
  const { id, question, options, answer, explanation } = parsed.data
  const type = kind === 'quiz' ? 'quiz' : 'predict'
  return {
    block: { type, id, question, options },
    question: { kind: type, id, question, options, answer: answer - 1, explanation },
  }
}

function loadYaml(text: string, where: string): unknown {
  try {
    return load(text)
  } catch (err) {
    throw new Error(`${where}: ${(err as Error).message}`, { cause: err })
  }
}

const languageOf = (name: string) => (/\.ya?ml$/.test(name) ? 'yaml' : (/\.(\w+)$/.exec(name)?.[1] ?? 'text'))

const renderMarkdown = (text: string): string => micromark(text.trim()).trim()
