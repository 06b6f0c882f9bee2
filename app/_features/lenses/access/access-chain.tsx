// The chain itself: a row for each way, its four parts in four columns, joined by lines.

import { Fragment } from 'react'
import { Shape } from '../../../_ui/shape.tsx'
import { shortName } from '../picture/short-name.ts'
import style from './access.module.css'
import { askedWords, bindingPlace, missMarks, rolePlace, ruleTitle, shortRuleTitle } from './access-words.ts'
import type { ChainRow, ChainRule } from './chain-rows.ts'
import { subjectKind } from './subjects.ts'
import type { Access } from './use-access.ts'

export function AccessChain({ access, width }: { access: Access; width: number }) {
  const { rows, now, isTyped, question, request } = access
  const asked = question?.wish
  // Four columns and three gaps, in letters.
  const room = Math.floor(((width - 70) / 4.2 - 18) / 7)
  return (
    <>
      <p className={style.asked}>
        {asked && (
          <>
            {isTyped ? 'Asked' : `Request ${request?.seq}`}:{' '}
            <code>{`${asked.verb} ${askedWords(now?.wish ?? asked)}`}</code>
          </>
        )}
      </p>
      <div className={style.heads} aria-hidden="true">
        <b>Who</b>
        <b>Binding</b>
        <b>Role</b>
        <b>Rule</b>
      </div>
      {rows.map((row) => (
        <Row key={row.key} row={row} access={access} room={room} />
      ))}
      {rows.length === 0 && asked && now && (
        <p className={style.none}>
          {question.who ? 'No binding reaches this user: it has no rights at all.' : 'No binding lets anybody do it.'}
        </p>
      )}
      {question?.who && now && (
        <p className={style.none}>
          {rows.length} of {now.bindingCount} bindings reach this user; only those are drawn.
        </p>
      )}
    </>
  )
}

function Row({ row, access, room }: { row: ChainRow; access: Access; room: number }) {
  const { grant, rules, moreRules, ruleCount, isTelling, hasNoRole } = row
  const { subject, binding, role } = grant
  const isAllowing = rules.some(({ allows }) => allows)
  const state = isAllowing ? 'allows' : isTelling ? 'near' : 'other'
  const subjectName = subject.kind === 'ServiceAccount' ? `${subject.namespace}/${subject.name}` : subject.name
  return (
    <div className={style.row} data-row={state} data-binding={binding.name}>
      <Card room={room} name={subjectName} says={subjectKind(subject)} />
      <Card room={room} name={binding.name} says={bindingPlace(grant)} />
      <Card
        room={room}
        name={role.name}
        says={
          hasNoRole
            ? `${role.kind}, not there`
            : `${rolePlace(grant)}${ruleCount > 0 ? `, ${ruleCount} ${ruleCount === 1 ? 'rule' : 'rules'}` : ''}`
        }
      />
      <div className={style.rules}>
        {rules.map((rule) => (
          <RuleCard key={rule.index} told={rule} access={access} />
        ))}
        {rules.length === 0 && (
          <div className={style.card} data-empty="">
            <span>{hasNoRole ? 'nothing to allow' : 'no rules'}</span>
          </div>
        )}
        {moreRules > 0 && isTelling && <p className={style.more}>and {moreRules} more</p>}
      </div>
    </div>
  )
}

/** What all names of the system begin with tells nothing. */
const systemName = (name: string, room: number) =>
  name.startsWith('system:') && name.length > room ? `…${name.slice(1 - room)}` : shortName(name, room)

function Card({ name, says, room }: { name: string; says: string; room: number }) {
  return (
    <div className={style.card} title={`${name}: ${says}`}>
      <b>{systemName(name, room)}</b>
      <span>{says}</span>
    </div>
  )
}

function RuleCard({ told: { rule, fits, allows, index }, access }: { told: ChainRule; access: Access }) {
  const wish = access.now?.wish ?? access.question?.wish
  const marks = fits && wish ? missMarks(fits, wish) : []
  const title = rule ? shortRuleTitle(rule, wish) : `rule ${index + 1}`
  return (
    <div
      className={style.card}
      data-rule={allows ? 'allows' : fits ? 'misses' : undefined}
      title={rule ? ruleTitle(rule) : title}
    >
      <b>
        <span className={style.ruleTitle}>{title}</span>
        {allows && <Shape state="ok" size={13} label="allows it" />}
        {fits && <Shape state="fail" size={13} label="does not fit" />}
      </b>
      <span>
        <code>{rule ? rule.verbs.join(' ') : access.now ? 'as it was then' : ''}</code>
        {marks.map((mark) => (
          <Fragment key={mark}>
            {' '}
            <strong>{mark}</strong>
          </Fragment>
        ))}
      </span>
    </div>
  )
}
