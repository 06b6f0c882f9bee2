import { describe, expect, it } from 'vitest'
import { parseStep } from './step-markdown.ts'

const parse = (...lines: string[]) => parseStep(lines.join('\n'), 'step.md')
const question = ['id: q', 'question: Which?', 'options: [one, two]', 'answer: 2', 'explanation: Two.']

describe('parseStep', () => {
  it('keeps prose, commands, files and questions in their order', () => {
    const step = parse(
      '# Title',
      'Some *prose*.',
      '```command',
      'kubectl get pods',
      '```',
      '```file web.yaml',
      'kind: Pod',
      '```',
      '```predict',
      ...question,
      '```',
      'More.',
    )
    expect(step.title).toBe('Title')
    expect(step.blocks).toEqual([
      { type: 'prose', html: '<p>Some <em>prose</em>.</p>' },
      { type: 'command', command: 'kubectl get pods' },
      { type: 'file', name: 'web.yaml', language: 'yaml', text: 'kind: Pod\n' },
      { type: 'predict', id: 'q', question: 'Which?', options: ['one', 'two'] },
      { type: 'prose', html: '<p>More.</p>' },
    ])
    expect(step.questions).toMatchObject([{ kind: 'predict', id: 'q', answer: 1, explanation: 'Two.' }])
  })

  it('asks for something to type, without saying what is right', () => {
    const step = parse('# T', '```answer', 'id: revision', 'question: Which?', 'placeholder: a number', '```')
    expect(step.blocks).toEqual([{ type: 'answer', id: 'revision', question: 'Which?', placeholder: 'a number' }])
    expect(step.answers).toEqual([{ type: 'answer', id: 'revision', question: 'Which?', placeholder: 'a number' }])
  })

  it('escapes HTML and drops dangerous links, for the page sets what comes out', () => {
    const [block] = parse('# T', '<img src=x onerror=alert(1)> [x](javascript:alert(1))').blocks
    expect(block).toMatchObject({ type: 'prose' })
    const html = block?.type === 'prose' ? block.html : ''
    expect(html).not.toContain('<img')
    expect(html).not.toContain('javascript:')
  })

  it('leaves other fences as they are, also with our words inside', () => {
    const step = parse('# T', '````markdown', '```command', 'x', '```', '````')
    expect(step.blocks).toHaveLength(1)
    expect(step.blocks[0]).toMatchObject({ type: 'prose' })
  })

  it('takes hints out of the page, with their own fences', () => {
    const step = parse('# T', 'Prose.', '## Hint: First', 'Try', '```command', 'ls', '```', '## Hint: Second', 'More.')
    expect(step.blocks).toHaveLength(1)
    expect(step.hints.map(({ id, title }) => [id, title])).toEqual([
      ['hint-1', 'First'],
      ['hint-2', 'Second'],
    ])
    expect(step.hints[0]?.html).toContain('ls')
  })

  const mistakes = [
    { name: 'no title', lines: ['Prose.'], says: 'step.md:1: a step begins with its title' },
    { name: 'an open fence', lines: ['# T', '```command', 'x'], says: 'step.md:2: this block is never closed' },
    {
      name: 'a file without a name',
      lines: ['# T', '```file', 'x', '```'],
      says: "step.md:2: a file block says the file's name",
    },
    {
      name: 'an answer that is not there',
      lines: ['# T', '```quiz', ...question.map((line) => line.replace('answer: 2', 'answer: 3')), '```'],
      says: 'there is no such option',
    },
    { name: 'a misspelt field', lines: ['# T', '```quiz', ...question, 'anwser: 1', '```'], says: 'anwser' },
    { name: 'YAML that is none', lines: ['# T', '```quiz', 'a: [', '```'], says: 'step.md:2:' },
  ]
  it.each(mistakes)('says what is wrong with $name, and where', ({ lines, says }) => {
    expect(() => parse(...lines)).toThrow(says)
  })
})
