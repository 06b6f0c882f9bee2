'use client'

// The text twin: the decisions on recent requests, of whomever; the chain in words; and who may do what is asked.

import type { NearMiss } from '../../../../server/base/trace.ts'
import type { LensProps } from '../lens.ts'
import { LensTable, LensTables, RowHead } from '../lens-table.tsx'
import { useNewest } from '../use-newest.ts'
import own from './access.module.css'
import { type Decided, decidedRequests } from './access-requests.ts'
import { askedWords, bindingPlace, missMarks, missWords, rolePlace, ruleName, ruleTitle } from './access-words.ts'
import { CodeWords } from './code-words.tsx'
import { subjectWord, userWord } from './subjects.ts'
import { type Access, useAccess } from './use-access.ts'

export function AccessTable(props: LensProps) {
  const access = useAccess(props)
  const { store, select } = props
  const { rows: requests, older } = useNewest((most) => decidedRequests(store.model, most))
  const chosen = access.isTyped ? undefined : access.request?.seq
  return (
    <LensTables of="access" label="Access as tables">
      <ChainTable access={access} />
      <LensTable
        caption="Your requests, and those of others that were refused, newest first"
        columns={['Event', 'Who', 'Request', 'Decision', 'Binding', 'Role and rule']}
        older={older}
      >
        {requests.map(({ seq, event }) => (
          <tr key={seq} aria-current={seq === chosen || undefined}>
            <RowHead
              onPick={() => {
                access.type(undefined)
                select({ seq })
              }}
            >
              {seq}
            </RowHead>
            <td className="mono">{userWord(event.user)}</td>
            <td className="mono">{`${event.verb} ${askedWords(event)}`}</td>
            <td>{decisionWords(event)}</td>
            <Why event={event} />
          </tr>
        ))}
      </LensTable>
      <HoldersTable access={access} />
    </LensTables>
  )
}

function decisionWords({ decision, code }: Decided): string {
  const { allowed, asked } = decision
  return allowed ? `allowed by ${asked.at(-1)?.authorizer ?? ''}, ${code}` : `refused, ${code}`
}

function Why({ event }: { event: Decided }) {
  const { by, nearest } = event.decision
  const [first] = nearest ?? []
  const grant = by ?? first
  if (!grant) return <td colSpan={2}>{event.decision.allowed ? 'no rule was asked' : 'no rule is about it'}</td>
  return (
    <>
      <td>
        <span className="mono">{grant.binding.name}</span>, {bindingPlace(grant)}
      </td>
      <td>
        <span className="mono">{ruleName(grant)}</span>
        {!by && first && `, the nearest: ${missMarks(first.fits, event).join(', ')}`}
      </td>
    </>
  )
}

function ChainTable({ access: { rows, question, isTyped, now, ruling, request } }: { access: Access }) {
  if (!question?.who) return null
  const wish = now?.wish ?? question.wish
  const subject = userWord(question.who.name) || `anybody of ${question.who.groups[0]}`
  return (
    <LensTable
      caption={
        <>
          {isTyped ? 'Asked' : `Request ${request?.seq}`}: may {subject} {wish.verb} {askedWords(wish)}?{' '}
          {ruling && `${ruling.allowed ? 'Yes' : 'No'}. ${ruling.words}`}
        </>
      }
      columns={['Who', 'Binding', 'Role', 'Rule', 'What of it']}
    >
      {rows.flatMap(({ key, grant, rules, moreRules, hasNoRole }) =>
        (rules.length > 0 ? rules : [{ index: 0, rule: undefined }]).map((told) => {
          const { rule, fits, allows, index } = told as (typeof rules)[number]
          const miss: NearMiss | undefined = fits && { ...grant, rule: index, fits }
          return (
            <tr key={`${key} ${index}`}>
              <th scope="row" className={`mono ${own.name}`}>
                {subjectWord(grant.subject)}
              </th>
              <td className={own.name}>
                <span className="mono">{grant.binding.name}</span>, {bindingPlace(grant)}
              </td>
              <td className={own.name}>
                <span className="mono">{grant.role.name}</span>, {hasNoRole ? 'not there' : rolePlace(grant)}
              </td>
              <td>
                {rule ? (
                  <>
                    {index + 1}: <code>{rule.verbs.join(' ')}</code> on <code>{ruleTitle(rule)}</code>
                  </>
                ) : (
                  '—'
                )}
              </td>
              <td>
                {allows && 'allows it'}
                {miss && <CodeWords>{missWords(miss, rule, wish).join('; ')}</CodeWords>}
                {!allows &&
                  !miss &&
                  (moreRules > 0 ? `is not about it, nor are ${moreRules} more rules` : 'is not about it')}
              </td>
            </tr>
          )
        }),
      )}
    </LensTable>
  )
}

function HoldersTable({ access: { now, moment } }: { access: Access }) {
  if (!now) return null
  return (
    <LensTable
      caption={`Who ${moment === undefined ? 'may today' : `might at revision ${moment}`} ${now.wish.verb} ${askedWords(now.wish)}`}
      columns={['Who', 'Kind', 'By']}
    >
      {now.holders.map(({ subject, by }) => (
        <tr key={subject.kind + subjectWord(subject)}>
          <th scope="row" className="mono">
            {subjectWord(subject)}
          </th>
          <td>{subject.kind}</td>
          <td className="mono">{by.map((held) => `${held.binding.name} → ${ruleName(held)}`).join('; ')}</td>
        </tr>
      ))}
    </LensTable>
  )
}
