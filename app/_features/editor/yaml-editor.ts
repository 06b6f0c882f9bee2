// CodeMirror put together for manifests: YAML's colours, what may be typed, what is wrong, what a field is.

import {
  autocompletion,
  type CompletionContext,
  type CompletionResult,
  completionKeymap,
} from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands'
import { yaml } from '@codemirror/lang-yaml'
import { bracketMatching, HighlightStyle, indentOnInput, indentUnit, syntaxHighlighting } from '@codemirror/language'
import {
  type Diagnostic,
  forEachDiagnostic,
  linter,
  lintGutter,
  lintKeymap,
  setDiagnosticsEffect,
} from '@codemirror/lint'
import { highlightSelectionMatches, search, searchKeymap } from '@codemirror/search'
import { type Extension, Prec } from '@codemirror/state'
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  hoverTooltip,
  keymap,
  lineNumbers,
  type Tooltip,
} from '@codemirror/view'
import { tags } from '@lezer/highlight'
import type { ClusterSchemas } from './cluster-schemas.ts'
import { editorTheme } from './editor-theme.ts'
import { describe, suggest } from './manifest/suggest.ts'
import { validate } from './manifest/validate.ts'

export interface EditorProblem {
  from: number
  line: number
  column: number
  message: string
}

export interface EditorEvents {
  onType(text: string): void
  onSave(): void
  onFocus(): void
  onProblems(problems: EditorProblem[]): void
  /** The schemas could not be had, or can again. */
  onSchemas(areThere: boolean): void
}

export const isManifest = (path: string): boolean => /\.(ya?ml|json)$/i.test(path)

export function extensionsFor(path: string, schemas: ClusterSchemas, on: EditorEvents): Extension[] {
  const saves = () => {
    on.onSave()
    return true
  }
  return [
    lineNumbers(),
    history(),
    drawSelection(),
    highlightActiveLine(),
    highlightSelectionMatches(),
    search({ top: true }),
    indentOnInput(),
    bracketMatching(),
    indentUnit.of('  '),
    EditorView.lineWrapping,
    EditorView.contentAttributes.of({ 'aria-label': `${path}. F6 leaves the editor.`, spellcheck: 'false' }),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) on.onType(update.state.doc.toString())
      if (update.focusChanged && update.view.hasFocus) on.onFocus()
      if (update.transactions.some((one) => one.effects.some((effect) => effect.is(setDiagnosticsEffect)))) {
        on.onProblems(problemsIn(update.view))
      }
    }),
    Prec.highest(keymap.of([{ key: 'Mod-s', preventDefault: true, run: saves }])),
    keymap.of([...completionKeymap, ...lintKeymap, ...searchKeymap, ...historyKeymap, ...defaultKeymap, indentWithTab]),
    editorTheme,
    ...(isManifest(path) ? manifestExtensions(schemas, on) : []),
  ]
}

function manifestExtensions(schemas: ClusterSchemas, on: EditorEvents): Extension[] {
  const knowing = async (text: string) => {
    try {
      const known = await schemas.knowing(text)
      on.onSchemas(true)
      return known
    } catch {
      on.onSchemas(false)
      return undefined
    }
  }
  return [
    yaml(),
    syntaxHighlighting(colours),
    lintGutter(),
    linter(
      async ({ state }): Promise<Diagnostic[]> => {
        const text = state.doc.toString()
        const known = await knowing(text)
        if (!known) return []
        return validate(text, known).map(({ from, to, message }) => ({ from, to, message, severity: 'error' }))
      },
      { delay: 350 },
    ),
    autocompletion({
      icons: false,
      override: [
        async ({ state, pos, explicit }: CompletionContext): Promise<CompletionResult | null> => {
          const text = state.doc.toString()
          const known = await knowing(text)
          const found = known && suggest(text, pos, known)
          if (!found || (!explicit && found.from === pos)) return null
          return {
            from: found.from,
            validFor: /^[\w./-]*$/,
            options: found.options.map(({ label, insert, detail, info }) => ({ label, apply: insert, detail, info })),
          }
        },
      ],
    }),
    hoverTooltip(({ state }, offset) => fieldTooltip(state.doc.toString(), offset, schemas)),
  ]
}

function fieldTooltip(text: string, offset: number, schemas: ClusterSchemas): Tooltip | null {
  const field = describe(text, offset, schemas.known)
  if (!field) return null
  return {
    pos: field.from,
    end: field.to,
    above: true,
    create() {
      const dom = document.createElement('div')
      dom.className = 'podium-field'
      const name = document.createElement('code')
      name.textContent = field.name
      dom.append(name, `, ${field.type}`)
      const text = document.createElement('p')
      text.textContent = field.description
      dom.append(text)
      return { dom }
    },
  }
}

function problemsIn({ state }: EditorView): EditorProblem[] {
  const problems: EditorProblem[] = []
  forEachDiagnostic(state, ({ message }, from) => {
    const line = state.doc.lineAt(from)
    problems.push({ from, line: line.number, column: from - line.from + 1, message })
  })
  return problems
}

/** Names are the field's, values the writer's; both in the page's own ink. */
const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: 'var(--api)' },
  { tag: [tags.comment, tags.lineComment], color: 'var(--ink-3)' },
  { tag: [tags.string, tags.special(tags.string)], color: 'var(--ok)' },
  { tag: [tags.keyword, tags.typeName, tags.labelName], color: 'var(--ctl)' },
  { tag: [tags.separator, tags.punctuation, tags.squareBracket, tags.brace, tags.meta], color: 'var(--ink-3)' },
])
