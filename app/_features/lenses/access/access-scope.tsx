'use client'

// The question, yes or no, who was asked in which order, which rule it was or which came nearest, and who else may.

import type { Opinion } from '../../../../server/base/trace.ts'
import { Shape } from '../../../_ui/shape.tsx'
import type { LensProps } from '../lens.ts'
import scope from '../scope/microscope.module.css'
import { Head, Part } from '../scope/microscope-part.tsx'
import style from './access-scope.module.css'
import { QuestionForm } from './question-form.tsx'
import { Nearest, TheRule } from './rule-parts.tsx'
import { otherwiseWords, verdictWords } from './ruling.ts'
import { subjectWord } from './subjects.ts'
import { type Access, useAccess } from './use-access.ts'

export function AccessScope(props: LensProps) {
  const access = useAccess(props)
  const { ruling, request, isTyped } = access
  return (
    <div className={scope.scope} data-scope="access">
      <Head
        glyph={ruling && <Shape state={ruling.allowed ? 'ok' : 'fail'} size={18} />}
        title={ruling ? verdictWords(ruling, isTyped) : 'Who may do what?'}
        close={
          isTyped || props.selection
            ? () => {
                access.type(undefined)
                props.select(null)
              }
            : undefined
        }
      />
      <QuestionForm access={access} />
      {ruling?.nowOtherwise && <p className={style.otherwise}>{otherwiseWords(ruling.nowOtherwise, access.moment)}</p>}
      <Sender access={access} />
      {!isTyped && request && <Asked opinions={request.event.decision.asked} ruling={ruling} />}
      {isTyped && ruling && (
        <Part title="What RBAC says">
          <p className={scope.say}>{ruling.words}</p>
        </Part>
      )}
      <TheRule access={access} />
      <Nearest access={access} />
      <Holders access={access} />
      {!request && !isTyped && (
        <Part title="Who → binding → role → rule">
          <p className={scope.say}>
            A role is a list of rules, a binding gives it to somebody. A request is let through when one rule that
            reaches its sender allows it. Send a request, or ask above.
          </p>
        </Part>
      )}
    </div>
  )
}

/** Who it was, as the API server took it. */
function Sender({ access: { request, isTyped, question } }: { access: Access }) {
  const who = question?.who
  if (!who) return null
  const decision = isTyped ? undefined : request?.event.decision
  return (
    <Part title="Who" aside={isTyped ? 'as it would be known' : 'as authentication found'}>
      <dl className={style.facts}>
        <dt>User</dt>
        <dd>
          <code>{who.name || 'anybody of the group'}</code>
        </dd>
        {decision && (
          <>
            <dt>Known by</dt>
            <dd>{decision.authenticator}</dd>
          </>
        )}
        {decision?.impersonator && (
          <>
            <dt>Really sent by</dt>
            <dd>
              <code>{decision.impersonator}</code>, who may act as others
            </dd>
          </>
        )}
        <dt>Groups</dt>
        <dd className={style.groups}>
          {who.groups.length === 0 ? 'none' : who.groups.map((group) => <code key={group}>{group}</code>)}
        </dd>
      </dl>
    </Part>
  )
}

function Asked({ opinions, ruling }: { opinions: readonly Opinion[]; ruling: Access['ruling'] }) {
  return (
    <Part title="Who was asked, in order">
      <ol className={style.askedOf}>
        {opinions.map(({ authorizer, verdict, reason }) => (
          <li key={authorizer}>
            <Shape state={verdict === 'allow' ? 'ok' : verdict === 'deny' ? 'fail' : 'idle'} size={13} />
            <div>
              <b>{authorizer}</b> <span className="quiet">{verdict === 'allow' ? 'yes' : verdict}</span>
              {reason && <p>{reason}</p>}
            </div>
          </li>
        ))}
        {ruling && !ruling.allowed && (
          <li>
            <Shape state="fail" size={13} />
            <div>
              <b>Nobody said yes</b> <span className="quiet">403 Forbidden</span>
              <p>No rule forbids. What is not allowed is refused.</p>
            </div>
          </li>
        )}
      </ol>
    </Part>
  )
}

const mostHolders = 12
const holdersTitle = ({ moment }: Access) =>
  moment === undefined ? 'Who may do it today' : `Who might do it at revision ${moment}`

function Holders({ access }: { access: Access }) {
  const { now, draft, type } = access
  if (!now) return null
  const shown = now.holders.slice(0, mostHolders)
  return (
    <Part title={holdersTitle(access)} aside={`${now.holders.length}`}>
      {shown.length === 0 && <p className="quiet">Nobody, by any binding.</p>}
      <ul className={style.holders}>
        {shown.map(({ subject, by }) => (
          <li key={subjectWord(subject) + subject.kind}>
            <button
              type="button"
              className={scope.link}
              title="Ask how"
              onClick={() => type({ ...draft, subject: subjectWord(subject) })}
            >
              <code>{subjectWord(subject)}</code>
            </button>
            <span className="quiet">
              {subject.name === 'system:masters' ? 'without being asked' : `by ${by[0]?.role.name ?? ''}`}
            </span>
          </li>
        ))}
      </ul>
      {now.holders.length > shown.length && (
        <p className="quiet">and {now.holders.length - shown.length} more, in the table</p>
      )}
    </Part>
  )
}
