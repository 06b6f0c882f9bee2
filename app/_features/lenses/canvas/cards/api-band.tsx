import type { RequestStage, RequestTrace } from '../../../../../server/base/trace.ts'
import { Glyph } from '../../../../_ui/glyph.tsx'
import { Shape } from '../../../../_ui/shape.tsx'
import { milliseconds } from '../../picture/milliseconds.ts'
import { wasRefused } from '../../picture/picture-model.ts'
import style from './api-band.module.css'
import card from './card.module.css'
import type { CardData } from './card-data.ts'

const stages: { name: RequestStage['name']; title: string }[] = [
  { name: 'authentication', title: 'Authentication' },
  { name: 'authorization', title: 'Authorization' },
  { name: 'admission', title: 'Admission' },
  { name: 'store', title: 'Store' },
]

interface Props extends CardData {
  hasStages: boolean
  request: RequestTrace | undefined
}

/** The API server, and the stages of one request in it. */
export function ApiBand({ model, compact, hasStages, request }: Props) {
  return (
    <div className={style.api} data-compact={compact || undefined}>
      <div className={style.apiHead}>
        <Glyph who="api" size={15} />
        <span className={card.title}>API server</span>
        <span>{request ? sayRequest(request, model.place(request.client).label) : 'no request yet'}</span>
        <span>{model.fromSeq === 1 && model.openWatches.size > 0 ? `${model.openWatches.size} watches` : ''}</span>
      </div>
      {/* Where a lens draws its own inside, the band keeps its place and its head. */}
      <div className={style.stages}>
        {hasStages &&
          stages.map(({ name, title }) => {
            const stage = request?.stages.find((one) => one.name === name)
            return (
              <div
                key={name}
                className={style.stage}
                data-off={!stage || undefined}
                data-refused={stage?.ok === false || undefined}
                data-stage={name}
              >
                <span className={card.title}>{title}</span>
                {!compact && <span>{stage?.detail ?? notThere(request)}</span>}
                <div className={style.stageFoot}>
                  {stage ? milliseconds(stage.durationMs) : '—'}
                  {stage && (
                    <Shape state={stage.ok ? 'ok' : 'fail'} size={13} label={stage.ok ? 'passed' : 'refused'} />
                  )}
                </div>
              </div>
            )
          })}
      </div>
    </div>
  )
}

/** A read passes no admission, and is often answered without asking etcd; a refused request never gets that far. */
function notThere(request: RequestTrace | undefined): string {
  if (!request) return '—'
  return wasRefused(request) ? 'not reached' : 'not needed'
}

function sayRequest(request: RequestTrace, label: string): string {
  const { resource, subresource, path = '' } = request
  const what = subresource ? `${resource}/${subresource}` : resource || path
  return `${label}: ${request.verb} ${what}, ${request.code} in ${milliseconds(request.durationMs)}`
}
