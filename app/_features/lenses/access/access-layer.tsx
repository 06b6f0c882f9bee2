'use client'

// Above the API server's band, the requests to choose from; beside it, yes or no; below it, who → binding → role → rule.

import { Glyph, hueOf } from '../../../_ui/glyph.tsx'
import { Shape } from '../../../_ui/shape.tsx'
import type { Rect } from '../canvas/picture-layout.ts'
import type { LayerProps } from '../lens.ts'
import { shortName } from '../picture/short-name.ts'
import style from './access.module.css'
import { AccessChain } from './access-chain.tsx'
import { decidedRequests } from './access-requests.ts'
import { askedWords, ruleName } from './access-words.ts'
import { CodeWords } from './code-words.tsx'
import { nearestRule } from './nearest-rule.ts'
import { otherwiseWords, verdictWords } from './ruling.ts'
import { userWord } from './subjects.ts'
import { type Access, useAccess } from './use-access.ts'

const least = 116
const gap = 8
const pad = 16
/** The canvas library's name stands in the corner below. */
const attribution = 18

export function AccessLayer(props: LayerProps) {
  const access = useAccess(props)
  const { api, tape, fold, height } = props.layout
  const below = { x: pad, y: api.y + api.height, width: tape.x + tape.width - pad }
  const verdict = { x: tape.x, y: fold.y, width: tape.width, height: api.y + api.height - fold.y }
  return (
    <div className={style.layer}>
      <Requests {...props} access={access} />
      <Verdict access={access} rect={verdict} />
      <section
        className={`${style.chain} nowheel nopan`}
        aria-label="Who, binding, role, rule"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
        tabIndex={0}
        style={{ left: below.x, top: below.y, width: below.width, height: height - below.y - attribution }}
      >
        <AccessChain access={access} width={below.width} />
      </section>
    </div>
  )
}

const at = ({ x, y, width, height }: Rect) => ({ left: x, top: y, width, height })

/** The newest at the right, where it goes in. */
function Requests({ store, select, layout, access }: LayerProps & { access: Access }) {
  const { model } = store
  const { api, fold, compact } = layout
  const fitting = Math.max(1, Math.floor((api.width + gap) / (least + gap)))
  const width = (api.width - gap * (fitting - 1)) / fitting
  const newest = decidedRequests(model, fitting).reverse()
  const chosen = access.isTyped ? undefined : access.request?.seq
  // One that was chosen elsewhere, or has gone by, stands at the left.
  const shown =
    access.request && !access.isTyped && !newest.some(({ seq }) => seq === chosen)
      ? [access.request, ...newest.slice(newest.length === fitting ? 1 : 0)]
      : newest
  return shown.map(({ seq, event }, index) => {
    const x = api.x + index * (width + gap)
    const { who, label } = model.place(event.client)
    const { decision } = event
    const isChosen = seq === chosen
    const room = Math.floor((width - 18) / 6.9)
    return (
      <div key={seq}>
        <button
          type="button"
          className={`${style.request} nopan`}
          style={at({ x, y: fold.y, width, height: fold.height })}
          data-request={`${event.verb} ${event.path ?? event.resource}`}
          data-refused={!decision.allowed || undefined}
          aria-pressed={isChosen}
          title={`${event.user}: ${event.verb} ${askedWords(event)}, ${event.code}`}
          onClick={() => {
            access.type(undefined)
            select({ seq })
          }}
        >
          <span className={style.sender}>
            <Glyph who={who} size={12} /> {shortName(label, Math.max(6, room - 6))}
            <Shape
              state={decision.allowed ? 'ok' : 'fail'}
              size={13}
              label={decision.allowed ? 'allowed' : 'refused'}
            />
          </span>
          <b>{event.verb}</b>
          <span className={style.target}>{shortName(event.path ?? event.resource, room)}</span>
          {!compact && <span className={style.as}>as {shortName(userWord(event.user), Math.max(8, room - 3))}</span>}
        </button>
        {isChosen && (
          <i
            className={style.goesIn}
            data-refused={!decision.allowed || undefined}
            style={
              {
                left: x + width / 2,
                top: fold.y + fold.height,
                height: api.y - fold.y - fold.height,
                '--hue': hueOf(who),
              } as React.CSSProperties
            }
            aria-hidden="true"
          />
        )}
      </div>
    )
  })
}

function Verdict({ access, rect }: { access: Access; rect: Rect }) {
  const { ruling, request, isTyped, question } = access
  const nearest = nearestRule(access)
  if (!ruling) {
    const isOfNobody = isTyped && question && !question.who
    const holders = access.now?.holders.length
    return (
      <div className={style.verdict} style={at(rect)}>
        <b>{isOfNobody ? 'Who may?' : isTyped ? 'A question' : 'No request yet'}</b>
        <span>
          {isOfNobody
            ? holders === undefined
              ? 'Asking.'
              : `${holders} ${holders === 1 ? 'subject' : 'subjects'}, by the rules below.`
            : access.note || askWords(access.moment)}
        </span>
      </div>
    )
  }
  return (
    <div
      className={style.verdict}
      style={at(rect)}
      data-verdict={ruling.allowed ? 'allowed' : 'refused'}
      data-typed={isTyped || undefined}
    >
      <b>
        <Shape state={ruling.allowed ? 'ok' : 'fail'} size={18} />
        {verdictWords(ruling, isTyped)}
      </b>
      <span>{isTyped ? 'Asked of the roles and bindings, not sent.' : sayCode(request?.event.code)}</span>
      <span>{ruling.words}</span>
      {ruling.by && (
        <span>
          By <code>{ruleName(ruling.by)}</code>.
        </span>
      )}
      {nearest && (
        <span>
          Nearest is <code>{ruleName(nearest.miss)}</code>, but <CodeWords>{nearest.words.join(', and ')}</CodeWords>.
        </span>
      )}
      {ruling.nowOtherwise && (
        <span className={style.otherwise}>{otherwiseWords(ruling.nowOtherwise, access.moment)}</span>
      )}
    </div>
  )
}

const askWords = (moment: number | undefined) =>
  moment === undefined
    ? 'Send one in the terminal, or ask a question beside the picture.'
    : 'Of requests until then none is kept here. Ask a question beside the picture: roles and bindings are those of that moment.'

function sayCode(code = 0): string {
  return code === 403 ? '403 Forbidden' : `answered ${code}`
}
