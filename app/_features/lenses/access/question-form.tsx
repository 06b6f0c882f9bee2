'use client'

// "May X do Y?", as one sentence to fill in. Without X it asks who may.

import { Button } from '../../../_ui/button.tsx'
import ask from '../scope/ask-form.module.css'
import type { Draft } from './draft.ts'
import { subjectWord } from './subjects.ts'
import type { Access } from './use-access.ts'

const verbs = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection', 'impersonate']
const kinds = [
  ...['pods', 'pods/log', 'pods/exec', 'services', 'configmaps', 'secrets', 'serviceaccounts', 'namespaces', 'nodes'],
  ...['deployments.apps', 'deployments.apps/scale', 'replicasets.apps', 'roles.rbac.authorization.k8s.io'],
  ...['rolebindings.rbac.authorization.k8s.io', '/healthz', '/metrics'],
]
const longest = 253

interface Field {
  key: keyof Draft
  word: string
  says: string
  choices?: readonly string[]
  isWide?: boolean
}

export function QuestionForm({ access }: { access: Access }) {
  const { draft, isTyped, note, problem, subjects, type } = access
  const fields: Field[] = [
    {
      ...{ key: 'subject', word: 'May', says: 'anybody: who may?', isWide: true },
      choices: [...new Set(subjects.map(subjectWord))],
    },
    { key: 'verb', word: 'do', says: 'verb', choices: verbs },
    { key: 'what', word: 'with', says: 'pods, or a path', choices: kinds, isWide: true },
    { key: 'namespace', word: 'in', says: 'no namespace' },
    { key: 'name', word: 'named', says: 'any name' },
  ]
  return (
    <form
      className={ask.form}
      aria-label="Who may do what?"
      onSubmit={(event) => {
        event.preventDefault()
        type({ ...draft })
      }}
    >
      {fields.map(({ key, word, says, choices, isWide }) => (
        <label key={key} data-wide={isWide}>
          <span>{word}</span>
          <input
            value={draft[key]}
            placeholder={says}
            maxLength={longest}
            list={choices && `access-${key}`}
            spellCheck={false}
            autoCapitalize="none"
            autoComplete="off"
            onChange={(event) => type({ ...draft, [key]: event.currentTarget.value })}
          />
          {choices && (
            <datalist id={`access-${key}`}>
              {choices.map((choice) => (
                <option key={choice} value={choice} />
              ))}
            </datalist>
          )}
        </label>
      ))}
      {(note || problem) && <p role={problem ? 'alert' : 'status'}>{problem || note}</p>}
      {isTyped && (
        <Button small onClick={() => type(undefined)}>
          {access.request ? `Back to request ${access.request.seq}` : 'Clear'}
        </Button>
      )}
    </form>
  )
}
